//! What a file's name tells (docs/domain.md §2, §5): the kind of log, the platform, when it was started; and which file
//! of a kind is the one nearest to the problem. Never reads a file.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::calendar::instant;
use crate::model::nearest::distance;
use crate::model::{Attachment, LogKind, NearestLog, Platform, Revision, Ticket};
use crate::time::Timestamp;

/// How logs are told by their names; configuration with the values of docs/domain.md §2 as default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogNames {
    /// What a name begins with, in lower case, and the kind that it tells.
    pub prefixes: Vec<(String, LogKind)>,
    /// The browsers whose `<browser>host` logs are known, in lower case.
    pub browsers: Vec<String>,
}

/// What a name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which log it is.
    pub kind: LogKind,
    /// The platform that writes such logs.
    pub platform: Option<Platform>,
    /// When it was started, for a log with a time in its name.
    pub start: Option<Timestamp>,
}

/// The most bytes of a file's name.
pub const MAX_FILE_NAME: usize = 200;

impl Default for LogNames {
    fn default() -> Self {
        let prefixes = [
            ("agentdesktop", LogKind::AgentDesktop),
            ("softphone-link", LogKind::SoftphoneLink),
            ("bpclient", LogKind::BpClient),
        ];
        let browsers = [
            "chrome", "chromium", "firefox", "edge", "msedge", "opera", "yandex", "safari", "brave", "vivaldi",
            "iexplore", "ie",
        ];
        Self {
            prefixes: prefixes.map(|(prefix, kind)| (prefix.to_owned(), kind)).to_vec(),
            browsers: browsers.map(str::to_owned).to_vec(),
        }
    }
}

impl LogNames {
    /// What a file's name tells; a time in it is read in the zone of the organisation.
    pub fn read(&self, file_name: &str, zone: &TimeZone) -> Told {
        let name = base_name(file_name).to_lowercase();
        let known = self.prefixes.iter().find(|(prefix, _)| !prefix.is_empty() && name.starts_with(prefix.as_str()));
        let host = || {
            self.browsers.iter().any(|browser| {
                !browser.is_empty() && name.strip_prefix(browser.as_str()).is_some_and(|rest| rest.starts_with("host"))
            })
        };
        let kind = match known {
            Some((_, kind)) => *kind,
            None if host() => LogKind::BrowserHost,
            None => LogKind::Other,
        };
        let platform = match kind {
            LogKind::AgentDesktop | LogKind::SoftphoneLink => Some(Platform::V3),
            LogKind::BpClient | LogKind::BrowserHost => Some(Platform::V5),
            LogKind::Other => None,
        };
        let start = if kind == LogKind::Other { None } else { start(&name, zone) };
        Told { kind, platform, start }
    }
}

/// The time in a name: year, month, day, hour, minute, second, with or without one separator between them.
fn start(name: &str, zone: &TimeZone) -> Option<Timestamp> {
    let bytes = name.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).filter(|at| digit(*at) && (*at == 0 || !digit(at - 1))).find_map(|at| {
        let local = local_time(bytes.get(at..)?)?;
        let start = instant(zone, local);
        (start < Timestamp::MAX).then_some(start)
    })
}

fn local_time(bytes: &[u8]) -> Option<DateTime> {
    let mut rest = bytes;
    let mut parts = [0_i16; 6];
    for (part, width) in parts.iter_mut().zip([4_usize, 2, 2, 2, 2, 2]) {
        if width == 2 && matches!(rest.first(), Some(b'_' | b'-' | b'.' | b't' | b' ' | b':')) {
            rest = rest.get(1..)?;
        }
        let (digits, after) = rest.split_at_checked(width)?;
        *part = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
        rest = after;
    }
    let [year, month, day, hour, minute, second] = parts;
    let small = |n: i16| i8::try_from(n).ok();
    // A number that is no year of such a log is some other number.
    if !(1990..=2100).contains(&year) {
        return None;
    }
    DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?, 0).ok()
}

/// Takes a new file into the nearest logs of a ticket. While it is not known when the problem appeared, the creation of
/// the ticket stands for it.
pub(crate) fn take(ticket: &mut Ticket, file: &Attachment, attachment: Revision) {
    if file.log_kind == LogKind::Other {
        return;
    }
    let problem = ticket.occur_time.unwrap_or(ticket.create_time);
    let new = NearestLog { kind: file.log_kind, attachment, at: file.log_time() };
    match ticket.logs.iter_mut().find(|log| log.kind == new.kind) {
        None => {
            ticket.logs.push(new);
            ticket.logs.sort_unstable_by_key(|log| log.kind);
        }
        Some(log) => {
            if distance(new.at, problem) <= distance(log.at, problem) {
                *log = new;
            }
        }
    }
}

fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// A file's name as it can be kept and shown: without a path, control characters, direction overrides and other unseen
/// characters, at most [`MAX_FILE_NAME`] bytes with its extension kept; `file` where nothing is left.
pub fn clean_file_name(name: &str) -> String {
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffd}')
    };
    let seen: String = base_name(name).chars().filter(|c| !unseen(*c)).collect();
    let seen = without_end(seen.trim_start());
    let short = if seen.len() <= MAX_FILE_NAME { seen.to_owned() } else { shortened(seen) };
    if short.is_empty() { "file".to_owned() } else { short }
}

/// Without dots and spaces at the end, which some systems don't keep.
fn without_end(name: &str) -> &str {
    name.trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

/// The beginning of a name that is too long, with its extension; where it has none it ends as a name may.
fn shortened(name: &str) -> String {
    let extension = name.rfind('.').and_then(|dot| name.get(dot..)).filter(|e| e.len() <= 20).unwrap_or("");
    let mut end = MAX_FILE_NAME - extension.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let stem = name.get(..end).unwrap_or("").trim_end();
    if extension.is_empty() { without_end(stem).to_owned() } else { format!("{stem}{extension}") }
}

#[cfg(test)]
mod tests;
