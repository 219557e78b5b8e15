//! Histories of models that are what they are, and of one that is not.

use serde_json::json;

use super::*;
use crate::record::tests::{header, judged};
use crate::record::{Header, Outcome, Record, Selected};

/// Numbers that look drawn: a mixer of Steele, Lea and Flood's `SplitMix64`.
struct Draw(u64);

impl Draw {
    #[expect(clippy::cast_precision_loss, reason = "53 bits")]
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.unit().max(1e-300).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// The documents that a run of these records would have, as far as they are read.
fn documents(header: &Header, records: &[Record], ms: [f64; 2], cost: f64) -> Documents {
    let (n, sure) = (records.len(), |record: &&Record| record.primary >= Some(0.8));
    let right = |record: &&Record| record.outcome == Outcome::Correct;
    let correct = records.iter().filter(right).count();
    let wrong = records.iter().filter(|record| !right(record) && sure(record)).count();
    #[expect(clippy::cast_precision_loss, reason = "few")]
    let rate = |count: usize| count as f64 / n as f64;
    let score = |record: &Record| {
        let truth = if record.outcome == Outcome::Correct { 1.0 } else { 0.0 };
        (record.primary.unwrap_or(0.5) - truth).powi(2)
    };
    #[expect(clippy::cast_precision_loss, reason = "few")]
    let brier = records.iter().map(score).sum::<f64>() / n as f64;
    let card = json!({"endpoints": [{
        "planned": n, "finished": n,
        "accuracy": {"count": correct, "n": n, "rate": rate(correct), "wilson95": [0.0, 1.0]},
        "sources": [{"n": n, "brier": brier, "bootstrap95": null, "confident_wrong": {"0.8": {
            "wrong": wrong, "rate_of_all": rate(wrong), "upper95_of_all": 1.0, "lower95_of_all": 0.0,
        }}}],
    }]});
    let operations = json!({"ending": "complete", "endpoints": [{
        "endpoint": "model", "attempts": n, "cost": cost,
        "live_ms": {"n": n, "p50": ms[0], "p95": ms[1]},
    }]});
    let decision = json!({"exit_code": 0, "lines": []});
    let [card, operations, decision] =
        [card, operations, decision].map(|document| document.to_string());
    Documents::read(header, card.as_bytes(), operations.as_bytes(), decision.as_bytes()).unwrap()
}

/// A history of so many nights. `right` is the probability of a case on a night.
fn history(
    nights: u32,
    cases: usize,
    seed: u64,
    right: impl Fn(u32, usize, f64) -> f64,
) -> History {
    let mut draw = Draw(seed);
    let ease: Vec<f64> = (0..cases).map(|_| draw.unit()).collect();
    let mut history =
        HistoryBuilder::new("demo", FalseAlarms::of(usize::try_from(nights).unwrap(), 1));
    for night in 0..nights {
        let mut header = header(cases);
        header.started = format!("2026-01-{:02}T00:00:00Z", night + 1);
        let records: Vec<Record> = ease
            .iter()
            .enumerate()
            .map(|(case, ease)| {
                let right = draw.unit() < right(night, case, *ease);
                let outcome = if right { Outcome::Correct } else { Outcome::Incorrect };
                let sure = (0.5 + 0.5 * ease + 0.1 * draw.normal()).clamp(0.0, 1.0);
                judged(case, outcome, Some(sure))
            })
            .collect();
        let mut answers = Answers::new(&header);
        for record in &records {
            answers.add(record);
        }
        let mut amount = |of: f64| of * (0.1 * draw.normal()).exp();
        let documents = documents(&header, &records, [amount(400.0), amount(900.0)], amount(0.02));
        let standing =
            Standing::of(&header, documents.ending(), documents.trials(), &Selected::default());
        history.add(NightOf {
            directory: format!("night-{night}"),
            header,
            documents,
            standing,
            answers: Some(answers),
        });
    }
    history.finish(usize::MAX, 0, Vec::new())
}

fn marks(history: &History) -> Vec<(usize, Measure, bool)> {
    let nights = history.nights.iter().enumerate();
    let marks = nights.flat_map(|(night, told)| {
        told.endpoints[0].marks.iter().map(move |mark| (night, mark.of, mark.worse))
    });
    marks.collect()
}

#[test]
fn where_nothing_changed_hardly_a_page_has_a_mark() {
    // Cases that are easy, hard, and in between; every night draws anew. At most one page in twenty
    // may have a mark, so of sixty pages three, and with four standard deviations of 1.7 ten.
    let marked = (0..60)
        .filter(|seed| !marks(&history(30, 60, 1000 + seed, |_, _, ease| ease.sqrt())).is_empty());
    let marked = marked.count();
    assert!(marked <= 6, "{marked} of 60 pages");
}

#[test]
fn a_model_that_became_worse_is_seen_on_the_night_on_which_it_did() {
    let mut seen = 0;
    for seed in 0..10 {
        let history =
            history(
                14,
                120,
                seed,
                |night, _, ease| if night < 9 { ease.sqrt() } else { 0.5 * ease.sqrt() },
            );
        let marks = marks(&history);
        let worse = |of| marks.contains(&(9, of, true));
        seen += u32::from(worse(Measure::ConfidentWrong) && worse(Measure::Accuracy));
        let of_quality = marks.iter().filter(|(_, of, _)| *of <= Measure::Brier);
        assert!(of_quality.clone().all(|(night, ..)| *night >= 9), "{marks:?}");
    }
    assert!(seen >= 9, "seen in {seen} of 10 histories");
}

#[test]
fn answers_that_never_change_leave_no_room_and_are_no_alarm() {
    let same = history(12, 50, 3, |_, case, _| f64::from(u8::from(case % 3 != 0)));
    let quality = |history: &History| {
        marks(history).into_iter().filter(|(_, of, _)| *of == Measure::Accuracy).count()
    };
    assert_eq!(quality(&same), 0);
    let usual = same.nights[11].endpoints[0].measured(Measure::Accuracy).unwrap();
    assert_eq!(usual.usual, Some([usual.value; 2]));
    // Six of fifty turn, where none ever did: a binomial chart would not look up.
    let turned = history(12, 50, 3, |night, case, _| {
        f64::from(u8::from(case % 3 != 0 && !(night == 11 && case < 9)))
    });
    assert_eq!(marks(&turned).first().map(|mark| (mark.0, mark.2)), Some((11, true)));
    assert!(quality(&turned) == 1, "{:?}", marks(&turned));
}

#[test]
fn levels_are_shared_by_all_that_is_looked_at() {
    let alarms = FalseAlarms::of(7, 2);
    assert_eq!((alarms.nights, alarms.endpoints), (30, 2));
    let spent = 60.0 * (6.0 * alarms.limits + 2.0 * alarms.neighbours);
    assert!((spent - ALARM).abs() < 1e-12);
    assert_eq!(FalseAlarms::of(200, 1).nights, 200);
}
