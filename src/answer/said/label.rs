//! Labels that announce an answer, and how far the answer goes.

use super::takes_back;
use crate::answer::pieces::{Pieces, Sort};

/// How many pieces after a label may stand between it and what it announces.
const REACH: usize = 60;

/// Words before a label by which it points to no answer.
const DOUBTS: &[&str] = &[
    "if",
    "whether",
    "suppose",
    "assume",
    "assuming",
    "unless",
    "wrong",
    "incorrect",
    "possible",
    "previous",
    "long",
    "not",
    "no",
    "an",
    "any",
    "every",
    "each",
    "your",
];

/// Words between a label and its link.
const FILLERS: &[&str] = &[
    "this",
    "the",
    "question",
    "here",
    "would",
    "should",
    "must",
    "therefore",
    "thus",
    "hence",
    "clearly",
    "definitely",
    "most",
    "likely",
    "probably",
    "simply",
    "then",
    "indeed",
    "actually",
    "above",
    "i",
    "think",
    "believe",
    "in",
    "short",
];

/// The answer that the last label announces, and the same with all that follows.
pub(super) fn last(text: &str) -> Option<(&str, &str)> {
    let last_line = text.lines().next_back().unwrap_or("").trim();
    if let Some(answer) = last_line.strip_prefix("####").map(str::trim)
        && answer.contains(char::is_alphanumeric)
    {
        return Some((answer, answer));
    }
    let pieces = Pieces::of(text);
    let labels: Vec<usize> =
        (0..pieces.0.len()).rev().filter(|i| names_answer(&pieces, *i)).collect();
    let read = |i: &usize| {
        let start = announced(&pieces, *i)?;
        let rest = text[start..].trim_start();
        Some((extent(rest)?, rest))
    };
    // `Explanation: the answer is known because …` below an answer gives no other.
    let stated = labels.iter().filter(|i| !explains(&pieces, **i));
    stated.into_iter().find_map(read).or_else(|| labels.iter().find_map(read))
}

/// Whether a piece stands in a line that says it only explains.
fn explains(pieces: &Pieces, i: usize) -> bool {
    const WORDS: &[&str] = &["explanation", "reasoning", "reason", "rationale", "justification"];
    let line = (i.saturating_sub(REACH)..i).rev().find(|i| pieces.is_break(*i));
    let first = pieces.skip(line.unwrap_or(0), |sort| !matches!(sort, Sort::Word(_)));
    first < i && pieces.is_word(first, WORDS)
}

fn names_answer(pieces: &Pieces, i: usize) -> bool {
    let tag = i > 0 && (pieces.is_mark(i - 1, '<') || pieces.is_mark(i - 1, '/'));
    // `A: Paris` at the very start answers a `Q:`.
    let short = i == 0 && pieces.is_word(0, &["a"]) && pieces.is_mark(1, ':');
    let named = pieces.is_word(i, &["answer", "answers"]) && !tag;
    (named || short) && !pieces.words_before(i, 3).any(|word| DOUBTS.contains(&word))
}

/// The byte after the link (`:`, `is`, the end of a heading) that ties a label to its answer.
fn announced(pieces: &Pieces, label: usize) -> Option<usize> {
    let heading = pieces.starts_line(label)
        || pieces.words_before(label, 4).all(|word| {
            ["the", "my", "final", "correct", "short", "so", "right", "best"].contains(&word)
        });
    let (mut bare, mut asked) = (true, false);
    let mut i = label + 1;
    while i < pieces.0.len().min(label + REACH) {
        match &pieces.0[i].sort {
            Sort::Mark(':' | '=' | '→' | '⇒') => return after_link(pieces, i + 1),
            Sort::Mark('-' | '–' | '—') if bare => return after_link(pieces, i + 1),
            Sort::Mark('(') => {
                i = (i..pieces.0.len().min(i + 12)).find(|j| pieces.is_mark(*j, ')'))?;
            }
            Sort::Mark('*' | '_' | '"' | '\'' | '`' | ')' | ']' | '\\' | '#') => {}
            Sort::Break if bare && heading => return after_link(pieces, i + 1),
            Sort::Break | Sort::Mark(_) => return None,
            Sort::Word(word) => match word.as_str() {
                "is" | "are" | "was" | "were" | "be" | "being" => return after_link(pieces, i + 1),
                "to" | "for" | "of" => (bare, asked) = (false, true),
                word if asked || FILLERS.contains(&word) => bare = false,
                _ => return None,
            },
        }
        i += 1;
    }
    None
}

