//! `.jsonl`: one JSON object a line; blank lines are no rows.

use super::split::Step;

/// Tells lines apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    inside: bool,
}

impl Lines {
    /// Bytes of the row up to the end of its line.
    pub fn plain(&self, bytes: &[u8]) -> usize {
        let end = || bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        if self.inside { end() } else { 0 }
    }

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
