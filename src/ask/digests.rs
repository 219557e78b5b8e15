//! The digest of a list of digests that nobody holds as a whole.

use super::Digest;

/// Takes digests one after the other; ends with what [`Digest::of`] says of their list.
#[derive(Debug, Default)]
pub struct Digests {
    hasher: blake3::Hasher,
    count: usize,
}

impl Digests {
    /// Adds the next one.
    pub fn add(&mut self, digest: &Digest) {
        self.hasher.update(if self.count == 0 { b"[\"" } else { b",\"" });
        self.hasher.update(digest.hex(&mut [0; 64]).as_bytes());
        self.hasher.update(b"\"");
        self.count += 1;
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The digest of their list.
    #[must_use]
    pub fn finish(mut self) -> Digest {
        self.hasher.update(if self.count == 0 { b"[]" } else { b"]" });
        Digest(*self.hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_digest_of_the_list() {
        for count in 0..4_u8 {
            let list: Vec<Digest> = (0..count).map(|byte| Digest::of_bytes(&[byte])).collect();
            let mut digests = Digests::default();
            for digest in &list {
                digests.add(digest);
            }
            assert_eq!(digests.count(), list.len());
            assert_eq!(digests.finish(), Digest::of(&list), "{count}");
        }
    }
}
