//! What a ticket says of its problem: every field that has no effect on the clocks. Only what was changed is sent. The
//! description is a draft at once, as every long text is.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::civil::DateTime;
use opora_proto::v1::{self, Channel, Platform, Priority};

use super::create::CATEGORIES;
use super::field::{Area, Line};
use super::organisation::Organisation;
use super::{After, Dialog, is_cancel};
use crate::change::Fields;
use crate::drafts::DraftKey;
use crate::keys::Chord;
use crate::lists::{self, Lists};
use crate::model::Model;
use crate::msg::{Call, Effect, Named, What};
use crate::selection::{Picked, Selection};
use crate::text::clean_block;
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

/// The fields, in the order of the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Field {
    #[default]
    Subject,
    Organisation,
    ReporterName,
    ReporterEmail,
    Category,
    Channels,
    Platform,
    Requested,
    Occurred,
    Workstations,
    Description,
}

impl Field {
    /// All of them, in their own order.
    pub(crate) const ALL: [Self; 11] = [
        Self::Subject,
        Self::Organisation,
        Self::ReporterName,
        Self::ReporterEmail,
        Self::Category,
        Self::Channels,
        Self::Platform,
        Self::Requested,
        Self::Occurred,
        Self::Workstations,
        Self::Description,
    ];

    /// The key of its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Subject => "field-subject",
            Self::Organisation => "field-organisation",
            Self::ReporterName => "field-reporter",
            Self::ReporterEmail => "field-email",
            Self::Category => "field-category",
            Self::Channels => "field-channels",
            Self::Platform => "field-platform",
            Self::Requested => "field-requested-priority",
            Self::Occurred => "field-occur-time",
            Self::Workstations => "field-workstations",
            Self::Description => "field-description",
        }
    }

    fn step(self, by: usize) -> Self {
        Self::ALL.get((self as usize + by) % Self::ALL.len()).copied().unwrap_or(self)
    }
}

/// A field's value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(Line),
    Organisation(Organisation),
    /// One of so many.
    Turn(usize, usize),
    Long(Box<Area>),
}

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct FieldsForm {
    pub(crate) number: u64,
    pub(super) picked: Picked,
    /// The ticket as it is edited; `None` until it is here.
    before: Option<Box<v1::Ticket>>,
    /// By the order of the fields; empty until the ticket is here.
    values: Vec<Value>,
    pub(crate) field: Field,
    /// The key of what is wrong.
    pub(crate) fault: Option<&'static str>,
}

impl FieldsForm {
    /// Opens, and asks for the organisations.
    pub(crate) fn open(model: &Model, effects: &mut Vec<Effect>) -> Option<Self> {
        let picked = Selection::of(model).one()?;
        effects.push(Effect::Call(Call::Organisations));
        let number = picked.number();
        let mut form = Self { number, picked, before: None, values: Vec::new(), field: Field::default(), fault: None };
        form.fill(model);
        Some(form)
    }

    /// The ticket is here. A description that was typed before and not sent comes back. Where it is another by now,
    /// fields that the person did not touch are as it has them, and of several names or channels those.
    pub(crate) fn fill(&mut self, model: &Model) {
        let Some(loaded) = model.details.ready(self.number) else { return };
        let ticket = &loaded.ticket;
        if let Some(before) = &mut self.before {
            let former = values(before, &model.zone);
            let now = values(ticket, &model.zone);
            for (field, ((value, former), now)) in Field::ALL.iter().zip(self.values.iter_mut().zip(&former).zip(now)) {
                bring_onto(*field, value, former, now);
            }
            (**before).clone_from(ticket);
            self.listed(&model.organisations);
            return;
        }
        self.values = values(ticket, &model.zone);
        if let Some(draft) = model.drafts.get(DraftKey::Description(self.number)) {
            self.values.pop();
            self.values.push(Value::Long(Box::new(Area::of(&draft.text))));
        }
        self.picked.shown_as(ticket);
        self.before = Some(Box::new(ticket.clone()));
        self.listed(&model.organisations);
    }

    pub(crate) fn is_filled(&self) -> bool {
        self.before.is_some()
    }

    /// The organisations came.
    pub(crate) fn listed(&mut self, organisations: &[Named]) {
        if let Some(Value::Organisation(organisation)) = self.values.get_mut(Field::Organisation as usize) {
            organisation.listed(organisations);
        }
    }

    pub(crate) fn value(&self, field: Field) -> Option<&Value> {
        self.values.get(field as usize)
    }

