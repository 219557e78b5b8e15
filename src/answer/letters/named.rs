//! A choice that is taken by naming it in a sentence, without a letter: `I am sure it was first
//! served in Italy.`
//!
//! Read only where it can be nothing else. The reply is short; the first sentence that names any
//! choice names one alone and does not deny it; no later sentence singles out another; and the
//! words do not merely repeat the question. Words are compared without articles, a leading `it`
//! and a final `s`, numbers in words as digits.

use super::{Letter, Place, Read, Reader};
use crate::answer::abstains;
use crate::answer::pieces::{Pieces, Sort};

/// Longer replies reason, and reasoning names what it rejects.
const MOST_WORDS: usize = 60;

impl Reader<'_> {
    /// The choice that a short reply names.
    pub(super) fn named(&self) -> Option<Read> {
        let sentences = sentences(&self.pieces);
        let words: usize = sentences.iter().map(Vec::len).sum();
        if words > MOST_WORDS || abstains(self.text) {
            return None;
        }
        let asked = words_of(&Pieces::of(&self.question.text));
        let choices: Vec<(char, Vec<String>)> = self
            .question
            .letters()
            .filter_map(|letter| {
                let words = words_of(&Pieces::of(self.question.choice(letter)?));
                Some((letter, words))
            })
            .filter(|(_, words)| tells_enough(words))
            .collect();
        let mut taken: Option<char> = None;
        for sentence in sentences {
            let named = named_in(&sentence, &choices);
            match (taken, named.as_slice()) {
                (_, []) => {}
                (None, [(letter, denied)]) => {
                    let (_, words) = choices.iter().find(|(known, _)| known == letter)?;
                    if *denied || places(&asked, words).next().is_some() {
                        return None;
                    }
                    taken = Some(*letter);
                }
                (None, _) => return None,
                (Some(taken), [(other, _)]) if taken != *other => return None,
                (Some(_), _) => {}
            }
        }
        taken.map(|letter| Ok(Letter { letter, at: None, place: Place::Text }))
    }
}

/// Whether the words could not stand in a sentence by chance.
fn tells_enough(words: &[String]) -> bool {
    words.iter().any(|word| word.chars().count() >= 4 || word.parse::<u64>().is_ok_and(|n| n > 12))
}

/// The choices that a sentence names, and whether it denies them. A choice whose words are part of
/// a longer one that is named is not named itself.
fn named_in(sentence: &[String], choices: &[(char, Vec<String>)]) -> Vec<(char, bool)> {
    let mut found: Vec<(char, usize, usize)> = Vec::new();
    for (letter, words) in choices {
        found.extend(places(sentence, words).map(|at| (*letter, at, at + words.len())));
    }
    let longer = |(letter, from, to): &(char, usize, usize)| {
        found.iter().any(|(other, start, end)| {
            other != letter && start <= from && to <= end && end - start > to - from
        })
    };
    let hypothetical = sentence.first().is_some_and(|word| HYPOTHETICAL.contains(&word.as_str()));
    let mut named: Vec<(char, bool)> = Vec::new();
    for place in found.iter().filter(|place| !longer(place)) {
        let denied = sentence[place.1.saturating_sub(4)..place.1].iter().any(|word| denies(word))
            || hypothetical;
        match named.iter_mut().find(|(letter, _)| *letter == place.0) {
            Some((_, known)) => *known |= denied,
            None => named.push((place.0, denied)),
        }
    }
    named
}

/// Words with which sentences begin that claim nothing.
const HYPOTHETICAL: &[&str] = &["if", "suppose", "assume", "assuming", "whether", "unless"];

fn denies(word: &str) -> bool {
    const DENIALS: &[&str] = &[
        "not", "never", "cannot", "neither", "nor", "rather", "instead", "unlike", "except",
        "than", "without", "wrong", "if", "whether", "or",
    ];
    DENIALS.contains(&word) || word.ends_with("n't")
}

/// Where the words stand one after the other.
fn places<'a>(text: &'a [String], words: &'a [String]) -> impl Iterator<Item = usize> + 'a {
    let width = words.len().max(1);
    text.windows(width).enumerate().filter(move |(_, window)| *window == words).map(|(at, _)| at)
}

/// The words of each sentence.
fn sentences(pieces: &Pieces) -> Vec<Vec<String>> {
    let mut sentences = vec![Vec::new()];
    for (i, piece) in pieces.0.iter().enumerate() {
        match &piece.sort {
            Sort::Word(word) => sentences.last_mut().into_iter().for_each(|s| s.push(word.clone())),
            Sort::Break | Sort::Mark('!' | '?' | ';') => sentences.push(Vec::new()),
            Sort::Mark('.') if !pieces.touch(i) => sentences.push(Vec::new()),
            Sort::Mark(_) => {}
        }
    }
    sentences.into_iter().map(plain).collect()
}

fn words_of(pieces: &Pieces) -> Vec<String> {
    let mut words = plain(pieces.next_words(0).map(str::to_owned).collect());
    if words.len() > 1 && words[0] == "it" {
        words.remove(0);
    }
    words
}

/// Without articles, plurals and numbers in words.
fn plain(words: Vec<String>) -> Vec<String> {
    let mut plain: Vec<String> = Vec::new();
    let mut tens: Option<u64> = None;
    for word in words {
        if matches!(word.as_str(), "a" | "an" | "the") {
            continue;
        }
        let number = number(&word);
        if let (Some(ten), Some(unit @ 1..=9)) = (tens, number)
            && let Some(last) = plain.last_mut()
        {
            *last = (ten + unit).to_string();
            tens = None;
            continue;
        }
        tens = number.filter(|n| (20..100).contains(n) && n % 10 == 0);
        plain.push(match number {
            Some(number) => number.to_string(),
            None => stem(word),
        });
    }
    plain
}

fn stem(word: String) -> String {
    match word.strip_suffix('s') {
        Some(stem) if stem.chars().count() >= 3 && !stem.ends_with('s') => stem.to_owned(),
        _ => word,
    }
}

fn number(word: &str) -> Option<u64> {
    const SMALL: &[&str] = &[
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: &[&str] =
        &["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let place = |list: &[&str]| list.iter().position(|known| *known == word).map(|at| at as u64);
    place(SMALL).or_else(|| place(TENS).map(|at| 20 + 10 * at))
}
