//! Policies and calendars, both ways.

use std::collections::BTreeMap;

use jiff::civil::Date;
use opora_core::calendar::{CalendarDefinition, Hours, parse_date};
use opora_core::model::{PolicyId, Priority};
use opora_core::sla::{Cell, Policy, PolicyDefinition, PolicyError, PolicyRef, RaiseFrom, Target};
use opora_core::time::Millis;
use opora_proto::v1;

use super::time::{duration, length};
use super::word::Word as _;
use crate::errors::Violations;

/// The most calendars of a policy.
const CALENDARS: usize = 50;

/// A policy on the wire.
pub(crate) fn policy_to_wire(definition: &PolicyDefinition) -> v1::Policy {
    let cells = Priority::ALL.iter().zip(&definition.cells).rev().map(|(priority, cell)| v1::PolicyCell {
        priority: priority.number(),
        first_response: cell.first_response.to_string(),
        resolution: cell.resolution.to_string(),
        first_response_calendar: cell.first_response_calendar.clone(),
        resolution_calendar: cell.resolution_calendar.clone(),
    });
    v1::Policy {
        name: definition.policy.id.name(),
        version: definition.policy.version,
        cells: cells.collect(),
        raise_from_creation: definition.raise_from == RaiseFrom::Creation,
        update_every: Some(duration(definition.update_every)),
        calendars: definition.calendars.iter().map(calendar_to_wire).collect(),
        escalate_on_breach: definition.escalate_on_breach,
        etag: definition.etag(),
    }
}

/// A calendar on the wire.
pub(crate) fn calendar_to_wire(calendar: &CalendarDefinition) -> v1::Calendar {
    let hours = |hours: &[Hours]| hours.iter().map(Hours::to_string).collect::<Vec<_>>();
    let weekdays = (1..).zip(&calendar.weekdays).filter(|(_, h)| !h.is_empty());
    v1::Calendar {
        id: calendar.id.clone(),
        version: calendar.version,
        time_zone: calendar.time_zone.clone(),
        day_length: Some(duration(calendar.day_length)),
        weekdays: weekdays.map(|(weekday, h)| v1::WeekdayHours { weekday, hours: hours(h) }).collect(),
        holidays: calendar.holidays.iter().map(ToString::to_string).collect(),
        moved_days: calendar
            .moved_days
            .iter()
            .map(|(date, day)| v1::MovedDay { date: date.to_string(), weekday: i32::from(*day) + 1 })
            .collect(),
        short_days: calendar
            .short_days
            .iter()
            .map(|(date, h)| v1::ShortDay { date: date.to_string(), hours: hours(h) })
            .collect(),
    }
}

/// A policy as asked for, checked whole. `previous`: the version before, by which calendars that changed get a new
/// version; the policy's own version is the engine's to set.
pub(crate) fn policy_from_wire(
    wire: &v1::Policy,
    previous: Option<&PolicyDefinition>,
    wrong: &mut Violations,
) -> Option<PolicyDefinition> {
    let id = wrong.needed_name("policy.name", &wire.name, PolicyId::from_name);
    let cells = cells(&wire.cells, wrong);
    if wire.calendars.len() > CALENDARS {
        wrong.add("policy.calendars", "there may be 50");
        return None;
    }
    let mut calendars: Vec<CalendarDefinition> = Vec::new();
    for (n, calendar) in wire.calendars.iter().enumerate() {
        let at = format!("policy.calendars[{n}]");
        let mut read = calendar_from_wire(&at, calendar, wrong);
        if calendars.iter().any(|seen| seen.id == read.id) {
            wrong.add(format!("{at}.id"), "stands there already");
        }
        let before = previous.and_then(|p| p.calendars.iter().find(|c| c.id == read.id));
        read.version = before.map_or(1, |before| {
            read.version = before.version;
            if &read == before { before.version } else { before.version + 1 }
        });
        calendars.push(read);
    }
    let update_every = match wire.update_every {
        None => Some(Millis::minutes(30)),
        Some(wire) => length(wire),
    };
    if update_every.is_none() {
        wrong.add("policy.update_every", "is not a length of time");
    }
    let definition = PolicyDefinition {
        policy: PolicyRef { id: id?, version: previous.map_or(0, |p| p.policy.version) + 1 },
        cells: cells?,
        raise_from: if wire.raise_from_creation { RaiseFrom::Creation } else { RaiseFrom::Change },
        update_every: update_every?,
        escalate_on_breach: wire.escalate_on_breach,
        calendars,
    };
    if wrong.is_empty()
        && let Err(error) = Policy::new(definition.clone())
    {
        wrong.add(policy_field(&definition, &error), error.to_string());
    }
    Some(definition)
}

/// The path of what is wrong with a policy.
fn policy_field(definition: &PolicyDefinition, error: &PolicyError) -> String {
    match error {
        PolicyError::Calendar(id, _) => match definition.calendars.iter().position(|c| &c.id == id) {
            Some(n) => format!("policy.calendars[{n}]"),
            None => "policy.calendars".to_owned(),
        },
        PolicyError::NoCalendar(_) | PolicyError::Target(_) => "policy.cells".to_owned(),
        PolicyError::UpdateEvery => "policy.update_every".to_owned(),
    }
}

