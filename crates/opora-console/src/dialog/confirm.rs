//! A question before an action on what the screen does not show as its own: a ghost, or the last change when its message
//! is gone. Enter and Esc answer it; letters do not, for they are others on another layout.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::{After, Dialog, is_cancel};
use crate::actions::{self, Action};
use crate::change::Undoable;
use crate::keys::Chord;
use crate::model::{Level, Model};
use crate::msg::Effect;
use crate::queue::Left;
use crate::queue::view::left_words;
use crate::selection;
use crate::text::wrap;
use crate::update::{self, send};

/// How many of the tickets of a change are named.
const NAMED: usize = 12;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Whether an action is meant for a ticket that left: which, and why it did.
    Ghost(Action, u64, Left),
    /// Whether the last change is taken back: of what, and of which tickets.
    Undo(Undoable, Vec<u64>),
}

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Confirm(Question);

impl Confirm {
    /// What has to be asked before an action, if anything has.
    pub(crate) fn before(model: &Model, action: Action) -> Option<Self> {
        if action == Action::Undo {
            let undo = model.undo.as_ref()?;
            // While the message that told of it stands on the screen, the screen says what is taken back.
            let told = model.shown_toast().is_some() && model.toasted == undo.told;
            let numbers = undo.parts.iter().flat_map(|(_, numbers)| numbers).copied().collect();
            return (!told).then_some(Self(Question::Undo(undo.kind, numbers)));
        }
        let (number, why) = selection::ghost(model).filter(|_| actions::is_change(action))?;
        Some(Self(Question::Ghost(action, number, why)))
    }

    pub(super) fn key(self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        let chord = Chord::of(event);
        if is_cancel(event) || matches!(chord.code, KeyCode::Backspace | KeyCode::Char('q')) {
            return After::Close;
        }
        if event.code != KeyCode::Enter {
            return After::Stay(Dialog::Confirm(self));
        }
        let action = match &self.0 {
            Question::Ghost(action, ..) => *action,
            Question::Undo(..) => Action::Undo,
        };
        if let Some(why) = actions::why_not(model, action) {
            let text = model.texts.get(why);
            model.toast(Level::Warning, text);
            return After::Close;
        }
        // What is asked is another thing by now: it is asked anew. Nothing is left to ask: it is its own row again.
        if let Some(now) = Self::before(model, action).filter(|now| now.0 != self.0) {
            return After::Stay(Dialog::Confirm(now));
        }
        if action == Action::Undo {
            send::undo(model, effects);
        } else {
            update::act(model, action, effects);
        }
        model.dialog.take().map_or(After::Close, After::Stay)
    }

    pub(super) fn title(&self, model: &Model) -> String {
        let action = match &self.0 {
            Question::Ghost(action, ..) => *action,
            Question::Undo(..) => Action::Undo,
        };
        model.texts.get(&format!("action-{}", actions::spec(action).id))
    }

    fn words(&self, model: &Model) -> String {
        match &self.0 {
            Question::Ghost(_, number, why) => {
                let (number, why) = (number.to_string(), left_words(model, why));
                model.texts.with("confirm-ghost", &[("number", (&number).into()), ("why", (&why).into())])
            }
            Question::Undo(kind, numbers) => {
                let named: Vec<String> = numbers.iter().take(NAMED).map(|number| format!("#{number}")).collect();
                let more = if numbers.len() > NAMED { " …" } else { "" };
                let named = format!("{}{more}", named.join(" "));
                let what = model.texts.get(kind.word());
                let count = ("count", numbers.len().into());
                model.texts.with("confirm-undo", &[("what", (&what).into()), count, ("tickets", (&named).into())])
            }
        }
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>, area: Rect) {
        let lines = wrap(&self.words(model), area.width as usize);
        let lines: Vec<Line<'_>> = lines.into_iter().map(|line| Line::styled(line, model.theme.warning())).collect();
        frame.render_widget(Paragraph::new(lines), area);
    }
}
