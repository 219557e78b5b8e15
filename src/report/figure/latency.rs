//! How long answers took that were fetched in this run, against what the budget allows.
//!
//! The curve says which share of the answers had come by then. A limit on a quantile is a corner: the
//! curve has to pass above and to the left of it. Calls that were given up never come.

use crate::gate::{Line, Verdict, percent};
use crate::report::text::duration;
use crate::scorecard::Spread;

use super::frame::{Frame, LINE, Mark, WIDTH, key, key_lines};
use super::{Anchor, Figure, Svg, Table};

const PLOT: f64 = 170.0;

/// A limit of the budget: this share must have come by then.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Limit {
    /// What the budget calls it: `p95`.
    pub name: &'static str,
    /// Share that must have come.
    pub share: f64,
    /// Milliseconds.
    pub by: f64,
    /// What the budget says of it.
    pub verdict: Verdict,
}

impl Limit {
    /// The limits of an endpoint's lines on whole answers, or on the first token; `late` is after how
    /// many seconds an answer is late.
    pub(super) fn of(lines: &[&Line], late: Option<f64>, first_token: bool) -> Vec<Limit> {
        let quantile = |line: &&Line| {
            let (name, share, seconds) = match (line.line, first_token) {
                ("latency.p50", false) => ("p50", 0.5, line.limit),
                ("latency.p95", false) | ("latency.first_token_p95", true) => {
                    ("p95", 0.95, line.limit)
                }
                ("latency.p99", false) => ("p99", 0.99, line.limit),
                ("latency.late", false) => ("late", 1.0 - line.limit, late?),
                _ => return None,
            };
            Some(Limit { name, share, by: seconds * 1000.0, verdict: line.verdict })
        };
        lines.iter().filter_map(quantile).collect()
    }

    fn told(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Pass => "✓ kept",
            Verdict::Fail => "✗ broken",
            Verdict::Undecided => "? undecided",
            Verdict::NotMeasured => "– not measured",
        };
        let share = percent(self.share);
        format!("{}: {share} by {}, {verdict}", self.name, duration(self.by))
    }
}

/// What is drawn.
pub(super) struct Drawn<'a> {
    pub title: &'static str,
    /// What the times are of: `answers`.
    pub what: &'static str,
    pub spread: &'a Spread,
    pub limits: Vec<Limit>,
}

/// The figure.
pub(super) fn figure(id: String, drawn: &Drawn<'_>) -> Figure {
    let Drawn { title, what, spread, limits } = drawn;
    let all = spread.n + spread.given_up;
    let mut entries = vec![(Mark::Line("curve"), format!("share of {what} that have come"))];
    entries.extend(limits.iter().map(|limit| (Mark::Line("limit"), limit.told())));
    let mut svg = Svg::new(WIDTH, key_lines(&entries) * LINE + 12.0 + PLOT + 44.0);
    let top = key(&mut svg, 0.0, &entries) * LINE + 12.0;
    let longest = spread.ms.last().copied().unwrap_or(0.0);
    let [low, high] = ends(spread, limits);
    // Times are spread by factors: half of a second is as far from a second as that is from two.
    let frame = Frame::new([low.log10(), high.log10()], [0.0, 1.0], top, top + PLOT);
    frame.shares_on_the_left(&mut svg, 4);
    let named: Vec<(f64, String)> =
        round(low, high).into_iter().map(|ms| (ms.log10(), short(ms))).collect();
    frame.bottom_at(&mut svg, &named, "time, in equal factors");
    let points: Vec<[f64; 2]> =
        curve(spread, all, high).map(|[x, y]| frame.at(x.max(low).log10(), y)).collect();
    for (index, limit) in (0_u8..).zip(limits) {
        let [x, y] = frame.at(limit.by.max(low).log10(), limit.share);
        let bottom = top + PLOT;
        svg.line("limit", [x, bottom], [x, y]);
        svg.line("limit", [x, y], [(x + 10.0).min(frame.x.range[1]), y]);
        // At their feet, each in a line of its own.
        let foot = bottom - 6.0 - 14.0 * f64::from(index % 6);
        let (text, anchor) =
            if x > WIDTH - 60.0 { (x - 4.0, Anchor::End) } else { (x + 4.0, Anchor::Start) };
        svg.text("small strong halo", [text, foot], anchor, limit.name);
    }
    svg.path("curve", &points);
    let given_up = match spread.given_up {
        0 => String::new(),
        some => format!(" {some} more were given up and never came."),
    };
    let note = format!(
        "n = {} {what} fetched in this run: half in {}, 95% in {}, the longest {}.{given_up}",
        spread.n,
        duration(at(spread, 0.5)),
        duration(at(spread, 0.95)),
        duration(longest),
    );
    let mut table = Table::of(&["share", "had come after"]);
    for share in [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0] {
        let name = if share > 0.0 { percent(share) } else { "the first".to_owned() };
        table.rows.push(vec![name, duration(at(spread, share))]);
    }
    for limit in limits {
        table.rows.push(vec![format!("limit {}", limit.told()), duration(limit.by)]);
    }
    Figure { svg: svg.finish(&id, title, &note), id, title: (*title).to_owned(), note, table }
}

