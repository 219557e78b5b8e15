//! What a field's value means: a confidence, a grade, a name.

use serde_json::Value;

use super::Written;
use crate::score::choice_confidence;

/// A confidence; none where the row says that there is none.
///
/// # Errors
/// Anything else, with the remedy.
pub(super) fn confidence(value: Option<Value>, written: Written) -> Result<Option<f64>, String> {
    match written {
        Written::Share => share(value),
        Written::Percent => percent(value),
        Written::Logprobs => logprobs(value),
    }
}

/// A number of percent, 0 to 100; a sign behind it changes nothing.
fn percent(value: Option<Value>) -> Result<Option<f64>, String> {
    let number = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim().trim_end_matches('%').trim_end().parse().ok(),
        Some(other) => return Err(format!("the confidence is {}, no number", kind(&other))),
    };
    match number {
        Some(number) if (0.0..=100.0).contains(&number) => Ok(Some(number / 100.0)),
        Some(number) if number.is_finite() => {
            Err(format!("the confidence is {number}, outside 0 to 100"))
        }
        _ => Err("the confidence is no number (leave it out where it is missing)".to_owned()),
    }
}

/// The share of the likeliest choice. An entry is a log likelihood, or a list that begins with it;
/// either may be a text.
fn logprobs(value: Option<Value>) -> Result<Option<f64>, String> {
    const REMEDY: &str = "with --logprobs it is a list of two or more log likelihoods";
    let entries = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(entries)) => entries,
        Some(other) => return Err(format!("the confidence is {} ({REMEDY})", kind(&other))),
    };
    let number = |entry: &Value| match entry {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let first = |entry: &Value| match entry {
        Value::Array(parts) => parts.first().and_then(number),
        alone => number(alone),
    };
    let likelihoods: Option<Vec<f64>> = entries.iter().map(first).collect();
    let share = likelihoods.filter(|all| all.len() > 1).and_then(|all| choice_confidence(&all));
    share.map(Some).ok_or_else(|| format!("the confidence is another list ({REMEDY})"))
}

/// A share, or percent where the sign says so.
fn share(value: Option<Value>) -> Result<Option<f64>, String> {
    let number = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => match text.trim() {
            "" => return Ok(None),
            text => match text.strip_suffix('%') {
                Some(percent) => percent.trim().parse().ok().map(|share: f64| share / 100.0),
                None => text.parse().ok(),
            },
        },
        Some(other) => return Err(format!("the confidence is {}, no number", kind(&other))),
    };
    match number {
        Some(number) if (0.0..=1.0).contains(&number) => Ok(Some(number)),
        Some(number) if number.is_finite() => Err(format!(
            "the confidence is {number}, outside 0 to 1 (divide percentages by 100, or write them with %)"
        )),
        _ => Err("the confidence is no number (leave it out where it is missing)".to_owned()),
    }
}

/// What a row says became of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grade {
    /// The answer is right, or it is wrong.
    Answered(bool),
    /// The model did not answer.
    NotAttempted,
}

/// A grade; none where the row says that there is none.
///
/// # Errors
/// Anything else, with the remedy.
pub(super) fn correct(value: Option<Value>) -> Result<Option<Grade>, String> {
    const REMEDY: &str = "write true or false, 1 or 0; leave out what was not graded";
    let answered = |right| Ok(Some(Grade::Answered(right)));
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(right)) => answered(right),
        Some(Value::Number(number)) => match number.as_f64() {
            Some(1.0) => answered(true),
            Some(0.0) => answered(false),
            _ => Err(format!("the grade is {number}, neither right nor wrong ({REMEDY})")),
        },
        Some(Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
            "" => Ok(None),
            // `C`, `I` and `N` are what Inspect writes.
            "true" | "yes" | "correct" | "right" | "pass" | "1" | "1.0" | "c" => answered(true),
            "false" | "no" | "incorrect" | "wrong" | "fail" | "0" | "0.0" | "i" => answered(false),
            "not_attempted" | "abstained" | "n" => Ok(Some(Grade::NotAttempted)),
            _ => {
                let text: String = text.chars().take(40).collect();
                Err(format!("the grade is `{text}`, neither right nor wrong ({REMEDY})"))
            }
        },
        Some(other) => Err(format!("the grade is {} ({REMEDY})", kind(&other))),
    }
}

/// A name or a text for people; numbers are texts too, and an empty one is none.
pub(super) fn text(value: Option<Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
        other => Some(other.to_string()),
    }
}

