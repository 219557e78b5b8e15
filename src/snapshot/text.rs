//! A snapshot as a file, in the format of insta's snapshots, so that `cargo insta` can read, show and
//! accept it as a whole.
//!
//! The header between the two `---` is for insta and never read by us: it writes it anew in its own
//! way. What we need of the snapshot as a whole stands in the first line of the body.
//!
//! ```text
//! ---
//! source: suites/facts.yaml
//! expression: facts@recorded
//! ---
//! # overclaim 1 {"suite":"facts","endpoint":"recorded","model":"m","threshold":0.8}
//! au-capital: correct confident_right 1/1 0.95-0.99 #3fa9c1d2e0b7 "b canberra"
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Line;

/// Version of the body's format. Readers refuse a newer one.
pub const FORMAT: u32 = 1;

/// How the body's first line starts.
const FIRST: &str = "# overclaim ";

/// The accepted state of a suite at an endpoint, or a proposed one.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// What it is of.
    pub of: About,
    /// Path of the suite.
    pub source: String,
    /// A line a case, by its name.
    pub lines: BTreeMap<String, Line>,
}

/// What a snapshot is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// Name of the suite.
    pub suite: String,
    /// Name of the endpoint.
    pub endpoint: String,
    /// The model that was asked.
    pub model: String,
    /// Confidence from which on an answer counts as confident.
    pub threshold: f64,
}

/// Why a file cannot be read: line and column, from 1, with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct NotASnapshot {
    line: usize,
    column: usize,
    what: String,
}

impl fmt::Display for NotASnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.what)
    }
}

impl Snapshot {
    /// Reads a file, whether we or insta wrote it. Lines may be in any order, as a merge may leave
    /// them.
    ///
    /// # Errors
    /// It is no snapshot of ours, or a line cannot be read.
    pub fn read(text: &str) -> Result<Snapshot, NotASnapshot> {
        let fault = |line, column, what: String| NotASnapshot { line, column, what };
        let mut lines = text.lines().map(|line| line.strip_suffix('\r').unwrap_or(line)).zip(1..);
        let mut source = String::new();
        let missing = || fault(1, 1, "no snapshot: its first line is not `---`".to_owned());
        lines.next().filter(|(first, _)| *first == "---").ok_or_else(missing)?;
        let mut ended = false;
        for (line, _) in lines.by_ref() {
            if line == "---" {
                ended = true;
                break;
            }
            if let Some(path) = line.strip_prefix("source: ") {
                source = unquoted(path);
            }
        }
        if !ended {
            return Err(fault(1, 1, "no snapshot: nothing ends its header, a line `---`".into()));
        }
        let mut lines = lines.filter(|(line, _)| !line.is_empty());
        let (first, number) = lines.next().unwrap_or(("", 1));
        let of = about(first).map_err(|what| fault(number, 1, what))?;
        let mut known: BTreeMap<String, Line> = BTreeMap::new();
        for (text, number) in lines {
            let line: Line = text.parse().map_err(|why: super::Malformed| {
                let column = text.get(..why.at).unwrap_or_default().chars().count() + 1;
                let merge =
                    ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| text.starts_with(mark));
                let what = if merge {
                    "left over from a merge: keep one of the two sides".to_owned()
                } else {
                    format!("a line of a snapshot has {} here", why.wanted)
                };
                fault(number, column, what)
            })?;
            let case = line.case.clone();
            if known.insert(case, line).is_some() {
                let what = "a second line of this case: keep one of the two".to_owned();
                return Err(fault(number, 1, what));
            }
        }
        Ok(Snapshot { of, source, lines: known })
    }

    /// The same but for its lines.
    #[must_use]
    pub fn without_lines(&self) -> Snapshot {
        Snapshot { of: self.of.clone(), source: self.source.clone(), lines: BTreeMap::new() }
    }
}

