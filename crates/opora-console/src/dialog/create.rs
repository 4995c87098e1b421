//! A new ticket. What is typed is a draft at once.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use opora_proto::v1::{Category, Impact};

use super::field::{Area, Line};
use super::{After, Dialog, is_cancel};
use crate::drafts::DraftKey;
use crate::keys::Chord;
use crate::model::Model;
use crate::msg::{Effect, NewTicket, What};
use crate::update::send;

/// The impacts that can be chosen, with the key of the words.
pub(crate) const IMPACTS: [(Impact, &str); 5] = [
    (Impact::Unspecified, "impact-unknown"),
    (Impact::ServiceDown, "impact-service-down"),
    (Impact::ServiceIntermittent, "impact-intermittent"),
    (Impact::SeveralWorkstations, "impact-several"),
    (Impact::OneWorkstation, "impact-one"),
];

/// The categories that can be chosen, with the key of the words.
pub(crate) const CATEGORIES: [(Category, &str); 6] = [
    (Category::Unspecified, "category-unknown"),
    (Category::ChannelFailure, "category-channel"),
    (Category::AudioQuality, "category-audio"),
    (Category::SignIn, "category-sign-in"),
    (Category::Disconnects, "category-disconnects"),
    (Category::Other, "category-other"),
];

/// How many fields there are.
const FIELDS: usize = 5;

/// The dialog. Fields: subject, organisation, category, impact, description.
#[derive(Clone, Debug)]
pub(crate) struct Create {
    pub(crate) subject: Line,
    pub(crate) organisation: Line,
    pub(crate) category: usize,
    pub(crate) impact: usize,
    pub(crate) description: Area,
    /// Which field has the keys.
    pub(crate) field: usize,
    pub(crate) fault: Option<&'static str>,
}

impl Create {
    pub(crate) fn open(model: &Model) -> Self {
        Self::of(model.drafts.get(DraftKey::Create).map_or("", |draft| draft.text.as_str()))
    }

    /// From the text of a draft.
    fn of(text: &str) -> Self {
        let mut parts = text.splitn(FIELDS, '\n');
        let mut next = || parts.next().unwrap_or_default();
        let (subject, organisation) = (Line::of(next()), Line::of(next()));
        let category = next().parse().unwrap_or(0).min(CATEGORIES.len() - 1);
        let impact = next().parse().unwrap_or(0).min(IMPACTS.len() - 1);
        Self { subject, organisation, category, impact, description: Area::of(next()), field: 0, fault: None }
    }

    /// As a draft keeps it; empty where nothing was typed.
    fn text(&self) -> String {
        if self.subject.value().is_empty() && self.organisation.value().is_empty() && self.description.is_blank() {
            return String::new();
        }
        let (subject, organisation) = (self.subject.value(), self.organisation.value());
        format!("{subject}\n{organisation}\n{}\n{}\n{}", self.category, self.impact, self.description.text())
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
        let in_description = self.field == FIELDS - 1;
        match chord.code {
            KeyCode::Tab => self.field = (self.field + 1) % FIELDS,
            KeyCode::BackTab => self.field = (self.field + FIELDS - 1) % FIELDS,
            KeyCode::Enter | KeyCode::Down if !in_description => self.field += 1,
            KeyCode::Up if !in_description => self.field = self.field.saturating_sub(1),
            KeyCode::Char('e' | 'o') if chord.ctrl && in_description => {
                effects.push(Effect::Editor(self.description.text()));
            }
            _ => self.edit(event),
        }
        self.keep(model, effects);
        After::Stay(Dialog::Create(self))
    }

    fn edit(&mut self, event: &KeyEvent) {
        let turn = |at: &mut usize, len: usize| match event.code {
            KeyCode::Right | KeyCode::Char(' ') => *at = (*at + 1) % len,
            KeyCode::Left => *at = (*at + len - 1) % len,
            _ => {}
        };
        match self.field {
            0 => drop(self.subject.key(event)),
            1 => drop(self.organisation.key(event)),
            2 => turn(&mut self.category, CATEGORIES.len()),
            3 => turn(&mut self.impact, IMPACTS.len()),
            _ => drop(self.description.key(event)),
        }
    }

    pub(super) fn paste(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        match self.field {
            0 => self.subject.paste(text),
            1 => self.organisation.paste(text),
            4 => self.description.paste(text),
            _ => {}
        }
        self.keep(model, effects);
    }

    /// The description comes back from the external editor.
    pub(crate) fn edited(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        self.description = Area::of(text.trim_end_matches('\n'));
        self.keep(model, effects);
    }

    fn keep(&self, model: &mut Model, effects: &mut Vec<Effect>) {
        send::keep_draft(model, DraftKey::Create, &self.text(), effects);
    }

    fn send(mut self: Box<Self>, model: &mut Model, effects: &mut Vec<Effect>) -> After {
        self.fault = match () {
            () if self.subject.value().trim().is_empty() => Some("create-no-subject"),
            () if model.is_sending(DraftKey::Create) => Some("write-sending"),
            () => None,
        };
        if self.fault.is_some() {
            self.field = 0;
            return After::Stay(Dialog::Create(self));
        }
        self.keep(model, effects);
        let new = NewTicket {
            subject: self.subject.value().trim().to_owned(),
            description: self.description.text().trim_end().to_owned(),
            organisation: self.organisation.value().trim().to_owned(),
            impact: IMPACTS.get(self.impact).map_or(Impact::Unspecified, |(impact, _)| *impact),
            category: CATEGORIES.get(self.category).map_or(Category::Unspecified, |(category, _)| *category),
        };
        send::change(model, 0, "", What::Create(Box::new(new)), Some(DraftKey::Create), effects);
        After::Close
    }
}