fn cells(wire: &[v1::PolicyCell], wrong: &mut Violations) -> Option<[Cell; 4]> {
    if wire.len() != Priority::ALL.len() {
        wrong.add("policy.cells", "one for each of the four priorities is needed");
        return None;
    }
    let mut read: [Option<Cell>; 4] = [const { None }; 4];
    for (n, cell) in wire.iter().enumerate() {
        let at = format!("policy.cells[{n}]");
        let priority: Option<Priority> = wrong.needed_word(format_args!("{at}.priority"), cell.priority);
        let mut target = |field: &str, text: &str| match text.parse::<Target>() {
            Ok(target) => Some(target),
            Err(error) => {
                wrong.add(format!("{at}.{field}"), error.to_string());
                None
            }
        };
        let (first_response, resolution) =
            (target("first_response", &cell.first_response), target("resolution", &cell.resolution));
        let calendar = |id: &str| if id.is_empty() { "24x7".to_owned() } else { id.to_owned() };
        let slot = priority.and_then(|p| read.get_mut(p as usize));
        let (Some(first_response), Some(resolution), Some(slot)) = (first_response, resolution, slot) else { continue };
        if slot.is_some() {
            wrong.add(format!("{at}.priority"), "stands there already");
        }
        *slot = Some(Cell {
            first_response,
            resolution,
            first_response_calendar: calendar(&cell.first_response_calendar),
            resolution_calendar: calendar(&cell.resolution_calendar),
        });
    }
    match read {
        [Some(low), Some(medium), Some(high), Some(critical)] => Some([low, medium, high, critical]),
        _ => None,
    }
}

fn calendar_from_wire(at: &str, wire: &v1::Calendar, wrong: &mut Violations) -> CalendarDefinition {
    if !opora_core::model::is_id(&wire.id) {
        wrong.add(format!("{at}.id"), "is not an id");
    }
    let day_length = wire.day_length.and_then(length);
    if day_length.is_none() {
        wrong.add(format!("{at}.day_length"), "is needed: how long a day of a target is");
    }
    let mut weekdays: [Vec<Hours>; 7] = std::array::from_fn(|_| Vec::new());
    for (n, day) in wire.weekdays.iter().take(8).enumerate() {
        let read = hours(&format!("{at}.weekdays[{n}].hours"), &day.hours, wrong);
        match weekday(day.weekday).and_then(|d| weekdays.get_mut(usize::from(d))) {
            Some(slot) if slot.is_empty() => *slot = read,
            _ => wrong.add(format!("{at}.weekdays[{n}].weekday"), "is not a weekday from 1 to 7, each once"),
        }
    }
    let many = [wire.holidays.len(), wire.moved_days.len(), wire.short_days.len()];
    if many.iter().any(|n| *n > CalendarDefinition::MAX_EXCEPTIONS) {
        wrong.add(at, "has more than 2,000 exceptions of a kind");
    }
    let most = CalendarDefinition::MAX_EXCEPTIONS;
    let mut holidays = Vec::new();
    for (n, text) in wire.holidays.iter().take(most).enumerate() {
        holidays.extend(date(&format!("{at}.holidays[{n}]"), text, wrong));
    }
    let mut moved_days = BTreeMap::new();
    for (n, moved) in wire.moved_days.iter().take(most).enumerate() {
        let day = weekday(moved.weekday);
        if day.is_none() {
            wrong.add(format!("{at}.moved_days[{n}].weekday"), "is not a weekday from 1 to 7");
        }
        moved_days.extend(date(&format!("{at}.moved_days[{n}].date"), &moved.date, wrong).zip(day));
    }
    let mut short_days = BTreeMap::new();
    for (n, short) in wire.short_days.iter().take(most).enumerate() {
        let read = hours(&format!("{at}.short_days[{n}].hours"), &short.hours, wrong);
        short_days.extend(date(&format!("{at}.short_days[{n}].date"), &short.date, wrong).map(|d| (d, read)));
    }
    CalendarDefinition {
        id: wire.id.chars().take(63).collect(),
        version: 1,
        time_zone: wire.time_zone.clone(),
        day_length: day_length.unwrap_or(Millis::ZERO),
        weekdays,
        holidays,
        moved_days,
        short_days,
    }
}

/// 1 Monday to 7 Sunday; inside 0 to 6.
fn weekday(number: i32) -> Option<u8> {
    (1..=7).contains(&number).then_some((number - 1) as u8)
}

fn date(at: &str, text: &str, wrong: &mut Violations) -> Option<Date> {
    parse_date(text).map_err(|error| wrong.add(at, error.to_string())).ok()
}

fn hours(at: &str, texts: &[String], wrong: &mut Violations) -> Vec<Hours> {
    let mut read = Vec::new();
    for (n, text) in texts.iter().take(48).enumerate() {
        match text.parse() {
            Ok(hours) => read.push(hours),
            Err::<_, opora_core::calendar::CalendarError>(error) => wrong.add(format!("{at}[{n}]"), error.to_string()),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_goes_there_and_back() {
        let definition = Policy::builtin().definition().clone();
        let mut wrong = Violations::default();
        let read = policy_from_wire(&policy_to_wire(&definition), None, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(read, Some(definition));
    }

    #[test]
    fn what_is_wrong_with_a_policy_is_told_by_path() {
        let mut wire = policy_to_wire(Policy::builtin().definition());
        wire.cells[1].resolution = "soon".into();
        wire.calendars[0].holidays = vec!["2026-02-30".into()];
        let mut wrong = Violations::default();
        policy_from_wire(&wire, None, &mut wrong);
        let fields: Vec<String> = wrong.into_parts().0.into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["policy.cells[1].resolution", "policy.calendars[0].holidays[0]"]);
    }
}
