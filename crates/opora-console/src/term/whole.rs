//! Frames written whole: the terminal gets each in one piece, however many parts it was put together from.

use std::io::{self, Write};

/// What ends a frame: the end of synchronised output.
const END: &[u8] = b"\x1b[?2026l";
/// What is kept for the next frame of what a large one took, bytes.
const KEPT: usize = 64 * 1024;

/// A writer that lets nothing out until the end of a frame is in it. What was begun and not ended is never seen.
#[derive(Debug)]
pub(crate) struct Whole<W> {
    out: W,
    frame: Vec<u8>,
}

impl<W> Whole<W> {
    /// Writes frames to a writer.
    pub(crate) const fn new(out: W) -> Self {
        Self { out, frame: Vec::new() }
    }
}

impl<W: Write> Write for Whole<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Only between frames: who draws one flushes after every part.
    fn flush(&mut self) -> io::Result<()> {
        if !self.frame.ends_with(END) {
            return Ok(());
        }
        let written = self.out.write_all(&self.frame).and_then(|()| self.out.flush());
        self.frame.clear();
        self.frame.shrink_to(KEPT);
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Remembers every write by itself.
    #[derive(Default)]
    struct Writes(Vec<Vec<u8>>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_frame_leaves_in_one_piece_and_not_before_its_end() {
        let mut whole = Whole::new(Writes::default());
        for part in ["\x1b[?2026h", "one", "two"] {
            whole.write_all(part.as_bytes()).unwrap();
            whole.flush().unwrap();
            assert!(whole.out.0.is_empty(), "{part} is out");
        }
        whole.write_all(END).unwrap();
        whole.flush().unwrap();
        assert_eq!(whole.out.0, [b"\x1b[?2026honetwo\x1b[?2026l"]);
        whole.flush().unwrap();
        assert_eq!(whole.out.0.len(), 1, "nothing is written twice");
    }

    #[test]
    fn a_frame_that_could_not_be_written_is_not_part_of_the_next() {
        struct Gone(bool);
        impl Write for Gone {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                if std::mem::take(&mut self.0) { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(bytes.len()) }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut whole = Whole::new(Gone(true));
        whole.write_all(END).unwrap();
        assert!(whole.flush().is_err());
        assert!(whole.frame.is_empty());
        whole.write_all(END).unwrap();
        assert!(whole.flush().is_ok());
    }
}
