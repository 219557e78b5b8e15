//! Lines about confidence itself: is it what it claims, and can answers be chosen by it?

use std::sync::Arc;

use crate::budget::{Budget, Calibration, Selective};
use crate::record::Run;
use crate::score::{
    BettingMean, Consistency, Interval, Level, consistency, ks_calibration, ks_items_within,
    ks_limits, surest,
};
use crate::scorecard::{EndpointCard, Evidence, Scored, primary};

use super::bound::{Bound, side};
use super::words::decimal;
use super::{Line, Verdict, percent};

/// Seed of the draws of the consistency test.
const SEED: u64 = 1;

/// The lines of a budget on calibration and selective answering, of one endpoint.
pub(super) fn lines(run: &Run, card: &EndpointCard, budget: &Budget) -> Vec<Line> {
    if budget.calibration.is_none() && budget.selective.is_none() {
        return Vec::new();
    }
    let scored = primary(run, &card.endpoint);
    let mut lines = Vec::new();
    if let Some(limits) = &budget.calibration {
        lines.extend(calibration(card, scored.as_ref(), limits));
    }
    if let Some(limits) = &budget.selective {
        lines.push(selective(card, scored.as_ref(), *limits));
    }
    lines
}

/// How many independent answers the limits on calibration and selective answering ask for at least,
/// by line: with fewer no answers could pass.
pub(super) fn least_to_pass(budget: &Budget) -> Vec<(&'static str, Option<usize>)> {
    let mut lines = Vec::new();
    if let Some(Calibration { max_ks, max_brier, level, .. }) = budget.calibration
        && let Ok(level) = Level::new(level)
    {
        if let Some(max) = max_brier {
            let passes = |n: usize| {
                let flawless = BettingMean::of((0..n).map(|item| (item, 0.0)));
                flawless.is_some_and(|mean| mean.limits(level).upper <= max)
            };
            lines.push(("calibration.max_brier", doubling(passes)));
        }
        if let Some(max) = max_ks {
            lines.push(("calibration.max_ks", whole(ks_items_within(max, level))));
        }
    }
    if let Some(Selective { accuracy, min_coverage, level }) = budget.selective
        && let Ok(level) = Level::new(level)
    {
        let sure = Bound::AtLeast(accuracy).least_to_pass(level);
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let all = sure.and_then(|sure| whole(sure as f64 / min_coverage));
        lines.push(("selective", all));
    }
    lines
}

