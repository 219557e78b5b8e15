//! What a page says of parts of the cases, and of labels that may be wrong.

use crate::gate::percent;
use crate::scorecard::{Scorecard, TagCard};

use super::style::{Style, hanging, line};
use super::text::fit;
use super::visible;

/// So many tags that differ are named.
const NAMED: usize = 3;

/// So many suspect labels are named.
const SUSPECTS: usize = 3;

/// Where lines go on.
const INDENT: usize = 19;

/// Which tags differ from the rest, or why none can be told to.
pub(super) fn tags(out: &mut String, tags: &[TagCard], by_confidence: bool, style: Style) {
    if tags.len() < 2 {
        return;
    }
    let mut label = "  by tag           ";
    let mut say = |text: &str| {
        hanging(out, label, INDENT, &style.text(text), style);
        label = "                   ";
    };
    let differing: Vec<&TagCard> = tags.iter().filter(|tag| tag.differs()).collect();
    for tag in differing.iter().take(NAMED) {
        say(&in_words(tag, by_confidence, style));
    }
    if differing.len() > NAMED {
        say(&format!("{} more tags differ from the rest", differing.len() - NAMED));
    }
    let assessable = tags.iter().filter(|tag| tag.is_assessable()).count();
    let small = tags.len() - assessable;
    if assessable == 0 {
        let needed = tags.iter().map(|tag| tag.needed).min().unwrap_or(0);
        let all = tags.len();
        say(&format!("{all} tags, each of under the {needed} cases that could tell"));
        return;
    }
    let among = match (differing.len(), small) {
        (0, 0) => format!("none of {assessable} differs from the rest"),
        (0, 1) => format!("none of {assessable} differs from the rest, 1 is too small to tell"),
        (0, small) => {
            format!("none of {assessable} differs from the rest, {small} are too small to tell")
        }
        (_, 0) => return,
        (_, 1) => format!("1 of {} tags is too small to tell", tags.len()),
        (_, small) => format!("{small} of {} tags are too small to tell", tags.len()),
    };
    say(&among);
}

fn in_words(tag: &TagCard, by_confidence: bool, style: Style) -> String {
    let name = visible(&tag.tag);
    let name = fit(&name, 24, style.ellipsis());
    let (rate, what) = if by_confidence {
        (&tag.confident_wrong, "confidently wrong")
    } else {
        (&tag.accuracy, "right")
    };
    let elsewhere = tag.elsewhere.map_or_else(|| "n/a".to_owned(), percent);
    let p = tag.adjusted.unwrap_or(1.0);
    let p = if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") };
    format!("{name}: {} of {} {what}, elsewhere {elsewhere} ({p})", rate.count, rate.n)
}

/// Labels that are worth a second look.
pub(super) fn suspects(out: &mut String, scorecard: &Scorecard, style: Style) {
    let Some(found) = &scorecard.suspect_labels else { return };
    line(out, "");
    let count = |n: usize, what: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    };
    let mut why = Vec::new();
    if found.agreed > 0 {
        why.push(format!("models agree on another answer to {}", count(found.agreed, "case")));
    }
    if found.improbable > 0 {
        let cases = count(found.improbable, "case");
        why.push(format!("probabilities speak against the label of {cases}"));
    }
    let title = style.bold("Wrong answer, or wrong label?");
    line(out, &format!("  {title}"));
    hanging(out, "  ", 2, &style.text(&why.join("; ")), style);
    for suspect in found.cases.iter().take(SUSPECTS) {
        let by = match suspect.models.len() {
            0 => String::new(),
            n => format!("   {n} models"),
        };
        let text = format!(
            "{}: {}, not {}{by}",
            visible(&suspect.case),
            visible(&suspect.said),
            visible(&suspect.expected)
        );
        line(out, &format!("    {}", fit(&style.text(&text), style.width - 4, style.ellipsis())));
    }
    let more = found.cases.len().saturating_sub(SUSPECTS);
    if more > 0 {
        let text = format!("    … {more} more in scorecard.json");
        line(out, &style.dim(&style.text(&text)));
    }
}
