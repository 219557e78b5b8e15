//! Whether a text declines to answer.
//!
//! Taking an answer for an abstention hides a wrong answer, which is what this tool is for, so
//! this reader is conservative: in doubt it says no. English only.
//!
//! Where a reply encloses its answer (in JSON, in tags, in a box), only that is read. The text is
//! cut into clauses at every stop, comma, colon, bracket and dash, and at `but`, `however`, `though`
//! and `although`. Lead-ins (`sorry`, `unfortunately`, `so`, …) are taken off, and each clause is one
//! of four:
//!
//! - *verdict*: it declines and names the answer (`I don't know the answer`, `it cannot be
//!   determined`), which nobody says after having given one;
//! - *decline*: `I don't know …`, `I'm not sure …`, `no idea`;
//! - *aside*: an apology, an offer, a question back, a remark on what information there is;
//! - anything else may be an answer.
//!
//! A text abstains if a clause declines, nothing that may be an answer follows the first such
//! clause, and nothing that may be an answer stands before it. Only a verdict tolerates reasoning
//! before it, and that only if no words of it mark an answer or a guess. So `I don't know why
//! people say so, but the answer is 7` is an answer, and so is `Paris, but I'm not sure`. Claims
//! about the world such as `there is no such city` are answers too unless the text also declines.

mod phrases;

use phrases::{ANSWER_MARKS, ASIDES, BARE_ASIDES, BARE_DECLINES, DECLINES, LEAD_INS, VERDICTS};

use super::said::{enclosed, plain};
use super::{spoken, unify};

/// Whether the text declines to answer; conservative, by the rule in the module's source.
#[must_use]
pub fn abstains(text: &str) -> bool {
    let text = spoken(text);
    // Tags, a box or JSON hold the answer, and what stands around them is none.
    let inside = enclosed(text).map(|inside| plain(&inside).into_owned());
    let text = inside.as_deref().unwrap_or(text);
    let clauses: Vec<Clause> = clauses(text).iter().map(|clause| classify(clause)).collect();
    let declines = |clause: &Clause| matches!(clause, Clause::Verdict | Clause::Decline);
    let Some(first) = clauses.iter().position(declines) else { return false };
    let (before, from) = clauses.split_at(first);
    if from.iter().any(|clause| matches!(clause, Clause::Answer | Clause::Reasoning)) {
        return false;
    }
    before.iter().all(|clause| match clause {
        Clause::Aside => true,
        Clause::Reasoning => from[0] == Clause::Verdict,
        _ => false,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clause {
    Verdict,
    Decline,
    Aside,
    /// Says something, without the words that go with an answer.
    Reasoning,
    Answer,
}

/// The clauses of a text in plain words: lower case, contractions spelt out.
fn clauses(text: &str) -> Vec<String> {
    let mut plain = unify(text).to_lowercase();
    plain.retain(|c| !matches!(c, '*' | '_' | '`' | '"' | '#' | '>'));
    for (short, long) in [
        ("can't", "cannot"),
        ("can not", "cannot"),
        ("won't", "will not"),
        ("n't", " not"),
        ("dont ", "do not "),
        ("'m ", " am "),
        ("'re ", " are "),
        ("'d ", " would "),
        ("'ve ", " have "),
        ("'ll ", " will "),
        ("it's ", "it is "),
        ("there's ", "there is "),
        ("that's ", "that is "),
    ] {
        plain = plain.replace(short, long);
    }
    let stops = ['.', '!', '?', ';', ',', ':', '\n', '(', ')', '[', ']', '\u{2014}', '\u{2026}'];
    let mut clauses = Vec::new();
    for clause in plain.replace(" - ", "\n").replace("--", "\n").split(stops) {
        let mut current: Vec<&str> = Vec::new();
        for word in clause.split_whitespace() {
            if matches!(word, "but" | "however" | "though" | "although") {
                clauses.push(std::mem::take(&mut current).join(" "));
            } else {
                current.push(word);
            }
        }
        clauses.push(current.join(" "));
    }
    clauses.retain(|clause| clause.contains(char::is_alphanumeric));
    clauses
}

fn classify(clause: &str) -> Clause {
    if is_aside(clause) {
        return Clause::Aside;
    }
    let mut rest = clause.trim();
    let mut lead = LEAD_INS.iter();
    while let Some(words) = lead.next() {
        let Some(after) = rest.strip_prefix(words) else { continue };
        if let Some(after) = after.strip_prefix(' ') {
            rest = after.trim_start();
            lead = LEAD_INS.iter();
        }
    }
    if VERDICTS.iter().any(|words| rest.contains(words)) && !hypothetical(rest) {
        return Clause::Verdict;
    }
    if names_what_is_unknown(rest) {
        return Clause::Decline;
    }
    if BARE_DECLINES.contains(&rest)
        || DECLINES.iter().any(|words| (rest.to_owned() + " ").starts_with(words))
    {
        return Clause::Decline;
    }
    if is_aside(rest) {
        return Clause::Aside;
    }
    // Short clauses are how answers look: `Paris`, `B`, `in 1889`.
    let short = rest.split(' ').count() < 4;
    if short
        || rest.contains(|c: char| c.is_numeric())
        || ANSWER_MARKS.iter().any(|mark| rest.contains(mark))
    {
        return Clause::Answer;
    }
    Clause::Reasoning
}

/// `the number is unknown`
fn names_what_is_unknown(clause: &str) -> bool {
    let known = [" is unknown", " is not known", " was unknown", " are unknown", " are not known"];
    let subject = known.iter().find_map(|end| clause.strip_suffix(end));
    subject.is_some_and(|subject| {
        let mut words = subject.split(' ');
        let owned = words.next().is_some_and(|first| {
            matches!(first, "the" | "its" | "his" | "her" | "their" | "your" | "that" | "this")
        });
        owned && words.count() <= 3
    })
}

fn is_aside(clause: &str) -> bool {
    let begins = |words: &&str| {
        clause.strip_prefix(words).is_some_and(|after| !after.starts_with(char::is_alphanumeric))
    };
    LEAD_INS.contains(&clause) || BARE_ASIDES.contains(&clause) || ASIDES.iter().any(begins)
}

/// `if it cannot be determined` declines nothing.
fn hypothetical(clause: &str) -> bool {
    ["if ", "when ", "why ", "unless ", "whether "].iter().any(|word| clause.starts_with(word))
}

#[cfg(test)]
mod tests;
