//! Cases worth a look, an entry each: the confidently wrong ones, and those that change from one
//! repeat to the next.

use std::fmt::Write;

use crate::record::{Run, Unreadable};
use crate::scorecard::{ConfidentlyWrong, EndpointCard, confident_wrong};

use super::style::{Style, line};
use super::text::{fit, width};
use super::{Page, visible};

/// Columns of `said `, three blanks and `expected `.
const LABELS: usize = 17;

/// How many unstable cases are shown.
const UNSTABLE: usize = 5;

/// The cases with confident wrong answers, the surest first.
pub(super) fn ranked(
    out: &mut String,
    page: &Page<'_>,
    card: &EndpointCard,
    style: Style,
) -> Result<(), Unreadable> {
    let wrong = confident_wrong(page.run, &card.endpoint);
    if wrong.is_empty() {
        return Ok(());
    }
    line(out, "");
    line(out, &format!("  {}", style.bold("Confidently wrong, the surest first")));
    for case in wrong.iter().take(page.top) {
        entry(out, case, page.run, card.repeats.is_some(), style)?;
    }
    if wrong.len() > page.top {
        let rest = wrong.len() - page.top;
        let more = format!("  … {rest} more: overclaim report {} --top {}", page.dir, wrong.len());
        line(out, &style.dim(&style.text(&more)));
    }
    Ok(())
}

fn entry(
    out: &mut String,
    case: &ConfidentlyWrong<'_>,
    run: &Run,
    repeated: bool,
    style: Style,
) -> Result<(), Unreadable> {
    let record = run.record(case.brief)?;
    let times =
        if repeated { format!("{} of {}  ", case.times, case.graded) } else { String::new() };
    let (said, expected) = (record.said().unwrap_or_default(), record.wanted());
    let entry = Entry {
        confidence: record.primary.unwrap_or(0.0),
        times: &times,
        question: &record.question,
        said: &said,
        expected: &expected,
        name: &record.case,
    };
    entry.show(out, style);
    Ok(())
}

/// A confident wrong answer in two lines.
pub(super) struct Entry<'a> {
    pub confidence: f64,
    /// How often, of how often; empty where a case is asked once.
    pub times: &'a str,
    pub question: &'a str,
    pub said: &'a str,
    pub expected: &'a str,
    pub name: &'a str,
}

impl Entry<'_> {
    pub(super) fn show(&self, out: &mut String, style: Style) {
        let room = style.width.saturating_sub(8);
        let shown = |text: &str| style.text(&visible(text));
        let sure = format!("{:.2}", self.confidence);
        let question = shown(self.question);
        let question = fit(&question, room.saturating_sub(width(self.times)), style.ellipsis());
        line(out, &format!("  {}  {}{question}", style.red(&sure), self.times));
        let (said, wanted) = (shown(self.said), shown(self.expected));
        let half = room.saturating_sub(LABELS) / 2;
        let spare = half.saturating_sub(width(&wanted));
        let said = fit(&said, half + spare, style.ellipsis()).into_owned();
        let left = room.saturating_sub(LABELS + width(&said));
        let wanted = fit(&wanted, left, style.ellipsis());
        let mut text =
            format!("        {} {said}   {} {wanted}", style.dim("said"), style.dim("expected"));
        let used = 8 + LABELS + width(&said) + width(&wanted);
        let id = shown(self.name);
        if used + 3 + width(&id) <= style.width {
            let gap = style.width - used - width(&id);
            let _ = write!(text, "{}{}", " ".repeat(gap), style.dim(&id));
        }
        line(out, &text);
    }
}

/// The cases that are right at times and wrong at others, the worst first.
pub(super) fn unstable(out: &mut String, page: &Page<'_>, card: &EndpointCard, style: Style) {
    let Some(repeats) = card.repeats.as_ref().filter(|repeats| repeats.unstable > 0) else {
        return;
    };
    line(out, "");
    line(out, &format!("  {}", style.bold("Unstable, the worst first")));
    for case in repeats.cases.iter().take(UNSTABLE) {
        let right = format!("{} of {} right", case.right, case.graded);
        let id = style.text(&visible(&case.case));
        let id = fit(&id, style.width / 3, style.ellipsis());
        let room = style.width.saturating_sub(2 + width(&right) + 2);
        let question = style.text(&visible(&case.question));
        let question = fit(&question, room.saturating_sub(width(&id) + 3), style.ellipsis());
        let gap = room.saturating_sub(width(&question) + width(&id));
        let right = style.yellow(&right);
        line(out, &format!("  {right}  {question}{}{}", " ".repeat(gap), style.dim(&id)));
    }
    if repeats.unstable > UNSTABLE {
        let rest = repeats.unstable - UNSTABLE;
        let more = format!("  … {rest} more: {}/scorecard.json", page.dir);
        line(out, &style.dim(&style.text(&more)));
    }
}
