//! The closed vocabularies of the desk (docs/domain.md §2-§6), each with the word of the contract and the filter
//! language.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word of the contract and the filter language.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The one of that word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.word() == word)
            }
        }
    };
}

words!(
    /// How widely a problem is felt (docs/domain.md §3).
    Impact {
        /// The service does not work at all.
        ServiceDown = "SERVICE_DOWN",
        /// The service disconnects from time to time.
        ServiceIntermittent = "SERVICE_INTERMITTENT",
        /// It happens at several operators' workstations.
        SeveralWorkstations = "SEVERAL_WORKSTATIONS",
        /// One operator sees it.
        OneWorkstation = "ONE_WORKSTATION",
    }
);
words!(
    /// What is wrong (docs/domain.md §2).
    Category {
        /// Calls, e-mail or chat do not come in or go out.
        ChannelFailure = "CHANNEL_FAILURE",
        /// Poor audio.
        AudioQuality = "AUDIO_QUALITY",
        /// Trouble signing in.
        SignIn = "SIGN_IN",
        /// Disconnects from time to time.
        Disconnects = "DISCONNECTS",
        /// Anything else.
        Other = "OTHER",
    }
);
words!(
    /// A channel of the contact centre (docs/domain.md §2).
    Channel {
        /// Telephone calls.
        Calls = "CALLS",
        /// E-mail.
        Email = "EMAIL",
        /// Chat.
        Chat = "CHAT",
    }
);
words!(
    /// The generation of the platform (docs/domain.md §2).
    Platform {
        /// 3.x, grey panels.
        V3 = "V3",
        /// 5.x, turquoise panels.
        V5 = "V5",
    }
);
words!(
    /// The way by which a ticket came.
    Origin {
        /// Another system, through the contract.
        Grpc = "GRPC",
        /// A support engineer at the console.
        Console = "CONSOLE",
        /// An e-mail.
        Email = "EMAIL",
        /// A telephone call: the first response is met at creation (docs/domain.md §7 rule 7).
        Phone = "PHONE",
        /// An import from another desk.
        Import = "IMPORT",
    }
);
words!(
    /// Who can read a comment.
    Visibility {
        /// The customer too.
        Public = "PUBLIC",
        /// Agents only.
        Internal = "INTERNAL",
    }
);
words!(
    /// What kind of log a file is (docs/domain.md §2, §5).
    LogKind {
        /// `agentdesktop*` of platform 3.x.
        AgentDesktop = "AGENTDESKTOP",
        /// `softphone-link*` of platform 3.x.
        SoftphoneLink = "SOFTPHONE_LINK",
        /// `bpclient*` of platform 5.x.
        BpClient = "BPCLIENT",
        /// `<browser>host*` of platform 5.x.
        BrowserHost = "BROWSER_HOST",
        /// No log that the desk knows.
        Other = "OTHER",
    }
);
words!(
    /// A fact that a good report holds and this one still lacks (docs/domain.md §4).
    MissingFact {
        /// When the problem appeared.
        OccurTime = "OCCUR_TIME",
        /// What is wrong.
        Category = "CATEGORY",
        /// Which channel fails.
        Channels = "CHANNELS",
        /// Where it is seen.
        Workstations = "WORKSTATIONS",
        /// The priority asked for.
        RequestedPriority = "REQUESTED_PRIORITY",
        /// The platform, without which the logs to ask for are not known.
        Platform = "PLATFORM",
        /// The `agentdesktop` log.
        LogAgentDesktop = "LOG_AGENTDESKTOP",
        /// The `softphone-link` log.
        LogSoftphoneLink = "LOG_SOFTPHONE_LINK",
        /// The `bpclient` log.
        LogBpClient = "LOG_BPCLIENT",
        /// The `<browser>host` log.
        LogBrowserHost = "LOG_BROWSER_HOST",
    }
);
words!(
    /// How two tickets belong together, read from the ticket that holds the link.
    LinkKind {
        /// They have to do with each other.
        Related = "RELATED",
        /// This one is a child of the other, an incident.
        ChildOfIncident = "CHILD_OF_INCIDENT",
        /// This one was opened because a customer wrote on the other, which was closed (docs/domain.md §6).
        FollowsClosed = "FOLLOWS_CLOSED",
        /// This one is an incident that the other is a child of: the other end of `ChildOfIncident`.
        IncidentOf = "INCIDENT_OF",
    }
);
