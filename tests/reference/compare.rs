//! The comparing half: walks what a file expects, applies its tolerances.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::families::{FAMILIES, Family, NEVER, PARAMETERS};
use crate::key_path::{KeyPath, leaves};

/// What the library says a key is.
#[derive(Debug, Clone)]
pub enum Computed {
    Undefined,
    Number(f64),
    Flag(bool),
    Text(String),
    /// A list or an object without members.
    Nothing,
}

impl From<f64> for Computed {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Computed {
    fn from(count: usize) -> Self {
        Self::Number(count as f64)
    }
}

impl From<bool> for Computed {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&str> for Computed {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T: Into<Computed>> From<Option<T>> for Computed {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Undefined, Into::into)
    }
}

/// Computed values by the path of their key, such as `rows[3].wilson_0.9[0]`.
#[derive(Default)]
pub struct Values(BTreeMap<String, Computed>);

impl Values {
    pub fn put(&mut self, path: impl Into<String>, value: impl Into<Computed>) {
        let path = path.into();
        let clash = self.0.insert(path.clone(), value.into());
        assert!(clash.is_none(), "{path} is computed twice");
    }

    /// A list of values, at `path[0]`, `path[1]`, ….
    pub fn put_list<T: Into<Computed>>(&mut self, path: &str, values: impl IntoIterator<Item = T>) {
        let mut any = false;
        for (index, value) in values.into_iter().enumerate() {
            any = true;
            self.put(format!("{path}[{index}]"), value);
        }
        if !any {
            self.put(path, Computed::Nothing);
        }
    }
}

/// `|x − expected| ≤ max(abs, rel·|expected|)`; an absent one counts as 0.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tolerance {
    abs: f64,
    rel: f64,
}

impl Tolerance {
    fn read(value: &Value) -> Self {
        let part = |name: &str| value[name].as_f64().unwrap_or(0.0);
        Self { abs: part("abs"), rel: part("rel") }
    }

    /// The file's tolerance for a path; of several overrides the longest name.
    fn of(file: &Value, path: &KeyPath) -> Self {
        let none = Map::new();
        let overrides = file["tolerance"]["overrides"].as_object().unwrap_or(&none);
        overrides
            .iter()
            .filter(|(name, _)| path.is_covered_by(name))
            .max_by_key(|(name, _)| name.len())
            .map_or_else(|| Self::read(&file["tolerance"]), |(_, tolerance)| Self::read(tolerance))
    }
}

/// Compares one value; the error says what is wrong with it.
fn compare_value(computed: &Computed, expected: &Value, within: Tolerance) -> Result<(), String> {
    let expected_number = match (computed, expected) {
        (Computed::Undefined, Value::Null) => return Ok(()),
        (Computed::Flag(flag), Value::Bool(truth)) if flag == truth => return Ok(()),
        (Computed::Text(text), Value::String(truth)) if text == truth => return Ok(()),
        (Computed::Nothing, Value::Array(list)) if list.is_empty() => return Ok(()),
        (Computed::Nothing, Value::Object(members)) if members.is_empty() => return Ok(()),
        (Computed::Number(_), Value::Number(number)) => number.as_f64(),
        _ => None,
    };
    let (&Computed::Number(number), Some(truth)) = (computed, expected_number) else {
        return Err(format!("computed {computed:?}, expected {expected}"));
    };
    let allowed = if expected.is_f64() {
        within.abs.max(within.rel * truth.abs())
    } else {
        0.0 // whole numbers are compared exactly
    };
    let off = (number - truth).abs();
    if off <= allowed {
        Ok(())
    } else {
        Err(format!("computed {number}, expected {truth}: off by {off:e}, allowed {allowed:e}"))
    }
}

/// What was looked at.
#[derive(Debug, Default)]
pub struct Tally {
    /// The values compared, as `file: key`.
    pub compared: BTreeSet<String>,
    /// How many files they are of.
    pub files: usize,
    /// How many values are set aside.
    pub values_aside: usize,
    /// The names that set values aside, as `(family, name)`.
    pub names_used: BTreeSet<(&'static str, &'static str)>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.compared.extend(other.compared);
        self.files += other.files;
        self.values_aside += other.values_aside;
        self.names_used.extend(other.names_used);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "reference vectors: {} files, {} values compared; set aside: {} values",
            self.files,
            self.compared.len(),
            self.values_aside
        )
    }
}

/// Compares every `*.json` of a folder.
///
/// # Errors
///
/// All failures, a line each, naming file and key; a folder that is missing or
/// has no vectors is one.
pub fn compare_folder(folder: &Path) -> Result<Tally, String> {
    compare_all(folder, |_| true, compare_file)
}

/// The same for some files, with another way to compare one.
pub fn compare_all(
    folder: &Path,
    wanted: impl Fn(&str) -> bool,
    compare: impl Fn(&str, &Value) -> Result<Tally, Vec<String>>,
) -> Result<Tally, String> {
    let mut total = Tally::default();
    let mut failures = Vec::new();
    for file in vectors(folder)?.into_iter().filter(|file| wanted(file)) {
        let compared = read(&folder.join(&file))
            .map_err(|error| vec![format!("{file}: {error}")])
            .and_then(|vector| compare(&file, &vector));
        match compared {
            Ok(tally) => total.add(tally),
            Err(errors) => failures.extend(errors),
        }
    }
    if failures.is_empty() { Ok(total) } else { Err(failures.join("\n")) }
}

