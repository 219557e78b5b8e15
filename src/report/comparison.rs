//! What a page says of places and prompts: where the answers stood among the choices, and which
//! variant of the same rows does better.

use crate::gate::percent;
use crate::scorecard::{EndpointCard, Pair, Positions, Rate, Variants};

use super::style::{Style, hanging, line};
use super::text::{fit, width};
use super::visible;

/// Both sections, where there is something to say.
pub(super) fn comparison(out: &mut String, card: &EndpointCard, style: Style) {
    // Where every row has one order only, a line among the numbers is enough.
    if let Some(positions) = card.positions.as_ref().filter(|positions| positions.reordered > 0) {
        places(out, positions, style);
    }
    for variants in &card.variants {
        compared(out, variants, style);
    }
}

/// How often the right choice was found by where it stood, in one line.
pub(super) fn by_position(out: &mut String, positions: &Positions, style: Style) {
    if positions.recall_std.is_none() {
        return;
    }
    let found = positions.letters.iter().filter(|(_, place)| place.right > 0);
    let found =
        found.map(|(letter, place)| format!("{letter} {}", share(place.found, place.right)));
    let found = found.collect::<Vec<_>>().join(" · ");
    hanging(out, "  by position      ", 19, &style.text(&format!("right at {found}")), style);
}

/// How often each letter was answered, was right, and was found where it was right.
fn places(out: &mut String, positions: &Positions, style: Style) {
    let all: usize = positions.letters.values().map(|letter| letter.said).sum();
    line(out, "");
    line(out, &format!("  {}", style.bold("Where the answers stood")));
    line(out, &style.dim("     said            right           found where it was right"));
    for (letter, place) in &positions.letters {
        let found = share(place.found, place.right);
        let said = format!("{:>4}  {:<6}", place.said, share(place.said, all));
        let right = format!("{:>4}  {:<6}", place.right, share(place.right, all));
        line(out, &format!("  {letter}  {said}    {right}    {:>4}  {found}", place.found));
    }
    for text in places_in_words(positions) {
        hanging(out, "  ", 2, &style.text(&text), style);
    }
}

/// How much the place of a choice matters.
pub(super) fn places_in_words(positions: &Positions) -> Vec<String> {
    let spread = positions.recall_std.map(|std| {
        format!("spread of what was found by place: {:.1} points, 0 without a bias", std * 100.0)
    });
    let Positions { same_choice, reordered, .. } = *positions;
    let same = (reordered > 0).then(|| {
        let share = share(same_choice, reordered);
        format!("the same choice in every order: {same_choice} of {reordered} rows ({share})")
    });
    spread.into_iter().chain(same).collect()
}

pub(super) fn share(count: usize, n: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let share = |count: usize, n: usize| count as f64 / n as f64;
    if n == 0 { "n/a".to_owned() } else { percent(share(count, n)) }
}

/// The values of a variable side by side, and pair by pair over the rows that both answered.
fn compared(out: &mut String, variants: &Variants, style: Style) {
    line(out, "");
    let name = if variants.of == "prompt" { "Prompts" } else { &variants.of };
    line(out, &format!("  {}", style.bold(&style.text(&visible(name)))));
    let widest = variants.values.iter().map(|card| width(&visible(&card.value))).max();
    let columns = widest.unwrap_or(0).clamp(4, 24);
    let padding = " ".repeat(columns);
    line(out, &style.dim(&format!("    {padding}  right                 confidently wrong")));
    for card in &variants.values {
        let value = style.text(&visible(&card.value));
        let value = fit(&value, columns, style.ellipsis());
        let gap = " ".repeat(columns.saturating_sub(width(&value)));
        let (right, wrong) = (of(card.accuracy), of(card.confident_wrong));
        line(out, &format!("    {value}{gap}  {right:<20}  {wrong}"));
    }
    for pair in &variants.pairs {
        hanging(out, "    ", 6, &style.text(&visible(&in_words(pair))), style);
    }
}

/// A count of how many, with its share.
pub(super) fn of(rate: Rate) -> String {
    format!("{} of {}  {}", rate.count, rate.n, share(rate.count, rate.n))
}

/// What two variants of the same rows did differently.
pub(super) fn in_words(pair: &Pair) -> String {
    let Pair { one, other, n, only_one, only_other, .. } = pair;
    let test = match pair.mcnemar_p {
        Some(p) if p < 0.001 => "p < 0.001 (McNemar, exact)".to_owned(),
        Some(p) => format!("p = {p:.3} (McNemar, exact)"),
        None => "no test: the cases of a row are not independent".to_owned(),
    };
    format!(
        "{one} and {other}: of {n} cases {only_one} are right under {one} alone, {only_other} under {other} alone; {test}"
    )
}
