//! The same kind of edit on all tickets of a filter, a page at a time: those that end up alike go as one change.

use std::collections::{BTreeMap, HashMap};
use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use opora_proto::v1::{self, batch_change_request::Change, batch_result::Result as Fate};
use prost::Message as _;
use serde_json::json;

use crate::context::{Context, call, change};
use crate::failure::Failure;
use crate::output::{Out, bare, short};

/// Tickets of a page, and of a change: as many as a change takes.
const PAGE: i32 = 500;
/// How often the tickets that somebody else changed meanwhile are looked at again.
const ROUNDS: u32 = 5;
/// How many tickets are named in what is told.
const NAMED: usize = 10;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// A customer's name before and after.
    pub(super) renamed: Option<(String, String)>,
    /// The customer that was registered.
    pub(super) registered: Option<String>,
    /// People that were given to another customer.
    pub(super) contacts: u64,
    /// Tickets that were changed.
    changed: u64,
    /// Some of them: number and subject.
    examples: Vec<(String, String)>,
    /// Tickets that are part of others, and stay.
    merged: u64,
    /// Number and why, by number: each ticket once, however many rounds come to it.
    refused: BTreeMap<u64, String>,
}

impl Report {
    /// Whether all that was asked for was done.
    pub(super) fn is_whole(&self) -> bool {
        self.refused.is_empty()
    }

    fn changes(&mut self, ticket: &v1::Ticket) {
        // A later round may have done it after all.
        self.refused.remove(&number(&ticket.name));
        self.changed += 1;
        if self.examples.len() < NAMED {
            self.examples.push((short(&ticket.name), ticket.subject.clone()));
        }
    }

    fn refuses(&mut self, ticket: &str, why: String) {
        self.refused.insert(number(ticket), why);
    }

    /// Tells it.
    pub(super) fn tell(&self, out: &Out, dry_run: bool) -> Result<(), Failure> {
        if !out.is_table() {
            let refused: Vec<_> = self
                .refused
                .iter()
                .map(|(ticket, reason)| json!({"ticket": format!("#{ticket}"), "reason": reason}))
                .collect();
            let value = json!({
                "dryRun": dry_run, "renamed": self.renamed.is_some(), "registered": self.registered,
                "contacts": self.contacts, "tickets": self.changed, "merged": self.merged, "refused": refused,
            });
            return out.raw(&format!("{value}\n"));
        }
        if let Some((before, after)) = &self.renamed {
            out.say("rename-renamed", &[("before", before.into()), ("after", after.into())])?;
        }
        if let Some(name) = &self.registered {
            out.say("rename-registered", &[("name", name.into())])?;
        }
        if self.contacts > 0 {
            out.say("rename-contacts", &[("count", self.contacts.into())])?;
        }
        if self.renamed.is_none() {
            out.say("rename-tickets", &[("count", self.changed.into())])?;
        }
        if dry_run {
            for (ticket, subject) in &self.examples {
                out.line(&format!("  {ticket} {subject}"))?;
            }
            let more = self.changed.saturating_sub(self.examples.len() as u64);
            if more > 0 {
                out.say("rename-more", &[("count", more.into())])?;
            }
        }
        if self.merged > 0 {
            out.say("rename-merged", &[("count", self.merged.into())])?;
        }
        if !self.refused.is_empty() {
            out.say("rename-refused", &[("count", (self.refused.len() as u64).into())])?;
            for (ticket, why) in self.refused.iter().take(NAMED) {
                out.line(&format!("  #{ticket}: {why}"))?;
            }
        }
        if dry_run { out.say("rename-dry-run", &[]) } else { Ok(()) }
    }
}

/// An edit of all tickets that match.
pub(super) struct Sweep<'a> {
    pub(super) context: &'a Context,
    /// Which.
    pub(super) filter: String,
    /// What is edited.
    pub(super) path: &'static str,
    /// Only looks.
    pub(super) dry_run: bool,
}

/// A ticket of a page.
struct Target {
    name: String,
    etag: String,
    subject: String,
}

/// What became of the tickets that were sent.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    changed: u64,
    /// Somebody else changed them meanwhile: the next round sends them again.
    stale: u64,
}

impl Sent {
    fn add(&mut self, more: Self) {
        self.changed += more.changed;
        self.stale += more.stale;
    }

    /// How many tickets of a page are done with this round and were not before: each counts once. The first comes to all
    /// of them; the later ones to what was stale, and pass over the rest.
    fn done_of(self, page: u64, round: u32) -> u64 {
        if round == 1 { page.saturating_sub(self.stale) } else { self.changed }
    }
}

/// The number in a ticket's name; what is none comes first.
fn number(name: &str) -> u64 {
    bare(name).parse().unwrap_or_default()
}

