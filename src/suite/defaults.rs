//! `defaults: file.yaml`: what several suites have in common, typed once.
//!
//! Where a suite is silent the file of defaults speaks. Both are merged as trees, before anything
//! is read from them, so that every key means the same in both and every finding still names the
//! file and line in which it was typed.

use std::path::Path;
use std::sync::Arc;

use crate::span::{Node, Problems, Spanned, Value};

use super::config::parse_file;
use super::findings::{Findings, Source};

/// Keys that a file of defaults may have: what does not name a suite, its rows or its files.
const KEYS: &[&str] = &[
    "endpoints",
    "threshold",
    "prompt",
    "messages",
    "prompts",
    "matrix",
    "choice_order",
    "grade",
    "confidence",
    "parameters",
    "repeats",
    "overrides",
    "budget",
];

/// Keys of which a suite has one: typing one of them leaves out the others of the defaults.
const ONE_OF: &[&str] = &["prompt", "messages", "prompts"];

/// Keys whose maps are merged key by key; all others are taken whole.
const MERGED: &[&str] = &["parameters", "budget", "matrix"];

/// The suite with its defaults filled in, and the source that both were typed in.
pub(super) fn fill_in(
    source: Arc<Source>,
    mut node: Node,
    path: &Path,
    findings: &mut Findings,
) -> (Arc<Source>, Node) {
    let Some(from) = named(&source, &mut node, findings) else { return (source, node) };
    let dir = path.parent().unwrap_or(Path::new(""));
    let mut unreadable = Findings::default();
    let Some((file, defaults)) = parse_file(&dir.join(&from.value), &mut unreadable) else {
        let message = format!("the defaults in `{}` cannot be read", from.value);
        findings.error(&source, from.span, message, "check the path, relative to the suite");
        findings.append(unreadable);
        return (source, node);
    };
    let mut problems = Problems::default();
    refuse_foreign_keys(&defaults, &mut problems);
    findings.add(&file, problems);
    let both = Source { defaults: Some(file), ..Source::clone(&source) };
    merge(&mut node, defaults.shifted(both.defaults_start()));
    (Arc::new(both), node)
}

/// Takes the key `defaults` out of the suite.
fn named(source: &Source, node: &mut Node, findings: &mut Findings) -> Option<Spanned<String>> {
    let Value::Map(entries) = &mut node.value else { return None };
    let at = entries.iter().position(|(key, _)| key.value == "defaults")?;
    let (_, typed) = entries.remove(at);
    let mut problems = Problems::default();
    let named = typed.text(&mut problems);
    findings.add(source, problems);
    named
}

fn refuse_foreign_keys(defaults: &Node, problems: &mut Problems) {
    let Some(fields) = defaults.fields(problems) else { return };
    for (key, _) in fields.entries() {
        if ["suite", "description", "define", "dataset", "cases", "examples", "defaults"]
            .contains(&key.value.as_str())
        {
            let message = format!("`{}` does not belong into a file of defaults", key.value);
            problems.error(key.span, message, "type it in each suite");
        } else if !KEYS.contains(&key.value.as_str()) {
            problems.unknown("key", key, KEYS);
        }
    }
}

fn merge(suite: &mut Node, defaults: Node) {
    let (Value::Map(typed), Value::Map(more)) = (&mut suite.value, defaults.value) else { return };
    let said = |typed: &[(Spanned<String>, Node)], key: &str| {
        typed.iter().any(|(known, node)| known.value == key && node.value != Value::Null)
    };
    let prompted = ONE_OF.iter().any(|key| said(typed, key));
    for (key, node) in more {
        let name = key.value.as_str();
        if !KEYS.contains(&name) || (prompted && ONE_OF.contains(&name)) {
            continue;
        }
        if !said(typed, name) {
            typed.retain(|(known, _)| known.value != name);
            typed.push((key, node));
        } else if MERGED.contains(&name)
            && let Some((_, here)) = typed.iter_mut().find(|(known, _)| known.value == name)
            && let (Value::Map(here), Value::Map(there)) = (&mut here.value, node.value)
        {
            for (key, node) in there {
                if !said(here, &key.value) {
                    here.push((key, node));
                }
            }
        }
    }
}
