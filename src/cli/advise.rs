//! `overclaim advise`: from which confidence on to answer, with a promise.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};

use crate::journal;
use crate::record::{Ending, Run};
use crate::report::{AdvicePage, advice, advice_in_short, visible};
use crate::score::{Guarantee, Items, Level, Method, Risk, Threshold};
use crate::scorecard::{Advice, RecalibrationCard, Wanted, graded, left_out, method_name};
use crate::scored::{Graded, Reading};
use crate::suite::display;

use super::output::{Exit, Output, remark};
use super::report::{as_needed, ended, latest};
use super::score::{FieldArgs, read};
use super::{OutputArgs, share};

/// Version of the document.
const FORMAT: u32 = 1;

/// From which confidence on to answer, so that errors stay rare, with a guarantee.
///
/// Reads a run directory, or graded answers of another harness as `overclaim score` does. Exits with
/// 0 where a threshold keeps the promise and with 1 where none does.
#[derive(Debug, Args)]
#[command(after_help = ADVISE_EXIT_CODES)]
pub(super) struct AdviseArgs {
    /// Run directory, file of rows, or `-` for standard input [default: the latest run]
    #[arg(value_name = "RUN|FILE")]
    from: Option<PathBuf>,
    /// The largest share of errors that is promised
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "5%")]
    max_error: f64,
    /// The probability with which the promise holds
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "95%")]
    level: f64,
    /// What the promise is about; the other is shown too
    #[arg(long, value_enum, default_value_t = RiskArg::Selective)]
    risk: RiskArg,
    /// Judge this threshold, which was chosen before, instead of looking for one
    #[arg(long, value_name = "T", value_parser = share)]
    threshold: Option<f64>,
    /// Of a run: this endpoint only
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// This source of confidence only [default: the primary one of a run, each one of a file]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Kind of recalibration to export [default: the recommended one]
    #[arg(long, value_enum, value_name = "KIND", requires = "export")]
    recalibrate: Option<Kind>,
    /// Write a recalibration, fitted to all answers, as JSON that a service can apply
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Draws one answer of each case or group, and the folds of cross-fitting
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    fields: FieldArgs,
    /// Leave out bad rows, and count them, instead of refusing the file
    #[arg(long)]
    skip_bad: bool,
    #[command(flatten)]
    output: OutputArgs,
}

const ADVISE_EXIT_CODES: &str = "Exit codes:
  0  a threshold keeps the promise
  1  none can promise it
  2  invalid input: flags, files
  4  no graded answer has a confidence";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RiskArg {
    /// Errors among what is still answered
    Selective,
    /// Questions that get a wrong answer, among all
    Joint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// All confidences more extreme, or less: one parameter
    Temperature,
    /// Stretched and shifted on the logit: two
    Platt,
    /// Any shape that rises; wants 1,000 answers
    Isotonic,
    /// The two ends bent apart: three
    Beta,
}

impl Kind {
    fn method(self) -> Method {
        match self {
            Kind::Temperature => Method::Temperature,
            Kind::Platt => Method::Platt,
            Kind::Isotonic => Method::Isotonic,
            Kind::Beta => Method::Beta,
        }
    }
}

/// Graded answers of one source.
struct Answers {
    name: String,
    /// What is told of them in the document and beside an exported recalibration.
    about: Map<String, Value>,
    items: Items,
    left_out: Vec<(String, usize)>,
    /// Whether they are of a run that ended because of what they say.
    decided_early: bool,
}

/// Answers with what is advised of them.
struct Advised {
    answers: Answers,
    advice: Advice,
    recalibration: RecalibrationCard,
}

