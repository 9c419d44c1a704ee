//! Files and stdin as input, up to a limit.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::text::quantity::show_size;

/// Bytes of an input at most: more than any feed, page or list has, and less than a machine's memory.
const LIMIT: u64 = 64 << 20;

/// The bytes of `path`, or of stdin for `-`; an error above the limit.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(LIMIT + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > LIMIT {
        return Err(io::Error::other(format!("it is longer than {}", show_size(LIMIT))));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn an_endless_file_is_refused() {
        assert!(read(Path::new("/dev/zero")).unwrap_err().to_string().contains("longer than 64MiB"));
        assert_eq!(read(Path::new("/dev/null")).unwrap(), b"");
        assert_eq!(read(Path::new("/nowhere/x")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
