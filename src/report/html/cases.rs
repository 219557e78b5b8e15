//! The cases of a page, each with everything that was said, until the page is full.
//!
//! A case is one element that opens without a script. Its texts are cut where a stranger's reply
//! would fill the page: what is left out is counted, and the command that shows it all is named.

use std::collections::{HashMap, HashSet};

use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use rayon::prelude::*;
use serde::Serialize;

use super::pending::Mark;
use super::telling::{Entry, Standing, Telling, elsewhere};
use super::yaml;
use crate::gate::percent;
use crate::record::{Brief, Name, Record, Run, Unreadable};
use crate::report::Page;
use crate::report::changes::{KnownWrong, Marks};
use crate::report::exchange::{Part, Told};
use crate::report::github::tidy;
use crate::report::sharers::Sharers;
use crate::report::text::shell_word;
use crate::report::trial::{confidence_in_words, outcome_in_words};
use crate::scorecard::{Flip, Flipped, Said, Suspect};

/// Tags that a list of all of them has, and tags that a case shows.
const TAGS: usize = 200;
const OWN_TAGS: usize = 12;

/// Bytes of one case: a longer one is shown without what was said.
const LONGEST: usize = 120_000;

/// Cases that are made at the same time, so that few are made in vain.
const BLOCK: usize = 128;

/// Characters of a text that are shown: of a question or an answer in the list, and in full below.
const SHORT: usize = 280;
const LONG: usize = 4000;

/// Bytes of a case that can be copied.
const COPIED: usize = 16_000;

/// The cases as they stand on the page.
pub(super) struct Cases {
    /// Elements, one after the other.
    pub html: String,
    /// The names of their elements.
    pub shown: HashSet<String>,
}

/// Cases of one standing.
#[derive(Debug, Serialize)]
pub(super) struct Count {
    name: &'static str,
    words: &'static str,
    cases: usize,
}

/// A case.
#[derive(Debug, Serialize)]
struct Case {
    /// Name in the page.
    id: String,
    kind: &'static str,
    /// What became of it, in words.
    outcome: String,
    /// The primary confidence, for people and for sorting.
    sure: Option<String>,
    order: String,
    name: String,
    endpoint: String,
    /// Its number among those of the run.
    endpoint_number: usize,
    /// Whether several endpoints are on the page.
    several: bool,
    question: String,
    /// The whole question, where the list has only its beginning.
    whole: Option<String>,
    choices: Vec<String>,
    said: String,
    expected: String,
    tags: Vec<String>,
    /// How many tags it has beyond those.
    more_tags: usize,
    /// Numbers of its tags in the list of all, between blanks.
    tag_numbers: String,
    /// How many repeats stand so, of how many; none where a case is asked once.
    times: Option<[u32; 2]>,
    since: Option<Since>,
    /// What waits for a reviewer.
    pending: Option<Mark>,
    /// Since when and why it is known to be wrong.
    known: Option<String>,
    suspect: Option<String>,
    /// The probability that the models leave to the label, where they say so.
    doubt: Option<String>,
    others: Vec<Other>,
    confidence: Vec<String>,
    at: String,
    exchanges: Vec<Told>,
    command: String,
    /// The case for a suite; none where the run does not know it, or it is too long for the page.
    yaml: Option<String>,
    /// Whether what was said is left out.
    short: bool,
}

/// What became of a case since the run before.
#[derive(Debug, Serialize)]
struct Since {
    word: &'static str,
    bad: bool,
    /// What was said then.
    then: String,
}

/// What another endpoint said.
#[derive(Debug, Serialize)]
struct Other {
    endpoint: String,
    outcome: &'static str,
    said: String,
    sure: Option<String>,
}

/// What all cases of a page have in common.
struct Context<'a> {
    page: &'a Page<'a>,
    marks: &'a Marks<'a>,
    sharers: Sharers,
    since: HashMap<(&'a str, &'a str), &'a Flipped>,
    suspects: HashMap<&'a str, &'a Suspect>,
    others: HashMap<Name, Vec<&'a Brief>>,
    /// The number of a tag in the list of all.
    tags: HashMap<&'a str, usize>,
}

