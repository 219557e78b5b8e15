//! One value of one row written anew, every other byte of its file left as it is.
//!
//! Rows are read by parsers that forget how a value was written. Here the bytes of the value are
//! found again, and what takes their place is written in the manner of what stood there: quoted
//! where that was quoted, with the blanks and escapes of the list or row around it. What was written
//! is read again before it is believed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::reader::{Reader, STREAM};
use super::split::utf8;
use super::{Origin, Row, RowError, Rows};

/// Bytes of a file, and what is to take their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub path: PathBuf,
    /// The same as the user would write it.
    pub file: Arc<str>,
    /// Line where the row begins, from 1.
    pub line: usize,
    /// The bytes.
    pub range: Range<usize>,
    /// What is to take their place.
    pub text: String,
}

impl Rows {
    /// The edit that gives a variable of a row another value, for rows that stand in a file of their
    /// own; why there is none, in words with their remedy.
    pub fn edit(&self, row: &Row, name: &str, value: &Json) -> Result<Edit, String> {
        let Origin::Files { files, .. } = &self.0 else {
            return Err("the row is typed into the suite".to_owned());
        };
        let file = files.iter().find(|file| file.name == row.file);
        let changed = || "the row was written to while it was read; try again".to_owned();
        let file = file.ok_or_else(changed)?;
        let told = |error: RowError| error.to_string();
        let mut reader = Reader::open(file, STREAM).map_err(told)?;
        let mut place = None;
        for _ in 0..row.nth {
            place = reader.next().map_err(told)?;
        }
        let place = place.filter(|place| place.line == row.line).ok_or_else(changed)?;
        if reader.written(place).variables().map_err(told)? != *row.variables {
            return Err(changed());
        }
        let found = match reader.header() {
            Some(header) => header.rewritten(reader.row(), name, value),
            None => rewritten(reader.row(), name, value),
        };
        let (range, text) = found.ok_or_else(|| format!("`{name}` is not found in the row"))?;
        let edited = [&reader.row()[..range.start], text.as_bytes(), &reader.row()[range.end..]];
        let read = reader.read_as(&edited.concat(), place).map_err(told)?;
        let mut wanted = (*row.variables).clone();
        wanted.insert(name.to_owned(), value.clone());
        let start = usize::try_from(place.offset).ok().filter(|_| read == wanted);
        let start = start.ok_or_else(|| format!("`{name}` cannot be written there"))?;
        Ok(Edit {
            path: file.path.clone(),
            file: Arc::clone(&file.name),
            line: place.line,
            range: start + range.start..start + range.end,
            text,
        })
    }
}

/// The bytes of a variable in a row of JSON, and what takes their place.
fn rewritten(row: &[u8], name: &str, value: &Json) -> Option<(Range<usize>, String)> {
    let row = utf8(row).ok()?;
    let values: BTreeMap<String, &RawValue> = serde_json::from_str(row).ok()?;
    let before = values.get(name)?.get();
    let start = before.as_ptr().addr() - row.as_ptr().addr();
    let text = in_the_manner_of(before, value);
    // Who writes nothing but ASCII, and escapes the rest, does so here too.
    let escapes = row.is_ascii() && row.contains("\\u");
    Some((start..start + before.len(), if escapes { ascii(&text) } else { text }))
}

/// A value as JSON, a list with the blanks and line ends of another.
fn in_the_manner_of(before: &str, value: &Json) -> String {
    let Json::Array(items) = value else { return value.to_string() };
    let inside = before.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let (open, between, close) = match inside {
        Some(inside) if !inside.trim().is_empty() => {
            let open = &inside[..inside.len() - inside.trim_start().len()];
            let close = &inside[inside.trim_end().len()..];
            let between = match open.contains('\n') {
                true => open,
                false if inside.contains(", ") || !inside.contains(',') => " ",
                false => "",
            };
            (open, between, close)
        }
        _ => ("", " ", ""),
    };
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    format!("[{open}{}{close}]", items.join(&format!(",{between}")))
}

/// A text of JSON with all that is not ASCII escaped; that can stand in its strings alone.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out += &format!("\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn edited(row: &str, name: &str, value: &Json) -> String {
        let (range, text) = rewritten(row.as_bytes(), name, value).unwrap();
        format!("{}{text}{}", &row[..range.start], &row[range.end..])
    }

    #[test]
    fn a_value_is_written_in_the_manner_of_the_row() {
        for (row, value, after) in [
            (r#"{"a":1,"b" : "x" ,"c":{"b":2}}"#, json!("y"), r#"{"a":1,"b" : "y" ,"c":{"b":2}}"#),
            (r#"{"b": ["x", "z"]}"#, json!(["y", "w"]), r#"{"b": ["y", "w"]}"#),
            (r#"{"b":["x","z"]}"#, json!(["y", "w"]), r#"{"b":["y","w"]}"#),
            (r#"{"b": ["x"]}"#, json!(["y", "w"]), r#"{"b": ["y", "w"]}"#),
            (r#"{"b": []}"#, json!(["y"]), r#"{"b": ["y"]}"#),
            (
                "{\n  \"b\": [\n    1,\n    2\n  ]\n}",
                json!([3, 4]),
                "{\n  \"b\": [\n    3,\n    4\n  ]\n}",
            ),
            (r#"{"\u0062": "x"}"#, json!("é🦀\""), r#"{"\u0062": "\u00e9\ud83e\udd80\""}"#),
            (r#"{"b": "é"}"#, json!("ü"), r#"{"b": "ü"}"#),
            (r#"{"b": 1.50}"#, json!(7), r#"{"b": 7}"#),
        ] {
            assert_eq!(edited(row, "b", &value), after);
        }
        assert_eq!(rewritten(br#"{"a": {"b": 1}}"#, "b", &json!(2)), None);
    }
}
