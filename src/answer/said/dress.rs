//! What an answer wears: emphasis, quotes, mathematics, a full stop.

use std::borrow::Cow;

/// What a text may be wrapped in.
const PAIRS: &[(&str, &str)] = &[
    ("**", "**"),
    ("__", "__"),
    ("*", "*"),
    ("_", "_"),
    ("`", "`"),
    ("\"", "\""),
    ("'", "'"),
    ("\u{201c}", "\u{201d}"),
    ("\u{2018}", "\u{2019}"),
    ("«", "»"),
    ("[", "]"),
    ("<", ">"),
    ("$$", "$$"),
    ("$", "$"),
    ("\\(", "\\)"),
    ("\\[", "\\]"),
    ("<b>", "</b>"),
    ("<i>", "</i>"),
    ("<em>", "</em>"),
    ("<strong>", "</strong>"),
    ("<code>", "</code>"),
    ("<p>", "</p>"),
];

/// Commands of TeX that only set their argument in another type.
const TYPES: &[&str] = &[
    "\\text{",
    "\\textbf{",
    "\\textit{",
    "\\textrm{",
    "\\texttt{",
    "\\emph{",
    "\\mathrm{",
    "\\mathbf{",
    "\\mathit{",
    "\\mathsf{",
    "\\mbox{",
    "\\operatorname{",
];

/// An answer without what it wears. What is part of it stays: a stop after an initial, quotes
/// around a part of it, mathematics that means something.
pub(crate) fn tidy(text: &str) -> Cow<'_, str> {
    let bare = undressed(text);
    if !bare.contains('\\') {
        return Cow::Borrowed(bare);
    }
    let plain = untyped(bare);
    Cow::Owned(undressed(&plain).to_owned())
}

/// Tags that only set their content in another type or hold an answer.
const TAGS: &[&str] = &[
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<em>",
    "</em>",
    "<strong>",
    "</strong>",
    "<code>",
    "</code>",
    "<p>",
    "</p>",
    "<br>",
    "<br/>",
    "<li>",
    "</li>",
    "<answer>",
    "</answer>",
];

/// A whole reply without commands of type and tags.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let mut plain = Cow::Borrowed(text);
    if text.contains('\\') {
        plain = Cow::Owned(untyped(text));
    }
    for tag in TAGS {
        if plain.contains(tag) {
            plain = Cow::Owned(plain.replace(tag, " "));
        }
    }
    plain
}

fn undressed(text: &str) -> &str {
    let mut text = text.trim();
    text = text.strip_prefix("> ").unwrap_or(text);
    // What was opened before the answer or is closed after it.
    for mark in ["**", "\"", "`"] {
        if text.matches(mark).take(2).count() == 1 {
            text = text.strip_prefix(mark).or(text.strip_suffix(mark)).unwrap_or(text).trim();
        }
    }
    // Every turn takes off a pair that does not stand inside again, so turns are few.
    loop {
        let bare = unstopped(text);
        let inside = PAIRS.iter().find_map(|(open, close)| {
            let inside = bare.strip_prefix(open)?.strip_suffix(close)?;
            let again = inside.contains(open) || inside.contains(close);
            (!again && !inside.trim().is_empty()).then(|| inside.trim())
        });
        match inside {
            Some(inside) => text = inside,
            None => return bare,
        }
    }
}

/// The text without the full stop of its sentence; that of an initial or abbreviation stays.
fn unstopped(text: &str) -> &str {
    let Some(bare) = text.strip_suffix('.') else { return text };
    let letters = bare.chars().rev().take_while(|c| c.is_alphabetic()).take(3).count();
    let stops = match letters {
        0 => !bare.ends_with('.') && !bare.trim_end().is_empty(),
        1 | 2 => !bare.contains('.'),
        _ => true,
    };
    if stops { bare.trim_end() } else { text }
}

/// TeX without commands of type, delimiters and spacing.
fn untyped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    // For every open brace, whether its command has gone.
    let mut open: Vec<bool> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let command = TYPES.iter().find(|command| rest.starts_with(**command));
        if let Some(command) = command {
            open.push(true);
            rest = &rest[command.len()..];
            continue;
        }
        let mut taken = c.len_utf8();
        match c {
            '\\' => {
                let next = rest[1..].chars().next().unwrap_or(' ');
                match next {
                    '(' | ')' | '[' | ']' | '!' => {}
                    ',' | ';' | ':' | ' ' | '\\' => plain.push(' '),
                    '%' | '$' | '&' | '#' | '_' => plain.push(next),
                    _ => {
                        plain.push('\\');
                        plain.push(next);
                    }
                }
                if next == '{' {
                    open.push(false);
                }
                taken += if rest.len() > 1 { next.len_utf8() } else { 0 };
            }
            '{' => {
                open.push(false);
                plain.push('{');
            }
            '}' if open.pop() == Some(true) => {}
            c => plain.push(c),
        }
        rest = &rest[taken..];
    }
    plain
}
