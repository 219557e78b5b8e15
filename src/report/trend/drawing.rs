//! The nights of an endpoint: its verdicts and a small drawing for each measure, over one axis.
//!
//! Drawn twice: for wide screens, and for narrow ones with the last nights alone, so that texts keep
//! their size. The style sheet shows one of them.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use super::panel::{Panel, panel};
use super::{SuiteTrend, symbols, words};
use crate::report::figure::{Anchor, Scale, Svg};
use crate::report::text::counted;
use crate::scorecard::history::{EndpointNight, History, Measure, Night};

/// The place of a drawing on a screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Width of the drawing.
    pub width: f64,
    /// Where the oldest and the newest night may be drawn.
    pub between: [f64; 2],
    /// Most nights.
    nights: usize,
    /// Most dates on the axis.
    dates: usize,
    /// Most words at marks.
    pub words: usize,
}

const WIDE: Frame =
    Frame { width: 960.0, between: [60.0, 824.0], nights: usize::MAX, dates: 8, words: 8 };
const NARROW: Frame =
    Frame { width: 358.0, between: [62.0, 268.0], nights: 30, dates: 3, words: 2 };

/// Nights are no further apart.
const MOST_APART: f64 = 64.0;

/// Height of the lane of verdicts, with that of the flags above it.
const HEAD: f64 = 52.0;
/// Height of a measure with its title.
const PANEL: f64 = 104.0;
/// Height of the axis.
const AXIS: f64 = 26.0;

/// From so many flags on, they are not numbered in the drawing.
const MOST_FLAGS: usize = 24;

/// The endpoints of a history: those of its newest night first.
pub(super) fn endpoints(history: &History) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for night in history.nights.iter().rev() {
        for told in &night.endpoints {
            if !names.contains(&told.endpoint) {
                names.push(told.endpoint.clone());
            }
        }
    }
    names
}

/// The part of the page that is of one endpoint.
pub(super) fn section(
    suite: &SuiteTrend,
    endpoint: &str,
    place: usize,
    flags: &BTreeMap<usize, usize>,
) -> Value {
    let history = &suite.history;
    let draw = |frame: Frame, kind: &str| {
        let id = format!("{kind}-{place}");
        Value::from_safe_string(drawn(history, endpoint, &id, frame, flags))
    };
    let newest = history.nights.iter().rev().find_map(|night| of(night, endpoint));
    let many = history.nights.len();
    context! {
        endpoint,
        model => newest.map(|told| told.served.clone().unwrap_or_else(|| told.model.clone())),
        wide => draw(WIDE, "wide"),
        narrow => draw(NARROW, "narrow"),
        cut => (many > NARROW.nights).then(|| format!("the last {} of {many} nights; the table has all", NARROW.nights)),
    }
}

fn of<'a>(night: &'a Night, endpoint: &str) -> Option<&'a EndpointNight> {
    night.endpoints.iter().find(|told| told.endpoint == endpoint)
}

fn drawn(
    history: &History,
    endpoint: &str,
    id: &str,
    frame: Frame,
    flags: &BTreeMap<usize, usize>,
) -> String {
    let first = history.nights.len().saturating_sub(frame.nights);
    let nights = &history.nights[first..];
    let x = places(nights.len(), frame);
    let told: Vec<Option<&EndpointNight>> =
        nights.iter().map(|night| of(night, endpoint)).collect();
    let measures: Vec<Measure> = Measure::ALL
        .into_iter()
        .filter(|measure| told.iter().flatten().any(|told| told.measured(*measure).is_some()))
        .collect();
    let height = HEAD + PANEL * position(measures.len()) + AXIS;
    let mut svg = Svg::new(frame.width, height);
    let numbered = flags.len() <= MOST_FLAGS;
    for (place, at) in x.iter().enumerate() {
        if let Some(flag) = flags.get(&(first + place)) {
            let sentence = nights[place].events.iter().map(|event| event.sentence.as_str());
            svg.told(&sentence.collect::<Vec<_>>().join("; "), |svg| {
                svg.line("t-flag", [*at, 18.0], [*at, height - AXIS]);
                if numbered {
                    svg.text("t-number", [*at, 12.0], Anchor::Middle, &flag.to_string());
                }
            });
        }
    }
    for (at, (night, told)) in x.iter().zip(nights.iter().zip(&told)) {
        if let Some(told) = told {
            let words = format!("{}: {}", words::day(&night.started), told.verdict.word());
            let size = (0.4 * apart(&x)).clamp(1.2, 4.0);
            svg.told(&words, |svg| symbols::verdict(svg, [*at, 32.0], size, told.verdict));
        }
    }
    svg.text(
        "t-label",
        [0.0, 36.0],
        Anchor::Start,
        if frame.width > 500.0 { "verdict" } else { "" },
    );
    for (place, measure) in measures.iter().enumerate() {
        let top = HEAD + PANEL * position(place);
        let panel_of = Panel { of: *measure, nights, told: &told, x: &x, top, frame };
        panel(&mut svg, &panel_of, domain(history, *measure));
    }
    axis(&mut svg, nights, &x, height - AXIS, frame);
    svg.finish(
        id,
        &format!("{} by night at {endpoint}", history.suite),
        &description(nights, &told, &measures),
    )
}

