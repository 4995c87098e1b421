//! The key map in force told to people: as TOML that can be read again, and as a table for the documentation.

use std::fmt::Write as _;

use super::Config;
use crate::actions::{Place, REGISTRY, spec};
use crate::keys::names::Strokes;
use crate::texts::{Language, Texts};

/// The key map in force, in the form of the file of settings, with what each action does.
pub fn print_keys(config: &Config, language: Language) -> String {
    let texts = Texts::new(language);
    let map = &config.0.keys;
    let mut out = String::from("[keys]\n");
    let wide = REGISTRY.iter().map(|spec| spec.id.len()).max().unwrap_or_default();
    let mut line = |id: &str, keys: Vec<Strokes>| {
        let help = texts.get(&format!("help-{id}"));
        let setting = format!("{id:wide$} = {}", listed(&keys));
        let _ = writeln!(out, "{setting:52} # {help}");
    };
    for spec in REGISTRY {
        line(spec.id, map.general_keys(spec.action).collect());
    }
    for place in Place::ALL {
        let here: Vec<_> = map.special().iter().filter(|setting| setting.place == Some(place)).collect();
        if here.is_empty() {
            continue;
        }
        let _ = write!(out, "\n[keys.{}]\n", place.id());
        for setting in here {
            let _ = writeln!(out, "{:wide$} = {}", spec(setting.action).id, listed(&setting.keys));
        }
    }
    out
}

/// `"g g"`, or `["g g", "Home"]`.
fn listed(keys: &[Strokes]) -> String {
    let quoted = |keys: &Strokes| toml::Value::String(keys.to_string()).to_string();
    match keys {
        [one] => quoted(one),
        _ => format!("[{}]", keys.iter().map(quoted).collect::<Vec<_>>().join(", ")),
    }
}

/// The built-in keys as a table in Markdown.
pub fn key_table() -> String {
    let texts = Texts::new(Language::En);
    let map = &Config::default().0.keys;
    let mut out = String::from("| action | keys | what it does |\n| --- | --- | --- |\n");
    for spec in REGISTRY {
        let keys: Vec<String> = map.general_keys(spec.action).map(|keys| format!("`{}`", code(&keys))).collect();
        let _ = writeln!(out, "| `{}` | {} | {} |", spec.id, keys.join(" "), texts.get(&format!("help-{}", spec.id)));
    }
    out
}

/// What stands between the marks of code in a table.
fn code(keys: &Strokes) -> String {
    keys.to_string().replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENING: &str = "<!-- keys: made from the registry of actions -->\n";
    const CLOSING: &str = "<!-- end of keys -->";

    #[test]
    fn the_keys_in_the_documentation_are_those_of_the_registry() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/console.md");
        let kept = read(&path);
        let (before, rest) = kept.split_once(OPENING).unwrap();
        let (table, after) = rest.split_once(CLOSING).unwrap();
        if std::env::var_os("OPORA_WRITE_DOCS").is_some() {
            write(&path, &format!("{before}{OPENING}{}{CLOSING}{after}", key_table()));
            return;
        }
        assert!(
            table == key_table(),
            "the keys in docs/console.md are not those of the registry: run this test with OPORA_WRITE_DOCS=1"
        );
    }

    #[expect(clippy::disallowed_methods, reason = "a test")]
    fn read(path: &std::path::Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "a test")]
    fn write(path: &std::path::Path, text: &str) {
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        let text =
            "[keys]\ntake = []\nassign = [\"x\", \"C-x y\", \"'\"]\n[keys.ticket]\nreply = [\"Space\", \"\\\"\"]\n";
        for config in [Config::default(), Config::parse(text, "test").unwrap()] {
            for language in [Language::Ru, Language::En] {
                let printed = print_keys(&config, language);
                assert_eq!(Config::parse(&printed, "printed").as_ref(), Ok(&config), "{printed}");
            }
        }
    }
}
