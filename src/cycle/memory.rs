//! Peak memory of this process.

use crate::text::proc_file;

/// Peak resident size in bytes, where the system reports it (`VmHWM` of Linux's `/proc/self/status`).
pub fn peak_resident_bytes() -> Option<u64> {
    proc_file::bytes(&std::fs::read_to_string("/proc/self/status").ok()?, "VmHWM")
}
