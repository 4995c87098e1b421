//! The rungs of the ladder in words: whom, how, and when they can be reached. Knows no widget.

use opora_proto::v1::LadderRung;

use crate::clock::{self, millis};
use crate::model::Model;
use crate::text::clean_line;

/// A rung by its number.
pub(crate) fn rung(model: &Model, rung: u32) -> Option<&LadderRung> {
    model.ladder.iter().find(|r| r.rung == rung)
}

/// Whom a rung of a ladder notifies and how; `None` where it has no such rung.
pub(crate) fn recipient(ladder: &[LadderRung], number: u32) -> Option<(&str, &[String], &[String])> {
    let rung = ladder.iter().find(|r| r.rung == number)?;
    Some((&rung.whom, &rung.means, &rung.reach))
}

/// Whether the ladder is known and ends below or at that rung.
pub(crate) fn is_top(model: &Model, number: u32) -> bool {
    !model.ladder.is_empty() && above(model, number).is_none()
}

/// Who a rung is.
pub(crate) fn whom(model: &Model, number: u32) -> String {
    rung(model, number).map_or_else(|| "?".to_owned(), |rung| clean_line(&rung.whom))
}

/// The next rung above one.
pub(crate) fn above(model: &Model, below: u32) -> Option<&LadderRung> {
    model.ladder.iter().filter(|rung| rung.rung > below).min_by_key(|rung| rung.rung)
}

/// The next rung below one.
pub(crate) fn below(model: &Model, above: u32) -> Option<&LadderRung> {
    model.ladder.iter().filter(|rung| rung.rung < above).max_by_key(|rung| rung.rung)
}

/// `phone +7 495 000-00-00, e-mail support@example.com`; empty where the server does not tell.
pub(crate) fn how(model: &Model, rung: &LadderRung) -> String {
    let mut reach = rung.reach.iter();
    let ways = rung.means.iter().map(|means| {
        let word = match means.as_str() {
            "email" => model.texts.get("means-email"),
            "phone" => model.texts.get("means-phone"),
            other => clean_line(other),
        };
        let at = reach.next().map(|at| format!(" {}", clean_line(at))).unwrap_or_default();
        format!("{word}{at}")
    });
    ways.collect::<Vec<_>>().join(", ")
}

/// `Mon–Fri 10:00-18:00, Europe/Moscow`; empty where the server does not tell.
pub(crate) fn hours(model: &Model, rung: &LadderRung) -> String {
    let Some(calendar) = &rung.hours else { return String::new() };
    let mut groups: Vec<(i32, i32, String)> = Vec::new();
    for one in &calendar.weekdays {
        let hours = clean_line(&one.hours.join(", "));
        match groups.last_mut() {
            Some((_, last, same)) if *last + 1 == one.weekday && *same == hours => *last = one.weekday,
            _ => groups.push((one.weekday, one.weekday, hours)),
        }
    }
    if matches!(groups.as_slice(), [(1, 7, hours)] if hours == "00:00-24:00") {
        return model.texts.get("ladder-always");
    }
    let day = |day: i32| model.texts.get(&format!("weekday-{}", day.clamp(1, 7)));
    let words = groups.into_iter().map(|(first, last, hours)| {
        if first == last {
            format!("{} {hours}", day(first))
        } else {
            format!("{}–{} {hours}", day(first), day(last))
        }
    });
    let words: Vec<String> = words.chain([clean_line(&calendar.time_zone)]).collect();
    words.join(", ")
}

/// When it can be reached, if not now.
pub(crate) fn later(model: &Model, rung: &LadderRung) -> Option<i64> {
    millis(rung.reachable_time.as_ref()).filter(|at| *at > model.now)
}

/// `can't be reached now; from 30.11 10:00 (in 15h)`, or that it can be; empty where the server does not tell.
pub(crate) fn when(model: &Model, rung: &LadderRung) -> String {
    match later(model, rung) {
        Some(at) => {
            let left = model.units.span(at - model.now);
            let at = clock::moment(at, model.now, &model.zone);
            model.texts.with("ladder-later", &[("at", (&at).into()), ("left", (&left).into())])
        }
        None if rung.hours.is_some() => model.texts.get("ladder-now"),
        None => String::new(),
    }
}
