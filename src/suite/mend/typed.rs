//! A value of a case that is typed into the suite, changed in its place.
//!
//! YAML has many ways to write a text, and a comment may stand anywhere. So nothing is written anew
//! but the scalar itself, quoted as it was; then the whole suite is read again, and must say what it
//! said, but for this one value.

use std::ops::Range;
use std::path::PathBuf;

use serde_json::Value as Json;

use crate::span::{Node, Value, parse};
use crate::suite::dataset::{Edit, Row};
use crate::suite::findings::Source;

/// The edit that gives a variable of a case another value.
pub(super) fn edit(source: &Source, row: &Row, name: &str, value: &Json) -> Result<Edit, String> {
    let by_hand = |what: &str| format!("`{name}` is written {what}: mend it by hand");
    let text = &source.text;
    let whole = parse(text).map_err(|problem| problem.message)?;
    let node = find(&whole, row.nth, name).ok_or_else(|| format!("`{name}` is not found here"))?;
    let mut wanted = whole.to_json();
    let place = wanted.get_mut("cases").and_then(|cases| cases.get_mut(row.nth - 1));
    if let Some(place) = place.and_then(|case| case.get_mut(name)) {
        *place = value.clone();
    }
    let (range, ways) = ways(text, node, value).ok_or_else(|| by_hand("over several lines"))?;
    let fits = |new: &&String| {
        let after = format!("{}{new}{}", &text[..range.start], &text[range.end..]);
        parse(&after).is_ok_and(|after| after.to_json() == wanted)
    };
    let new = ways.iter().find(fits).ok_or_else(|| by_hand("in a way that is not understood"))?;
    Ok(Edit {
        path: PathBuf::from(&source.path),
        file: source.path.as_str().into(),
        line: row.line,
        range,
        text: new.clone(),
    })
}

/// The value of a key in one of the cases.
fn find<'a>(whole: &'a Node, nth: usize, name: &str) -> Option<&'a Node> {
    let entry = |node: &'a Node, name: &str| match &node.value {
        Value::Map(entries) => {
            entries.iter().find(|(key, _)| key.value == name).map(|(_, node)| node)
        }
        _ => None,
    };
    let Value::List(cases) = &entry(whole, "cases")?.value else { return None };
    entry(cases.get(nth.checked_sub(1)?)?, name)
}

/// The bytes of a node on one line, and the ways in which a value may be written there, that of the
/// node first.
fn ways(text: &str, node: &Node, value: &Json) -> Option<(Range<usize>, Vec<String>)> {
    let end = match &node.value {
        Value::List(_) => list_end(text, node)?,
        _ => node.span.end,
    };
    let written = text.get(node.span.start..end)?;
    let range = node.span.start..node.span.start + written.trim_end().len();
    let written = &text[range.clone()];
    if written.is_empty() || written.contains('\n') {
        return None;
    }
    match (&node.value, value) {
        (Value::Scalar { .. }, _) if !written.starts_with(['|', '>', '&', '*', '!']) => {
            Some((range, scalar(written.chars().next()?, value)))
        }
        (Value::List(_), Json::Array(items)) => {
            let quote = written.trim_start_matches(['[', ' ']).chars().next()?;
            let ways: Vec<Vec<String>> = items.iter().map(|item| scalar(quote, item)).collect();
            let most = ways.iter().map(Vec::len).min().unwrap_or_default();
            let join = |way: usize| {
                let items: Vec<&str> = ways.iter().map(|ways| ways[way].as_str()).collect();
                format!("[{}]", items.join(", "))
            };
            Some((range, (0..most).map(join).collect()))
        }
        _ => None,
    }
}

/// Where a list in brackets ends that stands on one line.
fn list_end(text: &str, node: &Node) -> Option<usize> {
    let rest = text.get(node.span.start..)?.lines().next().filter(|rest| rest.starts_with('['))?;
    let mut ends = rest.match_indices(']').map(|(at, _)| at + 1);
    let end =
        ends.find(|end| parse(&rest[..*end]).is_ok_and(|list| list.to_json() == node.to_json()));
    end.map(|end| node.span.start + end)
}

/// A scalar as it may be written: with the quotes of another one, plain only where that is, and at
/// last with every escape that there is.
fn scalar(quote: char, value: &Json) -> Vec<String> {
    let Json::String(text) = value else { return vec![value.to_string()] };
    let single = format!("'{}'", text.replace('\'', "''"));
    let double = Json::from(text.as_str()).to_string();
    match quote {
        '\'' => vec![single, double],
        '"' => vec![double.clone(), double],
        _ => vec![text.clone(), double],
    }
}
