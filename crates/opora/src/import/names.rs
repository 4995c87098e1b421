//! Names as people write them, and the ids that the desk knows them by. Names are kept as written and compared without
//! what people don't see: case, the form of letters, ё and е, spaces. Knows no wire.

use std::collections::BTreeMap;

use opora_core::fold;
use unicode_normalization::UnicodeNormalization as _;

/// The longest id that a desk takes.
const MAX_ID: usize = 63;

/// What of a directory is known by which name.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_name: BTreeMap<String, String>,
    by_address: BTreeMap<String, String>,
    ids: BTreeMap<String, String>,
}

impl Names {
    /// Learns an entry of the desk's directory.
    pub(crate) fn learn(&mut self, id: &str, display_name: &str) {
        // Of two entries of one name the first stands, in the order of ids.
        self.by_name.entry(fold::name(display_name)).or_insert_with(|| id.to_owned());
        self.ids.insert(id.to_owned(), display_name.to_owned());
    }

    /// Learns an entry's address of mail: it is known by that as well.
    pub(crate) fn learn_address(&mut self, id: &str, address: &str) {
        if !address.is_empty() {
            self.by_address.entry(fold::name(address)).or_insert_with(|| id.to_owned());
        }
    }

    /// The id of an entry by what a row says: its id, its name, its address, its id in other letters, or an id that is
    /// made of the name and stands in place of one.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        let id = |id: &str| self.ids.get_key_value(id).map(|(id, _)| id.as_str());
        let folded = fold::name(name);
        let known = |names: &'_ BTreeMap<String, String>| names.get(&folded).and_then(|found| id(found));
        id(name.trim())
            .or_else(|| known(&self.by_name))
            .or_else(|| known(&self.by_address))
            .or_else(|| id(&folded))
            .or_else(|| {
                let (id, display_name) = self.ids.get_key_value(&id_of(name))?;
                (id == display_name).then_some(id.as_str())
            })
    }

    /// An id for a name that is not known yet; from now on it is known.
    pub(crate) fn add(&mut self, name: &str) -> String {
        let base = id_of(name);
        // Of one more number than there are ids one is free.
        let most = self.ids.len() as u32 + 1;
        let free = (1..=most).map(|n| numbered(&base, n)).find(|id| !self.ids.contains_key(id)).unwrap_or(base);
        self.learn(&free, name);
        free
    }
}

fn numbered(base: &str, n: u32) -> String {
    if n == 1 {
        return base.to_owned();
    }
    let suffix = format!("-{n}");
    let kept = base.get(..base.len().min(MAX_ID - suffix.len())).unwrap_or(base).trim_end_matches('-');
    format!("{kept}{suffix}")
}

/// An id made of any text, in Latin letters: `ООО «Ромашка»` becomes `ooo-romashka`.
pub(crate) fn id_of(text: &str) -> String {
    let latin = deunicode::deunicode(&text.nfkc().collect::<String>()).to_ascii_lowercase();
    let mut id = String::new();
    for c in latin.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => id.push(c),
            // A soft sign and the like leave an apostrophe, which parts nothing.
            '\'' | '"' => {}
            _ if !id.ends_with('-') && !id.is_empty() => id.push('-'),
            _ => {}
        }
    }
    id.truncate(MAX_ID);
    let id = id.trim_matches('-');
    if id.is_empty() { "unnamed".to_owned() } else { id.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_of_any_letters_are_kept_apart() {
        let mut names = Names::default();
        let ids: Vec<String> =
            ["ООО «Ромашка»", "ООО «Вектор»", "Иван Петров", "Ольга Сидорова", "北京", "!!!", "???", "Resolver 170"]
                .into_iter()
                .map(|name| names.add(name))
                .collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
        assert!(ids.iter().all(|id| opora_core::model::is_id(id)), "{ids:?}");
        assert_eq!(ids[0], "ooo-romashka");
        assert_eq!(ids[7], "resolver-170");
    }

    #[test]
    fn one_name_in_two_spellings_is_one() {
        let mut names = Names::default();
        let id = names.add("Семёнов  Пётр");
        for spelling in ["СЕМЁНОВ ПЁТР", "Семенов Петр", "  семёнов пётр", "Семе\u{308}нов Пе\u{308}тр"]
        {
            assert_eq!(names.find(spelling), Some(id.as_str()), "{spelling}");
        }
        assert_eq!(names.find("Семёнова Пётр"), None);
    }

    #[test]
    fn an_entry_of_the_desk_is_taken_by_its_name_and_another_of_the_same_id_is_not() {
        let mut names = Names::default();
        names.learn("acme", "ООО «Ромашка»");
        names.learn("vektor", "Вектор, филиал");
        names.learn("resolver-170", "resolver-170");
        assert_eq!(names.find("ооо «ромашка»"), Some("acme"));
        assert_eq!(names.find("Вектор"), None, "its id is the same, its name is not");
        assert_eq!(names.add("Вектор"), "vektor-2");
        assert_eq!(names.find("Resolver 170"), Some("resolver-170"), "registered when names were not kept");
    }

    #[test]
    fn an_entry_of_the_desk_is_taken_by_its_id_and_its_address_too() {
        let mut names = Names::default();
        names.learn("olga", "Ольга Титова");
        names.learn_address("olga", "olga@example.com");
        names.learn("acme", "ООО «Ромашка»");
        for written in ["olga", "OLGA", " Olga ", "olga@example.com", "Olga@Example.com", "ольга титова"] {
            assert_eq!(names.find(written), Some("olga"), "{written}");
        }
        assert_eq!((names.find("ACME"), names.find("acme")), (Some("acme"), Some("acme")));
        assert_eq!(names.find("Ольга"), None, "an id that a name would get is not its name");
        assert_eq!(names.add("Ольга"), "olga-2");
        assert_eq!(names.find("olga"), Some("olga"), "an id stands before a name");
    }

    #[test]
    fn an_id_never_grows_too_long() {
        let mut names = Names::default();
        let long = "Щ".repeat(100);
        let first = names.add(&long);
        let second = names.add(&format!("{long}!"));
        assert!(first.len() <= MAX_ID && second.len() <= MAX_ID && first != second, "{first} {second}");
        assert!(opora_core::model::is_id(&second));
    }
}
