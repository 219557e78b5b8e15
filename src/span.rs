//! What an author typed, with the place of every word of it.
//!
//! This is the only module that names the YAML crate. Text becomes a tree of [`Node`]s; readers
//! above take it apart with [`Fields`] and note every [`Problem`] they meet instead of stopping at
//! the first, so that one look at a suite shows all that is wrong with it. Scalars keep the text
//! that was typed: `no` is not false and `1.10` is not 1.1 until a reader asks for a boolean or a
//! number.

mod tree;

pub use tree::parse;

/// A range of a source text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Line of the first byte, from 1.
    pub line: u32,
    /// Column of the first character, from 1, counted in characters.
    pub column: u32,
}

impl Span {
    /// The same place with its bytes counted from further on.
    #[must_use]
    pub fn shifted(self, by: usize) -> Span {
        Span { start: self.start + by, end: self.end + by, ..self }
    }

    /// The part of this span, in `source`, where `word` first stands as a whole word; the whole
    /// span if it does not.
    #[must_use]
    pub fn find_word(self, source: &str, word: &str) -> Span {
        let Some(text) = source.get(self.start..self.end) else { return self };
        let inside = |c: char| c.is_alphanumeric() || c == '_';
        let found = text.match_indices(word).find(|(at, _)| {
            !text[..*at].ends_with(inside) && !text[at + word.len()..].starts_with(inside)
        });
        let Some((at, _)) = found else { return self };
        let before = &text[..at];
        let lines = before.matches('\n').count();
        let column = match before.rfind('\n') {
            Some(newline) => before[newline + 1..].chars().count() + 1,
            None => self.column as usize + before.chars().count(),
        };
        Span {
            start: self.start + at,
            end: self.start + at + word.len(),
            line: self.line + u32::try_from(lines).unwrap_or(0),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }
}

/// A value and where it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Puts a value at a place.
    pub fn new(value: T, span: Span) -> Spanned<T> {
        Spanned { value, span }
    }
}

/// A piece of YAML with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What stands there.
    pub value: Value,
    /// Where. Lists and maps span their first line only.
    pub span: Span,
}

/// What stands at a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// A word, a number, a text.
    Scalar {
        /// As typed; quotes, escapes and folding resolved.
        text: String,
        /// Not quoted, so it may be a number or a boolean.
        plain: bool,
    },
    /// `[…]` or lines with dashes.
    List(Vec<Node>),
    /// `{…}` or lines with colons.
    Map(Vec<(Spanned<String>, Node)>),
}

/// Whether a problem stops the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, but somebody should look.
    Warning,
}

/// Something wrong at a place of a source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether it stops the work.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// What to do about it, a lower-case fragment; shown at the place.
    pub remedy: String,
    /// What stands at the place must not be shown: it may be a secret.
    pub hidden: bool,
}

/// The problems met so far, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes an error.
    pub fn error(&mut self, span: Span, message: impl Into<String>, remedy: impl Into<String>) {
        self.push(Severity::Error, span, message.into(), remedy.into());
    }

    /// Notes an error about a text that may be a secret and is therefore not shown.
    pub fn secret(&mut self, span: Span, message: impl Into<String>, remedy: impl Into<String>) {
        self.error(span, message, remedy);
        self.0.iter_mut().next_back().into_iter().for_each(|problem| problem.hidden = true);
    }

    /// Notes a warning.
    pub fn warning(&mut self, span: Span, message: impl Into<String>, remedy: impl Into<String>) {
        self.push(Severity::Warning, span, message.into(), remedy.into());
    }

    fn push(&mut self, severity: Severity, span: Span, message: String, remedy: String) {
        self.0.push(Problem { severity, span, message, remedy, hidden: false });
    }

    /// Notes a word that is none of those known, with the nearest of them as the remedy.
    pub fn unknown(&mut self, what: &str, word: &Spanned<String>, known: &[&str]) {
        let remedy = match did_you_mean(&word.value, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", known.join(", ")),
        };
        self.error(word.span, format!("unknown {what} `{}`", word.value), remedy);
    }

    /// Whether nothing was noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something was noted that stops the work.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The known word that `word` was probably meant to be.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |near: &str| strsim::jaro_winkler(&word.to_lowercase(), &near.to_lowercase());
    let best = known.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) >= 0.78).then_some(best)
}

