//! Plans made of invented samples.

use super::*;
use crate::cli::value::Language;
use crate::text::Text;

const MAP: &str = r#"
name = "sample"
id = "key"
order = "n"
time_formats = ["%d-%m-%Y %H:%M"]
unknown = ["?"]
[columns]
state = "state"
update_time = "at"
create_time = "opened"
priority = "prio"
assignee = "who"
[templates]
subject = "Заявка {key}"
[values.state]
"Open" = "NEW"
"Active" = "IN_PROGRESS"
"Awaiting" = "WAITING_FOR_CUSTOMER"
"Done" = "RESOLVED"
"Closed" = "CLOSED"
[values.priority]
"1" = "CRITICAL"
"3" = "MEDIUM"
"#;

/// Rows of `key,n,state,at,prio,who`.
fn planned(text: &str, replay: bool) -> (Vec<Plan>, Report) {
    let mapping = Mapping::parse(MAP).unwrap();
    let heads = ["key", "n", "state", "at", "prio", "who"];
    let rows = (2..).zip(text.lines()).map(|(line, text)| {
        let mut values: BTreeMap<String, String> =
            heads.iter().map(|h| (*h).to_owned()).zip(text.split(',').map(str::to_owned)).collect();
        values.insert("opened".to_owned(), "01-03-2026 08:00".to_owned());
        Row { line, values }
    });
    let mut report = Report::default();
    let plans = plans(&mapping, rows.collect(), replay, &mut report);
    (plans, report)
}

fn states(plan: &Plan) -> Vec<TicketState> {
    plan.steps.iter().map(|step| step.state).collect()
}

#[test]
fn rows_are_played_in_the_order_of_the_order_column() {
    let (plans, _) = planned("A,2,Done,01-03-2026 10:00,3,?\nA,1,Active,01-03-2026 09:00,3,Ann B\n", true);
    assert_eq!(states(&plans[0]), [TicketState::InProgress, TicketState::Resolved]);
    assert_eq!(plans[0].steps[0].assignee.as_deref(), Some("Ann B"));
    assert_eq!(plans[0].steps[1].assignee, None);
    assert_eq!(plans[0].ticket.subject, "Заявка A");
}

#[test]
fn times_that_are_equal_or_run_backwards_lose_no_row() {
    let (plans, report) = planned(
        "A,1,Active,01-03-2026 11:00,3,?\nA,2,Awaiting,01-03-2026 09:30,3,?\nA,3,Done,01-03-2026 11:00,3,?\n",
        true,
    );
    let times: Vec<_> = plans[0].steps.iter().map(|step| step.at.to_string()).collect();
    assert_eq!(times, ["2026-03-01T11:00:00Z"; 3]);
    assert_eq!(report.refused(), 0);
}

#[test]
fn a_ticket_that_was_closed_and_reopened_ends_in_its_last_state() {
    let (plans, report) = planned(
        "A,1,Closed,01-03-2026 09:00,3,?\nA,2,Active,02-03-2026 09:00,3,?\nA,3,Closed,03-03-2026 09:00,3,?\n",
        true,
    );
    assert_eq!(states(&plans[0]), [TicketState::Resolved, TicketState::InProgress, TicketState::Closed]);
    assert_eq!(report.notes(), 1);
}

#[test]
fn a_ticket_whose_last_row_is_new_never_leaves_new() {
    let (plans, _) = planned("A,1,Active,01-03-2026 09:00,3,?\nA,2,Open,02-03-2026 09:00,3,?\n", true);
    assert_eq!(states(&plans[0]), [TicketState::New, TicketState::New]);
    assert_eq!(plans[0].last, TicketState::New);
}

#[test]
fn a_row_that_makes_no_sense_is_refused_with_its_line_and_the_rest_goes_on() {
    let (plans, report) = planned(
        "A,1,Active,01-03-2026 09:00,3,?\nA,2,Flying,01-03-2026 10:00,3,?\nA,3,Done,yesterday,3,?\nA,4,Done,01-03-2026 11:00,3,?\n,1,Open,x,3,?\n",
        true,
    );
    assert_eq!(states(&plans[0]), [TicketState::InProgress, TicketState::Resolved]);
    assert_eq!(report.refused_lines(), [3, 4, 6]);
}

