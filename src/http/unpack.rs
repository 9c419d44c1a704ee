//! Bodies as they were before their `Content-Encoding`. Done here and not by the client, so that the bytes
//! counted are those that came, and a bomb stops at the limit.

use std::io::{Cursor, Read};

use super::Failure;

/// What we say we can read.
pub const ACCEPTED: &str = "gzip, br, zstd, deflate";
/// Largest window of zstd, as a power of two: 8 MiB (RFC 8878, section 3.1.1.1.2).
const WINDOW: u32 = 23;

/// Takes the codings in `encodings` (the header's value, in the order they were applied) off `body`, which may
/// grow to `limit` bytes. A body that is gzip without saying so is unpacked too.
///
/// # Errors
/// When the body is damaged, coded in a way we did not ask for, or larger than `limit`.
pub fn unpack(mut body: Vec<u8>, encodings: &str, limit: u64) -> Result<Vec<u8>, Failure> {
    for coding in encodings.split(',').rev().map(|coding| coding.trim().to_ascii_lowercase()) {
        // Some servers name a coding and send the body plain.
        let plain = match coding.as_str() {
            "gzip" | "x-gzip" if is_gzip(&body) => read(flate2::read::MultiGzDecoder::new(&body[..]), limit),
            "deflate" => read(flate2::read::ZlibDecoder::new(&body[..]), limit)
                .or_else(|_| read(flate2::read::DeflateDecoder::new(&body[..]), limit)),
            "br" => read(brotli_decompressor::Decompressor::new(&body[..], 4096), limit),
            "zstd" => zstd(&body, limit),
            "" | "identity" | "gzip" | "x-gzip" => continue,
            other => Err(Failure::BadBody(format!("unknown content coding {other:?}"))),
        };
        body = plain?;
    }
    if is_gzip(&body) { read(flate2::read::MultiGzDecoder::new(&body[..]), limit) } else { Ok(body) }
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
            assert_eq!(unpack(packed, coding, 1000).unwrap(), body, "{coding}");
        }
        // "hello" as one stored block of brotli (RFC 7932, section 9.2).
        let brotli = [0x0b, 0x02, 0x80, b'h', b'e', b'l', b'l', b'o', 0x03];
        assert_eq!(unpack(brotli.to_vec(), "br", 1000).unwrap(), b"hello");
    }

    #[test]
    fn bombs_and_damage_are_named() {
        let bomb = gzip(&vec![0; 1 << 20]);
        assert_eq!(unpack(bomb.clone(), "gzip", 1000), Err(Failure::TooLarge(1000)));
        assert!(matches!(unpack(bomb[..200].to_vec(), "gzip", 1 << 21), Err(Failure::BadBody(_))));
        assert!(matches!(unpack(b"x".to_vec(), "snappy", 10), Err(Failure::BadBody(_))));
    }
}
