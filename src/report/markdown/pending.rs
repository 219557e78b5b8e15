//! What changed since the accepted state of the suite, for those who review it; and apart from that,
//! what is known to be wrong.

use std::collections::{HashMap, HashSet};

use super::inert::{code, html_code, prose};
use super::sheet::{Sheet, Table};
use super::{ANSWER, NAME, QUESTION, at_endpoint, command};
use crate::record::{Brief, Unreadable};
use crate::report::Page;
use crate::report::changes::{
    Answer, KnownWrong, OF_A_SHARD, Wrong, bands, caveats, draws, quiet_in_words, review, said,
    waiting_in_words,
};
use crate::report::text::counted;
use crate::scorecard::EndpointCard;
use crate::snapshot::{Change, Line, Standing};

/// Characters that the gravest changes leave for others, and all of them together.
const SPARE: usize = 20_000;

/// Most characters of an answer in a row of changes.
const SAID: usize = 100;

const COLUMNS: [&str; 6] = ["change", "case", "accepted", "now", "confidence", "draws"];

/// Everything that waits at an endpoint: the gravest stand open, the rest is folded.
pub(super) fn pending(
    sheet: &mut Sheet,
    page: &Page<'_>,
    standing: &Standing,
) -> Result<(), Unreadable> {
    let changes: Vec<&Change> = standing.diff.waiting().collect();
    let at = at_endpoint(page, standing.endpoint(), code);
    let what = waiting_in_words(standing);
    let words = [what.unwrap_or_else(|| "nothing pending".to_owned())];
    let words = words.into_iter().chain(quiet_in_words(standing)).collect::<Vec<_>>().join("; ");
    let file = code(&standing.accepted.file, NAME);
    sheet.add(&format!("Against the snapshot{at}, {file}: {words}.\n\n"));
    let caveats = caveats(page, standing);
    if !caveats.is_empty() {
        let told: Vec<String> = caveats.iter().map(|text| prose(text, QUESTION)).collect();
        sheet.add(&format!("Note: {}.\n\n", told.join("; ")));
    }
    if changes.is_empty() {
        return Ok(());
    }
    let review = review(page).map_or_else(|| prose(OF_A_SHARD, NAME), |words| command(&words));
    sheet.add(&format!("To go through them: {review}\n\n"));
    let questions = questions(page, standing);
    let open = changes.len().min(page.top);
    let rows = changes.iter().map(|change| {
        let brief = questions.get(change.case.as_str());
        let question = brief.map(|brief| Ok(page.run.record(brief)?.question)).transpose()?;
        Ok(row(change, question.as_deref()))
    });
    let elsewhere = format!("{} of the run", code("changes.json", NAME));
    let table = Table {
        what: "pending changes",
        summary: None,
        columns: &COLUMNS,
        elsewhere: &elsewhere,
        spare: SPARE,
    };
    sheet.table(&table, open, rows.clone().take(open))?;
    if changes.len() > open {
        let rest = changes.len() - open;
        let summary = format!(
            "{} to review{}",
            counted(rest, "more change"),
            at_endpoint(page, standing.endpoint(), html_code)
        );
        let table = Table { summary: Some(&summary), ..table };
        sheet.table(&table, rest, rows.skip(open))?;
    }
    Ok(())
}

fn row(change: &Change, question: Option<&str>) -> Vec<String> {
    let mut case = code(&change.case, NAME);
    if let Some(question) = question.filter(|text| !text.trim().is_empty()) {
        case += " ";
        case += &code(question, ANSWER);
    }
    vec![
        change.kind.words().to_owned(),
        case,
        answer(change.before.as_ref()),
        answer(change.after.as_ref()),
        bands(change),
        draws(change),
    ]
}

fn answer(line: Option<&Line>) -> String {
    match said(line) {
        Answer::Said(text) => code(text, SAID),
        Answer::Became(word) => word.to_owned(),
    }
}

/// A trial of each case that waits, by its name.
fn questions<'a>(page: &Page<'a>, standing: &'a Standing) -> HashMap<&'a str, &'a Brief> {
    let wanted: HashSet<&str> =
        standing.diff.waiting().map(|change| change.case.as_str()).collect();
    let run = page.run;
    let mut found = HashMap::new();
    for brief in run.of_endpoint(standing.endpoint()) {
        let name = run.name(brief.case());
        if wanted.contains(name) {
            found.entry(name).or_insert(brief);
        }
    }
    found
}

/// The confident wrong answers of an endpoint that are known, folded, with since when and why.
pub(super) fn known(
    sheet: &mut Sheet,
    page: &Page<'_>,
    card: &EndpointCard,
    wrong: &Wrong<'_>,
) -> Result<(), Unreadable> {
    let Some(how_many) = wrong.known_of_all() else { return Ok(()) };
    let summary = format!(
        "{how_many} known to be wrong{}, in every rate all the same",
        at_endpoint(page, &card.endpoint, html_code)
    );
    let elsewhere = format!("{} of the run", code("changes.json", NAME));
    let table = Table {
        what: "what is known to be wrong",
        summary: Some(&summary),
        columns: &["sure", "question", "said", "known", "case"],
        elsewhere: &elsewhere,
        spare: 0,
    };
    let rows = wrong.known.iter().take(page.top).map(|(case, accepted)| {
        let record = page.run.record(case.brief)?;
        Ok(vec![
            format!("{:.2}", record.primary.unwrap_or(0.0)),
            code(&record.question, QUESTION),
            code(&record.said().unwrap_or_default(), ANSWER),
            code(&KnownWrong::of(accepted).in_words(), ANSWER),
            code(&record.case, NAME),
        ])
    });
    sheet.table(&table, wrong.known.len(), rows)
}
