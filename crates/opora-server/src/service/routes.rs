//! Which service a call goes to. The service that nearly all calls are for is asked first; a router of paths finds the
//! others.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use http::{Request, Response};
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;

use super::TicketServer;

/// All services of a server.
#[derive(Clone)]
pub(crate) struct Services {
    tickets: TicketServer,
    others: Routes,
}

impl Services {
    pub(crate) fn new(tickets: TicketServer, others: Routes) -> Self {
        Self { tickets, others: others.prepare() }
    }
}

/// Whether a path is of the ticket service.
fn is_tickets(path: &str) -> bool {
    let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(TicketServer::NAME));
    rest.is_some_and(|rest| rest.starts_with('/'))
}

impl tower::Service<Request<Body>> for Services {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        match tower::Service::poll_ready(&mut self.tickets, context) {
            Poll::Ready(Ok(())) => tower::Service::<Request<Body>>::poll_ready(&mut self.others, context),
            other => other,
        }
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if is_tickets(request.uri().path()) {
            return tower::Service::call(&mut self.tickets, request);
        }
        tower::Service::call(&mut self.others, request).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_of_the_ticket_service_or_not() {
        assert!(is_tickets("/opora.v1.TicketService/GetTicket"));
        assert!(is_tickets("/opora.v1.TicketService/NoSuchCall"));
        for other in ["", "/", "/opora.v1.TicketService", "/opora.v1.TicketServices/A", "opora.v1.TicketService/A"] {
            assert!(!is_tickets(other), "{other}");
        }
        assert!(!is_tickets("/opora.v1.SlaService/ListPolicies"));
    }
}
