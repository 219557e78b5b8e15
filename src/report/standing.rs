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
const NAMED: usize = 3;

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
    for text in caveats(page, standing) {
        hanging(out, &style.yellow("  ! "), 4, &style.text(&visible(&text)), style);
    }
    if !pending {
        return;
    }
    named(out, standing, style);
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

/// The gravest changes, two lines each, and how many there are besides.
fn named(out: &mut String, standing: &Standing, style: Style) {
    let changes: Vec<&Change> = standing.diff.waiting().collect();
    for change in changes.iter().take(NAMED) {
        entry(out, change, style);
    }
    if changes.len() > NAMED {
        let more = format!("    … {} more", changes.len() - NAMED);
        line(out, &style.dim(&style.text(&more)));
    }
}

/// What became of a case and how surely; below that, what was accepted and what is said now.
fn entry(out: &mut String, change: &Change, style: Style) {
    let shown = |text: &str| style.text(&visible(text));
    let words = change.kind.words();
    let painted = match change.kind {
        ChangeKind::NewlyConfidentWrong => style.red(words),
        ChangeKind::Fixed | ChangeKind::NoLongerConfidentWrong => style.green(words),
        _ => style.yellow(words),
    };
    let mut sure = bands(change);
    let draws = draws(change);
    if draws != "1/1" {
        sure += &format!("   {draws} draws");
    }
    let sure = style.text(&sure);
    let room = style.width.saturating_sub(4 + width(words) + 2 + 3 + width(&sure));
    let case = shown(&change.case);
    let case = fit(&case, room, style.ellipsis());
    line(out, &format!("    {painted}  {case}   {}", style.dim(&sure)));
    let (then, now) = (shown(said(change.before.as_ref()).text()), said(change.after.as_ref()));
    let now = shown(now.text());
    let room = style.width.saturating_sub(6);
    let answers = match (&change.before, &change.after) {
        (Some(_), Some(_)) if then != now => {
            let arrow = style.text(" → ");
            let half = room.saturating_sub(width(&arrow)) / 2;
            let then = fit(&then, half + half.saturating_sub(width(&now)), style.ellipsis());
            let left = room.saturating_sub(width(&arrow) + width(&then));
            format!("{then}{arrow}{}", fit(&now, left, style.ellipsis()))
        }
        (Some(_), None) => fit(&then, room, style.ellipsis()).into_owned(),
        _ => fit(&now, room, style.ellipsis()).into_owned(),
    };
    line(out, &format!("      {answers}"));
}

#[cfg(test)]
mod tests;
