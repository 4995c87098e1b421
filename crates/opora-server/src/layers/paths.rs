//! What a call is as far as bounds go, by its path.

/// The beginning of the contract's paths.
pub(super) const CONTRACT: &str = "/opora.v1.";

/// What a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A message for a message.
    Plain,
    /// A message for a page of many things.
    Page,
    /// A message for a stream without an end.
    Watch,
    /// A file for a message.
    Upload,
    /// A message for a file.
    Download,
    /// Health: it always gets through.
    Health,
    /// The same as a stream.
    HealthWatch,
    /// Reflection, or what is not there: a stream of questions and answers.
    Other,
}

impl Kind {
    pub(super) fn of(path: &str) -> Self {
        let Some(rest) = path.strip_prefix(CONTRACT) else {
            return match path {
                "/grpc.health.v1.Health/Check" | "/grpc.health.v1.Health/List" => Self::Health,
                "/grpc.health.v1.Health/Watch" => Self::HealthWatch,
                _ => Self::Other,
            };
        };
        let method = rest.rsplit('/').next().unwrap_or_default();
        match method {
            "GetTicket" | "CreateTicket" => Self::Plain,
            "UploadAttachment" => Self::Upload,
            "DownloadAttachment" => Self::Download,
            "BatchChange" => Self::Page,
            _ if method.starts_with("Watch") => Self::Watch,
            _ if method.starts_with("List") => Self::Page,
            _ => Self::Plain,
        }
    }

    /// Whether its request has many messages, which come while it is worked on.
    pub(super) fn comes_in_parts(self) -> bool {
        matches!(self, Self::Upload | Self::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_what_its_path_says() {
        for (path, kind) in [
            ("/opora.v1.TicketService/GetTicket", Kind::Plain),
            ("/opora.v1.TicketService/ListTickets", Kind::Page),
            ("/opora.v1.DirectoryService/ListAgents", Kind::Page),
            ("/opora.v1.TicketService/BatchChange", Kind::Page),
            ("/opora.v1.TicketService/WatchTickets", Kind::Watch),
            ("/opora.v1.PresenceService/WatchPresence", Kind::Watch),
            ("/opora.v1.AttachmentService/UploadAttachment", Kind::Upload),
            ("/opora.v1.AttachmentService/DownloadAttachment", Kind::Download),
            ("/grpc.health.v1.Health/Check", Kind::Health),
            ("/grpc.health.v1.Health/Watch", Kind::HealthWatch),
            ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(Kind::of(path), kind, "{path}");
        }
    }
}
