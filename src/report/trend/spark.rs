//! A history as large as a word: the rate of confident wrong answers over the last nights.

use super::words;
use crate::report::figure::{Scale, Svg};
use crate::scorecard::history::{History, Measure};

/// Nights drawn.
const NIGHTS: usize = 30;

const SIZE: [f64; 2] = [190.0, 34.0];

/// The drawing; none where no night has a rate.
pub(super) fn spark(history: &History, place: usize) -> Option<String> {
    let first = history.nights.len().saturating_sub(NIGHTS);
    let nights: Vec<_> =
        history.nights[first..].iter().filter(|night| night.standing.counts()).collect();
    let endpoints = super::drawing::endpoints(history);
    let lines: Vec<Vec<Option<f64>>> = endpoints
        .iter()
        .map(|endpoint| {
            let value = |night: &&crate::scorecard::history::Night| {
                let told = night.endpoints.iter().find(|told| told.endpoint == *endpoint)?;
                Some(told.measured(Measure::ConfidentWrong)?.value)
            };
            nights.iter().map(value).collect()
        })
        .collect();
    let most = lines.iter().flatten().flatten().copied().reduce(f64::max)?;
    let x = Scale { domain: [0.0, position(NIGHTS - 1)], range: [4.0, SIZE[0] - 58.0] };
    let y = Scale { domain: [0.0, most.max(0.01)], range: [SIZE[1] - 4.0, 4.0] };
    let mut svg = Svg::new(SIZE[0], SIZE[1]);
    svg.line("t-rule", [4.0, SIZE[1] - 4.0], [SIZE[0] - 58.0, SIZE[1] - 4.0]);
    let mut newest: Option<f64> = None;
    for line in &lines {
        let shift = NIGHTS - line.len();
        let points: Vec<[f64; 2]> = line
            .iter()
            .enumerate()
            .filter_map(|(night, rate)| Some([x.at(position(night + shift)), y.at((*rate)?)]))
            .collect();
        svg.path("t-line", &points);
        if let (Some(point), Some(Some(rate))) = (points.last(), line.last()) {
            svg.circle("t-dot", *point, 2.6);
            newest = Some(newest.map_or(*rate, |known| known.max(*rate)));
        }
    }
    if let Some(rate) = newest {
        let at = [SIZE[0] - 48.0, y.at(rate).clamp(13.0, SIZE[1] - 5.0) + 4.0];
        svg.text("t-value", at, crate::report::figure::Anchor::Start, &words::share(rate));
    }
    let told = newest.map_or_else(|| "unknown".to_owned(), words::share);
    Some(svg.finish(
        &format!("spark-{place}"),
        "Rate of confident wrong answers",
        &format!("The last {} nights, the newest at {told}; the scale begins at 0.", nights.len()),
    ))
}

#[expect(clippy::cast_precision_loss, reason = "nights are few")]
fn position(night: usize) -> f64 {
    night as f64
}
