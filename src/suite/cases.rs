//! Rows become cases: rendered, labelled, with a grader of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::answer::Question;
use crate::ask::{Digest, Speaker, Turn};
use crate::grade::{BindError, Grader};
use crate::span::{Span, Spanned};

use super::Suite;
use super::dataset::{Row, Variables};
use super::entry::Entry;
use super::raw::ChoiceOrder;
use super::scope::Scope;
use super::template::TemplateError;
use super::variants::{Variant, reordered};

/// One question with its expected answer.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name, unique in the suite.
    pub id: String,
    /// The name of its row, which it shares with its variants.
    pub row: String,
    /// What tells it from the other cases of its row: the prompt, variables of the matrix, the
    /// rotation of its choices.
    pub variant: BTreeMap<String, String>,
    /// What it is sorted by.
    pub tags: Vec<String>,
    /// Cases of one group are not independent of each other.
    pub group: Option<String>,
    /// Digest of what is asked and how it is judged: the same id with another content is another
    /// case.
    pub content: Digest,
    /// The rendered conversation.
    pub turns: Arc<[Turn]>,
    /// The question as graders and methods see it.
    pub question: Question,
    /// How its answer is judged.
    pub grader: Grader,
    /// Digest of the grader as typed.
    form: Digest,
    /// The choices and what is expected as typed, where the choices are shown in another order.
    pub(super) typed: Option<Box<(Vec<String>, String)>>,
    /// What is shown as right, where what the grader expects would say less.
    pub expected: Option<String>,
    /// Declining to answer is right.
    pub expects_abstention: bool,
    /// Confidence from which on a wrong answer counts as confident, where the suite's does not
    /// hold.
    pub threshold: Option<f64>,
    /// Parts with a budget of their own that it belongs to.
    pub slices: Vec<String>,
    /// File of its row.
    pub file: Arc<str>,
    /// Line of its row.
    pub line: usize,
    /// Its row, to be written into a suite's `cases:`.
    pub(super) entry: Entry,
}

impl Case {
    /// Digest of the question, its choices as typed, and how it is judged, whatever prompt asks it:
    /// answers to one subject can be compared.
    #[must_use]
    pub fn subject(&self) -> Digest {
        let text = &self.question.text;
        match self.typed.as_deref() {
            Some((choices, expected)) => Digest::of(&(text, choices, expected, self.form)),
            None => Digest::of(&(text, &self.question.choices, self.grader.expected(), self.form)),
        }
    }
}

/// What is wrong with a row.
pub(super) struct Fault {
    pub span: Span,
    /// Names the fault apart from the row, so that equal faults of many rows count as one.
    pub kind: String,
    pub message: String,
    pub remedy: String,
}

/// What a row says of all its cases.
struct Labels {
    id: Option<String>,
    tags: Vec<String>,
    group: Option<String>,
    choices: Vec<String>,
    expected: Option<String>,
}

