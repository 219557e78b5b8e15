use proptest::prelude::*;

use super::*;

fn cities(n: usize) -> Question {
    let names =
        ["London", "Paris", "Rome", "Madrid", "Bern", "Oslo", "Lima", "Cairo", "Quito", "Delhi"];
    Question { text: "?".into(), choices: names[..n].iter().map(ToString::to_string).collect() }
}

fn misread(question: &Question, rows: &[(&str, Result<char, NoLetter>)]) -> Vec<String> {
    let wrong = rows.iter().filter_map(|(text, expected)| {
        let found = read(question, text);
        (found.map(|letter| letter.letter) != *expected).then(|| format!("{text:?}: {found:?}"))
    });
    wrong.collect()
}

fn all_are_b(texts: &[&str]) {
    let rows: Vec<_> = texts.iter().map(|text| (*text, Ok('B'))).collect();
    let wrong = misread(&cities(4), &rows);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn letters_are_read_in_any_dress() {
    let texts = [
        "B",
        "b",
        "B.",
        "b)",
        "(B)",
        "[B]",
        "**B**",
        "**B.**",
        "B\n",
        " B ",
        "B. Paris",
        "B) Paris",
        "(B) Paris",
        "B: Paris",
        "B - Paris",
        "B – Paris",
        "B Paris",
        "**B. Paris**",
        "B. **Paris**",
        "Option B",
        "Choice (B)",
        "$B$",
        "\\boxed{B}",
        "$\\boxed{\\text{B}}$",
        "\"B\"",
        "`B`",
        "Ｂ",
        "（Ｂ）",
        "Ⓑ",
        "<answer>B</answer>",
        "{\"answer\": \"B\"}",
    ];
    all_are_b(&texts);
}

#[test]
fn letters_are_read_after_labels_and_reasons() {
    let texts = [
        "Answer: B",
        "answer: b",
        "**Answer:** B",
        "**Answer: B**",
        "Answer: **B**",
        "Answer:\n\nB",
        "Answer: B. Paris",
        "Answer - B: B",
        "A: B",
        "A: (B)",
        "A: Paris",
        "The answer is B",
        "The answer is B.",
        "The answer is (B).",
        "The answer is (b).",
        "The answer is: **B**",
        "The correct answer is B) Paris.",
        "The correct answer is option B.",
        "The correct option is B.",
        "The best answer would be B.",
        "The answer is therefore B.",
        "The answer to this question is B.",
        "Final answer: B",
        "My final answer is B, because it is old.",
        "The answer is \\boxed{B}.",
        "The answer is B because A is wrong.",
        "The answer is B, A is wrong.",
        "The answer is b because it is.",
        "The answer is A. Wait, no. The answer is B.",
        "Paris",
        "paris.",
        "**Paris**",
        "The answer is Paris.",
        "Answer: Paris",
        "B. Because it stands on the Seine.",
        "B, because it stands on the Seine.",
        "B because it stands on the Seine.",
        "B\n\nParis is the capital. A is wrong, C is Italian.",
        "(B) is the right answer.",
        "Option B is correct.",
        "B is correct, A is not.",
        "A is tempting, but B is correct.",
        "I choose B.",
        "I would go with (B).",
        "I pick option B",
        "Paris stands on the Seine.\n\nB",
        "Paris stands on the Seine.\n**B**",
        "Paris stands on the Seine.\n\nB. Paris",
        "London is on the Thames (A), Rome on the Tiber (C), so B.",
        "London is not in France. Hence (B).",
        "It stands on the Seine, so the answer is option B.",
        "A. London is English.\nC. Rome is Italian.\nSo the answer is B.",
        "A dog could tell: the answer is B.",
        "I think the answer is B.",
        "B\nConfidence: 90%",
        "Reasoning.\nB\nConfidence: 90%",
        "<think>A? C?</think>B",
        "<think>The answer is A.</think>\n\nThe answer is B.",
        "- B",
        "> B",
        "# B",
        "The answer is B! A and C are elsewhere.",
        "Answer: B (Paris)",
        "B (Paris)",
        "B;",
        "b.",
    ];
    all_are_b(&texts);
}

#[test]
fn what_is_no_letter_is_not_read_as_one() {
    use NoLetter::{Absent, Beyond, Several};
    let wrong = misread(
        &cities(4),
        &[
            ("", Err(Absent)),
            ("   ", Err(Absent)),
            ("INCORRECT", Err(Absent)),
            ("CORRECT", Err(Absent)),
            ("Incorrect.", Err(Absent)),
            ("Answer: INCORRECT", Err(Absent)),
            ("A dog is an animal.", Err(Absent)),
            ("A capital is a city.", Err(Absent)),
            ("The answer is a city in France.", Err(Absent)),
            ("Answer: A city in France.", Err(Absent)),
            ("I don't know.", Err(Absent)),
            ("I am not sure.", Err(Absent)),
            ("A: I don't know.", Err(Absent)),
            ("Berlin", Err(Absent)),
            ("Because", Err(Absent)),
            ("C++", Err(Absent)),
            ("C#", Err(Absent)),
            ("A-level", Err(Absent)),
            ("vitamin C", Err(Absent)),
            ("Hepatitis B", Err(Absent)),
            ("B. F. Skinner wrote it.", Err(Absent)),
            ("C major is a key.", Err(Absent)),
            ("C, Java and Python are languages.", Err(Absent)),
            ("The answer is not B.", Err(Absent)),
            ("I would not choose B.", Err(Absent)),
            ("If the answer is B, then Paris is in Italy.", Err(Absent)),
            ("It cannot be B.", Err(Absent)),
            ("B is wrong.", Err(Absent)),
            ("e.g. this", Err(Absent)),
            ("A or B", Err(Several)),
            ("A, C", Err(Several)),
            ("A and B", Err(Several)),
            ("A/B", Err(Several)),
            ("(A) and (C)", Err(Several)),
            ("The answer is A or B.", Err(Several)),
            ("The answer is (A) and (B).", Err(Several)),
            ("A. London\nB. Paris\nC. Rome\nD. Madrid", Err(Several)),
            ("A\nB\nC", Err(Several)),
            ("A is correct. B is correct.", Err(Several)),
            ("F", Err(Beyond('F'))),
            ("(E)", Err(Beyond('E'))),
            ("The answer is F.", Err(Beyond('F'))),
            ("<think>The answer is B", Err(Absent)),
        ],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_and_i_are_letters_only_where_no_word_follows() {
    let wrong = misread(
        &cities(10),
        &[
            ("A", Ok('A')),
            ("I", Ok('I')),
            ("A.", Ok('A')),
            ("I)", Ok('I')),
            ("A. London", Ok('A')),
            ("A London", Ok('A')),
            ("A because it is on the Thames", Ok('A')),
            ("A is correct.", Ok('A')),
            ("The answer is A", Ok('A')),
            ("The answer is A because it is old.", Ok('A')),
            ("The answer is I.", Ok('I')),
            ("The answer is I think London", Ok('A')),
            ("I think so", Err(NoLetter::Absent)),
            ("I, for one, do not know", Err(NoLetter::Absent)),
            ("I'm sure.", Err(NoLetter::Absent)),
            ("I believe the answer is J.", Ok('J')),
            ("A: B", Ok('B')),
            ("J. K. Rowling", Err(NoLetter::Absent)),
            ("K", Err(NoLetter::Beyond('K'))),
        ],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn choices_are_told_apart_by_what_carries_meaning() {
    let choices = ["5", "-5", "1.5", "15", "Cannot be determined", "Incorrect", "X"];
    let question = Question { text: "?".into(), choices: choices.map(String::from).to_vec() };
    let wrong = misread(
        &question,
        &[
            ("-5", Ok('B')),
            ("−5", Ok('B')),
            ("5", Ok('A')),
            ("1.5", Ok('C')),
            ("15.", Ok('D')),
            ("Cannot be determined.", Ok('E')),
            ("E. Cannot be determined", Ok('E')),
            ("INCORRECT", Ok('F')),
            ("X", Ok('G')),
            ("The answer is X.", Ok('G')),
            ("Y", Err(NoLetter::Beyond('Y'))),
        ],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_row_of_labels_is_no_tower() {
    assert_eq!(read(&cities(4), &("A: ".repeat(20_000) + "B")).map(|l| l.letter), Ok('A'));
    assert_eq!(read(&cities(4), &"{\"a\": [".repeat(5_000)).map(|l| l.letter), Ok('A'));
    for text in ["Wait, A foo ", "no, not B ", "I choose C. ", "Answer: B or ", "so it must be "] {
        let _ = read(&cities(4), &text.repeat(20_000));
    }
}

#[test]
fn the_place_of_a_letter_is_known() {
    let place =
        |text: &str| read(&cities(4), text).map(|letter| (letter.at, letter.place)).unwrap();
    assert_eq!(place("B"), (Some(0), Place::Start));
    assert_eq!(place(" (B) Paris"), (Some(2), Place::Start));
    assert_eq!(place("Answer: B"), (Some(8), Place::Start));
    assert_eq!(place("The answer is B because"), (Some(14), Place::Start));
    assert_eq!(place("Hm. The answer is B."), (Some(18), Place::Marked));
    assert_eq!(place("Long ago.\nB"), (Some(10), Place::End));
    assert_eq!(place("Paris"), (None, Place::Text));
    assert_eq!(place("<think>é</think>B"), (Some(17), Place::Start));
    assert_eq!(place("A: (B)"), (Some(4), Place::Start));
}

proptest! {
    #[test]
    fn a_letter_is_one_of_the_choices_and_stands_where_it_says(
        text in "(answer|is|A|B|I|or|\\(|\\)|\\.|:| |\n|\\\\boxed\\{|\\}|Ｂ|é|Paris|<think>|</think>|'|-){0,14}|\\PC{0,20}",
        n in 0usize..10,
    ) {
        let question = cities(n);
        if let Ok(letter) = read(&question, &text) {
            prop_assert!(question.letters().any(|known| known == letter.letter));
            prop_assert!(letter.at.is_none_or(|at| text.is_char_boundary(at) && at < text.len()));
        }
    }
}

#[test]
fn a_letter_wins_over_the_text_beside_it() {
    let question = cities(4);
    for (text, letter) in [("B. London", 'B'), ("C) Paris", 'C'), ("**A. Rome**", 'A')] {
        let found = read(&question, text).unwrap();
        assert_eq!((found.letter, found.place), (letter, Place::Start), "{text:?}");
    }
}

#[test]
fn a_choice_may_be_named_in_a_sentence() {
    let question = |text: &str, choices: &[&str]| Question {
        text: text.into(),
        choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
    };
    let salad = question("Where was the salad first served?", &["Spain", "Italy", "Mexico"]);
    let energy = question("How many times the energy?", &["One hundred", "Two", "Thirty-two"]);
    let level = question("How does the level change?", &["It falls slightly", "It rises slightly"]);
    let plant = question("A tuber is part of which organ?", &["A stem", "A stem cell", "A root"]);
    for (question, text, letter) in [
        (&salad, "I am sure that it was first served in Italy.", Some('B')),
        (&salad, "It was Italy. Spain and Mexico came later.", Some('B')),
        (&salad, "It was not Italy.", None),
        (&salad, "It was Italy. No, it was Mexico.", None),
        (&salad, "Italy or Spain.", None),
        (&salad, "If it was Italy, I would be surprised.", None),
        (&salad, "I do not know whether it was Italy.", None),
        (&energy, "It releases roughly 32 times the energy.", Some('C')),
        (&energy, "The two of them differ.", None),
        (&level, "The level will rise slightly.", Some('B')),
        (&plant, "It belongs to a stem cell.", Some('B')),
        (&plant, "It belongs to the stem.", Some('A')),
    ] {
        let found = read(question, text).ok();
        assert_eq!(found.map(|found| found.letter), letter, "{text:?}");
    }
    let echo = question("Is Italy or Spain larger?", &["Italy", "Spain"]);
    assert!(read(&echo, "This asks about Italy.").is_err());
}

#[test]
fn the_last_settled_answer_counts() {
    let texts = [
        "Answer: C\n\nWait, actually B.",
        "Answer: C\n\nWait, it's B.",
        "Answer: C. No, B.",
        "C. Wait, actually B.",
        "C\n\nCorrection: B",
        "C\n\nCorrection: **B**",
        "C, sorry, B",
        "C, or rather B.",
        "Answer: C\n\nOops. I meant B.",
        "Answer: C\n\nSorry, I made a mistake: it should be B.",
        "Answer: C\n\nWait, that's wrong. It's (B).",
        "Answer: C\n\nActually, not C but B.",
        "Answer: C\n\nActually, C is wrong. B.",
        "Answer: C\n\nCorrection: the answer isn't C but B",
        "Answer: C\n\nNo, B is correct.",
        "Answer: C\n\nActually, B, because it stands on the Seine.",
        "Answer: C\n\nActually B, not C.",
        "Answer: C\n\nWait, actually B. Paris",
        "Answer: C\n\nWait, it is Paris.",
        "The answer is Rome. No, B.",
        "I choose C. Wait, I choose B.",
        "It looks like C. Wait, actually B.",
        "Is it A? No, B.",
        "Answer: A. Wait, C. No, B.",
        "Answer: C. On second thought, B.",
        "Answer: C. My mistake: B.",
        "Answer: C. Wait, actually B. So the answer is B.",
        "Answer: C. Wait, A? No. The answer is B.",
        "Answer: A\n\nThe answer is B.",
        "C. Wait, I think it's B.",
        "C. Let me reconsider. B.",
        "Answer: C. I was wrong, it's B.",
        "Answer: C. Wait, that's not right. It is Paris.",
        "Answer: C. No, not C, B.",
        "Answer: C. No, neither A nor C. B.",
        "Answer: C\n\nEdit: B",
        "c\n\nwait, b",
        "<answer>C</answer>\nWait, B.",
        "\\boxed{C}\n\nWait, actually B.",
    ];
    all_are_b(&texts);
}

#[test]
fn what_takes_nothing_back_is_no_correction() {
    let texts = [
        "Answer: B\n\nActually, C is the capital of Italy.",
        "Answer: B\n\nActually, (C) is a city in Italy.",
        "Answer: B. No, C is not the capital.",
        "Answer: B. A and C are wrong, sorry.",
        "Answer: B. No other choice, C for example, lies in France.",
        "Answer: B. Actually, A and C are no cities of France.",
        "B. Actually, a city on the Seine.",
        "Answer: B\n\nLet me explain. C is Italian.",
        "Answer: B\n\nA student may think that C is correct.",
        "Answer: B\n\nMany people choose C.",
        "Answer: B\n\nA) London\nB) Paris\nC) Rome\nD) Madrid",
        "Answer: B\n\nVitamin C",
        "Answer: B. So is C.",
        "Answer: B. No, it is not C",
        "Answer: B. Wait, is it C? No, it's B.",
        "Answer: B. Wait, I should double check. Yes, B.",
    ];
    all_are_b(&texts);
}

#[test]
fn of_two_answers_that_stand_none_is_read() {
    use NoLetter::{Absent, Several};
    let wrong = misread(
        &cities(4),
        &[
            ("Answer: C\n\nB", Err(Several)),
            ("Answer: C\n\n**B. Paris**", Err(Several)),
            ("Answer: C\n\nParis is in France, so B.", Err(Several)),
            ("Answer: C\n\nI choose B.", Err(Several)),
            ("C. It is old.\nI would go with B.", Err(Several)),
            ("Answer: C. B is correct.", Err(Several)),
            ("Answer: C. Wait, B?", Err(Several)),
            ("Answer: C. Wait, maybe B.", Err(Several)),
            ("Answer: C. Wait, A or B.", Err(Several)),
            ("Answer: C. Actually, A and B.", Err(Several)),
            ("Answer: C. Wait, let me check: A is in England, so B.", Err(Several)),
            ("Answer: C. Wait, the Seine flows through B.", Err(Several)),
            ("Answer: C. Wait, actually B.\n\nC", Err(Several)),
            ("Answer: C. No, not C.", Err(Absent)),
        ],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_conclusion_may_follow_on_what_it_rules_out() {
    all_are_b(&[
        "It can't be A or C, so it must be B.",
        "London and Rome are wrong (A, C), so B.",
        "It is neither A nor C; hence B.",
        "It is not A. Therefore it must be B",
    ]);
    let wrong = misread(
        &cities(4),
        &[
            ("A is wrong, and so is B.", Err(NoLetter::Absent)),
            ("It can't be A, so it isn't B.", Err(NoLetter::Absent)),
            ("If it is not A, so it must be B.", Err(NoLetter::Absent)),
            ("It can't be C, so it must be A or B.", Err(NoLetter::Absent)),
        ],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}
