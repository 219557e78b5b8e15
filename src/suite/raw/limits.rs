//! The budget of a suite, or of a part of its cases, with the places of its lines.

use crate::budget::{
    self, AtLeast, AtMost, Budget, Calibration, Cases, ConfidentWrong, Late, Latency, NotMeasured,
    Regression, Selective, Verdict,
};
use crate::endpoint::parse_duration;
use crate::span::{Fields, Node, Problems, Span, Spanned, Value};

use super::text;

/// A budget as it was typed.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// What it allows.
    pub budget: Budget,
    /// The place of the key.
    pub span: Span,
    lines: Vec<Spanned<String>>,
}

impl Limits {
    pub(super) fn read(span: Span, node: &Node, problems: &mut Problems) -> Limits {
        let mut lines = Vec::new();
        if let Value::Map(entries) = &node.value {
            lines.extend(entries.iter().map(|(key, _)| key.clone()));
        }
        Limits { budget: budget(node, problems), span, lines }
    }

    /// Where a line stands, named as in decisions: `confident_wrong.max_rate`.
    pub fn place(&self, line: &str) -> Span {
        let key = line.split('.').next().unwrap_or(line);
        let found = self.lines.iter().find(|typed| typed.value == key);
        found.map_or(self.span, |typed| typed.span)
    }
}

fn budget(node: &Node, problems: &mut Problems) -> Budget {
    let mut budget = Budget::default();
    let Some(mut fields) = node.fields(problems) else { return budget };
    budget.confident_wrong =
        fields.take("confident_wrong").and_then(|node| confident_wrong(node, problems));
    budget.accuracy = fields.take("accuracy").and_then(|node| at_least(node, problems));
    budget.coverage = fields.take("coverage").and_then(|node| at_least(node, problems));
    budget.calibration = fields.take("calibration").and_then(|node| calibration(node, problems));
    budget.selective = fields.take("selective").and_then(|node| selective(node, problems));
    budget.regression = fields.take("regression").and_then(|node| regression(node, problems));
    budget.latency = fields.take("latency").and_then(|node| latency(node, problems));
    budget.calls = fields.take("calls").and_then(|node| at_most(node, problems));
    budget.tokens = fields.take("tokens").and_then(|node| at_most(node, problems));
    budget.cost = fields.take("cost").and_then(|node| at_most(node, problems));
    budget.early_stop =
        fields.take("early_stop").and_then(|node| node.boolean(problems)).unwrap_or_default();
    if let Some(verdict) = word(&mut fields, "undecided", &["fail", "pass"], problems) {
        budget.undecided = if verdict == "pass" { Verdict::Pass } else { Verdict::Fail };
    }
    if let Some(verdict) = word(&mut fields, "not_measured", &["show", "fail"], problems) {
        budget.not_measured = if verdict == "fail" { NotMeasured::Fail } else { NotMeasured::Show };
    }
    fields.finish(problems);
    refuse_early_stop(&budget, node, problems);
    budget
}

/// Deciding early needs a form of every line that may be looked at again and again.
fn refuse_early_stop(budget: &Budget, node: &Node, problems: &mut Problems) {
    if !budget.early_stop {
        return;
    }
    let Value::Map(entries) = &node.value else { return };
    let place = |key: &str| entries.iter().find(|(typed, _)| typed.value == key);
    let calibration = budget.calibration.as_ref();
    let ks = calibration.is_some_and(|limits| limits.max_ks.is_some() || limits.consistent);
    let lines = [
        (ks, "calibration", "`max_ks` and `consistent`"),
        (budget.selective.is_some(), "selective", "`selective`"),
        (budget.regression.is_some(), "regression", "`regression`"),
        (budget.latency.is_some(), "latency", "`latency`"),
        (budget.calls.is_some(), "calls", "`calls`"),
        (budget.tokens.is_some(), "tokens", "`tokens`"),
        (budget.cost.is_some(), "cost", "`cost`"),
    ];
    for (typed, key, what) in lines {
        if let (true, Some((key, _))) = (typed, place(key)) {
            let message = format!("`early_stop` cannot decide {what} before all answers are in");
            problems.error(key.span, message, "remove the line, or `early_stop`");
        }
    }
    let Budget { confident_wrong, accuracy, coverage, .. } = budget;
    let decides = confident_wrong.is_some() || accuracy.is_some() || coverage.is_some();
    if let (false, None, Some((key, _))) = (decides, calibration, place("early_stop")) {
        let remedy = "add a line, such as `confident_wrong: {max_rate: 5%}`";
        problems.error(key.span, "`early_stop` without a line to decide", remedy);
    }
}

