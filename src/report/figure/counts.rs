//! Counts as bars, a row each: the name, the bar, the count, and what else is to be said of it.

use super::frame::WIDTH;
use super::words::fitted;
use super::{Anchor, Figure, Scale, Svg, Table};

const ROW: f64 = 22.0;
/// Where names end and where counts begin.
const NAMES: f64 = 118.0;
const COUNTS: f64 = 306.0;
/// Room of a count.
const COUNT: f64 = 58.0;

/// A count.
pub(super) struct Row {
    pub name: String,
    /// How its bar is painted.
    pub class: &'static str,
    /// How long its bar is, in any unit that all rows share.
    pub size: f64,
    /// The count as people read it.
    pub count: String,
    /// What stands at the end of the row.
    pub beside: String,
}

/// The figure of these rows.
pub(super) fn figure(
    id: String,
    title: &str,
    note: String,
    head: [&str; 3],
    rows: &[Row],
) -> Figure {
    let most = rows.iter().map(|row| row.size).fold(0.0, f64::max);
    let scale = Scale { domain: [0.0, most.max(1e-12)], range: [NAMES + 8.0, COUNTS - 8.0] };
    let height = f64::from(u8::try_from(rows.len()).unwrap_or(u8::MAX)) * ROW;
    let mut svg = Svg::new(WIDTH, height + 4.0);
    let mut table = Table::of(&head);
    let mut y = 2.0;
    for Row { name, class, size, count, beside } in rows {
        svg.text("", [NAMES, y + 15.0], Anchor::End, &fitted(name, NAMES));
        let [from, to] = [0.0, *size].map(|size| scale.at(size));
        svg.rect(class, [from, y + 4.0], [(to - from).max(1.5), ROW - 8.0]);
        svg.text("", [COUNTS, y + 15.0], Anchor::Start, &fitted(count, COUNT));
        let room = WIDTH - COUNTS - COUNT;
        svg.text("quiet", [WIDTH, y + 15.0], Anchor::End, &fitted(beside, room));
        table.rows.push(vec![name.clone(), count.clone(), beside.clone()]);
        y += ROW;
    }
    svg.line("axis", [scale.range[0], 2.0], [scale.range[0], height + 2.0]);
    let svg = svg.finish(&id, title, &note);
    Figure { svg, id, title: title.to_owned(), note, table }
}
