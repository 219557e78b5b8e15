//! nginx as a model server that costs next to nothing.
//!
//! Its answer is fixed, so a request takes it some 8 µs: what is measured beside it is the client.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

const CONFIG: &str = include_str!("nginx.conf");

/// Where distributions put the module that reads a request's body and sleeps.
const MODULES: [&str; 4] = [
    "/usr/lib/nginx/modules/ngx_http_echo_module.so",
    "/usr/lib64/nginx/modules/ngx_http_echo_module.so",
    "/usr/share/nginx/modules/ngx_http_echo_module.so",
    "/etc/nginx/modules/ngx_http_echo_module.so",
];

const REMEDY: &str = "install both: apt-get install nginx-light libnginx-mod-http-echo";

/// nginx on a free port; it ends when it is dropped.
pub struct Server {
    child: Child,
    port: u16,
    _dir: TempDir,
}

impl Server {
    /// Starts it, or says what is missing and how to get it.
    pub fn start() -> Result<Server, String> {
        let module = MODULES.iter().find(|path| Path::new(path).exists());
        let module = module.ok_or_else(|| {
            format!("nginx's echo module is in none of {}: {REMEDY}", MODULES.join(", "))
        })?;
        let dir = tempfile::tempdir().expect("a directory");
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let config = CONFIG.replace("PORT", &port.to_string()).replace("MODULE", module);
        let path = dir.path().join("nginx.conf");
        fs::write(&path, config).expect("room");
        let mut command = Command::new("nginx");
        command.arg("-p").arg(dir.path()).arg("-c").arg(&path);
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let mut child = started.map_err(|error| match error.kind() {
            ErrorKind::NotFound => format!("there is no nginx in PATH: {REMEDY}"),
            _ => format!("nginx does not start: {error}"),
        })?;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(format!("nginx ended at once ({status}); its words are above"));
            }
            sleep(Duration::from_millis(5));
        }
        Ok(Server { child, port, _dir: dir })
    }

    /// The base URL of an endpoint that answers at once, or after 100 ms.
    pub fn url(&self, slow: bool) -> String {
        format!("http://127.0.0.1:{}{}/v1", self.port, if slow { "/slow" } else { "" })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
