//! A file of JSON lines, one message each. Before a retry the file is searched for the message.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::PathBuf,
};

use super::{Arrived, Attempt, Refusal};
use crate::alert::document;

/// Bytes at the end of the file that are searched for an earlier attempt: the most that one cycle writes.
const TAIL: u64 = 4 << 20;

#[derive(Debug, Clone)]
pub struct File {
    pub path: PathBuf,
}

impl File {
    pub fn shown(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn send(&self, attempt: Attempt<'_>) -> Result<Arrived, Refusal> {
        let mut line = document::document(attempt.message).to_string();
        line.push('\n');
        self.append(&line, &attempt.message.id, attempt.prior_attempts > 0)
            .map_err(|error| Refusal::Later(format!("{}: {error}", self.path.display())))?;
        Ok(Arrived::default())
    }

    fn append(&self, line: &str, id: &str, maybe_there: bool) -> io::Result<()> {
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        let length = file.metadata()?.len();
        let start = length.saturating_sub(if maybe_there { TAIL } else { 1 });
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        let mark = format!("\"id\":\"{id}\"");
        let has = |line: &[u8]| line.windows(mark.len()).any(|part| part == mark.as_bytes());
        let whole = tail.rsplit(|byte| *byte == b'\n').skip(1);
        if maybe_there && whole.into_iter().any(has) {
            return Ok(());
        }
        // Ends a line that a full disk cut off, so that it does not damage the next.
        let mut bytes = Vec::with_capacity(line.len() + 1);
        if tail.last().is_some_and(|last| *last != b'\n') {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(line.as_bytes());
        file.write_all(&bytes)?;
        file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{
        message::Form,
        samples::{detection, message, now},
    };

    #[test]
    fn a_message_that_may_be_there_is_written_once_and_a_torn_line_spoils_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let file = File { path: dir.path().join("new/alerts.ndjson") };
        let message = message(Form::Single, vec![detection()]);
        for before in 0..3 {
            file.send(Attempt { message: &message, now: now(), prior_attempts: before }).unwrap();
        }
        let text = fs::read_to_string(&file.path).unwrap();
        assert_eq!(text.lines().count(), 1);
        fs::write(&file.path, format!("{text}{}", &text[..40])).unwrap();
        let mut other = message.clone();
        other.id = "other".to_owned();
        file.send(Attempt { message: &other, now: now(), prior_attempts: 1 }).unwrap();
        let lines: Vec<String> = fs::read_to_string(&file.path).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 3);
        assert!(serde_json::from_str::<serde_json::Value>(&lines[2]).is_ok());
    }
}
