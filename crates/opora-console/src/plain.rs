//! The console as lines, for screen readers and pipes: the queue once, then a line for whatever happens, as it happens. No
//! escape codes, no screen; the same stream, the same model and the same words as the screens have.

use std::io::{IsTerminal as _, Write};

use opora_proto::client::{ClientOptions, Desk};
use opora_proto::v1::ticket_event::Change;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::detail::history;
use crate::model::{Link, Model, Start};
use crate::msg::{Happened, Msg, Net};
use crate::notice::{notice, words};
use crate::text::{clean_line, cut};
use crate::texts::Texts;
use crate::theme::Theme;
use crate::update::update;
use crate::{ConsoleError, ConsoleOptions, clock, edge, net, once, queue};

/// How many messages may wait.
const INBOX: usize = 256;
/// How much of a message is spoken.
const SPOKEN: usize = 200;

/// Prints the queue, then a line for each change, until the reader of `out` goes away, or the end of the input where that
/// is a terminal. Must be called within a tokio runtime.
///
/// # Errors
/// [`ConsoleError`]; a server that can't be reached is none: it is said, and tried again.
pub async fn plain(options: ConsoleOptions, mut out: impl Write) -> Result<(), ConsoleError> {
    let desk = Desk::new(&ClientOptions {
        server: options.server.clone(),
        actor: Some(format!("agents/{}", options.me())),
        language: Some(options.language.code().to_owned()),
        ..ClientOptions::default()
    })?;
    let mut speaker = Speaker::new(&options)?;
    let (sender, mut inbox) = mpsc::channel(INBOX);
    // Nothing is asked for, but the network task ends when nothing can be.
    let (_calls, asked) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    tasks.spawn(net::run(desk, options.server.clone(), asked, sender));
    let waits = std::io::stdin().is_terminal();
    let mut closed = end_of_input()?;
    loop {
        let msg = tokio::select! {
            msg = inbox.recv() => msg,
            Ok(()) = &mut closed, if waits => return Ok(()),
            ended = tasks.join_next() => {
                let why = ended.and_then(Result::err).map_or_else(String::new, |error| error.to_string());
                return Err(ConsoleError::Broken(why));
            }
        };
        let Some(Msg::Net(net)) = msg else { continue };
        for line in speaker.hear(net, edge::now()) {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
    }
}

/// Tells the end of the input. Where that is no terminal it is never told: a service has no input.
fn end_of_input() -> std::io::Result<oneshot::Receiver<()>> {
    let (ended, closed) = oneshot::channel();
    if std::io::stdin().is_terminal() {
        // It ends with the process at the latest: nobody waits for it.
        std::thread::Builder::new().name("opora-input".into()).spawn(move || {
            while std::io::stdin().read_line(&mut String::new()).is_ok_and(|read| read > 0) {}
            let _ = ended.send(());
        })?;
    }
    Ok(closed)
}

/// What is said of what is heard.
struct Speaker {
    model: Model,
    /// A whole set of tickets is being received.
    set: bool,
    /// What was said of the server's being away.
    away: Option<String>,
}

impl Speaker {
    fn new(options: &ConsoleOptions) -> Result<Self, ConsoleError> {
        let start = Start {
            texts: Texts::new(options.language),
            theme: Theme::Mono,
            me: options.me().to_owned(),
            server: options.server.clone(),
            zone: options.time_zone()?,
            now: edge::now(),
            size: (80, 24),
            seed: [0; 32],
        };
        let mut model = Model::new(start);
        model.unnamed_server = options.unnamed_server;
        Ok(Self { model, set: false, away: None })
    }

    /// The lines for one message of the network.
    fn hear(&mut self, net: Net, now: i64) -> Vec<String> {
        let mut lines = Vec::new();
        update(&mut self.model, Msg::Now(now));
        let mut synced = false;
        match &net {
            Net::Set => self.set = true,
            Net::Batch(batch) => {
                lines.extend(batch.events.iter().map(|happened| self.event(happened)));
                synced = batch.synced;
            }
            _ => {}
        }
        update(&mut self.model, Msg::Net(net));
        match self.model.link {
            // Told again where the reason is another one: what is no desk may at first seem to be away.
            Link::Offline { .. } => {
                let words = self.offline();
                if self.away.as_ref() != Some(&words) {
                    lines.push(words.clone());
                    self.away = Some(words);
                }
            }
            Link::Live if self.away.take().is_some() => {
                lines.push(self.model.texts.get("plain-back"));
            }
            _ => {}
        }
        if synced && std::mem::take(&mut self.set) {
            lines.extend(self.queue());
        }
        if self.model.link == Link::Live {
            while let Some(notice) = notice(&self.model) {
                lines.push(words(&self.model, notice));
                self.model.put_away.push(notice);
            }
        }
        lines
    }

    fn offline(&self) -> String {
        if self.model.queue.len() == 0 {
            return queue::view::empty(&self.model);
        }
        let since = match &self.model.link {
            Link::Offline { since, .. } => *since,
            _ => self.model.now,
        };
        let at = clock::time_of_day(since, &self.model.zone);
        self.model.texts.with("plain-away", &[("at", (&at).into())])
    }

    fn queue(&self) -> Vec<String> {
        let model = &self.model;
        let rows: Vec<_> = model.queue.window(usize::MAX).filter_map(|number| model.queue.row(number)).collect();
        let mut lines = vec![model.texts.with("plain-queue", &[("count", rows.len().into())])];
        lines.extend(rows.iter().map(|row| once::line(row, model.now, &model.texts, &model.units)));
        lines
    }

    /// `14:02 Иван #1042 Нет звонков: написал сообщение: Проверяем`.
    fn event(&self, happened: &Happened) -> String {
        let model = &self.model;
        let event = &happened.event;
        let at = clock::millis(event.event_time.as_ref()).unwrap_or(model.now);
        let actor = event.actor.clone().unwrap_or_default();
        let id = actor.name.rsplit('/').next().unwrap_or_default().to_owned();
        let said = match &event.change {
            Some(Change::Commented(added)) => added.comment.as_ref().map(|c| c.body.as_str()).unwrap_or_default(),
            _ => event.reason.as_str(),
        };
        let mut line = format!(
            "{} {} #{} {}: {}",
            clock::time_of_day(at, &model.zone),
            clean_line(model.agent_name(&id)),
            happened.row.number,
            happened.row.subject(),
            history::what(model, event),
        );
        if !said.is_empty() {
            line = format!("{line}: {}", cut(&clean_line(said), SPOKEN));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use opora_proto::v1::{self, Visibility};

    use super::*;
    use crate::msg::{Agent, Batch, ServerInfo};
    use crate::queue::row::Row;
    use crate::testing::{NOW, agent, comment, empty, happened, sample_tickets};
    use crate::texts::Language;

    fn speaker(language: Language) -> Speaker {
        let mut model = empty(language, Theme::Mono, (80, 24));
        model.agents = vec![Agent { id: "ivan".into(), display_name: "Иван".into() }];
        Speaker { model, set: false, away: None }
    }

    fn set() -> [Net; 2] {
        let rows = sample_tickets().iter().map(|(ticket, customer)| Row::of(ticket, *customer)).collect();
        [Net::Set, Net::Batch(Batch { revision: 1, rows, events: vec![], synced: true })]
    }

    fn all(speaker: &mut Speaker, nets: impl IntoIterator<Item = Net>) -> Vec<String> {
        nets.into_iter().flat_map(|net| speaker.hear(net, NOW)).collect()
    }

    #[test]
    fn the_queue_is_told_once_and_then_what_happens() {
        let mut speaker = speaker(Language::Ru);
        let lines = all(&mut speaker, set());
        assert_eq!(lines[0], "Открытых запросов: 5");
        assert!(lines[1].starts_with("#1042\tКРИТИЧЕСКИЙ\tв работе\t"), "{}", lines[1]);
        assert_eq!(lines.len(), 6);
        let (ticket, customer) = sample_tickets().remove(0);
        let written = comment(1042, 2, agent("ivan"), Visibility::Public, "Видим,\nчиним\u{1b}[2J");
        let change = Change::Commented(v1::CommentAdded { comment: Some(written) });
        let event = happened(ticket, customer, 2, "ivan", change, false);
        let batch = Batch { revision: 2, events: vec![event], ..Batch::default() };
        let lines = all(&mut speaker, [Net::Batch(batch)]);
        assert_eq!(
            lines,
            ["14:02 Иван #1042 Нет входящих звонков на всех операторах: написал сообщение: Видим, чиним[2J"]
        );
    }

    #[test]
    fn a_server_that_goes_away_is_told_once_and_so_is_its_return() {
        let mut speaker = speaker(Language::En);
        all(&mut speaker, set());
        let offline = || Net::Offline { why: String::new(), retry_at: NOW, foreign: false };
        assert_eq!(
            all(&mut speaker, [offline(), offline()]),
            ["14:02: the desk can't be reached; it is tried again by itself"]
        );
        assert_eq!(all(&mut speaker, [Net::Batch(Batch::default())]), ["The desk is back"]);
    }

    #[test]
    fn where_no_server_was_named_the_demo_is_offered() {
        let mut speaker = speaker(Language::En);
        speaker.model.unnamed_server = true;
        let lines = all(&mut speaker, [Net::Offline { why: String::new(), retry_at: NOW, foreign: false }]);
        assert!(lines[0].contains("`opora demo`"), "{lines:?}");
    }

    #[test]
    fn what_is_to_be_known_is_told_once() {
        let mut speaker = speaker(Language::En);
        let info = ServerInfo { version: String::new(), ..ServerInfo::default() };
        let lines = all(&mut speaker, [Net::Server(info)].into_iter().chain(set()).chain(set()));
        assert_eq!(lines.iter().filter(|line| line.contains("older")).count(), 1, "{lines:?}");
    }
}
