//! Texts of strangers in Markdown, where they must do nothing.
//!
//! Markdown is read in two passes. The parser knows links, images, tables, HTML and fences: every
//! character that could mean something to it is written as a character reference, which by
//! `CommonMark` never does. Then GitHub and GitLab go through what came out and make links of
//! `@names`, `#numbers`, `GH-1`, addresses and commits, pictures of `:emoji:` and labels of `~words`,
//! but never inside `<code>`. So texts stand there.

use std::fmt::Write;

use crate::report::text::excerpt;

/// A text in at most so many characters, as code.
pub(super) fn code(text: &str, most: usize) -> String {
    let shown = excerpt(text, most);
    if shown.trim().is_empty() {
        return "*(empty)*".to_owned();
    }
    format!("<code>{}</code>", references(&shown))
}

/// A sentence of this program in at most so many characters: as it is while it holds nothing but
/// words and numbers, and else, since a name or a path may be part of it, as code.
pub(super) fn prose(text: &str, most: usize) -> String {
    let harmless = |c: char| c.is_alphanumeric() || " .,;:%()=≥≤×·–−'’…/".contains(c);
    // Two colons may be an emoji, and a slash part of an address or a reference.
    let word = |word: &str| {
        word.matches([':', '/']).count() < 2 && !word.contains("://") && !is_reference(word)
    };
    if text.chars().all(harmless) && text.split_whitespace().all(word) {
        references(&excerpt(text, most))
    } else {
        code(text, most)
    }
}

/// What GitHub or GitLab may take for a site or a commit.
fn is_reference(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let inner_dot = word.trim_end_matches('.').split('.').collect::<Vec<_>>();
    let domain = inner_dot.windows(2).any(|pair| {
        pair[0].ends_with(|c: char| c.is_alphabetic()) && pair[1].starts_with(char::is_alphabetic)
    });
    let hex = word.len() >= 7 && word.chars().all(|c| c.is_ascii_hexdigit());
    domain || (hex && word.contains(|c: char| c.is_ascii_alphabetic()))
}

/// The text with a character reference for everything that the parser could take for more than a
/// character.
fn references(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            ',' | '%' | '(' | ')' | ';' | '.' | '/' | '?' | '\'' => out.push(c),
            c if c.is_ascii_punctuation() => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_that_means_something_is_a_reference() {
        assert_eq!(
            code("![x](http://a) | `b` <i> \\@c #1", 99),
            "<code>&#33;&#91;x&#93;(http&#58;//a) &#124; &#96;b&#96; &#60;i&#62; &#92;&#64;c &#35;1</code>"
        );
        assert_eq!(code(" \n", 9), "*(empty)*");
    }

    #[test]
    fn a_sentence_with_more_than_words_is_code() {
        let plain = "20 of 182 answers are confidently wrong (11%); at least 7.4%, above 5%";
        assert_eq!(prose(plain, 200), plain);
        for text in
            ["ask @me", "see #1", "www.a.b c", "at a.example", "deadbeef1", "a:b:c", "x/y/z"]
        {
            assert!(prose(text, 200).starts_with("<code>"), "{text}");
        }
    }
}
