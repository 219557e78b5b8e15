//! The trials of a run, in an order that depends on nothing but the suite and what was selected.
//!
//! A plan is a recipe for an iterator: cases are read and rendered when the engine wants them, so
//! a suite of a million cases costs no memory. It is walked once before the run to be counted and
//! hashed, and once more to be asked.

use std::sync::Arc;

use crate::ask::{Digest, Draw, Params, Price, Request, Target};
use crate::elicit::{Conflict, Method};
use crate::suite::{Case, Filter, Suite};

/// An endpoint that is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its name.
    pub name: Arc<str>,
    /// Where requests go.
    pub target: Arc<Target>,
    /// Parameters it passes on verbatim.
    pub extra: std::collections::BTreeMap<String, serde_json::Value>,
    /// What its tokens cost, if that is known.
    pub price: Option<Price>,
}

/// Which cases are wanted.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Names and tags; none means all.
    pub filter: Option<Filter>,
    /// At most so many cases, the first ones; each is asked as often as any other.
    pub limit: Option<usize>,
}

/// The unit of work: a case asked at an endpoint once.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Place in the plan, from 0.
    pub index: usize,
    /// Name, unique in the run: `case@endpoint`, and `case@endpoint#2` for the second repeat.
    pub id: String,
    /// The case.
    pub case: Arc<Case>,
    /// Name of the endpoint.
    pub endpoint: Arc<str>,
    /// Which repeat, from 0.
    pub repeat: u32,
    /// The request whose reply is graded, prepared by all confidence methods.
    pub base: Request,
    /// What the endpoint's tokens cost, if that is known.
    pub price: Option<Price>,
}

/// A suite, the endpoints it is asked at, and what was selected of it.
#[derive(Debug)]
pub struct Plan<'a> {
    suite: &'a Suite,
    endpoints: Vec<Asked>,
    selection: Selection,
    params: Params,
}

/// The size of a plan and a digest of all its trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Number of trials.
    pub trials: usize,
    /// Digest over names and contents in order.
    pub digest: Digest,
}

impl<'a> Plan<'a> {
    /// Plans a suite at endpoints. A seed given here wins over the suite's.
    ///
    /// # Errors
    /// A confidence method and the parameters contradict each other.
    pub fn new(
        suite: &'a Suite,
        endpoints: Vec<Asked>,
        selection: Selection,
        seed: Option<u64>,
    ) -> Result<Plan<'a>, Conflict> {
        let params = Params { seed: seed.or(suite.params.seed), ..suite.params.clone() };
        let plan = Plan { suite, endpoints, selection, params };
        for endpoint in &plan.endpoints {
            for turns in suite.templates_as_turns() {
                plan.prepared(endpoint, turns, 0)?;
            }
        }
        Ok(plan)
    }

    /// The seed of all requests, before draws are added.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.params.seed
    }

    /// The trials in order: case by case, each at every endpoint, there as often as the suite says.
    /// Where a budget may be decided early, the cases come in a random order that the seed gives,
    /// and are all in memory.
    pub fn trials(&self) -> impl Iterator<Item = Trial> + Send + '_ {
        let wanted = |case: &Case| match &self.selection.filter {
            Some(filter) => filter.matches(&case.id, &case.tags),
            None => true,
        };
        let cases = self.suite.cases().filter(wanted);
        let cases = cases.take(self.selection.limit.unwrap_or(usize::MAX)).map(Arc::new);
        let cases: Box<dyn Iterator<Item = Arc<Case>> + Send> = if self.suite.budget.early_stop {
            let mut shuffled: Vec<Arc<Case>> = cases.collect();
            // A digest is as good as a random number, and a case keeps its own.
            shuffled.sort_by_cached_key(|case| Digest::of(&("order", self.seed(), &case.id)));
            Box::new(shuffled.into_iter())
        } else {
            Box::new(cases)
        };
        cases.flat_map(|case| self.at_all(&case)).enumerate().map(|(index, mut trial)| {
            trial.index = index;
            trial
        })
    }

    /// Counts and hashes the plan.
    #[must_use]
    pub fn extent(&self) -> Extent {
        let mut contents = Vec::new();
        for trial in self.trials() {
            contents.push(Digest::of(&(&trial.id, trial.case.content)));
        }
        Extent { trials: contents.len(), digest: Digest::of(&contents) }
    }

    fn at_all(&self, case: &Arc<Case>) -> Vec<Trial> {
        let repeats = 0..self.suite.repeats.get();
        let asked = self.endpoints.iter();
        let asked =
            asked.flat_map(|endpoint| repeats.clone().map(move |repeat| (endpoint, repeat)));
        let trial = |(endpoint, repeat): (&Asked, u32)| {
            let base = self.prepared(endpoint, Arc::clone(&case.turns), repeat).ok()?;
            let mut id = format!("{}@{}", case.id, endpoint.name);
            if repeat > 0 {
                id += &format!("#{}", repeat + 1);
            }
            Some(Trial {
                index: 0,
                id,
                case: Arc::clone(case),
                endpoint: Arc::clone(&endpoint.name),
                repeat,
                base,
                price: endpoint.price,
            })
        };
        asked.filter_map(trial).collect()
    }

    fn prepared(
        &self,
        endpoint: &Asked,
        turns: Arc<[crate::ask::Turn]>,
        repeat: u32,
    ) -> Result<Request, Conflict> {
        let params = Params { extra: endpoint.extra.clone(), ..self.params.clone() };
        let base = Request {
            target: Arc::clone(&endpoint.target),
            turns,
            params,
            draw: Draw { repeat, sample: 0 },
        };
        self.methods().try_fold(base, |request, method| method.prepare(request))
    }

    /// The confidence methods, the primary first.
    pub fn methods(&self) -> impl Iterator<Item = &'a Method> {
        self.suite.methods.iter().map(|method| &method.value)
    }
}
