//! Bounds: every place, time and byte that a connection or an address can hold.

use std::net::IpAddr;
use std::time::Duration;

use super::parse::Reader;

/// What callers may hold. `docs/operating.md`, "Bounds", says what each is for.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// The most connections.
    pub connections: usize,
    /// The most connections of one address.
    pub connections_per_address: usize,
    /// How many connections beyond are told so, and may ask for health.
    pub reserved_connections: usize,
    /// The longest beginning of a connection.
    pub handshake_time: Duration,
    /// The longest time in which nothing is asked on a connection.
    pub idle_connection: Duration,
    /// The longest time until a request is there.
    pub request_time: Duration,
    /// The longest time in which less than 4 KiB of an upload arrive.
    pub upload_patience: Duration,
    /// The longest time in which an answer is not read.
    pub answer_patience: Duration,
    /// The same of a watch.
    pub watch_patience: Duration,
    /// The most calls that are worked on.
    pub places: usize,
    /// The same of one address.
    pub places_per_address: usize,
    /// The same of one connection.
    pub places_per_connection: usize,
    /// The same of health and reflection.
    pub reserved_places: usize,
    /// The most bytes of requests and answers.
    pub bytes: u64,
    /// The same of one connection.
    pub bytes_per_connection: u64,
    /// The most streams of one address.
    pub streams_per_address: usize,
    /// The most uploads of one address.
    pub uploads_per_address: usize,
    /// The most uploads and downloads.
    pub transfers: usize,
    /// How many more calls than those that were answered a connection may give up.
    pub abandoned_calls: usize,
    /// How many frames that ask for nothing a connection may send in a second. At 1,000 all 256 connections of an address
    /// send a quarter of a million together; others felt it from about a million on.
    pub control_frames_per_second: usize,
    /// Addresses through which many call.
    pub trusted_proxies: Vec<Network>,
}

/// Addresses that begin alike: `10.1.0.0/16`, `2001:db8::/32`, or one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: u128,
    /// How many bits of it count.
    bits: u32,
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

impl Network {
    /// Whether an address is in it.
    pub fn has(&self, address: IpAddr) -> bool {
        let differs = number(address) ^ self.address;
        differs.leading_zeros() >= self.bits
    }

    fn read(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().ok()?;
        let all: u32 = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Some(all), |length| length.trim().parse().ok().filter(|bits| *bits <= all))?;
        Some(Self { address: number(address), bits: 128 - all + length })
    }
}

pub(super) fn bounds(read: &mut Reader<'_>) -> Bounds {
    let bounds = Bounds {
        connections: read.count("max_connections"),
        connections_per_address: read.count("connections_per_address"),
        reserved_connections: read.count("reserved_connections"),
        handshake_time: read.time("handshake_time"),
        idle_connection: read.time("idle_connection"),
        request_time: read.time("request_time"),
        upload_patience: read.time("upload_patience"),
        answer_patience: read.time("answer_patience"),
        watch_patience: read.time("watch_patience"),
        places: read.count("max_concurrent_requests"),
        places_per_address: read.count("requests_per_address"),
        places_per_connection: read.count("requests_per_connection"),
        reserved_places: read.count("reserved_requests"),
        bytes: read.size("bytes_in_flight"),
        bytes_per_connection: read.size("bytes_per_connection"),
        streams_per_address: read.count("streams_per_address"),
        uploads_per_address: read.count("uploads_per_address"),
        transfers: read.count("max_transfers"),
        abandoned_calls: read.count("abandoned_calls"),
        control_frames_per_second: read.count("control_frames_per_second"),
        trusted_proxies: networks(read),
    };
    // A page, and the headers of the call that asks for it, have to fit; and who asks for one leaves as much to others.
    if bounds.bytes < 8 << 20 {
        read.wrong("bytes_in_flight", "is less than 8MiB, which one call may need with what it leaves to others");
    }
    if bounds.bytes_per_connection < 4 << 20 {
        read.wrong("bytes_per_connection", "is less than 4MiB, which one call may need");
    }
    bounds
}

fn networks(read: &mut Reader<'_>) -> Vec<Network> {
    let Some(texts) = read.texts("trusted_proxies") else { return Vec::new() };
    let mut networks = Vec::new();
    for text in texts {
        match Network::read(&text) {
            Some(network) => networks.push(network),
            None => read.wrong(
                "trusted_proxies",
                format!(
                    "`{text}` is no address and no network such as 10.0.0.0/8; an empty list says that there are none"
                ),
            ),
        }
    }
    networks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_addresses_that_begin_as_it_does() {
        for (network, inside, outside) in [
            ("10.1.0.0/16", "10.1.255.1", "10.2.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::1"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("::1", "::1", "127.0.0.1"),
        ] {
            let read = Network::read(network).unwrap();
            assert!(read.has(inside.parse().unwrap()), "{inside} is in {network}");
            assert!(!read.has(outside.parse().unwrap()), "{outside} is not in {network}");
        }
        let mapped: IpAddr = "::ffff:10.1.2.3".parse().unwrap();
        assert!(Network::read("10.1.0.0/16").unwrap().has(mapped), "the same address, written as version 6");
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "proxy.example.com", "::/129", "10.0.0.0/-1"] {
            assert_eq!(Network::read(bad), None, "{bad}");
        }
    }
}
