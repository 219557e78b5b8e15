//! How often `advise` breaks its promise, and what it finds: `cargo bench --bench advise [RUNS]`,
//! 2,000 by default.
//!
//! A model states a confidence from a known distribution and is wrong with a known probability given
//! it, so the true risk at every threshold is known. A promise is broken where the true risk at the
//! advised threshold is above the promised one. Most models here are at the limit, or a
//! ten-thousandth above it, at very many thresholds, where a procedure that is not exact breaks
//! its promise most often. Breaking it in at most 131 of 2,000 runs at δ = 5 % is what a one-sided
//! binomial test at 0.1 % allows; the bench fails above that.
//!
//! In clusters, an item shares with the probability that is called `alike` the confidence of its
//! cluster, and with the same probability the luck. *Naive* takes all items for independent.

use std::time::Instant;

use overclaim::score::threshold_grid;
use overclaim::score::{Guarantee, Items, Level, Proportion, Risk, Threshold, answering};
use overclaim::scorecard::{Advice, Lacking, Wanted};

/// A share of the answers, their confidences spread evenly from `low` to `high` (or all the same),
/// and how often they are wrong.
#[derive(Clone, Copy)]
struct Cell {
    low: f64,
    high: f64,
    mass: f64,
    error: f64,
}

struct Model {
    name: &'static str,
    cells: Vec<Cell>,
}

const fn cell(low: f64, high: f64, mass: f64, error: f64) -> Cell {
    Cell { low, high, mass, error }
}

const fn said(confidence: f64, mass: f64, error: f64) -> Cell {
    cell(confidence, confidence, mass, error)
}

/// Above a limit by so little.
const HAIR: f64 = 1e-4;

impl Model {
    /// `P(c ≥ t)` and `P(c ≥ t, wrong)`.
    fn above(&self, threshold: f64) -> (f64, f64) {
        let part = |cell: &Cell| {
            if cell.low >= threshold {
                1.0
            } else if cell.high > threshold {
                (cell.high - threshold) / (cell.high - cell.low)
            } else {
                0.0
            }
        };
        self.cells.iter().fold((0.0, 0.0), |(answered, wrong), cell| {
            let mass = part(cell) * cell.mass;
            (answered + mass, wrong + mass * cell.error)
        })
    }

    fn risk(&self, risk: Risk, threshold: f64) -> f64 {
        let (answered, wrong) = self.above(threshold);
        match risk {
            Risk::Selective if answered > 0.0 => wrong / answered,
            Risk::Selective => 0.0,
            Risk::Joint => wrong,
        }
    }

    /// The largest share that could be answered by who knows the truth.
    fn best_coverage(&self, risk: Risk, alpha: f64) -> f64 {
        let kept = threshold_grid().into_iter().map(Threshold::get);
        let kept = kept.filter(|&threshold| self.risk(risk, threshold) <= alpha);
        kept.map(|threshold| self.above(threshold).0).fold(0.0, f64::max)
    }

    fn draw(&self, place: f64, within: f64) -> (f64, f64) {
        let mut rest = place;
        for cell in &self.cells {
            if rest < cell.mass {
                return (cell.low + within * (cell.high - cell.low), cell.error);
            }
            rest -= cell.mass;
        }
        let last = self.cells[self.cells.len() - 1];
        (last.low, last.error)
    }

    fn sample(&self, clusters: usize, size: usize, alike: f64, random: &mut SplitMix) -> Items {
        let (mut confidence, mut correct, mut keys) = (vec![], vec![], vec![]);
        for cluster in 0..clusters {
            let shared = [random.uniform(), random.uniform(), random.uniform()];
            for _ in 0..size {
                let own = [random.uniform(), random.uniform(), random.uniform()];
                let [place, within, _] = if random.uniform() < alike { shared } else { own };
                let luck = if random.uniform() < alike { shared[2] } else { own[2] };
                let (c, error) = self.draw(place, within);
                confidence.push(c);
                correct.push(luck >= error);
                keys.push(cluster);
            }
        }
        let items = Items::new(confidence, correct).expect("confidences in 0..1");
        items.in_clusters(keys).expect("a key an item")
    }
}

