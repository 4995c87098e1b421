//! The closed vocabularies: the words of the domain and the numbers of the wire.

use opora_core::model as m;
use opora_core::sla;
use opora_core::suggest;
use opora_proto::v1;

/// A word of the domain that has a number on the wire. 0 is never one.
pub(crate) trait Word: Copy + Sized {
    /// Its number.
    fn number(self) -> i32;
    /// The word of a number.
    fn of(number: i32) -> Option<Self>;
}

/// The number of a word, 0 where there is none.
pub(super) fn number<T: Word>(word: Option<T>) -> i32 {
    word.map_or(0, Word::number)
}

macro_rules! words {
    ($($domain:ty, $wire:ty { $($d:ident = $w:ident),+ $(,)? })+) => {
        $(impl Word for $domain {
            fn number(self) -> i32 {
                match self { $(<$domain>::$d => <$wire>::$w as i32,)+ }
            }

            fn of(number: i32) -> Option<Self> {
                match <$wire>::try_from(number) {
                    $(Ok(<$wire>::$w) => Some(<$domain>::$d),)+
                    _ => None,
                }
            }
        })+

        #[cfg(test)]
        mod tests {
            use super::*;

            #[test]
            fn every_word_is_found_by_its_number() {
                $($(assert_eq!(<$domain>::of(<$domain>::$d.number()), Some(<$domain>::$d));)+
                assert_eq!(<$domain>::of(0), None);
                assert_eq!(<$domain>::of(-1), None);)+
            }
        }
    };
}

words! {
    m::Priority, v1::Priority { Low = Low, Medium = Medium, High = High, Critical = Critical }
    m::Impact, v1::Impact {
        ServiceDown = ServiceDown, ServiceIntermittent = ServiceIntermittent,
        SeveralWorkstations = SeveralWorkstations, OneWorkstation = OneWorkstation,
    }
    m::Category, v1::Category {
        ChannelFailure = ChannelFailure, AudioQuality = AudioQuality, SignIn = SignIn, Disconnects = Disconnects,
        Other = Other,
    }
    suggest::SuggestionKind, v1::SuggestionKind {
        Incident = Incident, SeveralWorkstations = SeveralWorkstations,
    }
    m::Channel, v1::Channel { Calls = Calls, Email = Email, Chat = Chat }
    m::Platform, v1::Platform { V3 = V3, V5 = V5 }
    m::TicketState, v1::TicketState {
        New = New, InProgress = InProgress, WaitingForCustomer = WaitingForCustomer, Resolved = Resolved,
        Closed = Closed, Merged = Merged,
    }
    m::Origin, v1::Origin { Grpc = Grpc, Console = Console, Email = Email, Phone = Phone, Import = Import }
    m::Visibility, v1::Visibility { Public = Public, Internal = Internal }
    m::LogKind, v1::LogKind {
        AgentDesktop = Agentdesktop, SoftphoneLink = SoftphoneLink, BpClient = Bpclient, BrowserHost = BrowserHost,
        Other = Other,
    }
    m::MissingFact, v1::MissingFact {
        OccurTime = OccurTime, Category = Category, Channels = Channels, Workstations = Workstations,
        RequestedPriority = RequestedPriority, Platform = Platform, LogAgentDesktop = LogAgentdesktop,
        LogSoftphoneLink = LogSoftphoneLink, LogBpClient = LogBpclient, LogBrowserHost = LogBrowserHost,
    }
    m::LinkKind, v1::LinkKind {
        Related = Related, ChildOfIncident = ChildOfIncident, FollowsClosed = FollowsClosed, IncidentOf = IncidentOf,
    }
    sla::ClockKind, v1::ClockKind { FirstResponse = FirstResponse, Resolution = Resolution }
    sla::ClockState, v1::ClockState {
        Running = Running, Paused = Paused, Met = Met, Continuous = Continuous, Stopped = Stopped,
    }
    sla::BreachCause, v1::BreachCause { Delay = Delay, Reclassification = Reclassification, Policy = Policy }
    sla::StretchReason, v1::StretchReason {
        SetAside = SetAside, Resolved = Resolved, Merged = Merged, Paused = Paused, Holiday = Holiday,
        Closed = Closed, Open = Open,
    }
}
