//! Looking for entries by the name of the case, the question and the answers.

use super::{Entry, Session};

/// What is looked for, and what it is looked for in.
#[derive(Debug)]
pub(super) struct Search {
    /// In small letters; empty where nothing is looked for.
    wanted: String,
    /// Of each entry everything that is looked at, in small letters.
    texts: Vec<String>,
}

impl Search {
    pub(super) fn over(entries: &[Entry<'_>]) -> Search {
        let text = |entry: &Entry<'_>| {
            let mut text = entry.change.case.to_lowercase();
            for line in entry.change.before.iter().chain(&entry.change.after) {
                if let Some(answer) = &line.answer {
                    text.push('\n');
                    text.push_str(&answer.text.to_lowercase());
                }
            }
            text
        };
        Search { wanted: String::new(), texts: entries.iter().map(text).collect() }
    }

    pub(super) fn learn(&mut self, entry: usize, question: &str) {
        if let Some(text) = self.texts.get_mut(entry) {
            text.push('\n');
            text.push_str(&question.to_lowercase());
        }
    }

    pub(super) fn end(&mut self) {
        self.wanted.clear();
    }

    fn matches(&self, entry: usize) -> bool {
        self.texts[entry].contains(&self.wanted)
    }
}

impl Session<'_> {
    /// What is looked for and how many entries have it, where something is.
    pub(in super::super) fn searched(&self) -> Option<(&str, usize)> {
        let Search { wanted, texts } = &self.search;
        let found = || texts.iter().filter(|text| text.contains(wanted)).count();
        (!wanted.is_empty()).then(|| (wanted.as_str(), found()))
    }

    pub(super) fn search_for(&mut self, text: &str) {
        self.search.wanted = text.trim().to_lowercase();
        if !self.search.wanted.is_empty() {
            self.find(true);
        }
    }

    /// Goes to the next or the previous entry that has what is looked for, around the ends.
    pub(super) fn find(&mut self, forward: bool) {
        if self.search.wanted.is_empty() {
            self.notice = Some("nothing is looked for: / begins".to_owned());
            return;
        }
        let all = self.entries.len();
        let step = |by: usize| if forward { self.at + by } else { self.at + all - by };
        let found = (1..=all).map(|by| step(by) % all).find(|entry| self.search.matches(*entry));
        match found {
            Some(entry) => self.at = entry,
            None => self.notice = Some(format!("nothing has '{}'", self.search.wanted)),
        }
    }
}
