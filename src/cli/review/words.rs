//! An old and a new answer as one text, word by word.
//!
//! What stayed stands once; what went and what came stand beside each other in brackets of their
//! own, so that nobody needs colours to tell them apart: `B. [-Canberra-]{+Sydney+}`.

use similar::{Algorithm, ChangeTag, TextDiff};

/// Most characters of an answer that are compared; what a snapshot keeps is shorter.
const MOST: usize = 2000;

/// What became of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Kept,
    Removed,
    Added,
}

/// A piece of text and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub fate: Fate,
    pub text: String,
}

impl Piece {
    fn new(fate: Fate, text: &str) -> Piece {
        Piece { fate, text: text.to_owned() }
    }

    /// The piece in its brackets.
    pub(super) fn bracketed(&self) -> String {
        match self.fate {
            Fate::Kept => self.text.clone(),
            Fate::Removed => format!("[-{}-]", self.text),
            Fate::Added => format!("{{+{}+}}", self.text),
        }
    }
}

/// What became of the words of a text. What is kept and removed is the old text, what is kept and
/// added the new one, both up to 2000 characters.
pub(super) fn words(old: &str, new: &str) -> Vec<Piece> {
    let (old, new) = (start(old), start(new));
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_unicode_words(old, new);
    let mut runs: Vec<Piece> = Vec::new();
    for change in diff.iter_all_changes() {
        let fate = match change.tag() {
            ChangeTag::Equal => Fate::Kept,
            ChangeTag::Delete => Fate::Removed,
            ChangeTag::Insert => Fate::Added,
        };
        match runs.last_mut() {
            Some(last) if last.fate == fate => last.text.push_str(change.value()),
            _ => runs.push(Piece::new(fate, change.value())),
        }
    }
    joined(&runs)
}

fn start(text: &str) -> &str {
    text.char_indices().nth(MOST).map_or(text, |(end, _)| &text[..end])
}

/// Blanks and signs between two changes are no common ground: they join them.
fn joined(runs: &[Piece]) -> Vec<Piece> {
    let (mut pieces, mut removed, mut added) = (Vec::new(), String::new(), String::new());
    let flush = |removed: &mut String, added: &mut String, pieces: &mut Vec<Piece>| {
        for (fate, text) in [(Fate::Removed, removed), (Fate::Added, added)] {
            if !text.is_empty() {
                pieces.push(Piece { fate, text: std::mem::take(text) });
            }
        }
    };
    for (place, run) in runs.iter().enumerate() {
        match run.fate {
            Fate::Removed => removed.push_str(&run.text),
            Fate::Added => added.push_str(&run.text),
            Fate::Kept => {
                let between = place > 0 && place + 1 < runs.len();
                if between && !run.text.contains(char::is_alphanumeric) {
                    removed.push_str(&run.text);
                    added.push_str(&run.text);
                } else {
                    flush(&mut removed, &mut added, &mut pieces);
                    pieces.push(run.clone());
                }
            }
        }
    }
    flush(&mut removed, &mut added, &mut pieces);
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(old: &str, new: &str) -> String {
        words(old, new).iter().map(Piece::bracketed).collect()
    }

    #[test]
    fn words_that_stay_stand_once() {
        assert_eq!(told("b canberra", "b sydney"), "b [-canberra-]{+sydney+}");
        assert_eq!(told("206", "208"), "[-206-]{+208+}");
        assert_eq!(told("same", "same"), "same");
        assert_eq!(told("", "new words"), "{+new words+}");
        assert_eq!(told("old words", ""), "[-old words-]");
        assert_eq!(
            told("the adult body has 206 bones", "the adult body has about 207 bones"),
            "the adult body has [-206-]{+about 207+} bones"
        );
        assert_eq!(told("一 二 三", "一 四 三"), "一 [-二-]{+四+} 三");
    }

    #[test]
    fn blanks_and_signs_between_two_changes_join_them() {
        assert_eq!(told("C. Underground", "D. In rivers"), "[-C. Underground-]{+D. In rivers+}");
        assert_eq!(told("in new york", "at los angeles"), "[-in new york-]{+at los angeles+}");
    }

    proptest! {
        #[test]
        fn both_texts_are_in_it(
            old in "([a-c]{1,2}[ .\u{301}漢]{0,2}){0,12}", new in "([a-c]{1,2}[ .\u{301}漢]{0,2}){0,12}"
        ) {
            let pieces = words(&old, &new);
            let without = |fate| -> String {
                let kept = pieces.iter().filter(|piece| piece.fate != fate);
                kept.map(|piece| piece.text.as_str()).collect()
            };
            prop_assert_eq!(without(Fate::Added), old);
            prop_assert_eq!(without(Fate::Removed), new);
            let alike = pieces.windows(2).any(|two| two[0].fate == two[1].fate);
            prop_assert!(!alike && pieces.iter().all(|piece| !piece.text.is_empty()));
        }
    }
}
