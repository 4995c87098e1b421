//! Reads that look at many tickets. Few run at once, in turns of a bounded number of rows, so that a short one is never
//! behind a long one for long; the others queue, and past a bound are refused. They run where blocking harms nobody, and
//! end within a turn when their caller has gone or the desk stops: a deadline that passes drops the caller too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::Refused;

/// After how many rows a scan looks at whether it is to go on. Half of what is promised: the rest is for what was begun.
pub(crate) const TURN: usize = 256;
/// The same in what the rows cost, in terms that compare one value: a filter of a hundred dear terms comes to it after 40
/// rows, about a millisecond.
const TURN_COST: u64 = 16 * 1024;
/// How many scans are under way at once, taking turns: each may hold a thread of the runtime, which has 512 that block.
const STARTED: usize = 64;
/// How many wait to begin; one more is refused. As many as calls that a busy desk answers in some seconds.
const QUEUED: usize = 1_024;

/// What all scans of a desk share.
pub(crate) struct Scans {
    /// The places of those under way and those that wait.
    places: Arc<Semaphore>,
    started: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    /// How many wait for a turn.
    waiting: AtomicUsize,
    stopping: AtomicBool,
    /// How many rows were looked at since the start.
    rows: AtomicU64,
}

/// A caller who waits for a scan; dropped, it is told to end.
struct Caller(Arc<AtomicBool>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A scan on its way: it says of each row that it looks at it, and is told whether to go on.
pub(crate) struct Going {
    scans: Arc<Scans>,
    gone: Arc<AtomicBool>,
    /// What one row costs.
    cost: u64,
    /// Of this turn.
    rows: usize,
    spent: u64,
    /// It is bounded by itself: it takes no turns.
    bounded: bool,
    /// A short read has none, until it turns out to be long.
    turn: Option<OwnedSemaphorePermit>,
    started: Option<OwnedSemaphorePermit>,
}

impl Scans {
    /// As many scans at once as half of the processors: the other half is for everybody else.
    pub(crate) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            places: Arc::new(Semaphore::new(STARTED + QUEUED)),
            started: Arc::new(Semaphore::new(STARTED)),
            turns: Arc::new(Semaphore::new((processors / 2).max(1))),
            waiting: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            rows: AtomicU64::new(0),
        }
    }

    /// How many rows were looked at since the start.
    pub(crate) fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// How many scans are under way or wait.
    pub(crate) fn under_way(&self) -> usize {
        (STARTED + QUEUED).saturating_sub(self.places.available_permits())
    }

    /// Ends all scans within a turn; none begins any more.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Runs a read of many rows, each of which costs about so much, when it is its turn.
    ///
    /// # Errors
    /// [`Refused::Overloaded`] where too many wait, [`Refused::Stopping`], and what the read gives.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        cost: u32,
        read: impl FnOnce(&mut Going) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Refused::Overloaded)?;
        let started = self.started.clone().acquire_owned().await.map_err(|_| Refused::Stopping)?;
        let turn = self.turn().await?;
        let going = Going { turn: Some(turn), started: Some(started), ..self.going(cost) };
        self.begin(going, Some(place), read).await
    }

    /// Runs a read that is nearly always short: it waits for its turn only once it turns out to be long.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(crate) async fn run_short<T: Send + 'static>(
        self: &Arc<Self>,
        cost: u32,
        read: impl FnOnce(&mut Going) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        self.begin(self.going(cost), None, read).await
    }

    async fn begin<T: Send + 'static>(
        self: &Arc<Self>,
        mut going: Going,
        place: Option<OwnedSemaphorePermit>,
        read: impl FnOnce(&mut Going) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let caller = Caller(going.gone.clone());
        let read = tokio::task::spawn_blocking(move || {
            let answer = going.look().and_then(|()| read(&mut going));
            // Given back when the read has really ended, not when its caller went away.
            drop((going, place));
            answer
        });
        let answer = read.await;
        drop(caller);
        answer.unwrap_or_else(|error| {
            tracing::error!(%error, "a read panicked");
            Err(if self.stopping.load(Ordering::Acquire) { Refused::Stopping } else { Refused::StoreFailed })
        })
    }

    /// For few rows that are looked at where nothing may block: they are counted, and whoever looks at them yields after
    /// [`TURN`] of them, so that the caller's going away ends them there.
    pub(crate) fn bounded(self: &Arc<Self>) -> Going {
        Going { bounded: true, ..self.going(0) }
    }

    fn going(self: &Arc<Self>, cost: u32) -> Going {
        Going {
            scans: self.clone(),
            gone: Arc::default(),
            cost: u64::from(cost) + 1,
            rows: 0,
            spent: 0,
            bounded: false,
            turn: None,
            started: None,
        }
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Refused> {
        let waits = Waits::new(&self.waiting);
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Refused::Stopping);
        drop(waits);
        turn
    }
}

