//! A directory for what goes away again: what is derived from a store whose own directory must not be written.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// A directory of this process in the one for temporary files; removed with the value.
#[derive(Debug)]
pub struct PassingDir(PathBuf);

impl PassingDir {
    /// Makes one, for the own user alone.
    ///
    /// # Errors
    /// Of the file system.
    pub fn new(what: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("opora-{what}-{}", uuid::Uuid::new_v4()));
        // What is kept holds what customers wrote.
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for PassingDir {
    fn drop(&mut self) {
        // What can't be removed stays, and is nobody's.
        let _ = fs::remove_dir_all(&self.0);
    }
}
