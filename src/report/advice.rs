//! The page of advice: from which confidence on to answer, what that promises and costs, and
//! whether the confidences want recalibrating.

use crate::gate::percent;
use crate::scorecard::{Advice, Advised, Lacking, MethodCard, Point, Quality, RecalibrationCard};

use super::risk_curve::risk_curve;
use super::style::{Style, hanging, line, strip};
use super::text::{fit, width};
use super::visible;

/// Everything that is advised of one source of confidence.
#[derive(Debug, Clone, Copy)]
pub struct AdvicePage<'a> {
    /// What the answers are of, in a few words: a file or a run, a model, a source.
    pub name: &'a str,
    /// The advice.
    pub advice: &'a Advice,
    /// Kinds of recalibration compared; none where that was not asked for.
    pub recalibration: &'a RecalibrationCard,
    /// What the advice says nothing of, by what became of it.
    pub left_out: &'a [(String, usize)],
    /// Whether the answers are of a run that ended because of what they say.
    pub decided_early: bool,
    /// Where a recalibration was written, and its kind.
    pub exported: Option<(&'a str, &'a str)>,
}

/// What such a run's answers cannot promise.
const DECIDED_EARLY: &str = "the run was decided early: it ended because of what these answers say, \
    which no promise here takes into account; run without early_stop for one that holds";

/// The whole page.
#[must_use]
pub fn advice(page: &AdvicePage<'_>, style: Style) -> String {
    let mut out = String::new();
    let advice = page.advice;
    line(&mut out, &headline(page, style));
    line(&mut out, "");
    hanging(&mut out, "  ", 2, &style.text(&sentence(advice)), style);
    line(&mut out, "");
    for (name, risk, found) in [
        ("of what it answers", Of::Answered, &advice.selective),
        ("of all questions", Of::All, &advice.joint),
    ] {
        row(&mut out, name, &found_in_words(advice, risk, found), style);
    }
    if let Some(point) = &advice.joint_in_expectation {
        let text = format!(
            "≥ {}: {}; wrong answers to at most {} of all questions on average, promised at no level",
            shown(point.threshold),
            kept(point, advice.n),
            percent(advice.max_error)
        );
        row(&mut out, "in expectation", &text, style);
    }
    foundation(&mut out, page, style);
    curve(&mut out, advice, style);
    recalibration(&mut out, page, style);
    out
}

/// The advice in one sentence, for `--quiet`.
#[must_use]
pub fn advice_in_short(page: &AdvicePage<'_>, style: Style) -> String {
    let but = if page.decided_early { format!(" ({DECIDED_EARLY})") } else { String::new() };
    let text = format!("{}: {}{but}", visible(page.name), sentence(page.advice));
    style.text(&text) + "\n"
}

/// What errors are counted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Answered,
    All,
}

fn headline(page: &AdvicePage<'_>, style: Style) -> String {
    let verdict = match (page.advice.decisive().at, page.advice.is_judged()) {
        (Some(_), false) => style.green("ADVISED"),
        (Some(_), true) => style.green("KEEPS IT"),
        (None, false) => style.yellow("NO THRESHOLD"),
        (None, true) => style.yellow("NOT PROVEN"),
    };
    let verdict_width = width(&strip(&verdict));
    let name = style.text(&visible(page.name));
    let name = fit(&name, style.width.saturating_sub(verdict_width + 2), style.ellipsis());
    let gap = style.measure().saturating_sub(width(&name) + verdict_width).max(2);
    format!("{}{}{verdict}", style.bold(&name), " ".repeat(gap))
}

/// The advice in words.
fn sentence(advice: &Advice) -> String {
    let of = if advice.risk == "joint" { Of::All } else { Of::Answered };
    let found = advice.decisive();
    if let Some(point) = &found.at {
        let when = format!("Answer when confidence ≥ {}", shown(point.threshold));
        let keep = format!("you keep {} of the questions", percent(point.coverage));
        return format!("{when}: {}; {keep}", promise(advice, of));
    }
    let (level, most) = (percent(advice.level), percent(advice.max_error));
    let lacking = lacking(advice, of, found.lacking);
    let what = if advice.is_judged() {
        "This threshold cannot promise"
    } else {
        "No threshold can promise"
    };
    format!(
        "{what}, with n = {} and {level} confidence, that at most {most} of {} wrong{lacking}",
        advice.n,
        subject(of)
    )
}

