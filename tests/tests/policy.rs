//! A new version of a policy on a running desk: told before it is done, done on every open ticket that runs by it, and
//! once for one request id. And the queue's numbers against a list of the same tickets.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use futures::StreamExt as _;
use opora_proto::client::{Desk, request_id};
use opora_proto::error::ErrorReason;
use opora_proto::v1;
use opora_proto::v1::ticket_event::Change;
use opora_tests::{Server, agent, comment, create, get, new_ticket, reason, transition, violated};
use prost_types::Timestamp;
use tonic::Code;

/// An instant so long ago.
fn ago(length: Duration) -> Timestamp {
    (SystemTime::now() - length).into()
}

const HOUR: i64 = 3_600;

/// Creates a ticket that came in so many hours ago, as an import does.
async fn old(desk: &Desk, subject: &str, hours: u64, impact: v1::Impact) -> v1::Ticket {
    let mut request = new_ticket(subject);
    let ticket = request.ticket.as_mut().unwrap();
    ticket.origin = v1::Origin::Import.into();
    ticket.impact = impact.into();
    request.import_time = Some(ago(Duration::from_hours(hours)));
    desk.tickets().create_ticket(request).await.unwrap().into_inner().ticket.unwrap()
}

async fn finish_import(desk: &Desk) {
    let request = v1::FinishImportRequest { origin: v1::Origin::Import.into(), request_id: request_id() };
    desk.admin().finish_import(request).await.unwrap();
}

async fn policy(desk: &Desk, name: &str) -> v1::Policy {
    let request = v1::GetPolicyRequest { name: name.into() };
    desk.sla().get_policy(request).await.unwrap().into_inner().policy.unwrap()
}

/// The newest default policy with another first response for LOW.
async fn low_answered_within(desk: &Desk, target: &str) -> v1::ApplyPolicyRequest {
    let mut policy = policy(desk, "policies/default").await;
    let low = policy.cells.iter_mut().find(|cell| cell.priority() == v1::Priority::Low).unwrap();
    target.clone_into(&mut low.first_response);
    v1::ApplyPolicyRequest {
        policy: Some(policy),
        dry_run: false,
        request_id: request_id(),
        reason: "договор".into(),
        etag: String::new(),
    }
}

async fn apply(desk: &Desk, request: v1::ApplyPolicyRequest) -> v1::ApplyPolicyResponse {
    desk.sla().apply_policy(request).await.unwrap().into_inner()
}

fn first_response(ticket: &v1::Ticket) -> v1::Clock {
    ticket.sla.clone().unwrap().first_response.unwrap()
}

async fn events(desk: &Desk, name: &str) -> Vec<v1::TicketEvent> {
    let request = v1::ListEventsRequest { name: name.into(), page_size: 1000, ..Default::default() };
    desk.tickets().list_events(request).await.unwrap().into_inner().events
}

/// A desk with tickets in every relation to the cell that will change.
struct Tickets {
    /// LOW, unanswered, nine hours old.
    aged: v1::Ticket,
    /// LOW, unanswered, just created.
    fresh: v1::Ticket,
    /// LOW, answered.
    answered: v1::Ticket,
    /// CRITICAL: another cell.
    critical: v1::Ticket,
    /// LOW, closed: it runs by no policy any more.
    closed: v1::Ticket,
}

async fn tickets(desk: &Desk) -> Tickets {
    agent(desk, "olga").await;
    let aged = old(desk, "давняя", 9, v1::Impact::OneWorkstation).await;
    finish_import(desk).await;
    let fresh = create(desk, "свежая").await.unwrap();
    let answered = create(desk, "отвеченная").await.unwrap();
    comment(desk, &answered.name, "Видим.", v1::Visibility::Public).await.unwrap();
    let mut request = new_ticket("всё стоит");
    request.ticket.as_mut().unwrap().impact = v1::Impact::ServiceDown.into();
    let critical = desk.tickets().create_ticket(request).await.unwrap().into_inner().ticket.unwrap();
    let closed = create(desk, "закрытая").await.unwrap();
    transition(desk, &closed.name, v1::TicketState::Resolved).await.unwrap();
    transition(desk, &closed.name, v1::TicketState::Closed).await.unwrap();
    assert_eq!((fresh.priority(), critical.priority()), (v1::Priority::Low, v1::Priority::Critical));
    Tickets { aged, fresh, answered, critical, closed }
}

