//! Wrong answer, or wrong label? Which labels are worth a second look.
//!
//! A label is suspect where several models are sure of one and the same other answer, or where a
//! model's probabilities of all choices speak against it: it is sure of another choice, more than
//! it usually is where that is the label. Nothing is flipped: people look at these cases, and say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use crate::record::{Outcome, Record, Run, same_model};
use crate::score::LabelErrors;

/// How sure a model must be of another answer.
const SURE: f64 = 0.9;

/// So many are listed; all are counted.
const LISTED: usize = 200;

/// Fewer labelled items of a kind than this tell nothing of how sure a model usually is.
const LEAST_LABELLED: usize = 20;

/// Labels that are worth a second look.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SuspectLabels {
    /// Cases where several models are sure of the same other answer.
    pub agreed: usize,
    /// Cases where the probabilities of the choices speak against the label (confident learning),
    /// at one endpoint at least.
    pub improbable: usize,
    /// The cases: first those on which models agree, then the least probable labels; at most 200.
    pub cases: Vec<Suspect>,
}

/// A label that is worth a second look.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suspect {
    /// Name of the case.
    pub case: String,
    /// What is expected, for people.
    pub expected: String,
    /// What is said instead, for people.
    pub said: String,
    /// The models that are sure of it; none where only probabilities speak against the label.
    pub models: Vec<String>,
    /// The least confidence of these models; null without them.
    pub confidence: Option<f64>,
    /// Probability of the label at the endpoint that finds it the least probable; null where no
    /// method looks at all choices.
    pub probability: Option<f64>,
    /// The question for people. Not written: the records have it.
    #[serde(skip)]
    pub question: String,
}

impl SuspectLabels {
    /// What a run says of its own labels; none where it says nothing.
    pub(super) fn of(run: &Run) -> Option<SuspectLabels> {
        let mut suspects: BTreeMap<&str, Suspect> = BTreeMap::new();
        agreed(run, &mut suspects);
        let agreed = suspects.len();
        let improbable = improbable(run, &mut suspects);
        let mut cases: Vec<Suspect> = suspects.into_values().collect();
        cases.sort_by(|one, other| {
            let rank = |at: &Suspect| (at.confidence.is_none(), -at.confidence.unwrap_or(0.0));
            let (one_rank, other_rank) = (rank(one), rank(other));
            one_rank
                .0
                .cmp(&other_rank.0)
                .then(other.models.len().cmp(&one.models.len()))
                .then(one_rank.1.total_cmp(&other_rank.1))
                .then(one.probability.unwrap_or(1.0).total_cmp(&other.probability.unwrap_or(1.0)))
        });
        cases.truncate(LISTED);
        (!cases.is_empty()).then_some(SuspectLabels { agreed, improbable, cases })
    }
}

impl Suspect {
    fn new(record: &Record, said: String) -> Suspect {
        Suspect {
            case: record.case.clone(),
            expected: record.wanted(),
            said,
            models: Vec::new(),
            confidence: None,
            probability: None,
            question: record.question.clone(),
        }
    }
}

/// Of each endpoint what it always says, its least confidence, and a record that says so; none if
/// it wavers.
type Opinions<'a> = BTreeMap<&'a str, Option<(String, f64, &'a Record)>>;

/// An answer to a question with choices: its record, the label, and the choices' probabilities.
type Labelled<'a> = (&'a Record, usize, Vec<f64>);

