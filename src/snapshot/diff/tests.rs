use super::super::line::tests::line;
use super::super::text::tests::snapshot;
use super::super::{Decided, Known, decide};
use super::*;

const SAME: &str = "same: correct confident_right 1/1 0.9-0.95 #000000000000 \"a\"";
const BEFORE: &str = "worse: correct confident_right 1/1 0.9-0.95 #000000000000 \"a\"";
const AFTER: &str = "worse: incorrect confident_wrong 1/1 0.9-0.95 #000000000000 \"b\"";
const GONE: &str = "gone: correct confident_right 1/1 0.9-0.95 #000000000000 \"a\"";
const NEW: &str = "new: refused 1/1 #000000000000";
const OTHER: &str = "same: correct confident_right 1/1 0.8-0.9 #000000000000 \"c\"";

fn found(lines: &[&str], unheard: &[&str], whole: bool) -> Found {
    let unheard = unheard.iter().map(|case| (*case).to_owned()).collect();
    Found { snapshot: snapshot(lines), unheard, whole }
}

fn told(diff: &Diff) -> Vec<(&'static str, &str)> {
    diff.changes.iter().map(|change| (change.kind.name(), change.case.as_str())).collect()
}

fn lines(snapshot: &Snapshot) -> Vec<String> {
    snapshot.lines.values().map(ToString::to_string).collect()
}

#[test]
fn only_what_changed_moves() {
    let accepted = snapshot(&[SAME, BEFORE, GONE]);
    let found = found(&[OTHER, AFTER, NEW], &[], true);
    let diff = Diff::of(&accepted.lines, &found);
    assert_eq!(
        told(&diff),
        [
            ("newly_confident_wrong", "worse"),
            ("added", "new"),
            ("removed", "gone"),
            ("answer_changed", "same"),
        ]
    );
    let proposal = diff.proposal(&accepted, &found, None);
    assert_eq!(lines(&proposal), [NEW, SAME, AFTER]);
    let pending: Vec<_> = Diff::pending(&accepted.lines, &proposal.lines);
    assert_eq!(
        pending.iter().map(|c| c.kind).collect::<Vec<_>>(),
        diff.waiting().map(|c| c.kind).collect::<Vec<_>>()
    );
}

#[test]
fn who_was_not_heard_or_not_asked_is_neither_changed_nor_removed() {
    let accepted = snapshot(&[SAME, BEFORE, GONE]);
    let lost = found(&[SAME], &["worse"], true);
    let diff = Diff::of(&accepted.lines, &lost);
    assert_eq!((told(&diff), diff.unheard, diff.compared), (vec![("removed", "gone")], 1, 1));
    let part = found(&[SAME], &[], false);
    assert_eq!(Diff::of(&accepted.lines, &part), Diff { compared: 1, ..Diff::default() });
    // What an earlier run proposed for them stands.
    let earlier = snapshot(&[OTHER, AFTER]);
    let proposal = Diff::default().proposal(&accepted, &part, Some(&earlier));
    assert_eq!(lines(&proposal), [SAME, AFTER]);
    let proposal = diff.proposal(&accepted, &lost, Some(&earlier));
    assert_eq!(lines(&proposal), [SAME, AFTER]);
}

#[test]
fn accepted_lines_move_and_the_rest_stays() {
    let accepted = snapshot(&[SAME, BEFORE, GONE]);
    let proposed = snapshot(&[SAME, AFTER, NEW]);
    let known = Known { since: Some("2026-11-29".into()), reason: Some("later".into()) };
    let accept = || Decided::Accepted(known.clone());
    let decided = |list: Vec<(&str, Decided)>| {
        let list = list.into_iter().map(|(case, decided)| (case.to_owned(), decided)).collect();
        decide(Some(&accepted), &proposed, &list)
    };
    let wrong = format!("{AFTER} known_wrong 2026-11-29 \"later\"");

    let (kept, left) = decided(vec![("worse", accept())]);
    assert_eq!(lines(&kept.unwrap()), [GONE, SAME, &wrong]);
    assert_eq!(lines(&left.unwrap()), [NEW, SAME, &wrong]);

    let (kept, left) = decided(vec![("worse", Decided::Rejected), ("gone", accept())]);
    assert_eq!(lines(&kept.unwrap()), [SAME, BEFORE]);
    assert_eq!(lines(&left.unwrap()), [NEW, SAME, BEFORE]);

    let all = vec![("worse", accept()), ("gone", accept()), ("new", accept())];
    let (kept, left) = decided(all);
    assert_eq!((lines(&kept.unwrap()), left), (vec![NEW.into(), SAME.into(), wrong], None));

    let none =
        vec![("worse", Decided::Rejected), ("gone", Decided::Rejected), ("new", Decided::Rejected)];
    let (kept, left) = decided(none);
    assert_eq!((kept.as_ref(), left), (Some(&accepted), None));
}

#[test]
fn the_first_snapshot_is_of_what_was_accepted() {
    let proposed = snapshot(&[SAME, AFTER]);
    let one = [("same".to_owned(), Decided::Accepted(Known::default()))].into();
    let (kept, left) = decide(None, &proposed, &one);
    assert_eq!((lines(&kept.unwrap()), left), (vec![SAME.to_owned()], Some(proposed.clone())));
    let none = [("same".to_owned(), Decided::Rejected), ("worse".to_owned(), Decided::Rejected)];
    assert_eq!(decide(None, &proposed, &none.into()), (None, None));
}

#[test]
fn what_is_known_to_be_wrong_stays_known_while_it_says_the_same() {
    let known = "q: incorrect confident_wrong 1/1 0.9-0.95 #000000000000 \"b\" known_wrong 2026-01-01 \"why\"";
    let accepted = snapshot(&[known]);
    let moved = "q: incorrect unsure_wrong 1/1 0.5-0.6 #000000000000 \"b\"";
    let other = "q: incorrect unsure_wrong 1/1 0.5-0.6 #000000000000 \"c\"";
    for (after, expected) in
        [(moved, format!("{moved} known_wrong 2026-01-01 \"why\"")), (other, other.to_owned())]
    {
        let found = found(&[after], &[], true);
        let diff = Diff::of(&accepted.lines, &found);
        assert_eq!(lines(&diff.proposal(&accepted, &found, None)), [expected]);
    }
    // Somebody who accepts it again may say more, and keeps the date.
    let again = Known { since: Some("2026-11-29".into()), reason: None };
    let moved = line(&format!("{moved} known_wrong 2026-01-01 \"why\""));
    let proposed = Snapshot { lines: [("q".to_owned(), moved.clone())].into(), ..accepted.clone() };
    let decided = [("q".to_owned(), Decided::Accepted(again))].into();
    let (kept, left) = decide(Some(&accepted), &proposed, &decided);
    assert_eq!((kept.unwrap().lines["q"].clone(), left), (moved, None));
}
