//! `opora health`: asks a server how it does, by the standard protocol, and answers with an exit code.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde_json::json;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::cli::work::HealthArgs;
use crate::cli::{ClientArgs, DEFAULT_SERVER};
use crate::context::Context;
use crate::failure::{Exit, Failure};

/// Asks once, without tries: whoever probes has a rhythm of its own.
pub(crate) async fn run(context: &Context, args: HealthArgs) -> Result<(), Failure> {
    let request = HealthCheckRequest { service: args.service.clone() };
    let answer = context.desk.unless_silent(context.desk.health().check(request)).await;
    let status = match answer {
        Ok(answer) => answer.into_inner().status(),
        Err(status) if status.code() == Code::NotFound => {
            let unknown = context.out.text.with("health-unknown-service", &[("service", args.service.into())]);
            return Err(Failure::usage(unknown));
        }
        Err(status) => return Err(context.failed(&status)),
    };
    let good = args.live || status == ServingStatus::Serving;
    if context.out.is_table() {
        let key = match status {
            ServingStatus::Serving => "health-serving",
            _ if args.live => "health-live",
            _ => "health-not-serving",
        };
        context.out.say(key, &[("server", context.server.as_str().into())])?;
    } else {
        context.out.raw(&format!("{}\n", json!({ "status": status.as_str_name() })))?;
    }
    if good { Ok(()) } else { Err(Failure::said(Exit::Refused)) }
}

/// Where no server was named: the one that listens as this process's environment says.
pub(crate) fn at_listen_port(args: ClientArgs, listen: Option<&str>) -> ClientArgs {
    let listening = listen.and_then(|text| text.parse::<SocketAddr>().ok()).filter(|address| address.port() != 0);
    match listening {
        Some(address) if args.server == DEFAULT_SERVER => {
            ClientArgs { server: format!("http://{}", reachable(address)), ..args }
        }
        _ => args,
    }
}

/// Who listens on all addresses is found on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_all_addresses_is_asked_on_loopback() {
        let cases = [
            ("0.0.0.0:7420", "127.0.0.1:7420"),
            ("[::]:7420", "[::1]:7420"),
            ("192.0.2.7:1", "192.0.2.7:1"),
            ("[2001:db8::7]:9", "[2001:db8::7]:9"),
        ];
        for (listen, asked) in cases {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