/// Tags: a list of them, or text, as in a cell of a CSV: that list as JSON, or tags with `;` between.
pub(super) fn tags(value: Option<Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => {
            items.into_iter().filter_map(|item| text(Some(item))).collect()
        }
        value => {
            let Some(written) = text(value) else { return Vec::new() };
            match serde_json::from_str(&written) {
                Ok(list @ Value::Array(_)) => tags(Some(list)),
                _ => written.split(';').filter_map(|tag| text(Some(tag.trim().into()))).collect(),
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn confidences_are_numbers_or_texts_of_numbers() {
        let known = |value| confidence(Some(value), Written::Share).unwrap();
        assert_eq!(known(json!(0.9)), Some(0.9));
        assert_eq!(known(json!(1)), Some(1.0));
        assert_eq!(known(json!(" 0.25 ")), Some(0.25));
        assert_eq!(known(json!("95%")), Some(0.95));
        assert_eq!(known(json!("")), None);
        assert_eq!(known(json!(null)), None);
        assert_eq!(confidence(None, Written::Share).unwrap(), None);
    }

    #[test]
    fn other_confidences_are_refused_with_the_remedy() {
        let refused = |value| confidence(Some(value), Written::Share).unwrap_err();
        assert!(refused(json!(95)).contains("95, outside 0 to 1 (divide percentages by 100"));
        assert!(refused(json!(-0.1)).contains("outside 0 to 1"));
        assert!(refused(json!("high")).contains("no number"));
        assert!(refused(json!("NaN")).contains("no number"));
        assert!(refused(json!("inf")).contains("no number"));
        assert_eq!(refused(json!([0.5])), "the confidence is a list, no number");
        assert_eq!(refused(json!(true)), "the confidence is true or false, no number");
    }

    #[test]
    fn percent_are_a_hundredth_each() {
        let known = |value| confidence(Some(value), Written::Percent).unwrap();
        assert_eq!(known(json!(95)), Some(0.95));
        assert_eq!(known(json!(" 1 % ")), Some(0.01));
        assert_eq!(known(json!("")), None);
        let refused = |value| confidence(Some(value), Written::Percent).unwrap_err();
        assert_eq!(refused(json!(101)), "the confidence is 101, outside 0 to 100");
        assert!(refused(json!("high")).contains("no number"));
    }

    #[test]
    fn log_likelihoods_are_the_share_of_the_likeliest() {
        let known = |value| confidence(Some(value), Written::Logprobs).unwrap().unwrap();
        let three_to_one = (0.25_f64.ln(), 0.75_f64.ln());
        for value in [
            json!([three_to_one.0, three_to_one.1]),
            json!([[three_to_one.0.to_string(), "False"], [three_to_one.1.to_string(), "True"]]),
            json!([three_to_one.0 - 700.0, three_to_one.1 - 700.0]),
        ] {
            assert!((known(value.clone()) - 0.75).abs() < 1e-12, "{value}");
        }
        assert!((known(json!(["-inf", "-3.5"])) - 1.0).abs() < 1e-15);
        assert_eq!(confidence(Some(json!(null)), Written::Logprobs).unwrap(), None);
        for value in [json!([-1.0]), json!([]), json!(0.5), json!(["-inf", "-inf"]), json!([{}, 1])]
        {
            let told = confidence(Some(value), Written::Logprobs).unwrap_err();
            assert!(told.contains("two or more log likelihoods"), "{told}");
        }
    }

    #[test]
    fn grades_are_right_wrong_or_absent() {
        let known = |value| correct(Some(value)).unwrap();
        for right in [json!(true), json!(1), json!(1.0), json!("True"), json!("C"), json!("pass")] {
            assert_eq!(known(right.clone()), Some(Grade::Answered(true)), "{right}");
        }
        for wrong in [json!(false), json!(0), json!("0"), json!("I"), json!("no")] {
            assert_eq!(known(wrong.clone()), Some(Grade::Answered(false)), "{wrong}");
        }
        for neither in [json!("NOT_ATTEMPTED"), json!("abstained"), json!("N")] {
            assert_eq!(known(neither.clone()), Some(Grade::NotAttempted), "{neither}");
        }
        assert_eq!(known(json!(null)), None);
        assert_eq!(known(json!(" ")), None);
        // Half right is neither, and is never rounded.
        assert!(correct(Some(json!(0.5))).unwrap_err().contains("0.5, neither right nor wrong"));
        assert!(correct(Some(json!("P"))).unwrap_err().contains("`P`"));
    }

    #[test]
    fn tags_are_a_list_or_one() {
        assert_eq!(tags(Some(json!(["a", 7, null, ""]))), ["a", "7"]);
        assert_eq!(tags(Some(json!("a b"))), ["a b"]);
        assert!(tags(None).is_empty());
    }

    #[test]
    fn a_cell_holds_several_tags() {
        assert_eq!(tags(Some(json!("law; medicine;"))), ["law", "medicine"]);
        assert_eq!(tags(Some(json!("[\"a;b\", \"c\"]"))), ["a;b", "c"]);
        assert_eq!(tags(Some(json!("[a, b"))), ["[a, b"]);
        assert!(tags(Some(json!("[]"))).is_empty());
    }
}
