//! What a reviewer says of a label: that it is wrong or in doubt, and which answer is right.
//!
//! It is collected here beside what is decided of the change itself; the two are different matters.

use super::{Mode, Session, Step, said};

/// A label that somebody found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Disputed {
    pub case: String,
    /// Why.
    pub reason: Option<String>,
    /// The right answer, where the label is to be mended; else it is in dispute.
    pub answer: Option<String>,
}

/// What is typed right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Asked {
    /// The right answer.
    Answer,
    /// Why; with the right answer, where that was typed before.
    Why { answer: Option<String> },
}

impl Session<'_> {
    pub(super) fn dispute(&mut self) {
        let asked = Asked::Why { answer: None };
        self.mode = Mode::Label { of: self.at, asked, text: String::new() };
    }

    pub(super) fn mend(&mut self) {
        self.mode = Mode::Label { of: self.at, asked: Asked::Answer, text: String::new() };
    }

    pub(super) fn in_label(&mut self, of: usize, asked: Asked, text: &str) {
        let answer = match asked {
            Asked::Answer => {
                let Some(answer) = said(text) else {
                    self.notice = Some("without a right answer the label stays".to_owned());
                    return;
                };
                let asked = Asked::Why { answer: Some(answer) };
                self.mode = Mode::Label { of, asked, text: String::new() };
                return;
            }
            Asked::Why { answer } => answer,
        };
        let case = self.entries[of].change.case.clone();
        let before = self.labels.insert(of, Disputed { case, reason: said(text), answer });
        let labels = vec![(of, before)];
        self.steps.push(Step { at: self.at, marks: Vec::new(), labels });
    }
}
