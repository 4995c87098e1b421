//! The table of settings: key, kind, built-in value (as TOML), what it does. Everything else is made from it.

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A directory.
    Path,
    /// An address with a port.
    Address,
    /// True or false.
    Flag,
    /// Bytes, `256MiB`.
    Size,
    /// A length of time, `10s`.
    Length,
    /// A number from 1.
    Count,
    /// Words; in the environment with commas between.
    Words,
    /// Tables; in the file only.
    Tables,
}

impl Kind {
    /// For people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Path => "directory",
            Self::Address => "address",
            Self::Flag => "true or false",
            Self::Size => "size",
            Self::Length => "length of time",
            Self::Count => "number from 1",
            Self::Words => "list of words",
            Self::Tables => "tables, in the file only",
        }
    }
}

/// One setting.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    /// The built-in value as TOML.
    pub(super) default: &'static str,
    /// What it does.
    pub(super) about: &'static str,
}

macro_rules! settings {
    ($($key:literal, $kind:ident, $default:expr, $about:expr;)+) => {
        /// All settings, in the order in which they are shown.
        pub(super) const SETTINGS: &[Setting] =
            &[$(Setting { key: $key, kind: Kind::$kind, default: $default, about: $about },)+];
    };
}

settings! {
    "data", Path, r#""opora-data""#,
        "The data directory: journal, view, attachments. One process uses it at a time.";
    "listen", Address, r#""127.0.0.1:7420""#,
        "The address to listen on; port 0 takes any free one, which is printed.";
    "importing_allowed", Flag, "false",
        "Whether `import_time` is taken: historical times for an import from another desk.";
    "disk_reserve", Size, r#""256MiB""#,
        "What has to stay free on the disk: below it changes are refused (DISK_FULL), reads go on.";
    "staging_bytes", Size, r#""1GiB""#,
        "The most bytes of uploads that are not finished, each counted with 4 KiB at least; and never more than a tenth of what is free above `disk_reserve` (but two files of 100 MiB), from 200MiB. For a new one others that nobody sends are given up.";
    "staging_age", Length, r#""24h""#,
        "After how long an upload that nobody goes on with is given up, and a kept file that no ticket refers to removed; `0s`: at the next sweep.";
    "sweep_every", Length, r#""1h""#,
        "How often that is looked after, from 1 s.";
    "log", Text, r#""info""#,
        "What is logged: a level (`off`, `error`, `warn`, `info`, `debug`, `trace`), or a filter such as `info,opora_server=debug`.";
    "log_format", Text, r#""text""#,
        "How logs are written: `text` or `json`.";
    "drain_timeout", Length, r#""10s""#,
        "How long calls under way may take when the server stops; `0s`: none is waited for.";
    "max_connections", Count, "1024",
        "The most connections at once, and never more than the system's limit of open files leaves; more are told so (LIMIT_REACHED).";
    "connections_per_address", Count, "256",
        "The most connections of one address (of version 6: of one /64) at once.";
    "reserved_connections", Count, "16",
        "How many connections beyond these bounds are kept for a moment, to be told so and to ask for health.";
    "handshake_time", Length, r#""5s""#,
        "How long the beginning of a connection may take, to the end of the caller's first SETTINGS.";
    "idle_connection", Length, r#""10 min""#,
        "After how long without a call a connection is closed.";
    "request_time", Length, r#""10s""#,
        "How long a request may take to arrive, uploads aside.";
    "upload_patience", Length, r#""30s""#,
        "How long an upload is waited for until its next 4 KiB arrive.";
    "answer_patience", Length, r#""30s""#,
        "How long an answer that is not read is kept; then it is ended (LIMIT_REACHED), and after as long again its connection.";
    "max_concurrent_requests", Count, "2048",
        "The most requests that are worked on at once, of all connections together; more wait for a second, then are refused (OVERLOADED).";
    "requests_per_address", Count, "1024",
        "The same of one address; more wait for a second, then are refused (LIMIT_REACHED).";
    "requests_per_connection", Count, "128",
        "The same of one connection.";
    "reserved_requests", Count, "64",
        "Places beside these, for health and reflection alone.";
    "bytes_in_flight", Size, r#""256MiB""#,
        "The most bytes of requests that arrive and answers that are not sent, of all connections together; each call counts for 16 KiB at least.";
    "bytes_per_connection", Size, r#""16MiB""#,
        "The same of one connection.";
    "streams_per_address", Count, "2000",
        "The most watches, presences and downloads of one address at once.";
    "uploads_per_address", Count, "32",
        "The most uploads of one address at once.";
    "max_transfers", Count, "128",
        "The most uploads and downloads at once, of all together.";
    "abandoned_calls", Count, "1000",
        "How many more calls than were answered a connection may give up before it is closed.";
    "control_frames_per_second", Count, "1000",
        "How many frames of HTTP/2 that ask for nothing (PING, SETTINGS, PRIORITY, unknown ones, empty or tiny DATA; RST_STREAM and WINDOW_UPDATE beyond what calls and answers need) a connection may send in a second before it is closed.";
    "trusted_proxies", Words, "[]",
        "Addresses and networks (`10.0.0.0/8`) through which many call: there are no bounds per address for them. An empty list (an empty variable): there are none.";
    "max_watches", Count, "10000",
        "The most streams of WatchTickets at once; more are refused (LIMIT_REACHED).";
    "watch_patience", Length, r#""30s""#,
        "How long a watcher who does not read is waited for before its stream is ended (WATCH_TOO_SLOW).";
    "max_waiting", Count, "4096",
        "The most changes that wait for the writer; more are refused (OVERLOADED).";
    "search", Flag, "true",
        "Whether there is full text in filters.";
    "close_after", Length, r#""7d""#,
        "After how long a RESOLVED ticket closes by itself.";
    "checklist", Words,
        r#"["sign-out-and-in", "another-browser", "restart-computer", "save-logs", "send-request"]"#,
        "The steps that a customer is asked to try before the logs are sent.";
    "log_browsers", Words,
        r#"["chrome", "chromium", "firefox", "edge", "msedge", "opera", "yandex", "safari", "brave", "vivaldi", "iexplore", "ie"]"#,
        "The browsers whose `<browser>host` logs are known.";
    "log_prefixes", Tables,
        r#"[{ prefix = "agentdesktop", kind = "AGENTDESKTOP" }, { prefix = "softphone-link", kind = "SOFTPHONE_LINK" }, { prefix = "bpclient", kind = "BPCLIENT" }]"#,
        "What a log's name begins with, and the kind that it tells: `AGENTDESKTOP`, `SOFTPHONE_LINK`, `BPCLIENT`, `BROWSER_HOST`.";
    "suggest_tickets", Count, "3",
        "How many open tickets of one organisation in one category within `suggest_window` suggest SEVERAL_WORKSTATIONS.";
    "suggest_organisations", Count, "3",
        "Open tickets of how many organisations in one category within `suggest_window` suggest an incident.";
    "suggest_window", Length, r#""30min""#,
        "Within which time, by their creation, tickets count together for a suggestion.";
    "calendars", Tables,
        r#"[{ id = "support-line", time_zone = "Europe/Moscow", day_length = "8h", mon = ["10:00-18:00"], tue = ["10:00-18:00"], wed = ["10:00-18:00"], thu = ["10:00-18:00"], fri = ["10:00-18:00"] }]"#,
        "Calendars for the ladder and the policies below; `24x7` is there by itself, `support-line` unless it is defined anew. Hours by weekday (`mon` to `sun`), `holidays`, `moved_days` (date = weekday), `short_days` (date = hours).";
    "ladder", Tables,
        r#"[{ whom = "support mailbox", means = ["email"], reach = ["support@example.com"], calendar = "24x7" }, { whom = "support line", means = ["phone"], reach = ["+7 495 000-00-00"], calendar = "support-line" }, { whom = "technical director", means = ["email", "phone"], reach = ["technical.director@example.com", "+7 495 000-00-01"], calendar = "24x7" }, { whom = "director of development", means = ["email", "phone"], reach = ["development.director@example.com", "+7 495 000-00-02"], calendar = "24x7" }]"#,
        "The ladder of escalation, rung 1 first: `whom`, `means` (`email`, `phone`), `reach` (one for each of the means), `calendar`.";
    "policies", Tables, "[]",
        "The first version of policies; `ApplyPolicy` makes the next ones. `id`, `raise_from` (`change` or `creation`), `update_every`, `escalate_on_breach`, and for each priority (`critical`, `high`, `medium`, `low`) `first_response`, `resolution`, `calendar` (or `first_response_calendar` and `resolution_calendar`).";
}
