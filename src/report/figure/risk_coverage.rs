//! What is gained by answering only where the model is sure: errors against the share of questions
//! that are answered, the surest first.

use crate::gate::percent;
use crate::scorecard::{Advice, Lacking, Point, RiskCurve};

use super::frame::{Frame, LINE, Mark, WIDTH, diamond, key, key_lines, nice_share};
use super::{Figure, Svg, Table};

const PLOT: f64 = 210.0;

/// Answers at the sure end of which nothing is said: the share of errors of a handful is chance.
const HANDFUL: usize = 5;

/// The figure. What is advised promises nothing where the run ended because of its answers.
pub(super) fn figure(id: String, curve: &RiskCurve, decided_early: bool) -> Figure {
    let RiskCurve { advice, at_threshold } = curve;
    let advised = advice.decisive().at;
    let kept = if advised.is_some() && !decided_early { "promised" } else { "wanted" };
    let mut entries = vec![
        (Mark::Line("curve"), "wrong among the answered".to_owned()),
        (Mark::Line("promise"), format!("{kept}: at most {}", percent(advice.max_error))),
    ];
    if let Some(point) = at_threshold {
        entries.push((Mark::Diamond, format!("suite, {}", told(point))));
    }
    entries.extend(advised.map(|point| (Mark::Dot, format!("advised, {}", told(&point)))));
    let mut svg = Svg::new(WIDTH, key_lines(&entries) * LINE + 12.0 + PLOT + 44.0);
    let top = key(&mut svg, 0.0, &entries) * LINE + 12.0;
    let shown: Vec<&Point> =
        advice.curve.iter().filter(|point| point.answered >= HANDFUL).collect();
    let shown = if shown.is_empty() { advice.curve.iter().collect() } else { shown };
    let marked = at_threshold.iter().chain(advised.iter());
    let errors = shown.iter().copied().chain(marked).filter_map(|point| point.error);
    let end = nice_share(errors.fold(advice.max_error, f64::max) * 1.05);
    let frame = Frame::new([0.0, 1.0], [0.0, end], top, top + PLOT);
    frame.shares_on_the_left(&mut svg, 5);
    frame.bottom(&mut svg, 5, "share answered, the surest first", percent);
    let level = frame.y.at(advice.max_error);
    svg.line("promise", [frame.x.range[0], level], [frame.x.range[1], level]);
    let at = |point: &Point| Some(frame.at(point.coverage, point.error?));
    let points: Vec<[f64; 2]> = shown.iter().filter_map(|point| at(point)).collect();
    svg.path("curve", &points);
    for (point, place) in shown.iter().zip(&points) {
        svg.told(&told(point), |svg| svg.circle("touch", *place, 5.0));
    }
    if let Some((point, place)) = at_threshold.as_ref().and_then(|at_it| Some((at_it, at(at_it)?)))
    {
        svg.told(&told(point), |svg| diamond(svg, "diamond", place, 6.0));
    }
    if let Some((point, place)) = advised.as_ref().and_then(|found| Some((found, at(found)?))) {
        svg.told(&told(point), |svg| svg.circle("dot", place, 4.5));
    }
    let title = "Risk and coverage: what answering only the surest is worth";
    let note = note(advice, advised.as_ref(), decided_early);
    let table = table(curve, advised.as_ref());
    Figure { svg: svg.finish(&id, title, &note), id, title: title.to_owned(), note, table }
}

/// A point in a few words.
fn told(point: &Point) -> String {
    let threshold = shown(point.threshold);
    let Point { answered, wrong, .. } = point;
    format!("≥ {threshold}: {wrong} of {answered} wrong, {} answered", percent(point.coverage))
}

/// A threshold without zeros that say nothing.
fn shown(threshold: f64) -> String {
    let text = format!("{threshold:.5}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn note(advice: &Advice, advised: Option<&Point>, decided_early: bool) -> String {
    let (n, level) = (advice.n, percent(advice.level));
    let of = if n < advice.answers {
        format!("n = {n}, one of each case or group of {} answers", advice.answers)
    } else {
        format!("n = {n}")
    };
    let (most, small) =
        (percent(advice.max_error), advice.curve.first().map_or(0, |at| at.answered));
    let found = match advised {
        _ if decided_early => "The run was decided early, so that nothing is promised.".to_owned(),
        Some(point) => format!(
            "Answering from {} on, at most {most} of what is answered is wrong, with {level} confidence.",
            shown(point.threshold)
        ),
        None => {
            let would = match advice.decisive().lacking {
                Some(Lacking::Answers(n)) => format!("; about {n} independent answers would do"),
                _ => String::new(),
            };
            format!(
                "No threshold can promise at most {most} wrong, with {level} confidence{would}."
            )
        }
    };
    let handful = if small > 0 && small < HANDFUL {
        format!(" Fewer than {HANDFUL} answers are not drawn.")
    } else {
        String::new()
    };
    format!("{of}. {found}{handful}")
}

fn table(curve: &RiskCurve, advised: Option<&Point>) -> Table {
    let mut table =
        Table::of(&["", "answered from", "answered", "share answered", "wrong", "share wrong"]);
    let mut row = |name: &str, point: &Point| {
        table.rows.push(vec![
            name.to_owned(),
            shown(point.threshold),
            point.answered.to_string(),
            percent(point.coverage),
            point.wrong.to_string(),
            point.error.map_or_else(|| "n/a".to_owned(), percent),
        ]);
    };
    if let Some(point) = &curve.at_threshold {
        row("the suite's threshold", point);
    }
    if let Some(point) = advised {
        row("advised", point);
    }
    // Every tenth of the answers is enough of a table.
    let mut tenth = 0.0;
    for point in &curve.advice.curve {
        if point.coverage >= tenth - 1e-9 {
            row("", point);
            tenth = (point.coverage * 10.0).floor() / 10.0 + 0.1;
        }
    }
    table
}
