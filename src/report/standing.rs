//! Where a run stands against the accepted state of its suite: what changed by kind, the gravest by
//! name, and how to go through them.

use crate::scorecard::EndpointCard;
use crate::snapshot::{Change, ChangeKind, Standing};

use super::changes::{
    OF_A_SHARD, bands, caveats, draws, proposal, quiet_in_words, review, said, waiting_in_words,
};
use super::style::{Style, hanging, line};
use super::text::{fit, width};
use super::{Page, visible};

/// So many changes are named.
const NAMED: usize = 5;

/// The section of an endpoint; nothing where it has no snapshot.
pub(super) fn standing(out: &mut String, page: &Page<'_>, card: &EndpointCard, style: Style) {
    let standing = page.standings.iter().find(|at| *at.endpoint() == *card.endpoint);
    let Some(standing) = standing else { return };
    line(out, "");
    let quiet = quiet_in_words(standing);
    let waiting = waiting_in_words(standing);
    let pending = waiting.is_some();
    let what = waiting.unwrap_or_else(|| "nothing pending".to_owned());
    let what = [what].into_iter().chain(quiet).collect::<Vec<_>>().join("; ");
    let first = format!("  {}: ", style.bold("Against the snapshot"));
    hanging(out, &first, 4, &style.text(&what), Style { width: style.width - 20, ..style });
    if pending {
        named(out, standing, style);
    }
    for text in caveats(page, standing) {
        hanging(out, &style.yellow("  ! "), 4, &style.text(&visible(&text)), style);
    }
    if !pending {
        return;
    }
    match review(page) {
        Some(command) => {
            let proposed = format!("proposed in {}", visible(&proposal(standing)));
            hanging(out, "    ", 4, &style.text(&proposed), style);
            // A command is copied: it stays in one line.
            line(out, &format!("    {}", style.text(&format!("overclaim {command}"))));
        }
        None => hanging(out, "    ", 4, &style.text(OF_A_SHARD), style),
    }
}

/// The gravest changes, a line each, and how many there are besides.
fn named(out: &mut String, standing: &Standing, style: Style) {
    let changes: Vec<&Change> = standing.diff.waiting().collect();
    let shown = &changes[..changes.len().min(NAMED)];
    let widest = shown.iter().map(|change| change.kind.words().len()).max().unwrap_or(0);
    for change in shown {
        let words = change.kind.words();
        let gap = " ".repeat(widest - words.len());
        let painted = match change.kind {
            ChangeKind::NewlyConfidentWrong => style.red(words),
            ChangeKind::Fixed | ChangeKind::NoLongerConfidentWrong => style.green(words),
            _ => style.yellow(words),
        };
        let room = style.width.saturating_sub(4 + widest + 2);
        let text = style.text(&entry(change, room, style));
        line(out, &format!("    {painted}{gap}  {}", fit(&text, room, style.ellipsis())));
    }
    if changes.len() > shown.len() {
        let more = format!("    … {} more", changes.len() - shown.len());
        line(out, &style.dim(&style.text(&more)));
    }
}

/// A case, its answers and how surely they were given, in about so many columns.
fn entry(change: &Change, room: usize, style: Style) -> String {
    let shown = |text: &str| style.text(&visible(text));
    let case = shown(&change.case);
    let case = fit(&case, room / 2, style.ellipsis());
    let mut sure = bands(change);
    let draws = draws(change);
    if draws != "1/1" {
        sure = format!("{sure} ({draws})");
    }
    let sure = style.text(&sure);
    let (then, now) = (said(change.before.as_ref()), said(change.after.as_ref()));
    let arrow = style.text(" → ");
    let used = width(&case) + 2 + 2 + width(&sure) + width(&arrow);
    let half = room.saturating_sub(used) / 2;
    if half < 3 {
        return format!("{case}  {sure}");
    }
    let answer = |text: &str| fit(&shown(text), half, style.ellipsis()).into_owned();
    format!("{case}  {}{arrow}{}  {sure}", answer(then.text()), answer(now.text()))
}
