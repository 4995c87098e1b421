//! Every kind of fault in a file of settings, and what a good one comes to.

use proptest::prelude::*;

use super::*;
use crate::keys::Chord;
use crate::keys::map::Found;

fn told(text: &str) -> String {
    Config::parse(text, "console.toml").unwrap_err().to_string()
}

#[test]
fn every_setting_is_taken() {
    let text = r#"
[keys]
attention = ["Tab", "g a"]
take = "Я"
note = []

[keys.ticket]
down = ["n", "Down"]

[bell]
breach = false
quiet = ["22:00-08:00", "13:00-14:00"]

[theme]
ground = "light"
colours = 256

[screen]
split = 50
mouse = false
links = false
zone = "Asia/Yekaterinburg"
"#;
    let settings = Config::parse(text, "console.toml").unwrap().0;
    let find = |place, key: &str| settings.keys.find(place, None, key.parse().unwrap());
    assert_eq!(find(Place::Queue, "Z"), Found::Action(Action::Take));
    assert_eq!(find(Place::Queue, "t"), Found::Nothing);
    assert_eq!(find(Place::Queue, "n"), Found::Nothing);
    assert_eq!(find(Place::Ticket, "n"), Found::Action(Action::Down));
    assert_eq!(find(Place::Ticket, "j"), Found::Nothing);
    assert_eq!(
        settings.keys.find(Place::Queue, Some(Chord::char('g')), Chord::char('a')),
        Found::Action(Action::Attention)
    );
    assert_eq!((settings.theme, settings.depth), (Some(Theme::Light), Some(Depth::Indexed)));
    assert!(settings.bell.critical && !settings.bell.breach);
    assert_eq!(settings.bell.quiet, [(22 * 60, 8 * 60), (13 * 60, 14 * 60)]);
    assert_eq!(Some(settings.split), Split::percent(50));
    assert!(!settings.mouse && !settings.links);
    assert_eq!(settings.zone.as_deref(), Some("Asia/Yekaterinburg"));
    assert_eq!(Config::parse("", "console.toml"), Ok(Config::default()));
}

#[test]
fn an_unknown_name_is_told_with_its_line_and_the_nearest_one() {
    assert_eq!(told("\n[keyz]\n"), "console.toml:2: there is no section `[keyz]`; did you mean `keys`?");
    assert_eq!(told("[keys]\n\nassing = \"x\""), "console.toml:3: `assing` is no action; did you mean `assign`?");
    assert_eq!(told("[keys.tiket]\ndown = \"x\""), "console.toml:1: `tiket` is no action; did you mean `ticket`?");
    assert_eq!(told("[keys.ticket]\ndwn = \"x\""), "console.toml:2: `dwn` is no action; did you mean `down`?");
    assert_eq!(told("[keys]\ntake = [\"x\",\n \"Entr\"]"), "console.toml:3: `Entr` is no key; did you mean `Enter`?");
    assert_eq!(told("[bell]\nquit = []"), "console.toml:2: `quit` is no setting of `[bell]`; did you mean `quiet`?");
    assert_eq!(
        told("[theme]\nground = \"drak\""),
        "console.toml:2: `drak` is not one of `auto`, `dark`, `light`, `mono`; did you mean `dark`?"
    );
    assert!(told("[screen]\nzone = \"Europe/Moskva\"").contains(":2: `Europe/Moskva` is not a time zone"));
}

#[test]
fn a_value_of_another_kind_is_told_with_what_is_wanted() {
    assert_eq!(told("keys = 3"), "console.toml:1: `keys` wants a table");
    assert_eq!(told("[bell]\nsound = 1"), "console.toml:2: `sound` wants true or false");
    assert_eq!(told("[keys]\ntake = true"), "console.toml:2: `take` wants a text in quotes, or a list of them");
    assert_eq!(told("[keys]\ntake = [1]"), "console.toml:2: `take` wants a text in quotes, or a list of them");
    assert!(told("[screen]\nsplit = 90").contains("from 30 to 75"));
    assert!(told("[screen]\nsplit = 0.5").contains("a whole number"));
    assert!(told("[bell]\nquiet = \"22\"").contains("`22` is no time of day"));
    assert!(told("[keys]\ntake = ").starts_with("console.toml:2: "));
    assert!(told("[keys]\ntake = \"x\"\ntake = \"y\"").starts_with("console.toml:3: "));
}

