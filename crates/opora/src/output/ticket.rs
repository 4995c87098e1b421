//! Tickets for people: the list and the whole.

use opora_proto::v1;

use super::{Out, Tone, bare, cell, short, toned};
use crate::failure::Failure;
use crate::sanitise;

impl Out {
    /// The tone of a priority. It is never told by colour alone.
    fn priority_tone(priority: v1::Priority) -> Tone {
        match priority {
            v1::Priority::Critical => Tone::Bad,
            v1::Priority::High => Tone::Warn,
            _ => Tone::Plain,
        }
    }

    /// Tickets as a table.
    pub(crate) fn tickets(&self, tickets: &[v1::Ticket]) -> Result<(), Failure> {
        if tickets.is_empty() {
            return self.say("no-tickets", &[]);
        }
        let mut table = self.new_table(&[
            "head-priority",
            "head-number",
            "head-organisation",
            "head-subject",
            "head-state",
            "head-due",
            "head-assignee",
        ]);
        for ticket in tickets {
            let (due, tone) = self.due(ticket);
            let priority = self.text.word(ticket.priority().as_str_name());
            table.add_row(vec![
                toned(&priority, Self::priority_tone(ticket.priority())),
                cell(&ticket.number.to_string()),
                cell(bare(&ticket.organisation)),
                cell(&ticket.subject),
                cell(&self.text.word(ticket.state().as_str_name())),
                toned(&due, tone),
                cell(if ticket.assignee.is_empty() { "—" } else { bare(&ticket.assignee) }),
            ]);
        }
        self.table(&table)
    }

    /// One ticket, whole.
    pub(crate) fn ticket(&self, ticket: &v1::Ticket) -> Result<(), Failure> {
        self.toned(Tone::Strong, &format!("{}  {}", short(&ticket.name), sanitise::line(&ticket.subject)))?;
        let mut table = self.new_table(&[]);
        for (key, value, tone) in self.facts(ticket) {
            table.add_row(vec![toned(&self.text.get(key), Tone::Dim), toned(&value, tone)]);
        }
        self.table(&table)?;
        if ticket.description.is_empty() { Ok(()) } else { self.line(&format!("\n{}", ticket.description)) }
    }

    fn facts(&self, ticket: &v1::Ticket) -> Vec<(&'static str, String, Tone)> {
        let text = &self.text;
        let mut facts: Vec<(&'static str, String, Tone)> = Vec::new();
        let mut add = |key, value: String, tone| {
            if !value.is_empty() {
                facts.push((key, value, tone));
            }
        };
        add("field-state", text.word(ticket.state().as_str_name()), Tone::Plain);
        add("field-priority", self.priority(ticket), Self::priority_tone(ticket.priority()));
        let sla = ticket.sla.as_ref();
        let (first, tone) = self.clock(sla.and_then(|sla| sla.first_response.as_ref()));
        add("head-first-response", first, tone);
        let (resolution, tone) = self.clock(sla.and_then(|sla| sla.resolution.as_ref()));
        add("head-resolution", resolution, tone);
        if ticket.importing {
            add("field-importing", text.get("importing"), Tone::Warn);
        }
        add("field-impact", self.known(ticket.impact, ticket.impact().as_str_name()), Tone::Plain);
        add("field-requested", self.requested(ticket), Tone::Plain);
        add("field-category", self.known(ticket.category, ticket.category().as_str_name()), Tone::Plain);
        add("field-channels", self.words(ticket.channels().map(|c| c.as_str_name())), Tone::Plain);
        add("field-platform", self.known(ticket.platform, ticket.platform().as_str_name()), Tone::Plain);
        add("field-organisation", bare(&ticket.organisation).to_owned(), Tone::Plain);
        add("field-reporter", reporter(ticket), Tone::Plain);
        let owner = if ticket.assignee.is_empty() { text.get("nobody") } else { bare(&ticket.assignee).to_owned() };
        add("field-assignee", owner, Tone::Plain);
        add("field-escalation", self.rung(ticket), Tone::Warn);
        add("field-occurred", self.some_time(ticket.occur_time.as_ref()), Tone::Plain);
        add("field-workstations", ticket.workstations.join(", "), Tone::Plain);
        add("field-checklist", checklist(ticket), Tone::Plain);
        add("field-missing", self.words(ticket.missing_facts().map(|f| f.as_str_name())), Tone::Warn);
        add("field-tags", self.tags(ticket), Tone::Plain);
        add("field-external", ticket.external_id.clone(), Tone::Plain);
        add("field-origin", self.known(ticket.origin, ticket.origin().as_str_name()), Tone::Plain);
        add(
            "field-incident",
            if ticket.incident.is_empty() { String::new() } else { short(&ticket.incident) },
            Tone::Plain,
        );
        let parts = ticket.merged_parts.iter().map(|part| short(&part.ticket)).collect::<Vec<_>>();
        add("field-merged-parts", parts.join(", "), Tone::Plain);
        let merged = if ticket.merged_into.is_empty() { String::new() } else { short(&ticket.merged_into) };
        add("field-merged-into", merged, Tone::Plain);
        add("field-links", self.links(ticket), Tone::Plain);
        add("field-created", self.some_time(ticket.create_time.as_ref()), Tone::Plain);
        add("field-updated", self.some_time(ticket.update_time.as_ref()), Tone::Plain);
        add("field-resolved", self.some_time(ticket.resolve_time.as_ref()), Tone::Plain);
        let counts = [
            ("comments", u64::from(ticket.comment_count).into()),
            ("files", u64::from(ticket.attachment_count).into()),
        ];
        add("field-counts", text.with("counts", &counts), Tone::Plain);
        add("field-etag", ticket.etag.clone(), Tone::Dim);
        facts
    }

    fn priority(&self, ticket: &v1::Ticket) -> String {
        let word = self.text.word(ticket.priority().as_str_name());
        if ticket.unassessed { format!("{word} ({})", self.text.get("field-unassessed")) } else { word }
    }

    fn requested(&self, ticket: &v1::Ticket) -> String {
        let asked = self.known(ticket.requested_priority, ticket.requested_priority().as_str_name());
        if asked.is_empty() || ticket.requested_priority == ticket.priority {
            return asked;
        }
        self.text.with("priority-mismatch", &[("asked", (&asked).into())])
    }

    fn known(&self, number: i32, wire: &str) -> String {
        if number == 0 { String::new() } else { self.text.word(wire) }
    }

    /// Values of an enum in words.
    pub(crate) fn words<'a>(&self, wires: impl Iterator<Item = &'a str>) -> String {
        wires.map(|wire| self.text.word(wire)).collect::<Vec<_>>().join(", ")
    }

