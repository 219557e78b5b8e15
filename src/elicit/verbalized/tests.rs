use proptest::prelude::*;

use super::*;

fn own_prompt() -> Verbalized {
    Verbalized { instruction: None }
}

#[test]
fn stated_confidences_are_read() {
    let rows = [
        ("B\nConfidence: 90%", 0.9),
        ("B\nconfidence: 0.9", 0.9),
        ("B\nConfidence: .9", 0.9),
        ("B\nConfidence: 0,9", 0.9),
        ("B\nConfidence: 90", 0.9),
        ("B\nConfidence: 95%", 0.95),
        ("B\nConfidence: 100%", 1.0),
        ("B\nConfidence: 100", 1.0),
        ("B\nConfidence: 1", 1.0),
        ("B\nConfidence: 1.0", 1.0),
        ("B\nConfidence: 1%", 0.01),
        ("B\nConfidence: 0%", 0.0),
        ("B\nConfidence: 0", 0.0),
        ("B\nConfidence: 99.5%", 0.995),
        ("B\nConfidence: 90 %", 0.9),
        ("B\nConfidence: 90 percent", 0.9),
        ("B\nConfidence: 90 per cent", 0.9),
        ("B\nConfidence: 9/10", 0.9),
        ("B\nConfidence: 90/100", 0.9),
        ("B\nConfidence: 9 out of 10", 0.9),
        ("B\nConfidence = 90%", 0.9),
        ("B\nConfidence - 90%", 0.9),
        ("B\nConfidence – 90%", 0.9),
        ("B\nConfidence 90%", 0.9),
        ("B\nConfidence-90%", 0.9),
        ("B\nconfidence 0.9", 0.9),
        ("B\n**Confidence:** 95%", 0.95),
        ("B\n**Confidence: 95%**", 0.95),
        ("B\n**Confidence**: *95%*", 0.95),
        ("B\n`Confidence: 95%`", 0.95),
        ("B\nConfidence: ~95%", 0.95),
        ("B\nConfidence: about 95%", 0.95),
        ("B\nConfidence: [95%]", 0.95),
        ("B\nConfidence level: 95%", 0.95),
        ("B\nConfidence score: 0.95", 0.95),
        ("B\nMy confidence is 95%.", 0.95),
        ("B\nMy confidence in this answer is 95%.", 0.95),
        ("B\nMy confidence that the answer is 42 is 95%.", 0.95),
        ("B\nConfidence (0-100): 85", 0.85),
        ("B\nConfidence (0–100%): 85%", 0.85),
        ("B\nConfidence [0-1]: 0.85", 0.85),
        ("B\nConfidence (in percent): 85", 0.85),
        ("B (confidence: 85%)", 0.85),
        ("B (85% confident)", 0.85),
        ("B, confidence 85%", 0.85),
        ("I am 90% sure.", 0.9),
        ("I'm 90% sure that it is B.", 0.9),
        ("I’m about 90 percent sure it's 42", 0.9),
        ("I am 100% certain: B", 1.0),
        ("B, with 90% confidence.", 0.9),
        ("B, with 0.9 confidence.", 0.9),
        ("B with a certainty of 90%", 0.9),
        ("Certainty: 90%", 0.9),
        ("I'm confident (95%) that it's B", 0.95),
        ("Probability: 0.9", 0.9),
        ("The probability that my answer is correct is 90%.", 0.9),
        ("B\nConfidence: high (90%)", 0.9),
        ("B\nConfidence: I am 90% sure", 0.9),
        ("B\n**Confidence:**\n90%", 0.9),
        ("B\nＣｏｎｆｉｄｅｎｃｅ：９０％", 0.9),
        ("{\"answer\": \"B\", \"confidence\": 0.9}", 0.9),
        ("<answer>B</answer><confidence>90</confidence>", 0.9),
        ("| Confidence | 90% |", 0.9),
        ("Confidence: 50%\nHm.\nB\nConfidence: 80%", 0.8),
        ("I was 50% sure, now I'm 80% sure.", 0.8),
        ("A 95% confidence interval is 3.2 to 4.1.\nConfidence: 70%", 0.7),
        ("The probability is 0.5.\nConfidence: 90%", 0.9),
        ("Confidence: 90%. The answer is 42.", 0.9),
        ("Confidence: 90% since 3 sources agree", 0.9),
        ("Confidence: 90% - 3 sources agree", 0.9),
        ("206\nConfidence: 90%\n", 0.9),
    ];
    let wrong: Vec<_> = rows
        .iter()
        .map(|(text, expected)| (text, expected, own_prompt().confidence(text, false).value))
        .filter(|(_, expected, value)| {
            !value.as_ref().is_ok_and(|v| (v - **expected).abs() < 1e-12)
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_not_stated_is_missing_with_its_reason() {
    let rows = [
        ("", "no confidence stated"),
        ("B", "no confidence stated"),
        ("206", "no confidence stated"),
        ("0.9", "no confidence stated"),
        ("The answer is 42.", "no confidence stated"),
        ("It is 42, I'm sure.", "no confidence stated"),
        ("I'm sure: 42", "no confidence stated"),
        ("I am confident that it is 42.", "no confidence stated"),
        ("The probability of heads is 0.5.", "no confidence stated"),
        ("A 95% confidence interval is 3.2 to 4.1.", "no confidence stated"),
        ("At the 95% confidence level it differs.", "no confidence stated"),
        ("I'm not 100% sure, but B.", "no confidence stated"),
        ("I am not 90% certain.", "no confidence stated"),
        ("I have confidence in B. 42 people agree.", "no confidence stated"),
        ("Confidence", "no confidence stated"),
        ("Confidence:", "no confidence stated"),
        ("Confidence: 150%", "stated 150%"),
        ("Confidence: 150", "stated 150"),
        ("Confidence: -5%", "stated -5%"),
        ("Confidence: 11/10", "stated 11/10"),
        ("Confidence: 5/0", "stated 5/0"),
        ("Confidence: 80-90%", "stated a range: 80-90%"),
        ("Confidence: 80% - 90%", "stated a range: 80% - 90%"),
        ("Confidence: 80 to 90%", "stated a range: 80 to 90%"),
        ("Confidence: over 90%", "stated a bound: over 90%"),
        ("Confidence: >90%", "stated a bound: >90%"),
        ("I am more than 90% sure", "stated a bound: than 90%"),
        ("Confidence: high", "stated `high`"),
        ("Confidence: Very high.", "stated `Very high`"),
        ("Confidence: N/A", "stated `N/A`"),
        ("Confidence: 90%\nConfidence: low", "stated `low`"),
    ];
    let wrong: Vec<_> = rows
        .iter()
        .map(|(text, expected)| (text, expected, own_prompt().confidence(text, false).value))
        .filter(|(_, expected, value)| value.as_ref().err().map(String::as_str) != Some(**expected))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_last_line_counts_only_if_we_asked_for_it() {
    let asked = Verbalized::default();
    assert_eq!(asked.confidence("B\n90%", false).value, Ok(0.9));
    assert_eq!(asked.confidence("B\n\n**90%**\n", false).value, Ok(0.9));
    assert_eq!(asked.strip("B\n90%"), "B");
    for text in ["90%", "206\n42", "The share is:\n90%", "B\n0.9"] {
        assert!(asked.confidence(text, false).value.is_err(), "{text:?}");
        assert_eq!(asked.strip(text), text);
    }
    assert!(own_prompt().confidence("B\n90%", false).value.is_err());
}

#[test]
fn a_percentage_set_apart_at_the_end_counts_only_if_we_asked_for_one() {
    let asked = Verbalized::default();
    for (text, answer) in [
        ("Tungsten, 90%", "Tungsten"),
        ("Tungsten (90%)", "Tungsten"),
        ("Tungsten: 90%.", "Tungsten"),
        ("Humerus, 17.5 cm, 90%", "Humerus, 17.5 cm"),
    ] {
        assert_eq!(asked.confidence(text, false).value, Ok(0.9), "{text:?}");
        assert_eq!(asked.strip(text), answer, "{text:?}");
        assert!(own_prompt().confidence(text, false).value.is_err(), "{text:?}");
    }
    for text in
        ["90%", "Answer: 90%", "The share is: 90%", "It is 90%", "Oxygen, 21% of the air", "9, 10"]
    {
        assert!(asked.confidence(text, false).value.is_err(), "{text:?}");
    }
}

#[test]
fn the_answer_is_left_without_the_confidence() {
    let rows = [
        ("B\nConfidence: 90%", "B"),
        ("B\n\n**Confidence:** 90%\n", "B"),
        ("B\nConfidence: high", "B"),
        ("B\nConfidence: 80-90%", "B"),
        ("B\nConfidence: 90% since 3 sources agree", "B"),
        ("Confidence: 90%. The answer is 42.", " The answer is 42."),
        ("Confidence: 90%\nB", "\nB"),
        ("B (90% confident)", "B"),
        ("B (confidence: 90%)", "B"),
        ("It's 42, I'm 90% sure.", "It's 42."),
        ("42, with 90% confidence", "42"),
        ("42. I am 90% sure.", "42."),
        ("42. My confidence in this answer is 90%.", "42."),
        ("I am 90% sure the answer is 42.", "I am  sure the answer is 42."),
        ("B **Confidence: 90%**", "B"),
        ("The share is 90%.", "The share is 90%."),
        ("no statement \n", "no statement \n"),
        ("é\nConfidence: 90%", "é"),
        ("Confidence: 90%", ""),
    ];
    let wrong: Vec<_> = rows
        .iter()
        .map(|(text, expected)| (text, expected, own_prompt().strip(text)))
        .filter(|(_, expected, found)| found != *expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(matches!(own_prompt().strip("B\nConfidence: 90%"), Cow::Borrowed("B")));
}

#[test]
fn a_number_that_the_token_limit_cut_off_is_no_confidence() {
    let read = |text: &str, truncated| own_prompt().confidence(text, truncated).value.ok();
    for text in ["9", "10", "1", "100", "0.9", "0.", "8,"] {
        let text = format!("B\nConfidence: {text}");
        assert!(read(&text, false).is_some(), "{text}");
        assert_eq!(read(&text, true), None, "{text}");
    }
    for text in [
        "B\nConfidence: 90%",
        "B\nConfidence: 90%\nIn 19",
        "I am 90% sure",
        "Confidence: 90% since 3",
        "Confidence: 90.\nIt is B",
    ] {
        assert_eq!(read(text, true), Some(0.9), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_can_be_read(
        asked in any::<bool>(),
        text in "(confidence|sure|certain|I am| |:|\n|90|%|\\.9|/|10|-|\\(|\\)|to|,|Ｂ|é|9|is|\\.){0,14}|\\PC{0,30}",
    ) {
        let method = if asked { Verbalized::default() } else { own_prompt() };
        if let Ok(value) = method.confidence(&text, false).value {
            prop_assert!((0.0..=1.0).contains(&value));
        }
        prop_assert!(method.strip(&text).len() <= text.len());
    }

    #[test]
    fn every_percentage_is_read_back(percent in 0u8..=100) {
        let value = own_prompt().confidence(&format!("B\nConfidence: {percent}%"), false).value;
        prop_assert_eq!(value, Ok(f64::from(percent) / 100.0));
    }
}
