use crate::grade::Verdict::{Abstained, Correct, Incorrect, Unparsable};
use crate::grade::tests::{fault, judge, misjudged};

#[test]
fn the_answering_date_is_found() {
    let wrong = misjudged(
        "{date: 1938-03-12}",
        &[
            ("1938-03-12", Correct, "1938-03-12"),
            ("March 12, 1938.", Correct, "March 12, 1938"),
            ("**12 March 1938**", Correct, "12 March 1938"),
            ("It happened on Saturday, March 12th, 1938.", Correct, "March 12th, 1938"),
            ("The answer is 12 March 1938, a day before 13 March 1938.", Correct, "12 March 1938"),
            ("Answer: Mar. 12, 1938\nProbability: 0.9", Correct, "Mar. 12, 1938"),
            ("<answer>1938-03-12</answer><confidence>90</confidence>", Correct, "1938-03-12"),
            ("\\boxed{12 \\text{ March } 1938}", Correct, "12  March  1938"),
            ("In 1938, on 12 March 1938, it was.", Correct, "12 March 1938"),
            ("He (1809–1865) saw 12 March 1938.", Correct, "12 March 1938"),
            ("12.03.1938", Correct, "12.03.1938"),
            (
                "12 March 1938\n\nIt was a day after 11 March 1938 and a cold one.",
                Correct,
                "12 March 1938",
            ),
            ("13 March 1938", Incorrect, "13 March 1938"),
            ("13/03/1938", Incorrect, "13/03/1938"),
            ("1939", Incorrect, "1939"),
            ("April 1938", Incorrect, "April 1938"),
            ("March 13", Incorrect, "March 13"),
            ("12/04/1938", Incorrect, "12/04/1938"),
            ("12/03/1938", Unparsable, ""),
            ("1938", Unparsable, ""),
            ("March 1938", Unparsable, ""),
            ("12 March", Unparsable, ""),
            ("31 February 1938", Unparsable, ""),
            ("12–14 March 1938", Unparsable, ""),
            ("11 March 1938 or 12 March 1938", Unparsable, ""),
            ("Signed 12 March 1938, ratified 1 May 1938.", Unparsable, ""),
            ("before 12 March 1938", Unparsable, ""),
            ("yesterday", Unparsable, ""),
            ("I don't know the date.", Abstained, ""),
        ],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_expectation_says_how_precise_an_answer_must_be() {
    for (expected, text, verdict) in [
        ("1938", "1938", Correct),
        ("1938", "It was on 12 March 1938.", Correct),
        ("1938", "12/03/1938", Correct),
        ("1938", "It began in 1938 and on 1 May 1938 it ended.", Correct),
        ("1938", "From 1930 to 1935 nothing; in 1938 it began.", Correct),
        ("1938", "1939", Incorrect),
        ("1938", "1938 or 1939", Unparsable),
        ("1938", "1930s", Unparsable),
        ("1938", "1938–1940", Unparsable),
        ("March 1938", "12 March 1938", Correct),
        ("March 1938", "April 1938", Incorrect),
        ("March 1938", "1939", Incorrect),
        ("March 1938", "1938", Unparsable),
        ("25 December", "December 25th", Correct),
        ("25 December", "25 December 2001", Correct),
        ("25 December", "24 December", Incorrect),
        ("44 BC", "15 March 44 BC", Correct),
        ("44 BC", "44 AD", Incorrect),
        ("800", "in 800", Correct),
        ("800", "25 December 800", Correct),
    ] {
        assert_eq!(
            judge(&format!("{{date: \"{expected}\"}}"), text),
            verdict,
            "{expected} {text:?}"
        );
    }
    for (settings, text, verdict) in [
        ("answer: 1938-03-12, within_days: 1", "13 March 1938", Correct),
        ("answer: 1938-03-12, within_days: 1", "11 March 1938", Correct),
        ("answer: 1938-03-12, within_days: 1", "14 March 1938", Incorrect),
        ("answer: 1938-12-31, within_days: 1", "1939", Unparsable),
        ("answer: 1938-03-12, order: dmy", "12/03/1938", Correct),
        ("answer: 1938-03-12, order: mdy", "12/03/1938", Incorrect),
        ("answer: 12/03/1938, order: dmy", "12 March 1938", Correct),
    ] {
        let yaml = format!("{{date_with: {{{settings}}}}}");
        assert_eq!(judge(&yaml, text), verdict, "{settings} {text:?}");
    }
}

#[test]
fn what_is_no_date_is_refused() {
    let one = "give one date such as 1938-03-12, 12 March 1938, March 1938 or 1938";
    for (yaml, expected) in [
        ("{date: soon}", format!("`soon` is not a date; {one}")),
        ("{date: \"1 May 1938, 2 May 1938\"}", format!("`1 May 1938, 2 May 1938` holds 2 dates; {one}")),
        ("{date: 1938-02-31}", format!("`1938-02-31` is no day of the calendar; {one}")),
        (
            "{date: 12/03/1938}",
            "`12/03/1938` is two dates, as the day or the month may come first; write 1938-03-12, or add `order: dmy` or `order: mdy`".into(),
        ),
        (
            "{date_with: {answer: 1938, within_days: 1}}",
            "`1938` is no day, so no days are near it; give day, month and year, or leave out `within_days`".into(),
        ),
        (
            "{date_with: {answer: 1938, order: ymd}}",
            "35: unknown order `ymd`; known are none, dmy, mdy".into(),
        ),
    ] {
        assert_eq!(fault(yaml), expected, "{yaml}");
    }
}
