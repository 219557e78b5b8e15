//! From arguments to valid suites with the endpoints they ask: everything that can be wrong before
//! the first call is found here, all of it at once.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ask::Target;
use crate::endpoint;
use crate::gate;
use crate::plan::{self, Extent};
use crate::span::{Problems, Span, did_you_mean};
use crate::suite::{Census, Config, Findings, Keep, Source, Suite};

use super::baseline::PREVIOUS;
use super::output::{Exit, Output, remark};
use super::{FromArgs, SelectArgs};

/// A valid suite, its cases counted, with the endpoints it is asked at.
#[derive(Debug)]
pub(super) struct Prepared {
    pub suite: Suite,
    pub path: PathBuf,
    pub census: Census,
    /// Of the trials that are selected.
    pub extent: Extent,
    pub endpoints: Vec<Chosen>,
}

/// What of the suites is to be asked; all of it by default.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub selection: plan::Selection,
    pub repeats: Option<NonZeroU32>,
    pub seed: Option<u64>,
}

impl Wanted {
    /// What the arguments say.
    pub(super) fn of(args: &SelectArgs) -> Wanted {
        let SelectArgs { limit, shard, .. } = *args;
        let selection = plan::Selection { filter: args.filter.clone(), limit, shard };
        Wanted { selection, repeats: args.repeats, seed: args.seed }
    }

    /// Checks the rows of a suite, and counts the trials that are wanted of it at these endpoints.
    pub(super) fn survey(
        &self,
        suite: &Suite,
        endpoints: &[Arc<str>],
        findings: &mut Findings,
    ) -> (Census, Extent) {
        let (census, extent) =
            Extent::survey(suite, endpoints, &self.selection, self.seed, findings);
        if suite.budget.early_stop && self.selection.shard.is_some() {
            let message = "`early_stop` decides from all answers, and a shard hears its own only";
            let place = suite.budget_span(None, "early_stop");
            findings.error(&suite.source, place, message, "remove it, or run without `--shard`");
        }
        (census, extent)
    }
}

/// An endpoint that was chosen, with the place to blame when it cannot be used.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    pub spec: Arc<endpoint::Spec>,
    pub place: Option<(Arc<Source>, Span)>,
}

/// What the arguments name.
#[derive(Debug)]
pub(super) struct Selection {
    pub suites: Vec<Prepared>,
    /// The endpoints that the arguments name; they take the place of the suites' own.
    pub named: Vec<Chosen>,
    pub root: PathBuf,
    /// What the configuration says of the cache.
    pub keep: Keep,
}

impl Selection {
    /// Warns of every budget line that cannot be passed, unless there is worse.
    pub(super) fn warn_of_budgets(&self, findings: &mut Findings) {
        if !findings.has_errors() {
            for prepared in &self.suites {
                refuse_early_stop(&prepared.suite, &prepared.census, findings);
                refuse_missing_baseline(&prepared.suite, &self.root, findings);
                warn_of_budgets(&prepared.suite, &prepared.census, findings);
                warn_of_cost_without_price(prepared, findings);
            }
        }
    }
}

/// Reads configuration and suites. Suites with an error are left out; the findings say why.
///
/// # Errors
/// The arguments themselves contradict each other.
pub(super) fn prepare(
    paths: &[PathBuf],
    from: &FromArgs,
    wanted: &Wanted,
    findings: &mut Findings,
) -> Result<Selection, String> {
    let config = configuration(from, findings)?;
    let root = config.root.clone().unwrap_or_default();
    let named = endpoints_by_flag(from, &config)?;
    let paths = if paths.is_empty() { default_suites(&root) } else { paths.to_owned() };
    let mut suites = Vec::new();
    let mut of_repeats = Findings::default();
    for path in paths {
        let Some(mut suite) = Suite::load(&path, findings) else { continue };
        if let Some(repeats) = wanted.repeats {
            suite.repeat(repeats, &mut of_repeats);
        }
        // Endpoints and repeats are needed first, and told of after the rows.
        let mut of_endpoints = Findings::default();
        let endpoints = match &named {
            Some(named) => named.clone(),
            None => endpoints_of_suite(&suite, &config, &mut of_endpoints),
        };
        let names: Vec<Arc<str>> =
            endpoints.iter().map(|chosen| chosen.spec.name.value.as_str().into()).collect();
        let (census, extent) = wanted.survey(&suite, &names, findings);
        findings.append(of_endpoints);
        suites.push(Prepared { suite, path, census, extent, endpoints });
    }
    findings.append(of_repeats);
    Ok(Selection { suites, named: named.unwrap_or_default(), root, keep: config.keep })
}