/// The byte where the answer begins, unless what follows denies it.
fn after_link(pieces: &Pieces, mut i: usize) -> Option<usize> {
    while pieces.is_mark(i, ':') || pieces.is_break(i) {
        i += 1;
    }
    let start = pieces.0.get(i)?.at.start;
    let word = pieces.skip(i, |sort| !matches!(sort, Sort::Word(_)));
    let denied = ["not", "never", "neither", "nor", "no longer", "wrong", "incorrect"];
    let text = word < pieces.0.len() && !pieces.is_word(word, &denied);
    text.then(|| past_hedges(pieces, i).unwrap_or(start))
}

/// Past `likely`, `most probably`: how sure the model is belongs to no answer.
fn past_hedges(pieces: &Pieces, i: usize) -> Option<usize> {
    const HEDGES: &[&str] = &[
        "likely",
        "probably",
        "definitely",
        "clearly",
        "simply",
        "indeed",
        "therefore",
        "thus",
        "certainly",
        "actually",
        "perhaps",
        "possibly",
        "maybe",
    ];
    let hedge = |i: usize| pieces.is_word(i, HEDGES) && !pieces.0[i].capital();
    let most = pieces.is_word(i, &["most", "very", "quite"]) && hedge(i + 1);
    let past = i + usize::from(most) + usize::from(hedge(i + usize::from(most)));
    let next = pieces.0.get(past).filter(|_| past > i)?;
    let word = matches!(next.sort, Sort::Word(_) | Sort::Mark('*' | '"' | '_' | '`'));
    word.then_some(next.at.start)
}

/// How far the answer at the start of a text goes.
fn extent(rest: &str) -> Option<&str> {
    let rest = opened(rest);
    let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
    let line = line.trim_end();
    let dressed_only = !line.contains(char::is_alphanumeric);
    let announces = line.ends_with(':') || line.ends_with(":**");
    if (dressed_only || announces) && below.contains(char::is_alphanumeric) {
        if let Some((_, code)) =
            below.trim_start().strip_prefix("```").and_then(|c| c.split_once('\n'))
        {
            return code.split("```").next().map(str::trim);
        }
        let next = below.lines().map(opened).find(|line| line.contains(char::is_alphanumeric))?;
        return Some(within(next.trim(), ""));
    }
    Some(within(line, below))
}

/// Past emphasis that only closes what was opened before, and bullets.
fn opened(text: &str) -> &str {
    let text = text.trim_start();
    for closed in ["** ", "* ", "__ ", "_ ", "- ", "> ", "\" "] {
        // `- 5` is a number.
        let bare = text.strip_prefix(closed).filter(|text| !text.starts_with(char::is_numeric));
        if let Some(text) = bare {
            return text.trim_start();
        }
    }
    text.strip_prefix("**\n").map_or(text, str::trim_start)
}

/// The answer at the start of a line: what it emphasises or quotes, or its first sentence.
fn within<'a>(line: &'a str, below: &str) -> &'a str {
    if let Some(inside) = opening_emphasis(line) {
        return inside;
    }
    let line = without_doubt(without_confidence(line));
    let end = sentence_end(line).min(line.find("; ").unwrap_or(line.len()));
    if end < line.len() && (takes_back(&line[end..]) || takes_back(below)) {
        return line;
    }
    &line[..end]
}

