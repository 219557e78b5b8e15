//! The part of the page that a reviewer starts from: what is not as it was accepted, the gravest
//! first, each beside what was accepted; and apart from that, what is known to be wrong.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::LISTED;
use super::cases::{id, short};
use crate::record::{Brief, Quadrant, Unreadable};
use crate::report::Page;
use crate::report::changes::{
    Answer, KnownWrong, Marks, OF_A_SHARD, Wrong, caveats, proposal, quiet_in_words, review, said,
    waiting_in_words,
};
use crate::report::text::counted;
use crate::snapshot::{Change, ChangeKind, Line, Standing};

/// Where a run stands at one endpoint.
#[derive(Debug, Serialize)]
pub(super) struct Pending<'a> {
    endpoint: &'a str,
    file: &'a str,
    /// The file of what is proposed; empty where nothing is.
    proposal: String,
    /// The command that goes through it, or why there is none.
    review: Option<String>,
    shard: &'static str,
    /// What changed by kind.
    what: String,
    quiet: Option<String>,
    caveats: Vec<String>,
    changes: Vec<Row<'a>>,
    more: usize,
    known: Vec<KnownRow<'a>>,
    known_all: usize,
    known_sure: usize,
}

/// A case that is not what was accepted.
#[derive(Debug, Serialize)]
struct Row<'a> {
    word: &'static str,
    tone: &'static str,
    case: &'a str,
    /// Name of its element; none where it has none on the page.
    id: Option<String>,
    question: Option<String>,
    expected: Option<String>,
    then: Side,
    now: Side,
    /// What the draws say, where there are several.
    p: Option<String>,
}

/// What one of two lines says.
#[derive(Debug, Serialize)]
struct Side {
    said: String,
    /// Whether that is a word of ours, such as `refused`.
    own: bool,
    /// Outcome, band and draws.
    how: String,
    wrong: bool,
}

/// A wrong answer that is known.
#[derive(Debug, Serialize)]
struct KnownRow<'a> {
    case: &'a str,
    id: Option<String>,
    question: Option<String>,
    now: Side,
    known: String,
}

impl<'a> Pending<'a> {
    /// An entry an endpoint that has a snapshot.
    pub(super) fn all(page: &Page<'a>) -> Result<Vec<Pending<'a>>, Unreadable> {
        page.standings.iter().map(|standing| Pending::of(page, standing)).collect()
    }

    fn of(page: &Page<'a>, standing: &'a Standing) -> Result<Pending<'a>, Unreadable> {
        let several = page.run.header.endpoints.len() > 1;
        let endpoint = standing.endpoint();
        let waiting: Vec<&Change> = standing.diff.waiting().collect();
        let mut known: Vec<(&Line, &Line)> = standing.known_wrong().collect();
        // Those that are confident first, and there those of which somebody says something.
        known.sort_by_key(|(line, now)| (!is_sure(now), !KnownWrong::of(line).says_something()));
        let listed = waiting.iter().take(LISTED).map(|change| change.case.as_str());
        let listed = listed.chain(known.iter().take(LISTED).map(|(line, _)| line.case.as_str()));
        let briefs = briefs(page, endpoint, &listed.collect());
        let told = |case: &str| -> Result<_, Unreadable> {
            let Some(brief) = briefs.get(case) else { return Ok((None, None, None)) };
            let record = page.run.record(brief)?;
            let id = id(case, several.then_some(endpoint));
            Ok((Some(id), Some(short(&record.question)), Some(short(&record.wanted()))))
        };
        let changes = waiting.iter().take(LISTED).map(|change| {
            let (id, question, expected) = told(&change.case)?;
            Ok(Row {
                word: change.kind.words(),
                tone: tone(change.kind),
                case: &change.case,
                id,
                question,
                expected,
                then: Side::of(change.before.as_ref()),
                now: Side::of(change.after.as_ref()),
                p: draws_in_words(change),
            })
        });
        let rows = known.iter().take(LISTED).map(|(line, now)| {
            let (id, question, _) = told(&line.case)?;
            let known = KnownWrong::of(line).in_words();
            Ok(KnownRow { case: &line.case, id, question, now: Side::of(Some(now)), known })
        });
        Ok(Pending {
            endpoint,
            file: &standing.accepted.file,
            proposal: if waiting.is_empty() { String::new() } else { proposal(standing) },
            review: review(page).map(|command| format!("overclaim {command}")),
            shard: OF_A_SHARD,
            what: waiting_in_words(standing).unwrap_or_else(|| "nothing pending".to_owned()),
            quiet: quiet_in_words(standing),
            caveats: caveats(page, standing),
            changes: changes.collect::<Result<_, Unreadable>>()?,
            more: waiting.len().saturating_sub(LISTED),
            known: rows.collect::<Result<_, Unreadable>>()?,
            known_all: known.len(),
            known_sure: known.iter().filter(|(_, now)| is_sure(now)).count(),
        })
    }