#[test]
fn without_replay_only_the_last_row_counts() {
    let (plans, _) = planned("A,1,Active,01-03-2026 09:00,3,?\nA,2,Done,01-03-2026 10:00,1,?\n", false);
    assert_eq!(states(&plans[0]), [TicketState::Resolved]);
    assert_eq!(plans[0].created.to_string(), "2026-03-01T08:00:00Z");
    assert_eq!(plans[0].ticket.requested_priority, i32::from(v1::Priority::Critical));
}

#[test]
fn every_state_but_new_is_reached_from_every_open_one() {
    use TicketState::{Closed, InProgress, New, Resolved, WaitingForCustomer};
    for from in [New, InProgress, WaitingForCustomer, Resolved] {
        for to in [InProgress, WaitingForCustomer, Resolved, Closed] {
            assert!(way(from, to).is_some(), "{from:?} to {to:?}");
        }
    }
    assert_eq!(way(Closed, InProgress), None);
    assert_eq!(way(Resolved, New), None);
    assert_eq!(way(New, Closed).unwrap(), [Resolved, Closed]);
}

#[test]
fn a_mapping_with_a_fault_is_refused_with_what_would_be_right_in_both_languages() {
    let told = |text: &str| {
        let fault = Mapping::parse(text).unwrap_err();
        [Language::En, Language::Ru].map(|language| fault.told(&Text::new(language)))
    };
    assert_eq!(
        told("name = 'x'\nid = 'k'\n[columns]\nsubjekt = 's'\n"),
        ["`subjekt` is no field; did you mean `subject`?", "нет поля `subjekt`; похоже на `subject`"]
    );
    assert_eq!(
        told("name = 'x'\nid = 'k'\ntime_zone = 'Mars/Base'\n[constants]\nsubject = 's'\n"),
        ["`Mars/Base` is no time zone", "нет часового пояса `Mars/Base`"]
    );
    assert_eq!(
        told("name = 'x'\nid = 'k'\n[constants]\nsubject = 's'\n[values.state]\nOpen = 'OPENED'\n"),
        [
            "`OPENED` is no `state` of the contract: give it a value in [values.state]",
            "`OPENED` — не `state` контракта: задайте ему значение в [values.state]",
        ]
    );
    assert_eq!(
        told("name = 'x'\nid = 'k'\n"),
        [
            "`subject` must come from a column, a template or a constant",
            "`subject` должно браться из столбца, шаблона или постоянной",
        ]
    );
    let [english, russian] = told("name = 'x'\nid = 'k'\nkolumns = 1\n");
    assert!(english.contains("kolumns") && russian.contains("kolumns"), "{english} {russian}");
}

#[test]
fn why_a_row_was_not_taken_is_told_in_both_languages() {
    let (_, report) = planned(
        "A,1,Active,01-03-2026 09:00,3,?\nA,2,Flying,01-03-2026 10:00,3,?\nA,3,Done,yesterday,3,?\n,1,Open,x,3,?\n\
         B,1,Open,?,9,?\nB,2,Open,01-03-2026 09:00,3,?\n",
        true,
    );
    let told = |language| report.reasons(&Text::new(language));
    assert_eq!(
        told(Language::En),
        [
            "`Flying` is no `state` of the contract: give it a value in [values.state]",
            "`yesterday` is not a time in any of the mapping's formats",
            "`key` is empty",
            "`9` is no `priority` of the contract: give it a value in [values.priority]",
            "the other rows of B were left out with it",
        ]
    );
    assert_eq!(
        told(Language::Ru),
        [
            "`Flying` — не `state` контракта: задайте ему значение в [values.state]",
            "`yesterday` — не время ни в одном из форматов сопоставления",
            "`key` не заполнен",
            "`9` — не `priority` контракта: задайте ему значение в [values.priority]",
            "остальные строки B пропущены вместе с ней",
        ]
    );
}

