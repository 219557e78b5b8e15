use crate::grade::Verdict::{Abstained, Correct, Incorrect, Unparsable};
use crate::grade::tests::{fault, judge, misjudged};

#[test]
fn a_pattern_is_searched_in_the_reply() {
    let wrong = misjudged(
        "{regex: \"\\\\b19[0-9]{2}\\\\b\"}",
        &[
            ("It was 1938.", Correct, "1938"),
            ("**1938**", Correct, "1938"),
            ("It was 2038.", Incorrect, "It was 2038."),
            ("It was 19381.", Incorrect, "It was 19381."),
            ("<think>1938</think>2038", Incorrect, "2038"),
            ("I don't know.", Abstained, ""),
            ("", Unparsable, ""),
        ],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(judge("{regex: paris}", "Paris"), Incorrect);
    assert_eq!(judge("{regex: (?i)paris}", "Paris"), Correct);
    assert_eq!(judge("{regex: \"^[α-ω]+$\"}", "λόγος"), Incorrect);
    assert_eq!(judge("{regex: \"^\\\\p{Greek}+$\"}", "λόγος"), Correct);
}

#[test]
fn settings_change_what_is_matched() {
    let whole = "{regex_with: {pattern: \"[A-Z][a-z]+\", whole: true}}";
    let wrong = misjudged(
        whole,
        &[
            ("Paris", Correct, "Paris"),
            ("**Paris.**", Correct, "Paris"),
            ("The answer is Paris.", Correct, "Paris"),
            ("\\boxed{\\text{Paris}}", Correct, "Paris"),
            ("It is Paris", Incorrect, "It is Paris"),
        ],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(judge("{regex_with: {pattern: paris, ignore_case: true}}", "Paris"), Correct);
    let alternatives = "{regex_with: {pattern: a|bc, whole: true}}";
    assert_eq!((judge(alternatives, "bc"), judge(alternatives, "bcd")), (Correct, Incorrect));
}

#[test]
fn a_group_is_the_answer() {
    let yaml = "{regex_with: {pattern: \"capital: (?<city>.*)\", group: city, answer: Paris}}";
    let wrong = misjudged(
        yaml,
        &[
            ("capital: Paris", Correct, "Paris"),
            ("capital: **paris**.", Correct, "**paris**."),
            ("capital: London. No,\ncapital: Paris", Correct, "Paris"),
            ("capital: London", Incorrect, "London"),
            ("Paris", Unparsable, ""),
            ("I don't know.", Abstained, ""),
        ],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    let several = "{regex_with: {pattern: \"x=(\\\\d+)\", group: 1, answer: \"[5, 7]\"}}";
    assert_eq!((judge(several, "x=7"), judge(several, "x=6")), (Correct, Incorrect));
    let read = "{regex_with: {pattern: \"x=(\\\\d+)\", group: 1}}";
    assert!(misjudged(read, &[("x=7 or x=8", Correct, "8")]).is_empty());
}

#[test]
fn patterns_that_cannot_judge_are_refused() {
    for (yaml, fault_) in [
        (
            "{regex: \"(\"}",
            "9: `(` is no pattern: unclosed group; patterns are those of the Rust crate `regex`",
        ),
        (
            "{regex: \"(?<=a)b\"}",
            "9: `(?<=a)b` is no pattern: look-around, including look-ahead and look-behind, is not supported; patterns are those of the Rust crate `regex`",
        ),
        (
            "{regex: \"(a{1000}){1000}\"}",
            "9: `(a{1000}){1000}` is no pattern: Compiled regex exceeds size limit of 1048576 bytes; patterns are those of the Rust crate `regex`",
        ),
        (
            "{regex: \"a*\"}",
            "9: `a*` accepts an empty answer; let the pattern ask for at least one character",
        ),
        ("{regex: \".\"}", "9: `.` accepts every answer; let the pattern ask for what is right"),
        (
            "{regex: \"\\\\w\"}",
            "9: `\\w` accepts every answer; let the pattern ask for what is right",
        ),
        (
            "{regex: \"(?s).{3,}\"}",
            "9: `(?s).{3,}` accepts every answer; let the pattern ask for what is right",
        ),
        ("{regex: \"\"}", "9: an empty pattern accepts every answer; say what to match"),
        (
            "{regex_with: {pattern: \"(a)\", group: 2}}",
            "38: the pattern has no group `2`; groups are numbered from 1 to 1",
        ),
        (
            "{regex_with: {pattern: a, group: x}}",
            "34: the pattern has no group `x`; put what the answer is in brackets: `(…)`",
        ),
        (
            "{regex_with: {pattern: a, answer: x}}",
            "35: `answer` is compared with a group; add `group: 1`, or the name of the group that holds the answer",
        ),
        (
            "{regex_with: {ignore_case: true}}",
            "14: `pattern` is missing; say what to match: `pattern: …`",
        ),
    ] {
        assert_eq!(fault(yaml), fault_, "{yaml}");
    }
    // With a group to compare, the pattern may leave open what it holds.
    assert_eq!(fault("{regex_with: {pattern: \"(.*)\", group: 1, answer: x}}"), "");
    // A template is compiled when its values are known.
    let template = "{regex: \"{{ x }}\"}";
    assert!(fault(template).contains("is no pattern"), "{}", fault(template));
}

#[test]
fn hostile_replies_cost_linear_time() {
    let text = "a".repeat(200_000);
    assert_eq!(judge("{regex: \"(a+)+b\"}", &text), Incorrect);
    assert_eq!(judge("{regex_with: {pattern: \"(a*)*b|(a)\", group: 2}}", &text), Correct);
}

proptest::proptest! {
    #[test]
    fn any_pattern_and_reply_can_be_tried(pattern in "[a-c().*+?|\\[\\]{}0-2^$\\\\]{1,8}", text in "[a-c ]{0,12}") {
        let quoted = serde_json::to_string(&pattern).unwrap();
        let yaml = format!("{{regex_with: {{pattern: {quoted}, whole: true}}}}");
        if fault(&yaml).is_empty() {
            let _ = judge(&yaml, &text);
        }
    }
}
