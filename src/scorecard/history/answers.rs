//! The answers of a night, as small as comparing them allows.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::record::{Header, Record, Role};
use crate::scorecard::Side;

/// The answers of each endpoint of a run. Texts are left out: nobody reads them here.
#[derive(Debug, Default)]
pub struct Answers {
    threshold: f64,
    endpoints: BTreeMap<Arc<str>, Endpoint>,
}

#[derive(Debug, Default)]
struct Endpoint {
    /// By place in the plan.
    sides: Vec<(usize, Side)>,
    served: BTreeMap<String, usize>,
}

/// Cases that are alike, with what they count together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    /// What they are: the same on two nights where the same questions were asked and judged.
    pub key: u64,
    /// Their sum.
    pub sum: f64,
}

impl Answers {
    /// None yet, of a run with this header.
    #[must_use]
    pub fn new(header: &Header) -> Answers {
        Answers { threshold: header.threshold, endpoints: BTreeMap::new() }
    }

    /// Adds a record of the run.
    pub fn add(&mut self, record: &Record) {
        let endpoint = self.endpoints.entry(Arc::clone(&record.endpoint)).or_default();
        let mut side = Side::of(record, self.threshold);
        side.tags = Vec::new();
        side.said = String::new();
        if side.subject.is_some() {
            (side.question, side.expected) = (String::new(), String::new());
        }
        endpoint.sides.push((record.index, side));
        let answers = record
            .exchanges
            .iter()
            .filter(|heard| heard.role == Role::Answer && heard.endpoint == record.endpoint);
        for model in answers.filter_map(|heard| heard.reply.as_ref()?.model.as_ref()) {
            match endpoint.served.get_mut(model) {
                Some(replies) => *replies += 1,
                None => {
                    endpoint.served.insert(model.clone(), 1);
                }
            }
        }
    }

    /// The model that most replies of an endpoint say they are from.
    pub(super) fn served(&self, endpoint: &str) -> Option<String> {
        let served = &self.endpoints.get(endpoint)?.served;
        served.iter().max_by_key(|(_, replies)| **replies).map(|(model, _)| model.clone())
    }

    /// The answers of an endpoint in plan order; they are taken out.
    pub(super) fn take(&mut self, endpoint: &str) -> Vec<Side> {
        let mut sides = self.endpoints.remove(endpoint).unwrap_or_default().sides;
        sides.sort_by_key(|(place, _)| *place);
        sides.into_iter().map(|(_, side)| side).collect()
    }
}

/// The units of answers that have a value. A unit is known by every answer of it: where one is
/// missing, was asked otherwise or is judged otherwise, it is another one.
pub(super) fn units(sides: &[Side], value: impl Fn(&Side) -> Option<f64>) -> Vec<Unit> {
    let mut place: HashMap<&str, usize> = HashMap::new();
    let mut units: Vec<(DefaultHasher, f64)> = Vec::new();
    for side in sides {
        let Some(value) = value(side) else { continue };
        let at = *place.entry(&side.cluster).or_insert_with(|| {
            units.push((DefaultHasher::new(), 0.0));
            units.len() - 1
        });
        let (hasher, sum) = &mut units[at];
        (&side.case, side.repeat).hash(hasher);
        match side.content {
            Some(content) => content.to_string().hash(hasher),
            None => (&side.question, &side.expected).hash(hasher),
        }
        *sum += value;
    }
    units.into_iter().map(|(hasher, sum)| Unit { key: hasher.finish(), sum }).collect()
}
