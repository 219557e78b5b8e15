use std::convert::Infallible;

use super::*;
use crate::span::parse;

fn read(yaml: &str) -> (Option<Spec>, Vec<String>) {
    let mut problems = Problems::default();
    let spec = Spec::read(&parse(yaml).unwrap(), &mut problems);
    let said = problems
        .into_iter()
        .map(|problem| format!("{}: {}; {}", problem.span.column, problem.message, problem.remedy));
    (spec, said.collect())
}

fn bind(yaml: &str, question: &Question) -> Result<Grader, Unfit> {
    let (spec, problems) = read(yaml);
    assert!(problems.is_empty(), "{problems:?}");
    // `[a, b]` stands for a template that yields a list.
    let render = &mut |template: &Spanned<String>| {
        let text = template.value.as_str();
        let list = text.strip_prefix("[").and_then(|text| text.strip_suffix("]"));
        Ok::<_, Infallible>(match list {
            Some("") => Vec::new(),
            Some(items) => items.split(", ").map(str::to_owned).collect(),
            None => vec![text.to_owned()],
        })
    };
    spec.unwrap().bind(question, render).map_err(|error| match error {
        BindError::Unfit(unfit) => unfit,
        BindError::Render(never) => match never {},
    })
}

fn cities() -> Question {
    let choices = ["London", "Paris", "Rome", "Cannot be determined"];
    Question { text: "?".into(), choices: choices.map(String::from).to_vec() }
}

/// The replies of a table that are not judged and read as it says.
pub(super) fn misjudged(yaml: &str, rows: &[(&str, Verdict, &str)]) -> Vec<String> {
    let wrong = rows.iter().filter_map(|(text, verdict, read)| {
        let found = judge_cut(yaml, text, false);
        let expected = (verdict.clone(), Some(*read).filter(|read| !read.is_empty()));
        ((found.0.clone(), found.1.as_deref()) != expected).then(|| format!("{text:?}: {found:?}"))
    });
    wrong.collect()
}

/// What is wrong with a grader: a problem of its settings, or an expectation that does not fit.
pub(super) fn fault(yaml: &str) -> String {
    let (spec, problems) = read(yaml);
    match spec {
        None => problems.join(" / "),
        Some(_) => bind(yaml, &cities())
            .err()
            .map_or_else(String::new, |unfit| format!("{}; {}", unfit.message, unfit.remedy)),
    }
}

fn judge_cut(yaml: &str, text: &str, truncated: bool) -> (Verdict, Option<String>) {
    let question = cities();
    let answer = Answer { text: text.into(), truncated };
    match bind(yaml, &question).unwrap().step(&question, &answer, &Heard::default()) {
        Step::Done(judgement) => (judgement.verdict, judgement.read),
        Step::Ask(_) => panic!("nothing to ask"),
    }
}

pub(super) fn judge(yaml: &str, text: &str) -> Verdict {
    judge_cut(yaml, text, false).0
}

use Verdict::{Abstained, Correct, Incorrect, Truncated, Unparsable};

#[test]
fn graders_are_read_and_problems_name_the_remedy() {
    for (yaml, problem) in [
        ("exactt: x", "1: unknown grader `exactt`; did you mean `exact`?"),
        ("exact", "1: `exact` does not say what is right; write `exact: …`"),
        ("{abstains: yes}", "12: `abstains` has no settings; write `abstains` alone"),
        ("{any_of: []}", "10: an empty list of graders; name at least one grader"),
        (
            "{exact_with: {answer: x, case: lower}}",
            "32: unknown case `lower`; known are ignore, keep",
        ),
        ("{exact_with: {anser: x}}", "14: `answer` is missing; say what is right: `answer: …`"),
        (
            "{numeric_with: {answer: 1, tolerance: -1}}",
            "39: a negative tolerance; write how far off an answer may be",
        ),
    ] {
        let (spec, problems) = read(yaml);
        assert!(spec.is_none(), "{yaml}");
        assert_eq!(problems[0], problem, "{yaml}");
    }
    let (spec, problems) = read("{any_of: [{exat: 1}, {numeric: x}, {nott: 1}]}");
    assert_eq!((spec, problems.len()), (None, 2));
    assert!(read("choice:").0.is_none());
}

