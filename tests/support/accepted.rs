//! Accepted states of suites, made of what runs propose.

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
