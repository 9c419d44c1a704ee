//! Bodies as they were before their `Content-Encoding`. Done here and not by the client, so that the bytes
//! counted are those that came, and a bomb stops at the limit.

use std::io::{Cursor, Read};

use super::Failure;

/// What we say we can read.
pub const ACCEPTED: &str = "gzip, br, zstd, deflate";
/// Largest window of zstd, as a power of two: 8 MiB (RFC 8878, section 3.1.1.1.2).
const WINDOW: u32 = 23;

/// Takes the codings in `encodings` (the header's value, in the order they were applied) off `body`, which may
/// grow to `limit` bytes; `None` where it is plain already. A body that is gzip without saying so is unpacked too.
///
/// # Errors
/// When the body is damaged, coded in a way we did not ask for, or larger than `limit`.
pub fn unpack(body: &[u8], encodings: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
    let mut unpacked: Option<Vec<u8>> = None;
    for coding in encodings.split(',').rev().map(|coding| coding.trim().to_ascii_lowercase()) {
        let packed = unpacked.as_deref().unwrap_or(body);
        // Some servers name a coding and send the body plain.
        let plain = match coding.as_str() {
            "gzip" | "x-gzip" if is_gzip(packed) => read(flate2::read::MultiGzDecoder::new(packed), limit),
            "deflate" => match read(flate2::read::ZlibDecoder::new(packed), limit) {
                Err(Failure::BadBody(_)) => read(flate2::read::DeflateDecoder::new(packed), limit),
                done => done,
            },
            "br" => read(brotli_decompressor::Decompressor::new(packed, 4096), limit),
            "zstd" => zstd(packed, limit),
            "" | "identity" | "gzip" | "x-gzip" => continue,
            other => Err(Failure::BadBody(format!("unknown content coding {other:?}"))),
        };
        unpacked = Some(plain?);
    }
    let plain = unpacked.as_deref().unwrap_or(body);
    if is_gzip(plain) {
        return read(flate2::read::MultiGzDecoder::new(plain), limit).map(Some);
    }
    Ok(unpacked)
}

fn is_gzip(body: &[u8]) -> bool {
    body.starts_with(&[0x1f, 0x8b])
}

fn zstd(body: &[u8], limit: u64) -> Result<Vec<u8>, Failure> {
    let damaged = |error: std::io::Error| Failure::BadBody(error.to_string());
    let mut decoder = zstd::Decoder::new(Cursor::new(body)).map_err(damaged)?;
    decoder.window_log_max(WINDOW).map_err(damaged)?;
    read(decoder, limit)
}

fn read(decoder: impl Read, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut plain = Vec::new();
    match decoder.take(limit + 1).read_to_end(&mut plain) {
        Ok(length) if length as u64 > limit => Err(Failure::TooLarge(limit)),
        Ok(_) => Ok(plain),
        Err(error) => Err(Failure::BadBody(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_coding_we_ask_for_is_taken_off() {
        let body = b"the same again, the same again, the same again".repeat(9);
        let zstd = zstd::encode_all(&body[..], 1).unwrap();
        for (packed, coding) in [
            (gzip(&body), "gzip"),
            (gzip(&body), ""),
            (deflate(&body), "deflate"),
            (zstd, "ZSTD"),
            (gzip(&deflate(&body)), "deflate, gzip"),
            (body.clone(), "identity"),
            (body.clone(), "gzip"),
        ] {
            assert_eq!(unpack(&packed, coding, 1000).unwrap().unwrap_or(packed), body, "{coding}");
        }
        // "hello" as one stored block of brotli (RFC 7932, section 9.2).
        let brotli = [0x0b, 0x02, 0x80, b'h', b'e', b'l', b'l', b'o', 0x03];
        assert_eq!(unpack(&brotli, "br", 1000).unwrap().unwrap(), b"hello");
    }

    /// 16 MiB of zeros in 27 bytes (RFC 7932).
    const BROTLI_BOMB: [u8; 27] = [
        0xcb, 0xff, 0xff, 0x3f, 0xf8, 0x27, 0x00, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0xfe, 0x2f, 0xff, 0xff, 0xff,
        0xf0, 0x4f, 0x00, 0xc4, 0x61, 0x11, 0x80, 0xee, 0xfd, 0x1f,
    ];

    #[test]
    fn bombs_of_every_coding_stop_at_the_limit() {
        let zeros = vec![0; 1 << 20];
        let twice = gzip(&gzip(&zeros));
        for (bomb, coding) in [
            (gzip(&zeros), "gzip"),
            (gzip(&zeros), ""),
            (deflate(&zeros), "deflate"),
            (zstd::encode_all(&zeros[..], 1).unwrap(), "zstd"),
            (BROTLI_BOMB.to_vec(), "br"),
            (twice, "gzip"),
        ] {
            assert_eq!(unpack(&bomb, coding, 5000), Err(Failure::TooLarge(5000)), "{coding}");
        }
        assert_eq!(unpack(&BROTLI_BOMB, "br", 16 << 20).unwrap().unwrap().len(), 16 << 20);
    }

    #[test]
    fn damage_is_named() {
        let whole = gzip(&vec![0; 1 << 20]);
        let zstd = zstd::encode_all(&vec![7; 1 << 20][..], 1).unwrap();
        for (body, coding) in [
            (&whole[..200], "gzip"),
            (&whole[..whole.len() - 4], "gzip"),
            (&zstd[..zstd.len() - 4], "zstd"),
            (&BROTLI_BOMB[..20], "br"),
            (b"plain words", "br"),
            (b"plain words", "zstd"),
            (b"x", "snappy"),
        ] {
            assert!(matches!(unpack(body, coding, 1 << 25), Err(Failure::BadBody(_))), "{coding}");
        }
    }
}
