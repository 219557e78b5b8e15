//! Server-sent events, read as they come.
//!
//! The format is the HTML standard's (section 9.2.6, *Interpreting an event stream*): lines that end
//! with CR, LF or both, fields of a name and a value, and an empty line behind every event. Bytes may
//! be cut anywhere, in the middle of a character or between CR and LF, and are put together before
//! they are read. In one point more is read than the standard allows: an event whose empty line never
//! came counts, since servers leave the last one out; whether it is whole is for its reader to say.

use super::append;

/// Longest line that is read, in bytes: eight times the longest text. What is cut off there is no JSON,
/// and so no piece of a reply.
const LONGEST_LINE: usize = 32 << 20;

/// Puts lines together and events out of lines.
#[derive(Debug, Default)]
pub struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// A CR was the last byte: a LF behind it belongs to it.
    after_cr: bool,
    begun: bool,
}

impl Events {
    /// Reads more bytes; `event` is called with the data of every event that they complete.
    pub fn push(&mut self, mut bytes: &[u8], mut event: impl FnMut(&[u8])) {
        while let Some((&first, rest)) = bytes.split_first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                bytes = rest;
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
                self.more_of_line(bytes);
                return;
            };
            self.more_of_line(&bytes[..end]);
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line(&mut event);
        }
    }

    /// Nothing more comes: what is there counts as a line and an event.
    pub fn finish(&mut self, mut event: impl FnMut(&[u8])) {
        if !self.line.is_empty() {
            self.end_line(&mut event);
        }
        self.end_event(&mut event);
    }

    fn more_of_line(&mut self, bytes: &[u8]) {
        let room = LONGEST_LINE.saturating_sub(self.line.len());
        append(&mut self.line, &bytes[..bytes.len().min(room)]);
    }

    fn end_line(&mut self, event: &mut impl FnMut(&[u8])) {
        let mut line = std::mem::take(&mut self.line);
        let text = match line.strip_prefix("\u{feff}".as_bytes()) {
            Some(text) if !self.begun => text,
            _ => &line,
        };
        self.begun = true;
        if text.is_empty() {
            self.end_event(event);
        } else if let Some(value) = value_of(text, b"data") {
            if self.has_data {
                self.data.push(b'\n');
            }
            self.has_data = true;
            self.data.extend_from_slice(value);
        }
        // The room of a line is used again for the next.
        line.clear();
        self.line = line;
    }

    fn end_event(&mut self, event: &mut impl FnMut(&[u8])) {
        if std::mem::take(&mut self.has_data) {
            event(&self.data);
        }
        self.data.clear();
    }
}

/// The value of a field of this name; other fields and comments have none.
fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    match line.strip_prefix(name)? {
        [] => Some(&[]),
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        _ => None,
    }
}

/// Whether a text begins as a stream of events does: no JSON and no page begins like that.
#[must_use]
pub fn begins_like_events(text: &str) -> bool {
    let start = text.trim_start_matches(['\u{feff}', '\r', '\n', ' ', '\t']);
    start.starts_with(':')
        || ["data", "event", "id", "retry"]
            .iter()
            .any(|name| start.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<String> {
        let mut events = Events::default();
        let mut seen = Vec::new();
        let mut keep = |data: &[u8]| seen.push(String::from_utf8_lossy(data).into_owned());
        for piece in pieces {
            events.push(piece, &mut keep);
        }
        events.finish(&mut keep);
        seen
    }

    #[test]
    fn a_line_that_does_not_end_is_cut_and_the_next_one_is_read() {
        let block = vec![b'a'; 1 << 20];
        let mut pieces: Vec<&[u8]> = vec![b"data: "];
        pieces.extend(std::iter::repeat_n(&*block, 40));
        pieces.push(b"\n\ndata: b\n\n");
        let seen = read(&pieces);
        assert_eq!(seen.iter().map(String::len).collect::<Vec<_>>(), [LONGEST_LINE - 6, 1]);
        assert_eq!(seen[1], "b");
    }

    #[test]
    fn every_end_of_a_line_and_every_field() {
        for (text, events) in [
            ("data: a\n\ndata: b\n\n", vec!["a", "b"]),
            ("data: a\r\n\r\ndata: b\r\n\r\n", vec!["a", "b"]),
            ("data: a\r\rdata: b\r\r", vec!["a", "b"]),
            ("data: a\r\n\ndata: b\r\r\n", vec!["a", "b"]),
            ("data:a\n\n", vec!["a"]),
            ("data:  a \n\n", vec![" a "]),
            ("data: a\ndata: b\ndata\ndata:\n\n", vec!["a\nb\n\n"]),
            (": ping\n\nevent: x\nid: 1\nretry: 5\ndata: a\n\n: bye\n\n", vec!["a"]),
            ("event: x\n\n\n\n", vec![]),
            ("data\n\n", vec![""]),
            ("data: a", vec!["a"]),
            ("data: a\n", vec!["a"]),
            ("data: a\r\n", vec!["a"]),
            ("\u{feff}data: a\n\n\u{feff}data: b\n\n", vec!["a"]),
            ("database: a\n\n data: b\n\n", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(read(&[text.as_bytes()]), events, "{text:?}");
        }
    }

    #[test]
    fn streams_are_told_from_everything_else() {
        for text in ["data: {}", ": ping\n\ndata: {}", "\u{feff}\r\nevent: x", "id:1", "retry: 3"] {
            assert!(begins_like_events(text), "{text}");
        }
        for text in ["", "{\"data\": 1}", "[]", "<html>", "database: x", "data", "datum: 1"] {
            assert!(!begins_like_events(text), "{text}");
        }
    }

    const PARTS: [&str; 11] =
        ["data: ", "data", ":", "\r", "\n", "\r\n", "\n\n", "é", "x", "\u{feff}", "event: x\n"];

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_does_not_matter(
            parts in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 0..24),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let bytes = parts.concat().into_bytes();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(&pieces), read(&[bytes.as_slice()]));
        }
    }
}
