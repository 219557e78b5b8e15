//! Is confidence right? The reliability diagram without chosen bins (CORP), where chance alone would
//! put it, the usual bins with their limits, and how often each confidence was stated.

use crate::gate::percent;
use crate::report::text::counted;
use crate::scorecard::{Reliability, SourceCard};

use super::frame::{Frame, LINE, Mark, WIDTH, key, key_lines};
use super::words::fitted;
use super::{Anchor, Figure, Scale, Svg, Table};

/// Height of the diagram, and of the histogram below it.
const PLOT: f64 = 250.0;
const BELOW: f64 = 46.0;

/// Stretches of the fit that are drawn; of more, neighbours become one.
const STRETCHES: usize = 300;

/// The figure.
pub(super) fn figure(id: String, source: &SourceCard, drawn: &Reliability) -> Figure {
    let exact = drawn.bins.iter().all(|limits| limits.exact);
    let limits = if exact { "exact 95% interval" } else { "95% interval" };
    let bins = counted(drawn.bins.len(), "bin");
    let entries = [
        (Mark::Line("curve"), "right, rising fit".to_owned()),
        (Mark::Patch("band"), "what chance makes of right confidence, 95%".to_owned()),
        (Mark::Bin, format!("{bins}, {limits}")),
        (Mark::Line("diagonal"), "calibrated".to_owned()),
    ];
    let mut svg = Svg::new(WIDTH, key_lines(&entries) * LINE + PLOT + BELOW + 57.0);
    let top = key(&mut svg, 0.0, &entries) * LINE + 12.0;
    let frame = Frame::new([0.0, 1.0], [0.0, 1.0], top, top + PLOT);
    frame.shares_on_the_left(&mut svg, 5);
    band(&mut svg, &frame, drawn);
    svg.line("diagonal", frame.at(0.0, 0.0), frame.at(1.0, 1.0));
    for limits in &drawn.bins {
        let (bin, [lower, upper]) = (limits.bin, limits.interval95);
        let told = format!(
            "{} of {} right at {} on average",
            bin.correct,
            bin.n,
            percent(bin.mean_confidence)
        );
        svg.told(&told, |svg| {
            let [x, y] = frame.at(bin.mean_confidence, bin.accuracy);
            svg.line("interval", [x, frame.y.at(lower)], [x, frame.y.at(upper)]);
            svg.circle("dot", [x, y], 3.0);
        });
    }
    curve(&mut svg, &frame, drawn);
    histogram(&mut svg, &frame, drawn, top + PLOT + 8.0);
    let title = "Reliability: how often answers are right, by how sure they were";
    let outside = outside(drawn);
    let of = drawn.band.len();
    let seen = match outside {
        0 => "The fit stays inside the band: chance alone could look so.".to_owned(),
        all if all == of => "The fit is outside the band everywhere.".to_owned(),
        some => format!("The fit leaves the band at {some} of {of} places."),
    };
    let gap = source.overconfidence_gap.unwrap_or(0.0) * 100.0;
    let (stated, right) =
        [source.mean_confidence, source.accuracy].map(|share| share.unwrap_or(0.0)).into();
    let note = format!(
        "n = {}, confidence by {}: {} on average, right {} ({gap:+.1} points). {seen}",
        drawn.n,
        fitted(&source.source, 400.0),
        percent(stated),
        percent(right),
    );
    Figure {
        svg: svg.finish(&id, title, &note),
        id,
        title: title.to_owned(),
        note,
        table: table(drawn),
    }
}

fn band(svg: &mut Svg, frame: &Frame, drawn: &Reliability) {
    let lower = drawn.band.iter().map(|at| frame.at(at.confidence, at.lower));
    let upper = drawn.band.iter().rev().map(|at| frame.at(at.confidence, at.upper));
    if let [only] = drawn.band[..] {
        let [x, low] = frame.at(only.confidence, only.lower);
        let high = frame.y.at(only.upper);
        svg.rect("band", [x - 5.0, high], [10.0, low - high]);
    } else {
        svg.area("band", &lower.chain(upper).collect::<Vec<_>>());
    }
}

/// Level along each stretch, and straight from one to the next.
fn curve(svg: &mut Svg, frame: &Frame, drawn: &Reliability) {
    let each = drawn.curve.len().div_ceil(STRETCHES).max(1);
    let mut points = Vec::new();
    for stretches in drawn.curve.chunks(each) {
        let (first, last) = (stretches[0], stretches[stretches.len() - 1]);
        points.push(frame.at(first.low, first.share));
        points.push(frame.at(last.high, last.share));
    }
    if let [only] = drawn.curve[..]
        && only.low.to_bits() == only.high.to_bits()
    {
        let [x, y] = frame.at(only.low, only.share);
        points = vec![[x - 7.0, y], [x + 7.0, y]];
    }
    points.dedup();
    svg.path("curve", &points);
}

/// How many answers were how sure, below the diagram and on its scale.
fn histogram(svg: &mut Svg, frame: &Frame, drawn: &Reliability, top: f64) {
    let most = drawn.parts.iter().map(|part| part.n).max().unwrap_or(1);
    let room = LINE - 3.0;
    #[expect(clippy::cast_precision_loss, reason = "counts of answers")]
    let height = |n: usize| (BELOW - room) * n as f64 / most as f64;
    let bottom = top + BELOW;
    let mut told = false;
    for part in &drawn.parts {
        let [left, right] = [part.low, part.high].map(|edge| frame.x.at(edge));
        let high = height(part.n).max(1.0);
        svg.told(&counted(part.n, "answer"), |svg| {
            svg.rect("bar", [left + 0.5, bottom - high], [right - left - 1.0, high]);
        });
        if part.n == most && !told {
            told = true;
            let middle = f64::midpoint(left, right).min(WIDTH - 24.0);
            svg.text("", [middle, bottom - high - 3.0], Anchor::Middle, &part.n.to_string());
        }
    }
    svg.text("quiet", [38.0, bottom], Anchor::End, "n");
    let below = Frame { x: frame.x, y: Scale { domain: [0.0, 1.0], range: [bottom, top] } };
    below.bottom(svg, 5, "confidence", percent);
}

/// At how many places of the band the fit is outside of it.
fn outside(drawn: &Reliability) -> usize {
    let share = |confidence: f64| {
        let at = drawn.curve.partition_point(|stretch| stretch.high < confidence);
        drawn.curve.get(at).map_or(1.0, |stretch| stretch.share)
    };
    let places = drawn.band.iter();
    let outside = places.filter(|at| {
        let share = share(at.confidence);
        share < at.lower - 1e-9 || share > at.upper + 1e-9
    });
    outside.count()
}

fn table(drawn: &Reliability) -> Table {
    let mut table = Table::of(&["confidence", "n", "right", "share right", "95% interval"]);
    for limits in &drawn.bins {
        let (bin, [lower, upper]) = (limits.bin, limits.interval95);
        table.rows.push(vec![
            percent(bin.mean_confidence),
            bin.n.to_string(),
            bin.correct.to_string(),
            percent(bin.accuracy),
            format!("{} to {}", percent(lower), percent(upper)),
        ]);
    }
    table
}
