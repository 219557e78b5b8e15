//! Confidence from the probabilities of tokens.

use overclaim::elicit::choice_logprob::letter_masses;
use overclaim::score::{p_true, sequence_probability};
use serde_json::Value;

use super::{list, number};
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let mut values = Values::default();
    for (index, question) in list(inputs, "multiple_choice")?.iter().enumerate() {
        multiple_choice(&mut values, &format!("multiple_choice[{index}]"), question)?;
    }
    for (index, tokens) in list(inputs, "sequences")?.iter().enumerate() {
        let row = format!("sequences[{index}]");
        let logprobs = tokens.as_array().ok_or("a sequence is no list")?;
        let logprobs = logprobs.iter().map(number).collect::<Result<Vec<_>, _>>()?;
        values.put_list(&format!("{row}.token_logprobs"), logprobs.iter().copied());
        let of = sequence_probability(&logprobs);
        values.put(format!("{row}.sequence_probability"), of.map(|of| of.probability));
        values.put(format!("{row}.length_normalised"), of.map(|of| of.length_normalised));
        values.put(format!("{row}.minimum"), of.map(|of| of.minimum));
    }
    for (index, masses) in list(inputs, "p_true")?.iter().enumerate() {
        let row = format!("p_true[{index}]");
        let (yes, no) = (number(&masses["p_true_token"])?, number(&masses["p_false_token"])?);
        values.put(format!("{row}.p_true_token"), yes);
        values.put(format!("{row}.p_false_token"), no);
        values.put(format!("{row}.p_true"), p_true(yes, no));
        values.put(format!("{row}.p_true_one_minus_false"), 1.0 - no);
    }
    Ok(values)
}

fn multiple_choice(values: &mut Values, row: &str, question: &Value) -> Result<(), String> {
    let mut letters = Vec::new();
    for letter in list(question, "letters")? {
        let letter = letter.as_str().and_then(|text| text.chars().next());
        letters.push(letter.ok_or("a letter is no text")?);
    }
    let mut top = Vec::new();
    for (index, entry) in list(question, "top_logprobs")?.iter().enumerate() {
        let token = entry["token"].as_str().ok_or("a token is no text")?;
        let logprob = number(&entry["logprob"])?;
        values.put(format!("{row}.top_logprobs[{index}].token"), token);
        values.put(format!("{row}.top_logprobs[{index}].logprob"), logprob);
        top.push((token, logprob));
    }
    let masses = letter_masses(&top, &letters);
    let texts: Vec<String> = letters.iter().map(char::to_string).collect();
    values.put_list(&format!("{row}.letters"), texts.iter().map(String::as_str));
    for (letter, mass) in &masses.mass {
        values.put(format!("{row}.mass.{letter}"), *mass);
    }
    values.put(format!("{row}.letter_mass"), masses.letter_mass);
    values.put(format!("{row}.listed_mass"), masses.listed_mass);
    values.put(format!("{row}.missing_mass"), masses.missing_mass);
    let best = masses.best.map(String::from);
    values.put(format!("{row}.best"), best.as_deref());
    values.put(format!("{row}.confidence_raw"), masses.confidence_raw);
    values.put(format!("{row}.confidence_renormalised"), masses.confidence_renormalised);
    values.put(format!("{row}.confidence_upper"), masses.confidence_upper);
    Ok(())
}
