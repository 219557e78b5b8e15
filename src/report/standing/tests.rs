//! What pages say of a run that is held against an accepted state: what is pending, what is known,
//! what only wobbles.

use super::super::staged::Staged;
use super::super::{github, html, markdown, terminal};
use super::*;
use crate::record::tests::{header, judged};
use crate::record::{AskError, AskErrorKind, Outcome, Record, Run};
use crate::snapshot::{Known, Line, Snapshot};

fn said(index: usize, outcome: Outcome, sure: f64, answer: &str) -> Record {
    Record { answer: Some(answer.into()), ..judged(index, outcome, Some(sure)) }
}

/// Case 0 becomes confidently wrong, 1 right; 2 and 3 stay wrong, and 3 for a reason that is known;
/// 4 is not heard any more; 5 is new, and 6 is gone.
fn staged(change: impl Fn(&mut Snapshot)) -> Staged {
    let failed = Outcome::Failed(AskError::new(AskErrorKind::Timeout, "timed out"));
    let before = vec![
        said(0, Outcome::Correct, 0.92, "A"),
        said(1, Outcome::Incorrect, 0.97, "B"),
        said(2, Outcome::Incorrect, 0.91, "B"),
        said(3, Outcome::Incorrect, 0.96, "B"),
        said(4, Outcome::Correct, 0.9, "A"),
        said(6, Outcome::Correct, 0.9, "A"),
    ];
    let now = vec![
        said(0, Outcome::Incorrect, 0.995, "B"),
        said(1, Outcome::Correct, 0.85, "A"),
        said(2, Outcome::Incorrect, 0.91, "B"),
        said(3, Outcome::Incorrect, 0.96, "B"),
        judged(4, failed, None),
        said(5, Outcome::Correct, 0.9, "A"),
    ];
    let before = Run::of(header(6), before);
    Staged::of(header(6), now).against(&before, |snapshot| {
        let known =
            Known { since: Some("2026-03-01".into()), reason: Some("fails since March".into()) };
        snapshot.lines.get_mut("case-3").unwrap().known = Some(known);
        change(snapshot);
    })
}

/// The lines from one that starts so up to an empty one.
fn section(page: &str, start: &str) -> String {
    let lines = page.lines().skip_while(|line| !line.trim_start().starts_with(start));
    let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    lines.join("\n") + "\n"
}

