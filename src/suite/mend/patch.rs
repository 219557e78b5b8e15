//! Edits as a unified diff, that `git apply` and `patch -p1` take from the project's root.
//!
//! The places are known, so nothing is compared: the lines of an edit go, the same lines with the new
//! text come, and three lines on either side say where. Lines end as they end in the file; where its
//! last line does not, the diff says that.

use std::ops::Range;

use super::Edit;

/// Lines around a change that are told, too.
const AROUND: usize = 3;

/// A file with its edits.
#[derive(Debug, Clone)]
pub struct Changed<'a> {
    /// Its path from the root, with `/` between its parts.
    pub path: String,
    /// What it holds.
    pub bytes: &'a [u8],
    /// What is to be written into it, in any order.
    pub edits: Vec<Edit>,
}

/// Lines that go, and what comes in their place.
struct Block {
    lines: Range<usize>,
    new: Vec<u8>,
}

/// The diff of these files, nothing where nothing is changed. An edit that begins before another one
/// ends is left out.
#[must_use]
pub fn patch(files: &[Changed<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for file in files {
        let lines = lines(file.bytes);
        let blocks = blocks(file, &lines);
        if blocks.is_empty() {
            continue;
        }
        out.extend_from_slice(format!("--- {}\n", name("a", &file.path)).as_bytes());
        out.extend_from_slice(format!("+++ {}\n", name("b", &file.path)).as_bytes());
        let mut shift = 0;
        let near = |one: &Block, next: &Block| next.lines.start - one.lines.end <= 2 * AROUND;
        for hunk in blocks.chunk_by(near) {
            write_hunk(&mut out, hunk, file.bytes, &lines, &mut shift);
        }
    }
    out
}

/// Where each line begins and ends, its line end included.
fn lines(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut at = 0;
    let each = bytes.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let start = at;
        at += line.len();
        start..at
    });
    each.collect()
}

fn blocks(file: &Changed<'_>, lines: &[Range<usize>]) -> Vec<Block> {
    let mut edits: Vec<&Edit> = file.edits.iter().collect();
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let line_of = |byte: usize| lines.partition_point(|line| line.end <= byte);
    let mut blocks: Vec<Block> = Vec::new();
    // How far the bytes of the last block were copied.
    let mut copied = 0;
    for edit in edits {
        let Range { start, end } = edit.range.clone();
        let span = line_of(start)..line_of(end.max(start + 1) - 1) + 1;
        if start < copied || span.end > lines.len() {
            continue;
        }
        let joins = blocks.last().is_some_and(|last| span.start < last.lines.end);
        if joins && let Some(last) = blocks.last_mut() {
            // The rest of the line that both stand in was copied for the one before.
            let rest = lines[last.lines.end - 1].end - copied;
            last.new.truncate(last.new.len() - rest);
        } else {
            copied = lines[span.start].start;
            blocks.push(Block { lines: span.start..span.start, new: Vec::new() });
        }
        let Some(last) = blocks.last_mut() else { continue };
        last.lines.end = span.end.max(last.lines.end);
        last.new.extend_from_slice(&file.bytes[copied..start]);
        last.new.extend_from_slice(edit.text.as_bytes());
        last.new.extend_from_slice(&file.bytes[end..lines[last.lines.end - 1].end]);
        copied = end;
    }
    blocks.retain(|block| {
        let (first, last) = (&lines[block.lines.start], &lines[block.lines.end - 1]);
        block.new != file.bytes[first.start..last.end]
    });
    blocks
}

/// Writes one hunk. `shift` is how many lines the hunks before it have added.
fn write_hunk(
    out: &mut Vec<u8>,
    blocks: &[Block],
    bytes: &[u8],
    lines: &[Range<usize>],
    shift: &mut isize,
) {
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return };
    let start = first.lines.start.saturating_sub(AROUND);
    let end = (last.lines.end + AROUND).min(lines.len());
    let mut body = Vec::new();
    let mut put = |mark: u8, line: &[u8]| {
        body.push(mark);
        body.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            body.extend_from_slice(b"\n\\ No newline at end of file\n");
        }
    };
    let mut at = start;
    let mut added = 0_isize;
    for block in blocks {
        lines[at..block.lines.start].iter().for_each(|line| put(b' ', &bytes[line.clone()]));
        lines[block.lines.clone()].iter().for_each(|line| put(b'-', &bytes[line.clone()]));
        let new: Vec<&[u8]> = block.new.split_inclusive(|byte| *byte == b'\n').collect();
        for line in &new {
            put(b'+', line);
        }
        added += new.len().cast_signed() - block.lines.len().cast_signed();
        at = block.lines.end;
    }
    lines[at..end].iter().for_each(|line| put(b' ', &bytes[line.clone()]));
    let old = end - start;
    let (new_start, new) = (start.saturating_add_signed(*shift), old.saturating_add_signed(added));
    let head = format!("@@ -{},{old} +{},{new} @@\n", start + 1, new_start + 1);
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(&body);
    *shift += added;
}

