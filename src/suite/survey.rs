//! One look at all cases: faults of single rows, and what only shows when they are seen together.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::answer::{Normal, Question};
use crate::ask::Digest;
use crate::span::did_you_mean;

use super::Suite;
use super::cases::Case;
use super::dataset::{Row, RowError, RowName};
use super::findings::Findings;
use super::raw::ChoiceOrder;

/// What one pass over all cases found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// Number of rows, each of which gives one case or, with variants, several.
    pub rows: usize,
    /// Number of cases.
    pub cases: usize,
    /// Number of clusters: rows, or groups of them, which are independent of each other.
    pub clusters: usize,
    /// Number of clusters of each part with a budget of its own, in the order of the suite.
    pub slices: BTreeMap<String, usize>,
}

/// What is kept of the cases seen so far: a few bytes each.
#[derive(Default)]
struct Seen {
    /// Rows by the digest of the case's id.
    ids: HashMap<u64, RowName>,
    /// What was expected, and in which row, by the digest of what was asked.
    asked: HashMap<u64, (u64, RowName)>,
    /// How often each letter is the right one, by the number of choices.
    letters: HashMap<usize, HashMap<String, usize>>,
    /// Digests of the names of rows and groups, and of those of each part of the suite.
    clusters: HashSet<u64>,
    slices: BTreeMap<String, HashSet<u64>>,
    /// Which of the overrides meant a case.
    overridden: Vec<bool>,
}

