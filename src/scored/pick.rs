//! A few fields of a row, however deep they stand, without reading the rest.
//!
//! Logs of other harnesses keep whole conversations in a row of which three values are wanted. A
//! name such as `scores.match.value` is a path through objects and lists, unless an object has a
//! field of that very name, dots included, as tables made of nested data have.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::suite::RawRow;

/// Picks the fields of these names out of a row; none where it has no such field.
///
/// # Errors
/// What is wrong with the row, a lower-case fragment.
pub(super) fn pick(row: RawRow<'_>, names: &[&str]) -> Result<Vec<Option<Value>>, String> {
    let fields = match row {
        RawRow::Json(bytes) => {
            let mut reader = serde_json::Deserializer::from_slice(bytes);
            let fields = Wanted { names }.deserialize(&mut reader);
            fields.and_then(|fields| reader.end().map(|()| fields)).map_err(|error| {
                let text = error.to_string();
                let text = text.split(" at line ").next().unwrap_or(&text);
                // As Python writes a missing number.
                let nan = [&b"NaN"[..], b"Infinity"]
                    .iter()
                    .any(|name| bytes.windows(name.len()).any(|part| part == *name));
                let remedy = match (text, nan) {
                    ("expected value", true) => {
                        " (JSON has no NaN: write null where it is missing)"
                    }
                    _ => "",
                };
                format!("not a JSON object: {text}{remedy}")
            })?
        }
        RawRow::Cells(cells) => cells.into_iter().collect(),
    };
    Ok(names.iter().map(|name| of_fields(&fields, name).cloned()).collect())
}

/// The names of a row's fields, for error texts: those of its outermost level.
pub(super) fn field_names(row: &RawRow<'_>) -> Vec<String> {
    match row {
        RawRow::Json(text) => serde_json::from_slice::<serde_json::Map<_, Value>>(text)
            .map(|fields| fields.into_iter().map(|(name, _)| name).collect())
            .unwrap_or_default(),
        RawRow::Cells(cells) => cells.keys().cloned().collect(),
    }
}

/// The value of a name in these fields.
fn of_fields<'v>(fields: &'v [(String, Value)], name: &str) -> Option<&'v Value> {
    let is = |field: &str| fields.iter().find(|(known, _)| known == field).map(|(_, value)| value);
    is(name).or_else(|| {
        let mut dots = name.match_indices('.');
        dots.find_map(|(dot, _)| below(is(&name[..dot])?, &name[dot + 1..]))
    })
}

/// The value of a path below a value.
fn below<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let step = |name: &str| match value {
        Value::Object(fields) => fields.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    };
    step(path).or_else(|| {
        let mut dots = path.match_indices('.');
        dots.find_map(|(dot, _)| below(step(&path[..dot])?, &path[dot + 1..]))
    })
}

/// The fields of an object that a name begins with.
struct Wanted<'n> {
    names: &'n [&'n str],
}

impl Wanted<'_> {
    fn wants(&self, field: &str) -> bool {
        self.names.iter().any(|name| {
            name.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Vec<(String, Value)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        while let Some(field) = map.next_key::<String>()? {
            if !self.wants(&field) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if fields.iter().any(|(known, _)| *known == field) {
                // Of two values one would be taken without a word.
                return Err(A::Error::custom(format_args!("`{field}` stands there twice")));
            }
            fields.push((field, map.next_value()?));
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn picked(row: &str, names: &[&str]) -> Vec<Option<Value>> {
        pick(RawRow::Json(row.as_bytes()), names).unwrap()
    }

    #[test]
    fn a_name_is_a_path_through_objects_and_lists() {
        let row =
            r#"{"scores": {"match": {"value": "C"}}, "draws": [{"p": 0.5}, {"p": 0.25}], "x": 1}"#;
        let names = ["scores.match.value", "draws.1.p", "scores.match.none", "x.y", "z"];
        let values = picked(row, &names);
        assert_eq!(values, [Some(json!("C")), Some(json!(0.25)), None, None, None]);
    }

    #[test]
    fn a_field_with_dots_in_its_name_is_itself() {
        let row =
            r#"{"scores.match.value": true, "scores": {"match.value": 1, "match": {"value": 2}}}"#;
        assert_eq!(picked(row, &["scores.match.value"]), [Some(json!(true))]);
        let row = r#"{"scores": {"match.value": 1, "match": {"value": 2}}}"#;
        assert_eq!(picked(row, &["scores.match.value"]), [Some(json!(1))]);
        let row = r#"{"a.b": {"c": 3}}"#;
        assert_eq!(picked(row, &["a.b.c"]), [Some(json!(3))]);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let refused = |row: &str| pick(RawRow::Json(row.as_bytes()), &["confidence"]).unwrap_err();
        assert!(refused("[1]").starts_with("not a JSON object: invalid type: sequence"));
        assert!(refused(r#"{"confidence": 0.5"#).contains("EOF"), "{}", refused(r#"{"c": 0.5"#));
        assert!(refused(r#"{"confidence": 1} {}"#).contains("trailing"));
        let twice = refused(r#"{"confidence": 0.5, "confidence": 0.9}"#);
        assert_eq!(twice, "not a JSON object: `confidence` stands there twice");
        let nan = refused(r#"{"confidence": NaN}"#);
        assert!(nan.ends_with("(JSON has no NaN: write null where it is missing)"), "{nan}");
    }
}
