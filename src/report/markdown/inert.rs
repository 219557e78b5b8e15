//! Texts of strangers in Markdown, where they must do nothing.
//!
//! Markdown is read in several passes. The parser knows links, images, tables, HTML and fences; then
//! bare addresses become links, whether or not their characters were escaped; then GitHub and GitLab
//! make links of `@names`, `#numbers` and commits, pictures of `:emoji:` and labels of `~words`. Code
//! spans are what all of them leave alone, so texts stand in one. What is left to break out of are
//! its fence, which is longer than every run of backticks in the text, and a table's cell.

use crate::report::text::excerpt;

/// Runs of more backticks are written as escapes: parsers give up looking for long fences.
const FENCE: usize = 3;

/// A text in at most so many characters, as a code span that may stand in a table.
pub(super) fn code(text: &str, most: usize) -> String {
    let mut shown = excerpt(text, most);
    if shown.trim().is_empty() {
        return "*(empty)*".to_owned();
    }
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    if longest > FENCE {
        shown = shown.replace('`', "\\u{60}");
    }
    let mut cell = String::with_capacity(shown.len() + 8);
    let mut before = ' ';
    for c in shown.chars() {
        match c {
            // An escaped backslash would set the bar free.
            '|' if before == '\\' => cell.push_str("\\u{7c}"),
            '|' => cell.push_str("\\|"),
            c => cell.push(c),
        }
        before = c;
    }
    let fence = "`".repeat(if longest > FENCE { 1 } else { longest + 1 });
    let blank = if cell.starts_with('`') || cell.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{cell}{blank}{fence}")
}

/// The same inside of HTML, where no Markdown is read.
pub(super) fn html_code(text: &str, most: usize) -> String {
    let shown = excerpt(text, most).replace('&', "&amp;").replace('<', "&lt;");
    format!("<code>{}</code>", shown.replace('>', "&gt;"))
}

/// A sentence of this program in at most so many characters: as it is while it holds nothing but
/// words and numbers, and else, since a name or a path may be part of it, as code.
pub(super) fn prose(text: &str, most: usize) -> String {
    let harmless = |c: char| c.is_alphanumeric() || " .,;:%()=≥≤×·–−-'’…/_".contains(c);
    if text.chars().all(harmless) && text.split(' ').all(is_plain) {
        excerpt(text, most).replace('_', "\\_")
    } else {
        code(text, most)
    }
}

/// Whether nobody takes a word for an emoji, an address, a path, a commit, a milestone or a number of
/// an issue.
fn is_plain(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let joined = |mark: char| {
        let mut around = word.trim_end_matches(mark).split(mark);
        let first = around.next().unwrap_or_default();
        first.ends_with(char::is_alphabetic)
            && around.any(|next| next.starts_with(char::is_alphabetic))
    };
    let numbered = word.strip_prefix("gh-").is_some_and(|rest| rest.starts_with(char::is_numeric));
    let milestone = word.split('%').skip(1).any(|rest| rest.starts_with(char::is_alphanumeric));
    let hex = |part: &str| part.len() >= 7 && part.chars().all(|c| c.is_ascii_hexdigit());
    let commit = word.split(|c: char| !c.is_alphanumeric()).any(hex);
    word.matches([':', '/']).count() < 2 && !(joined('.') || numbered || milestone || commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_gets_out_of_its_span_or_its_cell() {
        for (text, shown) in [
            ("![x](http://a) <i> @c #1", "`![x](http://a) <i> @c #1`"),
            ("a | b", "`a \\| b`"),
            ("a \\| b", "`a \\\\u{7c} b`"),
            ("ends with \\", "`ends with \\`"),
            ("a ` b", "``a ` b``"),
            ("`a` ```", "```` `a` ``` ````"),
            ("````", "`\\u{60}\\u{60}\\u{60}\\u{60}`"),
            (" \n", "*(empty)*"),
        ] {
            assert_eq!(code(text, 99), shown);
        }
        assert_eq!(html_code("</summary>&amp;", 99), "<code>&lt;/summary&gt;&amp;amp;</code>");
    }

    #[test]
    fn a_sentence_with_more_than_words_is_code() {
        for plain in [
            "20 of 182 answers are confidently wrong (11%); at least 7.4%, above 5%: so.",
            "median 1.2 s, 3 of 40 beyond 900 ms; 12 tokens/s.",
        ] {
            assert_eq!(prose(plain, 200), plain);
        }
        assert_eq!(prose("confident_wrong at most 5%", 99), "confident\\_wrong at most 5%");
        for text in [
            "ask @me",
            "see #1",
            "www.a.b c",
            "at a.example",
            "deadbeef1",
            "a:b:c",
            "x/y/z",
            "GH-1",
            "%1",
            "\"x\"",
            "<b>",
            "a@b",
        ] {
            assert!(prose(text, 200).starts_with('`'), "{text}");
        }
    }
}
