//! A review as a machine of keys: what is chosen, what is decided, and what is asked for right now.
//!
//! It knows no terminal and no file. A key changes the state, the screen is drawn from the state, and
//! at the end [`Session::decisions`] says what is to be written. So nothing is written before the
//! reviewer has seen the sum and said yes, and every step up to there can be undone.

mod label;
mod search;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::snapshot::{Change, ChangeKind, Decided, Known};

pub(super) use label::{Asked, Disputed};
use search::Search;

/// Most characters of a text that is typed.
const LONGEST: usize = 400;

/// A key, as far as a review knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Esc,
    Backspace,
    /// Ctrl-C.
    Interrupt,
}

/// A change that somebody is asked about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// Of which of the snapshots it is.
    pub place: usize,
    pub change: &'a Change,
}

/// What was decided of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// With the reason why a wrong answer is accepted.
    Accepted(Option<String>),
    Rejected,
    Skipped,
}

/// What the next key means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    List,
    Help,
    /// What is looked for is typed.
    Search(String),
    /// The reason is typed why these wrong answers are accepted.
    Reason {
        of: Vec<usize>,
        text: String,
    },
    /// What is wrong with the label of an entry is typed.
    Label {
        of: usize,
        asked: Asked,
        text: String,
    },
    /// The exchange of the chosen entry, from this line on.
    Exchange {
        from: usize,
    },
    /// What will be written is shown: yes or no?
    Summary,
}

/// How a review ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// What was decided is to be written.
    Commit,
    /// Nothing is.
    Left,
    /// Nothing is: it was interrupted.
    Interrupted,
}

/// How much of what is there can be seen; the screen says so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Entries of the list that are seen at once.
    pub entries: usize,
    /// Lines of the exchange that are seen at once.
    pub rows: usize,
    /// Lines that the exchange has.
    pub lines: usize,
}

/// How many entries went which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub accepted: usize,
    /// Accepted answers that are wrong.
    pub known_wrong: usize,
    pub rejected: usize,
    /// What waits for somebody still.
    pub left: usize,
}

/// A step that can be taken back: who was chosen, and what was decided before.
#[derive(Debug)]
struct Step {
    at: usize,
    marks: Vec<(usize, Option<Mark>)>,
    labels: Vec<(usize, Option<Disputed>)>,
}

/// The state of a review.
#[derive(Debug)]
pub(super) struct Session<'a> {
    /// By gravity, so that those of one kind stand together.
    entries: Vec<Entry<'a>>,
    groups: Vec<(ChangeKind, Range<usize>)>,
    marks: Vec<Option<Mark>>,
    labels: BTreeMap<usize, Disputed>,
    /// The chosen entry.
    at: usize,
    mode: Mode,
    steps: Vec<Step>,
    search: Search,
    /// What the last key had to say.
    notice: Option<String>,
    ending: Option<Ending>,
    /// What stands in the prompt for a reason at first.
    reason: String,
    pub window: Window,
}

impl<'a> Session<'a> {
    /// A review of these; at least one.
    pub(super) fn new(mut entries: Vec<Entry<'a>>, reason: Option<&str>) -> Session<'a> {
        entries.sort_by(|one, other| {
            one.change.by_gravity(other.change).then(one.place.cmp(&other.place))
        });
        let mut groups: Vec<(ChangeKind, Range<usize>)> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            match groups.last_mut() {
                Some((kind, range)) if *kind == entry.change.kind => range.end = at + 1,
                _ => groups.push((entry.change.kind, at..at + 1)),
            }
        }
        Session {
            groups,
            marks: vec![None; entries.len()],
            labels: BTreeMap::new(),
            at: 0,
            mode: Mode::List,
            steps: Vec::new(),
            search: Search::over(&entries),
            entries,
            notice: None,
            ending: None,
            reason: reason.unwrap_or_default().to_owned(),
            window: Window { entries: 10, rows: 10, lines: 0 },
        }
    }

    pub(super) fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// The kinds with their entries, in the order of the list.
    pub(super) fn groups(&self) -> &[(ChangeKind, Range<usize>)] {
        &self.groups
    }

    pub(super) fn mark(&self, entry: usize) -> Option<&Mark> {
        self.marks.get(entry)?.as_ref()
    }

    pub(super) fn label(&self, entry: usize) -> Option<&Disputed> {
        self.labels.get(&entry)
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn chosen(&self) -> &Entry<'a> {
        &self.entries[self.at]
    }

    pub(super) fn mode(&self) -> &Mode {
        &self.mode
    }

