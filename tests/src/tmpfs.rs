//! A small disk of its own; needs to be root.

use std::path::Path;
use std::process::Command;

/// A tmpfs, unmounted with the value.
pub struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    /// One of that size.
    ///
    /// # Panics
    /// When it can't be mounted.
    pub fn mount(mebibytes: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs"])
            .arg(dir.path())
            .status()
            .expect("mount(8) runs");
        assert!(status.success(), "a tmpfs can't be mounted: this suite needs to be root");
        Self(dir)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}
