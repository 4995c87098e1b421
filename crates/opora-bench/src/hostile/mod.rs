//! One that behaves beside those that do not: how many of its calls are answered, and how soon, with an attack and
//! without. The probe is a process of its own, the attacks are this one; all of it on loopback, and over by itself.

mod attacks;
mod probe;

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use opora_proto::v1;
use prost::Message as _;

use crate::error::Outcome;
use crate::opora::{CREATE, Opora};
use crate::settings::Settings;

pub(crate) use probe::probe;

/// How many tickets the desk has: enough for a costly filter to cost something.
const TICKETS: usize = 2_000;
/// How long an attack is on before the probe counts.
pub(super) const BEFORE: Duration = Duration::from_millis(1_500);
/// Where attacks come from: another address than the probe's, and its own.
const FROM: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::LOCALHOST];
/// What is expected of the probe's rate.
const EXPECTED: f64 = 0.9;

/// Puts each attack on a server of its own; true: the probe kept its rate beside each.
pub(crate) async fn measure(settings: &Settings) -> Outcome<bool> {
    println!("a probe of {} GetTicket a second; its rate and p99 beside each attack, against without", probe::RATE);
    println!(
        "{:<28} {:<10} {:>10} {:>10} {:>7} {:>10} {:>10}",
        "attack", "from", "without/s", "beside/s", "share", "p99 ms", "p99 ms"
    );
    let mut kept = true;
    for ((name, attack, attackers), from) in attacks::ALL.iter().flat_map(|attack| FROM.map(|from| (attack, from))) {
        let mut opora = Opora::start(settings).await?;
        fill(&opora).await?;
        let without = probe::run(opora.address(), settings.window()).await?;
        let address = opora.address().to_owned();
        let under_way = tokio::spawn(attacks::run(*attack, *attackers, from, address));
        let beside = probe::run(opora.address(), settings.window()).await;
        under_way.abort();
        let beside = beside?;
        let share = beside.rate / without.rate.max(1.0);
        kept &= share >= EXPECTED;
        let (quiet, loud) = (without.p99.as_secs_f64() * 1e3, beside.p99.as_secs_f64() * 1e3);
        let (without, beside) = (without.rate, beside.rate);
        println!("{name:<28} {from:<10} {without:>10.1} {beside:>10.1} {share:>7.2} {quiet:>10.1} {loud:>10.1}");
        opora.stop().await?;
    }
    println!(
        "{}",
        if kept { "the probe kept nine tenths of its rate beside each" } else { "the probe lost more than a tenth" }
    );
    Ok(kept)
}

/// Tickets with long descriptions.
async fn fill(opora: &Opora) -> Outcome<()> {
    let mut lane = opora.lanes(1).await?.remove(0);
    for n in 0..TICKETS {
        let ticket = v1::Ticket {
            subject: format!("Нет звука на линии {n}"),
            description: "пробовали другой браузер ".repeat(80),
            ..Default::default()
        };
        let request = v1::CreateTicketRequest { ticket: Some(ticket), ..Default::default() };
        lane.call(CREATE, Bytes::from(request.encode_to_vec())).await?;
    }
    Ok(())
}
