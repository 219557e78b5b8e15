//! The row of a case as an entry of a suite's `cases:`, so that a case of a run can become one of a
//! suite.
//!
//! An entry has the variables of the row in their types. What the suite says of its dataset (how
//! rows are named, sorted and grouped, and which columns are choices) holds for no entry, so what
//! comes of it is written into the entry itself, unless the row says the same. A record has the
//! question and the choices anyway: they are left out where the entry's are the same.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value as Json;
use serde_json::value::{RawValue, to_raw_value};

use super::cases::{Case, plain, plain_list};
use super::scope::Scope;

/// Largest entry, in bytes of names and texts: a row with a book in it is not written into every
/// record.
const LARGEST: usize = 4096;

/// An entry being put together, of what the row has.
type Values<'a> = BTreeMap<&'a str, Cow<'a, Json>>;

/// What an entry is made of, and the entry once somebody wanted it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The row, `choices` being made of other columns where the suite says so.
    row: Arc<Scope>,
    /// Whether the row has a name, or its content names it.
    named: bool,
    /// What it overrides.
    overridden: Option<Arc<Json>>,
    made: OnceLock<Option<Arc<RawValue>>>,
}

impl Entry {
    pub(super) fn new(row: &Arc<Scope>, named: bool, overridden: Option<&Arc<Json>>) -> Entry {
        let (row, overridden) = (Arc::clone(row), overridden.cloned());
        Entry { row, named, overridden, made: OnceLock::new() }
    }
}

impl Case {
    /// The row as an entry of `cases:`, made and written once: a map in JSON. `question` is left out where it is the case's,
    /// and null where the row has none; `choices` are left out where they are the case's, turned
    /// back by its rotation. None where it is large, or where no entry can say what the row says: a
    /// variable `override` would be taken for what overrides the suite.
    #[must_use]
    pub fn entry(&self) -> Option<&Arc<RawValue>> {
        let made = self.entry.made.get_or_init(|| {
            let written = to_raw_value(&self.as_entry()?);
            written.ok().map(Arc::from)
        });
        made.as_ref()
    }

    fn as_entry(&self) -> Option<Values<'_>> {
        let Entry { row, named, overridden, .. } = &self.entry;
        let question = row.get("question");
        if row.get("override").is_some() || question == Some(&Json::Null) {
            return None;
        }
        let mut entry = Values::new();
        let mut room = LARGEST;
        for (name, value) in row.iter() {
            let known = match name.as_str() {
                "question" => value.as_str() == Some(&self.question.text),
                "choices" => self.shows(row.get("choices")),
                _ => false,
            };
            if !known && !entry.contains_key(name.as_str()) {
                room = room.checked_sub(name.len() + size(value))?;
                entry.insert(name, Cow::Borrowed(value));
            }
        }
        if question.is_none() {
            entry.insert("question", Cow::Owned(Json::Null));
        }
        let tags = &self.tags[..self.tags.len() - self.variant.len()];
        if entry.get("tags").map_or_else(Vec::new, |tags| plain_list(tags)) != tags {
            let tags = (!tags.is_empty()).then(|| Cow::Owned(tags.into()));
            put(&mut entry, "tags", tags, &mut room)?;
        }
        let labels = [("id", named.then_some(&self.row)), ("group", self.group.as_ref())];
        for (name, label) in labels {
            let own = entry.get(name).map(|value| plain(value)).filter(|own| !own.is_empty());
            if own.as_ref() != label {
                let label = label.map(|label| Cow::Owned(label.as_str().into()));
                put(&mut entry, name, label, &mut room)?;
            }
        }
        if let Some(overridden) = overridden {
            put(&mut entry, "override", Some(Cow::Borrowed(&**overridden)), &mut room)?;
        }
        Some(entry)
    }

    /// Whether the case shows these choices as they are, or turned so far as it says.
    fn shows(&self, choices: Option<&Json>) -> bool {
        let shown = match &self.typed {
            None => &self.question.choices,
            // In an order that the case does not say.
            Some(_) if !self.variant.contains_key("rotation") => return false,
            Some(typed) => &typed.0,
        };
        let Some(Json::Array(choices)) = choices else { return false };
        !shown.is_empty() && choices.iter().map(Json::as_str).eq(shown.iter().map(|it| Some(&**it)))
    }
}

/// Puts a value in its place, as far as there is room, or takes what stands there away.
fn put<'a>(
    entry: &mut Values<'a>,
    name: &'a str,
    value: Option<Cow<'a, Json>>,
    room: &mut usize,
) -> Option<()> {
    match value {
        None => {
            entry.remove(name);
        }
        Some(value) => {
            *room = room.checked_sub(name.len() + size(&value))?;
            entry.insert(name, value);
        }
    }
    Some(())
}

/// About how long a value is when it is written.
fn size(value: &Json) -> usize {
    match value {
        Json::String(text) => text.len() + 3,
        Json::Array(items) => 2 + items.iter().map(size).sum::<usize>(),
        Json::Object(entries) => {
            2 + entries.iter().map(|(name, value)| name.len() + 4 + size(value)).sum::<usize>()
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => 8,
    }
}
