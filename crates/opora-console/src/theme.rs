//! Colours by meaning, in a dark, a light and a monochrome palette. Whatever a colour says, a glyph or a word says too.

use opora_proto::v1::{Priority, TicketState};
use ratatui::style::{Color, Modifier, Style};

/// Which palette.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Bright letters on a dark ground.
    #[default]
    Dark,
    /// Dark letters on a light ground.
    Light,
    /// No colours: bold, dim, reverse and underline alone.
    Mono,
}

impl Theme {
    fn pick(self, dark: Color, light: Color) -> Style {
        match self {
            Self::Dark => Style::new().fg(dark),
            Self::Light => Style::new().fg(light),
            Self::Mono => Style::new(),
        }
    }

    #[expect(clippy::unused_self, reason = "plain is a meaning like the others: a palette may give it a colour")]
    pub(crate) fn plain(self) -> Style {
        Style::new()
    }

    pub(crate) fn dim(self) -> Style {
        match self {
            Self::Mono => Style::new().add_modifier(Modifier::DIM),
            _ => self.pick(Color::DarkGray, Color::Gray),
        }
    }

    pub(crate) fn title(self) -> Style {
        self.pick(Color::Cyan, Color::Blue).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn key(self) -> Style {
        self.pick(Color::Cyan, Color::Blue).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn border(self, focused: bool) -> Style {
        match (self, focused) {
            (Self::Mono, true) => Style::new().add_modifier(Modifier::BOLD),
            (_, true) => self.pick(Color::Cyan, Color::Blue),
            (_, false) => self.dim(),
        }
    }

    pub(crate) fn selected(self) -> Style {
        match self {
            Self::Dark => Style::new().bg(Color::Indexed(238)).add_modifier(Modifier::BOLD),
            Self::Light => Style::new().bg(Color::Indexed(253)).add_modifier(Modifier::BOLD),
            Self::Mono => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    pub(crate) fn good(self) -> Style {
        self.pick(Color::Green, Color::Green)
    }

    pub(crate) fn warning(self) -> Style {
        self.pick(Color::Yellow, Color::Indexed(130))
    }

    pub(crate) fn bad(self) -> Style {
        self.pick(Color::LightRed, Color::Red).add_modifier(Modifier::BOLD)
    }

    /// What the customer reads.
    pub(crate) fn public(self) -> Style {
        match self {
            Self::Mono => Style::new().add_modifier(Modifier::BOLD),
            _ => self.pick(Color::Green, Color::Green).add_modifier(Modifier::BOLD),
        }
    }

    /// What agents alone read.
    pub(crate) fn internal(self) -> Style {
        match self {
            Self::Mono => Style::new().add_modifier(Modifier::UNDERLINED),
            _ => self.pick(Color::Yellow, Color::Indexed(130)),
        }
    }

    pub(crate) fn customer(self) -> Style {
        self.pick(Color::LightBlue, Color::Blue)
    }

    pub(crate) fn priority(self, priority: Priority) -> Style {
        match priority {
            Priority::Critical => self.bad(),
            Priority::High => self.warning(),
            Priority::Low => self.dim(),
            Priority::Medium | Priority::Unspecified => self.plain(),
        }
    }
}

/// The glyph of a priority, two columns.
pub(crate) const fn priority_glyph(priority: Priority) -> &'static str {
    match priority {
        Priority::Critical => "!!",
        Priority::High => "! ",
        Priority::Medium => "· ",
        Priority::Low => "- ",
        Priority::Unspecified => "? ",
    }
}

/// The key of a priority's word.
pub(crate) const fn priority_word(priority: Priority) -> &'static str {
    match priority {
        Priority::Critical => "priority-critical",
        Priority::High => "priority-high",
        Priority::Medium => "priority-medium",
        Priority::Low => "priority-low",
        Priority::Unspecified => "unknown",
    }
}

/// The key of a state's word.
pub(crate) const fn state_word(state: TicketState) -> &'static str {
    match state {
        TicketState::New => "state-new",
        TicketState::InProgress => "state-in-progress",
        TicketState::WaitingForCustomer => "state-waiting",
        TicketState::Resolved => "state-resolved",
        TicketState::Closed => "state-closed",
        TicketState::Merged => "state-merged",
        TicketState::Unspecified => "unknown",
    }
}

/// The glyph of a state, one column: the queue shows it beside the number.
pub(crate) const fn state_glyph(state: TicketState) -> &'static str {
    match state {
        TicketState::New => "+",
        TicketState::InProgress => ">",
        TicketState::WaitingForCustomer => "‖",
        TicketState::Resolved => "√",
        TicketState::Closed => "■",
        TicketState::Merged => "»",
        TicketState::Unspecified => "?",
    }
}
