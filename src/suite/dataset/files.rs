//! The files that `from:` names: paths and globs, relative to the suite.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::fs::{self, DirEntry};
use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use glob::{Pattern, PatternError};

use crate::span::{Problems, Spanned};
use crate::suite::display;

use super::csv::Records;
use super::json::List;
use super::jsonl::Lines;
use super::split::{Machine, Wrong};

/// Most files of a dataset: a glob that finds more found what nobody meant.
const MOST_FILES: usize = 10_000;

/// Most entries of directories that a glob may look at.
const MOST_ENTRIES: usize = 1_000_000;

/// A file of rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DataFile {
    pub path: PathBuf,
    /// The path as the user would write it.
    pub name: Arc<str>,
    pub format: Format,
}

/// How rows are written, told by the file's extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// An object a line.
    Jsonl,
    /// A list of objects.
    Json,
    /// A header and rows of cells with this byte between them.
    Csv(u8),
}

impl Format {
    pub fn of(path: &Path) -> Option<Format> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "jsonl" | "ndjson" => Some(Format::Jsonl),
            "json" => Some(Format::Json),
            "csv" => Some(Format::Csv(b',')),
            "tsv" => Some(Format::Csv(b'\t')),
            _ => None,
        }
    }

    pub fn machine(self) -> Machine {
        match self {
            Format::Jsonl => Machine::Lines(Lines::default()),
            Format::Json => Machine::List(List::default()),
            Format::Csv(delimiter) => Machine::Records(Records::new(delimiter)),
        }
    }
}

/// The files in the order they are named, those of a glob by path; none if one of the names is
/// wrong. Whether they can be read shows when they are.
pub(super) fn find(
    from: &[Spanned<String>],
    dir: &Path,
    problems: &mut Problems,
) -> Option<Vec<Arc<DataFile>>> {
    let mut files = Vec::new();
    let mut seen = HashSet::new();
    let mut good = true;
    for named in from {
        let mut wrong = |wrong: Wrong| {
            problems.error(named.span, wrong.message, wrong.remedy);
            good = false;
        };
        let path = dir.join(&named.value);
        let globs = named.value.contains(['*', '?', '[']) && !path.exists();
        let paths = if globs { matching(&named.value, dir) } else { Ok(vec![path]) };
        let paths = match paths {
            Ok(paths) => paths,
            Err(nothing) => {
                wrong(nothing);
                continue;
            }
        };
        for path in paths {
            let Some(format) = Format::of(&path) else {
                let name = if globs { display(&path) } else { named.value.clone() };
                wrong(if path.is_dir() {
                    let remedy = "name its files, as `rows/*.jsonl`";
                    Wrong::new(format!("`{name}` is a directory"), remedy)
                } else {
                    let remedy = "name a .jsonl, .json, .csv or .tsv file";
                    Wrong::new(format!("`{name}` is not a dataset by its extension"), remedy)
                });
                break;
            };
            if seen.insert(path.clone()) {
                let name = display(&path).into();
                files.push(Arc::new(DataFile { path, name, format }));
            } else if !globs {
                // A glob takes what was not named before: `[first.csv, "*.csv"]` is an order.
                wrong(Wrong::new(format!("`{}` stands here twice", named.value), "remove one"));
            }
        }
    }
    good.then_some(files)
}

/// The files that a glob finds, by path.
fn matching(glob: &str, dir: &Path) -> Result<Vec<PathBuf>, Wrong> {
    let not_a_glob = |error: PatternError| {
        Wrong::new(format!("not a glob: {}", error.msg), "write `*`, `?`, `[ab]` or `**/`")
    };
    let mut parts: Vec<Part> = Vec::new();
    for component in Path::new(glob).components() {
        let text = component.as_os_str().to_string_lossy();
        parts.push(match component {
            Component::Normal(_) if text == "**" => Part::Deep,
            Component::Normal(_) if text.contains(['*', '?', '[']) => {
                Part::Like(Pattern::new(&text).map_err(not_a_glob)?)
            }
            _ => Part::Is(component.as_os_str().to_owned()),
        });
    }
    if let Some(Part::Deep) = parts.last() {
        parts.push(Part::Like(Pattern::new("*").map_err(not_a_glob)?));
    }
    let mut walk = Walk::default();
    walk.visit(dir, &parts)?;
    if walk.found.is_empty() {
        let remedy = "check the path, which is relative to the suite";
        return Err(Wrong::new(format!("`{glob}` finds no file"), remedy));
    }
    Ok(walk.found.into_iter().collect())
}

/// A part of a glob, between slashes.
enum Part {
    Is(OsString),
    Like(Pattern),
    /// `**`: any number of directories.
    Deep,
}

/// Looks for files. The crate `glob` would follow links that lead round in circles, of which two
/// are enough to keep it busy for ever; `**` follows none here.
#[derive(Default)]
struct Walk {
    found: BTreeSet<PathBuf>,
    looked: usize,
}

impl Walk {
    fn visit(&mut self, path: &Path, parts: &[Part]) -> Result<(), Wrong> {
        let Some((part, rest)) = parts.split_first() else {
            if path.is_file() {
                self.found.insert(path.to_owned());
            }
            if self.found.len() > MOST_FILES {
                return Err(Wrong::new(format!("more than {MOST_FILES} files"), "name fewer"));
            }
            return Ok(());
        };
        match part {
            Part::Is(name) => self.visit(&path.join(name), rest)?,
            Part::Like(pattern) => {
                let shows = pattern.as_str().starts_with('.');
                for entry in self.entries(path)? {
                    if (shows || !is_hidden(&entry))
                        && pattern.matches(&entry.file_name().to_string_lossy())
                    {
                        self.visit(&entry.path(), rest)?;
                    }
                }
            }
            Part::Deep => {
                self.visit(path, rest)?;
                for entry in self.entries(path)? {
                    if !is_hidden(&entry) && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                        self.visit(&entry.path(), parts)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn entries(&mut self, dir: &Path) -> Result<Vec<DirEntry>, Wrong> {
        let here = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        let entries = match fs::read_dir(here) {
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => return Ok(Vec::new()),
            entries => entries.and_then(Iterator::collect),
        };
        let entries: Vec<DirEntry> = entries.map_err(|error| {
            Wrong::new(format!("{} cannot be read: {error}", display(dir)), "check the directory")
        })?;
        self.looked += entries.len();
        if self.looked > MOST_ENTRIES {
            let message = format!("more than {MOST_ENTRIES} files to look at");
            return Err(Wrong::new(message, "name the directory more exactly"));
        }
        Ok(entries)
    }
}

/// Whether a name must be typed to be found.
fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}
