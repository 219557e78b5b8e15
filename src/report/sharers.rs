//! Who else heard a reply: the trial that fetched it, and those that joined its call.

use std::collections::{BTreeMap, HashMap};

use crate::record::{Digest, Heard, Origin, Record, Unreadable};

/// How many of the trials that joined a call are named.
const NAMED: usize = 5;

/// Of exchanges of some records, who shared them.
#[derive(Debug, Default)]
pub struct Sharers {
    /// By the trial's place in the plan, and the exchange's among those of its record.
    of: BTreeMap<(usize, usize), Shared>,
}

/// Who shared an exchange, without the trial itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared {
    /// The first trial that made the call.
    pub(super) live: Option<String>,
    /// How many trials joined it.
    pub(super) joined: usize,
    /// The first of these.
    pub(super) named: Vec<String>,
}

impl Sharers {
    /// Looks through all records of a run, in plan order, for those that shared with the shown ones.
    /// They are read only if somebody shared at all.
    ///
    /// # Errors
    /// A record cannot be read any more.
    pub fn of(
        shown: &[Record],
        all: impl Iterator<Item = Result<Record, Unreadable>>,
    ) -> Result<Sharers, Unreadable> {
        let mut wanted: HashMap<Digest, Vec<(&Record, usize)>> = HashMap::new();
        for record in shown {
            for (number, heard) in record.exchanges.iter().enumerate() {
                if matches!(heard.origin, Origin::Live | Origin::Joined) {
                    wanted.entry(heard.digest).or_default().push((record, number));
                }
            }
        }
        let mut sharers = Sharers::default();
        if wanted.is_empty() {
            return Ok(sharers);
        }
        for other in all {
            let other = other?;
            for (at, heard) in other.exchanges.iter().enumerate() {
                // One that heard the same twice is one.
                let again =
                    |before: &Heard| before.digest == heard.digest && before.origin == heard.origin;
                if other.exchanges[..at].iter().any(again) {
                    continue;
                }
                for (record, number) in wanted.get(&heard.digest).into_iter().flatten() {
                    if record.index != other.index && same(&record.exchanges[*number], heard) {
                        let shared = sharers.of.entry((record.index, *number)).or_default();
                        shared.add(&other.trial, heard.origin);
                    }
                }
            }
        }
        Ok(sharers)
    }

    /// Who shared an exchange of a record, by its place there.
    pub(super) fn with(&self, record: &Record, number: usize) -> Shared {
        self.of.get(&(record.index, number)).cloned().unwrap_or_default()
    }
}

impl Shared {
    fn add(&mut self, trial: &str, origin: Origin) {
        match origin {
            Origin::Live if self.live.is_none() => self.live = Some(trial.to_owned()),
            Origin::Joined => {
                self.joined += 1;
                if self.named.len() < NAMED {
                    self.named.push(trial.to_owned());
                }
            }
            _ => {}
        }
    }
}

/// What failed is asked again under the same digest, so who shared it is told by the outcome as
/// well: by what was said. Who asks after a call ended hears its reply without the times of a stream.
fn same(one: &Heard, other: &Heard) -> bool {
    let said = match (&one.reply, &other.reply) {
        (Some(one), Some(other)) => {
            one.text == other.text
                && one.refusal == other.refusal
                && one.finish == other.finish
                && one.model == other.model
        }
        (one, other) => one.is_none() && other.is_none(),
    };
    said && one.error == other.error
}
