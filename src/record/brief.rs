//! What statistics see of a record: sixty-four bytes, the same for a short and for a long one.

use std::collections::BTreeMap;

use super::{Kind, Name, Quadrant};

/// A confidence, or the reason why it is missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sure {
    /// In [0, 1].
    Known(f64),
    /// The reason, in words.
    Missing(Name),
}

/// What a record says of trials like it, kept once for all of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labels {
    /// What the case is sorted by.
    pub tags: Vec<String>,
    /// Parts with a budget of their own that the case belongs to.
    pub slices: Vec<String>,
    /// What tells the case from others of its row.
    pub variant: BTreeMap<String, String>,
    /// Confidence from which on a wrong answer counts as confident, where it is not the run's.
    pub threshold: Option<f64>,
}

/// The choice that an answer took, where a row's choices may stand in several orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Stands for all choices in the order in which they were shown.
    pub order: u64,
    /// Stands for the text of the choice that was taken.
    pub text: u64,
}

/// What statistics see of a record.
#[derive(Debug, Clone, Copy)]
pub struct Brief {
    /// Where the shelf has the record.
    pub(super) place: u64,
    /// Not a number where there is none.
    pub(super) primary: f64,
    pub(super) index: u32,
    /// In the order in which records were added.
    pub(super) number: u32,
    pub(super) labels: u32,
    /// Place among the choices, [`NONE`] without one.
    pub(super) choice: u32,
    /// Where its probabilities start, and how many there are.
    pub(super) probabilities: u32,
    pub(super) case: Name,
    pub(super) cluster: Name,
    pub(super) row: Name,
    /// What it is sure of and wrong about, the run's name for none where it is not.
    pub(super) said: Name,
    pub(super) repeat: u32,
    pub(super) endpoint: u16,
    pub(super) classes: u8,
    pub(super) kind: Kind,
    pub(super) quadrant: Option<Quadrant>,
    /// Place of the letter that is right, [`NO_LETTER`] where it is none.
    pub(super) label: u8,
    /// The same of the letter that was said, where the right one is a choice and both are graded.
    pub(super) letter: u8,
    pub(super) abstained: bool,
}

pub(super) const NONE: u32 = u32::MAX;
pub(super) const NO_LETTER: u8 = u8::MAX;
/// Of an endpoint that the header does not name.
pub(super) const UNKNOWN: u16 = u16::MAX;

/// How sure an answer must be for it to matter what other models say.
pub const SURE: f64 = 0.9;

impl Brief {
    /// Place in the plan, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index as usize
    }

    /// Name of its case.
    #[must_use]
    pub fn case(&self) -> Name {
        self.case
    }

    /// Name of its cluster: see [`super::Record::cluster`].
    #[must_use]
    pub fn cluster(&self) -> Name {
        self.cluster
    }

    /// Name of its row, or of its case where the row has only this one.
    #[must_use]
    pub fn row(&self) -> Name {
        self.row
    }

    /// Which repeat, from 0.
    #[must_use]
    pub fn repeat(&self) -> u32 {
        self.repeat
    }

    /// Its endpoint's place in the header, if it is there.
    #[must_use]
    pub fn endpoint(&self) -> Option<usize> {
        Some(usize::from(self.endpoint)).filter(|_| self.endpoint != UNKNOWN)
    }

    /// What became of it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it is right; none where it was not graded.
    #[must_use]
    pub fn right(&self) -> Option<bool> {
        self.kind.is_graded().then_some(self.kind == Kind::Correct)
    }

    /// Whether the answer, right or wrong, was that there is none.
    #[must_use]
    pub fn abstained(&self) -> bool {
        self.abstained
    }

    /// Right or wrong, confident or not; none without a grade or a primary confidence.
    #[must_use]
    pub fn quadrant(&self) -> Option<Quadrant> {
        self.quadrant
    }

    /// Whether it is confidently wrong; none without a grade or a primary confidence.
    #[must_use]
    pub fn confident_wrong(&self) -> Option<bool> {
        self.quadrant.map(|at| at == Quadrant::ConfidentWrong)
    }

    /// The primary confidence, if it is known: mostly in [0, 1].
    #[must_use]
    pub fn primary(&self) -> Option<f64> {
        Some(self.primary).filter(|sure| !sure.is_nan())
    }

    /// Whether its row is in a group with others.
    #[must_use]
    pub fn is_grouped(&self) -> bool {
        self.cluster != self.row
    }

    /// Place of the letter that was said, from 0, in a graded answer to a question with choices.
    #[must_use]
    pub fn letter(&self) -> Option<u8> {
        Some(self.letter).filter(|letter| *letter != NO_LETTER)
    }

    /// Place of the letter that is right, from 0, where one is.
    #[must_use]
    pub fn label(&self) -> Option<u8> {
        Some(self.label).filter(|label| *label != NO_LETTER)
    }
}
