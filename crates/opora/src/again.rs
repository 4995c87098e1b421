//! The command of this process, to be given again: as a shell takes it, and as a terminal can show it.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

use crate::sanitise;

/// The command with further options, each where it has a value and is not given already.
pub(crate) fn command(words: impl Iterator<Item = OsString>, options: &[(&str, Option<&str>)]) -> String {
    let mut words: Vec<OsString> = words.collect();
    // What follows `--` is no option.
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let is_given = |option: &str| {
        words.iter().take(end).any(|word| {
            let rest = word.as_encoded_bytes().strip_prefix(option.as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"="))
        })
    };
    let missing = options.iter().filter_map(|(option, value)| Some((*option, (*value)?)));
    let added = missing.filter(|(option, _)| !is_given(option)).flat_map(|(option, value)| [option, value]);
    let added: Vec<OsString> = added.map(OsString::from).collect();
    words.splice(end..end, added);
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// A word as a shell takes it. What a terminal must not be shown, or is no text, is written as `$'\x1b'`.
fn quoted(word: &OsStr) -> String {
    if let Some(text) = word.to_str().filter(|text| sanitise::block(text) == *text) {
        return shell_words::quote(text).into_owned();
    }
    let mut quoted = String::from("$'");
    for chunk in word.as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            let one = c.to_string();
            match c {
                '\t' => quoted.push_str(r"\t"),
                '\n' => quoted.push_str(r"\n"),
                '\'' | '\\' => quoted.extend(['\\', c]),
                _ if sanitise::block(&one) == one => quoted.push(c),
                _ => octal(&mut quoted, one.as_bytes()),
            }
        }
        octal(&mut quoted, chunk.invalid());
    }
    quoted.push('\'');
    quoted
}

/// Three digits a byte: unlike `\x`, this ends where it should in every shell.
fn octal(quoted: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing into a string does not fail.
        let _ = write!(quoted, "\\{byte:03o}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(words: &[&str], id: Option<&str>) -> String {
        command(words.iter().map(OsString::from), &[("--etag", None), ("--request-id", id)])
    }

    #[test]
    fn the_command_to_give_again_is_what_a_shell_takes_with_the_id_of_its_request() {
        for (given, wanted) in [
            (&["opora", "ticket", "create", "No sound"][..], "opora ticket create 'No sound' --request-id ID"),
            (&["opora", "ticket", "create", "--request-id", "x", "a"], "opora ticket create --request-id x a"),
            (&["opora", "ticket", "create", "--request-id=x", "a"], "opora ticket create '--request-id=x' a"),
            (
                &["opora", "ticket", "comment", "7", "--", "-it's"],
                r"opora ticket comment 7 --request-id ID -- '-it'\''s'",
            ),
            (
                &["opora", "ticket", "create", "--", "--request-id"],
                "opora ticket create --request-id ID -- --request-id",
            ),
        ] {
            assert_eq!(again(given, Some("ID")), wanted);
        }
        assert_eq!(again(&["opora", "import", "a b.csv"], None), "opora import 'a b.csv'");
        let words = ["opora", "--as", "ivan", "x"].map(OsString::from);
        let options = [("--as", Some("agents/olga")), ("--server", Some("http://desk")), ("--etag", None)];
        assert_eq!(command(words.into_iter(), &options), "opora --as ivan x --server http://desk");
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_gets_the_very_bytes_back_and_a_terminal_nothing_that_harms_it() {
        use std::os::unix::ffi::OsStrExt as _;
        let words: [&[u8]; 7] = [
            b"a\tb",
            b"two\nlines",
            b"\x1b[2Jit's \\n",
            b"\xff\xfe1",
            "звук\t\u{202e}".as_bytes(),
            b"",
            b"$(id) `id` \"x\" !",
        ];
        for word in words {
            let line =
                command([OsString::from("printf"), "%s".into(), OsStr::from_bytes(word).into()].into_iter(), &[]);
            assert_eq!(sanitise::block(&line), line, "as it is told");
            let output = std::process::Command::new("bash").args(["-c", &line]).output().unwrap();
            assert_eq!(output.stdout, word, "{line}");
        }
    }
}
