//! How much of something is in use, and how much of it there may be: places, bytes. No lock is held while somebody waits.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Something of which there is a certain amount.
#[derive(Debug)]
pub(crate) struct Gauge {
    used: AtomicU64,
    max: u64,
    waiting: AtomicUsize,
    freed: Notify,
}

impl Gauge {
    pub(crate) fn new(max: u64) -> Self {
        Self { used: AtomicU64::new(0), max, waiting: AtomicUsize::new(0), freed: Notify::new() }
    }

    /// How much there may be.
    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// How much is in use.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Acquire)
    }

    /// How much is left.
    pub(crate) fn left(&self) -> u64 {
        self.max.saturating_sub(self.used())
    }

    /// Takes so much, if that much is left and `kept` beside it.
    pub(crate) fn try_take_but(&self, amount: u64, kept: u64) -> bool {
        self.left() >= amount.saturating_add(kept) && self.try_take(amount)
    }

    /// Takes so much, if that much is left.
    pub(crate) fn try_take(&self, amount: u64) -> bool {
        // Never taken and given back: that would wake those who wait, each of whom would do the same.
        let more = |used: u64| used.checked_add(amount).filter(|after| *after <= self.max);
        self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    /// Takes so much, even if it is not left: what is there already can't be refused.
    pub(crate) fn take_anyway(&self, amount: u64) {
        self.used.fetch_add(amount, Ordering::AcqRel);
    }

    /// Gives so much back.
    pub(crate) fn give(&self, amount: u64) {
        self.used.fetch_sub(amount, Ordering::AcqRel);
        if self.waiting.load(Ordering::Acquire) > 0 {
            self.freed.notify_one();
        }
    }

    /// Takes so much as soon as it is left; false: it was not by then.
    pub(crate) async fn take(&self, amount: u64, by: impl FnOnce() -> Instant) -> bool {
        if self.try_take(amount) {
            return true;
        }
        if amount > self.max {
            return false;
        }
        let by = by();
        let _waiting = Waiting::new(self);
        loop {
            let freed = self.freed.notified();
            if self.try_take(amount) {
                // What is left may do for the next one, who was not told.
                self.freed.notify_one();
                return true;
            }
            if timeout_at(by, freed).await.is_err() {
                return self.try_take(amount);
            }
        }
    }
}

/// Somebody who waits; also one who goes away.
struct Waiting<'a>(&'a Gauge);

impl<'a> Waiting<'a> {
    fn new(gauge: &'a Gauge) -> Self {
        gauge.waiting.fetch_add(1, Ordering::AcqRel);
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
