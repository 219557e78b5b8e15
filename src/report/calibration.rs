//! How sure the answers are on average, how well that fits, and what chance alone would show.

use crate::gate::percent;
use crate::scorecard::SourceCard;

use super::style::{Style, line};
use super::visible;

/// Blanks under the words at the start of a line.
const BESIDE: &str = "                   ";

/// From this p value on, chance explains what is seen.
const CHANCE: f64 = 0.05;

/// Smaller p values are only about right for few answers, so that they are not spelt out.
const LEAST: f64 = 0.01;

/// The lines of one source; at most 80 columns each but for the name of the source.
pub(super) fn calibration(out: &mut String, source: &SourceCard, style: Style) {
    // Where all answers are right, or all wrong, a bootstrap never sees another one, and what it
    // spans says nothing of what the next answers may be.
    let varied = source.accuracy.is_some_and(|share| share > 0.0 && share < 1.0);
    let intervals = source.bootstrap95.as_ref().filter(|_| varied);
    let gap = source.overconfidence_gap.map_or("n/a".to_owned(), points);
    let gap_between = between(intervals.and_then(|all| all.overconfidence_gap), |gap| {
        format!("{:+.1}", gap * 100.0)
    });
    let mean = source.mean_confidence.map_or("n/a".to_owned(), percent);
    let name = style.dim(&style.text(&visible(&source.source)));
    line(out, &format!("  mean confidence  {mean}   gap {gap}{gap_between}   {name}"));
    line(
        out,
        &format!(
            "  calibration      Brier {}{}   KS {}   smooth ECE {}",
            number(source.brier),
            between(intervals.and_then(|all| all.brier), three),
            number(source.ks_calibration_error),
            number(source.smece),
        ),
    );
    if let Some(text) = sentence(source) {
        line(out, &format!("{BESIDE}{}", style.text(&text)));
    }
    line(
        out,
        &format!(
            "  ranking          AUROC {}{}",
            number(source.auroc),
            between(intervals.and_then(|all| all.auroc), three),
        ),
    );
}

/// Whether chance explains what is seen; nothing where answers are alike, for which the test of it
/// is not made.
pub(super) fn sentence(source: &SourceCard) -> Option<String> {
    match source.certain_and_wrong {
        0 => {}
        1 => return Some("not calibrated: a certain answer is wrong".into()),
        count => return Some(format!("not calibrated: {count} certain answers are wrong")),
    }
    let p = source.ks_p_value?;
    if source.at_threshold()?.clustering_of_all.is_some() {
        return None;
    }
    Some(if p >= CHANCE {
        format!("perfect calibration could look so, too (KS p {p:.2})")
    } else if p >= LEAST {
        format!("not calibrated: chance gives such a KS in {} of samples", percent(p))
    } else {
        "not calibrated: chance gives such a KS in < 1% of samples".into()
    })
}

fn points(gap: f64) -> String {
    format!("{:+.1} points", gap * 100.0)
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}

fn number(value: Option<f64>) -> String {
    value.map_or("n/a".to_owned(), three)
}

/// An interval behind its number; nothing where there is none, or where it has no width.
fn between(interval: Option<[f64; 2]>, shown: impl Fn(f64) -> String) -> String {
    match interval.map(|ends| ends.map(shown)) {
        Some([low, high]) if low != high => format!(" [{low}, {high}]"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{header, judged};
    use crate::record::{Outcome, Run};
    use crate::report::terminal::reliability;
    use crate::scorecard::Scorecard;

    fn page(answers: &[(f64, bool)], in_a_group: usize) -> String {
        let records = answers.iter().enumerate().map(|(index, (confidence, correct))| {
            let outcome = if *correct { Outcome::Correct } else { Outcome::Incorrect };
            let mut record = judged(index, outcome, Some(*confidence));
            record.group = Some((index / in_a_group).to_string());
            record
        });
        let run = Run::of(header(answers.len()), records.collect());
        let mut out = String::new();
        let card = Scorecard::of(&run).unwrap();
        calibration(&mut out, card.endpoints[0].primary().unwrap(), Style::PLAIN);
        assert!(out.lines().all(|line| line.len() <= 80), "{out}");
        out
    }

    fn answers(confidence: f64, right: usize, n: usize) -> Vec<(f64, bool)> {
        // Two confidences, so that there is a ranking.
        (0..n).map(|i| (confidence - 0.01 * f64::from(u8::from(i % 2 == 0)), i < right)).collect()
    }

    #[test]
    fn a_model_that_claims_too_much_is_told_by_how_much() {
        insta::assert_snapshot!(page(&answers(0.9, 50, 80), 1), @"
        mean confidence  89.5%   gap +27.0 points [+17.0, +38.2]   stated
        calibration      Brier 0.307 [0.228, 0.396]   KS 0.270   smooth ECE 0.270
                         not calibrated: chance gives such a KS in < 1% of samples
        ranking          AUROC 0.500 [0.384, 0.617]
        ");
    }

    #[test]
    fn few_answers_tell_little_and_the_page_says_so() {
        insta::assert_snapshot!(page(&answers(0.9, 7, 8), 1), @"
        mean confidence  89.5%   gap +2.0 points [-10.9, +27.3]   stated
        calibration      Brier 0.111 [0.011, 0.311]   KS 0.055   smooth ECE 0.026
                         perfect calibration could look so, too (KS p 0.99)
        ranking          AUROC 0.214
        ");
    }

    #[test]
    fn answers_that_are_all_right_get_no_narrow_interval() {
        let page = page(&answers(0.9, 8, 8), 1);
        assert!(page.contains("gap -10.5 points   stated"), "{page}");
        assert!(page.contains("Brier 0.011   KS 0.105"), "{page}");
    }

    #[test]
    fn the_name_of_a_source_cannot_colour_the_page() {
        let records = vec![judged(0, Outcome::Correct, Some(0.9))];
        let card = Scorecard::of(&Run::of(header(1), records)).unwrap();
        let source = card.endpoints[0].primary().unwrap();
        let source = SourceCard { source: "\u{1b}[31mred".to_owned(), ..source.clone() };
        let mut out = String::new();
        calibration(&mut out, &source, Style::PLAIN);
        reliability(&mut out, &source, Style::PLAIN);
        assert!(out.contains("␛[31mred") && !out.contains('\u{1b}'), "{out}");
    }

    #[test]
    fn a_certain_wrong_answer_needs_no_test() {
        let page = page(&[(1.0, false), (0.5, true), (0.0, false)], 1);
        assert!(page.contains("not calibrated: a certain answer is wrong"), "{page}");
    }

    #[test]
    fn answers_that_are_alike_are_not_tested_as_if_they_were_not() {
        let page = page(&answers(0.9, 50, 80), 5);
        assert!(!page.contains("chance") && page.contains("Brier"), "{page}");
    }

    #[test]
    fn without_answers_nothing_is_made_up() {
        insta::assert_snapshot!(page(&[], 1), @"
        mean confidence  n/a   gap n/a   stated
        calibration      Brier n/a   KS n/a   smooth ECE n/a
        ranking          AUROC n/a
        ");
    }
}
