//! The bare tonic echo: a service that does nothing, in a process of its own, started from this same binary.

use std::process::Command;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use prost::Message as _;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::echopb::echo_service_server::{EchoService, EchoServiceServer};
use crate::echopb::{EchoRequest, EchoResponse, KeepRequest, KeepResponse};
use crate::error::Outcome;
use crate::load::{Body, Subject};
use crate::process::Process;
use crate::raw::Lane;

const KEEP: &str = "/opora.bench.v1.EchoService/Keep";
const ECHO: &str = "/opora.bench.v1.EchoService/Echo";
/// How many answers it keeps.
const SLOTS: usize = 16;

#[derive(Clone, Default)]
struct Bare {
    kept: Arc<RwLock<Vec<Bytes>>>,
}

#[tonic::async_trait]
impl EchoService for Bare {
    async fn keep(&self, request: Request<KeepRequest>) -> Result<Response<KeepResponse>, Status> {
        let KeepRequest { slot, payload } = request.into_inner();
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.resize(SLOTS, Bytes::new());
        let place = kept.get_mut(slot as usize).ok_or_else(|| Status::out_of_range("no such slot"))?;
        *place = payload;
        Ok(Response::new(KeepResponse {}))
    }

    async fn echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        let slot = request.into_inner().slot as usize;
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        Ok(Response::new(EchoResponse { payload: kept.get(slot).cloned().unwrap_or_default() }))
    }
}

/// Serves until the process is ended.
pub(crate) async fn serve() -> Outcome<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Ok(Server::builder().add_service(EchoServiceServer::new(Bare::default())).serve_with_incoming(incoming).await?)
}

/// A running echo.
pub(crate) struct Echo {
    process: Process,
    address: String,
}

impl Echo {
    /// Starts one.
    pub(crate) fn start() -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("echo");
        let (process, address) = Process::start_until(command, "listening on ", Duration::from_secs(30))?;
        Ok(Self { process, address })
    }

    /// Calls that carry these bytes there and those back: the same as another server's, with nothing done for it.
    pub(crate) async fn subject(
        &self,
        slot: u32,
        request: impl Fn(u64) -> Bytes + Send + Sync + 'static,
        answer: Bytes,
    ) -> Outcome<Subject> {
        let lanes = Lane::several(&self.address, 4).await?;
        let mut first = Lane::connect(&self.address).await?;
        first.ask::<KeepResponse>(KEEP, &KeepRequest { slot, payload: answer }).await?;
        let body: Body = Arc::new(move |n| Bytes::from(EchoRequest { slot, payload: request(n) }.encode_to_vec()));
        Ok(Subject::new("echo", &lanes, ECHO, body, self.process.id()))
    }
}
