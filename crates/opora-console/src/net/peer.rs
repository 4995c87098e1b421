//! What listens at an address, where it may be no desk.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a first word is waited for.
const FIRST_WORD: Duration = Duration::from_millis(500);
/// The type of the frame with which a peer that speaks HTTP/2 begins, and where it stands.
const SETTINGS: (usize, u8) = (3, 4);

/// Whether what listens at the server's address says something else than HTTP/2 before it was asked anything, as a mail
/// server does, or a web server that has had enough. To who asks first such a peer may look like one that is away: it
/// hangs up, and what it said is lost with the connection.
pub(super) async fn speaks_first(server: &str) -> bool {
    let address = server.split_once("://").map_or(server, |(_, address)| address);
    let address = address.split('/').next().unwrap_or_default();
    let word = async {
        let stream = TcpStream::connect(address).await.ok()?;
        stream.readable().await.ok()?;
        let mut word = [0; 9];
        let read = stream.try_read(&mut word).ok()?;
        let (at, settings) = SETTINGS;
        Some(read > 0 && word.get(at) != Some(&settings))
    };
    timeout(FIRST_WORD, word).await.ok().flatten().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    async fn told(first: &'static [u8]) -> bool {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = format!("http://{address}/");
        let peer = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(first).await.unwrap();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            told = speaks_first(&server) => told,
            () = peer => false,
        }
    }

    #[tokio::test]
    async fn who_says_something_else_than_http_2_unasked_is_told_from_a_desk() {
        assert!(told(b"HTTP/1.1 400 Bad Request\r\n").await);
        assert!(told(b"220 mail.example.com ESMTP\r\n").await);
        assert!(!told(b"\0\0\x12\x04\0\0\0\0\0").await, "a server that speaks HTTP/2");
        assert!(!told(b"").await, "one that waits to be asked");
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert!(!speaks_first(&free.to_string()).await, "nobody");
    }
}
