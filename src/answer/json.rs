//! JSON in replies: bare, fenced, or with prose around it.
//!
//! Candidates are whole texts first, then fenced blocks, then whatever stands in the prose and
//! parses. Nesting is limited by the parser (128 levels), so that looking for JSON at every
//! bracket of a hostile text stays linear in its length.

use serde_json::{Deserializer, Value};

/// Texts longer than this hold no answer in JSON.
const LONGEST: usize = 4 << 20;

/// Brackets at which an object or array is looked for in one text.
const ATTEMPTS: usize = 2_000;

/// The object or array that the whole text is.
pub(crate) fn whole(text: &str) -> Option<Value> {
    let text = text.trim();
    let opens = text.starts_with(['{', '[']) && text.ends_with(['}', ']']);
    serde_json::from_str(text).ok().filter(|_| opens && text.len() <= LONGEST)
}

/// The objects and arrays of a text in their order: the text itself, else its fenced blocks, else
/// those in its prose, none of which lies in another.
pub(crate) fn found(text: &str) -> Vec<Value> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    if let Some(value) = whole(text) {
        return vec![value];
    }
    let fenced: Vec<Value> = text.split("```").skip(1).step_by(2).filter_map(block).collect();
    if fenced.is_empty() { in_prose(text) } else { fenced }
}

/// The JSON of a fenced block, behind the name of its language.
fn block(block: &str) -> Option<Value> {
    whole(block).or_else(|| whole(block.split_once('\n')?.1))
}

fn in_prose(text: &str) -> Vec<Value> {
    let mut values = Vec::new();
    let mut from = 0;
    for _ in 0..ATTEMPTS {
        let Some(at) = text[from..].find(['{', '[']) else { break };
        let start = from + at;
        let mut stream = Deserializer::from_str(&text[start..]).into_iter::<Value>();
        from = match stream.next() {
            Some(Ok(value)) => {
                values.push(value);
                start + stream.byte_offset()
            }
            _ => start + 1,
        };
    }
    values
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn json_is_found_wherever_it_stands() {
        for (text, json) in [
            ("{\"a\": 1}", "[{\"a\":1}]"),
            (" [1, 2]\n", "[[1,2]]"),
            ("```json\n{\"a\": 1}\n```", "[{\"a\":1}]"),
            ("```\n[1]\n```", "[[1]]"),
            ("```{\"a\": 1}```", "[{\"a\":1}]"),
            ("Here it is: {\"a\": {\"b\": 1}}. Done [1].", "[{\"a\":{\"b\":1}},[1]]"),
            ("Not {this} but ```json\n{\"a\": 1}\n``` and {\"b\": 2}", "[{\"a\":1}]"),
            ("{\"a\": 1} {\"a\": 2}", "[{\"a\":1},{\"a\":2}]"),
            ("{\"a\": 1, \"a\": 2}", "[{\"a\":2}]"),
            ("{'a': 1}", "[]"),
            ("{\"a\": 1", "[]"),
            ("{\"a\": NaN}", "[]"),
            ("5", "[]"),
            ("", "[]"),
        ] {
            assert_eq!(Value::from(found(text)).to_string(), json, "{text}");
        }
    }

    #[test]
    fn hostile_json_costs_little() {
        for piece in
            ["[", "{", "{\"a\":", "[[1],", "[\"", "{\"a\":{\"a\":\"", "[1,", "{}", "[\"\\\"["]
        {
            let text = piece.repeat(400_000 / piece.len());
            let _ = found(&text);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[\\[\\]{}\":, a1\\\\`\n]{0,40}|\\PC{0,20}") {
            let _ = found(&text);
        }
    }
}
