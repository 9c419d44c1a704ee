//! Keys and identities made by SHA-256.

use sha2::{Digest, Sha256};

/// The first `N` bytes of the SHA-256 of `data`; `N` is at most 32.
pub(crate) fn sha256<const N: usize>(data: impl AsRef<[u8]>) -> [u8; N] {
    let digest = Sha256::digest(data);
    std::array::from_fn(|index| digest[index])
}

/// The first `N` bytes of the SHA-256 of `data`, in hexadecimal.
pub(crate) fn sha256_hex<const N: usize>(data: impl AsRef<[u8]>) -> String {
    sha256::<N>(data).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_the_opening_of_the_standard_s() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(sha256_hex::<8>("abc"), "ba7816bf8f01cfea");
        assert_eq!(sha256::<4>("abc"), [0xba, 0x78, 0x16, 0xbf]);
    }
}
