//! Texts as unit vectors, compared by the cosine of their angle.

use crate::text::normal::{Shape, normal};

/// Numbers in a vector.
const WIDTH: usize = 384;

/// A text as a vector of length 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector(Box<[f32; WIDTH]>);

impl Vector {
    /// `values` at length 1; a vector without length resembles nothing.
    fn unit(mut values: Box<[f32; WIDTH]>) -> Self {
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            values.iter_mut().for_each(|value| *value /= length);
        }
        Self(values)
    }

    /// The cosine of the angle between the two, -1 to 1.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> f32 {
        self.0.iter().zip(other.0.iter()).map(|(one, other)| one * other).sum()
    }

    /// The stored form: one signed byte for each number, the largest as 127.
    #[expect(clippy::cast_possible_truncation, reason = "-127 to 127 fits")]
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let most = self.0.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let scale = if most > 0.0 { 127.0 / most } else { 0.0 };
        self.0.iter().map(|value| ((value * scale).round() as i8).cast_unsigned()).collect()
    }

    /// Reads the stored form; `None` if it has another width.
    #[must_use]
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; WIDTH] = bytes.try_into().ok()?;
        let mut values = Box::new([0.0; WIDTH]);
        values.iter_mut().zip(bytes).for_each(|(value, byte)| *value = f32::from(byte.cast_signed()));
        Some(Self::unit(values))
    }
}

/// Characters of a text that are read: as many as a stored detection keeps of it (`cycle/place.rs`).
const OPENING: usize = 280;
/// Shorter words say nothing about what a text is like.
const SHORTEST: usize = 4;
/// What a word of the title counts, one of the text counting 1.
const TITLE: f32 = 2.0;

/// Identifies how the vectors are made. Stored vectors of another number are made again.
pub const VECTOR_VERSION: i64 = 1;

/// The vector of a text: its words and pairs of words, hashed (Weinberger et al. 2009, "Feature Hashing").
pub(in crate::detect) fn vector(title: &str, text: &str) -> Vector {
    let mut values = Box::new([0.0_f32; WIDTH]);
    for (text, weight) in [(title, TITLE), (text, 1.0)] {
        let normal = normal(text, OPENING);
        let words: Vec<&str> = (0..normal.tokens.len())
            .filter(|&at| !matches!(normal.tokens[at].shape, Shape::Mark | Shape::Quote | Shape::Possessive))
            .map(|at| normal.word(at))
            .filter(|word| word.chars().count() >= SHORTEST || !word.is_ascii())
            .collect();
        for features in [1, 2].map(|size| words.windows(size)) {
            for feature in features {
                let hash = hash(feature);
                let at = usize::try_from(hash % WIDTH as u64).unwrap_or(0);
                values[at] += if hash >> 63 == 0 { weight } else { -weight };
            }
        }
    }
    Vector::unit(values)
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo), then the finaliser of `SplitMix64` (Steele, Lea, Flood 2014).
fn hash(words: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in words.iter().flat_map(|word| word.bytes().chain(std::iter::once(b' '))) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_vector_keeps_its_direction() {
        let one =
            vector("Quillnet opens the QLN claim", "Wallets that used the testnet can claim until June.");
        let stored = Vector::unpack(&one.pack()).unwrap();
        assert!(one.cosine(&stored) > 0.999);
        assert_eq!(one.pack().len(), WIDTH);
        assert_eq!(Vector::unpack(&[1, 2, 3]), None);
        let empty = vector("", "");
        assert!(empty.cosine(&one).abs() < f32::EPSILON);
        assert!(Vector::unpack(&empty.pack()).unwrap().cosine(&one).abs() < f32::EPSILON);
    }
}
