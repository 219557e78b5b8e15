//! The model: right as often as it is told to be, and as sure.
//!
//! Every prompt has an ease `u`, drawn once from `[0, 1)`. The model is right with the probability
//! `p = at(accuracy, u)` and says that it is sure by `c = at(confidence, u)`, where `at(m, u)` runs
//! over the widest range within `[0, 1]` that has the mean `m`: from `2m − 1` or 0 up to `2m` or 1.
//! With equal means the model is calibrated, since it states the very probability that it is right
//! with. With different ones it is over- or underconfident by their difference, and still surer of
//! what it knows better.
//!
//! Of lettered choices the stated probability is at least that of a guess, or the letter that is
//! answered would not be the likeliest.

use super::book::{Digest, Known, Line};
use super::chance::{pick, unit};

/// How good the model is, and how good it thinks it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Skill {
    /// Mean probability of being right.
    pub accuracy: f64,
    /// Mean confidence.
    pub confidence: f64,
}

/// A token of the reply with its likeliest alternatives, itself included, the likeliest first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) ln: f64,
    pub(super) top: Vec<(String, f64)>,
}

/// ln p of tokens that there is no doubt about.
const SURE: f64 = -1e-4;
/// The least probability that is written.
const LEAST: f64 = 1e-9;

/// What is asked of the model.
pub(super) struct Asked<'a> {
    pub(super) digest: &'a Digest,
    /// All turns, to look for what is wanted of the reply.
    pub(super) text: &'a str,
    /// Tells draws at a temperature apart; 0 without.
    pub(super) draw: u64,
    pub(super) line: Option<&'a Line>,
    pub(super) known: Option<&'a Known>,
}

/// What the model says.
pub(super) fn reply(skill: Skill, seed: u64, asked: &Asked<'_>) -> Vec<Piece> {
    if let Some(text) = asked.line.and_then(|line| line.say.as_ref()) {
        return tokens(text).map(sure).collect();
    }
    let draw = asked.draw.to_le_bytes();
    let about: [&[u8]; 2] = [asked.digest, &draw];
    let (answer, others) = answer(skill, seed, asked, &about);
    let letters = others.iter().chain([&answer]).all(|option| option.len() == 1);
    let ease = unit(seed, "ease", &[asked.digest]);
    let mut confidence = asked
        .line
        .and_then(|line| line.confidence)
        .unwrap_or_else(|| spread(skill.confidence, ease));
    if letters {
        confidence = confidence.max(1.0 / count(others.len() + 1));
    }
    let (mut text, mut at) = (answer.clone(), 0);
    if wants_confidence(asked.text) {
        if asked.text.contains("Answer:") {
            text.insert_str(0, "Answer: ");
            at = "Answer: ".len();
        }
        let percent = format!("{:.1}", confidence * 100.0);
        text += &format!("\nConfidence: {}%", percent.strip_suffix(".0").unwrap_or(&percent));
    }
    let mut end = 0;
    let pieces = tokens(&text).map(|token| {
        let start = end;
        end += token.len();
        if start <= at && at < end {
            told(token, confidence, &others, letters)
        } else {
            sure(token)
        }
    });
    pieces.collect()
}

/// The answer, and others that could have been given.
fn answer(skill: Skill, seed: u64, asked: &Asked<'_>, about: &[&[u8]]) -> (String, Vec<String>) {
    let letters = letters(asked.text);
    let besides = |taken: &str| -> Vec<String> {
        letters.iter().filter(|letter| *letter != taken).cloned().collect()
    };
    let told = asked.line.and_then(|line| line.answer.clone());
    let scripted =
        asked.line.and_then(|line| line.right.as_ref().map(|right| (right, &line.wrong)));
    let known = scripted.or_else(|| asked.known.map(|known| (&known.right, &known.wrong)));
    if let Some(answer) = told {
        let others = if answer.len() == 1 { besides(&answer) } else { Vec::new() };
        return (answer, others);
    }
    let Some((right, wrong)) = known else {
        // Nobody told what is right: a guess.
        let guess = pick(&letters, seed, "guess", about).cloned();
        let guess = guess.unwrap_or_else(|| format!("mock-{:02x}{:02x}", about[0][0], about[0][1]));
        let others = besides(&guess);
        return (guess, others);
    };
    let mut wrong = wrong.clone();
    if wrong.is_empty() && right.len() == 1 {
        wrong = besides(right);
    }
    if wrong.is_empty() {
        wrong.push("something else".into());
    }
    let ease = unit(seed, "ease", &about[..1]);
    if unit(seed, "right", about) < spread(skill.accuracy, ease) {
        return (right.clone(), wrong);
    }
    let answer = pick(&wrong, seed, "wrong", about).cloned().unwrap_or_default();
    wrong.retain(|other| *other != answer);
    wrong.push(right.clone());
    (answer, wrong)
}

/// The probability at an ease from 0 to 1, over the widest range whose mean is this.
fn spread(mean: f64, ease: f64) -> f64 {
    let (low, high) = ((2.0 * mean - 1.0).max(0.0), (2.0 * mean).min(1.0));
    low + (high - low) * ease
}

