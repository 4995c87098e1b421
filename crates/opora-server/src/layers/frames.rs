//! Frames that ask for nothing: HTTP/2 has a dozen kinds that cost their sender nine bytes and the server a step of its
//! own, an answer often, and of most of them no protocol says how many there may be. They are counted by their heads as
//! the bytes come in; what is in them is the transport's to judge.
//!
//! Frames of callers who mean well go with something: updates of windows with the bytes that were sent to them, resets,
//! ends and the first bytes of a request with the headers that began the call. So each of these lets some of the others
//! pass, and of who calls and reads hardly any are left to be counted.

use std::time::Duration;

use tokio::time::Instant;

use super::handshake::{HEAD, PREFACE};

/// The time within which they are counted.
const WITHIN: Duration = Duration::from_secs(1);
/// The kinds that are told apart (RFC 9113 section 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
/// The bytes of a request from which on a frame of them is not counted.
const SOME: usize = 64;
/// For so many bytes that were sent to the caller one frame passes. The smallest answer to a call takes about as many.
const SENT: usize = 64;
/// So many pass for each call: its bytes, their end, an update, a reset.
const CALL: u64 = 4;

/// Counts them on one connection.
#[derive(Debug)]
pub(super) struct Frames {
    /// Bytes to pass over: the preface, then what is in a frame.
    skip: usize,
    head: [u8; HEAD],
    /// How much of the head came.
    have: usize,
    /// Those that asked for nothing, less those that others let pass.
    count: u64,
    /// Since when.
    since: Instant,
    /// Bytes that were sent, as far as they let none pass yet.
    sent: usize,
}

impl Frames {
    pub(super) fn new(now: Instant) -> Self {
        Self { skip: PREFACE, head: [0; HEAD], have: 0, count: 0, since: now, sent: 0 }
    }

    /// Bytes were sent to the caller.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(bytes);
        self.count = self.count.saturating_sub((self.sent / SENT) as u64);
        self.sent %= SENT;
    }

    /// Takes what came; true: that were more than `most` in a second. `now` is asked where there may have been.
    pub(super) fn are_too_many_with(&mut self, mut bytes: &[u8], most: u64, now: impl Fn() -> Instant) -> bool {
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            let rest = bytes.get(skipped..).unwrap_or_default();
            let head = self.head.get_mut(self.have..).unwrap_or_default();
            let taken = head.len().min(rest.len());
            for (slot, byte) in head.iter_mut().zip(rest) {
                *slot = *byte;
            }
            self.have += taken;
            bytes = rest.get(taken..).unwrap_or_default();
            if self.have == HEAD {
                self.have = 0;
                self.count_one();
                if self.count > most && self.has_been_within(now()) {
                    return true;
                }
            }
        }
        false
    }

    fn count_one(&mut self) {
        let [a, b, c, kind, ..] = self.head;
        self.skip = u32::from_be_bytes([0, a, b, c]) as usize;
        match kind {
            HEADERS => self.count = self.count.saturating_sub(CALL),
            CONTINUATION => {}
            DATA if self.skip >= SOME => {}
            _ => self.count += 1,
        }
    }

    /// Whether all that were counted came within the time; else they are counted anew, from now on.
    fn has_been_within(&mut self, now: Instant) -> bool {
        let within = now.duration_since(self.since) < WITHIN;
        if !within {
            (self.count, self.since) = (0, now);
        }
        within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: u8 = 4;
    const PING: u8 = 6;

    fn frame(kind: u8, length: usize) -> Vec<u8> {
        let [.., a, b, c] = (length as u32).to_be_bytes();
        let mut bytes = vec![a, b, c, kind, 0, 0, 0, 0, 0];
        bytes.resize(HEAD + length, 0xff);
        bytes
    }

    fn many(kind: u8, length: usize, count: usize) -> Vec<u8> {
        frame(kind, length).repeat(count)
    }

    /// Past its preface, and how it judges bytes that come so long after it began.
    fn begun() -> (Frames, impl Fn(&mut Frames, &[u8], u64) -> bool) {
        let began = Instant::now();
        let mut frames = Frames::new(began);
        assert!(!frames.are_too_many_with(&[0; PREFACE], 0, || began));
        let judge = move |frames: &mut Frames, bytes: &[u8], after: u64| {
            frames.are_too_many_with(bytes, 100, || began + Duration::from_millis(after))
        };
        (frames, judge)
    }

    #[test]
    fn as_many_as_there_may_be_in_a_second_pass_however_they_come_and_one_more_does_not() {
        for kind in [2, 3, SETTINGS, 5, PING, 7, 8, 0x2a, 255] {
            for step in [1, 2, 5, 8, 9, 10, 17, 1_000, 9_000] {
                let (mut frames, too_many) = begun();
                let bytes = many(kind, 8, 100);
                assert!(bytes.chunks(step).all(|part| !too_many(&mut frames, part, 999)), "{kind}, {step} at a time");
                let one = frame(kind, 8);
                assert!(one.chunks(step).any(|part| too_many(&mut frames, part, 999)), "{kind}, {step} at a time");
            }
        }
    }

    #[test]
    fn they_are_counted_anew_after_a_second() {
        let (mut frames, too_many) = begun();
        for second in 1..50 {
            assert!(!too_many(&mut frames, &many(PING, 8, 100), second * 1_000));
        }
        assert!(too_many(&mut frames, &many(PING, 8, 202), 50_000), "a flood after a rest");
    }

    #[test]
    fn what_belongs_to_calls_is_not_counted() {
        let (mut frames, too_many) = begun();
        for bytes in [many(HEADERS, 30, 500), many(CONTINUATION, 30, 500), many(DATA, SOME, 500)] {
            assert!(!too_many(&mut frames, &bytes, 0));
        }
        // A small request, its end, an update for its answer, a reset that came too late.
        let call = [frame(HEADERS, 20), frame(DATA, 12), frame(DATA, 0), frame(8, 4), frame(3, 4)].concat();
        assert!(!too_many(&mut frames, &call.repeat(5_000), 0));
        assert!(too_many(&mut frames, &many(DATA, 0, 101), 0), "data without data");
    }

    #[test]
    fn who_is_sent_much_may_say_often_that_there_is_room() {
        let (mut frames, too_many) = begun();
        for _ in 0..1_000 {
            frames.sent(16_384);
            assert!(!too_many(&mut frames, &many(8, 4, 4), 0));
        }
        // What was sent before lets nothing pass for later.
        assert!(too_many(&mut frames, &many(8, 4, 101), 0));
    }
}
