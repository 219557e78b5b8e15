use proptest::prelude::*;

use super::*;
use crate::snapshot::Line;

/// The change between two lines of a case, written without its name.
pub(crate) fn change(case: &str, before: &str, after: &str) -> Change {
    let line =
        |text: &str| (!text.is_empty()).then(|| format!("{case}: {text}").parse::<Line>().unwrap());
    Change::of(line(before).as_ref(), line(after).as_ref()).unwrap()
}

pub(crate) const RIGHT: &str = r#"correct confident_right 5/5 0.9-0.95 #000000000000 "b canberra""#;
pub(crate) const WRONG: &str =
    r#"incorrect confident_wrong 5/5 0.95-0.99 #000000000000 "b sydney""#;
pub(crate) const UNSURE_WRONG: &str =
    r#"incorrect unsure_wrong 5/5 0.6-0.7 #000000000000 "c perth""#;
pub(crate) const DECLINED: &str = r#"abstained 5/5 #000000000000 "i dont know""#;

/// Two of each snapshot that are newly confident wrong, one newly wrong, one not answered, one fixed.
fn changes() -> Vec<Change> {
    vec![
        change("wrong", RIGHT, WRONG),
        change("also-wrong", RIGHT, WRONG),
        change("newly-wrong", RIGHT, UNSURE_WRONG),
        change("silent", RIGHT, DECLINED),
        change("fixed", WRONG, RIGHT),
    ]
}

fn session(changes: &[Change]) -> Session<'_> {
    let entry = |(place, change)| Entry { place: place % 2, change };
    Session::new(changes.iter().enumerate().map(entry).collect(), None)
}

fn press(session: &mut Session<'_>, keys: &str) {
    for key in keys.chars() {
        session.press(match key {
            '\n' => Key::Enter,
            '\u{1b}' => Key::Esc,
            '\u{8}' => Key::Backspace,
            key => Key::Char(key),
        });
    }
}

fn order(session: &Session<'_>) -> Vec<String> {
    session.entries().iter().map(|entry| entry.change.case.clone()).collect()
}

#[test]
fn the_gravest_come_first_and_those_of_a_kind_together() {
    let changes = changes();
    let session = session(&changes);
    assert_eq!(order(&session), ["also-wrong", "wrong", "newly-wrong", "silent", "fixed"]);
    let groups: Vec<_> =
        session.groups().iter().map(|(kind, all)| (kind.name(), all.len())).collect();
    assert_eq!(
        groups,
        [("newly_confident_wrong", 2), ("newly_wrong", 1), ("not_answered", 1), ("fixed", 1)]
    );
}

#[test]
fn a_wrong_answer_is_accepted_with_a_reason_and_a_date_and_the_next_one_is_chosen() {
    let changes = changes();
    let mut session = session(&changes);
    press(&mut session, "a");
    assert!(matches!(session.mode(), Mode::Reason { .. }));
    press(&mut session, "seen q\u{8}before\n");
    assert_eq!((session.at(), session.mode()), (1, &Mode::List));
    press(&mut session, "a\nrsa");
    assert_eq!(session.mode(), &Mode::Summary);
    let count = Count { accepted: 3, known_wrong: 2, rejected: 1, left: 1 };
    assert_eq!(session.count(None), count);
    press(&mut session, "x");
    assert_eq!((session.mode(), session.ending()), (&Mode::Summary, None));
    press(&mut session, "y");
    assert_eq!(session.ending(), Some(Ending::Commit));
    let known = |reason: Option<&str>| {
        let since = Some("2026-11-29".to_owned());
        Decided::Accepted(Known { since, reason: reason.map(str::to_owned) })
    };
    let decided = session.decisions(1, "2026-11-29");
    assert_eq!(decided, BTreeMap::from([("also-wrong".to_owned(), known(Some("seen before")))]));
    let decided = session.decisions(0, "2026-11-29");
    assert_eq!(decided.len(), 3);
    assert_eq!(decided["newly-wrong"], Decided::Rejected);
    assert_eq!((&decided["wrong"], &decided["fixed"]), (&known(None), &known(None)));
}

#[test]
fn accepting_all_of_a_kind_leaves_alone_what_is_decided() {
    let changes = changes();
    let mut session = session(&changes);
    press(&mut session, "rA\n");
    assert_eq!(session.mark(0), Some(&Mark::Rejected));
    assert_eq!(session.mark(1), Some(&Mark::Accepted(None)));
    assert_eq!((session.at(), session.mark(2)), (2, None));
    press(&mut session, "gA");
    assert_eq!(session.notice(), Some("all of this kind are decided"));
    press(&mut session, "u");
    assert_eq!((session.mark(1), session.at()), (None, 1));
    press(&mut session, "uu");
    assert_eq!((session.mark(0), session.at()), (None, 0));
    assert_eq!(session.notice(), Some("there is nothing to undo"));
}

#[test]
fn a_default_reason_stands_there_and_esc_accepts_nothing() {
    let changes = changes();
    let entries = changes.iter().map(|change| Entry { place: 0, change }).collect();
    let mut session = Session::new(entries, Some("new model"));
    press(&mut session, "a\u{1b}");
    assert_eq!((session.mark(0), session.at(), session.mode()), (None, 0, &Mode::List));
    press(&mut session, "a\n");
    assert_eq!(session.mark(0), Some(&Mark::Accepted(Some("new model".into()))));
    // A right answer has none.
    press(&mut session, "Ga");
    assert_eq!(session.mark(4), Some(&Mark::Accepted(None)));
}

