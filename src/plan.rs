//! The trials of a run, in an order that depends on nothing but the suite and what was selected.
//!
//! A plan is a recipe for an iterator: cases are read and rendered when the engine wants them, so
//! a suite of a million cases costs no memory. Before the run its trials are counted and hashed
//! while the suite's rows are checked, in one walk ([`Extent::survey`]); the second walk asks them.

mod extent;
mod shard;

use std::sync::Arc;

pub use extent::Extent;
pub use shard::Shard;

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
    /// Of these, a share; none means all. The plan stays that of all of them.
    pub shard: Option<Shard>,
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

impl Selection {
    /// Whether the case of this number among those that are wanted is asked here.
    fn has(&self, case: usize) -> bool {
        self.shard.is_none_or(|shard| shard.has(case))
    }

    /// Whether a case is wanted, unless there are enough.
    fn wants(&self, case: &Case) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.matches(&case.id, &case.tags))
    }
}

/// The name of a trial.
fn trial_name(case: &str, endpoint: &str, repeat: u32) -> String {
    let mut name = String::with_capacity(case.len() + 1 + endpoint.len());
    name.push_str(case);
    name.push('@');
    name.push_str(endpoint);
    if repeat > 0 {
        name += &format!("#{}", repeat + 1);
    }
    name
}

/// The place of a case in a random order. A digest is as good as a random number, and a case keeps
/// its own.
fn place_of(case: &Case, seed: Option<u64>) -> Digest {
    Digest::of(&("order", seed, &case.id))
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
                plan.prepared(endpoint, turns)?;
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
    /// Those of a shard have their places in the whole plan.
    /// Where a budget may be decided early, the cases come in a random order that the seed gives.
    pub fn trials(&self) -> impl Iterator<Item = Trial> + Send + '_ {
        let limit = self.selection.limit.unwrap_or(usize::MAX);
        let cases: Box<dyn Iterator<Item = Case> + Send> = if self.suite.budget.early_stop {
            let mut wanted = 0;
            Box::new(self.suite.cases_by(|case| {
                let more = wanted < limit && self.selection.wants(case);
                wanted += usize::from(more);
                more.then(|| place_of(case, self.seed()))
            }))
        } else {
            let wanted = self.suite.cases().filter(|case| self.selection.wants(case));
            Box::new(wanted.take(limit))
        };
        let cases = cases.enumerate().filter(|(number, _)| self.selection.has(*number));
        cases.flat_map(|(number, case)| self.at_all(&Arc::new(case), number))
    }

    /// The trials of the case of this number.
    fn at_all(&self, case: &Arc<Case>, number: usize) -> Vec<Trial> {
        let repeats = self.suite.repeats.get();
        let each = self.endpoints.len() * repeats as usize;
        let mut trials = Vec::with_capacity(each);
        for endpoint in &self.endpoints {
            // What methods need was tried out when the plan was made; it is the same for all cases.
            let Ok(base) = self.prepared(endpoint, Arc::clone(&case.turns)) else { continue };
            let bases = std::iter::repeat_n(base, repeats as usize);
            let first = number * each + trials.len();
            trials.extend(bases.zip(0..).map(|(base, repeat)| Trial {
                index: first + repeat as usize,
                id: trial_name(&case.id, &endpoint.name, repeat),
                case: Arc::clone(case),
                endpoint: Arc::clone(&endpoint.name),
                repeat,
                base: Request { draw: Draw { repeat, sample: 0 }, ..base },
                price: endpoint.price,
            }));
        }
        trials
    }

    /// What an endpoint is asked first, for all methods.
    fn prepared(
        &self,
        endpoint: &Asked,
        turns: Arc<[crate::ask::Turn]>,
    ) -> Result<Request, Conflict> {
        let params = Params { extra: endpoint.extra.clone(), ..self.params.clone() };
        let base =
            Request { target: Arc::clone(&endpoint.target), turns, params, draw: Draw::default() };
        self.methods().try_fold(base, |request, method| method.prepare(request))
    }

    /// The confidence methods, the primary first.
    pub fn methods(&self) -> impl Iterator<Item = &'a Method> {
        self.suite.methods.iter().map(|method| &method.value)
    }
}
