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
    /// No colours: bold, reverse and underline alone.
    Mono,
}

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Any.
    #[default]
    True,
    /// 256.
    Indexed,
    /// The 16 that the terminal's own palette names.
    Sixteen,
}

impl Depth {
    /// What the environment says of the terminal: the values of `COLORTERM` and `TERM`.
    pub(crate) fn of(colorterm: &str, term: &str) -> Self {
        match () {
            () if ["truecolor", "24bit"].contains(&colorterm) || term.ends_with("-direct") => Self::True,
            () if term.contains("256color") => Self::Indexed,
            // These are drawn by programs that know 256, whatever they call themselves.
            () if ["alacritty", "foot", "xterm-kitty", "xterm-ghostty", "wezterm"].contains(&term) => Self::Indexed,
            () => Self::Sixteen,
        }
    }

    /// Brings a frame down to the colours that there are. A ground that is not among them becomes reverse.
    pub(crate) fn reduce(self, buffer: &mut ratatui::buffer::Buffer) {
        if self == Self::True {
            return;
        }
        for cell in &mut buffer.content {
            match (self, cell.bg) {
                (_, Color::Rgb(r, g, b)) if self == Self::Indexed => cell.bg = Color::Indexed(nearest(r, g, b)),
                (Self::Sixteen, Color::Rgb(..) | Color::Indexed(16..)) => {
                    cell.bg = Color::Reset;
                    cell.fg = Color::Reset;
                    cell.modifier |= Modifier::REVERSED;
                }
                _ => {}
            }
            cell.fg = match (self, cell.fg) {
                (Self::Indexed, Color::Rgb(r, g, b)) => Color::Indexed(nearest(r, g, b)),
                (Self::Sixteen, Color::Rgb(r, g, b)) => named(r, g, b),
                (Self::Sixteen, Color::Indexed(n @ 16..)) => {
                    let (r, g, b) = components(n);
                    named(r, g, b)
                }
                (_, colour) => colour,
            };
        }
    }
}

/// The levels of the cube of 216 colours.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The one of the 256 colours that is nearest.
fn nearest(r: u8, g: u8, b: u8) -> u8 {
    let far = |index: &u8| distance(components(*index), (r, g, b));
    (16..=255).min_by_key(far).unwrap_or(16)
}

fn distance(one: (u8, u8, u8), other: (u8, u8, u8)) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    square(one.0, other.0) + square(one.1, other.1) + square(one.2, other.2)
}

/// What one of the upper 240 of the 256 colours is made of.
fn components(index: u8) -> (u8, u8, u8) {
    let level = |n: u8| LEVELS.get(usize::from(n % 6)).copied().unwrap_or_default();
    match index {
        232.. => {
            let grey = 8 + (index - 232) * 10;
            (grey, grey, grey)
        }
        16.. => {
            let n = index - 16;
            (level(n / 36), level(n / 6), level(n))
        }
        _ => (0, 0, 0),
    }
}

/// The one of the terminal's own colours that says the same, where it can be read on whatever ground the usual palettes
/// have: green, yellow and cyan on a dark one. Their reds, blues and greys can't be relied on (one palette's grey is
/// another's ground), nor can any of them on a light ground: there the glyph, the word and bold say it.
fn named(r: u8, g: u8, b: u8) -> Color {
    let most = r.max(g).max(b);
    let has = |part: u8| u32::from(part) * 3 >= u32::from(most) * 2;
    match (has(r), has(g), has(b)) {
        // A dark letter is one for a light ground.
        _ if most < 200 => Color::Reset,
        (true, true, false) => Color::Yellow,
        (false, true, true) => Color::Cyan,
        (false, true, false) => Color::Green,
        _ => Color::Reset,
    }
}

/// Fixed colours of the 256: what the first 16 are is the terminal's own affair, and in some palettes one of them is the
/// ground itself. Each has a contrast of at least 4.5 to 1 with the grounds of the usual palettes and with the ground of
/// the selected row; a test reckons it.
mod colour {
    use ratatui::style::Color;

    /// For a dark ground and for a light one.
    type Pair = (Color, Color);

    pub(super) const SECONDARY: Pair = (Color::Indexed(248), Color::Indexed(240));
    pub(super) const ACCENT: Pair = (Color::Indexed(80), Color::Indexed(25));
    pub(super) const GOOD: Pair = (Color::Indexed(114), Color::Indexed(22));
    pub(super) const WARNING: Pair = (Color::Indexed(221), Color::Indexed(58));
    pub(super) const BAD: Pair = (Color::Indexed(210), Color::Indexed(124));
    pub(super) const CUSTOMER: Pair = (Color::Indexed(111), Color::Indexed(19));
    pub(super) const SELECTED: Pair = (Color::Indexed(255), Color::Indexed(232));
    pub(super) const GROUND: Pair = (Color::Indexed(237), Color::Indexed(253));
}

impl Theme {
    fn pick(self, (dark, light): (Color, Color)) -> Style {
        match self {
            Self::Dark => Style::new().fg(dark),
            Self::Light => Style::new().fg(light),
            Self::Mono => Style::new(),
        }
    }

    /// The person's own colours, which are theirs to choose.
    #[expect(clippy::unused_self, reason = "plain is a meaning like the others: a palette may give it a colour")]
    pub(crate) fn plain(self) -> Style {
        Style::new()
    }

    /// Secondary text. Without colours it is plain: what a terminal makes of *dim* can't be relied on.
    pub(crate) fn dim(self) -> Style {
        self.pick(colour::SECONDARY)
    }

    pub(crate) fn title(self) -> Style {
        self.pick(colour::ACCENT).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn key(self) -> Style {
        self.pick(colour::ACCENT).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn border(self, focused: bool) -> Style {
        match (self, focused) {
            (Self::Mono, true) => Style::new().add_modifier(Modifier::BOLD),
            (_, true) => self.pick(colour::ACCENT),
            (_, false) => self.dim(),
        }
    }

    pub(crate) fn selected(self) -> Style {
        let ((fg, on_light), (bg, light)) = (colour::SELECTED, colour::GROUND);
        match self {
            Self::Dark => Style::new().fg(fg).bg(bg).add_modifier(Modifier::BOLD),
            Self::Light => Style::new().fg(on_light).bg(light).add_modifier(Modifier::BOLD),
            Self::Mono => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    pub(crate) fn good(self) -> Style {
        self.pick(colour::GOOD)
    }

    pub(crate) fn warning(self) -> Style {
        self.pick(colour::WARNING)
    }

    pub(crate) fn bad(self) -> Style {
        self.pick(colour::BAD).add_modifier(Modifier::BOLD)
    }

    /// What the customer reads.
    pub(crate) fn public(self) -> Style {
        self.pick(colour::GOOD).add_modifier(Modifier::BOLD)
    }

    /// What agents alone read.
    pub(crate) fn internal(self) -> Style {
        match self {
            Self::Mono => Style::new().add_modifier(Modifier::UNDERLINED),
            _ => self.pick(colour::WARNING),
        }
    }

    pub(crate) fn customer(self) -> Style {
        self.pick(colour::CUSTOMER)
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

#[cfg(test)]
mod tests;
