//! `.csv` and `.tsv` as RFC 4180 has them: a header, then rows of as many cells.
//!
//! Readers of CSV are lenient by custom: a quote that is not closed swallows the rest of the file,
//! and text after a closing quote is glued to it. Questions would be lost or mangled without a
//! word, so here both are errors with their place; the tests hold all else against the crate
//! `csv`. A cell is the text that was typed: `007` and `true` stay that, and so do blanks.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use serde_json::Value as Json;

use super::Variables;
use super::split::{Fault, Step, utf8};

/// Most columns: what has more is no table.
const MOST_COLUMNS: usize = 10_000;

/// Tells rows apart: a line end within quotes belongs to its cell.
#[derive(Debug, Clone)]
pub(super) struct Records {
    delimiter: u8,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Row,
    Cell,
    Plain,
    Quoted,
    /// After a quote within quotes, which ends the cell or is the first of two.
    Closed,
}

impl Records {
    pub fn new(delimiter: u8) -> Records {
        Records { delimiter, state: State::Row }
    }

    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    pub fn step(&mut self, byte: u8) -> Step {
        let (state, step) = match (self.state, byte) {
            (State::Row, b'\n' | b'\r') => (State::Row, Step::Skip),
            (State::Quoted, b'"') => (State::Closed, Step::Take),
            (State::Quoted, _) => (State::Quoted, Step::Take),
            (_, b'\n') => (State::Row, Step::Ended),
            (_, byte) if byte == self.delimiter => (State::Cell, Step::Take),
            (State::Row | State::Cell | State::Closed, b'"') => (State::Quoted, Step::Take),
            _ => (State::Plain, Step::Take),
        };
        self.state = state;
        step
    }
}

/// The cells of a row with the byte where each begins.
struct Cells<'a> {
    text: &'a str,
    delimiter: char,
    /// Where the next cell begins; none after the last.
    at: Option<usize>,
}

impl<'a> Cells<'a> {
    fn new(row: &'a [u8], delimiter: u8) -> Result<Cells<'a>, Fault> {
        let text = utf8(row)?;
        let text = text.strip_suffix('\r').unwrap_or(text);
        Ok(Cells { text, delimiter: char::from(delimiter), at: Some(0) })
    }

    fn quoted(&mut self, begin: usize) -> Result<Cow<'a, str>, Fault> {
        let text = self.text;
        let mut cell = Cow::Borrowed("");
        let mut at = begin + 1;
        loop {
            let Some(quote) = text[at..].find('"').map(|found| at + found) else {
                let remedy = "close it, and write a quote within quotes twice: `\"\"`";
                return Err(Fault::new(begin, "a quote that is never closed", remedy));
            };
            cell += &text[at..quote];
            at = quote + 1;
            if text[at..].starts_with('"') {
                cell += "\"";
                at += 1;
            } else {
                break;
            }
        }
        self.at = match text[at..].chars().next() {
            None => None,
            Some(next) if next == self.delimiter => Some(at + 1),
            Some(_) => {
                let remedy = "write a quote within quotes twice: `\"\"`";
                return Err(Fault::new(at, "text after the closing quote of a cell", remedy));
            }
        };
        Ok(cell)
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Result<(usize, Cow<'a, str>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let begin = self.at.take()?;
        let rest = &self.text[begin..];
        if rest.starts_with('"') {
            return Some(self.quoted(begin).map(|cell| (begin, cell)));
        }
        let cell = match rest.split_once(self.delimiter) {
            Some((cell, _)) => {
                self.at = Some(begin + cell.len() + 1);
                cell
            }
            None => rest,
        };
        Some(Ok((begin, Cow::Borrowed(cell))))
    }
}

/// The names of the columns.
#[derive(Debug)]
pub(super) struct Header {
    names: Vec<String>,
    delimiter: u8,
}

impl Header {
    pub fn read(row: &[u8], delimiter: u8) -> Result<Header, Fault> {
        let mut names: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        for cell in Cells::new(row, delimiter)? {
            let (at, name) = cell?;
            let name = name.trim();
            if name.is_empty() {
                let remedy = "name it, or leave it out (pandas writes one without `index=False`)";
                return Err(Fault::new(at, "a column without a name", remedy));
            }
            if let Some(end) = name.find('\r') {
                let remedy = "end lines with LF or CRLF";
                return Err(Fault::new(at + end, "a carriage return in a name", remedy));
            }
            if !seen.insert(name.to_owned()) {
                let message = format!("two columns are named `{name}`");
                return Err(Fault::new(at, message, "rename one"));
            }
            if names.len() == MOST_COLUMNS {
                let message = format!("more than {MOST_COLUMNS} columns");
                return Err(Fault::new(at, message, "is this a table?"));
            }
            names.push(name.to_owned());
        }
        if let [name] = names.as_slice()
            && let Some(other) = [',', ';', '\t'].into_iter().find(|other| name.contains(*other))
        {
            let (shown, wanted) = (shown(other), shown(char::from(delimiter)));
            let message = format!("one column, whose name holds {shown}");
            let remedy = format!("cells of this file must be separated by {wanted}");
            return Err(Fault::new(0, message, remedy));
        }
        Ok(Header { names, delimiter })
    }

    /// The variables of a row: a cell for every column.
    pub fn row(&self, row: &[u8]) -> Result<Variables, Fault> {
        let mut variables = Variables::new();
        let mut extra = None;
        let mut count = 0;
        for cell in Cells::new(row, self.delimiter)? {
            let (at, text) = cell?;
            match self.names.get(count) {
                Some(name) => {
                    variables.insert(name.clone(), Json::String(text.into_owned()));
                }
                None => extra = extra.or(Some(at)),
            }
            count += 1;
        }
        let wanted = self.names.len();
        if count == wanted {
            return Ok(variables);
        }
        let cells = if count == 1 { "cell" } else { "cells" };
        let message = format!("a row of {count} {cells}, and the header names {wanted}");
        let Some(at) = extra else {
            let end = row.strip_suffix(b"\r").unwrap_or(row).len();
            return Err(Fault::new(end, message, "add the missing cells, which may be empty"));
        };
        let separator = shown(char::from(self.delimiter));
        Err(Fault::new(at, message, format!("put a cell that holds {separator} into quotes")))
    }
}

impl Header {
    /// The bytes of a cell in a row, and the text that takes their place, in quotes where it needs
    /// them or the cell has them.
    pub fn rewritten(
        &self,
        row: &[u8],
        name: &str,
        value: &Json,
    ) -> Option<(Range<usize>, String)> {
        let place = self.names.iter().position(|known| known == name)?;
        let text = value.as_str()?;
        let mut cells = Cells::new(row, self.delimiter).ok()?;
        let (start, _) = cells.nth(place)?.ok()?;
        let end = cells.at.map_or(cells.text.len(), |next| next - 1);
        let special = |c: char| c == cells.delimiter || matches!(c, '"' | '\n' | '\r');
        let quotes = cells.text[start..].starts_with('"') || text.contains(special);
        let cell =
            if quotes { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() };
        Some((start..end, cell))
    }
}

fn shown(delimiter: char) -> &'static str {
    match delimiter {
        '\t' => "a tab",
        ';' => "a semicolon",
        _ => "a comma",
    }
}