impl Node {
    /// What kind of thing stands here, for error texts.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Scalar { .. } => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    fn expected(&self, what: &str, problems: &mut Problems) {
        let found = match &self.value {
            Value::Scalar { text, .. } if text.len() <= 40 => format!("`{text}`"),
            _ => self.kind().into(),
        };
        problems.error(
            self.span,
            format!("expected {what}, found {found}"),
            "write ".to_owned() + what,
        );
    }

    /// The text here.
    pub fn text(&self, problems: &mut Problems) -> Option<Spanned<String>> {
        if let Value::Scalar { text, .. } = &self.value {
            return Some(Spanned::new(text.clone(), self.span));
        }
        self.expected("a text", problems);
        None
    }

    /// The boolean here: `true` or `false`.
    pub fn boolean(&self, problems: &mut Problems) -> Option<bool> {
        match &self.value {
            Value::Scalar { text, plain: true } if text == "true" => Some(true),
            Value::Scalar { text, plain: true } if text == "false" => Some(false),
            _ => {
                self.expected("true or false", problems);
                None
            }
        }
    }

    /// The number here.
    pub fn number(&self, problems: &mut Problems) -> Option<f64> {
        self.parse_plain("a number", problems, |number: &f64| number.is_finite())
    }

    /// The whole number here, not negative.
    pub fn whole<N: std::str::FromStr>(&self, problems: &mut Problems) -> Option<N> {
        self.parse_plain("a whole number", problems, |_| true)
    }

    /// The share here, in [0, 1]: `0.1` or `10%`.
    pub fn share(&self, problems: &mut Problems) -> Option<f64> {
        let share = match &self.value {
            Value::Scalar { text, .. } => match text.trim().strip_suffix('%') {
                Some(percent) => percent.trim().parse().map(|p: f64| p / 100.0).ok(),
                None => text.trim().parse().ok(),
            },
            _ => None,
        };
        let Some(share) = share.filter(|share: &f64| !share.is_nan()) else {
            self.expected("a share such as 0.1 or 10%", problems);
            return None;
        };
        if !(0.0..=1.0).contains(&share) {
            let message = format!("{share} is outside 0..1");
            let percent = if (1.0..=100.0).contains(&share) {
                format!("did you mean {share}%?")
            } else {
                "write a share from 0 to 1, or from 0% to 100%".into()
            };
            problems.error(self.span, message, percent);
            return None;
        }
        Some(share)
    }

    fn parse_plain<N: std::str::FromStr>(
        &self,
        what: &str,
        problems: &mut Problems,
        accept: impl Fn(&N) -> bool,
    ) -> Option<N> {
        let number = match &self.value {
            Value::Scalar { text, plain: true } => text.parse().ok().filter(accept),
            _ => None,
        };
        if number.is_none() {
            self.expected(what, problems);
        }
        number
    }

    /// The items of the list here.
    pub fn list(&self, problems: &mut Problems) -> Option<&[Node]> {
        if let Value::List(items) = &self.value {
            return Some(items);
        }
        self.expected("a list", problems);
        None
    }

    /// The fields of the map here, to be taken one by one.
    pub fn fields(&self, problems: &mut Problems) -> Option<Fields<'_>> {
        if let Value::Map(entries) = &self.value {
            return Some(Fields { entries, known: Vec::new(), span: self.span });
        }
        self.expected("a map", problems);
        None
    }

    /// A named thing with or without settings, as enums are written: `name` or `name: settings`.
    pub fn tagged(
        &self,
        what: &str,
        problems: &mut Problems,
    ) -> Option<(Spanned<String>, Option<&Node>)> {
        match &self.value {
            Value::Scalar { text, .. } => Some((Spanned::new(text.clone(), self.span), None)),
            Value::Map(entries) if entries.len() == 1 => {
                Some((entries[0].0.clone(), Some(&entries[0].1)))
            }
            Value::Map(entries) if entries.len() > 1 => {
                let remedy = "keep one; combine graders with any_of or all_of";
                let message = format!("expected one {what}, found {}", entries.len());
                problems.error(entries[1].0.span, message, remedy);
                None
            }
            _ => {
                self.expected(&format!("a {what}"), problems);
                None
            }
        }
    }

    /// The same node with its bytes counted from further on, as if so much text stood before it.
    /// Lines and columns stay those of its file.
    #[must_use]
    pub fn shifted(mut self, by: usize) -> Node {
        self.shift(by);
        self
    }

    fn shift(&mut self, by: usize) {
        self.span = self.span.shifted(by);
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.shift(by)),
            Value::Map(entries) => {
                for (key, node) in entries {
                    key.span = key.span.shifted(by);
                    node.shift(by);
                }
            }
            Value::Null | Value::Scalar { .. } => {}
        }
    }

    /// Whether this is a map with a value for the key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        let Value::Map(entries) = &self.value else { return false };
        entries.iter().any(|(name, node)| name.value == key && node.value != Value::Null)
    }

    /// The place of the value for the key, where this is a map with one.
    #[must_use]
    pub fn at(&self, key: &str) -> Option<Span> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(name, _)| name.value == key).map(|(_, node)| node.span)
    }

    /// Every scalar at and below this node, with its place.
    pub fn visit_scalars<'a>(&'a self, visit: &mut dyn FnMut(&'a str, Span)) {
        match &self.value {
            Value::Null => {}
            Value::Scalar { text, .. } => visit(text, self.span),
            Value::List(items) => items.iter().for_each(|item| item.visit_scalars(visit)),
            Value::Map(entries) => {
                for (_, value) in entries {
                    value.visit_scalars(visit);
                }
            }
        }
    }

    /// The same as JSON, for templates and for parameters passed on verbatim. Plain `true`,
    /// `false` and JSON numbers that print as they were typed become such; all else is text.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Scalar { text, plain: true } => match serde_json::from_str(text) {
                Ok(value @ serde_json::Value::Bool(_)) => value,
                Ok(serde_json::Value::Number(number)) if number.to_string() == *text => {
                    serde_json::Value::Number(number)
                }
                _ => serde_json::Value::String(text.clone()),
            },
            Value::Scalar { text, .. } => serde_json::Value::String(text.clone()),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => {
                entries.iter().map(|(key, value)| (key.value.clone(), value.to_json())).collect()
            }
        }
    }
}

