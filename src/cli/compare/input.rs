//! One side of a comparison: a run directory, or a file of graded answers.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::report::{as_needed, ended};
use crate::cli::score::told;
use crate::journal;
use crate::record::{Ending, Run};
use crate::score::Threshold;
use crate::scorecard::{Side, sides};
use crate::scored::{Fields, Reading};
use crate::span::did_you_mean;
use crate::suite::{Table, display};

/// What a path of the command line is.
pub(super) enum Input {
    Run(Box<Run>, PathBuf),
    File(PathBuf),
}

/// The endpoint or source that is wanted, and the flag that names it.
pub(super) struct Wanted {
    pub name: Option<String>,
    pub flag: &'static str,
}

/// A side, read.
#[derive(Debug)]
pub(super) struct Loaded {
    /// The directory or file as the user would write it.
    pub place: String,
    /// Name of the suite; none for a file.
    pub suite: Option<String>,
    /// Name of the endpoint or source.
    pub endpoint: String,
    /// Whether there are others beside it.
    pub several: bool,
    /// The model, if it is known.
    pub model: Option<String>,
    /// Name of the confidence method, if it is known.
    pub source: Option<String>,
    /// The run's own threshold.
    pub threshold: Option<f64>,
    /// Finished and planned trials of a run that was stopped.
    pub partial: Option<(usize, usize)>,
    /// What was left out while reading.
    pub remarks: Vec<String>,
    /// The answers.
    pub sides: Vec<Side>,
}

impl Input {
    pub(super) fn open(path: &Path) -> Result<Input, String> {
        if !path.is_dir() {
            return Ok(Input::File(path.to_owned()));
        }
        let run = as_needed(journal::read(path).map_err(|error| error.to_string())?);
        Ok(Input::Run(Box::new(run), path.to_owned()))
    }

    pub(super) fn threshold(&self) -> Option<f64> {
        match self {
            Input::Run(run, _) => Some(run.header.threshold),
            Input::File(_) => None,
        }
    }

    pub(super) fn load(
        self,
        wanted: &Wanted,
        threshold: f64,
        reading: &(Fields, bool),
    ) -> Result<Loaded, String> {
        match self {
            Input::Run(run, dir) => of_run(&run, &dir, wanted, threshold),
            Input::File(path) => of_file(&path, wanted, threshold, reading),
        }
    }
}

impl Loaded {
    /// In a few words: where it is from and who answered.
    pub(super) fn in_words(&self) -> String {
        match (&self.model, self.suite.is_some() || self.several) {
            (Some(model), _) if self.several => {
                format!("{} · {model} · {}", self.endpoint, self.place)
            }
            (Some(model), _) => format!("{model} · {}", self.place),
            (None, true) => format!("{} · {}", self.endpoint, self.place),
            (None, false) => self.place.clone(),
        }
    }

    pub(super) fn document(&self) -> Value {
        json!({
            "place": self.place,
            "suite": self.suite,
            "endpoint": self.endpoint,
            "model": self.model,
            "confidence": self.source,
            "answers": self.sides.len(),
            "complete": self.partial.is_none(),
        })
    }
}

fn of_run(run: &Run, dir: &Path, wanted: &Wanted, threshold: f64) -> Result<Loaded, String> {
    let header = &run.header;
    let place = display(dir);
    let names: Vec<&str> = header.endpoints.iter().map(|asked| &*asked.name).collect();
    let at = choose(&names, wanted, &place, "endpoint")?;
    let asked = &header.endpoints[at];
    let early = ended(dir) == Some(Ending::Decided);
    let whole = run.is_complete() || early;
    let remark = format!(
        "{place} was decided early: it ended because of what its answers say, so that they look further from its budget's limit than they are"
    );
    Ok(Loaded {
        place,
        suite: Some(header.suite.clone()),
        endpoint: asked.name.to_string(),
        several: names.len() > 1,
        model: Some(asked.target.model.clone()),
        source: header.sources.first().cloned(),
        threshold: Some(header.threshold),
        partial: (!whole).then_some((run.briefs().len(), header.planned)),
        remarks: if early { vec![remark] } else { Vec::new() },
        sides: sides(run, &asked.name, threshold).map_err(|error| error.to_string())?,
    })
}

fn of_file(
    path: &Path,
    wanted: &Wanted,
    threshold: f64,
    (fields, skip_bad): &(Fields, bool),
) -> Result<Loaded, String> {
    let place = display(path);
    let threshold = Threshold::new(threshold).map_err(|error| error.to_string())?;
    let reading = Reading { fields: fields.clone(), threshold, skip_bad: *skip_bad, top: 0 };
    let table = Table::open(path).map_err(|error| format!("{place}: {error}"))?;
    let rows = reading.sides(table).map_err(|error| told(&place, &error))?;
    if rows.nameless > 0 && rows.sources.iter().all(|source| source.sides.is_empty()) {
        return Err(format!(
            "{place}: no row has the field `{}`, and cases are paired by it; name the one that has it with --id-field",
            fields.id
        ));
    }
    let names: Vec<&str> = rows.sources.iter().map(|source| source.name.as_str()).collect();
    if names.is_empty() {
        return Err(format!("{place}: no rows"));
    }
    let at = choose(&names, wanted, &place, "source")?;
    let mut remarks = Vec::new();
    if rows.skipped > 0 {
        remarks.push(format!("{place}: {} bad rows skipped", rows.skipped));
    }
    if rows.nameless > 0 {
        remarks.push(format!("{place}: {} rows without `{}` left out", rows.nameless, fields.id));
    }
    let (endpoint, several) = (names[at].to_owned(), names.len() > 1);
    let sides = rows.sources.into_iter().nth(at).map(|source| source.sides).unwrap_or_default();
    Ok(Loaded {
        place,
        suite: None,
        endpoint,
        several,
        model: None,
        source: None,
        threshold: None,
        partial: None,
        remarks,
        sides,
    })
}

/// Which of the names is meant.
fn choose(names: &[&str], wanted: &Wanted, place: &str, what: &str) -> Result<usize, String> {
    let Wanted { name, flag } = wanted;
    match name {
        None if names.len() == 1 => Ok(0),
        None => Err(format!(
            "{place} has several {what}s: {}; name one with {flag}, or with --endpoint for both",
            names.join(", ")
        )),
        Some(name) => names.iter().position(|known| known == name).ok_or_else(|| {
            let remedy = match did_you_mean(name, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is {}", names.join(", ")),
            };
            format!("{place} has no {what} `{name}` ({remedy})")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_endpoints_is_named() {
        let mut loaded = Loaded {
            place: "reports/demo/1".into(),
            suite: Some("demo".into()),
            endpoint: "local".into(),
            several: false,
            model: Some("m".into()),
            source: None,
            threshold: None,
            partial: None,
            remarks: Vec::new(),
            sides: Vec::new(),
        };
        assert_eq!(loaded.in_words(), "m · reports/demo/1");
        loaded.several = true;
        assert_eq!(loaded.in_words(), "local · m · reports/demo/1");
    }
}
