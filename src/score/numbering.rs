//! Clusters that are known by numbers already, numbered again without gaps.

/// Numbers keys from 0 in the order of their first appearance. Keys are small numbers: a table of
/// as many entries finds them, which is both smaller and quicker than one that hashes.
#[derive(Debug)]
pub(super) struct Numbering {
    /// By key; [`UNMET`] before its first appearance.
    number: Vec<u32>,
    next: u32,
}

const UNMET: u32 = u32::MAX;

impl Numbering {
    /// No key yet; all will be below this.
    pub(super) fn below(keys: usize) -> Numbering {
        Numbering { number: vec![UNMET; keys], next: 0 }
    }

    /// The number of a key.
    ///
    /// # Panics
    ///
    /// Unless it is below what was said.
    pub(super) fn of(&mut self, key: u32) -> usize {
        self.of_place(key as usize)
    }

    /// The same where the key is a place in a list.
    pub(super) fn of_place(&mut self, key: usize) -> usize {
        let number = &mut self.number[key];
        if *number == UNMET {
            *number = self.next;
            self.next += 1;
        }
        *number as usize
    }

    /// How many different ones there were.
    pub(super) fn len(&self) -> usize {
        self.next as usize
    }
}

/// Whether no key appears twice; all are below this.
pub(super) fn all_different(keys: impl IntoIterator<Item = u32>, below: usize) -> bool {
    let mut seen = vec![false; below];
    keys.into_iter().all(|key| !std::mem::replace(&mut seen[key as usize], true))
}
