//! From the records of a run to the lines of a snapshot.

use std::collections::BTreeMap;

use super::line::Subject;
use super::{About, Band, Found, Line, Said, Snapshot, State};
use crate::record::{Brief, Header, Record, Run, Unreadable};
use crate::scorecard::Side;

/// What is known so far of one case.
#[derive(Debug)]
struct Case {
    subject: Subject,
    band: Option<Band>,
    /// With how many draws, and what they answered how often.
    states: Vec<(State, usize, BTreeMap<Said, usize>)>,
}

/// The lines of cases whose draws are added one by one.
#[derive(Debug, Default)]
pub struct Tallies(BTreeMap<String, Case>);

impl Tallies {
    /// Adds a draw; one that nothing was heard of changes nothing.
    pub fn add(&mut self, record: &Record, threshold: f64) {
        let Some(state) = State::of(record, threshold) else { return };
        let subject = Subject::of_record(record);
        let sure = Side::of(record, threshold).confidence;
        let band = sure.map(|sure| Band::of(sure, record.threshold.unwrap_or(threshold)));
        let answer = record.compared().map(|answer| Said::new(&answer));
        self.put(&record.case, subject, state, band, answer);
    }

    fn put(
        &mut self,
        case: &str,
        subject: Subject,
        state: State,
        band: Option<Band>,
        answer: Option<Said>,
    ) {
        if !self.0.contains_key(case) {
            let new = Case { subject, band: None, states: Vec::new() };
            self.0.insert(case.to_owned(), new);
        }
        let Some(known) = self.0.get_mut(case) else { return };
        known.band = match (known.band, band) {
            (Some(one), Some(other)) => Some(one.with(other)),
            (one, other) => one.or(other),
        };
        let place = known.states.iter().position(|(at, ..)| *at == state).unwrap_or_else(|| {
            known.states.push((state, 0, BTreeMap::new()));
            known.states.len() - 1
        });
        let (_, count, answers) = &mut known.states[place];
        *count += 1;
        if let Some(answer) = answer {
            *answers.entry(answer).or_default() += 1;
        }
    }

    /// A line a case.
    #[must_use]
    pub fn lines(self) -> BTreeMap<String, Line> {
        self.0.into_iter().map(|(case, known)| (case.clone(), known.line(case))).collect()
    }
}

impl Case {
    fn line(mut self, case: String) -> Line {
        self.states.sort_by(|(one, n, _), (other, m, _)| {
            m.cmp(n).then(one.gravity().cmp(&other.gravity()))
        });
        let answers = self.states.first().map(|(.., answers)| answers.iter());
        // Of those that are as frequent, the first in the order of texts.
        let most = answers.and_then(|answers| answers.rev().max_by_key(|(_, count)| **count));
        Line {
            answer: most.map(|(answer, _)| answer.clone()),
            case,
            states: self.states.iter().map(|(state, count, _)| (*state, *count)).collect(),
            band: self.band,
            subject: self.subject,
            known: None,
        }
    }
}

/// What a run says at each of its endpoints, added up while its records pass: they are read once.
#[derive(Debug)]
pub struct Passing {
    /// By the endpoints' places in the header.
    tallies: Vec<Tallies>,
    threshold: f64,
    records: usize,
}

impl Passing {
    /// Of the run with this header.
    #[must_use]
    pub fn new(header: &Header) -> Passing {
        let tallies = header.endpoints.iter().map(|_| Tallies::default()).collect();
        Passing { tallies, threshold: header.threshold, records: 0 }
    }

    /// Adds a record.
    pub fn add(&mut self, record: &Record, brief: &Brief) {
        self.records += 1;
        if let Some(tallies) = brief.endpoint().and_then(|place| self.tallies.get_mut(place)) {
            tallies.add(record, self.threshold);
        }
    }

    /// What the run says at an endpoint; asked once for each. Where it was trimmed to the trials that
    /// were needed, these are read again.
    ///
    /// # Errors
    /// A record cannot be read any more.
    pub fn found(&mut self, run: &Run, endpoint: &str, whole: bool) -> Result<Found, Unreadable> {
        let place = run.header.endpoints.iter().position(|asked| &*asked.name == endpoint);
        match place.and_then(|place| self.tallies.get_mut(place)) {
            Some(tallies) if run.briefs().len() == self.records => {
                let lines = std::mem::take(tallies).lines();
                Ok(Found::said(run, endpoint, whole, lines))
            }
            _ => Found::of(run, endpoint, whole),
        }
    }
}

impl Snapshot {
    /// What a run says of the cases of one endpoint. Who was not heard has no line.
    ///
    /// # Errors
    /// A record cannot be read any more.
    pub fn of(run: &Run, endpoint: &str) -> Result<Snapshot, Unreadable> {
        let mut tallies = Tallies::default();
        for brief in run.of_endpoint(endpoint) {
            tallies.add(&run.record(brief)?, run.header.threshold);
        }
        Ok(Snapshot { lines: tallies.lines(), ..Snapshot::of_nothing(&run.header, endpoint) })
    }

    /// The same without any line.
    #[must_use]
    pub fn of_nothing(header: &Header, endpoint: &str) -> Snapshot {
        let asked = header.endpoints.iter().find(|asked| &*asked.name == endpoint);
        let of = About {
            suite: header.suite.clone(),
            endpoint: endpoint.to_owned(),
            model: asked.map(|asked| asked.target.model.clone()).unwrap_or_default(),
            threshold: header.threshold,
        };
        Snapshot { of, source: header.path.clone(), lines: BTreeMap::new() }
    }
}

/// The lines of answers as a comparison keeps them, without the answers themselves: what was said
/// there is for people to read.
#[must_use]
pub fn lines_of_sides(sides: &[Side], threshold: f64) -> BTreeMap<String, Line> {
    let mut tallies = Tallies::default();
    for side in sides {
        let Some(state) = State::of_side(side) else { continue };
        let digest = side.subject.or(side.content);
        let subject = digest.map_or(Subject::default(), |digest| Subject::of(&digest));
        let band = side.confidence.map(|sure| Band::of(sure, threshold));
        tallies.put(&side.case, subject, state, band, None);
    }
    tallies.lines()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{header, judged};
    use crate::record::{AskError, AskErrorKind, Outcome};

    #[test]
    fn draws_of_a_case_become_one_line() {
        let draw = |repeat, outcome, sure, answer: &str| Record {
            repeat,
            case: "q".into(),
            answer: (!answer.is_empty()).then(|| answer.to_owned()),
            choices: Vec::new(),
            ..judged(repeat as usize, outcome, sure)
        };
        let lost = Outcome::Failed(AskError::new(AskErrorKind::Timeout, "timed out"));
        let records = vec![
            draw(0, Outcome::Incorrect, Some(0.93), " The Sydney. "),
            draw(1, Outcome::Correct, Some(0.71), "Canberra"),
            draw(2, Outcome::Incorrect, Some(0.85), "Perth"),
            draw(3, Outcome::Incorrect, Some(0.91), "sydney"),
            draw(4, lost, None, ""),
        ];
        let snapshot = Snapshot::of(&Run::of(header(5), records), "model").unwrap();
        let text = snapshot.lines["q"].to_string();
        let subject = snapshot.lines["q"].subject.to_string();
        insta::assert_snapshot!(text.replace(&subject, "#…"), @r#"q: incorrect confident_wrong 3/4 + correct unsure_right 1/4 0.7-0.95 #… "sydney""#);
        assert_eq!((snapshot.lines.len(), snapshot.of.model.as_str()), (1, "m-1"));
    }
}