/// Somebody waits for a turn, until this is dropped.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::AcqRel);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Going {
    /// One row is looked at; from time to time, whether to go on.
    ///
    /// # Errors
    /// [`Refused::Stopping`], when nobody waits for it any more or the desk stops; [`Refused::Overloaded`], when it turns
    /// out to be long and too many are.
    pub(crate) fn row(&mut self) -> Result<(), Refused> {
        if !self.bounded && (self.rows >= TURN || self.spent >= TURN_COST) {
            self.next_turn()?;
        }
        self.rows += 1;
        self.spent += self.cost;
        self.scans.rows.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Whether somebody still waits for it, and the desk does not stop.
    pub(crate) fn goes_on(&self) -> bool {
        !self.gone.load(Ordering::Acquire) && !self.scans.stopping.load(Ordering::Acquire)
    }

    /// The same as an answer.
    ///
    /// # Errors
    /// [`Refused::Stopping`].
    pub(crate) fn look(&self) -> Result<(), Refused> {
        if self.goes_on() { Ok(()) } else { Err(Refused::Stopping) }
    }

    /// Ends this turn, and waits for the next one if others wait too.
    fn next_turn(&mut self) -> Result<(), Refused> {
        (self.rows, self.spent) = (0, 0);
        self.look()?;
        if self.started.is_none() {
            let started = self.scans.started.clone().try_acquire_owned();
            self.started = Some(started.map_err(|_| Refused::Overloaded)?);
        }
        if self.turn.is_none() || self.scans.waiting.load(Ordering::Acquire) > 0 {
            self.turn = None;
            self.turn = Some(Handle::current().block_on(self.scans.turn())?);
        }
        self.look()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tasks of a test end with it")]
mod tests {
    use super::*;

    /// Rows without end.
    fn endless(going: &mut Going) -> Result<(), Refused> {
        loop {
            going.row()?;
        }
    }

    /// Waits until no scan is under way.
    async fn at_rest(scans: &Scans) {
        while scans.under_way() > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_cancels_stops_costing_within_512_rows() {
        let scans = Arc::new(Scans::new());
        for short in [false, true] {
            let (said, mut hears) = tokio::sync::mpsc::channel(1);
            let (go, waits) = std::sync::mpsc::channel::<()>();
            let reader = scans.clone();
            let read = move |going: &mut Going| {
                for _ in 0..1_000 {
                    going.row()?;
                }
                said.blocking_send(()).unwrap();
                waits.recv().unwrap();
                endless(going)
            };
            let call =
                tokio::spawn(
                    async move { if short { reader.run_short(4, read).await } else { reader.run(4, read).await } },
                );
            hears.recv().await.unwrap();
            call.abort();
            assert!(call.await.unwrap_err().is_cancelled());
            let before = scans.rows();
            go.send(()).unwrap();
            // It gives back what it holds of the channel when it ends.
            assert!(hears.recv().await.is_none());
            at_rest(&scans).await;
            assert!(scans.rows() - before <= 512, "{} rows after its caller went", scans.rows() - before);
        }
    }

    #[tokio::test]
    async fn all_scans_end_when_the_desk_stops_and_none_begins() {
        let scans = Arc::new(Scans::new());
        let calls: Vec<_> = (0..40)
            .map(|_| {
                let scans = scans.clone();
                tokio::spawn(async move { scans.run(400, endless).await })
            })
            .collect();
        while scans.under_way() < 40 {
            tokio::task::yield_now().await;
        }
        scans.stop();
        let before = scans.rows();
        for call in calls {
            assert!(matches!(call.await.unwrap(), Err(Refused::Stopping)));
        }
        assert!(scans.rows() - before <= 512 * scans.turns.available_permits() as u64);
        assert!(matches!(scans.run(1, |_| Ok(())).await, Err(Refused::Stopping)));
    }

    #[tokio::test]
    async fn a_short_scan_passes_a_long_one() {
        let scans = Arc::new(Scans::new());
        let long: Vec<_> = (0..8)
            .map(|_| {
                let scans = scans.clone();
                tokio::spawn(async move { scans.run(1, endless).await })
            })
            .collect();
        let short = scans.run(1, |going| (0..100).try_for_each(|_| going.row())).await;
        assert!(short.is_ok());
        long.iter().for_each(tokio::task::JoinHandle::abort);
        at_rest(&scans).await;
    }

    #[tokio::test]
    async fn too_many_are_refused_and_those_that_left_make_room() {
        let scans = Arc::new(Scans::new());
        let begin = || {
            let scans = scans.clone();
            tokio::spawn(async move { scans.run(1, endless).await })
        };
        let calls: Vec<_> = (0..STARTED + QUEUED).map(|_| begin()).collect();
        while scans.under_way() < STARTED + QUEUED {
            tokio::task::yield_now().await;
        }
        assert!(matches!(scans.run(1, |_| Ok(())).await, Err(Refused::Overloaded)));
        calls.iter().for_each(tokio::task::JoinHandle::abort);
        at_rest(&scans).await;
        assert!(scans.run(1, |_| Ok(())).await.is_ok());
    }
}
