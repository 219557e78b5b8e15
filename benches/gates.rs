//! How often a gate is wrong about a model that is exactly at its limit:
//! `cargo bench --bench gates [RUNS]`, 2,000 by default.
//!
//! Each run is judged by the product's own gate, from records. At the limit a pass and a fail are
//! both mistakes, and each may happen in 5 % of runs. An exact procedure shows more than 5 % in half
//! of all simulations, so the mark is the one-sided binomial test at 0.1 %: at most 131 of 2,000.
//! Where answers are alike, all answers of a case are drawn by one number with this probability, by
//! their own else. What `early_stop` saves is shown for models that are far from their limit.

#[path = "support/synthetic.rs"]
mod synthetic;

use std::collections::BTreeMap;
use std::time::Instant;

use overclaim::budget::{AtLeast, Budget, Calibration, ConfidentWrong, Selective};
use overclaim::gate::{Decision, EarlyStop, Verdict, Versus};
use overclaim::record::{Header, Measured, Outcome, Record, Run};
use overclaim::scorecard::{Calls, Scorecard};
use rayon::prelude::*;
use synthetic::{HEADER, RECORD, SplitMix};

/// Cases, how often each is asked, and the probability that an answer is drawn by its case's number.
const SHAPES: [(&str, usize, usize, f64); 6] = [
    ("120 cases", 120, 1, 0.0),
    ("600 cases", 600, 1, 0.0),
    ("120 × 5, alike 0.7", 120, 5, 0.7),
    ("120 × 5, all alike", 120, 5, 1.0),
    ("40 × 5, alike 0.7", 40, 5, 0.7),
    ("40 × 5, all alike", 40, 5, 1.0),
];

/// A model and the budget that it is exactly at.
struct Gate {
    name: &'static str,
    budget: Budget,
    /// Confidence from a number of the case in `[0, 1)`.
    confidence: fn(f64) -> f64,
    /// Probability of being right at a confidence.
    right: fn(f64) -> f64,
}

fn gates() -> Vec<Gate> {
    let level = 0.95;
    let rate = |max_rate| Budget {
        confident_wrong: Some(ConfidentWrong { max_rate: Some(max_rate), max_count: None, level }),
        ..Budget::default()
    };
    let calibration = |max_ks, max_brier, consistent| Budget {
        calibration: Some(Calibration { max_ks, max_brier, consistent, level }),
        ..Budget::default()
    };
    let accuracy = Budget { accuracy: Some(AtLeast { min: 0.9, level }), ..Budget::default() };
    let selective = Selective { accuracy: 0.7, min_coverage: 0.6, level };
    let selective = Budget { selective: Some(selective), ..Budget::default() };
    let gate = |name, budget, confidence: fn(f64) -> f64, right: fn(f64) -> f64| Gate {
        name,
        budget,
        confidence,
        right,
    };
    vec![
        gate("confident_wrong 5 %", rate(0.05), |_| 0.9, |_| 0.95),
        gate("confident_wrong 10 %", rate(0.1), |_| 0.9, |_| 0.9),
        gate("accuracy 90 %", accuracy, |_| 0.9, |_| 0.9),
        // Calibrated between ½ and 1: the mean of c(1−c) is 1/6.
        gate("max_brier 1/6", calibration(None, Some(1.0 / 6.0), false), half_to_one, |c| c),
        // Certain and right in 9 of 10: a loss of 1 in every tenth.
        gate("max_brier 0.1", calibration(None, Some(0.1), false), |_| 1.0, |_| 0.9),
        gate("max_ks 0.1", calibration(Some(0.1), None, false), half_to_one, |c| c - 0.1),
        gate("max_ks 0.3", calibration(Some(0.3), None, false), |_| 0.8, |_| 0.5),
        gate("consistent", calibration(None, None, true), half_to_one, |c| c),
        // Calibrated between 0 and 1: the surest 60 % are right in 70 %.
        gate("selective 70 % at 60 %", selective, |u| u, |c| c),
    ]
}

fn half_to_one(u: f64) -> f64 {
    0.5 + 0.5 * u
}

fn main() {
    let runs = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(2000_u64);
    let start = Instant::now();
    // 131 of 2,000, and the like for others: mean and 3.2 standard deviations of a binomial.
    let expected = 0.05 * count(runs);
    let most = (expected + 3.2 * (expected * 0.95).sqrt()).floor();
    println!("{runs} runs each of a model at its limit; pass and fail are to be at most {most}");
    println!("{:<24}{:<22}{:>8}{:>8}{:>11}", "", "", "pass", "fail", "undecided");
    let mut beyond = 0;
    for gate in gates() {
        for (shape, cases, times, alike) in SHAPES {
            let verdicts: Vec<Verdict> = (0..runs)
                .into_par_iter()
                .map(|seed| judge(&gate, cases, times, alike, seed, false).0)
                .collect();
            let of = |verdict: Verdict| verdicts.iter().filter(|at| **at == verdict).count();
            let (pass, fail) = (of(Verdict::Pass), of(Verdict::Fail));
            // A model that is consistent passes; that is no mistake.
            let wrong = if gate.name == "consistent" { fail } else { pass.max(fail) };
            let mark = if count(wrong as u64) > most { "  beyond" } else { "" };
            beyond += usize::from(!mark.is_empty());
            let open = of(Verdict::Undecided);
            println!("{:<24}{shape:<22}{pass:>8}{fail:>8}{open:>11}{mark}", gate.name);
        }
    }
    beyond += early_stop(runs, most);
    println!("{beyond} beyond; {:.0} s", start.elapsed().as_secs_f64());
    if beyond > 0 {
        std::process::exit(1);
    }
}

