//! The page of a comparison: the verdict, which answers turned, by how much the numbers changed and
//! what that is worth, what the cases could have shown, and what was not compared.

use crate::gate::{in_words, p_value, percent, points};
use crate::scorecard::{
    CalibrationCard, Change, Comparison, Direction, Flip, LeftOut, POWER, SliceChange, Tested,
};

use super::flipped::flipped;
use super::style::{Style, hanging, line};
use super::text::{fit, width};
use super::visible;

/// How many parts by tag are shown.
const SLICES: usize = 8;

/// How many names of cases stand in a line.
const NAMES: usize = 5;

/// Everything that is reported of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct ComparedPage<'a> {
    /// What is compared, such as the name of the suite.
    pub title: &'a str,
    /// The baseline in a few words.
    pub baseline: &'a str,
    /// The candidate in a few words.
    pub candidate: &'a str,
    /// The comparison.
    pub comparison: &'a Comparison,
    /// What a reader must know before believing it.
    pub notes: &'a [String],
    /// Why it decides nothing, if it does not.
    pub obstacle: Option<&'a str>,
    /// How many answers that turned for the worse are shown.
    pub top: usize,
}

/// The whole page.
#[must_use]
pub fn compared(page: &ComparedPage<'_>, style: Style) -> String {
    let comparison = page.comparison;
    let mut out = compared_headline(page, style);
    line(&mut out, "");
    for (name, text) in [("baseline ", page.baseline), ("candidate", page.candidate)] {
        let text = style.text(&visible(text));
        let text = fit(&text, style.width.saturating_sub(19), style.ellipsis()).into_owned();
        line(&mut out, &format!("  {}        {text}", style.dim(name)));
    }
    for note in page.notes {
        hanging(&mut out, &style.yellow("  ! "), 4, &style.text(&visible(note)), style);
    }
    for flip in Flip::ALL {
        flipped(&mut out, comparison, flip, page.top, style);
    }
    line(&mut out, "");
    numbers(&mut out, comparison, style);
    slices(&mut out, comparison, style);
    left_out(&mut out, &comparison.left_out, style);
    out
}

/// The verdict in one sentence, below what is compared.
#[must_use]
pub fn compared_headline(page: &ComparedPage<'_>, style: Style) -> String {
    let mut out = String::new();
    let comparison = page.comparison;
    let cases = match (comparison.cases, comparison.pairs) {
        (1, 1) => "1 case".to_owned(),
        (cases, pairs) if cases == pairs => format!("{cases} cases"),
        (cases, pairs) => format!("{cases} cases, {pairs} answers"),
    };
    let title = style.text(&visible(&format!("{} · {cases} compared", page.title)));
    line(&mut out, &style.bold(&fit(&title, style.width, style.ellipsis())));
    let sentence = match page.obstacle {
        Some(obstacle) => format!("could not be compared: {obstacle}"),
        None => in_words(comparison),
    };
    let first = sentence.split_once(':').map_or(sentence.as_str(), |(first, _)| first);
    let mut lines = String::new();
    hanging(&mut lines, "", 0, &style.text(&visible(&sentence)), style);
    let painted = match (page.obstacle, comparison.direction) {
        (Some(_), _) | (None, Direction::NothingCompared) => style.yellow(first),
        (None, Direction::Worse) => style.red(first),
        (None, Direction::Better) => style.green(first),
        (None, Direction::NoChange) => style.bold(first),
    };
    // What is painted is never broken in two: it starts the first line and is short.
    out + &lines.replacen(first, &painted, 1)
}

