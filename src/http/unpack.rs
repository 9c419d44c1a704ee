//! Bodies as they were before their `Content-Encoding`. Done here and not by the client, so that the bytes
//! counted are those that came, and a bomb stops at the limit.

use std::io::Read;

use ruzstd::decoding::{
    StreamingDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use super::Failure;

/// What we say we can read.
pub const ACCEPTED: &str = "gzip, br, zstd, deflate";
/// Largest window of zstd, bytes (RFC 8878, section 3.1.1.1.2).
const WINDOW: u64 = 8 << 20;

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

/// One frame after the other (RFC 8878, section 3.1), those that are to be skipped left out.
fn zstd(body: &[u8], limit: u64) -> Result<Vec<u8>, Failure> {
    let (mut rest, mut plain) = (body, Vec::new());
    while !rest.is_empty() {
        let mut frame = match StreamingDecoder::new_with_max_window_size(&mut rest, WINDOW) {
            Ok(frame) => frame,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => {
                let after = usize::try_from(length).ok().and_then(|length| rest.get(length..));
                rest = after
                    .ok_or_else(|| Failure::BadBody("a frame to be skipped ends too soon".to_owned()))?;
                continue;
            }
            Err(error) => return Err(Failure::BadBody(error.to_string())),
        };
        plain.append(&mut read(&mut frame, limit)?);
        if plain.len() as u64 > limit {
            return Err(Failure::TooLarge(limit));
        }
        let sum = frame.decoder.get_checksum_from_data();
        if sum.is_some() && sum != frame.decoder.get_calculated_checksum() {
            return Err(Failure::BadBody("its checksum is wrong".to_owned()));
        }
    }
    Ok(plain)
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

    #[test]
    fn zstd_is_read_frame_by_frame_and_held_to_its_sum() {
        let frame = |body: &[u8]| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        };
        // A frame to be skipped: its number, a length of three, three bytes (RFC 8878, section 3.1.2).
        let skipped = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'x', b'y', b'z'];
        let both = [&frame(b"one "), &skipped[..], &frame(b"two")].concat();
        assert_eq!(unpack(&both, "zstd", 1000).unwrap().unwrap(), b"one two");
        assert_eq!(unpack(&both, "zstd", 6), Err(Failure::TooLarge(6)));
        let mut wrong = frame(b"one");
        *wrong.last_mut().unwrap() ^= 1;
        assert!(matches!(unpack(&wrong, "zstd", 1000), Err(Failure::BadBody(_))));
        let mut wide = zstd::Encoder::new(Vec::new(), 3).unwrap();
        wide.window_log(24).unwrap();
        wide.write_all(&[7; 64]).unwrap();
        let wide = wide.finish().unwrap();
        assert!(matches!(unpack(&wide, "zstd", 1000), Err(Failure::BadBody(_))), "16 MiB for 64 bytes");
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
            (&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'x'], "zstd"),
            (&BROTLI_BOMB[..20], "br"),
            (b"plain words", "br"),
            (b"plain words", "zstd"),
            (b"x", "snappy"),
        ] {
            assert!(matches!(unpack(body, coding, 1 << 25), Err(Failure::BadBody(_))), "{coding}");
        }
    }
}
