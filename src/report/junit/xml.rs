//! The little XML that is written here: elements with attributes, and text.
//!
//! XML has no way to write most control characters, not even as references, so what is made visible
//! first is all that can be written.

use crate::report::text::{visible, visible_lines};

/// Adds the start of an element, such as `<testcase`, and its attributes.
pub(super) fn attributes(out: &mut String, start: &str, attributes: &[(&str, &str)]) {
    out.push_str(start);
    for (name, value) in attributes {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape(out, &visible(value));
        out.push('"');
    }
}

/// A text as content of an element, its line breaks kept.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    escape(&mut out, &visible_lines(text));
    out
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            // Only `]]>` must not stand in a text, and nobody should have to know that.
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_shown_and_what_it_reads_is_escaped() {
        let mut out = String::new();
        attributes(&mut out, "  <a", &[("b", "\"<\n\u{fffe}\u{0}'>&")]);
        assert_eq!(out, "  <a b=\"&quot;&lt; \\u{fffe}␀'&gt;&amp;\"");
        assert_eq!(text("]]>\r\n\tx\u{1b}"), "]]&gt;\n\tx␛");
    }
}
