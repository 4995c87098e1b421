//! What a person has to know of desk and machine before they work: who they are to the desk, a server that is too old, a
//! clock that is off. Each a sentence that says what to do; it stays until it is put away or no longer true. Pure.

use crate::model::{Link, Model};

/// By how much a clock may be off: due times are told in minutes.
const OFF: i64 = 2 * 60_000;
/// Who the command line is when nobody was named.
const ANONYMOUS: &str = "anonymous";

/// A thing to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Nobody said who sits here.
    Nobody,
    /// The desk has no such agent.
    Unknown,
    /// The server lacks what this console uses.
    Older,
    /// This machine's clock or the server's is off.
    ClockOff,
}

/// What is to be known now, the weightiest first; what was put away is left out.
pub(crate) fn notice(model: &Model) -> Option<Notice> {
    if !matches!(model.link, Link::Live | Link::CatchingUp) {
        return None;
    }
    let info = model.info.as_ref();
    let known = model.agents.iter().any(|agent| agent.id == model.me);
    let holds = |notice: &Notice| match notice {
        Notice::ClockOff => info.is_some_and(|info| info.ahead.abs() > OFF),
        Notice::Older => info.is_some_and(|info| is_older(&info.version) || !info.lacks.is_empty()),
        Notice::Nobody => model.agents_known && !known && model.me == ANONYMOUS,
        Notice::Unknown => model.agents_known && !known && model.me != ANONYMOUS,
    };
    let mut all = [Notice::ClockOff, Notice::Older, Notice::Nobody, Notice::Unknown].into_iter();
    all.find(|notice| holds(notice) && !model.put_away.contains(notice))
}

/// The sentence of a notice.
pub(crate) fn words(model: &Model, notice: Notice) -> String {
    let texts = &model.texts;
    let info = model.info.clone().unwrap_or_default();
    match notice {
        Notice::Nobody => texts.get("notice-nobody"),
        Notice::Unknown => texts.with("notice-unknown", &[("me", (&model.me).into())]),
        Notice::Older if !info.lacks.is_empty() => {
            let what: Vec<String> = info.lacks.iter().map(|what| texts.get(&format!("lacks-{what}"))).collect();
            texts.with("notice-lacks", &[("what", (&what.join(", ")).into())])
        }
        Notice::Older if info.version.is_empty() => texts.get("notice-older-unknown"),
        Notice::Older => texts.with(
            "notice-older",
            &[("server", (&crate::text::clean_line(&info.version)).into()), ("console", VERSION.into())],
        ),
        Notice::ClockOff => {
            let key = if info.ahead > 0 { "notice-clock-ahead" } else { "notice-clock-behind" };
            texts.with(key, &[("by", (&model.units.span(info.ahead.abs())).into())])
        }
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether a version is below this console's. What is no version is older than any.
fn is_older(version: &str) -> bool {
    fn parts(text: &str) -> Option<Vec<u64>> {
        text.split(['-', '+']).next()?.split('.').map(|part| part.parse().ok()).collect()
    }
    match (parts(version), parts(VERSION)) {
        (Some(server), Some(console)) => server < console,
        (server, _) => server.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msg::{Msg, Net, ServerInfo};
    use crate::testing::sample;
    use crate::texts::Language;
    use crate::theme::Theme;
    use crate::update::update;

    fn told(model: &Model) -> String {
        notice(model).map_or_else(String::new, |notice| words(model, notice))
    }

    fn with_info(language: Language, info: ServerInfo) -> Model {
        let mut model = sample(language, Theme::Dark, (120, 24));
        update(&mut model, Msg::Net(Net::Server(info)));
        model
    }

    fn info() -> ServerInfo {
        ServerInfo { version: VERSION.to_owned(), lacks: vec![], ahead: 0 }
    }

    #[test]
    fn where_all_is_well_nothing_is_told() {
        assert_eq!(notice(&with_info(Language::En, info())), None);
        let newer = ServerInfo { version: "99.0.0-rc.1".into(), ahead: OFF, ..info() };
        assert_eq!(notice(&with_info(Language::En, newer)), None);
    }

    #[test]
    fn an_agent_that_the_desk_does_not_know_is_told_what_to_do() {
        for (language, unknown, nobody) in [
            (Language::En, "This desk has no agent `petra`", "You have not said who you are"),
            (Language::Ru, "На этом сервере нет сотрудника `petra`", "Вы не указали, кто вы"),
        ] {
            let mut model = with_info(language, info());
            model.me = "petra".into();
            assert!(told(&model).starts_with(unknown), "{}", told(&model));
            assert!(told(&model).contains("--as"));
            model.me = ANONYMOUS.into();
            assert!(told(&model).starts_with(nobody), "{}", told(&model));
        }
    }

    #[test]
    fn a_clock_that_is_off_by_more_than_two_minutes_is_told_with_its_direction() {
        for (language, ahead, behind) in
            [(Language::En, "5m ahead of", "5m behind"), (Language::Ru, "спешат на 5м", "отстают на 5м")]
        {
            let model = with_info(language, ServerInfo { ahead: 5 * 60_000 + 1, ..info() });
            assert!(told(&model).contains(ahead), "{}", told(&model));
            let model = with_info(language, ServerInfo { ahead: -5 * 60_000 - 1, ..info() });
            assert!(told(&model).contains(behind), "{}", told(&model));
        }
    }

    #[test]
    fn an_older_server_is_told_with_what_it_lacks() {
        let model = with_info(Language::En, ServerInfo { version: "0.0.9".into(), ..info() });
        assert!(told(&model).contains("0.0.9") && told(&model).contains(VERSION), "{}", told(&model));
        let model = with_info(Language::En, ServerInfo { version: String::new(), ..info() });
        assert!(told(&model).contains("older"), "{}", told(&model));
        let model = with_info(Language::Ru, ServerInfo { lacks: vec!["presence"], ..info() });
        assert!(told(&model).contains("кто ещё открыл запрос"), "{}", told(&model));
    }

    #[test]
    fn what_was_put_away_stays_so_and_the_next_one_is_told() {
        let mut model = with_info(Language::En, ServerInfo { ahead: -OFF * 2, ..info() });
        model.me = "petra".into();
        crate::tests::press(&mut model, "<esc>");
        assert_eq!(notice(&model), Some(Notice::Unknown));
        crate::tests::press(&mut model, "<esc>");
        assert_eq!(notice(&model), None);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_older("0.0.10") && is_older("") && is_older("what"));
        assert!(!is_older("0.1.0") && !is_older("0.10.0") && !is_older("1.0.0+build"));
    }
}
