//! Names as people write them, and the ids that the desk knows them by. Names are kept as written and compared without
//! what people don't see: case, the form of letters, ё and е, spaces. Knows no wire.

use std::collections::BTreeMap;

use opora_core::fold;
use unicode_normalization::UnicodeNormalization as _;

use super::fault::Fault;

/// The longest id that a desk takes.
const MAX_ID: usize = 63;
/// The most characters of a `display_name`, as the contract has it.
const MAX_NAME: usize = 200;
/// The id of what has no letter or digit in its name: it says nothing of whose it is.
const NAMELESS: &str = "unnamed";

/// What of a directory is known by which name.
#[derive(Debug)]
pub(crate) struct Names {
    /// The collection's name: `organisations`.
    collection: &'static str,
    by_name: BTreeMap<String, String>,
    by_address: BTreeMap<String, String>,
    ids: BTreeMap<String, String>,
    /// Why a name was not registered.
    refused: BTreeMap<String, Fault>,
}

impl Names {
    /// Of a collection: `organisations`.
    pub(crate) fn of(collection: &'static str) -> Self {
        let (by_name, by_address, ids, refused) = Default::default();
        Self { collection, by_name, by_address, ids, refused }
    }

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

    /// The id of an entry by what a row says: its name, its address, or a name of which its id is made where that stands
    /// in place of its own. An id that is like a name is no sign that the two are one.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        let folded = fold::name(name);
        let found = self.by_name.get(&folded).or_else(|| self.by_address.get(&folded));
        found.map(String::as_str).or_else(|| {
            let (id, display_name) = self.ids.get_key_value(&id_of(name))?;
            (id == display_name && id != NAMELESS).then_some(id.as_str())
        })
    }

    /// The resource of what a row says, which is a resource's name as well.
    ///
    /// # Errors
    /// [`Fault::NoneCalled`]; why it was not registered.
    pub(crate) fn resource(&self, name: &str) -> Result<String, Fault> {
        if is_resource(self.collection, name) {
            // Where the desk has none such, it refuses the row itself.
            return Ok(name.trim().to_owned());
        }
        if let Some(why) = self.refused.get(&fold::name(name)) {
            return Err(why.clone());
        }
        let none = || Fault::NoneCalled { collection: self.collection, name: name.to_owned() };
        Ok(format!("{}/{}", self.collection, self.find(name).ok_or_else(none)?))
    }

    /// Whether a row says something that has to be registered first.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        !is_resource(self.collection, name) && self.find(name).is_none()
    }

    /// A name that could not be registered: its rows are refused for that.
    pub(crate) fn refuse(&mut self, name: &str, why: Fault) {
        self.refused.insert(fold::name(name), why);
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

/// Whether a text is the name of a resource of a collection: `organisations/romashka`.
fn is_resource(collection: &str, text: &str) -> bool {
    let id = text.trim().strip_prefix(collection).and_then(|rest| rest.strip_prefix('/'));
    id.is_some_and(opora_core::model::is_id)
}

/// Whether a desk takes a row's name of a customer or an owner, if it has to be registered.
///
/// # Errors
/// [`Fault::LongName`], [`Fault::BrokenName`].
pub(crate) fn check(field: &'static str, name: &str) -> Result<(), Fault> {
    if name.chars().nth(MAX_NAME).is_some() {
        return Err(Fault::LongName { field, most: MAX_NAME });
    }
    // Line and paragraph separators break a line as a control character does.
    if name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(Fault::BrokenName(field));
    }
    Ok(())
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
    if id.is_empty() { NAMELESS.to_owned() } else { id.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_of_any_letters_are_kept_apart() {
        let mut names = Names::of("agents");
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
        let mut names = Names::of("agents");
        let id = names.add("Семёнов  Пётр");
        for spelling in ["СЕМЁНОВ ПЁТР", "Семенов Петр", "  семёнов пётр", "Семе\u{308}нов Пе\u{308}тр"]
        {
            assert_eq!(names.find(spelling), Some(id.as_str()), "{spelling}");
        }
        assert_eq!(names.find("Семёнова Пётр"), None);
    }

    #[test]
    fn an_entry_of_the_desk_is_taken_by_its_name_and_another_of_the_same_id_is_not() {
        let mut names = Names::of("agents");
        names.learn("acme", "ООО «Ромашка»");
        names.learn("vektor", "Вектор, филиал");
        names.learn("resolver-170", "resolver-170");
        assert_eq!(names.find("ооо «ромашка»"), Some("acme"));
        assert_eq!(names.find("Вектор"), None, "its id is the same, its name is not");
        assert_eq!(names.add("Вектор"), "vektor-2");
        assert_eq!(names.find("Resolver 170"), Some("resolver-170"), "registered when names were not kept");
    }

    #[test]
    fn an_entry_of_the_desk_is_taken_by_its_name_its_address_and_its_resource_and_never_by_its_id() {
        let mut names = Names::of("agents");
        names.learn("olga", "Ольга Титова");
        names.learn_address("olga", "olga@example.com");
        names.learn("romashka", "Цветы");
        names.learn("unnamed", "unnamed");
        for written in ["olga@example.com", "Olga@Example.com", "ольга титова", "agents/olga", " agents/olga "]
        {
            assert_eq!(names.resource(written), Ok("agents/olga".to_owned()), "{written}");
            assert!(!names.lacks(written));
        }
        for written in ["olga", "OLGA", "Ольга", "romashka", "Romashka", "«Ромашка»", "!!!", "organisations/olga"]
        {
            let none = Fault::NoneCalled { collection: "agents", name: written.to_owned() };
            assert_eq!(names.resource(written), Err(none), "{written}");
            assert!(names.lacks(written));
        }
        assert_eq!(names.resource("Unnamed"), Ok("agents/unnamed".to_owned()), "it is called so");
        assert_eq!(names.add("olga"), "olga-2");
        assert_eq!(names.find("Olga"), Some("olga-2"));
    }

    #[test]
    fn an_id_never_grows_too_long() {
        let mut names = Names::of("agents");
        let long = "Щ".repeat(100);
        let first = names.add(&long);
        let second = names.add(&format!("{long}!"));
        assert!(first.len() <= MAX_ID && second.len() <= MAX_ID && first != second, "{first} {second}");
        assert!(opora_core::model::is_id(&second));
    }
}
