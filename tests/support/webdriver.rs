//! The few calls of the web driver protocol that the tests of pages need: JSON over a loopback
//! connection to a chromedriver of our own.
//!
//! The crates that speak it bring 33 (fantoccini) or 55 (thirtyfour) more packages, TLS stacks
//! included, for what is a hundred lines here.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// What to do where something is missing. A test of pages is never skipped.
const REMEDY: &str = "is needed to look at the pages: `apt-get install chromium chromium-driver`";

/// Longer than any call takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A chromedriver with one session. Both end with it.
pub struct Session {
    driver: Child,
    port: u16,
    /// `/session/…`; empty until there is one.
    path: String,
}

impl Session {
    /// Starts a chromedriver on a free port, and Chromium with these arguments.
    pub fn start(arguments: &[String]) -> Session {
        let chromium = ["chromium", "chromium-browser", "google-chrome"];
        let chromium = chromium.into_iter().find_map(found);
        let chromium = chromium.unwrap_or_else(|| panic!("chromium {REMEDY}"));
        // Chromium is started by it and stays in its group, so that one signal ends them all.
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver =
            command.spawn().unwrap_or_else(|error| panic!("chromedriver {REMEDY} ({error})"));
        let mut said = BufReader::new(driver.stdout.take().unwrap());
        let mut session = Session { driver, port: 0, path: String::new() };
        session.port = port(&mut said);
        // Nobody reads on, but a closed pipe would end it.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": chromium, "args": arguments},
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
        }}});
        let started = session.call("POST", "/session", &wanted);
        session.path = format!("/session/{}", started["sessionId"].as_str().unwrap());
        session
    }

    /// A command of the session. Its value.
    pub fn post(&self, command: &str, body: &Value) -> Value {
        self.call("POST", &format!("{}/{command}", self.path), body)
    }

    /// A command of Chromium's developer tools.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.post("goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.exchange(method, path, body).expect("chromedriver answers");
        let told = &answer["value"];
        assert_eq!(status, 200, "{method} {path}: {}", told["message"].as_str().unwrap_or("?"));
        told.clone()
    }

    fn exchange(&self, method: &str, path: &str, body: &Value) -> std::io::Result<(u16, Value)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-type: application/json\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all((head + &body).as_bytes())?;
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let mut length = 0;
        loop {
            line.clear();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer)?;
        Ok((status, serde_json::from_slice(&answer)?))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.path.is_empty() {
            let _ = self.exchange("DELETE", &self.path, &Value::Null);
        }
        let group = format!("-{}", self.driver.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Where a program is.
fn found(name: &str) -> Option<String> {
    let path = std::env::var_os("PATH")?;
    let mut places = std::env::split_paths(&path).map(|dir| dir.join(name));
    places.find(|place| place.is_file()).map(|place| place.display().to_string())
}

/// The port that a chromedriver says it has taken.
fn port(said: &mut impl BufRead) -> u16 {
    for line in said.lines().map_while(Result::ok) {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return port.trim_end_matches('.').parse().unwrap();
        }
    }
    panic!("chromedriver did not start; run `chromedriver` to see why");
}
