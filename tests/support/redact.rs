//! Texts for snapshots: without what differs between machines and runs.

/// `text` with placeholders for times of the day, measured amounts, ports and long hexadecimal IDs.
pub fn redacted(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let inside = out.ends_with(|c: char| c.is_ascii_alphanumeric());
        let found = token(rest).or_else(|| short_id(&out, rest)).filter(|_| !inside || out.ends_with('T'));
        let length = found.map_or(c.len_utf8(), |(length, _)| length);
        out.push_str(found.map_or(&rest[..length], |(_, placeholder)| placeholder));
        rest = &rest[length..];
    }
    out
}

/// The beginning of an ID, as tables show it: six digits and letters, not the decimals of a number.
fn short_id(before: &str, text: &str) -> Option<(usize, &'static str)> {
    let id = text.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(text.len());
    let is_alone =
        !text[id..].starts_with(|c: char| c.is_alphanumeric() || c == '.') && !before.ends_with('.');
    let is_first = before.is_empty() || before.ends_with(['\n', ',']);
    let has_digit = text[..id].contains(|c: char| c.is_ascii_digit());
    (id == 6 && is_alone && (is_first || has_digit)).then_some((6, "[id]  "))
}

/// The length of what opens `text` and has a placeholder.
fn token(text: &str) -> Option<(usize, &'static str)> {
    let id = text.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(text.len());
    if id >= 16 {
        return Some((id, "[id]"));
    }
    let port = ["localhost:", "127.0.0.1:"].iter().find(|host| text.starts_with(**host));
    if let Some(host) = port {
        return Some((host.len() + number(&text[host.len()..]), "[host]"));
    }
    let length = number(text);
    if let Some(clock) = text.get(length..).filter(|_| length == 2).and_then(|rest| rest.strip_prefix(':')) {
        let minutes = number(clock);
        let seconds = clock[minutes..].strip_prefix(':').map_or(0, |seconds| 1 + number(seconds));
        return (minutes == 2).then_some((length + 1 + minutes + seconds, "[time]"));
    }
    let unit = text[length..].strip_prefix(' ').filter(|_| length > 0)?;
    let unit = &unit[..unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len())];
    ["ms", "s", "min", "h", "B", "KiB", "MiB"].contains(&unit).then_some((length + 1 + unit.len(), "[n]"))
}

/// The length of the number that opens `text`.
fn number(text: &str) -> usize {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text[..end].trim_end_matches('.').len()
}

/// `text` with single spaces, because the width of a column depends on what was measured.
pub fn with_single_spaces(text: &str) -> String {
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n";
    text.lines().map(line).collect()
}

#[test]
fn snapshot_redaction_replaces_times_amounts_ports_and_ids() {
    let text = "2026-11-21T12:00:01.06Z at 09:30, 12.5 ms of 3 s; 7 MiB, 4 entries, http://a.localhost:80/x, 127.0.0.1:8977, a716ca2d7baf08a4dd25, 0.020000\n6044aa  facade";
    let expected = "2026-11-21T[time]Z at [time], [n] of [n]; [n], 4 entries, http://a.[host]/x, [host], [id], 0.020000\n[id]    facade";
    assert_eq!(redacted(text), expected);
    assert_eq!(with_single_spaces("a   b \n c"), "a b\nc\n");
}