/// The least number that passes, of which all above do too; none below a hundred thousand.
fn doubling(passes: impl Fn(usize) -> bool) -> Option<usize> {
    let mut enough = 1;
    while !passes(enough) {
        enough = Some(enough * 2).filter(|enough| *enough < 200_000)?;
    }
    let mut too_few = enough / 2;
    while enough - too_few > 1 {
        let middle = usize::midpoint(too_few, enough);
        if passes(middle) { enough = middle } else { too_few = middle }
    }
    Some(enough)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
fn whole(n: f64) -> Option<usize> {
    (n <= 1e9).then(|| n.ceil() as usize)
}

fn calibration(card: &EndpointCard, scored: Option<&Scored>, limits: &Calibration) -> Vec<Line> {
    let level = Level::new(limits.level).expect("a validated budget has levels below 100 %");
    let items = scored.map(|scored| &scored.items).filter(|items| !items.is_empty());
    let mut lines = Vec::new();
    if let Some(max) = limits.max_brier {
        let losses = items.map(|items| {
            let losses = items.pairs().map(|(c, y)| (c - f64::from(u8::from(y))).powi(2));
            BettingMean::of(items.clusters().iter().zip(losses)).expect("there are items")
        });
        let seen = losses.map(|losses| Distance {
            what: "Brier score",
            estimate: losses.mean(),
            limits: losses.limits(level),
            n: losses.n(),
            // Limits come nearer with the root of the number.
            grow: Box::new(|now: f64, wanted: f64| (now / wanted).powi(2)),
        });
        lines.push(line(card, "calibration.max_brier", max, limits.level, seen));
    }
    if let Some(max) = limits.max_ks {
        let seen = items.and_then(|items| {
            let error = ks_calibration(items)?.error;
            Some(Distance {
                what: "KS calibration error",
                estimate: error,
                limits: ks_limits(items, level)?,
                n: items.len(),
                grow: Box::new(|now: f64, wanted: f64| (now / wanted).powi(2)),
            })
        });
        lines.push(line(card, "calibration.max_ks", max, limits.level, seen));
    }
    if limits.consistent {
        let seen = items.and_then(|items| consistency(items, draws(items.len(), level), SEED));
        lines.push(consistent(card, seen, level));
    }
    lines
}

/// Draws of the consistency test: fewer of very large samples, but enough for a p value well below
/// the error level.
fn draws(n: usize, level: Level) -> usize {
    let least = whole(10.0 / level.alpha()).unwrap_or(usize::MAX).max(199);
    (40_000_000 / n.max(1)).clamp(least, least.max(1999))
}

/// A number that should be small, with its limits.
struct Distance {
    what: &'static str,
    estimate: f64,
    limits: Interval,
    n: usize,
    /// How many times as many answers bring a limit from one distance to another.
    grow: Box<dyn Fn(f64, f64) -> f64>,
}

fn line(
    card: &EndpointCard,
    name: &'static str,
    max: f64,
    level: f64,
    seen: Option<Distance>,
) -> Line {
    let mut line = Line::unmeasured(card, name, max, level);
    let Some(Distance { what, estimate, limits, n, grow }) = seen else { return line };
    let Interval { lower, upper } = limits;
    line.verdict = side(Bound::AtMost(max), lower, upper);
    (line.estimate, line.interval, line.n) = (Some(estimate), Some([lower, upper]), n);
    let seen = format!("{what} {} of {n} answers", decimal(estimate));
    let sure = format!("with {} confidence", percent(level));
    line.sentence = match line.verdict {
        Verdict::Pass => format!("{seen}; {sure} at most {}, within {max}", decimal(upper)),
        Verdict::Fail => format!("{seen}; {sure} at least {}, above {max}", decimal(lower)),
        _ => {
            let between = format!("from {} to {}", decimal(lower), decimal(upper));
            let reach = if estimate < max { upper - estimate } else { estimate - lower };
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
            let cases = whole(n as f64 * grow(reach, (max - estimate).abs()));
            let decide = match cases.filter(|cases| *cases < 10_000_000) {
                Some(answers) => format!("about {answers} answers would decide"),
                None => "no number of answers would decide, it is at the limit".to_owned(),
            };
            format!("{seen}; {sure} {between}, on both sides of {max}: {decide}")
        }
    };
    line
}

/// Fails where the error is more than chance makes of perfect calibration. It cannot show that
/// confidence is right, only that nothing speaks against it.
fn consistent(card: &EndpointCard, seen: Option<Consistency>, level: Level) -> Line {
    let alpha = level.alpha();
    let mut line = Line::unmeasured(card, "calibration.consistent", alpha, level.get());
    let Some(Consistency { error, expected, p_value, draws, n }) = seen else { return line };
    line.verdict = if p_value <= alpha { Verdict::Fail } else { Verdict::Pass };
    (line.estimate, line.n) = (Some(p_value), n);
    let says = match line.verdict {
        Verdict::Fail => "more than chance makes of confidence that is right",
        _ => "nothing that chance could not make of confidence that is right",
    };
    let from = if n < card.graded() {
        format!("{n} answers, one a case or group")
    } else {
        format!("{n} answers")
    };
    line.sentence = format!(
        "calibration error {} of {from}, where {} is to be expected: {says} (p = {}, {draws} draws)",
        decimal(error),
        decimal(expected),
        decimal(p_value)
    );
    line
}

fn selective(card: &EndpointCard, scored: Option<&Scored>, limits: Selective) -> Line {
    let share = scored.map(|scored| surest(&scored.items, limits.min_coverage));
    let bound = Bound::AtLeast(limits.accuracy);
    let Some(share) = share.filter(|share| share.total() > 0) else {
        return Line::unmeasured(card, "selective", limits.accuracy, limits.level);
    };
    let of = scored.map_or(0, |scored| scored.items.len());
    let evidence = Evidence { share, cases: share.clusters() };
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let coverage = share.total() as f64 / of as f64;
    let what = format!("surest answers, {} of {of}, are right", percent(coverage));
    Line::of_rate("selective", &what, card, evidence, bound, limits.level)
}

impl Line {
    /// A line that nothing is known of yet.
    fn unmeasured(card: &EndpointCard, name: &'static str, limit: f64, level: f64) -> Line {
        Line {
            endpoint: Arc::clone(&card.endpoint),
            line: name,
            slice: None,
            verdict: Verdict::NotMeasured,
            limit,
            estimate: None,
            interval: None,
            level: Some(level),
            count: None,
            n: 0,
            early: None,
            clustering: None,
            sentence: "nothing was measured: no graded answer has a confidence".to_owned(),
        }
    }
}
