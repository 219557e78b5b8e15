//! The frame of a plot: two scales, their round numbers, and the key above it.

use crate::gate::percent;

use super::words::{fitted, units};
use super::{Anchor, Scale, Svg};

/// Width of a figure of the page, in units.
pub(super) const WIDTH: f64 = 420.0;
/// From one line of text to the next.
pub(super) const LINE: f64 = 17.0;

/// A field with a scale on either side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// From left to right.
    pub x: Scale,
    /// From bottom to top.
    pub y: Scale,
}

impl Frame {
    /// A field with room for numbers on its left, from `top` to `bottom`.
    pub(super) fn new(x: [f64; 2], y: [f64; 2], top: f64, bottom: f64) -> Frame {
        Frame {
            x: Scale { domain: x, range: [44.0, WIDTH - 14.0] },
            y: Scale { domain: y, range: [bottom, top] },
        }
    }

    /// The place of a point.
    pub(super) fn at(&self, x: f64, y: f64) -> [f64; 2] {
        [self.x.at(x), self.y.at(y)]
    }

    /// Lines across at round numbers of the left scale, which are shares, with their names.
    pub(super) fn shares_on_the_left(&self, svg: &mut Svg, wanted: u32) {
        let [left, right] = self.x.range;
        for tick in self.y.ticks(wanted) {
            let y = self.y.at(tick);
            svg.line("grid", [left, y], [right, y]);
            svg.text("quiet", [left - 6.0, y + 4.0], Anchor::End, &percent(tick));
        }
    }

    /// The bottom line with round numbers below it and what they are.
    pub(super) fn bottom(
        &self,
        svg: &mut Svg,
        wanted: u32,
        name: &str,
        shown: impl Fn(f64) -> String,
    ) {
        let ticks = self.x.ticks(wanted).into_iter();
        let named: Vec<(f64, String)> = ticks.map(|tick| (tick, shown(tick))).collect();
        self.bottom_at(svg, &named, name);
    }

    /// The same with numbers of one's own.
    pub(super) fn bottom_at(&self, svg: &mut Svg, named: &[(f64, String)], name: &str) {
        let ([left, right], bottom) = (self.x.range, self.y.range[0]);
        svg.line("axis", [left, bottom], [right, bottom]);
        for (tick, text) in named {
            let x = self.x.at(*tick);
            svg.line("axis", [x, bottom], [x, bottom + 4.0]);
            // The outermost names stay inside of the drawing.
            let half = units(text) / 2.0;
            let x = x.clamp(half, WIDTH - half);
            svg.text("quiet", [x, bottom + 17.0], Anchor::Middle, text);
        }
        let middle = f64::midpoint(left, right);
        svg.text("quiet", [middle, bottom + 34.0], Anchor::Middle, name);
    }
}

/// The mark of an entry of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A line of this class.
    Line(&'static str),
    /// A patch of this class.
    Patch(&'static str),
    /// A disc with an interval.
    Bin,
    /// A disc.
    Dot,
    /// A square on its corner.
    Diamond,
}

/// How many lines a key takes.
pub(super) fn key_lines(entries: &[(Mark, String)]) -> f64 {
    key(&mut Svg::new(WIDTH, LINE), 0.0, entries)
}

/// Entries of a key from left to right, each a mark with its text; a new line where one has no room.
/// Returns how many lines there are.
pub(super) fn key(svg: &mut Svg, top: f64, entries: &[(Mark, String)]) -> f64 {
    let (mut x, mut y) = (0.0, top + 12.0);
    for (mark, text) in entries {
        let text = fitted(text, WIDTH - 24.0);
        let wide = 24.0 + units(&text);
        if x > 0.0 && x + wide > WIDTH {
            (x, y) = (0.0, y + LINE);
        }
        let middle = y - 4.0;
        match mark {
            Mark::Line(class) => svg.line(class, [x, middle], [x + 18.0, middle]),
            Mark::Patch(class) => svg.rect(class, [x, middle - 5.0], [18.0, 10.0]),
            Mark::Bin => {
                svg.line("interval", [x + 9.0, middle - 6.0], [x + 9.0, middle + 6.0]);
                svg.circle("dot", [x + 9.0, middle], 3.0);
            }
            Mark::Dot => svg.circle("dot", [x + 9.0, middle], 4.0),
            Mark::Diamond => diamond(svg, "diamond", [x + 9.0, middle], 5.5),
        }
        svg.text("", [x + 23.0, y], Anchor::Start, &text);
        x += wide + 14.0;
    }
    (y - top - 12.0) / LINE + 1.0
}

/// A square on its corner.
pub(super) fn diamond(svg: &mut Svg, class: &str, [x, y]: [f64; 2], reach: f64) {
    svg.area(class, &[[x, y - reach], [x + reach, y], [x, y + reach], [x - reach, y]]);
}

/// The first round number from 1, 1.5, 2, 3, 4, 5, 6, 8 and 10 times a power of ten that is at least
/// this; 1 for what is not above 0.
pub(super) fn nice(most: f64) -> f64 {
    if !(most > 0.0 && most.is_finite()) {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.map(|step| step * power).into_iter().find(|nice| *nice >= most * 0.9999).unwrap_or(most)
}

/// The same of a share: at most 1.
pub(super) fn nice_share(most: f64) -> f64 {
    nice(most.max(0.02)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nice_numbers_are_round_and_large_enough() {
        let shown = [0.0, 0.07, 0.11, 0.62, 1.0, 1234.0].map(|most| format!("{:.3}", nice(most)));
        assert_eq!(shown, ["1.000", "0.080", "0.150", "0.800", "1.000", "1500.000"]);
        assert_eq!([0.9, 0.0].map(|most| format!("{:.2}", nice_share(most))), ["1.00", "0.02"]);
    }

    #[test]
    fn a_key_takes_as_many_lines_as_it_needs() {
        let mut svg = Svg::new(WIDTH, 50.0);
        let entry = |text: &str| (Mark::Dot, text.to_owned());
        assert!((key(&mut svg, 0.0, &[entry("a"), entry("b")]) - 1.0).abs() < 1e-9);
        let long = "a text that takes more than half of the width";
        assert!((key(&mut svg, 0.0, &[entry(long), entry(long)]) - 2.0).abs() < 1e-9);
    }
}