/// `**Paris**, which …`: the emphasis says where the answer ends.
fn opening_emphasis(line: &str) -> Option<&str> {
    let pairs = [("**", "**"), ("\"", "\""), ("\u{201c}", "\u{201d}"), ("`", "`"), ("*", "*")];
    let (open, close) = pairs.iter().find(|(open, _)| line.starts_with(open))?;
    let inside = &line[open.len()..];
    let end = inside.find(close)?;
    let (inside, after) = (&inside[..end], inside[end + close.len()..].trim_start());
    let ends = after.is_empty()
        || after.starts_with(['.', ',', ';', ':', '!', '(', '–', '—', '}'])
        || after.starts_with("by ")
        || after.starts_with("- ");
    let mut words = after.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let joined = matches!(words.next(), Some("or" | "and" | "but" | "not"));
    (ends && !joined && inside.contains(char::is_alphanumeric)).then_some(inside)
}

/// Without a doubt at the end: `Paris, but I'm not sure`.
fn without_doubt(line: &str) -> &str {
    let lower = line.to_ascii_lowercase();
    let turns = [", but i", " but i", ", though i", " though i", ", although i", ", i think"];
    let at = turns.iter().filter_map(|turn| lower.find(turn)).min().filter(|at| *at > 0);
    let doubts = ["sure", "certain", "confident", "think", "know", "wrong", "mistaken"];
    match at {
        Some(at) if doubts.iter().any(|doubt| lower[at..].contains(doubt)) => &line[..at],
        _ => line,
    }
}

/// Without a confidence on the same line: `Paris, confidence: 90%`, `Paris (90% sure)`.
fn without_confidence(line: &str) -> &str {
    let lower = line.to_ascii_lowercase();
    let stated = ["confidence", "probability", "certainty"].iter().filter_map(|word| {
        let at = lower.find(word)?;
        let linked = lower[at + word.len()..].trim_start().starts_with([':', '=', '(']);
        (linked && at > 0).then_some(at)
    });
    match stated.min() {
        Some(at) => {
            let kept = line[..at].trim_end_matches([' ', ',', ';', '(', '[', '|', '-', '–', '*']);
            if kept.contains(char::is_alphanumeric) { kept } else { line }
        }
        None => line,
    }
}

/// One past the end of the first sentence of a line, its stop included.
pub(crate) fn sentence_end(line: &str) -> usize {
    for (at, stop) in line.match_indices(['.', '!', '?']) {
        let (before, after) = (&line[..at], &line[at + 1..]);
        let goes_on = !after.starts_with(|c: char| c.is_whitespace() || "*\"_)".contains(c));
        if after.trim().is_empty() || goes_on {
            continue;
        }
        let next = after.trim_start_matches(|c: char| c.is_whitespace() || "*\"_)(".contains(c));
        let small = next.starts_with(|c: char| c.is_lowercase());
        if stop == "." && (small || abbreviates(before)) {
            continue;
        }
        return at + 1;
    }
    line.len()
}

/// Whether a stop after this text is that of an initial, an abbreviation or a number.
fn abbreviates(before: &str) -> bool {
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    let short = [
        "st", "mt", "dr", "mr", "mrs", "ms", "jr", "sr", "no", "vs", "ft", "prof", "gen", "jan",
        "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
    ];
    let known = short.iter().any(|known| word.eq_ignore_ascii_case(known));
    // `A, B and C.` ends with a letter that begins no name.
    let listed = [" and ", " or ", ", ", " is ", ": "]
        .iter()
        .any(|link| before.strip_suffix(word).is_some_and(|head| head.ends_with(link)));
    let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic) && !listed;
    let numbers = before.len() == word.len() && enumerates(&format!("{word}. "));
    known || initial || numbers
}

/// Whether a line begins as an item does that is counted: `1. `, `2) `.
pub(crate) fn enumerates(line: &str) -> bool {
    let digits = line.trim_start_matches(['(', '*']);
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let count = digits.len() - rest.len();
    (1..=2).contains(&count) && rest.starts_with(['.', ')']) && rest[1..].starts_with([' ', '*'])
}
