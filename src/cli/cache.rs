//! `overclaim cache`: looking after the store of replies.

mod explain;
mod import;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::cache::{self, Limits, Size, Wanted, now_ms};
use crate::endpoint::parse_duration;
use crate::report::visible;
use crate::suite::display;

use super::askers::decoder;
use super::output::{Exit, Output};
use super::{OutputArgs, caching};

#[derive(Debug, Args)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Size and hits by suite, entries by model
    Stat(OutputArgs),
    /// Why a lookup would miss: the nearest entry, and what differs
    Explain(explain::ExplainArgs),
    /// Write entries into a cassette
    Export(ExportArgs),
    /// Take the exchanges of cassettes into the cache
    Import(import::ImportArgs),
    /// Delete entries by age, model and size
    Prune(PruneArgs),
    /// Read every entry, and drop and count the corrupt ones
    Verify(OutputArgs),
}

#[derive(Debug, Args)]
struct ExportArgs {
    /// The cassette to write
    file: PathBuf,
    /// Entries fetched by runs of this suite
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
    /// Entries of models that this glob matches
    #[arg(long, value_name = "GLOB")]
    model: Option<glob::Pattern>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct PruneArgs {
    /// Entries fetched longer ago than this: 12h, 30d, 4w
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<Duration>,
    /// Entries of models that this glob matches; with an age, those that are both
    #[arg(long, value_name = "GLOB")]
    model: Option<glob::Pattern>,
    /// The oldest, until the file needs at most this: 500MB, 2GB
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    max_size: Option<u64>,
    #[command(flatten)]
    output: OutputArgs,
}

fn age(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "write a number and its unit: 12h, 30d or 4w".into())
}

fn bytes(text: &str) -> Result<u64, String> {
    let remedy = "write a number and its unit: 500MB, 2GB or 1.5GiB";
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale = match unit.trim().to_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(remedy.into()),
    };
    let bytes = number.parse::<f64>().map_err(|_| remedy)? * scale;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "digits and a dot are no sign, and too much is all there is"
    )]
    Ok(bytes as u64)
}

pub(super) fn cache(args: &CacheArgs) -> Result<Exit, String> {
    match &args.command {
        Command::Stat(args) => stat(args),
        Command::Explain(args) => explain::explain(args),
        Command::Export(args) => export(args),
        Command::Import(args) => import::import(args),
        Command::Prune(args) => prune(args),
        Command::Verify(args) => verify(args),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it goes into `map_err`")]
fn told(error: impl ToString) -> String {
    error.to_string()
}

fn stat(args: &OutputArgs) -> Result<Exit, String> {
    let output = Output::new(args);
    let size = caching::store()?.size().map_err(told)?;
    if output.json {
        Output::document(&size)?;
    } else {
        output.people(&page(&size));
    }
    Ok(Exit::Passed)
}

fn page(size: &Size) -> String {
    let entries = if size.entries == 1 { "entry" } else { "entries" };
    let mut page = format!(
        "{}\n{} {entries} · {} on disk\n",
        visible(&size.path),
        size.entries,
        megabytes(size.file_bytes)
    );
    if !size.suites.is_empty() {
        page += &format!(
            "\n  {:<28}{:>9}{:>11}{:>7}{:>9}{:>9}{:>9}{:>9}\n",
            "suite", "entries", "size", "runs", "asked", "joined", "stored", "shared"
        );
    }
    for suite in &size.suites {
        page += &format!(
            "  {:<28}{:>9}{:>11}{:>7}{:>9}{:>9}{:>9}{:>9}\n",
            visible(&suite.suite),
            suite.entries,
            megabytes(suite.text_bytes),
            suite.runs,
            suite.live,
            suite.joined,
            suite.stored,
            suite.shared
        );
    }
    if !size.models.is_empty() {
        page += &format!("\n  {:<28}{:>9}{:>11}   {}\n", "model", "entries", "size", "fetched");
    }
    for model in &size.models {
        page += &format!(
            "  {:<28}{:>9}{:>11}   {} to {}\n",
            visible(&model.model),
            model.entries,
            megabytes(model.text_bytes),
            model.oldest_ms.map_or_else(String::new, day),
            model.newest_ms.map_or_else(String::new, day)
        );
    }
    page
}

#[expect(clippy::cast_precision_loss, reason = "bytes for people")]
fn megabytes(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes >= 1e9 => format!("{:.2} GB", bytes / 1e9),
        bytes if bytes >= 1e6 => format!("{:.1} MB", bytes / 1e6),
        bytes => format!("{:.1} kB", bytes / 1e3),
    }
}

fn day(ms: i64) -> String {
    time(ms, "%Y-%m-%d")
}

fn minute(ms: i64) -> String {
    time(ms, "%Y-%m-%d %H:%M UTC")
}

fn time(ms: i64, format: &str) -> String {
    let time = jiff::Timestamp::from_millisecond(ms).ok();
    time.map_or_else(|| "an unknown time".into(), |time| time.strftime(format).to_string())
}

fn export(args: &ExportArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let wanted = Wanted { suite: args.suite.clone(), model: args.model.clone() };
    let count = cache::export(&caching::store()?, &wanted, &args.file).map_err(told)?;
    if output.json {
        Output::document(&serde_json::json!({"exported": count, "file": display(&args.file)}))?;
    } else {
        output.people(&format!("{count} exchanges exported to {}\n", display(&args.file)));
    }
    Ok(if count == 0 { Exit::Nothing } else { Exit::Passed })
}

fn prune(args: &PruneArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let ago = |age: Duration| now_ms() - i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    let limits = Limits {
        before_ms: args.older_than.map(ago),
        model: args.model.clone(),
        most_bytes: args.max_size,
    };
    if limits.before_ms.is_none() && limits.model.is_none() && limits.most_bytes.is_none() {
        return Err("say what may go: --older-than 30d, --model 'gpt-3*', --max-size 2GB".into());
    }
    let pruned = caching::store()?.prune(&limits).map_err(told)?;
    if output.json {
        Output::document(&pruned)?;
    } else {
        output.people(&format!(
            "{} entries deleted, {} left, the file is {} smaller\n",
            pruned.deleted,
            pruned.left,
            megabytes(pruned.freed_bytes)
        ));
    }
    Ok(Exit::Passed)
}

fn verify(args: &OutputArgs) -> Result<Exit, String> {
    let output = Output::new(args);
    let verified = caching::store()?.verify(&decoder()).map_err(told)?;
    if output.json {
        Output::document(&verified)?;
    } else {
        let mut text = format!("{} entries whole, {} corrupt", verified.entries, verified.corrupt);
        if verified.corrupt > 0 {
            text += " and dropped";
        }
        for (reason, count) in &verified.reasons {
            text += &format!("\n  {count} × {reason}");
        }
        if let Some(damage) = &verified.damage {
            text += &format!(
                "\n  the file itself is damaged ({}): delete it, and what it held is asked again",
                visible(damage)
            );
        }
        output.people(&(text + "\n"));
    }
    Ok(if verified.is_clean() { Exit::Passed } else { Exit::Failed })
}
