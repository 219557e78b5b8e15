//! A recalibration as JSON that any service can apply, and back.

use serde_json::{Value, json};

use super::{Beta, CLIP, Isotonic, Logistic, Recalibration, Temperature};

/// Version of the form.
const FORMAT: u64 = 1;

/// In words: what the parameters are parameters of.
const LOGIT: &str = "z = ln(q / (1 - q)), q = confidence cut to [clip, 1 - clip]";

impl Recalibration {
    /// An object with `format`, `kind`, `formula` in words, `clip`, and `parameters` by name or
    /// `knots` as `[confidence, probability]`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let parametric = |kind: &str, formula: &str, parameters: Value| {
            json!({
                "format": FORMAT,
                "kind": kind,
                "formula": formula,
                "clip": CLIP,
                "parameters": parameters,
            })
        };
        match self {
            Recalibration::Temperature(fit) => parametric(
                "temperature",
                &format!("1 / (1 + exp(-z / t)), {LOGIT}"),
                json!({"t": fit.t}),
            ),
            Recalibration::Platt(fit) => parametric(
                "platt",
                &format!("1 / (1 + exp(-(slope * z + intercept))), {LOGIT}"),
                json!({"slope": fit.slope, "intercept": fit.intercept}),
            ),
            Recalibration::Beta(fit) => parametric(
                "beta",
                "1 / (1 + exp(-(a * ln(q) - b * ln(1 - q) + intercept))), q = confidence cut to [clip, 1 - clip]",
                json!({"a": fit.a, "b": fit.b, "intercept": fit.intercept}),
            ),
            Recalibration::Isotonic(fit) => json!({
                "format": FORMAT,
                "kind": "isotonic",
                "formula": "on the line between the two knots around the confidence; beyond the outermost knot, its value",
                "knots": fit.knots(),
            }),
        }
    }

    /// Reads what [`Self::to_json`] wrote; other fields are passed over.
    ///
    /// # Errors
    ///
    /// What is wrong with it, a lower-case fragment.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
        match value["format"].as_u64() {
            Some(FORMAT) => {}
            Some(newer) => {
                return Err(format!("format {newer} is not known here (known: {FORMAT})"));
            }
            None => return Err("no recalibration: `format` is missing".to_owned()),
        }
        let number = |name: &str| {
            let number = value["parameters"][name].as_f64().filter(|number| number.is_finite());
            number.ok_or_else(|| format!("`parameters.{name}` is no number"))
        };
        // The curve depends on the clip, which is one and the same so far.
        let clip = || match value["clip"].as_f64() {
            Some(clip) if clip.to_bits() == CLIP.to_bits() => Ok(()),
            _ => Err(format!("`clip` is not {CLIP:e}")),
        };
        match value["kind"].as_str() {
            Some("temperature") => {
                clip()?;
                let t = number("t")?;
                if t <= 0.0 {
                    return Err("`parameters.t` is not above 0".to_owned());
                }
                Ok(Recalibration::Temperature(Temperature { t }))
            }
            Some("platt") => {
                clip()?;
                let (slope, intercept) = (number("slope")?, number("intercept")?);
                Ok(Recalibration::Platt(Logistic { slope, intercept }))
            }
            Some("beta") => {
                clip()?;
                let (a, b, intercept) = (number("a")?, number("b")?, number("intercept")?);
                Ok(Recalibration::Beta(Beta { a, b, intercept }))
            }
            Some("isotonic") => {
                let knots: Vec<[f64; 2]> = serde_json::from_value(value["knots"].clone())
                    .map_err(|_| "`knots` is no list of pairs")?;
                let fit = Isotonic::of_knots(knots);
                fit.map(Recalibration::Isotonic)
                    .ok_or_else(|| "`knots` do not rise, or are none".to_owned())
            }
            _ => Err("`kind` is none of temperature, platt, beta, isotonic".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Method;
    use super::*;

    #[test]
    fn what_is_written_is_read_back_to_the_last_bit() {
        let pairs: Vec<(f64, bool)> = (0..200_u32)
            .map(|index| (f64::from(index) / 199.0, (index * 7919) % 200 < index / 2 + 40))
            .collect();
        for method in Method::ALL {
            let fit = method.fit(&pairs).unwrap();
            let read = Recalibration::from_json(&fit.to_json().to_string()).unwrap();
            assert_eq!(read, fit);
        }
    }

    #[test]
    fn what_is_no_recalibration_is_refused_with_the_reason() {
        for (text, reason) in [
            ("{", "no JSON"),
            ("{}", "`format` is missing"),
            (r#"{"format": 2}"#, "format 2 is not known"),
            (r#"{"format": 1, "kind": "spline"}"#, "`kind` is none of"),
            (r#"{"format": 1, "kind": "platt"}"#, "`clip` is not 1e-6"),
            (r#"{"format": 1, "kind": "platt", "clip": 1e-6}"#, "`parameters.slope` is no number"),
            (
                r#"{"format": 1, "kind": "temperature", "clip": 1e-6, "parameters": {"t": 0}}"#,
                "`parameters.t` is not above 0",
            ),
            (r#"{"format": 1, "kind": "isotonic", "knots": []}"#, "`knots` do not rise"),
            (
                r#"{"format": 1, "kind": "isotonic", "knots": [[0.5, 0.6], [0.7, 0.5]]}"#,
                "`knots` do not rise",
            ),
        ] {
            let error = Recalibration::from_json(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
