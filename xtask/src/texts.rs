//! What the texts of the project must not say: where it was made, and from where it was fetched.
//!
//! A path of one machine or the host of a registry in a text is wrong for every other reader. The lock file is left
//! out: cargo writes the registry's name there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::cargo;

/// Texts that cargo or buf write by themselves.
const NOT_OURS: &[&str] = &["Cargo.lock"];

/// What must not stand in a text, in halves so that this file does not say it either.
const BANNED: &[(&str, &str, &str)] = &[
    ("/ro", "ot/", "a home directory"),
    ("/wo", "rk/", "a directory of one machine"),
    ("static.crates", ".io", "the host of a registry"),
    ("index.crates", ".io", "the host of a registry"),
    ("pypi", ".org", "the host of a registry"),
    ("files.python", "hosted.org", "the host of a registry"),
    ("registry.npm", "js.org", "the host of a registry"),
    ("deb.debi", "an.org", "the host of a registry"),
    ("proxy.gol", "ang.org", "the host of a registry"),
    ("<<<<", "<<< ", "a conflict that nobody settled"),
    (">>>>", ">>> ", "a conflict that nobody settled"),
];

/// The files that say such a thing; one sentence each.
pub(crate) fn faults(files: &[PathBuf]) -> Result<Vec<String>, String> {
    let mut banned: Vec<(String, &str)> = BANNED.iter().map(|(a, b, what)| (format!("{a}{b}"), *what)).collect();
    banned.extend(this_machine().into_iter().map(|name| (name, "the name of one machine")));
    let mut faults = Vec::new();
    for file in files {
        let name = cargo::name_of(file);
        if NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        let bytes = fs::read(file).map_err(|error| format!("{name}: {error}"))?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        for (number, line) in text.lines().enumerate() {
            faults.extend(fault(line, &banned).map(|fault| format!("{name}:{}: {fault}", number + 1)));
        }
    }
    Ok(faults)
}

fn fault(line: &str, banned: &[(String, &str)]) -> Option<String> {
    let (text, what) = banned.iter().find(|(text, _)| line.contains(text.as_str()))?;
    Some(format!("`{text}` is {what}"))
}

/// The name of this machine, if it is one that no text has by chance.
fn this_machine() -> Option<String> {
    let output = Command::new("hostname").output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (name.len() >= 8 && name != "localhost" && name.contains(|c: char| c.is_ascii_digit() || c == '-')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{fault, faults};

    #[test]
    fn no_text_of_this_tree_names_a_machine_or_a_registry() {
        let found = faults(&crate::cargo::tracked_files().unwrap()).unwrap();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn a_banned_text_is_found_in_the_middle_of_a_line() {
        let banned = vec![("/somewhere/".to_owned(), "a directory of one machine")];
        assert!(fault("cd /somewhere/else", &banned).is_some());
        assert!(fault("cd elsewhere", &banned).is_none());
    }
}
