//! The first screen: the verdict in a sentence, the numbers that it rests on, and every budget line.

use serde::Serialize;

use super::cases::{id, short};
use super::pending::in_short;
use crate::gate::{Line, Verdict, percent};
use crate::record::{Brief, Unreadable};
use crate::report::Page;
use crate::report::budgets::limit;
use crate::report::calibration;
use crate::report::changes::Marks;
use crate::report::contested::Contested;
use crate::report::figure::{bar, measured};
use crate::report::text::counted;
use crate::scorecard::{Changes, EndpointCard, Flip, Rate, SourceCard, confident_wrong as ranked};

/// So many failing lines are named in the verdict.
const NAMED: usize = 3;

/// The verdict.
#[derive(Debug, Serialize)]
pub(super) struct Headline {
    /// `good`, `bad` or `open`: a class of the style sheet.
    tone: &'static str,
    pub mark: &'static str,
    word: &'static str,
    /// Why.
    sentence: String,
    /// What is new since the run before; empty where none is known.
    since: Vec<String>,
    /// What waits for a reviewer; none where no endpoint has a snapshot.
    pending: Option<String>,
    /// The surest wrong answer of those that are not known; none where there is none.
    surest: Option<Surest>,
}

/// A wrong answer with its case.
#[derive(Debug, Serialize)]
struct Surest {
    /// Of all, or of those that nobody has accepted.
    of: &'static str,
    id: String,
    sure: String,
    question: String,
    said: String,
    expected: String,
}

impl Surest {
    fn of(page: &Page<'_>) -> Result<Option<Surest>, Unreadable> {
        let endpoints = &page.run.header.endpoints;
        let sure = |brief: &Brief| brief.primary().unwrap_or(0.0);
        let marks = Marks::of(page.standings);
        let mut some_known = false;
        let surest = endpoints
            .iter()
            .filter_map(|asked| {
                let ranked = ranked(page.run, &asked.name);
                let mut is_known = |brief: &Brief| {
                    let case = page.run.name(brief.case());
                    let known = marks.at(&asked.name, case).known.is_some();
                    some_known |= known;
                    known
                };
                ranked.iter().map(|wrong| wrong.brief).find(|brief| !is_known(brief))
            })
            // Of equally sure ones the first.
            .reduce(|one, other| if sure(other) > sure(one) { other } else { one });
        let Some(brief) = surest else { return Ok(None) };
        let record = page.run.record(brief)?;
        let endpoint = (endpoints.len() > 1).then_some(&*record.endpoint);
        Ok(Some(Surest {
            of: if some_known { "Surest that nobody accepted" } else { "Surest of all" },
            id: id(&record.case, endpoint),
            sure: format!("{:.2}", sure(brief)),
            question: short(&record.question),
            said: short(&record.said().unwrap_or_default()),
            expected: short(&record.wanted()),
        }))
    }
}

impl Headline {
    pub(super) fn of(page: &Page<'_>) -> Result<Headline, Unreadable> {
        let decision = page.decision;
        let of = |verdict| decision.lines.iter().filter(move |line| line.verdict == verdict);
        let against = |verdict| of(verdict).filter(|line| decision.counts_as_failed(line)).count();
        let (failed, undecided) = (against(Verdict::Fail), against(Verdict::Undecided));
        let missing = against(Verdict::NotMeasured);
        let all = decision.lines.len();
        let (tone, mark, word) = match (decision.exit_code, decision.complete) {
            (0, _) => ("good", "✓", "Passed"),
            (3, false) => ("open", "!", "Stopped"),
            (3, true) => ("open", "!", "Could not measure"),
            _ => ("bad", "✗", "Failed"),
        };
        let several = page.run.header.endpoints.len() > 1;
        let mut parts = Vec::new();
        if let Some(early) = decision.early {
            parts.push(format!("decided early, by {} of {} trials", early.needed, early.planned));
        }
        if !decision.complete {
            let finished = page.run.briefs().len();
            parts.push(format!("{finished} of {} trials are finished", page.run.header.planned));
        }
        let lines = counted(all, "budget line");
        if failed + undecided + missing == 0 {
            parts.push(
                if all == 1 { "the budget line passes" } else { "no budget line fails" }.into(),
            );
        }
        let named = |verdict| {
            let lines = of(verdict).filter(|line| decision.counts_as_failed(line));
            let mut lines: Vec<&Line> = lines.collect();
            if decision.exit_code == 3 {
                // What made the run one that could not measure comes first.
                lines.sort_by_key(|line| !line.line.starts_with("coverage"));
            }
            let mut names: Vec<String> = lines.iter().map(|line| missed(line, several)).collect();
            let more = names.len().saturating_sub(NAMED);
            names.truncate(NAMED);
            names.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
        };
        for (count, verdict, one, many) in [
            (failed, Verdict::Fail, "fails", "fail"),
            (
                undecided,
                Verdict::Undecided,
                "is undecided, so it fails",
                "are undecided, so they fail",
            ),
            (
                missing,
                Verdict::NotMeasured,
                "is not measured, so it fails",
                "are not measured, so they fail",
            ),
        ] {
            if count > 0 {
                let what = if count == 1 { one } else { many };
                parts.push(format!("{count} of {lines} {what}: {}", named(verdict)));
            }
        }
        let mut sentence = parts.join("; ");
        if let Some(first) = sentence.get(..1) {
            sentence = first.to_uppercase() + &sentence[1..];
        }
        Ok(Headline {
            tone,
            mark,
            word,
            sentence: sentence + ".",
            since: since(page),
            pending: in_short(page),
            surest: Surest::of(page)?,
        })
    }
}

