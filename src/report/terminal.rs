//! The page after a run: verdict, what is wrong with confidence, how well it is calibrated, what
//! else happened, where to look next. Made to be pasted into a chat: 80 columns, no line without
//! something to say. A wider terminal gets questions and answers whole and a finer diagram; sentences
//! stay as wide as can be read.

use crate::gate::{Decision, percent};
use crate::record::Unreadable;
use crate::scorecard::{EndpointCard, Flip, Rate, SourceCard};

use super::budgets::budgets;
use super::calibration::calibration;
use super::changes::Marks;
use super::comparison::{by_position, comparison};
use super::contested::{beside, labels};
use super::ending::ending;
use super::failures::failures;
use super::parts::{suspects, tags};
use super::ranked::{ranked, unstable};
use super::standing::standing;
use super::style::{Style, hanging, line, strip};
use super::text::{counted, fit, width, wrap};
use super::{Page, diagram, visible};

/// The whole page.
///
/// # Errors
/// A record that is shown cannot be read any more.
pub fn terminal(page: &Page<'_>, style: Style) -> Result<String, Unreadable> {
    let mut out = String::new();
    let several = page.scorecard.endpoints.len() > 1;
    let marks = Marks::of(page.standings);
    for (index, card) in page.scorecard.endpoints.iter().enumerate() {
        if index == 0 {
            line(&mut out, &headline(page, style));
        }
        if several {
            let name = format!("{} · {}", visible(&card.endpoint), visible(&card.model));
            line(&mut out, "");
            line(&mut out, &style.bold(&style.text(&name)));
        }
        line(&mut out, "");
        numbers(&mut out, page, card, style);
        failures(&mut out, page, card, style);
        standing(&mut out, page, card, style);
        ranked(&mut out, page, card, &marks, style)?;
        unstable(&mut out, page, card, style);
        if let Some(source) = card.primary() {
            reliability(&mut out, source, style);
        }
        comparison(&mut out, card, style);
        budgets(&mut out, page, card, style);
    }
    suspects(&mut out, page.scorecard, style);
    labels(&mut out, page, style);
    line(&mut out, "");
    let max_cost = page.operations.span.max_cost.as_ref();
    if let Some(sentence) = max_cost.and_then(|limit| limit.sentence.as_ref()) {
        hanging(&mut out, &style.red("  ! "), 4, &style.text(&visible(sentence)), style);
        line(&mut out, "");
    }
    ending(&mut out, page, style);
    Ok(out)
}

/// The verdict in a few words.
pub(super) fn verdict(decision: &Decision, style: Style) -> String {
    let all = decision.lines.len();
    let bad = decision.lines.iter().filter(|line| decision.counts_as_failed(line)).count();
    let budgets = if all == 1 { "budget" } else { "budgets" };
    match (decision.exit_code, decision.complete) {
        (0, _) => style.green(&format!("PASSED  {all} {budgets}")),
        (3, false) => style.yellow("STOPPED  could not measure"),
        (3, true) => style.yellow("COULD NOT MEASURE"),
        _ => style.red(&format!("FAILED  {bad} of {all} {budgets}")),
    }
}

/// The verdict in one line.
#[must_use]
pub fn headline(page: &Page<'_>, style: Style) -> String {
    let header = &page.run.header;
    let verdict = verdict(page.decision, style);
    let models: Vec<&str> =
        page.scorecard.endpoints.iter().map(|card| card.model.as_str()).collect();
    let trials = header.planned / header.endpoints.len().max(1);
    let cases = match usize::try_from(header.repeats.get()) {
        Ok(times) if times > 1 => format!("{} cases × {times}", trials / times),
        _ => match page.decision.early {
            Some(early) => {
                let planned = early.planned / header.endpoints.len().max(1);
                format!("{trials} of {planned} cases")
            }
            None => counted(trials, "case"),
        },
    };
    let name = format!("{} · {} · {cases}", header.suite, visible(&models.join(", ")));
    let name = style.text(&name);
    let verdict_width = width(&strip(&verdict));
    let name = fit(&name, style.width.saturating_sub(verdict_width + 2), style.ellipsis());
    let gap = style.measure().saturating_sub(width(&name) + verdict_width).max(2);
    format!("{}{}{verdict}", style.bold(&name), " ".repeat(gap))
}