#[test]
fn the_terminal_names_the_gravest_and_the_command_that_goes_through_them() {
    let staged = staged(|snapshot| snapshot.of.model = "m-0".into());
    let page = terminal(&staged.page(), Style::PLAIN).unwrap();
    insta::assert_snapshot!(section(&page, "Against the snapshot"), @r"
    Against the snapshot: 1 newly confident wrong, 1 fixed, 1 added, 1 removed
    ! accepted of m-0, asked was m-1
    ! 1 accepted case was not heard
      newly confident wrong  case-0   0.9-0.95 → 0.99-1
        A. x → B. y
      fixed  case-1   0.95-0.99 → 0.8-0.9
        B. y → A. x
      added  case-5   0.9-0.95
        A. x
      … 1 more
      proposed in suites/snapshots/demo@model.snap.new
      overclaim review 'reports/demo/it'\''s a run'
    ");
    insta::assert_snapshot!(section(&page, "Confidently wrong, the surest first"), @"
    Confidently wrong, the surest first
    0.99  What is 0?
          said B. y   expected A. x                                         case-0
    ");
    insta::assert_snapshot!(section(&page, "Known wrong"), @"
    Known wrong  2 of 3 confidently wrong cases, in every rate all the same
    0.96  What is 3?
          said B. y   expected A. x                                         case-3
          since 2026-03-01: fails since March
    0.91  What is 2?
          said B. y   expected A. x                                         case-2
          accepted without a date
    ");
    let numbers = page.lines().find(|line| line.contains("confident wrong  ")).unwrap();
    assert!(numbers.contains("3 of 5"), "what is known stays in every rate: {numbers}");
}

#[test]
fn where_nothing_is_pending_a_few_words_are_enough() {
    let records =
        || vec![said(0, Outcome::Correct, 0.9, "A"), said(1, Outcome::Incorrect, 0.9, "B")];
    let staged = Staged::of(header(2), records());
    let staged = staged.against(&Run::of(header(2), records()), |_| {});
    let page = terminal(&staged.page(), Style::PLAIN).unwrap();
    insta::assert_snapshot!(section(&page, "Against the snapshot"), @"  Against the snapshot: nothing pending");
    assert!(!page.contains("overclaim review"));
    assert!(!page.contains("Confidently wrong, the surest first"), "all of it is known: {page}");
    insta::assert_snapshot!(section(&page, "Known wrong"), @"
    Known wrong  1 of 1 confidently wrong case, in every rate all the same
    0.90  What is 1?
          said B. y   expected A. x                                         case-1
          accepted without a date
    ");
    assert!(html(&staged.page()).unwrap().contains("Nothing is pending against the snapshot"));
}

#[test]
fn a_comment_has_the_gravest_first_and_what_is_known_apart() {
    let page = markdown(&staged(|_| {}).page()).unwrap();
    let start = page.find("Against the snapshot").unwrap();
    let end = page.find("<details><summary>Numbers").unwrap();
    insta::assert_snapshot!(&page[start..end], @r"
    Against the snapshot, `suites/snapshots/demo@model.snap`: 1 newly confident wrong, 1 fixed, 1 added, 1 removed.

    Note: 1 accepted case was not heard.

    To go through them: `overclaim review 'reports/demo/it'\''s a run'`

    | change | case | accepted | now | confidence | draws |
    | --- | --- | --- | --- | --- | --- |
    | newly confident wrong | `case-0` `What is 0?` | `A. x` | `B. y` | 0.9-0.95 → 0.99-1 | 1/1 |
    | fixed | `case-1` `What is 1?` | `B. y` | `A. x` | 0.95-0.99 → 0.8-0.9 | 1/1 |
    | added | `case-5` `What is 5?` | – | `A. x` | 0.9-0.95 | 1/1 |
    | removed | `case-6` | `A. x` | – | 0.9-0.95 | 1/1 |

    <details><summary>1 case confidently wrong</summary>

    | sure | question | said | expected | case |
    | --- | --- | --- | --- | --- |
    | 0.99 | `What is 0?` | `B. y` | `A. x` | `case-0` `easy` |

    </details>

    <details><summary>2 of 3 confidently wrong cases known to be wrong, in every rate all the same</summary>

    | sure | question | said | known | case |
    | --- | --- | --- | --- | --- |
    | 0.96 | `What is 3?` | `B. y` | `since 2026-03-01: fails since March` | `case-3` |
    | 0.91 | `What is 2?` | `B. y` | `accepted without a date` | `case-2` |

    </details>
    ");
    assert!(
        page.lines()
            .next()
            .unwrap()
            .contains("; 1 newly confident wrong answer, 4 changes to review (3 of 5"),
        "{page}"
    );
}

#[test]
fn a_comment_stays_whole_with_more_changes_than_it_has_room_for() {
    let wide = |index| {
        let answer = format!("{index} {}", "wide ".repeat(30));
        let mut record = said(index, Outcome::Incorrect, 0.9, &answer);
        record.question = "why ".repeat(100);
        record.choices.clear();
        record
    };
    let before =
        Run::of(header(600), (0..600).map(|at| said(at, Outcome::Correct, 0.9, "A")).collect());
    let staged = Staged::of(header(600), (0..600).map(wide).collect()).against(&before, |_| {});
    let page = markdown(&staged.page()).unwrap();
    assert!(page.chars().count() <= 60_000, "{}", page.chars().count());
    let rows = page.lines().filter(|line| line.starts_with("| newly confident wrong | ")).count();
    assert!((50..600).contains(&rows), "{rows}");
    assert!(page.contains("<summary>590 more changes to review</summary>"), "{page}");
    assert!(page.contains(&format!("\n\n{} more: `changes.json` of the run\n", 600 - rows)));
    // What comes behind it has room.
    assert!(page.contains("Numbers") && page.contains("600 cases confidently wrong"), "{page}");
}

#[test]
fn an_annotation_warns_of_what_is_new_before_what_is_surer() {
    let mut records = vec![said(0, Outcome::Incorrect, 0.85, "B")];
    records.push(Record { repeat: 0, ..said(1, Outcome::Incorrect, 0.99, "B") });
    let before = Run::of(header(2), vec![said(0, Outcome::Correct, 0.9, "A")]);
    let staged = Staged::of(header(2), records).against(&before, |_| {});
    let page = github(&staged.page()).unwrap();
    let warnings: Vec<&str> =
        page.lines().filter_map(|line| line.split("title=").nth(1)?.split("::").next()).collect();
    assert_eq!(
        warnings[warnings.len() - 3..],
        [
            "newly confidently wrong (0.85)%3A case-0",
            "confidently wrong (0.99)%3A case-1",
            "overclaim%3A demo"
        ]
    );
    assert!(
        page.contains("go through them: overclaim review 'reports/demo/it'\\''s a run'"),
        "{page}"
    );
}

#[test]
fn no_line_is_wider_than_the_terminal_whatever_was_accepted() {
    let name = "漢字 \u{1b}[31m ".repeat(30);
    let change = |snapshot: &mut Snapshot| {
        let long = |line: &Line| Line {
            case: name.clone(),
            answer: Some(crate::snapshot::Said::new(&"ä\u{202e} ".repeat(100))),
            ..line.clone()
        };
        let line = long(&snapshot.lines["case-0"]);
        snapshot.lines.insert(name.clone(), line);
        let answer = snapshot.lines["case-1"].answer.clone();
        let known = Known { since: None, reason: Some("why not? ".repeat(60)) };
        let line = snapshot.lines.get_mut("case-2").unwrap();
        (line.answer, line.known) = (answer, Some(known));
        snapshot.of.model = "m ".repeat(100);
        snapshot.of.threshold = 0.75;
    };
    for width in [80, 120, 200] {
        for unicode in [true, false] {
            let style = Style { color: false, unicode, width };
            let page = terminal(&staged(change).page(), style).unwrap();
            for line in page.lines().filter(|line| !line.contains("overclaim re")) {
                assert!(super::width(line) <= width, "{width}: {line}");
            }
            assert!(unicode || page.is_ascii(), "{page}");
            assert!(page.contains("accepted with a threshold of 0.75, now it is 0.8"), "{page}");
        }
    }
}

#[test]
fn the_page_lists_what_is_pending_beside_what_was_accepted() {
    let staged = staged(|_| {});
    let html = html(&staged.page()).unwrap();
    let section = html.split("<section id=\"pending\"").nth(1).unwrap();
    let section = section.split("</section>").next().unwrap();
    let words: Vec<&str> = section.split('>').filter_map(|part| part.split('<').next()).collect();
    let words = words.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    insta::assert_snapshot!(words, @r#"aria-labelledby="pending-title" Against the snapshot 1 newly confident wrong, 1 fixed, 1 added, 1 removed. Accepted in suites/snapshots/demo@model.snap ! 1 accepted case was not heard change case accepted now expected newly confident wrong What is 0? case-0 A. x correct · at 0.9-0.95 B. y incorrect · at 0.99-1 A. x fixed What is 1? case-1 B. y incorrect · at 0.95-0.99 A. x correct · at 0.8-0.9 A. x added What is 5? case-5 – A. x correct · at 0.9-0.95 A. x removed case-6 A. x correct · at 0.9-0.95 – – To go through them: overclaim review &#39;reports/demo/it&#39;\&#39;&#39;s a run&#39; · proposed in suites/snapshots/demo@model.snap.new 2 known wrong 2 confidently; accepted as they are, and in every rate all the same case now known What is 3? case-3 B. y incorrect · at 0.95-0.99 since 2026-03-01: fails since March What is 2? case-2 B. y incorrect · at 0.9-0.95 accepted without a date"#);
    assert!(section.contains("<a href=\"#case-case-0\">"));
    assert!(!section.contains("#case-case-6"), "it is gone");
    let case = |name: &str| {
        let start = html.find(&format!("<details class=\"case\" id=\"case-{name}\"")).unwrap();
        html[start..].split("</details>").next().unwrap()
    };
    assert!(case("case-0").contains("data-pending=\"newly confident wrong\""));
    assert!(case("case-0").contains("<dt>accepted</dt>"));
    assert!(
        case("case-3").contains("<dt>known wrong</dt><dd>since 2026-03-01: fails since March</dd>")
    );
    assert!(!case("case-4").contains("data-pending") && !case("case-4").contains("data-known"));
}

#[test]
fn the_first_screen_names_the_surest_that_nobody_accepted() {
    let surest = |staged: &Staged| {
        let html = html(&staged.page()).unwrap();
        let line = html.lines().find(|line| line.starts_with("<p class=\"surest\">"));
        line.map(|line| line.split("</a>").next().unwrap_or_default().to_owned())
    };
    let first = surest(&staged(|_| {})).unwrap();
    assert!(first.contains("Surest of all, at 0.99") && first.ends_with("What is 0?"), "{first}");
    let put = |snapshot: &mut Snapshot, case: &str, now: &str| {
        let subject = snapshot.lines[case].subject;
        let line: Line = format!("{case}: {now} {subject} \"B. y\"").parse().unwrap();
        snapshot.lines.insert(case.to_owned(), line);
    };
    let wrong = "incorrect confident_wrong 1/1 0.99-1";
    let second = surest(&staged(|snapshot| {
        put(snapshot, "case-0", wrong);
        put(snapshot, "case-2", "correct confident_right 1/1 0.9-0.95");
    }));
    let second = second.unwrap();
    assert!(second.contains("Surest that nobody accepted, at 0.91"), "{second}");
    assert!(second.ends_with("What is 2?"), "{second}");
    assert_eq!(surest(&staged(|snapshot| put(snapshot, "case-0", wrong))), None);
}

#[test]
fn a_shard_says_why_there_is_nothing_to_review_yet() {
    let mut staged = staged(|_| {});
    let shard = serde_json::json!({"number": 1, "of": 2, "trials": 12});
    staged.run.header.shard = serde_json::from_value(shard).ok();
    assert!(staged.run.header.shard.is_some());
    let page = terminal(&staged.page(), Style::PLAIN).unwrap();
    assert!(section(&page, "Against the snapshot").contains("review the whole after"), "{page}");
    assert!(!page.contains("overclaim review"));
}

#[test]
fn a_page_that_is_full_has_room_for_what_is_pending_and_no_link_to_what_it_leaves_out() {
    let long = |index, outcome, sure, answer: &str| {
        let mut record = said(index, outcome, sure, answer);
        record.question = format!("{index} {}", "<&>".repeat(7_000));
        record.choices = vec!["\u{202e}".repeat(5_000); 2];
        record
    };
    // All but the last are confidently wrong, and known; the last is right and sure again.
    let now = |index| match index {
        199 => long(index, Outcome::Correct, 0.99, "A"),
        _ => long(index, Outcome::Incorrect, 0.9, "B"),
    };
    let before =
        |index| Record { outcome: Outcome::Incorrect, ..long(index, Outcome::Incorrect, 0.9, "B") };
    let before = Run::of(header(200), (0..200).map(before).collect());
    let staged = Staged::of(header(200), (0..200).map(now).collect()).against(&before, |_| {});
    let page = html(&staged.page()).unwrap();
    assert!(page.len() < 5_000_000, "{}", page.len());
    let shown: Vec<&str> = page
        .split("<details class=\"case\" id=\"")
        .skip(1)
        .map(|case| case.split('"').next().unwrap())
        .collect();
    assert!((50..199).contains(&shown.len()), "{}", shown.len());
    assert_eq!(shown.last(), Some(&"case-case-199"), "the order stays");
    let section = page.split("<section id=\"pending\"").nth(1).unwrap();
    let section = section.split("</section>").next().unwrap();
    let links: Vec<&str> = section.split("href=\"#").skip(1).collect();
    assert!(links[0].starts_with("case-case-199\""), "{}", links[0]);
    assert!(section.contains("199 known wrong") && section.contains("149 more in"), "{section}");
    let dead = links.iter().filter(|link| !shown.contains(&link.split('"').next().unwrap()));
    assert_eq!(dead.count(), 0);
    assert!(links.len() < 51, "of the known ones, those that the page has no room for");
}
