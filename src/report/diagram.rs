//! The reliability diagram in characters: how often answers are right against how sure they were.

use crate::scorecard::BinCard;

use super::style::Style;

/// Rows and columns of a plot. Both are odd, so that the middle has a place of its own.
#[derive(Debug, Clone, Copy)]
struct Plot {
    rows: usize,
    columns: usize,
}

/// In 80 columns, with what the marks mean beside it. The steps between rows are an eighth.
const SMALL: Plot = Plot { rows: 9, columns: 49 };
/// Where there is room: twice as fine in both directions.
const LARGE: Plot = Plot { rows: 17, columns: 97 };
/// Columns from which on there is room: the large plot, its labels, what its marks mean.
const ROOM: usize = 136;

/// Lines of the diagram, without indentation, as large as the terminal has room.
pub(super) fn reliability(bins: &[BinCard], style: Style) -> Vec<String> {
    let Plot { rows, columns } = if style.width >= ROOM { LARGE } else { SMALL };
    let (observed, calibrated) = if style.unicode { ('●', '·') } else { ('o', '.') };
    let row = |share: f64| rows - 1 - position(share, rows);
    let mut cells = vec![vec![' '; columns]; rows];
    for (index, cells) in cells.iter_mut().enumerate() {
        for (column, cell) in cells.iter_mut().enumerate() {
            if row(step(column, columns)) == index {
                *cell = calibrated;
            }
        }
    }
    for bin in bins {
        cells[row(bin.accuracy)][position(bin.mean_confidence, columns)] = observed;
    }
    let (tick, wall, corner, line) =
        if style.unicode { ('┤', '│', '┼', '─') } else { ('+', '|', '+', '-') };
    let mut lines = Vec::with_capacity(rows + 2);
    for (index, cells) in cells.iter().enumerate() {
        let cells: String = cells.iter().collect();
        let label = match rows - 1 - index {
            0 => "0.0 ",
            up if up == rows - 1 => "1.0 ",
            up if 2 * up == rows - 1 => "0.5 ",
            _ => "    ",
        };
        let wall = if label.trim().is_empty() { wall } else { tick };
        lines.push(format!("{label}{wall}{}", cells.trim_end()));
    }
    lines.push(format!("    {corner}{}", String::from(line).repeat(columns)));
    let quarter = columns / 4;
    lines.push(format!(
        "    0{:>quarter$}{:>quarter$}{:>quarter$}{:>quarter$}  \
         {observed} observed {calibrated} calibrated",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::width;

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
        let bins = [bin(0.0, 1.0), bin(0.5, 0.25), bin(1.0, 0.5)];
        let lines = reliability(&bins, Style::PLAIN);
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
        let ascii = reliability(&bins, Style { unicode: false, ..Style::PLAIN }).join("\n");
        assert!(ascii.is_ascii(), "{ascii}");
        let wide = reliability(&bins, Style { width: ROOM, ..Style::PLAIN });
        insta::assert_snapshot!(wide.join("\n"), @"
        1.0 ┤●                                                                                            ····
            │                                                                                       ······
            │                                                                                 ······
            │                                                                           ······
            │                                                                     ······
            │                                                               ······
            │                                                         ······
            │                                                   ······
        0.5 ┤                                             ······                                             ●
            │                                       ······
            │                                 ······
            │                           ······
            │                     ······                     ●
            │               ······
            │         ······
            │   ······
        0.0 ┤···
            ┼─────────────────────────────────────────────────────────────────────────────────────────────────
            0                    0.25                     0.5                    0.75                       1  ● observed · calibrated
        ");
        assert!(wide.iter().all(|line| width(line) + 2 <= ROOM));
    }
}
