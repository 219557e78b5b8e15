//! Marks that tell by their shape what they tell by their colour.

use crate::report::figure::Svg;
use crate::scorecard::history::Verdict;

/// The class of a verdict's mark.
pub(super) fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "t-good",
        Verdict::Failed => "t-bad",
        Verdict::NotMeasured => "t-none",
    }
}

/// The sign of a verdict in text.
pub(super) fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "●",
        Verdict::Failed => "✕",
        Verdict::NotMeasured => "□",
    }
}

/// Draws the mark of a verdict.
pub(super) fn verdict(svg: &mut Svg, at: [f64; 2], size: f64, verdict: Verdict) {
    let [x, y] = at;
    let (class, r) = (class(verdict), size);
    match verdict {
        Verdict::Passed => svg.circle(class, at, r),
        Verdict::Failed => {
            svg.line(class, [x - r, y - r], [x + r, y + r]);
            svg.line(class, [x - r, y + r], [x + r, y - r]);
        }
        Verdict::NotMeasured => svg.rect(class, [x - r, y - r], [2.0 * r, 2.0 * r]),
    }
}

/// Draws the mark of a change: a triangle that points the way the number went.
pub(super) fn change(svg: &mut Svg, at: [f64; 2], up: bool, worse: bool) {
    let [x, y] = at;
    let tip = if up { -7.0 } else { 7.0 };
    let class = if worse { "t-worse" } else { "t-better" };
    svg.area(class, &[[x, y + tip], [x + 6.5, y - 0.6 * tip], [x - 6.5, y - 0.6 * tip]]);
}
