//! Where a value stands, and which names cover it.

use std::fmt;

use serde_json::Value;

/// Where a value stands inside `expected`.
#[derive(Debug, Clone, Default)]
pub struct KeyPath(Vec<Step>);

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if depth > 0 => write!(f, ".{key}")?,
                Step::Key(key) => write!(f, "{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl KeyPath {
    /// The path through objects only.
    pub fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|&key| Step::Key(key.to_owned())).collect())
    }

    fn then(&self, step: Step) -> Self {
        let mut path = self.clone();
        path.0.push(step);
        path
    }

    /// Whether a name of an override (or of a value set aside) covers this path:
    /// a dotted name is the path or its end, a trailing `*` makes it a prefix,
    /// and it covers everything below. Array indices are not part of a path.
    pub fn is_covered_by(&self, name: &str) -> bool {
        let keys: Vec<&str> = self
            .0
            .iter()
            .filter_map(|step| match step {
                Step::Key(key) => Some(key.as_str()),
                Step::Index(_) => None,
            })
            .collect();
        let mut parts = (0..keys.len()).flat_map(|from| {
            let keys = &keys;
            (from + 1..=keys.len()).map(move |to| keys[from..to].join("."))
        });
        match name.strip_suffix('*') {
            Some(prefix) => parts.any(|part| part.starts_with(prefix)),
            None => parts.any(|part| part == name),
        }
    }

    /// The value at this path.
    pub fn find_in<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        self.0.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(index),
        })
    }
}

/// All values that are no list or object (or an empty one), with their paths.
pub fn leaves(value: &Value) -> Vec<(KeyPath, &Value)> {
    fn walk<'v>(value: &'v Value, at: &KeyPath, found: &mut Vec<(KeyPath, &'v Value)>) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                for (key, member) in members {
                    walk(member, &at.then(Step::Key(key.clone())), found);
                }
            }
            Value::Array(members) if !members.is_empty() => {
                for (index, member) in members.iter().enumerate() {
                    walk(member, &at.then(Step::Index(index)), found);
                }
            }
            _ => found.push((at.clone(), value)),
        }
    }
    let mut found = Vec::new();
    walk(value, &KeyPath::default(), &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_covers_a_path_its_end_and_what_is_below() {
        let deep = KeyPath::of(&["beta_abm", "betacal_0.9", "low"]).then(Step::Index(3));
        for name in
            ["beta_abm", "betacal_0.9", "beta_abm.betacal_0.9", "low", "betacal_*", "beta_abm.b*"]
        {
            assert!(deep.is_covered_by(name), "{name}");
        }
        for name in ["beta", "abm", "9", "9.low", "ow", "acal_*", "beta_abm.low", ""] {
            assert!(!deep.is_covered_by(name), "{name}");
        }
    }
}
