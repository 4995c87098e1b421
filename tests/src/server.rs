//! A server process of the built binary, on loopback and a free port.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use opora_proto::client::{ClientOptions, Desk};
use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take until it listens. Generous: the machine is shared.
const START: Duration = Duration::from_mins(1);

/// How to start a server.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// The data directory. `None`: a fresh one that goes away with the server.
    pub data: Option<PathBuf>,
    /// Settings as environment variables.
    pub env: Vec<(String, OsString)>,
    /// More arguments of `opora serve`.
    pub args: Vec<String>,
    /// A command put before the binary, such as `strace -f …`.
    pub wrapper: Vec<String>,
}

/// A running server.
pub struct Server {
    child: Child,
    address: String,
    data: PathBuf,
    temp: Option<tempfile::TempDir>,
    options: ServerOptions,
}

impl Server {
    /// A server on a fresh directory that takes historical times.
    pub fn start() -> Self {
        Self::with(ServerOptions::default())
    }

    /// A server as asked.
    ///
    /// # Panics
    /// When it does not listen in time; its standard error is in the message.
    pub fn with(options: ServerOptions) -> Self {
        Self::try_with(options).unwrap_or_else(|text| panic!("the server did not start: {text}"))
    }

    /// A server as asked, or what it said on its standard error.
    ///
    /// # Errors
    /// Standard error and exit status, when it ends before it listens.
    pub fn try_with(options: ServerOptions) -> Result<Self, String> {
        let temp = options.data.is_none().then(|| tempfile::tempdir().unwrap());
        let data = options.data.clone().unwrap_or_else(|| temp.as_ref().unwrap().path().join("data"));
        let (child, address) = spawn(&options, &data, "127.0.0.1:0")?;
        Ok(Self { child, address, data, temp, options })
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A client that acts as `agents/olga` and does not retry.
    pub fn desk(&self) -> Desk {
        self.desk_as("agents/olga")
    }

    /// A client that acts as somebody and does not retry.
    pub fn desk_as(&self, actor: &str) -> Desk {
        Desk::new(&ClientOptions {
            server: self.url(),
            actor: Some(actor.to_owned()),
            retries: 0,
            deadline: Some(Duration::from_mins(1)),
            ..ClientOptions::default()
        })
        .unwrap()
    }

    /// Ends the process at once, as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits for it.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Sends a signal to the server itself, also behind a wrapper: `strace` lets none through.
    pub fn signal(&self, signal: Signal) {
        let own = self.child.id();
        let behind = || {
            let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).ok()?;
            children.split_whitespace().next()?.parse().ok()
        };
        let pid = if self.options.wrapper.is_empty() { own } else { behind().unwrap_or(own) };
        kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
    }

    /// Whether it has ended, and how.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Starts it again on the same directory and another port, after it ended.
    pub fn restart(&mut self) {
        self.restart_on("127.0.0.1:0");
    }

    /// Starts it again on the same directory and the same port.
    pub fn restart_same_port(&mut self) {
        let address = self.address.clone();
        self.restart_on(&address);
    }

    fn restart_on(&mut self, listen: &str) {
        let (child, address) = spawn(&self.options, &self.data, listen)
            .unwrap_or_else(|text| panic!("the server did not start again: {text}"));
        self.child = child;
        self.address = address;
    }

    /// Keeps the directory after the server is gone, and gives its path.
    pub fn keep_data(&mut self) -> PathBuf {
        if let Some(temp) = self.temp.take() {
            let _ = temp.keep();
        }
        self.data.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What is traced outlives its tracer.
        if !self.options.wrapper.is_empty() && self.ended().is_none() {
            self.signal(Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(options: &ServerOptions, data: &Path, listen: &str) -> Result<(Child, String), String> {
    let mut command = match options.wrapper.split_first() {
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(crate::binary());
            command
        }
        None => Command::new(crate::binary()),
    };
    for (key, _) in std::env::vars_os() {
        if key.to_string_lossy().starts_with("OPORA_") {
            command.env_remove(key);
        }
    }
    command
        .args(["serve", "--listen", listen, "--data"])
        .arg(data)
        .args(&options.args)
        .env("OPORA_IMPORTING_ALLOWED", "true")
        .envs(options.env.iter().map(|(k, v)| (k, v)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    let (lines, incoming) = mpsc::channel();
    for pipe in [
        Box::new(child.stdout.take().unwrap()) as Box<dyn std::io::Read + Send>,
        Box::new(child.stderr.take().unwrap()),
    ] {
        let lines = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    // Nobody listens any more; keep the pipe empty so that the server never blocks on it.
                }
            }
        });
    }
    drop(lines);
    let mut said = String::new();
    loop {
        let Ok(line) = incoming.recv_timeout(START) else {
            let _ = child.kill();
            let status = child.wait().map_err(|e| e.to_string())?;
            return Err(format!("{status}\n{said}"));
        };
        if let Some((_, address)) = line.split_once("listening on ") {
            let address = address.split_whitespace().next().unwrap_or_default().trim_start_matches("http://");
            return Ok((child, address.to_owned()));
        }
        said.push_str(&line);
        said.push('\n');
    }
}
