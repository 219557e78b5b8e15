//! Wrong answer, or wrong label? Which labels are worth a second look.
//!
//! A label is suspect where several models are sure of one and the same other answer, or where a
//! model's probabilities of all choices speak against it: it is sure of another choice, more than
//! it usually is where that is the label. Nothing is flipped: people look at these cases, and say.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::record::{Brief, Name, Run, SURE, Unreadable, same_model};
use crate::score::LabelErrors;

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

/// What is known of a suspect before its texts are read.
struct Doubt<'a> {
    /// A trial of the case.
    brief: &'a Brief,
    /// A trial that says something else.
    saying: &'a Brief,
    models: Vec<&'a str>,
    confidence: Option<f64>,
    probability: Option<f64>,
}

impl SuspectLabels {
    /// What a run says of its own labels; none where it says nothing.
    pub(super) fn of(run: &Run) -> Result<Option<SuspectLabels>, Unreadable> {
        let mut doubts: BTreeMap<&str, Doubt<'_>> = BTreeMap::new();
        agreed(run, &mut doubts);
        let agreed = doubts.len();
        let improbable = improbable(run, &mut doubts);
        let mut doubts: Vec<Doubt<'_>> = doubts.into_values().collect();
        doubts.sort_by(|one, other| {
            let rank = |at: &Doubt<'_>| (at.confidence.is_none(), -at.confidence.unwrap_or(0.0));
            let (one_rank, other_rank) = (rank(one), rank(other));
            one_rank
                .0
                .cmp(&other_rank.0)
                .then(other.models.len().cmp(&one.models.len()))
                .then(one_rank.1.total_cmp(&other_rank.1))
                .then(one.probability.unwrap_or(1.0).total_cmp(&other.probability.unwrap_or(1.0)))
        });
        doubts.truncate(LISTED);
        let cases = doubts.into_iter().map(|doubt| doubt.read(run));
        let cases: Vec<Suspect> = cases.collect::<Result<_, _>>()?;
        Ok((!cases.is_empty()).then_some(SuspectLabels { agreed, improbable, cases }))
    }
}

impl<'a> Doubt<'a> {
    fn new(brief: &'a Brief, saying: &'a Brief) -> Doubt<'a> {
        Doubt { brief, saying, models: Vec::new(), confidence: None, probability: None }
    }

    fn read(self, run: &Run) -> Result<Suspect, Unreadable> {
        let record = run.record(self.brief)?;
        Ok(Suspect {
            expected: record.wanted(),
            said: run.record(self.saying)?.said().unwrap_or_default(),
            models: self.models.into_iter().map(str::to_owned).collect(),
            confidence: self.confidence,
            probability: self.probability,
            case: record.case,
            question: record.question,
        })
    }
}

/// Of an endpoint what it always says, its least confidence, and a trial that says so; none if it
/// wavers.
type Opinion<'a> = Option<(Name, f64, &'a Brief)>;

/// Cases that two models or more answer alike, wrongly, and surely every time.
fn agreed<'a>(run: &'a Run, doubts: &mut BTreeMap<&'a str, Doubt<'a>>) {
    if run.header.endpoints.len() < 2 {
        return;
    }
    // Case by case, there endpoint by endpoint, there in plan order.
    let mut briefs: Vec<&Brief> = run.briefs().iter().collect();
    briefs.sort_by_key(|brief| (brief.case(), brief.endpoint()));
    for of_case in briefs.chunk_by(|one, other| one.case() == other.case()) {
        let by_endpoint = of_case.chunk_by(|one, other| one.endpoint() == other.endpoint());
        let opinions = by_endpoint.filter_map(|briefs| {
            let asked = run.header.endpoints.get(briefs[0].endpoint()?)?;
            Some((&*asked.name, asked.target.model.as_str(), opinion(run, briefs)?))
        });
        let mut opinions: Vec<_> = opinions.collect();
        opinions.sort_by_key(|(endpoint, ..)| *endpoint);
        let mut by_answer: BTreeMap<&str, (Vec<&str>, f64, &Brief)> = BTreeMap::new();
        for (_, asked, (said, sure, saying)) in opinions {
            let answer = by_answer.entry(run.name(said)).or_insert((Vec::new(), 1.0, saying));
            let (models, least, _) = answer;
            if !models.iter().any(|known| same_model(known, asked)) {
                models.push(asked);
            }
            *least = least.min(sure);
        }
        let most = by_answer.into_values().max_by_key(|(models, ..)| models.len());
        if let Some((models, least, saying)) = most.filter(|(models, ..)| models.len() > 1) {
            let first = of_case.iter().min_by_key(|brief| brief.index()).unwrap_or(&saying);
            let doubt = Doubt { models, confidence: Some(least), ..Doubt::new(first, saying) };
            doubts.insert(run.name(first.case()), doubt);
        }
    }
}

