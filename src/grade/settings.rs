//! Settings that graders share.

use crate::answer::{Normal, Spaces};
use crate::span::{Fields, Node, Problems, Spanned, Value};

/// What is expected: a template, or a list of texts, which is the template of that list.
pub(super) fn expectation(node: &Node, problems: &mut Problems) -> Option<Spanned<String>> {
    let Value::List(items) = &node.value else { return node.text(problems) };
    let mut texts = Vec::new();
    for item in items {
        let text = item.text(problems)?;
        if text.value.contains("{{") || text.value.contains("{%") {
            let remedy = "write the list as one template, such as \"{{ [one, two] }}\"";
            problems.error(text.span, "a template in a list of expected answers", remedy);
            return None;
        }
        // Literals of JSON are literals of templates; a lone brace does not end one.
        let text = serde_json::Value::from(text.value).to_string();
        texts.push(text.replace('}', "\\u007d"));
    }
    Some(Spanned::new(format!("{{{{ [{}] }}}}", texts.join(", ")), node.span))
}

/// The field `answer` of a grader with settings.
pub(super) fn answer(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Spanned<String>> {
    let Some(node) = fields.take("answer") else {
        problems.error(fields.span, "`answer` is missing", "say what is right: `answer: …`");
        return None;
    };
    expectation(node, problems)
}

/// A text that must be given.
pub(super) fn wanted(
    fields: &mut Fields<'_>,
    name: &'static str,
    remedy: &str,
    problems: &mut Problems,
) -> Option<Spanned<String>> {
    let Some(node) = fields.take(name) else {
        let message = format!("`{name}` is missing");
        problems.error(fields.span, message, format!("{remedy}: `{name}: …`"));
        return None;
    };
    node.text(problems)
}

/// The setting of this name, the first word if it is absent.
pub(super) fn keyword(
    fields: &mut Fields<'_>,
    name: &'static str,
    words: &[&'static str],
    problems: &mut Problems,
) -> Option<&'static str> {
    let Some(node) = fields.take(name) else { return Some(words[0]) };
    let typed = node.text(problems)?;
    let found = words.iter().copied().find(|word| *word == typed.value);
    if found.is_none() {
        problems.unknown(name, &typed, words);
    }
    found
}

/// The switch of this name: `true` or `false`.
pub(super) fn switch(
    fields: &mut Fields<'_>,
    name: &'static str,
    default: bool,
    problems: &mut Problems,
) -> Option<bool> {
    fields.take(name).map_or(Some(default), |node| node.boolean(problems))
}

/// The share from which on an answer is right. None of it would accept every answer.
pub(super) fn at_least(
    fields: &mut Fields<'_>,
    default: f64,
    problems: &mut Problems,
) -> Option<f64> {
    let Some(node) = fields.take("at_least") else { return Some(default) };
    let share = node.share(problems)?;
    if share <= 0.0 {
        let remedy = format!("write a share above 0, such as {default}");
        problems.error(node.span, "`at_least: 0` accepts every answer", remedy);
        return None;
    }
    Some(share)
}

/// Which differences between texts do not count: `case`, `punctuation`, `articles`, `unicode` and
/// `spaces`.
pub(super) fn normal(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Normal> {
    let ignores = |word: &str| word == "ignore";
    let mut switch = |name, words| keyword(fields, name, words, problems);
    // All are read before any failure counts, so that every problem is noted.
    let case = switch("case", &["ignore", "keep"]);
    let punctuation = switch("punctuation", &["ignore", "keep"]);
    let articles = switch("articles", &["ignore", "keep"]);
    let unicode = switch("unicode", &["nfkc", "keep"]);
    let spaces = switch("spaces", &["collapse", "ignore", "keep"]);
    Some(Normal {
        nfkc: unicode? == "nfkc",
        ignore_case: ignores(case?),
        ignore_punctuation: ignores(punctuation?),
        ignore_articles: ignores(articles?),
        spaces: match spaces? {
            "ignore" => Spaces::Ignore,
            "keep" => Spaces::Keep,
            _ => Spaces::Collapse,
        },
    })
}
