//! A desk whose commits are decided by another one: it shows the same at each revision, decides nothing, and takes over.

use opora_core::command::Reprioritise;
use opora_core::event::Change as Happened;
use opora_core::model::{LinkKind, Priority, Revision};
use opora_core::sla::{Length, Policy, PolicyRef, Target};
use opora_server::desk::{HistoryQuery, ListQuery};
use opora_server::engine::FollowError;
use opora_server::followers::watch::{WatchBatch, WatchQuery, WatchStart, WatchStream};
use opora_store::{AppendError, Epoch};
use proptest::prelude::*;

use super::*;

/// Enough for every ticket of a story to be spoken of by most steps.
const TICKETS: u64 = 6;

fn follower(of: &Bench) -> Bench {
    let (store, dir) = (Arc::new(Memory::default()), tempfile::tempdir().unwrap());
    let mut follower =
        Bench { desk: of.desk.clone(), store, hands: of.hands.clone(), dir, search: of.search, timers: true };
    follower.desk = open(&follower);
    follower
}

fn open(bench: &Bench) -> Desk {
    let options = DeskOptions {
        clock: bench.hands.clone(),
        search: bench.search,
        timers: bench.timers,
        leads: false,
        ..DeskOptions::new(bench.dir.path().to_owned())
    };
    Desk::open(bench.store.clone() as Arc<dyn Store>, options).unwrap()
}

/// Gives a desk the next commits of another one's journal; whether there were any.
fn feed(from: &Bench, to: &Bench, most: usize) -> bool {
    let next = to.desk.revision().next();
    let commits = from.store.commits(next, most, usize::MAX).unwrap();
    to.desk.follow(from.store.epoch(), &commits).unwrap();
    !commits.is_empty()
}

fn refused(answer: &Result<Done, Refused>) {
    assert!(matches!(answer, Err(Refused::NotLeader)), "{answer:?}");
}

fn agent(n: u8) -> AgentId {
    AgentId::new(&format!("agent-{n}")).unwrap()
}

/// Everything that a caller can read of a desk, in words.
async fn shown(bench: &Bench) -> Vec<String> {
    let desk = &bench.desk;
    let mut all = vec![format!("{:?} {:?}", desk.position(), desk.now())];
    all.extend((1..9).map(|version| format!("{:?}", desk.policy(&PolicyRef { version, ..PolicyRef::builtin() }))));
    let agents: Vec<_> =
        (0..=u8::MAX).map(|n| desk.directory().agent(&agent(n)).map(|entry| format!("{entry:?}"))).collect();
    all.push(format!("{agents:?}"));
    assert!(desk.searchable(desk.revision(), Duration::from_mins(1)).await);
    for (text, order) in [("", "urgency"), ("", "number desc"), ("state = NEW", "number"), ("\"звонки\"", "urgency")]
    {
        let query = ListQuery {
            filter: filter(text),
            order: order.parse().unwrap(),
            after: None,
            limit: 100,
            max_bytes: 2 << 20,
            with_descriptions: false,
            include_total: true,
        };
        let page = desk.list(&Call::own(), query).await.unwrap();
        let tickets: Vec<_> = page.tickets.iter().map(|listed| listed.ticket.clone()).collect();
        all.push(format!("{text} {order} {:?} {:?} {tickets:?}", page.total, page.revision));
    }
    for number in (1..=desk.position().tickets).map(TicketNumber) {
        all.push(format!("{:?}", desk.ticket(&Call::own(), TicketRef::Number(number)).unwrap()));
        all.push(format!("{:?}", desk.explain(&Call::own(), TicketRef::Number(number)).unwrap()));
        let query = HistoryQuery { ticket: number, newest_first: true, after: None, limit: 500, max_bytes: 8 << 20 };
        all.push(format!("{:?}", desk.events(&Call::own(), query).await.unwrap().items));
        all.push(format!("{:?}", desk.comments(&Call::own(), query).await.unwrap().items));
    }
    all
}

async fn watch(bench: &Bench, text: &str) -> WatchStream {
    let query = WatchQuery {
        filter_text: text.into(),
        filter: filter(text),
        start: WatchStart::From(Revision(1)),
        store_uid: None,
    };
    bench.desk.watch(&Call::own(), query).await.unwrap()
}

/// What a watcher is told of the next revision that concerns it, and whether each ticket left its view.
async fn told(stream: &mut WatchStream) -> String {
    loop {
        if let WatchBatch::Events(matched) = stream.next().await.unwrap() {
            let events: Vec<_> = matched.events().map(|(event, left)| format!("{event:?} {left}")).collect();
            return format!("{:?} {events:?}", matched.commit.revision);
        }
    }
}

