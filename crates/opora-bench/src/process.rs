//! Processes that a run starts: their output, their CPU time and memory, and their end.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::{BenchError, Outcome};

/// A process that is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    program: String,
}

impl Process {
    /// Starts a program and waits for the line of its output that holds `mark`; gives what follows it in that line.
    ///
    /// # Errors
    /// [`BenchError::NotStarted`] with what it said, when it ends or the time is over before.
    pub(crate) fn start_until(mut command: Command, mark: &str, patience: Duration) -> Outcome<(Self, String)> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (lines, incoming) = mpsc::channel();
        follow(child.stdout.take(), lines.clone());
        follow(child.stderr.take(), lines);
        let mut process = Self { child, program };
        let deadline = Instant::now() + patience;
        let mut said = String::new();
        while let Ok(line) = incoming.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if let Some((_, rest)) = line.split_once(mark) {
                return Ok((process, rest.trim().to_owned()));
            }
            said.push_str(&line);
            said.push('\n');
        }
        process.kill()?;
        Err(BenchError::NotStarted { program: process.program.clone(), said })
    }

    /// Starts a program whose output goes to a file.
    pub(crate) fn start_logging(mut command: Command, log: &Path) -> Outcome<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let log = File::create(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(Self { child: command.spawn()?, program })
    }

    /// Its id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub(crate) fn ended(&mut self) -> Outcome<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) -> Outcome<()> {
        if !self.ended()? {
            self.child.kill()?;
            self.child.wait()?;
        }
        Ok(())
    }

    /// Asks it to stop and waits until it has; gives how long that took.
    pub(crate) async fn terminate(&mut self, patience: Duration) -> Outcome<Duration> {
        let begin = Instant::now();
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).map_err(std::io::Error::from)?;
        }
        while begin.elapsed() < patience {
            if let Some(status) = self.child.try_wait()? {
                if status.success() {
                    return Ok(begin.elapsed());
                }
                return Err(BenchError::Void(format!("{} stopped with {status}", self.program)));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(BenchError::Void(format!("{} did not stop within {patience:?}", self.program)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads a pipe to its end on a thread of its own, so that the process never blocks on it.
fn follow(pipe: Option<impl Read + Send + 'static>, lines: mpsc::Sender<String>) {
    let Some(pipe) = pipe else { return };
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            // Nobody listens after the start; the pipe is read on all the same.
            let _ = lines.send(line);
        }
    });
}

/// CPU time that a process has used, user and system, in seconds.
pub(crate) fn cpu_seconds(pid: u32) -> Outcome<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let ticks = ticks_of(&text).ok_or_else(|| BenchError::Void(format!("/proc/{pid}/stat can't be read")))?;
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// How long processes are looked at, and of a core how much they may use to be called calm.
const CALM: (Duration, f64) = (Duration::from_millis(500), 0.05);
/// How long is waited for calm.
const CALM_PATIENCE: Duration = Duration::from_secs(20);

/// Waits until processes do next to nothing, so that what one still has to do after a pass is not done in the next one's
/// time. One that does not come to rest is measured beside all the same.
pub(crate) async fn until_calm(pids: &[u32]) -> Outcome<()> {
    let used = || pids.iter().map(|pid| cpu_seconds(*pid)).sum::<Outcome<f64>>();
    let begin = Instant::now();
    let mut before = used()?;
    while begin.elapsed() < CALM_PATIENCE {
        tokio::time::sleep(CALM.0).await;
        let now = used()?;
        if now - before < CALM.0.as_secs_f64() * CALM.1 {
            break;
        }
        before = now;
    }
    Ok(())
}

/// utime + stime of a line of /proc/PID/stat. The name in parentheses may hold spaces and parentheses.
fn ticks_of(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

/// Resident memory of a process in bytes, by what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resident {
    /// All of it: VmRSS.
    pub(crate) all: u64,
    /// The most it ever was: VmHWM.
    pub(crate) peak: u64,
    /// Its own: RssAnon.
    pub(crate) own: u64,
    /// Pages of files that the kernel can take back: RssFile.
    pub(crate) files: u64,
}

/// Resident memory of a process.
pub(crate) fn resident(pid: u32) -> Outcome<Resident> {
    Ok(resident_of(&std::fs::read_to_string(format!("/proc/{pid}/status"))?))
}

fn resident_of(status: &str) -> Resident {
    let of = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.unwrap_or(0) * 1024
    };
    Resident { all: of("VmRSS:"), peak: of("VmHWM:"), own: of("RssAnon:"), files: of("RssFile:") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_a_name_with_spaces_and_parentheses() {
        let stat = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 4 0 1 1 1";
        assert_eq!(ticks_of(stat), Some(300));
        assert_eq!(ticks_of("garbage"), None);
    }

    #[test]
    fn resident_memory_is_read_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t  20 kB\nVmRSS:\t  10 kB\nRssAnon:\t   8 kB\nRssFile:\t   2 kB\n";
        assert_eq!(resident_of(status), Resident { all: 10_240, peak: 20_480, own: 8_192, files: 2_048 });
    }

    #[test]
    fn this_process_uses_memory_and_has_used_time() {
        assert!(resident(std::process::id()).unwrap().all > 0);
        assert!(cpu_seconds(std::process::id()).unwrap() >= 0.0);
    }

    #[test]
    fn a_program_that_ends_early_is_told_with_what_it_said() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo no luck >&2; exit 3"]);
        let error = Process::start_until(command, "listening on ", Duration::from_secs(20)).unwrap_err();
        assert!(error.to_string().contains("no luck"), "{error}");
    }

    #[test]
    fn what_follows_the_mark_is_given() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo noise; echo listening on 127.0.0.1:9; sleep 60"]);
        let (mut process, address) = Process::start_until(command, "listening on ", Duration::from_secs(20)).unwrap();
        assert_eq!(address, "127.0.0.1:9");
        assert!(!process.ended().unwrap());
        process.kill().unwrap();
        assert!(process.ended().unwrap());
    }
}