#[test]
fn the_same_key_for_two_actions_is_told_with_both() {
    assert_eq!(
        told("[keys]\nreply = \"x\"\nassign = \"x\""),
        "console.toml:2: `x` for `reply` is taken by `assign`: give one of them another key, or none with `[]`"
    );
    assert_eq!(
        told("[keys]\n\ntake = \"a\""),
        "console.toml:3: `a` for `take` is taken by `assign`, which has it unless another is set: give one of them \
         another key, or none with `[]`"
    );
    assert!(told("[keys.ticket]\nreply = \"x\"\nassign = \"x\"").contains("is taken by"));
    assert!(Config::parse("[keys.ticket]\nreply = \"a\"", "console.toml").is_ok(), "a place takes keys from the rest");
    assert!(Config::parse("[keys]\nreply = \"a\"\nassign = \"r\"", "console.toml").is_ok());
}

#[test]
fn there_is_always_a_way_out() {
    assert_eq!(told("[keys]\nquit = []"), "console.toml:2: `quit` has no key left");
    assert_eq!(told("[keys.ticket]\nquit = []"), "console.toml:2: `quit` has no key left in `ticket`");
    assert!(told("[keys.queue]\nreply = [\"q\", \"C-c\"]").contains("`quit` has no key left in `queue`"));
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in "(\\[keys\\]|\\[bell\\]|\\[theme\\])?\n(take|quiet|ground|\\PC{0,5}) ?= ?\\PC{0,12}\n?") {
        if let Err(error) = Config::parse(&text, "console.toml") {
            prop_assert!(error.to_string().starts_with("console.toml:"));
        }
    }

    #[test]
    fn any_action_can_have_any_free_key(at in 0..REGISTRY.len(), c in prop::sample::select(vec!['&', '%', '_', '~', '|', '\\', '"'])) {
        let spec = &REGISTRY[at];
        let text = format!("[keys]\n{} = '{c} z'", spec.id);
        let config = Config::parse(&text, "console.toml");
        let config = config.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let found = config.0.keys.find(Place::Ticket, Some(Chord::char(c)), Chord::char('z'));
        prop_assert_eq!(found, Found::Action(spec.action));
    }
}

#[test]
fn a_fault_is_told_in_russian_as_well() {
    let told = |text: &str| Config::parse(text, "console.toml").unwrap_err().told(Language::Ru);
    for (text, russian) in [
        ("[keyz]\n", "console.toml:1: нет раздела `[keyz]`; похоже на `keys`"),
        ("[bell]\nbreech = true\n", "console.toml:2: в `[bell]` нет настройки `breech`; похоже на `breach`"),
        ("[keys]\ntaek = 'x'\n", "console.toml:2: нет действия `taek`; похоже на `take`"),
        ("[keys]\ntake = 'Entr'\n", "console.toml:2: нет клавиши `Entr`; похоже на `Enter`"),
        ("[keys]\ntake = 1\n", "console.toml:2: для `take` нужно: строка в кавычках или список строк"),
        ("[theme]\nground = 'grey'\n", "console.toml:2: `grey` — не одно из `"),
        ("[screen]\nsplit = 5\n", "console.toml:2: для `split` нужно: число от 30 до 75: доля ширины под список"),
        ("[screen]\nzone = 'Moscow'\n", "console.toml:2: `Moscow` — не часовой пояс вида Europe/Moscow"),
        ("[keys]\ntake = 'j'\n", "у которого она с самого начала"),
    ] {
        let told = told(text);
        assert!(told.contains(russian), "{told}\n{russian}");
        assert!(!told.contains("config-"), "{told}");
    }
}
