//! How often `overclaim compare` says "worse": `cargo bench --bench compare [RUNS]`, 2,000 by
//! default; `cargo bench --bench compare -- RUNS turned` prints the second table alone.
//!
//! A comparison is so many cases, each asked so many times on both sides. A case has a rate of right
//! answers of its own, drawn from a beta distribution; an answer that will be right states a higher
//! confidence than one that will not, with noise. Where *nothing changed*, both sides answer by the
//! same rates, and "worse" is a false alarm: at a level of 5 % an exact procedure raises at most 131
//! in 2,000 (one-sided binomial test at 0.1 %). Where accuracy *drops by 10 points*, so many right
//! answers turn wrong and keep their confidence, and "worse" is what one wants to read; the same with
//! the drop that an unchanged comparison says it can see, which is to be found in 80 % at least. The
//! naive columns take every answer for an independent one and each of the three tests for the only
//! one.
//!
//! In the second table nothing changed on the whole, but *half of the clusters turned*: the candidate
//! has a new rate there, drawn as the old one was. All answers of such a cluster turn together, which
//! is what another prompt does, and what taking them for independent does not allow for; naive is
//! the three tests with Holm's correction there, answers taken for independent.

use std::time::Instant;

use overclaim::scorecard::{Comparison, Direction, Method, Pairing, Side};

/// Cases, answers to each, cases a group.
const SHAPES: [(&str, usize, u32, usize); 5] = [
    ("120 cases", 120, 1, 1),
    ("120 cases × 5", 120, 5, 1),
    ("40 cases × 5", 40, 5, 1),
    ("120 cases in 30 groups", 120, 1, 4),
    ("20 cases", 20, 1, 1),
];

/// Mean rate of right answers, and intra-cluster correlation.
const MODELS: [(f64, f64); 3] = [(0.7, 0.3), (0.7, 0.8), (0.9, 0.5)];

const METHOD: Method = Method { alpha: 0.05, seed: 1, only_quadrants: false };

fn main() {
    let runs = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(2_000_usize);
    let mut random = SplitMix(11);
    let start = Instant::now();
    if std::env::args().any(|word| word == "turned") {
        return turned(runs, &mut random);
    }
    println!("comparisons that say worse, of {runs} each");
    println!(
        "{:<24}{:>6}{:>7}   {:>9}{:>7}   {:>9}{:>7}   {:>9}{:>7}",
        "", "right", "alike", "unchanged", "naive", "10 points", "naive", "can see", "found"
    );
    let mut most = 0;
    for (name, cases, repeats, group) in SHAPES {
        for (rate, alike) in MODELS {
            let shape = Shape { cases, repeats, group, rate, alike };
            let (alarms, naive_alarms, seen) = shape.simulate(runs, 0.0, &mut random);
            let (found, naive_found, _) = shape.simulate(runs, 0.1, &mut random);
            most = most.max(alarms);
            let (seen, found_there) = match seen {
                Some(seen) => {
                    let (found, _, _) = shape.simulate(runs, seen, &mut random);
                    (format!("{:.1}", seen * 100.0), found.to_string())
                }
                None => ("nothing".to_owned(), String::new()),
            };
            println!(
                "{name:<24}{rate:>6}{alike:>7}   {alarms:>9}{naive_alarms:>7}   {found:>9}{naive_found:>7}   {seen:>9}{found_there:>7}"
            );
        }
    }
    println!("most false alarms {most}; {:.0} s", start.elapsed().as_secs_f64());
    turned(runs, &mut random);
}

/// The second table.
fn turned(runs: usize, random: &mut SplitMix) {
    println!("half of the clusters turned: false alarms, of {runs} each");
    println!("{:<24}{:>6}{:>7}   {:>9}{:>7}", "", "right", "alike", "alarms", "naive");
    for (name, cases, repeats, group) in SHAPES {
        for (rate, alike) in MODELS {
            let shape = Shape { cases, repeats, group, rate, alike };
            let (mut alarms, mut naive) = (0, 0);
            for _ in 0..runs {
                let (baseline, candidate) = shape.draw_turned(random);
                let says_worse = |baseline, candidate| {
                    let comparison = Comparison::of(Pairing::of(baseline, candidate), METHOD);
                    usize::from(comparison.direction == Direction::Worse)
                };
                naive += says_worse(alone(&baseline), alone(&candidate));
                alarms += says_worse(baseline, candidate);
            }
            println!("{name:<24}{rate:>6}{alike:>7}   {alarms:>9}{naive:>7}");
        }
    }
}

