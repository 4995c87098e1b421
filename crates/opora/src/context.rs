//! What every client command has in hand: the desk, the output, who calls. The process's edge: environment, clock
//! and time zone are read here and nowhere else.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};

use jiff::{Timestamp, tz::TimeZone};
use opora_proto::client::{ClientOptions, Desk, Unanswered};
use tonic::Status;

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
    /// The id of the change that was sent last.
    sent: Mutex<Option<String>>,
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
        let id = self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match id {
            Some(id) if unanswered.may_be_made => Failure::lost(again(std::env::args(), &id)),
            _ => self.failed(&unanswered.status),
        }
    }

    /// The request id that was given, or a fresh one; of the change that is made next.
    pub(crate) fn request_id(&self, given: Option<String>) -> String {
        let id = given.unwrap_or_else(opora_proto::client::request_id);
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.clone());
        id
    }
}

/// The same command with the id of its request, as a shell takes it.
fn again(words: impl Iterator<Item = String>, id: &str) -> String {
    let mut words: Vec<String> = words.collect();
    let asks = |word: &String| word == "--request-id" || word.starts_with("--request-id=");
    if !words.iter().any(asks) {
        // What follows `--` is no option.
        let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
        words.splice(end..end, ["--request-id".to_owned(), id.to_owned()]);
    }
    shell_words::join(words)
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
            .change(|desk| {
                let request = request.clone();
                async move { desk.$service().$method(request).await }
            })
            .await
            .map_err(|unanswered| context.unanswered(&unanswered))
    }};
}
pub(crate) use call;

#[cfg(test)]
mod tests {
    use super::again;

    #[test]
    fn the_command_to_give_again_is_what_a_shell_takes_with_the_id_of_its_request() {
        let words = |line: &[&str]| line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>().into_iter();
        for (given, wanted) in [
            (&["opora", "ticket", "create", "No sound"][..], "opora ticket create 'No sound' --request-id ID"),
            (&["opora", "ticket", "create", "--request-id", "x", "a"], "opora ticket create --request-id x a"),
            (&["opora", "ticket", "create", "--request-id=x", "a"], "opora ticket create '--request-id=x' a"),
            (
                &["opora", "ticket", "comment", "7", "--", "-it's"],
                r"opora ticket comment 7 --request-id ID -- '-it'\''s'",
            ),
        ] {
            assert_eq!(again(words(given), "ID"), wanted);
        }
    }
}
