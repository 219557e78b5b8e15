use proptest::prelude::*;

use super::*;

fn known(items: &[&str]) -> Known {
    let normal = Normal::default();
    let ids = items.iter().enumerate().map(|(i, item)| (normal.apply(item), i)).collect();
    Known { normal, ids }
}

fn read(text: &str, known: &Known) -> Vec<String> {
    items(text, known).unwrap_or_default().into_iter().map(|item| item.text).collect()
}

#[test]
fn lists_are_cut_into_items() {
    for text in [
        "A1, B2, C3",
        "A1, B2 and C3",
        "A1, B2, and C3.",
        "A1; B2; C3",
        "A1 and B2 and C3",
        "A1 & B2 & C3",
        "The lakes are A1, B2 and C3.",
        "The three lakes of the north are **A1**, **B2**, and **C3**.",
        "Here they are: A1, B2, C3",
        "A1, B2 and C3 are the lakes.",
        "Sure! The lakes are A1, B2 and C3. They are large.",
        "The answer is A1, B2 and C3.",
        "Answer: A1, B2, C3\nProbability: 0.9",
        "Answer:\n- A1\n- B2\n- C3\n\nI hope this helps.",
        "**Answer:**\n\n1. A1\n2. B2\n3. C3",
        "<answer>A1, B2, C3</answer><confidence>90</confidence>",
        "\\boxed{A1, B2, C3}",
        "\\boxed{\\text{A1, B2, C3}}",
        "- A1\n- B2\n- C3",
        "* A1\n* B2\n* C3",
        "• A1\n• B2\n• C3",
        "1. A1\n2. B2\n3. C3",
        "1) **A1**\n2) **B2**\n3) **C3**",
        "**1. A1**\n**2. B2**\n**3. C3**",
        "The lakes:\n\n1. **A1** – the largest\n2. **B2**: the deepest\n3. C3 (the last)\n\nAll are wet.",
        "1. A1 - the largest\n   - it is wet\n2. B2\n   - so is it\n3. C3",
        "A1\nB2\nC3",
        "A1/B2/C3",
        "A1 → B2 → C3",
        "A1 | B2 | C3",
        "They're A1, B2 and C3.",
        "They are A1, B2 and C3, among others.",
        "They are A1, B2 and C3, in that order.",
        "The answer is A1, B2 and C3, but I'm not sure.",
        "Lakes:\nA1\nB2\nC3",
        "- A1, B2, C3",
        "[\"A1\", \"B2\", \"C3\"]",
        "```json\n{\"lakes\": [\"A1\", \"B2\", \"C3\"]}\n```",
        "{\"answer\": [\"A1\", \"B2\", \"C3\"], \"confidence\": 0.9}",
    ] {
        assert_eq!(read(text, &known(&[])), ["A1", "B2", "C3"], "{text:?}");
    }
}

#[test]
fn what_is_known_to_be_one_item_is_not_cut() {
    let islands =
        known(&["Trinidad and Tobago", "Saint Kitts and Nevis", "Jamaica", "Washington, D.C."]);
    for text in [
        "Jamaica, Trinidad and Tobago and Saint Kitts and Nevis",
        "Jamaica, Trinidad and Tobago, and Saint Kitts and Nevis.",
    ] {
        let all = ["Jamaica", "Trinidad and Tobago", "Saint Kitts and Nevis"];
        assert_eq!(read(text, &islands), all, "{text:?}");
    }
    assert_eq!(read("Washington, D.C., and Jamaica", &islands), ["Washington, D.C.", "Jamaica"]);
    let text = "First Jamaica, then Trinidad and Tobago, and finally Washington, D.C.";
    let all = ["Jamaica", "Trinidad and Tobago", "Washington, D.C."];
    assert_eq!(read(text, &islands), all);
    assert_eq!(read("🌴 Jamaica\n🌴 Trinidad and Tobago", &islands), all[..2]);
    assert_eq!(read("b) Jamaica\nc) Trinidad and Tobago", &islands), all[..2]);
    assert_eq!(read("(1) Jamaica, (2) Trinidad and Tobago", &islands), all[..2]);
    assert_eq!(read("Jamaica, but also Haiti", &islands), ["Jamaica", "but also Haiti"]);
    assert_eq!(read("1,234 and 5", &known(&[])), ["1,234", "5"]);
    assert_eq!(
        read("- Trinidad: and Tobago\n- Jamaica", &islands),
        ["Trinidad: and Tobago", "Jamaica"]
    );
}

#[test]
fn prose_is_no_list() {
    for text in [
        "I would have to think for a very long time about which of these lakes there are. They are many.",
        "The largest is A1. Then comes B2.",
        "| lake | depth |\n|---|---|\n| A1 | 2 |",
        "",
    ] {
        assert_eq!(items(text, &known(&[])), None, "{text:?}");
    }
    assert_eq!(read("A1.", &known(&[])), ["A1"]);
    assert_eq!(items(&"a, ".repeat(20_000), &known(&[])), None);
}

proptest! {
    #[test]
    fn any_text_can_be_cut(
        text in "(A1|B2|, | and |; |\n|- |1\\. |: |\\*\\*|\\[|\\]|\"|Answer: |\\. | are |é|–){0,14}|\\PC{0,30}"
    ) {
        let _ = items(&text, &known(&["A1", "A1 and B2"]));
    }
}
