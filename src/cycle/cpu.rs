//! Processor time of this process.

/// Units of `utime` and `stime` in a second: 100 for every program on Linux (proc(5), `USER_HZ`).
const TICKS: u64 = 100;

/// User and system time so far, milliseconds in steps of 10, where the system reports them.
pub fn times_ms() -> Option<(u64, u64)> {
    parse(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// The name in brackets may hold anything, brackets too: fields are counted from the last one.
fn parse(stat: &str) -> Option<(u64, u64)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (fields.next()?.ok()?, fields.next()?.ok()?);
    Some((user * 1000 / TICKS, system * 1000 / TICKS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_times_are_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 40 0 0 20 0 1 0 99";
        assert_eq!(parse(stat), Some((2500, 400)));
        assert_eq!(parse("7 (a) S 1"), None);
    }
}
