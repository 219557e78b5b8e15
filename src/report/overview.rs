//! Several suites at a glance, after their pages: a line for each suite and endpoint.

use crate::gate::percent;

use super::style::{Style, line, strip};
use super::terminal::verdict;
use super::text::{fit, width};
use super::{Page, visible};

/// What a line says.
#[derive(Debug, Clone)]
pub struct Summary {
    suite: String,
    model: String,
    cases: String,
    confident_wrong: String,
    accuracy: String,
    verdict: String,
}

impl Summary {
    /// The lines of a page.
    #[must_use]
    pub fn of(page: &Page<'_>, style: Style) -> Vec<Summary> {
        let line = |card: &crate::scorecard::EndpointCard| {
            let source = card.primary();
            let wrong = source.and_then(|source| {
                let at = source.at_threshold()?;
                let rate = at.rate_of_all?;
                Some(format!("{} of {}  {}", at.wrong, source.n, percent(rate)))
            });
            Summary {
                suite: visible(&page.run.header.suite).into_owned(),
                model: visible(&card.model).into_owned(),
                cases: card.planned.to_string(),
                confident_wrong: wrong.unwrap_or_else(|| "n/a".to_owned()),
                accuracy: card.accuracy.rate.map_or_else(|| "n/a".to_owned(), percent),
                verdict: verdict(page.decision, style),
            }
        };
        page.scorecard.endpoints.iter().map(line).collect()
    }
}

/// The lines below each other.
#[must_use]
pub fn overview(summaries: &[Summary], style: Style) -> String {
    let widest = |of: fn(&Summary) -> &str, least: usize| {
        summaries.iter().map(|summary| width(of(summary))).max().unwrap_or(0).max(least)
    };
    let suite = widest(|summary| &summary.suite, 5);
    let cases = widest(|summary| &summary.cases, 6);
    let wrong = widest(|summary| &summary.confident_wrong, 17);
    let several = summaries.iter().any(|summary| summary.model != summaries[0].model);
    let mut out = String::new();
    let head = format!(
        "{:<suite$}  {:>cases$}  {:<wrong$}  accuracy",
        "suite", "trials", "confidently wrong"
    );
    line(&mut out, "");
    line(&mut out, &style.dim(&head));
    for summary in summaries {
        let gap = " ".repeat(suite.saturating_sub(width(&summary.suite)));
        let mut text = format!(
            "{}{gap}  {:>cases$}  {:<wrong$}  {:<8}  {}",
            style.bold(&style.text(&summary.suite)),
            summary.cases,
            summary.confident_wrong,
            summary.accuracy,
            summary.verdict,
        );
        if several {
            let room = style.width.saturating_sub(width(&strip(&text)) + 2);
            text += &format!("  {}", fit(&style.text(&summary.model), room, style.ellipsis()));
        }
        line(&mut out, &text);
    }
    out
}
