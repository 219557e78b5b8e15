//! Labels that somebody disputes: gold answers that a review found wrong or doubtful.
//!
//! A dispute changes no grade. It says, in git beside the suite, that a label is not to be relied
//! on, who thinks what is right instead and why; reports show their figures with and without the
//! cases of disputed labels until the matter is settled. It is settled as soon as the label is
//! another one: the digest of the question and how it is judged tells.
//!
//! A label belongs to a row. The prompts, matrix and rotations of a row make several cases of it,
//! and the same label judges them all, at every endpoint: a dispute names the row, and holds for
//! each of its cases with this digest. Rotated choices have one digest, since it is that of the
//! choices as they are typed; where prompts word the question itself, each has its own, and a
//! disputed row has a line for each.
//!
//! ```text
//! {"format":1,"suite":"facts"}
//! {"case":"au-capital","subject":"#3fa9c1d2e0b7","expected":"B. Sydney","says":"C. Canberra","reason":"since 1913","since":"2026-11-29"}
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Subject;
use super::line::{is_date, is_seen, quoted};

/// Version of the file's format. Readers refuse a newer one.
const FORMAT: u32 = 1;

/// A label that somebody disputes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dispute {
    /// Name of the row, which is the name of its only case where it has no variants.
    pub case: String,
    /// The question and how it is judged.
    pub subject: Subject,
    /// What the label says, for people: a letter with the choice's text.
    pub expected: String,
    /// What is right in the reviewer's opinion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// What the patch beside it puts in the label's place; of several texts each is right. Empty
    /// where no patch was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mend: Vec<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when: a date such as `2026-11-29`.
    pub since: String,
}

/// The disputed labels of a suite.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disputes {
    /// Name of the suite.
    pub suite: String,
    known: BTreeMap<(String, Subject), Dispute>,
}

impl Disputes {
    /// None yet.
    #[must_use]
    pub fn of(suite: &str) -> Disputes {
        Disputes { suite: suite.to_owned(), known: BTreeMap::new() }
    }

    /// Whether no label is disputed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Every dispute, by row.
    pub fn iter(&self) -> impl Iterator<Item = &Dispute> {
        self.known.values()
    }

    /// The dispute of a label.
    #[must_use]
    pub fn get(&self, row: &str, subject: Subject) -> Option<&Dispute> {
        self.known.get(&(row.to_owned(), subject))
    }

    /// Adds a dispute, in place of one that the same label may have.
    pub fn put(&mut self, dispute: Dispute) {
        self.known.insert((dispute.case.clone(), dispute.subject), dispute);
    }

    /// Takes away all disputes of a row, and says how many there were.
    pub fn settle(&mut self, row: &str) -> usize {
        let before = self.known.len();
        self.known.retain(|(case, _), _| case != row);
        before - self.known.len()
    }

    /// Reads a file. Its lines may be in any order, as a merge may leave them.
    ///
    /// # Errors
    /// It is no list of disputed labels, or a line cannot be read.
    pub fn read(text: &str) -> Result<Disputes, NotDisputes> {
        let lines = text.lines().map(|line| line.strip_suffix('\r').unwrap_or(line)).zip(1..);
        let mut lines = lines.filter(|(line, _)| !line.trim().is_empty());
        let (first, number) = lines.next().unwrap_or(("", 1));
        let mut disputes = Disputes::of(&header(first, number)?);
        for (text, number) in lines {
            let dispute = dispute(text, number)?;
            let key = (dispute.case.clone(), dispute.subject);
            if disputes.known.insert(key, dispute).is_some() {
                let what = "a second line of this label: keep one of the two";
                return Err(NotDisputes::at(number, 1, what));
            }
        }
        Ok(disputes)
    }
}

/// The first line.
#[derive(Debug, Deserialize)]
struct Header {
    format: u32,
    #[serde(default)]
    suite: String,
}

/// A line as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    case: String,
    subject: String,
    expected: String,
    says: Option<String>,
    #[serde(default)]
    mend: Vec<String>,
    reason: Option<String>,
    since: String,
}

/// The name of the suite, of a file that is read here.
fn header(line: &str, number: usize) -> Result<String, NotDisputes> {
    let Ok(Header { format, suite }) = serde_json::from_str(line) else {
        let what =
            format!("no list of disputed labels: it starts with `{{\"format\":{FORMAT},…}}`");
        return Err(NotDisputes::at(number, 1, left_over(line).unwrap_or(what)));
    };
    match format {
        0 => Err(NotDisputes::at(number, 1, "no format of disputed labels: `0`")),
        FORMAT => Ok(suite),
        newer => {
            let what = format!("format {newer}, newer than {FORMAT}: a newer overclaim reads it");
            Err(NotDisputes::at(number, 1, what))
        }
    }
}