/// A limit with what was measured instead.
fn missed(line: &Line, several: bool) -> String {
    let measured = measured(line).map_or_else(String::new, |is| format!(" (it is {is})"));
    let at = if several { format!(" at {}", line.endpoint) } else { String::new() };
    limit(line) + &measured + &at
}

/// What is new, an entry an endpoint.
fn since(page: &Page<'_>) -> Vec<String> {
    let several = page.run.header.endpoints.len() > 1;
    let say = |changes: &Changes| {
        let newly = changes.count(Flip::NewlyConfidentWrong);
        let fixed = changes.count(Flip::Fixed);
        let newly = match newly {
            0 => "No newly confident wrong answer".to_owned(),
            1 => "1 newly confident wrong answer".to_owned(),
            n => format!("{n} newly confident wrong answers"),
        };
        let at = if several { format!(" at {}", changes.endpoint) } else { String::new() };
        let fixed = if fixed > 0 { format!(", {fixed} mended") } else { String::new() };
        let unsure = match changes.count(Flip::NoLongerConfidentWrong) {
            0 => String::new(),
            count => format!(", {count} no longer confident"),
        };
        format!("{newly}{at} since {}{fixed}{unsure}", changes.baseline)
    };
    page.changes.iter().map(say).collect()
}

/// The numbers of one endpoint.
#[derive(Debug, Serialize)]
pub(super) struct Numbers {
    name: String,
    model: String,
    facts: Vec<Fact>,
}

/// A number with what belongs to it.
#[derive(Debug, Serialize)]
struct Fact {
    /// What it is.
    name: &'static str,
    /// The number.
    value: String,
    /// Of what, and how sure that is.
    of: String,
    /// The same without the labels that somebody disputes; none where nobody does.
    without: Option<String>,
    /// Whether it is one that should be 0 and is not.
    bad: bool,
}

impl Numbers {
    /// The names of all facts, each once.
    pub(super) fn columns(all: &[Numbers]) -> Vec<&'static str> {
        let mut names = Vec::new();
        for fact in all.iter().flat_map(|numbers| &numbers.facts) {
            if !names.contains(&fact.name) {
                names.push(fact.name);
            }
        }
        names
    }

    pub(super) fn of(page: &Page<'_>, card: &EndpointCard) -> Numbers {
        let mut facts = Vec::new();
        let endpoint = &*card.endpoint;
        let without = |of: &dyn Fn(&Contested<'_>) -> Option<String>| {
            let contested = page.contested.as_ref()?;
            let figure = of(contested).map(|figure| figure.replace("   ", ", "));
            let figure = figure.unwrap_or_else(|| "nothing was graded".to_owned());
            Some(format!("{}: {figure}", contested.without_in_words()))
        };
        if let Some(source) = card.primary() {
            facts.extend(confident_wrong(page, source));
            if let Some(first) = facts.first_mut() {
                first.without = without(&|other| other.confident_wrong(page, endpoint));
            }
        }
        let without = without(&|other| other.accuracy(endpoint));
        facts.push(Fact { without, ..accuracy(&card.accuracy) });
        if let Some(source) = card.primary() {
            facts.extend(calibration(source));
        }
        facts.push(coverage(page, card));
        Numbers { name: card.endpoint.to_string(), model: card.model.clone(), facts }
    }
}

