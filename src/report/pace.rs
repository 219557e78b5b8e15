//! How quickly answers came that were fetched in this run, where any were.

use crate::scorecard::{EndpointOperations, Quantiles};

use super::Page;
use super::text::duration;
use super::visible;

/// A line for each endpoint that was asked: time of a whole answer, and of streams the first token
/// and the time between pieces.
pub(super) fn pace(page: &Page<'_>) -> Vec<String> {
    let endpoints = &page.operations.endpoints;
    let lines = endpoints.iter().filter_map(|endpoint| {
        let text = of_endpoint(endpoint)?;
        let several = endpoints.len() > 1;
        Some(if several { format!("{}: {text}", visible(&endpoint.endpoint)) } else { text })
    });
    lines.collect()
}

fn of_endpoint(endpoint: &EndpointOperations) -> Option<String> {
    let EndpointOperations { live_ms, first_token_ms, between_pieces_ms, .. } = endpoint;
    let spread = |name: &str, times: &Quantiles| {
        format!("{name} in {}, p95 {}", duration(times.p50), duration(times.p95))
    };
    let mut parts = vec![spread("answers", live_ms.as_ref()?)];
    parts.extend(first_token_ms.as_ref().map(|times| spread("first token", times)));
    parts.extend(
        between_pieces_ms.as_ref().map(|times| format!("pieces {} apart", duration(times.p50))),
    );
    Some(parts.join(" · "))
}
