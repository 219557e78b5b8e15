//! The page of a run that people look at: one file, readable without script, that asks nobody for
//! anything.
//!
//! Its order is the reader's: the verdict, what is wrong with confidence, how well confidence fits,
//! what else happened, where all of it comes from. A page is bounded: cases fill it from the most
//! telling down, and it says what is left out and how to see it.

mod cases;
mod first;
mod origin;
mod pending;
mod running;
mod shell;
mod telling;
mod variants;
mod yaml;

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use super::Page;
use super::changes::Marks;
use super::figure::{Figure, Table, figures, served, several as side_by_side};
use super::text::shell_word;
use crate::record::Unreadable;
use crate::scorecard::{Changes, EndpointCard, Flipped, RepeatedCase, Suspect};
use crate::snapshot::Holding;
use cases::{Cases, Count};
use first::{Budget, Headline, Numbers};
use pending::Pending;
use telling::Telling;
use variants::{Compared, compared};

pub(super) use shell::{page, templates};

/// Cases of a list that is not the ranked one.
const LISTED: usize = 50;

/// Bytes of a page, and of the figures on it.
const LARGEST: usize = 4_800_000;
const FIGURES: usize = 1_200_000;

/// Bytes of all cases: more of them would take long to open.
const CASES: usize = 3_400_000;

/// Everything on the page but the cases, which are elements already.
#[derive(Debug, Serialize)]
struct Content<'a> {
    suite: &'a str,
    run: &'a str,
    models: String,
    threshold: String,
    /// Whether the suite asks for a confidence at all.
    confidence: bool,
    /// The directory as a word of a command.
    dir_word: String,
    headline: Headline,
    numbers: Vec<Numbers>,
    /// Names of the facts, where several endpoints have a row each.
    columns: Vec<&'static str>,
    budgets: Vec<Budget>,
    /// What is not as it was accepted, an entry an endpoint that has a snapshot.
    pending: Vec<Pending<'a>>,
    /// How many cases of the list wait for a reviewer, and how many are known to be wrong.
    waiting: usize,
    known: usize,
    changes: Vec<Changed<'a>>,
    endpoints: Vec<&'a str>,
    several: bool,
    counts: Vec<Count>,
    tags: Vec<String>,
    more_tags: usize,
    shown: usize,
    all: usize,
    side_by_side: Option<Figure>,
    drawings: Vec<Drawings<'a>>,
    compared: Vec<Compared>,
    served: Vec<Drawings<'a>>,
    unstable: Vec<Unstable<'a>>,
    suspects: Vec<Doubtful<'a>>,
    suspects_all: usize,
    disputed: Vec<Disputed<'a>>,
    disputed_more: usize,
    troubles: Vec<String>,
    running: Table,
    origin: Table,
    /// Endpoints whose figures have no room.
    undrawn: usize,
    text: String,
    version: &'a str,
}

/// What became of the cases of an endpoint since the run before.
#[derive(Debug, Serialize)]
struct Changed<'a> {
    of: &'a Changes,
    /// The directory of the run before as a word of a command.
    before: String,
    kinds: Vec<(&'static str, usize)>,
    listed: Vec<Flip<'a>>,
    more: usize,
}

/// A case that is not what it was.
#[derive(Debug, Serialize)]
struct Flip<'a> {
    word: &'static str,
    bad: bool,
    id: String,
    question: String,
    expected: String,
    then: String,
    now: String,
    case: &'a str,
}

/// The figures of an endpoint.
#[derive(Debug, Serialize)]
struct Drawings<'a> {
    endpoint: &'a str,
    model: &'a str,
    figures: Vec<Figure>,
}

/// A case that is right at times and wrong at others.
#[derive(Debug, Serialize)]
struct Unstable<'a> {
    endpoint: &'a str,
    of: &'a RepeatedCase,
    question: String,
}

/// A label that is worth a second look.
#[derive(Debug, Serialize)]
struct Doubtful<'a> {
    of: &'a Suspect,
    question: String,
}

/// A label that somebody disputes.
#[derive(Debug, Serialize)]
struct Disputed<'a> {
    case: &'a str,
    expected: String,
    says: Option<String>,
    reason: Option<String>,
    since: &'a str,
}

