//! One of a list, and a line of text where one is needed: impact, a rung, a tie to cut, a file to send or to fetch,
//! tags, which tickets to mark. What is asked for ends in one change, or in none.

use crossterm::event::{KeyCode, KeyEvent};
use opora_proto::v1::{self, Impact};

use super::create::IMPACTS;
use super::field::Line;
use super::{After, Dialog, ask_place, choose_by, choose_of, is_cancel, tags};
use crate::change::Fields;
use crate::ladder;
use crate::lists::{Lists, names};
use crate::model::{Level, Model};
use crate::msg::{Call, Effect, Trouble, What};
use crate::queue::filter::Filter;
use crate::queue::row::Row;
use crate::selection::{self, Picked, Selection};
use crate::text::clean_line;
use crate::update::send;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Impact,
    EscalateTo,
    Deescalate,
    Unlink,
    Unmerge,
    Tags,
    Attach,
    Fetch,
    MarkMatching,
}

/// What can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Impact(Impact),
    Rung(u32),
    Ticket(u64),
    /// A file by its name in the contract, and the name to save it under.
    File(String, String),
}

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) number: u64,
    /// None where it is about no ticket.
    pub(super) picked: Option<Picked>,
    /// The ticket whose tags the line was last filled with, by its etag.
    shown: Option<(String, Lists)>,
    pub(crate) kind: Kind,
    pub(crate) choices: Vec<(Value, String)>,
    pub(crate) chosen: usize,
    /// The line; `None` where nothing is typed.
    pub(crate) line: Option<Line>,
    /// The chosen rung is somebody else than was shown: the next Enter only says so.
    moved: bool,
    /// Something is being asked for, under this generation.
    pub(crate) waiting: Option<u64>,
    /// The key of what is wrong.
    pub(crate) fault: Option<&'static str>,
    /// The place that was typed is being looked at, or completed, under this generation.
    pub(super) looking: Option<u64>,
    /// The names that fit what was typed of a place.
    pub(crate) names: Vec<String>,
}

impl Ask {
    /// Opens; what it needs of the server is asked for.
    pub(crate) fn open(model: &mut Model, kind: Kind, effects: &mut Vec<Effect>) -> Option<Self> {
        let picked = match kind {
            Kind::MarkMatching => None,
            // To fetch a file changes nothing: the ticket under the cursor, whatever is marked.
            Kind::Fetch => Some(selection::under_cursor(model)?),
            _ => Some(Selection::of(model).one()?),
        };
        let number = picked.as_ref().map_or(0, Picked::number);
        let line = (kind != Kind::Unlink).then(Line::default);
        let (choices, chosen, names) = (Vec::new(), 0, Vec::new());
        let (waiting, fault, looking) = (None, None, None);
        let (shown, moved) = (None, false);
        let mut ask =
            Self { number, picked, shown, kind, choices, chosen, line, moved, waiting, fault, looking, names };
        if kind == Kind::Fetch {
            let generation = model.next_generation();
            effects.push(Effect::Call(Call::Files { number, generation }));
            ask.waiting = Some(generation);
        }
        if ask.is_of_ladder() {
            effects.push(Effect::Call(Call::Ladder));
        }
        ask.fill(model);
        Some(ask)
    }

    fn is_of_ladder(&self) -> bool {
        matches!(self.kind, Kind::EscalateTo | Kind::Deescalate)
    }

    /// The ladder came, or is another one than `was`.
    pub(crate) fn laddered(&mut self, model: &Model, was: &[v1::LadderRung]) {
        if !self.is_of_ladder() {
            return;
        }
        let whom = |ask: &Self, ladder: &[v1::LadderRung]| match ask.choices.get(ask.chosen) {
            Some((Value::Rung(rung), _)) => {
                let whom = ladder::recipient(ladder, *rung);
                Some((*rung, whom.map(|(whom, means, reach)| (whom.to_owned(), means.to_vec(), reach.to_vec()))))
            }
            _ => None,
        };
        let before = whom(self, was);
        self.fill(model);
        self.moved |= before != whom(self, &model.ladder);
    }

