//! Numbers that look random and are the same in every run.

/// One step of `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
pub fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number between 0 and 1 that depends on all of `parts`.
pub fn share(parts: &[u64]) -> f64 {
    let number = parts.iter().fold(0, |sum, part| mix(sum ^ part));
    (number >> 11) as f64 / (1_u64 << 53) as f64
}

/// A number that depends on all of `bytes`.
pub fn number(bytes: impl AsRef<[u8]>) -> u64 {
    bytes.as_ref().iter().fold(7, |sum, byte| mix(sum ^ u64::from(*byte)))
}

/// A row of numbers from a seed.
#[derive(Debug, Clone)]
pub struct Row(u64);

impl Row {
    /// The row that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// The next number below `bound`, 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = mix(self.0);
        self.0 % bound.max(1)
    }

    /// Whether a thing of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        (self.below(1 << 53) as f64) < probability * (1_u64 << 53) as f64
    }

    /// One of `things`.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        let count = u64::try_from(things.len()).unwrap_or(u64::MAX);
        &things[usize::try_from(self.below(count)).unwrap_or(0)]
    }
}
