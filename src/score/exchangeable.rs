//! Is today's count more than the earlier days make of the same units?
//!
//! The same questions are asked every night. If nothing changed, the values that a unit (a case, or
//! cases that are alike) had on the earlier nights and the one that it has tonight could as well have
//! come in any other order: tonight's is one of them, each as likely as the others. Units are
//! independent, so the distribution of tonight's sum is known exactly, without a model of how hard
//! the questions are. It is narrow where the answers hardly ever change, which a binomial chart
//! cannot know, and after one earlier night it is that of `McNemar`'s test: given their sum, the two
//! nights of a case that differs are exchanged by a coin.
//!
//! Sums of counts are added up. Sums of other values are bounded by Bennett's inequality, which holds
//! for any number of units and any values, and errs on the side of no alarm.

/// Mass that is cut off either end of a distribution, in all.
const NOTHING: f64 = 1e-12;

/// Sums that differ by less differ by rounding.
const SLACK: f64 = 1e-9;

/// How often a unit had which count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    nights: usize,
    counts: Vec<(u32, usize)>,
}

/// What a unit's values were, as far as their sum's distribution is bounded by it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    nights: usize,
    sum: f64,
    squares: f64,
    least: f64,
    most: f64,
}

/// A sum with the range in which it is what the earlier ones make of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usual {
    /// What was seen.
    pub seen: f64,
    /// Below this it is unusual.
    pub low: f64,
    /// Above this it is unusual.
    pub high: f64,
}

impl Usual {
    /// Whether what was seen lies below the range (−1), in it (0) or above it (1).
    #[must_use]
    pub fn side(&self) -> i8 {
        i8::from(self.seen > self.high + SLACK) - i8::from(self.seen < self.low - SLACK)
    }
}

impl Tally {
    /// Adds a night.
    pub fn add(&mut self, count: u32) {
        self.nights += 1;
        match self.counts.iter_mut().find(|(known, _)| *known == count) {
            Some((_, times)) => *times += 1,
            None => self.counts.push((count, 1)),
        }
    }
}

impl Default for Spread {
    fn default() -> Spread {
        let (least, most) = (f64::INFINITY, f64::NEG_INFINITY);
        Spread { nights: 0, sum: 0.0, squares: 0.0, least, most }
    }
}

impl Spread {
    /// Adds a night.
    pub fn add(&mut self, value: f64) {
        self.nights += 1;
        self.sum += value;
        self.squares += value * value;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
    }
}

/// The range of a sum of counts outside which it lies with a probability of at most `alpha`, half of
/// it on either side, if each unit's count tonight and its earlier ones come in any order.
#[must_use]
pub fn usual_count<'a>(units: impl IntoIterator<Item = (&'a Tally, u32)>, alpha: f64) -> Usual {
    let mut sum = Distribution::certain();
    let mut seen = 0_u64;
    for (past, now) in units {
        seen += u64::from(now);
        let mut unit = past.clone();
        unit.add(now);
        sum.add(&unit);
    }
    let [low, high] = sum.range(0.5 * alpha);
    Usual { seen: seen as f64, low: low as f64, high: high as f64 }
}

/// The same for sums of any values: a range that is at least as wide as it must be. With the sum's
/// mean `E` and variance `V`, and no unit further above its mean than `b`,
/// `P(X − E ≥ s) ≤ exp(−V/b² h(bs/V))`, `h(u) = (1 + u) ln(1 + u) − u`; the same below.
///
/// Bennett, Probability inequalities for the sum of independent random variables, JASA 57 (1962),
/// equation 8b.
#[must_use]
pub fn usual_sum(units: impl IntoIterator<Item = (Spread, f64)>, alpha: f64) -> Usual {
    let (mut seen, mut mean, mut variance) = (0.0, 0.0, 0.0);
    let (mut above, mut below) = (0.0_f64, 0.0_f64);
    for (mut unit, now) in units {
        unit.add(now);
        let n = unit.nights as f64;
        let center = unit.sum / n;
        seen += now;
        mean += center;
        if unit.most > unit.least {
            variance += (unit.squares / n - center * center).max(0.0);
            above = above.max(unit.most - center);
            below = below.max(center - unit.least);
        }
    }
    let reach = |most: f64| bennett(variance, most, 0.5 * alpha);
    Usual { seen, low: mean - reach(below), high: mean + reach(above) }
}

/// The `s` at which Bennett's bound is `tail`.
fn bennett(variance: f64, most: f64, tail: f64) -> f64 {
    if variance <= 0.0 || most <= 0.0 {
        return 0.0;
    }
    let wanted = -tail.ln() * most * most / variance;
    let h = |u: f64| (1.0 + u) * u.ln_1p() - u;
    let mut high = 1.0;
    while h(high) < wanted {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if h(middle) < wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    high * variance / most
}

/// The distribution of a sum, where it has any mass to speak of.
struct Distribution {
    /// The sum that the first probability is of.
    from: u64,
    mass: Vec<f64>,
    /// What was cut off below and above.
    cut: [f64; 2],
}

impl Distribution {
    fn certain() -> Distribution {
        Distribution { from: 0, mass: vec![1.0], cut: [0.0; 2] }
    }

    /// Adds an independent unit whose count is one of its nights'.
    fn add(&mut self, unit: &Tally) {
        let least = unit.counts.iter().map(|(count, _)| *count).min().unwrap_or(0);
        let most = unit.counts.iter().map(|(count, _)| *count).max().unwrap_or(0);
        self.from += u64::from(least);
        if least == most {
            return;
        }
        let mut mass = vec![0.0; self.mass.len() + (most - least) as usize];
        for (count, times) in &unit.counts {
            let (shift, share) = ((count - least) as usize, *times as f64 / unit.nights as f64);
            for (to, from) in mass[shift..].iter_mut().zip(&self.mass) {
                *to += share * from;
            }
        }
        self.mass = mass;
        self.trim();
    }

    fn trim(&mut self) {
        let mut below = 0;
        while below + 1 < self.mass.len() && self.cut[0] + self.mass[below] < NOTHING {
            self.cut[0] += self.mass[below];
            below += 1;
        }
        self.mass.drain(..below);
        self.from += below as u64;
        while let Some(last) = self.mass.last().copied()
            && self.mass.len() > 1
            && self.cut[1] + last < NOTHING
        {
            self.cut[1] += last;
            self.mass.pop();
        }
    }

    /// The range that leaves at most `tail` on either side of it.
    fn range(&self, tail: f64) -> [u64; 2] {
        let end = |mass: &mut dyn Iterator<Item = &f64>, mut outside: f64| {
            let mut steps = 0;
            for mass in mass {
                outside += mass;
                if outside > tail {
                    break;
                }
                steps += 1;
            }
            steps
        };
        let last = self.mass.len() as u64 - 1;
        let low = end(&mut self.mass.iter(), self.cut[0]).min(last);
        let high = end(&mut self.mass.iter().rev(), self.cut[1]).min(last);
        [self.from + low, self.from + last - high]
    }
}

#[cfg(test)]
mod tests;
