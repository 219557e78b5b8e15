//! The reliability diagram in characters: how often answers are right against how sure they were.

use crate::scorecard::BinCard;

/// Rows above the axis; the steps between them are an eighth.
const ROWS: usize = 9;
/// Columns of the plot.
const COLUMNS: usize = 49;

/// Lines of the diagram, without indentation. `observed` and `calibrated` are the marks of a bin
/// and of the diagonal.
pub(super) fn reliability(bins: &[BinCard], unicode: bool) -> Vec<String> {
    let (observed, calibrated) = if unicode { ('●', '·') } else { ('o', '.') };
    let mut cells = vec![vec![' '; COLUMNS]; ROWS];
    for (index, cells) in cells.iter_mut().enumerate() {
        for (column, cell) in cells.iter_mut().enumerate() {
            if row(step(column, COLUMNS)) == index {
                *cell = calibrated;
            }
        }
    }
    for bin in bins {
        cells[row(bin.accuracy)][position(bin.mean_confidence, COLUMNS)] = observed;
    }
    let (tick, wall, corner, line) =
        if unicode { ('┤', '│', '┼', '─') } else { ('+', '|', '+', '-') };
    let mut lines = Vec::with_capacity(ROWS + 2);
    for (index, cells) in cells.iter().enumerate() {
        let cells: String = cells.iter().collect();
        let label = match ROWS - 1 - index {
            8 => "1.0 ",
            4 => "0.5 ",
            0 => "0.0 ",
            _ => "    ",
        };
        let wall = if label.trim().is_empty() { wall } else { tick };
        lines.push(format!("{label}{wall}{}", cells.trim_end()));
    }
    lines.push(format!("    {corner}{}", String::from(line).repeat(COLUMNS)));
    let half = COLUMNS / 4;
    lines.push(format!(
        "    0{:>half$}{:>half$}{:>half$}{:>half$}  {observed} observed {calibrated} calibrated",
        "0.25", "0.5", "0.75", "1"
    ));
    lines
}

#[expect(clippy::cast_precision_loss, reason = "a position in the plot")]
fn step(position: usize, of: usize) -> f64 {
    position as f64 / (of - 1) as f64
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

fn row(share: f64) -> usize {
    ROWS - 1 - position(share, ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_stand_where_they_belong() {
        let bin = |mean_confidence, accuracy| BinCard {
            n: 10,
            correct: 5,
            mean_confidence,
            accuracy,
            low: 0.0,
            high: 1.0,
        };
        let lines = reliability(&[bin(0.0, 1.0), bin(0.5, 0.25), bin(1.0, 0.5)], true);
        insta::assert_snapshot!(lines.join("\n"), @"
        1.0 ┤●                                            ····
            │                                       ······
            │                                 ······
            │                           ······
        0.5 ┤                     ······                     ●
            │               ······
            │         ······         ●
            │   ······
        0.0 ┤···
            ┼─────────────────────────────────────────────────
            0        0.25         0.5        0.75           1  ● observed · calibrated
        ");
        let plain = reliability(&[bin(0.0, 1.0)], false).join("\n");
        assert!(plain.is_ascii(), "{plain}");
    }
}