    fn some_time(&self, time: Option<&prost_types::Timestamp>) -> String {
        time.map(|time| self.wire_time(Some(time))).unwrap_or_default()
    }

    fn rung(&self, ticket: &v1::Ticket) -> String {
        let Some(escalation) = ticket.escalation.as_ref().filter(|e| e.rung > 0) else { return String::new() };
        let since = self.wire_time(escalation.since.as_ref());
        let arguments = [
            ("rung", escalation.rung.to_string().into()),
            ("since", (&since).into()),
            ("reason", (&escalation.reason).into()),
        ];
        self.text.with("rung", &arguments)
    }

    fn links(&self, ticket: &v1::Ticket) -> String {
        let tie =
            |link: &v1::TicketLink| format!("{} {}", self.text.word(link.kind().as_str_name()), short(&link.ticket));
        let own = ticket.links.iter().map(tie);
        let brought = ticket.merged_parts.iter();
        let brought =
            brought.flat_map(|part| part.links.iter().map(move |link| self.brought(&tie(link), &part.ticket)));
        own.chain(brought).collect::<Vec<_>>().join(", ")
    }

    fn tags(&self, ticket: &v1::Ticket) -> String {
        let brought = ticket.merged_parts.iter();
        let brought = brought.flat_map(|part| part.tags.iter().map(move |tag| self.brought(tag, &part.ticket)));
        ticket.tags.iter().cloned().chain(brought).collect::<Vec<_>>().join(", ")
    }

    /// Something with the merged ticket that it came with.
    fn brought(&self, what: &str, from: &str) -> String {
        format!("{what} ({})", self.text.with("from-ticket", &[("ticket", short(from).into())]))
    }

    /// The messages of a ticket, oldest first.
    pub(crate) fn comments(&self, comments: &[v1::Comment]) -> Result<(), Failure> {
        if comments.is_empty() {
            return Ok(());
        }
        self.toned(Tone::Strong, &format!("\n{}", self.text.get("comments-title")))?;
        for comment in comments {
            let who = if comment.author_email.is_empty() {
                comment.author.as_ref().map(|actor| bare(&actor.name)).unwrap_or_default()
            } else {
                &comment.author_email
            };
            let visibility = self.text.word(comment.visibility().as_str_name());
            let time = self.wire_time(comment.create_time.as_ref());
            let mut title = format!("{time}  {}  ({visibility})", sanitise::line(who));
            if !comment.from_ticket.is_empty() {
                title = self.brought(&title, &comment.from_ticket);
            }
            self.toned(Tone::Dim, &title)?;
            let body = sanitise::block(&comment.body).replace('\n', "\n  ");
            self.line(&format!("  {body}"))?;
        }
        Ok(())
    }

    /// The files of a ticket.
    pub(crate) fn attachments(&self, attachments: &[v1::Attachment]) -> Result<(), Failure> {
        if attachments.is_empty() {
            return self.say("nothing-found", &[]);
        }
        let mut table =
            self.new_table(&["head-id", "head-file", "head-size", "head-kind", "head-nearest", "head-time"]);
        for file in attachments {
            table.add_row(vec![
                cell(&file.name),
                cell(&if file.from_ticket.is_empty() {
                    file.file_name.clone()
                } else {
                    self.brought(&file.file_name, &file.from_ticket)
                }),
                cell(&file.size.to_string()),
                cell(&self.text.word(file.log_kind().as_str_name())),
                cell(&if file.nearest { self.text.get("yes") } else { String::new() }),
                cell(&self.wire_time(file.create_time.as_ref())),
            ]);
        }
        self.table(&table)
    }
}

fn reporter(ticket: &v1::Ticket) -> String {
    match ticket.reporter.as_ref() {
        None => String::new(),
        Some(who) if who.email.is_empty() => who.display_name.clone(),
        Some(who) => format!("{} <{}>", who.display_name, who.email).trim_start().to_owned(),
    }
}

fn checklist(ticket: &v1::Ticket) -> String {
    let step = |item: &v1::ChecklistItem| format!("{} {}", if item.done { "✓" } else { "·" }, item.step);
    ticket.checklist.iter().map(step).collect::<Vec<_>>().join(", ")
}
