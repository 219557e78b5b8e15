//! A label that is wrong, mended where it is written.
//!
//! What is expected of a case comes out of a template; to mend it, the one variable that this
//! template reads gets another value, and that value is found where the author wrote it: in a row of
//! a dataset, or in the suite's own `cases:`. Nothing is concluded from the look of a template. The
//! row is rendered with its new value, and only if its cases then ask what they asked before, and
//! expect what they should, is there an [`Edit`]. What cannot be mended so is left to its author,
//! with the reason.

mod patch;
mod typed;
mod value;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::span::Spanned;

use super::Suite;
use super::cases::Case;
use super::dataset::{Edit, Row};
pub use patch::{Changed, patch};

/// A row with its cases, as the suite has it now.
#[derive(Debug)]
pub struct Labelled {
    row: Row,
    /// Its cases, in their order.
    pub cases: Vec<Case>,
}

/// Why a label cannot be mended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Unmended {
    /// The file that would have to be mended, or the suite.
    file: String,
    /// Line, from 1.
    line: usize,
    /// What is in the way, with what to do.
    why: String,
}

impl fmt::Display for Unmended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.why)
    }
}

/// The variable that says what is right, with what stands there.
struct Column<'a> {
    name: String,
    value: &'a Json,
    /// Whether it takes a choice.
    choice: bool,
    templates: Vec<&'a Spanned<String>>,
}

impl Suite {
    /// The rows of these names. All rows are read for it.
    #[must_use]
    pub fn labelled(&self, names: &HashSet<&str>) -> BTreeMap<String, Labelled> {
        let mut found = BTreeMap::new();
        for row in self.rows.iter().filter_map(Result::ok) {
            let Ok(cases) = self.cases_of(&row) else { continue };
            if let Some(first) = cases.first()
                && names.contains(first.row.as_str())
            {
                found.insert(first.row.clone(), Labelled { row, cases });
            }
        }
        found
    }

    /// The edit after which a case of the row expects these answers, each of them being right: texts,
    /// or for choices their letters as the case shows them, their texts, or what the column holds.
    ///
    /// # Errors
    /// Why there is none.
    pub fn mend(
        &self,
        labelled: &Labelled,
        case: &Case,
        answers: &[String],
    ) -> Result<Edit, Unmended> {
        let Labelled { row, .. } = labelled;
        let here = |why: String| Unmended { file: row.file.to_string(), line: row.line, why };
        let column = self.column(row, case)?;
        let mut refused = None;
        let values = if column.choice {
            value::of_choices(column.value, case, answers)
        } else {
            value::of_texts(column.value, answers)
        };
        for (value, expected) in values.map_err(|why| here(format!("`{}` {why}", column.name)))? {
            match self.would_do(labelled, case, &column, &value, expected.as_deref()) {
                Ok(()) => {
                    let edit = match row.span {
                        None => self.rows.edit(row, &column.name, &value),
                        Some(_) => typed::edit(&self.source, row, &column.name, &value),
                    };
                    return edit.map_err(here);
                }
                Err(why) => refused = refused.or(Some(why)),
            }
        }
        let why = refused.unwrap_or_else(|| {
            let name = &column.name;
            format!("what `{name}` holds is not how the answer of a choice is written")
        });
        Err(here(why))
    }

    /// Answers to a case in the words in which another case of its row shows them: a letter with the
    /// text of its choice. Other answers stay as they are.
    ///
    /// # Errors
    /// One of them is no choice, or nothing says what is right.
    pub fn restated(
        &self,
        labelled: &Labelled,
        [from, to]: [&Case; 2],
        answers: &[String],
    ) -> Result<Vec<String>, Unmended> {
        let Labelled { row, .. } = labelled;
        let column = self.column(row, from)?;
        if !column.choice {
            return Ok(answers.iter().map(|answer| answer.trim().to_owned()).collect());
        }
        let shown = answers.iter().map(|answer| value::restated(from, to, answer));
        shown.collect::<Result<_, _>>().map_err(|why| {
            let why = format!("`{}` {why}", column.name);
            Unmended { file: row.file.to_string(), line: row.line, why }
        })
    }

