//! Commits: the payload of a frame of the journal.

use std::sync::Arc;

use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::time::Timestamp;
use pb::record::Record as Wired;
use prost::Message as _;

use super::event::{event_of, wire_event};
use super::{CodecError, Coded, need, pb};
use crate::api::{Commit, Record, RequestKey, RequestRecord};

/// Appends a commit's payload to `out`. `previous` tells the revision of the event before on a ticket.
pub(crate) fn encode_commit(commit: &Commit, previous: impl Fn(TicketNumber) -> Revision, out: &mut Vec<u8>) {
    let record = |record: &Record| pb::Record {
        record: Some(match record {
            Record::Ticket(event) => Wired::Ticket(wire_event(event, previous(event.ticket.number))),
            Record::Directory(actor, put) => {
                Wired::Directory(pb::DirectoryRecord { actor: Some(actor.wire()), put: Some(put.wire()) })
            }
            Record::Policy(actor, reason, policy) => Wired::Policy(pb::PolicyRecord {
                actor: Some(actor.wire()),
                reason: reason.as_ref().to_owned(),
                policy: Some(policy.wire()),
            }),
        }),
    };
    let request = commit.request.as_ref().map(|r| pb::Request {
        key: r.key.0.to_vec(),
        content: r.content.to_vec(),
        answer: r.answer.clone(),
    });
    let wire = pb::Commit { records: commit.records.iter().map(record).collect(), request };
    // A vector grows as it must: encoding into it can't fail.
    let _ = wire.encode(out);
}

pub(crate) fn decode_commit(revision: Revision, at: Timestamp, payload: &[u8]) -> Result<Commit, CodecError> {
    let wire = pb::Commit::decode(payload)?;
    let records = wire.records.into_iter().map(record_of).collect::<Result<_, _>>()?;
    let request = wire.request.map(request_of).transpose()?;
    Ok(Commit { revision, at, records, request })
}

fn record_of(w: pb::Record) -> Result<Record, CodecError> {
    Ok(match need(w.record, "record")? {
        Wired::Ticket(event) => Record::Ticket(event_of(event)?),
        Wired::Directory(d) => {
            Record::Directory(Coded::of(need(d.actor, "directory.actor")?)?, Coded::of(need(d.put, "directory.put")?)?)
        }
        Wired::Policy(p) => Record::Policy(
            Coded::of(need(p.actor, "policy.actor")?)?,
            p.reason.into(),
            Arc::new(Coded::of(need(p.policy, "policy.policy")?)?),
        ),
    })
}

fn request_of(w: pb::Request) -> Result<RequestRecord, CodecError> {
    Ok(RequestRecord {
        key: RequestKey(w.key.try_into().map_err(|_| CodecError::Field("request.key"))?),
        content: w.content.try_into().map_err(|_| CodecError::Field("request.content"))?,
        answer: w.answer,
    })
}

/// A ticket as it stood after the last event on it in a commit, read without the rest of the commit.
pub(crate) fn decode_ticket_of(payload: &[u8], number: TicketNumber) -> Result<Option<Ticket>, CodecError> {
    let wire = pb::Commit::decode(payload)?;
    let ticket = wire.records.into_iter().rev().find_map(|r| match r.record {
        Some(Wired::Ticket(event)) if event.number == number.0 => event.ticket,
        _ => None,
    });
    ticket.map(Coded::of).transpose()
}

/// The request that a commit remembers, read without its records.
pub(crate) fn request_in(payload: &[u8]) -> Result<Option<RequestRecord>, CodecError> {
    pb::Asked::decode(payload)?.request.map(request_of).transpose()
}

/// The revision of the event before on a ticket; `None`: the commit has nothing on it.
pub(crate) fn previous_in(payload: &[u8], number: TicketNumber) -> Result<Option<Revision>, CodecError> {
    let chain = pb::Chain::decode(payload)?;
    let mut events = chain.records.into_iter().filter_map(|r| r.ticket);
    Ok(events.find(|e| e.number == number.0).map(|e| Revision(e.previous_revision)))
}
