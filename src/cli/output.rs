//! The one place that writes to the terminal, and the exit codes.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use crate::report::{Style, no_commands, visible};
use crate::suite::Findings;

use super::report::Pieces;

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// In a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What the process ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Passed,
    Failed,
    Invalid,
    NotMeasured,
    Nothing,
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Exit::Passed => 0,
            Exit::Failed => 1,
            Exit::Invalid => 2,
            Exit::NotMeasured => 3,
            Exit::Nothing => 4,
        }
    }

    pub(super) fn of_code(code: u8) -> Exit {
        match code {
            0 => Exit::Passed,
            1 => Exit::Failed,
            _ => Exit::NotMeasured,
        }
    }

    /// Of several exits the one that the process ends with: 2 > 3 > 1 > 4 > 0.
    pub(super) fn worst(self, other: Exit) -> Exit {
        let rank = |exit: Exit| match exit {
            Exit::Passed => 0,
            Exit::Nothing => 1,
            Exit::Failed => 2,
            Exit::NotMeasured => 3,
            Exit::Invalid => 4,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Where text for people and documents for programs go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub json: bool,
    pub quiet: bool,
    pub color: Color,
}

impl Output {
    pub(super) fn new(args: &super::OutputArgs) -> Output {
        Output { json: args.json, quiet: args.quiet, color: args.color }
    }

    /// The same, with or without a document on standard output.
    pub(super) fn with_json(self, json: bool) -> Output {
        Output { json, ..self }
    }

    /// What the stream for people can show.
    pub(super) fn style(self) -> Style {
        let terminal =
            if self.json { io::stderr().is_terminal() } else { io::stdout().is_terminal() };
        let width = if terminal { terminal_width() } else { 80 };
        Style { color: self.colored(terminal), unicode: unicode(), width: width.clamp(80, 200) }
    }

    fn colored(self, terminal: bool) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                terminal && !refused
            }
        }
    }

    /// Text for people: on standard output, unless that carries a document.
    pub(super) fn people(self, text: &str) {
        if self.json {
            to_stderr(text);
        } else if let Err(failure) = to_stdout(&no_commands(text)) {
            error(&failure);
        }
    }

    /// A document for programs.
    pub(super) fn document(value: &impl serde::Serialize) -> Result<(), String> {
        let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
        // In a log these start a command to the CI system. They can only stand in strings.
        let starts = ["##[", "##vso[", "##teamcity["].into_iter();
        let text = starts.fold(text, |text, start| {
            if text.contains(start) {
                text.replace(start, &start.replacen("##", "#\\u0023", 1))
            } else {
                text
            }
        });
        to_stdout(&(text + "\n"))
    }

    /// A document that is text already, piece by piece.
    pub(super) fn pieces(pieces: Pieces<'_>) -> Result<(), String> {
        let mut stdout = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
        for piece in pieces {
            let piece = piece.map_err(|error| error.to_string())?;
            if let Err(error) = stdout.write_all(piece.as_bytes()) {
                // Nobody reads what would follow.
                return incomplete(Err(error));
            }
        }
        incomplete(stdout.flush())
    }

    /// Findings go to standard error, whatever else is printed.
    pub(super) fn findings(self, findings: &Findings) {
        to_stderr(&findings.render(self.colored(io::stderr().is_terminal()), visible));
    }
}

fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0))
}

/// Columns of the terminal that standard error is.
pub(super) fn error_width() -> usize {
    terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0))
}

/// Erases from the start of the line on: where progress was shown.
pub(super) fn erase_line() {
    to_stderr("\r\x1b[J");
}

/// Whether the locale can show more than ASCII. Unset, as in containers, it most often can.
pub(super) fn unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale == "c" || locale == "posix" || locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// An error that has no place in a file.
pub(super) fn error(message: &str) {
    to_stderr(&format!("error: {}\n", visible(message)));
}

/// A remark on standard error.
pub(super) fn remark(message: &str) {
    to_stderr(&format!("{}\n", visible(message)));
}

/// A remark that may come while progress is shown.
pub(super) fn interjection(message: &str) {
    let erased = if io::stderr().is_terminal() { "\r\x1b[J" } else { "" };
    to_stderr(&format!("{erased}{}\n", visible(message)));
}

// A reader that went away (`| head`) is no reason to fail: the run directory has everything.
// A full disk behind it is one: whoever wanted the text has half of it.
fn to_stdout(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    incomplete(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

fn incomplete(written: io::Result<()>) -> Result<(), String> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("standard output is not complete: {error}"))
        }
        _ => Ok(()),
    }
}

fn to_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(no_commands(text).as_bytes());
}