/// One thing that happens to a desk.
#[derive(Clone, Debug)]
enum Step {
    Create(u8),
    Change(u64, Change),
    All(Change),
    Agent(u8),
    Policy(i64),
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let number = || (1..=TICKETS).prop_map(TicketNumber);
    let state = proptest::sample::select(TicketState::ALL.to_vec());
    let priority = proptest::sample::select(Priority::ALL.to_vec());
    let reason: Arc<str> = "так вышло".into();
    let why = move || reason.clone();
    let (why_moved, why_priority, why_rung, why_merged) = (why(), why(), why(), why());
    let change = prop_oneof![
        4 => state.prop_map(move |state| Change::Transition { state, reason: why_moved.clone() }),
        2 => priority.prop_map(move |to| {
            Change::Reprioritise { to: Reprioritise::Priority(to), reason: why_priority.clone() }
        }),
        1 => Just(Change::Escalate { rung: None, reason: why_rung }),
        3 => (any::<bool>(), 0..5_u8).prop_map(|(public, n)| Change::Comment {
            body: format!("звонки {n}").into(),
            visibility: if public { Visibility::Public } else { Visibility::Internal },
            author: None,
            seen_through: None,
        }),
        1 => number().prop_map(move |target| Change::Merge { target, target_etag: None, reason: why_merged.clone() }),
        1 => Just(Change::Unmerge { reason: "".into() }),
        1 => number().prop_map(|target| Change::Link { target, kind: LinkKind::Related }),
    ];
    prop_oneof![
        3 => (0..9_u8).prop_map(Step::Create),
        8 => (1..=TICKETS, change.clone()).prop_map(|(number, change)| Step::Change(number, change)),
        1 => change.prop_map(Step::All),
        1 => any::<u8>().prop_map(Step::Agent),
        1 => (1..9_i64).prop_map(Step::Policy),
        2 => (1..90_i64).prop_map(Step::Pass),
    ]
}

