//! What a run is held against: another run, or what was accepted. To the tests both are answers, and
//! to the count of cases lines.

use std::borrow::Cow;

use super::newly::Held;
use super::{SEED, accepted};
use crate::budget::Regression;
use crate::gate::Versus;
use crate::record::{Run, Unreadable};
use crate::scorecard::{BaselineEndpoint, Comparison, EndpointCard, Method, Pairing, sides};
use crate::snapshot::{self, Diff, Found, Standing};

/// What the answers of one endpoint are held against.
#[derive(Clone, Copy)]
pub(super) enum Before<'a> {
    /// A run in this directory.
    Run(&'a str, &'a BaselineEndpoint),
    /// The accepted state.
    Accepted(&'a Standing),
}

impl<'a> Before<'a> {
    /// Where it is; or why it is nowhere.
    pub(super) fn of(
        card: &EndpointCard,
        run: &Run,
        regression: &Regression,
        versus: Versus<'a>,
    ) -> Result<Before<'a>, String> {
        let endpoint = &*card.endpoint;
        if regression.is_against_snapshot() {
            let known = versus.standings.iter().find(|known| known.endpoint() == endpoint);
            return known.map(Before::Accepted).ok_or_else(|| {
                format!(
                    "no answers of `{endpoint}` had been accepted when the run began: look at them with `overclaim review`, or take all with `overclaim accept`"
                )
            });
        }
        let against =
            versus.against.ok_or("the run kept no baseline: it ended before it asked anything")?;
        let baseline = against.baseline.as_ref().ok_or_else(|| {
            against.missing.clone().unwrap_or_else(|| format!("there is no {}", against.against))
        })?;
        let alone = run.header.endpoints.len() == 1;
        let answers = baseline.endpoint(endpoint, alone).ok_or_else(|| {
            format!("{} did not ask the endpoint `{endpoint}`", baseline.directory)
        })?;
        Ok(Before::Run(&baseline.directory, answers))
    }

    /// What it is, for people.
    pub(super) fn told(self, run: &Run) -> String {
        let standing = match self {
            Before::Run(directory, _) => return directory.to_owned(),
            Before::Accepted(standing) => standing,
        };
        let (file, then) = (&standing.accepted.file, standing.accepted.snapshot.of.threshold);
        let now = run.header.threshold;
        // Another threshold makes other answers confident.
        if (now - then).abs() > 1e-12 {
            format!("{file} (accepted at a threshold of {then}, now {now})")
        } else {
            file.clone()
        }
    }

    pub(super) fn compared(
        self,
        card: &EndpointCard,
        run: &Run,
        regression: &Regression,
    ) -> Result<Comparison, Unreadable> {
        let seed = run.header.seed.unwrap_or(SEED);
        let candidate = sides(run, &card.endpoint, run.header.threshold)?;
        let (baseline, candidate) = match self {
            Before::Run(_, endpoint) => (endpoint.answers.clone(), candidate),
            Before::Accepted(standing) => {
                accepted::sides(&standing.accepted.snapshot, candidate, seed)
            }
        };
        // A run of several endpoints fails by any of them, so they share the level.
        let endpoints = u32::try_from(run.header.endpoints.len()).unwrap_or(u32::MAX);
        let alpha = regression.alpha / f64::from(endpoints.max(1));
        let only_quadrants = matches!(self, Before::Accepted(_));
        let method = Method { alpha, seed, only_quadrants };
        Ok(Comparison::of(Pairing::of(baseline, candidate), method))
    }

    /// Case by case, by the same test for a run as for what was accepted.
    pub(super) fn held(
        self,
        card: &EndpointCard,
        run: &Run,
        comparison: &Comparison,
        known: Option<&'a Standing>,
    ) -> Result<Held<'a>, Unreadable> {
        let repeats = usize::try_from(run.header.repeats.get()).unwrap_or(usize::MAX);
        let endpoint = match self {
            Before::Accepted(Standing { accepted, found, diff }) => {
                return Ok(Held {
                    before: Cow::Borrowed(&accepted.snapshot.lines),
                    found: Cow::Borrowed(found),
                    diff: Cow::Borrowed(diff),
                    repeats,
                });
            }
            Before::Run(_, endpoint) => endpoint,
        };
        let found = match known {
            Some(standing) => Cow::Borrowed(&standing.found),
            None => Cow::Owned(Found::of(run, &card.endpoint, false)?),
        };
        let mut before = snapshot::lines_of_sides(&endpoint.answers, run.header.threshold);
        // The comparison knows which questions are the same also where old runs lack digests.
        let changed = &comparison.left_out.changed;
        for (case, line) in before.iter_mut().filter(|(case, _)| !changed.contains(case)) {
            if let Some(now) = found.snapshot.lines.get(case) {
                line.subject = now.subject;
            }
        }
        let diff = Cow::Owned(Diff::of(&before, &found));
        Ok(Held { before: Cow::Owned(before), found, diff, repeats })
    }
}
