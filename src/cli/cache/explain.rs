//! `overclaim cache explain`: why a lookup would miss.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::ask::Request;
use crate::cache::{self, Cache, Explanation, Mode, Store};
use crate::plan::{Plan, Selection, Trial};
use crate::report::visible;
use crate::span::did_you_mean;
use crate::suite::{Findings, display};

use super::{minute, told};
use crate::cli::askers::{self, Keys, Servers, decoder};
use crate::cli::caching;
use crate::cli::output::{Exit, Output, remark};
use crate::cli::prepare::{Wanted, configuration, prepare, refused};
use crate::cli::{FromArgs, OutputArgs};

/// How many misses of a suite are explained; each is compared with thousands of entries.
const EXPLAINED: usize = 20;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
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

pub(super) fn explain(args: &ExplainArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let explained = if Path::new(&args.first).is_file() {
        let mut findings = Findings::default();
        let explained = of_suite(args, &mut findings)?;
        if let Some(exit) = refused(&findings, output) {
            return Ok(exit);
        }
        explained
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

fn of_suite(args: &ExplainArgs, findings: &mut Findings) -> Result<Vec<Explained>, String> {
    let selection =
        prepare(&[PathBuf::from(&args.first)], &args.from, &Wanted::default(), findings)?;
    let freshness = caching::freshness(selection.keep);
    let cache = Cache::new(caching::store()?, Mode::Use, freshness, decoder());
    let mut explained = Vec::new();
    for prepared in &selection.suites {
        let ready =
            askers::build(prepared, Keys::Absent, None, None, &mut Servers::default(), findings);
        if findings.has_errors() {
            break;
        }
        let plan = Plan::new(&prepared.suite, ready.asked.clone(), Selection::default(), args.seed);
        let plan = plan.map_err(|conflict| format!("{}: {conflict}", display(&prepared.path)))?;
        let wanted = |case: &str, trial: &str| {
            args.second.as_deref().is_none_or(|named| named == case || named == trial)
        };
        let mut ids = Vec::new();
        for endpoint in ready.cassettes.keys() {
            remark(&format!("{endpoint} plays from a cassette: the cache is not asked"));
        }
        let servers = |trial: &Trial| !ready.cassettes.contains_key(&trial.endpoint);
        for trial in plan.trials().filter(servers) {
            if wanted(&trial.case.id, &trial.id) {
                let brief = explained.len() >= EXPLAINED;
                explained.push(of_request(&cache, Some(trial.id), &trial.base, brief)?);
            } else {
                ids.push(trial.case.id.clone());
            }
        }
        if let (true, false, Some(named)) = (explained.is_empty(), ids.is_empty(), &args.second) {
            let known: Vec<&str> = ids.iter().map(String::as_str).collect();
            let near = did_you_mean(named, &known);
            let near = near.map(|near| format!(" (did you mean '{near}'?)")).unwrap_or_default();
            return Err(format!("no case '{}' in {}{near}", visible(named), visible(&args.first)));
        }
    }
    Ok(explained)
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
    let mut findings = Findings::default();
    let config = configuration(&args.from, &mut findings)?;
    Output::new(&args.output).findings(&findings);
    let cache = Cache::new(store, Mode::Use, caching::freshness(config.keep), decoder());
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
    let (state, sentence) = match cache.explain(request, !brief).map_err(told)? {
        Explanation::Miss { .. } if brief => {
            ("miss", "not stored; name this case to have it explained".to_owned())
        }
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
