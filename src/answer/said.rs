//! The part of a reply that is its answer.
//!
//! Models wrap an answer up: in a label, in tags, in a box, in reasoning before it and reasons
//! after it. Graders that compare a text must compare the answer and nothing else, and they must
//! all mean the same part. In this order, the first that there is:
//!
//! 1. the value of `answer` or `final_answer`, where the whole reply is a JSON object that has it;
//! 2. the inside of the last `<answer>…</answer>`;
//! 3. the inside of the last `\boxed{…}`;
//! 4. what follows the last label (`Answer: Paris`, `the answer is Paris`, `**Final answer**` above
//!    it, `#### Paris` as the last line): to the end of its sentence or line, or to the end of the
//!    emphasis or quotes that it opens with;
//! 5. a line of its own: the last one, where text stands above it, or the first one, where text
//!    stands below it that takes nothing back; or what the reply opens with in bold, as a sentence of
//!    its own: `**Yes.** Water …`;
//! 6. all of it.
//!
//! A label counts only where it points to an answer: not in `if the answer is`, `the wrong answer
//! is` or `the answer is not`. Of several labels the last counts, since models correct themselves.
//! A sentence is not taken apart: `It is Paris` is no `Paris`.

use std::borrow::Cow;

use super::json;
use super::pieces::{Pieces, Sort};

mod dress;
mod label;

pub(crate) use dress::{plain, tidy};
pub(crate) use label::{enumerates, sentence_end};

/// The answer in a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said<'a> {
    /// The answer, without emphasis, quotes or a closing full stop.
    pub(crate) text: Cow<'a, str>,
    /// The answer and what follows it: all that the mark may have meant to announce.
    pub(crate) rest: Cow<'a, str>,
    /// What marks it.
    pub(crate) mark: Mark,
}

/// What marks an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// JSON, tags or a box, which say where it ends.
    Enclosed,
    /// A label before it.
    Label,
    /// Nothing but a line of its own.
    Line,
    /// Nothing: it is the whole text.
    None,
}

/// Finds the answer in what was [`spoken`](super::spoken).
pub(crate) fn said(text: &str) -> Said<'_> {
    let text = unfenced(text.trim());
    if let Some(inside) = enclosed(text) {
        return Said { text: tidy_owned(inside.clone()), rest: inside, mark: Mark::Enclosed };
    }
    let whole = Cow::Borrowed(text);
    if let Some((answer, rest)) = label::last(text) {
        return Said { text: tidy(answer), rest: rest.into(), mark: Mark::Label };
    }
    match line(text).or_else(|| opening(text)) {
        Some(line) => Said { text: tidy(line), rest: whole, mark: Mark::Line },
        None => Said { text: tidy(text), rest: whole, mark: Mark::None },
    }
}

/// The answer in JSON, tags or a box.
pub(crate) fn enclosed(text: &str) -> Option<Cow<'_, str>> {
    let text = unfenced(text.trim());
    in_json(text).map(Cow::Owned).or_else(|| in_tags(text).or_else(|| boxed(text)).map(Cow::from))
}

fn tidy_owned(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => tidy(text),
        Cow::Owned(text) => tidy(&text).into_owned().into(),
    }
}

/// The inside of a code fence that is the whole text.
fn unfenced(text: &str) -> &str {
    let inside = || {
        let (info, inside) = text.strip_prefix("```")?.split_once('\n')?;
        let inside = inside.strip_suffix("```")?;
        (!inside.contains("```") && !info.contains(char::is_whitespace)).then(|| inside.trim())
    };
    inside().filter(|inside| !inside.is_empty()).unwrap_or(text)
}

fn in_json(text: &str) -> Option<String> {
    let object = json::whole(text)?;
    let (_, value) = object.as_object()?.iter().find(|(key, _)| {
        ["answer", "final_answer", "final answer"].iter().any(|name| key.eq_ignore_ascii_case(name))
    })?;
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    }
}

