//! The configuration shown: `--print-config`, and the page about it.

use std::fmt::Write as _;

use super::settings::{Kind, SETTINGS};
use super::{Config, Source};

impl Config {
    /// Each value with its origin, one a line, as TOML: `listen = "127.0.0.1:7000" # --listen`.
    pub fn print(&self) -> String {
        let mut text = String::new();
        for setting in SETTINGS {
            if let Some((value, source)) = self.values.get(setting.key) {
                // Writing into a string does not fail.
                let _ = writeln!(text, "{} = {value} # {source}", setting.key);
            }
        }
        text
    }

    /// Where the value of a setting comes from.
    pub fn source(&self, key: &str) -> Option<&Source> {
        self.values.get(key).map(|(_, source)| source)
    }
}

/// The page `docs/configuration.md`.
pub fn document() -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         Built-in values, then a TOML file (`--config FILE` or `OPORA_CONFIG`), then the environment, then flags of\n\
         `opora serve`: the later one wins. An unknown setting in the file or a flag is an error that names the nearest\n\
         known one (exit code 78). `opora serve --print-config` shows the effective values with the origin of each.\n\n\
         The environment variable of a setting is its name in capitals after `OPORA_`: `OPORA_DISK_RESERVE`. Sizes are\n\
         written `256MiB`, lengths of time `500ms`, `10s`, `5 min`, `2h`, `7 days`. Lists have commas between in the\n\
         environment. A variable that begins with `OPORA_` and is no setting is passed over and told, in the log and in\n\
         `GetServerInfo.warnings`: Kubernetes makes such variables of a Service named `opora`.\n\n\
         This page is made from the table in the code; a test looks that they agree.\n\n\
         | setting | what it is | built in | what it does |\n| --- | --- | --- | --- |\n",
    );
    for setting in SETTINGS {
        let default = if setting.kind == Kind::Tables { "see below" } else { setting.default };
        let _ = writeln!(text, "| `{}` | {} | `{default}` | {} |", setting.key, setting.kind.word(), setting.about);
    }
    text.push_str("\n## A file with every setting at its built-in value\n\n```toml\n");
    text.push_str(&example());
    text.push_str("```\n\n## A contract with a policy of its own\n\n```toml\n");
    text.push_str(POLICY);
    text.push_str("```\n");
    text
}

/// A file with every setting at its built-in value.
pub(super) fn example() -> String {
    let mut text = String::new();
    for setting in SETTINGS {
        let _ = writeln!(text, "# {}", setting.about);
        let lines = setting.default.replace("[{", "[\n    {").replace("}, {", "},\n    {").replace("}]", "},\n]");
        let value = if setting.kind == Kind::Tables { lines.as_str() } else { setting.default };
        let _ = writeln!(text, "{} = {value}\n", setting.key);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// A policy as people write it.
pub(super) const POLICY: &str = r#"[[calendars]]
id = "berlin-office"
time_zone = "Europe/Berlin"
day_length = "8h"
mon = ["09:00-13:00", "14:00-18:00"]
tue = ["09:00-13:00", "14:00-18:00"]
wed = ["09:00-13:00", "14:00-18:00"]
thu = ["09:00-13:00", "14:00-18:00"]
fri = ["09:00-13:00", "14:00-18:00"]
holidays = ["2026-12-25"]
moved_days = { "2026-12-19" = "fri" }
short_days = { "2026-12-24" = ["09:00-13:00"] }

[[policies]]
id = "berlin"
raise_from = "change"
update_every = "30 min"
escalate_on_breach = true
critical = { first_response = "15 min", resolution = "continuous", calendar = "24x7" }
high = { first_response = "45 min", resolution = "1 day", calendar = "berlin-office" }
medium = { first_response = "4 h", resolution = "5 days", calendar = "berlin-office" }
low = { first_response = "1 day", resolution = "10 days", calendar = "berlin-office" }
"#;
