//! `overclaim.yaml`: the endpoints that suites refer to by name.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::endpoint::{self, looks_like_a_key};
use crate::span::{self, Node, Problems, Value};

use super::findings::{Findings, Source};

/// Name of the configuration file.
pub const FILE: &str = "overclaim.yaml";

/// What `overclaim.yaml` says; empty where there is none.
#[derive(Debug, Default)]
pub struct Config {
    /// The endpoints in the order they are written, each with the file that defines it.
    pub endpoints: Vec<Endpoint>,
    /// The directory of the file: relative paths on the command line do not depend on it, default
    /// paths (`suites/`, `reports/`) do.
    pub root: Option<PathBuf>,
    /// How long replies are kept.
    pub keep: Keep,
}

/// How old a stored reply may be before it is asked for again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// Replies of every model.
    pub max_age: Age,
    /// Replies of models whose name moves: it has neither a date nor a digest.
    pub alias_max_age: Age,
}

/// A largest age.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Age {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// However old.
    Any,
    /// This old.
    AtMost(Duration),
}

/// An endpoint with the file that defines it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// What it is.
    pub spec: Arc<endpoint::Spec>,
    /// Where it is defined.
    pub source: Arc<Source>,
}

impl Config {
    /// Looks for the file from `start`, the working directory, upward. Without one, nothing is
    /// configured.
    pub fn find(start: &Path, findings: &mut Findings) -> Config {
        // Kept relative, so that error texts and run directories read the same on every machine.
        let levels = start.ancestors().enumerate();
        let mut found = levels.filter(|(_, dir)| dir.join(FILE).is_file());
        let Some((up, _)) = found.next() else { return Config::default() };
        let dir: PathBuf = std::iter::repeat_n("..", up).collect();
        Config::load(&dir.join(FILE), findings)
    }

    /// Reads one file.
    pub fn load(path: &Path, findings: &mut Findings) -> Config {
        let dir = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut config = Config { root: Some(dir.clone()), ..Config::default() };
        let Some((source, node)) = parse_file(path, findings) else { return config };
        let mut problems = Problems::default();
        if let Some(mut fields) = node.fields(&mut problems) {
            if let Some(endpoints) = fields.take("endpoints") {
                config.endpoints = read_endpoints(endpoints, &dir, &source, &mut problems);
            }
            if let Some(cache) = fields.take("cache") {
                config.keep = read_keep(cache, &mut problems);
            }
            fields.finish(&mut problems);
        }
        findings.add(&source, problems);
        config
    }

    /// The endpoint of this name.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.spec.name.value == name)
    }

    /// The names of all endpoints.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.endpoints.iter().map(|endpoint| endpoint.spec.name.value.as_str()).collect()
    }
}

/// Reads a YAML file, noting why if it cannot.
pub(super) fn parse_file(path: &Path, findings: &mut Findings) -> Option<(Arc<Source>, Node)> {
    let name = display(path);
    let text = match std::fs::read(path) {
        Ok(bytes) => {
            let Ok(text) = String::from_utf8(bytes) else {
                findings.file_error(&name, "the file is not UTF-8", "save it as UTF-8");
                return None;
            };
            text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
        }
        Err(error) => {
            findings.file_error(&name, format!("cannot be read: {error}"), "check the path");
            return None;
        }
    };
    let source = Arc::new(Source { path: name, text, defaults: None });
    match span::parse(&source.text) {
        Ok(node) => Some((source, node)),
        Err(problem) => {
            findings.error(&source, problem.span, problem.message, problem.remedy);
            None
        }
    }
}

/// Reads how long replies are kept.
fn read_keep(node: &Node, problems: &mut Problems) -> Keep {
    let Some(mut fields) = node.fields(problems) else { return Keep::default() };
    let mut age = |name| match fields.take(name) {
        Some(node) => read_age(node, problems),
        None => Age::Unsaid,
    };
    let keep = Keep { max_age: age("max_age"), alias_max_age: age("alias_max_age") };
    fields.finish(problems);
    keep
}

fn read_age(node: &Node, problems: &mut Problems) -> Age {
    let Some(typed) = node.text(problems) else { return Age::Unsaid };
    if typed.value == "off" {
        return Age::Any;
    }
    let age = endpoint::parse_duration(&typed.value).filter(|age| !age.is_zero());
    age.map_or_else(
        || {
            let message = format!("`{}` is not an age", typed.value);
            problems.error(
                typed.span,
                message,
                "write a number and its unit, as 12h or 30d, or off",
            );
            Age::Unsaid
        },
        Age::AtMost,
    )
}

/// Reads a map of endpoints by name.
pub(super) fn read_endpoints(
    node: &Node,
    dir: &Path,
    source: &Arc<Source>,
    problems: &mut Problems,
) -> Vec<Endpoint> {
    let Some(fields) = node.fields(problems) else { return Vec::new() };
    let read = |(name, node)| endpoint::Spec::read(name, node, dir, problems);
    let specs: Vec<_> =
        fields.entries().iter().map(|(name, node)| (name, node)).filter_map(read).collect();
    let endpoint = |spec| Endpoint { spec: Arc::new(spec), source: Arc::clone(source) };
    specs.into_iter().map(endpoint).collect()
}

/// Notes every text that looks like an API key: keys are named by environment variable.
pub(super) fn refuse_literal_keys(node: &Node, problems: &mut Problems) {
    let Value::Map(entries) = &node.value else { return };
    let mut spans = Vec::new();
    // Endpoints are looked at, more closely, by their own reader.
    for (_, value) in entries.iter().filter(|(key, _)| key.value != "define") {
        value.visit_scalars(&mut |text, span| {
            if looks_like_a_key(text) {
                spans.push(span);
            }
        });
    }
    for span in spans {
        problems.secret(
            span,
            "a literal API key",
            "put the key in an environment variable and name it: `key_env: NAME`",
        );
    }
}

/// A path as the user would write it: relative to the working directory where it is below.
#[must_use]
pub fn display(path: &Path) -> String {
    let relative = std::env::current_dir()
        .ok()
        .and_then(|dir| path.strip_prefix(dir).ok().map(Path::to_owned));
    let path = relative.as_deref().unwrap_or(path);
    path.display().to_string().trim_start_matches("./").to_owned()
}
