//! The command line: arguments become calls of the library, a small file a command.

mod accept;
mod advise;
mod askers;
mod baseline;
mod cache;
mod caching;
mod check;
mod compare;
mod dispute;
mod header;
mod held;
mod in_order;
mod merge;
mod mock;
mod output;
mod pending;
mod plan;
mod prepare;
mod progress;
mod regrade;
mod report;
mod resume;
mod review;
mod run;
mod schema;
mod score;
mod show;
mod snapshots;
mod spending;
mod streams;
mod trend;
mod written;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::plan::Shard;
use crate::suite::{Filter, MOST_REPEATS};
use caching::CacheMode;
use output::{Color, Exit};

/// Catches confident wrong answers of language models.
///
/// Asks model endpoints the questions of YAML suites, reads from every reply an answer and how
/// sure the model was of it, grades the answer, and judges the run by its budget.
#[derive(Debug, Parser)]
#[command(name = "overclaim", version, about, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes:
  0  passed
  1  a budget failed, or could not be decided
  2  invalid input: suite, flags, files
  3  could not measure: coverage too low, endpoint down, interrupted
  4  nothing selected";

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask, grade and judge; writes a run directory per suite
    Run(RunArgs),
    /// What a run would ask: trials, requests, calls, bounds on tokens and cost; asks nothing
    Plan(PlanArgs),
    /// Validate suites: every finding with its place and remedy; asks nothing without --live
    Check(CheckArgs),
    /// Show a run again
    Report(ReportArgs),
    /// Grade a run's replies again, as the suite says today; asks nothing
    Regrade(regrade::RegradeArgs),
    /// Join runs of one plan, such as an interrupted one and its rest, into one; asks nothing
    Merge(merge::MergeArgs),
    /// Statistics of answers that another harness graded
    Score(score::ScoreArgs),
    /// From which confidence on to answer, with a guarantee
    Advise(advise::AdviseArgs),
    /// Hold a candidate against its baseline, answer by answer
    Compare(compare::CompareArgs),
    /// A fake model server: as right, sure, slow and faulty as told
    Mock(mock::MockArgs),
    /// Look after the store of replies
    Cache(cache::CacheArgs),
    /// What the documents of a run hold, as JSON Schema
    Schema(schema::SchemaArgs),
    /// Decide case by case what of a run's changes is accepted; writes once, at the end
    Review(review::ReviewArgs),
    /// The history of each suite as pages
    Trend(trend::TrendArgs),
    /// What runs proposed and nobody has reviewed yet
    Pending(pending::PendingArgs),
    /// Accept pending changes, for scripts; `review` is for people
    Accept(accept::AcceptArgs),
    /// Reject pending changes
    Reject(accept::RejectArgs),
    /// Dispute a wrong gold answer, or write a patch that mends it
    #[command(allow_missing_positional = true)]
    Dispute(dispute::DisputeArgs),
    /// Show everything that was said in one case, word for word
    #[command(allow_missing_positional = true)]
    Show(ShowArgs),
}

/// Which suites, and against what.
#[derive(Debug, Clone, Args)]
struct SuiteArgs {
    /// Suite files [default: suites/*.yaml]
    #[arg(value_name = "SUITE")]
    suites: Vec<PathBuf>,
    /// Warnings stop the work as errors do
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    from: FromArgs,
}

/// Where endpoints are looked up.
#[derive(Debug, Clone, Args)]
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
    /// Environment variable that holds the key, where --endpoint is a URL
    #[arg(long, value_name = "VARIABLE")]
    key_env: Option<String>,
}