/// Where the nights are: the newest at the right end.
fn places(nights: usize, frame: Frame) -> Vec<f64> {
    let [left, right] = frame.between;
    let steps = position(nights.saturating_sub(1)).max(1.0);
    let step = ((right - left) / steps).min(MOST_APART);
    (0..nights).map(|night| right - position(nights - 1 - night) * step).collect()
}

/// How far two nights are apart.
pub(super) fn apart(x: &[f64]) -> f64 {
    x.windows(2).next().map_or(MOST_APART, |two| two[1] - two[0])
}

/// One scale for all endpoints, so that they can be compared. Shares of what is bad, times and
/// amounts begin at 0.
fn domain(history: &History, of: Measure) -> [f64; 2] {
    let any = history.nights.iter().any(|night| night.standing.counts());
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for night in &history.nights {
        // Half a night has wide limits, and nobody needs them.
        let whole = night.standing.counts() || !any;
        for measured in night.endpoints.iter().filter_map(|told| told.measured(of)) {
            let limits = measured.limits95.filter(|_| whole);
            for value in limits.into_iter().flatten().chain([measured.value]) {
                low = low.min(value);
                high = high.max(value);
            }
        }
    }
    let room = (0.1 * (high - low)).max(1e-9);
    match of {
        Measure::Accuracy => [(low - room).max(0.0), (high + room).min(1.0)],
        Measure::Brier => [(low - room).max(0.0), high + room],
        Measure::ConfidentWrong => [0.0, (high * 1.1).clamp(0.01, 1.0)],
        Measure::LiveP50 | Measure::LiveP95 | Measure::Cost => [0.0, (high * 1.1).max(1e-9)],
    }
}

fn axis(svg: &mut Svg, nights: &[Night], x: &[f64], top: f64, frame: Frame) {
    let Some(last) = nights.len().checked_sub(1) else { return };
    let every = nights.len().div_ceil(frame.dates).max(1);
    for (place, (night, at)) in nights.iter().zip(x).enumerate() {
        if (last - place).is_multiple_of(every) {
            svg.line("t-rule", [*at, top], [*at, top + 4.0]);
            let day = words::short_day(&night.started);
            svg.text("t-label", [*at, top + 17.0], Anchor::Middle, &day);
        }
    }
}

/// What is to be seen, for who cannot.
fn description(nights: &[Night], told: &[Option<&EndpointNight>], measures: &[Measure]) -> String {
    let mut parts = vec![format!("{}, the newest at the right.", counted(nights.len(), "night"))];
    if let Some(newest) = told.iter().flatten().next_back() {
        for measured in measures.iter().filter_map(|measure| newest.measured(*measure)) {
            let value = words::value(measured.of, measured.value);
            parts.push(format!(
                "{}: {value} ({}).",
                measured.of.name(),
                words::counted_from(measured)
            ));
        }
    }
    let marks: usize = told.iter().flatten().map(|told| told.marks.len()).sum();
    parts.push(format!("{} marked; the table below has every number.", counted(marks, "change")));
    parts.join(" ")
}

#[expect(clippy::cast_precision_loss, reason = "nights are few")]
fn position(night: usize) -> f64 {
    night as f64
}

impl Panel<'_> {
    /// The scale of a measure in its place.
    pub(super) fn scale(&self, domain: [f64; 2]) -> Scale {
        Scale { domain, range: [self.top + PANEL - 14.0, self.top + 24.0] }
    }
}
