//! The organisation of a ticket: chosen by name among those of the desk, kept as its id. Part of a name is no choice:
//! whose ticket it is must not be guessed.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line as Words;
use ratatui::widgets::{Clear, Paragraph};

use super::field::Line;
use super::pick::Pick;
use super::view::{line_field, list};
use crate::model::Model;
use crate::msg::Named;
use crate::text::{cut, width};

/// The field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Organisation(Pick);

impl Organisation {
    /// From an id, or what was typed of a name.
    pub(crate) fn of(text: &str) -> Self {
        Self(Pick { line: Line::of(text), ..Pick::default() })
    }

    /// What stands in the field: an id, once one was chosen.
    pub(crate) fn value(&self) -> &str {
        self.0.line.value().trim()
    }

    /// The organisations came.
    pub(crate) fn listed(&mut self, organisations: &[Named]) {
        self.0.look(organisations.iter().map(|named| named.name.as_str()));
    }

    /// The organisation that is named by its id.
    pub(crate) fn named<'a>(&self, model: &'a Model) -> Option<&'a Named> {
        model.organisations.iter().find(|named| named.id == self.value())
    }

    /// Whether what stands there names none of those that are known. Without the list an id is believed.
    pub(crate) fn is_unknown(&self, model: &Model) -> bool {
        !self.value().is_empty() && !model.organisations.is_empty() && self.named(model).is_none()
    }

    /// Takes the one that is marked, where what was typed is not an id already.
    pub(crate) fn choose(&mut self, model: &Model) {
        if self.value().is_empty() || self.named(model).is_some() {
            return;
        }
        if let Some(named) = self.0.chosen().and_then(|at| model.organisations.get(at)) {
            self.0.line = Line::of(&named.id);
            self.listed(&model.organisations);
        }
    }

    pub(crate) fn key(&mut self, model: &Model, event: &KeyEvent) {
        if self.0.key(event) {
            self.listed(&model.organisations);
        }
    }

    pub(crate) fn paste(&mut self, model: &Model, text: &str) {
        self.0.paste(text);
        self.listed(&model.organisations);
    }

    /// The field's line: the label, the id, and what the organisation is called.
    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>, line: Rect, label: &str, active: bool) {
        line_field(model, frame, line, label, &self.0.line, active);
        let Some(named) = self.named(model) else { return };
        let used = width(label) + width(&named.id) + 1;
        let room = (line.width as usize).saturating_sub(used);
        let at = Rect { x: line.x + (used as u16).min(line.width), width: room as u16, ..line };
        let words = Words::styled(cut(&format!("· {}", named.name), room), model.theme.good());
        frame.render_widget(Paragraph::new(words), at);
    }

    /// The organisations that match, over the fields below; nothing where none are known.
    pub(super) fn draw_list(&self, model: &Model, frame: &mut Frame<'_>, under: Rect) {
        if model.organisations.is_empty() {
            return;
        }
        let found: Vec<_> = self.0.found.iter().filter_map(|at| model.organisations.get(*at)).collect();
        frame.render_widget(Clear, under);
        if found.is_empty() {
            let words = model.texts.get("search-nothing");
            frame.render_widget(Paragraph::new(Words::styled(words, model.theme.dim())), under);
            return;
        }
        let wide = (under.width as usize).saturating_sub(2);
        let words = |named: &&Named| Words::raw(cut(&format!("{} ({})", named.name, named.id), wide));
        list(model, frame, under, found.iter().map(words).collect(), self.0.chosen);
    }
}
