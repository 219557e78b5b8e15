//! Nights become a history, one after the other.

use std::collections::BTreeMap;

use super::answers::{Unit, units};
use super::events::{Before, events, same_confident};
use super::watched::{Amounts, Counts, Level, Scores, Seen, Watched};
use super::{
    Answers, By, Documents, EndpointNight, FORMAT, FalseAlarms, History, LeftOutRun, Mark, Measure,
    Night, Standing, Turned, Verdict,
};
use crate::budget::COVERAGE_FLOOR;
use crate::record::Header;
use crate::scorecard::Side;

/// Fewer live answers than so many are not what a night is like.
const LIVE: usize = 20;

/// A run on its way into a history.
#[derive(Debug)]
pub struct NightOf {
    /// Name of its directory.
    pub directory: String,
    /// Its header.
    pub header: Header,
    /// Its documents.
    pub documents: Documents,
    /// Whether it counts.
    pub standing: Standing,
    /// Its answers; needed only where it counts.
    pub answers: Option<Answers>,
}

/// A history that nights are added to, the first one first.
#[derive(Debug)]
pub struct HistoryBuilder {
    suite: String,
    alarms: FalseAlarms,
    nights: Vec<Night>,
    before: Option<Before>,
    endpoints: BTreeMap<String, Endpoint>,
}

/// What is known of an endpoint.
#[derive(Debug, Default)]
struct Endpoint {
    /// Directory and answers of its last night.
    last: Option<(String, Vec<Side>)>,
    wrong: Watched<Counts>,
    right: Watched<Counts>,
    brier: Watched<Scores>,
    amounts: BTreeMap<Measure, Watched<Amounts>>,
}

impl HistoryBuilder {
    /// Without a night yet.
    #[must_use]
    pub fn new(suite: &str, alarms: FalseAlarms) -> HistoryBuilder {
        HistoryBuilder {
            suite: suite.to_owned(),
            alarms,
            nights: Vec::new(),
            before: None,
            endpoints: BTreeMap::new(),
        }
    }

    /// Adds the night that follows.
    pub fn add(&mut self, night: NightOf) {
        let NightOf { directory, header, documents, mut standing, answers } = night;
        let mut endpoints = documents.endpoints(&header);
        let (verdict, _) = documents.verdict(None, &header);
        let covered = verdict != Verdict::NotMeasured;
        if standing.counts() && !covered {
            let floor = COVERAGE_FLOOR * 100.0;
            standing = Standing::Shown(format!(
                "too little was measured; from {floor:.0}% of the trials on a night counts"
            ));
        }
        let mut events = Vec::new();
        if standing.counts()
            && let Some(mut answers) = answers
        {
            let same = self.before.as_ref().is_none_or(|was| same_confident(&was.header, &header));
            for told in &mut endpoints {
                told.served = answers.served(&told.endpoint);
                let sides = answers.take(&told.endpoint);
                let known = self.endpoints.entry(told.endpoint.clone()).or_default();
                known.see(told, sides, &directory, same, self.alarms);
            }
            events = self.events(&header, &endpoints);
            let served = endpoints.iter().map(|told| (told.endpoint.clone(), told.served.clone()));
            let served = served.collect();
            let header = Header { text: String::new(), ..header.clone() };
            self.before = Some(Before { header, endpoints: served });
        }
        let (started, run) = header.asked();
        self.nights.push(Night {
            directory,
            run: run.to_owned(),
            started: started.to_owned(),
            standing,
            verdict,
            endpoints,
            events,
        });
    }

    fn events(&self, header: &Header, endpoints: &[EndpointNight]) -> Vec<super::Event> {
        self.before.as_ref().map(|was| events(was, header, endpoints)).unwrap_or_default()
    }

    /// The history of the last so many nights.
    #[must_use]
    pub fn finish(mut self, last: usize, earlier: usize, left_out: Vec<LeftOutRun>) -> History {
        let dropped = self.nights.len().saturating_sub(last);
        self.nights.drain(..dropped);
        History {
            format: FORMAT,
            suite: self.suite,
            false_alarms: self.alarms,
            nights: self.nights,
            left_out,
            earlier: earlier + dropped,
        }
    }
}

