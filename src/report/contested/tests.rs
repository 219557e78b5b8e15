//! Both figures of a run with disputed labels, in every format for people.

use super::super::staged::Staged;
use super::super::{html, markdown, terminal};
use super::*;
use crate::record::Outcome;
use crate::record::tests::{header, judged};
use crate::snapshot::Subject;

/// Four cases; the label of the first, which is confidently wrong, is disputed.
fn told(show: impl Fn(&Page<'_>) -> String) -> String {
    let records = || {
        vec![
            judged(0, Outcome::Incorrect, Some(0.95)),
            judged(1, Outcome::Correct, Some(0.9)),
            judged(2, Outcome::Correct, Some(0.9)),
            judged(3, Outcome::Incorrect, Some(0.9)),
        ]
    };
    let all = Staged::of(header(4), records());
    let rest = Staged::of(header(3), records().split_off(1));
    let label = |case: &str, says: Option<&str>, reason: Option<&str>| Dispute {
        case: case.into(),
        subject: Subject::default(),
        mend: Vec::new(),
        expected: "A. x".into(),
        says: says.map(str::to_owned),
        reason: reason.map(str::to_owned),
        since: "2026-11-29".into(),
    };
    let labels = [
        label("case-0", Some("B. y"), Some("the atlas of 1913 <b>says</b> so")),
        label("case|9", None, None),
    ];
    let held = labels.map(|dispute| Holding { dispute, cases: Vec::new() });
    let contested = Contested { held: &held, without: &rest.scorecard };
    show(&Page { contested: Some(contested), ..all.page() })
}

#[test]
fn a_terminal_has_the_second_figure_below_the_first() {
    let page = told(|page| terminal(page, Style::PLAIN).unwrap());
    let top: Vec<&str> = page.lines().skip(2).take(5).collect();
    insta::assert_snapshot!(top.join("\n"), @"
    confident wrong  2 of 4   50%   95% exact upper limit 90.2%   at ≥ 0.80
      without 2 disputed labels: 1 of 3   33.3%   95% exact upper limit 86.5%
    when confident   2 of 4 wrong   50%   95% exact upper limit 90.2%
    accuracy         50%   95% interval 15% to 85%
      without 2 disputed labels: 2 of 3   66.7%   95% interval 20.8% to 93.9%
    ");
    let labels: Vec<&str> =
        page.lines().skip_while(|line| *line != "  Disputed labels").take(5).collect();
    insta::assert_snapshot!(labels.join("\n"), @"
    Disputed labels
      case-0: B. y, not A. x   since 2026-11-29
        the atlas of 1913 <b>says</b> so
      case|9: not A. x   since 2026-11-29
    ");
    let narrow = told(|page| terminal(page, Style { width: 80, ..Style::PLAIN }).unwrap());
    assert!(narrow.lines().all(|line| super::super::text::width(line) <= 80));
}

#[test]
fn a_comment_has_both_figures_beside_each_other() {
    let page = told(|page| markdown(page).unwrap());
    let start = page.find("| figure |").unwrap();
    let end = page.rfind("</details>").unwrap();
    insta::assert_snapshot!(&page[start..end], @r"
    | figure | as labelled | without 2 disputed labels |
    | --- | --- | --- |
    | confident wrong | 2 of 4, 50%, 95% exact upper limit 90.2% | 1 of 3, 33.3%, 95% exact upper limit 86.5% |
    | accuracy | 2 of 4, 50%, 95% interval 15% to 85% | 2 of 3, 66.7%, 95% interval 20.8% to 93.9% |

    <details><summary>2 disputed labels</summary>

    | case | label | right instead | why | since |
    | --- | --- | --- | --- | --- |
    | `case-0` | `A. x` | `B. y` | `the atlas of 1913 <b>says</b> so` | 2026-11-29 |
    | `case\|9` | `A. x` | – | – | 2026-11-29 |
    ");
}

#[test]
fn the_page_has_both_figures_and_the_labels() {
    let page = told(|page| html(page).unwrap());
    for told in [
        "<span class=\"without\">without 2 disputed labels: 1 of 3, 33.3%, 95% exact upper limit 86.5%</span>",
        "<span class=\"without\">without 2 disputed labels: 2 of 3, 66.7%, 95% interval ",
        "<td>the atlas of 1913 &lt;b&gt;says&lt;/b&gt; so</td>",
        "<td>case|9</td>",
    ] {
        assert!(page.contains(told), "{told}");
    }
    let nothing = Staged::of(header(1), vec![judged(0, Outcome::Correct, Some(0.9))]);
    let page = html(&nothing.page()).unwrap();
    assert!(!page.contains("isputed"), "where nothing is disputed, nothing is said of it");
}
