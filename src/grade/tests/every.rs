//! What holds for every grader.

use proptest::{prop_assert, proptest};

use super::*;

/// Every grader that judges by itself.
const ALL: &[&str] = &[
    "{choice: A}",
    "{exact: A}",
    "{numeric: 7}",
    "{contains: zz}",
    "{contains_with: {answer: zz, words: false}}",
    "{regex: (z+)+q}",
    "{regex_with: {pattern: (z+), group: 1, answer: zz}}",
    "{json: {path: a, equals: 7}}",
    "{f1: zz yy}",
    "{similar: zz yy}",
    "{date: 12 March 1939}",
    "{date: \"1939\"}",
    "{set: \"zz, yy\"}",
    "{list_with: {answer: \"zz, yy, zz\", allow_extra: true}}",
    "abstains",
];

#[test]
fn every_grader_waits_for_the_end_of_a_reply() {
    for yaml in ALL.iter().filter(|yaml| !yaml.contains("choice")) {
        for text in ["zz", "12 March 1939", "I don't know.", "{\"a\": 7}", "7", "", "<think>zz"] {
            assert_eq!(judge_cut(yaml, text, true), (Truncated, None), "{yaml} {text:?}");
        }
    }
}

#[test]
fn every_grader_knows_who_declines() {
    for yaml in ALL {
        let spec = read(yaml).0.unwrap();
        let right = *yaml == "abstains";
        let verdict = if right { Correct } else { Abstained };
        for text in ["I don't know.", "<think>zz</think>I’m not sure.", "<answer>unknown</answer>"]
        {
            assert_eq!(judge(yaml, text), verdict, "{yaml} {text:?}");
        }
        assert_eq!(judge(yaml, " \n"), Unparsable, "{yaml}");
        assert_eq!(spec.expects_abstention(), right, "{yaml}");
    }
}

#[test]
fn long_hostile_replies_are_judged() {
    for piece in [
        "answer: ",
        "A: ",
        "A",
        "A ",
        "A\n",
        "(",
        "1 ",
        "1,",
        "1.",
        "1 1/2 ",
        "answer is 1 ",
        "= 1",
        "=",
        "so ",
        "\n",
        "1. ",
        "\\boxed{1",
        "\\frac{",
        "\\frac{1}{2}",
        "I don't know ",
        "**",
        "A or ",
        ". ",
        "####",
        "1 percent ",
        "7th ",
        "no, not B. ",
        "$",
        "$1",
        "-1",
        "1938 ",
        "March 12 ",
        "1938-",
        "12/",
        "zz ",
        "zz, ",
        "zz and ",
        "- zz\n",
        "not zz or ",
        "neither zz, ",
        "{\"k\": [",
        "```json\n",
        "<answer>",
        "\\text{",
        "\u{e000}",
        "é",
    ] {
        let text = piece.repeat(12_000 / piece.len());
        for yaml in ALL {
            // No sheer mass of anything is the answer; a row of the right word may be.
            let verdict = judge(yaml, &text);
            let right = piece.contains('A') || piece.contains("zz") || *yaml == "abstains";
            assert!(right || verdict != Correct, "{piece:?} {yaml}");
        }
    }
}

proptest! {
    #[test]
    fn no_reply_panics(
        text in "(answer|is|not|or|and|zz|yy|A|7|1938|March|12|10–20|\\\\boxed\\{|\\}|<answer>|</answer>|\\*\\*|\"a\": |\\{|\\[|\\]|: |, |\\. |\n|- |é|−|½|’s|“|```| ){0,20}|\\PC{0,40}",
        cut in proptest::bool::ANY,
    ) {
        for yaml in ALL {
            let (verdict, read) = judge_cut(yaml, &text, cut);
            prop_assert!(read.is_none() || matches!(verdict, Correct | Incorrect), "{yaml}");
        }
    }
}
