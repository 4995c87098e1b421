//! What the operating system says, in the person's language: the standard library tells it in English only.

use std::io::{Error, ErrorKind};

use crate::text::Text;

/// What failed by the system's word, as the text `error-io` tells it.
pub(crate) fn told(error: &Error, text: &Text) -> String {
    let Some(key) = key(error) else { return error.to_string() };
    let word = text.get(key);
    match error.raw_os_error() {
        Some(number) => text.with("system-numbered", &[("word", word.into()), ("number", number.to_string().into())]),
        None => word,
    }
}

/// The text of an error, where the catalogues have one.
fn key(error: &Error) -> Option<&'static str> {
    if error.get_ref().is_some() {
        // Words of its own, a path among them, say more than its kind; but a name that nobody knows has no other sign.
        return error.to_string().starts_with("failed to lookup address").then_some("system-unknown-name");
    }
    Some(match error.kind() {
        ErrorKind::NotFound => "system-not-found",
        ErrorKind::PermissionDenied => "system-permission-denied",
        ErrorKind::ConnectionRefused => "system-connection-refused",
        ErrorKind::ConnectionReset => "system-connection-reset",
        ErrorKind::ConnectionAborted => "system-connection-aborted",
        ErrorKind::HostUnreachable => "system-host-unreachable",
        ErrorKind::NetworkUnreachable => "system-network-unreachable",
        ErrorKind::TimedOut => "system-timed-out",
        ErrorKind::AddrInUse => "system-address-in-use",
        ErrorKind::AddrNotAvailable => "system-address-not-available",
        ErrorKind::AlreadyExists => "system-already-exists",
        ErrorKind::NotADirectory => "system-not-a-directory",
        ErrorKind::IsADirectory => "system-is-a-directory",
        ErrorKind::DirectoryNotEmpty => "system-directory-not-empty",
        ErrorKind::ReadOnlyFilesystem => "system-read-only",
        ErrorKind::StorageFull => "system-storage-full",
        ErrorKind::QuotaExceeded => "system-quota-exceeded",
        ErrorKind::FileTooLarge => "system-file-too-large",
        ErrorKind::InvalidFilename => "system-invalid-filename",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;
    use crate::cli::value::Language;

    const ALL: [Errno; 19] = [
        Errno::NOENT,
        Errno::ACCESS,
        Errno::CONNREFUSED,
        Errno::CONNRESET,
        Errno::CONNABORTED,
        Errno::HOSTUNREACH,
        Errno::NETUNREACH,
        Errno::TIMEDOUT,
        Errno::ADDRINUSE,
        Errno::ADDRNOTAVAIL,
        Errno::EXIST,
        Errno::NOTDIR,
        Errno::ISDIR,
        Errno::NOTEMPTY,
        Errno::ROFS,
        Errno::NOSPC,
        Errno::DQUOT,
        Errno::FBIG,
        Errno::NAMETOOLONG,
    ];

    #[test]
    fn what_the_system_says_in_english_is_what_the_standard_library_tells() {
        let text = Text::new(Language::En);
        for error in ALL.map(Error::from) {
            assert_eq!(told(&error, &text), error.to_string());
        }
    }

    #[test]
    fn what_the_system_says_is_told_in_russian_with_its_number() {
        let text = Text::new(Language::Ru);
        for error in ALL.map(Error::from) {
            let told = told(&error, &text);
            assert!(told.chars().any(|c| ('а'..='я').contains(&c)) && !told.contains("os error"), "{told}");
            assert!(told.contains(&error.raw_os_error().unwrap().to_string()), "{told}");
        }
        assert_eq!(told(&Error::from(Errno::ACCESS), &text), "нет прав (ошибка системы 13)");
        assert_eq!(told(&Error::from(ErrorKind::TimedOut), &text), "истекло время ожидания");
    }

    #[test]
    fn a_name_that_nobody_knows_is_told_and_what_has_no_text_stays() {
        use std::net::ToSocketAddrs as _;
        let text = Text::new(Language::Ru);
        // A name of a form that no name can have: nobody is asked.
        let unknown = ("opora..invalid", 1).to_socket_addrs().unwrap_err();
        assert_eq!(told(&unknown, &text), "такое имя узла не найдено");
        assert_eq!(told(&Error::other("x"), &text), "x");
        let with_path = Error::new(ErrorKind::NotFound, "no folder at /srv/desk");
        assert_eq!(told(&with_path, &text), "no folder at /srv/desk");
    }
}