impl Suite {
    /// Looks at every row and notes everything that is wrong with it.
    pub fn check(&self, findings: &mut Findings) -> Census {
        let mut census = Census::default();
        let overridden = vec![false; self.overrides.len()];
        let mut seen = Seen { overridden, ..Seen::default() };
        seen.slices.extend(self.slices().map(|(name, _)| (name, HashSet::new())));
        for row in self.rows.iter() {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    self.row_unreadable(error, findings);
                    continue;
                }
            };
            census.rows += 1;
            match self.cases_of(&row) {
                Ok(cases) => {
                    census.cases += cases.len();
                    for case in cases {
                        self.look(&case, &row, &mut seen, findings);
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
        if census.rows == 0 && !findings.has_errors() {
            let remedy = "add at least one row";
            findings.error(&self.source, self.rows_span, "there are no cases", remedy);
        }
        // Beside an error these would mostly be its echo.
        if !findings.has_errors() {
            self.imbalance(&seen, findings);
            self.unused(findings);
            for (part, _) in self.overrides.iter().zip(&seen.overridden).filter(|(_, seen)| !**seen)
            {
                let message = format!("no case matches `{}`", part.name());
                let remedy = "match ids and tags of the cases";
                findings.warning(&self.source, part.span, message, remedy);
            }
        }
        census.clusters = seen.clusters.len();
        census.slices = seen.slices.into_iter().map(|(name, of)| (name, of.len())).collect();
        census
    }

    /// What a case tells beside the others.
    fn look(&self, case: &Case, row: &Row, seen: &mut Seen, findings: &mut Findings) {
        let id = Digest::of_bytes(case.id.as_bytes()).number();
        if let Some(first) = seen.ids.get(&id) {
            let message = || format!("{} has the id `{}` of {first}", row.name(), case.id);
            let span = row.span.or_else(|| Some(self.labels.id.as_ref()?.span));
            let span = span.unwrap_or(self.rows_span);
            let remedy = "give every case an id of its own";
            findings.row_error(&self.source, span, "duplicate id", message, remedy);
        } else {
            seen.ids.insert(id, row.name());
        }
        let cluster =
            Digest::of(&(&case.group, case.group.is_none().then_some(&case.row))).number();
        seen.clusters.insert(cluster);
        for (part, seen) in self.overrides.iter().zip(&mut seen.overridden) {
            *seen |= part.applies(row.span, &case.id, &case.tags);
        }
        for slice in &case.slices {
            seen.slices.entry(slice.clone()).or_default().insert(cluster);
        }
        let span = row.span.unwrap_or(self.rows_span);
        let asked = Digest::of(&case.turns).number();
        let expected = Digest::of_bytes(case.grader.expected().as_bytes()).number();
        let (first, other) = seen.asked.entry(asked).or_insert_with(|| (expected, row.name()));
        if *first != expected {
            let message =
                || format!("{} asks what {other} asks, and expects another answer", row.name());
            let remedy = "one of the two is wrong: a model cannot answer both";
            findings.row_warning(&self.source, span, "contradiction", message, remedy);
        }
        if case.variant.get("rotation").is_some_and(|rotation| rotation != "0") {
            return;
        }
        if let Some((one, other)) = same_choices(&case.question) {
            let message = || format!("{}: choices {one} and {other} are the same text", row.name());
            let remedy = "make them differ in more than case, punctuation and articles";
            findings.row_warning(&self.source, span, "same choices", message, remedy);
        }
        if let Some(letter) = case.grader.letter() {
            let letters = seen.letters.entry(case.question.choices.len()).or_default();
            *letters.entry(letter).or_default() += 1;
        }
    }

    /// A letter that is right far more often than chance would have it: a model that always gives
    /// it looks good.
    fn imbalance(&self, seen: &Seen, findings: &mut Findings) {
        if self.choice_order != ChoiceOrder::Typed {
            return;
        }
        for (choices, letters) in &seen.letters {
            let n: usize = letters.values().sum();
            let Some((letter, most)) =
                letters.iter().max_by_key(|(letter, n)| (**n, letter.as_str()))
            else {
                continue;
            };
            if far_above_even(*most, n, *choices) {
                let message =
                    format!("{letter} is right in {most} of {n} questions with {choices} choices");
                let remedy = "balance the letters, or add `choice_order: shuffle`";
                findings.warning(&self.source, self.grade_span, message, remedy);
            }
        }
    }

    /// Variables that nobody reads. Of the columns of a file only the question counts: files come
    /// with more than a suite needs.
    fn unused(&self, findings: &mut Findings) {
        let used = self.templates.variables();
        for axis in &self.matrix {
            if !used.contains(&axis.name.value) {
                let message =
                    format!("no template uses `{}`: its cases are all alike", axis.name.value);
                let remedy = format!("write {{{{ {} }}}} into the prompt", axis.name.value);
                findings.warning(&self.source, axis.name.span, message, remedy);
            }
        }
        let known: Vec<&str> = used.iter().map(String::as_str).collect();
        let mut told: HashSet<String> = HashSet::new();
        for row in self.rows.typed_rows() {
            for name in row.variables.keys() {
                if used.contains(name) || READ_ANYWAY.contains(&name.as_str()) {
                    continue;
                }
                if told.insert(name.clone()) {
                    let span = row.span.unwrap_or(self.rows_span);
                    let span = self.source.find_word(span, name);
                    let remedy = match did_you_mean(name, &known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "use it, or remove it".to_owned(),
                    };
                    let message = format!("no template uses `{name}`");
                    findings.warning(&self.source, span, message, remedy);
                }
            }
        }
        let first = self.rows.iter().next().and_then(Result::ok);
        if !used.contains("question")
            && self.rows.typed_rows().is_empty()
            && first.is_some_and(|row| row.variables.contains_key("question"))
        {
            let message = "no template uses the `question` of the rows";
            findings.warning(
                &self.source,
                self.rows_span,
                message,
                "write {{ question }} into the prompt",
            );
        }
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
}

/// Keys of a typed case that mean something without a template.
const READ_ANYWAY: &[&str] = &["id", "tags", "group", "choices", "source", "note"];

/// Two choices that normalisation takes for one.
fn same_choices(question: &Question) -> Option<(char, char)> {
    let normal = Normal::default();
    let texts: Vec<(char, String)> = question
        .letters()
        .filter_map(|letter| Some((letter, normal.apply(question.choice(letter)?))))
        .collect();
    let mut first: HashMap<&str, char> = HashMap::new();
    texts.iter().find_map(|(letter, text)| Some((first.insert(text, *letter)?, *letter)))
}

/// Whether a count lies four standard deviations above its even share, of at least 20.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn far_above_even(count: usize, n: usize, shares: usize) -> bool {
    if n < 20 || shares < 2 {
        return false;
    }
    let share = 1.0 / shares as f64;
    let (mean, variance) = (n as f64 * share, n as f64 * share * (1.0 - share));
    count as f64 > mean + 4.0 * variance.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_chance_does_not_do_is_far_above_even() {
        for (count, n, shares, far) in [
            (20, 20, 4, true),
            (12, 20, 4, false),
            (13, 20, 4, true),
            (50, 182, 4, false),
            (19, 19, 4, false),
            (9, 20, 2, false),
        ] {
            assert_eq!(far_above_even(count, n, shares), far, "{count} of {n}, {shares} choices");
        }
    }
}
