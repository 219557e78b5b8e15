use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::words::units;
use super::*;
use crate::gate::{Decision, Verdict, Versus, percent};
use crate::record::tests::{header, judged};
use crate::record::{Header, Heard, Outcome, Record, Run};
use crate::report::text::duration;
use crate::scorecard::{Calls, Operations, Scorecard, Span};

/// A run and all that follows from it.
struct Told {
    run: Run,
    scorecard: Scorecard,
    decision: Decision,
    operations: Operations,
}

impl Told {
    fn of(header: Header, records: Vec<Record>) -> Told {
        let run = Run::of(header, records);
        let mut calls = Calls::new(&run.header);
        for brief in run.briefs() {
            calls.add(&run.record(brief).unwrap(), brief);
        }
        let scorecard = Scorecard::of(&run).unwrap();
        let decision = Decision::judged(&run, &calls, &scorecard, None, Versus::default()).unwrap();
        let operations = calls.operations(Span::default());
        Told { run, scorecard, decision, operations }
    }

    /// One endpoint, an answer each.
    fn answers(answers: &[(f64, bool)]) -> Told {
        let records = answers.iter().enumerate().map(|(at, answer)| answered(at, *answer));
        Told::of(header(answers.len()), records.collect())
    }

    fn page(&self) -> Page<'_> {
        Page {
            run: &self.run,
            scorecard: &self.scorecard,
            decision: &self.decision,
            operations: &self.operations,
            changes: &[],
            standings: &[],
            contested: None,
            dir: "reports/demo",
            top: 10,
        }
    }

    fn card(&self) -> &EndpointCard {
        &self.scorecard.endpoints[0]
    }

    fn figures(&self) -> Vec<Figure> {
        let page = self.page();
        let cards = self.scorecard.endpoints.iter();
        let all = cards.flat_map(|card| [figures(&page, card), served(&page, card)].concat());
        several(&page).into_iter().chain(all).collect()
    }

    fn figure(&self, id: &str) -> Figure {
        let found = self.figures().into_iter().find(|figure| figure.id == id);
        found.unwrap_or_else(|| panic!("no figure {id}"))
    }

    /// The bar of a line.
    fn bar(&self, name: &str) -> Option<String> {
        let line = self.decision.lines.iter().find(|line| line.line == name).unwrap();
        bar(line, &self.decision, "bar")
    }
}

fn answered(index: usize, (confidence, right): (f64, bool)) -> Record {
    let outcome = if right { Outcome::Correct } else { Outcome::Incorrect };
    judged(index, outcome, Some(confidence))
}

/// A record whose answer took so long, and its first token a tenth of that.
fn timed(record: Record, ms: f64) -> Record {
    let heard: Heard = serde_json::from_value(serde_json::json!({
        "role": "answer", "endpoint": "model", "origin": "live", "waited_ms": ms,
        "digest": "0000000000000000000000000000000000000000000000000000000000000000",
        "request": {"target": {"wire": "w", "url": "http://h/", "model": "m"}, "turns": [],
                    "params": {}, "draw": {"repeat": 0, "sample": 0}},
        "times": {"total_ms": ms, "first_token_ms": ms / 10.0},
        "attempts": [{"status": 200, "ms": ms, "wait_ms": 0.0}],
        "reply": {"text": "A", "times": {"total_ms": ms, "first_token_ms": ms / 10.0},
                  "model": "m", "body": ""},
    }))
    .unwrap();
    Record { exchanges: vec![heard], ..record }
}

/// The value of an attribute.
fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = element.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

/// The texts that are drawn, each with the box that it may take: left, right, top, bottom.
fn texts(svg: &str) -> Vec<(String, [f64; 4])> {
    let elements = svg.split("<text").skip(1).map(|rest| rest.split_once('>').unwrap());
    let texts = elements.map(|(element, rest)| {
        let element = format!(" {element}");
        let text = rest.split("</text>").next().unwrap();
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&");
        let class = attribute(&element, "class").unwrap_or_default();
        let size = if class.contains("small") { 11.0 / 12.0 } else { 1.0 };
        let size = if class.contains("strong") { size * 1.06 } else { size };
        let wide = units(&text) * size;
        let number = |name| attribute(&element, name).unwrap().parse::<f64>().unwrap();
        let (x, y) = (number("x"), number("y"));
        let left = match attribute(&element, "text-anchor") {
            Some("middle") => x - wide / 2.0,
            Some("end") => x - wide,
            _ => x,
        };
        (text, [left, left + wide, y - 8.5, y + 1.5])
    });
    texts.collect()
}

