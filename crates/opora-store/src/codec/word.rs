//! Vocabularies and their stored numbers.

use opora_core::model::{
    Category, Channel, Impact, LinkKind, LogKind, MissingFact, Origin, Platform, Priority, TicketState, Visibility,
};
use opora_core::sla::{BreachCause, ClockKind, ClockState, RaiseFrom};

use super::{CodecError, Word, pb};

macro_rules! coded {
    ($($name:ident { $($variant:ident),+ $(,)? })+) => {
        $(impl Word for $name {
            fn code(self) -> i32 {
                match self { $(Self::$variant => pb::$name::$variant as i32,)+ }
            }
            fn of_code(code: i32) -> Result<Self, CodecError> {
                match pb::$name::try_from(code) {
                    $(Ok(pb::$name::$variant) => Ok(Self::$variant),)+
                    _ => Err(CodecError::Field(stringify!($name))),
                }
            }
        })+
    };
}

coded! {
    Priority { Low, Medium, High, Critical }
    Impact { ServiceDown, ServiceIntermittent, SeveralWorkstations, OneWorkstation }
    Category { ChannelFailure, AudioQuality, SignIn, Disconnects, Other }
    Channel { Calls, Email, Chat }
    Platform { V3, V5 }
    Origin { Grpc, Console, Email, Phone, Import }
    Visibility { Public, Internal }
    LogKind { AgentDesktop, SoftphoneLink, BpClient, BrowserHost, Other }
    MissingFact {
        OccurTime, Category, Channels, Workstations, RequestedPriority, Platform, LogAgentDesktop, LogSoftphoneLink,
        LogBpClient, LogBrowserHost,
    }
    LinkKind { Related, ChildOfIncident, FollowsClosed, IncidentOf }
    TicketState { New, InProgress, WaitingForCustomer, Resolved, Closed, Merged }
    ClockKind { FirstResponse, Resolution }
    ClockState { Running, Paused, Met, Continuous, Stopped }
    BreachCause { Delay, Reclassification, Policy }
    RaiseFrom { Change, Creation }
}
