//! The risk–coverage curve in characters: how often answers are wrong against how many are given.

use crate::scorecard::Point;

/// Rows above the axis.
const ROWS: usize = 9;
/// Columns of the plot.
const COLUMNS: usize = 49;

/// Lines of the diagram, without indentation: the curve, the largest error that is promised, and the
/// advised point. The scale ends at the first of 10, 20, 50 and 100 % that holds everything.
pub(super) fn risk_curve(
    curve: &[Point],
    advised: Option<&Point>,
    max_error: f64,
    of_all: bool,
    unicode: bool,
) -> Vec<String> {
    let risk = |point: &Point| if of_all { Some(point.error_of_all) } else { point.error };
    let most = curve.iter().filter_map(risk).fold(max_error, f64::max);
    let top = [0.1, 0.2, 0.5].into_iter().find(|top| most <= *top).unwrap_or(1.0);
    let row = |share: f64| ROWS - 1 - position(share / top, ROWS);
    let (mark, here, limit) = if unicode { ('●', '◆', '┄') } else { ('o', '#', '-') };
    let mut cells = vec![vec![' '; COLUMNS]; ROWS];
    cells[row(max_error)] = vec![limit; COLUMNS];
    for point in curve {
        if let Some(risk) = risk(point) {
            cells[row(risk)][position(point.coverage, COLUMNS)] = mark;
        }
    }
    if let Some((point, risk)) = advised.and_then(|point| Some((point, risk(point)?))) {
        cells[row(risk)][position(point.coverage, COLUMNS)] = here;
    }
    let (tick, wall, corner, line) =
        if unicode { ('┤', '│', '┼', '─') } else { ('+', '|', '+', '-') };
    let mut lines = Vec::with_capacity(ROWS + 2);
    for (index, cells) in cells.iter().enumerate() {
        let label = match ROWS - 1 - index {
            8 => format!("{:>3}% ", 100.0 * top),
            4 => format!("{:>3}% ", 50.0 * top),
            0 => "  0% ".to_owned(),
            _ => "     ".to_owned(),
        };
        let wall = if label.trim().is_empty() { wall } else { tick };
        let cells: String = cells.iter().collect();
        lines.push(format!("{label}{wall}{}", cells.trim_end()));
    }
    lines.push(format!("     {corner}{}", String::from(line).repeat(COLUMNS)));
    let half = COLUMNS / 4;
    let advised = advised.map_or_else(String::new, |_| format!("  {here} advised"));
    lines.push(format!(
        "     0%{:>width$}{:>half$}{:>half$}{:>half$}{advised}",
        "25%",
        "50%",
        "75%",
        "100%",
        width = half - 1
    ));
    lines
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share in 0..1 becomes a position in the plot"
)]
fn position(share: f64, of: usize) -> usize {
    ((share * (of - 1) as f64).round() as usize).min(of - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(coverage: f64, error: f64) -> Point {
        Point {
            threshold: 1.0 - coverage,
            answered: 1,
            wrong: 0,
            coverage,
            error: Some(error),
            error_of_all: error * coverage,
        }
    }

    #[test]
    fn points_stand_where_they_belong() {
        let curve = [point(0.1, 0.0), point(0.5, 0.02), point(1.0, 0.2)];
        let lines = risk_curve(&curve, Some(&curve[1]), 0.05, false, true);
        insta::assert_snapshot!(lines.join("\n"), @"
        20% ┤                                                ●
            │
            │
            │
        10% ┤
            │
            │┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
            │                        ◆
         0% ┤     ●
            ┼─────────────────────────────────────────────────
            0%        25%         50%         75%        100%  ◆ advised
        ");
        let plain = risk_curve(&curve, None, 0.05, true, false).join("\n");
        assert!(plain.is_ascii() && !plain.contains("advised"), "{plain}");
        assert!(plain.starts_with(" 20% +"), "{plain}");
    }

    #[test]
    fn nothing_has_an_empty_diagram() {
        assert_eq!(risk_curve(&[], None, 0.05, false, true).len(), ROWS + 2);
    }
}