/// The rows of a figure's table.
fn lines(figure: &Figure) -> String {
    figure.table.rows.iter().map(|row| row.join(" | ")).collect::<Vec<_>>().join("\n")
}

/// What must hold of every drawing.
fn sound(svg: &str, id: &str) {
    let size = attribute(svg, "viewBox").unwrap();
    let size: Vec<f64> = size.split(' ').map(|number| number.parse().unwrap()).collect();
    let texts = texts(svg);
    for (at, (text, [left, right, top, bottom])) in texts.iter().enumerate() {
        let inside =
            *left > -2.0 && *right < size[2] + 2.0 && *top > -2.0 && *bottom < size[3] + 2.0;
        assert!(inside, "{id}: `{text}` is outside of the drawing");
        for (other, [l, r, t, b]) in &texts[at + 1..] {
            let apart = right <= l || r <= left || bottom <= t || b <= top;
            assert!(apart, "{id}: `{text}` stands on `{other}`");
        }
    }
    for word in ["NaN", "inf", " style=", "javascript", "<script", "onload"] {
        assert!(!svg.contains(word), "{id}: {word}");
    }
    let opened = ["svg", "g", "text", "title", "desc"];
    for name in opened {
        let count = |text: &str| svg.matches(text).count();
        let begun = count(&format!("<{name}>")) + count(&format!("<{name} "));
        assert_eq!(begun, count(&format!("</{name}>")), "{id}: {name}");
    }
    assert!(svg.contains(&format!(r#"aria-labelledby="{id}-title {id}-desc""#)));
}

fn all_sound(told: &Told) {
    let figures = told.figures();
    let mut ids: Vec<&str> = figures.iter().map(|figure| figure.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), figures.len(), "ids are unique");
    for figure in &figures {
        sound(&figure.svg, &figure.id);
        assert!(figure.note.contains("n = ") || figure.svg.contains("n = "), "{}", figure.note);
        assert!(!figure.table.rows.is_empty(), "{}", figure.id);
        for row in &figure.table.rows {
            assert_eq!(row.len(), figure.table.head.len(), "{}", figure.id);
        }
    }
    for (at, line) in told.decision.lines.iter().enumerate() {
        let id = format!("bar-{at}");
        if let Some(svg) = bar(line, &told.decision, &id) {
            sound(&svg, &id);
        }
    }
}

/// Answers of an overconfident model.
fn overconfident(n: usize) -> Vec<(f64, bool)> {
    let sure = |at: usize| [0.55, 0.7, 0.82, 0.9, 0.95, 0.99][at % 6];
    (0..n).map(|at| (sure(at), at % 5 < 3)).collect()
}

#[test]
fn a_budget_line_is_drawn_on_one_scale_with_its_numbers_at_their_marks() {
    let mut header = header(120);
    header.budget.confident_wrong = Some(crate::record::tests::at_most(0.1));
    let answers = |wrong| {
        let records = (0..120).map(|at| answered(at, (0.9, at >= wrong)));
        Told::of(header.clone(), records.collect())
    };
    insta::assert_snapshot!(answers(26).bar("confident_wrong.max_rate").unwrap(), @r#"<svg class="drawing" viewBox="0 0 320 38" role="img" aria-labelledby="bar-title bar-desc"><title id="bar-title">confident_wrong.max_rate</title><desc id="bar-desc">26 of 120 answers are confidently wrong (21.7%); with 95% confidence at least 15.6%, above 10%: at most 6 of 120 would pass</desc><rect class="good-side" x="6" y="14" width="102.7" height="12"/><line class="axis" x1="6" y1="20" x2="314" y2="20"/><line class="reach fail" x1="166.7" y1="20" x2="301.4" y2="20"/><line class="limit" x1="108.7" y1="11" x2="108.7" y2="29"/><circle class="point fail" cx="228.4" cy="20" r="4.5"/><text class="small" x="108.7" y="9" text-anchor="middle">≤ 10%</text><text class="small strong" x="228.4" y="37" text-anchor="middle">✗ 21.7%</text><text class="small quiet" x="0" y="37">0%</text><text class="small quiet" x="320" y="37" text-anchor="end">30%</text></svg>"#);
    let marks = [26, 9, 2].map(|wrong| {
        let svg = answers(wrong).bar("confident_wrong.max_rate").unwrap();
        texts(&svg).into_iter().map(|(text, _)| text).collect::<Vec<_>>().join(" ")
    });
    assert_eq!(marks, ["≤ 10% ✗ 21.7% 0% 30%", "≤ 10% ? 7.5% 0% 15%", "≤ 10% ✓ 1.7% 15%"]);
    assert_eq!(Told::of(header, vec![]).bar("confident_wrong.max_rate"), None);
}

#[test]
fn the_reliability_diagram_says_what_the_card_says() {
    let told = Told::answers(&overconfident(120));
    let (figure, source) = (told.figure("reliability"), told.card().primary().unwrap());
    let bins: Vec<Vec<String>> = source
        .bins_mass15
        .iter()
        .map(|bin| {
            let share = percent(bin.accuracy);
            vec![percent(bin.mean_confidence), bin.n.to_string(), bin.correct.to_string(), share]
        })
        .collect();
    let shown: Vec<Vec<String>> = figure.table.rows.iter().map(|row| row[..4].to_vec()).collect();
    assert_eq!(shown, bins);
    insta::assert_snapshot!(figure.note, @"n = 120, confidence by stated: 81.8% on average, right 60% (+21.8 points). The fit leaves the band at 4 of 6 places.");
    assert_eq!(figure.svg.matches("class=\"interval\"").count(), bins.len() + 1, "and the key");
}

#[test]
fn a_calibrated_model_stays_inside_the_band() {
    let answers: Vec<(f64, bool)> = (0..200).map(|at| (0.8, at % 5 > 0)).collect();
    let told = Told::answers(&answers);
    assert!(told.figure("reliability").note.contains("chance alone could look so"));
}

#[test]
fn risk_and_coverage_has_the_suites_threshold_and_what_is_advised() {
    let answers: Vec<(f64, bool)> = (0..400)
        .map(|at| if at % 4 == 0 { (0.6, at % 8 == 0) } else { (0.97, at % 100 != 1) })
        .collect();
    let figure = Told::answers(&answers).figure("risk-coverage");
    insta::assert_snapshot!(figure.note, @"n = 400. Answering from 0.97 on, at most 5% of what is answered is wrong, with 95% confidence.");
    insta::assert_snapshot!(lines(&figure), @"
    the suite's threshold | 0.8 | 300 | 75% | 4 | 1.3%
    advised | 0.97 | 300 | 75% | 4 | 1.3%
     | 0.97 | 300 | 75% | 4 | 1.3%
     | 0.6 | 400 | 100% | 54 | 13.5%
    ");
}

#[test]
fn confidence_by_right_and_wrong_counts_as_the_card_does() {
    let told = Told::answers(&overconfident(90));
    let (figure, at) =
        (told.figure("split"), *told.card().primary().unwrap().at_threshold().unwrap());
    let shown: Vec<String> = texts(&figure.svg).into_iter().map(|(text, _)| text).collect();
    assert!(shown.contains(&format!("{} confidently wrong, ≥ 0.8", at.wrong)), "{shown:?}");
    assert!(shown.contains(&format!("{} at ≥ 0.8", at.confident - at.wrong)), "{shown:?}");
    let sum = |column: usize| {
        figure.table.rows.iter().map(|row| row[column].parse::<usize>().unwrap()).sum::<usize>()
    };
    assert_eq!((sum(1), sum(1) + sum(2)), (told.card().accuracy.count, 90));
}

#[test]
fn parts_are_told_apart_by_words_and_their_names_stay_texts() {
    let records = (0..240).map(|at| {
        let bad = at % 3 == 0;
        let tag = ["</text><script>alert(1)</script>", "b\u{202e}c", "plain"][at % 3];
        let record = answered(at, (0.9, !(bad && at % 2 == 0)));
        Record { tags: vec![tag.to_owned(), format!("one-{at}")], ..record }
    });
    let told = Told::of(header(240), records.collect());
    all_sound(&told);
    let figure = told.figure("parts");
    assert_eq!(figure.table.rows.len(), 40);
    assert!(figure.note.ends_with("203 more are left out."), "{}", figure.note);
    assert!(figure.note.contains("3 differ from the rest"), "{}", figure.note);
    let shown: Vec<String> = texts(&figure.svg).into_iter().map(|(text, _)| text).collect();
    assert!(
        shown.contains(&"differs".to_owned()) && shown.contains(&"few".to_owned()),
        "{shown:?}"
    );
    assert!(shown.contains(&"b\\u{202e}c".to_owned()), "{shown:?}");
    let tag = &told.card().tags[0];
    let row = figure.table.rows.iter().find(|row| row[0] == tag.tag).unwrap();
    let rate = tag.confident_wrong;
    assert_eq!(
        row[1..4],
        [rate.count.to_string(), rate.n.to_string(), percent(rate.rate.unwrap())]
    );
}

#[test]
fn endpoints_stand_side_by_side_where_there_are_several() {
    assert!(several(&Told::answers(&overconfident(30)).page()).is_none());
    let mut header = header(60);
    let mut other = header.endpoints[0].clone();
    other.name =
        "a rather long name of an endpoint that does not fit <b> into one line of it".into();
    header.endpoints.push(other);
    let records = (0..60).map(|at| {
        let record = answered(at, overconfident(60)[at]);
        if at < 30 {
            return record;
        }
        let endpoint = Arc::clone(&header.endpoints[1].name);
        Record { endpoint, outcome: Outcome::Abstained, primary: None, quadrant: None, ..record }
    });
    let told = Told::of(header.clone(), records.collect());
    all_sound(&told);
    let figure = told.figure("endpoints");
    let card = told.card();
    let at = card.primary().unwrap().at_threshold().unwrap();
    let row = &figure.table.rows[0];
    assert_eq!(row[1..3], [card.accuracy.n.to_string(), percent(card.accuracy.rate.unwrap())]);
    assert_eq!(row[4], percent(card.primary().unwrap().mean_confidence.unwrap()));
    assert_eq!((&row[6], &row[8]), (&at.wrong.to_string(), &percent(at.rate_of_all.unwrap())));
    assert_eq!(
        figure.table.rows[1][1..],
        ["0", "n/a", "n/a", "n/a", "n/a", "n/a", "n/a", "n/a", "n/a"]
    );
}

#[test]
fn outcomes_are_counted_with_what_was_not_asked() {
    let mut records: Vec<Record> = (0..8).map(|at| answered(at, (0.9, at > 2))).collect();
    records.push(judged(8, Outcome::Refused, None));
    let told = Told::of(header(12), records);
    let rows = told.figure("outcomes").table.rows;
    let rows: Vec<String> = rows.iter().map(|row| row.join(" ")).collect();
    assert_eq!(rows, ["correct 5 41.7%", "incorrect 3 25%", "refused 1 8.3%", "not asked 3 25%"]);
    let alike = Told::answers(&[(0.9, true); 8]);
    assert!(alike.figures().iter().all(|figure| figure.id != "outcomes"));
}

#[test]
fn live_times_stand_against_their_limits_and_others_are_not_drawn() {
    let latency = r#"{"p50": 0.2, "p95": 1.0, "first_token_p95": 0.05, "late": {"over": 2.0, "max_rate": 0.02}, "level": 0.95}"#;
    let mut header = header(150);
    header.budget.latency = serde_json::from_str(latency).unwrap();
    let record = |at: usize| answered(at, (0.9, !at.is_multiple_of(4)));
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let live = (0..150).map(|at| timed(record(at), 100.0 + at as f64 * 5.0));
    let told = Told::of(header.clone(), live.collect());
    all_sound(&told);
    let figure = told.figure("latency");
    insta::assert_snapshot!(figure.note, @"n = 150 answers fetched in this run: half in 472 ms, 95% in 808 ms, the longest 845 ms.");
    insta::assert_snapshot!(lines(&figure), @"
    the first | 100 ms
    10% | 174 ms
    25% | 286 ms
    50% | 472 ms
    75% | 659 ms
    90% | 770 ms
    95% | 808 ms
    99% | 838 ms
    100% | 845 ms
    limit p50: 50% by 200 ms, ✗ broken | 200 ms
    limit p95: 95% by 1.0 s, ✓ kept | 1.0 s
    limit late: 98% by 2.0 s, ✓ kept | 2.0 s
    ");
    let median = told.operations.endpoints[0].live_ms.unwrap().p50;
    assert_eq!(figure.table.rows[3][1], duration(median));
    assert!(told.figure("first-token").note.contains("150 first tokens"));
    let line = told.decision.lines.iter().find(|line| line.line == "latency.p95").unwrap();
    assert_eq!(line.verdict, Verdict::Pass);
    let none = Told::of(header, (0..150).map(record).collect());
    let times = |figure: &Figure| ["latency", "first-token"].contains(&figure.id.as_str());
    assert!(!none.figures().iter().any(times));
}

#[test]
fn a_hundred_thousand_answers_make_no_larger_drawing() {
    let told = Told::answers(&overconfident(60));
    let source = told.card().primary().unwrap();
    let scored = primary(&told.run, "model").unwrap();
    let mut drawn = Reliability::of(&scored, &source.bins_mass15).unwrap();
    let (stretch, point, limits) = (drawn.curve[0], drawn.band[0], drawn.bins[0]);
    drawn.curve = (0..5000)
        .map(|at| {
            let low = f64::from(at) / 5000.0;
            let mut stretch = stretch;
            (stretch.low, stretch.high, stretch.share) = (low, low + 1e-4, low);
            stretch
        })
        .collect();
    drawn.band = vec![point; 80];
    drawn.bins = vec![limits; 15];
    let figure = reliability::figure("reliability".into(), source, &drawn);
    assert!(figure.svg.len() < 30_000, "{}", figure.svg.len());
}

#[test]
fn odd_runs_are_drawn_as_well_as_they_can_be() {
    let mut records: Vec<Record> = (0..6).map(|at| judged(at, Outcome::Refused, None)).collect();
    all_sound(&Told::of(header(6), records.clone()));
    records.clear();
    all_sound(&Told::of(header(0), records));
    for n in [1, 4, 5, 6, 40] {
        for (sure, right) in [(0.9, true), (0.9, false), (1.0, false), (0.0, true), (0.5, true)] {
            all_sound(&Told::answers(&vec![(sure, right); n]));
        }
    }
    assert_eq!(Told::answers(&[(0.9, true)]).figures(), [], "one answer is read, not drawn");
    // Without confidence methods, parts are of right answers.
    let mut plain = header(90);
    plain.sources.clear();
    let records = (0..90).map(|at| {
        let record =
            judged(at, if at % 3 > 0 { Outcome::Correct } else { Outcome::Incorrect }, None);
        Record { tags: vec![format!("t{}", at % 4)], confidence: BTreeMap::new(), ..record }
    });
    let told = Told::of(plain, records.collect());
    all_sound(&told);
    let ids: Vec<String> = told.figures().into_iter().map(|figure| figure.id).collect();
    assert_eq!(ids, ["parts", "outcomes"]);
    assert!(told.figure("parts").svg.contains("all cases 66.7%"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn no_text_stands_on_another(
        answers in prop::collection::vec(
            (prop_oneof![(0..=20_u8).prop_map(|at| f64::from(at) / 20.0), 0.0..=1.0], any::<bool>()),
            5..80,
        ),
        tags in prop::collection::vec(any::<String>(), 1..8),
        ms in 0.1..1e6_f64,
    ) {
        let mut header = header(answers.len());
        header.budget.confident_wrong = Some(crate::record::tests::at_most(0.1));
        header.budget.accuracy = Some(crate::record::tests::at_least(0.7, 0.95));
        let latency = r#"{"p50": 0.2, "p95": 1.0, "p99": 1.1, "late": {"over": 1.2, "max_rate": 0.02}, "level": 0.95}"#;
        header.budget.latency = serde_json::from_str(latency).unwrap();
        let records = answers.iter().enumerate().map(|(at, answer)| {
            let tags = vec![tags[at % tags.len()].clone()];
            timed(Record { tags, ..answered(at, *answer) }, ms)
        });
        all_sound(&Told::of(header, records.collect()));
    }
}