#[tokio::test]
async fn a_dry_run_tells_what_would_move_and_moves_nothing() {
    let server = Server::start();
    let desk = server.desk();
    let all = tickets(&desk).await;
    let before = desk.admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner().revision;
    let request =
        v1::ApplyPolicyRequest { dry_run: true, reason: String::new(), ..low_answered_within(&desk, "12 h").await };
    let told = apply(&desk, request).await;
    assert_eq!((told.ticket_count, told.moved_count, told.breached_count), (4, 2, 0), "{told:?}");
    let mut moved: Vec<_> = told.moves.iter().map(|m| m.ticket.as_str()).collect();
    moved.sort_unstable();
    assert_eq!(moved, [all.aged.name.as_str(), all.fresh.name.as_str()]);
    for shown in &told.moves {
        let clock = |sla: &Option<v1::TicketSla>| sla.as_ref().unwrap().first_response.unwrap();
        let (old, new) = (clock(&shown.before).due_time.unwrap(), clock(&shown.after).due_time.unwrap());
        assert_eq!(old.seconds - new.seconds, 12 * HOUR);
    }
    assert_eq!(told.revision, before);
    assert_eq!(policy(&desk, "policies/default").await.version, 1);
    assert_eq!(get(&desk, &all.fresh.name).await.unwrap(), all.fresh);
    // What would be over by it is counted as a breach.
    let request = v1::ApplyPolicyRequest { dry_run: true, ..low_answered_within(&desk, "2 h").await };
    let told = apply(&desk, request).await;
    assert_eq!((told.moved_count, told.breached_count), (2, 1), "{told:?}");
}

#[tokio::test]
async fn every_open_ticket_of_the_policy_takes_the_new_version_with_an_event_and_no_other_does() {
    let server = Server::start();
    let desk = server.desk();
    let all = tickets(&desk).await;
    let done = apply(&desk, low_answered_within(&desk, "2 h").await).await;
    assert_eq!((done.ticket_count, done.moved_count, done.breached_count), (4, 2, 1), "{done:?}");
    assert_eq!(done.policy.as_ref().unwrap().version, 2);
    for before in [&all.aged, &all.fresh, &all.answered, &all.critical] {
        let after = get(&desk, &before.name).await.unwrap();
        assert_eq!(after.sla.as_ref().unwrap().policy, "policies/default@2", "{}", before.name);
        let applied = events(&desk, &before.name).await.into_iter().filter_map(|event| match event.change {
            Some(Change::PolicyApplied(change)) => Some((change, event.reason)),
            _ => None,
        });
        let change =
            v1::PolicyApplied { previous_policy: "policies/default@1".into(), policy: "policies/default@2".into() };
        assert_eq!(applied.collect::<Vec<_>>(), [(change, "договор".to_owned())], "{}", before.name);
    }
    let due = |ticket: &v1::Ticket| first_response(ticket).due_time.map(|due| due.seconds);
    let fresh = get(&desk, &all.fresh.name).await.unwrap();
    assert_eq!(due(&fresh), due(&all.fresh).map(|due| due - 22 * HOUR));
    // What only the policy put into the past is breached by the policy, and told.
    let aged = first_response(&get(&desk, &all.aged.name).await.unwrap());
    assert_eq!(aged.breach_cause(), v1::BreachCause::Policy);
    let told = events(&desk, &all.aged.name).await.into_iter().filter_map(|event| match event.change {
        Some(Change::SlaBreached(breach)) => Some((breach.breach_time, breach.cause())),
        _ => None,
    });
    // The event's time is the clock's: the change, not the due instant that it put into the past.
    let breach = (aged.breach_time, v1::BreachCause::Policy);
    assert_eq!(told.collect::<Vec<_>>(), [breach]);
    assert_ne!(aged.breach_time, aged.due_time);
    // What was answered stays answered; what is continuous has no due time; what is closed is left alone.
    let answered = first_response(&get(&desk, &all.answered.name).await.unwrap());
    assert_eq!(answered.state(), v1::ClockState::Met);
    let closed = get(&desk, &all.closed.name).await.unwrap();
    assert_eq!(closed.sla.unwrap().policy, "policies/default@1");
    // Both versions can be read, and new tickets start with the new one.
    assert_eq!(policy(&desk, "policies/default@1").await.version, 1);
    assert_eq!(policy(&desk, "policies/default").await, done.policy.unwrap());
    assert_eq!(create(&desk, "новая").await.unwrap().sla.unwrap().policy, "policies/default@2");
}