fn numbers(out: &mut String, page: &Page<'_>, card: &EndpointCard, style: Style) {
    let early = page.decision.early.is_some();
    if let Some(source) = card.primary() {
        headline_number(out, page.scorecard.threshold, source, early, style);
        beside(out, page, |other| other.confident_wrong(page, &card.endpoint), style);
        when_confident(out, source, early);
    }
    since(out, page, card, style);
    accuracy(out, &card.accuracy);
    beside(out, page, |other| other.accuracy(&card.endpoint), style);
    repeats(out, card, style);
    for source in &card.sources {
        calibration(out, source, style);
    }
    if let Some(positions) = card.positions.as_ref().filter(|positions| positions.reordered == 0) {
        by_position(out, positions, style);
    }
    tags(out, &card.tags, card.primary().is_some(), style);
    outcomes(out, card, style);
}

/// What is new since the run before; nothing where none is kept.
fn since(out: &mut String, page: &Page<'_>, card: &EndpointCard, style: Style) {
    let changes = page.changes.iter().find(|changes| *changes.endpoint == *card.endpoint);
    let Some(changes) = changes else { return };
    let newly = changes.count(Flip::NewlyConfidentWrong);
    let text = format!("{newly} newly confidently wrong");
    let text = if newly > 0 { style.red(&text) } else { text };
    let mut rest = String::new();
    let others = [(Flip::Fixed, "mended"), (Flip::NoLongerConfidentWrong, "no longer confident")];
    for (flip, word) in others {
        match changes.count(flip) {
            0 => {}
            count => rest += &format!(" · {count} {word}"),
        }
    }
    rest += &format!("   since {}", visible(&changes.baseline));
    line(out, &format!("  what is new      {text}{}", style.text(&rest)));
}

/// Confident wrong answers of all graded ones with a confidence, and the limit of their share. Limits
/// of a run that was decided early are not called exact: that it ended here is no chance.
pub(super) fn wrong_of_all(source: &SourceCard, early: bool) -> Option<[String; 2]> {
    let at = source.at_threshold()?;
    let share = format!("{} of {}   {}", at.wrong, source.n, percent(at.rate_of_all?));
    let exact = if at.clustering_of_all.is_some() || early { "" } else { "exact " };
    Some([share, format!("95% {exact}upper limit {}", percent(at.upper95_of_all))])
}

/// How many answers are confidently wrong.
pub(super) fn headline_number(
    out: &mut String,
    threshold: f64,
    source: &SourceCard,
    early: bool,
    style: Style,
) {
    let Some(at) = source.at_threshold() else { return };
    let number = match wrong_of_all(source, early) {
        Some([share, limit]) => {
            let share = if at.wrong > 0 { style.red(&share) } else { style.green(&share) };
            format!("{share}   {limit}")
        }
        None => "nothing was graded with a confidence".into(),
    };
    let threshold = style.text(&format!("   at ≥ {threshold:.2}"));
    line(out, &format!("  {}  {number}{threshold}", style.bold("confident wrong")));
}

/// How many of the confident answers are wrong.
pub(super) fn when_confident(out: &mut String, source: &SourceCard, early: bool) {
    let Some(at) = source.at_threshold() else { return };
    let exact = |clustered: bool| if clustered || early { "" } else { "exact " };
    if let Some(rate) = at.rate_given_confident {
        let text = format!(
            "{} of {} wrong   {}   95% {}upper limit {}",
            at.wrong,
            at.confident,
            percent(rate),
            exact(at.clustering_given_confident.is_some()),
            percent(at.upper95_given_confident)
        );
        line(out, &format!("  when confident   {text}"));
    }
}

