//! HTTP/1.1 over one connection, as much of it as a client of a model needs.
//!
//! Heads and bodies of requests are bounded. Nothing is sent but what is said here, byte by byte,
//! which is the point: a library would not let a server send half an answer.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest head of a request.
const MOST_HEAD: usize = 64 << 10;
/// The longest body of a request.
const MOST_BODY: usize = 32 << 20;

/// A request that came whole.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    /// The `Authorization` header.
    pub(super) key: Option<String>,
    /// The client wants no further one on this connection.
    pub(super) last: bool,
    pub(super) body: Vec<u8>,
}

/// Why there is no request.
#[derive(Debug)]
pub(super) enum Unread {
    /// The client has gone.
    Gone,
    /// The client is told this, and the connection ends.
    Refused(u16, &'static str),
}

impl From<io::Error> for Unread {
    fn from(_: io::Error) -> Unread {
        Unread::Gone
    }
}

/// A connection with what was read ahead of it.
pub(super) struct Wire {
    stream: TcpStream,
    ahead: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Wire {
        let _ = stream.set_nodelay(true);
        Wire { stream, ahead: Vec::with_capacity(4096) }
    }

    /// The next request.
    pub(super) async fn request(&mut self) -> Result<Request, Unread> {
        let mut seen = 0_usize;
        let end = loop {
            let from = seen.saturating_sub(3);
            if let Some(at) = self.ahead[from..].windows(4).position(|four| four == b"\r\n\r\n") {
                break from + at + 4;
            }
            seen = self.ahead.len();
            if seen > MOST_HEAD {
                return Err(Unread::Refused(431, "the head is too long"));
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.ahead[..end]).into_owned();
        let (mut request, length, expects) = read_head(&head)?;
        if length > MOST_BODY {
            return Err(Unread::Refused(413, "the body is too long"));
        }
        if expects {
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        while self.ahead.len() < end + length {
            self.more().await?;
        }
        request.body = self.ahead[end..end + length].to_vec();
        self.ahead.drain(..end + length);
        Ok(request)
    }

    async fn more(&mut self) -> Result<(), Unread> {
        match self.stream.read_buf(&mut self.ahead).await? {
            0 => Err(Unread::Gone),
            _ => Ok(()),
        }
    }

    /// Sends bytes as they are.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Sends a part of a body whose length nobody told.
    pub(super) async fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut framed = Vec::with_capacity(bytes.len() + 16);
        framed.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
        framed.extend_from_slice(bytes);
        framed.extend_from_slice(b"\r\n");
        self.send(&framed).await
    }

    /// Ends a body of parts.
    pub(super) async fn last_chunk(&mut self) -> io::Result<()> {
        self.send(b"0\r\n\r\n").await
    }

    /// Sends a whole answer.
    pub(super) async fn answer(
        &mut self,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<()> {
        let mut bytes = head(status, headers, Some(body.len())).into_bytes();
        bytes.extend_from_slice(body);
        self.send(&bytes).await
    }

    /// Ends the connection as a crash does.
    pub(super) fn reset(self) {
        let _ = self.stream.set_zero_linger();
    }

    /// Says nothing until the client has gone.
    pub(super) async fn outlast(&mut self) {
        let mut nowhere = [0; 1024];
        while matches!(self.stream.read(&mut nowhere).await, Ok(read) if read > 0) {}
    }

    /// Lets what was sent arrive: a connection that is closed while there is something unread is
    /// reset, and the client may lose what it had not read yet.
    pub(super) async fn close(mut self) {
        let _ = self.stream.shutdown().await;
        let _ = tokio::time::timeout(Duration::from_secs(1), self.outlast()).await;
    }
}

/// The request without its body, the body's length, and whether the client waits for a go-ahead.
fn read_head(head: &str) -> Result<(Request, usize, bool), Unread> {
    let refused = |message| Err(Unread::Refused(400, message));
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return refused("the first line is no request");
    };
    if !version.starts_with("HTTP/1.") {
        return Err(Unread::Refused(505, "only HTTP/1.1 is spoken here"));
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        key: None,
        last: version == "HTTP/1.0",
        body: Vec::new(),
    };
    let (mut length, mut expects) = (0, false);
    for line in lines.take_while(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once(':') else {
            return refused("a line of the head is no header");
        };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "authorization" => request.key = Some(value.into()),
            "content-length" => {
                let Ok(told) = value.parse() else { return refused("no content length") };
                length = told;
            }
            "transfer-encoding" => return Err(Unread::Refused(411, "tell the content length")),
            "connection" => request.last |= value.eq_ignore_ascii_case("close"),
            "expect" => expects = value.eq_ignore_ascii_case("100-continue"),
            _ => {}
        }
    }
    Ok((request, length, expects))
}

/// The head of an answer, up to and with the empty line; without a length it comes in parts.
pub(super) fn head(status: u16, headers: &[(&str, &str)], length: Option<usize>) -> String {
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = match length {
        Some(length) => write!(head, "content-length: {length}\r\n\r\n"),
        None => write!(head, "transfer-encoding: chunked\r\n\r\n"),
    };
    head
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Mock",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_or_refused() {
        let (request, length, _) = read_head(
            "POST /v1/chat/completions?hop=2 HTTP/1.1\r\nAuthorization: Bearer k\r\nContent-Length: 7\r\nConnection: close\r\n\r\n",
        )
        .unwrap();
        assert_eq!(
            (request.path.as_str(), request.query.as_str()),
            ("/v1/chat/completions", "hop=2")
        );
        assert_eq!((request.key.as_deref(), length, request.last), (Some("Bearer k"), 7, true));
        for (head, status) in [
            ("nonsense\r\n\r\n", 400),
            ("GET / HTTP/2\r\n\r\n", 505),
            ("POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", 411),
        ] {
            let refused = read_head(head).unwrap_err();
            assert!(matches!(refused, Unread::Refused(told, _) if told == status), "{head}");
        }
    }
}