/// Limits of a run that was decided early are not called exact: that it ended here is no chance.
fn confident_wrong(page: &Page<'_>, source: &SourceCard) -> Vec<Fact> {
    let Some(at) = source.at_threshold() else { return Vec::new() };
    let early = page.decision.early.is_some();
    let limit = |clustered: bool, limit: f64| {
        let exact = if clustered || early { "" } else { "exact " };
        format!("95% {exact}upper limit {}", percent(limit))
    };
    let mut facts = vec![Fact {
        name: "Confidently wrong",
        value: format!("{} of {}", at.wrong, source.n),
        of: match at.rate_of_all {
            Some(rate) => {
                let upper = limit(at.clustering_of_all.is_some(), at.upper95_of_all);
                format!("{} of graded answers with a confidence, {upper}", percent(rate))
            }
            None => "nothing was graded with a confidence".into(),
        },
        without: None,
        bad: at.wrong > 0,
    }];
    if let Some(rate) = at.rate_given_confident {
        let clustered = at.clustering_given_confident.is_some();
        let upper = limit(clustered, at.upper95_given_confident);
        facts.push(Fact {
            name: "When confident",
            value: format!("{} wrong", percent(rate)),
            of: format!(
                "{} of {} answers at {:.2} or more, {upper}",
                at.wrong, at.confident, page.scorecard.threshold
            ),
            without: None,
            bad: at.wrong > 0,
        });
    }
    facts
}

fn accuracy(rate: &Rate) -> Fact {
    let value = rate.rate.map_or("n/a".into(), percent);
    let of = match rate.interval95() {
        Some([low, high]) => format!(
            "{} of {} right, 95% interval {} to {}",
            rate.count,
            rate.n,
            percent(low),
            percent(high)
        ),
        None => "nothing was graded".into(),
    };
    Fact { name: "Accuracy", value, of, without: None, bad: false }
}

fn calibration(source: &SourceCard) -> Vec<Fact> {
    let Some(gap) = source.overconfidence_gap else { return Vec::new() };
    let mean = source.mean_confidence.map_or("n/a".into(), percent);
    let interval = source.bootstrap95.as_ref().and_then(|all| all.overconfidence_gap);
    let between = interval.map_or_else(String::new, |[low, high]| {
        format!(" [{:+.1}, {:+.1}]", low * 100.0, high * 100.0)
    });
    let three =
        |number: Option<f64>| number.map_or("n/a".to_owned(), |number| format!("{number:.3}"));
    let says = calibration::sentence(source).map_or_else(String::new, |says| format!(", {says}"));
    vec![
        Fact {
            name: "Mean confidence",
            value: mean,
            of: format!("{:+.1} points from accuracy{between}, by {}", gap * 100.0, source.source),
            without: None,
            bad: false,
        },
        Fact {
            name: "Calibration",
            value: format!("KS {}", three(source.ks_calibration_error)),
            of: format!(
                "smooth ECE {}, Brier {}, AUROC {}{says}",
                three(source.smece),
                three(source.brier),
                three(source.auroc)
            ),
            without: None,
            bad: false,
        },
    ]
}

fn coverage(page: &Page<'_>, card: &EndpointCard) -> Fact {
    let rate = &card.coverage;
    let missing = card.primary().map_or(0, SourceCard::missing_count);
    let missing = match missing {
        0 => String::new(),
        n => format!(", {n} graded without a confidence"),
    };
    Fact {
        name: "Measured",
        value: rate.rate.map_or("n/a".into(), percent),
        of: match page.decision.early {
            Some(early) => {
                let planned = early.planned / page.scorecard.endpoints.len();
                format!("{} of {} needed, {planned} planned{missing}", rate.count, rate.n)
            }
            None => format!("{} of {}{missing}", rate.count, counted(rate.n, "planned trial")),
        },
        without: None,
        bad: false,
    }
}

/// A budget line as a row.
#[derive(Debug, Serialize)]
pub(super) struct Budget {
    endpoint: String,
    tone: &'static str,
    mark: &'static str,
    verdict: &'static str,
    name: String,
    sentence: String,
    /// Estimate, interval and limit on one scale; none where nothing was measured.
    bar: Option<String>,
}

impl Budget {
    /// All lines, those first that count as failed.
    pub(super) fn all(page: &Page<'_>) -> Vec<Budget> {
        let mut lines: Vec<&Line> = page.decision.lines.iter().collect();
        lines.sort_by_key(|line| !page.decision.counts_as_failed(line));
        lines.into_iter().zip(1..).map(|(line, number)| Budget::of(page, line, number)).collect()
    }

    /// The line with this number on the page.
    fn of(page: &Page<'_>, line: &Line, number: usize) -> Budget {
        let counts = page.decision.counts_as_failed(line);
        let (tone, mark, verdict) = match line.verdict {
            Verdict::Pass => ("good", "✓", "pass"),
            Verdict::Fail => ("bad", "✗", "fail"),
            Verdict::Undecided if counts => ("open", "?", "undecided, so it fails"),
            Verdict::Undecided => ("open", "?", "undecided"),
            Verdict::NotMeasured if counts => ("open", "–", "not measured, so it fails"),
            Verdict::NotMeasured => ("quiet", "–", "not measured"),
        };
        Budget {
            endpoint: line.endpoint.to_string(),
            tone,
            mark,
            verdict,
            name: limit(line),
            sentence: line.sentence.clone(),
            bar: bar(line, page.decision, &format!("bar-{number}")),
        }
    }
}