fn numbers(out: &mut String, comparison: &Comparison, style: Style) {
    let p = |of: &str| comparison.tests.iter().find(|test| test.of == of);
    if let Some(change) = &comparison.accuracy {
        shares(out, "accuracy       ", change, p("accuracy"), style);
    }
    if let Some(change) = &comparison.confident_wrong {
        shares(out, "confident wrong", change, p("confident_wrong"), style);
    }
    if let Some(change) = &comparison.brier {
        scores(out, change, p("brier"), style);
    }
    if let Some(card) = &comparison.calibration {
        calibration(out, card, style);
    }
    let mut put = |name: &str, text: &str| {
        let first = format!("  {name:<15}  ");
        hanging(out, &first, 19, &style.text(text), style);
    };
    let (one, other) = (comparison.baseline_only, comparison.candidate_only);
    let turned = format!("{one} right in the baseline alone, {other} in the candidate alone");
    match &comparison.mcnemar {
        Some(test) => put(
            "McNemar",
            &format!(
                "{turned}; two-sided exact {}, mid-{}",
                p_value(test.exact_two_sided),
                p_value(test.midp_two_sided)
            ),
        ),
        None if comparison.accuracy.is_some() => put(
            "turned",
            &format!(
                "{turned}. {} clusters hold several answers each, which McNemar's test would take for independent: p is that of flipping whole clusters",
                comparison.clusters
            ),
        ),
        None => {}
    }
    if !comparison.tests.is_empty() {
        put("can see", &resolution(comparison));
        put("p", &what_p_is(comparison));
    }
}

fn shares(out: &mut String, name: &str, change: &Change, test: Option<&Tested>, style: Style) {
    let interval = change.interval95.map_or(String::new(), |[low, high]| {
        format!(" [{:+.1}, {:+.1}]", low * 100.0, high * 100.0)
    });
    let text = format!(
        "{:<15}  {:+.1} points{interval}",
        format!("{} → {}", percent(change.baseline), percent(change.candidate)),
        change.change * 100.0
    );
    number(out, name, &text, test, style);
}

fn scores(out: &mut String, change: &Change, test: Option<&Tested>, style: Style) {
    let interval =
        change.interval95.map_or(String::new(), |[low, high]| format!(" [{low:+.3}, {high:+.3}]"));
    let text = format!(
        "{:.3} → {:.3}    {:+.3}{interval}",
        change.baseline, change.candidate, change.change
    );
    number(out, "Brier          ", &text, test, style);
}

fn number(out: &mut String, name: &str, text: &str, test: Option<&Tested>, style: Style) {
    let text = style.text(text);
    let p = test.map(|test| p_value(test.adjusted)).unwrap_or_default();
    let gap = 68_usize.saturating_sub(19 + width(&text)).max(2);
    line(out, &format!("  {name}  {text}{}{p}", " ".repeat(gap)));
}

/// The calibration error decides nothing and says so.
fn calibration(out: &mut String, card: &CalibrationCard, style: Style) {
    let interval =
        card.bootstrap95.map_or(String::new(), |[low, high]| format!(" [{low:+.3}, {high:+.3}]"));
    let text = style.text(&format!(
        "{:.3} → {:.3}    {:+.3}{interval}",
        card.baseline, card.candidate, card.change
    ));
    let p = card.p_two_sided.map(p_value).unwrap_or_default();
    let gap = 68_usize.saturating_sub(19 + width(&text)).max(2);
    line(out, &format!("  debiased ECE     {text}{}{p}", " ".repeat(gap)));
}

/// What could have been seen, and what more would show.
fn resolution(comparison: &Comparison) -> String {
    let visible = |change: &Option<Change>| change.as_ref().and_then(Change::visible);
    let drop = visible(&comparison.accuracy)
        .map(|seen| format!("a drop of {} in accuracy", points(seen.change)));
    let rise = visible(&comparison.confident_wrong)
        .map(|seen| format!("a rise of {} in confident wrong", points(seen.change)));
    let seen: Vec<String> = drop.into_iter().chain(rise).collect();
    let mut text = match seen.as_slice() {
        [] => "neither a drop in accuracy nor a rise in confident wrong, however large".to_owned(),
        seen => format!("{}, {} of the time", seen.join(", "), percent(POWER)),
    };
    if let Some(would) = comparison.would_show {
        text += &format!("; for {} it takes about {} cases", points(would.change), would.cases);
    }
    text
}

