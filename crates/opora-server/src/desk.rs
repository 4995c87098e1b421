//! The desk: the one handle that the services hold. Joins engine, followers and store; knows nothing of gRPC.

pub(crate) mod attachments;
mod files;
mod history;
mod lead;
mod long;
mod query;
mod recompute;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use opora_core::decide::Rules;
use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::sla::{Policy, PolicyDefinition, PolicyRef, PolicySource as _};
use opora_core::time::{Millis, Timestamp};
use opora_store::{Damage, PassingDir, Position, ReadError, Store, StoreUid};
use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio_util::task::TaskTracker;

use crate::call::Call;
use crate::engine::work::Work;
use crate::engine::{Action, Clock, Directory, Done, Engine, Refused, Submission, SystemClock, TicketRef, Timekeeper};
use crate::followers::Follower;
use crate::followers::clocks::Clocks;
use crate::followers::queue::Queue;
use crate::followers::search::Search;
use crate::followers::watch::{Cut, Feed, WatchBatch, WatchEnd, WatchQuery, WatchStream};
use crate::followers::world::World;
use crate::scans::Scans;

pub(crate) use recompute::is_outdated;

pub use crate::followers::queue::{ListPage, ListQuery};
pub use history::{CommentEntry, EventEntry, HistoryPage, HistoryQuery, Place};
pub use query::{Explained, PolicyMove, PolicyPreview, Preview, Previews};

/// How a desk runs.
#[derive(Clone)]
pub struct DeskOptions {
    /// Where the followers keep what they would else rebuild: `followers/` in it.
    pub data_dir: PathBuf,
    /// The rules of the configuration; versions of policies that were applied since come from the store.
    pub rules: Rules,
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
    /// How many submissions may wait; one more is refused with [`Refused::Overloaded`]. 4,096.
    pub max_waiting: usize,
    /// How long a watcher may leave a message unread before it is ended; 30 s.
    pub watch_patience: Duration,
    /// Whether there is full text.
    pub search: bool,
    /// Whether timers fire.
    pub timers: bool,
    /// Whether it decides itself. If not, it follows another desk ([`Desk::follow`]) until it takes over.
    pub leads: bool,
}

/// Where a follower stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowerStatus {
    /// `queue`, `search`, `clocks`, `watch`.
    pub name: &'static str,
    /// The revision that it has read through.
    pub revision: Revision,
}

/// Why a desk does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A policy that was applied once is not one any more.
    #[error("the stored {0} is wrong: {1}")]
    Policy(PolicyRef, opora_core::sla::PolicyError),
    /// No thread or directory.
    #[error("can't start: {0}")]
    Io(#[from] std::io::Error),
}

/// The desk. Cheap to clone; ended by [`Desk::stop`].
#[derive(Clone)]
pub struct Desk {
    shared: Arc<Shared>,
}

/// About how many bytes of descriptions are kept.
const DESCRIPTION_BYTES: usize = 8 << 20;

type Descriptions = Cache<(TicketNumber, Revision), Arc<str>, TextWeight>;

#[derive(Clone)]
struct TextWeight;

impl Weighter<(TicketNumber, Revision), Arc<str>> for TextWeight {
    fn weight(&self, _: &(TicketNumber, Revision), text: &Arc<str>) -> u64 {
        64 + text.len() as u64
    }
}

struct Shared {
    world: Arc<World>,
    engine: Arc<Engine>,
    search: Option<Arc<Search>>,
    /// Everybody who follows, in the order in which they are listed.
    followers: Vec<Arc<dyn Follower>>,
    /// Where they keep what is theirs, where the store is damaged and only read: what followers lack then must not be believed later.
    #[expect(dead_code, reason = "it goes away with the desk")]
    passing: Option<PassingDir>,
    /// Descriptions that were read lately.
    descriptions: Descriptions,
    /// The followers' threads.
    threads: Mutex<Vec<JoinHandle<()>>>,
    watch_patience: Duration,
    /// Long jobs.
    tasks: TaskTracker,
    long: long::Long,
    /// Reads of many tickets.
    scans: Arc<Scans>,
}

impl DeskOptions {
    /// The rules of docs/domain.md, the machine's clock, everything on.
    pub fn new(data_dir: PathBuf) -> Self {
        let clock = Arc::new(SystemClock);
        let watch_patience = Duration::from_secs(30);
        Self {
            data_dir,
            rules: Rules::builtin(),
            clock,
            max_waiting: 4_096,
            watch_patience,
            search: true,
            timers: true,
            leads: true,
        }
    }
}

