//! What a column is to hold for other answers to be expected, in the manner of what it holds.

use serde_json::Value as Json;

use crate::answer::Question;
use crate::suite::cases::{Case, plain};

/// A value that may do, with the letters of the choices that must then be expected, in the order
/// typed and in the words of the grader; none where texts are expected.
pub(super) type Candidate = (Json, Option<String>);

/// The value for texts: of the kind of what is there.
pub(super) fn of_texts(before: &Json, answers: &[String]) -> Result<Vec<Candidate>, String> {
    let value = match before {
        Json::Array(items) => {
            let kind = items.first().filter(|first| first.is_number());
            let items: Result<_, _> =
                answers.iter().map(|text| of_text(kind.unwrap_or(&Json::Null), text)).collect();
            Json::Array(items?)
        }
        _ => match answers {
            [one] => of_text(before, one)?,
            _ => return Err("holds one answer, and several are given: give one".into()),
        },
    };
    Ok(vec![(value, None)])
}

fn of_text(kind: &Json, text: &str) -> Result<Json, String> {
    let text = text.trim();
    let read = || serde_json::from_str::<Json>(text).ok();
    match kind {
        Json::Number(_) => read().filter(Json::is_number).ok_or_else(|| {
            "holds a number: give one, such as 42, or change the column by hand".into()
        }),
        Json::Bool(_) => read()
            .filter(Json::is_boolean)
            .ok_or_else(|| "holds true or false: give one of them".into()),
        Json::String(_) | Json::Null => Ok(text.into()),
        Json::Array(_) | Json::Object(_) => {
            Err("holds more than one answer: change it by hand".into())
        }
    }
}

/// Whether texts that were made of a value are made of another one in the same way: it stands in them
/// as it is, whatever its capitals.
pub(super) fn follows(
    before: &Json,
    texts_before: Option<Vec<String>>,
    after: &Json,
    texts_after: Option<Vec<String>>,
) -> bool {
    let (Some(texts_before), Some(texts_after)) = (texts_before, texts_after) else { return false };
    let lower = |text: &str| text.trim().to_lowercase();
    let (old, new) = (lower(&plain(before)), lower(&plain(after)));
    let texts = |list: &Json| -> Option<Vec<String>> {
        Some(list.as_array()?.iter().map(|item| plain(item).trim().to_owned()).collect())
    };
    match (texts(before), texts(after)) {
        (Some(old), Some(new)) => texts_before == old && texts_after == new,
        _ => match (&texts_before[..], &texts_after[..]) {
            ([_], [text]) if old.is_empty() => lower(text) == new,
            ([one], [other]) => {
                lower(one).contains(&old) && lower(one).replacen(&old, &new, 1) == lower(other)
            }
            _ => false,
        },
    }
}

/// The ways in which a choice may be written.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Upper,
    Lower,
    Text,
    FromZero,
    FromOne,
}

impl Manner {
    const ALL: [Manner; 5] =
        [Manner::Upper, Manner::Lower, Manner::Text, Manner::FromZero, Manner::FromOne];

    /// The choice of a number, in the kind of another value.
    fn write(self, at: usize, choices: &[String], kind: &Json) -> Option<Json> {
        let letter = Question::letter(at)?;
        let number = match self {
            Manner::FromZero => at,
            _ => at + 1,
        };
        match (self, kind) {
            (Manner::Upper, Json::String(_)) => Some(letter.to_string().into()),
            (Manner::Lower, Json::String(_)) => {
                Some(letter.to_ascii_lowercase().to_string().into())
            }
            (Manner::Text, Json::String(_)) => choices.get(at).map(|text| text.as_str().into()),
            (Manner::FromZero | Manner::FromOne, Json::String(_)) => {
                Some(number.to_string().into())
            }
            (Manner::FromZero | Manner::FromOne, Json::Number(_)) => Some(number.into()),
            _ => None,
        }
    }
}

