//! A run in Markdown, for a comment on a pull request and for the summary of a CI job: the verdict,
//! the budget, what is newly and what is most confidently wrong, and where the rest is.

mod contested;
mod inert;
mod pending;
mod sheet;

use std::fmt::Write;

use crate::gate::{Line, Verdict, percent};
use crate::record::Unreadable;
use crate::scorecard::{Changes, EndpointCard, Flip, Flipped, Said};
use crate::snapshot::{ChangeKind, Standing};

use super::Page;
use super::budgets::limit_of_all;
use super::changes::{Marks, Wrong};
use super::measured::{basis, measured};
use super::style::Style;
use super::terminal::headline;
use super::text::{counted, shell_word};
use contested::disputed;
use inert::{code, html_code, prose};
use pending::{known, pending};
use sheet::{Sheet, Table};

/// Most characters of a question in a row, and of an answer.
const QUESTION: usize = 300;
const ANSWER: usize = 160;

/// Most characters of a name.
const NAME: usize = 100;

/// The document.
///
/// # Errors
/// A record that is shown cannot be read any more.
pub fn markdown(page: &Page<'_>) -> Result<String, Unreadable> {
    let mark = match page.decision.exit_code {
        0 => "✓",
        3 => "?",
        _ => "✗",
    };
    let matter = matter(page, page.changes);
    let style = Style { width: 400, ..Style::PLAIN };
    let verdict = headline(page, style).split_whitespace().collect::<Vec<_>>().join(" ");
    let start = format!("### {mark} overclaim: {matter}\n\n{}\n\n", code(&verdict, QUESTION));
    let mut sheet = Sheet::new(start, ending(page));
    budget(&mut sheet, page);
    for standing in page.standings {
        pending(&mut sheet, page, standing)?;
    }
    for change in page.changes {
        newly(&mut sheet, page, change);
    }
    let marks = Marks::of(page.standings);
    for card in &page.scorecard.endpoints {
        let all = Wrong::of(page, &card.endpoint, &marks);
        wrong(&mut sheet, page, card, &all)?;
        known(&mut sheet, page, card, &all)?;
    }
    numbers(&mut sheet, page);
    disputed(&mut sheet, page);
    failures(&mut sheet, page);
    Ok(sheet.finish())
}

/// What this run is about, in a few words.
fn matter(page: &Page<'_>, changes: &[Changes]) -> String {
    let (mut wrong, mut of, mut judged) = (0, 0, false);
    for source in page.scorecard.endpoints.iter().filter_map(EndpointCard::primary) {
        let Some(at) = source.at_threshold() else { continue };
        (wrong, of, judged) = (wrong + at.wrong, of + source.n, true);
    }
    let threshold = page.scorecard.threshold;
    let matter = if !judged {
        let cards = page.scorecard.endpoints.iter().map(|card| card.accuracy);
        let (right, n) = cards.fold((0, 0), |(right, n), rate| (right + rate.count, n + rate.n));
        format!("{} of {n} answers are wrong", n - right)
    } else if !page.standings.is_empty() {
        let count = |at: &Standing| at.diff.count(ChangeKind::NewlyConfidentWrong);
        let new = counted(page.standings.iter().map(count).sum(), "newly confident wrong answer");
        let waiting: usize = page.standings.iter().map(|at| at.diff.waiting().count()).sum();
        let waiting = match waiting {
            0 => "nothing to review".to_owned(),
            n => format!("{} to review", counted(n, "change")),
        };
        format!("{new}, {waiting} ({wrong} of {of} at ≥ {threshold:.2})")
    } else if changes.is_empty() {
        format!("{wrong} of {of} answers are confidently wrong (at ≥ {threshold:.2})")
    } else {
        let new = changes.iter().map(|change| change.count(Flip::NewlyConfidentWrong)).sum();
        let new = counted(new, "newly confident wrong answer");
        format!("{new} ({wrong} of {of} at ≥ {threshold:.2}{})", before(page, changes))
    };
    if page.decision.exit_code == 3 { format!("could not measure; {matter}") } else { matter }
}

/// How many there were, where the same cases were asked once then and now.
fn before(page: &Page<'_>, changes: &[Changes]) -> String {
    let same = page.run.header.repeats.get() == 1
        && changes.len() == page.scorecard.endpoints.len()
        && changes.iter().all(|change| change.not_compared == 0);
    let before: usize = changes.iter().map(|change| change.confident_wrong_before).sum();
    if same { format!("; was {before}") } else { String::new() }
}

