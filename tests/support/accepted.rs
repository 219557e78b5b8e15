//! Accepted states of suites, made of what runs propose.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::project::{Project, code, text};

/// The accepted state of a suite at an endpoint, as a file of the project.
pub fn file(suite: &str, endpoint: &str) -> String {
    format!("suites/snapshots/{suite}@{endpoint}.snap")
}

/// Makes what a run proposes the accepted state at these endpoints, changed line by line: the case,
/// and its line, or no line. The state before it is an empty one.
pub fn accept(
    project: &Project,
    suite: &str,
    endpoints: &[&str],
    args: &[&str],
    change: impl Fn(&str, String) -> Option<String>,
) {
    for endpoint in endpoints {
        let about =
            json!({"suite": suite, "endpoint": endpoint, "model": "m-before", "threshold": 0.8});
        let empty = format!("---\nsource: x\nexpression: y\n---\n# overclaim 1 {about}\n");
        project.write(&file(suite, endpoint), &empty);
    }
    let path = format!("suites/{suite}.yaml");
    let run = project.run(&[&["run", &path, "--out", "accepted-run"][..], args].concat());
    assert!(code(&run) != 2, "{}", text(&run.stderr));
    for endpoint in endpoints {
        let proposed = project.read(&format!("{}.new", file(suite, endpoint)));
        let (head, lines) = body(&proposed);
        let lines = lines.into_iter().filter_map(|(case, line)| change(&case, line));
        let lines: String = lines.map(|line| line + "\n").collect();
        project.write(&file(suite, endpoint), &(head + &lines));
        fs::remove_file(project.dir.path().join(format!("{}.new", file(suite, endpoint)))).unwrap();
    }
    fs::remove_dir_all(project.dir.path().join("accepted-run")).unwrap();
}

/// Puts an accepted state into the directory of a run of everybody's wrong answers: of every third
/// case a right answer was accepted, of every third it is known to be wrong, every third is new, and
/// one is gone. The texts are its answers and reasons, and its model.
pub fn keep(project: &Project, run: &str, texts: &[String]) {
    let about = json!({"suite": "demo", "endpoint": "e0", "model": texts[0], "threshold": 0.75});
    let mut lines = BTreeMap::new();
    for (index, record) in project.records(run).into_iter().enumerate() {
        let subject = record["subject"].as_str().or(record["content"].as_str()).unwrap();
        let subject = &subject[..12];
        let text: String = texts[index].chars().take(240).collect();
        let (name, text) = (&record["case"], json!(text));
        let line = match index % 3 {
            0 => format!("correct confident_right 1/1 0.5-0.6 #{subject} {text}"),
            1 => {
                let said = "incorrect confident_wrong 1/1 0.9-0.99";
                format!("{said} #{subject} {text} known_wrong 2026-11-29 {text}")
            }
            _ => continue,
        };
        lines.insert(name.to_string(), line);
    }
    let gone = json!(format!("{} gone", texts[1]));
    lines.insert(gone.to_string(), format!("correct 1/1 #000000000000 {gone}"));
    let lines = lines.iter().map(|(name, line)| format!("{name}: {line}"));
    let lines = lines.collect::<Vec<_>>().join("\n");
    let head = format!("---\nsource: x\nexpression: y\n---\n# overclaim 1 {about}\n");
    project.write(&format!("{run}/snapshots/demo@e0.snap"), &(head + &lines + "\n"));
}

/// What stands before the lines of a snapshot, and the lines with the names of their cases.
pub fn body(snapshot: &str) -> (String, Vec<(String, String)>) {
    let start = snapshot.find("\n# overclaim ").unwrap() + 1;
    let end = start + snapshot[start..].find('\n').unwrap() + 1;
    let case = |line: &str| {
        let mut names = serde_json::Deserializer::from_str(line).into_iter::<Value>();
        match names.next() {
            Some(Ok(Value::String(name))) => name,
            _ => line.split(": ").next().unwrap().to_owned(),
        }
    };
    let lines = snapshot[end..].lines().map(|line| (case(line), line.to_owned()));
    (snapshot[..end].to_owned(), lines.collect())
}
