//! The bar: a loop that sends the same requests and does nothing with what comes back.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Word that makes this program such a loop, in a process of its own.
pub const WORD: &str = "bare";

/// Asks in a process of its own, so many at a time; requests a second.
pub fn rate(url: &str, requests: usize, at_a_time: usize) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let numbers = [requests.to_string(), at_a_time.to_string()];
    let mut command = Command::new(program);
    let output = command.args([WORD, url]).args(numbers).stderr(Stdio::inherit()).output();
    let text = output.expect("it runs").stdout;
    String::from_utf8_lossy(&text).trim().parse().expect("a rate")
}

/// What that process does: `bare URL REQUESTS AT_A_TIME`.
pub fn main(args: &[String]) {
    let [url, requests, at_a_time] = args else { panic!("bare URL REQUESTS AT_A_TIME") };
    let url = format!("{url}/chat/completions");
    let requests: usize = requests.parse().expect("a number");
    let at_a_time: usize = at_a_time.parse().expect("a number");
    // The client wants a provider of TLS, though nothing here is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().http1_only().no_proxy().build().expect("a client");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    runtime.block_on(async {
        let loops: Vec<_> = (0..at_a_time)
            .map(|_| {
                let (client, url, next) = (client.clone(), url.clone(), Arc::clone(&next));
                tokio::spawn(async move {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= requests {
                            return;
                        }
                        let body = format!(
                            "{{\"model\":\"m\",\"messages\":[{{\"role\":\"user\",\"content\":\"Question {number}?\"}}]}}"
                        );
                        let call = client.post(&url).header("content-type", "application/json");
                        let response = call.body(body).send().await.expect("an answer");
                        assert!(response.bytes().await.expect("a body").len() > 100);
                    }
                })
            })
            .collect();
        for one in loops {
            one.await.expect("it ends");
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let rate = requests as f64 / start.elapsed().as_secs_f64();
    println!("{rate}");
}
