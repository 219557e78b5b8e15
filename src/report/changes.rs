//! What an accepted state says of a run: the document, and the marks of single cases.
//!
//! A line of a snapshot is made for git; here it is taken apart, so that no reader of documents has
//! to know its grammar. An answer that is known to be wrong is wrong in every rate: known only means
//! that it is listed apart from those that nobody has seen yet.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::Page;
use super::text::{counted, shell_word};
use crate::scorecard::{ConfidentlyWrong, confident_wrong};
use crate::snapshot::{Change, ChangeKind, Known, Line, Said, Standing, State, quadrant_name};

/// Version of the document. Raised when a key changes its meaning.
const FORMAT: u32 = 1;

/// Where a run stands against the accepted state of its suite: `changes.json` of a run directory.
#[derive(Debug, Serialize)]
pub struct ChangesDocument<'a> {
    /// Version of this document.
    format: u32,
    /// An entry an endpoint that had an accepted snapshot when the run began, in the header's order.
    endpoints: Vec<AgainstSnapshot<'a>>,
}

/// Where a run stands at one endpoint.
#[derive(Debug, Serialize)]
struct AgainstSnapshot<'a> {
    /// Name of the endpoint.
    endpoint: &'a str,
    /// The accepted snapshot, as the user would write it.
    file: &'a str,
    /// The model that was asked when it was last accepted.
    accepted_model: &'a str,
    /// Confidence from which on an answer counted as confident then, in [0, 1].
    accepted_threshold: f64,
    /// Cases that it has.
    accepted_cases: usize,
    /// Of them, cases that the run heard.
    compared: usize,
    /// Of them, cases that were asked and not heard: their calls failed, or were not made any more.
    unheard: usize,
    /// Changes that wait for somebody.
    pending: usize,
    /// How many cases went which way, every kind.
    counts: BTreeMap<&'static str, usize>,
    /// Every change, the gravest first, those that wait for nobody last.
    changes: Vec<OneChange<'a>>,
    /// Wrong answers that were accepted and given again, by name: wrong, and known.
    known_wrong: Vec<KnownCase<'a>>,
}

/// A case that is not what was accepted.
#[derive(Debug, Serialize)]
struct OneChange<'a> {
    kind: &'static str,
    case: &'a str,
    /// Whether it waits for somebody.
    pending: bool,
    /// What was accepted; null of a case that was added.
    before: Option<Told<'a>>,
    /// What the run says; null of a case that was removed.
    after: Option<Told<'a>>,
    /// One-sided p of the draws then and now, where a verdict changed.
    p: Option<f64>,
}

/// A line of a snapshot.
#[derive(Debug, Serialize)]
struct Told<'a> {
    /// What most of its draws became.
    outcome: &'static str,
    quadrant: Option<&'static str>,
    /// How many draws did.
    k: usize,
    /// How many draws there are.
    n: usize,
    /// What the others became, most of them first; empty where all became the same.
    others: Vec<Drawn>,
    /// The bands that the confidences lie in, together; null without a confidence.
    band: Option<[f64; 2]>,
    /// The answer given most often, in the form in which answers are compared: its first 240
    /// characters.
    answer: Option<&'a str>,
}

/// What became of some draws.
#[derive(Debug, Serialize)]
struct Drawn {
    outcome: &'static str,
    quadrant: Option<&'static str>,
    k: usize,
}

/// A wrong answer that is known.
#[derive(Debug, Serialize)]
struct KnownCase<'a> {
    case: &'a str,
    since: Option<&'a str>,
    reason: Option<&'a str>,
    /// What the run says.
    now: Told<'a>,
}

/// That an answer is known to be wrong.
#[derive(Debug, Serialize)]
pub struct KnownWrong<'a> {
    /// Since when: a date.
    since: Option<&'a str>,
    /// Why.
    reason: Option<&'a str>,
}

