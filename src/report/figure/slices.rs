//! Parts of the cases side by side: is the model otherwise there? A dot a part with its interval, and
//! the rate of all cases as a line.

use std::cmp::Reverse;

use crate::gate::percent;
use crate::report::text::counted;
use crate::scorecard::{EndpointCard, Rate, TagCard};

use super::frame::{LINE, Mark, WIDTH, key, nice_share};
use super::words::{fitted, units};
use super::{Anchor, Figure, Scale, Svg, Table};

/// So many parts are drawn where some can be told from the rest, and where none can.
const MOST: usize = 40;
const MOST_FEW: usize = 24;
/// Height of a part's row.
const ROW: f64 = 20.0;
/// Where names end and where counts begin.
const NAMES: f64 = 146.0;
const COUNTS: f64 = 310.0;

/// A part of the cases.
struct Part<'a> {
    name: &'a str,
    rate: &'a Rate,
    /// What is to be said of it beside its numbers.
    remark: &'static str,
    differs: bool,
}

/// The figure; none with fewer than two parts.
pub(super) fn figure(id: String, card: &EndpointCard) -> Option<Figure> {
    let by_confidence = card.primary().is_some();
    let what = if by_confidence { "confidently wrong" } else { "right" };
    let slices = card.slices.iter().map(|slice| Part {
        name: &slice.name,
        rate: if by_confidence { &slice.confident_wrong } else { &slice.accuracy },
        remark: "own budget",
        differs: false,
    });
    // Of tags of which nothing can be told, the largest come first.
    let mut ordered: Vec<&TagCard> = card.tags.iter().collect();
    ordered.sort_by_key(|tag| {
        (!tag.is_assessable()).then_some(Reverse(rate_of(tag, by_confidence).n))
    });
    let some_told = card.tags.iter().any(TagCard::is_assessable);
    let tags = ordered.into_iter().map(|tag| Part {
        name: &tag.tag,
        rate: rate_of(tag, by_confidence),
        remark: match (tag.differs(), tag.is_assessable()) {
            (true, _) => "differs",
            (false, false) if some_told => "few",
            (false, _) => "",
        },
        differs: tag.differs(),
    });
    let parts: Vec<Part<'_>> = slices.chain(tags).filter(|part| part.rate.n > 0).collect();
    if parts.len() < 2 {
        return None;
    }
    let all = overall(card)?;
    let most = if some_told { MOST } else { MOST_FEW };
    let shown = &parts[..parts.len().min(most)];
    let uppers = shown.iter().filter_map(|part| part.rate.interval95()).map(|[_, upper]| upper);
    let end = nice_share(uppers.fold(all, f64::max));
    let scale = Scale { domain: [0.0, end], range: [NAMES + 8.0, COUNTS - 10.0] };
    let rows = f64::from(u8::try_from(shown.len()).unwrap_or(u8::MAX));
    let entries = [
        (Mark::Bin, format!("{what}, 95% interval")),
        (Mark::Line("calm"), format!("all cases {}", percent(all))),
    ];
    let mut svg = Svg::new(WIDTH, LINE + 10.0 + rows * ROW + 42.0);
    let top = key(&mut svg, 0.0, &entries) * LINE + 10.0;
    let bottom = top + rows * ROW;
    for tick in scale.ticks(3) {
        svg.line("grid", [scale.at(tick), top], [scale.at(tick), bottom]);
        let text = percent(tick);
        svg.text("quiet", [scale.at(tick), bottom + 15.0], Anchor::Middle, &text);
    }
    svg.line("calm", [scale.at(all), top], [scale.at(all), bottom]);
    let mut y = top + ROW / 2.0;
    for part in shown {
        row(&mut svg, &scale, part, y);
        y += ROW;
    }
    let middle = f64::midpoint(scale.range[0], scale.range[1]);
    svg.text("quiet", [middle, bottom + 32.0], Anchor::Middle, what);
    let n = card.primary().map_or(card.accuracy.n, |source| source.n);
    let title = "Parts of the cases";
    let mut note = format!("n = {n} answers. {}", in_words(&card.tags));
    if parts.len() > shown.len() {
        note += &format!(" {} more are left out.", parts.len() - shown.len());
    }
    let table = table(shown, what);
    let svg = svg.finish(&id, title, &note);
    Some(Figure { svg, id, title: title.to_owned(), note, table })
}

fn rate_of(tag: &TagCard, by_confidence: bool) -> &Rate {
    if by_confidence { &tag.confident_wrong } else { &tag.accuracy }
}

/// What the tags tell.
fn in_words(tags: &[TagCard]) -> String {
    let few = tags.iter().filter(|tag| !tag.is_assessable()).count();
    let needed = tags.iter().map(|tag| tag.needed).max().unwrap_or(0);
    let all = counted(tags.len(), "tag");
    if few == tags.len() {
        return match few {
            0 => String::new(),
            _ => format!(
                "{all}, each of under {needed} cases or of all but so few: none can be told from the rest."
            ),
        };
    }
    let differing = match tags.iter().filter(|tag| tag.differs()).count() {
        0 => "none differs".to_owned(),
        1 => "1 differs".to_owned(),
        some => format!("{some} differ"),
    };
    let small = match few {
        0 => String::new(),
        _ => format!(
            " Marked few: under {needed} cases, or all but so few, from which nothing can be told."
        ),
    };
    format!("Of {all} {differing} from the rest.{small}")
}

/// The share of all cases.
fn overall(card: &EndpointCard) -> Option<f64> {
    match card.primary() {
        Some(source) => source.at_threshold()?.rate_of_all,
        None => card.accuracy.rate,
    }
}

fn row(svg: &mut Svg, scale: &Scale, part: &Part<'_>, y: f64) {
    let class = if part.differs { "strong" } else { "" };
    svg.text(class, [NAMES, y + 4.0], Anchor::End, &fitted(part.name, NAMES - 10.0));
    if let Some([lower, upper]) = part.rate.interval95() {
        svg.line("interval", [scale.at(lower), y], [scale.at(upper), y]);
    }
    if let Some(rate) = part.rate.rate {
        svg.circle(if part.differs { "dot bad" } else { "dot" }, [scale.at(rate), y], 3.5);
    }
    let Rate { count, n, .. } = part.rate;
    let mut counts = format!("{count} of {n}");
    if units(&counts) + units(part.remark) + 5.0 > WIDTH - COUNTS {
        counts = format!("{count}/{n}");
    }
    svg.text(class, [COUNTS, y + 4.0], Anchor::Start, &counts);
    svg.text(
        if part.differs { class } else { "quiet" },
        [WIDTH, y + 4.0],
        Anchor::End,
        part.remark,
    );
}

fn table(parts: &[Part<'_>], what: &str) -> Table {
    let mut table = Table::of(&["part", what, "n", "share", "95% interval", "remark"]);
    for part in parts {
        let interval = part.rate.interval95();
        table.rows.push(vec![
            part.name.to_owned(),
            part.rate.count.to_string(),
            part.rate.n.to_string(),
            part.rate.rate.map_or_else(|| "n/a".to_owned(), percent),
            interval.map_or_else(
                || "n/a".to_owned(),
                |[lower, upper]| format!("{} to {}", percent(lower), percent(upper)),
            ),
            part.remark.to_owned(),
        ]);
    }
    table
}
