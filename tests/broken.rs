//! What `check` says of suites as people get them wrong, word for word.

mod support;

use std::path::Path;
use std::process::Command;

use support::project::{code, text};

#[test]
fn every_broken_suite_is_explained() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/broken");
    let mut names: Vec<String> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".yaml") && name != "overclaim.yaml")
        .collect();
    names.sort();
    assert!(names.len() >= 40, "{}", names.len());
    for name in names {
        let check = |strict: &[&str]| {
            let mut command = Command::new(assert_cmd::cargo::cargo_bin!("overclaim"));
            let output = command.current_dir(&dir).arg("check").arg(&name).args(strict).output();
            output.unwrap()
        };
        let output = check(&[]);
        let said = text(&output.stderr);
        assert!(said.contains("error: ") || said.contains("warning: "), "{name}: {said}");
        // What is only a warning stops nothing, unless that is asked for.
        assert_eq!(code(&output), if said.contains("error: ") { 2 } else { 0 }, "{name}: {said}");
        assert_eq!(code(&check(&["--strict"])), 2, "{name} under --strict");
        let stem = name.trim_end_matches(".yaml");
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(stem, said);
        });
    }
}