fn confident_wrong(node: &Node, problems: &mut Problems) -> Option<ConfidentWrong> {
    let mut fields = node.fields(problems)?;
    let max_rate = fields.take("max_rate").and_then(|node| node.share(problems));
    let max_count = fields.take("max_count").and_then(|node| node.whole(problems));
    let level = level(&mut fields, problems);
    if !fields.entries().iter().any(|(key, _)| key.value.starts_with("max")) {
        problems.error(
            fields.span,
            "a budget without a limit",
            "add `max_rate: 5%` or `max_count: 3`",
        );
    }
    fields.finish(problems);
    Some(ConfidentWrong { max_rate, max_count, level })
}

fn calibration(node: &Node, problems: &mut Problems) -> Option<Calibration> {
    let mut fields = node.fields(problems)?;
    let max_ks = positive(&mut fields, "max_ks", problems);
    let max_brier = positive(&mut fields, "max_brier", problems);
    let consistent = fields.take("consistent").and_then(|node| node.boolean(problems));
    let level = level(&mut fields, problems);
    let limits = ["max_ks", "max_brier", "consistent"];
    if !fields.entries().iter().any(|(key, _)| limits.contains(&key.value.as_str())) {
        let remedy = "add `max_ks: 0.1`, `max_brier: 0.2` or `consistent: true`";
        problems.error(fields.span, "a budget without a limit", remedy);
    }
    fields.finish(problems);
    Some(Calibration { max_ks, max_brier, consistent: consistent.unwrap_or_default(), level })
}

fn selective(node: &Node, problems: &mut Problems) -> Option<Selective> {
    let mut fields = node.fields(problems)?;
    let accuracy = fields.take("accuracy");
    let coverage = fields.take("min_coverage");
    if accuracy.is_none() || coverage.is_none() {
        let remedy = "write `{accuracy: 95%, min_coverage: 60%}`";
        problems.error(fields.span, "an accuracy and the coverage to hold it at", remedy);
    }
    let accuracy = accuracy.and_then(|node| node.share(problems));
    let min_coverage = coverage.and_then(|node| above_zero(node, "min_coverage", problems));
    let level = level(&mut fields, problems);
    fields.finish(problems);
    Some(Selective { accuracy: accuracy?, min_coverage: min_coverage?, level })
}

fn latency(node: &Node, problems: &mut Problems) -> Option<Latency> {
    let mut fields = node.fields(problems)?;
    let mut limits = Latency {
        p50: seconds(&mut fields, "p50", problems),
        p95: seconds(&mut fields, "p95", problems),
        p99: seconds(&mut fields, "p99", problems),
        first_token_p95: seconds(&mut fields, "first_token_p95", problems),
        tokens_per_second: None,
        late: None,
        level: budget::LEVEL,
    };
    limits.tokens_per_second =
        fields.take("tokens_per_second").and_then(|node| least(node, problems));
    limits.late = fields.take("late").and_then(|node| late(node, problems));
    limits.level = level(&mut fields, problems);
    if !fields.entries().iter().any(|(key, _)| key.value != "level") {
        problems.error(fields.span, "a budget without a limit", "add a line such as `p95: 5s`");
    }
    fields.finish(problems);
    Some(limits)
}

fn late(node: &Node, problems: &mut Problems) -> Option<Late> {
    let mut fields = node.fields(problems)?;
    let (over, rate) = (seconds(&mut fields, "over", problems), fields.take("max_rate"));
    let max_rate = rate.and_then(|node| node.share(problems));
    if over.is_none() || rate.is_none() {
        problems.error(
            fields.span,
            "late answers without a limit",
            "write `{over: 5s, max_rate: 1%}`",
        );
    }
    fields.finish(problems);
    Some(Late { over: over?, max_rate: max_rate? })
}

/// `{min: 20}`, a number above 0.
fn least(node: &Node, problems: &mut Problems) -> Option<f64> {
    let mut fields = node.fields(problems)?;
    let least = fields.take("min").and_then(|node| amount(node, problems));
    if !fields.entries().iter().any(|(key, _)| key.value == "min") {
        problems.error(fields.span, "a budget without a limit", "add `min: 20`");
    }
    fields.finish(problems);
    least
}

