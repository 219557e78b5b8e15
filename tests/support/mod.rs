//! A fake server that does exactly what a test tells it to, bytes and silences included.
//!
//! A [`Server`] runs one handler a request. The handler sees what came ([`Seen`]) and writes what
//! it likes to the [`Client`]: a whole answer, half of one, nothing. What came is kept for the
//! test to look at. Dropping the server ends all silences.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod accepted;
#[cfg(unix)]
pub mod browser;
#[cfg(target_os = "linux")]
pub mod failing_disk;
pub mod hostile;
pub mod html;
pub mod mock;
pub mod project;
#[cfg(unix)]
pub mod read_only;
pub mod samples;
#[cfg(unix)]
pub mod screen;
#[cfg(unix)]
mod webdriver;
pub mod xml;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its number, from 0, in order of arrival.
    pub number: usize,
    /// `POST /v1/chat/completions HTTP/1.1`
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Both directions of a connection, plain or encrypted.
trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// The one who asked, to be answered.
pub struct Client {
    stream: BufReader<Box<dyn Stream>>,
    socket: TcpStream,
    open: bool,
    over: Arc<AtomicBool>,
}

impl Client {
    /// Sends bytes as they are. False if nobody listens any more.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let stream = self.stream.get_mut();
        self.open &= stream.write_all(bytes.as_ref()).and_then(|()| stream.flush()).is_ok();
        self.open
    }

    /// A whole answer with a JSON body; the connection stays open.
    pub fn json(&mut self, status: u16, body: &str) {
        self.answer(status, &["content-type: application/json"], body);
    }

    /// A whole answer with these headers; the connection stays open.
    pub fn answer(&mut self, status: u16, headers: &[&str], body: &str) {
        let head = head(status, headers, body.len());
        self.send(head + body);
    }

    /// Ends the connection in good order.
    pub fn close(&mut self) {
        self.open = false;
    }

    /// Ends the connection as a crash does.
    pub fn reset(&mut self) {
        let _ = socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
        self.open = false;
    }

    /// Says nothing more until the client has gone or the server is dropped.
    pub fn stall(&mut self) {
        let _ = self.socket.set_read_timeout(Some(Duration::from_millis(20)));
        while !self.over.load(Ordering::Relaxed) {
            match self.socket.peek(&mut [0]) {
                Ok(0) => break,
                Ok(_) => thread::sleep(Duration::from_millis(5)),
                Err(error)
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) => {}
                Err(_) => break,
            }
        }
        self.open = false;
    }

    fn read_request(&mut self) -> Option<Seen> {
        let mut line = String::new();
        self.stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut headers = Vec::new();
        loop {
            let mut header = String::new();
            self.stream.read_line(&mut header).ok()?;
            let Some((name, value)) = header.trim_end().split_once(':') else { break };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
        self.stream.read_exact(&mut body).ok()?;
        let body = String::from_utf8_lossy(&body).into_owned();
        Some(Seen { number: 0, line: line.trim_end().to_owned(), headers, body })
    }
}

/// The head of an answer, up to and with the empty line.
pub fn head(status: u16, headers: &[&str], length: usize) -> String {
    let mut head = format!("HTTP/1.1 {status} Fake\r\ncontent-length: {length}\r\n");
    for header in headers {
        head += header;
        head += "\r\n";
    }
    head + "\r\n"
}

/// The body of a reply that says `text`.
pub fn chat(text: &str) -> String {
    let text = serde_json::Value::from(text);
    format!(
        r#"{{"choices":[{{"message":{{"role":"assistant","content":{text}}},"finish_reason":"stop"}}],"model":"m","usage":{{"prompt_tokens":3,"completion_tokens":1}}}}"#
    )
}

type Handler = dyn Fn(&Seen, &mut Client) + Send + Sync;

/// A fake server on a port of its own.
pub struct Server {
    address: SocketAddr,
    secure: bool,
    seen: Arc<Mutex<Vec<Seen>>>,
    over: Arc<AtomicBool>,
}

impl Server {
    /// Serves each request by the handler, each connection on a thread.
    pub fn new(handler: impl Fn(&Seen, &mut Client) + Send + Sync + 'static) -> Server {
        Server::start(None, Arc::new(handler))
    }

    /// The same over TLS.
    pub fn secure(
        config: rustls::ServerConfig,
        handler: impl Fn(&Seen, &mut Client) + Send + Sync + 'static,
    ) -> Server {
        Server::start(Some(Arc::new(config)), Arc::new(handler))
    }

    /// Answers every request with this status and JSON body.
    pub fn json(status: u16, body: impl Into<String>) -> Server {
        let body = body.into();
        Server::new(move |_, client| client.json(status, &body))
    }

    /// Answers every request with these bytes, then closes the connection.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Server {
        let bytes = bytes.into();
        Server::new(move |_, client| {
            client.send(&bytes);
            client.close();
        })
    }

    fn start(tls: Option<Arc<rustls::ServerConfig>>, handler: Arc<Handler>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = Server {
            address: listener.local_addr().unwrap(),
            secure: tls.is_some(),
            seen: Arc::default(),
            over: Arc::default(),
        };
        let (seen, over) = (server.seen.clone(), server.over.clone());
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let (tls, handler) = (tls.clone(), handler.clone());
                let (seen, over) = (seen.clone(), over.clone());
                thread::spawn(move || serve(socket, tls, &*handler, &seen, over));
            }
        });
        server
    }

    /// What `base_url` is to be.
    pub fn base_url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}/v1", self.address)
    }

    /// The requests that came so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests came so far.
    pub fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections, so that the port is freed.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    socket: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    handler: &Handler,
    seen: &Mutex<Vec<Seen>>,
    over: Arc<AtomicBool>,
) {
    let Ok(copy) = socket.try_clone() else { return };
    let _ = socket.set_nodelay(true);
    let stream: Box<dyn Stream> = match tls {
        None => Box::new(copy),
        Some(config) => {
            let Ok(connection) = rustls::ServerConnection::new(config) else { return };
            Box::new(rustls::StreamOwned::new(connection, copy))
        }
    };
    let mut client = Client { stream: BufReader::new(stream), socket, open: true, over };
    while client.open {
        let Some(mut request) = client.read_request() else { return };
        {
            let mut seen = seen.lock().unwrap();
            request.number = seen.len();
            seen.push(request.clone());
        }
        handler(&request, &mut client);
    }
}
