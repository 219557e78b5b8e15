//! What became of the trials: right and wrong answers, and everything that was neither, a bar each.

use crate::gate::percent;
use crate::record::Outcome;
use crate::report::text::counted;
use crate::scorecard::{EndpointCard, SourceCard};

use super::Figure;
use super::counts::{self, Row};

/// The figure; none where all trials ended alike.
#[expect(clippy::cast_precision_loss, reason = "counts of trials")]
pub(super) fn figure(id: String, card: &EndpointCard) -> Option<Figure> {
    let count = |name: &str| card.outcomes.get(name).copied().unwrap_or(0);
    let kinds = Outcome::NAMES.iter().map(|name| (*name, count(name)));
    let not_asked = ("not asked", card.planned.saturating_sub(card.finished));
    let kinds: Vec<(&str, usize)> =
        kinds.chain([not_asked]).filter(|(_, count)| *count > 0).collect();
    let all: usize = kinds.iter().map(|(_, count)| count).sum();
    if kinds.len() < 2 {
        return None;
    }
    let rows = kinds.iter().map(|(name, count)| Row {
        name: (*name).to_owned(),
        class: match *name {
            "correct" => "bar",
            "incorrect" => "bar-wrong",
            _ => "bar-hollow",
        },
        size: *count as f64,
        count: count.to_string(),
        beside: percent(*count as f64 / all as f64),
    });
    let missing = card.primary().map_or(0, SourceCard::missing_count);
    let without = match missing {
        0 => String::new(),
        1 => " 1 was graded without a confidence.".to_owned(),
        some => format!(" {some} were graded without a confidence."),
    };
    let note = format!(
        "n = {}, {} of them graded.{without}",
        counted(all, "planned trial"),
        card.accuracy.n
    );
    let rows: Vec<Row> = rows.collect();
    let head = ["outcome", "trials", "share"];
    Some(counts::figure(id, "What became of the trials", note, head, &rows))
}