#[test]
fn templates_are_visited_with_their_places() {
    let yaml = "{any_of: [{exact: a}, {not: {numeric_with: {answer: b, unit: c}}}, abstains, {choice: d}]}";
    let spec = read(yaml).0.unwrap();
    let mut seen = String::new();
    spec.visit_templates(&mut |template| {
        seen += &template.value;
        assert_eq!(&yaml[template.span.start..template.span.end], template.value);
    });
    assert_eq!(seen, "abcd");
    let yaml = "{all_of: [{contains: a}, {contains_with: {answer: b}}, {regex: c}, \
        {regex_with: {pattern: (d), group: 1, answer: e}}, {json: {path: x, equals: f}}, {f1: g}, \
        {f1_with: {answer: h}}, {similar: i}, {similar_with: {answer: j}}, {date: k}, \
        {date_with: {answer: l}}, {list: m}, {list_with: {answer: n}}, {set: o}, \
        {set_with: {answer: p}}, {exact_with: {answer: q}}]}";
    let (spec, problems) = read(yaml);
    assert!(problems.is_empty(), "{problems:?}");
    let mut seen = String::new();
    spec.unwrap().visit_templates(&mut |template| seen += &template.value);
    assert_eq!(seen, "abc(d)efghijklmnopq");
}

#[test]
fn expectations_that_do_not_fit_are_refused() {
    for (yaml, message, remedy) in [
        (
            "{choice: E}",
            "`E` is no choice",
            "give a letter from A to D, or the exact text of a choice",
        ),
        (
            "{choice: Berlin}",
            "`Berlin` is no choice",
            "give a letter from A to D, or the exact text of a choice",
        ),
        ("{choice: \"\"}", "the expected choice is empty", "give its letter or its text"),
        (
            "{exact: \" \"}",
            "the expected answer is empty",
            "give it, or grade with `abstains` where no answer is right",
        ),
        (
            "{numeric: many}",
            "`many` is not a number",
            "give one number such as 206, 1,234.5, 1.2e5 or 3/4",
        ),
        (
            "{numeric: 1 of 2}",
            "`1 of 2` holds 2 numbers",
            "give one number such as 206, 1,234.5, 1.2e5 or 3/4",
        ),
    ] {
        let unfit = bind(yaml, &cities()).unwrap_err();
        assert_eq!((unfit.message.as_str(), unfit.remedy.as_str()), (message, remedy));
        assert!(unfit.span.column > 1);
    }
    for (yaml, message) in [
        ("{exact: \"[]\"}", "the list of expected answers is empty"),
        ("{exact: \"[Paris, ]\"}", "the expected answer is empty"),
        ("{numeric_with: {answer: 1, unit: \"[km, m]\"}}", "a list where one text is wanted"),
    ] {
        assert_eq!(bind(yaml, &cities()).unwrap_err().message, message);
    }
    let open = bind("{choice: A}", &Question::default()).unwrap_err();
    assert_eq!(open.message, "the question has no choices");
    let twins = Question { choices: vec!["x".into(), "x".into()], ..Question::default() };
    assert_eq!(bind("{choice: x}", &twins).unwrap_err().message, "choices A and B are both `x`");
}

#[test]
fn the_expectation_is_told_for_people() {
    for (yaml, expected) in [
        ("{choice: b}", "B"),
        ("{choice: Paris}", "B"),
        ("{exact: Paris}", "Paris"),
        ("{numeric: 206}", "206"),
        ("{numeric_with: {answer: 5, unit: km}}", "5 km"),
        ("{contains: x}", "x"),
        ("{regex: x+}", "/x+/"),
        ("{regex_with: {pattern: (x+), group: 1, answer: xx}}", "xx"),
        ("{json: {path: a, equals: x}}", "x"),
        ("{f1: \"[x, y]\"}", "x or y"),
        ("{similar: x}", "x"),
        ("{date: 12 March 1938}", "12 March 1938"),
        ("{set: \"x, y and z\"}", "x, y, z"),
        ("{list: \"[x, y]\"}", "x, y"),
        ("abstains", "no answer"),
        ("{any_of: [{exact: x}, abstains]}", "x or no answer"),
        ("{exact: \"[Paris, City of Paris]\"}", "Paris or City of Paris"),
        ("{not: {exact: \"[x, y]\"}}", "not (x or y)"),
        ("{all_of: [{any_of: [{exact: x}, {exact: y}]}, {exact: z}]}", "(x or y) and z"),
        ("{not: {any_of: [{exact: x}]}}", "not x"),
        ("{all_of: [{not: {exact: x}}, {exact: y}]}", "not x and y"),
    ] {
        assert_eq!(bind(yaml, &cities()).unwrap().expected(), expected);
    }
}

#[test]
fn choices() {
    for (text, verdict, read) in [
        ("B", Correct, Some("B")),
        ("(b)", Correct, Some("B")),
        ("The answer is A.", Incorrect, Some("A")),
        ("Paris", Correct, Some("B")),
        ("Rome", Incorrect, Some("C")),
        ("Cannot be determined", Incorrect, Some("D")),
        ("It cannot be determined from this.", Abstained, None),
        ("I don't know.", Abstained, None),
        ("B. I don't know.", Correct, Some("B")),
        ("A or B", Unparsable, None),
        ("F", Unparsable, None),
        ("INCORRECT", Unparsable, None),
        ("", Unparsable, None),
    ] {
        assert_eq!(
            judge_cut("{choice: B}", text, false),
            (verdict, read.map(str::to_owned)),
            "{text:?}"
        );
    }
}