impl<'a> ChangesDocument<'a> {
    /// The document; none where no endpoint had an accepted snapshot.
    #[must_use]
    pub fn of(standings: &'a [Standing]) -> Option<ChangesDocument<'a>> {
        let endpoints: Vec<_> = standings.iter().map(AgainstSnapshot::of).collect();
        (!endpoints.is_empty()).then_some(ChangesDocument { format: FORMAT, endpoints })
    }
}

impl<'a> AgainstSnapshot<'a> {
    fn of(standing: &'a Standing) -> AgainstSnapshot<'a> {
        let Standing { accepted, diff, .. } = standing;
        let about = &accepted.snapshot.of;
        let known = standing.known_wrong().map(|(line, now)| {
            let KnownWrong { since, reason } = KnownWrong::of(line);
            KnownCase { case: &line.case, since, reason, now: Told::of(now) }
        });
        AgainstSnapshot {
            endpoint: standing.endpoint(),
            file: &accepted.file,
            accepted_model: &about.model,
            accepted_threshold: about.threshold,
            accepted_cases: accepted.snapshot.lines.len(),
            compared: diff.compared,
            unheard: diff.unheard,
            pending: diff.waiting().count(),
            counts: ChangeKind::ALL.map(|kind| (kind.name(), diff.count(kind))).into(),
            changes: diff.changes.iter().map(OneChange::of).collect(),
            known_wrong: known.collect(),
        }
    }
}

impl<'a> OneChange<'a> {
    fn of(change: &'a Change) -> OneChange<'a> {
        OneChange {
            kind: change.kind.name(),
            case: &change.case,
            pending: !change.kind.is_quiet(),
            before: change.before.as_ref().map(Told::of),
            after: change.after.as_ref().map(Told::of),
            p: change.p,
        }
    }
}

impl<'a> Told<'a> {
    fn of(line: &'a Line) -> Told<'a> {
        let mut drawn = line.states.iter().map(|(state, k)| Drawn::of(*state, *k));
        // A line that was read or made has a state.
        let none = Drawn { outcome: "skipped", quadrant: None, k: 0 };
        let Drawn { outcome, quadrant, k } = drawn.next().unwrap_or(none);
        Told {
            outcome,
            quadrant,
            k,
            n: line.draws(),
            others: drawn.collect(),
            band: line.band.map(|band| [band.from, band.to]),
            answer: line.answer.as_ref().map(|said| said.text.as_str()),
        }
    }
}

impl Drawn {
    fn of(state: State, k: usize) -> Drawn {
        Drawn { outcome: state.kind().name(), quadrant: state.quadrant().map(quadrant_name), k }
    }
}

impl<'a> KnownWrong<'a> {
    /// Of an accepted line; one that `cargo insta` accepted says neither when nor why.
    pub(super) fn of(line: &'a Line) -> KnownWrong<'a> {
        let known = line.known.as_ref();
        let said = |of: fn(&Known) -> &Option<String>| known.and_then(|known| of(known).as_deref());
        KnownWrong { since: said(|known| &known.since), reason: said(|known| &known.reason) }
    }

    /// Since when, or that nobody said.
    pub(super) fn since(&self) -> Option<&'a str> {
        self.since
    }

    /// Whether somebody says since when or why.
    pub(super) fn says_something(&self) -> bool {
        self.since.is_some() || self.reason.is_some()
    }

    /// Since when and why, as far as somebody said.
    pub(super) fn in_words(&self) -> String {
        match (self.since, self.reason) {
            (Some(since), Some(reason)) => format!("since {since}: {reason}"),
            (Some(since), None) => format!("since {since}"),
            (None, Some(reason)) => reason.to_owned(),
            (None, None) => "accepted without a date".to_owned(),
        }
    }
}

/// What the accepted state says of single cases.
#[derive(Debug, Default)]
pub(super) struct Marks<'a>(HashMap<(&'a str, &'a str), Mark<'a>>);

/// What the accepted state says of a case.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark<'a> {
    /// What became of it, quiet changes included.
    pub change: Option<&'a Change>,
    /// The accepted line, where that is wrong and the answer was given again.
    pub known: Option<&'a Line>,
}

impl<'a> Marks<'a> {
    pub(super) fn of(standings: &'a [Standing]) -> Marks<'a> {
        let mut marks: HashMap<(&str, &str), Mark<'_>> = HashMap::new();
        for standing in standings {
            let endpoint = standing.endpoint();
            for change in &standing.diff.changes {
                marks.entry((endpoint, &change.case)).or_default().change = Some(change);
            }
            for (line, _) in standing.known_wrong() {
                marks.entry((endpoint, &line.case)).or_default().known = Some(line);
            }
        }
        Marks(marks)
    }

    /// What is said of a case at an endpoint.
    pub(super) fn at(&self, endpoint: &str, case: &str) -> Mark<'a> {
        self.0.get(&(endpoint, case)).copied().unwrap_or_default()
    }
}

impl<'a> Mark<'a> {
    /// The change, if it waits for somebody.
    pub(super) fn waiting(self) -> Option<&'a Change> {
        self.change.filter(|change| !change.kind.is_quiet())
    }
}

/// The cases with confident wrong answers of an endpoint, the surest first: those that nobody has
/// accepted, and apart from them those that are known, each with its accepted line.
pub(super) struct Wrong<'a> {
    pub unknown: Vec<ConfidentlyWrong<'a>>,
    pub known: Vec<(ConfidentlyWrong<'a>, &'a Line)>,
}