impl Cases {
    /// As many of the run's cases as so many bytes have room for.
    pub(super) fn of(
        page: &Page<'_>,
        telling: &Telling<'_>,
        marks: &Marks<'_>,
        tags: &[String],
        room: usize,
    ) -> Result<Cases, Unreadable> {
        let run = page.run;
        let mut templates = super::templates();
        // A template of this program compiles, or no page is made.
        let template = templates.add_template("case", include_str!("case.html"));
        template.map_err(|error| super::defect(&error))?;
        let context = Context::of(page, telling, marks, tags)?;
        let element = |(place, entry): &(usize, &Entry<'_>)| {
            let case = Case::of(&run.record(entry.worst)?, entry, &context)?;
            let (id, element) = (case.id.clone(), case.html(&templates)?);
            let long = element.len() > LONGEST;
            let element = if long { case.in_short().html(&templates)? } else { element };
            Ok((*place, id, element))
        };
        // What waits for a reviewer finds room before anything else; the order stays.
        let places = || telling.entries.iter().enumerate();
        let waiting = places().filter(|(_, entry)| entry.waits);
        let order: Vec<_> = waiting.chain(places().filter(|(_, entry)| !entry.waits)).collect();
        let (mut bytes, mut elements) = (0, Vec::new());
        'page: for block in order.chunks(BLOCK) {
            let made: Result<Vec<(usize, String, String)>, Unreadable> =
                block.par_iter().map(element).collect();
            for made in made? {
                bytes += made.2.len();
                if bytes > room {
                    break 'page;
                }
                elements.push(made);
            }
        }
        elements.sort_unstable_by_key(|(place, ..)| *place);
        let mut cases = Cases { html: String::new(), shown: HashSet::new() };
        for (_, id, element) in elements {
            cases.html += &element;
            cases.shown.insert(id);
        }
        Ok(cases)
    }
}

/// How many cases of each standing a run has.
pub(super) fn counts(telling: &Telling<'_>, confidence: bool) -> Vec<Count> {
    let counts = Standing::ALL.iter().zip(telling.counts);
    let counts = counts.map(|(standing, cases)| Count {
        name: standing.name(),
        words: standing.words(confidence),
        cases,
    });
    counts.collect()
}

impl<'a> Context<'a> {
    fn of(
        page: &'a Page<'a>,
        telling: &Telling<'a>,
        marks: &'a Marks<'a>,
        tags: &'a [String],
    ) -> Result<Context<'a>, Unreadable> {
        let run = page.run;
        let mut since = HashMap::new();
        for changes in page.changes {
            // The gravest first: a case of several repeats may have gone two ways.
            for flipped in &changes.flips {
                since.entry((changes.endpoint.as_str(), flipped.case.as_str())).or_insert(flipped);
            }
        }
        let suspects = page.scorecard.suspect_labels.iter().flat_map(|found| &found.cases);
        let mut others: HashMap<Name, Vec<&Brief>> = HashMap::new();
        if run.header.endpoints.len() > 1 {
            let cases: HashSet<Name> =
                telling.entries.iter().map(|entry| entry.worst.case()).collect();
            for brief in elsewhere(run, &cases) {
                others.entry(brief.case()).or_default().push(brief);
            }
        }
        Ok(Context {
            page,
            marks,
            sharers: sharers(page, telling)?,
            since,
            suspects: suspects.map(|suspect| (suspect.case.as_str(), suspect)).collect(),
            others,
            tags: tags.iter().map(String::as_str).zip(0..).collect(),
        })
    }
}

/// Who shared the exchanges of the first entries. The journal is read again for it, so only where
/// anything was joined at all.
fn sharers(page: &Page<'_>, telling: &Telling<'_>) -> Result<Sharers, Unreadable> {
    let joined = |endpoint: &crate::scorecard::EndpointOperations| {
        endpoint.origins.get(&crate::record::Origin::Joined).is_some_and(|count| *count > 0)
    };
    if !page.operations.endpoints.iter().any(joined) {
        return Ok(Sharers::default());
    }
    // More than these have no room anyway; the texts of all are not held at once beyond that.
    let shown = telling.entries.iter().take(1000).map(|entry| page.run.record(entry.worst));
    let shown: Vec<Record> = shown.collect::<Result<_, _>>()?;
    Sharers::of(&shown, page.run.records())
}