    pub(super) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    pub(super) fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// The question of an entry is known now, and is found by a search from now on.
    pub(super) fn learn(&mut self, entry: usize, question: &str) {
        self.search.learn(entry, question);
    }

    /// How many entries went which way, of one snapshot or of all.
    pub(super) fn count(&self, place: Option<usize>) -> Count {
        let mut count = Count::default();
        for (entry, mark) in self.entries.iter().zip(&self.marks) {
            if place.is_some_and(|place| place != entry.place) {
                continue;
            }
            match mark {
                Some(Mark::Accepted(_)) => {
                    count.accepted += 1;
                    count.known_wrong += usize::from(is_wrong(entry.change));
                }
                Some(Mark::Rejected) => count.rejected += 1,
                Some(Mark::Skipped) | None => {
                    count.left += usize::from(!entry.change.kind.is_quiet());
                }
            }
        }
        count
    }

    /// What was decided of the cases of a snapshot.
    pub(super) fn decisions(&self, place: usize, date: &str) -> BTreeMap<String, Decided> {
        let of_place =
            self.entries.iter().zip(&self.marks).filter(|(entry, _)| entry.place == place);
        let decided = of_place.filter_map(|(entry, mark)| {
            let decided = match mark.as_ref()? {
                Mark::Skipped => return None,
                Mark::Rejected => Decided::Rejected,
                Mark::Accepted(reason) => Decided::Accepted(Known {
                    since: Some(date.to_owned()),
                    reason: reason.clone(),
                }),
            };
            Some((entry.change.case.clone(), decided))
        });
        decided.collect()
    }

    /// What is said of labels, in the order of the list, each with the snapshot that it is of.
    pub(super) fn disputed(&self) -> impl Iterator<Item = (usize, &Disputed)> {
        self.labels.iter().map(|(at, disputed)| (self.entries[*at].place, disputed))
    }

    /// What a key does.
    pub(super) fn press(&mut self, key: Key) {
        if self.ending.is_some() {
            return;
        }
        self.notice = None;
        if key == Key::Interrupt {
            self.ending = Some(Ending::Interrupted);
            return;
        }
        match std::mem::replace(&mut self.mode, Mode::List) {
            Mode::List => self.in_list(key),
            Mode::Help => {}
            Mode::Search(text) => {
                if let Some(text) = self.typed(key, text, Mode::Search) {
                    self.search_for(&text);
                }
            }
            Mode::Reason { of, text } => {
                let again = of.clone();
                let typed = self.typed(key, text, |text| Mode::Reason { of: again, text });
                if let Some(text) = typed {
                    self.decide(of, &Mark::Accepted(said(&text)));
                }
            }
            Mode::Label { of, asked, text } => {
                let again = asked.clone();
                let typed = self.typed(key, text, |text| Mode::Label { of, asked: again, text });
                if let Some(text) = typed {
                    self.in_label(of, asked, &text);
                }
            }
            Mode::Exchange { from } => self.in_exchange(key, from),
            Mode::Summary => match key {
                Key::Char('y' | 'Y') => self.ending = Some(Ending::Commit),
                Key::Char('n' | 'N') => self.ending = Some(Ending::Left),
                Key::Esc => {}
                _ => self.mode = Mode::Summary,
            },
        }
    }

    /// Takes a whole line where one is typed, and what stands there where the line is empty.
    pub(super) fn answer(&mut self, line: &str) {
        if !line.is_empty()
            && let Mode::Search(text) | Mode::Reason { text, .. } | Mode::Label { text, .. } =
                &mut self.mode
        {
            *text = line.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        }
        self.press(Key::Enter);
    }

    fn in_list(&mut self, key: Key) {
        let last = self.entries.len() - 1;
        let page = self.window.entries.max(1);
        match key {
            Key::Down | Key::Char('j') => self.at = (self.at + 1).min(last),
            Key::Up | Key::Char('k') => self.at = self.at.saturating_sub(1),
            Key::PageDown | Key::Char(' ') => self.at = (self.at + page).min(last),
            Key::PageUp => self.at = self.at.saturating_sub(page),
            Key::Home | Key::Char('g') => self.at = 0,
            Key::End | Key::Char('G') => self.at = last,
            Key::Char('a') => self.accept(vec![self.at]),
            Key::Char('A') => self.accept_kind(),
            Key::Char('r') => self.decide(vec![self.at], &Mark::Rejected),
            Key::Char('s') => self.decide(vec![self.at], &Mark::Skipped),
            Key::Char('u') => self.undo(),
            Key::Char('/') => self.mode = Mode::Search(String::new()),
            Key::Char('n') => self.find(true),
            Key::Char('N') => self.find(false),
            Key::Char('e') | Key::Enter => self.mode = Mode::Exchange { from: 0 },
            Key::Char('d') => self.dispute(),
            Key::Char('m') => self.mend(),
            Key::Char('?') => self.mode = Mode::Help,
            Key::Char('q' | 'Q') => self.finish(),
            Key::Esc => self.search.end(),
            _ => {}
        }
    }

