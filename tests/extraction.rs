//! What is read from real replies, held against what people read in them.
//!
//! `fixtures/replies` has 440 replies of two models in 22 prompt formats, with labels that were set
//! by hand before the readers were measured on them. At least 98 % of the answers and of the stated
//! confidences must be read as labelled; what is read wrong in the confident direction (an answer
//! where there is none, another one than was given, a confidence where none is stated, or a higher
//! one) is listed here one by one. So are the replies that only a lenient rule takes for read right:
//! texts and lists that answer nothing, without declining, under a grader that can say no more than
//! that they are not right.

use std::collections::BTreeMap;
use std::path::Path;

use overclaim::answer::{Answer, Question};
use overclaim::ask::{Heard, Step};
use overclaim::elicit::Method;
use overclaim::grade::{Grader, Spec, Verdict};
use overclaim::span::{self, Problems};
use serde_json::Value;

struct Reply {
    id: String,
    format: String,
    kind: String,
    question: Question,
    text: String,
    truncated: bool,
    label: Value,
}

fn replies() -> Vec<Reply> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/replies");
    let rows = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(dir.join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let labels: BTreeMap<String, Value> = rows("labels.jsonl")
        .into_iter()
        .map(|label| (label["id"].as_str().unwrap().to_owned(), label))
        .collect();
    let models = ["qwen2.5-coder-1.5b-instruct.jsonl", "smollm2-135m-instruct.jsonl"];
    let reply = |row: Value| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        let choices = row["choices"].as_array().unwrap().iter();
        let choices = choices.map(|choice| choice.as_str().unwrap().to_owned()).collect();
        Reply {
            label: labels[&text("id")].clone(),
            id: text("id"),
            format: text("format"),
            kind: text("kind"),
            question: Question { text: text("question"), choices },
            text: text("text"),
            truncated: row["finish"] == "length",
        }
    };
    models.iter().flat_map(|name| rows(name)).map(reply).collect()
}

/// A grader as a suite would have it, that expects these.
fn grader(yaml: &str, question: &Question, expected: &[String]) -> Grader {
    let mut problems = Problems::default();
    let spec = Spec::read(&span::parse(yaml).unwrap(), &mut problems).unwrap();
    spec.bind(question, &mut |_| Ok::<_, ()>(expected.to_vec())).unwrap()
}

fn judged(grader: &Grader, reply: &Reply, text: &str) -> (Verdict, Option<String>) {
    let answer = Answer { text: text.to_owned(), truncated: reply.truncated };
    match grader.step(&reply.question, &answer, &Heard::default()) {
        Step::Done(judgement) => (judgement.verdict, judgement.read),
        Step::Ask(_) => panic!("no grader here asks"),
    }
}

/// How the formats that ask for a confidence in their own words or in ours are read.
fn method(format: &str) -> Method {
    let ours = format.ends_with("and confidence");
    let yaml = if ours { "verbalized" } else { "verbalized: {instruction: none}" };
    Method::read(&span::parse(yaml).unwrap(), &mut Problems::default()).unwrap()
}

/// What is right, for replies of which no answer can be read.
fn right_answers(reply: &Reply) -> Vec<String> {
    const RIGHT: &[(&str, &[&str])] = &[
        ("bones has the body", &["206"]),
        ("14 pens", &["18.90"]),
        ("minus 8", &["-5"]),
        ("seconds are there", &["9000"]),
        ("Mount Everest", &["8849"]),
        ("3.2 hectares", &["32000"]),
        ("45 of 360", &["12.5%"]),
        ("17 times 23", &["391"]),
        ("speed in km/h", &["150"]),
        ("three eighths", &["0.375"]),
        ("equal parts", &["2.5"]),
        ("speed of light", &["299792458"]),
        ("power of 16", &["65536"]),
        ("Divide 7", &["7/12"]),
        ("nitrogen boil", &["-196"]),
        ("live in Iceland", &["400000"]),
        ("recipe for 4", &["525"]),
        ("parallelogram", &["13"]),
        ("1000 minus 387", &["613"]),
        ("1 to 40", &["820"]),
        ("Apollo 11", &["1969-07-20"]),
        ("First World War", &["1918-11-11"]),
        ("Berlin Wall", &["1989-11-09"]),
        ("Independence", &["1776-07-04"]),
        ("Treaty of Rome", &["1957-03-25"]),
        ("Titanic", &["1912-04-15"]),
        ("Einstein", &["1879-03-14"]),
        ("Gagarin", &["1961-04-12"]),
        ("Bastille", &["1789-07-14"]),
        ("the euro", &["2002-01-01"]),
        ("primary colours", &["red", "green", "blue"]),
        ("moons of Jupiter", &["Io", "Europa", "Ganymede", "Callisto"]),
        ("border Switzerland", &["Austria", "France", "Germany", "Italy", "Liechtenstein"]),
        ("noble gases", &["helium", "neon", "argon", "krypton", "xenon", "radon"]),
        ("Great Lakes", &["Superior", "Huron", "Michigan", "Erie", "Ontario"]),
        ("five vowels", &["A", "E", "I", "O", "U"]),
        ("Baltic states", &["Estonia", "Latvia", "Lithuania"]),
        ("pack of cards", &["hearts", "diamonds", "clubs", "spades"]),
        ("gas giants", &["Jupiter", "Saturn", "Uranus", "Neptune"]),
        ("Brontë", &["Charlotte", "Emily", "Anne"]),
    ];
    if reply.kind == "choice" {
        return vec!["A".into()];
    }
    let right = RIGHT.iter().find(|(words, _)| reply.question.text.contains(words));
    // Of free texts none is right: nobody knows the answers to those that may be declined.
    right.map_or_else(
        || vec!["zzqx".into()],
        |(_, right)| right.iter().map(ToString::to_string).collect(),
    )
}