/// The values for choices: in every manner in which the choice that is expected now is written there.
pub(super) fn of_choices(
    before: &Json,
    case: &Case,
    answers: &[String],
) -> Result<Vec<Candidate>, String> {
    let choices = typed_choices(case);
    let wanted: Vec<usize> =
        answers.iter().map(|answer| choice(case, answer)).collect::<Result<_, _>>()?;
    let letters: Vec<String> =
        wanted.iter().filter_map(|at| Question::letter(*at)).map(String::from).collect();
    let letters = letters.join(" or ");
    let now = typed_letters(case);
    let now: Vec<usize> = now.split(" or ").filter_map(place_of).collect();
    let (items, is_list) = match before {
        Json::Array(items) => (&items[..], true),
        one => (std::slice::from_ref(one), false),
    };
    if !is_list && wanted.len() > 1 {
        return Err("holds one answer, and several are given: give one".into());
    }
    let same = |manner: Manner| {
        items.len() == now.len()
            && items.iter().zip(&now).all(|(item, at)| {
                let written = manner.write(*at, choices, item);
                written.is_some_and(|written| plain(&written) == plain(item))
            })
    };
    let values = Manner::ALL.into_iter().filter(|manner| same(*manner)).filter_map(|manner| {
        let kind = items.first()?;
        let mut values = wanted.iter().map(|at| manner.write(*at, choices, kind));
        let value =
            if is_list { Json::Array(values.collect::<Option<_>>()?) } else { values.next()?? };
        Some((value, Some(letters.clone())))
    });
    Ok(values.collect())
}

/// The choices in the order in which they are typed.
fn typed_choices(case: &Case) -> &[String] {
    case.typed.as_deref().map_or(&case.question.choices, |(choices, _)| choices)
}

/// What is expected of a case whose choices stand in the order typed.
pub(super) fn typed_letters(case: &Case) -> String {
    case.typed.as_deref().map_or_else(|| case.grader.expected(), |(_, expected)| expected.clone())
}

/// The choice that somebody means, by its place in the order typed: a letter as the case shows it,
/// the text of a choice, both as reports have it, or a number from 1.
fn choice(case: &Case, answer: &str) -> Result<usize, String> {
    let answer = answer.trim();
    let shown = &case.question.choices;
    let typed = typed_choices(case);
    let as_typed = |at: usize| {
        let text = shown.get(at)?;
        let mut same = typed.iter().enumerate().filter(|(_, typed)| *typed == text);
        match (same.next(), same.next()) {
            (Some((place, _)), None) => Some(place),
            // Of equal choices, the place alone tells which is meant.
            _ => case.typed.is_none().then_some(at),
        }
    };
    let by_text = |answer: &str| shown.iter().position(|choice| choice.trim() == answer);
    let of_both = || {
        let (letter, text) = answer.split_once(['.', ')'])?;
        let at = place_of(letter)?;
        (by_text(text.trim()) == Some(at)).then_some(at)
    };
    let number = || answer.parse::<usize>().ok()?.checked_sub(1);
    let at = place_of(answer).or_else(|| by_text(answer)).or_else(of_both).or_else(number);
    let at = at.filter(|at| *at < shown.len()).and_then(as_typed);
    at.ok_or_else(|| {
        let last = shown.len().checked_sub(1).and_then(Question::letter).unwrap_or('A');
        let answer: String = answer.chars().take(60).collect();
        format!(
            "cannot hold `{answer}`, which is no choice: give a letter from A to {last}, or the \
             exact text of a choice"
        )
    })
}

/// An answer to a case as another case shows it: its letter with its text.
pub(super) fn restated(from: &Case, to: &Case, answer: &str) -> Result<String, String> {
    let text = &typed_choices(from)[choice(from, answer)?];
    let shown = &to.question.choices;
    let mut same = shown.iter().enumerate().filter(|(_, choice)| *choice == text);
    let (at, more) = (same.next().map(|(at, _)| at), same.next());
    let letter = at.filter(|_| more.is_none()).and_then(Question::letter);
    // What only its letter tells apart is the same in both, or cannot be said.
    Ok(letter.map_or_else(|| answer.trim().to_owned(), |letter| format!("{letter}. {text}")))
}

/// The place of a lone letter, from 0.
fn place_of(text: &str) -> Option<usize> {
    let mut chars = text.chars();
    let letter = chars.next()?.to_ascii_uppercase();
    (0..26).find(|at| Question::letter(*at) == Some(letter)).filter(|_| chars.next().is_none())
}
