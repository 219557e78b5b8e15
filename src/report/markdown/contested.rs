//! Both figures of a run whose labels somebody disputes, beside each other, and the labels.

use super::inert::{code, prose};
use super::sheet::{Sheet, Table};
use super::{ANSWER, NAME, at_endpoint};
use crate::record::Unreadable;
use crate::report::Page;
use crate::report::contested::in_words;
use crate::report::terminal::wrong_of_all;
use crate::report::text::counted;

/// The figures with and without the disputed labels, and which these are; nothing where none is.
pub(super) fn disputed(sheet: &mut Sheet, page: &Page<'_>) {
    let Some(contested) = &page.contested else { return };
    let early = page.decision.early.is_some();
    let tidy = |figure: Option<String>| match figure {
        Some(figure) => figure.replace("   ", ", "),
        None => "–".to_owned(),
    };
    let without = contested.without_in_words();
    let figures = Table {
        what: "figures without disputed labels",
        summary: None,
        columns: &["figure", "as labelled", &without],
        elsewhere: "",
        spare: 0,
    };
    let rows: Vec<Vec<String>> = page
        .scorecard
        .endpoints
        .iter()
        .flat_map(|card| {
            let at = at_endpoint(page, &card.endpoint, code);
            let endpoint = &*card.endpoint;
            let wrong = card.primary().and_then(|source| wrong_of_all(source, early));
            let wrong = wrong.map(|parts| {
                let without = contested.confident_wrong(page, endpoint);
                vec![format!("confident wrong{at}"), tidy(Some(parts.join("   "))), tidy(without)]
            });
            let accuracy = vec![
                format!("accuracy{at}"),
                tidy(in_words(&card.accuracy)),
                tidy(contested.accuracy(endpoint)),
            ];
            wrong.into_iter().chain([accuracy])
        })
        .collect();
    let all = rows.len();
    // Rows of figures are made of what is there already.
    let _ = sheet.table(&figures, all, rows.into_iter().map(Ok::<_, Unreadable>));
    let summary = counted(contested.held.len(), "disputed label");
    let table = Table {
        what: "disputed labels",
        summary: Some(&summary),
        columns: &["case", "label", "right instead", "why", "since"],
        elsewhere: "the file of disputed labels beside the suite",
        spare: 0,
    };
    let or_none = |text: &Option<String>| {
        text.as_ref().map_or_else(|| "–".to_owned(), |text| code(text, ANSWER))
    };
    let rows = contested.labels().map(|label| {
        Ok::<_, Unreadable>(vec![
            code(&label.case, NAME),
            code(&label.expected, ANSWER),
            or_none(&label.says),
            or_none(&label.reason),
            prose(&label.since, NAME),
        ])
    });
    let _ = sheet.table(&table, contested.held.len(), rows);
}
