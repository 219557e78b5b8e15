//! `overclaim trend`: the history of every suite as pages that need no server.

mod links;
mod nights;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::journal;
use crate::report::{SuiteTrend, trend_index, trend_line, trend_page};
use crate::suite::display;

use super::OutputArgs;
use super::output::{Exit, Output, remark};
use super::report::root;
use links::Links;
use nights::{Suite, read};

/// Version of the document.
const FORMAT: u32 = 1;

/// The history of each suite, night by night: a page a suite and one over them; asks nothing.
///
/// Reads DIR/SUITE/RUN and writes DIR/SUITE/trend.html and DIR/index.html: files that link to the
/// runs' own pages, need no server and nothing else. A change is marked where it is one. See
/// docs/trend.md.
#[derive(Debug, Args)]
#[command(
    mut_arg("json", |arg| arg.help("The history as one JSON document on standard output, and nothing else there")),
    mut_arg("quiet", |arg| arg.help("Print the line of each suite only"))
)]
pub(super) struct TrendArgs {
    /// Directory of suites with their runs [default: reports/ of the project]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Where the pages go [default: DIR]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many nights are shown, the newest ones
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = nights)]
    last: usize,
    #[command(flatten)]
    output: OutputArgs,
}

fn nights(text: &str) -> Result<usize, String> {
    let nights = text.parse().ok().filter(|nights| (1..=10_000).contains(nights));
    nights.ok_or_else(|| "write a number from 1 to 10000".to_owned())
}

pub(super) fn trend(args: &TrendArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => root()?.join("reports"),
    };
    let out = args.out.clone().unwrap_or_else(|| dir.clone());
    let mut suites = Vec::new();
    for suite in suites_of(&dir)? {
        suites.extend(read(&suite, args.last)?);
    }
    if suites.is_empty() {
        return Err(format!(
            "no run below {}: `overclaim run` makes {0}/SUITE/TIME",
            display(&dir)
        ));
    }
    let mut trends = Vec::new();
    for Suite { name, history, description } in suites {
        let links = Links::between(&out.join(&name), &dir.join(&name), &history);
        if let Some(why) = &links.missing {
            remark(&format!("{name}: {why}"));
        }
        let page = out.join(&name).join("trend.html");
        trends.push((
            SuiteTrend {
                place: links::href(&[&name, "trend.html"]),
                directory: name,
                description,
                runs: links.runs,
                history,
            },
            page,
        ));
    }
    let mut written = String::new();
    for (trend, path) in &trends {
        write(path, &trend_page(trend).map_err(|error| error.to_string())?)?;
        written += &format!("{}\n", trend_line(trend, output.style()));
        if !output.quiet {
            written += &format!("  {}\n", display(path));
        }
    }
    let index = out.join("index.html");
    let of: Vec<&SuiteTrend> = trends.iter().map(|(trend, _)| trend).collect();
    write(&index, &trend_index(&of).map_err(|error| error.to_string())?)?;
    if !output.quiet {
        written += &format!("{}\n", display(&index));
    }
    output.people(&written);
    if output.json {
        let suites = trends.iter().map(|(trend, path)| {
            json!({
                "directory": trend.directory,
                "page": display(path),
                "history": trend.history,
            })
        });
        Output::document(&json!({
            "format": FORMAT,
            "directory": display(&dir),
            "index": display(&index),
            "suites": suites.collect::<Vec<_>>(),
        }))?;
    }
    Ok(Exit::Passed)
}

/// The directories that hold runs.
fn suites_of(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let cannot = |error: std::io::Error| {
        format!("{}: cannot be read: {error}; name a directory of suites", display(dir))
    };
    let below = journal::directories(dir).map_err(cannot)?;
    if below.iter().any(|dir| journal::is_run(dir)) {
        return Err(format!(
            "{} is the directory of one suite: name the one above it",
            display(dir)
        ));
    }
    Ok(below)
}

fn write(path: &Path, page: &str) -> Result<(), String> {
    let parent = path.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(parent)
        .and_then(|()| journal::write_whole(path, page.as_bytes()))
        .map_err(|error| format!("{}: cannot be written: {error}", display(path)))
}