impl Sweep<'_> {
    /// Goes through all tickets. `edit` gives the new values of one, or nothing where it stands as it should.
    pub(super) async fn run(
        &self,
        edit: impl Fn(&v1::Ticket) -> Option<v1::Ticket>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        report.merged += self.count(&format!("({}) AND state = MERGED", self.filter)).await?;
        let bar = self.bar(self.count(&self.standing()).await?);
        for round in 1..=ROUNDS {
            let stale = Box::pin(self.once(&edit, report, &bar, round)).await?;
            if stale == 0 {
                break;
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// What can be changed: a part of another ticket can't.
    fn standing(&self) -> String {
        format!("({}) AND state != MERGED", self.filter)
    }

    async fn count(&self, filter: &str) -> Result<u64, Failure> {
        let request = v1::ListTicketsRequest {
            filter: filter.to_owned(),
            page_size: 1,
            include_total: true,
            ..Default::default()
        };
        let page: v1::ListTicketsResponse = call!(self.context, tickets.list_tickets(request))?;
        Ok(page.total_size)
    }

    /// Once through; gives how many somebody else changed between being read and being changed.
    async fn once(
        &self,
        edit: &impl Fn(&v1::Ticket) -> Option<v1::Ticket>,
        report: &mut Report,
        bar: &ProgressBar,
        round: u32,
    ) -> Result<u64, Failure> {
        let mut stale = 0;
        // By number: a ticket that no longer matches moves no other.
        let mut request = v1::ListTicketsRequest {
            filter: self.standing(),
            order_by: "number".to_owned(),
            page_size: PAGE,
            ..Default::default()
        };
        loop {
            let page: v1::ListTicketsResponse = call!(self.context, tickets.list_tickets(request.clone()))?;
            let (seen, mut sent) = (page.tickets.len() as u64, Sent::default());
            let mut alike: BTreeMap<Vec<u8>, (v1::Ticket, Vec<Target>)> = BTreeMap::new();
            for ticket in page.tickets {
                let Some(edited) = edit(&ticket) else { continue };
                if self.dry_run {
                    report.changes(&ticket);
                    continue;
                }
                let target = Target { name: ticket.name, etag: ticket.etag, subject: ticket.subject };
                alike.entry(edited.encode_to_vec()).or_insert_with(|| (edited, Vec::new())).1.push(target);
            }
            for (edited, targets) in alike.into_values() {
                sent.add(self.send(edited, targets, report, round == ROUNDS).await?);
            }
            stale += sent.stale;
            bar.inc(sent.done_of(seen, round));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(stale);
            }
        }
    }

    async fn send(
        &self,
        edited: v1::Ticket,
        targets: Vec<Target>,
        report: &mut Report,
        is_last: bool,
    ) -> Result<Sent, Failure> {
        let update = v1::UpdateTicketRequest {
            ticket: Some(edited),
            update_mask: Some(super::mask(self.path)),
            ..Default::default()
        };
        let request = v1::BatchChangeRequest {
            names: targets.iter().map(|target| target.name.clone()).collect(),
            etags: targets.iter().map(|target| (target.name.clone(), target.etag.clone())).collect(),
            request_id: opora_proto::client::request_id(),
            change: Some(Change::Update(update)),
        };
        let answer: v1::BatchChangeResponse = change!(self.context, tickets.batch_change(request))?;
        let mut subjects: HashMap<String, String> =
            targets.into_iter().map(|target| (target.name, target.subject)).collect();
        let mut sent = Sent::default();
        for result in answer.results {
            match result.result {
                Some(Fate::Refusal(refusal)) if refusal.reason == "NO_CHANGE" => {}
                Some(Fate::Refusal(refusal)) if refusal.reason == "ETAG_MISMATCH" && !is_last => sent.stale += 1,
                Some(Fate::Refusal(refusal)) => report.refuses(&result.name, refusal.message),
                Some(Fate::Ticket(_)) | None => {
                    sent.changed += 1;
                    let subject = subjects.remove(&result.name).unwrap_or_default();
                    report.changes(&v1::Ticket { name: result.name, subject, ..Default::default() });
                }
            }
        }
        Ok(sent)
    }

    fn bar(&self, length: u64) -> ProgressBar {
        let shown = self.context.out.is_table() && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(length), target);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        bar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_counts_once_however_many_rounds_come_to_it() {
        // A page of ten: two were changed meanwhile, then one, then none.
        let rounds = [(4, 2), (1, 1), (1, 0)].map(|(changed, stale)| Sent { changed, stale });
        let done: u64 = (1..).zip(rounds).map(|(round, sent)| sent.done_of(10, round)).sum();
        assert_eq!(done, 10);
        let mut report = Report::default();
        for _ in 1..=ROUNDS {
            report.refuses("tickets/9", "it is too much".into());
            report.refuses("tickets/10", "it is too much".into());
        }
        assert_eq!(report.refused.keys().copied().collect::<Vec<_>>(), [9, 10]);
        // What a later round does is not refused.
        report.changes(&v1::Ticket { name: "tickets/9".into(), ..Default::default() });
        assert_eq!((report.changed, report.refused.keys().copied().collect::<Vec<_>>()), (1, vec![10]));
    }
}
