//! What templates see: the variables of a row, and laid over them those of a variant.
//!
//! A layer is shared and never copied, and a value becomes one of the template engine when a
//! template reads it: most rows have more than is read, and one row may have a thousand variants.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, Serde};
use serde_json::Value as Json;

use super::dataset::Variables;

/// Variables in layers, of which the uppermost that has a name counts.
#[derive(Debug)]
pub struct Scope {
    own: Arc<Variables>,
    below: Option<Arc<Scope>>,
}

impl Scope {
    /// One layer.
    #[must_use]
    pub fn of(variables: Arc<Variables>) -> Arc<Scope> {
        Arc::new(Scope { own: variables, below: None })
    }

    /// The same with another layer over it; without one where that would be empty.
    #[must_use]
    pub fn under(self: &Arc<Scope>, variables: &Arc<Variables>) -> Arc<Scope> {
        if variables.is_empty() {
            return Arc::clone(self);
        }
        Arc::new(Scope { own: Arc::clone(variables), below: Some(Arc::clone(self)) })
    }

    /// The variable of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.own.get(name).or_else(|| self.below.as_ref()?.get(name))
    }

    /// All variables with their names; those of an upper layer may stand among those below once
    /// more.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Json)> {
        std::iter::successors(Some(self), |scope| scope.below.as_deref())
            .flat_map(|it| it.own.iter())
    }

    /// As the template engine takes it.
    pub(super) fn value(self: &Arc<Scope>) -> Value {
        Value::from_dyn_object(Arc::clone(self))
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.get(key).map(|value| Value::from(Serde(value)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut names: Vec<&String> = self.own.keys().collect();
        let mut below = self.below.as_ref();
        while let Some(scope) = below {
            names.extend(scope.own.keys());
            below = scope.below.as_ref();
        }
        names.sort();
        names.dedup();
        Enumerator::Values(names.into_iter().map(|name| Value::from(name.as_str())).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_uppermost_layer_counts() {
        let layer = |row: Json| Arc::new(serde_json::from_value(row).unwrap());
        let row = Scope::of(layer(json!({"a": 1, "b": 2})));
        let over = row.under(&layer(json!({"b": 3, "c": 4})));
        let seen = |name| over.get(name).cloned();
        assert_eq!((seen("a"), seen("b")), (Some(json!(1)), Some(json!(3))));
        assert_eq!((seen("c"), seen("d")), (Some(json!(4)), None));
        let value = over.value();
        let names: Vec<String> = value.try_iter().unwrap().map(|name| name.to_string()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(value.get_attr("b").unwrap(), Value::from(3));
    }
}
