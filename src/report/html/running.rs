//! How the run went, for a reader who wants to know whether to believe it: outcomes, calls, times,
//! money, and what was not right on the way.

use crate::record::{Origin, Outcome};
use crate::report::Page;
use crate::report::failures::{given_up, tried_again};
use crate::report::figure::Table;
use crate::report::text::{amount, counted, duration};
use crate::scorecard::{EndpointCard, EndpointOperations, Quantiles};

/// A column an endpoint, a row a quantity; rows that say nothing of any endpoint are left out.
pub(super) fn table(page: &Page<'_>) -> Table {
    let endpoints: Vec<(&EndpointCard, &EndpointOperations)> = page
        .scorecard
        .endpoints
        .iter()
        .filter_map(|card| Some((card, operations(page, card)?)))
        .collect();
    let mut table = Table::of(&[""]);
    table.head.extend(endpoints.iter().map(|(card, _)| card.endpoint.to_string()));
    let mut row =
        |name: &str, of: &dyn Fn(&EndpointCard, &EndpointOperations) -> Option<String>| {
            let cells: Vec<Option<String>> =
                endpoints.iter().map(|(card, operations)| of(card, operations)).collect();
            if cells.iter().any(Option::is_some) {
                let cells = cells.into_iter().map(|cell| cell.unwrap_or_else(|| "–".into()));
                table.rows.push(std::iter::once(name.to_owned()).chain(cells).collect());
            }
        };
    row("trials finished of planned", &|card, _| {
        Some(match page.decision.early {
            Some(early) => {
                let planned = early.planned / page.scorecard.endpoints.len();
                format!("{} needed of {planned}", card.finished)
            }
            None => format!("{} of {}", card.finished, card.planned),
        })
    });
    for name in Outcome::NAMES {
        row(name, &|card, _| {
            card.outcomes.get(name).filter(|count| **count > 0).map(ToString::to_string)
        });
    }
    row("calls made", &|_, at| Some(at.attempts.to_string()));
    row("requests that differ", &|_, at| Some(at.distinct_requests.to_string()));
    for (origin, name) in [
        (Origin::Live, "asked now, answered or not"),
        (Origin::Joined, "joined: asked once for several trials"),
        (Origin::Stored, "stored: fetched by an earlier run"),
        (Origin::Shared, "shared with another process"),
        (Origin::Replayed, "replayed from a recording"),
    ] {
        row(name, &|_, at| at.origins.get(&origin).map(ToString::to_string));
    }
    row("tokens in", &|_, at| Some(at.input_tokens.to_string()));
    row("of them cached by the server", &|_, at| {
        at.cached_input_tokens.map(|tokens| tokens.to_string())
    });
    row("tokens out", &|_, at| Some(at.output_tokens.to_string()));
    row("cost", &|_, at| at.cost.map(amount));
    row("saved by cache and joining", &|_, at| {
        (at.saved.calls > 0).then(|| {
            let cost = at.saved.cost.map_or_else(String::new, |cost| format!(", {}", amount(cost)));
            format!("{}{cost}", counted(at.saved.calls, "call"))
        })
    });
    row("answer times, fetched now", &|_, at| at.live_ms.as_ref().map(spread));
    row("first token", &|_, at| at.first_token_ms.as_ref().map(spread));
    row("between pieces", &|_, at| at.between_pieces_ms.as_ref().map(spread));
    row("times when recorded (in no budget)", &|_, at| at.recorded_ms.as_ref().map(spread));
    table
}

fn spread(times: &Quantiles) -> String {
    format!(
        "median {}, p95 {}, longest {}, n {}",
        duration(times.p50),
        duration(times.p95),
        duration(times.max),
        times.n
    )
}

/// What was not right on the way, in sentences: failures, outages, retries, other models.
pub(super) fn troubles(page: &Page<'_>) -> Vec<String> {
    let mut troubles = Vec::new();
    let several = page.scorecard.endpoints.len() > 1;
    for card in &page.scorecard.endpoints {
        let Some(operations) = operations(page, card) else { continue };
        let name = if several { format!("{}: ", card.endpoint) } else { String::new() };
        for (kind, failure) in &operations.failures {
            troubles.push(format!("{name}{} × {kind}: {}", failure.count, failure.message));
        }
        if let Some(why) = page.operations.span.given_up.get(&card.endpoint) {
            let unasked = card.planned.saturating_sub(card.finished);
            troubles.push(format!("{name}{}", given_up(why, unasked, operations)));
        }
        if let Some(retries) = &operations.retries {
            troubles.push(format!("{name}{}", tried_again(retries)));
        }
        for served in &operations.served {
            troubles.push(format!(
                "{name}{} of the replies came from `{}`, not from `{}`, which was asked for",
                served.replies, served.served, served.asked
            ));
        }
    }
    let max_cost = page.operations.span.max_cost.as_ref();
    troubles.extend(max_cost.and_then(|limit| limit.sentence.clone()));
    troubles
}

fn operations<'a>(page: &Page<'a>, card: &EndpointCard) -> Option<&'a EndpointOperations> {
    page.operations.endpoints.iter().find(|entry| entry.endpoint == card.endpoint)
}
