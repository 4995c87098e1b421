//! How much of something is in use, and how much of it there may be: places, bytes. No lock is held while somebody waits.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Something of which there is a certain amount.
#[derive(Debug)]
pub(crate) struct Gauge {
    used: AtomicU64,
    max: AtomicU64,
    waiting: AtomicUsize,
    /// How often something was given back.
    given: AtomicU64,
    freed: Notify,
}

impl Gauge {
    pub(crate) fn new(max: u64) -> Self {
        Self {
            used: AtomicU64::new(0),
            max: AtomicU64::new(max),
            waiting: AtomicUsize::new(0),
            given: AtomicU64::new(0),
            freed: Notify::new(),
        }
    }

    /// How much there may be.
    pub(crate) fn max(&self) -> u64 {
        self.max.load(Ordering::Relaxed)
    }

    /// From now on there may be so much. What is in use already stays.
    pub(crate) fn set_max(&self, max: u64) {
        self.max.store(max, Ordering::Relaxed);
    }

    /// How much is in use.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Acquire)
    }

    /// How much is left.
    pub(crate) fn left(&self) -> u64 {
        self.max().saturating_sub(self.used())
    }

    /// Takes so much, if that much is left and `kept` beside it.
    pub(crate) fn try_take_but(&self, amount: u64, kept: u64) -> bool {
        // Looked at and taken at once, so that two who take the last find one. Never taken and given back: that would
        // wake those who wait, each of whom would do the same.
        let most = self.max().saturating_sub(kept);
        let more = |used: u64| used.checked_add(amount).filter(|after| *after <= most);
        self.used.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).is_ok()
    }

    /// Takes so much, if that much is left.
    pub(crate) fn try_take(&self, amount: u64) -> bool {
        self.try_take_but(amount, 0)
    }

    /// Takes so much, even if it is not left: what is there already can't be refused. Gives what was in use before.
    pub(crate) fn take_anyway(&self, amount: u64) -> u64 {
        self.used.fetch_add(amount, Ordering::AcqRel)
    }

    /// Gives so much back.
    pub(crate) fn give(&self, amount: u64) {
        // In one order with what a waiter does, who says that it waits and then looks: one of the two sees the other.
        self.used.fetch_sub(amount, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.given.fetch_add(1, Ordering::SeqCst);
            self.freed.notify_one();
        }
    }

    /// Takes so much as soon as it is left; false: it was not by then.
    pub(crate) async fn take(&self, amount: u64, by: impl FnOnce() -> Instant) -> bool {
        if self.try_take(amount) {
            return true;
        }
        if amount > self.max() {
            return false;
        }
        let by = by();
        let _waiting = Waiting::new(self);
        let mut passed_on = None;
        loop {
            let mut freed = pin!(self.freed.notified());
            // In the queue before it looks: whoever is told in its place tells it.
            freed.as_mut().enable();
            let given = self.given.load(Ordering::SeqCst);
            if self.try_take(amount) {
                break;
            }
            // It was told and can't take it: what was given may do for one who wants less. Each of them tells the next
            // once for what was given, so that it ends.
            if passed_on.is_some_and(|before| before != given) {
                self.freed.notify_one();
            }
            passed_on = Some(given);
            if timeout_at(by, freed).await.is_err() {
                if self.try_take(amount) {
                    break;
                }
                return false;
            }
        }
        // What is left may do for the next one, who was not told.
        self.freed.notify_one();
        true
    }
}

/// Somebody who waits; also one who goes away.
struct Waiting<'a>(&'a Gauge);

impl<'a> Waiting<'a> {
    fn new(gauge: &'a Gauge) -> Self {
        gauge.waiting.fetch_add(1, Ordering::SeqCst);
        Self(gauge)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(30)
    }

    #[tokio::test]
    async fn as_much_as_there_may_be_is_given_and_no_more() {
        let gauge = Gauge::new(3);
        assert!(gauge.try_take(2) && gauge.try_take(1) && !gauge.try_take(1));
        assert!(!gauge.take(1, Instant::now).await, "nobody gave anything back");
        assert!(!gauge.take(4, soon).await, "that much there never is");
        gauge.give(1);
        assert!(gauge.take(1, Instant::now).await);
        assert_eq!(gauge.used(), 3);
    }

    #[tokio::test]
    async fn who_is_told_and_can_not_take_what_was_given_tells_the_next_one() {
        let gauge = Gauge::new(5);
        gauge.take_anyway(5);
        let mut most = pin!(gauge.take(5, soon));
        let mut more = pin!(gauge.take(3, soon));
        let mut one = pin!(gauge.take(1, soon));
        let mut another = pin!(gauge.take(1, soon));
        assert!(futures::poll!(most.as_mut()).is_pending() && futures::poll!(more.as_mut()).is_pending());
        assert!(futures::poll!(one.as_mut()).is_pending() && futures::poll!(another.as_mut()).is_pending());
        gauge.give(2);
        // Each looks once, in the order in which they wait.
        assert!(futures::poll!(most.as_mut()).is_pending() && futures::poll!(more.as_mut()).is_pending());
        assert!(futures::poll!(one.as_mut()).is_ready(), "one is left for it");
        assert!(futures::poll!(another.as_mut()).is_ready(), "and one for this one");
        gauge.give(5);
        assert!(futures::poll!(most.as_mut()).is_ready());
    }

    #[test]
    fn what_is_kept_for_others_is_left_when_two_take_the_last_at_once() {
        // One may be taken of each; two take of each at the same moment, as near as can be.
        let gauges: Vec<_> = (0..20_000).map(|_| (Gauge::new(4), AtomicUsize::new(0))).collect();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for (gauge, here) in &gauges {
                        here.fetch_add(1, Ordering::SeqCst);
                        while here.load(Ordering::SeqCst) < 2 {
                            std::thread::yield_now();
                        }
                        gauge.try_take_but(1, 3);
                    }
                });
            }
        });
        assert!(gauges.iter().all(|(gauge, _)| gauge.used() == 1));
    }

    #[tokio::test]
    async fn all_who_wait_get_theirs() {
        let gauge = Arc::new(Gauge::new(2));
        gauge.take_anyway(2);
        let waiting: Vec<_> = (0..50)
            .map(|n| {
                let gauge = gauge.clone();
                #[expect(clippy::disallowed_methods, reason = "the test waits for each")]
                tokio::spawn(async move {
                    let amount = 1 + n % 2;
                    assert!(gauge.take(amount, soon).await);
                    tokio::task::yield_now().await;
                    gauge.give(amount);
                })
            })
            .collect();
        tokio::task::yield_now().await;
        gauge.give(2);
        for one in waiting {
            one.await.unwrap();
        }
        assert_eq!(gauge.used(), 0);
    }
}