/// Cases that two models or more answer alike, wrongly, and surely every time.
fn agreed<'a>(run: &'a Run, suspects: &mut BTreeMap<&'a str, Suspect>) {
    if run.header.endpoints.len() < 2 {
        return;
    }
    let model: HashMap<&str, &str> = run
        .header
        .endpoints
        .iter()
        .map(|asked| (&*asked.name, asked.target.model.as_str()))
        .collect();
    let mut cases: BTreeMap<&str, (&Record, Opinions<'_>)> = BTreeMap::new();
    for record in &run.records {
        let (_, opinions) = cases.entry(&record.case).or_insert((record, BTreeMap::new()));
        let opinion = sure_and_wrong(record).map(|(said, sure)| (said, sure, record));
        opinions
            .entry(&record.endpoint)
            .and_modify(|known| {
                *known = match (known.take(), opinion.clone()) {
                    (Some((said, least, record)), Some((again, sure, _))) if said == again => {
                        Some((said, least.min(sure), record))
                    }
                    _ => None,
                };
            })
            .or_insert(opinion);
    }
    for (case, (record, opinions)) in cases {
        let mut by_answer: BTreeMap<&str, (Vec<&str>, f64, &Record)> = BTreeMap::new();
        for (endpoint, opinion) in &opinions {
            let Some((said, sure, saying)) = opinion else { continue };
            let asked = model.get(endpoint).copied().unwrap_or(endpoint);
            let (models, least, _) = by_answer.entry(said).or_insert((Vec::new(), 1.0, saying));
            if !models.iter().any(|known| same_model(known, asked)) {
                models.push(asked);
            }
            *least = least.min(*sure);
        }
        let most = by_answer.into_iter().max_by_key(|(_, (models, ..))| models.len());
        if let Some((said, (models, least, saying))) =
            most.filter(|(_, (models, ..))| models.len() > 1)
        {
            let suspect = Suspect {
                models: models.into_iter().map(str::to_owned).collect(),
                confidence: Some(least),
                ..Suspect::new(record, saying.said().unwrap_or_else(|| said.to_owned()))
            };
            suspects.insert(case, suspect);
        }
    }
}

/// What is said, in the form in which answers are compared, where it is wrong and sure.
fn sure_and_wrong(record: &Record) -> Option<(String, f64)> {
    let sure = record.primary.filter(|sure| *sure >= SURE)?;
    let said = record.answer.as_deref().filter(|_| record.outcome == Outcome::Incorrect)?;
    let said = said.trim_end_matches('.').to_lowercase();
    Some((said.split_whitespace().collect::<Vec<_>>().join(" "), sure))
}

/// Cases whose label confident learning finds improbable: how many.
fn improbable<'a>(run: &'a Run, suspects: &mut BTreeMap<&'a str, Suspect>) -> usize {
    let mut found: BTreeSet<&str> = BTreeSet::new();
    for asked in &run.header.endpoints {
        // Letters of questions with as many choices are the classes.
        let mut by_choices: BTreeMap<usize, Vec<Labelled<'_>>> = BTreeMap::new();
        for record in run.of_endpoint(&asked.name).filter(|record| record.repeat == 0) {
            let Some(probabilities) = &record.choice_probabilities else { continue };
            let Some(label) = letter(&record.expected) else { continue };
            if label < probabilities.len() && record.outcome.is_graded() {
                let labelled = by_choices.entry(probabilities.len()).or_default();
                labelled.push((record, label, probabilities.clone()));
            }
        }
        for labelled in by_choices.into_values() {
            if labelled.len() < LEAST_LABELLED {
                continue;
            }
            let given: Vec<usize> = labelled.iter().map(|(_, label, _)| *label).collect();
            let probabilities: Vec<Vec<f64>> =
                labelled.iter().map(|(_, _, probabilities)| probabilities.clone()).collect();
            let Ok(labels) = LabelErrors::of(&given, &probabilities) else { continue };
            for issue in labels.issues() {
                let (record, _, probabilities) = &labelled[issue];
                // A poor model is of another opinion everywhere; only where it is sure of it is
                // the label worth somebody's time.
                if !probabilities.iter().any(|other| *other >= SURE) {
                    continue;
                }
                found.insert(&record.case);
                let said = || record.said().unwrap_or_default();
                let suspect =
                    suspects.entry(&record.case).or_insert_with(|| Suspect::new(record, said()));
                let probability = labels.self_confidence(issue);
                let least = suspect.probability.map_or(probability, |known| known.min(probability));
                suspect.probability = Some(least);
            }
        }
    }
    found.len()
}

