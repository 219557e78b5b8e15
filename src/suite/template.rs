//! Templates of suites: minijinja, strict about what is undefined and limited in work and size.
//!
//! A suite may come from a stranger. Its templates see the row and nothing else: no files, no
//! environment, no clock; a loop that does not end runs out of fuel.

use std::collections::{BTreeMap, HashSet};

use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value, filters};

use crate::answer::Question;

/// Work that one rendering may do, in instructions.
const FUEL: u64 = 200_000;

/// Largest text that a template may yield, in bytes.
const LARGEST: usize = 4 << 20;

/// Compiled templates, found by their own text.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

/// Why a template did not yield a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateError {
    /// These variables are named and the row has none of them.
    Undefined(Vec<String>),
    /// Anything else: syntax, types, fuel.
    Other(String),
}

impl Templates {
    /// No templates yet.
    #[must_use]
    pub fn new() -> Templates {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(50);
        environment.add_filter("letter", letter);
        environment.add_filter("upper", filters::upper);
        environment.add_filter("lower", filters::lower);
        environment.add_filter("title", filters::title);
        environment.add_filter("capitalize", filters::capitalize);
        environment.add_filter("trim", filters::trim);
        environment.add_filter("replace", filters::replace);
        environment.add_filter("join", filters::join);
        environment.add_filter("split", filters::split);
        environment.add_filter("length", filters::length);
        environment.add_filter("default", filters::default);
        environment.add_filter("first", filters::first);
        environment.add_filter("last", filters::last);
        environment.add_filter("round", filters::round);
        environment.add_filter("int", filters::int);
        environment.add_filter("abs", filters::abs);
        environment.add_filter("sort", filters::sort);
        environment.add_filter("reverse", filters::reverse);
        environment.add_filter("regex_escape", regex_escape);
        environment.add_test("defined", minijinja::tests::is_defined);
        environment.add_test("undefined", minijinja::tests::is_undefined);
        environment.add_test("none", minijinja::tests::is_none);
        Templates { environment }
    }

    /// Compiles a template, once for each text.
    ///
    /// # Errors
    /// What is wrong with its syntax.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        if self.environment.get_template(text).is_ok() {
            return Ok(());
        }
        self.environment
            .add_template_owned(text.to_owned(), text.to_owned())
            .map_err(|error| describe(&error))
    }

    /// The variables that any of the templates reads.
    #[must_use]
    pub fn variables(&self) -> HashSet<String> {
        let templates = self.environment.templates();
        templates.flat_map(|(_, template)| template.undeclared_variables(false)).collect()
    }

    /// The text that a template yields for a row, without surrounding blanks.
    ///
    /// # Errors
    /// Undefined variables, or what else went wrong.
    pub fn render(&self, text: &str, row: &Value) -> Result<String, TemplateError> {
        if !text.contains("{{") && !text.contains("{%") && !text.contains("{#") {
            return Ok(text.trim().to_owned());
        }
        let other = |error: &minijinja::Error| TemplateError::Other(describe(error));
        let template = self.environment.get_template(text).map_err(|error| other(&error))?;
        let mut output = Limited(Vec::new());
        match template.render_captured_to(row.clone(), &mut output) {
            Ok(_) => {
                let text = String::from_utf8_lossy(&output.0);
                Ok(text.trim().to_owned())
            }
            Err(error) if error.kind() == ErrorKind::UndefinedError => {
                let has =
                    |name: &String| row.get_attr(name).is_ok_and(|value| !value.is_undefined());
                let mut missing: Vec<String> =
                    template.undeclared_variables(false).into_iter().collect();
                missing.retain(|name| !has(name));
                missing.sort();
                if missing.is_empty() {
                    return Err(other(&error));
                }
                Err(TemplateError::Undefined(missing))
            }
            Err(error) if error.kind() == ErrorKind::WriteFailure => {
                Err(TemplateError::Other(format!("it yields more than {} MiB", LARGEST >> 20)))
            }
            Err(error) => Err(other(&error)),
        }
    }

    /// The texts that a template yields for a row: the items of a list where the template is one
    /// lone expression whose value is a list, else its only text, which is empty where the value is
    /// null.
    ///
    /// # Errors
    /// As for [`Templates::render`], or that an item is no text.
    pub fn values(&self, text: &str, row: &Value) -> Result<Vec<String>, TemplateError> {
        // Rendered first, so that what is wrong with it is said in the same words.
        let rendered = self.render(text, row)?;
        let value = lone_expression(text)
            .and_then(|source| self.environment.compile_expression(source).ok()?.eval(row).ok());
        let list = match value {
            Some(list) if matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable) => list,
            // Nothing is expected where the row has nothing, and not the word that it renders as.
            Some(value) if value.is_none() => return Ok(vec![String::new()]),
            _ => return Ok(vec![rendered]),
        };
        let items = list.try_iter().map_err(|error| TemplateError::Other(describe(&error)))?;
        let plain = |(i, item): (usize, Value)| match item.kind() {
            ValueKind::String | ValueKind::Number | ValueKind::Bool => {
                Ok(item.to_string().trim().to_owned())
            }
            kind => Err(TemplateError::Other(format!("item {} of the list is {kind}", i + 1))),
        };
        items.enumerate().map(plain).collect()
    }
}

/// The expression of a template such as `{{ answers }}` that holds nothing else.
fn lone_expression(text: &str) -> Option<&str> {
    let inside = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    // `{{-` trims; `{{ -1 }}` is a number.
    let inside = inside.strip_prefix(['-', '+']).unwrap_or(inside);
    let inside = inside.strip_suffix(['-', '+']).unwrap_or(inside);
    let closed = inside.contains("}}") || inside.contains("{{");
    (!closed && !inside.trim().is_empty()).then_some(inside.trim())
}

