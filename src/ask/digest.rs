//! What tells one thing from every other: a hash of its canonical form.

use std::cell::Cell;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Largest buffer that a thread keeps for what it hashes next, in bytes.
const LONGEST_KEPT: usize = 1 << 16;

/// A blake3 hash, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub(super) [u8; 32]);

impl Digest {
    /// Hash of the JSON form of a value. Struct fields are written in their declared order and
    /// maps are sorted, so equal values have equal forms.
    ///
    /// # Panics
    /// If the value cannot be written as JSON, which types with string keys always can.
    pub fn of(value: &impl Serialize) -> Digest {
        // Written in one piece and hashed in one go: JSON comes in crumbs, and a hasher fed with
        // crumbs spends its time on buffering them.
        thread_local!(static WRITTEN: Cell<Vec<u8>> = const { Cell::new(Vec::new()) });
        let mut written = WRITTEN.take();
        written.clear();
        serde_json::to_writer(&mut written, value).expect("a value with string keys is JSON");
        let digest = Digest::of_bytes(&written);
        if written.capacity() <= LONGEST_KEPT {
            WRITTEN.set(written);
        }
        digest
    }

    /// Hash of bytes as they are.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Digest {
        Digest(*blake3::hash(bytes).as_bytes())
    }

    /// The first 16 bytes: enough to find it by, where what is found is compared as a whole.
    #[must_use]
    pub fn short(&self) -> [u8; 16] {
        self.0[..16].try_into().unwrap_or_default()
    }

    /// The first 8 bytes as a number: as good as drawn at random.
    #[must_use]
    pub fn number(&self) -> u64 {
        let [bytes @ .., _, _, _, _, _, _, _, _] = self.short();
        u64::from_le_bytes(bytes)
    }

    /// Its hexadecimal digits.
    pub(super) fn hex<'a>(&self, digits: &'a mut [u8; 64]) -> &'a str {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for (byte, two) in self.0.iter().zip(digits.chunks_exact_mut(2)) {
            two[0] = DIGITS[usize::from(byte >> 4)];
            two[1] = DIGITS[usize::from(byte & 15)];
        }
        std::str::from_utf8(digits).unwrap_or_default()
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Digest> {
        blake3::Hash::from_hex(text).ok().map(|hash| Digest(*hash.as_bytes()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hex(&mut [0; 64]))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = [0; 64];
        serializer.serialize_str(self.hex(&mut digits))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(deserializer)?;
        Digest::from_hex(&text)
            .ok_or_else(|| serde::de::Error::custom("a digest is 64 hexadecimal digits"))
    }
}
