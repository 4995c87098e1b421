//! Following another desk, and taking over from it.

use std::sync::Arc;

use opora_store::{AppendError, Commit, Epoch};

use super::Desk;
use crate::engine::FollowError;

impl Desk {
    /// Takes commits that another desk decided in an epoch, in order, following on the newest: when it returns they are
    /// durable here, and everybody who reads or watches sees them. A desk that led steps down before a newer epoch. Blocks.
    ///
    /// # Errors
    /// [`FollowError`]; then none of them happened here, though a desk that led may follow by now. After a failed sync the
    /// process has to end, as [`Desk::fatal`] says.
    pub fn follow(&self, epoch: Epoch, commits: &[Arc<Commit>]) -> Result<(), FollowError> {
        self.shared.world.state.follow(epoch, commits)
    }

    /// Decides from now on, in a new epoch: what whoever led before still sends is refused. Goes on at the next revision
    /// and number. Nothing happens where it leads already. Blocks.
    ///
    /// # Errors
    /// [`AppendError`], when the new epoch can't be written down; then it does not lead.
    pub fn take_over(&self) -> Result<Epoch, AppendError> {
        let epoch = self.shared.world.state.take_over()?;
        self.shared.recompute_clocks();
        Ok(epoch)
    }

    /// Whether it decides itself.
    pub fn leads(&self) -> bool {
        self.shared.world.state.leads()
    }
}