impl Case {
    fn of(record: &Record, entry: &Entry<'_>, context: &Context<'_>) -> Result<Case, Unreadable> {
        let Context { page, sharers, since, suspects, others, .. } = context;
        let run = page.run;
        let several = run.header.endpoints.len() > 1;
        let (case, endpoint) = (record.case.as_str(), &*record.endpoint);
        let own = |brief: &&&Brief| brief.endpoint() != entry.worst.endpoint();
        let others = others.get(&entry.worst.case()).into_iter().flatten().filter(own);
        let others = others.map(|brief| Other::of(brief, run)).collect::<Result<_, _>>()?;
        let whole = record.question.chars().nth(SHORT).map(|_| cut(&record.question, LONG));
        let repeated = run.header.repeats.get() > 1;
        let mark = context.marks.at(endpoint, case);
        let said = record.said();
        // Who says what the label says is no reason to doubt it.
        let suspect = suspects.get(case).filter(|suspect| said.as_ref() == Some(&suspect.said));
        let exchanges = (0..record.exchanges.len()).map(|place| {
            let mut told = Told::of(place, record, sharers);
            let parts = told.shared.iter_mut().chain(&mut told.turns).chain(&mut told.parts);
            parts.for_each(|part: &mut Part| part.text = cut(&part.text, LONG));
            told
        });
        Ok(Case {
            id: id(case, several.then_some(endpoint)),
            kind: entry.standing().name(),
            outcome: outcome_in_words(record),
            sure: record.primary.map(|sure| format!("{sure:.2}")),
            order: record.primary.map_or_else(|| "-1".into(), |sure| sure.to_string()),
            name: case.to_owned(),
            endpoint: endpoint.to_owned(),
            endpoint_number: entry.worst.endpoint().unwrap_or_default(),
            several,
            question: cut(&record.question, SHORT),
            whole,
            choices: record.choices.iter().map(|choice| cut(choice, SHORT)).collect(),
            said: cut(said.as_deref().unwrap_or("nothing that could be read"), SHORT),
            expected: cut(&record.wanted(), SHORT),
            tags: record.tags.iter().take(OWN_TAGS).map(|tag| cut(tag, SHORT)).collect(),
            more_tags: record.tags.len().saturating_sub(OWN_TAGS),
            tag_numbers: context.numbers(&record.tags),
            times: repeated.then_some([entry.times, entry.of]),
            since: since.get(&(endpoint, case)).map(|flipped| Since::of(flipped)),
            pending: mark.waiting().map(Mark::of),
            known: mark.known.map(|line| KnownWrong::of(line).in_words()),
            suspect: suspect.map(|suspect| doubt(suspect)),
            doubt: suspect.and_then(|suspect| suspect.probability).map(percent),
            others,
            confidence: confidence_in_words(&run.header, record),
            at: format!("{}:{}", tidy(&record.at.file), record.at.line),
            exchanges: exchanges.collect(),
            command: format!(
                "overclaim show {} {}",
                shell_word(page.dir),
                shell_word(&record.trial)
            ),
            yaml: yaml::entry(record).filter(|yaml| yaml.len() <= COPIED),
            short: false,
        })
    }

    /// The same without what was said.
    fn in_short(self) -> Case {
        Case {
            whole: None,
            choices: Vec::new(),
            others: Vec::new(),
            exchanges: Vec::new(),
            yaml: None,
            short: true,
            ..self
        }
    }

    fn html(&self, templates: &Environment<'_>) -> Result<String, Unreadable> {
        let template = templates.get_template("case").map_err(|error| super::defect(&error))?;
        template
            .render(context! { case => Value::from(Serde(self)) })
            .map_err(|error| super::defect(&error))
    }
}

impl Since {
    fn of(flipped: &Flipped) -> Since {
        let (word, bad) = flip_in_words(flipped.flip);
        Since { word, bad, then: said_in_words(&flipped.baseline) }
    }
}

/// What became of a case in a word or two, and whether that is bad.
pub(super) fn flip_in_words(flip: Flip) -> (&'static str, bool) {
    match flip {
        Flip::NewlyConfidentWrong => ("newly confidently wrong", true),
        Flip::NewlyWrong => ("newly wrong", true),
        Flip::Fixed => ("mended", false),
        Flip::NoLongerConfidentWrong => ("no longer confident", false),
    }
}