/// What an endpoint says to a case every time, if it is sure of it and wrong.
fn opinion<'a>(run: &Run, briefs: &[&'a Brief]) -> Opinion<'a> {
    let mut known: Opinion<'a> = None;
    for brief in briefs {
        let (said, sure) = (run.surely_said(brief)?, brief.primary()?);
        known = match known {
            None => Some((said, sure, *brief)),
            Some((before, least, first)) if before == said => Some((said, least.min(sure), first)),
            Some(_) => return None,
        };
    }
    known
}

/// Cases whose label confident learning finds improbable: how many.
fn improbable<'a>(run: &'a Run, doubts: &mut BTreeMap<&'a str, Doubt<'a>>) -> usize {
    let mut found: BTreeSet<Name> = BTreeSet::new();
    for asked in &run.header.endpoints {
        // Letters of questions with as many choices are the classes.
        let mut by_choices: BTreeMap<usize, Vec<&Brief>> = BTreeMap::new();
        for brief in run.of_endpoint(&asked.name).filter(|brief| brief.repeat() == 0) {
            let Some(probabilities) = run.probabilities(brief) else { continue };
            let Some(label) = brief.label() else { continue };
            if usize::from(label) < probabilities.len() && brief.kind().is_graded() {
                by_choices.entry(probabilities.len()).or_default().push(brief);
            }
        }
        for labelled in by_choices.into_values() {
            if labelled.len() < LEAST_LABELLED {
                continue;
            }
            let given = labelled.iter().filter_map(|brief| brief.label().map(u16::from));
            let given: Vec<u16> = given.collect();
            let probabilities = labelled.iter().filter_map(|brief| run.probabilities(brief));
            let probabilities: Vec<&[f64]> = probabilities.collect();
            let Ok(labels) = LabelErrors::of(&given, &probabilities) else { continue };
            for issue in labels.issues() {
                // A poor model is of another opinion everywhere; only where it is sure of it is
                // the label worth somebody's time.
                if !probabilities[issue].iter().any(|other| *other >= SURE) {
                    continue;
                }
                let brief = labelled[issue];
                found.insert(brief.case());
                let case = run.name(brief.case());
                let doubt = doubts.entry(case).or_insert_with(|| Doubt::new(brief, brief));
                let probability = labels.self_confidence(issue);
                let least = doubt.probability.map_or(probability, |known| known.min(probability));
                doubt.probability = Some(least);
            }
        }
    }
    found.len()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::record::tests::{header, judged};
    use crate::record::{Header, Outcome, Record};

    /// A run at endpoints of these models.
    fn run(models: &[&str]) -> Header {
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
        header
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
            let header = run(&["qwen-7b", "llama-8b", "qwen-7b-2026-01-01"]);
            let records = records.iter().zip(0..);
            let records = records.map(|(record, index)| Record { index, ..record.clone() });
            let run = Run::of(header, records.collect());
            SuspectLabels::of(&run).unwrap().map(|found| found.cases[0].models.clone())
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
        let mut records = Vec::new();
        for index in 0..40 {
            let label = index % 2;
            // One label of forty is flipped.
            let sure_of = if index == 7 { 0 } else { label };
            let mut probabilities = vec![0.1, 0.1];
            probabilities[sure_of] = 0.9;
            let outcome = if sure_of == label { Outcome::Correct } else { Outcome::Incorrect };
            records.push(Record {
                endpoint: Arc::from("m"),
                choices: vec!["yes".into(), "no".into()],
                expected: ["A", "B"][label].to_owned(),
                answer: Some(["A", "B"][sure_of].to_owned()),
                choice_probabilities: Some(probabilities),
                ..judged(index, outcome, Some(0.9))
            });
        }
        let run = Run::of(run(&["m"]), records);
        let found = SuspectLabels::of(&run).unwrap().unwrap();
        assert_eq!((found.agreed, found.improbable, found.cases.len()), (0, 1, 1));
        let suspect = &found.cases[0];
        assert_eq!((suspect.case.as_str(), suspect.probability), ("case-7", Some(0.1)));
        assert_eq!((suspect.expected.as_str(), suspect.said.as_str()), ("B. no", "A. yes"));
    }

    #[test]
    fn a_run_without_doubts_says_nothing() {
        assert_eq!(SuspectLabels::of(&Run::of(run(&["a", "b"]), Vec::new())), Ok(None));
    }
}