    /// Takes back the links to cases that the page has no room for.
    pub(super) fn keep(&mut self, shown: &HashSet<String>) {
        let ids = self.changes.iter_mut().map(|row| &mut row.id);
        for id in ids.chain(self.known.iter_mut().map(|row| &mut row.id)) {
            if id.as_ref().is_some_and(|id| !shown.contains(id)) {
                *id = None;
            }
        }
    }
}

impl Side {
    fn of(line: Option<&Line>) -> Side {
        let said = said(line);
        let mut how = Vec::new();
        if let (Some(line), Answer::Said(_)) = (line, said)
            && let Some(state) = line.state()
        {
            how.push(state.kind().name().to_owned());
        }
        how.extend(line.and_then(|line| line.band).map(|band| format!("at {band}")));
        if let Some(line) = line.filter(|line| line.draws() > 1)
            && let Some((_, count)) = line.states.first()
        {
            how.push(format!("{count} of {}", line.draws()));
        }
        Side {
            said: short(said.text()),
            own: matches!(said, Answer::Became(_)),
            how: how.join(" · "),
            wrong: line.is_some_and(Line::is_wrong),
        }
    }
}

/// Whether most of its draws are confidently wrong.
fn is_sure(line: &Line) -> bool {
    line.state().is_some_and(|state| state.quadrant() == Some(Quadrant::ConfidentWrong))
}

/// A trial of each of these cases, by its name.
fn briefs<'a>(
    page: &Page<'a>,
    endpoint: &str,
    cases: &HashSet<&str>,
) -> HashMap<&'a str, &'a Brief> {
    let mut found = HashMap::new();
    for brief in page.run.of_endpoint(endpoint) {
        let name = page.run.name(brief.case());
        if cases.contains(name) {
            found.entry(name).or_insert(brief);
        }
    }
    found
}

/// A class of the style sheet.
pub(super) fn tone(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::NewlyConfidentWrong | ChangeKind::NewlyWrong => "bad",
        ChangeKind::Fixed | ChangeKind::NoLongerConfidentWrong => "good",
        _ => "open",
    }
}

/// The p of the draws; of one draw each it would say nothing.
fn draws_in_words(change: &Change) -> Option<String> {
    let several = |line: &Option<Line>| line.as_ref().is_some_and(|line| line.draws() > 1);
    let p = change.p.filter(|_| several(&change.before) || several(&change.after))?;
    Some(if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") })
}

/// What waits, in a sentence for the first screen; none where no endpoint has a snapshot.
pub(super) fn in_short(page: &Page<'_>) -> Option<String> {
    let standings = page.standings;
    if standings.is_empty() {
        return None;
    }
    let waiting: usize = standings.iter().map(|at| at.diff.waiting().count()).sum();
    let newly: usize =
        standings.iter().map(|at| at.diff.count(ChangeKind::NewlyConfidentWrong)).sum();
    let marks = Marks::of(standings);
    let endpoints = page.run.header.endpoints.iter();
    let [known, all] = endpoints.fold([0, 0], |[known, all], asked| {
        let wrong = Wrong::of(page, &asked.name, &marks);
        [known + wrong.known.len(), all + wrong.known.len() + wrong.unknown.len()]
    });
    let of_them = match newly {
        0 => String::new(),
        n if n == waiting => ", newly confident wrong".to_owned(),
        n => format!(", {n} of them newly confident wrong"),
    };
    let waits = if waiting == 1 { "waits" } else { "wait" };
    let what = match waiting {
        0 => "Nothing is pending against the snapshot".to_owned(),
        n => format!("{} {waits} for a review{of_them}", counted(n, "change")),
    };
    let of = counted(all, "confidently wrong case");
    let known = match known {
        0 => String::new(),
        1 => format!("; 1 of {of} is known"),
        n => format!("; {n} of {of} are known"),
    };
    Some(what + &known)
}

/// What the accepted state says of a case, where the case is shown.
#[derive(Debug, Serialize)]
pub(super) struct Mark {
    word: &'static str,
    tone: &'static str,
    /// What was accepted.
    then: Side,
}

impl Mark {
    /// Of a change that waits for somebody.
    pub(super) fn of(change: &Change) -> Mark {
        Mark {
            word: change.kind.words(),
            tone: tone(change.kind),
            then: Side::of(change.before.as_ref()),
        }
    }
}
