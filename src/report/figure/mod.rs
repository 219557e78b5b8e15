//! Drawings of numbers: hand-made SVG that says what it shows.
//!
//! A figure is a drawing with a title, a sentence of what is to be seen, its n, and the same numbers
//! as a table: who cannot see the drawing loses nothing. Colours are classes of the page's style
//! sheet, so that light, dark and print are one drawing; the page forbids inline styles. Labels
//! stand at what they name, and no meaning hangs on a colour alone.

mod scale;
mod svg;

pub(super) use scale::Scale;
pub(super) use svg::{Anchor, Svg};

use serde::Serialize;

/// A drawing with what it says in words and in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Figure {
    /// Name in the page, unique there: a word of letters, digits and `-`.
    pub id: String,
    /// What is drawn, in a few words.
    pub title: String,
    /// What is to be seen, and of how many: plain text.
    pub note: String,
    /// The drawing.
    pub svg: String,
    /// Its numbers.
    pub table: Table,
}

/// Numbers as a table: plain text, rows as long as the head.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Table {
    /// Names of the columns.
    pub head: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table of these columns, with no rows yet.
    pub(super) fn of(head: &[&str]) -> Table {
        Table { head: head.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }
}