fn dispute(line: &str, number: usize) -> Result<Dispute, NotDisputes> {
    let written = serde_json::from_str::<Written>(line).map_err(|error| {
        let at = error.column().saturating_sub(1).min(line.len());
        let at = (0..=at).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or(&what);
        let what = format!("not a disputed label: {what}; mend the line, or remove it");
        let column = line[..at].chars().count() + 1;
        match left_over(line) {
            Some(merge) => NotDisputes::at(number, 1, merge),
            None => NotDisputes::at(number, column, what),
        }
    })?;
    let at = |field: &str| {
        let place = line.find(&format!("\"{field}\"")).unwrap_or(0);
        line[..place].chars().count() + 1
    };
    let wrong = |field, what: &str| Err(NotDisputes::at(number, at(field), what));
    let Ok(subject) = written.subject.parse() else {
        return wrong("subject", "`subject` is # and 12 hexadecimal digits");
    };
    if written.case.is_empty() {
        return wrong("case", "`case` is empty: name the row");
    }
    if !is_date(&written.since) {
        return wrong("since", "`since` is no date: write it as 2026-11-29");
    }
    let Written { case, expected, says, mend, reason, since, .. } = written;
    Ok(Dispute { case, subject, expected, says, mend, reason, since })
}

/// What a merge left in a file.
fn left_over(line: &str) -> Option<String> {
    let marks = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"];
    let found = marks.iter().any(|mark| line.starts_with(mark));
    found.then(|| "left over from a merge: keep the lines of both sides".to_owned())
}

impl fmt::Display for Disputes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{{\"format\":{FORMAT},\"suite\":{}}}", quoted(&self.suite))?;
        self.iter().try_for_each(|dispute| writeln!(f, "{dispute}"))
    }
}

impl fmt::Display for Dispute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dispute { case, subject, expected, says, mend, reason, since } = self;
        let (case, expected) = (quoted(case), quoted(expected));
        write!(f, "{{\"case\":{case},\"subject\":\"{subject}\",\"expected\":{expected}")?;
        if let Some(says) = says {
            write!(f, ",\"says\":{}", quoted(says))?;
        }
        if !mend.is_empty() {
            let texts: Vec<String> = mend.iter().map(|text| quoted(text)).collect();
            write!(f, ",\"mend\":[{}]", texts.join(","))?;
        }
        if let Some(reason) = reason {
            write!(f, ",\"reason\":{}", quoted(reason))?;
        }
        write!(f, ",\"since\":{}}}", quoted(since))
    }
}

/// The first character of a text that a reader would not see.
#[must_use]
pub fn unseen(text: &str) -> Option<char> {
    text.chars().find(|c| !is_seen(*c))
}

/// Why a file cannot be read: line and column, from 1, with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct NotDisputes {
    line: usize,
    column: usize,
    what: String,
}

