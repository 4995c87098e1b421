//! The queue as plain lines: for pipes, scripts and screen readers.

use std::io::Write;

use opora_proto::client::{ClientOptions, Desk};
use opora_proto::v1;

use crate::clock::Units;
use crate::msg::Trouble;
use crate::net::{Directory, OPEN, is_foreign};
use crate::queue::row::Row;
use crate::texts::Texts;
use crate::theme::{priority_word, state_word};
use crate::{ConsoleError, ConsoleOptions, edge};

/// Prints the queue in order of urgency, a line for each ticket, fields separated by tabs: number, priority, state,
/// clock, owner, customer, subject.
///
/// # Errors
/// [`ConsoleError::Server`] when the server can't be reached or refuses; what was printed stays.
pub async fn once(options: ConsoleOptions, mut out: impl Write) -> Result<(), ConsoleError> {
    let desk = Desk::new(&ClientOptions {
        server: options.server.clone(),
        actor: Some(format!("agents/{}", options.me())),
        language: Some(options.language.code().to_owned()),
        ..ClientOptions::default()
    })?;
    let texts = Texts::new(options.language);
    let units = Units::new(&texts);
    let names = Directory::default();
    let told = |status: tonic::Status| {
        let trouble = Trouble::from(&status);
        let server = &options.server;
        let words = |key| texts.with(key, &[("server", server.into())]);
        ConsoleError::Server(match () {
            () if is_foreign(&status) => words("queue-foreign"),
            () if trouble.unreachable => words("once-unreachable"),
            () => trouble.message,
        })
    };
    names.load(&desk).await.map_err(told)?;
    let mut token = String::new();
    loop {
        let request =
            v1::ListTicketsRequest { filter: OPEN.to_owned(), page_size: 500, page_token: token, ..Default::default() };
        let page = desk
            .call(|desk| {
                let request = request.clone();
                async move { desk.tickets().list_tickets(request).await }
            })
            .await
            .map_err(told)?;
        let now = edge::now();
        for ticket in &page.tickets {
            writeln!(out, "{}", line(&names.row(ticket), now, &texts, &units))?;
        }
        token = page.next_page_token;
        if token.is_empty() {
            out.flush()?;
            return Ok(());
        }
    }
}

/// The clock that decides the row's place; where it has no target, the first answer that is owed is told as well.
fn clocks(row: &Row, now: i64, texts: &Texts, units: &Units) -> String {
    let short = row.clock().short(now, units);
    match row.owed_beside() {
        Some(answer) => format!("{short}, {} {}", texts.get("clock-first-response"), answer.short(now, units)),
        None => short,
    }
}

pub(crate) fn line(row: &Row, now: i64, texts: &Texts, units: &Units) -> String {
    let owner = if row.owner.is_empty() { "—" } else { &row.owner };
    let breach = if row.is_breached(now) { format!(" ({})", texts.get("breached")) } else { String::new() };
    [
        format!("#{}", row.number),
        texts.get(priority_word(row.priority)),
        texts.get(state_word(row.state)),
        format!("{}{breach}", clocks(row, now, texts, units)),
        owner.to_owned(),
        row.customer.to_string(),
        row.subject(),
    ]
    .join("\t")
}
