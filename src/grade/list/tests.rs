use crate::grade::Verdict::{Abstained, Correct, Incorrect, Unparsable};
use crate::grade::tests::{fault, judge, misjudged};

#[test]
fn a_set_is_there_in_any_order() {
    for yaml in ["{set: \"[Huron, Erie, Ontario]\"}", "{set: \"Huron, Erie and Ontario\"}"] {
        let wrong = misjudged(
            yaml,
            &[
                ("Huron, Erie, Ontario", Correct, "Huron, Erie, Ontario"),
                ("Erie, Ontario and Huron.", Correct, "Erie, Ontario, Huron"),
                ("Erie, Huron, Erie, Ontario", Correct, "Erie, Huron, Erie, Ontario"),
                (
                    "1. **Erie**: shallow\n2. **Huron**\n3. **Ontario**",
                    Correct,
                    "Erie, Huron, Ontario",
                ),
                ("The answer is Huron, Erie and Ontario.", Correct, "Huron, Erie, Ontario"),
                ("Huron, Erie", Incorrect, "Huron, Erie"),
                ("Huron, Erie, Ontario, Superior", Incorrect, "Huron, Erie, Ontario, Superior"),
                ("Huron", Incorrect, "Huron"),
                ("I don't know.", Abstained, ""),
                ("The first is Huron. The second is Erie.", Unparsable, ""),
            ],
        );
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[test]
fn a_list_is_there_in_its_order() {
    let wrong = misjudged(
        "{list: \"[Mercury, Venus, Earth, Mars]\"}",
        &[
            ("Mercury, Venus, Earth, Mars", Correct, "Mercury, Venus, Earth, Mars"),
            ("1. Mercury\n2. Venus\n3. Earth\n4. Mars", Correct, "Mercury, Venus, Earth, Mars"),
            ("Venus, Mercury, Earth, Mars", Incorrect, "Venus, Mercury, Earth, Mars"),
            ("Mercury, Venus, Earth", Incorrect, "Mercury, Venus, Earth"),
            (
                "Mercury, Mercury, Venus, Earth, Mars",
                Incorrect,
                "Mercury, Mercury, Venus, Earth, Mars",
            ),
        ],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn settings_say_how_many_must_be_there() {
    for (grader, settings, text, right) in [
        ("set", "at_least: 50%", "c, a", true),
        ("set", "at_least: 50%", "a", false),
        ("set", "at_least: 50%", "a, b, x", false),
        ("set", "at_least: 50%, allow_extra: true", "a, b, x", true),
        ("set", "allow_extra: true", "a, b, c, d, x", true),
        ("set", "case: keep", "A, b, c, d", false),
        ("list", "at_least: 75%, allow_extra: true", "b, a, c, d", true),
        ("list", "at_least: 75%", "b, a, c, d", false),
        ("list", "allow_extra: true", "b, a, c, d", false),
        ("list", "allow_extra: true", "x, a, x, b, c, d", true),
        ("list", "at_least: 75%", "a, c, d", true),
    ] {
        let yaml = format!("{{{grader}_with: {{answer: \"[a, b, c, d]\", {settings}}}}}");
        assert_eq!(judge(&yaml, text) == Correct, right, "{yaml} {text:?}");
    }
    assert_eq!(
        fault("{set_with: {answer: x, at_least: 0}}"),
        "34: `at_least: 0` accepts every answer; write a share above 0, such as 1"
    );
    assert!(fault("{set: \"[a, ]\"}").starts_with("the expected answer is empty"));
    assert!(fault("{list: \"[]\"}").starts_with("the list of expected answers is empty"));
}
