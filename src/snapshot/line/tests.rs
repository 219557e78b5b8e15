use proptest::prelude::*;

use super::*;

pub(crate) fn line(text: &str) -> Line {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why:?}"))
}

const FULL: &str = r#"au-capital: incorrect confident_wrong 4/5 + correct unsure_right 1/5 0.7-0.95 #3fa9c1d2e0b7 "b sydney" known_wrong 2026-11-29 "fails since March""#;

#[test]
fn a_line_says_what_became_of_a_case() {
    let line = line(FULL);
    assert_eq!((line.draws(), line.confident_wrong(), line.right(), line.wrong()), (5, 4, 1, 4));
    assert!(line.is_wrong() && line.is_unstable());
    assert_eq!(line.to_string(), FULL);
}

#[test]
fn what_is_not_there_is_left_out() {
    for text in [
        "q: refused 1/1 #000000000000",
        r#""a b": abstained 1/1 #0123456789ab "i dont know""#,
        r#"q: correct 2/2 #0123456789ab "x" known_wrong"#,
        r#"q: incorrect unsure_wrong 2/2 0-1 #0123456789ab known_wrong "why not""#,
    ] {
        assert_eq!(line(text).to_string(), text);
    }
}

#[test]
fn a_line_that_cannot_be_read_says_where_and_what_is_wanted() {
    let why = |text: &str| text.parse::<Line>().unwrap_err();
    for (text, at, wanted) in [
        ("", 0, "the name of a case"),
        ("q correct 1/1 #000000000000", 1, "a colon behind the case"),
        ("q: right 1/1 #000000000000", 2, "an outcome, and a quadrant that goes with it"),
        ("q: correct 1/1", 14, "a band or the digest of the question"),
        ("q: correct 1/2 #000000000000", 14, "counts that add up to all draws"),
        ("q: correct 0/1 #000000000000", 10, "how many draws of how many"),
        ("q: correct 1001/1001 #000000000000", 10, "how many draws of how many"),
        ("q: correct 1/1 #000000000000 x", 28, "the end of the line"),
        ("q: correct 1/1 #000000000000 \"x", 29, "a text in double quotes"),
        (
            "q: correct 1/2 + correct 1/2 #000000000000",
            24,
            "each outcome once, of the same number of draws",
        ),
        ("<<<<<<< HEAD", 7, "a colon behind the case"),
    ] {
        assert_eq!(why(text), Malformed { at, wanted }, "{text}");
    }
}

#[test]
fn nothing_is_invisible_in_a_line() {
    let hidden = "a\u{202e}b\u{200b}\u{a0}c\u{7}\r\n\t\u{fe0f}\u{e0041}";
    let shown = quoted(hidden);
    assert_eq!(shown, r#""a\u202eb\u200b\u00a0c\u0007\u000d\n\t\ufe0f\udb40\udc41""#);
    assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), hidden);
    assert_eq!(quoted("हिन्दी é e\u{301} 日本"), "\"हिन्दी é e\u{301} 日本\"");
}

#[test]
fn a_long_answer_is_told_from_another_one_that_begins_alike() {
    let long = |end: &str| Said::new(&format!("{}{end}", "ä".repeat(MOST_CHARS)));
    assert_eq!(long("").rest, None);
    assert!(long("x").text == long("y").text && long("x") != long("y"));
    let with = Line { answer: Some(long("x")), ..line(FULL) };
    assert_eq!(line(&with.to_string()), with);
}

proptest! {
    #[test]
    fn every_line_is_read_as_it_is_written(
        case in "\\PC{0,8}|.{0,8}", answer in proptest::option::of(".{0,300}"),
        reason in proptest::option::of(".{0,8}"), since in any::<bool>(), counts in (0..4usize, 1..4usize),
        subject in any::<[u8; 4]>(), sure in proptest::option::of(0.0..=1.0_f64),
    ) {
        let state = |outcome, quadrant| State::named(outcome, quadrant).unwrap();
        let mut states = vec![(state("correct", Some("unsure_right")), counts.1)];
        if counts.0 > 0 {
            states.push((state("unparsable", None), counts.0));
        }
        let line = Line {
            case, states,
            band: sure.map(|sure| Band::of(sure, 0.83)),
            subject: Subject::of(&Digest::of_bytes(&subject)),
            answer: answer.as_deref().map(Said::new),
            known: since.then(|| Known { since: Some("2026-11-29".into()), reason }),
        };
        let text = line.to_string();
        prop_assert!(!text.contains('\n') && text.trim() == text);
        prop_assert_eq!(text.parse::<Line>(), Ok(line));
    }

    #[test]
    fn no_text_makes_reading_panic(text in ".{0,80}|[a-z\":/#~+ 0-9.-]{0,80}") {
        let _ = text.parse::<Line>();
    }
}