/// The same answers, each a cluster of its own.
fn alone(sides: &[Side]) -> Vec<Side> {
    let own = |(index, side): (usize, &Side)| Side { cluster: index.to_string(), ..side.clone() };
    sides.iter().enumerate().map(own).collect()
}

/// What is simulated.
#[derive(Clone, Copy)]
struct Shape {
    cases: usize,
    repeats: u32,
    /// Cases that share a rate.
    group: usize,
    rate: f64,
    alike: f64,
}

impl Shape {
    /// How often it says worse, how often naive tests would, and the median of what it can see.
    fn simulate(
        self,
        runs: usize,
        drop: f64,
        random: &mut SplitMix,
    ) -> (usize, usize, Option<f64>) {
        let (mut worse, mut naive) = (0, 0);
        let mut seen: Vec<f64> = Vec::new();
        for _ in 0..runs {
            let (baseline, candidate) = self.draw(drop, random);
            let unclustered =
                Comparison::of(Pairing::of(alone(&baseline), alone(&candidate)), METHOD);
            naive += usize::from(unclustered.tests.iter().any(|test| test.p_worse <= METHOD.alpha));
            let comparison = Comparison::of(Pairing::of(baseline, candidate), METHOD);
            worse += usize::from(comparison.direction == Direction::Worse);
            let resolution = comparison.accuracy.and_then(|accuracy| accuracy.resolution);
            seen.push(resolution.map_or(f64::INFINITY, |resolution| resolution.change));
        }
        seen.sort_by(f64::total_cmp);
        (worse, naive, Some(seen[runs / 2]).filter(|seen| seen.is_finite()))
    }

    fn draw(self, drop: f64, random: &mut SplitMix) -> (Vec<Side>, Vec<Side>) {
        self.draw_with(drop, 0.0, random)
    }

    fn draw_turned(self, random: &mut SplitMix) -> (Vec<Side>, Vec<Side>) {
        self.draw_with(0.0, 0.5, random)
    }

    /// Answers of both sides: right ones of the candidate turn wrong by `drop` on average, and
    /// clusters have a new rate there with this probability.
    fn draw_with(self, drop: f64, renewed: f64, random: &mut SplitMix) -> (Vec<Side>, Vec<Side>) {
        let (mut baseline, mut candidate) = (Vec::new(), Vec::new());
        let (mut before, mut after) = (0.0, 0.0);
        for case in 0..self.cases {
            if case % self.group == 0 {
                before = random.beta(self.rate, self.alike);
                let renew = renewed > 0.0 && random.unit() < renewed;
                after = if renew { random.beta(self.rate, self.alike) } else { before };
            }
            for repeat in 0..self.repeats {
                let mut answer = |own: f64, turns: f64| {
                    let right = random.unit() < own;
                    // Half-sure of what it gets right more often than of what it does not.
                    let sure = if right { 0.55 } else { 0.35 } + 0.45 * random.unit();
                    let right = right && random.unit() >= turns;
                    side(case, case / self.group, repeat, right, sure)
                };
                baseline.push(answer(before, 0.0));
                candidate.push(answer(after, drop / self.rate));
            }
        }
        (baseline, candidate)
    }
}

fn side(case: usize, cluster: usize, repeat: u32, correct: bool, sure: f64) -> Side {
    Side {
        case: format!("case-{case}"),
        repeat,
        cluster: format!("group-{cluster}"),
        correct: Some(correct),
        confidence: Some(sure),
        confident: sure >= 0.8,
        ..Side::default()
    }
}

/// Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A rate from the beta distribution with this mean and intra-cluster correlation
    /// `1/(a + b + 1)`, from two gammas.
    fn beta(&mut self, mean: f64, alike: f64) -> f64 {
        let total = (1.0 - alike) / alike;
        let (one, other) = (self.gamma(mean * total), self.gamma((1.0 - mean) * total));
        if one + other > 0.0 {
            one / (one + other)
        } else {
            f64::from(u8::from(self.unit() < mean))
        }
    }

    /// Marsaglia and Tsang, A simple method for generating gamma variables, ACM TOMS 26 (2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = self.unit().powf(1.0 / shape);
            return self.gamma(shape + 1.0) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.unit().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}