    /// What a value is shown as, where it is chosen and not typed.
    pub(crate) fn words(&self, model: &Model, field: Field) -> String {
        let Some(Value::Turn(at, _)) = self.value(field) else { return String::new() };
        match field {
            Field::Category => CATEGORIES.get(*at).map(|(_, word)| model.texts.get(word)).unwrap_or_default(),
            Field::Channels => {
                let on = CHANNELS.iter().enumerate().filter(|(bit, _)| at & (1 << bit) != 0);
                let words: Vec<String> = on.map(|(_, (_, word))| model.texts.get(word)).collect();
                if words.is_empty() { "—".to_owned() } else { words.join(", ") }
            }
            Field::Platform => PLATFORMS.get(*at).map(|(_, word)| (*word).to_owned()).unwrap_or_default(),
            _ if *at == 0 => "—".to_owned(),
            _ => ASKED.get(*at).map(|priority| model.texts.get(priority_word(*priority))).unwrap_or_default(),
        }
    }

    pub(super) fn paste(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        match self.values.get_mut(self.field as usize) {
            Some(Value::Text(line)) => line.paste(text),
            Some(Value::Organisation(organisation)) => organisation.paste(model, text),
            Some(Value::Long(area)) => {
                area.paste(text);
                self.keep(model, effects);
            }
            Some(Value::Turn(..)) | None => {}
        }
    }

    /// The description comes back from the external editor.
    pub(crate) fn edited(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        if let Some(Value::Long(area)) = self.values.get_mut(Field::Description as usize) {
            **area = Area::of(text.trim_end_matches('\n'));
            self.keep(model, effects);
        }
    }

    /// A description that is not the ticket's is kept on disk.
    fn keep(&self, model: &mut Model, effects: &mut Vec<Effect>) {
        let text = self.text(Field::Description);
        let same = self.before.as_ref().is_some_and(|ticket| clean_block(&ticket.description).trim() == text);
        let text = if same { "" } else { &text };
        send::keep_draft(model, DraftKey::Description(self.number), text, effects);
    }

    pub(super) fn key(mut self: Box<Self>, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return After::Close;
        }
        let chord = Chord::of(event);
        let sends = chord == Chord::ctrl('d')
            || (event.code == KeyCode::Enter && event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::CONTROL));
        if sends {
            return self.send(model, effects);
        }
        self.fault = None;
        let field = self.field;
        let value = self.values.get_mut(field as usize);
        match (event.code, value) {
            (KeyCode::Tab | KeyCode::Enter, Some(Value::Organisation(organisation))) => {
                organisation.choose(model);
                self.field = field.step(1);
            }
            (KeyCode::Up | KeyCode::Down, Some(Value::Organisation(organisation)))
                if !model.organisations.is_empty() =>
            {
                organisation.key(model, event);
            }
            (KeyCode::Tab, _) => self.field = field.step(1),
            (KeyCode::BackTab, _) => self.field = field.step(Field::ALL.len() - 1),
            (_, Some(Value::Long(area))) if chord == Chord::ctrl('e') || chord == Chord::ctrl('o') => {
                effects.push(Effect::Editor(DraftKey::Description(self.number), area.text()));
            }
            (_, Some(Value::Long(area))) => {
                if area.key(event) {
                    self.keep(model, effects);
                }
            }
            (KeyCode::Enter | KeyCode::Down, _) => self.field = field.step(1),
            (KeyCode::Up, _) => self.field = field.step(Field::ALL.len() - 1),
            (_, Some(Value::Text(line))) => drop(line.key(event)),
            (_, Some(Value::Organisation(organisation))) => organisation.key(model, event),
            (KeyCode::Right | KeyCode::Char(' '), Some(Value::Turn(at, len))) => *at = (*at + 1) % *len,
            (KeyCode::Left, Some(Value::Turn(at, len))) => *at = (*at + *len - 1) % *len,
            (_, Some(Value::Turn(..)) | None) => {}
        }
        After::Stay(Dialog::Fields(self))
    }

    fn send(mut self: Box<Self>, model: &mut Model, effects: &mut Vec<Effect>) -> After {
        let Some(before) = &self.before else { return After::Stay(Dialog::Fields(self)) };
        let fields = match self.edited_fields(before, model) {
            Ok(fields) if fields.is_empty() => return After::Close,
            Ok(fields) => fields,
            Err((fault, field)) => {
                (self.fault, self.field) = (Some(fault), field);
                return After::Stay(Dialog::Fields(self));
            }
        };
        let etag = before.etag.clone();
        if !self.picked.stands(model) {
            return After::Stay(Dialog::Fields(self));
        }
        if !self.picked.is_shown_as(model, &etag) {
            self.fault = Some("stale-loading");
            return After::Stay(Dialog::Fields(self));
        }
        let key = DraftKey::Description(self.number);
        // Other fields may go with the same text: it is another request each time.
        model.drafts.sent(key, "");
        let draft = fields.description.is_some().then_some(key).filter(|key| model.drafts.get(*key).is_some());
        send::on(model, &self.picked, What::Update(Box::new(fields)), draft, effects);
        After::Close
    }

    fn text(&self, field: Field) -> String {
        text_of(self.value(field))
    }

    /// What differs from the ticket; or the key of what is wrong, and where.
    fn edited_fields(&self, before: &v1::Ticket, model: &Model) -> Result<Fields, (&'static str, Field)> {
        let values = values(before, &model.zone);
        let old = |field: Field| values.get(field as usize);
        let text = |field: Field| Some(self.text(field)).filter(|text| *text != text_of(old(field)));
        let turn = |field: Field| Some(turn_of(self.value(field))).filter(|at| *at != turn_of(old(field)));
        if self.text(Field::Subject).is_empty() {
            return Err(("create-no-subject", Field::Subject));
        }
        let organisation = text(Field::Organisation);
        if let (Some(_), Some(Value::Organisation(chosen))) = (&organisation, self.value(Field::Organisation))
            && chosen.is_unknown(model)
        {
            return Err(("create-no-organisation", Field::Organisation));
        }
        let description = text(Field::Description);
        if description.is_some() && model.is_sending(DraftKey::Description(self.number)) {
            return Err(("write-sending", Field::Description));
        }
        let occurred = |typed: String| instant(&typed, &model.zone).map_err(|fault| (fault, Field::Occurred));
        let occur_time = text(Field::Occurred).map(occurred).transpose()?;
        let who = [Field::ReporterName, Field::ReporterEmail];
        let reporter = who.iter().any(|field| text(*field).is_some()).then(|| who.map(|field| self.text(field)));
        let on = |at: usize| {
            let chosen = CHANNELS.iter().enumerate().filter(|(bit, _)| at & (1 << bit) != 0);
            chosen.map(|(_, (channel, _))| i32::from(*channel)).collect()
        };
        Ok(Fields {
            subject: text(Field::Subject),
            description,
            organisation,
            reporter: reporter.map(|[name, email]| (name, email)),
            category: turn(Field::Category).and_then(|at| CATEGORIES.get(at)).map(|(category, _)| (*category).into()),
            channels: turn(Field::Channels).map(on),
            platform: turn(Field::Platform).and_then(|at| PLATFORMS.get(at)).map(|(platform, _)| (*platform).into()),
            requested_priority: turn(Field::Requested).and_then(|at| ASKED.get(at)).map(|asked| (*asked).into()),
            occur_time,
            workstations: text(Field::Workstations).map(|typed| list(&typed)),
            ..Fields::default()
        }
        .made_on(Lists::of(before)))
    }
}

