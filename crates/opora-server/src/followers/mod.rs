//! What follows the log: the queue in memory, full text, watching, timers. Each reads committed events in order, keeps
//! where it stands, and can be deleted and rebuilt. None of them decides anything.

pub(crate) mod clocks;
pub mod queue;
pub mod search;
pub mod watch;
pub(crate) mod world;

use futures::future::{BoxFuture, FutureExt as _, ready};
use opora_core::model::Revision;

use self::world::World;

/// Somebody who follows the log. The desk makes, lists and stops all of them alike: a new one is added in one place.
pub(crate) trait Follower: Send + Sync {
    /// Its name in server information, and that of its thread.
    fn name(&self) -> &'static str;

    /// The revision that it has read through.
    fn revision(&self) -> Revision;

    /// What it does on a thread of its own until the log stops; at once where it has nothing to do there.
    fn run(&self, world: &World);

    /// Serves nobody any more; done when nobody is served. The log still goes on.
    fn stop(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }

    /// Writes down what it needs to go on where it stands; after the log has stopped and [`Self::run`] has returned. Blocks.
    fn keep(&self, _: &World) {}
}
