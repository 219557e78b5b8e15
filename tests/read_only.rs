//! Directories that may be read and not written: runs are shown from there, and what would write there
//! says so before anything is asked.

#![cfg(unix)]

mod support;

use std::fs;
use std::path::Path;

use support::Server;
use support::project::{Project, code, mostly_right, text};
use support::read_only::ReadOnly;

/// What the system says of a file that cannot be written: read-only mounts and permissions differ.
const REASONS: [&str; 2] =
    ["Read-only file system (os error 30)", "Permission denied (os error 13)"];

/// A whole run of twelve trials in `kept/whole`, and five trials of it in `kept/half`.
fn kept(server: &Server) -> Project {
    let project = Project::at(server).choices(12);
    assert_eq!(code(&project.run(&["run", "--out", "kept/whole"])), 1);
    let journal = project.read("kept/whole/records.jsonl");
    let half: String = journal.split_inclusive('\n').take(5).collect();
    project.write("kept/half/records.jsonl", &half);
    project.write("kept/half/run.json", &project.read("kept/whole/run.json"));
    project
}

/// All files below a directory and what is in them.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_run_that_cannot_be_written_is_shown_graded_and_merged_elsewhere() {
    let server = Server::new(mostly_right);
    let project = kept(&server);
    let dir = project.dir.path().join("kept");
    let before = files(&dir);
    let exit = |args: &[&str]| {
        let output = project.run(args);
        let said = text(&output.stderr);
        assert!(!said.contains("Read-only") && !said.contains("denied"), "{args:?}: {said}");
        (code(&output), text(&output.stdout))
    };
    let shown = exit(&["report", "kept/whole"]);
    let Some(_read_only) = ReadOnly::of(&dir) else { return };
    assert_eq!(exit(&["report", "kept/whole"]), shown);
    assert_eq!(exit(&["report", "kept/half", "--format", "json"]).0, 3);
    assert_eq!(exit(&["show", "kept/whole", "q-3"]).0, 0);
    assert_eq!(exit(&["compare", "kept/whole", "kept/whole"]).0, 0);
    assert_eq!(exit(&["advise", "kept/whole"]).0, 1);
    assert_eq!(exit(&["regrade", "kept/whole", "--out", "graded"]).0, 1);
    assert_eq!(exit(&["merge", "joined", "kept/half", "kept/whole"]).0, 1);
    let scorecard = project.read("kept/whole/scorecard.json");
    assert_eq!(project.read("graded/scorecard.json"), scorecard);
    assert_eq!(project.read("joined/scorecard.json"), scorecard);
    assert_eq!(files(&dir), before);
}

#[test]
fn what_cannot_be_written_is_said_before_anything_is_asked() {
    let server = Server::new(mostly_right);
    let project = kept(&server);
    fs::create_dir_all(project.dir.path().join("kept/cache")).unwrap();
    let calls = server.calls();
    let Some(_read_only) = ReadOnly::of(&project.dir.path().join("kept")) else { return };
    let reason = |said: &str| REASONS.into_iter().find(|reason| said.contains(reason)).is_some();
    let remedies: [(&[&str], &str); 5] = [
        (&["run", "--out", "kept/new"], "name another directory with --out"),
        (
            &["run", "--resume", "kept/half"],
            "copy the directory to where it can be written, and go on with the copy",
        ),
        (&["run", "--cache", "refresh", "--record", "kept/tape.jsonl"], "choose another file"),
        (&["regrade", "kept/whole", "--out", "kept/new"], "name another directory with --out"),
        (&["merge", "kept/new", "kept/half", "kept/whole"], "name another directory"),
    ];
    for (args, remedy) in remedies {
        let output = project.run(args);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 2, "{args:?}: {said}");
        assert!(reason(&said) && said.contains(remedy), "{args:?}: {said}");
        assert_eq!(server.calls(), calls, "{args:?}");
    }
    let mut command = project.command(&["run", "--out", "new"]);
    command.env("OVERCLAIM_CACHE_DIR", project.dir.path().join("kept/cache"));
    let output = command.output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(code(&output), 2, "{said}");
    assert!(reason(&said), "{said}");
    assert!(said.contains("set OVERCLAIM_CACHE_DIR to another, or use `--cache off`"), "{said}");
    // Both remedies work.
    fs::create_dir(project.dir.path().join("copy")).unwrap();
    for name in ["run.json", "records.jsonl"] {
        project.write(&format!("copy/{name}"), &project.read(&format!("kept/half/{name}")));
    }
    assert_eq!(code(&project.run(&["run", "--resume", "copy"])), 1);
    let scorecard = project.read("kept/whole/scorecard.json");
    assert_eq!(project.read("copy/scorecard.json"), scorecard);
    command.args(["--cache", "off"]);
    assert_eq!(code(&command.output().unwrap()), 1);
    assert_eq!(project.read("new/scorecard.json"), scorecard);
}

#[test]
fn the_usual_directory_of_runs_may_be_read_only_too() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(6);
    assert_eq!(code(&project.run(&["run"])), 1);
    let calls = server.calls();
    let Some(_read_only) = ReadOnly::of(&project.dir.path().join("reports")) else { return };
    let output = project.run(&["run", "--cache", "refresh"]);
    let said = text(&output.stderr);
    assert_eq!((code(&output), server.calls()), (2, calls), "{said}");
    assert!(said.contains("error: reports/demo/20"), "{said}");
    assert!(REASONS.iter().any(|reason| said.contains(reason)), "{said}");
    assert!(said.contains("name another directory with --out"), "{said}");
    assert_eq!(code(&project.run(&["report"])), 1, "what is there is shown");
    assert_eq!(code(&project.run(&["run", "--out", "elsewhere"])), 1);
}
