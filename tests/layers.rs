//! The import edges between the modules are those that docs/architecture.md allows, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Edges = BTreeMap<String, BTreeSet<String>>;

#[test]
fn modules_import_only_what_the_architecture_allows() {
    let allowed = allowed();
    assert!(allowed.len() > 15, "the table was not found: {allowed:?}");
    let mut broken = Vec::new();
    let mut checked = 0;
    for file in sources(Path::new("src")) {
        let (module, depth) = place(&file);
        if module == "lib" || module == "main" {
            continue;
        }
        let known = allowed.get(&module);
        assert!(known.is_some(), "{module} is not in the table of docs/architecture.md");
        let text = fs::read_to_string(&file).unwrap();
        for (line, target) in imports(&text, depth) {
            checked += 1;
            let everything = known.is_some_and(|known| known.contains("everything"));
            if target != module
                && !everything
                && !known.is_some_and(|known| known.contains(&target))
            {
                broken.push(format!("{}:{line}: {module} → {target}", file.display()));
            }
        }
    }
    assert!(checked > 50, "only {checked} paths were seen");
    assert!(broken.is_empty(), "edges against docs/architecture.md:\n{}", broken.join("\n"));
}

/// The block of lines with arrows: `a, b → c d      e → f`, or `everything`, or `nothing`.
fn allowed() -> Edges {
    let text = fs::read_to_string("docs/architecture.md").unwrap();
    let block =
        text.split("```").find(|block| block.contains("→ everything")).expect("the table of edges");
    let mut edges = Edges::new();
    for entry in
        block.lines().flat_map(|line| line.split("   ")).filter(|entry| entry.contains('→'))
    {
        let (from, to) = entry.split_once('→').unwrap();
        for from in from.split([',', ' ']).filter(|name| !name.is_empty()) {
            let to = to.split_whitespace().filter(|name| *name != "nothing").map(str::to_owned);
            edges.entry(from.to_owned()).or_default().extend(to);
        }
    }
    edges
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The top-level module of a file, and how deep the file's own module lies (1: top level).
fn place(file: &Path) -> (String, usize) {
    let mut parts: Vec<String> = file
        .with_extension("")
        .components()
        .skip(1)
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    (parts[0].clone(), parts.len())
}

/// Top-level modules named by `crate::` and `super::` paths, with their lines.
fn imports(text: &str, depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut nested: Vec<usize> = Vec::new(); // brace depths at which inline modules opened
    let mut braces = 0;
    for (index, line) in text.lines().enumerate() {
        let line = line.split("//").next().unwrap();
        for (at, _) in line.match_indices("crate::") {
            if !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                let rest = statement(text, index, at + "crate::".len());
                found.extend(heads(&rest).into_iter().map(|head| (index + 1, head)));
            }
        }
        let mut at = 0;
        while let Some(start) = line[at..].find("super::").map(|found| found + at) {
            let mut supers = 0;
            at = start;
            while line[at..].starts_with("super::") {
                supers += 1;
                at += "super::".len();
            }
            if supers == depth + nested.len() {
                let rest = statement(text, index, at);
                found.extend(heads(&rest).into_iter().map(|head| (index + 1, head)));
            }
        }
        if line
            .trim_start()
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub ")
            .starts_with("mod ")
            && line.trim_end().ends_with('{')
        {
            nested.push(braces);
        }
        braces += line.matches('{').count();
        braces = braces.saturating_sub(line.matches('}').count());
        nested.retain(|opened| braces > *opened);
    }
    found
}

/// The text from a place to the end of its statement, over several lines.
fn statement(text: &str, line: usize, column: usize) -> String {
    let rest: Vec<&str> = text.lines().skip(line).collect();
    let rest = rest.join("\n");
    rest[column..].split(';').next().unwrap_or_default().to_owned()
}

/// The first names of a path, or of each path of a group in braces.
fn heads(path: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = path.trim_start().strip_prefix('{') else {
        return vec![name(path)].into_iter().filter(|name| is_module(name)).collect();
    };
    let mut heads = Vec::new();
    let (mut open, mut start) = (1, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 || (open == 1 && c == ',') {
            heads.push(name(&group[start..at]));
            start = at + 1;
        }
        if open == 0 {
            break;
        }
    }
    heads.into_iter().filter(|name| is_module(name)).collect()
}

fn is_module(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

#[test]
fn the_reader_of_paths_sees_every_form() {
    let text = "use crate::ask::{Ask, Step};\nuse crate::{gate, score::Level};\n\
                fn f() { crate::plan::g(); super::run::h(); }\n\
                mod tests {\n    use super::*;\n    use super::super::suite;\n}\n\
                pub use crate::{\n    record::Run,\n    journal,\n};\n// crate::comment\n";
    let heads: Vec<String> = imports(text, 1).into_iter().map(|(_, head)| head).collect();
    let expected = ["ask", "gate", "score", "plan", "run", "suite", "record", "journal"];
    assert_eq!(heads, expected);
}