impl Default for Templates {
    fn default() -> Templates {
        Templates::new()
    }
}

/// A row as templates see it.
#[must_use]
pub fn context(row: &BTreeMap<String, serde_json::Value>) -> Value {
    Value::from(Serde(row))
}

fn describe(error: &minijinja::Error) -> String {
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    match error.kind() {
        ErrorKind::OutOfFuel => format!("it does more than {FUEL} steps of work"),
        kind => format!("{kind}{detail}"),
    }
}

/// `{{ answer | regex_escape }}` is a pattern that matches the answer and nothing else.
fn regex_escape(text: &str) -> String {
    regex::escape(text)
}

/// `{{ 1 | letter }}` is A: the letter of a choice by its number from 1.
fn letter(number: usize) -> Result<String, minijinja::Error> {
    let letter = number.checked_sub(1).and_then(Question::letter);
    letter.map(String::from).ok_or_else(|| {
        minijinja::Error::new(
            ErrorKind::InvalidOperation,
            format!("letters go from 1 (A) to 26 (Z), there is none for {number}"),
        )
    })
}

/// A buffer that refuses to grow past the limit.
struct Limited(Vec<u8>);

impl std::io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            return Err(std::io::Error::other("too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> Result<String, TemplateError> {
        let row =
            serde_json::json!({"question": "Why?", "choices": ["x", "y"], "n": 3, "none": null});
        let mut templates = Templates::new();
        templates.add(text).map_err(TemplateError::Other)?;
        templates.render(text, &Value::from(Serde(row)))
    }

    #[test]
    fn a_loop_writes_the_choices_with_their_letters() {
        let text = "{{ question }}\n{% for choice in choices %}{{ loop.index | letter }}. {{ choice }}\n{% endfor %}\n";
        assert_eq!(render(text).unwrap(), "Why?\nA. x\nB. y");
    }

    #[test]
    fn a_text_is_escaped_for_a_pattern() {
        assert_eq!(render("^{{ 'C++ (1.0)' | regex_escape }}$").unwrap(), r"^C\+\+ \(1\.0\)$");
    }

    #[test]
    fn undefined_variables_are_named() {
        let text = "{{ question }} {% for c in choises %}{{ c }}{% endfor %}";
        assert_eq!(render(text), Err(TemplateError::Undefined(vec!["choises".into()])));
        assert_eq!(render("{{ missing | default('x') }}").unwrap(), "x");
        assert_eq!(render("{% if missing is defined %}a{% else %}b{% endif %}").unwrap(), "b");
        assert!(matches!(render("{{ question.part }}"), Err(TemplateError::Other(_))));
    }

    #[test]
    fn a_lone_expression_yields_a_text_an_item() {
        let row = serde_json::json!({
            "one": " Paris ", "two": ["Paris", " City of Paris"], "mixed": ["a", 5, 1.5, true],
            "empty": [], "nothing": null, "bad": ["a", null], "deep": [["a"]],
        });
        let row = Value::from(Serde(row));
        let values = |text: &str| {
            let mut templates = Templates::new();
            templates.add(text).map_err(TemplateError::Other)?;
            templates.values(text, &row)
        };
        for (text, expected) in [
            ("Paris", vec!["Paris"]),
            ("{{ one }}", vec!["Paris"]),
            ("{{ two }}", vec!["Paris", "City of Paris"]),
            (" {{- two -}} ", vec!["Paris", "City of Paris"]),
            ("{{ two | reverse }}", vec!["City of Paris", "Paris"]),
            ("{{ two[0] }}", vec!["Paris"]),
            ("{{ two | join('/') }}", vec!["Paris/ City of Paris"]),
            ("{{ mixed }}", vec!["a", "5", "1.5", "True"]),
            ("{{ ['a', 'b'] }}", vec!["a", "b"]),
            ("{{ empty }}", vec![]),
            ("{{ nothing }}", vec![""]),
            ("{{ one }} {{ one }}", vec!["Paris   Paris"]),
        ] {
            assert_eq!(
                values(text).as_deref(),
                Ok(&*expected.iter().map(ToString::to_string).collect::<Vec<_>>()),
                "{text}"
            );
        }
        assert_eq!(values("{{ too }}"), Err(TemplateError::Undefined(vec!["too".into()])));
        for (text, message) in [
            ("{{ bad }}", "item 2 of the list is none"),
            ("{{ deep }}", "item 1 of the list is sequence"),
        ] {
            assert_eq!(values(text), Err(TemplateError::Other(message.into())));
        }
        assert!(matches!(values("{{ two.three }}"), Err(TemplateError::Other(_))));
        assert!(matches!(values("{{ range(1000000) }}"), Err(TemplateError::Other(_))));
    }

    #[test]
    fn hostile_templates_end_with_an_error() {
        let nested =
            "{% for a in range(10000) %}{% for b in range(10000) %}{{ b }}{% endfor %}{% endfor %}";
        assert!(matches!(render(nested), Err(TemplateError::Other(_))));
        let loops = "{% for a in choices %}".repeat(40) + "x" + &"{% endfor %}".repeat(40);
        assert!(matches!(render(&loops), Err(TemplateError::Other(_))), "fuel");
        for text in [
            "{{ 'x' * 1000000000 }}",
            "{{ range(1000000000) }}",
            "{{ 30 | letter }}",
            "{% include 'a' %}",
        ] {
            assert!(matches!(render(text), Err(TemplateError::Other(_))), "{text}");
        }
    }

    #[test]
    fn text_without_marks_is_itself() {
        assert_eq!(render("  plain {text} \n").unwrap(), "plain {text}");
    }
}
