//! What is said of places on this machine: a file to be sent, where one is to be put. Knows no disk.

/// What a place is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The file there is sent.
    Send,
    /// A file of this name is put there; in a directory under its own name.
    Save { name: String },
}

/// Why a place is not fit for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathFault {
    /// There is nothing.
    Missing,
    /// A directory can't be sent.
    Directory,
    /// What is there is no plain file.
    NoFile,
    /// Not allowed.
    Denied,
    /// There is a file already.
    Taken,
    /// The directory is not there.
    NoDirectory,
    /// What the system says.
    System(String),
}

impl PathFault {
    /// The key of its words; `None`: the system's own.
    pub(crate) fn key(&self) -> Option<&'static str> {
        Some(match self {
            Self::Missing => "path-not-there",
            Self::Directory => "path-directory",
            Self::NoFile => "path-no-file",
            Self::Denied => "path-denied",
            Self::Taken => "path-taken",
            Self::NoDirectory => "path-no-directory",
            Self::System(_) => return None,
        })
    }
}

/// What a place that was begun can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Completed {
    /// As far as it is clear.
    pub(crate) line: String,
    /// The names that fit, where there are several.
    pub(crate) names: Vec<String>,
}
