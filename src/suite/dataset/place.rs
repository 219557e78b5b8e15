//! The line around a byte of a file, read again when there is something to say about it.
//!
//! Rows are told apart by bytes. Lines and columns are for people, and counting them for every row
//! would be work for nothing: only what is shown is counted.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::split::BOM;

/// Bytes before and after a place that are quoted at most.
const AROUND: u32 = 2000;

/// The line of a place, or what stands around it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quote {
    /// Column of the place in its line, from 1, in characters.
    pub column: usize,
    /// The line, without what is far from the place.
    pub text: String,
    /// The place as a byte of the text.
    pub at: usize,
}

/// Quotes the line of a byte. A file that cannot be read any more is not quoted.
pub(super) fn quote(path: &Path, offset: u64) -> Quote {
    let quote = File::open(path).and_then(|mut file| read(&mut file, offset));
    quote.unwrap_or(Quote { column: 1, ..Quote::default() })
}

fn read(file: &mut (impl Read + Seek), offset: u64) -> io::Result<Quote> {
    let (start, column) = line(file, offset)?;
    let from = start.max(offset.saturating_sub(AROUND.into()));
    let before = bytes(file, from, offset - from)?;
    let mut after = bytes(file, offset, AROUND.into())?;
    let end = after.iter().position(|byte| *byte == b'\n').unwrap_or(after.len());
    after.truncate(end);
    let mut text = String::from_utf8_lossy(&before).into_owned();
    let at = text.len();
    text += String::from_utf8_lossy(&after).trim_end_matches('\r');
    Ok(Quote { column, text, at })
}

/// Where the line of a byte begins, and its column.
fn line(file: &mut (impl Read + Seek), offset: u64) -> io::Result<(u64, usize)> {
    const BLOCK: u64 = 1 << 16;
    // Characters, not bytes: those that continue a character are not counted.
    let characters = |bytes: &[u8]| bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count();
    let mut column = 1;
    let mut end = offset;
    while end > 0 {
        let from = end.saturating_sub(BLOCK);
        let block = bytes(file, from, end - from)?;
        if let Some(newline) = block.iter().rposition(|byte| *byte == b'\n') {
            let rest = &block[newline + 1..];
            return Ok((end - rest.len() as u64, column + characters(rest)));
        }
        column += characters(&block);
        end = from;
    }
    let mark = BOM.len() as u64;
    if offset >= mark && bytes(file, 0, mark)? == BOM {
        return Ok((mark, column - 1));
    }
    Ok((0, column))
}

fn bytes(file: &mut (impl Read + Seek), from: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn of(text: &[u8], offset: usize) -> (usize, String, usize) {
        let quote = read(&mut Cursor::new(text), offset as u64).unwrap();
        (quote.column, quote.text, quote.at)
    }

    #[test]
    fn the_line_of_a_byte_is_found_with_its_column_in_characters() {
        assert_eq!(of(b"ab\ncd\nef", 4), (2, "cd".into(), 1));
        assert_eq!(of(b"ab\r\ncd", 0), (1, "ab".into(), 0));
        assert_eq!(of(b"ab\n", 2), (3, "ab".into(), 2), "the end of a line");
        assert_eq!(of(b"ab\n", 3), (1, String::new(), 0), "the end of the file");
        assert_eq!(of("äöü".as_bytes(), 4), (3, "äöü".into(), 4));
        assert_eq!(of("\u{feff}äö".as_bytes(), 5), (2, "äö".into(), 2));
        assert_eq!(of("\u{feff}a\nb".as_bytes(), 5), (1, "b".into(), 0));
    }

    #[test]
    fn a_long_line_is_counted_to_its_start_and_cut() {
        let line = "é".repeat(200_000);
        let (column, text, at) = of(format!("x\n{line}").as_bytes(), 2 + 200_000);
        assert_eq!((column, at), (100_001, AROUND as usize));
        assert_eq!(text.len(), 2 * AROUND as usize);
    }
}