impl<'a> Wrong<'a> {
    pub(super) fn of(page: &Page<'a>, endpoint: &'a str, marks: &Marks<'a>) -> Wrong<'a> {
        let mut wrong = Wrong { unknown: Vec::new(), known: Vec::new() };
        for case in confident_wrong(page.run, endpoint) {
            match marks.at(endpoint, page.run.name(case.brief.case())).known {
                Some(line) => wrong.known.push((case, line)),
                None => wrong.unknown.push(case),
            }
        }
        wrong
    }

    /// How many of the cases are known, where any is.
    pub(super) fn known_of_all(&self) -> Option<String> {
        let (known, all) = (self.known.len(), self.known.len() + self.unknown.len());
        (known > 0).then(|| format!("{known} of {}", counted(all, "confidently wrong case")))
    }
}

/// What waits for somebody, by kind; none where nothing does.
pub(super) fn waiting_in_words(standing: &Standing) -> Option<String> {
    let waiting = ChangeKind::ALL.into_iter().filter(|kind| !kind.is_quiet());
    let counted = waiting.map(|kind| (standing.diff.count(kind), kind.words()));
    let said: Vec<String> =
        counted.filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}")).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// What changed and waits for nobody; none where nothing did.
pub(super) fn quiet_in_words(standing: &Standing) -> Option<String> {
    let quiet = ChangeKind::ALL.into_iter().filter(|kind| kind.is_quiet());
    let counted = quiet.map(|kind| (standing.diff.count(kind), kind.words()));
    let said: Vec<String> =
        counted.filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}")).collect();
    (!said.is_empty()).then(|| format!("{} (quiet)", said.join(", ")))
}

/// What a reader must know of a standing before believing it, in sentences: accepted cases that were
/// not heard, another model, another threshold.
pub(super) fn caveats(page: &Page<'_>, standing: &Standing) -> Vec<String> {
    let about = &standing.accepted.snapshot.of;
    let asked = page.run.header.endpoints.iter().find(|asked| *asked.name == *about.endpoint);
    let now = asked.map(|asked| asked.target.model.as_str()).filter(|now| *now != about.model);
    let model = now.map(|now| format!("accepted of {}, asked was {now}", about.model));
    let (then, now) = (about.threshold, page.run.header.threshold);
    #[expect(clippy::float_cmp, reason = "two numbers as somebody wrote them")]
    let threshold =
        (then != now).then(|| format!("accepted with a threshold of {then}, now it is {now}"));
    let unheard = match standing.diff.unheard {
        0 => None,
        1 => Some("1 accepted case was not heard".to_owned()),
        n => Some(format!("{n} accepted cases were not heard")),
    };
    model.into_iter().chain(threshold).chain(unheard).collect()
}

/// Where what changed is proposed.
pub(super) fn proposal(standing: &Standing) -> String {
    format!("{}.new", standing.accepted.file)
}

/// The command that goes through the changes of a run, without the program's name; none of a shard,
/// which proposes nothing.
pub(super) fn review(page: &Page<'_>) -> Option<String> {
    page.run.header.shard.is_none().then(|| format!("review {}", shell_word(page.dir)))
}

/// What stands in a command's place at a shard.
pub(super) const OF_A_SHARD: &str =
    "a shard is a part of a run: review the whole after `overclaim merge`";

/// The answer that a line tells of; where there is none, what became of it.
pub(super) fn said(line: Option<&Line>) -> Answer<'_> {
    match line {
        None => Answer::Became("–"),
        Some(Line { answer: Some(Said { text, .. }), .. }) if !text.is_empty() => {
            Answer::Said(text)
        }
        Some(line) => Answer::Became(line.state().map_or("–", |state| state.kind().name())),
    }
}

/// What is shown of a line's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer<'a> {
    /// An answer, which may be anything.
    Said(&'a str),
    /// A word of ours.
    Became(&'static str),
}

impl<'a> Answer<'a> {
    pub(super) fn text(self) -> &'a str {
        match self {
            Answer::Said(text) => text,
            Answer::Became(word) => word,
        }
    }
}

/// Something of both lines: once where it is the same.
pub(super) fn then_now(change: &Change, of: impl Fn(&Line) -> Option<String>) -> String {
    let of = |line: Option<&Line>| line.and_then(&of).unwrap_or_else(|| "–".to_owned());
    match (&change.before, &change.after) {
        (Some(_), None) => of(change.before.as_ref()),
        (None, _) => of(change.after.as_ref()),
        _ => {
            let (then, now) = (of(change.before.as_ref()), of(change.after.as_ref()));
            if then == now { now } else { format!("{then} → {now}") }
        }
    }
}

/// The bands of the confidences, then and now.
pub(super) fn bands(change: &Change) -> String {
    then_now(change, |line| line.band.map(|band| band.to_string()))
}

/// How many of how many draws are as most are, then and now.
pub(super) fn draws(change: &Change) -> String {
    then_now(change, |line| {
        line.states.first().map(|(_, count)| format!("{count}/{}", line.draws()))
    })
}
