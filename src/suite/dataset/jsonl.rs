//! `.jsonl`: one JSON object a line; blank lines are no rows.

use super::split::Step;

/// Tells lines apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    inside: bool,
}

impl Lines {
    pub fn step(&mut self, byte: u8) -> Step {
        match byte {
            b'\n' if self.inside => {
                self.inside = false;
                Step::Ended
            }
            blank if !self.inside && blank.is_ascii_whitespace() => Step::Skip,
            _ => {
                self.inside = true;
                Step::Take
            }
        }
    }
}