fn text_of(value: Option<&Value>) -> String {
    match value {
        Some(Value::Text(line)) => line.value().trim().to_owned(),
        Some(Value::Organisation(organisation)) => organisation.value().to_owned(),
        Some(Value::Long(area)) => area.text().trim().to_owned(),
        _ => String::new(),
    }
}

fn is_same(one: &Value, other: &Value) -> bool {
    text_of(Some(one)) == text_of(Some(other)) && turn_of(Some(one)) == turn_of(Some(other))
}

/// What a value is on the ticket as it is now.
fn bring_onto(field: Field, value: &mut Value, former: &Value, now: Value) {
    match (field, &mut *value, former) {
        (Field::Workstations, Value::Text(line), Value::Text(former)) => {
            let typed = list(line.value());
            let brought = lists::names(&list(former.value()), &typed, &list(&text_of(Some(&now))));
            if brought != typed {
                line.retype(&brought.join(", "));
            }
        }
        (Field::Channels, Value::Turn(at, _), Value::Turn(former, _)) => {
            let touched = *at ^ former;
            *at = (turn_of(Some(&now)) & !touched) | (*at & touched);
        }
        (_, value, former) => {
            if is_same(value, former) && !is_same(value, &now) {
                *value = now;
            }
        }
    }
}

fn turn_of(value: Option<&Value>) -> usize {
    match value {
        Some(Value::Turn(at, _)) => *at,
        _ => 0,
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
        Value::Organisation(Organisation::of(ticket.organisation.rsplit('/').next().unwrap_or_default())),
        text(&reporter.display_name),
        text(&reporter.email),
        place(CATEGORIES.iter().position(|(category, _)| *category == ticket.category()), CATEGORIES.len()),
        Value::Turn(channels.map(|bit| 1_usize << bit).sum(), 8),
        place(PLATFORMS.iter().position(|(platform, _)| *platform == ticket.platform()), PLATFORMS.len()),
        place(ASKED.iter().position(|priority| *priority == ticket.requested_priority()), ASKED.len()),
        text(&occurred),
        text(&ticket.workstations.join(", ")),
        Value::Long(Box::new(Area::of(&ticket.description))),
    ]
}
