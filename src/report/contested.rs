//! Labels that a reviewer disputes: every headline has two figures until the matter is settled, one
//! with the labels as they are and one without the cases of those that are disputed.

use serde::Serialize;

use super::Page;
use super::style::{Style, hanging, line};
use super::terminal::wrong_of_all;
use super::text::{counted, fit};
use super::visible;
use crate::gate::percent;
use crate::scorecard::{EndpointCard, Rate, Scorecard, SourceCard};
use crate::snapshot::{self, Dispute, Holding};

/// So many labels are listed in a terminal.
const LISTED: usize = 5;

/// What is disputed of a run, with the figures without it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Contested<'a> {
    /// The labels, by row; never empty.
    pub held: &'a [Holding],
    /// The statistics of the same run without their cases.
    pub without: &'a Scorecard,
}

impl<'a> Contested<'a> {
    /// What there is to say; none where no dispute holds.
    #[must_use]
    pub fn of(contested: &'a snapshot::Contested) -> Option<Contested<'a>> {
        Some(Contested { held: &contested.held, without: contested.without.as_ref()? })
    }

    /// The labels.
    pub(super) fn labels(&self) -> impl ExactSizeIterator<Item = &'a Dispute> {
        self.held.iter().map(|holding| &holding.dispute)
    }

    /// The same endpoint without the disputed labels.
    pub(super) fn card(&self, endpoint: &str) -> Option<&'a EndpointCard> {
        self.without.endpoints.iter().find(|card| *card.endpoint == *endpoint)
    }

    /// What the second figure is of.
    pub(super) fn without_in_words(&self) -> String {
        format!("without {}", counted(self.held.len(), "disputed label"))
    }

    /// The primary source of the same endpoint without the disputed labels.
    fn source(&self, endpoint: &str) -> Option<&'a SourceCard> {
        self.card(endpoint)?.primary()
    }

    /// Confident wrong answers without the disputed labels: how many of how many, and the limit.
    pub(super) fn confident_wrong(&self, page: &Page<'_>, endpoint: &str) -> Option<String> {
        Some(wrong_of_all(self.source(endpoint)?, page.decision.early.is_some())?.join("   "))
    }

    /// Accuracy without the disputed labels, with its interval.
    pub(super) fn accuracy(&self, endpoint: &str) -> Option<String> {
        in_words(&self.card(endpoint)?.accuracy)
    }
}

/// An accuracy with its interval; none where nothing was graded.
pub(super) fn in_words(rate: &Rate) -> Option<String> {
    let (share, [low, high]) = (rate.rate?, rate.interval95()?);
    Some(format!(
        "{} of {}   {}   95% interval {} to {}",
        rate.count,
        rate.n,
        percent(share),
        percent(low),
        percent(high)
    ))
}

/// The second figure, below the first.
pub(super) fn beside(
    out: &mut String,
    page: &Page<'_>,
    of: impl Fn(&Contested<'_>) -> Option<String>,
    style: Style,
) {
    let Some(contested) = &page.contested else { return };
    let figure = of(contested).unwrap_or_else(|| "nothing was graded".to_owned());
    let text = format!("{}: {figure}", contested.without_in_words());
    // Gaps between the parts of a figure are kept; a line that is too long is broken.
    let text = style.text(&text);
    if super::text::width(&text) + 4 <= style.measure() {
        line(out, &format!("    {text}"));
    } else {
        hanging(out, "    ", 6, &text, style);
    }
}

/// The labels, each with what is right instead, since when and why.
pub(super) fn labels(out: &mut String, page: &Page<'_>, style: Style) {
    let Some(contested) = &page.contested else { return };
    line(out, "");
    line(out, &format!("  {}", style.bold("Disputed labels")));
    for label in contested.labels().take(LISTED) {
        let text = style.text(&visible(&in_short(label)));
        let room = style.width.saturating_sub(4);
        line(out, &format!("    {}", fit(&text, room, style.ellipsis())));
        if let Some(reason) = &label.reason {
            let text = style.text(&visible(reason));
            let text = fit(&text, room.saturating_sub(2), style.ellipsis()).into_owned();
            line(out, &format!("      {}", style.dim(&text)));
        }
    }
    if contested.held.len() > LISTED {
        let text = format!("    … {} more", contested.held.len() - LISTED);
        line(out, &style.dim(&style.text(&text)));
    }
}

fn in_short(label: &Dispute) -> String {
    let instead = match &label.says {
        Some(says) => format!("{says}, not {}", label.expected),
        None => format!("not {}", label.expected),
    };
    format!("{}: {instead}   since {}", label.case, label.since)
}

#[cfg(test)]
mod tests;
