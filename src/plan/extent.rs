//! How many trials a plan has, and a digest of them all: known as soon as every case was seen once.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::{Selection, place_of, trial_name};
use crate::ask::{Digest, Digests};
use crate::suite::{Case, Census, Findings, Suite};

/// The size of a plan and a digest of all its trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Number of trials.
    pub trials: usize,
    /// Number of those that are asked here: all of them, unless the plan is shared by shards.
    pub own: usize,
    /// Digest over names and contents of all trials in order.
    pub digest: Digest,
}

impl Extent {
    /// Looks at all rows of a suite once: notes everything that is wrong with them, and counts and
    /// hashes the trials that a plan of the selection has at these endpoints. A seed given here
    /// wins over the suite's.
    pub fn survey(
        suite: &Suite,
        endpoints: &[Arc<str>],
        selection: &Selection,
        seed: Option<u64>,
        findings: &mut Findings,
    ) -> (Census, Extent) {
        let seed = seed.or(suite.params.seed);
        let drawn = suite.budget.early_stop;
        let counted = |case: &Case| {
            selection.wants(case).then(|| Counted {
                place: drawn.then(|| place_of(case, seed)),
                trials: contents(case, endpoints, suite.repeats),
            })
        };
        let mut sum = Sum::default();
        let limit = selection.limit.unwrap_or(usize::MAX);
        let census = suite.survey(findings, counted, |counted| {
            if let Some(counted) = counted.filter(|_| sum.cases < limit) {
                sum.add(counted, selection.has(sum.cases));
            }
        });
        (census, sum.extent())
    }
}

/// A case that is asked.
struct Counted {
    /// Its place in a random order, where the plan has one.
    place: Option<Digest>,
    trials: Vec<Digest>,
}

/// A digest for each trial of a case, of its name and content.
fn contents(case: &Case, endpoints: &[Arc<str>], repeats: NonZeroU32) -> Vec<Digest> {
    let asked = endpoints.iter().flat_map(|endpoint| {
        (0..repeats.get()).map(move |repeat| trial_name(&case.id, endpoint, repeat))
    });
    asked.map(|name| Digest::of(&(name, case.content))).collect()
}

/// The cases so far.
#[derive(Default)]
struct Sum {
    cases: usize,
    own: usize,
    digests: Digests,
    /// Places in a random order, which is known when all cases were seen, each with the number of
    /// its case; and the trials of these, as many of each.
    drawn: Vec<(Digest, usize)>,
    trials: Vec<Digest>,
}

impl Sum {
    fn add(&mut self, Counted { place, trials }: Counted, own: bool) {
        self.cases += 1;
        self.own += if own { trials.len() } else { 0 };
        match place {
            Some(place) => {
                self.drawn.push((place, self.drawn.len()));
                self.trials.extend(trials);
            }
            None => trials.iter().for_each(|trial| self.digests.add(trial)),
        }
    }

    fn extent(mut self) -> Extent {
        self.drawn.sort_unstable();
        let each = self.trials.len() / self.drawn.len().max(1);
        for (_, case) in &self.drawn {
            for trial in &self.trials[case * each..(case + 1) * each] {
                self.digests.add(trial);
            }
        }
        let (trials, own) = (self.digests.count(), self.own);
        Extent { trials, own, digest: self.digests.finish() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ask::Target;
    use crate::plan::{Asked, Plan};

    /// A suite over `rows` rows at two endpoints, and what its trials are named and hold, in order.
    fn both(rows: usize, lines: &str, selection: &Selection) -> (Extent, Vec<(usize, Digest)>) {
        let dir = tempfile::tempdir().unwrap();
        let row = |n| format!("{{\"id\": \"q{n}\", \"question\": \"{n}?\", \"answer\": {n}}}\n");
        std::fs::write(dir.path().join("r.jsonl"), (0..rows).map(row).collect::<String>()).unwrap();
        let text = format!(
            "suite: s\nendpoints: [m, n]\nprompt: \"{{{{ question }}}} {{{{ style }}}}\"\n\
             grade: {{numeric: \"{{{{ answer }}}}\"}}\ndataset: {{from: r.jsonl}}\n\
             matrix: {{style: [short, long]}}\n{lines}"
        );
        let path = dir.path().join("s.yaml");
        std::fs::write(&path, text).unwrap();
        let mut findings = Findings::default();
        let suite = Suite::load(&path, &mut findings).unwrap();
        let endpoints = ["m".into(), "n".into()];
        let (_, extent) = Extent::survey(&suite, &endpoints, selection, None, &mut findings);
        assert_eq!(findings.as_slice(), []);
        let target = Arc::new(Target {
            wire: String::new(),
            url: String::new(),
            model: String::new(),
            max_completion_tokens: false,
            headers: BTreeMap::new(),
        });
        let asked = endpoints.map(|name| Asked {
            name,
            target: Arc::clone(&target),
            extra: BTreeMap::new(),
            price: None,
        });
        let plan = Plan::new(&suite, asked.to_vec(), selection.clone(), None).unwrap();
        let trials =
            plan.trials().map(|trial| (trial.index, Digest::of(&(&trial.id, trial.case.content))));
        (extent, trials.collect())
    }

    #[test]
    fn shards_know_the_whole_plan_and_ask_their_share() {
        let all = Selection { limit: Some(100), ..Selection::default() };
        let (whole, expected) = both(80, "repeats: 2\n", &all);
        let mut trials = Vec::new();
        for number in ["1/3", "2/3", "3/3"] {
            let shard = Selection { shard: Some(number.parse().unwrap()), ..all.clone() };
            let (extent, own) = both(80, "repeats: 2\n", &shard);
            assert_eq!(extent, Extent { own: own.len(), ..whole }, "{number}");
            assert!((132..=136).contains(&own.len()), "{}", own.len());
            trials.extend(own);
        }
        trials.sort_by_key(|(index, _)| *index);
        assert_eq!(trials, expected);
    }

    #[test]
    fn the_trials_are_those_that_are_asked() {
        let all = Selection::default();
        let filter = Some("*7* style=long".parse().unwrap());
        let some = Selection { filter, limit: Some(20), shard: None };
        let early = "budget: {confident_wrong: {max_rate: 5%}, early_stop: true}\n\
                     confidence: [verbalized]\nparameters: {seed: 4}\n";
        for (lines, selection, count) in [
            ("", &all, 2 * 2 * 700),
            ("repeats: 3\n", &all, 2 * 2 * 3 * 700),
            ("repeats: 2\n", &some, 2 * 2 * 20),
            (early, &all, 2 * 2 * 700),
            (early, &some, 2 * 20),
        ] {
            let (extent, trials) = both(700, lines, selection);
            assert_eq!(trials.len(), count, "{lines}");
            let (places, trials): (Vec<usize>, Vec<Digest>) = trials.into_iter().unzip();
            assert_eq!(places, (0..count).collect::<Vec<_>>());
            let digest = Digest::of(&trials);
            assert_eq!(extent, Extent { trials: count, own: count, digest }, "{lines}");
        }
    }
}