#[tokio::test]
async fn the_same_request_makes_one_version_also_across_a_restart() {
    let mut server = Server::start();
    let desk = server.desk();
    let all = tickets(&desk).await;
    let request = low_answered_within(&desk, "2 h").await;
    let first = apply(&desk, request.clone()).await;
    assert_eq!((first.moved_count, first.breached_count, first.moves.len()), (2, 1, 2), "{first:?}");
    assert_eq!(apply(&desk, request.clone()).await, first, "the first answer comes again");
    let other = v1::ApplyPolicyRequest { reason: "другое".into(), ..request.clone() };
    let status = desk.sla().apply_policy(other).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::AlreadyExists, Some(ErrorReason::RequestIdReused)));
    server.kill();
    server.restart();
    let desk = server.desk();
    // What moved is told as it was then, whatever became of it.
    transition(&desk, &all.aged.name, v1::TicketState::Resolved).await.unwrap();
    assert_eq!(apply(&desk, request).await, first, "the first answer comes again after a crash");
    assert_eq!(policy(&desk, "policies/default").await.version, 2);
    let applied = |event: &v1::TicketEvent| matches!(event.change, Some(Change::PolicyApplied(_)));
    for ticket in [&all.aged, &all.critical] {
        assert_eq!(events(&desk, &ticket.name).await.iter().filter(|event| applied(event)).count(), 1);
    }
}

/// How many tickets a policy is applied to: many parts of it.
const MANY: usize = 4_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_whose_application_was_cut_off_by_a_crash_is_applied_to_the_end_by_the_same_request() {
    let mut server = Server::start();
    let desk = server.desk();
    let made = futures::stream::iter(0..MANY).map(|n| {
        let desk = desk.clone();
        async move { create(&desk, &format!("заявка {n}")).await.unwrap() }
    });
    let made: Vec<v1::Ticket> = made.buffer_unordered(64).collect().await;
    let request = low_answered_within(&desk, "12 h").await;
    let newest = made.iter().map(|ticket| ticket.revision).max().unwrap();
    let watch = |from_revision| v1::WatchTicketsRequest { from_revision, ..Default::default() };
    let mut stream = desk.without_deadline().tickets().watch_tickets(watch(newest + 1)).await.unwrap().into_inner();
    let (asked, asking) = (desk.clone(), request.clone());
    let call = tokio::spawn(async move { asked.sla().apply_policy(asking).await });
    // Killed as soon as the first tickets have it.
    while stream.message().await.unwrap().unwrap().events.is_empty() {}
    server.kill();
    let _ = call.await.unwrap();
    server.restart();
    let desk = server.desk();
    let done = apply(&desk, request.clone()).await;
    let many = MANY as u64;
    assert_eq!((done.ticket_count, done.moved_count, done.breached_count), (many, many, 0), "as before the crash");
    assert_eq!((done.moves.len(), done.policy.as_ref().unwrap().version), (100, 2));
    for shown in &done.moves {
        let clock = |sla: &Option<v1::TicketSla>| sla.as_ref().unwrap().first_response.unwrap();
        assert!(clock(&shown.before).due_time.unwrap().seconds > clock(&shown.after).due_time.unwrap().seconds);
    }
    // Each ticket took it once.
    let mut stream = desk.without_deadline().tickets().watch_tickets(watch(newest + 1)).await.unwrap().into_inner();
    let mut taken: BTreeMap<String, u32> = BTreeMap::new();
    while taken.len() < MANY {
        let message = stream.message().await.unwrap().unwrap();
        for event in &message.events {
            assert!(matches!(event.change, Some(Change::PolicyApplied(_))), "{event:?}");
            *taken.entry(event.ticket.clone().unwrap().name).or_default() += 1;
        }
        assert!(message.revision <= done.revision);
    }
    assert!(taken.values().all(|&times| times == 1));
    // And again, also after another crash: the same answer to the letter.
    assert_eq!(apply(&desk, request.clone()).await, done);
    server.kill();
    server.restart();
    assert_eq!(apply(&server.desk(), request).await, done);
}