async fn take(bench: &Bench, step: Step) {
    let action = match step {
        Step::Create(n) => {
            let impact = Some(if n % 2 == 0 { Impact::ServiceDown } else { Impact::ServiceIntermittent });
            Action::Create(Box::new(NewTicket { impact, ..new_ticket(&format!("звонки {n}")) }))
        }
        Step::Change(number, change) => {
            Action::Change { ticket: TicketRef::Number(TicketNumber(number)), etag: None, change }
        }
        Step::All(change) => {
            let tickets = (1..=TICKETS).map(|n| (TicketRef::Number(TicketNumber(n)), None)).collect();
            Action::Batch { tickets, change }
        }
        Step::Agent(n) => Action::Directory(Box::new(new_agent(&agent(n)))),
        Step::Policy(days) => {
            let mut definition = Policy::builtin().definition().clone();
            definition.cells[1].resolution = Target::Open(Length::Days(u32::try_from(days).unwrap()));
            Action::ApplyPolicy { definition: Box::new(definition), reason: "договор".into(), etag: None }
        }
        Step::Pass(minutes) => return bench.hands.pass(minutes),
    };
    // Many are refused: a story goes on.
    drop(bench.desk.submit(submission(action)).await);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_desk_that_follows_answers_the_same_at_each_revision(steps in prop::collection::vec(step(), 20..30)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let first = Bench::with(true, false, 100);
            let second = follower(&first);
            let filters = ["", "state = NEW OR state = IN_PROGRESS", "priority = CRITICAL"];
            let mut streams = Vec::new();
            for text in filters {
                streams.push((watch(&first, text).await, watch(&second, text).await));
            }
            for step in steps {
                take(&first, step).await;
                // What takes several revisions is looked at when the last of them is there, as the first desk is read only then.
                while feed(&first, &second, 1) {}
                for (of_second, of_first) in shown(&second).await.into_iter().zip(shown(&first).await) {
                    assert_eq!(of_second, of_first);
                }
            }
            let newest = ticket(first.desk.submit(felt("звонки", Impact::ServiceDown)).await.unwrap()).revision;
            while feed(&first, &second, 3) {}
            for (one, two) in &mut streams {
                loop {
                    let next = told(one).await;
                    assert_eq!(told(two).await, next);
                    if next.starts_with(&format!("{newest:?}")) {
                        break;
                    }
                }
            }
            first.desk.stop().await.unwrap();
            second.desk.stop().await.unwrap();
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_that_follows_refuses_every_change_and_takes_over_at_the_next_revision_and_number() {
    let first = Bench::new();
    let second = follower(&first);
    let asked = creating("до", Some((1, 1)));
    let before = first.desk.submit(asked.clone()).await.unwrap();
    first.create("до").await;
    while feed(&first, &second, 9) {}

    refused(&second.desk.submit(asked.clone()).await);
    refused(&second.desk.submit(changing(TicketNumber(1), Change::Assign(None))).await);
    let tickets = vec![(TicketRef::Number(TicketNumber(1)), None)];
    refused(&second.desk.submit(submission(Action::Batch { tickets, change: Change::Assign(None) })).await);
    refused(
        &second.desk.submit(submission(Action::Directory(Box::new(new_agent(&AgentId::new("anna").unwrap()))))).await,
    );
    let definition = Box::new(Policy::builtin().definition().clone());
    refused(&second.desk.submit(submission(Action::ApplyPolicy { definition, reason: "".into(), etag: None })).await);
    refused(&second.desk.submit(submission(Action::FinishImport(Origin::Import))).await);
    assert_eq!((second.desk.leads(), second.desk.revision()), (false, Revision(2)));

    assert_eq!(second.desk.take_over().unwrap(), Epoch(1));
    assert_eq!(second.desk.take_over().unwrap(), Epoch(1), "it leads already");
    assert!(second.desk.leads());
    let again = second.desk.submit(asked).await.unwrap();
    assert_eq!((again.revision, ticket(again)), (before.revision, ticket(before)), "what was answered before is known");
    let next = second.create("после").await;
    assert_eq!((next.number, next.revision), (TicketNumber(3), Revision(3)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_led_before_is_refused_and_steps_down() {
    let first = Bench::new();
    let second = follower(&first);
    first.create("до").await;
    while feed(&first, &second, 9) {}
    assert!(matches!(first.desk.follow(Epoch::FIRST, &[]), Err(FollowError::Leads(Epoch(0)))));
    second.desk.take_over().unwrap();

    // What the first one still decides is of an epoch that is over.
    first.create("ещё").await;
    let late = first.store.commits(Revision(2), 9, usize::MAX).unwrap();
    assert!(matches!(second.desk.follow(Epoch::FIRST, &late), Err(FollowError::Leads(Epoch(1)))));
    let mut third = follower(&second);
    while feed(&second, &third, 9) {}
    let fenced = third.desk.follow(Epoch::FIRST, &late);
    assert!(matches!(fenced, Err(FollowError::Append(AppendError::Fenced { .. }))), "{fenced:?}");
    assert_eq!(third.desk.revision(), Revision(1));

    // Its store is led by somebody else: it learns so at its next change, and only follows then.
    second.store.lead(Epoch(2)).unwrap();
    refused(&second.desk.submit(creating("поздно", None)).await);
    assert!(!second.desk.leads());

    // A newer epoch makes whoever led follow.
    third.desk.take_over().unwrap();
    let decided = third.create("третий").await;
    let commits = third.store.commits(decided.revision, 9, usize::MAX).unwrap();
    third.desk.stop().await.unwrap();
    third.desk = open(&third);
    assert!(!third.desk.leads());
    assert_eq!(third.store.epoch(), Epoch(2), "whose turn it is outlasts a restart");
    second.desk.follow(Epoch(2), &commits).unwrap();
    assert_eq!(second.desk.ticket(&Call::own(), TicketRef::Number(decided.number)).unwrap().unwrap(), decided);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timers_of_a_desk_that_follows_wait_until_it_leads() {
    let first = Bench::new();
    let second = follower(&first);
    let number = ticket(first.desk.submit(felt("часы", Impact::ServiceIntermittent)).await.unwrap()).number;
    while feed(&first, &second, 9) {}
    second.hands.pass(60);
    // It has looked at the clock since: what follows the log and the clock does both at each look.
    until(|| second.desk.followers().iter().all(|follower| follower.revision == Revision(1))).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(second.desk.revision(), Revision(1));
    second.desk.take_over().unwrap();
    until(|| second.desk.revision() > Revision(1)).await;
    let query = HistoryQuery { ticket: number, newest_first: false, after: None, limit: 9, max_bytes: 1 << 20 };
    let events = second.desk.events(&Call::own(), query).await.unwrap().items;
    assert!(events.iter().any(|entry| matches!(entry.event.change, Happened::SlaBreached { .. })), "{events:?}");
}