impl NotDisputes {
    fn at(line: usize, column: usize, what: impl Into<String>) -> NotDisputes {
        NotDisputes { line, column, what: what.into() }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn dispute(case: &str, subject: Subject) -> Dispute {
        Dispute {
            case: case.into(),
            subject,
            expected: "B. Sydney".into(),
            says: Some("C. Canberra".into()),
            mend: Vec::new(),
            reason: None,
            since: "2026-11-29".into(),
        }
    }

    fn subject(text: &str) -> Subject {
        text.parse().unwrap()
    }

    fn two() -> Disputes {
        let mut disputes = Disputes::of("facts");
        disputes.put(dispute("b", subject("#3fa9c1d2e0b7")));
        disputes.put(Dispute {
            says: None,
            mend: vec!["Canberra".into(), "ACT".into()],
            reason: Some("since\n\u{202e}1913".into()),
            ..dispute("a \u{200b}a", subject("#000000000001"))
        });
        disputes
    }

    #[test]
    fn a_line_a_label_by_row_with_nothing_that_cannot_be_seen() {
        let text = two().to_string();
        insta::assert_snapshot!(text, @r##"
        {"format":1,"suite":"facts"}
        {"case":"a \u200ba","subject":"#000000000001","expected":"B. Sydney","mend":["Canberra","ACT"],"reason":"since\n\u202e1913","since":"2026-11-29"}
        {"case":"b","subject":"#3fa9c1d2e0b7","expected":"B. Sydney","says":"C. Canberra","since":"2026-11-29"}
        "##);
        assert_eq!(Disputes::read(&text), Ok(two()));
        assert_eq!(Disputes::read(&text.replace('\n', "\r\n")), Ok(two()));
        let backwards: Vec<&str> = text.lines().skip(1).collect();
        let backwards = format!("{{\"format\":1}}\n{}\n\n{}", backwards[1], backwards[0]);
        let read = Disputes::read(&backwards).unwrap();
        assert_eq!(Disputes { suite: "facts".into(), ..read }, two());
    }

    #[test]
    fn one_label_has_one_line_and_a_row_is_settled_as_a_whole() {
        let mut disputes = two();
        disputes
            .put(Dispute { reason: Some("so".into()), ..dispute("b", subject("#3fa9c1d2e0b7")) });
        disputes.put(dispute("b", subject("#000000000002")));
        assert_eq!(disputes.iter().count(), 3);
        let kept = disputes.get("b", subject("#3fa9c1d2e0b7")).unwrap();
        assert_eq!(kept.reason.as_deref(), Some("so"));
        assert_eq!((disputes.settle("b"), disputes.settle("b")), (2, 0));
        assert_eq!(disputes.iter().count(), 1);
    }

    #[test]
    fn what_is_no_list_of_disputes_is_refused_with_its_place() {
        let good = two().to_string();
        let why = |text: &str| Disputes::read(text).unwrap_err().to_string();
        let told = [
            why(""),
            why("---\nsource: x\n"),
            why(&good.replace("\"format\":1", "\"format\":2")),
            why(&good.replace("\"format\":1", "\"format\":0")),
            why(&good.replace("#3fa9c1d2e0b7", "#3fa9c1d2e0b")),
            why(&good.replace("#3fa9c1d2e0b7", "#+fa9c1d2e0b7")),
            why(&good.replace("2026-11-29", "yesterday")),
            why(&good.replace("\"case\":\"b\"", "\"case\":\"\"")),
            why(&good.replace("\"says\":\"C. Canberra\"", "\"sais\":\"C. Canberra\"")),
            why(&good.replace("\"mend\":[", "\"mend\":")),
            why(&format!("{good}<<<<<<< ours\n")),
            why(&format!("{good}{}\n", dispute("b", subject("#3fa9c1d2e0b7")))),
        ];
        insta::assert_snapshot!(told.join("\n"), @r#"
        1:1: no list of disputed labels: it starts with `{"format":1,…}`
        1:1: no list of disputed labels: it starts with `{"format":1,…}`
        1:1: format 2, newer than 1: a newer overclaim reads it
        1:1: no format of disputed labels: `0`
        3:13: `subject` is # and 12 hexadecimal digits
        3:13: `subject` is # and 12 hexadecimal digits
        2:125: `since` is no date: write it as 2026-11-29
        3:2: `case` is empty: name the row
        3:67: not a disputed label: unknown field `sais`, expected one of `case`, `subject`, `expected`, `says`, `mend`, `reason`, `since`; mend the line, or remove it
        2:86: not a disputed label: invalid type: string "Canberra", expected a sequence; mend the line, or remove it
        4:1: left over from a merge: keep the lines of both sides
        4:1: a second line of this label: keep one of the two
        "#);
    }

    #[test]
    fn characters_that_nobody_sees_are_found() {
        assert_eq!(unseen("Zürich, 5 % – e\u{301}"), None);
        assert_eq!(unseen("a\u{202e}b"), Some('\u{202e}'));
        assert_eq!(unseen("a\nb"), Some('\n'));
    }

    proptest! {
        #[test]
        fn every_dispute_is_read_as_it_is_written(
            texts in prop::array::uniform5("[a-c\\PC\\n\\r\"\\\\\u{202e}\u{feff}]{1,8}"),
            number in 0..1_u64 << 48,
            some in prop::array::uniform3(any::<bool>()),
        ) {
            let [case, expected, says, reason, mend] = texts;
            let mut disputes = Disputes::of("s");
            disputes.put(Dispute {
                case,
                subject: subject(&format!("#{number:012x}")),
                expected,
                says: some[0].then_some(says),
                mend: if some[1] { vec![mend] } else { Vec::new() },
                reason: some[2].then_some(reason),
                since: "2026-01-02".into(),
            });
            let text = disputes.to_string();
            prop_assert_eq!(text.lines().count(), 2);
            prop_assert_eq!(Disputes::read(&text), Ok(disputes));
        }
    }
}
