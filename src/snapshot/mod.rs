//! The accepted state of a suite: a line a case, in a file that lies in git beside the suite.
//!
//! A run that differs from it proposes another state, in a file of its own; a person looks at the
//! changes, the gravest first, and accepts or rejects them one by one. The files are insta's, so that
//! its tools can read and accept them too. Two ideas keep them quiet: a line holds nothing that
//! differs from night to night by itself (no time, no third decimal), and a change must go beyond the
//! case's own wobble to be proposed ([`Change`]).
//!
//! Everything here is text and values; the command line reads and writes the files.

mod band;
mod change;
mod contested;
mod decide;
mod diff;
mod dispute;
mod line;
mod standing;
mod state;
mod tally;
mod text;

pub use band::Band;
pub use change::{Change, ChangeKind, LEVEL};
pub use contested::{Contested, Holding};
pub use decide::{Decided, decide};
pub use diff::{Diff, Found};
pub use dispute::{Dispute, Disputes, NotDisputes, unseen};
pub use line::{Known, Line, Malformed, Said, Subject, is_date};
pub use standing::{Accepted, Standing};
pub use state::{State, quadrant_name};
pub use tally::{Passing, Tallies, lines_of_sides};
pub use text::{About, FORMAT, NotASnapshot, Snapshot};