    /// The one variable from which what is expected of a case comes.
    fn column<'a>(&'a self, row: &'a Row, case: &Case) -> Result<Column<'a>, Unmended> {
        let grade = self.overridden(row.span, &case.id, &case.tags).grade;
        let expectations = grade.spec.expectations().map_err(|why| Unmended {
            file: row.file.to_string(),
            line: row.line,
            why: format!("{why}: mend the row by hand"),
        })?;
        let Some((choice, first)) = expectations.first().copied() else {
            return Err(Unmended {
                file: row.file.to_string(),
                line: row.line,
                why:
                    "no answer is expected of this case, by the grader `abstains`: mend the suite \
                      by hand"
                        .into(),
            });
        };
        let (source, place) = self.source.locate(first.span);
        let there =
            |why: String| Unmended { file: source.path.clone(), line: place.line as usize, why };
        let templates: Vec<&Spanned<String>> = expectations.iter().map(|(_, it)| *it).collect();
        let read = templates.iter().flat_map(|it| self.templates.variables_of(&it.value));
        let mut names: BTreeSet<String> = read.collect();
        if choice && names.len() > 1 {
            names.remove("choices");
        }
        let mut names = names.into_iter();
        let (name, more) = (names.next(), names.next());
        let Some(name) = name else {
            let what = "what is expected is written here and not in a row: mend it by hand";
            return Err(there(what.to_owned()));
        };
        if let Some(more) = more {
            let what = format!(
                "what is expected comes from `{name}` and `{more}` together: mend the row by hand"
            );
            return Err(there(what));
        }
        if expectations.iter().any(|(other, _)| *other != choice) {
            let what = "a choice and a text are expected together: mend the row by hand";
            return Err(there(what.to_owned()));
        }
        match row.variables.get(&name) {
            Some(value) => Ok(Column { name, value, choice, templates }),
            None => Err(there(format!("`{name}` is no variable of the row: mend it by hand"))),
        }
    }

    /// Whether the row with another value asks the same and expects what it should: this letter, or
    /// what the value says in the place of what is there.
    fn would_do(
        &self,
        labelled: &Labelled,
        case: &Case,
        column: &Column<'_>,
        value: &Json,
        letters: Option<&str>,
    ) -> Result<(), String> {
        let Labelled { row, cases } = labelled;
        let name = &column.name;
        let mut variables = (*row.variables).clone();
        variables.insert(name.clone(), value.clone());
        let after = Row { variables: Arc::new(variables), ..row.clone() };
        let mended = self.cases_of(&after).map_err(|faults| {
            let fault = faults.into_iter().next();
            fault.map_or_else(String::new, |fault| format!("{}; {}", fault.message, fault.remedy))
        })?;
        let same = cases.len() == mended.len()
            && cases.iter().zip(&mended).all(|(before, after)| {
                before.turns == after.turns && before.question == after.question
            });
        if !same {
            return Err(format!("`{name}` is a part of what is asked, too: mend the row by hand"));
        }
        let place = cases.iter().position(|at| at.id == case.id).unwrap_or_default();
        let mended = &mended[place];
        if mended.subject() == case.subject() {
            return Err(format!("`{name}` says that already"));
        }
        let complex = || {
            let template = column.templates.first().map_or("", |it| it.value.as_str());
            Err(format!(
                "what is expected is made of `{name}` by `{}`, which cannot be undone: mend the row \
                 by hand",
                template.chars().take(80).collect::<String>()
            ))
        };
        match letters {
            Some(letters) if value::typed_letters(mended) == letters => Ok(()),
            Some(_) => complex(),
            None => {
                let mut ignored = Vec::new();
                let (before, after) =
                    (self.scope(row, &mut ignored), self.scope(&after, &mut ignored));
                let fits = column.templates.iter().all(|template| {
                    let texts = |scope| self.templates.values(&template.value, scope).ok();
                    // A part that reads nothing stays what it is.
                    self.templates.variables_of(&template.value).is_empty()
                        || value::follows(column.value, texts(&before), value, texts(&after))
                });
                if fits { Ok(()) } else { complex() }
            }
        }
    }
}

#[cfg(test)]
mod tests;
