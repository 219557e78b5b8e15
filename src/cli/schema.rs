//! `overclaim schema`: what the documents hold, as JSON Schema, to check and to generate readers from.

use clap::Args;

use super::output::{Exit, Output};

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Which document
    #[arg(value_enum)]
    document: Document,
}

/// A document that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Document {
    /// `overclaim report --format json`, and `--json` of run, regrade and merge
    Report,
    /// `run.json`: what was planned
    Run,
    /// A line of `records.jsonl`: a finished trial
    Record,
    /// `scorecard.json`: statistics of answers
    Scorecard,
    /// `operations.json`: times, calls, failures, cost
    Operations,
    /// `decision.json`: the budget, judged
    Decision,
    /// `changes.json`: where the run stands against what was accepted
    Changes,
}

const REPORT: &str = include_str!("../../docs/schemas/report.schema.json");
const RUN: &str = include_str!("../../docs/schemas/run.schema.json");
const RECORD: &str = include_str!("../../docs/schemas/record.schema.json");
const SCORECARD: &str = include_str!("../../docs/schemas/scorecard.schema.json");
const OPERATIONS: &str = include_str!("../../docs/schemas/operations.schema.json");
const DECISION: &str = include_str!("../../docs/schemas/decision.schema.json");
const CHANGES: &str = include_str!("../../docs/schemas/changes.schema.json");

pub(super) fn schema(args: &SchemaArgs) -> Result<Exit, String> {
    let text = match args.document {
        Document::Report => report(),
        Document::Run => RUN.to_owned(),
        Document::Record => RECORD.to_owned(),
        Document::Scorecard => SCORECARD.to_owned(),
        Document::Operations => OPERATIONS.to_owned(),
        Document::Decision => DECISION.to_owned(),
        Document::Changes => CHANGES.to_owned(),
    };
    Output::pieces(Box::new(std::iter::once(Ok(text))))?;
    Ok(Exit::Passed)
}

/// The report's schema with those of its parts inside, where references by their names find them.
fn report() -> String {
    const PLACE: &str = "\n  \"$defs\": {\n";
    let parts = [("run", RUN), ("scorecard", SCORECARD), ("operations", OPERATIONS)];
    let parts = parts.into_iter().chain([("decision", DECISION), ("changes", CHANGES)]);
    let mut inside = PLACE.to_owned();
    for (name, text) in parts {
        let text = text.trim_end().replace('\n', "\n    ");
        inside += &format!("    \"{name}.schema\": {text},\n");
    }
    REPORT.replacen(PLACE, &inside, 1)
}
