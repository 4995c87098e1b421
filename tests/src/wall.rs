//! The wall clock that a server's process reads, told by libfaketime.

use std::ffi::OsString;
use std::path::Path;

/// What makes a process read another wall clock than the machine's. Its monotonic one stays.
///
/// # Panics
/// With a sentence that says what to install, where libfaketime is not.
pub fn faked() -> Vec<(String, OsString)> {
    let library =
        ["/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .expect("libfaketime is not installed: `cargo xtask test` installs it, or apt-get install libfaketime");
    vec![("LD_PRELOAD".into(), library.into()), ("FAKETIME_DONT_FAKE_MONOTONIC".into(), "1".into())]
}

/// A wall clock that shows `start`, in UTC and as `2026-03-02 09:00:00`, when the process begins, and runs on from there.
pub fn from(start: &str) -> Vec<(String, OsString)> {
    let mut env = faked();
    env.push(("FAKETIME".into(), format!("@{start}").into()));
    env.push(("TZ".into(), "UTC".into()));
    env
}