#[test]
fn the_mapping_that_comes_with_the_project_is_sound() {
    Mapping::parse(include_str!("../../../../examples/import/incident_event_log.toml")).unwrap();
}

fn mapping_of_times(more: &str, formats: &str) -> Mapping {
    Mapping::parse(&format!(
        "name = 'x'\nid = 'id'\ntime_zone = 'Europe/Moscow'\ntime_formats = {formats}\n{more}\n[columns]\nsubject = 's'\n"
    ))
    .unwrap()
}

#[test]
fn an_offset_in_a_time_is_obeyed_and_the_mappings_zone_is_for_times_without_one() {
    let mapping = mapping_of_times("", "['%Y-%m-%d %H:%M %z', '%Y-%m-%d %H:%M %Q', '%Y-%m-%d %H:%M']");
    let read = |text: &str| mapping.time(text).unwrap().to_string();
    assert_eq!(read("2026-03-01 10:00 +0500"), "2026-03-01T05:00:00Z");
    assert_eq!(read("2026-03-01 10:00 America/New_York"), "2026-03-01T15:00:00Z");
    assert_eq!(read("2026-03-01 10:00"), "2026-03-01T07:00:00Z");
    assert_eq!(read("2026-03-01T10:00:00-02:00"), "2026-03-01T12:00:00Z");
}

#[test]
fn a_time_far_from_our_years_is_refused_and_a_mapping_can_take_fewer() {
    let formats = "['%d.%m.%Y %H:%M']";
    let mapping = mapping_of_times("", formats);
    let far = |text: &str| matches!(mapping.time(text), Err(Fault::FarTime { .. }));
    assert!(far("01.03.0026 10:00") && far("31.12.1999 23:59") && far("01.01.2101 00:00"));
    assert!(far("1970-01-01T00:00:00Z"), "the beginning of an epoch is a missing value");
    assert!(far("01.01.2000 02:59"), "what no desk takes, as it lies in 1999 by UTC");
    assert_eq!(mapping.time("01.01.2000 03:00").unwrap().to_string(), "2000-01-01T00:00:00Z");
    assert!(mapping.time("31.12.2099 23:59").is_ok() && far("01.01.2100 03:00"));
    let newer = mapping_of_times("years = [2010, 2030]", formats);
    assert!(newer.time("31.12.2009 23:59").is_err() && newer.time("01.01.2010 00:00").is_ok());
    assert!(newer.time("31.12.2030 23:59").is_ok() && newer.time("01.01.2031 00:00").is_err());
    for years in ["[1999, 2099]", "[2000, 2100]", "[2030, 2010]"] {
        let text = format!("name = 'x'\nid = 'k'\nyears = {years}\n[columns]\nsubject = 's'\n");
        assert!(matches!(Mapping::parse(&text), Err(Fault::Years { .. })), "{years}");
    }
}

#[test]
fn a_year_of_two_digits_under_a_format_of_four_is_refused_with_its_row() {
    let mapping = mapping_of_times("", "['%d.%m.%Y %H:%M']");
    assert!(mapping.time("01.03.26 10:00").is_err());
}

#[test]
fn what_is_wrong_with_a_mapping_is_told_by_kind_with_its_place_in_the_persons_language() {
    for (text, en, ru) in [
        (
            "name = \"a\"\nid == 1\n",
            "line 2, column 5: this is no TOML: `id == 1`",
            "строка 2, столбец 5: это не TOML: `id == 1`",
        ),
        (
            "name = \"a\"\nid = \"b\"\nordr = \"c\"\n",
            "`ordr` is no key; did you mean `order`?",
            "нет ключа `ordr`; похоже на `order`",
        ),
        ("name = \"a\"\n", "`id` is missing", "не хватает `id`"),
        (
            "name = \"a\"\nid = 7\n",
            "line 2, column 6: a value of another kind belongs here: `id = 7`",
            "строка 2, столбец 6: здесь нужно значение другого вида: `id = 7`",
        ),
    ] {
        let fault = Mapping::parse(text).unwrap_err();
        assert_eq!(fault.told(&Text::new(Language::En)), en);
        assert_eq!(fault.told(&Text::new(Language::Ru)), ru);
    }
}
