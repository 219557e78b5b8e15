//! The page of answers that another harness graded: what a run's page says of confidence, and
//! nothing of budgets or calls.

use crate::gate::percent;
use crate::scorecard::{Evidence, SourceCard, by_tag};
use crate::scored::{Graded, Source, Wrong};

use super::calibration::calibration;
use super::parts::tags;
use super::ranked::Entry;
use super::style::{Style, hanging, line};
use super::terminal::{accuracy, headline_number, reliability, when_confident};
use super::text::{counted, fit};
use super::visible;

/// Everything that is reported of a file of graded answers.
#[derive(Debug, Clone, Copy)]
pub struct ScoredPage<'a> {
    /// The file, as the user wrote it.
    pub file: &'a str,
    /// What was read.
    pub graded: &'a Graded,
    /// A card for each of its sources.
    pub cards: &'a [SourceCard],
    /// Confidence from which on an answer counts as confident.
    pub threshold: f64,
}

/// The whole page.
#[must_use]
pub fn scored(page: &ScoredPage<'_>, style: Style) -> String {
    let mut out = String::new();
    for (source, card) in page.graded.sources.iter().zip(page.cards) {
        line(&mut out, &scored_headline(page, source, card, style));
        line(&mut out, "");
        headline_number(&mut out, page.threshold, card, false, style);
        when_confident(&mut out, card, false);
        accuracy(&mut out, &Evidence::right(&source.scored).into());
        calibration(&mut out, card, style);
        tags(&mut out, &by_tag(&source.scored), true, style);
        ranked(&mut out, source, card, style);
        reliability(&mut out, card, style);
        line(&mut out, "");
    }
    left_out(&mut out, page.graded, style);
    out
}

/// What the numbers are of, in one line.
#[must_use]
pub fn scored_headline(
    page: &ScoredPage<'_>,
    source: &Source,
    card: &SourceCard,
    style: Style,
) -> String {
    let missing = match card.missing_count() {
        0 => String::new(),
        count => format!(" · {count} without a confidence"),
    };
    let name = format!(
        "{} · {} · {}{missing}",
        visible(page.file),
        visible(&source.name),
        counted(source.scored.items.len(), "answer")
    );
    style.bold(&fit(&style.text(&name), style.width, style.ellipsis()))
}

fn ranked(out: &mut String, source: &Source, card: &SourceCard, style: Style) {
    let all = card.at_threshold().map_or(0, |at| at.wrong);
    if source.wrong.is_empty() {
        return;
    }
    line(out, "");
    line(out, &format!("  {}", style.bold("Confidently wrong, the surest first")));
    for wrong in &source.wrong {
        entry(out, wrong, style);
    }
    if all > source.wrong.len() {
        let more = format!("  … {} more: --top {all}", all - source.wrong.len());
        line(out, &style.dim(&style.text(&more)));
    }
}

fn entry(out: &mut String, wrong: &Wrong, style: Style) {
    let row = format!("row {}", wrong.row);
    let name = wrong.id.as_deref().unwrap_or(&row);
    let said = wrong.answer.as_deref();
    let expected = wrong.expected.as_deref();
    if let (None, None) = (said, expected) {
        let text = wrong.question.as_deref().unwrap_or(name);
        let text = style.text(&visible(text));
        let text = fit(&text, style.width.saturating_sub(8), style.ellipsis());
        line(out, &format!("  {}  {text}", style.red(&format!("{:.2}", wrong.confidence))));
        return;
    }
    let entry = Entry {
        confidence: wrong.confidence,
        times: "",
        question: wrong.question.as_deref().unwrap_or(name),
        said: said.unwrap_or("?"),
        expected: expected.unwrap_or("?"),
        name,
    };
    entry.show(out, style);
}

/// Rows that the numbers say nothing of.
fn left_out(out: &mut String, graded: &Graded, style: Style) {
    let mut parts = vec![counted(graded.rows, "row")];
    if graded.ungraded > 0 {
        parts.push(format!("{} not graded", graded.ungraded));
    }
    let abstained: usize = graded.sources.iter().map(|source| source.counts.not_attempted).sum();
    if abstained > 0 {
        parts.push(format!("{abstained} not attempted"));
    }
    if graded.skipped > 0 {
        parts.push(format!("{} bad ones skipped", graded.skipped));
    }
    line(out, &style.dim(&style.text(&format!("  {}", parts.join(" · ")))));
    for bad in &graded.bad {
        hanging(out, &style.yellow("  ! "), 4, &style.text(&visible(&bad.to_string())), style);
    }
    if graded.skipped > graded.bad.len() {
        let more = format!("    … and {} more", graded.skipped - graded.bad.len());
        line(out, &style.dim(&style.text(&more)));
    }
}

/// The shares that decide, for `--quiet`.
#[must_use]
pub fn scored_in_short(page: &ScoredPage<'_>, style: Style) -> String {
    let mut out = String::new();
    for (source, card) in page.graded.sources.iter().zip(page.cards) {
        let Some(at) = card.at_threshold() else { continue };
        let rate = at.rate_of_all.map_or_else(|| "n/a".to_owned(), percent);
        let text = format!(
            "{}: {} of {} confidently wrong ({rate})",
            visible(&source.name),
            at.wrong,
            card.n
        );
        line(&mut out, &style.text(&text));
    }
    out
}