/// The place of a single letter among the choices.
fn letter(expected: &str) -> Option<usize> {
    let mut letters = expected.chars();
    match (letters.next(), letters.next()) {
        (Some(letter @ 'A'..='Z'), None) => Some(letter as usize - 'A' as usize),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::record::tests::{header, judged};

    /// A run at endpoints of these models, with no records yet.
    fn run(models: &[&str]) -> Run {
        let mut header = header(models.len());
        let first = header.endpoints[0].clone();
        header.endpoints.clear();
        for model in models {
            let mut asked = first.clone();
            asked.name = Arc::from(*model);
            let mut target = (*first.target).clone();
            target.model = (*model).to_owned();
            asked.target = Arc::new(target);
            header.endpoints.push(asked);
        }
        Run { header, records: Vec::new() }
    }

    fn says(endpoint: &str, answer: &str, outcome: Outcome, sure: f64) -> Record {
        Record {
            endpoint: Arc::from(endpoint),
            answer: Some(answer.to_owned()),
            ..judged(0, outcome, Some(sure))
        }
    }

    #[test]
    fn two_sure_models_of_one_other_opinion_make_a_label_suspect() {
        let told = |records: &[Record]| {
            let records = records.to_vec();
            let run = Run { records, ..run(&["qwen-7b", "llama-8b", "qwen-7b-2026-01-01"]) };
            SuspectLabels::of(&run).map(|found| found.cases[0].models.clone())
        };
        let wrong = Outcome::Incorrect;
        let qwen = says("qwen-7b", "Bern.", wrong.clone(), 0.95);
        let llama = says("llama-8b", "bern", wrong.clone(), 0.92);
        assert_eq!(told(&[qwen.clone(), llama.clone()]).unwrap().len(), 2);
        let unsure = says("llama-8b", "bern", wrong.clone(), 0.89);
        assert_eq!(told(&[qwen.clone(), unsure]), None);
        let other = says("llama-8b", "Basel", wrong.clone(), 0.99);
        assert_eq!(told(&[qwen.clone(), other]), None);
        let right = says("llama-8b", "bern", Outcome::Correct, 0.99);
        assert_eq!(told(&[qwen.clone(), right]), None);
        let same = says("qwen-7b-2026-01-01", "bern", wrong, 0.99);
        assert_eq!(told(&[qwen.clone(), same]), None, "a date makes no other model");
        let wavering = Record { repeat: 1, ..says("qwen-7b", "Zug", Outcome::Incorrect, 0.95) };
        assert_eq!(told(&[qwen, wavering, llama]), None, "sure of it every time");
    }

    #[test]
    fn a_label_that_all_probabilities_speak_against_is_suspect() {
        let mut run = run(&["m"]);
        for index in 0..40 {
            let label = index % 2;
            // One label of forty is flipped.
            let sure_of = if index == 7 { 0 } else { label };
            let mut probabilities = vec![0.1, 0.1];
            probabilities[sure_of] = 0.9;
            let outcome = if sure_of == label { Outcome::Correct } else { Outcome::Incorrect };
            run.records.push(Record {
                endpoint: Arc::from("m"),
                choices: vec!["yes".into(), "no".into()],
                expected: ["A", "B"][label].to_owned(),
                answer: Some(["A", "B"][sure_of].to_owned()),
                choice_probabilities: Some(probabilities),
                ..judged(index, outcome, Some(0.9))
            });
        }
        let found = SuspectLabels::of(&run).unwrap();
        assert_eq!((found.agreed, found.improbable, found.cases.len()), (0, 1, 1));
        let suspect = &found.cases[0];
        assert_eq!((suspect.case.as_str(), suspect.probability), ("case-7", Some(0.1)));
        assert_eq!((suspect.expected.as_str(), suspect.said.as_str()), ("B. no", "A. yes"));
    }

    #[test]
    fn a_run_without_doubts_says_nothing() {
        assert_eq!(SuspectLabels::of(&run(&["a", "b"])), None);
    }
}
