//! What went wrong while an endpoint was asked: failures by kind, retries, another model than asked.

use crate::scorecard::{EndpointCard, EndpointOperations, Retries};

use super::style::{Style, hanging};
use super::text::counted;
use super::{Page, visible};

/// What went wrong at an endpoint, a line each; nothing where nothing did.
pub(super) fn failures(out: &mut String, page: &Page<'_>, card: &EndpointCard, style: Style) {
    let operations = page.operations.endpoints.iter().find(|entry| entry.endpoint == card.endpoint);
    let Some(operations) = operations else { return };
    for (kind, failure) in &operations.failures {
        let text = format!("{} × {kind}: {}", failure.count, visible(&failure.message));
        hanging(out, &style.yellow("  ! "), 4, &style.text(&text), style);
    }
    if let Some(why) = page.operations.span.given_up.get(&card.endpoint) {
        let text = given_up(why, card.planned.saturating_sub(card.finished), operations);
        hanging(out, &style.red("  ! "), 4, &style.text(&text), style);
    }
    if let Some(retries) = &operations.retries {
        hanging(out, &style.yellow("  ! "), 4, &style.text(&tried_again(retries)), style);
    }
    for served in &operations.served {
        let text = format!(
            "{} of the replies came from `{}`, not from `{}`, which was asked for",
            served.replies,
            visible(&served.served),
            visible(&served.asked)
        );
        hanging(out, &style.yellow("  ! "), 4, &style.text(&text), style);
    }
}

/// Why an endpoint was given up, unless a failure of this run says it already.
pub(super) fn given_up(why: &str, unasked: usize, operations: &EndpointOperations) -> String {
    let mut failures = operations.failures.iter();
    let told = failures.any(|(kind, failure)| *why == format!("{kind}: {}", failure.message));
    let why = if told { "every other call would fail like this".into() } else { visible(why) };
    format!("given up with {} not asked: {why}", counted(unasked, "trial"))
}

/// What was tried again, with what success, and what that cost in time.
pub(super) fn tried_again(retries: &Retries) -> String {
    let Retries { calls, requests, answered, after, failed_ms, pause_ms } = retries;
    let kinds: Vec<String> =
        after.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
    format!(
        "{} after {}: {answered} of {requests} answered in the end; {:.1} s in calls that failed, {:.1} s of pauses",
        if *calls == 1 {
            "1 call made again".to_owned()
        } else {
            format!("{calls} calls made again")
        },
        kinds.join(", "),
        failed_ms / 1000.0,
        pause_ms / 1000.0
    )
}
