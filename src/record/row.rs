//! The row of a record, kept as it is written: nothing but a page that offers it for copying reads it,
//! and a journal has as many as records.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The variables of a row, as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowValues(Arc<RawValue>);

impl RowValues {
    /// A row that is written already: a map in JSON.
    #[must_use]
    pub fn written(row: &Arc<RawValue>) -> RowValues {
        RowValues(Arc::clone(row))
    }

    /// The variables by their names; none where a journal that anybody may have written holds
    /// something else.
    #[must_use]
    pub fn variables(&self) -> Option<BTreeMap<String, serde_json::Value>> {
        serde_json::from_str(self.0.get()).ok()
    }
}

impl PartialEq for RowValues {
    fn eq(&self, other: &RowValues) -> bool {
        self.0.get() == other.0.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_kept_as_it_was_written() {
        let text = r#"{"b":1.50,"a":["x"]}"#;
        let row: RowValues = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&row).unwrap(), text);
        assert_eq!(row.variables().unwrap()["a"], serde_json::json!(["x"]));
        for other in ["[1]", "7"] {
            let row: RowValues = serde_json::from_str(other).unwrap();
            assert_eq!(row.variables(), None);
        }
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        let row = serde_json::from_str::<RowValues>(&deep);
        assert!(row.is_err() || row.is_ok_and(|row| row.variables().is_none()));
    }
}
