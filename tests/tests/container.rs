//! The container image as an operator runs it: built, started without privileges on a root that can't be written, worked
//! with, stopped under load, started again. Where no engine can run containers the suite notes so and ends.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opora_proto::client::{ClientOptions, Desk};
use opora_proto::v1;
use opora_tests::{create, list_all, note};

/// How often a container is asked whether it is ready; with the pause between, two minutes.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(200);

/// Runs the engine and gives what it printed.
fn podman(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("podman").args(arguments).output().map_err(|error| format!("podman: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(format!("podman {}: {} {}", arguments.join(" "), text(&output.stdout), text(&output.stderr)))
    }
}

/// A running container with a volume of its own, under a name that no other has. Dropping it removes both.
struct Container {
    name: String,
    image: String,
}

impl Container {
    /// Builds the image of the binary under test and runs it, as a Service of the same name in a cluster would.
    fn run() -> Result<Self, String> {
        let name = format!("opora-test-{}", std::process::id());
        let image = format!("localhost/{name}:1");
        podman(&["info"])?;
        build(&image);
        let container = Self { name, image };
        let volume = format!("{}:/data", container.name);
        let mut arguments = vec!["run", "--detach", "--name", &container.name];
        // Limits that also stand where the machine's own are lower than the engine's defaults.
        arguments.extend(["--runtime", "runc", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]);
        arguments.extend(["--read-only", "--cap-drop=all", "--publish", "127.0.0.1::7420", "--volume", &volume]);
        arguments.extend(["--env", "OPORA_PORT=tcp://192.0.2.1:7420", "--env", "OPORA_SERVICE_HOST=192.0.2.1"]);
        arguments.push(&container.image);
        podman(&arguments)?;
        Ok(container)
    }

    /// Waits until the image's own health check passes.
    async fn ready(&self) {
        let mut last = String::new();
        for _ in 0..TRIES {
            match podman(&["healthcheck", "run", &self.name]) {
                Ok(_) => return,
                Err(why) => last = why,
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("the container did not become ready: {last}\n{}", self.logs());
    }

    /// A client of it, from outside.
    fn desk(&self) -> Desk {
        let published = podman(&["port", &self.name, "7420/tcp"]).unwrap();
        Desk::new(&ClientOptions {
            server: format!("http://{published}"),
            actor: Some("agents/olga".to_owned()),
            retries: 0,
            deadline: Some(Duration::from_mins(1)),
            ..ClientOptions::default()
        })
        .unwrap()
    }

    fn inspect(&self, what: &str) -> String {
        podman(&["inspect", "--format", what, &self.name]).unwrap()
    }

    /// Everything that it wrote on both streams.
    fn logs(&self) -> String {
        let output = Command::new("podman").args(["logs", &self.name]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = podman(&["rm", "--force", "--volumes", &self.name]);
        let _ = podman(&["volume", "rm", "--force", &self.name]);
        let _ = podman(&["rmi", "--force", &self.image]);
    }
}

/// By the same task as an operator would, with the binary that the suites run.
fn build(image: &str) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["xtask", "image", "--engine", "podman", "--tag", image, "--binary"]);
    let output = command.arg(opora_tests::binary()).output().unwrap();
    assert!(output.status.success(), "the image was not built: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_stopped_under_load_has_everything_that_it_acknowledged_when_it_starts_again() {
    let container = match Container::run() {
        Ok(container) => container,
        Err(why) => return note(&format!("container: no engine can run containers here: {why}")),
    };
    container.ready().await;
    let pid = container.inspect("{{.State.Pid}}");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("Uid:\t65532\t65532"), "it runs as somebody else: {status}");
    assert!(status.contains("CapEff:\t0000000000000000"), "it has capabilities: {status}");
    assert_eq!(container.inspect("{{.HostConfig.ReadonlyRootfs}}"), "true");

    let desk = container.desk();
    create(&desk, "Нет входящих звонков").await.unwrap();
    let info = desk.admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert!(info.warnings.iter().any(|warning| warning.contains("sign-in")), "{:?}", info.warnings);
    assert!(container.logs().contains("sign-in"), "{}", container.logs());

    let acknowledged = stopped_under_load(&container, &desk).await;
    assert_eq!(container.inspect("{{.State.ExitCode}}"), "0", "{}", container.logs());
    assert!(acknowledged.len() > 1, "nothing was written while it stopped");

    podman(&["start", &container.name]).unwrap();
    container.ready().await;
    let request = v1::ListTicketsRequest { page_size: 1000, ..Default::default() };
    let listed = list_all(&container.desk(), request).await.unwrap();
    for subject in acknowledged {
        assert!(listed.iter().any(|ticket| ticket.subject == subject), "`{subject}` was acknowledged and is gone");
    }
}

/// Writes from several callers until the container is gone; gives the subjects that were acknowledged.
async fn stopped_under_load(container: &Container, desk: &Desk) -> Vec<String> {
    let begun = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (desk, begun) = (desk.clone(), begun.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for n in 0..100_000 {
                    let subject = format!("звонок {writer}-{n}");
                    match create(&desk, &subject).await {
                        Ok(_) => acknowledged.push(subject),
                        Err(_) => break,
                    }
                    begun.store(true, Ordering::Relaxed);
                }
                acknowledged
            })
        })
        .collect();
    while !begun.load(Ordering::Relaxed) {
        tokio::task::yield_now().await;
    }
    let name = container.name.clone();
    tokio::task::spawn_blocking(move || podman(&["stop", "--time", "60", &name])).await.unwrap().unwrap();
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    acknowledged
}
