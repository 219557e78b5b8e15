//! A case as an entry of a suite's `cases:`, to be copied from a page into a suite of one's own.
//!
//! Texts are double-quoted, which YAML shares with JSON; what cannot be seen is escaped, so that what
//! is copied is what is read.

use std::fmt::Write;

use crate::record::Record;
use crate::report::visible;

/// The case of a record with its question, choices, right answer and tags.
pub(super) fn case(record: &Record) -> String {
    let mut yaml = format!("- id: {}\n", quoted(&record.case));
    // Writing to a string does not fail.
    let _ = writeln!(yaml, "  question: {}", quoted(&record.question));
    if !record.choices.is_empty() {
        let _ = writeln!(yaml, "  choices: {}", list(&record.choices));
    }
    let _ = writeln!(yaml, "  answer: {}", quoted(&record.expected));
    if !record.tags.is_empty() {
        let _ = writeln!(yaml, "  tags: {}", list(&record.tags));
    }
    yaml
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if is_seen(c) => quoted.push(c),
            c if u32::from(c) > 0xffff => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

fn is_seen(c: char) -> bool {
    visible(c.encode_utf8(&mut [0; 4])).chars().eq([c])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Outcome;
    use crate::record::tests::judged;

    #[test]
    fn what_is_copied_is_one_entry_whatever_a_text_holds() {
        let mut record = judged(0, Outcome::Incorrect, Some(0.9));
        record.question = "a \"b\" \\ c\n- id: x\u{202e}\u{e0041} 漢".into();
        record.tags = vec!["x: y".into(), "# no".into()];
        insta::assert_snapshot!(case(&record), @r##"
        - id: "case-0"
          question: "a \"b\" \\ c\n- id: x\u202e\U000e0041 漢"
          choices: ["x", "y"]
          answer: "A"
          tags: ["x: y", "# no"]
        "##);
    }
}
