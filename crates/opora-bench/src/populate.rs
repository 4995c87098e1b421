//! Fills a server through its API: so many tickets of which a tenth stay open, the others created in the past,
//! resolved one by one and closed in batches, as an import does it: some thousands after the other, so that never many
//! more than a tenth are open.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use opora_proto::v1;
use prost::Message as _;
use prost_types::Timestamp;
use serde_json::{Value, json};

use crate::error::{BenchError, Outcome};
use crate::load::{Body, drain};
use crate::opora::{BATCH, CREATE, FINISH, Lag, Opora, TRANSITION, create, request_id};
use crate::raw::Lane;
use crate::slim;

/// Calls at a time: what four connections take.
const IN_FLIGHT: usize = 256;
/// How many tickets are created before they are resolved and closed.
const PART: u64 = 20_000;
/// The most names of one batch.
const BATCH_NAMES: usize = 500;
/// How long followers may take to read everything.
const PATIENCE: Duration = Duration::from_mins(30);
/// How long before now the imported tickets were created.
const AGE: Duration = Duration::from_hours(48);

/// What a server was filled with, and how long it took.
#[derive(Clone, Debug)]
pub(crate) struct Population {
    /// Tickets.
    pub(crate) tickets: u64,
    /// Changes after creation.
    pub(crate) changes: u64,
    /// Seconds by step.
    steps: Vec<(&'static str, f64)>,
    /// Where followers were when the last step was done.
    lag: Lag,
}

impl Population {
    /// For the results.
    pub(crate) fn json(&self) -> Value {
        let steps: serde_json::Map<String, Value> =
            self.steps.iter().map(|(name, seconds)| ((*name).to_owned(), json!(seconds))).collect();
        json!({ "tickets": self.tickets, "changes": self.changes, "seconds": steps, "followers": self.lag.json() })
    }
}

/// Whether the ticket of that number stays open.
fn stays_open(n: u64) -> bool {
    n.is_multiple_of(10)
}

/// Fills an empty server.
pub(crate) async fn fill(opora: &Opora, size: u64) -> Outcome<Population> {
    let lanes = opora.lanes(4).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let past = now.saturating_sub(AGE);
    let mut steps = Vec::new();

    let mut spent = [0.0; 3];
    let mut changes = 0;
    for first in (0..size).step_by(PART as usize) {
        let numbers = first..size.min(first + PART);
        let begin = Instant::now();
        let closing = create_all(&lanes, numbers, past).await?;
        spent[0] += begin.elapsed().as_secs_f64();
        let begin = Instant::now();
        resolve_all(&lanes, closing.clone(), past).await?;
        spent[1] += begin.elapsed().as_secs_f64();
        let begin = Instant::now();
        close_all(&lanes, &closing, now.saturating_sub(Duration::from_hours(1))).await?;
        spent[2] += begin.elapsed().as_secs_f64();
        changes += 2 * closing.len() as u64;
    }
    steps.extend(["creating", "resolving", "closing"].into_iter().zip(spent));

    let begin = Instant::now();
    let mut lane = lanes.first().cloned().ok_or_else(|| BenchError::Void("no connection".into()))?;
    let finish = v1::FinishImportRequest { origin: v1::Origin::Import.into(), request_id: request_id('f', size) };
    lane.ask::<v1::FinishImportResponse>(FINISH, &finish).await?;
    steps.push(("finishing", begin.elapsed().as_secs_f64()));

    let lag = opora.catch_up(PATIENCE).await?;
    Ok(Population { tickets: size, changes, steps, lag })
}

/// Fills an empty server with tickets that all stay open.
pub(crate) async fn open(opora: &Opora, size: u64) -> Outcome<()> {
    let body: Body = Arc::new(|n| Bytes::from(create(n, 'p').encode_to_vec()));
    drain(&opora.lanes(4).await?, CREATE, 0..size, IN_FLIGHT, body, Arc::new(|_, _| Ok(()))).await?;
    opora.catch_up(PATIENCE).await.map(|_| ())
}

/// A ticket's number at the server, and its number here.
type Pair = (u64, u64);

/// Creates the tickets; gives those that shall be closed.
async fn create_all(lanes: &[Lane], numbers: Range<u64>, past: Duration) -> Outcome<Vec<Pair>> {
    let body: Body = Arc::new(move |n| {
        let mut request = create(n, 'p');
        if !stays_open(n) {
            request.import_time = Some(created_at(n, past));
            if let Some(ticket) = &mut request.ticket {
                ticket.origin = v1::Origin::Import.into();
            }
        }
        Bytes::from(request.encode_to_vec())
    });
    let closing: Arc<Mutex<Vec<Pair>>> = Arc::default();
    let kept = closing.clone();
    let answer = move |n, bytes: Bytes| {
        if !stays_open(n) {
            let number = slim::Created::decode(bytes)?.ticket.unwrap_or_default().number;
            kept.lock().unwrap_or_else(PoisonError::into_inner).push((number, n));
        }
        Ok(())
    };
    drain(lanes, CREATE, numbers, IN_FLIGHT, body, Arc::new(answer)).await?;
    Ok(std::mem::take(&mut *closing.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// Resolves them one by one, five minutes after their creation: in time for every clock.
async fn resolve_all(lanes: &[Lane], closing: Vec<Pair>, past: Duration) -> Outcome<()> {
    let end = closing.len() as u64;
    let body: Body = Arc::new(move |at| {
        let (number, n) = closing.get(at as usize).copied().unwrap_or_default();
        let mut time = created_at(n, past);
        time.seconds += 300;
        let request = v1::TransitionTicketRequest {
            name: format!("tickets/{number}"),
            state: v1::TicketState::Resolved.into(),
            reason: "solved".into(),
            request_id: request_id('r', n),
            import_time: Some(time),
            ..Default::default()
        };
        Bytes::from(request.encode_to_vec())
    });
    drain(lanes, TRANSITION, 0..end, IN_FLIGHT, body, Arc::new(|_, _| Ok(()))).await
}

/// Closes them in batches.
async fn close_all(lanes: &[Lane], closing: &[Pair], at: Duration) -> Outcome<()> {
    let batches: Arc<Vec<Vec<String>>> = Arc::new(
        closing
            .chunks(BATCH_NAMES)
            .map(|chunk| chunk.iter().map(|(number, _)| format!("tickets/{number}")).collect())
            .collect(),
    );
    let end = batches.len() as u64;
    // No other part's batches have these numbers.
    let first = closing.iter().map(|(_, n)| *n).min().unwrap_or_default();
    let body: Body = Arc::new(move |n| {
        let transition = v1::TransitionTicketRequest {
            state: v1::TicketState::Closed.into(),
            import_time: Some(timestamp(at)),
            ..Default::default()
        };
        let request = v1::BatchChangeRequest {
            names: batches.get(n as usize).cloned().unwrap_or_default(),
            request_id: request_id('b', first + n),
            change: Some(v1::batch_change_request::Change::Transition(transition)),
            ..Default::default()
        };
        Bytes::from(request.encode_to_vec())
    });
    let answer = |_, bytes: Bytes| {
        let results = slim::Batched::decode(bytes)?.results;
        match results.into_iter().find_map(|result| Some((result.name, result.refusal?))) {
            None => Ok(()),
            Some((name, why)) => {
                Err(BenchError::Void(format!("{name} was not closed: {} {}", why.reason, why.message)))
            }
        }
    };
    drain(lanes, BATCH, 0..end, 8, body, Arc::new(answer)).await
}

/// When the ticket of that number was created: all within a day, none at the same millisecond as the next.
fn created_at(n: u64, past: Duration) -> Timestamp {
    timestamp(past + Duration::from_millis(n % 86_400_000))
}

fn timestamp(since_epoch: Duration) -> Timestamp {
    Timestamp { seconds: since_epoch.as_secs() as i64, nanos: (since_epoch.subsec_millis() * 1_000_000) as i32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_ten_stays_open() {
        assert_eq!((0..1000).filter(|n| stays_open(*n)).count(), 100);
    }

    #[test]
    fn times_are_whole_milliseconds_and_lie_within_a_day_of_the_first() {
        let past = Duration::from_millis(1_767_225_600_123);
        let time = created_at(86_399_999, past);
        assert_eq!(time.nanos % 1_000_000, 0);
        assert!(time.seconds - (past.as_secs() as i64) <= 86_400);
    }
}
