//! What came with a merged ticket says so.

use opora_proto::v1::{self, Visibility, ticket_event::Change as Event};

use crate::detail::Details;
use crate::detail::view::comment_title;
use crate::msg::Loaded;
use crate::testing::{agent, comment, happened, loaded, sample, ticket};
use crate::texts::Language;
use crate::theme::Theme;

#[test]
fn a_message_that_came_with_a_merged_ticket_names_it_in_both_languages() {
    for (language, mark) in [(Language::En, "(from #67)"), (Language::Ru, "(из #67)")] {
        let model = sample(language, Theme::Dark, (120, 24));
        let customer = v1::Actor { kind: v1::ActorKind::Contact.into(), name: "contacts/anna".into(), verified: false };
        for author in [agent("olga"), customer] {
            let mut written = comment(1042, 9, author, Visibility::Public, "Готово");
            assert!(!comment_title(&model, &written).to_string().contains('#'));
            written.from_ticket = "tickets/67".into();
            let title = comment_title(&model, &written).to_string();
            assert!(title.ends_with(mark), "{title}");
        }
    }
}

#[test]
fn an_opened_ticket_is_read_again_when_another_is_merged_into_it_or_taken_out() {
    let (source, target) = ("tickets/67".to_owned(), "tickets/1042".to_owned());
    let merged = Event::Merged(v1::TicketMerged { source: source.clone(), target: target.clone() });
    let unmerged = Event::Unmerged(v1::TicketUnmerged { source, target });
    for change in [merged, unmerged] {
        let mut details = Details::default();
        details.loading(1042, 1);
        let one: Box<Loaded> = Box::new(loaded(1042));
        details.answer(1042, 1, Ok(one));
        assert!(details.ready(1042).is_some());
        let now = ticket(1042, "?", v1::Priority::Low, "");
        details.happened(&happened(now, "", u64::MAX, "olga", change, false));
        assert!(details.get(1042).is_none());
    }
}
