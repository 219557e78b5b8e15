//! Numbers that look random and are a function of what they are for.
//!
//! Nothing here has a state: a number is the hash of the seed, of its purpose and of what it is drawn
//! for. So an answer does not depend on which call came first, and a run can be had again.

/// A number of 64 bits for a purpose; `about` tells apart what it is drawn for.
pub(super) fn bits(seed: u64, purpose: &str, about: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    for part in std::iter::once(purpose.as_bytes()).chain(about.iter().copied()) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}

/// A number in `[0, 1)` with 53 random bits.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
pub(super) fn unit(seed: u64, purpose: &str, about: &[&[u8]]) -> f64 {
    (bits(seed, purpose, about) >> 11) as f64 / (1_u64 << 53) as f64
}

/// One of several, each as likely as the others; none of none.
pub(super) fn pick<'a, T>(
    items: &'a [T],
    seed: u64,
    purpose: &str,
    about: &[&[u8]],
) -> Option<&'a T> {
    let wide = u128::from(bits(seed, purpose, about)) * items.len() as u128;
    items.get(usize::try_from(wide >> 64).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_named_by_seed_purpose_and_subject() {
        assert_eq!(bits(1, "a", &[b"x"]), bits(1, "a", &[b"x"]));
        let others = [
            bits(2, "a", &[b"x"]),
            bits(1, "b", &[b"x"]),
            bits(1, "a", &[b"y"]),
            bits(1, "ax", &[]),
        ];
        assert!(others.iter().all(|other| *other != bits(1, "a", &[b"x"])));
    }

    #[test]
    fn every_item_is_picked_about_as_often() {
        let mut picked = [0; 4];
        for n in 0..40_000_u32 {
            picked[*pick(&[0, 1, 2, 3], 7, "test", &[&n.to_le_bytes()]).unwrap()] += 1;
        }
        assert!(picked.iter().all(|count| (9_700..10_300).contains(count)), "{picked:?}");
        assert_eq!(pick::<u8>(&[], 7, "test", &[]), None);
    }
}