/// The lines of the budget, those that fail first, and why they do.
fn budget(sheet: &mut Sheet, page: &Page<'_>) {
    let decision = page.decision;
    let several = page.scorecard.endpoints.len() > 1;
    let mut lines: Vec<&Line> = decision.lines.iter().collect();
    lines.sort_by_key(|line| !decision.counts_as_failed(line));
    let mut columns = vec!["budget", "measured", "of", "verdict"];
    if several {
        columns.insert(0, "endpoint");
    }
    let elsewhere = format!("{} of the run", code("decision.json", NAME));
    let table = Table {
        what: "the budget",
        summary: None,
        columns: &columns,
        elsewhere: &elsewhere,
        spare: 30_000,
    };
    let rows = lines.iter().map(|line| {
        let mut cells = vec![
            limit(line),
            measured(line).unwrap_or_else(|| "–".to_owned()),
            basis(line).unwrap_or_else(|| "–".to_owned()),
            verdict(page, line),
        ];
        if several {
            cells.insert(0, code(&line.endpoint, NAME));
        }
        Ok::<_, Unreadable>(cells)
    });
    // Rows of lines are made of what is there already.
    let _ = sheet.table(&table, lines.len(), rows);
    let mut open = lines.iter().filter(|line| line.verdict != Verdict::Pass);
    let reason = |line: &Line| {
        let at = if several { code(&line.endpoint, NAME) + " " } else { String::new() };
        format!("- {at}{}: {}\n", limit(line), prose(&line.sentence, QUESTION * 2))
    };
    let mut said = open.by_ref().take(20).all(|line| sheet.add(&reason(line)));
    said &= open.next().is_none();
    if !said {
        sheet.add(&format!("- more in {elsewhere}\n"));
    }
    sheet.add("\n");
}

/// The limit of a line, with the part of the cases that it is for.
fn limit(line: &Line) -> String {
    let part = line.slice.as_ref().map(|slice| format!(" in {}", code(slice, NAME)));
    prose(&limit_of_all(line), NAME) + &part.unwrap_or_default()
}

fn verdict(page: &Page<'_>, line: &Line) -> String {
    let counts = page.decision.counts_as_failed(line);
    let words = match (line.verdict, counts) {
        (Verdict::Pass, _) => "✓ passes",
        (Verdict::Fail, _) => "✗ **fails**",
        (Verdict::Undecided, true) => "✗ undecided, so it **fails**",
        (Verdict::Undecided, false) => "? undecided",
        (Verdict::NotMeasured, true) => "✗ not measured, so it **fails**",
        (Verdict::NotMeasured, false) => "– not measured",
    };
    words.to_owned()
}

/// What is confidently wrong now and was not before.
fn newly(sheet: &mut Sheet, page: &Page<'_>, change: &Changes) {
    let flips = || change.flips.iter().filter(|flip| flip.flip == Flip::NewlyConfidentWrong);
    let all = flips().count();
    let since = code(&change.baseline, NAME);
    let at = at_endpoint(page, &change.endpoint, code);
    let count = |flip| change.count(flip);
    let rest = format!(
        "Of {} compared with {since}{at}: {all} newly confident wrong, {} newly wrong, {} mended, \
         {} no longer confident{}.\n\n",
        counted(change.compared, "answer"),
        count(Flip::NewlyWrong),
        count(Flip::Fixed),
        count(Flip::NoLongerConfidentWrong),
        match change.not_compared {
            0 => String::new(),
            cases => format!("; {} could not be compared", counted(cases, "case")),
        }
    );
    sheet.add(&rest);
    if all == 0 {
        return;
    }
    let summary = format!(
        "{} since {}{}",
        counted(all, "newly confident wrong answer"),
        html_code(&change.baseline, NAME),
        at_endpoint(page, &change.endpoint, html_code)
    );
    let table = Table {
        what: "newly confident wrong answers",
        summary: Some(&summary),
        columns: &["question", "was", "now", "expected", "case"],
        elsewhere: &command(&format!(
            "compare {} {}",
            shell_word(&change.directory),
            shell_word(page.dir)
        )),
        spare: 0,
    };
    let cell = |said: &Said| match said.confidence {
        Some(sure) => format!("{} {sure:.2}", code(&said.answer, ANSWER)),
        None => code(&said.answer, ANSWER),
    };
    let rows = flips().take(page.top).map(|flip: &Flipped| {
        Ok::<_, Unreadable>(vec![
            code(&flip.question, QUESTION),
            cell(&flip.baseline),
            cell(&flip.candidate),
            code(&flip.expected, ANSWER),
            code(&flip.case, NAME),
        ])
    });
    let _ = sheet.table(&table, all, rows);
}

