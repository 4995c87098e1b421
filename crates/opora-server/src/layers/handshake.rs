//! The beginning of a connection: HTTP/2's preface and the caller's first SETTINGS. Only until then is it timed, whatever
//! is in it is the transport's to judge.

/// The preface, `PRI * HTTP/2.0…`.
pub(super) const PREFACE: usize = 24;
/// What stands before each frame; its first three bytes are the length of the rest.
pub(super) const HEAD: usize = 9;

/// How much of it came.
#[derive(Debug, Default)]
pub(super) struct Handshake {
    came: usize,
    length: [u8; 3],
}

impl Handshake {
    /// Takes what came; true: that was all of it.
    pub(super) fn is_over_with(&mut self, bytes: &[u8]) -> bool {
        for (slot, place) in self.length.iter_mut().zip(PREFACE..) {
            let byte = place.checked_sub(self.came).and_then(|at| bytes.get(at));
            *slot = byte.copied().unwrap_or(*slot);
        }
        self.came = self.came.saturating_add(bytes.len());
        let [a, b, c] = self.length;
        let settings = u32::from_be_bytes([0, a, b, c]) as usize;
        self.came >= PREFACE + HEAD + settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_with_the_last_byte_of_the_settings_however_it_comes() {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend([0, 0, 12, 4, 0, 0, 0, 0, 0]);
        bytes.extend([0; 12]);
        for step in 1..=bytes.len() {
            let mut handshake = Handshake::default();
            let mut came = 0;
            for part in bytes.chunks(step) {
                came += part.len();
                assert_eq!(handshake.is_over_with(part), came == bytes.len(), "{came} bytes, {step} at a time");
            }
        }
    }

    #[test]
    fn settings_that_say_nothing_are_over_with_their_head() {
        let mut handshake = Handshake::default();
        assert!(!handshake.is_over_with(&[0; PREFACE + HEAD - 1]));
        assert!(handshake.is_over_with(&[0]));
    }
}
