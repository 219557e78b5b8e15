//! Rows looked at by all processors, and told in their order by one.
//!
//! While one batch is looked at, the next is read. No more than the two are in memory.

use rayon::prelude::*;

/// Rows of a batch. A dataset with fewer is looked at by one processor: waking others takes longer.
const BATCH: usize = 512;

/// Most rows that a processor takes at once, so that whoever is done reading has some left to take.
const TAKEN: usize = 32;

/// Looks at every item and tells what was seen of it, in the order of the items.
pub(super) fn in_order<R: Send, T: Send>(
    mut items: impl Iterator<Item = R> + Send,
    look: impl Fn(R) -> T + Sync,
    mut tell: impl FnMut(T),
) {
    let mut read = || -> Vec<R> { items.by_ref().take(BATCH).collect() };
    let mut batch = read();
    while !batch.is_empty() {
        if batch.len() < BATCH {
            batch.into_iter().map(&look).for_each(&mut tell);
            return;
        }
        let look = || batch.into_par_iter().with_max_len(TAKEN).map(&look).collect();
        let (seen, next): (Vec<T>, Vec<R>) = rayon::join(look, &mut read);
        seen.into_iter().for_each(&mut tell);
        batch = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_told_once_and_in_order_however_many_there_are() {
        for count in [0, 1, BATCH - 1, BATCH, BATCH + 1, 5 * BATCH + 3] {
            let mut told = Vec::new();
            in_order(0..count, |item| item * 2, |seen| told.push(seen));
            assert_eq!(told, (0..count).map(|item| item * 2).collect::<Vec<_>>());
        }
    }
}
