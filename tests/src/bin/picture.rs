//! Makes the README's picture from a real run: the demo in a terminal, some keys, the screen as SVG.
//!
//! `cargo run -p opora-tests --bin picture -- FILE COLUMNS ROWS [KEYS | see:TEXT]…`. Each argument after the size is typed, or,
//! with `see:` before it, waited for.

use opora_tests::Terminal;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, columns, rows, steps @ ..] = arguments.as_slice() else {
        eprintln!("picture FILE COLUMNS ROWS [KEYS | see:TEXT]…");
        std::process::exit(2);
    };
    let (columns, rows) = (columns.parse().expect("columns"), rows.parse().expect("rows"));
    let environment = [("COLORTERM", "truecolor"), ("LANG", "en_GB.UTF-8"), ("TZ", "Europe/Moscow")];
    let mut terminal = Terminal::opora(&["demo", "--seed", "7"], columns, rows, &environment);
    for step in steps {
        match step.strip_prefix("see:") {
            Some(text) => terminal.see(text),
            None => terminal.send(&step.replace("\\r", "\r").replace("\\e", "\u{1b}")),
        }
    }
    std::fs::write(file, terminal.svg()).expect("the picture can be written");
    terminal.send("q");
}
