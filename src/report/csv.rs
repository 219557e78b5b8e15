//! A run as a table: a row a trial, for spreadsheets and for programs that read tables.
//!
//! Rows are made one after the other and each is one line of text, so a run of any size passes
//! through. A cell that a spreadsheet would take for a formula gets an apostrophe before it, also
//! where that spreadsheet thinks that cells end at semicolons.

use std::borrow::Cow;

use crate::record::{AskError, Heard, Outcome, Record, Role, Unreadable};

use super::Page;
use super::changes::{KnownWrong, Marks};
use super::text::visible;

/// Most UTF-16 units of a cell: spreadsheets hold 32,767.
const MOST: usize = 32_000;

/// The columns, in their order.
const COLUMNS: [&str; 32] = [
    "index",
    "trial",
    "case",
    "endpoint",
    "model",
    "served_model",
    "repeat",
    "outcome",
    "why",
    "quadrant",
    "confidence",
    "source",
    "threshold",
    "said",
    "expected",
    "question",
    "tags",
    "slices",
    "group",
    "file",
    "line",
    "seconds",
    "call_seconds",
    "origin",
    "attempts",
    "exchanges",
    "input_tokens",
    "output_tokens",
    "cost",
    "finish",
    "change",
    "known_wrong",
];

/// The table, line by line: the names of the columns, then the trials in plan order.
///
/// # Errors
/// A record cannot be read any more.
pub fn csv<'a>(page: &Page<'a>) -> impl Iterator<Item = Result<String, Unreadable>> + use<'a> {
    let page = *page;
    let marks = Marks::of(page.standings);
    let rows = page.run.records();
    let rows = rows.map(move |record| record.map(|record| row(&page, &marks, &record)));
    std::iter::once(Ok(line(&COLUMNS.map(Cow::Borrowed)))).chain(rows)
}

fn row(page: &Page<'_>, marks: &Marks<'_>, record: &Record) -> String {
    let header = &page.run.header;
    let asked = header.endpoints.iter().find(|asked| asked.name == record.endpoint);
    let heard = record.exchanges.iter().find(|heard| heard.role == Role::Answer);
    let reply = heard.and_then(|heard| heard.reply.as_ref());
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let sum = |of: fn(&Heard) -> Option<u64>| {
        let known: Vec<u64> = record.exchanges.iter().filter_map(of).collect();
        if known.is_empty() {
            String::new()
        } else {
            known.into_iter().fold(0, u64::saturating_add).to_string()
        }
    };
    let costs: Vec<f64> = record.exchanges.iter().filter_map(|heard| heard.cost).collect();
    let threshold = record.threshold.unwrap_or(header.threshold);
    let attempts: usize = record.exchanges.iter().map(|heard| heard.attempts.len()).sum();
    let source = record.primary.and(header.sources.first());
    let mark = marks.at(&record.endpoint, &record.case);
    // Of several draws of a case that is known to be wrong, one may be right.
    let known = mark.known.filter(|_| record.outcome == Outcome::Incorrect).map(KnownWrong::of);
    let known = known.map_or("", |known| known.since().unwrap_or("yes"));
    line(&[
        record.index.to_string().into(),
        cell(&record.trial).into(),
        cell(&record.case).into(),
        cell(&record.endpoint).into(),
        cell(asked.map_or("", |asked| &asked.target.model)).into(),
        cell(reply.and_then(|reply| reply.model.as_deref()).unwrap_or_default()).into(),
        record.repeat.to_string().into(),
        record.outcome.name().into(),
        cell(&why(&record.outcome)).into(),
        name(&record.quadrant).into(),
        number(record.primary).into(),
        cell(source.map_or("", |source| source)).into(),
        threshold.to_string().into(),
        cell(&record.said().unwrap_or_default()).into(),
        cell(&record.wanted()).into(),
        cell(&record.question).into(),
        cell(&record.tags.join(", ")).into(),
        cell(&record.slices.join(", ")).into(),
        cell(record.group.as_deref().unwrap_or_default()).into(),
        cell(&record.at.file).into(),
        record.at.line.to_string().into(),
        number(heard.map(|heard| heard.waited_ms / 1000.0)).into(),
        number(heard.and_then(|heard| Some(heard.times?.total_ms / 1000.0))).into(),
        name(&heard.map(|heard| heard.origin)).into(),
        attempts.to_string().into(),
        record.exchanges.len().to_string().into(),
        sum(|heard| Some(heard.usage?.input_tokens)).into(),
        sum(|heard| Some(heard.usage?.output_tokens)).into(),
        number((!costs.is_empty()).then(|| costs.iter().sum())).into(),
        cell(&reply.map(|reply| name(&reply.finish)).unwrap_or_default()).into(),
        mark.change.map_or("", |change| change.kind.name()).into(),
        known.into(),
    ])
}

/// Why there is no verdict, where the outcome alone does not say it.
fn why(outcome: &Outcome) -> Cow<'_, str> {
    match outcome {
        Outcome::Ungraded(why) => Cow::Borrowed(why),
        Outcome::Failed(AskError { kind, message, .. }) => {
            Cow::Owned(format!("{}: {message}", kind.words()))
        }
        _ => Cow::Borrowed(""),
    }
}

/// The name that a document has for a value; nothing for none.
fn name(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(serde_json::Value::Object(map)) => {
            map.values().filter_map(|value| value.as_str()).collect()
        }
        _ => String::new(),
    }
}

fn line(cells: &[Cow<'_, str>; COLUMNS.len()]) -> String {
    let mut line = String::new();
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        if cell.contains([',', '"', ';', '\'', '|', ' ']) {
            line.push('"');
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(cell);
        }
    }
    line + "\n"
}

/// A text that strangers may have written as a cell: one line, visible, no formula, and no longer
/// than a spreadsheet can hold.
fn cell(text: &str) -> String {
    // Nobody looks at what is cut off.
    let end = text.char_indices().nth(MOST).map_or(text.len(), |(end, _)| end);
    let shown = visible(&text[..end]);
    let (mut cell, mut units) = (String::with_capacity(shown.len()), 0);
    // Where a cell starts, also for those who end cells at semicolons or leave out quotes.
    let mut starts = true;
    for c in shown.chars() {
        if starts && matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            cell.push('\'');
            units += 1;
        }
        starts = c == ';' || starts && (c.is_whitespace() || c == '"' || c == '\'');
        units += c.len_utf16();
        if units > MOST {
            cell.push('…');
            return cell;
        }
        cell.push(c);
    }
    if end < text.len() {
        cell.push('…');
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_wherever_cells_end() {
        for (text, shown) in [
            ("=1+1", "'=1+1"),
            (" \t=1", "  '=1".replacen("  ", " ", 1).as_str()),
            ("-40", "'-40"),
            ("a-b=c", "a-b=c"),
            ("a; @SUM(1)", "a; '@SUM(1)"),
            ("\"=1+1", "\"'=1+1"),
            ("＝1", "'＝1"),
            ("one\r\n=two", "one =two"),
        ] {
            assert_eq!(cell(text), shown, "{text:?}");
        }
    }

    #[test]
    fn a_cell_ends_where_spreadsheets_end_it() {
        let units = |cell: &str| cell.encode_utf16().count();
        for text in ["x".repeat(1 << 20), "👍".repeat(20_000), "\u{1}".repeat(40_000)] {
            let cell = cell(&text);
            assert!(cell.ends_with('…') && units(&cell) <= MOST + 1, "{}", units(&cell));
        }
        assert_eq!(cell(&"x".repeat(MOST)).len(), MOST);
    }
}
