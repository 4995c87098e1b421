//! Connections: how many, of whom, for how long.

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::caller::{Caller, GET, HERE, THERE, WATCH, connect, framed, get, is_let_through, is_over};
use crate::{LONG, Server};

async fn works(caller: &mut Caller) -> bool {
    is_let_through(caller.call(GET, &get(1)).await)
}

/// A caller who is not idle, for as long as the second lasts.
async fn busy(server: &Server, from: Ipv4Addr) -> (Caller, impl Sized + use<>) {
    let mut caller = Caller::from(server, from).await;
    let mut watch = caller.begin(WATCH).await;
    watch.sending.send_data(framed(&()), true).unwrap();
    let opened = watch.opened().await;
    assert!(!opened.0.contains_key("grpc-status"), "{:?}", opened.0);
    (caller, opened)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_over_the_most_is_told_so_and_may_ask_for_health() {
    let server = Server::with(&[("max_connections", "3")]).await;
    let mut callers = Vec::new();
    for _ in 0..3 {
        callers.push(busy(&server, HERE).await);
    }
    let mut fourth = Caller::from(&server, THERE).await;
    is_over(fourth.call(GET, &get(1)).await, "max_connections", 3);
    fourth.health().await.unwrap();
    assert!(works(&mut callers[0].0).await, "those who are there are not disturbed");
    callers.pop();
    // The server hears of the end in its own time.
    while !works(&mut Caller::new(&server).await).await {}
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_so_many_connections_and_leaves_the_rest_to_others() {
    let server = Server::with(&[("connections_per_address", "2")]).await;
    let (_first, _second) = (busy(&server, HERE).await, busy(&server, HERE).await);
    let mut third = Caller::new(&server).await;
    is_over(third.call(GET, &get(1)).await, "connections_per_address", 2);
    third.health().await.unwrap();
    assert!(works(&mut Caller::from(&server, THERE).await).await, "another address is nobody's business");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_on_which_nothing_is_asked_gives_way_to_one_more() {
    for (setting, other) in [("connections_per_address", HERE), ("max_connections", THERE)] {
        let server = Server::with(&[(setting, "3")]).await;
        let mut often = Caller::new(&server).await;
        for _ in 0..9 {
            assert!(works(&mut often).await);
        }
        let mut seldom = Caller::new(&server).await;
        assert!(works(&mut seldom).await);
        let (mut busy, _open) = busy(&server, HERE).await;
        assert!(works(&mut Caller::from(&server, other).await).await, "{setting}: one more");
        seldom.sent_away().await;
        assert!(works(&mut often).await && works(&mut busy).await, "who asks more, or waits for something, stays");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_a_connection_and_nothing_more_takes_no_place_from_those_who_go_on() {
    for (setting, other) in [("connections_per_address", HERE), ("max_connections", THERE)] {
        let server = Server::with(&[(setting, "3"), ("handshake_time", "10min")]).await;
        let (mut before, _open) = busy(&server, HERE).await;
        let mut begun = Vec::new();
        for n in 0..20 {
            let mut stream = connect(server.address(), HERE).await;
            // Whoever was sent away can't write.
            let _ = if n % 2 == 0 { stream.write_all(b"P").await } else { Ok(()) };
            begun.push(stream);
        }
        for _ in 0..2 {
            assert!(works(&mut Caller::from(&server, other).await).await, "{setting}: who comes after them");
        }
        assert!(works(&mut before).await, "{setting}: who was there before");
        let mut first = begun.remove(0);
        let end = tokio::time::timeout(LONG, first.read_to_end(&mut Vec::new())).await;
        assert!(end.is_ok(), "{setting}: the first of them is kept");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_there_are_no_bounds_per_address() {
    let settings =
        [("connections_per_address", "1"), ("streams_per_address", "1"), ("trusted_proxies", "127.0.0.0/31")];
    let server = Server::with(&settings).await;
    let mut callers = Vec::new();
    for _ in 0..4 {
        let mut caller = Caller::new(&server).await;
        assert!(works(&mut caller).await);
        let mut watch = caller.begin(WATCH).await;
        watch.sending.send_data(framed(&()), true).unwrap();
        callers.push((caller, watch.opened().await));
    }
    let _one = busy(&server, THERE).await;
    is_over(Caller::from(&server, THERE).await.call(GET, &get(1)).await, "connections_per_address", 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_through_a_trusted_proxy_gives_way_where_no_other_does_and_a_busy_one_stays() {
    let settings = [("max_connections", "3"), ("trusted_proxies", "127.0.0.1")];
    let server = Server::with(&settings).await;
    let (mut asks, _open) = busy(&server, HERE).await;
    let mut idle = Caller::new(&server).await;
    let mut direct = Caller::from(&server, THERE).await;
    assert!(works(&mut idle).await && works(&mut direct).await);
    // Who calls for itself alone gives way first; then who shares an address with others.
    let (_one, _its) = busy(&server, THERE).await;
    let _ = tokio::time::timeout(LONG, &mut direct.connection).await.expect("it is kept");
    assert!(works(&mut idle).await);
    let (_other, _its) = busy(&server, THERE).await;
    let _ = tokio::time::timeout(LONG, &mut idle.connection).await.expect("it is kept");
    assert!(works(&mut asks).await, "what is asked through the proxy goes on");
    is_over(Caller::from(&server, THERE).await.call(GET, &get(1)).await, "max_connections", 3);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_are_too_many_the_newest_is_answered() {
    let settings = [("max_connections", "1"), ("reserved_connections", "2")];
    let server = Server::with(&settings).await;
    let (mut first, _open) = busy(&server, HERE).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(connect(server.address(), HERE).await);
    }
    Caller::new(&server).await.health().await.unwrap();
    for mut one in silent.into_iter().take(18) {
        let read = tokio::time::timeout(LONG, one.read(&mut [0; 256])).await.expect("it is left waiting");
        assert!(matches!(read, Ok(0) | Err(_)) || one.read(&mut [0; 256]).await.is_ok(), "{read:?}");
    }
    assert!(works(&mut first).await);
    server.stop().await;
}

/// Sends the beginning of a connection, and waits until the server ends it.
async fn ends_after(server: &Server, bytes: &[u8]) {
    let mut stream = connect(server.address(), HERE).await;
    stream.write_all(bytes).await.unwrap();
    let mut said = Vec::new();
    let end = tokio::time::timeout(LONG, stream.read_to_end(&mut said)).await;
    assert!(end.is_ok(), "{} bytes keep a connection", bytes.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_does_not_come_to_the_end_of_its_beginning_is_closed() {
    let server = Server::with(&[("handshake_time", "300ms")]).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut settings = preface.to_vec();
    settings.extend([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3]);
    for bytes in [b"".as_slice(), b"P", preface, &settings] {
        ends_after(&server, bytes).await;
    }
    let mut whole = Caller::new(&server).await;
    ends_after(&server, b"P").await;
    assert!(works(&mut whole).await, "who came to its end stays");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_on_which_nothing_is_asked_is_closed_and_one_that_watches_is_not() {
    let server = Server::with(&[("idle_connection", "400ms")]).await;
    let mut watcher = Caller::new(&server).await;
    let mut watch = watcher.begin(WATCH).await;
    watch.sending.send_data(framed(&()), true).unwrap();
    let _open = watch.opened().await;
    let mut idle = Caller::new(&server).await;
    assert!(works(&mut idle).await);
    let keeps = idle.call(GET, &get(1)).await;
    assert!(is_let_through(keeps));
    let Caller { connection, .. } = &mut idle;
    tokio::time::timeout(LONG, connection).await.expect("an idle connection lasts").unwrap().ok();
    assert!(works(&mut watcher).await, "who watches is not idle");
    server.stop().await;
}
