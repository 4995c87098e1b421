//! Tags in a line of text: parted by blanks and commas. A tag that has a blank in it is parted by commas.

/// Tags as they were typed. One of those that are `known` stays whole where it has blanks.
pub(crate) fn read(typed: &str, known: &[String]) -> Vec<String> {
    let is_known = |part: &str| known.iter().any(|tag| opora_fold::same_name(tag, part));
    let parts = typed.split(',').map(str::trim).filter(|part| !part.is_empty());
    let words = |part: &str| -> Vec<String> {
        if is_known(part) { vec![part.to_owned()] } else { part.split_whitespace().map(str::to_owned).collect() }
    };
    parts.flat_map(words).collect()
}

/// The line in which they are read back as they are.
pub(crate) fn line(tags: &[String]) -> String {
    tags.join(if tags.iter().any(|tag| tag.contains(char::is_whitespace)) { ", " } else { " " })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_with_a_blank_in_it_stays_one_tag() {
        let tags = ["vip клиент".to_owned(), "sip".to_owned()];
        assert_eq!(line(&tags), "vip клиент, sip");
        assert_eq!(read(&line(&tags), &tags), tags);
        assert_eq!(read("vip Клиент,sip трафик", &tags), ["vip Клиент", "sip", "трафик"]);
        assert_eq!(read(" a b,, c ", &[]), ["a", "b", "c"]);
    }
}
