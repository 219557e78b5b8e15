//! One measure over the nights: its numbers with their limits, what would be usual, and what is not.

use super::drawing::{Frame, apart};
use super::{symbols, words};
use crate::report::figure::{Anchor, Scale, Svg};
use crate::scorecard::history::{EndpointNight, Measure, Night};

/// Up to so many nights each has its limits drawn, and its dot.
const MOST_WHISKERS: usize = 60;
const MOST_DOTS: usize = 120;

/// A measure of an endpoint, and where it is drawn.
#[derive(Debug)]
pub(super) struct Panel<'a> {
    pub of: Measure,
    pub nights: &'a [Night],
    /// The endpoint on each night.
    pub told: &'a [Option<&'a EndpointNight>],
    /// Where the nights are.
    pub x: &'a [f64],
    pub top: f64,
    pub frame: Frame,
}

/// Draws it.
pub(super) fn panel(svg: &mut Svg, panel: &Panel<'_>, domain: [f64; 2]) {
    let y = panel.scale(domain);
    let [left, right] = panel.frame.between;
    let way = if panel.of.more_is_better() { "more is better" } else { "less is better" };
    svg.text("t-title", [0.0, panel.top + 13.0], Anchor::Start, panel.of.name());
    svg.text("t-label", [right + 8.0, panel.top + 13.0], Anchor::End, way);
    for tick in y.ticks(2) {
        let at = y.at(tick);
        svg.line("t-grid", [left - 8.0, at], [right + 8.0, at]);
        svg.text("t-label", [left - 12.0, at + 4.0], Anchor::End, &label(panel.of, tick));
    }
    bands(svg, panel, y);
    whiskers(svg, panel, y);
    line(svg, panel, y);
    dots(svg, panel, y);
    newest(svg, panel, y);
}

/// A number at the axis, as short as it is round.
fn label(of: Measure, tick: f64) -> String {
    // A tick may be a zero that came from below.
    let tick = if tick.abs() < 1e-9 { 0.0 } else { tick };
    match of {
        Measure::Brier => {
            let text = format!("{tick:.3}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Measure::LiveP50 | Measure::LiveP95 | Measure::Cost if tick == 0.0 => "0".to_owned(),
        of => words::value(of, tick),
    }
}

/// The ranges that the earlier nights make of each: an area over the nights that have one.
fn bands(svg: &mut Svg, panel: &Panel<'_>, y: Scale) {
    let mut run: Vec<(f64, [f64; 2])> = Vec::new();
    let usual = |place: usize| panel.told.get(place)?.as_ref()?.measured(panel.of)?.usual;
    for place in 0..=panel.x.len() {
        let counts = panel.nights.get(place).is_none_or(|night| night.standing.counts());
        match usual(place) {
            Some(usual) => run.push((panel.x[place], usual)),
            // A night that does not count is no gap.
            None if !counts => {}
            None => {
                band(svg, &run, y);
                run.clear();
            }
        }
    }
}

fn band(svg: &mut Svg, run: &[(f64, [f64; 2])], y: Scale) {
    let corners: Vec<[f64; 2]> = match run {
        [] => return,
        [(x, [low, high])] => {
            let (left, right) = (x - 3.0, x + 3.0);
            vec![[left, y.at(*high)], [right, y.at(*high)], [right, y.at(*low)], [left, y.at(*low)]]
        }
        run => {
            let above = run.iter().map(|(x, [_, high])| [*x, y.at(*high)]);
            let below = run.iter().rev().map(|(x, [low, _])| [*x, y.at(*low)]);
            above.chain(below).collect()
        }
    };
    svg.area("t-usual", &corners);
}

fn whiskers(svg: &mut Svg, panel: &Panel<'_>, y: Scale) {
    let all = panel.nights.len() <= MOST_WHISKERS;
    let last = panel.nights.len().saturating_sub(1);
    for (place, told) in panel.told.iter().enumerate() {
        let limits = told.and_then(|told| told.measured(panel.of)?.limits95);
        let counts = panel.nights[place].standing.counts();
        if let Some([low, high]) = limits.filter(|_| counts && (all || place == last)) {
            svg.line("t-whisker", [panel.x[place], y.at(low)], [panel.x[place], y.at(high)]);
        }
    }
}

/// From night to night, over those that count.
fn line(svg: &mut Svg, panel: &Panel<'_>, y: Scale) {
    let counted = panel.nights.iter().zip(panel.told).zip(panel.x);
    let points: Vec<[f64; 2]> = counted
        .filter(|((night, _), _)| night.standing.counts())
        .filter_map(|((_, told), x)| Some([*x, y.at((*told)?.measured(panel.of)?.value)]))
        .collect();
    if points.len() > 1 {
        svg.path("t-line", &points);
    }
}

fn dots(svg: &mut Svg, panel: &Panel<'_>, y: Scale) {
    let dense = panel.nights.len() > MOST_DOTS;
    let marks: usize = panel
        .told
        .iter()
        .flatten()
        .map(|told| told.marks.iter().filter(|mark| mark.of == panel.of).count())
        .sum();
    let radius = (0.3 * apart(panel.x)).clamp(1.2, 3.0);
    for (place, told) in panel.told.iter().enumerate() {
        let (Some(told), night, x) = (told, &panel.nights[place], panel.x[place]) else { continue };
        let Some(measured) = told.measured(panel.of) else { continue };
        let at = [x, y.at(measured.value)];
        let told_marks: Vec<_> = told.marks.iter().filter(|mark| mark.of == panel.of).collect();
        let last = place + 1 == panel.nights.len();
        let counts = night.standing.counts();
        if dense && told_marks.is_empty() && !last && counts {
            continue;
        }
        let mut sentence = format!(
            "{}: {} ({})",
            words::day(&night.started),
            words::value(panel.of, measured.value),
            words::counted_from(measured)
        );
        if let Some(reason) = night.standing.reason() {
            sentence = format!("{sentence}; not counted: {reason}");
        }
        for mark in &told_marks {
            sentence = format!("{sentence}; {}", mark.sentence);
        }
        svg.told(&sentence, |svg| {
            let class = if counts { "t-dot" } else { "t-hollow" };
            if told_marks.is_empty() {
                svg.circle(class, at, radius);
            }
            for mark in &told_marks {
                let up = mark.worse != panel.of.more_is_better();
                symbols::change(svg, at, up, mark.worse);
                if marks <= panel.frame.words {
                    let beside = [x, if up { at[1] - 11.0 } else { at[1] + 20.0 }];
                    let (class, word) = if mark.worse {
                        ("t-word-bad", "worse")
                    } else {
                        ("t-word-good", "better")
                    };
                    svg.text(class, beside, Anchor::Middle, word);
                }
            }
        });
    }
}

/// The newest value beside its dot, with what it was counted from.
fn newest(svg: &mut Svg, panel: &Panel<'_>, y: Scale) {
    let Some(measured) = panel.told.last().and_then(|told| (*told)?.measured(panel.of)) else {
        return;
    };
    let x = panel.frame.between[1] + 14.0;
    let [bottom, top] = y.range;
    let at = (y.at(measured.value) + 1.0).clamp(top + 8.0, bottom - 8.0);
    svg.text("t-value", [x, at], Anchor::Start, &words::value(panel.of, measured.value));
    svg.text("t-label", [x, at + 14.0], Anchor::Start, &words::counted_from(measured));
}
