//! Peak memory of this process.

/// Peak resident size in bytes, where the system reports it (`VmHWM` of Linux's `/proc/self/status`).
pub fn peak_resident_bytes() -> Option<u64> {
    parse(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn parse(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_bytes() {
        assert_eq!(parse("Name:\tx\nVmHWM:\t   15360 kB\nVmRSS:\t 1 kB\n"), Some(15_728_640));
        assert_eq!(parse("Name:\tx\n"), None);
    }
}
