//! What the palettes promise.

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
    assert_eq!(reduced(Depth::Sixteen, Theme::Dark.warning()).fg, Some(Color::Yellow));
    assert_eq!(reduced(Depth::Sixteen, Theme::Light.warning()).fg, Some(Color::Reset));
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

/// How bright a colour is, by WCAG 2.
fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
    let part = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.039_28 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
}

fn contrast(one: (u8, u8, u8), other: (u8, u8, u8)) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The grounds of the usual palettes: plain, Solarized, Gruvbox, Dracula, Nord, Monokai, One, of GNOME and of Ubuntu.
const DARK: [(u8, u8, u8); 10] = [
    (0, 0, 0),
    (0x00, 0x2b, 0x36),
    (0x28, 0x28, 0x28),
    (0x28, 0x2a, 0x36),
    (0x2e, 0x34, 0x40),
    (0x27, 0x28, 0x22),
    (0x28, 0x2c, 0x34),
    (0x17, 0x14, 0x21),
    (0x30, 0x0a, 0x24),
    (0x1e, 0x1e, 0x1e),
];
const LIGHT: [(u8, u8, u8); 5] =
    [(255, 255, 255), (0xfd, 0xf6, 0xe3), (0xfb, 0xf1, 0xc7), (0xfa, 0xfa, 0xfa), (0xee, 0xee, 0xee)];

/// Green, yellow and cyan of the 16, with the ground that they stand on: of xterm and of Solarized.
const NAMED: [[(u8, u8, u8); 4]; 2] = [
    [(0, 0, 0), (0x00, 0xcd, 0x00), (0xcd, 0xcd, 0x00), (0x00, 0xcd, 0xcd)],
    [(0x00, 0x2b, 0x36), (0x85, 0x99, 0x00), (0xb5, 0x89, 0x00), (0x2a, 0xa1, 0x98)],
];

fn styles(theme: Theme) -> Vec<(&'static str, Style)> {
    let mut all = vec![
        ("plain", theme.plain()),
        ("dim", theme.dim()),
        ("title", theme.title()),
        ("key", theme.key()),
        ("border", theme.border(false)),
        ("focused border", theme.border(true)),
        ("selected", theme.selected()),
        ("good", theme.good()),
        ("warning", theme.warning()),
        ("bad", theme.bad()),
        ("public", theme.public()),
        ("internal", theme.internal()),
        ("customer", theme.customer()),
    ];
    let priorities = [Priority::Low, Priority::Medium, Priority::High, Priority::Critical, Priority::Unspecified];
    all.extend(priorities.map(|priority| (priority_word(priority), theme.priority(priority))));
    all
}

/// A cell's letter against its ground; `None`: both are the person's own.
fn worst(style: Style, grounds: &[(u8, u8, u8)], depth: Depth) -> Option<f64> {
    let rgb = |colour: Option<Color>| match colour {
        None | Some(Color::Reset) => None,
        Some(Color::Indexed(n @ 16..)) => Some(components(n)),
        Some(Color::Rgb(r, g, b)) => Some((r, g, b)),
        Some(other) => panic!("{other:?} is the terminal's own with {depth:?}"),
    };
    match (rgb(style.fg), rgb(style.bg)) {
        (None, None) => None,
        (None, Some(_)) => panic!("a ground without a letter"),
        (Some(letter), Some(ground)) => Some(contrast(letter, ground)),
        (Some(letter), None) => grounds.iter().map(|ground| contrast(letter, *ground)).min_by(f64::total_cmp),
    }
}

#[test]
fn every_text_can_be_read_on_the_grounds_of_the_usual_palettes_and_on_the_selected_row() {
    for (theme, grounds) in [(Theme::Dark, &DARK[..]), (Theme::Light, &LIGHT[..])] {
        for depth in [Depth::True, Depth::Indexed] {
            for (name, style) in styles(theme) {
                for style in [style, theme.selected().patch(style)] {
                    let style = reduced(depth, style);
                    assert!(!style.add_modifier.contains(Modifier::DIM), "{name}");
                    if let Some(contrast) = worst(style, grounds, depth) {
                        assert!(contrast >= 4.5, "{theme:?} {depth:?} {name}: {contrast:.2}");
                    }
                }
            }
        }
    }
}

#[test]
fn of_the_16_colours_only_those_are_used_that_can_be_read() {
    for theme in [Theme::Dark, Theme::Light] {
        for (name, style) in styles(theme) {
            for style in [style, theme.selected().patch(style)] {
                let style = reduced(Depth::Sixteen, style);
                assert!(!style.add_modifier.contains(Modifier::DIM), "{name}");
                assert_eq!(style.bg, Some(Color::Reset), "{name}");
                let at = match style.fg {
                    Some(Color::Reset) => continue,
                    Some(Color::Green) => 1,
                    Some(Color::Yellow) => 2,
                    Some(Color::Cyan) => 3,
                    other => panic!("{theme:?} {name}: {other:?}"),
                };
                assert_eq!(theme, Theme::Dark, "{name}: none of them can be read on a light ground");
                for palette in NAMED {
                    assert!(contrast(palette[at], palette[0]) >= 4.5, "{name}");
                }
            }
        }
    }
}

#[test]
fn without_colours_nothing_is_dimmed() {
    for (name, style) in styles(Theme::Mono) {
        assert_eq!((style.fg, style.bg), (None, None), "{name}");
        assert!(!style.add_modifier.contains(Modifier::DIM), "{name}");
    }
}

#[test]
fn no_screen_has_a_colour_of_its_own() {
    use crate::testing::sample;
    use crate::tests::press;
    use crate::texts::Language;
    for (theme, grounds) in [(Theme::Dark, &DARK[..]), (Theme::Light, &LIGHT[..]), (Theme::Mono, &DARK[..])] {
        for keys in [
            "",
            "<enter>v",
            "<enter>vv",
            "2",
            "3",
            "4",
            "5",
            "?",
            ":",
            "p",
            "a",
            "s",
            "E",
            "rtext",
            "n",
            "c",
            "A",
            "m",
            "e",
        ] {
            let mut model = sample(Language::Ru, theme, (120, 40));
            press(&mut model, keys);
            let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(120, 40)).unwrap();
            terminal.draw(|frame| crate::view::view(&model, frame)).unwrap();
            for cell in &terminal.backend().buffer().content {
                let style = cell.style();
                assert!(!style.add_modifier.contains(Modifier::DIM), "{keys} {theme:?}");
                if let Some(contrast) = worst(style, grounds, Depth::True) {
                    assert!(contrast >= 4.5, "{keys} {theme:?} {:?}: {contrast:.2}", cell.symbol());
                }
            }
        }
    }
}