/// What the grader of its kind makes of a reply, expecting what the label says.
fn graded(reply: &Reply) -> (Verdict, Option<String>) {
    let text = method(&reply.format).strip(&reply.text).into_owned();
    let yaml = match reply.kind.as_str() {
        "choice" => "choice: x",
        "number" => "numeric: x",
        "date" => "date: x",
        "list" => "set: x",
        _ => "contains: x",
    };
    let label = &reply.label["answer"];
    let expected: Vec<String> = match label {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
        // Nothing answers, so what is right must not be found, nor another answer be read.
        _ => right_answers(reply),
    };
    judged(&grader(yaml, &reply.question, &expected), reply, &text)
}

/// Whether a text or list answers nothing, without declining or being cut off: graders of these
/// kinds can tell but that it is not right, so `Incorrect` is read right.
fn leniently_labelled(reply: &Reply) -> bool {
    let why = reply.label["why"].as_str();
    matches!(reply.kind.as_str(), "text" | "list")
        && reply.label["answer"].is_null()
        && !why.is_some_and(|why| why == "declines" || why == "cut")
}

/// What was read of an answer, if not what the label says; and whether that is the confident
/// direction.
fn answer_error(
    reply: &Reply,
    (verdict, read): (Verdict, Option<String>),
) -> Option<(String, bool)> {
    let label = &reply.label["answer"];
    if label.is_null() {
        let wrong = match verdict {
            Verdict::Correct => true,
            Verdict::Incorrect => !leniently_labelled(reply),
            _ => false,
        };
        return wrong.then(|| (format!("read {read:?}, which is no answer"), true));
    }
    if verdict == Verdict::Correct {
        return None;
    }
    let confident = verdict == Verdict::Incorrect;
    Some((format!("{verdict:?}, read {read:?}, is {label}"), confident))
}

fn confidence_error(reply: &Reply) -> Option<(String, bool)> {
    let Method::Verbalized(method) = method(&reply.format) else { return None };
    let read = method.confidence(&reply.text, reply.truncated).value.ok();
    let stated = reply.label["confidence"].as_f64();
    match (read, stated) {
        (None, None) => None,
        (Some(read), Some(stated)) if (read - stated).abs() < 1e-9 => None,
        (read, stated) => {
            let confident = read > stated;
            Some((format!("confidence {read:?}, is {stated:?}"), confident))
        }
    }
}

#[derive(Default)]
struct Tally {
    n: usize,
    answers: usize,
    confidences: usize,
}