/// Runs that may stop early: their mistakes at the limit, and what they save away from it.
fn early_stop(runs: u64, most: f64) -> usize {
    println!("\nearly_stop, independent answers");
    println!("{:<34}{:>6}{:>8}{:>8}{:>9}", "", "cases", "pass", "fail", "saved");
    let mut beyond = 0;
    for mut gate in gates() {
        let lines = &gate.budget;
        let sequential = lines.selective.is_none()
            && lines.calibration.as_ref().is_none_or(|limits| limits.max_brier.is_some());
        if !sequential {
            continue;
        }
        gate.budget.early_stop = true;
        for cases in [120, 500, 2000] {
            let row = at(&gate, cases, runs);
            let mark = if row.pass.max(row.fail) > most { "  beyond" } else { "" };
            beyond += usize::from(!mark.is_empty());
            row.print(&format!("{} at the limit", gate.name), cases, mark);
        }
    }
    for (name, right) in [
        ("0.2 × the limit", (|_| 0.98) as fn(f64) -> f64),
        ("3 × the limit", |_| 0.7),
        ("0.2 × the limit of 5 %", |_| 0.99),
        ("3 × the limit of 5 %", |_| 0.85),
    ] {
        let max_rate = if name.ends_with("5 %") { 0.05 } else { 0.1 };
        let limits = ConfidentWrong { max_rate: Some(max_rate), max_count: None, level: 0.95 };
        let budget =
            Budget { confident_wrong: Some(limits), early_stop: true, ..Budget::default() };
        let gate = Gate { name: "confident_wrong", budget, confidence: |_| 0.9, right };
        for cases in [500, 1000, 5000] {
            let row = at(&gate, cases, runs.min(500));
            // At 5 % and 500 cases no sequence at a tenth of 5 % could save 60 %: it has to see
            // ln(200) nats, of which an answer brings 0.025.
            let mark = if row.saved < 0.6 { "  under 60 %" } else { "" };
            beyond += usize::from(!mark.is_empty() && max_rate > 0.05);
            row.print(&format!("confident_wrong {name}"), cases, mark);
        }
    }
    beyond
}

struct Row {
    pass: f64,
    fail: f64,
    saved: f64,
}

impl Row {
    fn print(&self, name: &str, cases: usize, mark: &str) {
        let Row { pass, fail, saved } = self;
        println!("{name:<34}{cases:>6}{pass:>8}{fail:>8}{:>8.1}%{mark}", saved * 100.0);
    }
}

fn at(gate: &Gate, cases: usize, runs: u64) -> Row {
    let judged: Vec<(Verdict, usize)> =
        (0..runs).into_par_iter().map(|seed| judge(gate, cases, 1, 0.0, seed, true)).collect();
    let of = |verdict: Verdict| judged.iter().filter(|(at, _)| *at == verdict).count();
    let saved: usize = judged.iter().map(|(_, saved)| saved).sum();
    Row {
        pass: count(of(Verdict::Pass) as u64),
        fail: count(of(Verdict::Fail) as u64),
        saved: count(saved as u64) / count(runs) / count(cases as u64),
    }
}

/// The verdict on the first line of a drawn run, and how many trials were saved.
fn judge(
    gate: &Gate,
    cases: usize,
    times: usize,
    alike: f64,
    seed: u64,
    early: bool,
) -> (Verdict, usize) {
    // A seed is mixed before use: states that are neighbours give streams that overlap.
    let mut random = SplitMix(SplitMix(seed ^ (cases as u64) << 32).next());
    let template: Record = serde_json::from_str(RECORD).expect("a record");
    let mut header: Header = serde_json::from_str(HEADER).expect("a header");
    header.budget = gate.budget.clone();
    header.planned = cases * times;
    header.repeats = u32::try_from(times).ok().and_then(std::num::NonZeroU32::new).expect("few");
    let mut records = Vec::with_capacity(cases * times);
    for case in 0..cases {
        let sure = (gate.confidence)(random.unit());
        let fate = random.unit();
        for _ in 0..times {
            let own = if random.unit() < alike { fate } else { random.unit() };
            let right = own < (gate.right)(sure);
            let outcome = if right { Outcome::Correct } else { Outcome::Incorrect };
            records.push(Record {
                index: records.len(),
                case: format!("case-{case}"),
                quadrant: Record::quadrant(&outcome, Some(sure), header.threshold),
                outcome,
                confidence: BTreeMap::from([("stated".to_owned(), Measured::Known(sure))]),
                primary: Some(sure),
                ..template.clone()
            });
        }
    }
    let calls = Calls::new(&header);
    let run = Run::of(header, records);
    let watched = early.then(|| EarlyStop::of(&run).expect("it may stop early"));
    let run = match &watched {
        Some(watched) => watched.trimmed(run),
        None => run,
    };
    let scorecard = Scorecard::of(&run).expect("records in memory");
    let decision = Decision::judged(&run, &calls, &scorecard, watched.as_ref(), Versus::default());
    let decision = decision.expect("records in memory");
    let saved = decision.early.map_or(0, overclaim::gate::Early::saved);
    (decision.lines[0].verdict, saved)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(n: u64) -> f64 {
    n as f64
}