/// The fields of a map, read by name; [`Fields::finish`] notes those that nobody asked for.
#[derive(Debug)]
pub struct Fields<'a> {
    entries: &'a [(Spanned<String>, Node)],
    known: Vec<&'static str>,
    /// Where the map stands.
    pub span: Span,
}

impl<'a> Fields<'a> {
    /// The field of this name. A field without a value counts as absent.
    pub fn take(&mut self, name: &'static str) -> Option<&'a Node> {
        self.take_keyed(name).map(|(_, node)| node)
    }

    /// The field of this name with its key.
    pub fn take_keyed(&mut self, name: &'static str) -> Option<(&'a Spanned<String>, &'a Node)> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        let (key, node) = self.entries.iter().find(|(key, _)| key.value == name)?;
        (node.value != Value::Null).then_some((key, node))
    }

    /// All entries as they stand, for maps whose keys are names given by the author.
    #[must_use]
    pub fn entries(&self) -> &'a [(Spanned<String>, Node)] {
        self.entries
    }

    /// Notes every field that was never asked for, with the nearest known name.
    pub fn finish(self, problems: &mut Problems) {
        for (key, _) in self.entries {
            if !self.known.contains(&key.value.as_str()) {
                problems.unknown("key", key, &self.known);
            }
        }
    }
}

#[cfg(test)]
mod tests;