#[test]
fn texts() {
    for (yaml, text, verdict) in [
        ("{exact: Paris}", "paris.", Correct),
        ("{exact: Paris}", "The answer is **Paris**.", Correct),
        ("{exact: Paris}", "It is Paris.", Incorrect),
        ("{exact: Paris}", "Paris\nConfidence: 90%", Correct),
        ("{exact: \"-5\"}", "5", Incorrect),
        ("{exact: \"1.5\"}", "15", Incorrect),
        ("{exact: C++}", "C", Incorrect),
        ("{exact: \"C#\"}", "c#.", Correct),
        ("{exact: no}", "No.", Correct),
        ("{exact: Unknown}", "unknown", Correct),
        ("{exact: Paris}", "unknown", Abstained),
        ("{exact: Paris}", "I’m not sure.", Abstained),
        ("{exact: Paris}", "\n", Unparsable),
        ("{exact_with: {answer: Paris, case: keep}}", "paris", Incorrect),
        ("{exact_with: {answer: Paris, punctuation: keep}}", "Paris.", Incorrect),
        ("{exact_with: {answer: the Who, articles: keep}}", "Who", Incorrect),
        ("{exact_with: {answer: new york, spaces: ignore}}", "NewYork", Correct),
        ("{exact_with: {answer: Ａ, unicode: keep}}", "A", Incorrect),
    ] {
        assert_eq!(judge(yaml, text), verdict, "{yaml} {text:?}");
    }
}

#[test]
fn numbers() {
    for (yaml, text, verdict) in [
        ("{numeric: 206}", "206", Correct),
        ("{numeric: 206}", "The human body has 206 bones.", Correct),
        ("{numeric: 206}", "207", Incorrect),
        ("{numeric: 206}", "two hundred", Unparsable),
        ("{numeric: 206}", "I don't know.", Abstained),
        ("{numeric: 206}", "206\nConfidence: 90%", Correct),
        ("{numeric: \"1,234.5\"}", "1 234.5", Correct),
        ("{numeric: 3/4}", "0.75", Correct),
        ("{numeric: 120000}", "1.2 × 10^5", Correct),
        ("{numeric: 1/3}", "0.33", Incorrect),
        ("{numeric_with: {answer: 1/3, tolerance: 0.01}}", "0.33", Correct),
        ("{numeric_with: {answer: 1, tolerance: 0.1}}", "1.1", Correct),
        ("{numeric_with: {answer: 1, tolerance: 0.1}}", "1.11", Incorrect),
        ("{numeric_with: {answer: 200, relative: 1%}}", "202", Correct),
        ("{numeric_with: {answer: 200, relative: 0.01}}", "203", Incorrect),
        ("{numeric_with: {answer: 5, unit: km}}", "5 km", Correct),
        ("{numeric_with: {answer: 5, unit: km}}", "5 kilometres", Correct),
        ("{numeric_with: {answer: 5, unit: km}}", "5", Correct),
        ("{numeric_with: {answer: 5, unit: km}}", "5 miles", Incorrect),
        ("{numeric_with: {answer: 5, unit: apples}}", "5 km", Incorrect),
        ("{numeric_with: {answer: 5, unit: apples}}", "5 apples", Correct),
        ("{numeric: 5 km}", "5 m", Incorrect),
        ("{numeric: 206 bones}", "206", Correct),
        ("{numeric: 50}", "50%", Correct),
        ("{numeric: 0.5}", "50%", Correct),
        ("{numeric: 0.5}", "0.5%", Incorrect),
        ("{numeric: 50%}", "0.5", Correct),
        ("{numeric: 50%}", "50", Correct),
        ("{numeric: 50%}", "5%", Incorrect),
        ("{numeric: -5}", "−5", Correct),
        ("{numeric: -5}", "5", Incorrect),
    ] {
        assert_eq!(judge(yaml, text), verdict, "{yaml} {text:?}");
    }
}

#[test]
fn any_of_several_expected_answers_is_right() {
    for (yaml, text, verdict) in [
        ("{exact: \"[Paris, City of Paris]\"}", "The City of Paris.", Correct),
        ("{exact: \"[Paris, City of Paris]\"}", "Paris", Correct),
        ("{exact: \"[Paris, City of Paris]\"}", "Rome", Incorrect),
        ("{exact: \"[Paris, unknown]\"}", "unknown", Correct),
        ("{choice: \"[A, Paris]\"}", "B", Correct),
        ("{choice: \"[A, Paris]\"}", "C", Incorrect),
        ("{numeric_with: {answer: \"[5, 8]\", unit: km}}", "8 km", Correct),
        ("{numeric_with: {answer: \"[5, 8]\", unit: km}}", "8 mi", Incorrect),
        ("{not: {exact: \"[x, y]\"}}", "y", Incorrect),
    ] {
        assert_eq!(judge(yaml, text), verdict, "{yaml} {text:?}");
    }
}

