//! Verdicts, and which of several counts.

/// What a grader says of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Right, wrong, or why neither.
    pub verdict: Verdict,
    /// What was taken as the answer, such as `B` or `206`.
    pub read: Option<String>,
}

/// Right, wrong, or why neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The answer is right.
    Correct,
    /// The answer is wrong.
    Incorrect,
    /// The reply declines to answer.
    Abstained,
    /// The token limit cut off what would decide.
    Truncated,
    /// No answer can be read.
    Unparsable,
    /// The grader itself could not judge, with the reason.
    Ungraded(String),
}

impl Verdict {
    /// What `not` makes of it.
    pub(super) fn turned(self) -> Verdict {
        match self {
            Verdict::Correct => Verdict::Incorrect,
            Verdict::Incorrect => Verdict::Correct,
            other => other,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Verdict::Correct => Kind::Correct,
            Verdict::Incorrect => Kind::Incorrect,
            Verdict::Abstained => Kind::Abstained,
            Verdict::Truncated => Kind::Truncated,
            Verdict::Unparsable => Kind::Unparsable,
            Verdict::Ungraded(_) => Kind::Ungraded,
        }
    }
}

impl Judgement {
    /// Right or wrong, of the answer that was read.
    pub(super) fn of(right: bool, read: impl AsRef<str>) -> Judgement {
        let verdict = if right { Verdict::Correct } else { Verdict::Incorrect };
        Judgement { verdict, read: Some(read.as_ref().trim().to_owned()) }
    }
}

impl From<Verdict> for Judgement {
    fn from(verdict: Verdict) -> Judgement {
        Judgement { verdict, read: None }
    }
}

/// A verdict without its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Correct,
    Incorrect,
    Abstained,
    Truncated,
    Unparsable,
    Ungraded,
}

/// Which verdict counts among several; the first decides at once.
pub(super) type Order = [Kind; 6];

pub(super) const ANY_OF: Order = [
    Kind::Correct,
    Kind::Ungraded,
    Kind::Truncated,
    Kind::Abstained,
    Kind::Incorrect,
    Kind::Unparsable,
];
pub(super) const ALL_OF: Order = [
    Kind::Incorrect,
    Kind::Ungraded,
    Kind::Truncated,
    Kind::Abstained,
    Kind::Unparsable,
    Kind::Correct,
];

/// The first of the judgements whose verdict comes first in the order.
pub(super) fn first(judgements: Vec<Judgement>, order: Order) -> Judgement {
    let rank = |judgement: &Judgement| {
        order.iter().position(|kind| *kind == judgement.verdict.kind()).unwrap_or(order.len())
    };
    let none = || Verdict::Ungraded("no grader".into()).into();
    judgements.into_iter().min_by_key(rank).unwrap_or_else(none)
}
