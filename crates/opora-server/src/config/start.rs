//! What is no setting of the desk but of one start of it: the binary's to fill.

use std::ffi::OsString;

/// How a data directory is opened, this once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartOptions {
    /// The command that looks at a view after an unclean stop in a process of its own (`EmbeddedOptions::probe` of the
    /// store); its last argument will be the view's directory.
    pub probe: Option<Vec<OsString>>,
    /// The directory is a copy that is put to use (`EmbeddedOptions::accept_restored`).
    pub accept_restored: bool,
    /// A damaged directory is served to be read only (`EmbeddedOptions::degraded`).
    pub degraded: bool,
}
