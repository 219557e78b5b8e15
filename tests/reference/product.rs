//! The same vectors through the command line: what `overclaim score --json --all` prints.

use std::fmt::Write;

use assert_cmd::Command;
use serde_json::Value;

use crate::compare::{Computed, Tally, Values, belongs, compare_all, compare_values};
use crate::families::FAMILIES;
use crate::key_path::leaves;
use crate::tested;

#[test]
fn score_prints_every_metric_of_every_vector() {
    let scored = |file: &str| belongs(file, "metrics");
    match compare_all(&tested(), scored, compare_printed) {
        Ok(tally) => println!("through the command line: {tally}"),
        Err(failures) => panic!("{failures}"),
    }
}

fn compare_printed(file: &str, vector: &Value) -> Result<Tally, Vec<String>> {
    let family = FAMILIES.iter().find(|family| family.name == "metrics").expect("it is there");
    let printed = print(&vector["inputs"]).map_err(|error| vec![format!("{file}: {error}")])?;
    compare_values(family, file, values(&printed["sources"][0]["all"]), vector)
}

/// The document that the tool prints about these answers, which it reads a line each.
fn print(inputs: &Value) -> Result<Value, String> {
    let column = |name: &str| inputs[name].as_array().ok_or_else(|| format!("{name} is no list"));
    let mut rows = String::new();
    for (confidence, correct) in column("confidence")?.iter().zip(column("correct")?) {
        writeln!(rows, "{{\"confidence\": {confidence}, \"correct\": {correct}}}")
            .map_err(|error| error.to_string())?;
    }
    let mut command = Command::cargo_bin("overclaim").map_err(|error| error.to_string())?;
    let command = command.env_clear().args(["score", "-", "--json", "--all"]).write_stdin(rows);
    let output = command.output().map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{error}; {}", String::from_utf8_lossy(&output.stderr)))
}

fn values(printed: &Value) -> Values {
    let mut values = Values::default();
    for (path, value) in leaves(printed) {
        let computed = match value {
            Value::Null => Computed::Undefined,
            Value::Bool(flag) => Computed::Flag(*flag),
            Value::Number(number) => Computed::from(number.as_f64()),
            Value::String(text) => Computed::Text(text.clone()),
            Value::Array(_) | Value::Object(_) => Computed::Nothing,
        };
        values.put(path.to_string(), computed);
    }
    values
}
