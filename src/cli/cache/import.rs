//! `overclaim cache import`: exchanges of cassettes, taken into the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use crate::ask::{Request, Target};
use crate::cache::{CassetteError, Entry, Line, Lines, Session, now_ms};
use crate::report::visible;
use crate::suite::{Findings, display};

use super::told;
use crate::cli::askers::decoder;
use crate::cli::caching;
use crate::cli::output::{Exit, Output, error};
use crate::cli::prepare::{refused, servers};
use crate::cli::{FromArgs, OutputArgs};

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Cassettes: written by `cache export`, or by `--record`
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Recordings do not say which server they are of: those of the configuration that match are
    /// taken, or these
    #[command(flatten)]
    from: FromArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// What an import came to.
#[derive(Debug, Default, Serialize)]
struct Imported {
    /// Entries that are new.
    new: usize,
    /// Entries that were there already, which stay as they were.
    present: usize,
    /// Exchanges that could not be taken.
    refused: usize,
}

pub(super) fn import(args: &ImportArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let mut findings = Findings::default();
    let targets = servers(&args.from, &mut findings)?;
    if let Some(exit) = refused(&findings, output) {
        return Ok(exit);
    }
    let store = caching::store()?;
    let session = Arc::new(Session::new("(imported)", now_ms()));
    let mut imported = Imported::default();
    let mut failure = None;
    for file in &args.files {
        let mut import = Import { file, targets: &targets, given: 0, refused: 0, failure: None };
        let lines = match Lines::open(file) {
            Ok(lines) => lines,
            // What the other files hold is not lost over this one.
            Err(error) => {
                failure = failure.or_else(|| Some(error.to_string()));
                continue;
            }
        };
        let entries = lines.map_while(|line| import.entries(line)).flatten();
        let new = store.put_all(entries, &session).map_err(told)?;
        imported.new += new;
        imported.present += import.given - new;
        imported.refused += import.refused;
        failure = failure.or(import.failure);
    }
    store.finish(&session).map_err(told)?;
    if output.json {
        Output::document(&imported)?;
    } else {
        let Imported { new, present, refused } = imported;
        let mut text = format!("{new} exchanges imported, {present} were there already");
        if refused > 0 {
            text += &format!(", {refused} refused");
        }
        output.people(&(text + "\n"));
    }
    match failure {
        Some(message) => Err(message),
        None if imported.refused > 0 => Ok(Exit::Invalid),
        None => Ok(Exit::Passed),
    }
}

/// A file on its way into the store.
struct Import<'a> {
    file: &'a Path,
    targets: &'a [Target],
    given: usize,
    refused: usize,
    failure: Option<String>,
}

impl Import<'_> {
    /// The entries of a line; none after a line that spoils the file.
    fn entries(&mut self, line: Result<(usize, Line), CassetteError>) -> Option<Vec<Entry>> {
        let (number, line) = match line {
            Ok(line) => line,
            Err(error) => {
                self.failure = Some(error.to_string());
                return None;
            }
        };
        let targets = self.targets_of(&line.request.target);
        if targets.is_empty() {
            let model = visible(&line.request.target.model).into_owned();
            self.refuse(number, &format!(
                "the recording does not say which server it is of, and no endpoint asks {model} the same way; name one with --endpoint",
            ));
            return Some(Vec::new());
        }
        match decoder()(&targets[0], &line.body, line.times) {
            Err(error) => {
                self.refuse(number, &format!("{error}; record it again"));
                Some(Vec::new())
            }
            Ok(reply) => {
                self.given += targets.len();
                let created_ms = line.fetched_ms.unwrap_or_else(now_ms).min(now_ms());
                let reply = Arc::new(reply);
                let entry = |target: &Arc<Target>| Entry {
                    request: Arc::new(Request {
                        target: Arc::clone(target),
                        ..line.request.clone()
                    }),
                    reply: Arc::clone(&reply),
                    created_ms,
                };
                Some(targets.iter().map(entry).collect())
            }
        }
    }

    fn targets_of(&self, target: &Arc<Target>) -> Vec<Arc<Target>> {
        if target.url.contains("://") {
            return vec![Arc::clone(target)];
        }
        let matching = self.targets.iter().filter(|known| known.portable() == **target);
        matching.cloned().map(Arc::new).collect()
    }

    fn refuse(&mut self, number: usize, why: &str) {
        self.refused += 1;
        if self.refused <= 10 {
            error(&format!("{}:{number}: {why}", display(self.file)));
        }
    }
}