impl Suite {
    /// The cases in the order of their rows, those of a row one after the other. Rows with a fault
    /// are left out; [`Suite::check`] says which, and nothing is asked while there is one.
    pub fn cases(&self) -> impl Iterator<Item = Case> + Send + '_ {
        let of_row = |row| self.cases_of(&row).unwrap_or_default();
        self.rows.iter().filter_map(Result::ok).flat_map(of_row)
    }

    /// The cases in the order of what `place` says of them, without those of which it says nothing.
    /// All rows are read to know the order, and once more in this order: some sixty bytes a case
    /// are kept.
    pub fn cases_by<K: Ord>(
        &self,
        mut place: impl FnMut(&Case) -> Option<K>,
    ) -> impl Iterator<Item = Case> + Send + '_ {
        let mut places: Vec<(K, usize, usize)> = Vec::new();
        for (row, read) in self.rows.iter().enumerate() {
            let cases = read.ok().and_then(|read| self.cases_of(&read).ok()).unwrap_or_default();
            let cases = cases.iter().enumerate();
            places.extend(cases.filter_map(|(nth, case)| Some((place(case)?, row, nth))));
        }
        places.sort_unstable();
        let (rows, nths): (Vec<usize>, Vec<usize>) =
            places.into_iter().map(|(_, row, nth)| (row, nth)).unzip();
        self.rows.at(rows.into_iter()).zip(nths).filter_map(|(row, nth)| {
            let mut cases = self.cases_of(&row.ok()?).ok()?;
            (nth < cases.len()).then(|| cases.swap_remove(nth))
        })
    }

    /// All cases of a row.
    pub(super) fn cases_of(&self, row: &Row) -> Result<Vec<Case>, Vec<Fault>> {
        let mut faults = Vec::new();
        let scope = self.scope(row, &mut faults);
        let labels = self.labels_of(row, &scope, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        if self.choice_order != ChoiceOrder::Typed && labels.choices.is_empty() {
            let place = row.span.unwrap_or(self.rows_span);
            let message = format!("{} has no choices to put into another order", row.name());
            let remedy = "give it `choices`, or remove `choice_order`".into();
            return Err(vec![Fault { span: place, kind: "no choices".into(), message, remedy }]);
        }
        if let Some(axis) =
            self.matrix.iter().find(|axis| row.variables.contains_key(&axis.name.value))
        {
            let name = &axis.name.value;
            let message = format!("{} has a `{name}` of its own", row.name());
            let remedy = "give this variable another name".into();
            return Err(vec![Fault { span: axis.name.span, kind: name.clone(), message, remedy }]);
        }
        // A row without an id is shuffled by its number.
        let number = labels.id.is_none().then(|| row.number.to_string());
        let name = labels.id.as_ref().or(number.as_ref()).map_or("", String::as_str);
        let mut cases = Vec::new();
        for variant in &self.variants {
            for (rotation, order) in self.choice_orders(labels.choices.len(), name) {
                cases.extend(self.case(
                    row,
                    &scope,
                    &labels,
                    variant,
                    rotation,
                    &order,
                    &mut faults,
                ));
            }
            // What is wrong with one variant is mostly wrong with all.
            if !faults.is_empty() {
                return Err(faults);
            }
        }
        Ok(cases)
    }

    fn labels_of(&self, row: &Row, scope: &Arc<Scope>, faults: &mut Vec<Fault>) -> Labels {
        let mut render = |template| self.filled_in(template, scope, row, faults);
        let id = match &self.labels.id {
            Some(template) => render(template).ok(),
            None => row.variables.get("id").map(plain),
        };
        let tags = if self.labels.tags.is_empty() {
            row.variables.get("tags").map_or_else(Vec::new, plain_list)
        } else {
            self.labels.tags.iter().filter_map(|template| render(template).ok()).collect()
        };
        let group = match &self.labels.group {
            Some(template) => render(template).ok(),
            None => row.variables.get("group").map(plain),
        };
        let expected = self.labels.expected.as_ref().and_then(|template| render(template).ok());
        Labels {
            expected: expected.filter(|expected| !expected.is_empty()),
            id: id.filter(|id| !id.is_empty()),
            tags,
            group: group.filter(|group| !group.is_empty()),
            choices: scope.get("choices").map_or_else(Vec::new, plain_list),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a case is where all of these meet")]
    fn case(
        &self,
        row: &Row,
        scope: &Arc<Scope>,
        labels: &Labels,
        variant: &Variant,
        rotation: Option<String>,
        order: &[usize],
        faults: &mut Vec<Fault>,
    ) -> Option<Case> {
        let typed = scope.under(&variant.values);
        let moved = order.iter().enumerate().any(|(place, index)| place != *index);
        let shown = moved.then(|| reordered(&labels.choices, order));
        let asked = match &shown {
            Some(shown) => typed.under(&choices_alone(shown.clone())),
            None => Arc::clone(&typed),
        };
        let prompt = &self.prompts[variant.prompt];
        let turns: Vec<Turn> = prompt
            .messages
            .iter()
            .filter_map(|(speaker, text)| {
                let text = self.filled_in(text, &asked, row, faults).ok()?;
                Some(Turn { speaker: *speaker, text })
            })
            .collect();
        let mut name = variant.name.clone();
        name.extend(rotation.map(|rotation| ("rotation".to_owned(), rotation)));
        let mut tags = labels.tags.clone();
        tags.extend(name.iter().map(|(key, value)| format!("{key}={value}")));
        let id = labels.id.as_ref().map(|id| {
            name.iter().fold(id.clone(), |id, (key, value)| id + "/" + key + "=" + value)
        });

        let mut question =
            Question { text: question_text(&typed, &turns), choices: labels.choices.clone() };
        let overridden = self.overridden(row.span, id.as_deref().unwrap_or(""), &tags);
        let mut expect = |template: &Spanned<String>| {
            let texts = self.templates.values(&template.value, &typed);
            texts.map_err(|error| self.template_faults(template, error, row, faults))
        };
        let bound = overridden.grade.spec.bind(&question, &mut expect);
        if let Err(BindError::Unfit(unfit)) = &bound {
            let message = match row.span {
                Some(_) => unfit.message.clone(),
                None => format!("{}: {}", row.name(), unfit.message),
            };
            let span = row.span.unwrap_or(unfit.span);
            let (kind, remedy) = (unfit.remedy.clone(), unfit.remedy.clone());
            faults.push(Fault { span, kind, message, remedy });
        }
        if faults.is_empty() && turns.last().is_none_or(|turn| turn.text.is_empty()) {
            let last = prompt.messages.last().map_or(self.rows_span, |(_, text)| text.span);
            let message = format!("{} asks nothing", row.name());
            let remedy = "this message is empty".into();
            let span = row.span.unwrap_or(last);
            faults.push(Fault { span, kind: "asks nothing".into(), message, remedy });
        }
        // Bound in the order typed, as the expected letter is; then both move together.
        let grader = bound.ok().filter(|_| faults.is_empty())?;
        let form = overridden.grade.form;
        let typed = shown.map(|shown| {
            let choices = std::mem::replace(&mut question.choices, shown);
            Box::new((choices, grader.expected()))
        });
        let grader = grader.with_choices_moved(order);
        let turns = self.with_examples(turns, variant);
        let content = Digest::of(&(&turns, grader.expected(), form));
        // Without an id, the content is the name; variants differ in it.
        let name_of = |content: &Digest| content.to_string()[..12].to_owned();
        Some(Case {
            row: labels.id.clone().unwrap_or_else(|| name_of(&Digest::of(&row.variables))),
            id: id.unwrap_or_else(|| name_of(&content)),
            variant: name,
            tags,
            group: labels.group.clone(),
            content,
            turns: turns.into(),
            question,
            grader,
            form,
            typed,
            expected: labels.expected.clone(),
            expects_abstention: overridden.grade.spec.expects_abstention(),
            threshold: overridden.threshold,
            slices: overridden.slices,
            file: Arc::clone(&row.file),
            line: row.line,
            entry: Entry::new(scope, labels.id.is_some(), overridden.typed),
        })
    }

    /// The variables of a row, `choices` being made of other columns where the suite says so.
    pub(super) fn scope(&self, row: &Row, faults: &mut Vec<Fault>) -> Arc<Scope> {
        let scope = Scope::of(Arc::clone(&row.variables));
        if self.labels.choices.is_empty() {
            return scope;
        }
        let templates = self.labels.choices.iter();
        let mut choices: Vec<String> = templates
            .filter_map(|template| self.filled_in(template, &scope, row, faults).ok())
            .collect();
        // A table has a column for the last choice of the longest question; others leave it empty.
        while choices.last().is_some_and(String::is_empty) {
            choices.pop();
        }
        scope.under(&choices_alone(choices))
    }

    /// A template with a row's values, or nothing and the faults.
    fn filled_in(
        &self,
        template: &Spanned<String>,
        values: &Arc<Scope>,
        row: &Row,
        faults: &mut Vec<Fault>,
    ) -> Result<String, ()> {
        self.templates.render(&template.value, values).map_err(|error| {
            self.template_faults(template, error, row, faults);
        })
    }

    fn template_faults(
        &self,
        template: &Spanned<String>,
        error: TemplateError,
        row: &Row,
        faults: &mut Vec<Fault>,
    ) {
        let place = row.name();
        match error {
            TemplateError::Undefined(names) => {
                let known: Vec<&str> = row.variables.keys().map(String::as_str).collect();
                for name in names {
                    let remedy = match crate::span::did_you_mean(&name, &known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the row has {}", list(&known)),
                    };
                    faults.push(Fault {
                        span: self.source.find_word(template.span, &name),
                        message: format!(
                            "the template names `{name}`, which {place} does not have"
                        ),
                        kind: name,
                        remedy,
                    });
                }
            }
            TemplateError::Other(message) => faults.push(Fault {
                span: template.span,
                message: format!("the template fails for {place}: {message}"),
                kind: message,
                remedy: "in this text".into(),
            }),
        }
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "no variables".into() } else { names.join(", ") }
}

/// The choices as the only variable.
fn choices_alone(choices: Vec<String>) -> Arc<Variables> {
    Arc::new(Variables::from([("choices".to_owned(), choices.into())]))
}

/// The question for people: the row's own, else what the user says last.
fn question_text(scope: &Scope, turns: &[Turn]) -> String {
    if let Some(Json::String(question)) = scope.get("question") {
        return question.trim().to_owned();
    }
    let last = turns.iter().rfind(|turn| turn.speaker == Speaker::User);
    last.map_or_else(String::new, |turn| turn.text.clone())
}

pub(super) fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.trim().to_owned(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

pub(super) fn plain_list(value: &Json) -> Vec<String> {
    match value {
        Json::Array(items) => items.iter().map(plain).collect(),
        Json::Null => Vec::new(),
        one => vec![plain(one)],
    }
}
