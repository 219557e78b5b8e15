//! The built binary on a disk that fails when it is told to: `failing_disk.c`, preloaded.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What happens to which calls; see `failing_disk.c`.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// Number of the first call that fails, from 1; 0 for none.
    pub at: usize,
    /// `EIO`, `ENOSPC`, `EROFS`, `EINTR`, `TORN`, `SHORT` or `KILL`.
    pub with: &'static str,
    /// Percentage of later calls that fail as well; `at` is their seed.
    pub onward: usize,
    /// Kinds of calls that count, by their first letters; all if empty.
    pub only: &'static str,
}

impl Fault {
    pub const NONE: Fault = Fault { at: 0, with: "EIO", onward: 0, only: "" };

    /// Has a command fail so on files at or below a path. What it does there is told in a log, which
    /// must be elsewhere.
    pub fn on(self, below: &Path, log: &Path, command: &mut Command) {
        let (name, dir) = (below.file_name().unwrap(), below.parent().unwrap());
        command
            .env("LD_PRELOAD", library())
            .env("FAIL_BELOW", dir.canonicalize().unwrap().join(name))
            .env("FAIL_LOG", log)
            .env("FAIL_WITH", self.with)
            .env("FAIL_AT", self.at.to_string())
            .env("FAIL_SEED", self.at.to_string())
            .env("FAIL_ONWARD", self.onward.to_string())
            .env("FAIL_ONLY", self.only);
    }
}

/// A call that was counted.
#[derive(Debug, Clone)]
pub struct Call {
    pub failed: bool,
    pub kind: String,
    /// Below the directory, as the system names it.
    pub path: String,
}

pub fn calls(log: &Path, below: &Path) -> Vec<Call> {
    let below = below.canonicalize().unwrap();
    let text = fs::read_to_string(log).unwrap_or_default();
    let call = |line: &str| {
        let [what, _, kind, path] = line.splitn(4, ' ').collect::<Vec<_>>()[..] else {
            panic!("a line of another kind: {line:?}")
        };
        let path = Path::new(path).strip_prefix(&below).unwrap().display().to_string();
        Call { failed: what == "fail", kind: kind.to_owned(), path }
    };
    text.lines().map(call).collect()
}

/// The library, compiled by the linker's driver, which is there wherever this test was linked.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/failing_disk.c");
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let built = dir.join(format!("failing_disk.{}.so", std::process::id()));
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&built).arg(source).arg("-ldl");
        let output = cc.output().expect("`cc` is needed to compile tests/support/failing_disk.c");
        assert!(
            output.status.success(),
            "cc cannot compile tests/support/failing_disk.c: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let library = dir.join("failing_disk.so");
        fs::rename(built, &library).unwrap();
        library
    })
}