/// A path as diffs write it: in quotes where it has something that would be mistaken.
fn name(side: &str, path: &str) -> String {
    let path = format!("{side}/{path}");
    if path.contains(|c: char| c.is_control() || c == '"' || c == '\\') {
        let mut quoted = String::from("\"");
        for byte in path.bytes() {
            match byte {
                b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
                0..0x20 | 0x7f..=0xff => quoted += &format!("\\{byte:03o}"),
                _ => quoted.push(char::from(byte)),
            }
        }
        return quoted + "\"";
    }
    // A tab ends a name that has blanks.
    if path.contains(' ') { path + "\t" } else { path }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(range: Range<usize>, text: &str) -> Edit {
        Edit { path: "x".into(), file: "x".into(), line: 1, range, text: text.into() }
    }

    fn of(bytes: &str, edits: Vec<Edit>) -> String {
        let file = Changed { path: "rows/a b.jsonl".into(), bytes: bytes.as_bytes(), edits };
        String::from_utf8(patch(&[file])).unwrap()
    }

    #[test]
    fn edits_that_are_near_make_one_hunk() {
        let lines = (1..=20).map(|n| format!("line {n:02}\n")).collect::<Vec<_>>().concat();
        let at = |line: usize| (line - 1) * 8 + 5..(line - 1) * 8 + 7;
        let edits = vec![edit(at(18), "x"), edit(at(2), "two"), edit(at(4), "a\nb")];
        insta::assert_snapshot!(of(&lines, edits).replace('\t', "→"), @"
        --- a/rows/a b.jsonl→
        +++ b/rows/a b.jsonl→
        @@ -1,7 +1,8 @@
         line 01
        -line 02
        +line two
         line 03
        -line 04
        +line a
        +b
         line 05
         line 06
         line 07
        @@ -15,6 +16,6 @@
         line 15
         line 16
         line 17
        -line 18
        +line x
         line 19
         line 20
        ");
        assert_eq!(of(&lines, vec![]), "");
        assert_eq!(of(&lines, vec![edit(at(3), "03")]), "");
    }

    #[test]
    fn a_last_line_that_does_not_end_stays_so() {
        insta::assert_snapshot!(of("a\nb c", vec![edit(2..3, "x"), edit(4..5, "y")]), @r"
        --- a/rows/a b.jsonl	
        +++ b/rows/a b.jsonl	
        @@ -1,2 +1,2 @@
         a
        -b c
        \ No newline at end of file
        +x y
        \ No newline at end of file
        ");
    }

    /// Applies a diff as its format says.
    fn applied(bytes: &[u8], diff: &[u8]) -> Vec<u8> {
        let old: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let mut new: Vec<u8> = Vec::new();
        let mut at = 0;
        let lines: Vec<&[u8]> = diff.split_inclusive(|byte| *byte == b'\n').skip(2).collect();
        for (place, line) in lines.iter().enumerate() {
            let ends = lines.get(place + 1).is_none_or(|next| !next.starts_with(b"\\"));
            let text = if ends { &line[1..] } else { &line[1..line.len() - 1] };
            match line[0] {
                b'@' => {
                    let head = std::str::from_utf8(line).unwrap();
                    let start: usize = head[4..].split(',').next().unwrap().parse().unwrap();
                    old[at..start - 1].iter().for_each(|line| new.extend_from_slice(line));
                    at = start - 1;
                }
                b'\\' => {}
                b'+' => new.extend_from_slice(text),
                mark => {
                    assert_eq!(old[at], text);
                    at += 1;
                    if mark == b' ' {
                        new.extend_from_slice(text);
                    }
                }
            }
        }
        old[at..].iter().for_each(|line| new.extend_from_slice(line));
        new
    }

    proptest! {
        #[test]
        fn what_is_applied_is_what_was_edited(
            text in "[ab\\n\\r]{1,120}",
            places in prop::collection::btree_map(0..120_usize, (0..4_usize, "[xy\\n]{0,3}"), 0..8),
        ) {
            let mut edits: Vec<Edit> = Vec::new();
            for (start, (length, new)) in places {
                let free = edits.last().is_none_or(|last| last.range.end <= start);
                let whole = length > 0 && start + length < text.len();
                // Nobody mends the end of a line.
                if free && whole && !text[..start + length].ends_with('\n') {
                    edits.push(edit(start..start + length, &new));
                }
            }
            let mut wanted = text.clone();
            for edit in edits.iter().rev() {
                wanted.replace_range(edit.range.clone(), &edit.text);
            }
            edits.reverse();
            let file = Changed { path: "f".into(), bytes: text.as_bytes(), edits };
            let diff = patch(&[file]);
            prop_assert_eq!(String::from_utf8(applied(text.as_bytes(), &diff)).unwrap(), wanted);
        }
    }
}
