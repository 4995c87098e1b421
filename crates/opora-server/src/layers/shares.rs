//! Shares of the bytes in flight: who takes what they can leaves as much to others.

use std::time::Duration;

use tokio::time::Instant;

use super::answers::CALL;
use super::caller::Inner;

/// So many bytes each connection may have in any case: four small calls. All connections together pass the bound by so
/// much at most.
const OWN: u64 = 4 * CALL;
/// So many bytes are left to those who hold fewer: 64 small calls.
const SMALL_CALLS: u64 = 1024 * 1024;

/// Where bytes are short, an answer of which nothing was read for so long is given up: less than 16 KiB in it.
const UNREAD: Duration = Duration::from_secs(1);
/// How often that is looked for at most.
const SHED: Duration = Duration::from_millis(100);

impl Inner {
    /// Takes so many bytes of all, which the connection counts for itself already; false: too few are left.
    ///
    /// Of what all may have each caller leaves as much to another one as it has, and of that a connection as much to
    /// another of its caller's as it has. Whoever takes what they can so stops at their share (a dynamic threshold, as
    /// switches share their buffers: Choudhury and Hahne, 1998). A few small calls each connection has in any case:
    /// many that each hold little leave nothing.
    pub(super) fn takes_its_share(&self, more: u64) -> bool {
        let all = &self.limits.bytes;
        if self.bytes.used() <= OWN {
            all.take_anyway(more);
        } else if !(self.leaves_enough(more) || self.sheds_unread() && self.leaves_enough(more)) || !all.try_take(more)
        {
            return false;
        }
        if let Some(held) = self.held() {
            held.bytes.take_anyway(more);
        }
        true
    }

    /// Whether others are left enough when the connection takes so many bytes more.
    fn leaves_enough(&self, more: u64) -> bool {
        let mine = self.bytes.used();
        let of_address = self.held().map_or(0, |held| held.bytes.used());
        let before = self.limits.bytes.left().saturating_sub(of_address);
        let after = before.saturating_sub(more.saturating_mul(2));
        mine <= before && mine.min(SMALL_CALLS) <= after
    }

    /// Others give back what they do not read, as far as they hold more than this one; false: they were asked just now.
    fn sheds_unread(&self) -> bool {
        let now = Instant::now();
        let mut last = self.limits.shed.lock();
        if last.is_some_and(|last| now.duration_since(last) < SHED) {
            return false;
        }
        *last = Some(now);
        drop(last);
        let mine = self.bytes.used();
        self.limits.each_member(|one| {
            if one.bytes.used() > mine {
                one.answers.shed(now, UNREAD);
            }
        });
        true
    }
}