/// The surest confident wrong answers of an endpoint that nobody has accepted.
fn wrong(
    sheet: &mut Sheet,
    page: &Page<'_>,
    card: &EndpointCard,
    all: &Wrong<'_>,
) -> Result<(), Unreadable> {
    let wrong = &all.unknown;
    if wrong.is_empty() {
        return Ok(());
    }
    let repeated = page.run.header.repeats.get() > 1;
    let shown = wrong.len().min(page.top);
    let which = match wrong.len() {
        all if all > shown => {
            format!("The {shown} surest of {} confidently wrong", counted(all, "case"))
        }
        all => format!("{} confidently wrong", counted(all, "case")),
    };
    let summary = format!("{which}{}", at_endpoint(page, &card.endpoint, html_code));
    let mut columns = vec!["sure", "question", "said", "expected", "case"];
    if repeated {
        columns.insert(1, "times");
    }
    let more = format!("report {} --top {}", shell_word(page.dir), wrong.len());
    let table = Table {
        what: "confident wrong answers",
        summary: Some(&summary),
        columns: &columns,
        elsewhere: &command(&more),
        spare: 0,
    };
    let rows = wrong.iter().take(page.top).map(|case| {
        let record = page.run.record(case.brief)?;
        let mut name = code(&record.case, NAME);
        if !record.tags.is_empty() {
            name += " ";
            name += &code(&record.tags.join(", "), NAME);
        }
        let mut cells = vec![
            format!("{:.2}", record.primary.unwrap_or(0.0)),
            code(&record.question, QUESTION),
            code(&record.said().unwrap_or_default(), ANSWER),
            code(&record.wanted(), ANSWER),
            name,
        ];
        if repeated {
            cells.insert(1, format!("{} of {}", case.times, case.graded));
        }
        Ok(cells)
    });
    sheet.table(&table, wrong.len(), rows)
}

/// The endpoints side by side.
fn numbers(sheet: &mut Sheet, page: &Page<'_>) {
    let table = Table {
        what: "numbers",
        summary: Some("Numbers"),
        columns: &[
            "endpoint",
            "model",
            "confident wrong",
            "accuracy",
            "coverage",
            "Brier",
            "KS",
            "AUROC",
        ],
        elsewhere: &format!("{} of the run", code("scorecard.json", NAME)),
        spare: 0,
    };
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
    let share = |count, of, rate: Option<f64>| match rate {
        Some(rate) => format!("{count} of {of}, {}", percent(rate)),
        None => format!("{count} of {of}"),
    };
    let rows = page.scorecard.endpoints.iter().map(|card| {
        let source = card.primary();
        let at = source.and_then(|source| Some((source, source.at_threshold()?)));
        Ok::<_, Unreadable>(vec![
            code(&card.endpoint, NAME),
            code(&card.model, NAME),
            at.map_or("–".to_owned(), |(source, at)| share(at.wrong, source.n, at.rate_of_all)),
            share(card.accuracy.count, card.accuracy.n, card.accuracy.rate),
            share(card.coverage.count, card.coverage.n, card.coverage.rate),
            number(source.and_then(|source| source.brier)),
            number(source.and_then(|source| source.ks_calibration_error)),
            number(source.and_then(|source| source.auroc)),
        ])
    });
    let _ = sheet.table(&table, page.scorecard.endpoints.len(), rows);
}

/// What was not answered, and why.
fn failures(sheet: &mut Sheet, page: &Page<'_>) {
    let failures = || {
        page.operations.endpoints.iter().flat_map(|endpoint| {
            endpoint.failures.iter().map(move |(kind, failure)| (endpoint, kind, failure))
        })
    };
    let all: usize = failures().map(|(_, _, failure)| failure.count).sum();
    if all == 0 {
        return;
    }
    let summary = format!("{} failed", counted(all, "trial"));
    let table = Table {
        what: "failures",
        summary: Some(&summary),
        columns: &["endpoint", "how often", "what", "the first says"],
        elsewhere: &format!("{} of the run", code("operations.json", NAME)),
        spare: 0,
    };
    let rows = failures().map(|(endpoint, kind, failure)| {
        Ok::<_, Unreadable>(vec![
            code(&endpoint.endpoint, NAME),
            failure.count.to_string(),
            prose(kind, NAME),
            code(&failure.message, QUESTION),
        ])
    });
    let _ = sheet.table(&table, failures().count(), rows);
}

/// Where the rest is.
fn ending(page: &Page<'_>) -> String {
    let mut parts = vec![
        format!("{} finished", counted(page.run.briefs().len(), "trial")),
        format!("full page: {}", code(&format!("{}/report.html", page.dir), QUESTION)),
        command(&format!("report {}", shell_word(page.dir))),
    ];
    if let Some(early) = page.decision.early {
        parts.insert(1, format!("decided early: {} of {} trials", early.needed, early.planned));
    }
    let mut end = parts.join(" · ");
    let _ = writeln!(end);
    end
}

/// Which endpoint, where there are several.
fn at_endpoint(page: &Page<'_>, endpoint: &str, show: fn(&str, usize) -> String) -> String {
    if page.scorecard.endpoints.len() > 1 {
        format!(" at {}", show(endpoint, NAME))
    } else {
        String::new()
    }
}

fn command(arguments: &str) -> String {
    code(&format!("overclaim {arguments}"), QUESTION)
}
