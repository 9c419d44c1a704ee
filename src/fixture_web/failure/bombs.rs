//! Bodies that are larger than they look, made while they are sent and never held.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};

const MEBIBYTE: usize = 1 << 20;

/// Gzip (RFC 1952) of so many mebibytes of zeros: one block of deflate, again and again, since a full flush makes
/// it stand alone.
pub fn gzip(mebibytes: usize) -> impl Iterator<Item = Bytes> + Send {
    let zeros = vec![0; MEBIBYTE];
    let (mut one, mut all) = (Crc::new(), Crc::new());
    one.update(&zeros);
    let mut block = Vec::with_capacity(64 * 1024);
    // A deflater with enough space for its output does not fail.
    let _ = Compress::new(Compression::best(), false).compress_vec(&zeros, &mut block, FlushCompress::Full);
    (0..mebibytes).for_each(|_| all.combine(&one));
    let header = Bytes::from_static(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    let length = u32::try_from((mebibytes * MEBIBYTE) % (1 << 32)).unwrap_or(0);
    // An empty last block, the checksum and the length.
    let end: Vec<u8> =
        [3, 0].into_iter().chain(all.sum().to_le_bytes()).chain(length.to_le_bytes()).collect();
    let block = Bytes::from(block);
    std::iter::once(header).chain(std::iter::repeat_n(block, mebibytes)).chain([Bytes::from(end)])
}

/// Zstd (RFC 8878) of so many mebibytes of zeros, a frame for each: its magic number, nothing described, a window of a
/// mebibyte; then blocks of one byte repeated, 128 KiB each, the lowest bit marking the last.
pub fn zstd(mebibytes: usize) -> impl Iterator<Item = Bytes> + Send {
    const BLOCK: u32 = 128 << 10;
    const REPEATED: u32 = 1 << 1;
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 10 << 3];
    for last in [0, 0, 0, 0, 0, 0, 0, 1] {
        frame.extend(&(BLOCK << 3 | REPEATED | last).to_le_bytes()[..3]);
        frame.push(0);
    }
    std::iter::repeat_n(Bytes::from(frame), mebibytes)
}

/// Entries without end.
pub fn endless_feed() -> impl Iterator<Item = Bytes> + Send {
    let head =
        Bytes::from_static(b"<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Endless</title>");
    let item = b"<item><title>And then</title><description>and so on</description></item>\n".repeat(200);
    std::iter::once(head).chain(std::iter::repeat(Bytes::from(item)))
}

/// `body` as gzip with its middle overwritten.
pub fn damaged(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(body);
    let mut packed = encoder.finish().unwrap_or_default();
    let third = packed.len() / 3;
    packed[third..2 * third].fill(0xff);
    packed
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn bombs_are_small_and_whole() {
        let packed: Vec<u8> = gzip(3).flat_map(|block| block.to_vec()).collect();
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain.len(), 3 * MEBIBYTE);
        let size = |blocks: &mut dyn Iterator<Item = Bytes>| blocks.map(|block| block.len()).sum::<usize>();
        assert!((900_000..1_200_000).contains(&size(&mut gzip(1024))), "{}", size(&mut gzip(1024)));
        assert!(size(&mut zstd(1024)) < 200_000);
        let blocks: Vec<u8> = zstd(2).flat_map(|block| block.to_vec()).collect();
        assert_eq!(zstd::decode_all(&blocks[..]).unwrap().len(), 2 * MEBIBYTE);
    }
}
