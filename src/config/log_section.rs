//! `[log]`.

use std::path::{Path, PathBuf};

use super::{amount, layers::Layers};

/// Bounds of `log.max_size`: a smaller file holds no cycle at `-vv`.
const SMALLEST: u64 = 64 << 10;
const LARGEST: u64 = 1 << 40;

/// `[log]`: a file for log lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// `None` for no file.
    pub file: Option<PathBuf>,
    /// Older files that are kept.
    pub keep: usize,
    /// Bytes at which the file is rotated.
    pub max_size: u64,
}

pub fn settings(layers: &mut Layers) -> LogSettings {
    let path = layers.text("log.file");
    if path.ends_with('/') || Path::new(&path).is_dir() {
        layers.wrong("log.file", format!("{path} is a folder; name a file"));
    }
    LogSettings {
        file: Some(PathBuf::from(&path)).filter(|_| !path.is_empty()),
        keep: amount(layers.whole("log.keep", 1..=1_000)),
        max_size: layers.size_limit("log.max_size", SMALLEST, LARGEST),
    }
}
