//! How often limits are wrong where answers are alike: `cargo bench --bench clustered [RUNS]`,
//! 20,000 by default.
//!
//! A run is so many cases, each asked so many times. A case's own rate of bad answers is drawn from
//! a beta distribution with this mean and this intra-cluster correlation, its answers from that
//! rate. A *false alarm* is a lower 95 % limit above the true rate: a budget at that very rate would
//! fail. A *false pass* is an upper limit below it. Both are to stay at 5 % or under, here in
//! percent of all runs: first with every answer taken for an independent one (Clopper–Pearson), then
//! by Korn and Graubard's limits as the gate has them.

use std::time::Instant;

use overclaim::score::{ClusteredProportion, Level};

/// A hundred cases, one of them with fifty answers.
const ONE_LARGE: [usize; 100] = {
    let mut sizes = [1; 100];
    sizes[0] = 50;
    sizes
};

/// Clusters, and their sizes in turn.
const SHAPES: [(&str, usize, &[usize]); 7] = [
    ("120 cases × 5", 120, &[5]),
    ("40 cases × 5", 40, &[5]),
    ("20 cases × 10", 20, &[10]),
    ("300 cases × 2", 300, &[2]),
    ("60 groups of 1 to 9", 60, &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ("60 groups of 1 or 19", 60, &[1, 1, 1, 1, 1, 19]),
    ("99 of 1 and one of 50", 100, &ONE_LARGE),
];

fn main() {
    let runs = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(20_000_usize);
    let mut random = SplitMix(1);
    let start = Instant::now();
    println!("{runs} runs each, in percent of runs");
    println!(
        "{:<22}{:>5}{:>6}   {:>13}{:>13}   {:>13}{:>13}   {:>9}",
        "", "rate", "alike", "alarm, naive", "pass, naive", "alarm", "pass", "mean n*"
    );
    for (name, clusters, sizes) in SHAPES {
        for rate in [0.02, 0.05, 0.1, 0.3] {
            for correlation in [0.0, 0.3, 0.6, 1.0] {
                let mut tally = Tally::default();
                for _ in 0..runs {
                    let flags = draw(clusters, sizes, rate, correlation, &mut random);
                    tally.add(ClusteredProportion::of(flags), rate);
                }
                tally.print(name, rate, correlation, runs);
            }
        }
    }
    println!("{:.0} s", start.elapsed().as_secs_f64());
}

/// Flags by cluster; within one, Pólya's urn gives the beta-binomial distribution.
fn draw(
    clusters: usize,
    sizes: &[usize],
    rate: f64,
    correlation: f64,
    random: &mut SplitMix,
) -> Vec<(usize, bool)> {
    let mut flags = Vec::new();
    for cluster in 0..clusters {
        let (mut bad, mut all) = (0.0, 0.0);
        for _ in 0..sizes[cluster % sizes.len()] {
            // Colours of the urn in units that make the correlation 1/(a + b + 1).
            let (own, drawn) = ((1.0 - correlation) * rate, correlation * bad);
            let weight = 1.0 - correlation + correlation * all;
            let p = if all > 0.0 { (own + drawn) / weight } else { rate };
            let flag = random.uniform() < p;
            bad += f64::from(u8::from(flag));
            all += 1.0;
            flags.push((cluster, flag));
        }
    }
    flags
}

#[derive(Default)]
struct Tally {
    alarms: [usize; 2],
    passes: [usize; 2],
    effective: f64,
}

impl Tally {
    fn add(&mut self, share: ClusteredProportion, rate: f64) {
        for (index, share) in [share.share().into(), share].into_iter().enumerate() {
            let share: ClusteredProportion = share;
            self.alarms[index] += usize::from(share.lower_limit(Level::P95) > rate);
            self.passes[index] += usize::from(share.upper_limit(Level::P95) < rate);
        }
        self.effective += share.effective_n(Level::P95);
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
    fn print(&self, name: &str, rate: f64, correlation: f64, runs: usize) {
        let percent = |count: usize| format!("{:.1}", 100.0 * count as f64 / runs as f64);
        println!(
            "{name:<22}{:>4}%{correlation:>6.1}   {:>13}{:>13}   {:>13}{:>13}   {:>9.0}",
            100.0 * rate,
            percent(self.alarms[0]),
            percent(self.passes[0]),
            percent(self.alarms[1]),
            percent(self.passes[1]),
            self.effective / runs as f64,
        );
    }
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
