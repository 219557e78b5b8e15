//! Rows become cases: rendered, labelled, with a grader of their own.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::answer::Question;
use crate::ask::{Digest, Speaker, Turn};
use crate::grade::{BindError, Grader};
use crate::span::{Span, Spanned};

use super::Suite;
use super::dataset::{Row, RowError, RowName, Variables};
use super::findings::Findings;
use super::template::{TemplateError, context};

/// One question with its expected answer.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name, unique in the suite.
    pub id: String,
    /// What it is sorted by.
    pub tags: Vec<String>,
    /// Cases of one group are not independent of each other.
    pub group: Option<String>,
    /// Digest of what is asked and expected: the same id with another content is another case.
    pub content: Digest,
    /// The rendered conversation.
    pub turns: Arc<[Turn]>,
    /// The question as graders and methods see it.
    pub question: Question,
    /// How its answer is judged.
    pub grader: Grader,
    /// Declining to answer is right.
    pub expects_abstention: bool,
    /// File of its row.
    pub file: Arc<str>,
    /// Line of its row.
    pub line: usize,
}

/// What one pass over all cases found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Census {
    /// Number of cases.
    pub cases: usize,
}

/// What is wrong with a row.
struct Fault {
    span: Span,
    /// Names the fault apart from the row, so that equal faults of many rows count as one.
    kind: String,
    message: String,
    remedy: String,
}

impl Suite {
    /// The cases in the order of their rows. Rows with a fault are left out; [`Suite::check`]
    /// says which, and nothing is asked while there is one.
    pub fn cases(&self) -> impl Iterator<Item = Case> + Send + '_ {
        self.rows.iter().filter_map(move |row| self.case(&row.ok()?).ok())
    }

    /// Looks at every row and notes everything that is wrong with it.
    pub fn check(&self, findings: &mut Findings) -> Census {
        let mut ids: HashMap<String, RowName> = HashMap::new();
        let mut census = Census { cases: 0 };
        for row in self.rows.iter() {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    self.row_unreadable(error, findings);
                    continue;
                }
            };
            census.cases += 1;
            match self.case(&row) {
                Ok(case) => {
                    if let Some(first) = ids.get(&case.id) {
                        let message = format!("{} has the id `{}` of {first}", row.name(), case.id);
                        let span = row.span.or_else(|| Some(self.labels.id.as_ref()?.span));
                        let span = span.unwrap_or(self.rows_span);
                        let remedy = "give every case an id of its own";
                        findings.row_error(&self.source, span, "duplicate id", || message, remedy);
                    } else {
                        ids.insert(case.id, row.name());
                    }
                }
                Err(faults) => {
                    for fault in faults {
                        let message = || fault.message;
                        findings.row_error(
                            &self.source,
                            fault.span,
                            &fault.kind,
                            message,
                            fault.remedy,
                        );
                    }
                }
            }
        }
        if let Some((sample, total)) = self.rows.too_few()
            && total > 0
        {
            let message = format!("a sample of {} rows, and there are {total}", sample.value);
            findings.warning(&self.source, sample.span, message, "all of them are taken");
        }
        if census.cases == 0 && !findings.has_errors() {
            findings.error(
                &self.source,
                self.rows_span,
                "there are no cases",
                "add at least one row",
            );
        }
        census
    }

    fn row_unreadable(&self, error: RowError, findings: &mut Findings) {
        match error {
            RowError::Malformed(row) => {
                let (message, remedy) = (row.message.as_str(), row.remedy.as_str());
                findings.line_error(row.file(), row.line(), || row.quote(), message, remedy);
            }
            RowError::Unreadable { message, remedy } => {
                findings.error(&self.source, self.rows_span, message, remedy);
            }
        }
    }

    fn case(&self, row: &Row) -> Result<Case, Vec<Fault>> {
        let mut faults = Vec::new();
        let variables = self.variables(row, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let values = context(&variables);
        let mut render = |template: &Spanned<String>| {
            self.templates.render(&template.value, &values).map_err(|error| {
                self.template_faults(template, error, row, &mut faults);
            })
        };
        let turns: Vec<Turn> = self
            .messages
            .iter()
            .filter_map(|(speaker, text)| {
                Some(Turn { speaker: *speaker, text: render(text).ok()? })
            })
            .collect();
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
        let question = Question {
            text: question_text(&row.variables, &turns),
            choices: variables.get("choices").map_or_else(Vec::new, plain_list),
        };
        let grader = self.grade.bind(&question, &mut render);
        let grader = match grader {
            Ok(grader) => Some(grader),
            Err(BindError::Unfit(unfit)) => {
                let message = match row.span {
                    Some(_) => unfit.message.clone(),
                    None => format!("{}: {}", row.name(), unfit.message),
                };
                let span = row.span.unwrap_or(unfit.span);
                let (kind, remedy) = (unfit.remedy.clone(), unfit.remedy);
                faults.push(Fault { span, kind, message, remedy });
                None
            }
            Err(BindError::Render(())) => None,
        };
        if faults.is_empty() && turns.last().is_none_or(|turn| turn.text.is_empty()) {
            let span = row
                .span
                .unwrap_or(self.messages.last().map_or(self.rows_span, |(_, text)| text.span));
            let message = format!("{} asks nothing", row.name());
            let remedy = "this message is empty".into();
            faults.push(Fault { span, kind: "asks nothing".into(), message, remedy });
        }
        let Some(grader) = grader.filter(|_| faults.is_empty()) else { return Err(faults) };
        let content = Digest::of(&(&turns, grader.expected()));
        Ok(Case {
            id: id
                .filter(|id| !id.is_empty())
                .unwrap_or_else(|| content.to_string()[..12].to_owned()),
            tags,
            group: group.filter(|group| !group.is_empty()),
            content,
            turns: turns.into(),
            question,
            grader,
            expects_abstention: self.grade.expects_abstention(),
            file: Arc::clone(&row.file),
            line: row.line,
        })
    }

    /// The variables of a row, `choices` being made of other columns where the suite says so.
    fn variables<'a>(&self, row: &'a Row, faults: &mut Vec<Fault>) -> Cow<'a, Variables> {
        if self.labels.choices.is_empty() {
            return Cow::Borrowed(&row.variables);
        }
        let values = context(&row.variables);
        let mut choices: Vec<String> = Vec::new();
        for template in &self.labels.choices {
            match self.templates.render(&template.value, &values) {
                Ok(choice) => choices.push(choice),
                Err(error) => self.template_faults(template, error, row, faults),
            }
        }
        // A table has a column for the last choice of the longest question; others leave it empty.
        while choices.last().is_some_and(String::is_empty) {
            choices.pop();
        }
        let mut variables = row.variables.clone();
        variables.insert("choices".into(), choices.into());
        Cow::Owned(variables)
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
                        span: template.span.find_word(&self.source.text, &name),
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

/// The question for people: the row's own, else what the user says last.
fn question_text(variables: &Variables, turns: &[Turn]) -> String {
    if let Some(Json::String(question)) = variables.get("question") {
        return question.trim().to_owned();
    }
    let last = turns.iter().rfind(|turn| turn.speaker == Speaker::User);
    last.map_or_else(String::new, |turn| turn.text.clone())
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.trim().to_owned(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

fn plain_list(value: &Json) -> Vec<String> {
    match value {
        Json::Array(items) => items.iter().map(plain).collect(),
        Json::Null => Vec::new(),
        one => vec![plain(one)],
    }
}