/// Models that sit on the limit of the selective risk.
fn selective_models(alpha: f64) -> Vec<Model> {
    let above = alpha + HAIR;
    let flat = vec![cell(0.0, 1.0, 1.0, above)];
    let stated = |error: [f64; 6]| {
        let values = [1.0, 0.95, 0.9, 0.8, 0.7, 0.5];
        let masses = [0.15, 0.2, 0.25, 0.15, 0.15, 0.1];
        (0..6).map(|at| said(values[at], masses[at], error[at])).collect::<Vec<_>>()
    };
    // At every hundredth the risk of all above it is a hair above the limit, while errors fall from
    // twice the limit to less than it.
    let mut falling = Vec::new();
    let mut wrong = 0.0;
    for step in 0..100_u32 {
        let low = 1.0 - f64::from(step + 1) / 100.0;
        let kept = f64::from(step + 1) / 100.0;
        let risk = above + alpha * (1.0 - kept).powi(3);
        let error = ((risk * kept - wrong) * 100.0).max(0.0);
        wrong += error / 100.0;
        falling.push(cell(low, low + 0.01, 0.01, error));
    }
    // Of the strictest threshold, half of all samples of 1,000 have too few answers for a test.
    let skipped = vec![
        said(1.0, 0.124, 1.3 * alpha),
        said(0.9, 0.05, 0.5 * alpha),
        said(0.8, 0.1, 0.9 * alpha),
        said(0.7, 0.2, above),
        said(0.5, 0.526, 1.02 * alpha),
    ];
    // Good above 0.8, and from there on a hair too bad at every threshold.
    let good = vec![
        cell(0.9, 1.0, 0.2, 0.4 * alpha),
        cell(0.8, 0.9, 0.2, 1.6 * alpha),
        cell(0.0, 0.8, 0.6, above),
    ];
    vec![
        Model { name: "continuous, at the limit everywhere", cells: flat },
        Model { name: "stated, at the limit everywhere", cells: stated([above; 6]) },
        Model { name: "continuous, surer is worse", cells: falling },
        Model { name: "stated, first threshold often too small", cells: skipped },
        Model { name: "continuous, at the limit below 0.8", cells: good },
        Model {
            name: "stated, at the limit from 0.9 on",
            cells: stated([0.4 * alpha, alpha, 1.36 * alpha + 3.0 * HAIR, above, above, above]),
        },
    ]
}

/// Models whose joint risk reaches the limit and stays a hair above it at many thresholds.
fn joint_models(alpha: f64) -> Vec<Model> {
    vec![
        Model {
            name: "continuous, at the limit below 0.7",
            cells: vec![
                cell(0.7, 1.0, 0.3, alpha / 0.3),
                cell(0.69, 0.7, 0.01, HAIR * 100.0),
                cell(0.0, 0.69, 0.69, 0.0),
            ],
        },
        Model {
            name: "stated, at the limit from 0.8 on",
            cells: vec![
                said(1.0, 0.2, alpha),
                said(0.9, 0.3, alpha),
                said(0.8, 0.2, 2.5 * alpha + 5.0 * HAIR),
                said(0.7, 0.2, 0.0),
                said(0.5, 0.1, 0.0),
            ],
        },
    ]
}

/// Models as they are met.
fn usual_models() -> Vec<Model> {
    let tenths = |error: fn(f64) -> f64| {
        (0..100_u32)
            .map(|step| {
                let low = f64::from(step) / 100.0;
                cell(low, low + 0.01, 0.01, error(low + 0.005))
            })
            .collect::<Vec<_>>()
    };
    vec![
        Model { name: "calibrated, spread evenly", cells: tenths(|c| 1.0 - c) },
        Model {
            name: "stated, overconfident at the top",
            cells: vec![
                said(1.0, 0.3, 0.02),
                said(0.95, 0.25, 0.04),
                said(0.9, 0.2, 0.15),
                said(0.8, 0.15, 0.3),
                said(0.5, 0.1, 0.6),
            ],
        },
        Model {
            name: "good, sure of most",
            cells: vec![cell(0.9, 1.0, 0.7, 0.01), cell(0.6, 0.9, 0.3, 0.1)],
        },
    ]
}

fn wanted(alpha: f64, risk: Risk, seed: u64) -> Wanted {
    Wanted {
        promise: Guarantee::new(alpha, Level::P95.alpha()).expect("inside 0..1"),
        level: Level::P95,
        risk,
        threshold: None,
        seed,
    }
}

/// What became of a number of runs.
#[derive(Default)]
struct Tally {
    found: usize,
    broken: usize,
    naive: usize,
    coverage: f64,
}

fn simulate(
    model: &Model,
    risk: Risk,
    alpha: f64,
    (clusters, size, alike): (usize, usize, f64),
    runs: usize,
    random: &mut SplitMix,
) -> Tally {
    let mut tally = Tally::default();
    for run in 0..runs {
        let items = model.sample(clusters, size, alike, random);
        let advice = Advice::of(&items, wanted(alpha, risk, run as u64));
        let broken = |threshold: f64| model.risk(risk, threshold) > alpha + 1e-12;
        if let Some(at) = advice.decisive().at {
            tally.found += 1;
            tally.broken += usize::from(broken(at.threshold));
            tally.coverage += model.above(at.threshold).0;
        }
        if size > 1 {
            let promise = wanted(alpha, risk, 0).promise;
            let rows = answering(&items, &threshold_grid());
            let least = if risk == Risk::Joint { 0 } else { promise.least_answers(2).unwrap_or(0) };
            let found = promise.fixed_sequence(risk, &rows, least);
            tally.naive += usize::from(found.is_some_and(|at| broken(rows[at].threshold.get())));
        }
    }
    tally
}

