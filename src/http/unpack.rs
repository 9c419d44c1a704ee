//! Decodes the `Content-Encoding` of bodies. The client does not do it, so that the bytes counted are those received, and
//! decompression stops at the limit.

use std::io::Read;

use ruzstd::decoding::{
    StreamingDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use super::Failure;

/// `Accept-Encoding`.
pub const ACCEPTED: &str = "gzip, br, zstd, deflate";
/// Largest window of zstd, bytes (RFC 8878, section 3.1.1.1.2).
const WINDOW: u64 = 8 << 20;

/// Bytes that one byte of deflate can stand for at most (zlib, "Maximum Compression Factor").
const DEFLATE_RATIO: usize = 1032;
/// Most codings of one body: more are an attack.
const MOST_CODINGS: usize = 5;
/// Bytes of a body that show whether it is plain text. Compressed bytes of this length are without control characters once
/// in 10^13 cases (28 of 256 byte values).
const LOOKED_AT: usize = 256;

/// Decodes `body`, which has the codings in `encodings` (the header's value), to at most `limit` bytes; `None` where it is
/// plain already. The bytes have precedence over the header: plain text stays as it is, and gzip or zstd without a header
/// is decoded.
///
/// # Errors
/// When the body is damaged, coded in a way we did not ask for, or larger than `limit`.
pub fn unpack(body: &[u8], encodings: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
    let mut unpacked: Option<Vec<u8>> = None;
    let mut unknown = None;
    for (number, coding) in
        encodings.split(',').rev().map(name_of).filter(|name| !name.is_empty()).enumerate()
    {
        if number >= MOST_CODINGS {
            return Err(Failure::BadBody(format!("more than {MOST_CODINGS} content codings")));
        }
        let packed = unpacked.as_deref().unwrap_or(body);
        if packed.is_empty() || is_markup(packed) {
            break;
        }
        let plain = match coding.as_str() {
            "gzip" | "x-gzip" if is_gzip(packed) => gunzip(packed, limit),
            "zstd" if is_zstd(packed) => zstd(packed, limit),
            "deflate" => match read(flate2::read::ZlibDecoder::new(packed), limit) {
                Err(Failure::BadBody(_)) => read(flate2::read::DeflateDecoder::new(packed), limit),
                done => done,
            },
            "br" => read(brotli_decompressor::Decompressor::new(packed, 4096), limit),
            "gzip" | "x-gzip" | "identity" => continue,
            // Some servers send a character set or a meaningless word; the bytes decide below.
            other => {
                unknown = unknown.or_else(|| Some(other.to_owned()));
                continue;
            }
        };
        match plain {
            Err(Failure::BadBody(_)) if is_gzip(packed) || is_zstd(packed) || is_text(packed) => {}
            plain => unpacked = Some(plain?),
        }
    }
    let plain = unpacked.as_deref().unwrap_or(body);
    if is_gzip(plain) {
        return gunzip(plain, limit).map(Some);
    }
    if is_zstd(plain) {
        return zstd(plain, limit).map(Some);
    }
    match unknown {
        Some(coding) if !is_text(plain) => Err(Failure::BadBody(format!(
            "the bytes are not of the content coding {:?}, or it is not known",
            coding.chars().take(40).collect::<String>()
        ))),
        _ => Ok(unpacked),
    }
}

/// A coding's name, without quotes and parameters, in lower case.
fn name_of(coding: &str) -> String {
    let name = coding.split(';').next().unwrap_or_default();
    name.trim().trim_matches(['"', '\'']).to_ascii_lowercase()
}

fn is_gzip(body: &[u8]) -> bool {
    body.starts_with(&[0x1f, 0x8b])
}

/// A frame of zstd, or a skippable frame (RFC 8878, section 3.1).
fn is_zstd(body: &[u8]) -> bool {
    matches!(body, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Whether `body` begins as XML, HTML or JSON does, in UTF-8 or UTF-16.
fn is_markup(body: &[u8]) -> bool {
    if let [0xff, 0xfe, first, 0, ..] | [0xfe, 0xff, 0, first, ..] = body {
        return matches!(first, b'<' | b'{' | b'[');
    }
    let start = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    matches!(start.first(), Some(b'<' | b'{' | b'[')) && is_clean(start)
}

/// Whether `body` is text of any kind.
pub(super) fn is_text(body: &[u8]) -> bool {
    is_markup(body) || is_clean(body) && body[..body.len().min(LOOKED_AT)].utf8_chunks().count() <= 1
}

/// Whether the beginning of `body` has no control characters but those of text.
fn is_clean(body: &[u8]) -> bool {
    body.iter().take(LOOKED_AT).all(|byte| *byte >= b' ' || byte.is_ascii_whitespace())
}

fn gunzip(body: &[u8], limit: u64) -> Result<Vec<u8>, Failure> {
    let plain = Vec::with_capacity(stated_length(body, limit));
    read_into(plain, flate2::bufread::MultiGzDecoder::new(body), limit)
}

/// The length that the last four bytes of gzip state (RFC 1952, section 2.3.1), as far as it is possible: a hint.
fn stated_length(body: &[u8], limit: u64) -> usize {
    let stated = body.last_chunk().map_or(0, |length| u64::from(u32::from_le_bytes(*length)));
    let most = body.len().saturating_mul(DEFLATE_RATIO);
    usize::try_from(stated.min(limit)).map_or(most, |stated| stated.min(most))
}

/// All frames (RFC 8878, section 3.1) except skippable ones.
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
            return Err(Failure::too_large(limit));
        }
        let sum = frame.decoder.get_checksum_from_data();
        if sum.is_some() && sum != frame.decoder.get_calculated_checksum() {
            return Err(Failure::BadBody("its checksum is wrong".to_owned()));
        }
    }
    Ok(plain)
}