pub(super) fn accuracy(out: &mut String, accuracy: &Rate) {
    let accuracy = match (accuracy.rate, accuracy.interval95()) {
        (Some(rate), Some([low, high])) => {
            format!("{}   95% interval {} to {}", percent(rate), percent(low), percent(high))
        }
        _ => "nothing was graded".into(),
    };
    line(out, &format!("  accuracy         {accuracy}"));
}

/// How often the repeats of a case agree.
fn repeats(out: &mut String, card: &EndpointCard, style: Style) {
    let Some(repeats) = &card.repeats else { return };
    let mut parts = vec![
        format!("{} always right", repeats.always_right),
        format!("{} always wrong", repeats.always_wrong),
        format!("{} unstable", repeats.unstable),
    ];
    if repeats.ungraded > 0 {
        parts.push(format!("{} never graded", repeats.ungraded));
    }
    let text = format!("{} a case   {}", repeats.k, parts.join(" · "));
    line(out, &style.text(&format!("  repeats          {text}")));
}

/// Every outcome that occurs; right and wrong always.
fn outcomes(out: &mut String, card: &EndpointCard, style: Style) {
    let always = ["correct", "incorrect"];
    let mut parts: Vec<String> = Vec::new();
    for name in crate::record::Outcome::NAMES {
        let count = card.outcomes.get(name).copied().unwrap_or(0);
        if count > 0 || always.contains(&name) {
            parts.push(format!("{count} {name}"));
        }
    }
    if card.finished < card.planned {
        parts.push(format!("{} not asked", card.planned - card.finished));
    }
    let missing = card.primary().map_or(0, SourceCard::missing_count);
    if missing > 0 {
        parts.push(format!("{missing} without a confidence"));
    }
    for text in wrap(&style.text(&parts.join(" · ")), style.measure().saturating_sub(2)) {
        line(out, &format!("  {text}"));
    }
}