fn promise(advice: &Advice, of: Of) -> String {
    let (level, most) = (percent(advice.level), percent(advice.max_error));
    format!("with {level} confidence at most {most} of {} wrong", subject(of))
}

fn subject(of: Of) -> &'static str {
    match of {
        Of::Answered => "what you still answer is",
        Of::All => "all questions get an answer that is",
    }
}

/// What would help, behind what is lacking.
fn lacking(advice: &Advice, of: Of, lacking: Option<Lacking>) -> String {
    let point = |point: &Point| {
        let (wrong, least) = (point.wrong, shown(point.threshold));
        match of {
            Of::Answered => {
                format!("{wrong} of {} answers at ≥ {least} are wrong", point.answered)
            }
            Of::All => format!("{wrong} of {} questions get a wrong one at ≥ {least}", advice.n),
        }
    };
    let best = if advice.is_judged() { "" } else { "at best, " };
    match lacking {
        Some(Lacking::Answers(n)) => {
            format!("; you would need about {n}, if errors stay as they are in these")
        }
        Some(Lacking::BetterAnswers(at)) => {
            format!(". No number of questions would help: {best}{}", point(&at))
        }
        Some(Lacking::Unclear(at)) => {
            let short =
                advice.least_answers.filter(|least| of == Of::Answered && *least > advice.n);
            let least = short.map_or_else(String::new, |least| {
                format!("; it takes {least} answers above a threshold in any event")
            });
            format!(
                ". Whether more questions would help cannot be told from these: {best}{}{least}",
                point(&at)
            )
        }
        Some(Lacking::BetterConfidence(at)) => format!(
            ". No number of questions would help, as the surest answers are not the best: {}",
            point(&at)
        ),
        None => String::new(),
    }
}

/// One of the two risks, found or not, in a few words.
fn found_in_words(advice: &Advice, of: Of, found: &Advised) -> String {
    let limit = found.upper_limit.map_or_else(String::new, |limit| {
        format!(", with {} confidence at most {}", percent(advice.level), percent(limit))
    });
    let Some(point) = &found.at else {
        let reason = match found.lacking {
            Some(Lacking::Answers(n)) => format!("about n = {n} would do"),
            Some(Lacking::Unclear(_)) => "more questions may help or not".to_owned(),
            Some(_) => "no number of questions would help".to_owned(),
            None => "nothing was measured".to_owned(),
        };
        return if advice.is_judged() {
            format!("not shown{limit}")
        } else {
            format!("no threshold; {reason}")
        };
    };
    let (wrong, error) = (point.wrong, percent(point.error.unwrap_or(0.0)));
    let error = match of {
        Of::Answered => format!("{wrong} of {} answered are wrong ({error})", point.answered),
        Of::All => format!("{wrong} of {} wrong ({})", advice.n, percent(point.error_of_all)),
    };
    format!("≥ {}: {}; {error}{limit}", shown(point.threshold), kept(point, advice.n))
}

fn kept(point: &Point, n: usize) -> String {
    format!("keeps {} of {n} ({})", point.answered, percent(point.coverage))
}

/// A threshold with as many digits as it has, two at least.
fn shown(threshold: f64) -> String {
    let exact = threshold.to_string();
    let places = exact.split_once('.').map_or(0, |(_, places)| places.len());
    if places < 2 { format!("{threshold:.2}") } else { exact }
}

fn row(out: &mut String, name: &str, text: &str, style: Style) {
    let first =
        format!("  {}{}", style.dim(name), " ".repeat(20_usize.saturating_sub(width(name))));
    hanging(out, &first, 22, &style.text(text), style);
}

