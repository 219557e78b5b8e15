//! Models that wobble, asked night after night: what the product calls a change is held against what
//! is known to have changed. The bench looks at many nights of many cases, a test at few.

#[path = "../support/synthetic.rs"]
mod synthetic;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use overclaim::budget::{Budget, Cases, Regression, SNAPSHOT};
use overclaim::gate::{Decision, Verdict, Versus};
use overclaim::record::{Digest, Header, Measured, Outcome, Record, Run};
use overclaim::scorecard::{Calls, Scorecard};
use overclaim::snapshot::{Accepted, ChangeKind, Snapshot, Standing};
use synthetic::{HEADER, RECORD, SplitMix};

/// What cases are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mixture {
    /// Six in ten are nearly always right, 15 % nearly always wrong, and a quarter anything between,
    /// with confidences around the threshold.
    Mixed,
    /// Every case tosses a coin, and is as often sure as not: as much wobble as there can be.
    Coins,
}

/// A case as nobody knows it: the chances of its answers.
#[derive(Debug, Clone, Copy)]
struct Nature {
    right: f64,
    sure: f64,
    spread: f64,
    /// Of the slice that the second version turns.
    planted: bool,
}

/// A suite of cases.
#[derive(Debug, Clone)]
pub struct World {
    cases: Vec<Nature>,
    repeats: u32,
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    First,
    /// Every case of the slice is always confidently wrong; the others are as they were.
    Turned,
}

impl World {
    /// A suite of so many cases, of which the last are a slice that is always right.
    pub fn new(mixture: Mixture, cases: usize, planted: usize, repeats: u32, seed: u64) -> World {
        let mut draw = drawn(seed);
        let nature = |place| {
            let always = Nature { right: 1.0, sure: 0.93, spread: 0.02, planted: true };
            if place >= cases - planted {
                return always;
            }
            if mixture == Mixture::Coins {
                return Nature { right: 0.5, sure: 0.8, spread: 0.1, planted: false };
            }
            let (kind, right) = (draw.unit(), draw.unit());
            let (right, sure) = match kind {
                ..0.6 => (0.98, 0.9),
                0.6..0.75 => (0.02, 0.85),
                _ => (right, 0.6 + 0.35 * draw.unit()),
            };
            Nature { right, sure, spread: 0.08, planted: false }
        };
        World { cases: (0..cases).map(nature).collect(), repeats }
    }

    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// The name of a case says whether it is of the slice.
    fn name(&self, case: usize) -> String {
        let slice = if self.cases[case].planted { "slice" } else { "other" };
        format!("{slice}-{case:05}")
    }

    /// A run of one night.
    pub fn night(&self, version: Version, seed: u64) -> Run {
        let mut draw = drawn(seed);
        let template: Record = serde_json::from_str(RECORD).expect("a record");
        let mut header: Header = serde_json::from_str(HEADER).expect("a header");
        let newly_confident_wrong = Some(Cases { max: 0 });
        let regression =
            Regression { against: SNAPSHOT.into(), newly_confident_wrong, alpha: 0.05 };
        header.budget = Budget { regression: Some(regression), ..Budget::default() };
        header.repeats = NonZeroU32::new(self.repeats).expect("a case is asked");
        let mut records = Vec::new();
        for (case, nature) in self.cases.iter().enumerate() {
            let name = self.name(case);
            let content = Digest::of_bytes(name.as_bytes());
            for repeat in 0..self.repeats {
                let (right, sure) = match version {
                    Version::Turned if nature.planted => (0.0, 0.97),
                    _ => (nature.right, nature.sure),
                };
                let correct = draw.unit() < right;
                // As models state it: in steps of 5 %.
                let sure = ((sure + nature.spread * normal(&mut draw)) * 20.0).round() / 20.0;
                let sure = sure.clamp(0.0, 1.0);
                let outcome = if correct { Outcome::Correct } else { Outcome::Incorrect };
                records.push(Record {
                    index: records.len(),
                    trial: format!("{name}#{repeat}@m"),
                    case: name.clone(),
                    content,
                    repeat,
                    answer: Some(if correct { "yes" } else { "no" }.to_owned()),
                    quadrant: Record::quadrant(&outcome, Some(sure), header.threshold),
                    outcome,
                    confidence: BTreeMap::from([("stated".to_owned(), Measured::Known(sure))]),
                    primary: Some(sure),
                    ..template.clone()
                });
            }
        }
        header.planned = records.len();
        Run::of(header, records)
    }
}

/// Accepts everything that a run says.
pub fn accept(run: &Run) -> Accepted {
    let snapshot = Snapshot::of(run, "m").expect("records in memory");
    // What is accepted is what its file says.
    let snapshot = Snapshot::read(&snapshot.to_string()).expect("a snapshot");
    Accepted { file: "suites/snapshots/s@m.snap".to_owned(), snapshot }
}

/// Where a whole run stands against what was accepted.
pub fn standing(run: &Run, accepted: &Accepted) -> Standing {
    let mut standings = Standing::of(run, true, std::slice::from_ref(accepted)).expect("records");
    standings.remove(0)
}

/// The names of the cases that went one of these ways, in the order of a review.
pub fn went<'a>(standing: &'a Standing, kinds: &[ChangeKind]) -> Vec<&'a str> {
    let changes = standing.diff.changes.iter().filter(|change| kinds.contains(&change.kind));
    changes.map(|change| change.case.as_str()).collect()
}

/// The verdicts of the gate: on the whole, and on the cases that are newly confident wrong.
pub fn gate(run: &Run, standing: &Standing) -> [Verdict; 2] {
    let (calls, scorecard) =
        (Calls::new(&run.header), Scorecard::of(run).expect("records in memory"));
    let versus = Versus { against: None, standings: std::slice::from_ref(standing) };
    let decision =
        Decision::judged(run, &calls, &scorecard, None, versus).expect("records in memory");
    ["regression", "regression.newly_confident_wrong"].map(|name| {
        let line = decision.lines.iter().find(|line| line.line == name);
        line.expect("the budget has it").verdict
    })
}

/// Random numbers; a seed is mixed before use: states that are neighbours give streams that overlap.
fn drawn(seed: u64) -> SplitMix {
    SplitMix(SplitMix(seed).next())
}

/// Box and Muller.
fn normal(random: &mut SplitMix) -> f64 {
    let radius = (-2.0 * random.unit().max(1e-300).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.unit()).cos()
}
