//! Settings in the environment. The prefix `OPORA_` is not ours alone: Kubernetes makes variables of the names of
//! Services, and scripts have some of their own. So what is no setting is told, and stops nothing.

use std::collections::BTreeMap;

use toml::Value;

use super::settings::{Kind, SETTINGS};
use super::{Source, nearest, put, setting};
use crate::warnings::Warning;

/// Environment variables that begin with `OPORA_` and are no settings of the server: the client's, and the tests'.
const NOT_SETTINGS: &[&str] = &[
    "CONFIG",
    "SERVER",
    "AS",
    "ACTOR",
    "LANG",
    "LANGUAGE",
    "OUTPUT",
    "COLOR",
    "COLOUR",
    "THEME",
    "BIN",
    "BLESS",
    "WRITE_DOCS",
    "VERSION",
];
/// Beginnings of such variables.
const NOT_SETTINGS_PREFIXES: &[&str] = &["CRASH_", "WIRE_", "TEST_", "BENCH_", "CONSOLE_", "DEMO_"];

/// The most variables that are told one by one: a list that somebody reads.
const TOLD: usize = 20;
/// What the value of a Service's `…_PORT` begins with, where Kubernetes made it.
const SCHEMES: [&str; 3] = ["tcp://", "udp://", "sctp://"];

/// Takes the settings among the variables; gives what is to be told of the others.
pub(super) fn take(
    environment: &[(String, String)],
    values: &mut BTreeMap<&'static str, (Value, Source)>,
) -> Vec<Warning> {
    let (mut unknown, mut of_services) = (Vec::new(), Vec::new());
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix("OPORA_") else { continue };
        if NOT_SETTINGS.contains(&rest) || NOT_SETTINGS_PREFIXES.iter().any(|prefix| rest.starts_with(prefix)) {
            continue;
        }
        let key = rest.to_ascii_lowercase();
        if let Some(setting) = setting(&key) {
            put(values, setting, Value::String(value.clone()), Source::Environment(name.clone()));
        } else if is_of_service(name, value) {
            of_services.push(name.clone());
        } else {
            let scalars = SETTINGS.iter().filter(|s| s.kind != Kind::Tables).map(|s| s.key);
            let nearest = nearest(&key, scalars).map(|nearest| format!("OPORA_{}", nearest.to_ascii_uppercase()));
            unknown.push(Warning::UnknownVariable { name: name.clone(), nearest });
        }
    }
    // The environment has no order of its own.
    unknown.sort_by_cached_key(|warning| format!("{warning:?}"));
    let more = unknown.len().saturating_sub(TOLD) as u64;
    unknown.truncate(TOLD);
    if more > 0 {
        unknown.push(Warning::MoreVariables { count: more });
    }
    let count = of_services.len() as u64;
    unknown.extend(of_services.into_iter().min().map(|name| Warning::ServiceVariables { name, count }));
    unknown
}

/// Whether Kubernetes made a variable of a Service: `…_SERVICE_HOST`, `…_SERVICE_PORT`, `…_SERVICE_PORT_GRPC`,
/// `…_PORT` (`tcp://10.0.0.1:7420`) and `…_PORT_7420_TCP` with its `_PROTO`, `_PORT`, `_ADDR`.
fn is_of_service(name: &str, value: &str) -> bool {
    let own = name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_");
    let port = name.ends_with("_PORT") && SCHEMES.iter().any(|scheme| value.starts_with(scheme));
    let each = name.rsplit_once("_PORT_").is_some_and(|(_, rest)| is_port(rest))
        // The port of a port: its own last part is `_PORT`.
        || name.strip_suffix("_PORT").and_then(|name| name.rsplit_once("_PORT_")).is_some_and(|(_, rest)| is_port(rest));
    own || port || each
}

/// `7420_TCP`, `7420_TCP_ADDR`.
fn is_port(text: &str) -> bool {
    let mut parts = text.split('_');
    let number = parts.next().is_some_and(|part| part.parse::<u16>().is_ok());
    let protocol = parts.next().is_some_and(|part| matches!(part, "TCP" | "UDP" | "SCTP"));
    number && protocol && parts.next().is_none_or(|part| matches!(part, "PROTO" | "ADDR")) && parts.next().is_none()
}
