//! The last lines of a page: what the run took, what it saved, where its files are.

use std::collections::BTreeMap;

use crate::gate::percent;
use crate::record::Origin;
use crate::scorecard::EndpointOperations;

use super::pace::pace;
use super::style::{Style, line};
use super::text::{amount, counted, wrap};
use super::{Page, visible};

/// What the run took, and where its files are.
pub(super) fn ending(out: &mut String, page: &Page<'_>, style: Style) {
    let mut parts = vec![counted(page.run.briefs().len(), "trial")];
    let mut attempts = 0;
    let mut origins: BTreeMap<Origin, usize> = BTreeMap::new();
    if page.run.header.endpoints.iter().any(|asked| asked.cassette.is_none()) {
        // Whoever asks a server wants to read that nothing was joined, too.
        origins.extend([(Origin::Joined, 0), (Origin::Stored, 0)]);
    }
    for endpoint in &page.operations.endpoints {
        attempts += endpoint.attempts;
        for (origin, count) in &endpoint.origins {
            *origins.entry(*origin).or_insert(0) += count;
        }
    }
    parts.push(counted(attempts, "call"));
    for (origin, count) in origins {
        let name = match origin {
            Origin::Live => continue,
            Origin::Joined => "joined",
            Origin::Stored => "stored",
            Origin::Shared => "shared",
            Origin::Replayed => "replayed",
        };
        parts.push(format!("{count} {name}"));
    }
    if let Some(cost) = sum(page, |endpoint| endpoint.cost) {
        parts.push(format!("cost {}", amount(cost)));
    }
    if let Some(elapsed) = page.operations.span.elapsed_ms {
        parts.push(format!("{:.1} s", elapsed / 1000.0));
    }
    line(out, &style.dim(&style.text(&format!("  {}", parts.join(" · ")))));
    if let Some(regraded) = &page.run.header.regraded {
        let from = visible(&regraded.from);
        let text = format!("these are the calls of {from}; now nothing was asked, only graded");
        for text in wrap(&style.text(&text), style.measure() - 2) {
            line(out, &style.dim(&format!("  {text}")));
        }
    }
    if let Some(early) = page.decision.early {
        let text = format!(
            "decided early: {} of {} trials settled every line, {} need not be asked; \
             looking has cost {} of the error level of each line. Limits and intervals but for \
             those of the lines are made for a number of trials fixed beforehand: here they are \
             too narrow",
            early.needed,
            early.planned,
            early.saved(),
            percent(early.looking)
        );
        for text in wrap(&style.text(&text), style.measure() - 2) {
            line(out, &style.dim(&format!("  {text}")));
        }
    }
    for text in pace(page).iter().flat_map(|text| wrap(&style.text(text), style.measure() - 2)) {
        line(out, &style.dim(&format!("  {text}")));
    }
    if let Some(text) = saved(page) {
        line(out, &style.dim(&style.text(&format!("  {text}"))));
    }
    line(out, &style.dim(&style.text(&format!("  {}", page.dir))));
}

/// What the cache and joining saved, if they did.
fn saved(page: &Page<'_>) -> Option<String> {
    let saved = || page.operations.endpoints.iter().map(|endpoint| &endpoint.saved);
    let calls: usize = saved().map(|saved| saved.calls).sum();
    if calls == 0 {
        return None;
    }
    let tokens: u64 = saved()
        .map(|saved| saved.input_tokens.saturating_add(saved.output_tokens))
        .fold(0, u64::saturating_add);
    let seconds = saved().map(|saved| saved.call_ms).sum::<f64>() / 1000.0;
    let mut parts = vec![format!("saved {}", counted(calls, "call")), format!("{tokens} tokens")];
    if let Some(cost) = sum(page, |endpoint| endpoint.saved.cost) {
        parts.push(format!("cost {}", amount(cost)));
    }
    parts.push(format!("{seconds:.1} s of calls"));
    Some(parts.join(" · "))
}

/// A sum over the endpoints that know theirs; none if none does.
fn sum(page: &Page<'_>, of: impl Fn(&EndpointOperations) -> Option<f64>) -> Option<f64> {
    page.operations.endpoints.iter().filter_map(of).reduce(|sum, cost| sum + cost)
}
