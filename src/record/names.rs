//! Texts, each kept once and known by a number.
//!
//! The names of a million cases would take a hundred bytes each as texts of their own, with a table
//! to find them by. Here they stand one after the other in one text, and the table holds numbers.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// The number of a text among [`Names`]: equal numbers are equal texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(u32);

impl Name {
    /// The number, from 0.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    /// A number below 0 that stands for the name among numbers that are not.
    pub(super) fn below_zero(self) -> f64 {
        -1.0 - f64::from(self.0)
    }

    /// The name that a number below 0 stands for.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number that was made of a name"
    )]
    pub(super) fn of_below_zero(number: f64) -> Name {
        Name((-1.0 - number) as u32)
    }

    /// The number as a place in a list of as many entries as there are names.
    #[must_use]
    pub fn place(self) -> usize {
        self.0 as usize
    }
}

/// Texts, numbered from 0 in order of first appearance.
#[derive(Debug, Clone, Default)]
pub struct Names {
    text: String,
    /// Where in the text each ends; it starts where the one before ends.
    ends: Vec<usize>,
    table: HashTable<u32>,
    hasher: RandomState,
}

impl Names {
    /// None yet; about so many are expected.
    #[must_use]
    pub fn with_capacity(names: usize) -> Names {
        Names {
            ends: Vec::with_capacity(names),
            table: HashTable::with_capacity(names),
            ..Names::default()
        }
    }

    /// The number of a text, a new one if it was not known.
    ///
    /// # Panics
    /// If there are more than 2³² texts, which would be 4 GiB of numbers alone.
    pub fn add(&mut self, text: &str) -> Name {
        let hash = self.hasher.hash_one(text);
        let Names { text: all, ends, table, hasher } = self;
        if let Some(number) = table.find(hash, |number| slice(all, ends, *number) == text) {
            return Name(*number);
        }
        let number = u32::try_from(ends.len()).expect("fewer than 2^32 texts");
        all.push_str(text);
        ends.push(all.len());
        table.insert_unique(hash, number, |number| hasher.hash_one(slice(all, ends, *number)));
        Name(number)
    }

    /// A number that no text has.
    ///
    /// # Panics
    /// As [`Names::add`].
    pub fn nameless(&mut self) -> Name {
        let number = u32::try_from(self.ends.len()).expect("fewer than 2^32 texts");
        self.ends.push(self.text.len());
        Name(number)
    }

    /// No text is added any more: lets go of the table, and of room that was not needed.
    pub fn close(&mut self) {
        self.table = HashTable::new();
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// The number of a text, if it is known. It is looked for among all.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Name> {
        let numbers = 0..u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        numbers.map(Name).find(|name| self.of(*name) == text)
    }

    /// The text with a number.
    ///
    /// # Panics
    /// If the number is of other names.
    #[must_use]
    pub fn of(&self, name: Name) -> &str {
        slice(&self.text, &self.ends, name.0)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

fn slice<'a>(text: &'a str, ends: &[usize], number: u32) -> &'a str {
    let place = number as usize;
    let start = if place == 0 { 0 } else { ends[place - 1] };
    &text[start..ends[place]]
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_has_no_name_is_like_nothing_else() {
        let mut names = Names::default();
        let empty = names.add("");
        let nameless = names.nameless();
        assert_ne!(empty, nameless);
        assert_eq!((names.add(""), names.of(nameless), names.len()), (empty, "", 2));
    }

    proptest! {
        #[test]
        fn equal_texts_have_equal_numbers(texts in prop::collection::vec("[a-c\\PC]{0,3}", 0..200)) {
            let mut names = Names::default();
            let mut known: HashMap<String, Name> = HashMap::new();
            for text in &texts {
                let name = names.add(text);
                prop_assert_eq!(*known.entry(text.clone()).or_insert(name), name);
                prop_assert_eq!(names.find(text), Some(name));
            }
            prop_assert_eq!(names.len(), known.len());
            for (text, name) in known {
                prop_assert_eq!(names.of(name), text);
            }
            prop_assert_eq!(names.find("none of them"), None);
        }
    }
}