/// What the promise rests on, and what it says nothing of.
fn foundation(out: &mut String, page: &AdvicePage<'_>, style: Style) {
    let advice = page.advice;
    let basis = if advice.n < advice.answers {
        format!(
            "n = {} independent answers: of {}, one of each case or group, drawn with seed {}",
            advice.n, advice.answers, advice.seed
        )
    } else {
        format!("n = {} graded answers with a confidence, taken for independent", advice.n)
    };
    let basis = match advice.least_answers {
        Some(least) => format!(
            "{basis}; thresholds that were fixed in advance, tested from the strictest down, beginning where {least} answers are left"
        ),
        None => basis,
    };
    row(out, "rests on", &basis, style);
    if page.decided_early {
        hanging(out, &style.yellow("  ! "), 4, &style.text(DECIDED_EARLY), style);
    }
    if !page.left_out.is_empty() {
        let parts = page.left_out.iter().map(|(what, count)| format!("{count} {}", visible(what)));
        let text = parts.collect::<Vec<_>>().join(" · ");
        row(out, "not among them", &text, style);
    }
}

fn curve(out: &mut String, advice: &Advice, style: Style) {
    if advice.curve.is_empty() {
        return;
    }
    let of_all = advice.risk == "joint";
    let title = if of_all {
        "wrong and answered, of all, by share that is answered"
    } else {
        "wrong among what is answered, by share that is answered"
    };
    line(out, "");
    line(out, &format!("  {title}, limit {}", percent(advice.max_error)));
    let advised = advice.decisive().at.as_ref();
    for text in risk_curve(&advice.curve, advised, advice.max_error, of_all, style.unicode) {
        line(out, &format!("  {text}"));
    }
}

fn recalibration(out: &mut String, page: &AdvicePage<'_>, style: Style) {
    let card = page.recalibration;
    let Some(raw) = card.raw else { return };
    line(out, "");
    let title = match card.folds {
        0 => "  recalibration".to_owned(),
        folds => format!("  recalibration, cross-fitted in {folds} folds"),
    };
    line(out, &title);
    let head =
        format!("{:<14}{:>9}{:>11}{:>8}   {}", "", "Brier", "log loss", "KS", "Brier changes by");
    line(out, &format!("  {}", style.dim(&head)));
    line(out, &format!("  {:<14}{}", "as it is", numbers(&raw)));
    for method in &card.methods {
        method_row(out, method, style);
    }
    let text = match (card.recommended, page.exported) {
        (_, Some((file, kind))) => format!("{kind} is written to {}", visible(file)),
        (Some(name), None) => format!(
            "{name} is recommended: it helps by more than chance, and nothing simpler does as well; --export FILE writes it"
        ),
        (None, None) if card.methods.iter().any(|method| method.reservation.is_some()) => {
            "none is recommended: none without a reservation helps by more than chance".to_owned()
        }
        (None, None) => "none is recommended: none helps by more than chance".to_owned(),
    };
    hanging(out, "  ", 2, &style.text(&text), style);
}

fn numbers(quality: &Quality) -> String {
    let Quality { brier, log_loss, ks_calibration_error } = quality;
    format!("{brier:>9.3}{log_loss:>11.3}{ks_calibration_error:>8.3}")
}

/// With its sign, unless nothing is left of it.
fn signed(change: f64) -> String {
    let text = format!("{change:+.3}");
    if text.ends_with("0.000") { " 0.000".to_owned() } else { text }
}

fn method_row(out: &mut String, method: &MethodCard, style: Style) {
    let Some(quality) = &method.quality else {
        let reason = method.reservation.as_deref().unwrap_or_default();
        line(out, &format!("  {:<14}{}", method.method, style.text(reason)));
        return;
    };
    let change = match (method.brier_change, method.brier_change_interval95) {
        (Some(change), Some([lower, upper])) => {
            format!("   {} [{}, {}]", signed(change), signed(lower), signed(upper))
        }
        (Some(change), None) => format!("   {}", signed(change)),
        _ => String::new(),
    };
    line(out, &format!("  {:<14}{}{change}", method.method, numbers(quality)));
    if let Some(reason) = &method.reservation {
        line(out, &style.dim(&style.text(&format!("    {reason}"))));
    }
}
