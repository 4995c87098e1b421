//! What a ticket says of its problem: every field that has no effect on the clocks. Only what was changed is sent.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::civil::DateTime;
use opora_proto::v1::{self, Channel, Platform, Priority};

use super::create::CATEGORIES;
use super::field::Line;
use super::{After, Dialog, is_cancel};
use crate::change::Fields;
use crate::keys::Chord;
use crate::model::Model;
use crate::msg::{Effect, What};
use crate::theme::priority_word;
use crate::update::send;

/// The priorities that a customer can have asked for.
const ASKED: [Priority; 5] =
    [Priority::Unspecified, Priority::Critical, Priority::High, Priority::Medium, Priority::Low];
/// The generations of the platform.
const PLATFORMS: [(Platform, &str); 3] = [(Platform::Unspecified, "—"), (Platform::V3, "3.x"), (Platform::V5, "5.x")];
/// The channels in all their combinations: bit 0 calls, bit 1 e-mail, bit 2 chat.
const CHANNELS: [(Channel, &str); 3] =
    [(Channel::Calls, "channel-calls"), (Channel::Email, "channel-email"), (Channel::Chat, "channel-chat")];
/// How a time is written.
const TIME: &str = "%Y-%m-%d %H:%M";

/// The fields with the keys of their names, in the order of the form.
pub(crate) const NAMES: [&str; 10] = [
    "field-subject",
    "field-organisation",
    "field-reporter-name",
    "field-reporter-email",
    "field-category",
    "field-channels",
    "field-platform",
    "field-requested-priority",
    "field-occur-time",
    "field-workstations",
];

/// A field's value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(Line),
    /// One of so many.
    Turn(usize, usize),
}

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct FieldsForm {
    pub(crate) number: u64,
    /// The ticket as it is edited; `None` until it is here.
    before: Option<Box<v1::Ticket>>,
    pub(crate) values: Vec<Value>,
    pub(crate) field: usize,
    /// The key of what is wrong.
    pub(crate) fault: Option<&'static str>,
}

impl FieldsForm {
    pub(crate) fn open(model: &Model) -> Option<Self> {
        let number = model.subject()?.number;
        let mut form = Self { number, before: None, values: Vec::new(), field: 0, fault: None };
        form.fill(model);
        Some(form)
    }

    /// The ticket is here.
    pub(crate) fn fill(&mut self, model: &Model) {
        let Some(loaded) = model.details.ready(self.number).filter(|_| self.before.is_none()) else { return };
        let ticket = &loaded.ticket;
        self.values = values(ticket, &model.zone);
        self.before = Some(Box::new(ticket.clone()));
    }

