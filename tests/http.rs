//! Calls over HTTP against a server that does what it is told.

mod support;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use futures_util::future::join_all;
use overclaim::ask::{Ask, AskErrorKind, Draw, Exchange, Origin, Params, Request, Speaker, Turn};
use overclaim::endpoint::{Spec, Wire};
use overclaim::span::{Span, Spanned};
use overclaim::transport::{BuildError, Http, TlsError};
use support::{Server, chat, head};

const KEY: &str = "sk-abc123def456ghi789";

fn spec(base_url: &str) -> Spec {
    Spec::ad_hoc(base_url, "m", None).unwrap()
}

fn request(spec: &Spec) -> Arc<Request> {
    Arc::new(Request {
        target: Arc::new(spec.target().unwrap()),
        turns: Arc::new([Turn { speaker: Speaker::User, text: "2 + 2?".into() }]),
        params: Params { temperature: Some(0.0), max_tokens: Some(4), ..Params::default() },
        draw: Draw::default(),
    })
}

#[tokio::main(flavor = "current_thread")]
async fn ask(spec: &Spec, key: Option<&str>) -> Exchange {
    Http::new(spec, key.map(Into::into)).unwrap().ask(request(spec).into()).await
}

/// The error of the only call, after checking that attempt and exchange agree on it; the port,
/// which differs from run to run, left out.
fn error(spec: &Spec, key: Option<&str>) -> (AskErrorKind, String) {
    let exchange = ask(spec, key);
    let error = exchange.result.unwrap_err();
    assert_eq!(exchange.attempts.len(), 1);
    assert_eq!(exchange.attempts[0].error, Some(error.kind));
    assert_eq!(exchange.attempts[0].status, error.status);
    let url = url::Url::parse(&spec.target().unwrap().url).unwrap();
    let text = error.to_string();
    let port = url.port().map(|port| port.to_string()).unwrap_or_default();
    (error.kind, if port.is_empty() { text } else { text.replace(&port, "PORT") })
}

fn said(server: &Server) -> String {
    error(&spec(&server.base_url()), None).1
}

#[test]
fn a_reply_with_its_times() {
    let server = Server::json(200, chat("4"));
    let spec = spec(&server.base_url());
    let exchange = ask(&spec, None);
    let reply = exchange.result.unwrap();
    assert_eq!(reply.text, "4");
    assert_eq!(&*reply.raw, chat("4"));
    let head = reply.times.head_ms.unwrap();
    assert!(0.0 < head && head <= reply.times.total_ms, "{:?}", reply.times);
    let [attempt] = &exchange.attempts[..] else { panic!("one attempt") };
    assert_eq!((attempt.status, attempt.error), (Some(200), None));
    assert!(attempt.ms >= reply.times.total_ms && attempt.wait_ms >= 0.0);
    assert!(exchange.waited.as_secs_f64() * 1000.0 >= attempt.ms);
    assert_eq!(exchange.origin, Origin::Live);
    assert_eq!(exchange.digest, request(&spec).digest());
}

