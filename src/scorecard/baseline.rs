//! The run that another one must not be worse than, kept beside its records.
//!
//! A run writes down the answers that it is held against before it asks anything. So its decision
//! follows from its own directory, whatever becomes of the other one.

use serde::{Deserialize, Serialize};

use super::pairing::{Side, sides};
use crate::record::{Run, Unreadable};

/// Version of `baseline.json`.
const FORMAT: u32 = 1;

/// What a run is held against: `baseline.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// Version of this document.
    pub format: u32,
    /// As the suite's author wrote it: a run directory, or `previous`.
    pub against: String,
    /// The run; none where there is none.
    pub baseline: Option<Baseline>,
    /// Why there is none, and what to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// A run as a comparison needs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Its directory as the user would write it.
    pub directory: String,
    /// Its name.
    pub run: String,
    /// Its endpoints with their answers.
    pub endpoints: Vec<BaselineEndpoint>,
}

/// The answers of one endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineEndpoint {
    /// Its name.
    pub name: String,
    /// The model that was asked.
    pub model: String,
    /// Its answers in plan order.
    pub answers: Vec<Side>,
}

impl Against {
    /// A run that was found.
    #[must_use]
    pub fn found(against: &str, baseline: Baseline) -> Against {
        Against {
            format: FORMAT,
            against: against.to_owned(),
            baseline: Some(baseline),
            missing: None,
        }
    }

    /// None, and why.
    #[must_use]
    pub fn missing(against: &str, why: String) -> Against {
        Against { format: FORMAT, against: against.to_owned(), baseline: None, missing: Some(why) }
    }
}

impl Baseline {
    /// The answers of a run; confident is who is so at this threshold.
    ///
    /// # Errors
    /// A record cannot be read any more.
    pub fn of(run: &Run, directory: &str, threshold: f64) -> Result<Baseline, Unreadable> {
        let endpoints = run.header.endpoints.iter().map(|asked| {
            Ok(BaselineEndpoint {
                name: asked.name.to_string(),
                model: asked.target.model.clone(),
                answers: sides(run, &asked.name, threshold)?,
            })
        });
        Ok(Baseline {
            directory: directory.to_owned(),
            run: run.header.run.clone(),
            endpoints: endpoints.collect::<Result<_, _>>()?,
        })
    }

    /// The endpoint that another run's is held against: the one of its name, or the only one where
    /// that run asked only one.
    #[must_use]
    pub fn endpoint(&self, name: &str, alone: bool) -> Option<&BaselineEndpoint> {
        let named = self.endpoints.iter().find(|endpoint| endpoint.name == name);
        let only = self.endpoints.first().filter(|_| alone && self.endpoints.len() == 1);
        named.or(only)
    }
}