/// The inside of the last pair of answer tags; one that is not closed goes on to the end.
fn in_tags(text: &str) -> Option<&str> {
    if !text.contains('<') {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let open = ["<answer>", "<final_answer>", "<final-answer>"];
    let start = open.iter().filter_map(|tag| Some(lower.rfind(tag)? + tag.len())).max()?;
    let end = lower[start..].find("</").map_or(text.len(), |end| start + end);
    let inside = text[start..end].trim();
    (!inside.is_empty()).then_some(inside)
}

/// The inside of the last box.
fn boxed(text: &str) -> Option<&str> {
    let start = ["\\boxed{", "\\fbox{", "\\boxed {"]
        .iter()
        .filter_map(|tex| Some(text.rfind(tex)? + tex.len()))
        .max()?;
    let mut open = 1;
    let closes = |(i, c): (usize, char)| {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        (open == 0).then_some(i)
    };
    let inside = &text[start..];
    let end = inside.char_indices().find_map(closes);
    let inside = end.map_or_else(|| inside.lines().next().unwrap_or(""), |end| &inside[..end]);
    Some(inside.trim()).filter(|inside| !inside.is_empty())
}

/// The line that is the answer among others.
fn line(text: &str) -> Option<&str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (first, second) = (lines.next()?, lines.next()?);
    // From the back, what stands above the last line must be known first.
    let mut back = text.lines().rev().map(str::trim).filter(|line| !line.is_empty());
    let (last, above) = (back.next()?, back.next()?);
    let announced = above.ends_with(':') || above.ends_with(":**");
    if bare(last) && (announced || (!bare(above) && (!bare(first) || emphasised(last)))) {
        return Some(last);
    }
    let below = &text[first.len()..];
    (bare(first) && !bare(second) && !takes_back(below)).then_some(first)
}

/// What the text opens with in bold, if nothing else is bold and nothing takes it back.
fn opening(text: &str) -> Option<&str> {
    let (inside, after) = text.strip_prefix("**")?.split_once("**")?;
    let sentence = inside.ends_with(['.', '!']) || after.starts_with(['.', '!']);
    let set_apart = [" – ", " — ", " - ", " ("].iter().any(|mark| after.starts_with(mark));
    let more = after.contains(char::is_alphanumeric) && inside.contains(char::is_alphanumeric);
    let only = !after.contains("**") && !takes_back(after);
    (more && (sentence || set_apart) && only && !enumerates(inside)).then_some(inside)
}

/// Whether a line is an answer and no sentence, item, heading or lead-in.
fn bare(line: &str) -> bool {
    let item = line.starts_with(['#', '-', '•', '|', '>', '`', '{', '}', '<'])
        || line.starts_with("* ")
        || enumerates(line);
    let words = line.split_whitespace().take(8).count();
    let inside = line.trim_matches(['*', '_', '"', '\'', '`']);
    let ends = inside.ends_with(['!', '?', ':', ';', ','])
        || (inside.ends_with('.') && words > 3)
        || inside.contains(". ");
    !item && words < 8 && !ends && inside.contains(char::is_alphanumeric)
}

fn emphasised(line: &str) -> bool {
    line.len() > 4 && line.starts_with("**") && line.trim_end_matches('.').ends_with("**")
}

/// Whether a text goes on to correct what was said before it.
fn takes_back(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "wait",
        "actually",
        "correction",
        "sorry",
        "apologies",
        "oops",
        "hmm",
        "however",
        "instead",
        "mistake",
        "reconsider",
        "no",
        "but",
    ];
    let pieces = Pieces::of(text);
    (0..pieces.0.len()).any(|i| pieces.is_word(i, WORDS) && opens_clause(&pieces, i))
}

/// Whether no word of its sentence stands before a piece.
fn opens_clause(pieces: &Pieces, i: usize) -> bool {
    let before = pieces.0[..i].iter().rev().find(|piece| match &piece.sort {
        Sort::Mark(mark) => ".!?;—…".contains(*mark),
        _ => true,
    });
    before.is_none_or(|piece| !matches!(piece.sort, Sort::Word(_)))
}

#[cfg(test)]
mod tests;