/// The diagram of how often answers are right against how sure they are.
pub(super) fn reliability(out: &mut String, source: &SourceCard, style: Style) {
    if source.n == 0 {
        return;
    }
    line(out, "");
    let bins = counted(source.bins_mass15.len(), "bin");
    let title = format!(
        "  right, of {} in {bins}, by {}",
        counted(source.n, "answer"),
        visible(&source.source)
    );
    line(out, &style.text(&title));
    for text in diagram::reliability(&source.bins_mass15, style) {
        line(out, &format!("  {text}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Decision;
    use crate::record::tests::{header, judged};
    use crate::record::{AskError, AskErrorKind, Outcome, Run};
    use crate::scorecard::{Calls, Scorecard, Span};

    /// A page with everything on it: hostile and long texts, failures, a diagram.
    fn page(style: Style) -> String {
        page_of(style, 1)
    }

    /// The same, of cases that were asked so often: each is unstable.
    fn page_of(style: Style, repeats: u32) -> String {
        let failure = Outcome::Failed(AskError::new(AskErrorKind::Network, "refüsed ".repeat(30)));
        let mut records = vec![
            judged(0, Outcome::Incorrect, Some(1.0)),
            judged(1, Outcome::Incorrect, Some(0.9)),
            judged(2, Outcome::Correct, Some(0.95)),
            judged(3, Outcome::Abstained, None),
            judged(4, failure, None),
        ];
        records[0].question = "漢字 \u{1b}[31mwho\nare\tyou? ".repeat(20);
        records[0].choices = vec!["ä ".repeat(80), "b\u{202e}".repeat(80)];
        records[1].case = "c".repeat(200);
        let mut header = header(6 * repeats as usize);
        header.repeats = std::num::NonZeroU32::new(repeats).unwrap();
        for repeat in 1..repeats {
            let again = records.clone();
            records.extend(again.into_iter().take(5).map(|mut record| {
                record.outcome = Outcome::Correct;
                record.repeat = repeat;
                record.index += 6 * repeat as usize;
                record
            }));
        }
        header.budget.confident_wrong = Some(crate::record::tests::at_most(0.1));
        let mut calls = Calls::new(&header);
        let run = Run::of(header, records.clone());
        for brief in run.briefs() {
            calls.add(&run.record(brief).unwrap(), brief);
        }
        let scorecard = Scorecard::of(&run).unwrap();
        let decision =
            Decision::judged(&run, &calls, &scorecard, None, crate::gate::Versus::default())
                .unwrap();
        let span = Span {
            started: run.header.started.clone(),
            elapsed_ms: Some(1234.0),
            ..Span::default()
        };
        let operations = calls.operations(span);
        let page = Page {
            run: &run,
            scorecard: &scorecard,
            decision: &decision,
            operations: &operations,
            changes: &[],
            standings: &[],
            contested: None,
            dir: "reports/demo/run",
            top: 10,
        };
        terminal(&page, style).unwrap()
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [80, 120, 136, 200] {
            for unicode in [true, false] {
                for repeats in [1, 2] {
                    let page = page_of(Style { color: false, unicode, width }, repeats);
                    assert_eq!(page.contains("Unstable"), repeats > 1);
                    for line in page.lines() {
                        assert!(super::width(line) <= width, "{width}: {line}");
                    }
                    assert!(unicode || page.is_ascii(), "{page}");
                }
            }
        }
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        let plain = page(Style::PLAIN);
        let painted = page(Style { color: true, ..Style::PLAIN });
        assert!(painted.contains("\x1b[1;31m"));
        assert_eq!(strip(&painted), plain);
    }

    #[test]
    fn everything_that_happened_is_on_the_page() {
        insta::assert_snapshot!(page(Style::PLAIN), @r"
        demo · m-1 · 6 cases                                  STOPPED  could not measure

          confident wrong  2 of 3   66.7%   95% exact upper limit 98.3%   at ≥ 0.80
          when confident   2 of 3 wrong   66.7%   95% exact upper limit 98.3%
          accuracy         33.3%   95% interval 6.1% to 79.2%
          mean confidence  95%   gap +61.7 points [-5.0, +100.0]   stated
          calibration      Brier 0.604 [0.003, 1.000]   KS 0.617   smooth ECE 0.617
                           not calibrated: a certain answer is wrong
          ranking          AUROC 0.500
          1 correct · 2 incorrect · 1 abstained · 1 failed · 1 not asked
          ! 1 × network error: refüsed refüsed refüsed refüsed refüsed refüsed refüsed
            refüsed refüsed refüsed refüsed refüsed refüsed refüsed refüsed refüsed
            refüsed refüsed refüsed refüsed refüsed refüsed refüsed refüsed refüsed
            refüsed refüsed refüsed refüsed refüsed

          Confidently wrong, the surest first
          1.00  漢字 ␛[31mwho are you? 漢字 ␛[31mwho are you? 漢字 ␛[31mwho are you? 漢…
                said B. b\u{202e}b\u{202e}b\u{2…   expected A. ä ä ä ä ä ä ä ä ä ä ä ä…
          0.90  What is 1?
                said B. y   expected A. x

          right, of 3 answers in 3 bins, by stated
          1.0 ┤                                             ·●··
              │                                       ······
              │                                 ······
              │                           ······
          0.5 ┤                     ······
              │               ······
              │         ······
              │   ······
          0.0 ┤···                                        ●    ●
              ┼─────────────────────────────────────────────────
              0        0.25         0.5        0.75           1  ● observed · calibrated

          ✗ confident_wrong at most 10%
            2 of 3 answers are confidently wrong (66.7%); with 95% confidence at least
            13.5%, above 10%: no count of so few cases would pass
          ✗ coverage at least 95%
            4 of 6 planned trials were measured, and every run needs 95%

          5 trials · 0 calls · 0 joined · 0 stored · 1.2 s
          reports/demo/run
        ");
    }
}