pub(super) fn advise(args: &AdviseArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let wanted = wanted(args)?;
    let all = answers(args)?;
    let (some, none): (Vec<Answers>, Vec<Answers>) =
        all.into_iter().partition(|answers| !answers.items.is_empty());
    for answers in &none {
        remark(&format!("{}: no graded answer has a confidence", answers.name));
    }
    if some.is_empty() {
        if let (true, Some(file)) = (none.is_empty(), &args.from) {
            remark(&format!("{}: no graded answer has a confidence", display(file)));
        }
        return Ok(Exit::Nothing);
    }
    if args.export.is_some() && some.len() > 1 {
        let names: Vec<&str> = some.iter().map(|answers| answers.name.as_str()).collect();
        return Err(format!(
            "a recalibration is of one source; choose with --source or --endpoint ({})",
            names.join("; ")
        ));
    }
    let advised: Vec<Advised> = some
        .into_iter()
        .map(|answers| Advised {
            advice: Advice::of(&answers.items, wanted),
            recalibration: RecalibrationCard::of(&answers.items, args.seed),
            answers,
        })
        .collect();
    let exported = match (&args.export, advised.first()) {
        (Some(file), Some(advised)) => Some(export(file, args.recalibrate, advised)?),
        _ => None,
    };
    let style = output.style();
    let pages = advised.iter().map(|advised| {
        let page = AdvicePage {
            name: &advised.answers.name,
            advice: &advised.advice,
            recalibration: &advised.recalibration,
            left_out: &advised.answers.left_out,
            decided_early: advised.answers.decided_early,
            exported: exported.as_ref().map(|(file, kind)| (file.as_str(), *kind)),
        };
        if output.quiet { advice_in_short(&page, style) } else { advice(&page, style) }
    });
    let gap = if output.quiet { "" } else { "\n" };
    output.people(&pages.collect::<Vec<_>>().join(gap));
    if output.json {
        Output::document(&document(&advised)?)?;
    }
    let found = |advised: &Advised| advised.advice.decisive().at.is_some();
    Ok(if advised.iter().all(found) { Exit::Passed } else { Exit::Failed })
}

fn wanted(args: &AdviseArgs) -> Result<Wanted, String> {
    let level = Level::new(args.level).map_err(|error| error.to_string())?;
    let promise = Guarantee::new(args.max_error, level.alpha());
    Ok(Wanted {
        promise: promise.map_err(|error| error.to_string())?,
        level,
        risk: match args.risk {
            RiskArg::Selective => Risk::Selective,
            RiskArg::Joint => Risk::Joint,
        },
        threshold: args.threshold.map(Threshold::new).transpose().map_err(|e| e.to_string())?,
        seed: args.seed,
    })
}

/// What the command line names, by endpoint and source.
fn answers(args: &AdviseArgs) -> Result<Vec<Answers>, String> {
    match &args.from {
        Some(file) if !file.is_dir() => of_file(args, file),
        Some(dir) => of_run(args, dir),
        None => of_run(args, &latest()?),
    }
}

fn of_run(args: &AdviseArgs, dir: &Path) -> Result<Vec<Answers>, String> {
    if args.skip_bad {
        return Err("--skip-bad is about files of rows; this is a run".to_owned());
    }
    let run = as_needed(journal::read(dir).map_err(|error| error.to_string())?);
    let header = &run.header;
    let source = match &args.source {
        Some(name) => header
            .sources
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| unknown("source", name, header.sources.iter().map(String::as_str)))?,
        None if header.sources.is_empty() => {
            return Err(format!("{}: the suite asks for no confidence", display(dir)));
        }
        None => 0,
    };
    let endpoints: Vec<&str> = header.endpoints.iter().map(|asked| &*asked.name).collect();
    if let Some(name) = &args.endpoint
        && !endpoints.contains(&name.as_str())
    {
        return Err(unknown("endpoint", name, endpoints.into_iter()));
    }
    let chosen =
        endpoints.into_iter().filter(|name| args.endpoint.as_ref().is_none_or(|only| only == name));
    Ok(chosen.map(|endpoint| of_endpoint(&run, dir, endpoint, source)).collect())
}

fn of_endpoint(run: &Run, dir: &Path, endpoint: &str, source: usize) -> Answers {
    let asked = run.header.endpoints.iter().find(|asked| &*asked.name == endpoint);
    let model = asked.map_or("?", |asked| &asked.target.model);
    let about = [
        ("suite", json!(run.header.suite)),
        ("run", json!(display(dir))),
        ("endpoint", json!(endpoint)),
        ("model", json!(model)),
        ("source", json!(run.header.sources[source])),
    ];
    Answers {
        name: format!(
            "{} · {} · {}",
            run.header.suite,
            visible(model),
            visible(&run.header.sources[source])
        ),
        about: about.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        items: graded(run, endpoint, source).0.items,
        left_out: left_out(run, endpoint, source),
        decided_early: ended(dir) == Some(Ending::Decided),
    }
}

