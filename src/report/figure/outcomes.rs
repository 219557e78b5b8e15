//! What became of the trials: right and wrong answers, and everything that was neither, a bar each.

use crate::gate::percent;
use crate::record::Outcome;
use crate::report::text::counted;
use crate::scorecard::{EndpointCard, SourceCard};

use super::frame::WIDTH;
use super::{Anchor, Figure, Scale, Svg, Table};

const ROW: f64 = 22.0;
/// Where names end and where counts begin.
const NAMES: f64 = 84.0;
const COUNTS: f64 = 300.0;

/// The figure; none where all trials ended alike.
pub(super) fn figure(id: String, card: &EndpointCard) -> Option<Figure> {
    let count = |name: &str| card.outcomes.get(name).copied().unwrap_or(0);
    let kinds = Outcome::NAMES.iter().map(|name| (*name, count(name)));
    let not_asked = ("not asked", card.planned.saturating_sub(card.finished));
    let rows: Vec<(&str, usize)> =
        kinds.chain([not_asked]).filter(|(_, count)| *count > 0).collect();
    let all: usize = rows.iter().map(|(_, count)| count).sum();
    if rows.len() < 2 {
        return None;
    }
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(1);
    #[expect(clippy::cast_precision_loss, reason = "counts of trials")]
    let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
    let scale = Scale { domain: [0.0, 1.0], range: [NAMES + 8.0, COUNTS - 8.0] };
    let height = f64::from(u8::try_from(rows.len()).unwrap_or(u8::MAX)) * ROW;
    let mut svg = Svg::new(WIDTH, height + 4.0);
    let mut table = Table::of(&["outcome", "trials", "share"]);
    let mut y = 2.0;
    for (name, count) in &rows {
        let class = match *name {
            "correct" => "bar",
            "incorrect" => "bar-wrong",
            _ => "bar-hollow",
        };
        svg.text("", [NAMES, y + 15.0], Anchor::End, name);
        let [from, to] = [0.0, share(*count, most)].map(|share| scale.at(share));
        svg.rect(class, [from, y + 4.0], [(to - from).max(1.5), ROW - 8.0]);
        let part = percent(share(*count, all));
        svg.text("", [COUNTS, y + 15.0], Anchor::Start, &count.to_string());
        svg.text("quiet", [WIDTH, y + 15.0], Anchor::End, &part);
        table.rows.push(vec![(*name).to_owned(), count.to_string(), part]);
        y += ROW;
    }
    svg.line("axis", [scale.range[0], 2.0], [scale.range[0], height + 2.0]);
    let title = "What became of the trials";
    let missing = card.primary().map_or(0, SourceCard::missing_count);
    let without = match missing {
        0 => String::new(),
        some => format!(
            " {} graded without a confidence.",
            if some == 1 { "1 was".to_owned() } else { format!("{some} were") }
        ),
    };
    let note = format!(
        "n = {}, {} of them graded.{without}",
        counted(all, "planned trial"),
        card.accuracy.n
    );
    let svg = svg.finish(&id, title, &note);
    Some(Figure { svg, id, title: title.to_owned(), note, table })
}
