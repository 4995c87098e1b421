//! What the end-to-end suites share: a real server process on a free port, clients, and the means to kill it.
//!
//! The suites start the built binary. `OPORA_BIN` names it; otherwise it is looked for beside the test's own
//! executable, where `cargo build` puts it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

pub mod day;
pub mod fixtures;
pub mod line;
pub mod one;
pub mod picture;
pub mod server;
pub mod terminal;
pub mod tmpfs;
pub mod upload;
pub mod wall;

pub use fixtures::*;
pub use server::{Server, ServerOptions};
pub use terminal::Terminal;

/// The built `opora` binary.
///
/// # Panics
/// With a sentence that says what to do, when there is none.
pub fn binary() -> std::path::PathBuf {
    if let Some(path) = std::env::var_os("OPORA_BIN") {
        return path.into();
    }
    let me = std::env::current_exe().unwrap();
    let path = me.ancestors().nth(2).unwrap().join("opora");
    assert!(
        path.exists(),
        "{} is not built: run `cargo build` with the same profile, or `cargo xtask test`",
        path.display()
    );
    path
}

/// The folder with real data from elsewhere, when it is there. A suite that needs it says so when it is absent.
pub fn shared_data() -> Option<std::path::PathBuf> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    path.is_dir().then_some(path)
}

/// Notes that something can't be tried here, and why: `cargo xtask test` closes with these lines, so that nothing is left
/// out in silence.
///
/// # Panics
/// When the note can't be written.
pub fn note(line: &str) {
    println!("{line}");
    let Some(path) = std::env::var_os("OPORA_TEST_NOTES") else { return };
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    std::io::Write::write_all(&mut file, format!("{line}\n").as_bytes()).unwrap();
}