    /// The choices, as far as they are known: those of the ticket as it is now.
    pub(crate) fn fill(&mut self, model: &Model) {
        let texts = &model.texts;
        let rung = |rung: &v1::LadderRung| {
            let words =
                texts.with("ask-rung", &[("rung", rung.rung.into()), ("whom", (&clean_line(&rung.whom)).into())]);
            // The reason why one rung is passed over for another.
            // Where it is closed that comes first: a narrow window cuts the end.
            let mut more = [ladder::how(model, rung), ladder::when(model, rung)];
            if ladder::later(model, rung).is_some() {
                more.reverse();
            }
            let more = more.iter().filter(|words| !words.is_empty()).map(|words| format!(" · {words}"));
            (Value::Rung(rung.rung), more.fold(words, |words, more| words + &more))
        };
        let now = selection::live(model, self.number).map_or(0, |row| row.rung);
        let loaded = model.details.ready(self.number).map(|loaded| &loaded.ticket);
        match self.kind {
            Kind::Impact => {
                let known = IMPACTS.iter().filter(|(impact, _)| *impact != Impact::Unspecified);
                let now = known.map(|(impact, word)| (Value::Impact(*impact), texts.get(word))).collect();
                choose_of(&mut self.choices, &mut self.chosen, now);
            }
            Kind::EscalateTo => {
                let higher = model.ladder.iter().filter(|r| r.rung > now).map(rung).collect();
                choose_of(&mut self.choices, &mut self.chosen, higher);
            }
            Kind::Deescalate => {
                let lower = model.ladder.iter().filter(|r| r.rung < now && r.rung > 0).map(rung);
                let mut lower: Vec<_> = lower.collect();
                lower.insert(0, (Value::Rung(0), texts.get("ask-off-the-ladder")));
                if self.choices.is_empty() {
                    self.chosen = lower.len() - 1;
                }
                choose_of(&mut self.choices, &mut self.chosen, lower);
            }
            // While the ticket is read again its former ties stay.
            Kind::Unlink => {
                if let Some(ticket) = loaded {
                    choose_of(&mut self.choices, &mut self.chosen, ties(model, ticket));
                }
            }
            Kind::Tags => {
                if let Some(ticket) = loaded {
                    self.show_tags(ticket);
                }
            }
            Kind::Unmerge | Kind::Attach | Kind::Fetch | Kind::MarkMatching => {}
        }
    }

    /// The tags of the ticket as it is now: what the person put in and took out stays so.
    fn show_tags(&mut self, ticket: &v1::Ticket) {
        let (Some(picked), Some(line)) = (&mut self.picked, &mut self.line) else { return };
        if self.shown.is_none() {
            picked.shown_as(ticket);
        }
        let base = self.shown.as_ref().map(|(_, lists)| lists.tags()).unwrap_or_default();
        let typed = tags::read(line.value(), base);
        let now = names(base, &typed, &ticket.tags);
        if now != typed {
            line.retype(&tags::line(&now));
        }
        self.shown = Some((ticket.etag.clone(), Lists::of(ticket)));
    }

    /// The files of the ticket. An answer to another dialog is dropped.
    pub(crate) fn files(
        &mut self,
        model: &Model,
        number: u64,
        generation: u64,
        result: Result<Vec<v1::Attachment>, Trouble>,
    ) {
        if number != self.number || self.waiting != Some(generation) {
            return;
        }
        self.waiting = None;
        match result {
            Ok(files) => {
                self.choices = ask_place::files(model, files);
                self.suggest();
            }
            Err(_) => self.fault = Some("files-failed"),
        }
    }

    /// Where a chosen file would go: the directory in which the console was started, under its own name.
    fn suggest(&mut self) {
        if self.kind == Kind::Fetch
            && let Some((Value::File(_, name), _)) = self.choices.get(self.chosen)
        {
            self.line = Some(Line::of(name));
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.looking = None;
        if let Some(line) = &mut self.line {
            line.paste(text);
        }
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return After::Close;
        }
        if event.code == KeyCode::Enter {
            return self.done(model, effects);
        }
        self.fault = None;
        // What is typed on is not what is looked at.
        self.looking = None;
        if event.code == KeyCode::Tab && self.is_place() {
            self.complete(model, effects);
            return After::Stay(Dialog::Ask(self));
        }
        self.names.clear();
        let len = self.choices.len();
        if choose_by(event, &mut self.chosen, len, self.line.is_none()) {
            self.moved = false;
            self.suggest();
        } else if let Some(line) = &mut self.line {
            line.key(event);
        }
        After::Stay(Dialog::Ask(self))
    }

