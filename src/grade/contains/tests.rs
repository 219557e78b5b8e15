use crate::grade::Verdict::{Abstained, Correct, Incorrect, Unparsable};
use crate::grade::tests::{fault, judge, misjudged};

#[test]
fn a_text_is_found_where_it_is_said() {
    let wrong = misjudged(
        "{contains: Paris}",
        &[
            ("Paris", Correct, "Paris"),
            ("It is Paris.", Correct, "It is Paris."),
            ("**Paris** is the capital.", Correct, "**Paris** is the capital."),
            ("paris, of course", Correct, "paris, of course"),
            ("The answer is Paris.", Correct, "Paris"),
            ("Answer: Paris\nProbability: 0.9", Correct, "Paris"),
            ("Answer: the city on the Seine. That is Paris.", Correct, "the city on the Seine"),
            ("<answer>Paris</answer><confidence>90</confidence>", Correct, "Paris"),
            ("\\boxed{\\text{Paris}}", Correct, "Paris"),
            ("It is $\\text{Paris}$ then", Correct, "It is $\\text{Paris}$ then"),
            ("It is <b>Paris</b>", Correct, "It is <b>Paris</b>"),
            ("| Paris | 2 million |", Correct, "| Paris | 2 million |"),
            ("It is not Lyon, it is Paris.", Correct, "It is not Lyon, it is Paris."),
            ("It's not Lyon but Paris", Correct, "It's not Lyon but Paris"),
            ("Not only Paris grows.", Correct, "Not only Paris grows."),
            ("No, it is Paris.", Correct, "No, it is Paris."),
            ("Paris, not London.", Correct, "Paris, not London."),
            ("It isn't London. Paris it is.", Correct, "It isn't London. Paris it is."),
            ("I'm not sure, but Paris.", Correct, "I'm not sure, but Paris."),
            ("<think>not Paris</think>Paris", Correct, "Paris"),
            ("I believe most people say Paris", Correct, "I believe most people say Paris"),
            ("It's Paris's day.", Correct, "It's Paris's day."),
            ("Paris. No other city is as large.", Correct, "Paris. No other city is as large."),
            ("Many believe it is Paris.", Incorrect, "Many believe it is Paris."),
            ("Most people think of Paris.", Incorrect, "Most people think of Paris."),
            ("Paris? No, it's London.", Incorrect, "Paris? No, it's London."),
            ("Paris. No. London.", Incorrect, "Paris. No. London."),
            ("London", Incorrect, "London"),
            ("Parisians live there", Incorrect, "Parisians live there"),
            ("It is not Paris.", Incorrect, "It is not Paris."),
            ("It isn’t Paris.", Incorrect, "It isn’t Paris."),
            ("It was never really Paris.", Incorrect, "It was never really Paris."),
            ("London rather than Paris", Incorrect, "London rather than Paris"),
            ("London instead of Paris", Incorrect, "London instead of Paris"),
            ("London, unlike Paris, is wet", Incorrect, "London, unlike Paris, is wet"),
            ("any city other than Paris", Incorrect, "any city other than Paris"),
            ("Neither London nor Paris", Incorrect, "Neither London nor Paris"),
            ("Neither Rome, Paris nor Bern", Incorrect, "Neither Rome, Paris nor Bern"),
            ("It is not Rome, Paris or Bern", Incorrect, "It is not Rome, Paris or Bern"),
            ("Paris is not the capital.", Incorrect, "Paris is not the capital."),
            ("Paris isn't right.", Incorrect, "Paris isn't right."),
            ("Paris is wrong.", Incorrect, "Paris is wrong."),
            ("Paris or London", Incorrect, "Paris or London"),
            ("London or Paris", Incorrect, "London or Paris"),
            ("Either Paris, or London", Incorrect, "Either Paris, or London"),
            ("Many say Paris. The answer is London.", Incorrect, "London"),
            ("I don't know whether it is Paris.", Abstained, ""),
            ("I don't know.", Abstained, ""),
            ("", Unparsable, ""),
        ],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_and_numbers_are_found_whole() {
    for (expected, text, right) in [
        ("C", "I like C best", true),
        ("C", "I like C++ best", false),
        ("C++", "I like C++.", true),
        ("5", "It is 5.", true),
        ("5", "It is 5.5", false),
        ("5", "It is -5", false),
        ("5", "It is 15", false),
        ("5", "x=5", true),
        ("-5", "It is −5 degrees", true),
        ("1.5", "about 1.5, I think", true),
        ("10:30", "at 10:30 sharp", true),
        ("Washington, D.C.", "It is Washington D.C., USA", true),
        ("New York", "in New\nYork", true),
        ("the Who", "Who sang it", true),
        ("not guilty", "She is not guilty", true),
        ("Newton", "It is one of Newton’s laws", true),
        ("Fermat's Last Theorem", "It is Fermat’s last theorem", true),
        ("don't panic", "It says don’t panic", true),
    ] {
        let yaml = format!("{{contains: \"{expected}\"}}");
        assert_eq!(judge(&yaml, text) == Correct, right, "{expected:?} in {text:?}");
    }
}

#[test]
fn settings_change_what_is_found() {
    for (settings, text, right) in [
        ("answer: aris", "Paris", false),
        ("answer: aris, words: false", "Paris", true),
        ("answer: aris, words: false", "not Paris", false),
        ("answer: Paris, case: keep", "It is Paris", true),
        ("answer: Paris, case: keep", "It is paris", false),
        ("answer: Paris., punctuation: keep", "It is Paris.", true),
        ("answer: Paris., punctuation: keep", "It is Paris", false),
        ("answer: Paris, punctuation: keep", "It is Paris.", true),
        ("answer: the Who, articles: keep", "It is the Who", true),
        ("answer: the Who, articles: keep", "It is Who", false),
        ("answer: new york, spaces: ignore, words: false", "in NewYork", true),
        ("answer: new york, spaces: keep", "in new  york", false),
        ("answer: new york, spaces: keep", "Yes, in new york, yes", true),
    ] {
        let yaml = format!("{{contains_with: {{{settings}}}}}");
        assert_eq!(judge(&yaml, text) == Correct, right, "{settings} {text:?}");
    }
    assert_eq!(
        fault("{contains_with: {answer: x, spaces: ignore}}"),
        "17: `spaces: ignore` leaves no words to be told apart; add `words: false`, or leave out `spaces`"
    );
    assert!(fault("{contains: \" \"}").starts_with("the expected answer is empty"));
}

proptest::proptest! {
    #[test]
    fn any_reply_can_be_searched(
        text in "(Paris|not|or| |, |\\. |\n|-|é|\u{e000}|\\$|'|\\(|neither){0,16}|\\PC{0,30}",
        key in "Paris|é|a b|-5|\\PC{1,3}",
        words in proptest::bool::ANY,
        spaces in "collapse|keep",
    ) {
        let quoted = serde_json::to_string(&key).unwrap();
        let yaml = format!("{{contains_with: {{answer: {quoted}, words: {words}, spaces: {spaces}}}}}");
        if !key.trim().is_empty() && fault(&yaml).is_empty() {
            let _ = judge(&yaml, &text);
        }
    }
}