    fn in_exchange(&mut self, key: Key, from: usize) {
        let Window { rows, lines, .. } = self.window;
        let last = lines.saturating_sub(rows);
        let from = match key {
            Key::Down | Key::Char('j') => from + 1,
            Key::Up | Key::Char('k') => from.saturating_sub(1),
            Key::PageDown | Key::Char(' ') => from + rows,
            Key::PageUp => from.saturating_sub(rows),
            Key::Home | Key::Char('g') => 0,
            Key::End | Key::Char('G') => last,
            Key::Esc | Key::Enter | Key::Char('e' | 'q') => return,
            // What is decided is decided of what is read.
            Key::Char('a' | 'r' | 's') => return self.in_list(key),
            _ => from,
        };
        self.mode = Mode::Exchange { from: from.min(last) };
    }

    /// What was typed, once it is complete; until then the mode stays.
    fn typed(
        &mut self,
        key: Key,
        mut text: String,
        mode: impl FnOnce(String) -> Mode,
    ) -> Option<String> {
        match key {
            Key::Enter => return Some(text),
            Key::Esc => return None,
            Key::Backspace => drop(text.pop()),
            Key::Char(c) if !c.is_control() && text.chars().count() < LONGEST => text.push(c),
            _ => {}
        }
        self.mode = mode(text);
        None
    }

    /// Accepts entries; why a wrong answer is accepted is asked first.
    fn accept(&mut self, of: Vec<usize>) {
        if of.iter().any(|at| is_wrong(self.entries[*at].change)) {
            self.mode = Mode::Reason { of, text: self.reason.clone() };
        } else {
            self.decide(of, &Mark::Accepted(None));
        }
    }

    /// Accepts what is undecided of the chosen entry's kind.
    fn accept_kind(&mut self) {
        let at = self.at;
        let group = self.groups.iter().find(|(_, range)| range.contains(&at));
        let range = group.map_or(at..at, |(_, range)| range.clone());
        let open = |at: &usize| matches!(self.marks[*at], None | Some(Mark::Skipped));
        let of: Vec<usize> = range.filter(open).collect();
        if of.is_empty() {
            self.notice = Some("all of this kind are decided".to_owned());
        } else {
            self.accept(of);
        }
    }

    /// Marks entries and goes on to the next that is open; to the sum, where none is.
    fn decide(&mut self, of: Vec<usize>, mark: &Mark) {
        let before = of.into_iter().map(|at| {
            let reason = is_wrong(self.entries[at].change);
            let mark = match mark {
                Mark::Accepted(_) if !reason => Mark::Accepted(None),
                mark => mark.clone(),
            };
            (at, self.marks[at].replace(mark))
        });
        let marks = before.collect();
        self.steps.push(Step { at: self.at, marks, labels: Vec::new() });
        let open = |at: &usize| self.marks[*at].is_none();
        match (self.at..self.entries.len()).chain(0..self.at).find(open) {
            Some(next) => self.at = next,
            None => self.finish(),
        }
    }

    fn undo(&mut self) {
        let Some(step) = self.steps.pop() else {
            self.notice = Some("there is nothing to undo".to_owned());
            return;
        };
        for (at, mark) in step.marks {
            self.marks[at] = mark;
        }
        for (at, label) in step.labels {
            match label {
                Some(label) => self.labels.insert(at, label),
                None => self.labels.remove(&at),
            };
        }
        self.at = step.at;
    }

    /// Shows what will be written; where nothing is, there is nothing to ask.
    fn finish(&mut self) {
        let Count { accepted, rejected, .. } = self.count(None);
        if accepted + rejected + self.labels.len() > 0 {
            self.mode = Mode::Summary;
        } else {
            self.ending = Some(Ending::Left);
        }
    }
}

/// Whether accepting a change accepts a wrong answer.
fn is_wrong(change: &Change) -> bool {
    change.after.as_ref().is_some_and(crate::snapshot::Line::is_wrong)
}

/// A text that says something.
fn said(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
pub(super) mod tests;
