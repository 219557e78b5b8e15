//! Markdown that never grows beyond what a comment may hold, and is whole wherever it ends.
//!
//! Nothing is cut afterwards: a row is added if it fits together with everything that must still
//! follow it, and what did not fit is counted and said.

/// Most characters of the whole. GitHub refuses comments of more than 65,536.
pub(super) const MOST: usize = 60_000;

/// Room for the sentence that says what is left out of a section.
const NOTE: usize = 300;

/// A document that is being written.
pub(super) struct Sheet {
    text: String,
    /// Characters so far.
    used: usize,
    /// What stands at its end.
    end: String,
    /// Sections that found no room.
    left_out: Vec<&'static str>,
}

/// A table that may be folded away.
pub(super) struct Table<'a> {
    /// What it is, for the sentence that says what is left out.
    pub what: &'static str,
    /// What stands above it where it is folded, as HTML; none stands open.
    pub summary: Option<&'a str>,
    /// Names of the columns, as Markdown.
    pub columns: &'a [&'a str],
    /// Where the rows are that do not fit, as Markdown.
    pub elsewhere: &'a str,
    /// Characters that it leaves for others.
    pub spare: usize,
}

impl Sheet {
    /// A document that starts and ends with these texts.
    pub(super) fn new(start: String, end: String) -> Sheet {
        Sheet { used: count(&start), text: start, end, left_out: Vec::new() }
    }

    /// Adds a text if all of it fits.
    pub(super) fn add(&mut self, text: &str) -> bool {
        let fits = self.used + count(text) <= self.room();
        if fits {
            self.push(text);
        }
        fits
    }

    /// Adds a table with as many of its rows as fit; `all` counts those, too, that are not given.
    ///
    /// # Errors
    /// A row cannot be made.
    pub(super) fn table<E>(
        &mut self,
        table: &Table<'_>,
        all: usize,
        rows: impl Iterator<Item = Result<Vec<String>, E>>,
    ) -> Result<(), E> {
        let Table { what, summary, columns, elsewhere, spare } = *table;
        let mut start = String::new();
        let mut end = String::from("\n");
        if let Some(summary) = summary {
            start += &format!("<details><summary>{summary}</summary>\n\n");
            end += "</details>\n\n";
        }
        start += &row(columns.iter().map(|column| (*column).to_owned()));
        start += &row(columns.iter().map(|_| "---".to_owned()));
        let room = self.room().saturating_sub(spare + count(&end) + NOTE);
        if self.used + count(&start) > room {
            self.left_out.push(what);
            return Ok(());
        }
        self.push(&start);
        let mut shown = 0;
        for cells in rows {
            let line = row(cells?.into_iter());
            if self.used + count(&line) > room {
                break;
            }
            self.push(&line);
            shown += 1;
        }
        if shown < all {
            self.push(&format!("\n{} more: {elsewhere}\n", all - shown));
        }
        self.push(&end);
        Ok(())
    }

    /// The whole document.
    pub(super) fn finish(mut self) -> String {
        if !self.left_out.is_empty() {
            let note = format!("Left out for want of room: {}.\n\n", self.left_out.join(", "));
            if self.used + count(&note) + count(&self.end) <= MOST {
                self.text += &note;
            }
        }
        self.text + &self.end
    }

    /// Characters that there may be before the end is added.
    fn room(&self) -> usize {
        MOST.saturating_sub(count(&self.end) + NOTE)
    }

    fn push(&mut self, text: &str) {
        self.text += text;
        self.used += count(text);
    }
}

fn row(cells: impl Iterator<Item = String>) -> String {
    let mut row = String::from("|");
    for cell in cells {
        row += " ";
        row += &cell;
        row += " |";
    }
    row + "\n"
}

fn count(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole_and_the_rest_is_counted() {
        let mut sheet = Sheet::new("# start\n\n".into(), "end\n".into());
        let table = Table {
            what: "many rows",
            summary: Some("many"),
            columns: &["a", "b"],
            elsewhere: "the journal",
            spare: 0,
        };
        let rows = (0..9000).map(|_| Ok::<_, ()>(vec!["ü".repeat(5), "y".into()]));
        sheet.table(&table, 10_000, rows).unwrap();
        let rows = std::iter::once(Ok::<_, ()>(vec![String::new(), String::new()]));
        sheet.table(&Table { what: "late rows", ..table }, 1, rows).unwrap();
        let text = sheet.finish();
        assert!(count(&text) <= MOST, "{}", count(&text));
        let end = "</details>\n\nLeft out for want of room: late rows.\n\nend\n";
        assert!(text.ends_with(end), "{:?}", text.lines().rev().take(6).collect::<Vec<_>>());
        let shown = text.lines().filter(|line| line.starts_with("| ü")).count();
        assert!(text.contains(&format!("\n\n{} more: the journal\n", 10_000 - shown)), "{shown}");
        assert!(text.lines().filter(|line| line.starts_with('|')).all(|line| line.ends_with(" |")));
    }
}
