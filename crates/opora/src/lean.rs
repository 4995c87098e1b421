//! A console that gives back at once what it no longer needs. mimalloc keeps freed memory for a while and looks at it
//! again only when more is asked for, which a console at rest does not do: what 100,000 tickets came in as would stay. It
//! reads its options when the process begins, so the process begins once more with the option set.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// The allocator's option: after how many milliseconds freed memory is given back.
const OPTION: &str = "MIMALLOC_PURGE_DELAY";

/// Begins the process anew with the option, unless somebody has set it. Where that can't be done the console takes more
/// memory, and nothing else is changed.
pub(crate) fn begin_anew() {
    if std::env::var_os(OPTION).is_some() {
        return;
    }
    let mut arguments = std::env::args_os();
    let (Some(name), Ok(program)) = (arguments.next(), std::env::current_exe()) else { return };
    let error = Command::new(program).arg0(name).args(arguments).env(OPTION, "0").exec();
    tracing::debug!(%error, "the console keeps freed memory for a while");
}
