//! Scores from counts that know of abstentions, and how far draws agree.

use overclaim::score::{Agreement, AnswerCounts};
use serde_json::Value;

use super::{at, count, list};
use crate::compare::{Computed, Values};

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let mut values = Values::default();
    for (index, row) in list(inputs, "counts")?.iter().enumerate() {
        let at = |place: usize| count(&row[place]);
        let counts = AnswerCounts {
            correct: at(0)?,
            incorrect: at(1)?,
            not_attempted: at(2)?,
            partial: at(3)?,
        };
        scores(&mut values, &format!("counts[{index}]"), counts)?;
    }
    for (index, draws) in list(inputs, "clusters")?.iter().enumerate() {
        agreement(&mut values, &format!("clusters[{index}]"), draws)?;
    }
    Ok(values)
}

fn scores(values: &mut Values, row: &str, counts: AnswerCounts) -> Result<(), String> {
    values.put(format!("{row}.correct"), counts.correct);
    values.put(format!("{row}.incorrect"), counts.incorrect);
    values.put(format!("{row}.not_attempted"), counts.not_attempted);
    values.put(format!("{row}.partial"), counts.partial);
    match counts.simpleqa() {
        None => values.put(format!("{row}.simpleqa"), Computed::Undefined),
        Some(scores) => {
            let mut put = |key: &str, value| values.put(format!("{row}.simpleqa.{key}"), value);
            put("correct", scores.correct);
            put("incorrect", scores.incorrect);
            put("not_attempted", scores.not_attempted);
            put("correct_given_attempted", scores.correct_given_attempted);
            put("f_score", scores.f_score);
            put("f_score_closed_form", scores.f_score);
        }
    }
    match counts.omniscience() {
        None => values.put(format!("{row}.omniscience"), Computed::Undefined),
        Some(scores) => {
            let path = |key: &str| format!("{row}.omniscience.{key}");
            values.put(path("index"), scores.index);
            values.put(path("accuracy"), scores.accuracy);
            values.put(path("hallucination_rate"), scores.hallucination_rate);
        }
    }
    for target in [0.5, 0.75, 0.9] {
        match counts.confidence_target(at(target)?) {
            Some(score) => values.put(format!("{row}.confidence_target.{target}"), score),
            None if target > 0.5 => {}
            None => values.put(format!("{row}.confidence_target"), Computed::Undefined),
        }
    }
    Ok(())
}

fn agreement(values: &mut Values, row: &str, draws: &Value) -> Result<(), String> {
    let ids = draws.as_array().ok_or("the draws are no list")?;
    let ids = ids.iter().map(count).collect::<Result<Vec<_>, _>>()?;
    values.put_list(&format!("{row}.cluster_ids"), ids.iter().copied());
    let agreement = Agreement::of(ids).ok_or("no draws")?;
    values.put(format!("{row}.entropy_nats"), agreement.entropy());
    values.put(format!("{row}.normalised_confidence"), agreement.confidence());
    values.put(format!("{row}.majority_cluster"), *agreement.majority());
    values.put(format!("{row}.majority_share"), agreement.majority_share());
    values.put(format!("{row}.majority_share_laplace"), agreement.majority_share_laplace());
    values.put(format!("{row}.agreement_with_first"), agreement.with_first());
    Ok(())
}