#[test]
fn real_replies_are_read_as_people_read_them() {
    let mut formats: BTreeMap<(String, String), Tally> = BTreeMap::new();
    let (mut overclaimed, mut missed) = (String::new(), String::new());
    let mut leniently = String::new();
    let mut all = Tally::default();
    for reply in replies() {
        let tally = formats.entry((reply.kind.clone(), reply.format.clone())).or_default();
        tally.n += 1;
        all.n += 1;
        let graded = graded(&reply);
        if graded.0 == Verdict::Incorrect && leniently_labelled(&reply) {
            leniently += &format!("{}: {}\n", reply.id, reply.label["why"].as_str().unwrap());
        }
        let (answer, confidence) = (answer_error(&reply, graded), confidence_error(&reply));
        tally.answers += usize::from(answer.is_none());
        all.answers += usize::from(answer.is_none());
        tally.confidences += usize::from(confidence.is_none());
        all.confidences += usize::from(confidence.is_none());
        for (error, confident) in answer.into_iter().chain(confidence) {
            let list = if confident { &mut overclaimed } else { &mut missed };
            *list += &format!("{}: {error}\n", reply.id);
        }
    }
    let mut table = String::new();
    for ((kind, format), tally) in &formats {
        table += &format!(
            "{kind:<7} {format:<24} {:>3} of {} {:>3}\n",
            tally.answers, tally.n, tally.confidences
        );
    }
    table += &format!("{:<32} {:>3} of {} {:>3}\n", "all", all.answers, all.n, all.confidences);
    println!("{table}\nin the confident direction:\n{overclaimed}\nmissed:\n{missed}");
    assert_eq!(all.n, 440);
    insta::assert_snapshot!(table, @"
    choice  letter                    20 of 20  20
    choice  letter after reasoning    20 of 20  20
    choice  letter and confidence     20 of 20  20
    choice  letter as JSON            20 of 20  20
    choice  letter, boxed             20 of 20  20
    choice  letter, last line         20 of 20  20
    choice  letter, no instruction    20 of 20  20
    choice  letter, sure in words     20 of 20  20
    date    date                      19 of 20  20
    date    date and confidence       20 of 20  20
    list    list                      18 of 20  20
    list    list, commas              20 of 20  20
    number  number                    20 of 20  20
    number  number and confidence     18 of 20  19
    number  number, ####              20 of 20  20
    number  number, boxed             19 of 20  20
    number  number, no instruction    20 of 20  20
    text    text and confidence       20 of 20  20
    text    text, labelled lines      19 of 20  20
    text    text, may decline         20 of 20  20
    text    text, no instruction      20 of 20  20
    text    text, tags                20 of 20  20
    all                              433 of 440 439
    ");
    insta::assert_snapshot!(overclaimed, @r#"
    qwen2.5-coder-1.5b-instruct/list/9: Incorrect, read Some("Ice giants, on the other hand, are planets that are primarily composed of ice, such as water, ammonia, methane, have a thin atmosphere"), is ["Jupiter","Saturn","Uranus","Neptune"]
    smollm2-135m-instruct/number, boxed/8: Incorrect, read Some("304.875 inches"), is "2987.6"
    smollm2-135m-instruct/number and confidence/6: read Some("2.5 hours"), which is no answer
    smollm2-135m-instruct/number and confidence/8: confidence Some(1.0), is None
    smollm2-135m-instruct/number and confidence/9: read Some("1.25%"), which is no answer
    smollm2-135m-instruct/text, labelled lines/4: Incorrect, read Some("A word that reads the opposite of itself is called a \"reverse\" or \"reverse-reversed\" word."), is "reverse"
    smollm2-135m-instruct/list/3: Incorrect, read Some("The Kingdom of Saxony, a medieval kingdom in Eastern Europe, borders Switzerland to the north"), is ["Kingdom of Saxony"]
    "#);
    insta::assert_snapshot!(missed, @r#"smollm2-135m-instruct/date/6: Unparsable, read None, is "1912-04-01""#);
    insta::assert_snapshot!(leniently, @"
    qwen2.5-coder-1.5b-instruct/text, may decline/3: a range, names no number
    qwen2.5-coder-1.5b-instruct/text, may decline/6: says how it will be decided, names nobody
    qwen2.5-coder-1.5b-instruct/text, may decline/9: says how to find out, names nobody
    smollm2-135m-instruct/text and confidence/2: repeats the question
    smollm2-135m-instruct/text, no instruction/4: garbles the question, names nothing
    smollm2-135m-instruct/text, no instruction/8: nothing answers
    smollm2-135m-instruct/text, may decline/2: names nobody
    smollm2-135m-instruct/text, may decline/5: says that it is fictional, names no capital
    smollm2-135m-instruct/text, may decline/10: other dates, not that of leaving
    smollm2-135m-instruct/list, commas/5: no list
    smollm2-135m-instruct/list, commas/8: no list
    ");
    assert!(all.answers * 100 >= all.n * 98, "answers: {} of {}", all.answers, all.n);
    assert!(all.confidences * 100 >= all.n * 98, "confidences: {} of {}", all.confidences, all.n);
}
