//! `overclaim mock`: a fake model server to try suites, gates and clients against.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::mock::{
    Book, FailFirst, Latency, Mock, Rated, Scheduled, Settings, Skill, Trouble, duration,
};

use super::output::{Color, Exit, Output, remark};
use super::run::stop_on_signals;
use super::share;

mod told;

/// A fake model server: as right and as sure as told, as slow and as faulty as told.
///
/// Prints its base URL, speaks the chat completions of `OpenAI` there, and counts what came under
/// /counts.
/// Answers depend on the seed and the prompt alone. See docs/mock.md.
#[derive(Debug, Args)]
pub(super) struct MockArgs {
    /// Port; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Address to listen at
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Suite whose questions the model is to know; may be repeated
    #[arg(long, value_name = "FILE")]
    suite: Vec<PathBuf>,
    /// What to say to which prompts: YAML or JSONL; may be repeated
    #[arg(long, value_name = "FILE")]
    script: Vec<PathBuf>,
    /// Share of the answers that are right
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "0.8")]
    accuracy: f64,
    /// How sure the model is on average [default: as it is right, which is calibrated]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    confidence: Option<f64>,
    /// Names everything that is drawn
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Time to the first token: `100ms`, `lognormal MEDIAN SIGMA`, `uniform MIN MAX`
    #[arg(long, value_name = "TIME", default_value = "none")]
    latency: Latency,
    /// Time between tokens; a whole answer takes as long as its stream would
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "0ms")]
    pace: Duration,
    /// Model that replies say they are from [default: the one that is asked for]
    #[arg(long, value_name = "NAME")]
    serves: Option<String>,
    /// Share of a prompt's tokens that usage tells to come from a cache [default: it says nothing]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    cached: Option<f64>,
    /// Share of the calls that go wrong, such as 503=5%; may be repeated
    #[arg(long, value_name = "FAULT=RATE", value_delimiter = ',')]
    fault: Vec<Rated>,
    /// Calls that go wrong by their number, such as 500@1,reset@3-5,stall@9-
    #[arg(long, value_name = "FAULT@N", value_delimiter = ',')]
    schedule: Vec<Scheduled>,
    /// How often each prompt fails before it is answered, by 503 or another FAULT
    #[arg(long, value_name = "N[:FAULT]")]
    fail_first: Option<FailFirst>,
    /// What a 429 with a hint says to wait
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1s")]
    retry_after: Duration,
    /// Time after the start in which the port is closed, such as 2s..5s
    #[arg(long, value_name = "FROM..TO", value_parser = span_of_time)]
    down: Option<(Duration, Duration)>,
}

pub(super) fn mock(args: &MockArgs) -> Result<Exit, String> {
    let total: f64 = args.fault.iter().map(|rated| rated.rate).sum();
    if total > 1.0 + 1e-9 {
        return Err(format!("the rates of --fault add up to {total}, above 1"));
    }
    let output = Output { json: false, quiet: false, color: Color::Auto };
    let mut book = Book::default();
    for path in &args.script {
        for line in told::script(path)? {
            book.script(line);
        }
    }
    for path in &args.suite {
        if !told::suite(path, &mut book, output)? {
            return Ok(Exit::Invalid);
        }
    }
    let settings = Settings {
        seed: args.seed,
        skill: Skill {
            accuracy: args.accuracy,
            confidence: args.confidence.unwrap_or(args.accuracy),
        },
        latency: args.latency,
        pace: args.pace,
        serves: args.serves.clone(),
        cached: args.cached,
        trouble: Trouble {
            rates: args.fault.clone(),
            schedule: args.schedule.clone(),
            fail_first: args.fail_first,
        },
        hint: args.retry_after,
        down: args.down,
    };
    let known = book.size();
    let runtime = Runtime::new().map_err(|error| format!("no threads: {error}"))?;
    let stop = stop_on_signals(&runtime);
    let address = SocketAddr::new(args.host, args.port);
    runtime.block_on(async {
        let cannot = |error| format!("cannot listen at {address}: {error}");
        let listener = TcpListener::bind(address).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let mock = Mock::new(settings, book);
        output.people(&format!("http://{address}/v1\n"));
        if known > 0 {
            remark(&format!("answers to {known} prompts are known; Ctrl-C ends it"));
        } else {
            remark("Ctrl-C ends it");
        }
        mock.serve(listener, stop).await.map_err(cannot)?;
        remark(&mock.summary());
        Ok(Exit::Passed)
    })
}

/// `2s..5s`.
fn span_of_time(text: &str) -> Result<(Duration, Duration), String> {
    let (from, to) = text.split_once("..").ok_or("write FROM..TO, such as 2s..5s")?;
    let (from, to) = (duration(from)?, duration(to)?);
    if from < to { Ok((from, to)) } else { Err(format!("`{text}` ends before it begins")) }
}