impl Desk {
    /// Opens a desk on a store: catches the queue up and starts the threads. Blocks.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(store: Arc<dyn Store>, options: DeskOptions) -> Result<Self, OpenError> {
        let (dir, passing) = followers_dir(&*store, &options.data_dir)?;
        let mut rules = options.rules;
        for definition in store.policies()? {
            let named = definition.policy.clone();
            let policy = Policy::new(PolicyDefinition::clone(&definition)).map_err(|e| OpenError::Policy(named, e))?;
            rules.policies.add(policy);
        }
        let queue = Queue::open_from(&*store, &dir)?;
        let directory = Directory::new(store.directory()?);
        let world = Arc::new(World::new(store, queue, directory, rules, Timekeeper::new(options.clock), options.leads));
        let engine = Arc::new(Engine::start(world.state.clone(), options.max_waiting)?);
        // Where nothing can be changed, nothing is told either.
        let changes = passing.is_none();
        let search = options.search.then(|| Arc::new(Search::new(&dir)));
        let clocks = Arc::new(Clocks::new(engine.clone(), options.timers && changes));
        let mut followers: Vec<Arc<dyn Follower>> = vec![world.queue.clone(), clocks, world.hub.clone()];
        followers.extend(search.clone().map(|search| search as Arc<dyn Follower>));
        let shared = Shared {
            world,
            engine,
            search,
            followers,
            passing,
            descriptions: Descriptions::with_weighter(DESCRIPTION_BYTES / 512, DESCRIPTION_BYTES as u64, TextWeight),
            threads: Mutex::default(),
            watch_patience: options.watch_patience,
            tasks: TaskTracker::new(),
            long: long::Long::default(),
            scans: Arc::new(Scans::new()),
        };
        if changes && options.leads {
            shared.recompute_clocks();
        }
        shared.start_followers()?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Asks for a change; answered when it is durable. A caller who goes away does not take it back.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn submit(&self, submission: Submission) -> Result<Done, Refused> {
        if !self.leads() {
            return Err(Refused::NotLeader);
        }
        if matches!(submission.action, Action::ApplyPolicy { .. } | Action::FinishImport(_)) {
            return self.submit_long(submission).await;
        }
        if matches!(submission.action, Action::Compose(_)) {
            return self.submit_with_files(submission).await;
        }
        self.work(Work::Submission(submission), false).await
    }

    async fn work(&self, work: Work, own: bool) -> Result<Done, Refused> {
        let answer = self.shared.engine.submit(work, own)?;
        // The writer answers everything it takes; unless it panicked, of which the process ends.
        answer.await.unwrap_or(Err(Refused::StoreFailed))
    }

