//! Processes that give back what they no longer need. mimalloc keeps freed memory for a second and more, and looks at it
//! again only when more is asked for, which a process at rest does not do: what 100,000 tickets came in as would stay. It
//! reads its options when the process begins, so the process begins once more with the option set.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// The allocator's option: after how many milliseconds freed memory is given back.
const OPTION: &str = "MIMALLOC_PURGE_DELAY";
/// The console's: little is worth keeping between two keys.
#[cfg(feature = "console")]
pub(crate) const AT_ONCE: &str = "0";
/// The server's: at once would have it ask again and again, in a burst, for what it has just given back.
#[cfg(feature = "server")]
pub(crate) const SOON: &str = "300";

/// Begins the process anew with the option, unless somebody has set it. Where that can't be done the process takes more
/// memory, and nothing else is changed. To be called before anything is read or held.
pub(crate) fn begin_anew(delay: &str) {
    if std::env::var_os(OPTION).is_some() {
        return;
    }
    let mut arguments = std::env::args_os();
    let (Some(name), Ok(program)) = (arguments.next(), std::env::current_exe()) else { return };
    let error = Command::new(program).arg0(name).args(arguments).env(OPTION, delay).exec();
    tracing::debug!(%error, "freed memory is kept for a while");
}
