//! Templates of suites: minijinja, strict about what is undefined and limited in work and size.
//!
//! A suite may come from a stranger. Its templates see the row and nothing else: no files, no
//! environment, no clock; a loop that does not end runs out of fuel.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use minijinja::value::ValueKind;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value, filters};
use serde_json::Value as Json;

use super::scope::Scope;
use crate::answer::Question;

/// Work that one rendering may do, in instructions.
const FUEL: u64 = 200_000;

/// Largest text that a template may yield, in bytes.
const LARGEST: usize = 4 << 20;

/// Compiled templates, found by their own text.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    known: HashMap<String, Compiled>,
}

/// A template that was compiled.
#[derive(Debug)]
struct Compiled {
    /// What the environment calls it. Not its text: of a name that ends in `.json` or `.html` it
    /// would conclude that values are to be escaped.
    name: String,
    /// Another template, which sets [`VALUE`] to the lone expression of this one.
    value: Option<String>,
    /// The only variable, where the whole template is its name: `{{ question }}`.
    variable: Option<String>,
}

/// What the value of a lone expression is called.
const VALUE: &str = "value";

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
        Templates { environment, known: HashMap::new() }
    }

    /// Compiles a template, once for each text.
    ///
    /// # Errors
    /// What is wrong with its syntax.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        if self.known.contains_key(text) || !is_template(text) {
            return Ok(());
        }
        let name = self.known.len().to_string();
        let environment = &mut self.environment;
        environment
            .add_template_owned(name.clone(), text.to_owned())
            .map_err(|error| describe(&error))?;
        let lone = lone_expression(text);
        let value = lone.and_then(|source| {
            let (name, source) = (format!("{name}="), format!("{{% set {VALUE} = {source} %}}"));
            environment.add_template_owned(name.clone(), source).ok().map(|()| name)
        });
        let names = environment.get_template(&name).map(|it| it.undeclared_variables(false));
        let names = names.unwrap_or_default();
        let variable = lone.filter(|lone| names.contains(*lone)).map(str::to_owned);
        self.known.insert(text.to_owned(), Compiled { name, value, variable });
        Ok(())
    }

    /// The variables that any of the templates reads.
    #[must_use]
    pub fn variables(&self) -> HashSet<String> {
        let templates = self.known.values();
        let templates = templates.filter_map(|it| self.environment.get_template(&it.name).ok());
        templates.flat_map(|template| template.undeclared_variables(false)).collect()
    }

    /// The variables that one template reads; none of a text that is no template.
    #[must_use]
    pub fn variables_of(&self, text: &str) -> HashSet<String> {
        let template = self.known.get(text).map(|it| self.environment.get_template(&it.name));
        let template = template.and_then(Result::ok);
        template.map_or_else(HashSet::new, |template| template.undeclared_variables(false))
    }

    /// The text that a template yields for a row, without surrounding blanks.
    ///
    /// # Errors
    /// Undefined variables, or what else went wrong.
    pub fn render(&self, text: &str, row: &Arc<Scope>) -> Result<String, TemplateError> {
        let Some(compiled) = self.known.get(text) else {
            if is_template(text) {
                return Err(TemplateError::Other("it was not compiled".into()));
            }
            return Ok(text.trim().to_owned());
        };
        if let Some(text) = compiled.plain(row) {
            return Ok(text.to_owned());
        }
        let other = |error: &minijinja::Error| TemplateError::Other(describe(error));
        let template = self.environment.get_template(&compiled.name);
        let template = template.map_err(|error| other(&error))?;
        let mut output = Limited(Vec::with_capacity(2 * text.len()));
        match template.render_captured_to(Scope::value(row), &mut output) {
            Ok(_) => Ok(trimmed(output.0)),
            Err(error) if error.kind() == ErrorKind::UndefinedError => {
                let mut missing: Vec<String> =
                    template.undeclared_variables(false).into_iter().collect();
                missing.retain(|name| row.get(name).is_none());
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
    pub fn values(&self, text: &str, row: &Arc<Scope>) -> Result<Vec<String>, TemplateError> {
        let compiled = self.known.get(text);
        if let Some(text) = compiled.and_then(|compiled| compiled.plain(row)) {
            return Ok(vec![text.to_owned()]);
        }
        // Rendered first, so that what is wrong with it is said in the same words.
        let rendered = self.render(text, row)?;
        let value = compiled.and_then(|compiled| {
            let template = self.environment.get_template(compiled.value.as_deref()?).ok()?;
            template.render_captured(Scope::value(row)).ok()?.state().lookup(VALUE)
        });
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

impl Compiled {
    /// The text of the only variable, without surrounding blanks: what a template that is nothing
    /// but a name yields where the row has a text for it.
    fn plain<'a>(&self, row: &'a Scope) -> Option<&'a str> {
        match row.get(self.variable.as_deref()?)? {
            Json::String(text) if text.len() <= LARGEST => Some(text.trim()),
            _ => None,
        }
    }
}

/// The text of these bytes without surrounding blanks.
fn trimmed(bytes: Vec<u8>) -> String {
    let mut text = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    text.truncate(text.trim_end().len());
    let blanks = text.len() - text.trim_start().len();
    text.drain(..blanks);
    text
}

/// Whether a text has anything to fill in. One that has not is itself.
fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
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
fn letter(number: usize) -> Result<char, minijinja::Error> {
    let letter = number.checked_sub(1).and_then(Question::letter);
    letter.ok_or_else(|| {
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

    fn scope(row: Json) -> Arc<Scope> {
        Scope::of(Arc::new(serde_json::from_value(row).unwrap()))
    }

    fn render(text: &str) -> Result<String, TemplateError> {
        let row =
            serde_json::json!({"question": "Why?", "choices": ["x", "y"], "n": 3, "none": null});
        let mut templates = Templates::new();
        templates.add(text).map_err(TemplateError::Other)?;
        templates.render(text, &scope(row))
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
    fn no_ending_of_a_template_makes_it_another_language() {
        let row = scope(serde_json::json!({"quoted": "<\"a\">"}));
        for ending in ["a.json", "a.html", "a.yaml"] {
            let text = format!("{{{{ quoted }}}} {ending}");
            let mut templates = Templates::new();
            templates.add(&text).unwrap();
            assert_eq!(templates.render(&text, &row).unwrap(), format!("<\"a\"> {ending}"));
        }
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
            "empty": [], "nothing": null, "true": "a name that nobody can write", "bad": ["a", null], "deep": [["a"]],
        });
        let row = scope(row);
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
            ("{{ one | replace('%}', '') }}", vec!["Paris"]),
            ("{{ true }}", vec!["True"]),
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