/// `{max: 500}`, a number above 0.
fn at_most(node: &Node, problems: &mut Problems) -> Option<AtMost> {
    let mut fields = node.fields(problems)?;
    let most = fields.take("max").and_then(|node| amount(node, problems));
    if !fields.entries().iter().any(|(key, _)| key.value == "max") {
        problems.error(fields.span, "a budget without a limit", "add `max: 500`");
    }
    fields.finish(problems);
    Some(AtMost { max: most? })
}

fn amount(node: &Node, problems: &mut Problems) -> Option<f64> {
    let amount = node.number(problems)?;
    if amount > 0.0 && amount.is_finite() {
        return Some(amount);
    }
    problems.error(node.span, "a limit of nothing", "write a number above 0");
    None
}

fn seconds(fields: &mut Fields<'_>, key: &'static str, problems: &mut Problems) -> Option<f64> {
    let typed = text(fields, key, problems)?;
    let time = parse_duration(&typed.value).filter(|time| !time.is_zero());
    if time.is_none() {
        let message = format!("`{}` is not a time", typed.value);
        problems.error(typed.span, message, "write a number and its unit: 500ms, 30s or 2m");
    }
    time.map(|time| time.as_secs_f64())
}

fn regression(node: &Node, problems: &mut Problems) -> Option<Regression> {
    let mut fields = node.fields(problems)?;
    let against = text(&mut fields, "against", problems);
    if against.is_none() {
        let remedy = "add `against: snapshot`, `against: previous`, or a run directory";
        problems.error(fields.span, "a regression against nothing", remedy);
    }
    let newly_confident_wrong =
        fields.take("newly_confident_wrong").and_then(|node| cases(node, problems));
    let alpha = fields.take("alpha").map_or(Some(budget::ALPHA), |node| {
        let alpha = node.share(problems)?;
        if alpha > 0.0 && alpha <= 0.5 {
            return Some(alpha);
        }
        let message = format!("an error level of {alpha}");
        problems.error(node.span, message, "write a level above 0 and at most 50%, such as 5%");
        None
    });
    fields.finish(problems);
    Some(Regression { against: against?.value, newly_confident_wrong, alpha: alpha? })
}

/// `{max: 0}`, a whole number.
fn cases(node: &Node, problems: &mut Problems) -> Option<Cases> {
    let mut fields = node.fields(problems)?;
    let max = fields.take("max");
    if max.is_none() {
        problems.error(fields.span, "a budget without a limit", "add `max: 0`");
    }
    let max = max.and_then(|node| node.whole(problems));
    fields.finish(problems);
    Some(Cases { max: max? })
}

/// A limit that something can lie below.
fn positive(fields: &mut Fields<'_>, key: &'static str, problems: &mut Problems) -> Option<f64> {
    fields.take(key).and_then(|node| above_zero(node, key, problems))
}

fn above_zero(node: &Node, key: &str, problems: &mut Problems) -> Option<f64> {
    let share = node.share(problems)?;
    if share > 0.0 {
        return Some(share);
    }
    problems.error(node.span, format!("`{key}: 0` says nothing"), "write a number above 0");
    None
}

fn at_least(node: &Node, problems: &mut Problems) -> Option<AtLeast> {
    let mut fields = node.fields(problems)?;
    let limit = fields.take("min");
    if limit.is_none() {
        problems.error(fields.span, "a budget without a limit", "add `min: 90%`");
    }
    let min = limit.and_then(|node| node.share(problems));
    let level = level(&mut fields, problems);
    fields.finish(problems);
    Some(AtLeast { min: min?, level })
}

fn level(fields: &mut Fields<'_>, problems: &mut Problems) -> f64 {
    let Some(node) = fields.take("level") else { return budget::LEVEL };
    let Some(level) = node.share(problems) else { return budget::LEVEL };
    if (0.5..1.0).contains(&level) {
        return level;
    }
    let message = format!("a confidence level of {level}");
    problems.error(node.span, message, "write a level from 50% to below 100%, such as 95%");
    budget::LEVEL
}

fn word(
    fields: &mut Fields<'_>,
    key: &'static str,
    known: &[&'static str],
    problems: &mut Problems,
) -> Option<&'static str> {
    let word = text(fields, key, problems)?;
    let found = known.iter().copied().find(|known| *known == word.value);
    if found.is_none() {
        problems.unknown(&format!("value of `{key}`"), &word, known);
    }
    found
}
