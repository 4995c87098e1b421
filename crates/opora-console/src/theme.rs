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

/// The one of the terminal's own colours that says the same.
fn named(r: u8, g: u8, b: u8) -> Color {
    let most = r.max(g).max(b);
    let has = |part: u8| u32::from(part) * 3 >= u32::from(most) * 2;
    match (has(r), has(g), has(b)) {
        _ if most < 60 => Color::Black,
        (true, true, true) if most > 200 => Color::White,
        (true, true, true) => Color::DarkGray,
        (true, true, false) => Color::Yellow,
        (true, false, true) => Color::Magenta,
        (false, true, true) => Color::Cyan,
        (true, ..) => Color::Red,
        (_, true, _) => Color::Green,
        _ => Color::Blue,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        for (colorterm, term, depth) in [
            ("truecolor", "xterm", Depth::True),
            ("24bit", "tmux-256color", Depth::True),
            ("", "xterm-direct", Depth::True),
            ("", "tmux-256color", Depth::Indexed),
            ("", "alacritty", Depth::Indexed),
            ("", "xterm", Depth::Sixteen),
            ("", "linux", Depth::Sixteen),
            ("yes", "screen", Depth::Sixteen),
        ] {
            assert_eq!(Depth::of(colorterm, term), depth, "{colorterm} {term}");
        }
    }

    fn reduced(depth: Depth, style: Style) -> Style {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
        buffer.set_style(buffer.area, style);
        depth.reduce(&mut buffer);
        buffer[(0, 0)].style()
    }

    #[test]
    fn the_selected_row_is_seen_with_16_colours_too() {
        for theme in [Theme::Dark, Theme::Light] {
            let style = reduced(Depth::Sixteen, theme.selected());
            assert!(style.add_modifier.contains(Modifier::REVERSED));
            assert_eq!(style.bg, Some(Color::Reset));
        }
        assert_eq!(reduced(Depth::Sixteen, Theme::Light.warning()).fg, Some(Color::Red));
    }

    proptest! {
        #[test]
        fn no_colour_is_left_that_the_terminal_has_not(r: u8, g: u8, b: u8, index: u8) {
            for colour in [Color::Rgb(r, g, b), Color::Indexed(index)] {
                let style = Style::new().fg(colour).bg(colour);
                let sixteen = reduced(Depth::Sixteen, style);
                for colour in [sixteen.fg, sixteen.bg] {
                    prop_assert!(!matches!(colour, Some(Color::Rgb(..) | Color::Indexed(16..))));
                }
                prop_assert!(!matches!(reduced(Depth::Indexed, style).fg, Some(Color::Rgb(..))));
                prop_assert_eq!(reduced(Depth::True, style).fg, Some(colour));
            }
        }

        #[test]
        fn a_colour_of_the_256_stays_itself(index in 16_u8..=255) {
            let (r, g, b) = components(index);
            prop_assert_eq!(components(nearest(r, g, b)), (r, g, b));
        }
    }
}