    /// What a value is shown as, where it is chosen and not typed.
    pub(crate) fn words(&self, model: &Model, field: usize) -> String {
        let Some(Value::Turn(at, _)) = self.values.get(field) else { return String::new() };
        match field {
            4 => CATEGORIES.get(*at).map(|(_, word)| model.texts.get(word)).unwrap_or_default(),
            5 => {
                let on = CHANNELS.iter().enumerate().filter(|(bit, _)| at & (1 << bit) != 0);
                let words: Vec<String> = on.map(|(_, (_, word))| model.texts.get(word)).collect();
                if words.is_empty() { "—".to_owned() } else { words.join(", ") }
            }
            6 => PLATFORMS.get(*at).map(|(_, word)| (*word).to_owned()).unwrap_or_default(),
            _ => ASKED.get(*at).map(|priority| model.texts.get(priority_word(*priority))).unwrap_or_default(),
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        if let Some(Value::Text(line)) = self.values.get_mut(self.field) {
            line.paste(text);
        }
    }

    pub(super) fn key(mut self: Box<Self>, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return After::Close;
        }
        let sends = Chord::of(event) == Chord::ctrl('d')
            || (event.code == KeyCode::Enter && event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::CONTROL));
        if sends {
            return self.send(model, effects);
        }
        self.fault = None;
        match event.code {
            KeyCode::Tab | KeyCode::Enter | KeyCode::Down => self.field = (self.field + 1) % NAMES.len(),
            KeyCode::BackTab | KeyCode::Up => self.field = (self.field + NAMES.len() - 1) % NAMES.len(),
            _ => match self.values.get_mut(self.field) {
                Some(Value::Text(line)) => drop(line.key(event)),
                Some(Value::Turn(at, len)) => match event.code {
                    KeyCode::Right | KeyCode::Char(' ') => *at = (*at + 1) % *len,
                    KeyCode::Left => *at = (*at + *len - 1) % *len,
                    _ => {}
                },
                None => {}
            },
        }
        After::Stay(Dialog::Fields(self))
    }

    fn send(mut self: Box<Self>, model: &mut Model, effects: &mut Vec<Effect>) -> After {
        let Some(before) = &self.before else { return After::Stay(Dialog::Fields(self)) };
        match self.edited(before, &model.zone) {
            Err(fault) => {
                self.fault = Some(fault);
                After::Stay(Dialog::Fields(self))
            }
            Ok(fields) if fields.is_empty() => After::Close,
            Ok(fields) => {
                let etag = before.etag.clone();
                send::change(model, self.number, &etag, What::Update(Box::new(fields)), None, effects);
                After::Close
            }
        }
    }

    fn text(&self, field: usize) -> String {
        match self.values.get(field) {
            Some(Value::Text(line)) => line.value().trim().to_owned(),
            _ => String::new(),
        }
    }

    fn turn(&self, field: usize) -> usize {
        match self.values.get(field) {
            Some(Value::Turn(at, _)) => *at,
            _ => 0,
        }
    }

    /// What differs from the ticket.
    fn edited(&self, before: &v1::Ticket, zone: &jiff::tz::TimeZone) -> Result<Fields, &'static str> {
        let old = Self { number: self.number, before: None, values: values(before, zone), field: 0, fault: None };
        let text = |field: usize| Some(self.text(field)).filter(|text| *text != old.text(field));
        let turn = |field: usize| Some(self.turn(field)).filter(|at| *at != old.turn(field));
        if self.text(0).is_empty() {
            return Err("create-no-subject");
        }
        let occur_time = text(8).map(|typed| instant(&typed, zone)).transpose()?;
        let reporter = (text(2).is_some() || text(3).is_some()).then(|| (self.text(2), self.text(3)));
        let on = |at: usize| {
            let chosen = CHANNELS.iter().enumerate().filter(|(bit, _)| at & (1 << bit) != 0);
            chosen.map(|(_, (channel, _))| i32::from(*channel)).collect()
        };
        Ok(Fields {
            subject: text(0),
            organisation: text(1),
            reporter,
            category: turn(4).and_then(|at| CATEGORIES.get(at)).map(|(category, _)| (*category).into()),
            channels: turn(5).map(on),
            platform: turn(6).and_then(|at| PLATFORMS.get(at)).map(|(platform, _)| (*platform).into()),
            requested_priority: turn(7).and_then(|at| ASKED.get(at)).map(|priority| (*priority).into()),
            occur_time,
            workstations: text(9).map(|typed| list(&typed)),
            ..Fields::default()
        })
    }
}

fn list(typed: &str) -> Vec<String> {
    typed.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn instant(typed: &str, zone: &jiff::tz::TimeZone) -> Result<i64, &'static str> {
    if typed.is_empty() {
        return Ok(0);
    }
    let time = DateTime::strptime(TIME, typed).ok().and_then(|time| time.to_zoned(zone.clone()).ok());
    time.map(|time| time.timestamp().as_millisecond()).ok_or("time-form")
}

fn values(ticket: &v1::Ticket, zone: &jiff::tz::TimeZone) -> Vec<Value> {
    let reporter = ticket.reporter.clone().unwrap_or_default();
    let text = |text: &str| Value::Text(Line::of(text));
    let place = |at: Option<usize>, len: usize| Value::Turn(at.unwrap_or_default(), len);
    let channels = ticket.channels().filter_map(|c| CHANNELS.iter().position(|(channel, _)| *channel == c));
    let occurred = ticket.occur_time.as_ref().and_then(|time| jiff::Timestamp::from_second(time.seconds).ok());
    let occurred = occurred.map(|time| time.to_zoned(zone.clone()).strftime(TIME).to_string()).unwrap_or_default();
    vec![
        text(&ticket.subject),
        text(ticket.organisation.rsplit('/').next().unwrap_or_default()),
        text(&reporter.display_name),
        text(&reporter.email),
        place(CATEGORIES.iter().position(|(category, _)| *category == ticket.category()), CATEGORIES.len()),
        Value::Turn(channels.map(|bit| 1_usize << bit).sum(), 8),
        place(PLATFORMS.iter().position(|(platform, _)| *platform == ticket.platform()), PLATFORMS.len()),
        place(ASKED.iter().position(|priority| *priority == ticket.requested_priority()), ASKED.len()),
        text(&occurred),
        text(&ticket.workstations.join(", ")),
    ]
}
