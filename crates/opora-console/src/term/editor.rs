//! The person's own editor on a text, while the terminal is theirs.

use std::path::Path;
use std::process::Command;

/// Runs `$VISUAL`, else `$EDITOR`, else `vi` on a file in `directory`, and gives back what is in it. Blocks.
///
/// # Errors
/// A sentence, when there is no such editor or it ended badly.
#[expect(clippy::disallowed_methods, reason = "runs on a thread for what blocks, while nothing is drawn")]
pub(crate) fn run(directory: &Path, text: &str) -> Result<String, String> {
    let chosen = ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.trim().is_empty()));
    let chosen = chosen.unwrap_or_else(|| "vi".to_owned());
    let fail = |error: std::io::Error| format!("{chosen}: {error}");
    std::fs::create_dir_all(directory).map_err(fail)?;
    let path = directory.join(format!("editing-{}.txt", std::process::id()));
    std::fs::write(&path, text).map_err(fail)?;
    let mut words = chosen.split_whitespace();
    let program = words.next().unwrap_or("vi");
    // What the console set for its own allocator.
    let status =
        Command::new(program).args(words).arg(&path).env_remove("MIMALLOC_PURGE_DELAY").status().map_err(fail)?;
    let edited = std::fs::read_to_string(&path).map_err(fail)?;
    let _ = std::fs::remove_file(&path);
    if status.success() { Ok(edited) } else { Err(format!("{chosen}: {status}")) }
}
