//! Files of Linux's `/proc` (proc(5)).

/// The amount in the line `NAME: N kB` of `text`, in bytes.
pub fn bytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t   15360 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(bytes(status, "VmHWM"), Some(15_728_640));
        assert_eq!(bytes("MemTotal: 9 kB\nMemAvailable:   2048 kB\n", "MemAvailable"), Some(2 << 20));
        assert_eq!(bytes("Name:\tx\n", "VmHWM"), None);
        assert_eq!(bytes("", "MemAvailable"), None);
    }
}
