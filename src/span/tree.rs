//! From text to a tree with places, by the YAML crate.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Node, Problem, Severity, Span, Spanned, Value};

/// Reads one YAML document.
///
/// # Errors
/// The first place where it is not YAML, breaks a limit against bombs, or repeats a key.
pub fn parse(text: &str) -> Result<Node, Problem> {
    let options = serde_saphyr::options! {
        budget: budget(),
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 200_000 },
        // Kept as typed: a reader that wants a number refuses what is not finite.
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Typed>(text, options) {
        Ok(typed) => Ok(typed.resolve(text)),
        Err(error) => {
            let error = error.without_snippet();
            let span = error.location().map_or(START, |location| located(location, text));
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
            let twice = message.strip_prefix("duplicate mapping key: ");
            let (message, remedy) = match twice.and_then(|rest| rest.split(',').next()) {
                Some(key) => (format!("the key `{key}` stands here twice"), "keep one of the two"),
                None => (format!("not readable as YAML: {message}"), "here"),
            };
            let severity = Severity::Error;
            Err(Problem { severity, span, message, remedy: remedy.into(), hidden: false })
        }
    }
}

const START: Span = Span { start: 0, end: 0, line: 1, column: 1 };

/// Honest suites are big (20,000 cases of ten nodes each); bombs are caught by the limits on
/// aliases, which stay as they are.
fn budget() -> Option<serde_saphyr::Budget> {
    serde_saphyr::budget! {
        max_nodes: 20_000_000,
        max_events: 50_000_000,
        max_total_scalar_bytes: 1 << 30,
    }
}

/// The tree as the YAML crate gives it: typed by its schema, with locations.
struct Typed {
    value: TypedValue,
    location: serde_saphyr::Location,
}

enum TypedValue {
    Null,
    /// A boolean or a number: its text must be taken from the source.
    Plain,
    Text(String),
    List(Vec<Typed>),
    Map(Vec<(serde_saphyr::Spanned<String>, Typed)>),
}

impl Typed {
    fn resolve(self, source: &str) -> Node {
        let span = span_of(self.location, source);
        let typed = source.get(span.start..span.end).unwrap_or("");
        let value = match self.value {
            TypedValue::Null => Value::Null,
            TypedValue::Plain => Value::Scalar { text: typed.trim().to_owned(), plain: true },
            TypedValue::Text(text) => {
                // The span of a block starts at its first line, so a block shows by its newline.
                let plain = !typed.starts_with(['"', '\'']) && !text.contains('\n');
                Value::Scalar { text, plain }
            }
            TypedValue::List(items) => {
                Value::List(items.into_iter().map(|item| item.resolve(source)).collect())
            }
            TypedValue::Map(entries) => {
                let entry = |(key, value): (serde_saphyr::Spanned<String>, Typed)| {
                    let span = span_of(key.referenced, source);
                    (Spanned::new(key.value, span), value.resolve(source))
                };
                Value::Map(entries.into_iter().map(entry).collect())
            }
        };
        let first_line =
            typed.find('\n').filter(|_| matches!(value, Value::List(_) | Value::Map(_)));
        Node { value, span: Span { end: first_line.map_or(span.end, |n| span.start + n), ..span } }
    }
}

/// The span of an error, which may have a line and a column only.
fn located(location: serde_saphyr::Location, source: &str) -> Span {
    let span = span_of(location, source);
    if span.start > 0 || span.line <= 1 {
        return span;
    }
    let lines = source.split_inclusive('\n').take(span.line as usize - 1);
    let line: usize = lines.map(str::len).sum();
    let text = source[line..].lines().next().unwrap_or("");
    let columns = text.char_indices().map(|(at, _)| at).nth(span.column as usize - 1);
    let start = line + columns.unwrap_or(text.len());
    let length = source[start..].chars().next().map_or(0, char::len_utf8);
    Span { start, end: start + length, ..span }
}

fn span_of(location: serde_saphyr::Location, source: &str) -> Span {
    let span = location.span();
    let bytes = |number: Option<u64>| number.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let start = bytes(span.byte_offset()).min(source.len());
    let length = bytes(span.byte_len());
    Span {
        start,
        end: (start + length).min(source.len()),
        line: u32::try_from(location.line()).unwrap_or(u32::MAX).max(1),
        column: u32::try_from(location.column()).unwrap_or(u32::MAX).max(1),
    }
}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Typed, D::Error> {
        let spanned = serde_saphyr::Spanned::<TypedValue>::deserialize(deserializer)?;
        Ok(Typed { value: spanned.value, location: spanned.defined })
    }
}

impl<'de> Deserialize<'de> for TypedValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TypedValue, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = TypedValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML")
    }

    fn visit_unit<E>(self) -> Result<TypedValue, E> {
        Ok(TypedValue::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<TypedValue, E> {
        Ok(TypedValue::Plain)
    }

    fn visit_i64<E>(self, _: i64) -> Result<TypedValue, E> {
        Ok(TypedValue::Plain)
    }

    fn visit_i128<E>(self, _: i128) -> Result<TypedValue, E> {
        Ok(TypedValue::Plain)
    }

    fn visit_u64<E>(self, _: u64) -> Result<TypedValue, E> {
        Ok(TypedValue::Plain)
    }

    fn visit_u128<E>(self, _: u128) -> Result<TypedValue, E> {
        Ok(TypedValue::Plain)
    }

    fn visit_f64<E>(self, _: f64) -> Result<TypedValue, E> {
        Ok(TypedValue::Plain)
    }

    fn visit_str<E>(self, text: &str) -> Result<TypedValue, E> {
        Ok(TypedValue::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<TypedValue, E> {
        Ok(TypedValue::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<TypedValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(TypedValue::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TypedValue, A::Error> {
        let mut entries: Vec<(serde_saphyr::Spanned<String>, Typed)> = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(TypedValue::Map(entries))
    }
}