/// Whether a prompt asks how sure the model is.
fn wants_confidence(text: &str) -> bool {
    let text = text.to_lowercase();
    ["confiden", "how sure", "how likely", "how certain"].iter().any(|word| text.contains(word))
}

/// The letters of choices: lines such as `A. text`, `B) text` or `(C) text`, from A on.
fn letters(text: &str) -> Vec<String> {
    let mut letters: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches('(');
        let mut chars = line.chars();
        let (Some(letter), Some('.' | ')' | ':')) = (chars.next(), chars.next()) else { continue };
        let next = letters.last().and_then(|last| last.chars().next());
        let next = next.map_or('A', |last| char::from_u32(last as u32 + 1).unwrap_or(last));
        if letter == next && letter.is_ascii_uppercase() {
            letters.push(letter.to_string());
        }
    }
    letters
}

/// Words with the blank before them, and every other character for itself.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let lead = usize::from(first == ' ');
        let word = rest[lead..].find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len() - lead);
        let end = if word > 0 { lead + word } else { first.len_utf8() };
        let (token, behind) = rest.split_at(end);
        rest = behind;
        Some(token)
    })
}

fn sure(token: &str) -> Piece {
    Piece { text: token.into(), ln: SURE, top: vec![(token.into(), SURE)] }
}

/// The token at which the answer is decided. The rest of the probability is shared by the other
/// letters, or is that of one other text.
fn told(token: &str, confidence: f64, others: &[String], letters: bool) -> Piece {
    let ln = |p: f64| p.max(LEAST).ln();
    let blank = if token.starts_with(' ') { " " } else { "" };
    let mut top = vec![(token.to_owned(), ln(confidence))];
    let rest = 1.0 - confidence;
    if letters {
        let share = rest / count(others.len()).max(1.0);
        top.extend(others.iter().map(|other| (format!("{blank}{other}"), ln(share))));
    } else if let Some(other) = others.first().and_then(|other| tokens(other).next())
        && !token.ends_with(other)
    {
        top.push((format!("{blank}{other}"), ln(rest)));
    }
    top.sort_by(|one, two| two.1.total_cmp(&one.1));
    Piece { text: token.into(), ln: ln(confidence), top }
}

#[expect(clippy::cast_precision_loss, reason = "a handful")]
fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::book::digest;

    const PROMPT: &str = "Which?\nA. one\nB. two\nC. three\nD. four\n";

    /// Share of right answers and mean probability of the answered letter over many prompts.
    fn measured(accuracy: f64, confidence: f64) -> (f64, f64) {
        let skill = Skill { accuracy, confidence };
        let (mut right, mut sure) = (0.0, 0.0);
        for n in 0..20_000 {
            let prompt = format!("{n} {PROMPT}");
            let digest = digest([("user", prompt.as_str())].into_iter());
            let known =
                Known { right: "C".into(), wrong: vec!["A".into(), "B".into(), "D".into()] };
            let asked =
                Asked { digest: &digest, text: PROMPT, draw: 0, line: None, known: Some(&known) };
            let pieces = reply(skill, 1, &asked);
            let [piece] = &pieces[..] else { panic!("{pieces:?}") };
            right += f64::from(u8::from(piece.text == "C"));
            sure += piece.ln.exp();
            let mass: f64 = piece.top.iter().map(|(_, ln)| ln.exp()).sum();
            assert!((mass - 1.0).abs() < 1e-6 && piece.top.len() == 4, "{piece:?}");
            assert_eq!(piece.top[0].0, piece.text, "the answered letter is the likeliest");
        }
        (right / 20_000.0, sure / 20_000.0)
    }

    #[test]
    fn accuracy_and_confidence_are_as_told() {
        for (accuracy, confidence) in [(0.8, 0.8), (0.6, 0.95), (0.95, 0.7), (1.0, 1.0)] {
            let (right, sure) = measured(accuracy, confidence);
            assert!((right - accuracy).abs() < 0.01, "{right} for {accuracy}");
            assert!((sure - confidence).abs() < 0.01, "{sure} for {confidence}");
        }
    }

    #[test]
    fn text_falls_into_tokens_and_back() {
        for text in ["", "B", "Answer: B\nConfidence: 93.5%", "  two  é ½, x", " ", "naïve 日本 ok"]
        {
            assert_eq!(tokens(text).collect::<String>(), text);
        }
        let pieces: Vec<_> = tokens("Answer: B\nConfidence: 90%").collect();
        assert_eq!(pieces, ["Answer", ":", " B", "\n", "Confidence", ":", " 90", "%"]);
    }

    #[test]
    fn letters_are_read_in_their_order() {
        assert_eq!(letters(PROMPT), ["A", "B", "C", "D"]);
        assert_eq!(letters("(A) x\n(B) y\nD) z"), ["A", "B"]);
        assert_eq!(letters("I. Newton\nno"), Vec::<String>::new());
    }
}
