//! The reference of the command line as Markdown, made from the same tree that clap reads: `docs/cli.md`.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use crate::cli::Cli;

const HEAD: &str = "# The command line\n\nMade from `opora --help` by `opora docs`; a test keeps it so.\n\n";

/// The whole reference.
pub(crate) fn reference() -> String {
    let mut root = Cli::command().term_width(100);
    root.build();
    let mut text = HEAD.to_owned();
    describe(&root, "opora", 2, &mut text);
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn describe(command: &Command, path: &str, depth: usize, text: &mut String) {
    let marks = "#".repeat(depth.min(4));
    // Rendered without the environment's values: the reference is the same on every machine.
    let help = command.clone().for_reference(depth == 2).render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    let _ = write!(text, "{marks} {path}\n\n```text\n{}\n```\n\n", lines.join("\n"));
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        describe(sub, &format!("{path} {}", sub.get_name()), depth + 1, text);
    }
}

trait ForReference {
    /// Without the environment's values; the client options stand at the root alone.
    fn for_reference(self, root: bool) -> Self;
}

impl ForReference for Command {
    fn for_reference(self, root: bool) -> Self {
        self.mut_args(|arg| {
            let hidden = !root && arg.is_global_set();
            arg.hide_env_values(true).hide(hidden)
        })
    }
}

#[cfg(all(test, feature = "server", feature = "console"))]
mod tests {
    use super::*;

    #[test]
    fn the_reference_in_the_documentation_is_what_the_program_says() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
        if std::env::var_os("OPORA_WRITE_DOCS").is_some() {
            std::fs::write(&path, reference()).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == reference(),
            "docs/cli.md is not what `opora docs` prints: write it with `opora docs > docs/cli.md`"
        );
    }

    #[test]
    fn the_tree_of_commands_has_no_fault() {
        Cli::command().debug_assert();
    }
}
