//! What the dialogs of the rarer changes of one ticket look like.

use opora_proto::v1::{self, LinkKind, TicketState};

use super::dialogs::on;
use super::press;
use super::screens::{everywhere, opened as keys};
use crate::model::Model;
use crate::msg::{Call, Effect, Found, Msg, Named, Net};
use crate::queue::row::Row;
use crate::testing::{loaded, sample_tickets, with_incident};
use crate::update::{settle, update};

fn answer(model: &mut Model, net: Net) {
    update(model, Msg::Net(net));
    settle(model);
}

fn filled(ticket: &mut v1::Ticket) {
    ticket.organisation = "organisations/romashka".into();
    ticket.category = v1::Category::ChannelFailure.into();
    ticket.channels = vec![v1::Channel::Calls.into(), v1::Channel::Email.into()];
    ticket.workstations = vec!["оператор-14".into(), "оператор-15".into()];
    ticket.occur_time = crate::testing::time(crate::testing::NOW - crate::clock::HOUR);
    ticket.tags = vec!["sip".into(), "vip".into()];
}

fn organisations(model: &mut Model) {
    let named = |id: &str, name: &str| Named { id: id.into(), name: name.into() };
    let list = vec![named("romashka", "Ромашка КЦ"), named("vector", "Вектор+3"), named("northern", "Northern Lights")];
    answer(model, Net::Organisations(Ok(list)));
}

#[test]
fn the_form_of_the_fields() {
    everywhere("fields", |model| {
        on(model, "F", filled);
        organisations(model);
    });
    everywhere("fields_turn", |model| {
        on(model, "F", filled);
        organisations(model);
        press(model, "<tab><tab><tab><tab>");
    });
    everywhere("fields_fault", |model| {
        on(model, "F", filled);
        organisations(model);
        press(model, "<c-u><c-d>");
    });
}

#[test]
fn the_checklist() {
    everywhere("checklist", |model| {
        on(model, "C", |ticket| {
            let item = |step: &str, done, note: &str| v1::ChecklistItem { step: step.into(), done, note: note.into() };
            ticket.checklist = vec![
                item("save-logs", true, "прислали архив"),
                item("reinstall", false, "предложили переустановить приложение"),
            ];
        });
        press(model, "j<space>j<enter>не помогло");
    });
}

#[test]
fn tickets_are_brought_together_in_words_that_name_both() {
    everywhere("merge", |model| keys(model, "m1021<enter>"));
    everywhere("merge_first", |model| keys(model, "m"));
    everywhere("merge_itself", |model| keys(model, "m1042<enter>"));
    everywhere("merge_not_found", |model| {
        let asked = press(model, "m9999<enter>");
        let generation = asked.iter().find_map(|effect| match effect {
            Effect::Call(Call::Search { generation, .. }) => Some(*generation),
            _ => None,
        });
        answer(model, Net::Found { generation: generation.unwrap(), result: Ok(Found::default()) });
    });
    everywhere("link", |model| keys(model, "L1021<tab><enter>"));
    everywhere("link_many", |model| keys(model, "*L1042<enter>"));
    everywhere("unlink", |model| {
        on(model, "U", |ticket| {
            let link =
                |number: u64, kind: LinkKind| v1::TicketLink { ticket: format!("tickets/{number}"), kind: kind.into() };
            ticket.links = vec![
                link(1021, LinkKind::Related),
                link(1039, LinkKind::IncidentOf),
                link(900, LinkKind::FollowsClosed),
            ];
        });
        press(model, "j");
    });
    everywhere("unmerge", |model| {
        let (mut ticket, customer) = sample_tickets().remove(0);
        ticket.state = TicketState::Merged.into();
        model.peek = Some(Row::of(&ticket, customer));
        on(model, "X", |ticket| {
            ticket.state = TicketState::Merged.into();
            ticket.merged_into = "tickets/1021".into();
        });
        press(model, "не то");
    });
}

#[test]
fn impact_rungs_tags_and_marks() {
    everywhere("impact", |model| keys(model, "I<down>Все операторы"));
    everywhere("escalate_to", |model| keys(model, "^<down>"));
    everywhere("deescalate", |model| {
        with_incident(model);
        press(model, "D<up><enter>");
    });
    everywhere("tags", |model| drop(on(model, "T", filled)));
    everywhere("mark_matching", |model| keys(model, "+customer:ромашка"));
}

#[test]
fn files_are_sent_and_fetched() {
    everywhere("attach", |model| keys(model, "A/home/olga/журналы/bpclient_2026_03_02.log"));
    everywhere("attach_nothing", |model| keys(model, "A<enter>"));
    let fetch = |model: &mut Model| {
        let asked = press(model, "O");
        let generation = asked.iter().find_map(|effect| match effect {
            Effect::Call(Call::Files { generation, .. }) => Some(*generation),
            _ => None,
        });
        generation.unwrap()
    };
    everywhere("fetch", |model| {
        let generation = fetch(model);
        answer(model, Net::Files { number: 1042, generation, result: Ok(loaded(1042).attachments) });
        press(model, "<down>");
    });
    everywhere("fetch_none", |model| {
        let generation = fetch(model);
        answer(model, Net::Files { number: 1042, generation, result: Ok(vec![]) });
    });
    everywhere("fetch_waiting", |model| {
        fetch(model);
    });
}
