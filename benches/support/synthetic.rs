//! What benches make runs of: a header and a record as the journal keeps them, and random numbers
//! that are the same on every machine.

/// A header of a run as the journal keeps it.
pub const HEADER: &str = r#"{"format": 1, "version": "0", "run": "r", "suite": "s", "path": "s.yaml",
    "text": "", "digest": "0000000000000000000000000000000000000000000000000000000000000000",
    "endpoints": [{"name": "m", "target": {"wire": "w", "url": "http://h/", "model": "m"}}],
    "threshold": 0.8, "sources": ["stated"], "budget": {"undecided": "fail", "not_measured": "show"},
    "seed": null, "selection": {}, "planned": 0, "started": "",
    "plan": "0000000000000000000000000000000000000000000000000000000000000000"}"#;

/// A record as the journal keeps it.
pub const RECORD: &str = r#"{"index": 0, "trial": "t", "case": "c", "endpoint": "m", "repeat": 0,
    "content": "0000000000000000000000000000000000000000000000000000000000000000",
    "question": "", "expected": "", "answer": "", "outcome": "correct", "quadrant": null,
    "primary": null, "at": {"file": "f", "line": 1}, "exchanges": []}"#;

/// Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
pub struct SplitMix(pub u64);

impl SplitMix {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "53 bits are a float's")]
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