#[test]
fn a_request_as_it_is_sent() {
    let server = Server::json(200, chat("4"));
    let mut spec = spec(&server.base_url());
    let Wire::OpenaiChat(wire) = &mut spec.wire else { panic!("a chat endpoint") };
    wire.headers = BTreeMap::from([("x-beta".into(), "1".into())]);
    ask(&spec, Some(KEY)).result.unwrap();
    let [seen] = &server.seen()[..] else { panic!("one request") };
    let mut sent = seen.line.clone();
    for (name, value) in seen.headers.iter().filter(|(name, _)| name != "host") {
        sent.extend(["\n", name, ": ", value]);
    }
    insta::assert_snapshot!(format!("{sent}\n\n{}", seen.body), @r#"
    POST /v1/chat/completions HTTP/1.1
    content-type: application/json
    accept: application/json
    x-beta: 1
    authorization: Bearer sk-abc123def456ghi789
    user-agent: overclaim/0.1.0
    content-length: 94

    {"model":"m","messages":[{"role":"user","content":"2 + 2?"}],"temperature":0.0,"max_tokens":4}
    "#);
}

#[test]
fn an_answer_in_pieces_is_put_together() {
    let server = Server::new(|_, client| {
        client.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        for piece in chat("é4").as_bytes().chunks(7) {
            client.send(format!("{:x}\r\n", piece.len()));
            client.send(piece);
            client.send("\r\n");
        }
        client.send("0\r\n\r\n");
    });
    assert_eq!(ask(&spec(&server.base_url()), None).result.unwrap().text, "é4");
    // Neither a length nor chunks: the body ends with the connection.
    let server = Server::bytes(format!("HTTP/1.0 200 OK\r\n\r\n{}", chat("5")));
    assert_eq!(ask(&spec(&server.base_url()), None).result.unwrap().text, "5");
}

#[test]
fn statuses_are_errors_with_remedies() {
    let failing = |status, body: &str| said(&Server::json(status, body));
    insta::assert_snapshot!(failing(401, r#"{"error":{"message":"Unauthorized."}}"#), @"authentication failed: no key was sent and the server wants one: name its environment variable with `key_env`; the server says: Unauthorized.");
    insta::assert_snapshot!(failing(404, r#"{"error":{"message":"model 'm' not found"}}"#), @"not found: the server does not know this model: check `model`; the server says: model 'm' not found");
    insta::assert_snapshot!(failing(429, r#"{"error":{"message":"slow down"}}"#), @"rate limited: the server takes no more calls for now: lower `concurrency`; the server says: slow down");
    insta::assert_snapshot!(failing(500, "Internal Server Error"), @"server error: the server failed: try again, or look into its log; the server says: Internal Server Error");
    insta::assert_snapshot!(failing(200, r#"{"error":{"message":"no memory"}}"#), @"unreadable reply: an error came under a success status; the server says: no memory");
}

#[test]
fn a_refused_key_is_named_by_its_variable() {
    let server = Server::json(401, r#"{"error":{"message":"Unauthorized."}}"#);
    let spec = Spec::ad_hoc(&server.base_url(), "m", Some("MY_KEY")).unwrap();
    insta::assert_snapshot!(error(&spec, Some(KEY)).1, @"authentication failed: the key in MY_KEY was refused; the server says: Unauthorized.");
    let missing = Http::new(&spec, None).unwrap_err();
    insta::assert_snapshot!(missing, @"the environment variable MY_KEY is not set: set it, or remove `key_env`");
    let unusable = Http::new(&spec, Some("a\nb".into())).unwrap_err();
    insta::assert_snapshot!(unusable, @"the key in MY_KEY cannot be sent: it is empty, or has blanks or characters beyond ASCII");
    assert_eq!(server.calls(), 1);
}

#[test]
fn an_echoed_key_is_scrubbed_everywhere() {
    let echo = |status: u16, body: String| {
        let server = Server::new(move |seen, client| {
            let bearer = seen.header("authorization").unwrap().to_owned();
            assert_eq!(bearer, format!("Bearer {KEY}"));
            let location = format!("location: https://h/{KEY}/chat/completions");
            client.answer(status, &[&location], &body);
        });
        let spec = Spec::ad_hoc(&server.base_url(), "m", Some("MY_KEY")).unwrap();
        ask(&spec, Some(KEY))
    };
    let hex = |half: u8| char::from_digit(half.into(), 16).unwrap();
    let escaped: String = KEY
        .bytes()
        .flat_map(|byte| ['\\', 'u', '0', '0', hex(byte >> 4), hex(byte & 15)])
        .collect();
    for (status, body) in [
        (200, chat(&format!("your key is {KEY}!"))),
        (200, format!(r#"{{"error":{{"message":"bad key {KEY}"}}}}"#)),
        (200, format!("oops {KEY}")),
        (200, format!(r#"{{"choices":[],"key":"{KEY}"}}"#)),
        (307, String::new()),
        (401, format!(r#"{{"error":{{"message":"Incorrect API key provided: {KEY}"}}}}"#)),
        (200, chat("4").replace("stop", &escaped)),
        (200, format!(r#"{{"model":"{escaped}",{}"#, &chat("your key is [redacted]!")[1..])),
        (400, format!(r#"{{"error":{{"message":"{}{escaped}"}}}}"#, "x".repeat(185))),
        (500, format!("Traceback: {KEY}")),
    ] {
        let exchange = echo(status, body);
        let shown = format!("{exchange:?}");
        assert!(!shown.contains("abc123"), "{shown}");
        assert!(shown.contains("[redacted]"), "{shown}");
        if let Ok(reply) = exchange.result {
            assert!(["4", "your key is [redacted]!"].contains(&&*reply.text), "{}", reply.text);
            assert!(!reply.raw.contains(KEY));
        }
    }
    let spec = spec("http://127.0.0.1:1/v1");
    let shown = format!("{:?}", Http::new(&spec, Some(KEY.into())).unwrap());
    assert!(!shown.contains("abc123"), "{shown}");
}

#[test]
fn redirects_are_not_followed() {
    let elsewhere = Server::json(200, chat("4"));
    let location = format!("location: {}/chat/completions", elsewhere.base_url());
    let server = Server::new(move |_, client| client.answer(308, &[&location], ""));
    let (kind, text) = error(&spec(&server.base_url()), Some(KEY));
    assert_eq!(kind, AskErrorKind::BadRequest);
    assert!(text.contains(&format!("set `base_url` to {}", elsewhere.base_url())), "{text}");
    assert_eq!(elsewhere.calls(), 0);
}

#[test]
fn a_request_for_another_place_is_not_sent() {
    let server = Server::json(200, chat("4"));
    let here = spec(&server.base_url());
    let there = spec("http://127.0.0.1:1/v1");
    let http = Http::new(&here, Some(KEY.into())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let exchange = runtime.block_on(http.ask(request(&there).into()));
    assert_eq!(exchange.result.unwrap_err().kind, AskErrorKind::Interrupted);
    assert_eq!((server.calls(), exchange.attempts.len()), (0, 0));
}

#[test]
fn connections_that_fail() {
    // The port was free a moment ago, and nobody listens on it.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = error(&spec(&format!("http://127.0.0.1:{port}/v1")), None);
    assert_eq!(refused.0, AskErrorKind::Network);
    insta::assert_snapshot!(refused.1, @"network error: nothing listens on 127.0.0.1:PORT: is the server running?");
    insta::assert_snapshot!(said(&Server::new(|_, client| client.close())), @"network error: 127.0.0.1:PORT closed the connection before it answered: look into the server's log");
    insta::assert_snapshot!(said(&Server::new(|_, client| client.reset())), @"network error: 127.0.0.1:PORT reset the connection before it answered: look into the server's log");
    insta::assert_snapshot!(said(&Server::bytes("SSH-2.0-OpenSSH_9.6\r\n")), @"network error: 127.0.0.1:PORT does not answer in HTTP/1.1: check `base_url`, its https:// too");
    let cut = |reset: bool| {
        Server::new(move |_, client| {
            client.send(head(200, &[], 1000) + "{\"choices\":");
            if reset { client.reset() } else { client.close() }
        })
    };
    insta::assert_snapshot!(said(&cut(false)), @"network error: the connection to 127.0.0.1:PORT broke after 11 bytes of the reply (end of file before message length reached): try again, or look into the server's log");
    let reset = said(&cut(true));
    // Whether the first bytes are read before the reset is for the kernel to decide.
    assert!(reset.starts_with("network error: "), "{reset}");
}

#[test]
fn bodies_that_cannot_be_used() {
    let html = Server::new(|_, client| {
        client.answer(200, &["content-type: text/html"], "<html><title>Hi</title></html>");
    });
    insta::assert_snapshot!(said(&html), @"unreadable reply: a page came in place of JSON: check `base_url`, which usually ends in /v1; its content type is text/html; it begins: <html><title>Hi</title></html>");
    let cut = chat("4");
    insta::assert_snapshot!(said(&Server::json(200, &cut[..60])), @r#"unreadable reply: the body breaks off after 60 bytes; it begins: {"choices":[{"message":{"role":"assistant","content":"4"},"f"#);
    let zipped = Server::new(|_, client| {
        client.answer(200, &["content-encoding: gzip"], "\u{1f}");
    });
    insta::assert_snapshot!(said(&zipped), @"unusable reply: the reply is compressed though that was not asked for: turn it off");
    let typeless = Server::new(|_, client| {
        client.answer(200, &["content-type: text/plain"], &chat("4"));
    });
    assert_eq!(ask(&spec(&typeless.base_url()), None).result.unwrap().text, "4");
}

#[test]
fn a_failure_is_what_its_status_says_though_its_body_cannot_be_read() {
    let cut = Server::new(|_, client| {
        client.send(head(401, &[], 500));
        client.send("{\"err");
        client.close();
    });
    assert_eq!(error(&spec(&cut.base_url()), None).0, AskErrorKind::Authentication);
    for (status, headers, length, kind) in [
        (429, &["content-encoding: gzip"][..], 1, AskErrorKind::RateLimited),
        (404, &["content-encoding: br"], 1, AskErrorKind::NotFound),
        (503, &[], 10 << 30, AskErrorKind::Overloaded),
    ] {
        let server = Server::new(move |_, client| {
            client.send(head(status, headers, length));
            client.send("x");
            client.close();
        });
        assert_eq!(error(&spec(&server.base_url()), None).0, kind, "{status}");
    }
}

#[test]
fn a_huge_body_is_not_read() {
    let announced = Server::new(|_, client| {
        client.send(head(200, &[], 10 << 30));
        client.stall();
    });
    insta::assert_snapshot!(said(&announced), @"unusable reply: the reply is larger than 64 MiB");
    let endless = Server::new(|_, client| {
        client.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        let piece = format!("100000\r\n{}\r\n", "x".repeat(1 << 20));
        while client.send(&piece) {}
    });
    assert_eq!(error(&spec(&endless.base_url()), None).0, AskErrorKind::Unusable);
}

#[test]
fn silence_ends_in_a_timeout() {
    let impatient = |server: &Server| {
        let spec = Spec { timeout: Duration::from_millis(500), ..spec(&server.base_url()) };
        error(&spec, None)
    };
    let silent = impatient(&Server::new(|_, client| client.stall()));
    assert_eq!(silent.0, AskErrorKind::Timeout);
    insta::assert_snapshot!(silent.1, @"timed out: no whole reply from 127.0.0.1:PORT within 0.5 s (nothing came): raise the endpoint's `timeout` or lower its `concurrency`");
    let halting = impatient(&Server::new(|_, client| {
        client.send(head(200, &[], 1000) + "{\"choices\":");
        client.stall();
    }));
    assert_eq!(halting.0, AskErrorKind::Timeout);
    insta::assert_snapshot!(halting.1, @"timed out: no whole reply from 127.0.0.1:PORT within 0.5 s (the reply stopped at 11 bytes): raise the endpoint's `timeout` or lower its `concurrency`");
}

#[test]
fn calls_wait_for_their_turn_and_are_timed_without_the_wait() {
    const AT_ONCE: usize = 3;
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let together = Arc::new(Barrier::new(AT_ONCE));
    let server = Server::new({
        let (inside, most) = (inside.clone(), most.clone());
        move |_, client| {
            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Nobody is answered before as many as are allowed are here at once.
            together.wait();
            inside.fetch_sub(1, Ordering::SeqCst);
            client.json(200, &chat("4"));
        }
    });
    let spec = Spec { concurrency: AT_ONCE, ..spec(&server.base_url()) };
    let http = Http::new(&spec, None).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asked = (0..4 * AT_ONCE).map(|_| http.ask(request(&spec).into()));
    let exchanges = runtime.block_on(join_all(asked));
    assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
    assert_eq!(server.calls(), 4 * AT_ONCE);
    for exchange in &exchanges {
        assert!(exchange.result.is_ok());
        let attempt = &exchange.attempts[0];
        let waited = exchange.waited.as_secs_f64() * 1000.0;
        assert!(attempt.wait_ms + attempt.ms <= waited + 0.001, "{attempt:?} in {waited}");
    }
    // The last ones waited for all before them, the first ones for nobody.
    assert!(exchanges[11].attempts[0].wait_ms > exchanges[0].attempts[0].wait_ms);
}

/// A certificate for 127.0.0.1, signed by itself, with its key and in a file.
fn certificate(name: &str) -> (rustls::ServerConfig, tempfile::NamedTempFile) {
    let pair = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let own = params.self_signed(&pair).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(pair.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], key)
        .unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(own.pem().as_bytes()).unwrap();
    (config, file)
}

/// An endpoint that trusts the certificates in a file.
fn trusting(base_url: &str, bundle: &Path) -> Spec {
    let mut spec = spec(base_url);
    let Wire::OpenaiChat(wire) = &mut spec.wire else { panic!("a chat endpoint") };
    wire.ca_bundle = Some(Spanned::new(bundle.into(), Span::default()));
    spec
}

#[test]
fn certificates_are_trusted_by_a_bundle() {
    let ((config, bundle), (_, other)) = (certificate("ours"), certificate("other"));
    let server = Server::secure(config, |_, client| client.json(200, &chat("4")));
    let url = server.base_url();
    assert_eq!(ask(&trusting(&url, bundle.path()), None).result.unwrap().text, "4");
    insta::assert_snapshot!(error(&trusting(&url, other.path()), None).1, @"certificate refused: the certificate of 127.0.0.1:PORT is not signed by an authority known here: name a PEM file with `ca_bundle`");

    // A server without TLS, asked for it, and one with TLS that is not asked for it.
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let https = format!("https://{}/v1", plain.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = plain.accept().unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    insta::assert_snapshot!(error(&trusting(&https, bundle.path()), None).1, @"network error: 127.0.0.1:PORT does not speak TLS: should `base_url` begin with http:// ?");
    let http = url.replace("https://", "http://");
    assert_eq!(error(&spec(&http), None).0, AskErrorKind::Network);

    let missing = Http::new(&trusting(&url, "/no/such/file".as_ref()), None).unwrap_err();
    insta::assert_snapshot!(missing, @"the `ca_bundle` /no/such/file cannot be used: No such file or directory (os error 2)");
    let empty = tempfile::NamedTempFile::new().unwrap();
    let empty = Http::new(&trusting(&url, empty.path()), None).unwrap_err();
    assert!(matches!(empty, BuildError::Tls(TlsError::CaBundle { .. })), "{empty}");
}

/// Environment variables cannot be changed safely while other tests run, so the test runs itself
/// in a process of its own, as on a bare machine: no certificate authorities, no proxies.
#[test]
fn a_bare_machine_can_ask_over_plain_http() {
    if std::env::var_os("BARE_MACHINE").is_none() {
        let mut bare = std::process::Command::new(std::env::current_exe().unwrap());
        bare.args(["--exact", "a_bare_machine_can_ask_over_plain_http"]);
        bare.env("BARE_MACHINE", "1").env("SSL_CERT_FILE", "/nonexistent");
        bare.env("SSL_CERT_DIR", "/nonexistent");
        for name in
            ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]
        {
            bare.env_remove(name);
        }
        let output = bare.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let server = Server::json(200, chat("4"));
    assert_eq!(ask(&spec(&server.base_url()), None).result.unwrap().text, "4");
    let unknown = error(&spec("http://no-such-host.invalid:81/v1"), None).1;
    assert!(
        unknown.contains("the name of no-such-host.invalid:PORT cannot be resolved"),
        "{unknown}"
    );
    // Where the system's certificates are files, there are none now.
    if cfg!(target_os = "linux") {
        let https = Http::new(&spec("https://127.0.0.1/v1"), None).unwrap_err();
        assert!(matches!(https, BuildError::Tls(TlsError::Authorities(_))), "{https}");
    }
    let (config, bundle) = certificate("ours");
    let server = Server::secure(config, |_, client| client.json(200, &chat("5")));
    let spec = trusting(&server.base_url(), bundle.path());
    assert_eq!(ask(&spec, None).result.unwrap().text, "5");
}
