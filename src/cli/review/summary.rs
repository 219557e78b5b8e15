//! What a review changes in which files, before and after it is written.

use super::session::{Count, Session};

/// A snapshot under review, for people.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Suite and endpoint.
    pub name: String,
    /// Path of what was accepted.
    pub accepted: String,
    /// Path of what is proposed.
    pub proposed: String,
}

/// A line a file that changes.
pub(super) fn changes(session: &Session<'_>, places: &[Place]) -> Vec<String> {
    let of = |(at, place)| line(session, at, place);
    places.iter().enumerate().filter_map(of).flatten().collect()
}

/// What becomes of the files of one snapshot; none where nothing was decided of it.
pub(super) fn line(session: &Session<'_>, at: usize, place: &Place) -> Option<Vec<String>> {
    let Count { accepted, known_wrong, rejected, left } = session.count(Some(at));
    if accepted + rejected == 0 {
        return None;
    }
    let mut lines = Vec::new();
    if accepted > 0 {
        let known = match known_wrong {
            0 => String::new(),
            n => format!(", {n} of them known wrong"),
        };
        lines.push(format!("{}: {accepted} accepted{known}", place.accepted));
    }
    lines.push(match (left, rejected) {
        (0, 0) => format!("{}: nothing is left, removed", place.proposed),
        (0, n) => format!("{}: {n} rejected, nothing is left, removed", place.proposed),
        (left, 0) => format!("{}: {left} left", place.proposed),
        (left, n) => format!("{}: {n} rejected, {left} left", place.proposed),
    });
    Some(lines)
}
