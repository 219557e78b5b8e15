//! The documents of a run directory, as far as a history needs them.
//!
//! They were written by a run of this program, or by anybody: what is not as it should be is damaged,
//! and says so.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{EndpointNight, Measure, Measured, Verdict};
use crate::budget::{self, NotMeasured};
use crate::record::{Ending, Header};

/// Why a document is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damaged(String);

/// What is known of a run beside its header.
#[derive(Debug, Clone, PartialEq)]
pub struct Documents {
    scorecard: Card,
    operations: Operations,
    decision: Decision,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Card {
    endpoints: Vec<EndpointCard>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct EndpointCard {
    planned: usize,
    finished: usize,
    accuracy: Accuracy,
    sources: Vec<Source>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Accuracy {
    count: usize,
    n: usize,
    rate: Option<f64>,
    wilson95: Option<[f64; 2]>,
    #[serde(default)]
    korn_graubard95: Option<[f64; 2]>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Source {
    n: usize,
    brier: Option<f64>,
    #[serde(default)]
    bootstrap95: Option<Bootstrap>,
    confident_wrong: BTreeMap<String, ConfidentWrong>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Bootstrap {
    brier: Option<[f64; 2]>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct ConfidentWrong {
    wrong: usize,
    rate_of_all: Option<f64>,
    upper95_of_all: f64,
    lower95_of_all: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Operations {
    #[serde(default)]
    ending: Option<Ending>,
    endpoints: Vec<EndpointOperations>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct EndpointOperations {
    endpoint: String,
    #[serde(default)]
    attempts: usize,
    cost: Option<f64>,
    live_ms: Option<Quantiles>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Quantiles {
    n: usize,
    p50: f64,
    p95: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Decision {
    exit_code: u8,
    lines: Vec<Judged>,
    #[serde(default)]
    early: Option<Early>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Early {
    planned: usize,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Judged {
    endpoint: String,
    line: String,
    verdict: LineVerdict,
    sentence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LineVerdict {
    Pass,
    Fail,
    Undecided,
    NotMeasured,
}

impl Documents {
    /// Reads `scorecard.json`, `operations.json` and `decision.json` of a run with this header.
    ///
    /// # Errors
    /// One of them is something else, or does not belong to the run.
    pub fn read(
        header: &Header,
        scorecard: &[u8],
        operations: &[u8],
        decision: &[u8],
    ) -> Result<Documents, Damaged> {
        let documents = Documents {
            scorecard: document("scorecard.json", scorecard)?,
            operations: document("operations.json", operations)?,
            decision: document("decision.json", decision)?,
        };
        let (cards, asked) = (documents.scorecard.endpoints.len(), header.endpoints.len());
        if cards == asked && documents.is_sound() {
            Ok(documents)
        } else if cards == asked {
            Err(Damaged("scorecard.json: a share is outside 0..1, or a count above its n".into()))
        } else {
            Err(Damaged(format!("scorecard.json: it is of {cards} endpoints, the run of {asked}")))
        }
    }

    /// How the run ended, as it says.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.operations.ending
    }

    /// Trials that were finished, and planned. The scorecard of a run that was decided early plans
    /// no more than was needed; its decision knows better.
    #[must_use]
    pub fn trials(&self) -> [usize; 2] {
        let sum = |of: fn(&EndpointCard) -> usize| {
            self.scorecard.endpoints.iter().map(of).fold(0, usize::saturating_add)
        };
        let planned = sum(|card| card.planned);
        let early = self.decision.early.as_ref().map(|early| early.planned);
        [sum(|card| card.finished), early.unwrap_or(planned)]
    }

    /// The night of each endpoint, in the run's order, with nothing concluded from it.
    pub(super) fn endpoints(&self, header: &Header) -> Vec<EndpointNight> {
        let asked = header.endpoints.iter().zip(&self.scorecard.endpoints);
        asked
            .map(|(asked, card)| {
                let name = asked.name.to_string();
                let (verdict, failing) = self.verdict(Some(&name), header);
                EndpointNight {
                    model: asked.target.model.clone(),
                    served: None,
                    verdict,
                    failing,
                    planned: card.planned,
                    graded: card.accuracy.n,
                    measured: self.measured(&name, card),
                    turned: None,
                    marks: Vec::new(),
                    endpoint: name,
                }
            })
            .collect()
    }

    /// What the budget says, of an endpoint or of all of them, and the lines that do not pass.
    pub(super) fn verdict(
        &self,
        endpoint: Option<&str>,
        header: &Header,
    ) -> (Verdict, Vec<String>) {
        let of = |line: &&Judged| endpoint.is_none_or(|endpoint| line.endpoint == endpoint);
        let lines: Vec<&Judged> = self.decision.lines.iter().filter(of).collect();
        let uncovered =
            |line: &&Judged| line.line.starts_with("coverage") && line.verdict == LineVerdict::Fail;
        let fails = |line: &&Judged| match line.verdict {
            LineVerdict::Pass => false,
            LineVerdict::Fail => true,
            LineVerdict::Undecided => header.budget.undecided == budget::Verdict::Fail,
            LineVerdict::NotMeasured => header.budget.not_measured == NotMeasured::Fail,
        };
        let [finished, planned] = self.trials();
        let early = self.ending() == Some(Ending::Decided);
        let verdict = if (finished < planned && !early) || lines.iter().any(uncovered) {
            Verdict::NotMeasured
        } else if lines.iter().any(fails) {
            Verdict::Failed
        } else if self.decision.exit_code == 0 || endpoint.is_some() {
            Verdict::Passed
        } else if self.decision.exit_code == 1 {
            Verdict::Failed
        } else {
            Verdict::NotMeasured
        };
        let failing = lines.into_iter().filter(fails).map(|line| match line.verdict {
            LineVerdict::Undecided => format!("undecided, so it fails: {}", line.sentence),
            LineVerdict::NotMeasured => format!("not measured, so it fails: {}", line.sentence),
            _ => line.sentence.clone(),
        });
        (verdict, failing.collect())
    }

    fn measured(&self, endpoint: &str, card: &EndpointCard) -> Vec<Measured> {
        let mut all = Vec::new();
        let mut add = |of, value: Option<f64>, count, n, limits95| {
            if let Some(value) = value {
                all.push(Measured { of, value, count, n, limits95, usual: None });
            }
        };
        // Of the suite's own confidence method, at the suite's own threshold.
        if let Some(source) = card.sources.first() {
            if let Some(wrong) = source.confident_wrong.values().next() {
                let limits = [wrong.lower95_of_all, wrong.upper95_of_all];
                let (count, n) = (Some(wrong.wrong), source.n);
                add(Measure::ConfidentWrong, wrong.rate_of_all, count, n, Some(limits));
            }
            let limits = source.bootstrap95.as_ref().and_then(|of| of.brier);
            add(Measure::Brier, source.brier, None, source.n, limits);
        }
        let Accuracy { count, n, rate, wilson95, korn_graubard95 } = card.accuracy;
        add(Measure::Accuracy, rate, Some(count), n, wilson95.or(korn_graubard95));
        let operations = self.operations.endpoints.iter().find(|told| told.endpoint == endpoint);
        if let Some(told) = operations {
            if let Some(live) = &told.live_ms {
                add(Measure::LiveP50, Some(live.p50), None, live.n, None);
                add(Measure::LiveP95, Some(live.p95), None, live.n, None);
            }
            // Where nothing was asked, nothing was paid; that is no price.
            let cost = told.cost.filter(|_| told.attempts > 0);
            add(Measure::Cost, cost, None, told.attempts, None);
        }
        all
    }

    fn is_sound(&self) -> bool {
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let shares =
            |values: Option<[f64; 2]>| values.is_none_or(|values| values.map(share) == [true; 2]);
        let sources = |card: &EndpointCard| {
            card.sources.iter().all(|source| {
                source.brier.is_none_or(share)
                    && source.bootstrap95.as_ref().is_none_or(|of| shares(of.brier))
                    && source.confident_wrong.values().all(|wrong| {
                        wrong.wrong <= source.n
                            && wrong.rate_of_all.is_none_or(share)
                            && share(wrong.upper95_of_all)
                            && share(wrong.lower95_of_all)
                    })
            })
        };
        let cards = self.scorecard.endpoints.iter().all(|card| {
            let rate = &card.accuracy;
            rate.count <= rate.n
                && rate.rate.is_none_or(share)
                && shares(rate.wilson95)
                && shares(rate.korn_graubard95)
                && sources(card)
        });
        let amount = |value: f64| value.is_finite() && value >= 0.0;
        cards
            && self.operations.endpoints.iter().all(|told| {
                told.cost.is_none_or(amount)
                    && told.live_ms.as_ref().is_none_or(|ms| amount(ms.p50) && amount(ms.p95))
            })
    }
}

fn document<T: DeserializeOwned>(name: &str, text: &[u8]) -> Result<T, Damaged> {
    serde_json::from_slice(text).map_err(|error| Damaged(format!("{name}: {error}")))
}
