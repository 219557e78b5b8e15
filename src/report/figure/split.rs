//! Confidence of right and of wrong answers, one above the other: where they overlap, confidence
//! does not tell them apart, and what is wrong beyond the threshold is confidently wrong.

use crate::gate::percent;
use crate::scorecard::{BinCard, ConfidentWrongCard, SourceCard};

use super::frame::{Frame, LINE, WIDTH};
use super::words::units;
use super::{Anchor, Figure, Svg, Table};

/// Height of either half.
const HALF: f64 = 92.0;

/// The figure; `parts` are the answers by confidence, `card` those at the suite's threshold. None
/// without answers.
pub(super) fn figure(
    id: String,
    source: &SourceCard,
    card: &ConfidentWrongCard,
    parts: &[BinCard],
    threshold: f64,
) -> Option<Figure> {
    let right: usize = parts.iter().map(|part| part.correct).sum();
    let wrong = source.n - right;
    if source.n == 0 {
        return None;
    }
    let sure_right = card.confident - card.wrong;
    let counts = [right - sure_right, sure_right, wrong - card.wrong, card.wrong];
    let most = parts.iter().map(|part| part.correct.max(part.n - part.correct)).max().unwrap_or(1);
    let (top, middle) = (LINE + 6.0, LINE + 6.0 + HALF);
    let bottom = middle + HALF;
    let mut svg = Svg::new(WIDTH, bottom + LINE + 46.0);
    let frame = Frame::new([0.0, 1.0], [0.0, 1.0], top, bottom + LINE + 6.0);
    let [left, end] = frame.x.range;
    let ends =
        [("right", 12.0, counts[0], counts[1]), ("wrong", bottom + 14.0, counts[2], counts[3])];
    for (name, y, unsure, sure) in ends {
        svg.text("strong", [0.0, y], Anchor::Start, name);
        svg.text("", [left + 8.0, y], Anchor::Start, &format!("{unsure} below {threshold}"));
        let class = if name == "wrong" && sure > 0 { "strong wrong" } else { "" };
        let sure = match (name, sure) {
            ("wrong", sure) => format!("{sure} confidently wrong, ≥ {threshold}"),
            (_, sure) => format!("{sure} at ≥ {threshold}"),
        };
        svg.text(class, [end, y], Anchor::End, &sure);
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of answers")]
    let height = |n: usize| (HALF - 14.0) * n as f64 / most as f64;
    for up in [true, false] {
        let count = |part: &BinCard| if up { part.correct } else { part.n - part.correct };
        // The largest are named first, as long as no name stands on another.
        let mut parts: Vec<&BinCard> = parts.iter().filter(|part| count(part) > 0).collect();
        parts.sort_by_key(|part| std::cmp::Reverse(count(part)));
        let mut named: Vec<[f64; 2]> = Vec::new();
        for part in parts {
            let (n, high) = (count(part), height(count(part)).max(1.0));
            let [from, to] = [part.low, part.high].map(|edge| frame.x.at(edge));
            let confident = !up && part.low >= threshold - 1e-9;
            let class = if up {
                "bar"
            } else if confident {
                "bar-bad"
            } else {
                "bar-wrong"
            };
            let y = if up { middle - high } else { middle };
            svg.rect(class, [from + 0.5, y], [to - from - 1.0, high]);
            let (text, at) = (n.to_string(), f64::midpoint(from, to));
            let half = units(&text) / 2.0 + 1.0;
            let place = [at - half, at + half];
            if named.iter().all(|other| place[1] <= other[0] || other[1] <= place[0]) {
                let y = if up { middle - high - 3.0 } else { middle + high + 11.0 };
                svg.text("small", [at, y], Anchor::Middle, &text);
                named.push(place);
            }
        }
    }
    svg.line("axis", [left, middle], [end, middle]);
    let x = frame.x.at(threshold);
    svg.line("limit", [x, top], [x, bottom]);
    frame.bottom(&mut svg, 5, "confidence", percent);
    let title = "Confidence of right and of wrong answers";
    let note = format!(
        "n = {}: {right} right, {wrong} wrong. At confidence ≥ {threshold}, {} of {} are wrong. {}",
        source.n,
        card.wrong,
        card.confident,
        source.auroc.map_or_else(
            || "With one kind alone there is nothing to tell apart.".to_owned(),
            |auroc| format!(
                "A right answer is surer than a wrong one in {} of pairs (AUROC; 50% is chance).",
                percent(auroc)
            )
        )
    );
    let mut table = Table::of(&["confidence", "right", "wrong"]);
    for part in parts {
        let from = format!("{} to {}", percent(part.low), percent(part.high));
        let wrong = part.n - part.correct;
        table.rows.push(vec![from, part.correct.to_string(), wrong.to_string()]);
    }
    let svg = svg.finish(&id, title, &note);
    Some(Figure { svg, id, title: title.to_owned(), note, table })
}
