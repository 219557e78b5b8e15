use crate::grade::Verdict::{Abstained, Correct, Incorrect, Unparsable};
use crate::grade::tests::{fault, judge, misjudged};

use super::*;

#[test]
fn a_value_is_found_in_the_reply() {
    let wrong = misjudged(
        "{json: {path: $.answer, equals: Paris}}",
        &[
            ("{\"answer\": \"Paris\"}", Correct, "Paris"),
            ("{\"answer\": \"**paris**.\", \"confidence\": 0.9}", Correct, "**paris**."),
            ("```json\n{\"answer\": \"Paris\"}\n```", Correct, "Paris"),
            ("Sure! {\"answer\": \"Paris\"} I hope [1] helps.", Correct, "Paris"),
            ("{\"answer\": \"London\"} Wait: {\"answer\": \"Paris\"}", Correct, "Paris"),
            ("{\"answer\": \"London\", \"answer\": \"Paris\"}", Correct, "Paris"),
            ("<think>{\"answer\": \"Rome\"}</think>{\"answer\": \"Paris\"}", Correct, "Paris"),
            ("{\"answer\": \"London\"}", Incorrect, "London"),
            ("{\"answer\": 5}", Incorrect, "5"),
            ("{\"answer\": [\"Paris\"]}", Incorrect, "[\"Paris\"]"),
            ("{\"city\": \"Paris\"}", Unparsable, ""),
            ("{\"answer\": \"Paris\"", Unparsable, ""),
            ("{'answer': 'Paris'}", Unparsable, ""),
            ("Paris", Unparsable, ""),
            ("{\"answer\": null}", Abstained, ""),
            ("{\"answer\": \"I don't know\"}", Abstained, ""),
            ("I don't know.", Abstained, ""),
        ],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn values_are_compared_by_their_kind() {
    for (expected, found, right) in [
        ("5", "5", true),
        ("5", "5.0", true),
        ("5", "\"5\"", true),
        ("5.50", "5.5", true),
        ("5", "6", false),
        ("5", "\"five\"", false),
        ("1234567890", "1234567891", false),
        ("9007199254740993", "9007199254740992", false),
        ("0.1", "0.1000000000000001", true),
        ("1e3", "1000", true),
        ("true", "true", true),
        ("True", "true", true),
        ("true", "\"True\"", true),
        ("true", "false", false),
        ("true", "1", false),
        ("null", "null", true),
        ("None", "null", false),
        ("Ten Downing Street", "\"ten downing street.\"", true),
        ("[1, \\\"a\\\"]", "[1.0, \"A\"]", true),
        ("[1, 2]", "[2, 1]", false),
        ("{\\\"a\\\": 1}", "{\"a\": 1}", true),
        ("{\\\"a\\\": 1}", "{\"a\": 1, \"b\": 2}", false),
        ("\\\"5\\\"", "5", true),
        ("\\\"\\\"", "\"\"", true),
    ] {
        // An expectation in brackets would be a list of the test's own renderer.
        let expected =
            if expected.starts_with('[') { format!(" {expected}") } else { expected.into() };
        let yaml = format!("{{json: {{path: v, equals: \"{expected}\"}}}}");
        let reply = format!("{{\"v\": {found}}}");
        assert_eq!(judge(&yaml, &reply) == Correct, right, "{expected} {found}");
    }
    let several = "{json: {path: v, equals: \"[Paris, 5]\"}}";
    assert_eq!(judge(several, "{\"v\": 5}"), Correct);
}

#[test]
fn paths_go_down() {
    let key = |key: &str| Step::Key(key.into());
    for (path, expected) in [
        ("$", Some(vec![])),
        ("$.a", Some(vec![key("a")])),
        ("a", Some(vec![key("a")])),
        (".a", Some(vec![key("a")])),
        ("a.b[0].c", Some(vec![key("a"), key("b"), Step::Position(0), key("c")])),
        ("$[2]", Some(vec![Step::Position(2)])),
        ("[0][1]", Some(vec![Step::Position(0), Step::Position(1)])),
        ("$[\"a.b\"]['c d'].e", Some(vec![key("a.b"), key("c d"), key("e")])),
        ("final answer", Some(vec![key("final answer")])),
        ("", None),
        ("a..b", None),
        ("a.", None),
        ("a[", None),
        ("a[]", None),
        ("a[x]", None),
        ("a[-1]", None),
        ("a[\"b]", None),
        ("$a", None),
        ("a[0]b", None),
    ] {
        assert_eq!(steps(path), expected, "{path}");
    }
    assert_eq!(
        fault("{json: {path: a.., equals: x}}"),
        "15: `a..` is no path; write keys and positions, such as $.answer or cities[0].name"
    );
    assert_eq!(
        fault("{json: {path: a}}"),
        "8: `equals` is missing; say what is right: `equals: …`"
    );
    assert_eq!(
        fault("{json: {equals: a}}"),
        "8: `path` is missing; say where the answer is: `path: …`"
    );
}

#[test]
fn a_long_hostile_reply_is_judged() {
    for piece in ["[", "{\"answer\":", "{\"answer\": 1}", "```", "```json\n{"] {
        let text = piece.repeat(100_000 / piece.len());
        let _ = judge("{json: {path: answer, equals: 7}}", &text);
    }
}
