//! Whom the bell calls: a ticket that is CRITICAL from now on, a breach of one's own.

use opora_proto::v1::{Priority, ticket_event::Change as Event};

use crate::model::Model;
use crate::msg::{Effect, Happened};
use crate::text::clean_line;

/// Notes what is to be called out of an event. What the person does themselves is not, nor anything in quiet hours.
pub(super) fn note(model: &mut Model, happened: &Happened, by: &str) {
    let bell = &model.settings.bell;
    let row = &happened.row;
    let critical = match &happened.event.change {
        Some(Event::Created(_)) => row.priority == Priority::Critical,
        Some(Event::Reprioritised(change)) => change.priority() == Priority::Critical,
        _ => false,
    };
    let breach = matches!(happened.event.change, Some(Event::SlaBreached(_))) && *row.owner == *model.me;
    let key = match () {
        () if critical && bell.critical && by != model.me => "call-critical",
        () if breach && bell.breach => "call-breach",
        () => return,
    };
    if bell.is_quiet(model.now, &model.zone) {
        return;
    }
    let subject = clean_line(&row.subject());
    let number = row.number.to_string();
    let words = model.texts.with(key, &[("number", (&number).into()), ("subject", (&subject).into())]);
    model.calls.push(words);
}

/// One call for all that came together.
pub(super) fn call(model: &mut Model) -> Option<Effect> {
    let calls = std::mem::take(&mut model.calls);
    let first = calls.first()?;
    Some(Effect::Alert(match calls.len() - 1 {
        0 => first.clone(),
        more => format!("{first} (+{more})"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::msg::{Batch, Msg, Net};
    use crate::testing::{happened, sample, sample_tickets, ticket};
    use crate::texts::Language;
    use crate::theme::Theme;
    use crate::update::{settle, update};
    use opora_proto::v1;

    fn created(number: u64, priority: Priority, who: &str) -> Happened {
        let change = Event::Created(v1::TicketCreated::default());
        happened(ticket(number, "Нет звонков\u{7}", priority, ""), "Вектор", 48_212, who, change, false)
    }

    fn breached(number: u64) -> Happened {
        let (ticket, customer) = sample_tickets().into_iter().find(|(ticket, _)| ticket.number == number).unwrap();
        happened(ticket, customer, 48_213, "clock", Event::SlaBreached(v1::SlaBreached::default()), false)
    }

    /// What is called out when these things happen, with these settings.
    fn called(settings: &str, events: Vec<Happened>) -> Vec<String> {
        let mut model = sample(Language::En, Theme::Dark, (120, 24));
        model.settings = Config::parse(settings, "test").unwrap().0;
        update(&mut model, Msg::Net(Net::Batch(Batch { revision: 48_213, events, ..Batch::default() })));
        let alert = |effect| match effect {
            Effect::Alert(text) => Some(text),
            _ => None,
        };
        settle(&mut model).into_iter().filter_map(alert).collect()
    }

    #[test]
    fn a_new_critical_ticket_and_a_breach_of_ones_own_are_called_out() {
        assert_eq!(called("", vec![created(2000, Priority::Critical, "ivan")]), ["CRITICAL #2000: Нет звонков"]);
        assert_eq!(called("", vec![breached(1021)]), ["#1021 is yours and breached: Плохо слышно на линии 2"]);
    }

    #[test]
    fn what_came_together_is_called_out_once() {
        let events = vec![created(2000, Priority::Critical, "ivan"), breached(1021)];
        assert_eq!(called("", events), ["CRITICAL #2000: Нет звонков (+1)"]);
    }

    #[test]
    fn nothing_else_is() {
        assert!(called("", vec![created(2000, Priority::High, "ivan")]).is_empty());
        assert!(called("", vec![created(2000, Priority::Critical, "olga")]).is_empty(), "one's own doing");
        assert!(called("", vec![breached(1040)]).is_empty(), "somebody else's ticket");
        assert!(called("[bell]\nbreach = false", vec![breached(1021)]).is_empty());
        let critical = || vec![created(2000, Priority::Critical, "ivan")];
        assert!(called("[bell]\ncritical = false", critical()).is_empty());
        assert!(called("[bell]\nquiet = '14:00-15:00'", critical()).is_empty(), "quiet hours");
        assert_eq!(called("[bell]\nquiet = '15:00-14:00'", critical()).len(), 1);
    }
}
