//! The names of files that come from elsewhere.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// How many names are tried for one of several files of the same name.
const NAMES: u32 = 10_000;
/// Bytes of the longest name: a number and an ending still fit into what file systems take.
const LONGEST: usize = 200;
/// Names that Windows takes for devices, whatever their ending.
const DEVICES: [&str; 22] = [
    "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "LPT1", "LPT2",
    "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
];

/// The places in a folder that a file of this name may have, one after the other: `a.log`, `a (2).log`, `a (3).log`…
pub fn places(folder: &Path, name: &str) -> impl Iterator<Item = PathBuf> {
    let name = Path::new(name);
    let stem = name.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let ending = name.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let (first, folder) = (folder.join(name), folder.to_owned());
    std::iter::once(first).chain((2..NAMES).map(move |n| folder.join(format!("{stem} ({n}){ending}"))))
}

/// The first of [`places`] that is not taken.
#[must_use]
pub fn free_place(folder: &Path, name: &str) -> PathBuf {
    let is_free = |path: &PathBuf| fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    places(folder, name).find(is_free).unwrap_or_else(|| folder.join(name))
}

/// The name of a file from elsewhere, without anything that could lead elsewhere, hide (a leading dot as well: nobody's
/// `.profile` is to be written by a customer), be taken for an option or, on a shared disk, for a device of Windows.
#[must_use]
pub fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().map(|c| if is_unseen(c) { '\u{fffd}' } else { c }).collect();
    let plain = plain.trim_start_matches(|c: char| matches!(c, '-' | '.') || c.is_whitespace());
    let plain = plain.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    if plain.is_empty() {
        return "attachment".to_owned();
    }
    let first = plain.split('.').next().unwrap_or_default().trim_end();
    let is_device = DEVICES.iter().any(|device| first.eq_ignore_ascii_case(device));
    let mut plain = if is_device { format!("_{plain}") } else { plain.to_owned() };
    if plain.len() > LONGEST {
        let ending = plain.rfind('.').and_then(|dot| plain.get(dot..)).filter(|ending| ending.len() <= 20);
        let ending = ending.unwrap_or_default().to_owned();
        plain.truncate(plain.floor_char_boundary(LONGEST - ending.len()));
        plain.push_str(&ending);
    }
    plain
}

/// Whether a character is not seen, or turns the direction of what is.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn of_several_files_of_a_name_each_has_a_number() {
        let root = tempfile::tempdir().unwrap();
        for wanted in ["a.tar.gz", "a.tar (2).gz", "a.tar (3).gz"] {
            let place = free_place(root.path(), "a.tar.gz");
            assert_eq!(place, root.path().join(wanted));
            fs::write(&place, "").unwrap();
        }
        symlink("nowhere", root.path().join("b")).unwrap();
        assert_eq!(free_place(root.path(), "b"), root.path().join("b (2)"), "a link is taken too");
    }

    #[test]
    fn a_name_from_elsewhere_never_leads_elsewhere() {
        for (given, kept) in [
            ("bpclient.log", "bpclient.log"),
            ("../../etc/passwd", "passwd"),
            ("C:\\logs\\x.log", "x.log"),
            ("..", "attachment"),
            ("", "attachment"),
            ("--force", "force"),
            (" .\u{7f}", "\u{fffd}"),
            (".bash_profile", "bash_profile"),
            ("- ..-.a. .", "a"),
            ("nul.log", "_nul.log"),
            ("Con", "_Con"),
            ("console.log", "console.log"),
            ("a\u{202e}gol.exe", "a\u{fffd}gol.exe"),
            ("a\nb\u{1b}[2J", "a\u{fffd}b\u{fffd}[2J"),
        ] {
            assert_eq!(plain_name(given), kept);
        }
        for long in [197, 200, 201, 500] {
            let name = plain_name(&format!("{}.log", "a".repeat(long - 4)));
            assert!(name.len() == long.min(LONGEST) && name.ends_with("a.log"), "{name}");
        }
        assert!(plain_name(&format!("{}.log", "ж".repeat(500))).len() <= LONGEST);
    }
}
