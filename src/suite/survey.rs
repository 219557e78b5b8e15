//! One look at all cases: faults of single rows, and what only shows when they are seen together.
//!
//! Of a case sixteen bytes are kept: a number that stands for its id, and one for what it asks.
//! Only where a number comes twice may there be something to say, and then the rows are looked at
//! once more, now that it is known whose ids, expectations and places are worth keeping. Two texts
//! may have the same number by chance; the second look compares their digests.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::answer::{Normal, Question};
use crate::ask::Digest;
use crate::span::{Span, did_you_mean};

use super::Suite;
use super::cases::{Case, Fault};
use super::dataset::{Row, RowError, RowName, Unread};
use super::findings::Findings;
use super::raw::ChoiceOrder;
use super::walk::in_order;

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

/// What a case tells beside the others.
struct Glance<T> {
    /// Numbers for its id and for what it asks.
    id: u64,
    asked: u64,
    /// All of both, where another case has the same number.
    whole: Option<Box<Whole>>,
    /// Places of the overrides that mean it, and names of the parts it belongs to.
    overridden: Vec<usize>,
    slices: Vec<String>,
    /// Two choices that are one.
    same_choices: Option<(char, char)>,
    /// The right letter, of so many.
    letter: Option<(usize, String)>,
    told: T,
}

/// What a number stands for.
struct Whole {
    id: String,
    asked: Digest,
    expected: Digest,
}

/// Where a row stands.
struct Place {
    name: RowName,
    /// In the suite, for rows typed there.
    span: Option<Span>,
}

/// A row's cases at a glance.
struct Glances<T> {
    group: Option<String>,
    cases: Vec<Glance<T>>,
}

/// What is kept of the cases seen so far.
#[derive(Default)]
struct Seen {
    ids: Vec<u64>,
    asked: Vec<u64>,
    /// How often each letter is the right one, by the number of choices.
    letters: BTreeMap<usize, BTreeMap<String, usize>>,
    clusters: Clusters,
    slices: BTreeMap<String, Clusters>,
    /// Which of the overrides meant a case.
    overridden: Vec<bool>,
    first: First,
}

/// Groups, by a number for their names, and rows that are in none. Such a row is a cluster of its
/// own: two of one name have cases of one id, which is an error.
#[derive(Default)]
struct Clusters {
    groups: HashSet<u64>,
    alone: usize,
}

/// Numbers that several cases have.
#[derive(Default)]
struct Repeated {
    ids: HashSet<u64>,
    asked: HashSet<u64>,
}

/// Where what is repeated came first, and what was expected then.
#[derive(Default)]
struct First {
    ids: HashMap<String, RowName>,
    asked: HashMap<Digest, (Digest, RowName)>,
}

impl Suite {
    /// Looks at every row and notes everything that is wrong with it.
    pub fn check(&self, findings: &mut Findings) -> Census {
        self.survey(findings, |_| (), |()| ())
    }

    /// Looks at every row, notes everything that is wrong with it, and tells in order what `each`
    /// makes of the cases, on which several processors work.
    pub fn survey<T: Send>(
        &self,
        findings: &mut Findings,
        each: impl Fn(&Case) -> T + Sync,
        tell: impl FnMut(T),
    ) -> Census {
        let mut found = findings.clone();
        let (census, seen) = self.look(&Repeated::default(), &mut found, each, tell);
        let repeated = Repeated { ids: repeated(seen.ids), asked: repeated(seen.asked) };
        if repeated.ids.is_empty() && repeated.asked.is_empty() {
            *findings = found;
        } else {
            self.look(&repeated, findings, |_| (), |()| ());
        }
        census
    }

    /// Looks at every row; at cases whose numbers are repeated, closely.
    fn look<T: Send>(
        &self,
        repeated: &Repeated,
        findings: &mut Findings,
        each: impl Fn(&Case) -> T + Sync,
        mut tell: impl FnMut(T),
    ) -> (Census, Seen) {
        let mut census = Census::default();
        let overridden = vec![false; self.overrides.len()];
        let mut seen = Seen { overridden, ..Seen::default() };
        seen.slices.extend(self.slices().map(|(name, _)| (name, Clusters::default())));
        let glance = |row: Result<Unread, RowError>| -> Result<_, RowError> {
            let row = row?.read()?;
            Ok((Place { name: row.name(), span: row.span }, self.glance(&row, repeated, &each)))
        };
        in_order(self.rows.unread(), glance, |row| {
            let (place, cases) = match row {
                Ok(row) => row,
                Err(error) => return self.row_unreadable(error, findings),
            };
            census.rows += 1;
            match cases {
                Ok(Glances { group, cases }) => {
                    census.cases += cases.len();
                    seen.cluster(group.as_deref(), &cases);
                    for case in cases {
                        tell(self.add(case, &place, &mut seen, findings));
                    }
                }
                Err(faults) => {
                    for Fault { span, kind, message, remedy } in faults {
                        findings.row_error(&self.source, span, &kind, || message, remedy);
                    }
                }
            }
        });
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
        census.slices = seen.slices.iter().map(|(name, of)| (name.clone(), of.len())).collect();
        (census, seen)
    }