#[test]
fn declining() {
    assert_eq!(judge("abstains", "I don't know."), Correct);
    assert_eq!(judge("abstains", "Paris"), Incorrect);
    assert_eq!(judge("abstains", "I'm not sure, but Paris."), Incorrect);
    assert_eq!(judge("abstains", ""), Unparsable);
    for (yaml, expected) in [
        ("abstains", true),
        ("{exact: x}", false),
        ("{any_of: [{exact: x}, abstains]}", true),
        ("{all_of: [{exact: x}, abstains]}", false),
        ("{not: abstains}", false),
        ("{not: {not: abstains}}", true),
        ("{not: {exact: x}}", false),
    ] {
        assert_eq!(read(yaml).0.unwrap().expects_abstention(), expected, "{yaml}");
    }
}

#[test]
fn a_reply_that_was_cut_is_judged_only_by_a_letter_at_its_start() {
    for (yaml, text, verdict) in [
        ("{choice: B}", "B", Correct),
        ("{choice: B}", "B. Because it", Correct),
        ("{choice: B}", "The answer is A because", Incorrect),
        ("{choice: B}", "Let us see. The answer is B", Truncated),
        ("{choice: B}", "The answer is a", Truncated),
        ("{choice: B}", "The answer is Paris", Truncated),
        ("{choice: B}", "Paris", Truncated),
        ("{choice: B}", "Let us see", Truncated),
        ("{choice: B}", "", Truncated),
        ("{choice: B}", "<think>B", Truncated),
        ("{exact: Paris}", "Paris", Truncated),
        ("{exact: Paris}", "", Truncated),
        ("{numeric: 1}", "1", Truncated),
        ("{numeric: 1}", "I don't know.", Truncated),
        ("abstains", "I don't know", Truncated),
        ("abstains", "", Truncated),
    ] {
        assert_eq!(judge_cut(yaml, text, true).0, verdict, "{yaml} {text:?}");
    }
}

#[test]
fn composed_verdicts_follow_the_table() {
    for (yaml, text, verdict) in [
        ("{any_of: [{exact: a1}, {exact: b2}]}", "b2", Correct),
        ("{any_of: [{exact: a1}, {exact: b2}]}", "c3", Incorrect),
        ("{any_of: [{exact: a1}, {numeric: 7}]}", "c", Incorrect),
        ("{any_of: [{exact: a1}, {numeric: 7}]}", "I don't know.", Abstained),
        ("{any_of: [{exact: a1}, abstains]}", "I don't know.", Correct),
        ("{any_of: [{exact: a1}, abstains]}", "b", Incorrect),
        ("{all_of: [{exact: a1}, {not: {exact: b2}}]}", "a1", Correct),
        ("{all_of: [{numeric: 7}, {not: {numeric: 7}}]}", "7", Incorrect),
        ("{all_of: [{numeric: 7}, {exact: seven}]}", "seven", Unparsable),
        ("{all_of: [{numeric: 7}, {exact: x}]}", "seven", Incorrect),
        ("{not: {exact: a1}}", "a1", Incorrect),
        ("{not: {exact: a1}}", "b", Correct),
        ("{not: {exact: a1}}", "I don't know.", Abstained),
        ("{not: {numeric: 7}}", "seven", Unparsable),
    ] {
        assert_eq!(judge(yaml, text), verdict, "{yaml} {text:?}");
    }
    let cut = judge_cut("{any_of: [{choice: A}, {exact: Paris}]}", "B. P", true).0;
    assert_eq!(cut, Truncated);
}

#[test]
fn a_verdict_in_doubt_is_not_outvoted() {
    let verdicts = |kinds: &[Verdict], order| {
        let judgements = kinds.iter().cloned().map(Judgement::from).collect();
        first(judgements, order).verdict
    };
    let ungraded = Verdict::Ungraded("tie".into());
    assert_eq!(verdicts(&[Incorrect, ungraded.clone()], ANY_OF), ungraded);
    assert_eq!(verdicts(&[Correct, ungraded.clone()], ALL_OF), ungraded);
    assert_eq!(verdicts(&[ungraded.clone(), Correct], ANY_OF), Correct);
    assert_eq!(verdicts(&[ungraded, Incorrect], ALL_OF), Incorrect);
    assert_eq!(verdicts(&[Incorrect, Truncated], ANY_OF), Truncated);
}

mod every;
