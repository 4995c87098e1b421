//! What is wrong with the settings of a server, in words.

use opora_server::config::{ConfigError, Fault, Trouble};

use crate::cli::russian::Russian;
use crate::cli::value::Language;
use crate::system;
use crate::text::Text;

/// Everything that is wrong with a configuration, a line each.
pub(crate) fn told(error: &ConfigError, text: &Text) -> String {
    if text.language() == Language::En {
        return error.to_string();
    }
    let russian = Russian::load();
    let line = |fault: &Fault| match fault {
        Fault::Unknown { key, origin, nearest } => {
            let nearest = nearest.as_deref().map(|nearest| text.with("config-nearest", &[("nearest", nearest.into())]));
            let origin = russian.origin(origin);
            let unknown = text.with("config-unknown", &[("origin", origin.into()), ("key", key.into())]);
            unknown + &nearest.unwrap_or_default()
        }
        Fault::Wrong { key, origin, detail } => {
            let (origin, detail) = (russian.origin(origin), russian.setting(detail));
            text.with("config-wrong", &[("origin", origin.into()), ("key", key.into()), ("detail", detail.into())])
        }
        Fault::File { path, trouble: Trouble::System(number) } => {
            let cause = system::told(&std::io::Error::from_raw_os_error(*number), text);
            text.with("error-io", &[("what", path.display().to_string().into()), ("cause", cause.into())])
        }
        Fault::File { path, trouble: Trouble::Content(detail) } => {
            text.with("config-content", &[("path", path.display().to_string().into()), ("detail", detail.into())])
        }
    };
    error.0.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use opora_server::config::{Config, Sources};

    use super::*;

    /// A file of settings with one fault in it, as it is told in a language.
    fn faults(settings: &str, language: Language) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), settings).unwrap();
        let sources = Sources { file: Some(file.path().to_owned()), ..Sources::default() };
        let error = Config::load(&sources).unwrap_err();
        told(&error, &Text::new(language)).replace(&format!("{}: ", file.path().display()), "")
    }

    #[test]
    fn what_is_wrong_with_settings_is_told_in_both_languages() {
        for (settings, english, russian) in [
            (
                "disk_reserv = 1",
                "`disk_reserv` is not a setting; did you mean `disk_reserve`?",
                "нет настройки `disk_reserv`; похоже на `disk_reserve`",
            ),
            ("qqqqqq = 1", "`qqqqqq` is not a setting", "нет настройки `qqqqqq`"),
            ("data = 1", "`data` is not a text", "`data` — не строка"),
            (
                "listen = 'x'",
                "`listen` is not an address such as 127.0.0.1:7420",
                "`listen` — не адрес вида 127.0.0.1:7420",
            ),
            ("search = 3", "`search` is not `true` or `false`", "`search` — не `true` и не `false`"),
            (
                "disk_reserve = 'much'",
                "`disk_reserve` is not a size such as 256MiB",
                "`disk_reserve` — не размер вида 256MiB",
            ),
            (
                "drain_timeout = 'x'",
                "`drain_timeout` is not a length of time such as 10s or 7d",
                "`drain_timeout` — не промежуток времени вида 10s или 7d",
            ),
            ("sweep_every = '999ms'", "`sweep_every` is less than 1s", "`sweep_every` — меньше 1s"),
            ("request_time = '0s'", "`request_time` is less than 1ms", "`request_time` — меньше 1ms"),
            (
                "trusted_proxies = ['off']",
                "`trusted_proxies` `off` is no address and no network such as 10.0.0.0/8; an empty list says that there are \
                 none",
                "`trusted_proxies` — `off` — не адрес и не сеть вида 10.0.0.0/8; пустой список значит, что их нет",
            ),
            ("trusted_proxies = 3", "`trusted_proxies` is not a list of texts", "`trusted_proxies` — не список строк"),
            (
                "bytes_in_flight = '1MiB'",
                "`bytes_in_flight` is less than 8MiB, which one call may need with what it leaves to others",
                "`bytes_in_flight` — меньше 8MiB: столько может понадобиться одному вызову вместе с тем, что он оставляет \
                 другим",
            ),
            (
                "bytes_per_connection = '1MiB'",
                "`bytes_per_connection` is less than 4MiB, which one call may need",
                "`bytes_per_connection` — меньше 4MiB: столько может понадобиться одному вызову",
            ),
            (
                "max_watches = 0",
                "`max_watches` is not a number from 1 to 1,000,000",
                "`max_watches` — не число от 1 до 1 000 000",
            ),
            (
                "checklist = ['a', 'a']",
                "`checklist` is not a list of ids, each once",
                "`checklist` — не список id, каждый по одному разу",
            ),
            (
                "log = 'verbose'",
                "`log` is not a level (off, error, warn, info, debug, trace) or a filter such as `info,opora_server=debug`",
                "`log` — не уровень (off, error, warn, info, debug, trace) и не фильтр вида `info,opora_server=debug`",
            ),
            ("log_format = 'xml'", "`log_format` is neither `text` nor `json`", "`log_format` — не `text` и не `json`"),
        ] {
            assert_eq!(faults(settings, Language::En), english);
            assert_eq!(faults(settings, Language::Ru), russian);
        }
        let flags = vec![("max_watche".to_owned(), "1".to_owned())];
        let error = Config::load(&Sources { flags, ..Sources::default() }).unwrap_err();
        let unknown = "параметры запуска: нет настройки `max_watche`; похоже на `max_watches`";
        assert_eq!(told(&error, &Text::new(Language::Ru)), unknown);
        assert!(faults("data = ", Language::Ru).starts_with("файл настроек не читается как TOML: "));
    }

    /// Settings with one thing that is wrong in a table.
    const TABLES: [&str; 33] = [
        "calendars = 3",
        "calendars = [3]",
        "calendars = [{ mon = ['10:00-18:00'] }]",
        "calendars = [{ id = 'A B', mon = ['10:00-18:00'] }]",
        "calendars = [{ id = 'a', mon = 'x' }]",
        "calendars = [{ id = 'a', mon = ['x'] }]",
        "calendars = [{ id = 'a', mon = ['10:00-18:00', '17:00-19:00'] }]",
        "calendars = [{ id = 'a' }]",
        "calendars = [{ id = 'a', time_zone = 'Mars/One', mon = ['10:00-18:00'] }]",
        "calendars = [{ id = 'a', day_length = 'x', mon = ['10:00-18:00'] }]",
        "calendars = [{ id = 'a', day_length = '1s', mon = ['10:00-18:00'] }]",
        "calendars = [{ id = 'a', mon = ['10:00-18:00'], holidays = ['2026-13-01'] }]",
        "calendars = [{ id = 'a', mon = ['10:00-18:00'], holidays = [3] }]",
        "calendars = [{ id = 'a', mon = ['10:00-18:00'], moved_days = 3 }]",
        "calendars = [{ id = 'a', mon = ['10:00-18:00'], moved_days = { x = 'mon' } }]",
        "calendars = [{ id = 'a', mon = ['10:00-18:00'], moved_days = { 2026-03-09 = 'x' } }]",
        "calendars = [{ id = 'a', mon = ['10:00-18:00'], short_days = { 2026-03-09 = 'x' } }]",
        "calendars = [{ id = 'a', mon = ['10:00-18:00'], short_days = { 2026-03-09 = [3] } }]",
        "calendars = [{ id = 'a', mon = ['10:00-18:00'], short_days = { 2026-03-09 = ['x'] } }]",
        "log_prefixes = [{ prefix = 'a', kind = 'x' }]",
        "ladder = []",
        "ladder = [{ whom = 'a', means = [], reach = [] }]",
        "ladder = [{ whom = 'a', means = ['email'], reach = [] }]",
        "ladder = [{ whom = 'a', means = ['email'], reach = ['a@example.com'], calendar = 'x' }]",
        "policies = [{ id = 'a', raise_from = 'x', LOW, MEDIUM, HIGH, CRITICAL }]",
        "policies = [{ id = 'a', update_every = '1s', LOW, MEDIUM, HIGH, CRITICAL }]",
        "policies = [{ id = 'a', escalate_on_breach = 'x', LOW, MEDIUM, HIGH, CRITICAL }]",
        "policies = [{ id = 'A B', LOW, MEDIUM, HIGH, CRITICAL }]",
        "policies = [{ id = 'a', LOW, MEDIUM, HIGH }]",
        "policies = [{ id = 'a', LOW, MEDIUM, HIGH, critical = { first_response = 'x', resolution = '2 h' } }]",
        "policies = [{ id = 'a', LOW, MEDIUM, HIGH, critical = { first_response = 'continuous', resolution = '2 h' } }]",
        "policies = [{ id = 'a', LOW, MEDIUM, HIGH, critical = { first_response = '2 h', resolution = '0 h' } }]",
        "policies = [{ id = 'a', LOW, MEDIUM, HIGH, critical = { first_response = '1 h', resolution = '2 h', calendar = 'x' } }]",
    ];

    #[test]
    fn nothing_that_is_wrong_in_a_table_of_settings_is_passed_over_or_told_in_english() {
        // What a detail is made of beside words: a name, an example, a date.
        let words = |line: &str| {
            let mut outside = line.split('`').step_by(2).collect::<String>();
            for name in ["first_response", "update_every", "Europe/Moscow", "id", "a-z", "critical", "8h"] {
                outside = outside.replace(name, "");
            }
            outside
        };
        for settings in TABLES {
            let settings =
                ["low", "medium", "high", "critical"].iter().fold(settings.to_owned(), |settings, priority| {
                    let cell = format!("{priority} = {{ first_response = '1 h', resolution = '2 h' }}");
                    settings.replace(&priority.to_uppercase(), &cell)
                });
            let (english, russian) = (faults(&settings, Language::En), faults(&settings, Language::Ru));
            assert_eq!(english.lines().count(), russian.lines().count(), "{english}");
            for line in russian.lines() {
                assert!(!words(line).contains(|c: char| c.is_ascii_alphabetic()), "{settings}: {line} ({english})");
            }
        }
    }

    #[test]
    fn a_file_of_settings_that_is_not_there_is_told_in_both_languages() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("none.toml");
        let error = Config::load(&Sources { file: Some(path.clone()), ..Sources::default() }).unwrap_err();
        let told = |language| told(&error, &Text::new(language));
        assert_eq!(told(Language::En), format!("{}: No such file or directory (os error 2)", path.display()));
        let russian = format!("{}: нет такого файла или каталога (ошибка системы 2)", path.display());
        assert_eq!(told(Language::Ru), russian);
    }
}
