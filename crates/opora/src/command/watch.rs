//! Following what happens. A stream that is cut is taken up again at the revision after the last one seen, so that
//! nothing is missed and nothing comes twice.

use std::time::Duration;

use opora_proto::client::Desk;
use opora_proto::error::ErrorReason;
use opora_proto::v1;
use opora_proto::watch::Following;

use crate::cli::ticket::WatchArgs;
use crate::cli::value::OutputFormat;
use crate::context::Context;
use crate::failure::Failure;

/// The longest pause between two tries to reach the desk again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long nothing may come at least, whatever was asked for: a desk sends a bookmark every 5 s.
const LEAST_SILENCE: Duration = Duration::from_secs(15);

/// What is followed, and how much of it is left.
struct Watching {
    following: Following,
    left: Option<u64>,
    connected_once: bool,
}

/// `ticket watch`.
pub(crate) async fn watch(context: &Context, args: WatchArgs) -> Result<(), Failure> {
    let view = if args.full { v1::TicketView::Full } else { v1::TicketView::Basic };
    let request = v1::WatchTicketsRequest {
        filter: args.filter.join(" "),
        from_revision: args.from_revision.unwrap_or_default(),
        include_current: args.current,
        view: view.into(),
        ..Default::default()
    };
    let mut watching = Watching { following: Following::new(request), left: args.count, connected_once: false };
    let mut tries = 0_u32;
    let mut desk = context.desk.without_deadline().with_silence(context.desk.silence().max(LEAST_SILENCE));
    loop {
        let before = watching.following.revision();
        let Err(failure) = follow(context, &desk, &mut watching).await else { return Ok(()) };
        // A stream that is ended because it was not read fast enough goes on from where it stood.
        let slow = failure.fault().is_some_and(|fault| fault.reason == Some(ErrorReason::WatchTooSlow));
        if !watching.connected_once || !(slow || failure.is_passing()) {
            return Err(failure);
        }
        let seen = watching.following.revision();
        tries = if seen > before { 0 } else { tries + 1 };
        if tries <= 1 && !slow {
            notice(context, "watch-gone", seen.unwrap_or_default());
        }
        tokio::time::sleep(pause(tries)).await;
        // The connection may be one on which nothing comes any more.
        desk = desk.anew();
    }
}

/// Doubles from 100 ms; the jitter keeps many watchers from coming back at once.
fn pause(tries: u32) -> Duration {
    let base = Duration::from_millis(100) * 2_u32.saturating_pow(tries.min(10));
    base.min(LONGEST_PAUSE).mul_f64(rand::random_range(0.5..1.0))
}

fn notice(context: &Context, key: &str, revision: u64) {
    let said = context.out.text.with(key, &[("revision", (&revision.to_string()).into())]);
    // Standard error: standard output belongs to the events. If nobody reads it, nobody misses it.
    let _ = std::io::Write::write_fmt(&mut std::io::stderr().lock(), format_args!("{said}\n"));
}

/// Follows one stream to its end; `Ok` when enough was seen.
async fn follow(context: &Context, desk: &Desk, watching: &mut Watching) -> Result<(), Failure> {
    let mut service = desk.tickets();
    let answer = desk.unless_silent(service.watch_tickets(watching.following.begin())).await;
    let mut stream = answer.map_err(|status| context.failed(&status))?.into_inner();
    watching.connected_once = true;
    loop {
        let message = desk.unless_silent(stream.message()).await.map_err(|status| context.failed(&status))?;
        let Some(mut message) = message else {
            // The end of a stream without an error: the desk stopped.
            return Err(context.failed(&tonic::Status::unavailable("the stream ended")));
        };
        let quiet = message.events.is_empty();
        watching.following.take(&mut message);
        // What an earlier stream has sent of a revision is not shown again.
        if (quiet || !message.events.is_empty()) && show(context, watching, &message)? {
            return Ok(());
        }
    }
}

/// Shows one message; whether enough was seen.
fn show(context: &Context, watching: &mut Watching, message: &v1::WatchTicketsResponse) -> Result<bool, Failure> {
    let out = &context.out;
    match out.format {
        OutputFormat::Table => {
            if !message.tickets.is_empty() {
                out.tickets(&message.tickets)?;
            }
            message.events.iter().try_for_each(|event| out.event(event))?;
        }
        // A bookmark tells a person nothing, a script how far it is.
        OutputFormat::Json | OutputFormat::Ndjson => ndjson(context, message)?,
    }
    let Some(left) = watching.left.as_mut() else { return Ok(false) };
    *left = left.saturating_sub(message.events.len() as u64);
    Ok(*left == 0)
}

/// One line a message, for either form of JSON: a stream has no end that a JSON array could close at.
fn ndjson(context: &Context, message: &v1::WatchTicketsResponse) -> Result<(), Failure> {
    let value = opora_proto::json::to_value(message).map_err(|error| Failure::bug(error.to_string()))?;
    context.out.raw(&format!("{value}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        for tries in 0..40 {
            assert!(pause(tries) <= LONGEST_PAUSE);
        }
        assert!(pause(0) <= Duration::from_millis(100));
        assert!(pause(20) >= LONGEST_PAUSE / 2);
    }
}