#[test]
fn who_decided_nothing_is_not_asked_and_nothing_is_written_without_a_yes() {
    let changes = changes();
    let mut idle = session(&changes);
    press(&mut idle, "sq");
    assert_eq!(idle.ending(), Some(Ending::Left));
    let mut unsure = session(&changes);
    press(&mut unsure, "rQ\u{1b}");
    assert_eq!((unsure.mode(), unsure.ending()), (&Mode::List, None));
    press(&mut unsure, "qn");
    assert_eq!(unsure.ending(), Some(Ending::Left));
    let mut stopped = session(&changes);
    press(&mut stopped, "ra");
    stopped.press(Key::Interrupt);
    assert_eq!(stopped.ending(), Some(Ending::Interrupted));
}

#[test]
fn a_search_goes_around_and_finds_questions_once_they_are_known() {
    let changes = changes();
    let mut session = session(&changes);
    press(&mut session, "/WRONG\n");
    assert_eq!((session.at(), session.searched()), (1, Some(("wrong", 3))));
    press(&mut session, "nn");
    assert_eq!(session.at(), 0);
    press(&mut session, "N");
    assert_eq!(session.at(), 2);
    press(&mut session, "/sydney\n");
    assert_eq!(session.searched(), Some(("sydney", 3)));
    press(&mut session, "/capital\n");
    assert_eq!(session.notice(), Some("nothing has 'capital'"));
    session.learn(3, "Which is the Capital?");
    press(&mut session, "n");
    assert_eq!((session.at(), session.searched()), (3, Some(("capital", 1))));
    press(&mut session, "\u{1b}n");
    assert_eq!(session.notice(), Some("nothing is looked for: / begins"));
}

#[test]
fn an_exchange_is_scrolled_within_its_lines_and_decided_from_there() {
    let changes = changes();
    let mut session = session(&changes);
    session.window = Window { entries: 3, rows: 10, lines: 25 };
    press(&mut session, "e");
    session.press(Key::PageDown);
    assert_eq!(session.mode(), &Mode::Exchange { from: 10 });
    session.press(Key::PageDown);
    assert_eq!(session.mode(), &Mode::Exchange { from: 15 });
    press(&mut session, "kkg");
    assert_eq!(session.mode(), &Mode::Exchange { from: 0 });
    press(&mut session, "G\u{1b}");
    assert_eq!(session.mode(), &Mode::List);
    press(&mut session, "\nr");
    assert_eq!(
        (session.mark(0), session.at(), session.mode()),
        (Some(&Mark::Rejected), 1, &Mode::List)
    );
}

#[test]
fn labels_are_disputed_and_mended_beside_the_changes() {
    let changes = changes();
    let mut session = session(&changes);
    press(&mut session, "dtwo capitals\nm\njmB. Bern\nsince 1848\n");
    let told = |case: &str, reason: &str, answer: Option<&str>| Disputed {
        case: case.into(),
        reason: Some(reason.into()),
        answer: answer.map(str::to_owned),
    };
    let disputed: Vec<_> = session.disputed().map(|(_, disputed)| disputed.clone()).collect();
    assert_eq!(
        disputed,
        [told("also-wrong", "two capitals", None), told("wrong", "since 1848", Some("B. Bern"))]
    );
    assert_eq!(session.count(None).left, 5, "a label is another matter than its change");
    press(&mut session, "uq");
    assert_eq!((session.disputed().count(), session.mode()), (1, &Mode::Summary));
}

fn keys() -> impl Strategy<Value = Vec<Key>> {
    let special = [
        Key::Up,
        Key::Down,
        Key::PageUp,
        Key::PageDown,
        Key::Home,
        Key::End,
        Key::Enter,
        Key::Esc,
        Key::Backspace,
    ];
    let plain = "aaarrrssAuuu/nN?jkgGeqdmxny ".chars().map(Key::Char);
    let all: Vec<Key> = special.into_iter().chain(plain).collect();
    proptest::collection::vec(proptest::sample::select(all), 0..60)
}

proptest! {
    #[test]
    fn whatever_is_pressed_the_state_is_whole_and_can_be_undone(keys in keys()) {
        let changes = changes();
        let mut session = session(&changes);
        let mut ended = false;
        for key in keys {
            let before = session.mode().clone();
            session.press(key);
            prop_assert!(session.at() < session.entries().len());
            let count = session.count(None);
            prop_assert_eq!(count.accepted + count.rejected + count.left, changes.len());
            prop_assert!(count.known_wrong <= count.accepted);
            let decided = session.decisions(0, "d").len() + session.decisions(1, "d").len();
            prop_assert_eq!(decided, count.accepted + count.rejected);
            // Only a yes to the sum writes anything.
            if session.ending() == Some(Ending::Commit) {
                prop_assert!(ended || before == Mode::Summary && key == Key::Char('y'));
                ended = true;
            }
        }
        let mut again = session;
        again.ending = None;
        again.mode = Mode::List;
        while !again.steps.is_empty() {
            again.press(Key::Char('u'));
        }
        prop_assert!(again.marks.iter().all(Option::is_none) && again.labels.is_empty());
    }
}
