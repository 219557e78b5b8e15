//! Rows that stand inside of a larger document, such as the samples of a log.

use serde_json::value::RawValue;
use std::collections::HashMap;

/// The list at a path of a JSON document, as text. As many line breaks stand before it as in the
/// document, so that its lines keep their numbers.
///
/// # Errors
/// What is there instead, a lower-case fragment with the remedy.
pub(super) fn list_at(document: &str, path: &str) -> Result<String, String> {
    let mut at: &RawValue = serde_json::from_str(document)
        .map_err(|error| format!("not one JSON document, in which --rows could look: {error}"))?;
    for name in path.split('.') {
        let below = if at.get().starts_with('[') {
            let items: Vec<&RawValue> = parsed(at)?;
            name.parse().ok().and_then(|index: usize| items.get(index).copied())
        } else if at.get().starts_with('{') {
            let fields: HashMap<String, &RawValue> = parsed(at)?;
            fields.get(name).copied()
        } else {
            None
        };
        at = below.ok_or_else(|| format!("there is no `{name}` in it (--rows is `{path}`)"))?;
    }
    if !at.get().starts_with('[') {
        return Err(format!("`{path}` is no list of rows (name a list with --rows)"));
    }
    let before = at.get().as_ptr() as usize - document.as_ptr() as usize;
    let lines = document[..before].matches('\n').count();
    Ok("\n".repeat(lines) + at.get())
}

fn parsed<'a, T: serde::Deserialize<'a>>(value: &'a RawValue) -> Result<T, String> {
    serde_json::from_str(value.get()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_found_and_keeps_its_lines() {
        let document = "{\"a\": {\n\"b\": [\n  {\"c\": 1}\n]}}";
        assert_eq!(list_at(document, "a.b").unwrap(), "\n[\n  {\"c\": 1}\n]");
        assert_eq!(list_at("[[1], [2]]", "1").unwrap(), "[2]");
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let told = |document: &str| list_at(document, "results.samples").unwrap_err();
        assert!(told("{} {}").contains("not one JSON document"));
        assert!(told("{\"results\": 3}").contains("no `samples` in it"));
        assert!(told("{}").contains("no `results` in it"));
        assert!(told("{\"results\": {\"samples\": 3}}").contains("no list of rows"));
    }
}