/// Sequences of looks are for independent answers, and for lines on all of them.
fn refuse_early_stop(suite: &Suite, census: &Census, findings: &mut Findings) {
    if suite.budget.early_stop
        && let Some((part, _)) = suite.slices().next()
    {
        let message = format!("`early_stop` cannot tell when enough of `{part}` was asked");
        let remedy = "remove the budget of the override, or `early_stop`";
        let place = suite.budget_span(Some(&part), "confident_wrong");
        findings.error(&suite.source, place, message, remedy);
    }
    let alike = if suite.repeats.get() > 1 {
        format!("every case is asked {} times", suite.repeats)
    } else if census.clusters < census.cases {
        let (cases, clusters) = (census.cases, census.clusters);
        format!("{cases} cases are no more than {clusters} different groups or rows")
    } else {
        return;
    };
    if suite.budget.early_stop {
        let message = format!("`early_stop` needs independent answers, and {alike}");
        let place = suite.budget_span(None, "early_stop");
        findings.error(&suite.source, place, message, "remove it, or ask each row once");
    }
}

/// A gate that is held against nothing would be off unnoticed.
fn refuse_missing_baseline(suite: &Suite, root: &Path, findings: &mut Findings) {
    let Some(regression) = &suite.budget.regression else { return };
    let dir = root.join(&regression.against);
    let is_run = regression.against != PREVIOUS && !regression.is_against_snapshot();
    if !is_run || dir.join("run.json").is_file() {
        return;
    }
    let message = format!("there is no run in `{}` to compare with", regression.against);
    let remedy = format!(
        "make one with `overclaim run --out {}`, or write `against: previous` or `against: snapshot`",
        crate::report::shell_word(&regression.against)
    );
    findings.error(&suite.source, suite.budget_span(None, "regression"), message, remedy);
}

/// Warns of every budget line that the suite's cases can never pass.
/// A limit on cost that can never be measured would be off unnoticed.
fn warn_of_cost_without_price(prepared: &Prepared, findings: &mut Findings) {
    let suite = &prepared.suite;
    let is_free = |chosen: &&Chosen| {
        chosen.spec.price.is_none() && matches!(chosen.spec.wire, endpoint::Wire::OpenaiChat(_))
    };
    for chosen in prepared.endpoints.iter().filter(is_free).filter(|_| suite.budget.cost.is_some())
    {
        let name = &chosen.spec.name.value;
        let message = format!("the endpoint `{name}` has no price, so its cost is not measured");
        let remedy = "add `price: {input: 0.15, output: 0.60}` to it, for a million tokens each";
        findings.warning(&suite.source, suite.budget_span(None, "cost"), message, remedy);
    }
}

fn warn_of_budgets(suite: &Suite, census: &Census, findings: &mut Findings) {
    let parts = suite.slices().map(|(name, budget)| {
        let cases = census.slices.get(&name).copied().unwrap_or(0);
        (Some(name), budget, cases)
    });
    let all = std::iter::once((None, &suite.budget, census.clusters));
    for (slice, budget, cases) in all.chain(parts) {
        if cases == 0 {
            continue;
        }
        for line in gate::out_of_reach(budget, cases) {
            let seen = if cases == 1 { "1 case".to_owned() } else { format!("{cases} cases") };
            let what = line
                .line
                .rsplit_once('.')
                .map_or("this line".into(), |(_, limit)| format!("`{limit}`"));
            let message = format!("{seen} can never pass {what}, not even if all are good");
            let remedy = match line.cases {
                Some(enough) => format!("{enough} cases could; add some, or loosen the limit"),
                None => "no number of cases could; loosen the limit".to_owned(),
            };
            let place = suite.budget_span(slice.as_deref(), line.line);
            findings.warning(&suite.source, place, message, remedy);
        }
    }
}

/// The targets of the servers that the arguments name, or of all that are configured.
pub(super) fn servers(args: &FromArgs, findings: &mut Findings) -> Result<Vec<Target>, String> {
    let config = configuration(args, findings)?;
    let named = endpoints_by_flag(args, &config)?;
    let specs = match named {
        Some(named) => named.into_iter().map(|chosen| chosen.spec).collect(),
        None => {
            config.endpoints.iter().map(|endpoint| Arc::clone(&endpoint.spec)).collect::<Vec<_>>()
        }
    };
    let mut targets: Vec<Target> = Vec::new();
    for target in specs.iter().filter_map(|spec| spec.target()) {
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    Ok(targets)
}

/// What the arguments or the directories above say.
pub(super) fn configuration(args: &FromArgs, findings: &mut Findings) -> Result<Config, String> {
    let here = std::env::current_dir().map_err(|error| format!("no working directory: {error}"))?;
    Ok(match &args.config {
        Some(path) => Config::load(path, findings),
        None => Config::find(&here, findings),
    })
}

/// `suites/*.yaml` below the project's root, in order of their names.
fn default_suites(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join("suites")).into_iter().flatten().flatten();
    let is_suite = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("yaml" | "yml")) && path.is_file()
    };
    let mut suites: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_suite).collect();
    suites.sort();
    suites
}