#[derive(Debug, Clone, Args)]
struct OutputArgs {
    /// One JSON document on standard output, and nothing else there; of several suites, a list
    #[arg(long)]
    json: bool,
    /// Print the verdict only
    #[arg(long, short)]
    quiet: bool,
    /// Colours in the terminal
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

/// What of the suites is asked, and what the cache may answer.
#[derive(Debug, Clone, Args)]
struct SelectArgs {
    /// Cases by id and tag: globs; blanks mean and, commas or, `!` not; `id:` and `tag:` narrow
    #[arg(long, value_name = "EXPR")]
    filter: Option<Filter>,
    /// At most so many cases of each suite, the first ones
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Share of these cases, every Nth from the Ith on; `overclaim merge` joins the shards' runs
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// How often each case is asked [default: the suite's, or once]
    #[arg(long, value_name = "K", value_parser = repeats)]
    repeats: Option<NonZeroU32>,
    /// Seed sent with every request; a draw adds its number
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// How stored replies are used
    #[arg(long, value_enum, default_value_t = CacheMode::Use)]
    cache: CacheMode,
}

#[derive(Debug, Clone, Args)]
struct RunArgs {
    #[command(flatten)]
    suites: SuiteArgs,
    #[command(flatten)]
    select: SelectArgs,
    /// Confidence from which on a wrong answer counts as confident [default: the suite's]
    #[arg(long, value_name = "T", value_parser = share)]
    threshold: Option<f64>,
    /// Most calls under way at once, over all suites and endpoints [default: each endpoint's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: Option<u16>,
    /// Fetch replies as streams, where an endpoint does not say otherwise
    #[arg(long)]
    stream: bool,
    /// Most that all calls may cost together, in the currency of the endpoints' prices; what does
    /// not fit any more is not asked
    #[arg(long, value_name = "AMOUNT", value_parser = spending::limit)]
    max_cost: Option<f64>,
    /// Run directory, or the parent of them with several suites [default: reports/SUITE/TIME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with a run that was stopped or killed; what it asked, it asks as before
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "filter", "limit", "shard", "repeats", "seed", "cache", "threshold", "out", "record",
    ])]
    resume: Option<PathBuf>,
    /// Bring every finished trial to the disk before the next one
    #[arg(long)]
    durable: bool,
    /// Record every exchange into a cassette
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// How many confident wrong answers are shown
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct PlanArgs {
    #[command(flatten)]
    suites: SuiteArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct CheckArgs {
    #[command(flatten)]
    suites: SuiteArgs,
    /// Ask each endpoint once: is it reached, the key valid, the model there, with log probabilities?
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct ReportArgs {
    /// Run directory [default: the latest below reports/]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// How it is shown
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
    /// With --format junit: what a test is [default: budget]
    #[arg(long, value_enum)]
    junit_per: Option<JunitPer>,
    /// How many confident wrong answers are shown
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(
    mut_arg("json", |arg| arg.help("The records of the trials as one JSON list, and nothing else")),
    mut_arg("quiet", |arg| arg.help("Print the names of the trials and what became of them only"))
)]
struct ShowArgs {
    /// Run directory [default: the latest below reports/]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// Case by its id, trial by its name (`case@endpoint`, `case@endpoint#2`), or cases by a glob
    #[arg(value_name = "CASE")]
    case: String,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// The page after a run
    Terminal,
    /// One JSON document
    Json,
    /// One page that needs nothing else
    Html,
    /// For a comment on a pull request and the summary of a CI job; at most 60,000 characters
    Markdown,
    /// `JUnit` XML, for GitLab, Jenkins and readers on GitHub
    #[value(help = "JUnit XML, for GitLab, Jenkins and readers on GitHub")]
    Junit,
    /// A table with a row a trial
    Csv,
    /// Annotations of GitHub Actions: budget lines that fail, and the surest wrong answers
    Github,
}

/// What a test of the `JUnit` document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum JunitPer {
    /// A budget line
    Budget,
    /// A trial: what is confidently wrong fails
    Case,
}

fn share(text: &str) -> Result<f64, String> {
    let (number, scale) = match text.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    let share = number.trim().parse::<f64>().map_err(|_| "not a number")? / scale;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err(format!("{text} is outside 0..1: write a share such as 0.8 or 80%"))
    }
}

fn repeats(text: &str) -> Result<NonZeroU32, String> {
    let repeats = text.parse().ok().filter(|repeats: &NonZeroU32| repeats.get() <= MOST_REPEATS);
    repeats.ok_or_else(|| format!("write a number from 1 to {MOST_REPEATS}"))
}

/// Does what the command line says.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let exit = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Plan(args) => plan::plan(&args),
        Command::Check(args) => check::check(&args),
        Command::Cache(args) => cache::cache(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Mock(args) => mock::mock(&args),
        Command::Regrade(args) => regrade::regrade(&args),
        Command::Dispute(args) => dispute::dispute(&args),
        Command::Report(args) => report::report(&args),
        Command::Review(args) => review::review(&args),
        Command::Advise(args) => advise::advise(&args),
        Command::Schema(args) => schema::schema(&args),
        Command::Score(args) => score::score(&args),
        Command::Pending(args) => pending::pending(&args),
        Command::Accept(args) => accept::accept(&args),
        Command::Reject(args) => accept::reject(&args),
        Command::Show(args) => show::show(&args),
        Command::Trend(args) => trend::trend(&args),
    };
    match exit {
        Ok(exit) => exit.into(),
        Err(message) => {
            output::error(&message);
            Exit::Invalid.into()
        }
    }
}
