//! Sets a linker option that Cargo.toml cannot set.

use std::process::Command;

/// The first glibc that supports packed relocations (release notes of 2.36).
const PACKED_SINCE: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=src/build.rs");
    // Reduces the relocations from two megabytes to thirty kilobytes
    // (docs/explain/decisions/0015-builds-are-optimised-for-size.md). Such a program does not start with an older glibc, so
    // this is only for builds that run on the build machine.
    if runs_where_it_is_built() && glibc().is_some_and(|version| version >= PACKED_SINCE) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

#[expect(clippy::disallowed_methods, reason = "Cargo speaks to a build script by its environment")]
fn runs_where_it_is_built() -> bool {
    let (host, target) = (std::env::var("HOST"), std::env::var("TARGET"));
    host == target && target.is_ok_and(|target| target.ends_with("-linux-gnu"))
}

/// The version of this machine; `getconf` prints `glibc 2.36`.
fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
