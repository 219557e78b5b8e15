//! What is expected: one value, or several of which any is right.

use super::Grader;
use crate::span::{Span, Spanned};

/// Fills a case's values into a template. A template that is one lone expression whose value is a
/// list yields a text an item, any other one text.
pub type Render<'a, E> = dyn FnMut(&Spanned<String>) -> Result<Vec<String>, E> + 'a;

/// All texts of a template.
pub(super) fn all<E>(
    template: &Spanned<String>,
    render: &mut Render<'_, E>,
) -> Result<Vec<String>, BindError<E>> {
    let texts = render(template).map_err(BindError::Render)?;
    if texts.is_empty() {
        return Err(BindError::Unfit(Unfit {
            span: template.span,
            message: "the list of expected answers is empty".into(),
            remedy: "give one, or grade with `abstains` where no answer is right".into(),
        }));
    }
    Ok(texts)
}

/// The only text of a template that is no expectation.
pub(super) fn single<E>(
    template: &Spanned<String>,
    render: &mut Render<'_, E>,
) -> Result<String, BindError<E>> {
    let mut texts = render(template).map_err(BindError::Render)?;
    match texts.pop() {
        Some(text) if texts.is_empty() => Ok(text),
        _ => Err(BindError::Unfit(Unfit {
            span: template.span,
            message: "a list where one text is wanted".into(),
            remedy: "give one text; only an expected answer may be a list".into(),
        })),
    }
}

/// A grader of one expectation, for each text of a template: any of them is right.
pub(super) fn any<E>(
    template: &Spanned<String>,
    render: &mut Render<'_, E>,
    bind: impl Fn(&str) -> Result<Grader, Unfit>,
) -> Result<Grader, BindError<E>> {
    let mut graders =
        all(template, render)?.iter().map(|text| bind(text)).collect::<Result<Vec<_>, _>>()?;
    Ok(match graders.pop() {
        Some(grader) if graders.is_empty() => grader,
        last => {
            graders.extend(last);
            Grader::AnyOf(graders)
        }
    })
}

/// Why a case has no grader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindError<E> {
    /// A template could not be rendered.
    Render(E),
    /// What was rendered does not fit.
    Unfit(Unfit),
}

impl<E> From<Unfit> for BindError<E> {
    fn from(unfit: Unfit) -> BindError<E> {
        BindError::Unfit(unfit)
    }
}

/// What is wrong with a rendered expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The template that gave it.
    pub span: Span,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// What to do about it, a lower-case fragment.
    pub remedy: String,
}

impl Unfit {
    /// The trimmed answer, unless there is none.
    pub(super) fn unless_empty(answer: &str, span: Span) -> Result<&str, Unfit> {
        let answer = answer.trim();
        if answer.is_empty() {
            let message = "the expected answer is empty";
            let remedy = "give it, or grade with `abstains` where no answer is right";
            return Err(Unfit { span, message: message.into(), remedy: remedy.into() });
        }
        Ok(answer)
    }

    /// An expectation cut to a length that fits a message.
    pub(super) fn shown(answer: &str) -> String {
        answer.chars().take(60).collect()
    }
}
