//! Which runs are nights of a suite.
//!
//! A night asked all that its suite asks, or what the others asked too, and came to its end. A run
//! that did not is drawn, because it happened, and says why nothing is concluded from it.

use serde::Serialize;

use crate::record::{Ending, Header, Selected};

/// Whether a run counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is compared, and the others are with it.
    Counts,
    /// It is shown and nothing is concluded from it, for this reason.
    Shown(String),
}

impl Standing {
    /// How a run stands that ended this way; `usual` is what the other runs select.
    #[must_use]
    pub fn of(
        header: &Header,
        ending: Option<Ending>,
        [finished, planned]: [usize; 2],
        usual: &Selected,
    ) -> Standing {
        let shown = |reason: String| Standing::Shown(reason);
        if header.selection != *usual {
            return shown(selected(&header.selection));
        }
        match ending {
            Some(Ending::Decided) => shown(format!(
                "decided early, after {finished} of {planned} trials: it ended because of what its answers say"
            )),
            _ if finished < planned => {
                shown(format!("stopped after {finished} of {planned} trials"))
            }
            _ => Standing::Counts,
        }
    }

    /// Whether it counts.
    #[must_use]
    pub fn counts(&self) -> bool {
        *self == Standing::Counts
    }

    /// Why it does not.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Standing::Counts => None,
            Standing::Shown(reason) => Some(reason),
        }
    }
}

fn selected(selection: &Selected) -> String {
    match (&selection.filter, selection.limit) {
        (Some(filter), Some(limit)) => {
            format!("of other cases: --filter '{filter}' --limit {limit}")
        }
        (Some(filter), None) => format!("of other cases: --filter '{filter}'"),
        (None, Some(limit)) => format!("of other cases: --limit {limit}"),
        (None, None) => "of all cases, and the others are not".to_owned(),
    }
}