#[tokio::test]
async fn a_policy_that_is_none_is_refused_and_its_fields_named() {
    let server = Server::start();
    let desk = server.desk();
    let good = low_answered_within(&desk, "2 h").await;
    let with = |change: &dyn Fn(&mut v1::ApplyPolicyRequest)| {
        let mut request = v1::ApplyPolicyRequest { request_id: request_id(), ..good.clone() };
        change(&mut request);
        request
    };
    let cases = [
        (with(&|r| r.reason.clear()), "reason"),
        (with(&|r| r.policy = None), "policy.name"),
        (with(&|r| r.policy.as_mut().unwrap().cells.truncate(3)), "policy.cells"),
        (with(&|r| r.policy.as_mut().unwrap().cells[1].priority = 1), "policy.cells[1].priority"),
        (
            with(&|r| r.policy.as_mut().unwrap().cells[0].first_response = "soon".into()),
            "policy.cells[0].first_response",
        ),
        (with(&|r| r.policy.as_mut().unwrap().cells[2].resolution_calendar = "moon".into()), "policy.cells"),
        (with(&|r| r.request_id = "x".into()), "request_id"),
    ];
    for (request, path) in cases {
        let status = desk.sla().apply_policy(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{path}: {status:?}");
        assert!(violated(&status).iter().any(|field| field == path), "{path} is not among {:?}", violated(&status));
    }
    assert_eq!(policy(&desk, "policies/default").await.version, 1);
}

/// What a list of tickets says of the queue's numbers.
fn counted(tickets: &[v1::Ticket], now: i64) -> v1::GetQueueSummaryResponse {
    let mut summary = v1::GetQueueSummaryResponse::default();
    let (mut states, mut priorities, mut assignees) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for ticket in tickets {
        let sla = ticket.sla.clone().unwrap();
        let clocks = [sla.first_response.unwrap(), sla.resolution.unwrap()];
        let unmet = || clocks.iter().filter(|c| !matches!(c.state(), v1::ClockState::Met | v1::ClockState::Stopped));
        // A due time that has passed is a breach, whether or not a timer has told it yet.
        let over =
            |clock: &v1::Clock| clock.breach_time.is_some() || clock.due_time.is_some_and(|due| due.seconds <= now);
        let breached = unmet().any(&over);
        let ahead = || unmet().filter(|clock| !over(clock)).filter_map(|clock| clock.due_time);
        summary.open_count += 1;
        summary.breached_count += u64::from(breached);
        summary.due_soon_count += u64::from(ahead().any(|due| due.seconds <= now + HOUR));
        summary.continuous_count += u64::from(clocks[1].state() == v1::ClockState::Continuous);
        summary.unassigned_count += u64::from(ticket.assignee.is_empty());
        summary.escalated_count += u64::from(ticket.escalation.as_ref().is_some_and(|e| e.rung > 0));
        let earliest = ahead().map(|due| (due.seconds, due.nanos)).min();
        let known = summary.next_due_time.map(|due| (due.seconds, due.nanos));
        summary.next_due_time =
            earliest.into_iter().chain(known).min().map(|(seconds, nanos)| Timestamp { seconds, nanos });
        *states.entry(ticket.state).or_insert(0) += 1;
        let priority: &mut (u64, u64) = priorities.entry(ticket.priority).or_default();
        *priority = (priority.0 + 1, priority.1 + u64::from(breached));
        let assignee: &mut (u64, u64) = assignees.entry(ticket.assignee.clone()).or_default();
        *assignee = (assignee.0 + 1, assignee.1 + u64::from(breached));
    }
    let states = states.into_iter();
    summary.by_state = states.map(|(state, count)| v1::StateCount { state, count }).collect();
    let counts = priorities.into_iter();
    summary.by_priority = counts
        .map(|(priority, (count, breached_count))| v1::PriorityCount { priority, count, breached_count })
        .collect();
    let counts = assignees.into_iter();
    summary.by_assignee = counts
        .map(|(assignee, (count, breached_count))| v1::AssigneeCount { assignee, count, breached_count })
        .collect();
    summary.by_assignee.sort_by_key(|c| (std::cmp::Reverse(c.count), c.assignee.clone()));
    summary
}

async fn varied(desk: &Desk) {
    use v1::{Impact, TicketState};
    agent(desk, "olga").await;
    agent(desk, "ivan").await;
    let impacts =
        [Impact::OneWorkstation, Impact::SeveralWorkstations, Impact::ServiceIntermittent, Impact::ServiceDown];
    let mut made = Vec::new();
    for n in 0..40_usize {
        made.push(old(desk, &format!("заявка {n}"), [2, 23, 40, 200][n / 4 % 4], impacts[n % 4]).await);
    }
    finish_import(desk).await;
    for (n, ticket) in made.iter().enumerate() {
        if n % 3 != 0 {
            let request = v1::AssignTicketRequest {
                name: ticket.name.clone(),
                assignee: format!("agents/{}", if n % 3 == 1 { "olga" } else { "ivan" }),
                request_id: request_id(),
                ..Default::default()
            };
            desk.tickets().assign_ticket(request).await.unwrap();
        }
        if n % 5 == 0 {
            comment(desk, &ticket.name, "Видим.", v1::Visibility::Public).await.unwrap();
        }
        if n % 7 == 0 {
            let request = v1::EscalateTicketRequest {
                name: ticket.name.clone(),
                reason: "нужна помощь".into(),
                request_id: request_id(),
                ..Default::default()
            };
            desk.tickets().escalate_ticket(request).await.unwrap();
        }
        match n % 8 {
            2 => drop(transition(desk, &ticket.name, TicketState::WaitingForCustomer).await.unwrap()),
            3 => drop(transition(desk, &ticket.name, TicketState::Resolved).await.unwrap()),
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_queues_numbers_are_those_of_a_list_of_the_same_tickets() {
    let server = Server::start();
    let desk = server.desk();
    varied(&desk).await;
    let open = "(state = NEW OR state = IN_PROGRESS OR state = WAITING_FOR_CUSTOMER)";
    for filter in
        ["", "priority >= HIGH", "assignee = \"agents/olga\"", "priority = LOW AND state = NEW", "breached = true"]
    {
        let whole = if filter.is_empty() { open.to_owned() } else { format!("{open} AND {filter}") };
        let list = v1::ListTicketsRequest { filter: whole, page_size: 1000, ..Default::default() };
        let ask = v1::GetQueueSummaryRequest { filter: filter.into(), due_within: None };
        // Both have to speak of the same revision: the timers may still be telling what fell due long ago.
        let (listed, told) = loop {
            let listed = desk.tickets().list_tickets(list.clone()).await.unwrap().into_inner();
            let told = desk.reports().get_queue_summary(ask.clone()).await.unwrap().into_inner();
            if listed.revision == told.revision {
                break (listed.tickets, told);
            }
        };
        let now = i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()).unwrap();
        let mut wanted = counted(&listed, now);
        (wanted.revision, wanted.store_uid) = (told.revision, told.store_uid.clone());
        let mut shown = told.clone();
        // Where there are none the server may say so or be silent.
        shown.by_state.retain(|count| count.count > 0);
        shown.by_priority.retain(|count| count.count > 0);
        assert_eq!(shown, wanted, "{filter}");
        assert!(filter.starts_with("priority = LOW") || shown.open_count >= 3, "{filter}: {shown:?}");
    }
    let request = v1::GetQueueSummaryRequest { filter: "звонки".into(), due_within: None };
    let status = desk.reports().get_queue_summary(request).await.unwrap_err();
    assert_eq!(reason(&status), Some(ErrorReason::InvalidFilter));
}