/// The names of the vector files, sorted.
fn vectors(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| error.to_string())?.file_name();
        if Path::new(&name).extension() == Some("json".as_ref()) {
            files.push(name.to_string_lossy().into_owned());
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(format!("{}: no vectors (*.json)", folder.display()));
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

/// Compares everything that one file expects.
///
/// # Errors
///
/// A line for each failure, naming file and key.
pub fn compare_file(file: &str, vector: &Value) -> Result<Tally, Vec<String>> {
    let Some(family) = FAMILIES.iter().find(|family| belongs(file, family.name)) else {
        return Err(vec![format!("{file}: unknown family (add it to families.rs)")]);
    };
    let computed = (family.compute)(&inputs(family, vector))
        .map_err(|error| vec![format!("{file}: inputs: {error}")])?;
    compare_values(family, file, computed, vector)
}

/// What the values are computed from: `inputs`, and the parameters that rows hold.
fn inputs(family: &Family, vector: &Value) -> Value {
    let mut inputs = vector["inputs"].clone();
    for (_, list, keys) in PARAMETERS.iter().filter(|(name, ..)| *name == family.name) {
        let of_row = |row: &Value| {
            let taken =
                keys.iter().filter_map(|key| Some(((*key).to_owned(), row.get(key)?.clone())));
            Value::Object(taken.collect())
        };
        let rows = vector["expected"][list].as_array();
        inputs[list] = rows.into_iter().flatten().map(of_row).collect();
    }
    inputs
}

/// Whether a file is of a family: its name is the family's, or that and more.
pub fn belongs(file: &str, family: &str) -> bool {
    let rest = file.strip_suffix(".json").and_then(|stem| stem.strip_prefix(family));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// Compares what was computed with what the file expects.
///
/// # Errors
///
/// A line for each failure, naming file and key.
pub fn compare_values(
    family: &Family,
    file: &str,
    Values(mut computed): Values,
    vector: &Value,
) -> Result<Tally, Vec<String>> {
    let mut tally = Tally { files: 1, ..Tally::default() };
    let mut failures = Vec::new();
    for (path, expected) in leaves(&vector["expected"]) {
        let key = path.to_string();
        let mut never = NEVER.iter().filter(|(of, ..)| *of == family.name);
        let aside = never.find(|(_, name, _)| path.is_covered_by(name)).map(|(_, name, _)| *name);
        match (computed.remove(&key), aside) {
            (Some(value), None) => {
                if let Err(why) = compare_value(&value, expected, Tolerance::of(vector, &path)) {
                    failures.push(format!("{file}: {key}: {why}"));
                }
                tally.compared.insert(format!("{file}: {key}"));
            }
            (None, Some(name)) => {
                tally.values_aside += 1;
                tally.names_used.insert((family.name, name));
            }
            (Some(_), Some(_)) => failures.push(format!("{file}: {key}: computed, yet set aside")),
            (None, None) => failures.push(format!("{file}: {key}: neither computed nor set aside")),
        }
    }
    for key in computed.keys() {
        failures.push(format!("{file}: {key}: computed, yet not expected"));
    }
    if tally.compared.is_empty() {
        failures.push(format!("{file}: nothing was compared"));
    }
    if failures.is_empty() { Ok(tally) } else { Err(failures) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_wins_and_an_absent_part_is_zero() {
        let file = serde_json::json!({"tolerance": {
            "abs": 1e-9, "rel": 1e-8,
            "overrides": {"p_*": {"abs": 1e-3}, "p_value": {"rel": 1e-6}}
        }});
        let of = |key| Tolerance::of(&file, &KeyPath::of(&[key]));
        assert_eq!(of("brier"), Tolerance { abs: 1e-9, rel: 1e-8 });
        assert_eq!(of("p_joint"), Tolerance { abs: 1e-3, rel: 0.0 });
        assert_eq!(of("p_value"), Tolerance { abs: 0.0, rel: 1e-6 });
    }

    #[test]
    fn null_is_only_null_and_nan_is_nothing() {
        let within = Tolerance { abs: 1e9, rel: 0.0 };
        let compare =
            |computed: Computed, expected: Value| compare_value(&computed, &expected, within);
        assert!(compare(Computed::Undefined, Value::Null).is_ok());
        assert!(compare(Computed::Number(0.0), Value::Null).is_err());
        assert!(compare(Computed::Undefined, 0.0.into()).is_err());
        assert!(compare(Computed::Number(f64::NAN), 0.5.into()).is_err());
        assert!(compare(Computed::Number(f64::NAN), Value::Null).is_err());
        assert!(compare(Computed::Number(2.0), 3.into()).is_err(), "whole numbers are exact");
    }
}