/// The share of all calls that had come after so many milliseconds, to the edge of the drawing.
#[expect(clippy::cast_precision_loss, reason = "counts of answers")]
fn curve(spread: &Spread, all: usize, end: f64) -> impl Iterator<Item = [f64; 2]> {
    let came = spread.n as f64 / all.max(1) as f64;
    // Of so few times that each is kept, each is a step; of more, lines join the percentiles.
    let steps = spread.n == spread.ms.len();
    let (count, last) = (spread.ms.len() as f64, spread.ms.len().saturating_sub(1).max(1) as f64);
    let points = spread.ms.iter().enumerate().flat_map(move |(index, ms)| {
        let index = index as f64;
        if steps {
            [[*ms, came * index / count], [*ms, came * (index + 1.0) / count]]
        } else {
            [[*ms, came * index / last]; 2]
        }
    });
    let inside = points.filter(move |point| point[0] <= end);
    // From the first time on to the last, and level from there.
    let level = spread.ms.last().filter(|ms| **ms < end).map(|_| [end, came]);
    [[0.0, 0.0]]
        .into_iter()
        .chain(spread.ms.first().map(|first| [*first, 0.0]))
        .chain(inside)
        .chain(level)
}

/// The quantile of a spread, as far as its steps tell.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place among a hundred"
)]
fn at(spread: &Spread, q: f64) -> f64 {
    let Some(last) = spread.ms.len().checked_sub(1) else { return 0.0 };
    let position = q * last as f64;
    let below = (position.floor() as usize).min(last);
    let above = (below + 1).min(last);
    spread.ms[below] + position.fract() * (spread.ms[above] - spread.ms[below])
}

/// Numbers with 1, 2 or 5 as their only digit, from the last below all times and limits to the first
/// above them.
fn ends(spread: &Spread, limits: &[Limit]) -> [f64; 2] {
    let times = [spread.ms.first(), spread.ms.last()].into_iter().flatten().copied();
    let all = times.chain(limits.iter().map(|limit| limit.by)).map(|ms| ms.max(0.1));
    let (least, most) =
        all.fold((f64::MAX, 0.1), |(least, most), ms| (f64::min(least, ms), f64::max(most, ms)));
    let round = round(0.05, 1e9);
    let below = round.iter().rev().find(|ms| **ms < least * 0.999);
    let above = round.iter().find(|ms| **ms > most * 1.001);
    [below.copied().unwrap_or(0.05), above.copied().unwrap_or(1e9)]
}

/// The numbers with 1, 2 or 5 as their only digit between these, or those with 1 where there are
/// many.
fn round(low: f64, high: f64) -> Vec<f64> {
    let inside = |ms: &f64| low * 0.999 <= *ms && *ms <= high * 1.001;
    let of = |digits: &'static [f64]| {
        let powers = (-2..=9).map(|power| 10_f64.powi(power));
        powers.flat_map(move |power| digits.iter().map(move |digit| digit * power))
    };
    let all: Vec<f64> = of(&[1.0, 2.0, 5.0]).filter(inside).collect();
    if all.len() <= 8 || high / low > 1e7 {
        return all;
    }
    of(&[1.0]).filter(inside).collect()
}

/// A round number of milliseconds.
fn short(ms: f64) -> String {
    if ms < 999.5 { format!("{ms} ms") } else { format!("{} s", ms / 1000.0) }
}