/// The first line of a body.
fn about(line: &str) -> Result<About, String> {
    let rest = line.strip_prefix(FIRST).ok_or_else(|| {
        format!("not a snapshot of overclaim: its body starts with `{FIRST}{FORMAT} …`")
    })?;
    let (format, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    match format.parse::<u32>() {
        Ok(FORMAT) => {}
        Ok(newer) if newer > FORMAT => {
            return Err(format!("format {newer}, newer than {FORMAT}: a newer overclaim reads it"));
        }
        _ => return Err(format!("no format of snapshots: `{format}`")),
    }
    let of: About =
        serde_json::from_str(rest).map_err(|error| format!("its first line: {error}"))?;
    if (0.0..=1.0).contains(&of.threshold) {
        Ok(of)
    } else {
        Err("its first line: a threshold outside 0..1".to_owned())
    }
}

/// A scalar as insta writes it: as it stands where YAML takes it for nothing else.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./@".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let is_word = word.contains(&text.to_ascii_lowercase().as_str());
    if starts && text.chars().all(plain) && !is_word {
        text.to_owned()
    } else {
        super::line::quoted(text)
    }
}

/// A scalar of the header as insta or we write it.
fn unquoted(text: &str) -> String {
    serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let About { suite, endpoint, .. } = &self.of;
        let expression = format!("{suite}@{endpoint}");
        writeln!(
            f,
            "---\nsource: {}\nexpression: {}\n---",
            scalar(&self.source),
            scalar(&expression)
        )?;
        let of = serde_json::to_string(&self.of).map_err(|_| fmt::Error)?;
        writeln!(f, "{FIRST}{FORMAT} {of}")?;
        self.lines.values().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::snapshot::line::tests::line;

    pub(crate) fn snapshot(lines: &[&str]) -> Snapshot {
        let of = About {
            suite: "facts".into(),
            endpoint: "recorded".into(),
            model: "m".into(),
            threshold: 0.8,
        };
        let lines = lines.iter().map(|text| line(text));
        let lines = lines.map(|line| (line.case.clone(), line)).collect();
        Snapshot { of, source: "suites/facts.yaml".into(), lines }
    }

    const ONE: &str = r#"b: correct confident_right 1/1 0.9-0.95 #3fa9c1d2e0b7 "x y""#;
    const OTHER: &str = "\"a a\": refused 1/1 #0123456789ab";

    #[test]
    fn a_snapshot_is_read_as_it_is_written_and_sorted() {
        let snapshot = snapshot(&[ONE, OTHER]);
        let text = snapshot.to_string();
        insta::assert_snapshot!(text, @r#"
        ---
        source: suites/facts.yaml
        expression: facts@recorded
        ---
        # overclaim 1 {"suite":"facts","endpoint":"recorded","model":"m","threshold":0.8}
        "a a": refused 1/1 #0123456789ab
        b: correct confident_right 1/1 0.9-0.95 #3fa9c1d2e0b7 "x y"
        "#);
        assert_eq!(Snapshot::read(&text), Ok(snapshot.clone()));
        assert_eq!(Snapshot::read(&text.replace('\n', "\r\n")), Ok(snapshot));
    }

    #[test]
    fn insta_reads_what_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("facts@recorded.snap");
        let text = snapshot(&[ONE, OTHER]).to_string();
        std::fs::write(&path, &text).unwrap();
        let read = insta::Snapshot::from_file(&path).unwrap();
        assert_eq!(read.metadata().source(), Some("suites/facts.yaml"));
        assert_eq!(read.metadata().expression(), Some("facts@recorded"));
        let body = text.splitn(3, "---\n").nth(2).unwrap();
        assert_eq!(read.as_text().unwrap().to_string(), body.trim_end());
    }

    #[test]
    fn what_is_no_snapshot_is_refused_with_its_place() {
        let good = snapshot(&[ONE]).to_string();
        let why = |text: String| Snapshot::read(&text).unwrap_err().to_string();
        let told = [
            why(String::new()),
            why("---\nsource: x\n".into()),
            why("---\nsource: x\n---\nSomebody else's\n".into()),
            why(good.replace("# overclaim 1", "# overclaim 2")),
            why(good.replace("0.8}", "8}")),
            why(good.replace("1/1", "1/x")),
            why(format!("{good}{ONE}\n")),
            why(format!("{good}=======\n")),
        ];
        insta::assert_snapshot!(told.join("\n"), @"
        1:1: no snapshot: its first line is not `---`
        1:1: no snapshot: nothing ends its header, a line `---`
        4:1: not a snapshot of overclaim: its body starts with `# overclaim 1 …`
        5:1: format 2, newer than 1: a newer overclaim reads it
        5:1: its first line: a threshold outside 0..1
        6:27: a line of a snapshot has how many draws of how many here
        7:1: a second line of this case: keep one of the two
        7:8: left over from a merge: keep one of the two sides
        ");
    }
}
