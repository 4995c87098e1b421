//! What comes while the order is held is told, though it is not shown.

use opora_proto::v1::{self, Priority, ticket_event::Change as Event};

use super::press;
use super::screens::drawn;
use super::selected::batch;
use crate::msg::{Batch, Msg, Net};
use crate::queue::row::Row;
use crate::testing::{NOW, happened, row, sample, sample_tickets, ticket, time};
use crate::texts::Language::En;
use crate::theme::Theme;
use crate::update::update;

#[test]
fn a_row_that_comes_while_the_order_is_held_is_told_in_the_frame() {
    let critical = |number: u64, change: Event, left: bool| {
        let mut ticket = ticket(number, "Нет звонков", Priority::Critical, "");
        let clock = v1::Clock { state: v1::ClockState::Continuous.into(), start_time: time(NOW), ..Default::default() };
        ticket.sla = Some(v1::TicketSla { resolution: Some(clock), ..Default::default() });
        happened(ticket, "Вектор", 48_300, "ivan", change, left)
    };
    let created = |number: u64| critical(number, Event::Created(v1::TicketCreated::default()), false);
    for keys in ["V", "a"] {
        let mut model = sample(En, Theme::Dark, (120, 24));
        press(&mut model, keys);
        batch(&mut model, 48_300, vec![created(2000)]);
        let shown = drawn(&model, false);
        assert!(!shown.contains("2000"), "the order is held: {shown}");
        assert!(shown.contains("▲ 1, 1 critical ▲ 1 new (1 critical)"), "{keys}: {shown}");
        let low = ticket(2001, "Вопрос", Priority::Low, "");
        let calm = happened(low, "Вектор", 48_301, "ivan", Event::Created(v1::TicketCreated::default()), false);
        let raised = critical(2002, Event::Reprioritised(v1::TicketReprioritised::default()), false);
        batch(&mut model, 48_301, vec![calm, raised]);
        let shown = drawn(&model, false);
        assert!(shown.contains("▲ 2, 2 critical ▲ 1 new (1 critical)") && shown.contains("▼ 1 "), "{keys}: {shown}");
        let gone = critical(2000, Event::Transitioned(v1::TicketTransitioned::default()), true);
        batch(&mut model, 48_302, vec![gone]);
        let shown = drawn(&model, false);
        assert!(shown.contains("▲ 1, 1 critical ─") || shown.contains("▲ 1, 1 critical ┐"), "{keys}: {shown}");
        press(&mut model, if keys == "V" { "V" } else { "<esc>" });
        let shown = drawn(&model, false);
        assert!(shown.contains("2002") && shown.contains("2001"), "{shown}");
    }
}

#[test]
fn what_a_new_set_brings_while_the_order_is_held_is_told_in_the_frame() {
    let mut model = sample(En, Theme::Dark, (120, 24));
    press(&mut model, "a");
    let mut rows: Vec<Row> = sample_tickets().iter().map(|(ticket, customer)| Row::of(ticket, *customer)).collect();
    rows.push(row(2000, "Нет звонков", "Вектор", Priority::Critical, ""));
    for net in [Net::Set, Net::Batch(Batch { revision: 48_300, rows, events: vec![], synced: true })] {
        update(&mut model, Msg::Net(net));
    }
    assert!(drawn(&model, false).contains("▼ 1, 1 critical"), "{}", drawn(&model, false));
}
