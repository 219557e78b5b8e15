//! `overclaim cache`: looking after the store of replies.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::ask::{Request, Target};
use crate::cache::{
    self, Cache, Entry, Explanation, Limits, Line, Lines, Mode, Session, Size, Store, Wanted,
    now_ms,
};
use crate::endpoint::parse_duration;
use crate::plan::{Plan, Selection};
use crate::report::visible;
use crate::span::did_you_mean;
use crate::suite::{Findings, Keep, display};

use super::askers::{self, Keys, decoder};
use super::output::{Exit, Output, error, remark};
use super::prepare::{prepare, servers, summary};
use super::{OutputArgs, SuiteArgs, caching};

/// How many misses of a suite are explained; each is compared with thousands of entries.
const EXPLAINED: usize = 20;

#[derive(Debug, Args)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Size and hits by suite, entries by model
    Stat(StatArgs),
    /// Why a lookup would miss: the nearest entry, and what differs
    Explain(ExplainArgs),
    /// Write entries into a cassette
    Export(ExportArgs),
    /// Take the exchanges of cassettes into the cache
    Import(ImportArgs),
    /// Delete entries by age, model and size
    Prune(PruneArgs),
    /// Read every entry, and drop and count the corrupt ones
    Verify(StatArgs),
}

#[derive(Debug, Args)]
struct StatArgs {
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct ExplainArgs {
    /// A suite file, or the digest of a request or the beginning of one
    #[arg(value_name = "SUITE|DIGEST")]
    first: String,
    /// A case of the suite [default: all], or another digest to compare with
    #[arg(value_name = "CASE|DIGEST")]
    second: Option<String>,
    #[command(flatten)]
    from: FromArgs,
    /// Seed sent with every request
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct FromArgs {
    /// Configuration file [default: overclaim.yaml, found upward from here]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Endpoint by name, or by URL together with --model; may be repeated
    #[arg(long, value_name = "NAME|URL")]
    endpoint: Vec<String>,
    /// Model, where --endpoint is a URL
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
}

impl FromArgs {
    fn suites(&self, suites: Vec<PathBuf>) -> SuiteArgs {
        SuiteArgs {
            suites,
            config: self.config.clone(),
            endpoint: self.endpoint.clone(),
            model: self.model.clone(),
            key_env: None,
        }
    }
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
struct ImportArgs {
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
        Command::Explain(args) => explain(args),
        Command::Export(args) => export(args),
        Command::Import(args) => import(args),
        Command::Prune(args) => prune(args),
        Command::Verify(args) => verify(args),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it goes into `map_err`")]
fn told(error: impl ToString) -> String {
    error.to_string()
}

fn stat(args: &StatArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
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

/// How a request fares in the cache.
#[derive(Debug, Serialize)]
struct Explained {
    #[serde(skip_serializing_if = "Option::is_none")]
    trial: Option<String>,
    digest: String,
    /// `hit`, `stale`, `corrupt` or `miss`.
    state: &'static str,
    sentence: String,
}

fn explain(args: &ExplainArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let explained = if Path::new(&args.first).is_file() {
        match of_suite(args)? {
            Ok(explained) => explained,
            Err(exit) => return Ok(exit),
        }
    } else if is_digest(&args.first) {
        of_digests(args)?
    } else {
        return Err(format!("'{}' is neither a suite file nor a digest", visible(&args.first)));
    };
    if output.json {
        Output::document(&explained)?;
    } else {
        for one in &explained {
            let name = one.trial.as_deref().unwrap_or(&one.digest[..16]);
            output.people(&format!(
                "{}  {}: {}\n",
                visible(name),
                one.state,
                visible(&one.sentence)
            ));
        }
    }
    Ok(if explained.is_empty() { Exit::Nothing } else { Exit::Passed })
}

fn is_digest(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn of_suite(args: &ExplainArgs) -> Result<Result<Vec<Explained>, Exit>, String> {
    let mut findings = Findings::default();
    let suites = args.from.suites(vec![PathBuf::from(&args.first)]);
    let selection = prepare(&suites, &mut findings)?;
    let freshness = caching::freshness(selection.keep);
    let cache = Cache::new(caching::store()?, Mode::Use, freshness, decoder());
    let mut explained = Vec::new();
    for prepared in &selection.suites {
        let ready = askers::build(prepared, Keys::Absent, None, None, &mut findings);
        if findings.has_errors() {
            break;
        }
        let plan = Plan::new(&prepared.suite, ready.asked.clone(), Selection::default(), args.seed);
        let plan = plan.map_err(|conflict| format!("{}: {conflict}", display(&prepared.path)))?;
        let wanted = |case: &str, trial: &str| {
            args.second.as_deref().is_none_or(|named| named == case || named == trial)
        };
        let mut ids = Vec::new();
        for trial in plan.trials() {
            if ready.cassettes.contains_key(&trial.endpoint) {
                remark(&format!(
                    "{} plays from a cassette: the cache is not asked",
                    trial.endpoint
                ));
                return Ok(Err(Exit::Nothing));
            }
            if wanted(&trial.case.id, &trial.id) {
                let brief = explained.len() >= EXPLAINED;
                explained.push(of_request(&cache, Some(trial.id), &trial.base, brief)?);
            } else {
                ids.push(trial.case.id.clone());
            }
        }
        if let (true, Some(named)) = (explained.is_empty(), &args.second) {
            let known: Vec<&str> = ids.iter().map(String::as_str).collect();
            let near = did_you_mean(named, &known);
            let near = near.map(|near| format!(" (did you mean '{near}'?)")).unwrap_or_default();
            return Err(format!("no case '{}' in {}{near}", visible(named), visible(&args.first)));
        }
    }
    Output::new(&args.output).findings(&findings);
    if findings.has_errors() {
        remark(&summary(&findings));
        return Ok(Err(Exit::Invalid));
    }
    Ok(Ok(explained))
}

fn of_digests(args: &ExplainArgs) -> Result<Vec<Explained>, String> {
    let store = caching::store()?;
    let first = by_digest(&store, &args.first)?;
    if let Some(second) = &args.second {
        let second = by_digest(&store, second)?;
        let differences = cache::compared(&first, &second);
        let sentence = match differences.as_str() {
            "" => "they are the same request".to_owned(),
            differences => format!(
                "it differs from {second} in {differences}",
                second = &second.digest().to_string()[..16]
            ),
        };
        let digest = first.digest().to_string();
        return Ok(vec![Explained { trial: None, digest, state: "entry", sentence }]);
    }
    let cache = Cache::new(store, Mode::Use, caching::freshness(Keep::default()), decoder());
    Ok(vec![of_request(&cache, None, &first, false)?])
}

fn by_digest(store: &Store, digits: &str) -> Result<Request, String> {
    if !is_digest(digits) {
        return Err(format!(
            "'{}' is not a digest: give 8 to 64 hexadecimal digits",
            visible(digits)
        ));
    }
    let mut found = store.with_digest(digits).map_err(told)?;
    match (found.pop(), found.pop()) {
        (Some(request), None) => Ok(request),
        (Some(_), Some(_)) => Err(format!("several entries begin with {digits}: give more digits")),
        _ => Err(format!("no entry has the digest {digits}")),
    }
}

fn of_request(
    cache: &Cache,
    trial: Option<String>,
    request: &Request,
    brief: bool,
) -> Result<Explained, String> {
    let digest = request.digest().to_string();
    if brief && !cache.holds(request) {
        let sentence = "not stored; name this case to have it explained".to_owned();
        return Ok(Explained { trial, digest, state: "miss", sentence });
    }
    let (state, sentence) = match cache.explain(request).map_err(told)? {
        Explanation::Hit { fetched, limit } => {
            let until = limit.map_or_else(
                || "it does not age".to_owned(),
                |limit| {
                    let limit = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
                    format!("asked again after {}", minute(fetched.at_ms.saturating_add(limit)))
                },
            );
            let at = minute(fetched.at_ms);
            ("hit", format!("fetched {at} by a run of {}; {until}", fetched.suite))
        }
        Explanation::Stale { fetched, limit } => {
            let days = limit.as_secs_f64() / 86_400.0;
            let at = minute(fetched.at_ms);
            let why = "`cache: {max_age, alias_max_age}` in overclaim.yaml sets it";
            ("stale", format!("fetched {at}, and older than its {days:.1} days; {why}"))
        }
        Explanation::Corrupt => {
            ("corrupt", "its entry is damaged; `overclaim cache verify` drops it".to_owned())
        }
        Explanation::Miss { nearest: None, .. } => ("miss", "the cache is empty".to_owned()),
        Explanation::Miss { nearest: Some((differences, at)), among } => {
            let at = minute(at);
            let of = format!("the nearest of the latest {among} entries, fetched {at},");
            ("miss", format!("{of} differs in {differences}"))
        }
    };
    Ok(Explained { trial, digest, state, sentence })
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

fn import(args: &ImportArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let mut findings = Findings::default();
    let targets = servers(&args.from.suites(Vec::new()), &mut findings)?;
    output.findings(&findings);
    if findings.has_errors() {
        remark(&summary(&findings));
        return Ok(Exit::Invalid);
    }
    let store = caching::store()?;
    let session = Arc::new(Session::new("(imported)", now_ms()));
    let mut imported = Imported::default();
    let mut failure = None;
    for file in &args.files {
        let mut import = Import { file, targets: &targets, given: 0, refused: 0, failure: None };
        let lines = Lines::open(file).map_err(told)?;
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
    fn entries(&mut self, line: Result<(usize, Line), cache::CassetteError>) -> Option<Vec<Entry>> {
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

fn verify(args: &StatArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
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
                "\n  the file itself is damaged ({damage}): delete it, and what it held is asked again"
            );
        }
        output.people(&(text + "\n"));
    }
    Ok(if verified.is_clean() { Exit::Passed } else { Exit::Failed })
}