/// Whether more than δ = 5 % of runs are broken, by a one-sided binomial test at 0.1 %.
fn too_many(broken: usize, runs: usize) -> bool {
    let level = Level::new(0.999).expect("inside 0..1");
    Proportion::new(broken, runs).is_ok_and(|share| share.lower_limit(level) > Level::P95.alpha())
}

#[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
fn share(count: usize, of: usize) -> f64 {
    100.0 * count as f64 / of as f64
}

fn main() {
    let runs = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(2000_usize);
    let mut random = SplitMix(1);
    let start = Instant::now();
    let mut failed = false;
    println!("{runs} runs each; broken and naive in percent of runs, δ = 5 %");
    println!(
        "{:<42}{:<10}{:>5}{:>14}{:>8}{:>8}{:>8}",
        "model", "risk", "α", "answers", "alike", "broken", "naive"
    );
    let shapes =
        [(120, 1, 0.0), (400, 1, 0.0), (1000, 1, 0.0), (120, 5, 0.6), (40, 5, 0.6), (300, 5, 1.0)];
    for (risk, name) in [(Risk::Selective, "selective"), (Risk::Joint, "joint")] {
        for alpha in [0.05, 0.2] {
            let models =
                if risk == Risk::Joint { joint_models(alpha) } else { selective_models(alpha) };
            for model in models {
                for shape in shapes {
                    let tally = simulate(&model, risk, alpha, shape, runs, &mut random);
                    let (clusters, size, alike) = shape;
                    let bad = too_many(tally.broken, runs);
                    failed |= bad;
                    let naive = if size > 1 {
                        format!("{:.1}", share(tally.naive, runs))
                    } else {
                        "-".to_owned()
                    };
                    println!(
                        "{:<42}{name:<10}{:>4.0}%{:>14}{alike:>8.1}{:>8.1}{naive:>8}{}",
                        model.name,
                        100.0 * alpha,
                        format!("{clusters} × {size}"),
                        share(tally.broken, runs),
                        if bad { "  TOO MANY" } else { "" }
                    );
                }
            }
        }
    }
    power(runs, &mut random);
    foretold(runs, &mut random);
    println!("{:.0} s", start.elapsed().as_secs_f64());
    timing();
    if failed {
        std::process::exit(1);
    }
}

/// How often something is found, and how much is kept of what could be.
fn power(runs: usize, random: &mut SplitMix) {
    println!(
        "\n{:<36}{:<10}{:>5}{:>8}{:>9}{:>9}{:>9}",
        "model", "risk", "α", "n", "found", "keeps", "at best"
    );
    for model in usual_models() {
        for (risk, name) in [(Risk::Selective, "selective"), (Risk::Joint, "joint")] {
            for n in [120, 300, 1000, 5000] {
                let tally = simulate(&model, risk, 0.05, (n, 1, 0.0), runs / 4, random);
                #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
                let kept = 100.0 * tally.coverage / tally.found.max(1) as f64;
                println!(
                    "{:<36}{name:<10}   5%{n:>8}{:>8.1}%{kept:>8.1}%{:>8.1}%",
                    model.name,
                    share(tally.found, runs / 4),
                    100.0 * model.best_coverage(risk, 0.05)
                );
            }
        }
    }
}

/// Of samples in which nothing is found, the n that is named; and how often a sample of that size
/// finds something.
fn foretold(runs: usize, random: &mut SplitMix) {
    println!("\n{:<36}{:>8}{:>14}{:>16}", "model", "n", "median named", "found at named");
    for model in usual_models() {
        for n in [60, 120, 300] {
            let mut named = Vec::new();
            let mut found = 0;
            for _ in 0..runs / 4 {
                let items = model.sample(n, 1, 0.0, random);
                let advice = Advice::of(&items, wanted(0.05, Risk::Selective, 0));
                let Some(Lacking::Answers(more)) = advice.selective.lacking else { continue };
                named.push(more);
                let later = model.sample(more, 1, 0.0, random);
                let later = Advice::of(&later, wanted(0.05, Risk::Selective, 0));
                found += usize::from(later.selective.at.is_some());
            }
            named.sort_unstable();
            let median = named.get(named.len() / 2).copied().unwrap_or(0);
            println!(
                "{:<36}{n:>8}{median:>14}{:>15.1}%   (named in {} of {})",
                model.name,
                share(found, named.len().max(1)),
                named.len(),
                runs / 4
            );
        }
    }
}

fn timing() {
    let model = &usual_models()[0];
    let items = model.sample(1_000_000, 1, 0.0, &mut SplitMix(3));
    let start = Instant::now();
    let advice = Advice::of(&items, wanted(0.05, Risk::Selective, 0));
    println!("advice for 1,000,000 answers: {:.2} s", start.elapsed().as_secs_f64());
    assert!(advice.selective.at.is_some());
    let start = Instant::now();
    let card = overclaim::scorecard::RecalibrationCard::of(&items, 0);
    println!("four kinds cross-fitted on them: {:.2} s", start.elapsed().as_secs_f64());
    assert_eq!(card.folds, 5);
}

struct SplitMix(u64);

impl SplitMix {
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