fn read(decoder: impl Read, limit: u64) -> Result<Vec<u8>, Failure> {
    read_into(Vec::new(), decoder, limit)
}

fn read_into(mut plain: Vec<u8>, decoder: impl Read, limit: u64) -> Result<Vec<u8>, Failure> {
    match decoder.take(limit + 1).read_to_end(&mut plain) {
        Ok(length) if length as u64 > limit => Err(Failure::too_large(limit)),
        Ok(_) => Ok(plain),
        Err(error) => Err(Failure::BadBody(error.to_string())),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;

    pub(in crate::http) fn gzip(body: &[u8]) -> Vec<u8> {
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
        assert_eq!(unpack(&both, "zstd", 6), Err(Failure::too_large(6)));
        let mut wrong = frame(b"one");
        *wrong.last_mut().unwrap() ^= 1;
        assert!(matches!(unpack(&wrong, "zstd", 1000), Err(Failure::BadBody(_))));
        let mut wide = zstd::Encoder::new(Vec::new(), 3).unwrap();
        wide.window_log(24).unwrap();
        wide.write_all(&[7; 64]).unwrap();
        let wide = wide.finish().unwrap();
        assert!(matches!(unpack(&wide, "zstd", 1000), Err(Failure::BadBody(_))), "16 MiB for 64 bytes");
    }

    #[test]
    fn the_bytes_are_believed_before_the_header() {
        let feed =
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>caf\u{e9}</title></channel></rss>";
        let json = "\u{feff} {\"version\": \"https://jsonfeed.org/version/1.1\", \"items\": []}";
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(feed.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let latin = encoding_rs::WINDOWS_1252.encode(feed).0.into_owned();
        let robots = b"User-agent: *\nDisallow: /a\n";
        let codings = [
            "utf-8",
            "none",
            "NONE",
            "identity",
            "",
            "gzip",
            "x-gzip",
            "br",
            "deflate",
            "zstd",
            "compress",
            "br, gzip",
            "\"gzip\"",
            "gzip;q=1",
            "utf-8,",
            "Binary",
            "aws-chunked",
        ];
        for plain in [
            feed.as_bytes(),
            json.as_bytes(),
            &utf16,
            &latin,
            robots,
            b"<html>",
            b"{\"items\": []}",
            b"[]",
            b"",
        ] {
            for coding in codings {
                assert_eq!(
                    unpack(plain, coding, 1000),
                    Ok(None),
                    "{coding} of {:?}",
                    String::from_utf8_lossy(plain)
                );
            }
        }
        // Text that happens to be sound deflate (RFC 1951) up to its last letters is text all the same.
        let sound = b"{\"midia\":\" @\"}";
        assert!(read(flate2::read::DeflateDecoder::new(&sound[..]), 1000).is_ok());
        assert_eq!(unpack(sound, "deflate", 1000), Ok(None));
        let zstd = zstd::encode_all(feed.as_bytes(), 1).unwrap();
        let (once, twice) = (gzip(feed.as_bytes()), gzip(&gzip(feed.as_bytes())));
        for (packed, coding) in [
            (&once, "utf-8"),
            (&once, "br"),
            (&once, "deflate"),
            (&once, "X-GZip"),
            (&once, "gzip, identity"),
            (&once, "gzip, br"),
            (&twice, "gzip"),
            (&twice, "gzip, gzip"),
            (&zstd, ""),
            (&zstd, "gzip"),
            (&gzip(&zstd), "gzip"),
        ] {
            let unpacked = unpack(packed, coding, 1000).unwrap();
            assert_eq!(unpacked.as_deref(), Some(feed.as_bytes()), "{coding}");
        }
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
            assert_eq!(unpack(&bomb, coding, 5000), Err(Failure::too_large(5000)), "{coding}");
        }
        assert_eq!(unpack(&BROTLI_BOMB, "br", 16 << 20).unwrap().unwrap().len(), 16 << 20);
    }

    #[test]
    fn the_stated_length_reserves_what_is_possible() {
        let packed = gzip(&[7; 5000]);
        assert_eq!((stated_length(&packed, 1 << 20), stated_length(&packed, 100)), (5000, 100));
        assert_eq!(gunzip(&packed, 1 << 20).unwrap().capacity(), 5000);
        let wrong = [0x1f, 0x8b, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(stated_length(&wrong, 1 << 40), wrong.len() * DEFLATE_RATIO);
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
            (b"\xffno\x00text", "br"),
            (b"\xff\xfe\xfd", "zstd, br"),
            (b"\x00\x01", "snappy"),
            (&whole, "gzip, gzip, gzip, gzip, gzip, gzip"),
        ] {
            assert!(matches!(unpack(body, coding, 1 << 25), Err(Failure::BadBody(_))), "{coding}");
        }
    }
}