fn what_p_is(comparison: &Comparison) -> String {
    let tests = match comparison.tests.len() {
        1 => "one-sided, against the candidate".to_owned(),
        n => format!("one-sided, against the candidate, corrected for {n} tests (Holm)"),
    };
    let two_sided = match comparison.calibration {
        Some(_) => "; that of the debiased ECE is two-sided and decides nothing",
        None => "",
    };
    format!(
        "{tests}: where nothing changed, at most {} of comparisons say worse{two_sided}",
        percent(comparison.alpha)
    )
}

/// Parts by tag that are large enough, the least likely chance first, and how many are not.
fn slices(out: &mut String, comparison: &Comparison, style: Style) {
    let (large, small): (Vec<&SliceChange>, Vec<&SliceChange>) =
        comparison.slices.iter().partition(|slice| slice.adjusted.is_some());
    if large.is_empty() && small.is_empty() {
        return;
    }
    line(out, "");
    line(out, &format!("  {}", style.bold("By tag")));
    let shown = large.iter().take(SLICES);
    let widest = shown.clone().map(|slice| width(&visible(&slice.tag))).max().unwrap_or(0);
    let columns = widest.clamp(4, 30);
    for slice in shown {
        part(out, slice, columns, style);
    }
    if large.len() > SLICES {
        let more = format!("  … {} more: --json has all", large.len() - SLICES);
        line(out, &style.dim(&style.text(&more)));
    }
    if !large.is_empty() {
        let text =
            "p two-sided, corrected for the parts looked at (Benjamini-Hochberg); decides nothing";
        hanging(out, "  ", 2, &style.text(text), style);
    }
    if let Some(first) = small.first() {
        let needed = first.needed.map_or(String::new(), |needed| {
            format!(": fewer than the {needed} answers that a change of 20 points needs")
        });
        let tags = if small.len() == 1 { "tag is" } else { "tags are" };
        let text = format!("{} {tags} not assessable{needed}", small.len());
        hanging(out, "  ", 2, &style.text(&text), style);
    }
}

fn part(out: &mut String, slice: &SliceChange, columns: usize, style: Style) {
    let tag = style.text(&visible(&slice.tag));
    let tag = fit(&tag, columns, style.ellipsis()).into_owned();
    let gap = " ".repeat(columns.saturating_sub(width(&tag)));
    let right = format!("{} → {} of {} right", slice.baseline, slice.candidate, slice.n);
    let p = slice.adjusted.map(p_value).unwrap_or_default();
    let newly = match slice.newly_confident_wrong {
        0 => String::new(),
        newly => format!("   {newly} newly confident wrong"),
    };
    line(out, &style.text(&format!("  {tag}{gap}  {right:<24}  {p}{newly}")));
}

/// Cases that are not compared, by reason.
fn left_out(out: &mut String, left_out: &LeftOut, style: Style) {
    if left_out.is_empty() {
        return;
    }
    line(out, "");
    line(out, &format!("  {}", style.bold("Not compared")));
    for (cases, what) in [
        (&left_out.changed, "changed: another question, or graded otherwise"),
        (&left_out.removed, "only in the baseline"),
        (&left_out.added, "only in the candidate"),
        (&left_out.lost_in_candidate, "not judged in the candidate"),
        (&left_out.lost_in_baseline, "not judged in the baseline"),
        (&left_out.lost_in_both, "judged in neither"),
    ] {
        if cases.is_empty() {
            continue;
        }
        let mut names = cases.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
        if cases.len() > NAMES {
            names += ", …";
        }
        let text = style.text(&visible(&format!("{} {what}: {names}", cases.len())));
        hanging(out, "  ", 4, &text, style);
    }
}
