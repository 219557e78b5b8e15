//! What became of answers since the run before: the cases that a reviewer wants to see first.
//!
//! Records are read one by one and only those that differ are kept, so a page of a large run costs no
//! more memory than its baseline does. Whether the run as a whole became worse is another question,
//! which [`super::Comparison`] answers.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use super::baseline::{Against, Baseline, BaselineEndpoint};
use super::flips::{Flip, Flipped};
use super::pairing::Side;
use crate::record::{Run, Unreadable};

/// What became of the answers of one endpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changes {
    /// The name of the endpoint.
    pub endpoint: String,
    /// Name of the run before.
    pub baseline: String,
    /// Its directory as the user would write it.
    pub directory: String,
    /// The model that was asked then.
    pub model: String,
    /// Answers that were compared: the same question, judged in both runs.
    pub compared: usize,
    /// Cases with a confident wrong answer then, of those that were compared.
    pub confident_wrong_before: usize,
    /// Cases of this run that were not compared: new, of another wording, or not judged in one run.
    pub not_compared: usize,
    /// Cases that are not what they were, the gravest and surest first.
    pub flips: Vec<Flipped>,
}

impl Changes {
    /// Of every endpoint that the baseline knows; none where there is no baseline.
    ///
    /// # Errors
    /// A record cannot be read any more.
    pub fn of(run: &Run, against: Option<&Against>) -> Result<Vec<Changes>, Unreadable> {
        let Some(baseline) = against.and_then(|against| against.baseline.as_ref()) else {
            return Ok(Vec::new());
        };
        let alone = run.header.endpoints.len() == 1;
        let known = run.header.endpoints.iter().filter_map(|asked| {
            let before = baseline.endpoint(&asked.name, alone)?;
            Some(Changes::of_endpoint(run, &asked.name, baseline, before))
        });
        known.collect()
    }

    /// How many cases went this way.
    #[must_use]
    pub fn count(&self, flip: Flip) -> usize {
        self.flips.iter().filter(|flipped| flipped.flip == flip).count()
    }

    fn of_endpoint(
        run: &Run,
        endpoint: &str,
        baseline: &Baseline,
        before: &BaselineEndpoint,
    ) -> Result<Changes, Unreadable> {
        let partners: HashMap<(&str, u32), &Side> =
            before.answers.iter().map(|side| ((side.case.as_str(), side.repeat), side)).collect();
        let mut asked: HashMap<&str, usize> = HashMap::new();
        let (mut differing, mut sure, mut left) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for brief in run.of_endpoint(endpoint) {
            let now = Side::of(&run.record(brief)?, run.header.threshold);
            let case = run.name(brief.case());
            let then = partners
                .get(&(case, brief.repeat()))
                .filter(|then| then.is_of_the_same(&now) && then.is_judged() && now.is_judged());
            let Some(then) = then else {
                left.insert(case);
                continue;
            };
            *asked.entry(case).or_default() += 1;
            if then.confident_wrong() == Some(true) {
                sure.insert(case);
            }
            if Flip::of(then, &now).is_some() {
                differing.push(((*then).clone(), now));
            }
        }
        left.retain(|case| !asked.contains_key(case));
        Ok(Changes {
            endpoint: endpoint.to_owned(),
            baseline: baseline.run.clone(),
            directory: baseline.directory.clone(),
            model: before.model.clone(),
            compared: asked.values().sum(),
            confident_wrong_before: sure.len(),
            not_compared: left.len(),
            flips: Flipped::among(&differing, &asked),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Outcome;
    use crate::record::tests::{header, judged};

    #[test]
    fn only_what_differs_is_kept_and_what_has_no_partner_is_counted() {
        let before: Vec<_> = (0..5)
            .map(|index| {
                let right = index != 2;
                let outcome = if right { Outcome::Correct } else { Outcome::Incorrect };
                judged(index, outcome, Some(0.9))
            })
            .collect();
        let mut now = before.clone();
        now[0].outcome = Outcome::Incorrect;
        now[0].quadrant = Some(crate::record::Quadrant::ConfidentWrong);
        now[1].outcome = Outcome::Refused;
        now[3].case = "new".into();
        let then = Run::of(header(5), before);
        let against = Against::found("previous", Baseline::of(&then, "reports/x", 0.8).unwrap());
        let run = Run::of(header(5), now);
        let changes = Changes::of(&run, Some(&against)).unwrap();
        let [changes] = changes.as_slice() else { panic!("one endpoint: {changes:?}") };
        assert_eq!((changes.compared, changes.not_compared), (3, 2));
        assert_eq!(changes.confident_wrong_before, 1);
        assert_eq!(changes.count(Flip::NewlyConfidentWrong), 1);
        assert_eq!(changes.flips.len(), 1);
        assert_eq!(changes.flips[0].case, "case-0");
        assert!(Changes::of(&run, None).unwrap().is_empty());
    }

    #[test]
    fn the_same_as_a_comparison_of_the_two_runs() {
        use crate::scorecard::{Pairing, sides};
        let outcome = |right| if right { Outcome::Correct } else { Outcome::Incorrect };
        let records = |salt: usize| -> Vec<_> {
            let record = |index: usize| {
                let sure = [0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95][(index * salt) % 7];
                judged(index, outcome(!(index * salt).is_multiple_of(3)), Some(sure))
            };
            (0..40).map(record).collect()
        };
        let (then, now) = (Run::of(header(40), records(5)), Run::of(header(40), records(11)));
        let against = Against::found("previous", Baseline::of(&then, "d", 0.8).unwrap());
        let changes = Changes::of(&now, Some(&against)).unwrap().remove(0);
        let side = |run| sides(run, "model", 0.8).unwrap();
        let pairing = Pairing::of(side(&then), side(&now));
        assert!(changes.flips.len() > 3);
        assert_eq!(changes.flips, Flipped::of(&pairing.pairs));
        assert_eq!(changes.compared, pairing.pairs.len());
    }
}
