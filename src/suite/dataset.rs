//! Rows: from a JSONL file, read as they are needed, or typed into the suite.
//!
//! A row is a map of variables for the templates, with the place it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::span::{Node, Span, Value};

/// Longest line of a dataset, in bytes: a file that is not JSONL must not fill the memory.
const LONGEST_LINE: u64 = 16 << 20;

/// The variables of a case by name.
pub type Variables = BTreeMap<String, serde_json::Value>;

/// One row with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Number of the row among the rows, from 1.
    pub number: usize,
    /// Line of its file, from 1.
    pub line: usize,
    /// Place in the suite, for rows typed there.
    pub span: Option<Span>,
    /// Its variables.
    pub variables: Variables,
}

/// Why a row cannot be read.
#[derive(Debug)]
pub enum RowError {
    /// The line is not a JSON object.
    Malformed {
        /// Line of the file, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The line itself, cut if it is very long.
        text: String,
        /// What is wrong.
        message: String,
    },
    /// The file cannot be read further.
    Unreadable(std::io::Error),
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    /// A JSONL file.
    Jsonl(PathBuf),
    /// Rows typed into the suite.
    Typed(Vec<Row>),
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RowError::Malformed { line, column, message, .. } => {
                write!(f, "line {line}, column {column}: {message}")
            }
            RowError::Unreadable(error) => error.fmt(f),
        }
    }
}

impl Rows {
    /// Rows from the `cases:` of a suite. What is not a map is left to the caller's findings.
    #[must_use]
    pub fn typed(nodes: &[Node]) -> Rows {
        let row = |(index, node): (usize, &Node)| {
            let Value::Map(entries) = &node.value else { return None };
            Some(Row {
                number: index + 1,
                line: node.span.line as usize,
                span: Some(node.span),
                variables: entries
                    .iter()
                    .filter(|(key, _)| key.value != "override")
                    .map(|(key, node)| (key.value.clone(), node.to_json()))
                    .collect(),
            })
        };
        Rows::Typed(nodes.iter().enumerate().filter_map(row).collect())
    }

    /// Reads the rows one after the other.
    pub fn iter(&self) -> Box<dyn Iterator<Item = Result<Row, RowError>> + Send + '_> {
        match self {
            Rows::Typed(rows) => Box::new(rows.iter().cloned().map(Ok)),
            Rows::Jsonl(path) => match File::open(path) {
                Ok(file) => Box::new(Jsonl::new(BufReader::with_capacity(1 << 16, file))),
                Err(error) => Box::new(std::iter::once(Err(RowError::Unreadable(error)))),
            },
        }
    }

    /// The rows that are typed into the suite.
    #[must_use]
    pub fn typed_rows(&self) -> &[Row] {
        match self {
            Rows::Typed(rows) => rows,
            Rows::Jsonl(_) => &[],
        }
    }

    /// The file they come from, if they come from one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Rows::Jsonl(path) => Some(path),
            Rows::Typed(_) => None,
        }
    }
}

struct Jsonl<R> {
    reader: R,
    line: usize,
    number: usize,
    ended: bool,
}

impl<R: BufRead> Jsonl<R> {
    fn new(reader: R) -> Jsonl<R> {
        Jsonl { reader, line: 0, number: 0, ended: false }
    }

    fn malformed(&self, column: usize, bytes: &[u8], message: String) -> RowError {
        let text: String = String::from_utf8_lossy(bytes).trim_end().chars().take(10_000).collect();
        RowError::Malformed { line: self.line, column: column.max(1), text, message }
    }
}

impl<R: BufRead> Iterator for Jsonl<R> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Result<Row, RowError>> {
        while !self.ended {
            let mut bytes = Vec::new();
            match self.reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    self.ended = true;
                    return Some(Err(RowError::Unreadable(error)));
                }
            }
            self.line += 1;
            if self.line == 1 && bytes.starts_with("\u{feff}".as_bytes()) {
                bytes.drain(..3);
            }
            if bytes.len() as u64 == LONGEST_LINE {
                self.ended = true;
                let message = format!("a line of more than {} MiB", LONGEST_LINE >> 20);
                return Some(Err(self.malformed(1, &bytes[..100], message)));
            }
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            self.number += 1;
            return Some(match serde_json::from_slice::<Variables>(&bytes) {
                Ok(variables) => {
                    Ok(Row { number: self.number, line: self.line, span: None, variables })
                }
                Err(error) => {
                    let message = error.to_string();
                    let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
                    Err(self.malformed(error.column(), &bytes, message))
                }
            });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Result<Row, RowError>> {
        Jsonl::new(bytes).collect()
    }

    #[test]
    fn rows_keep_their_lines_through_blanks_bom_and_a_missing_newline() {
        let rows = read("\u{feff}{\"a\": 1}\r\n\n{\"a\": 2}".as_bytes());
        let seen: Vec<_> = rows.iter().flatten().map(|row| (row.number, row.line)).collect();
        assert_eq!(seen, [(1, 1), (2, 3)]);
        assert_eq!(rows[1].as_ref().unwrap().variables["a"], 2);
    }

    #[test]
    fn a_bad_line_is_an_error_with_its_place_and_the_next_is_read() {
        let rows = read(b"{\"a\": 1}\n{\"a\": oops}\n[1]\n\xff\n{\"a\": 3}\n");
        assert_eq!(rows.len(), 5);
        match &rows[1] {
            Err(RowError::Malformed { line, column, message, .. }) => {
                assert_eq!((*line, *column, message.as_str()), (2, 7, "expected value"));
            }
            other => panic!("{other:?}"),
        }
        assert!(rows[2].is_err() && rows[3].is_err() && rows[4].is_ok());
    }
}
