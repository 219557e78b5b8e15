//! What becomes ready in any order, told in the order in which it was asked for.

use std::collections::BTreeMap;

/// Holds back what is ready until everything before it has been told.
#[derive(Debug)]
pub(super) struct InOrder<T> {
    ready: BTreeMap<usize, T>,
    next: usize,
}

impl<T> Default for InOrder<T> {
    fn default() -> InOrder<T> {
        InOrder { ready: BTreeMap::new(), next: 0 }
    }
}

impl<T> InOrder<T> {
    /// Takes what belongs at a place, from 0, and tells all whose turn it is now.
    pub(super) fn add(&mut self, place: usize, item: T, mut tell: impl FnMut(T)) {
        self.ready.insert(place, item);
        while let Some(item) = self.ready.remove(&self.next) {
            self.next += 1;
            tell(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_as_soon_as_those_before_it_are() {
        let mut order = InOrder::default();
        let mut told = Vec::new();
        let mut after = Vec::new();
        for place in [2, 0, 3, 1] {
            order.add(place, place, |place| told.push(place));
            after.push(told.len());
        }
        assert_eq!((told, after), (vec![0, 1, 2, 3], vec![0, 1, 1, 4]));
    }
}
