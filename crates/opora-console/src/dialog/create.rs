//! A new ticket. What is typed is a draft at once.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use opora_proto::v1::{Category, Impact};

use super::field::{Area, Line};
use super::organisation::Organisation;
use super::{After, Dialog, is_cancel};
use crate::drafts::{DraftKey, HEAD};
use crate::keys::Chord;
use crate::model::Model;
use crate::msg::{Call, Effect, NewTicket};
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

/// The fields, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Field {
    #[default]
    Subject,
    Organisation,
    Reporter,
    Email,
    Category,
    Impact,
    Description,
}

/// All of them.
pub(crate) const FIELDS: [Field; 7] = [
    Field::Subject,
    Field::Organisation,
    Field::Reporter,
    Field::Email,
    Field::Category,
    Field::Impact,
    Field::Description,
];

impl Field {
    fn step(self, by: usize) -> Self {
        let at = FIELDS.iter().position(|field| *field == self).unwrap_or_default();
        FIELDS.get((at + by) % FIELDS.len()).copied().unwrap_or(self)
    }

    fn next(self) -> Self {
        self.step(1)
    }

    fn before(self) -> Self {
        self.step(FIELDS.len() - 1)
    }
}

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Create {
    pub(crate) subject: Line,
    pub(crate) organisation: Organisation,
    pub(crate) reporter: Line,
    pub(crate) email: Line,
    pub(crate) category: usize,
    pub(crate) impact: usize,
    pub(crate) description: Area,
    /// Which field has the keys.
    pub(crate) field: Field,
    pub(crate) fault: Option<&'static str>,
}

impl Create {
    /// Opens with the draft, and asks for the organisations.
    pub(crate) fn open(model: &Model, effects: &mut Vec<Effect>) -> Self {
        effects.push(Effect::Call(Call::Organisations));
        let mut create = Self::of(model.drafts.get(DraftKey::Create).map_or("", |draft| draft.text.as_str()));
        create.organisation.listed(&model.organisations);
        create
    }

    /// From the text of a draft.
    fn of(text: &str) -> Self {
        let mut parts = text.splitn(HEAD + 1, '\n');
        let mut next = || parts.next().unwrap_or_default();
        let subject = Line::of(next());
        // A line has no tabs: they part what belongs together.
        let mut who = next().splitn(3, '\t');
        let organisation = Organisation::of(who.next().unwrap_or_default());
        let mut of_who = || Line::of(who.next().unwrap_or_default());
        let (reporter, email) = (of_who(), of_who());
        let category = next().parse().unwrap_or(0).min(CATEGORIES.len() - 1);
        let impact = next().parse().unwrap_or(0).min(IMPACTS.len() - 1);
        let (description, field, fault) = (Area::of(next()), Field::Subject, None);
        Self { subject, organisation, reporter, email, category, impact, description, field, fault }
    }

    /// As a draft keeps it; empty where nothing was typed.
    fn text(&self) -> String {
        let [subject, reporter, email] = [&self.subject, &self.reporter, &self.email].map(Line::value);
        let organisation = self.organisation.value();
        let all_empty = [subject, organisation, reporter, email].iter().all(|text| text.is_empty());
        if all_empty && self.description.is_blank() {
            return String::new();
        }
        let description = self.description.text();
        let who = format!("{organisation}\t{reporter}\t{email}");
        format!("{subject}\n{}\n{}\n{}\n{description}", who.trim_end_matches('\t'), self.category, self.impact)
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
        let in_description = self.field == Field::Description;
        let choosing = self.field == Field::Organisation;
        match chord.code {
            KeyCode::Tab | KeyCode::Enter if choosing => {
                self.organisation.choose(model);
                self.field = self.field.next();
            }
            KeyCode::Up | KeyCode::Down if choosing => self.organisation.key(model, event),
            KeyCode::Tab => self.field = self.field.next(),
            KeyCode::BackTab => self.field = self.field.before(),
            KeyCode::Enter | KeyCode::Down if !in_description => self.field = self.field.next(),
            KeyCode::Up if !in_description && self.field != Field::Subject => self.field = self.field.before(),
            KeyCode::Up if !in_description => {}
            KeyCode::Char('e' | 'o') if chord.ctrl && in_description => {
                effects.push(Effect::Editor(DraftKey::Create, self.description.text()));
            }
            _ => self.edit(model, event),
        }
        self.keep(model, effects);
        After::Stay(Dialog::Create(self))
    }

    fn edit(&mut self, model: &Model, event: &KeyEvent) {
        let turn = |at: &mut usize, len: usize| match event.code {
            KeyCode::Right | KeyCode::Char(' ') => *at = (*at + 1) % len,
            KeyCode::Left => *at = (*at + len - 1) % len,
            _ => {}
        };
        match self.field {
            Field::Subject => drop(self.subject.key(event)),
            Field::Organisation => self.organisation.key(model, event),
            Field::Reporter => drop(self.reporter.key(event)),
            Field::Email => drop(self.email.key(event)),
            Field::Category => turn(&mut self.category, CATEGORIES.len()),
            Field::Impact => turn(&mut self.impact, IMPACTS.len()),
            Field::Description => drop(self.description.key(event)),
        }
    }

    pub(super) fn paste(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        match self.field {
            Field::Subject => self.subject.paste(text),
            Field::Organisation => self.organisation.paste(model, text),
            Field::Reporter => self.reporter.paste(text),
            Field::Email => self.email.paste(text),
            Field::Description => self.description.paste(text),
            Field::Category | Field::Impact => {}
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
        let organisation = self.organisation.value().to_owned();
        let wrong = match () {
            () if self.subject.value().trim().is_empty() => Some(("create-no-subject", Field::Subject)),
            () if self.organisation.is_unknown(model) => Some(("create-no-organisation", Field::Organisation)),
            () if model.is_sending(DraftKey::Create) => Some(("write-sending", Field::Subject)),
            () => None,
        };
        if let Some((fault, field)) = wrong {
            (self.fault, self.field) = (Some(fault), field);
            return After::Stay(Dialog::Create(self));
        }
        self.keep(model, effects);
        let trimmed = |line: &Line| line.value().trim().to_owned();
        let new = NewTicket {
            subject: trimmed(&self.subject),
            description: self.description.text().trim_end().to_owned(),
            organisation,
            reporter: trimmed(&self.reporter),
            email: trimmed(&self.email),
            impact: IMPACTS.get(self.impact).map_or(Impact::Unspecified, |(impact, _)| *impact),
            category: CATEGORIES.get(self.category).map_or(Category::Unspecified, |(category, _)| *category),
        };
        send::create(model, new, DraftKey::Create, effects);
        After::Close
    }
}