    fn done(mut self, model: &mut Model, effects: &mut Vec<Effect>) -> After {
        let typed = self.line.as_ref().map(|line| line.value().trim().to_owned()).unwrap_or_default();
        let chosen = self.choices.get(self.chosen).map(|(value, _)| value.clone());
        match self.kind {
            Kind::MarkMatching => {
                let (count, hidden) = model.queue.mark_matching(&Filter::parse(&typed, &model.me));
                let mut text = model.texts.with("marked-matching", &[("count", count.into())]);
                if hidden > 0 {
                    text = format!("{text} · {}", model.texts.with("marked-hidden", &[("count", hidden.into())]));
                }
                model.toast(if count == 0 { Level::Warning } else { Level::Done }, text);
                return After::Close;
            }
            Kind::Fetch | Kind::Attach => {
                self.look(model, typed, effects);
                return After::Stay(Dialog::Ask(self));
            }
            _ => {}
        }
        match self.what(chosen, typed) {
            Ok(_) if std::mem::take(&mut self.moved) => {
                self.fault = Some("escalate-moved");
                After::Stay(Dialog::Ask(self))
            }
            Ok(what) => {
                let Some(picked) = &mut self.picked else { return After::Close };
                if !picked.stands(model) {
                    return After::Stay(Dialog::Ask(self));
                }
                if self.shown.as_ref().is_some_and(|(etag, _)| !picked.is_shown_as(model, etag)) {
                    self.fault = Some("stale-loading");
                    return After::Stay(Dialog::Ask(self));
                }
                send::on(model, picked, what, None, effects);
                After::Close
            }
            Err(fault) => {
                self.fault = Some(fault);
                After::Stay(Dialog::Ask(self))
            }
        }
    }

    fn what(&self, chosen: Option<Value>, typed: String) -> Result<What, &'static str> {
        let needs_reason = matches!(self.kind, Kind::Impact | Kind::EscalateTo | Kind::Deescalate);
        if needs_reason && typed.is_empty() {
            return Err("reason-missing");
        }
        match (self.kind, chosen) {
            (Kind::Impact, Some(Value::Impact(impact))) => Ok(What::Impact(impact, typed)),
            (Kind::EscalateTo, Some(Value::Rung(rung))) => Ok(What::EscalateTo(rung, typed)),
            (Kind::Deescalate, Some(Value::Rung(rung))) => Ok(What::Deescalate(rung, typed)),
            (Kind::Unlink, Some(Value::Ticket(number))) => Ok(What::Unlink(number)),
            (Kind::Unmerge, _) => Ok(What::Unmerge(typed)),
            (Kind::Tags, _) => {
                let (_, base) = self.shown.as_ref().ok_or("stale-loading")?;
                let tags = Some(tags::read(&typed, base.tags()));
                Ok(What::Update(Box::new(Fields { tags, ..Fields::default() }.made_on(base.clone()))))
            }
            _ => Err("nothing-chosen"),
        }
    }
}

/// The ties that a person can cut.
fn ties(model: &Model, ticket: &v1::Ticket) -> Vec<(Value, String)> {
    let tie = |link: &v1::TicketLink| {
        let number = link.ticket.rsplit('/').next()?.parse::<u64>().ok()?;
        let subject = model.queue.row(number).map(Row::subject).unwrap_or_default();
        let words = format!("#{number} {} {subject}", model.texts.get(kind_word(link.kind())));
        Some((Value::Ticket(number), words.trim_end().to_owned()))
    };
    ticket.links.iter().filter_map(tie).collect()
}

/// The key of a tie's words.
pub(crate) fn kind_word(kind: v1::LinkKind) -> &'static str {
    match kind {
        v1::LinkKind::ChildOfIncident => "link-child",
        v1::LinkKind::IncidentOf => "link-incident",
        v1::LinkKind::FollowsClosed => "link-follows",
        v1::LinkKind::Related | v1::LinkKind::Unspecified => "link-related",
    }
}