fn of_file(args: &AdviseArgs, file: &Path) -> Result<Vec<Answers>, String> {
    if args.endpoint.is_some() {
        return Err("--endpoint is about runs; choose with --source in a file of rows".to_owned());
    }
    let reading = Reading {
        fields: args.fields.fields(),
        threshold: Threshold::new(1.0).map_err(|error| error.to_string())?,
        skip_bad: args.skip_bad,
        top: 0,
    };
    let (name, graded) = read(file, &reading)?;
    for bad in &graded.bad {
        remark(&format!("{name}: {bad}"));
    }
    let Graded { ungraded, skipped, sources, .. } = graded;
    if let Some(only) = &args.source
        && !sources.iter().any(|source| source.name == *only)
    {
        return Err(unknown("source", only, sources.iter().map(|source| source.name.as_str())));
    }
    let chosen = sources
        .into_iter()
        .filter(|source| args.source.as_ref().is_none_or(|only| *only == source.name));
    let of = |source: crate::scored::Source| {
        let missing: usize = source.missing.values().sum();
        let left_out = [
            ("without a confidence", missing),
            ("rows without a grade", ungraded),
            ("bad rows", skipped),
        ];
        Answers {
            name: format!("{} · {}", visible(&name), visible(&source.name)),
            about: [("file", json!(name)), ("source", json!(source.name))]
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            items: source.scored.items,
            left_out: left_out
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(what, count)| (what.to_owned(), count))
                .collect(),
            decided_early: false,
        }
    };
    Ok(chosen.map(of).collect())
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<String> = known.map(|known| format!("`{known}`")).collect();
    format!("unknown {what} `{}` (known: {})", visible(name), visible(&known.join(", ")))
}

/// Writes the chosen recalibration, fitted to all answers; where, and which kind it is.
fn export(
    file: &Path,
    kind: Option<Kind>,
    advised: &Advised,
) -> Result<(String, &'static str), String> {
    let Advised { answers, advice, recalibration } = advised;
    let recommended = || {
        let name = recalibration.recommended?;
        Method::ALL.into_iter().find(|method| method_name(*method) == name)
    };
    let method = kind.map(Kind::method).or_else(recommended).ok_or(
        "no recalibration is recommended for these answers; choose one with --recalibrate",
    )?;
    let name = method_name(method);
    let pairs: Vec<(f64, bool)> = answers.items.pairs().collect();
    let fit = method.fit(&pairs).ok_or_else(|| {
        format!("these answers do not determine a recalibration by {name}; choose another")
    })?;
    if !fit.is_increasing() {
        return Err(format!(
            "a recalibration by {name} would fall with confidence, since surer answers are wrong more often; there is nothing to export"
        ));
    }
    let mut fitted = answers.about.clone();
    fitted.insert("n".to_owned(), json!(recalibration.n));
    fitted.insert("clusters".to_owned(), json!(recalibration.clusters));
    fitted.insert("seed".to_owned(), json!(recalibration.seed));
    fitted.insert("version".to_owned(), json!(env!("CARGO_PKG_VERSION")));
    let quality = recalibration.method(name).and_then(|card| card.quality);
    fitted.insert("before".to_owned(), json!(recalibration.raw));
    fitted.insert("after_cross_fitted".to_owned(), json!(quality));
    let mut document = fit.to_json();
    document["fitted"] = Value::Object(fitted);
    document["answer_when"] = match &advice.decisive().at {
        Some(point) => json!({
            "confidence_at_least": point.threshold,
            "recalibrated": fit.apply(point.threshold),
            "risk": advice.risk,
            "max_error": advice.max_error,
            "level": advice.level,
        }),
        None => Value::Null,
    };
    let mut text = serde_json::to_string_pretty(&document).map_err(|error| error.to_string())?;
    text.push('\n');
    let place = display(file);
    journal::write_whole(file, text.as_bytes())
        .map_err(|error| format!("{place}: it cannot be written: {error}"))?;
    Ok((place, name))
}

fn document(advised: &[Advised]) -> Result<Value, String> {
    let entry = |advised: &Advised| {
        let value = |value: Result<Value, serde_json::Error>| value.map_err(|e| e.to_string());
        let left_out: Map<String, Value> = advised
            .answers
            .left_out
            .iter()
            .map(|(what, count)| (what.clone(), json!(count)))
            .collect();
        let mut entry = advised.answers.about.clone();
        entry.insert("advice".to_owned(), value(serde_json::to_value(&advised.advice))?);
        entry.insert("left_out".to_owned(), Value::Object(left_out));
        entry.insert("decided_early".to_owned(), json!(advised.answers.decided_early));
        entry.insert(
            "recalibration".to_owned(),
            value(serde_json::to_value(&advised.recalibration))?,
        );
        Ok(Value::Object(entry))
    };
    let sources: Result<Vec<Value>, String> = advised.iter().map(entry).collect();
    Ok(json!({"format": FORMAT, "sources": sources?}))
}
