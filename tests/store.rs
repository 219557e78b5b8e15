//! The store as processes share it.

mod support;

use std::process::{Child, Stdio};

use serde_json::Value;
use support::project::{Project, code, text};

#[test]
fn eight_processes_may_open_a_cold_cache_at_once() {
    let project = Project::empty();
    let started = |_| {
        let mut command = project.command(&["cache", "stat", "--json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    let running: Vec<Child> = (0..8).map(started).collect();
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        let size: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(size["entries"], 0);
    }
    let verified = project.run(&["cache", "verify"]);
    assert_eq!(code(&verified), 0, "{}", text(&verified.stderr));
}
