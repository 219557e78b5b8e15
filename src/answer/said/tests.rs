use proptest::prelude::*;

use super::*;

fn misread(rows: &[(&str, &str)]) -> Vec<String> {
    let wrong = rows.iter().filter_map(|(text, answer)| {
        let found = said(text);
        (found.text != *answer).then(|| format!("{text:?}: {found:?}"))
    });
    wrong.collect()
}

#[test]
fn answers_are_found_by_their_marks() {
    let wrong = misread(&[
        ("Paris", "Paris"),
        ("Paris.", "Paris"),
        ("**Paris**", "Paris"),
        ("**Paris.**", "Paris"),
        ("\"Paris\".", "Paris"),
        ("“Paris”", "Paris"),
        ("`Paris`", "Paris"),
        ("```\nParis\n```", "Paris"),
        ("```text\nParis\n```", "Paris"),
        ("$\\text{Paris}$", "Paris"),
        ("\\(\\text{New York}\\)", "New York"),
        ("Answer: Paris", "Paris"),
        ("**Answer:** Paris", "Paris"),
        ("**Answer**: Paris", "Paris"),
        ("**Answer: Paris**", "Paris"),
        ("Answer: **Paris**", "Paris"),
        ("Answer: **Paris**, which lies on the Seine.", "Paris"),
        ("Answer - Paris", "Paris"),
        ("A: Paris", "Paris"),
        ("Answer:\nParis", "Paris"),
        ("Answer:\n\n**Paris**\n\nIt lies on the Seine.", "Paris"),
        ("Answer:\n```\nParis\n```", "Paris"),
        ("## Final Answer\n\nParis", "Paris"),
        ("**Final Answer**\n\nParis", "Paris"),
        ("**Final Answer:**\nParis", "Paris"),
        ("The answer is Paris.", "Paris"),
        ("The answer is: Paris.", "Paris"),
        ("The final answer is: **Paris**.", "Paris"),
        ("So the correct answer is Paris", "Paris"),
        ("My answer would be Paris.", "Paris"),
        ("The answer to this question is Paris.", "Paris"),
        ("The answer to the question of the capital is Paris.", "Paris"),
        ("The answer (in one word): Paris", "Paris"),
        ("I am 90% sure that the answer is Paris.", "Paris"),
        ("It could be London, since it is large. But the answer is Paris.", "Paris"),
        ("Answer: London. Wait. The answer is Paris.", "Paris"),
        ("The answer is Paris. It lies on the Seine.", "Paris"),
        ("Answer: Paris\nProbability: 0.9", "Paris"),
        ("Answer: Paris, confidence: 0.9", "Paris"),
        ("Answer: Paris (Confidence: 90%)", "Paris"),
        ("Answer: Paris\n\nExplanation: the answer lies on the Seine.", "Paris"),
        ("The answer is J. R. R. Tolkien. He wrote it.", "J. R. R. Tolkien"),
        ("The answer is Washington, D.C.", "Washington, D.C."),
        ("The answer is St. Petersburg.", "St. Petersburg"),
        ("The answer is as follows:\n\nParis", "Paris"),
        ("<answer>Paris</answer>", "Paris"),
        ("<answer>Paris</answer><confidence>90</confidence>", "Paris"),
        ("<think>x</think>\n<answer>\nParis\n</answer>", "Paris"),
        ("<Answer>**Paris**</Answer>", "Paris"),
        ("<answer>Paris", "Paris"),
        ("So it is \\boxed{Paris}.", "Paris"),
        ("\\boxed{\\text{Paris}}", "Paris"),
        ("\\[\\boxed{\\textbf{(B)} \\text{ Paris}}\\]", "(B)  Paris"),
        ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("\\boxed{50\\%}", "50%"),
        ("\\boxed{Paris", "Paris"),
        ("The answer is 4, not \\boxed{5}", "5"),
        ("{\"answer\": \"Paris\", \"confidence\": 0.9}", "Paris"),
        ("```json\n{\"answer\": \"Paris\"}\n```", "Paris"),
        ("{\"Answer\": 5}", "5"),
        ("Here: {\"answer\": \"Paris\", \"confidence\": 0.9}", "Paris"),
        ("Long thoughts.\n#### Paris", "Paris"),
        ("Paris\n\nIt is the capital of France and lies on the Seine.", "Paris"),
        ("Paris\nIt is the capital of France and lies on the Seine.", "Paris"),
        ("It is the capital of France and lies on the Seine.\n\nParis", "Paris"),
        ("So the capital is:\n\n**Paris**", "Paris"),
        ("Answer: Paris.\nExplanation: the answer is known because of Clovis.", "Paris"),
        ("Explanation: the answer is Paris.", "Paris"),
        ("The answer is likely Paris.", "Paris"),
        ("The answer is most probably **Paris**.", "Paris"),
        ("I believe the answer is Paris, but I'm not sure.", "Paris"),
        ("The answer is \"Emma\" by Jane Austen.", "Emma"),
        ("Answer: [Paris]", "Paris"),
        ("Answer: <Paris>", "Paris"),
        ("Answer: - 5", "- 5"),
        ("> Paris", "Paris"),
        ("The answer is Likely Stories", "Likely Stories"),
        ("**Yes.** Water boils there.", "Yes"),
        ("**Paris** – it lies on the Seine.", "Paris"),
    ]);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_marks_no_answer_is_left_whole() {
    for text in [
        "It is Paris",
        "Answers vary",
        "Answer",
        "Answer:",
        "The answer island",
        "If the answer is Paris, then France",
        "The wrong answer is Paris",
        "The answer is not Paris",
        "Paris or London",
        "**Paris**, London and Rome",
        "**Paris**: false. **London**: true",
        "**Paris.** No, London",
        "Paris\nLondon\nRome",
        "Paris\n\nLondon\n\nRome",
        "Paris\n\nWait, that is wrong. It is London, I am sure of it.",
        "\"Paris\" and \"London\"",
        "U.S.",
        "Yahoo!",
        "-5",
        "\u{e9}",
    ] {
        assert_eq!(said(text).text, text, "{:?}", said(text));
    }
    assert_eq!(
        said("The answer is Paris. No, wait: London it is.").text,
        "Paris. No, wait: London it is."
    );
    assert_eq!(said("The answer is **Paris** or **London**.").text, "**Paris** or **London**");
}

#[test]
fn what_follows_the_mark_is_known() {
    let rest = |text: &'static str| said(text).rest;
    assert_eq!(rest("London? No. The answer is Paris. It is old."), "Paris. It is old.");
    assert_eq!(rest("London? \\boxed{Paris} it is"), "Paris");
    assert_eq!(
        rest("Paris\n\nIt is the capital of France and it is old."),
        "Paris\n\nIt is the capital of France and it is old."
    );
}

#[test]
fn long_texts_cost_little() {
    for piece in [
        "answer ",
        "answer is ",
        "answer: ",
        "answer: \n",
        "**",
        "<answer>",
        "\\boxed{",
        "\\text{",
        "\"'",
        "answer to x ",
        ". ",
        "no ",
        "A. ",
    ] {
        let text = piece.repeat(200_000 / piece.len());
        let _ = said(&text);
    }
}

proptest! {
    #[test]
    fn no_text_panics(
        text in "(answer|is|not|to|: |\\. |\n|\\*\\*|\"|Paris|<answer>|</answer>|\\\\boxed\\{|\\\\text\\{|\\}|\\\\|```|####| |é|\\{|_){0,14}|\\PC{0,20}"
    ) {
        let found = said(&text);
        prop_assert!(!found.rest.is_empty() || text.trim().is_empty() || found.text.is_empty());
    }
}
