//! What the replies took: tokens read and written, and money where the endpoint has a price.

use crate::report::text::{amount, counted};
use crate::scorecard::EndpointOperations;

use super::Figure;
use super::counts::{self, Row};

/// The figure; none where no server counted tokens.
#[expect(clippy::cast_precision_loss, reason = "tokens for a drawing")]
pub(super) fn figure(id: String, operations: &EndpointOperations) -> Option<Figure> {
    let EndpointOperations { input_tokens, output_tokens, saved, .. } = operations;
    if input_tokens + output_tokens == 0 {
        return None;
    }
    let cached = operations.cached_input_tokens.unwrap_or(0);
    let replies: usize = operations.origins.values().sum();
    let each = |tokens: u64| format!("{:.1} each", tokens as f64 / replies.max(1) as f64);
    let rows = [
        ("read", "bar", *input_tokens, each(*input_tokens)),
        ("of them cached", "bar-hollow", cached, String::new()),
        ("written", "bar", *output_tokens, each(*output_tokens)),
        ("read, not again", "bar-hollow", saved.input_tokens, "saved".to_owned()),
        ("written, not again", "bar-hollow", saved.output_tokens, "saved".to_owned()),
    ];
    let rows: Vec<Row> = rows
        .into_iter()
        .filter(|(_, _, tokens, _)| *tokens > 0)
        .map(|(name, class, tokens, beside)| Row {
            name: name.to_owned(),
            class,
            size: tokens as f64,
            count: tokens.to_string(),
            beside,
        })
        .collect();
    let cost = match (operations.cost, saved.cost) {
        (Some(cost), Some(saved)) if saved > 0.0 => {
            format!("Cost {}, {} saved.", amount(cost), amount(saved))
        }
        (Some(cost), _) => format!("Cost {}.", amount(cost)),
        (None, _) => "The endpoint has no price.".to_owned(),
    };
    let note = format!("n = {}, as the server counts. {cost}", counted(replies, "exchange"));
    let head = ["tokens", "number", ""];
    Some(counts::figure(id, "Tokens and cost", note, head, &rows))
}
