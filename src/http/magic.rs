//! Decodes bodies of unknown coding, such as saved files, by their first bytes.

use super::{
    Failure,
    unpack::{is_text, unpack},
};

/// Most codings of one body: a file compressed twice, and once more in transfer.
const LAYERS: usize = 3;

/// `body` decoded to at most `limit` bytes; `None` where it is plain already.
///
/// Brotli and raw deflate have no signature: they are tried on bodies that are not text, and used where the result is text.
///
/// # Errors
/// When the body is damaged, or larger than `limit`.
pub fn unpack_unlabelled(body: &[u8], limit: u64) -> Result<Option<Vec<u8>>, Failure> {
    let mut plain: Option<Vec<u8>> = None;
    for _ in 0..LAYERS {
        let packed = plain.as_deref().unwrap_or(body);
        let Some(next) = layer(packed, limit)? else { break };
        plain = Some(next);
    }
    Ok(plain)
}

fn layer(body: &[u8], limit: u64) -> Result<Option<Vec<u8>>, Failure> {
    if let Some(plain) = unpack(body, "", limit)? {
        return Ok(Some(plain));
    }
    match body {
        // RFC 1950, section 2.2: method 8, and a check over both bytes.
        [first, second, ..]
            if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0 =>
        {
            unpack(body, "deflate", limit)
        }
        _ if is_text(body) => Ok(None),
        _ => {
            for coding in ["br", "deflate"] {
                match unpack(body, coding, limit) {
                    Ok(Some(plain)) if !plain.is_empty() && is_text(&plain) => return Ok(Some(plain)),
                    Err(failure @ Failure::TooLarge { .. }) => return Err(failure),
                    _ => {}
                }
            }
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::http::unpack::tests::gzip;

    #[test]
    fn every_coding_is_known_by_its_bytes() {
        let body = b"<rss>the same again, the same again, the same again</rss>".repeat(9);
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&body).unwrap();
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        raw.write_all(&body).unwrap();
        for packed in [
            gzip(&body),
            gzip(&gzip(&body)),
            zstd::encode_all(&body[..], 1).unwrap(),
            zlib.finish().unwrap(),
            raw.finish().unwrap(),
        ] {
            assert_eq!(unpack_unlabelled(&packed, 1000).unwrap().unwrap(), body);
            assert_eq!(unpack_unlabelled(&packed, 100), Err(Failure::too_large(100)));
        }
        // "<rss>" as one stored block of brotli (RFC 7932, section 9.2).
        let brotli = [0x0b, 0x02, 0x80, b'<', b'r', b's', b's', b'>', 0x03];
        assert_eq!(unpack_unlabelled(&brotli, 1000).unwrap().unwrap(), b"<rss>");
    }

    #[test]
    fn what_is_plain_stays_and_damage_is_named() {
        for plain in
            [&b""[..], b" \n<rss>", b"{}", b"x", b"\xff\xfe<\0", b"\0<\0r", b"caf\xe9", b"\x01\x02\x03"]
        {
            assert_eq!(unpack_unlabelled(plain, 1000), Ok(None), "{plain:?}");
        }
        let whole = gzip(b"<rss>");
        assert!(matches!(unpack_unlabelled(&whole[..12], 1000), Err(Failure::BadBody(_))));
    }
}
