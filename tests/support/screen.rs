//! A terminal that can be looked at: the built binary in a tmux of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::project::Project;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A screen with a shell that runs one command. Both end with it.
pub struct Screen {
    /// Where its server listens.
    socket: PathBuf,
}

impl Screen {
    /// Runs the program in a project, so many columns wide. Every byte that it writes goes into a
    /// file as well. Ends with a line that says the exit code.
    pub fn start(project: &Project, args: &str, columns: usize, log: &Path) -> Screen {
        Screen::sized(project, &format!("$overclaim {args}"), (columns, 50), log)
    }

    /// The same with so many rows, and a command of the shell in which `$overclaim` is the program.
    pub fn sized(
        project: &Project,
        command: &str,
        (columns, rows): (usize, usize),
        log: &Path,
    ) -> Screen {
        static SCREENS: AtomicUsize = AtomicUsize::new(0);
        let number = SCREENS.fetch_add(1, Ordering::Relaxed);
        let screen = Screen { socket: project.dir.path().join(format!("tmux{number}")) };
        let command = format!(
            "read go; cd '{}'; export OVERCLAIM_CACHE_DIR=cache LC_ALL=C.UTF-8; unset CI NO_COLOR; \
             overclaim='{}'; {command}; echo \"ended with $?\"; stty -a >stty; exec cat",
            project.dir.path().display(),
            assert_cmd::cargo::cargo_bin!("overclaim").display()
        );
        let (columns, rows) = (columns.to_string(), rows.to_string());
        screen.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &columns,
            "-y",
            &rows,
            &command,
        ]);
        screen.tmux(&["pipe-pane", "-o", &format!("cat > '{}'", log.display())]);
        screen.tmux(&["send-keys", "Enter"]);
        screen
    }

    /// What it shows, without blanks at the ends of lines and empty lines at the end.
    pub fn shown(&self) -> String {
        self.tmux(&["capture-pane", "-p"]).trim_end().to_owned()
    }

    /// The same with what has scrolled away.
    pub fn history(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-S", "-"]).trim_end().to_owned()
    }

    /// What it shows as soon as that holds a text.
    pub fn once(&self, text: &str) -> String {
        let start = Instant::now();
        loop {
            let shown = self.shown();
            if shown.contains(text) {
                return shown;
            }
            assert!(start.elapsed() < PATIENCE, "no {text:?} on the screen:\n{shown}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn resize(&self, columns: usize) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", "50"]);
    }

    pub fn resize_to(&self, columns: usize, rows: usize) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.tmux(&["resize-window", "-x", &columns, "-y", &rows]);
    }

    /// Whether a program has taken the whole screen.
    pub fn is_taken(&self) -> bool {
        self.tmux(&["display-message", "-p", "#{alternate_on}"]).trim() == "1"
    }

    /// Types a text.
    pub fn type_text(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Presses a key, as tmux names it.
    pub fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// Whether the cursor is shown, and in which column it is.
    pub fn cursor(&self) -> (bool, usize) {
        let told = self.tmux(&["display-message", "-p", "#{cursor_flag} #{cursor_x}"]);
        let (shown, column) = told.trim().split_once(' ').unwrap();
        (shown == "1", column.parse().unwrap())
    }

    fn tmux(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-u", "-S"]).arg(&self.socket).args(args).stdin(Stdio::null());
        let output = command.output().unwrap_or_else(|error| {
            panic!("tmux is needed to look at a terminal: `apt-get install tmux` ({error})")
        });
        let failed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {args:?}: {failed}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        let _ = command.arg("-S").arg(&self.socket).arg("kill-server").output();
    }
}
