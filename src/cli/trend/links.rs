//! Links from a page to the pages of its runs, relative, so that the directory can be moved.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use crate::scorecard::history::History;
use crate::suite::display;

/// Where the pages of runs are, seen from a directory.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// By name of the run's directory; those that have no page are not here.
    pub runs: BTreeMap<String, String>,
    /// Why there are none, if they cannot be linked to.
    pub missing: Option<String>,
}

impl Links {
    /// The links from a page in `from` to the runs below `runs`.
    pub(super) fn between(from: &Path, runs: &Path, history: &History) -> Links {
        let Some(up) = relative(from, runs) else {
            return Links {
                missing: Some(format!(
                    "no path leads from {} to {}: the page has no links to its runs",
                    display(from),
                    display(runs)
                )),
                ..Links::default()
            };
        };
        let nights = history.nights.iter().map(|night| &night.directory);
        let there = nights.filter(|directory| runs.join(directory).join("report.html").is_file());
        let link = |directory: &String| {
            let mut parts: Vec<&str> = up.iter().map(String::as_str).collect();
            parts.extend([directory.as_str(), "report.html"]);
            (directory.clone(), href(&parts))
        };
        Links { runs: there.map(link).collect(), missing: None }
    }
}

/// The steps from one directory to another; none where there is no way in words.
fn relative(from: &Path, to: &Path) -> Option<Vec<String>> {
    if from == to {
        return Some(Vec::new());
    }
    std::fs::create_dir_all(from).ok()?;
    let [from, to] = [from.canonicalize().ok()?, to.canonicalize().ok()?];
    let (mut from, mut to) = (from.components().peekable(), to.components().peekable());
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    let mut steps = Vec::new();
    for step in from {
        matches!(step, Component::Normal(_)).then(|| steps.push("..".to_owned()))?;
    }
    for step in to {
        let Component::Normal(name) = step else { return None };
        steps.push(name.to_str()?.to_owned());
    }
    Some(steps)
}

/// A relative link of these steps: whatever a name holds, it stays a name.
pub(super) fn href(steps: &[&str]) -> String {
    let encoded = steps.iter().map(|step| {
        let mut encoded = String::new();
        for byte in step.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    encoded.push(char::from(byte));
                }
                byte => encoded.push_str(&format!("%{byte:02X}")),
            }
        }
        encoded
    });
    encoded.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_more_than_a_step() {
        assert_eq!(href(&["..", "a b", "javascript:x"]), "../a%20b/javascript%3Ax");
        assert_eq!(href(&["#?%<\"ü"]), "%23%3F%25%3C%22%C3%BC");
    }

    #[test]
    fn the_way_leads_up_and_down_again() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(&path).unwrap();
            path
        };
        let way = relative(&at("public/demo"), &at("reports/demo")).unwrap();
        assert_eq!(way, ["..", "..", "reports", "demo"]);
        assert_eq!(relative(&at("a"), &at("a/b")).unwrap(), ["b"]);
        assert!(relative(&at("a"), &at("a")).unwrap().is_empty());
        assert_eq!(relative(&at("a"), &dir.path().join("absent")), None);
    }
}
