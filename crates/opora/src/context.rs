//! What every client command has in hand: the desk, the output, who calls. The process's edge: environment, clock
//! and time zone are read here and nowhere else.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};

use jiff::{Timestamp, tz::TimeZone};
use opora_proto::client::{ClientOptions, Desk, Unanswered, is_unsent};
use tonic::Status;

use crate::again;
use crate::cli::ClientArgs;
use crate::cli::value::{ColourChoice, Language, OutputFormat};
use crate::failure::Failure;
use crate::output::Out;
use crate::text::Text;

/// What a client command has in hand.
pub(crate) struct Context {
    /// The desk; nothing is sent before the first call.
    pub(crate) desk: Desk,
    /// Where answers go.
    pub(crate) out: Out,
    /// Who calls, `agents/olga`.
    pub(crate) actor: Option<String>,
    /// The desk's address.
    pub(crate) server: String,
    /// What was sent last, for when it is not answered.
    sent: Mutex<Sent>,
}

impl Context {
    /// As the arguments say. Must be called within a tokio runtime.
    pub(crate) fn new(args: &ClientArgs) -> Result<Self, Failure> {
        let out = out(args);
        let desk = Desk::new(&ClientOptions {
            server: args.server.clone(),
            actor: args.actor.clone(),
            language: Some(out.text.language().code().to_owned()),
            deadline: Some(args.timeout),
            silence: args.timeout,
            ..ClientOptions::default()
        })
        .map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Self { desk, out, actor: args.actor.clone(), server: args.server.clone(), sent: Mutex::default() })
    }

    /// What a status of a call means for a person.
    pub(crate) fn failed(&self, status: &Status) -> Failure {
        Failure::call(&self.server, status)
    }

    /// What a call that was not answered means for a person: a change may have been made all the same, and can be asked
    /// for again with the same id.
    pub(crate) fn unanswered(&self, unanswered: &Unanswered) -> Failure {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        match &sent.what {
            What::Change(_) if is_unsent(&unanswered.status) && !unanswered.may_be_made => {
                Failure::unsent(&self.server, &unanswered.status)
            }
            _ if !unanswered.may_be_made => self.failed(&unanswered.status),
            _ => self.lost(&sent).unwrap_or_else(|| self.failed(&unanswered.status)),
        }
    }

    /// A change that may have been made, with the command that makes it at most once; `None`: there was none.
    fn lost(&self, sent: &Sent) -> Option<Failure> {
        let id = match &sent.what {
            What::Nothing => return None,
            What::Change(id) => Some(id.as_str()),
            What::Repeatable => None,
        };
        // What came from the environment may be another's at another prompt.
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let options = [
            ("--server", Some(self.server.as_str()).filter(|_| is_set("OPORA_SERVER"))),
            ("--as", self.actor.as_deref().filter(|_| is_set("OPORA_ACTOR"))),
            ("--etag", sent.etag.as_deref()),
            ("--request-id", id),
        ];
        Some(Failure::lost(&self.server, again::command(std::env::args_os(), &options), sent.input))
    }

    /// What it means that a person ended the command: a change that waits for its answer may have been made.
    pub(crate) fn interrupted(&self, signal: i32) -> Failure {
        Failure::interrupted(signal, self.lost(&self.sent.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// A change was answered: whatever ends the command now, it is made. What makes many tells of all until the last.
    pub(crate) fn answered<T>(&self, answer: T) -> T {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(sent.what, What::Change(_)) {
            sent.what = What::Nothing;
        }
        answer
    }

    /// The change that is made next has this etag although none was given: without it, it would be another change.
    pub(crate) fn with_etag(&self, etag: &str) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).etag = Some(etag.to_owned());
    }

    /// The request id that was given, or a fresh one; of the change that is made next.
    pub(crate) fn request_id(&self, given: Option<String>) -> String {
        let id = given.unwrap_or_else(opora_proto::client::request_id);
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).what = What::Change(id.clone());
        id
    }

    /// What is sent next is made once however often the same command is given: it makes its ids from what it sends.
    pub(crate) fn repeatable(&self) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).what = What::Repeatable;
    }

    /// The text of what is sent next came from standard input.
    pub(crate) fn reads_input(&self) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).input = true;
    }
}

/// What was sent last.
#[derive(Debug, Default)]
struct Sent {
    what: What,
    /// The etag that it got without being asked for.
    etag: Option<String>,
    /// A text of it came from standard input.
    input: bool,
}

#[derive(Debug, Default)]
enum What {
    /// No change.
    #[default]
    Nothing,
    /// A change with that id.
    Change(String),
    /// Changes whose ids come from what they are.
    Repeatable,
}

/// The language that was asked for, else that of the environment.
pub(crate) fn language(asked: Option<Language>) -> Language {
    let variable = |name: &str| std::env::var(name).ok();
    asked.unwrap_or_else(|| Language::from_locale([variable("LC_ALL"), variable("LC_MESSAGES"), variable("LANG")]))
}

/// The texts of the language that was asked for.
pub(crate) fn text(lang: Option<Language>) -> Text {
    Text::new(language(lang))
}

/// Where answers go.
pub(crate) fn out(args: &ClientArgs) -> Out {
    let terminal = std::io::stdout().is_terminal();
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    let colour = match args.color {
        ColourChoice::Always => true,
        ColourChoice::Never => false,
        ColourChoice::Auto => terminal && !no_color && !dumb,
    };
    Out {
        format: args.output,
        terminal,
        colour: colour && args.output == OutputFormat::Table,
        width: comfy_table::Table::new().width().filter(|_| terminal).unwrap_or(100),
        text: text(args.lang),
        zone: zone(),
        now: now(),
    }
}

/// Now.
#[expect(clippy::disallowed_methods, reason = "the clock's own edge: relative times are told from here")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "times are shown to whoever sits at this machine, in its zone")]
fn zone() -> TimeZone {
    TimeZone::system()
}

/// Calls a method of a service, with retries where the error is a passing one; the request is made once, so that
/// every try carries the same request id.
macro_rules! call {
    ($context:expr, $service:ident . $method:ident ( $request:expr )) => {{
        let context: &crate::context::Context = $context;
        let request = $request;
        context
            .desk
            .call(|desk| {
                let request = request.clone();
                async move { desk.$service().$method(request).await }
            })
            .await
            .map_err(|status| context.failed(&status))
    }};
}
pub(crate) use call;

/// The same for a change: told as one that may have been made where no answer came.
macro_rules! change {
    ($context:expr, $service:ident . $method:ident ( $request:expr )) => {{
        let context: &crate::context::Context = $context;
        let request = $request;
        context
            .desk
            .change(|desk| {
                let request = request.clone();
                async move { desk.$service().$method(request).await }
            })
            .await
            .map(|answer| context.answered(answer))
            .map_err(|unanswered| context.unanswered(&unanswered))
    }};
}
pub(crate) use change;
