//! The review without a screen: a change, a line of input, the next change. For pipes, scripts,
//! readers of screens and terminals that can do nothing.
//!
//! A line is a key of the full screen, and where something is typed a whole text, so that both are one
//! session. Nothing here is a decision that the other does not know.

use std::io::{self, BufRead, Write};

use crate::report::Style;

use super::detail::Detail;
use super::evidence::Evidence;
use super::full::{Desk, News, learn};
use super::ink::{Ink, Span, wrap};
use super::screen::Look;
use super::session::{Asked, Ending, Key, Mode, Session};
use super::summary;

/// Columns of a label with the gap behind it.
const LABEL: usize = 14;

/// Lets a reviewer decide, line by line. None where the input ended before that.
pub(super) fn review(
    session: &mut Session<'_>,
    desk: &mut Desk<'_>,
    look: Look,
    columns: usize,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> io::Result<Option<Ending>> {
    // There is no list to look at meanwhile.
    while !desk.library.is_complete() {
        match desk.news.recv() {
            Ok(News::Arrived(arrived)) => {
                let places = desk.library.put(arrived);
                learn(session, &desk.library, &places);
            }
            Ok(News::Stop) | Err(_) => break,
        }
    }
    let paper = Paper { look, columns };
    let mut shown = None;
    loop {
        if let Some(ending) = session.ending() {
            return Ok(Some(ending));
        }
        if let Some(notice) = session.notice() {
            paper.line(output, &[Span::new(Ink::Plain, notice)], 0)?;
        }
        if session.mode() == &Mode::List && shown != Some(session.at()) {
            paper.entry(output, session, desk)?;
            shown = Some(session.at());
        }
        paper.prompt(output, session, desk)?;
        output.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            writeln!(output)?;
            return Ok(None);
        }
        take(session, line.trim_end_matches(['\n', '\r']), &mut shown);
    }
}

/// What a line does.
fn take(session: &mut Session<'_>, line: &str, shown: &mut Option<usize>) {
    match session.mode() {
        Mode::Search(_) | Mode::Reason { .. } | Mode::Label { .. } => session.answer(line),
        Mode::List => {
            let line = line.trim();
            if let Some(wanted) = line.strip_prefix('/').filter(|wanted| !wanted.is_empty()) {
                session.press(Key::Char('/'));
                session.answer(wanted);
                return;
            }
            let mut keys = line.chars();
            match (keys.next(), keys.next()) {
                (Some(key), None) => {
                    if key == 'u' {
                        *shown = None;
                    }
                    session.press(Key::Char(key));
                }
                // An empty line, or one that means nothing, shows the change again.
                _ => *shown = None,
            }
        }
        Mode::Summary => match line.trim() {
            "y" | "Y" | "yes" => session.press(Key::Char('y')),
            "n" | "N" | "no" => session.press(Key::Char('n')),
            "b" | "back" => session.press(Key::Esc),
            _ => {}
        },
        Mode::Help | Mode::Exchange { .. } => session.press(Key::Esc),
    }
}

/// Where lines are put.
struct Paper {
    look: Look,
    columns: usize,
}

impl Paper {
    fn line(&self, output: &mut dyn Write, spans: &[Span], indent: usize) -> io::Result<()> {
        for line in wrap(spans, self.columns.saturating_sub(indent)) {
            let text: String = line.iter().map(|span| self.look.text(&span.text)).collect();
            writeln!(output, "{}{text}", " ".repeat(indent))?;
        }
        Ok(())
    }

    /// A change in full.
    fn entry(
        &self,
        output: &mut dyn Write,
        session: &Session<'_>,
        desk: &Desk<'_>,
    ) -> io::Result<()> {
        let (at, chosen) = (session.at(), session.chosen());
        let evidence = desk.library.evidence(chosen.place, chosen.change);
        let detail = Detail {
            change: chosen.change,
            of: &desk.pending[chosen.place].proposed.of,
            evidence: &evidence,
            mark: session.mark(at),
            label: session.label(at),
        };
        let count = Span::new(Ink::Quiet, &format!("{} of {}: ", at + 1, session.entries().len()));
        let title: Vec<Span> = std::iter::once(count).chain(detail.title()).collect();
        writeln!(output)?;
        self.line(output, &title, 0)?;
        for row in detail.rows(true) {
            for (place, line) in row.lines(self.columns.saturating_sub(LABEL)).iter().enumerate() {
                let label = if place == 0 { row.label } else { "" };
                let text: String = line.iter().map(|span| self.look.text(&span.text)).collect();
                writeln!(output, "  {label:<width$}{text}", width = LABEL - 2)?;
            }
        }
        Ok(())
    }

    /// What is asked for; before it, what there is to know for that.
    fn prompt(
        &self,
        output: &mut dyn Write,
        session: &mut Session<'_>,
        desk: &Desk<'_>,
    ) -> io::Result<()> {
        match session.mode() {
            Mode::List => {
                write!(output, "a accept, r reject, s skip, e exchange, ? help, q finish: ")
            }
            Mode::Help => {
                write!(
                    output,
                    "a accept\nA accept all of this kind\nr reject\ns skip\nu undo\n\
                     j next, k previous, g first, G last\n/TEXT search; n next, N previous\n\
                     d dispute the label\nm mend the label\n\
                     e exchange\nq finish\nEnter goes on: "
                )
            }
            Mode::Exchange { .. } => {
                let chosen = session.chosen();
                let evidence = desk.library.evidence(chosen.place, chosen.change);
                match evidence {
                    Evidence::Here(facts) if facts.remark.is_none() => {
                        let style = Style { color: false, ..self.look.style(self.columns) };
                        write!(output, "\n{}", facts.exchange(style))?;
                    }
                    Evidence::Here(facts) => {
                        let remark = facts.remark.unwrap_or_default();
                        self.line(output, &[Span::new(Ink::Plain, &remark)], 0)?;
                    }
                    Evidence::Missing(why) => {
                        self.line(output, &[Span::new(Ink::Plain, &why)], 0)?;
                    }
                    Evidence::Reading => {}
                }
                session.press(Key::Esc);
                self.prompt(output, session, desk)
            }
            Mode::Search(_) => write!(output, "search: "),
            Mode::Reason { text, .. } => {
                let text = self.look.text(&Span::new(Ink::Plain, text).text);
                let default = if text.is_empty() { "none" } else { &text };
                write!(output, "why is this wrong answer accepted [{default}]: ")
            }
            Mode::Label { asked: Asked::Answer, .. } => write!(output, "the right answer: "),
            Mode::Label { .. } => write!(output, "what is wrong with the label: "),
            Mode::Summary => {
                writeln!(output)?;
                for text in summary::changes(session, desk.places) {
                    self.line(output, &[Span::new(Ink::Plain, &text)], 0)?;
                }
                write!(output, "write this? y yes, n no, b back: ")
            }
        }
    }
}
