//! The command line in Russian. clap speaks English only: its tree is gone through once more and what it says is put in
//! place of the English, from `locales/ru/help.toml`.

use std::collections::BTreeMap;
// Writing to a string never fails.
use std::fmt::Write as _;

use clap::builder::PossibleValue;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use serde::Deserialize;

const CATALOGUE: &str = include_str!("../../locales/ru/help.toml");

/// What stands where an argument's word was in the English text.
const WORD: &str = "{}";

/// The catalogue: by the English text, and by name what clap has no text of ours for.
#[derive(Debug, Deserialize)]
pub(crate) struct Russian {
    short: BTreeMap<String, String>,
    long: Vec<Long>,
    misuse: BTreeMap<String, String>,
    #[cfg(feature = "server")]
    config: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Long {
    en: String,
    ru: String,
}

impl Russian {
    /// Reads the catalogue.
    pub(crate) fn load() -> Self {
        // A test reads it: it has no fault. If it had, texts would stay English.
        toml::from_str(CATALOGUE).unwrap_or_else(|_| Self {
            short: BTreeMap::new(),
            long: Vec::new(),
            misuse: BTreeMap::new(),
            #[cfg(feature = "server")]
            config: BTreeMap::new(),
        })
    }

    /// A text in Russian; as it is where there is none.
    fn say<'a>(&'a self, english: &'a str) -> &'a str {
        let long = || self.long.iter().find(|long| long.en.trim_end() == english).map(|long| long.ru.trim_end());
        self.short.get(english).map(String::as_str).or_else(long).unwrap_or(english)
    }

    /// A word or a sentence by its name.
    fn word<'a>(&'a self, name: &'a str) -> &'a str {
        self.misuse.get(name).map_or(name, String::as_str)
    }

    /// A sentence by its name, with words in it.
    fn sentence(&self, name: &str, words: &[(&str, &str)]) -> String {
        let text = self.word(name).to_owned();
        words.iter().fold(text, |text, (name, word)| text.replace(&format!("{{{name}}}"), word))
    }

    /// A tree of commands that was built, in Russian.
    pub(crate) fn command(&self, mut command: Command) -> Command {
        let usage = command.render_usage().to_string();
        let usage = usage.strip_prefix("Usage:").unwrap_or(&usage).trim();
        let usage = usage.replace("[OPTIONS]", &format!("[{}]", self.word("options").to_uppercase()));
        let usage = usage.replace("COMMAND", self.word("command"));
        let template =
            format!("{{about-with-newline}}\n{}: {{usage}}\n\n{{all-args}}{{after-help}}", self.heading("usage"));
        if let Some(about) = command.get_about().map(|about| self.say(&about.to_string()).to_owned()) {
            command = command.about(about);
        }
        if let Some(after) = command.get_after_help().map(|after| self.say(&after.to_string()).to_owned()) {
            command = command.after_help(after);
        }
        command
            .override_usage(usage)
            .help_template(template)
            .subcommand_help_heading(self.word("commands").to_owned())
            .mut_args(|arg| self.arg(arg))
            .mut_subcommands(|sub| self.command(sub))
    }

    /// A heading as clap shows its own on a terminal.
    fn heading(&self, name: &str) -> String {
        format!("\x1b[1m\x1b[4m{}\x1b[0m", self.word(name))
    }

    fn arg(&self, arg: Arg) -> Arg {
        let heading = match arg.get_help_heading() {
            Some(heading) => self.say(heading),
            None if arg.is_positional() => self.word("arguments"),
            None => self.word("options"),
        };
        let heading = heading.to_owned();
        let Some(help) = arg.get_help().map(|help| self.say(&help.to_string()).to_owned()) else {
            return arg.help_heading(heading);
        };
        let mut long = arg.get_long_help().map_or_else(|| help.clone(), |long| self.say(&long.to_string()).to_owned());
        let mut short = help;
        if arg.get_action().takes_values() {
            let values: Vec<PossibleValue> = arg.get_possible_values();
            let shown: Vec<&PossibleValue> = values.iter().filter(|value| !value.is_hide_set()).collect();
            let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
            if !defaults.is_empty() {
                let default = format!(" [{}: {}]", self.word("default"), defaults.join(", "));
                short.push_str(&default);
                long.push_str(&default);
            }
            if !shown.is_empty() {
                let names: Vec<&str> = shown.iter().map(|value| value.get_name()).collect();
                let _ = write!(short, " [{}: {}]", self.word("values"), names.join(", "));
                long.push_str(&self.values(&shown));
            }
        }
        arg.help(short).long_help(long).help_heading(heading).hide_default_value(true).hide_possible_values(true)
    }

