use proptest::prelude::*;

use super::abstains;

#[test]
fn abstentions_are_recognised() {
    let texts = [
        "I don't know",
        "I don't know.",
        "I don’t know.",
        "i dont know",
        "**I don't know.**",
        "I do not know the answer to that question.",
        "IDK",
        "No idea!",
        "I have no idea.",
        "I'm not sure.",
        "I’m not sure about that.",
        "I am not certain.",
        "Not sure",
        "Unsure.",
        "Unknown",
        "Answer: unknown",
        "The answer is: I don't know.",
        "A: I don't know.",
        "Sorry, I don't know.",
        "I'm sorry, but I don't know the answer to this question.",
        "Unfortunately, I do not have enough information to answer this question.",
        "I don't have enough information to determine that.",
        "It cannot be determined from the information given.",
        "The answer cannot be determined.",
        "Cannot be determined from the passage.",
        "There is not enough information to say.",
        "There isn't enough information to answer the question.",
        "I can't answer that.",
        "I cannot answer this question with confidence.",
        "I'm unable to determine the exact date.",
        "I don't know who wrote this book.",
        "I don't know what year it was.",
        "I'm not sure which of these is right.",
        "I don't know. Could you give me more context?",
        "I don't know the middle name of her dog. There is no public record of it.",
        "As an AI language model, I do not have access to that information.",
        "Hmm, good question! I honestly don't know.",
        "I could not find any information about this person. Please check the spelling.",
        "The company was founded by two brothers. Neither left any record of a birthday. Therefore, it cannot be determined.",
        "The passage describes the festival in detail without naming the town. I cannot answer this question.",
        "I have no comment",
        "<think>Is it Paris? Not sure.</think>I don't know.",
        "I don't know\n\nConfidence: 0%",
        "Well, to be honest, I have no idea.",
        "I don't recall.",
        "I'd rather not guess.",
        "<answer>I don't know</answer><confidence>0</confidence>",
        "{\"answer\": \"unknown\", \"confidence\": 0.1}",
        "The passage names no town, so \\boxed{\\text{unknown}}",
    ];
    let misread: Vec<_> = texts.into_iter().filter(|text| !abstains(text)).collect();
    assert!(misread.is_empty(), "{misread:#?}");
}

#[test]
fn answers_are_not() {
    let texts = [
        "",
        "B",
        "Paris",
        "7",
        "I",
        "I don't know why people say so, but the answer is 7.",
        "I don't know why people say so, but 7.",
        "I don’t know for certain. The battle took place in 1066.",
        "I'm not sure, but I think it's Paris.",
        "I'm not 100% sure, but it is Paris.",
        "I'm not sure; maybe B?",
        "I don't know, Paris?",
        "I don't know. Paris.",
        "Not sure. My best guess is 42.",
        "Paris, but I'm not sure.",
        "Paris. I don't know.",
        "It might be Paris. I'm not sure.",
        "The answer is B. I don't know when it was founded.",
        "It was built in 1889. The architect cannot be determined.",
        "There is no such city.",
        "There is no evidence that this happens.",
        "Nobody knows.",
        "No.",
        "None of the above",
        "C. Cannot be determined",
        "If I had to guess, I'd say 7.",
        "The unknown in this equation is x = 5.",
        "He said \"I don't know\" and left.",
        "Socrates taught that he knew nothing.",
        "You should know that the capital is Canberra.",
        "I know the answer: 12.",
        "I am sure it is 12.",
        "As an AI, I don't have personal opinions, but most people prefer tea.",
        "I don't have access to live data, but as of 2023 it was 8 billion.",
        "Unknown Pleasures",
        "The Tomb of the Unknown Soldier",
        "If it cannot be determined, the court dismisses the case.",
        "It is impossible to divide by zero.",
        "I don't know of any mammal that lays eggs apart from the platypus.",
        "A is wrong. I am not sure about B. So C.",
        "No idea is more dangerous than the only one you have.",
        "We do not know much about Homer, though tradition places him in Chios.",
        "The answer is 3, though I'm not sure.",
        "Indeterminate",
        "<answer>Paris</answer> I don't know",
        "{\"answer\": \"Paris\", \"note\": \"unknown\"}",
        "x cannot be determined by the first equation alone, so add both: x = 3.",
    ];
    let misread: Vec<_> = texts.into_iter().filter(|text| abstains(text)).collect();
    assert!(misread.is_empty(), "{misread:#?}");
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = abstains(&text);
    }
}
