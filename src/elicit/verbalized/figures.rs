//! Numbers that may be confidences: with a percent sign, a denominator or neither.

use std::ops::Range;

use crate::answer::pieces::{Pieces, Sort};

/// A number with what makes a confidence of it.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) value: f64,
    /// Its pieces, percent sign or denominator included.
    pub(super) at: Range<usize>,
    pub(super) percent: bool,
    /// Written in a way that only a share is: with a denominator, or a decimal point up to 1.
    pub(super) share: bool,
    /// The pieces of the range that it limits.
    pub(super) range: Option<Range<usize>>,
}

/// All figures of a text, those that limit a range marked.
pub(super) fn figures(pieces: &Pieces) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    let mut i = 0;
    while i < pieces.0.len() {
        let Some(figure) = figure(pieces, i) else {
            i += 1;
            continue;
        };
        i = figure.at.end;
        figures.push(figure);
    }
    for n in 1..figures.len() {
        let (one, two) = (&figures[n - 1], &figures[n]);
        let between = &pieces.0[one.at.end..two.at.start];
        let [joint] = between else { continue };
        let dash = matches!(joint.sort, Sort::Mark('-' | '–' | '—' | '~' | '±' | '‑' | '−'));
        let tight = dash && joint.at.start == pieces.0[one.at.end - 1].at.end;
        let to = joint.sort == Sort::Word("to".into());
        if (dash || to) && (two.percent || (!one.percent && (to || tight))) {
            let range = one.at.start..two.at.end;
            figures[n - 1].range = Some(range.clone());
            figures[n].range = Some(range);
        }
    }
    figures
}

fn digits(sort: &Sort) -> Option<&str> {
    match sort {
        Sort::Word(word) if word.bytes().all(|b| b.is_ascii_digit()) => Some(word),
        _ => None,
    }
}

/// The figure that begins at a piece.
fn figure(pieces: &Pieces, start: usize) -> Option<Figure> {
    let sort = |i: usize| pieces.0.get(i).map(|piece| &piece.sort);
    let number = |i: usize| sort(i).and_then(digits);
    let mut i = start;
    let touched = start > 0 && pieces.touch(start - 1);
    let negative = matches!(sort(i), Some(Sort::Mark('-' | '−'))) && pieces.touch(i) && !touched;
    i += usize::from(negative);
    let mut text = String::new();
    if let Some(whole) = number(i) {
        text += whole;
        i += 1;
    } else if !pieces.is_mark(i, '.') || touched {
        return None;
    }
    let point = matches!(sort(i), Some(Sort::Mark('.' | ','))) && pieces.touch(i);
    let joined = text.is_empty() || pieces.touch(i.wrapping_sub(1));
    let decimals = number(i + 1).filter(|_| point && joined);
    if let Some(decimals) = decimals {
        text = format!("{text}.{decimals}");
        i += 2;
    }
    // `.9` is read by Rust only with its zero.
    let mut value: f64 = format!("0{text}").parse().ok().filter(|_| !text.is_empty())?;
    let mut share = decimals.is_some() && value <= 1.0;
    let mut percent = false;
    if pieces.is_mark(i, '%') || pieces.is_word(i, &["percent", "pct"]) {
        percent = true;
        i += 1;
    } else if pieces.is_word(i, &["per"]) && pieces.is_word(i + 1, &["cent"]) {
        percent = true;
        i += 2;
    } else {
        let under = if pieces.is_mark(i, '/') { i + 1 } else { i + 2 };
        let slash = pieces.is_mark(i, '/')
            || (pieces.is_word(i, &["out"]) && pieces.is_word(i + 1, &["of"]));
        if let Some(under_text) = number(under).filter(|_| slash) {
            value /= under_text.parse::<f64>().ok()?;
            share = true;
            i = under + 1;
        } else if !share && value > 1.0 {
            value /= 100.0;
        }
    }
    if percent {
        value /= 100.0;
    }
    let value = if negative { -value } else { value };
    Some(Figure { value, at: start..i, percent, share, range: None })
}