fn endpoints_by_flag(args: &FromArgs, config: &Config) -> Result<Option<Vec<Chosen>>, String> {
    if args.endpoint.is_empty() {
        return match (&args.model, &args.key_env) {
            (None, None) => Ok(None),
            _ => Err("--model and --key-env go with an --endpoint that is a URL".into()),
        };
    }
    let choose = |name: &String| {
        if name.contains("://") {
            let model =
                args.model.as_deref().ok_or("an --endpoint that is a URL needs --model NAME")?;
            let spec = endpoint::Spec::ad_hoc(name, model, args.key_env.as_deref())?;
            return Ok(Chosen { spec: Arc::new(spec), place: None });
        }
        let endpoint = config.endpoint(name).ok_or_else(|| {
            let known = config.names();
            let remedy = match did_you_mean(name, &known) {
                Some(near) => format!("did you mean '{near}'?"),
                None if known.is_empty() => "no overclaim.yaml defines any".into(),
                None => format!("defined are {}", known.join(", ")),
            };
            format!("unknown endpoint '{name}' ({remedy})")
        })?;
        let place = Some((Arc::clone(&endpoint.source), endpoint.spec.name.span));
        Ok(Chosen { spec: Arc::clone(&endpoint.spec), place })
    };
    let chosen = args.endpoint.iter().map(choose).collect::<Result<Vec<_>, String>>()?;
    Ok(Some(chosen))
}

fn endpoints_of_suite(suite: &Suite, config: &Config, findings: &mut Findings) -> Vec<Chosen> {
    let mut problems = Problems::default();
    let mut chosen = Vec::new();
    let known: Vec<&str> = suite
        .defined
        .iter()
        .map(|endpoint| endpoint.spec.name.value.as_str())
        .chain(config.names())
        .collect();
    for name in &suite.endpoints {
        match suite.endpoint(&name.value, config) {
            Some(endpoint) => chosen.push(Chosen {
                spec: Arc::clone(&endpoint.spec),
                place: Some((Arc::clone(&endpoint.source), endpoint.spec.name.span)),
            }),
            None if known.is_empty() => problems.error(
                name.span,
                format!("undefined endpoint `{}`", name.value),
                "define it under `endpoints:` in overclaim.yaml",
            ),
            None => problems.unknown("endpoint", name, &known),
        }
    }
    if suite.endpoints.is_empty() {
        let remedy = match known.first() {
            Some(first) => format!("add `endpoints: [{first}]`, or run with --endpoint {first}"),
            None => "add `endpoints: [name]`, and define it in overclaim.yaml".into(),
        };
        let top = Span { start: 0, end: 0, line: 1, column: 1 };
        problems.error(top, "the suite names no endpoint", remedy);
    }
    findings.add(&suite.source, problems);
    chosen
}

/// Tells the findings. The exit, if one of them is an error and nothing can go on.
pub(super) fn refused(findings: &Findings, output: Output) -> Option<Exit> {
    output.findings(findings);
    findings.stop_the_work().then(|| {
        remark(&summary(findings));
        Exit::Invalid
    })
}

/// The line after the findings, where nothing is asked if one of them is an error.
pub(super) fn summary(findings: &Findings) -> String {
    let asked = if findings.has_errors() { "; nothing was asked" } else { "" };
    counts(findings) + asked
}

/// How many findings there are.
pub(super) fn counts(findings: &Findings) -> String {
    let (errors, warnings) = findings.counts();
    let count = |n: usize, what: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    };
    match (errors, warnings) {
        (0, 0) => String::new(),
        (0, warnings) if findings.stop_the_work() => {
            format!("{}, which --strict does not let pass", count(warnings, "warning"))
        }
        (0, warnings) => count(warnings, "warning"),
        (errors, 0) => count(errors, "error"),
        (errors, warnings) => {
            format!("{}, {}", count(errors, "error"), count(warnings, "warning"))
        }
    }
}
