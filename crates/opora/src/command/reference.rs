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

#[cfg(test)]
#[cfg(all(feature = "server", feature = "console"))]
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

    /// The texts and pages that name commands.
    fn pages() -> Vec<std::path::PathBuf> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut pages = vec![root.join("README.md")];
        for folder in ["docs", "crates/opora/locales/en", "crates/opora/locales/ru", "crates/opora-console/locales/en"]
            .into_iter()
            .chain([
                "crates/opora-console/locales/ru",
                "crates/opora-server/locales/en",
                "crates/opora-server/locales/ru",
            ])
        {
            let entries = std::fs::read_dir(root.join(folder)).unwrap();
            let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some());
            pages.extend(files);
        }
        pages
    }

    #[test]
    fn each_command_that_a_text_tells_to_give_exists_with_its_options() {
        let mut tree = crate::cli::tree(crate::cli::value::Language::En);
        tree.build();
        let mut seen = 0;
        for page in pages() {
            let text = std::fs::read_to_string(&page).unwrap();
            for named in text.split("`opora ").skip(1).filter_map(|rest| rest.split('`').next()) {
                // A pattern of several commands, or a sentence.
                if named.contains(['|', '…', '\n']) {
                    continue;
                }
                seen += 1;
                let mut command = &tree;
                let mut words = named.split_whitespace();
                while let Some(word) = words.next() {
                    if let Some(long) = word.strip_prefix("--") {
                        let name = long.split('=').next().unwrap();
                        let is_known = |one: &clap::Arg| one.get_long() == Some(name);
                        let option = command.get_arguments().find(|one| is_known(one));
                        assert!(
                            option.is_some() || matches!(name, "help" | "version"),
                            "{}: `opora {named}`: there is no --{name}",
                            page.display()
                        );
                        if option.is_some_and(|one| one.get_action().takes_values()) && !long.contains('=') {
                            words.next();
                        }
                    } else if command.has_subcommands() {
                        let found = command.find_subcommand(word);
                        command = found.unwrap_or_else(|| panic!("{}: `opora {named}`: no {word}", page.display()));
                    } else {
                        // What it is given.
                        break;
                    }
                }
            }
        }
        assert!(seen > 30, "{seen}");
    }
}
