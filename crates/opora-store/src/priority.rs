//! Threads that hold nobody up.

use thread_priority::ThreadPriority;
use thread_priority::unix::{
    NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

/// Gives this thread, and on Linux those that it will make, only the time that nobody else wants. A system that has no such
/// policy goes on with the usual one.
pub fn yield_to_others() {
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy) {
        tracing::debug!(%error, "a thread in the background runs with the usual priority");
    }
}