impl Endpoint {
    fn see(
        &mut self,
        told: &mut EndpointNight,
        sides: Vec<Side>,
        directory: &str,
        same_confident: bool,
        alarms: FalseAlarms,
    ) {
        if !same_confident {
            (self.wrong, self.brier) = (Watched::default(), Watched::default());
        }
        let flag = |is: bool| f64::from(u8::from(is));
        let wrong = units(&sides, |side| side.confident_wrong().map(flag));
        let right = units(&sides, |side| side.correct.map(flag));
        let brier = units(&sides, Side::brier);
        of_units(told, Measure::ConfidentWrong, &mut self.wrong, wrong, alarms.limits);
        of_units(told, Measure::Accuracy, &mut self.right, right, alarms.limits);
        of_units(told, Measure::Brier, &mut self.brier, brier, alarms.limits);
        for measure in [Measure::LiveP50, Measure::LiveP95, Measure::Cost] {
            let watched = self.amounts.entry(measure).or_default();
            of_amount(told, measure, watched, alarms.limits);
        }
        let before = self.last.replace((directory.to_owned(), sides.clone()));
        if let Some((against, before)) = before {
            let turned = Turned::of(&against, before, sides, same_confident);
            for mark in turned.marks(alarms.neighbours) {
                add(&mut told.marks, mark);
            }
            told.turned = Some(turned);
        }
        told.marks.sort_by_key(|mark| mark.of);
    }
}

/// Holds a share or score against the earlier nights of the same units. The range is told for the
/// whole night: cases that are not known yet are taken as they are.
fn of_units<L: Level<Night = Vec<Unit>>>(
    told: &mut EndpointNight,
    measure: Measure,
    watched: &mut Watched<L>,
    units: Vec<Unit>,
    alpha: f64,
) {
    let Some(measured) = told.measured.iter_mut().find(|measured| measured.of == measure) else {
        return;
    };
    let Some(seen) = watched.see(units, alpha) else { return };
    #[expect(clippy::cast_precision_loss, reason = "answers are far fewer than 2^53")]
    let n = measured.n.max(1) as f64;
    let value = measured.value;
    let at = |sum: f64| (value + (sum - seen.usual.seen) / n).clamp(0.0, 1.0);
    let usual = [at(seen.usual.low), at(seen.usual.high)];
    measured.usual = Some(usual);
    mark(told, measure, seen, value, usual, alpha);
}

fn of_amount(
    told: &mut EndpointNight,
    measure: Measure,
    watched: &mut Watched<Amounts>,
    alpha: f64,
) {
    let Some(measured) = told.measured.iter_mut().find(|measured| measured.of == measure) else {
        return;
    };
    let enough = measured.n >= LIVE || measure == Measure::Cost;
    if !enough || measured.value <= 0.0 {
        return;
    }
    let value = measured.value;
    let Some(seen) = watched.see(value, alpha) else { return };
    let usual = [seen.usual.low.exp(), seen.usual.high.exp()];
    measured.usual = Some(usual);
    mark(told, measure, seen, value, usual, alpha);
}

fn mark(
    told: &mut EndpointNight,
    of: Measure,
    seen: Seen,
    value: f64,
    usual: [f64; 2],
    alpha: f64,
) {
    if seen.marked == 0 {
        return;
    }
    let side = if seen.marked > 0 { "above" } else { "below" };
    let [value, low, high] = [value, usual[0], usual[1]].map(|number| figure(of, number));
    let sentence = format!(
        "{value} is {side} what the earlier nights make of it, {low} to {high} (outside of that by chance: {})",
        odds(alpha)
    );
    let worse = (seen.marked > 0) != of.more_is_better();
    add(&mut told.marks, Mark { of, worse, by: By::Limits, sentence });
}

/// A probability as one in so many nights, two digits of them.
fn odds(probability: f64) -> String {
    let nights = 1.0 / probability;
    let digit = 10_f64.powf(nights.log10().floor() - 1.0).max(1.0);
    format!("1 in {:.0}", (nights / digit).round() * digit)
}

/// A number in its unit.
fn figure(of: Measure, number: f64) -> String {
    match of {
        Measure::ConfidentWrong | Measure::Accuracy => format!("{:.1}%", number * 100.0),
        Measure::Brier => format!("{number:.3}"),
        Measure::LiveP50 | Measure::LiveP95 if number < 10.0 => format!("{number:.1} ms"),
        Measure::LiveP50 | Measure::LiveP95 => format!("{number:.0} ms"),
        Measure::Cost => format!("{number:.4}"),
    }
}

/// One mark a measure: what two tests say becomes one.
fn add(marks: &mut Vec<Mark>, mark: Mark) {
    match marks.iter_mut().find(|known| known.of == mark.of && known.worse == mark.worse) {
        Some(known) => {
            known.by = By::Both;
            known.sentence = format!("{}; {}", known.sentence, mark.sentence);
        }
        None => marks.push(mark),
    }
}