    /// What a row's cases tell beside the others.
    fn glance<T>(
        &self,
        row: &Row,
        repeated: &Repeated,
        each: impl Fn(&Case) -> T,
    ) -> Result<Glances<T>, Vec<Fault>> {
        let cases = self.cases_of(row)?;
        let group = cases.first().and_then(|case| case.group.clone());
        let glance = |case: Case| {
            let (id, asked) = (number(&case.id), number(&case.turns));
            let known = repeated.ids.contains(&id) || repeated.asked.contains(&asked);
            let parts = self.overrides.iter().enumerate();
            let overridden = parts.filter(|(_, part)| part.applies(row.span, &case.id, &case.tags));
            let rotated = case.variant.get("rotation").is_some_and(|rotation| rotation != "0");
            let letter = if rotated { None } else { case.grader.letter() };
            Glance {
                id,
                asked,
                overridden: overridden.map(|(place, _)| place).collect(),
                same_choices: if rotated { None } else { same_choices(&case.question) },
                letter: letter.map(|letter| (case.question.choices.len(), letter)),
                told: each(&case),
                whole: known.then(|| {
                    Box::new(Whole {
                        asked: Digest::of(&case.turns),
                        expected: Digest::of_bytes(case.grader.expected().as_bytes()),
                        id: case.id,
                    })
                }),
                slices: case.slices,
            }
        };
        Ok(Glances { group, cases: cases.into_iter().map(glance).collect() })
    }

    /// Adds a case to what was seen, and notes what that shows.
    fn add<T>(&self, case: Glance<T>, row: &Place, seen: &mut Seen, findings: &mut Findings) -> T {
        seen.ids.push(case.id);
        seen.asked.push(case.asked);
        if let Some(whole) = case.whole {
            self.compare(*whole, row, &mut seen.first, findings);
        }
        for place in case.overridden {
            seen.overridden[place] = true;
        }
        if let Some((one, other)) = case.same_choices {
            let message = || format!("{}: choices {one} and {other} are the same text", row.name);
            let remedy = "make them differ in more than case, punctuation and articles";
            let span = row.span.unwrap_or(self.rows_span);
            findings.row_warning(&self.source, span, "same choices", message, remedy);
        }
        if let Some((choices, letter)) = case.letter {
            *seen.letters.entry(choices).or_default().entry(letter).or_default() += 1;
        }
        case.told
    }

    /// Notes a case that has the id of another, or asks the same and expects something else.
    fn compare(&self, case: Whole, row: &Place, first: &mut First, findings: &mut Findings) {
        let Whole { id, asked, expected } = case;
        match first.ids.entry(id) {
            Entry::Occupied(first) => {
                let message =
                    || format!("{} has the id `{}` of {}", row.name, first.key(), first.get());
                let span = row.span.or_else(|| Some(self.labels.id.as_ref()?.span));
                let span = span.unwrap_or(self.rows_span);
                let remedy = "give every case an id of its own";
                findings.row_error(&self.source, span, "duplicate id", message, remedy);
            }
            Entry::Vacant(first) => {
                first.insert(row.name.clone());
            }
        }
        let (before, other) =
            first.asked.entry(asked).or_insert_with(|| (expected, row.name.clone()));
        if *before != expected {
            let message =
                || format!("{} asks what {other} asks, and expects another answer", row.name);
            let remedy = "one of the two is wrong: a model cannot answer both";
            let span = row.span.unwrap_or(self.rows_span);
            findings.row_warning(&self.source, span, "contradiction", message, remedy);
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

impl Seen {
    /// Counts the cluster of a row, in all and in the parts that its cases belong to.
    fn cluster<T>(&mut self, group: Option<&str>, cases: &[Glance<T>]) {
        self.clusters.add(group);
        let parts: HashSet<&String> = cases.iter().flat_map(|case| &case.slices).collect();
        for part in parts {
            self.slices.entry(part.clone()).or_default().add(group);
        }
    }
}

impl Clusters {
    fn add(&mut self, group: Option<&str>) {
        match group {
            Some(group) => _ = self.groups.insert(number(group)),
            None => self.alone += 1,
        }
    }

    fn len(&self) -> usize {
        self.groups.len() + self.alone
    }
}

/// A number that equal things share, and others only by chance.
fn number(thing: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

/// The numbers that stand there more than once.
fn repeated(mut numbers: Vec<u64>) -> HashSet<u64> {
    numbers.sort_unstable();
    numbers.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
}

/// Two choices that normalisation takes for one.
fn same_choices(question: &Question) -> Option<(char, char)> {
    if question.choices.iter().all(|choice| choice.is_ascii()) {
        let mut gists: Vec<u64> = question.choices.iter().map(|choice| gist(choice)).collect();
        gists.sort_unstable();
        if gists.windows(2).all(|pair| pair[0] != pair[1]) {
            return None;
        }
    }
    let normal = Normal::default();
    let mut texts: Vec<(char, String)> = Vec::with_capacity(question.choices.len());
    for letter in question.letters() {
        let text = normal.apply(question.choice(letter)?);
        if let Some((first, _)) = texts.iter().find(|(_, known)| *known == text) {
            return Some((*first, letter));
        }
        texts.push((letter, text));
    }
    None
}

/// A number of an ASCII text that normalisation does not change: of its letters and digits, but for
/// those that articles are made of. Texts are the same only where their gists are.
fn gist(text: &str) -> u64 {
    let told = text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
    let told = told.filter(|byte| !b"anthe".contains(byte));
    told.fold(0, |gist: u64, byte| gist.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte))
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
mod tests;
