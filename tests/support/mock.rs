//! `overclaim mock`, started as users start it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::project::Project;

/// The server, killed when it is dropped.
pub struct Mock {
    child: Child,
    pub url: String,
    said: BufReader<ChildStderr>,
}

impl Mock {
    /// A server that may read the project's files.
    pub fn start(project: &Project, args: &[&str]) -> Mock {
        let mut command = project.command(&["mock"]);
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        Mock { child, url: url.trim_end().to_owned(), said }
    }

    pub fn alone(args: &[&str]) -> Mock {
        Mock::start(&Project::empty(), args)
    }

    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches("/v1")
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
        stream
    }

    /// The counts once no call is under way any more.
    pub fn counts(&self) -> Value {
        for _ in 0..200 {
            let mut stream = self.connect();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            stream.write_all(b"GET /counts HTTP/1.1\r\nconnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
            let counts: Value = serde_json::from_str(body).unwrap();
            if counts["in_flight"] == 0 {
                return counts;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("calls are still under way");
    }

    /// Ends it as `kill` does. Its exit code and what it said.
    pub fn stop(mut self) -> (i32, String) {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
        let code = self.child.wait().unwrap().code().unwrap();
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        (code, said)
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