/// What was said, and how surely.
pub(super) fn said_in_words(said: &Said) -> String {
    let sure = said.confidence.map_or_else(String::new, |sure| format!(" at {sure:.2}"));
    let answer = if said.answer.is_empty() { "no answer" } else { &said.answer };
    format!("{}{sure}", short(answer))
}

/// The beginning of a text.
pub(super) fn short(text: &str) -> String {
    cut(text, SHORT)
}

impl Other {
    fn of(brief: &Brief, run: &Run) -> Result<Other, Unreadable> {
        let record = run.record(brief)?;
        Ok(Other {
            endpoint: record.endpoint.to_string(),
            outcome: Standing::of(brief).words(!run.header.sources.is_empty()),
            said: cut(&record.said().unwrap_or_default(), SHORT),
            sure: record.primary.map(|sure| format!("{sure:.2}")),
        })
    }
}

impl Context<'_> {
    fn numbers(&self, tags: &[String]) -> String {
        let numbers = tags.iter().filter_map(|tag| self.tags.get(tag.as_str()));
        numbers.map(|number| format!(" {number} ")).collect::<Vec<_>>().concat()
    }
}

/// Why a label is worth a second look.
fn doubt(suspect: &Suspect) -> String {
    match (suspect.models.len(), suspect.probability) {
        (0, Some(probability)) => {
            format!("the probabilities speak against the label: it has {probability:.3}")
        }
        (0, None) => "worth a second look".into(),
        (models, _) => {
            format!(
                "{models} models are sure of the same other answer: {}",
                cut(&suspect.said, SHORT)
            )
        }
    }
}

/// A long text of the page that is no case's.
pub(super) fn long(text: &str) -> String {
    cut(text, 25 * LONG)
}

/// At most so many characters of a text, with how many more there are.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => {
            format!("{} … {} more characters", &text[..at], text[at..].chars().count())
        }
    }
}

/// The name of a case's element: the same every night, with nothing in it that a link would have to
/// escape.
pub(super) fn id(case: &str, endpoint: Option<&str>) -> String {
    let named = endpoint.map_or_else(String::new, |endpoint| format!("@{}", inert(endpoint)));
    format!("case-{}{named}", inert(case))
}

/// A text of letters, digits and marks that mean nothing in a link, others by their number.
fn inert(text: &str) -> String {
    let mut inert = String::new();
    for c in text.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' | '/' => inert.push(c),
            c => inert += &format!("~{:x}~", u32::from(c)),
        }
    }
    inert
}

/// The tags that most trials of a run have, by name, and how many others there are. What is too long
/// for a list is none of them.
pub(super) fn tags(run: &Run) -> (Vec<String>, usize) {
    let mut trials: Vec<usize> = vec![0; run.all_labels().len()];
    run.briefs().iter().for_each(|brief| trials[run.labels_number(brief)] += 1);
    let mut tags: HashMap<&str, usize> = HashMap::new();
    for (labels, trials) in run.all_labels().iter().zip(trials) {
        labels.tags.iter().for_each(|tag| *tags.entry(tag).or_default() += trials);
    }
    let all = tags.len();
    let mut tags: Vec<(&str, usize)> = tags.into_iter().collect();
    tags.retain(|(tag, _)| tag.chars().nth(SHORT).is_none());
    tags.sort_by(|(one, of), (other, of_other)| of_other.cmp(of).then(one.cmp(other)));
    tags.truncate(TAGS);
    let mut tags: Vec<String> = tags.into_iter().map(|(tag, _)| tag.to_owned()).collect();
    tags.sort_unstable();
    let left = all - tags.len();
    (tags, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_page_differ_and_need_no_escaping() {
        assert_eq!(id("geo/dutch-capital", None), "case-geo/dutch-capital");
        assert_eq!(id("a b\"<", Some("m 1")), "case-a~20~b~22~~3c~@m~20~1");
        assert_ne!(id("a~20~", None), id("a ", None));
        assert_ne!(id("a@b", Some("c")), id("a", Some("b@c")));
    }

    #[test]
    fn long_texts_say_how_much_more_there_is() {
        assert_eq!(cut("漢字漢字", 4), "漢字漢字");
        assert_eq!(cut("漢字漢字", 3), "漢字漢 … 1 more characters");
    }
}