impl<'a> Disputed<'a> {
    fn of(holding: &'a Holding) -> Disputed<'a> {
        let label = &holding.dispute;
        let short = |text: &Option<String>| text.as_deref().map(cases::short);
        Disputed {
            case: &label.case,
            expected: cases::short(&label.expected),
            says: short(&label.says),
            reason: short(&label.reason),
            since: &label.since,
        }
    }
}

/// The page.
///
/// # Errors
/// A record that is shown cannot be read any more.
pub fn html(run: &Page<'_>) -> Result<String, Unreadable> {
    let header = &run.run.header;
    let marks = Marks::of(run.standings);
    let telling = Telling::of(run.run, &marks);
    let (tags, more_tags) = cases::tags(run.run);
    let several = header.endpoints.len() > 1;
    let cards = &run.scorecard.endpoints;
    let suspects = run.scorecard.suspect_labels.as_ref();
    let held = run.contested.map_or(&[][..], |contested| contested.held);
    let mut room = FIGURES;
    let mut undrawn = 0;
    let mut drawings = Vec::new();
    for card in cards {
        let (fits, serving) = (figures(run, card), served(run, card));
        let bytes: usize = fits.iter().chain(&serving).map(Figure::bytes).sum();
        if bytes > room {
            undrawn += 1;
            continue;
        }
        room -= bytes;
        drawings.push((Drawings::of(card, fits), Drawings::of(card, serving)));
    }
    let (drawings, served) = drawings.into_iter().unzip();
    let numbers: Vec<Numbers> = cards.iter().map(|card| Numbers::of(run, card)).collect();
    let confidence = !header.sources.is_empty();
    let mut content = Content {
        suite: &header.suite,
        run: &header.run,
        models: cards.iter().map(|card| card.model.as_str()).collect::<Vec<_>>().join(", "),
        threshold: format!("{:.2}", header.threshold),
        confidence,
        dir_word: shell_word(run.dir),
        headline: Headline::of(run)?,
        columns: Numbers::columns(&numbers),
        numbers,
        budgets: Budget::all(run),
        pending: Pending::all(run)?,
        waiting: telling.entries.iter().filter(|entry| entry.waits).count(),
        known: run.standings.iter().map(|at| at.known_wrong().count()).sum(),
        changes: run.changes.iter().map(|of| Changed::of(of, several)).collect(),
        endpoints: header.endpoints.iter().map(|asked| &*asked.name).collect(),
        several,
        counts: cases::counts(&telling, confidence),
        tags,
        more_tags,
        shown: 0,
        all: telling.all(),
        side_by_side: side_by_side(run),
        drawings,
        compared: cards.iter().flat_map(|card| compared(card, several)).collect(),
        served,
        undrawn,
        unstable: cards
            .iter()
            .filter_map(|card| Some((card, card.repeats.as_ref()?)))
            .flat_map(|(card, repeats)| {
                repeats.cases.iter().take(LISTED).map(|of| Unstable {
                    endpoint: &card.endpoint,
                    of,
                    question: cases::short(&of.question),
                })
            })
            .collect(),
        suspects: suspects
            .iter()
            .flat_map(|found| &found.cases)
            .take(LISTED)
            .map(|of| Doubtful { of, question: cases::short(&of.question) })
            .collect(),
        suspects_all: suspects.map_or(0, |found| found.cases.len()),
        disputed: held.iter().take(LISTED).map(Disputed::of).collect(),
        disputed_more: held.len().saturating_sub(LISTED),
        troubles: running::troubles(run),
        running: running::table(run),
        origin: origin::table(run),
        text: cases::long(&header.text),
        version: &header.version,
    };
    let title = format!("{} {}: {} · overclaim", content.headline.mark, header.suite, header.run);
    // Cases get the room that everything else leaves.
    let rest = whole(&content, &title, String::new())?.len();
    let room = CASES.min(LARGEST.saturating_sub(rest));
    let cases = Cases::of(run, &telling, &marks, &content.tags, room)?;
    content.shown = cases.shown.len();
    content.pending.iter_mut().for_each(|pending| pending.keep(&cases.shown));
    whole(&content, &title, cases.html)
}

/// The page with these cases.
fn whole(content: &Content<'_>, title: &str, cases: String) -> Result<String, Unreadable> {
    let context = context! {
        page => Value::from(Serde(content)),
        cases => Value::from_safe_string(cases),
    };
    let body = templates().render_str(include_str!("page.html"), context);
    let body = body.map_err(|error| defect(&error))?;
    page(title, body, include_str!("page.js")).map_err(|error| defect(&error))
}

impl<'a> Drawings<'a> {
    fn of(card: &'a EndpointCard, figures: Vec<Figure>) -> Drawings<'a> {
        Drawings { endpoint: &card.endpoint, model: &card.model, figures }
    }
}

impl<'a> Changed<'a> {
    fn of(of: &'a Changes, several: bool) -> Changed<'a> {
        use crate::scorecard::Flip as Kind;
        let kinds = Kind::ALL.map(|kind| (cases::flip_in_words(kind).0, of.count(kind)));
        let listed = of.flips.iter().take(LISTED).map(|flipped| Flip::of(flipped, of, several));
        Changed {
            of,
            before: shell_word(&of.directory),
            kinds: kinds.to_vec(),
            listed: listed.collect(),
            more: of.flips.len().saturating_sub(LISTED),
        }
    }
}

impl<'a> Flip<'a> {
    fn of(flipped: &'a Flipped, changes: &Changes, several: bool) -> Flip<'a> {
        let (word, bad) = cases::flip_in_words(flipped.flip);
        Flip {
            word,
            bad,
            id: cases::id(&flipped.case, several.then_some(changes.endpoint.as_str())),
            question: cases::short(&flipped.question),
            expected: cases::short(&flipped.expected),
            then: cases::said_in_words(&flipped.baseline),
            now: cases::said_in_words(&flipped.candidate),
            case: &flipped.case,
        }
    }
}

/// A template of this program that does not render.
fn defect(error: &minijinja::Error) -> Unreadable {
    Unreadable(format!("a page cannot be made, which is a defect of this program: {error:#}"))
}

#[cfg(test)]
mod tests;