    /// A ticket as it stands; `None`: there is none that the caller may see.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn ticket(&self, call: &Call, ticket: TicketRef) -> Result<Option<Arc<Ticket>>, ReadError> {
        let number = match ticket {
            TicketRef::Number(number) => number,
            TicketRef::Uid(uid) => uid.number(),
        };
        let found = self.shared.world.ticket(number)?;
        let is_it = |t: &Arc<Ticket>| !matches!(ticket, TicketRef::Uid(uid) if uid != t.uid);
        Ok(found.filter(|t| is_it(t) && call.scope.sees(t)))
    }

    /// Begins a stream.
    ///
    /// # Errors
    /// [`WatchEnd`], when it can't begin there.
    #[expect(clippy::unused_async, reason = "a stream may have to wait for its beginning one day")]
    pub async fn watch(&self, call: &Call, query: WatchQuery) -> Result<WatchStream, WatchEnd> {
        let query = query.within(&call.scope);
        WatchStream::start(self.shared.world.clone(), self.shared.world.hub.clone(), &query, &call.scope)
    }

    /// A stream for a reader who may be slow, with its messages as `convert` makes them: it gets a batch and with which of
    /// its tickets or events to begin, and tells with which the next message begins, if not all went into this one.
    pub fn feed<T: Send + 'static>(
        &self,
        stream: WatchStream,
        convert: impl FnMut(&WatchBatch, usize) -> Cut<T> + Send + 'static,
    ) -> Feed<T> {
        Feed::start(stream, self.shared.watch_patience, convert)
    }

    /// Who is known.
    pub fn directory(&self) -> &Directory {
        &self.shared.world.state.directory
    }

    /// The rules as they stand, with every version of every policy.
    pub fn rules(&self) -> Arc<Rules> {
        self.shared.world.rules()
    }

    /// A version of a policy.
    pub fn policy(&self, policy: &PolicyRef) -> Option<PolicyDefinition> {
        self.rules().policies.policy(policy).map(Policy::definition).cloned()
    }

    /// Which store it is.
    pub fn store_uid(&self) -> StoreUid {
        self.shared.world.state.store.uid()
    }

    /// Where the store stands, as far as everybody sees it.
    pub fn position(&self) -> Position {
        let mut position = self.shared.world.state.store.position();
        position.newest = position.newest.min(self.revision());
        position
    }

    /// The newest revision that everybody sees.
    pub fn revision(&self) -> Revision {
        self.shared.world.state.log.newest()
    }

    /// Reads what is in memory, and says of which revision it is: everything up to it is seen, nothing after it.
    pub fn steady<T>(&self, read: impl FnMut() -> T) -> (T, Revision) {
        self.shared.world.state.steady(read)
    }

    /// The present as the desk believes it, never before the newest commit.
    pub fn now(&self) -> Timestamp {
        self.shared.world.now()
    }

    /// What can't be read, where the store is damaged and only read.
    pub fn damage(&self) -> Option<Damage> {
        self.shared.world.state.store.damage()
    }

    /// Where each follower stands.
    pub fn followers(&self) -> Vec<FollowerStatus> {
        let status =
            |follower: &Arc<dyn Follower>| FollowerStatus { name: follower.name(), revision: follower.revision() };
        self.shared.followers.iter().map(status).collect()
    }

    /// Waits until full text shows everything up to a revision; `false`: it took too long.
    pub async fn searchable(&self, revision: Revision, at_most: Duration) -> bool {
        match &self.shared.search {
            Some(search) => search.wait(revision, at_most).await,
            None => false,
        }
    }

    /// How many rows lists, counts and histories have looked at since the start, and how many of these reads are long
    /// enough to queue and are under way or wait.
    pub fn scanned(&self) -> (u64, usize) {
        (self.shared.scans.rows(), self.shared.scans.under_way())
    }

    /// Whether the machine's clock can be relied on; false while it has jumped away from the time that passed.
    pub fn timers_healthy(&self) -> bool {
        self.clock_apart().is_none()
    }

    /// How far the machine's clock is from the desk's time, where it has jumped.
    pub fn clock_apart(&self) -> Option<Millis> {
        self.shared.world.state.time.read().apart
    }

    /// Ends when the store has failed, with why: the process has to end then.
    pub async fn fatal(&self) -> String {
        let mut fatal = self.shared.world.state.fatal.subscribe();
        let why = fatal.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
        match why {
            Some(why) => why,
            // The sender lives as long as this desk.
            None => std::future::pending().await,
        }
    }

    /// Takes nothing any more, answers what waits, ends streams, writes down what followers keep, closes the store.
    ///
    /// # Errors
    /// [`ReadError`], when the store did not close well.
    pub async fn stop(&self) -> Result<(), ReadError> {
        let shared = self.shared.clone();
        shared.scans.stop();
        shared.engine.close();
        for follower in &shared.followers {
            follower.stop().await;
        }
        shared.tasks.close();
        shared.tasks.wait().await;
        let stopped = tokio::task::spawn_blocking(move || shared.stop()).await;
        stopped.unwrap_or_else(|error| Err(ReadError::Failed(error.to_string())))
    }
}

/// The directory of the followers, and the one that goes away with the desk where the store's own must not be written.
fn followers_dir(store: &dyn Store, data: &Path) -> std::io::Result<(PathBuf, Option<PassingDir>)> {
    if store.damage().is_some() {
        let passing = PassingDir::new("followers")?;
        return Ok((passing.path().to_owned(), Some(passing)));
    }
    let dir = data.join("followers");
    #[expect(clippy::disallowed_methods, reason = "before the runtime serves anybody")]
    std::fs::create_dir_all(&dir)?;
    Ok((dir, None))
}

impl Shared {
    /// Gives each a thread; one that panics ends the process in good order rather than staying away in silence.
    fn start_followers(&self) -> std::io::Result<()> {
        for follower in &self.followers {
            let (world, follower) = (self.world.clone(), follower.clone());
            let thread = std::thread::Builder::new().name(follower.name().to_owned()).spawn(move || {
                let run = std::panic::AssertUnwindSafe(|| follower.run(&world));
                if std::panic::catch_unwind(run).is_err() {
                    world.state.fail(&format!("the follower `{}` panicked", follower.name()));
                }
            })?;
            self.threads.lock().push(thread);
        }
        Ok(())
    }

    fn stop(&self) -> Result<(), ReadError> {
        self.engine.join();
        self.world.state.log.stop();
        for thread in self.threads.lock().drain(..) {
            // A panic in it was told.
            drop(thread.join());
        }
        for follower in &self.followers {
            follower.keep(&self.world);
        }
        self.world.state.store.close()
    }
}