    /// The values that an argument can have, one a line.
    fn values(&self, values: &[&PossibleValue]) -> String {
        let wide = values.iter().map(|value| value.get_name().chars().count()).max().unwrap_or_default();
        let mut text = format!("\n\n{}:", self.word("values_heading"));
        for value in values {
            let name = value.get_name();
            let _ = match value.get_help() {
                Some(help) => write!(text, "\n- {name:wide$}  {}", self.say(&help.to_string())),
                None => write!(text, "\n- {name}"),
            };
        }
        text
    }

    /// What is wrong with a call, and what to do. `None`: it is help or a version that was asked for.
    pub(crate) fn misuse(&self, error: &clap::Error) -> Option<String> {
        let get = |kind| error.get(kind).map(words).unwrap_or_default();
        let argument = get(ContextKind::InvalidArg);
        let arg = argument.first().map_or("", String::as_str);
        let given = get(ContextKind::InvalidValue);
        let value = given.first().map_or("", String::as_str);
        let say = |name: &str, words: &[(&str, &str)]| self.sentence(name, words);
        let what = match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return None,
            ErrorKind::InvalidValue if value.is_empty() => say("no_value", &[("arg", arg)]),
            ErrorKind::NoEquals => say("no_value", &[("arg", arg)]),
            ErrorKind::InvalidValue => say("invalid_value", &[("value", value), ("arg", arg)]),
            ErrorKind::ValueValidation => {
                let what = say("invalid_value", &[("value", value), ("arg", arg)]);
                match std::error::Error::source(error) {
                    Some(why) => format!("{what}: {}", self.reason(&why.to_string(), value)),
                    None => what,
                }
            }
            ErrorKind::UnknownArgument => say("unknown_argument", &[("arg", arg)]),
            ErrorKind::InvalidSubcommand => {
                let command = get(ContextKind::InvalidSubcommand);
                say("unknown_command", &[("command", command.first().map_or("", String::as_str))])
            }
            ErrorKind::ArgumentConflict => {
                let other = get(ContextKind::PriorArg).join("`, `");
                if other.is_empty() || other == arg {
                    say("twice", &[("arg", arg)])
                } else {
                    say("conflict", &[("arg", arg), ("other", &other)])
                }
            }
            ErrorKind::MissingRequiredArgument => {
                argument.iter().fold(say("missing", &[]), |text, arg| format!("{text}\n  {arg}"))
            }
            ErrorKind::MissingSubcommand => say("no_command", &[]),
            ErrorKind::TooManyValues => say("too_many", &[("value", value), ("arg", arg)]),
            ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
                let (got, wanted) = (get(ContextKind::ActualNumValues), get(ContextKind::ExpectedNumValues));
                let wanted = if wanted.is_empty() { get(ContextKind::MinValues) } else { wanted };
                say("count", &[("arg", arg), ("got", &got.concat()), ("wanted", &wanted.concat())])
            }
            ErrorKind::InvalidUtf8 => say("not_utf8", &[]),
            _ => say("other", &[]),
        };
        let mut text = format!("{}: {what}\n", self.word("error"));
        let valid = get(ContextKind::ValidValue);
        if !valid.is_empty() {
            let _ = writeln!(text, "  [{}: {}]", self.word("values"), valid.join(", "));
        }
        let alike = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
        let alike = alike.map(get).concat();
        if !alike.is_empty() {
            let _ = writeln!(text, "\n  {} `{}`", self.word("alike"), alike.join("`, `"));
        }
        if let Some(usage) = get(ContextKind::Usage).first() {
            let usage = usage.strip_prefix("Usage:").unwrap_or(usage).trim();
            let _ = writeln!(text, "\n{}: {usage}", self.word("usage"));
        }
        let _ = writeln!(text, "\n{}", self.word("more"));
        Some(text)
    }

    /// Where a setting of the server comes from: a word of ours, or a name.
    #[cfg(feature = "server")]
    pub(crate) fn origin<'a>(&'a self, english: &'a str) -> &'a str {
        self.config.get(english).map_or(english, String::as_str)
    }

    /// What is wrong with a setting of the server; a part of it that is told in words of its own as well.
    #[cfg(feature = "server")]
    pub(crate) fn setting(&self, english: &str) -> String {
        if let Some(russian) = self.config.get(english) {
            return russian.clone();
        }
        let found = self.config.iter().find_map(|(pattern, russian)| Some((parts(pattern, english)?, russian)));
        let Some((parts, russian)) = found else { return english.to_owned() };
        parts.iter().fold(russian.clone(), |russian, part| russian.replacen(WORD, &self.setting(part), 1))
    }

    /// Why a value does not fit.
    fn reason(&self, english: &str, value: &str) -> String {
        if let Some(range) = english.strip_prefix(value).and_then(|rest| rest.strip_prefix(" is not in ")) {
            return self.sentence("range", &[("value", value), ("range", range)]);
        }
        if let Some((_, example)) = english.split_once(" is not a name like ") {
            return self.sentence("name_like", &[("value", value), ("example", example)]);
        }
        let (quoted, open) = (format!("`{value}`"), format!("`{WORD}`"));
        self.say(&english.replace(&quoted, &open)).replace(&open, &quoted)
    }
}

