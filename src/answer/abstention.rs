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
//! What something depends on (`it depends on the jar`) is a reason to decline behind a clause that
//! does, and before one that draws the conclusion (`so I can't say`); it may be an answer elsewhere,
//! behind `but`, and behind one that is only unsure.
//!
//! A text abstains if a clause declines, nothing that may be an answer follows the first such
//! clause, and nothing that may be an answer stands before it. Only a verdict tolerates reasoning
//! before it, and that only if no words of it mark an answer or a guess. So `I don't know why
//! people say so, but the answer is 7` is an answer, and so is `Paris, but I'm not sure`. Claims
//! about the world such as `there is no such city` are answers too unless the text also declines.

mod phrases;

use phrases::{
    ANSWER_MARKS, ASIDES, BARE_ASIDES, BARE_DECLINES, CAUSES, CONCLUSIONS, DECLINES, LEAD_INS,
    VERDICTS,
};

use super::said::{enclosed, plain};
use super::{spoken, unify};

/// Whether the text declines to answer; conservative, by the rule in the module's source.
#[must_use]
pub fn abstains(text: &str) -> bool {
    let text = spoken(text);
    // Tags, a box or JSON hold the answer, and what stands around them is none.
    let inside = enclosed(text).map(|inside| plain(&inside).into_owned());
    let text = inside.as_deref().unwrap_or(text);
    let said = clauses(text);
    let clauses: Vec<Clause> = said.iter().map(|clause| classify(clause)).collect();
    let declines = |clause: &Clause| matches!(clause, Clause::Verdict | Clause::Decline);
    let Some(first) = clauses.iter().position(declines) else { return false };
    let concludes = CONCLUSIONS.iter().any(|words| said[first].starts_with(words));
    let (before, from) = clauses.split_at(first);
    // `I'm not sure. It depends on the jar.` may well answer what it depends on.
    let unsure = ["sure", "certain"].iter().any(|word| said[first].contains(word));
    let answers = |(clause, said): (&Clause, &String)| match clause {
        Clause::Answer | Clause::Reasoning => true,
        Clause::Depends => unsure && !CAUSES.iter().any(|words| said.starts_with(words)),
        _ => false,
    };
    if from.iter().zip(&said[first..]).any(answers) {
        return false;
    }
    before.iter().all(|clause| match clause {
        Clause::Aside => true,
        Clause::Reasoning => from[0] == Clause::Verdict,
        Clause::Depends => concludes || from[0] == Clause::Verdict,
        _ => false,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clause {
    Verdict,
    Decline,
    Aside,
    /// Says what the answer would depend on.
    Depends,
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
            }
            current.push(word);
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
    let turns = ["but ", "however ", "though ", "although "];
    if depends(rest) && !turns.iter().any(|turn| clause.starts_with(turn)) {
        return Clause::Depends;
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

/// `it depends on the jar`, `the number would depend on the jar`
fn depends(clause: &str) -> bool {
    let mut words = clause.split(' ');
    let subject = words.next().is_some_and(|first| {
        matches!(first, "it" | "that" | "this" | "which" | "the" | "would" | "depends")
    });
    let verb =
        clause.starts_with("depends") || words.take(3).any(|w| w == "depends" || w == "depend");
    // With a number or another verb it says more than that.
    let plain = !clause.contains(|c: char| c.is_numeric()) && !clause.contains(" is ");
    subject && verb && plain
}

/// `the number is unknown`
fn names_what_is_unknown(clause: &str) -> bool {
    let known = [
        " is unknown",
        " is not known",
        " was unknown",
        " are unknown",
        " are not known",
        " cannot be determined",
        " cannot be known",
        " cannot be answered",
    ];
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
