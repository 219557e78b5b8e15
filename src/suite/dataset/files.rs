//! The files that `from:` names: paths and globs, relative to the suite.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glob::{MatchOptions, Pattern};

use crate::span::{Problems, Spanned};
use crate::suite::display;

use super::csv::Records;
use super::json::List;
use super::jsonl::Lines;
use super::split::Machine;

/// Most files of a dataset: a glob that finds more found what nobody meant.
const MOST_FILES: usize = 10_000;

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
    fn of(path: &Path) -> Option<Format> {
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
        let mut wrong = |message: String, remedy: &str| {
            problems.error(named.span, message, remedy);
            good = false;
        };
        let path = dir.join(&named.value);
        let globs = named.value.contains(['*', '?', '[']) && !path.exists();
        let paths = if globs { matching(&named.value, dir) } else { Ok(vec![path]) };
        let paths = match paths {
            Ok(paths) => paths,
            Err((message, remedy)) => {
                wrong(message, remedy);
                continue;
            }
        };
        for path in paths {
            let Some(format) = Format::of(&path) else {
                let name = if globs { display(&path) } else { named.value.clone() };
                if path.is_dir() {
                    wrong(format!("`{name}` is a directory"), "name its files, as `rows/*.jsonl`");
                } else {
                    let remedy = "name a .jsonl, .json, .csv or .tsv file";
                    wrong(format!("`{name}` is not a dataset by its extension"), remedy);
                }
                break;
            };
            if seen.insert(path.clone()) {
                let name = display(&path).into();
                files.push(Arc::new(DataFile { path, name, format }));
            } else if !globs {
                // A glob takes what was not named before: `[first.csv, "*.csv"]` is an order.
                wrong(format!("`{}` stands here twice", named.value), "remove one");
            }
        }
    }
    good.then_some(files)
}

/// The files that a glob finds, by path.
fn matching(glob: &str, dir: &Path) -> Result<Vec<PathBuf>, (String, &'static str)> {
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
    // The directory is no part of the glob, whatever its name.
    let whole = match dir.to_str() {
        Some(dir) => Path::new(&Pattern::escape(dir)).join(glob),
        None => return Err((format!("a glob below {}", display(dir)), "rename that directory")),
    };
    let found = glob::glob_with(&whole.to_string_lossy(), options)
        .map_err(|error| (format!("not a glob: {}", error.msg), "`*`, `?`, `[ab]` or `**/`"))?;
    let mut paths = Vec::new();
    for path in found {
        let path = path.map_err(|error| {
            (format!("{} cannot be read: {}", display(error.path()), error.error()), "check it")
        })?;
        if path.is_dir() {
            continue;
        }
        if paths.len() == MOST_FILES {
            return Err((format!("`{glob}` finds more than {MOST_FILES} files"), "name fewer"));
        }
        paths.push(path);
    }
    if paths.is_empty() {
        let remedy = "check the path, which is relative to the suite";
        return Err((format!("`{glob}` finds no file"), remedy));
    }
    paths.sort();
    Ok(paths)
}
