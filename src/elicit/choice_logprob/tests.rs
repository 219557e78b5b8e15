use proptest::prelude::*;

use super::*;
use crate::ask::{Finish, Logprob, Times};

const REFERENCE: &str = include_str!("../../../fixtures/reference/logprobs_s96.json");

#[test]
fn masses_agree_with_the_reference() {
    let file: serde_json::Value = serde_json::from_str(REFERENCE).unwrap();
    let tolerance = file["tolerance"]["abs"].as_f64().unwrap();
    let rows = file["expected"]["multiple_choice"].as_array().unwrap();
    assert_eq!(rows.len(), 7);
    for row in rows {
        let entries = row["top_logprobs"].as_array().unwrap();
        let top: Vec<(&str, f64)> = entries
            .iter()
            .map(|entry| (entry["token"].as_str().unwrap(), entry["logprob"].as_f64().unwrap()))
            .collect();
        let letters: Vec<char> = row["letters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|letter| letter.as_str().unwrap().chars().next().unwrap())
            .collect();
        let found = letter_masses(&top, &letters);
        let near = |key: &str, value: f64| {
            let expected = row[key].as_f64().unwrap();
            assert!((value - expected).abs() <= tolerance, "{key}: {value} for {expected}");
        };
        near("listed_mass", found.listed_mass);
        near("missing_mass", found.missing_mass);
        near("letter_mass", found.letter_mass);
        near("confidence_raw", found.confidence_raw);
        near("confidence_renormalised", found.confidence_renormalised.unwrap());
        near("confidence_upper", found.confidence_upper);
        assert_eq!(row["best"].as_str().unwrap(), found.best.unwrap().to_string());
        for letter in letters {
            let expected = row["mass"][letter.to_string()].as_f64().unwrap();
            assert!((found.of(letter) - expected).abs() <= tolerance, "mass of {letter}");
        }
    }
}

#[test]
fn without_letters_nothing_is_best() {
    let none = letter_masses(&[("The", -0.1)], &['A', 'B']);
    assert_eq!((none.best, none.confidence_renormalised), (Some('A'), None));
    assert_eq!(letter_masses(&[("A", -0.1)], &[]).best, None);
}

#[test]
fn a_token_spells_a_letter_once_marks_are_off() {
    for token in
        ["B", " B", "b", "(B", "(B)", "**B**", "\u{2581}B", "\u{120}B", "B.", "B:", "\nB", " (b"]
    {
        assert_eq!(letter_of(token), Some('B'), "{token:?}");
    }
    for token in ["Answer", "", " ", "BB", "B\n", "ß", "**"] {
        assert_eq!(letter_of(token), None, "{token:?}");
    }
}

/// A reply of tokens, each with its own and other alternatives.
fn reply(tokens: &[(&str, &[(&str, f64)])]) -> Reply {
    let token = |(token, top): &(&str, &[(&str, f64)])| Token {
        token: (*token).into(),
        logprob: top.iter().find(|(name, _)| name == token).map_or(-5.0, |(_, p)| p.ln()),
        top: top
            .iter()
            .map(|(token, p)| Logprob { token: (*token).into(), logprob: p.ln() })
            .collect(),
    };
    Reply {
        text: tokens.iter().map(|(token, _)| *token).collect(),
        reasoning: None,
        refusal: None,
        tokens: Some(tokens.iter().map(token).collect()),
        finish: Some(Finish::Stop),
        usage: None,
        model: None,
        fingerprint: None,
        times: Times::default(),
        raw: "".into(),
    }
}

fn question() -> Question {
    let choices = ["London", "Paris", "Rome", "Madrid"];
    Question { text: "?".into(), choices: choices.map(String::from).to_vec() }
}

const SURE: &[(&str, f64)] = &[("B", 0.6), (" B", 0.2), ("A", 0.2)];
const OTHER: &[(&str, f64)] = &[("A", 0.9), ("The", 0.1)];

#[test]
fn the_confidence_is_that_of_the_answered_letter() {
    let near = |reply: &Reply, value: f64, mass: f64| {
        let found = read(&question(), reply);
        assert!((found.value.clone().unwrap() - value).abs() < 1e-9, "{found:?}");
        assert!((found.letter_mass.unwrap() - mass).abs() < 1e-9, "{found:?}");
    };
    near(&reply(&[("B", SURE)]), 0.8, 1.0);
    near(&reply(&[("**", OTHER), ("B", SURE), ("**", OTHER)]), 0.8, 1.0);
    near(&reply(&[(" (", OTHER), ("B", SURE), (")", OTHER), (" Paris", OTHER)]), 0.8, 1.0);
    near(&reply(&[("A", OTHER), (" is", OTHER), (" wrong.\n", OTHER), ("B", SURE)]), 0.8, 1.0);
    near(&reply(&[("The answer is", OTHER), (" B", SURE), (".", OTHER)]), 0.8, 1.0);
    near(
        &reply(&[("A dog.\nSo the answer is", OTHER), (" (", OTHER), ("B", SURE), (").", OTHER)]),
        0.8,
        1.0,
    );
    near(&reply(&[("B", SURE), ("\nConfidence: 90%", OTHER)]), 0.8, 1.0);
    // The answer is the less likely letter: drawn at a temperature.
    near(&reply(&[("A", SURE)]), 0.2, 1.0);
    near(&reply(&[("B", &[("B", 0.6), ("A", 0.2), ("The", 0.2)])]), 0.75, 0.8);
    // The drawn token is not listed.
    near(&reply(&[("C", SURE)]), (-5f64).exp() / (1.0 + (-5f64).exp()), 1.0);
}

#[test]
fn tokens_are_aligned_with_the_text() {
    let mut thought = reply(&[("<think>B or A</think>", OTHER), ("\n\n", OTHER), ("B", SURE)]);
    assert!(read(&question(), &thought).value.is_ok_and(|value| value > 0.7));
    thought.text = "B".into();
    assert!(read(&question(), &thought).value.is_ok_and(|value| value > 0.7));
    let mut marked =
        reply(&[("\u{120}The\u{120}answer\u{120}is", OTHER), ("\u{120}B", SURE), ("</s>", OTHER)]);
    marked.text = "The answer is B".into();
    assert!(read(&question(), &marked).value.is_ok_and(|value| value > 0.7));
}

#[test]
fn a_missing_confidence_says_why() {
    let said = |reply: &Reply| read(&question(), reply).value.unwrap_err();
    let mut bare = reply(&[("B", SURE)]);
    bare.tokens = None;
    assert_eq!(said(&bare), "the reply has no log probabilities");
    assert_eq!(said(&reply(&[("B", &[])])), "the reply lists no alternatives to its tokens");
    assert_eq!(
        said(&reply(&[("Paris", SURE)])),
        "the reply names its choice by text, not by letter"
    );
    assert_eq!(said(&reply(&[("Hm", SURE)])), "no letter is marked as the answer");
    assert_eq!(
        said(&reply(&[("A or B", SURE)])),
        "several letters, none of them marked as the only answer"
    );
    assert_eq!(said(&reply(&[("F", SURE)])), "`F` is not among the choices");
    assert_eq!(said(&reply(&[("B. Paris", SURE)])), "no token of the reply is the letter B");
    let low = reply(&[("B", &[("The", 0.69), ("B", 0.31)])]);
    let found = read(&question(), &low);
    assert_eq!(found.value.unwrap_err(), "letter mass 0.31 is under 0.5");
    assert!((found.letter_mass.unwrap() - 0.31).abs() < 1e-9);
    let open = read(&Question::default(), &reply(&[("B", SURE)]));
    assert_eq!(open.value.unwrap_err(), "the question has no choices");
}

proptest! {
    #[test]
    fn a_confidence_is_a_probability(
        text in "(B|A|\\.|\n|\\(| |answer is|é){0,6}",
        top in proptest::collection::vec(("[ABCab( .]{0,3}", -12_000f64..3.0), 0..8),
        odd in prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-9999.0)],
    ) {
        let mut entries: Vec<Logprob> =
            top.into_iter().map(|(token, logprob)| Logprob { token, logprob }).collect();
        entries.push(Logprob { token: "B".into(), logprob: odd });
        let mut reply = reply(&[]);
        reply.text = text.clone();
        let token = |c: char| Token { token: c.to_string(), logprob: -0.5, top: entries.clone() };
        reply.tokens = Some(text.chars().map(token).collect());
        let found = read(&question(), &reply);
        if let Ok(value) = found.value {
            prop_assert!((0.0..=1.0).contains(&value));
        }
        prop_assert!(found.letter_mass.is_none_or(|mass| (0.0..=1.0).contains(&mass)));
    }
}