/// What stands in a text where its pattern has [`WORD`]; `None` where it is another text.
#[cfg(feature = "server")]
fn parts<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut between = pattern.split(WORD);
    let mut rest = text.strip_prefix(between.next()?)?;
    let mut parts = Vec::new();
    for after in between {
        let (part, left) = if after.is_empty() { (rest, "") } else { rest.split_once(after)? };
        parts.push(part);
        rest = left;
    }
    (!parts.is_empty() && rest.is_empty()).then_some(parts)
}

/// What clap tells beside an error, as words.
fn words(value: &ContextValue) -> Vec<String> {
    match value {
        ContextValue::String(word) => vec![word.clone()],
        ContextValue::Strings(words) => words.clone(),
        ContextValue::StyledStr(text) => vec![text.to_string()],
        ContextValue::StyledStrs(texts) => texts.iter().map(ToString::to_string).collect(),
        ContextValue::Number(number) => vec![number.to_string()],
        _ => Vec::new(),
    }
}

#[cfg(all(test, feature = "server", feature = "console"))]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    /// Why a value does not fit: made by our own parsers and by those of the standard library.
    const REASONS: [&str; 10] = [
        "`{}` is not an id: 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
        "a setting is KEY=VALUE",
        "a ticket is named by its number (123 or #123), by tickets/123, or by its uid",
        "`{}` is not a time such as 20s or 2m",
        "must be longer than nothing",
        "`{}` is not a time such as 2026-03-02T09:00:00Z or '2026-03-02 09:00'",
        "a request id is a UUID",
        "invalid digit found in string",
        "cannot parse integer from empty string",
        "number too large to fit in target type",
    ];

    fn texts(command: &Command, found: &mut BTreeSet<String>) {
        let hidden = command.is_hide_set();
        if hidden {
            return;
        }
        found.extend(command.get_about().map(ToString::to_string));
        found.extend(command.get_after_help().map(|text| text.to_string().trim_end().to_owned()));
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            found.extend(arg.get_help().map(ToString::to_string));
            found.extend(arg.get_long_help().map(ToString::to_string));
            found.extend(arg.get_help_heading().map(str::to_owned));
            if arg.get_action().takes_values() {
                found.extend(arg.get_possible_values().iter().filter_map(|v| Some(v.get_help()?.to_string())));
            }
        }
        command.get_subcommands().for_each(|sub| texts(sub, found));
    }

    fn english() -> BTreeSet<String> {
        let mut root = Cli::command();
        root.build();
        let mut found: BTreeSet<String> = REASONS.map(str::to_owned).into();
        texts(&root, &mut found);
        found
    }

    fn wrong(line: &[&str]) -> String {
        let tree = crate::cli::tree(crate::cli::value::Language::Ru);
        let told = |error: clap::Error| Russian::load().misuse(&error).unwrap_or_else(|| error.to_string());
        tree.try_get_matches_from([&["opora"], line].concat()).err().map(told).unwrap_or_default()
    }

    #[test]
    fn everything_is_there_in_russian_and_nothing_else() {
        let russian = Russian::load();
        let known: BTreeSet<String> = russian
            .short
            .keys()
            .cloned()
            .chain(russian.long.iter().map(|long| long.en.trim_end().to_owned()))
            .collect();
        let english = english();
        assert_eq!(english.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "without Russian");
        assert_eq!(known.difference(&english).collect::<Vec<_>>(), Vec::<&String>::new(), "said nowhere");
    }

    #[test]
    fn help_is_russian_to_the_last_heading() {
        let help = wrong(&["ticket", "reprioritise", "--help"]);
        for text in ["Использование", "Аргументы", "Параметры", "Общие параметры", "Новый приоритет", "по умолчанию"]
        {
            assert!(help.contains(text), "{text} is missing in\n{help}");
        }
        for text in ["Usage", "Options", "Arguments", "default", "possible", "Print"] {
            assert!(!help.contains(text), "{text} stands in\n{help}");
        }
        assert!(wrong(&["--help"]).contains("Команды:"));
        assert!(wrong(&["ticket", "-h"]).contains("КОМАНДА"));
    }

    #[test]
    fn what_is_wrong_is_told_in_russian() {
        for (line, said) in [
            (&["tikcet"][..], "нет команды `tikcet`"),
            (&["tikcet"], "похоже на `ticket`"),
            (&["ticket", "list", "--ordr", "number"], "нет аргумента `--ordr`"),
            (&["ticket", "list", "--ordr", "number"], "похоже на `--order`"),
            (&["ticket", "list", "--order", "age"], "значение `age` не подходит для `--order <ORDER>`"),
            (&["ticket", "list", "--order", "age"], "[варианты: urgency, create-time"),
            (&["ticket", "list", "--limit", "0"], "`0` вне пределов 1.."),
            (&["ticket", "list", "--limit", "x"], "это не число"),
            (&["ticket", "show", "a b"], "запрос называют номером"),
            (&["ticket", "show"], "не указано обязательное:\n  <TICKET>"),
            (&["ticket", "assign", "1", "--me", "--nobody"], "`--me` нельзя указывать вместе с `--nobody`"),
            (&["ticket", "escalate", "1", "--reason"], "для `--reason <REASON>` нужно значение"),
            (&["--timeout", "soon", "ticket", "list"], "`soon` — не время вида 20s"),
            (&["--timeout", "0s", "ticket", "list"], "должно быть больше нуля"),
            (&["attach", "1", "--list", "--list"], "`--list` указан больше одного раза"),
            (&["--as", "Ольга", "ticket", "list"], "`Ольга` — не id: от 1 до 63 знаков"),
            (&["--as", "tickets/1", "ticket", "list"], "`tickets/1` — не имя вида `agents/olga`"),
            (&["serve", "--set", "x"], "настройка задаётся как KEY=VALUE"),
        ] {
            let told = wrong(line);
            assert!(told.contains(said) && told.contains("Подробнее: `--help`"), "{line:?} tells\n{told}");
        }
    }

    #[test]
    fn every_word_is_there() {
        let russian = Russian::load();
        let source = include_str!("russian.rs");
        let used = |name: &&String| source.contains(&format!("\"{name}\""));
        assert!(!russian.misuse.is_empty());
        assert_eq!(russian.misuse.keys().filter(|name| !used(name)).count(), 0);
    }
}
