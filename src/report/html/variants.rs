//! Places and variants: where the answers stood among the choices, and which prompt, variable or order
//! does better on the same rows.

use serde::Serialize;

use crate::report::comparison::{in_words, of, places_in_words, share};
use crate::report::figure::Table;
use crate::scorecard::{EndpointCard, Positions, Variants};

/// A table with sentences below it.
#[derive(Debug, Serialize)]
pub(super) struct Compared {
    title: String,
    table: Table,
    notes: Vec<String>,
}

/// What an endpoint's answers say of places and variants; nothing where there is nothing to compare.
pub(super) fn compared(card: &EndpointCard, several: bool) -> Vec<Compared> {
    let at = if several { format!(" at {}", card.endpoint) } else { String::new() };
    let mut all: Vec<Compared> =
        card.positions.iter().map(|positions| places(positions, &at)).collect();
    all.extend(card.variants.iter().map(|variants| values(variants, &at)));
    all
}

fn places(positions: &Positions, at: &str) -> Compared {
    let mut table = Table::of(&["place", "said", "right there", "found where it was right"]);
    let said: usize = positions.letters.values().map(|letter| letter.said).sum();
    let right: usize = positions.letters.values().map(|letter| letter.right).sum();
    let cell = |count: usize, n: usize| format!("{count}  {}", share(count, n));
    for (letter, place) in &positions.letters {
        table.rows.push(vec![
            letter.clone(),
            cell(place.said, said),
            cell(place.right, right),
            cell(place.found, place.right),
        ]);
    }
    Compared {
        title: format!("Where the answers stood{at}"),
        table,
        notes: places_in_words(positions),
    }
}

fn values(variants: &Variants, at: &str) -> Compared {
    let name = if variants.of == "prompt" { "Prompts" } else { &variants.of };
    let mut table = Table::of(&["", "right", "confidently wrong"]);
    for card in &variants.values {
        table.rows.push(vec![card.value.clone(), of(card.accuracy), of(card.confident_wrong)]);
    }
    Compared {
        title: format!("{name}{at}"),
        table,
        notes: variants.pairs.iter().map(in_words).collect(),
    }
}
