//! Texts that mean the same become the same text.
//!
//! Models dress an answer up: capitals, quotes, emphasis, an article, a full stop. A comparison
//! should not see the dress, but it must see the answer, and some marks *are* the answer: `-5` is
//! not `5`, `1.5` is not `15`, `C++` and `C#` are not `C`, `A-` is not `A`. So what is ignored is
//! punctuation that sets words apart; symbols (`+ # % & @ $ € = < > ^ / ~ °` and the like) always
//! stay, and these marks stay where they carry meaning:
//!
//! - `.` `,` `:` `'` `-` between two digits, and `.` before a digit that no word precedes: `1.5`,
//!   `1,234`, `10:30`, `.5`, `1990-1995`;
//! - `-` before a number that no letter precedes (`-5`), and right after a word that ends there
//!   (`A-`, `Cl-`); a hyphen between words is a space: `well-known` is `well known`;
//! - `*` and `_` between two letters or digits: `2*3`, `snake_case`; elsewhere they are emphasis.
//!
//! Full stops and apostrophes between letters vanish without a space: `U.S.` is `us`, `don't` is
//! `dont`. Every other ignored mark is a space. An article is ignored only before a word of two
//! letters or more, so `vitamin A` and `A, B` keep theirs. A text that would be emptied by all
//! this keeps its punctuation, for an answer may be `?`.
//!
//! Unicode forms are folded by NFKC after three things that it would spoil are put right: `10⁵`
//! becomes `10^5` (not `105`), `1½` becomes `1 1/2` (not `11/2`), and invisible characters go.

use unicode_normalization::UnicodeNormalization;

/// What to do with white space.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Spaces {
    /// Runs become one space.
    #[default]
    Collapse,
    /// All of it goes: `New York` is `NewYork`.
    Ignore,
    /// Stays as it is, but for both ends of the text.
    Keep,
}

/// Which differences between texts do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent switches, as authors type them"
)]
pub struct Normal {
    /// Unicode forms are folded by NFKC.
    pub nfkc: bool,
    /// Capitals are not told from small letters.
    pub ignore_case: bool,
    /// Punctuation that sets words apart is ignored.
    pub ignore_punctuation: bool,
    /// `a`, `an` and `the` are ignored.
    pub ignore_articles: bool,
    /// What to do with white space.
    pub spaces: Spaces,
}

impl Default for Normal {
    fn default() -> Normal {
        Normal {
            nfkc: true,
            ignore_case: true,
            ignore_punctuation: true,
            ignore_articles: true,
            spaces: Spaces::Collapse,
        }
    }
}

impl Normal {
    /// The text without the differences that do not count. Doing it twice changes nothing.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut folded = if self.nfkc { unify(text) } else { text.to_owned() };
        if self.ignore_case && folded.is_ascii() {
            folded.make_ascii_lowercase();
        } else if self.ignore_case {
            folded = fold_case(&folded);
            if self.nfkc {
                folded = folded.nfkc().collect();
            }
        }
        let bare = if self.ignore_punctuation { drop_punctuation(&folded) } else { None };
        // An answer that is nothing but marks is compared by its marks.
        let mut normal = bare.filter(|bare| !bare.trim().is_empty()).unwrap_or(folded);
        if self.ignore_articles && normal.split_whitespace().any(is_article) {
            normal = drop_articles(&normal);
        }
        match self.spaces {
            Spaces::Collapse if has_single_spaces(&normal) => normal,
            Spaces::Collapse => normal.split_whitespace().collect::<Vec<_>>().join(" "),
            Spaces::Ignore => normal.split_whitespace().collect(),
            Spaces::Keep => normal.trim().to_owned(),
        }
    }

    /// Whether two texts differ only in what does not count.
    #[must_use]
    pub fn same(&self, one: &str, other: &str) -> bool {
        self.apply(one) == self.apply(other)
    }
}

/// NFKC that keeps powers and mixed numbers apart from their digits, one kind of minus and of
/// apostrophe, and nothing that cannot be seen.
#[must_use]
pub fn unify(text: &str) -> String {
    // Nothing in ASCII has another form.
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut spelt = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2060}'
            | '\u{feff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '™'
            | '℠'
            | '®' => {}
            _ if raised(c).is_some() => {
                let mut run = String::from_iter(raised(c));
                while let Some(next) = chars.peek().copied().and_then(raised) {
                    run.push(next);
                    chars.next();
                }
                // `10⁵` is a power; `Ca²⁺` is a charge, written `Ca2+` elsewhere.
                let power = run.ends_with(|c: char| c.is_ascii_digit());
                let based = spelt.ends_with(|c: char| c.is_alphanumeric() || c == ')');
                if power && based {
                    spelt.push('^');
                }
                spelt.push_str(&run);
            }
            '¼' | '½' | '¾' | '\u{2150}'..='\u{215e}' => {
                if spelt.ends_with(|c: char| c.is_ascii_digit()) {
                    spelt.push(' ');
                }
                spelt.push(c);
            }
            _ => spelt.push(c),
        }
    }
    // After NFKC, since it makes a `−` of `₋`.
    spelt.nfkc().map(usual).collect()
}

/// The one form of a mark that is written in several.
fn usual(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2013}' | '\u{2212}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{02bc}' => '\'',
        '\u{201c}'..='\u{201e}' => '"',
        '\u{2044}' | '\u{2215}' => '/',
        _ => c,
    }
}

/// The plain form of a superscript digit or sign.
fn raised(c: char) -> Option<char> {
    Some(match c {
        '⁰' => '0',
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁴'..='⁹' => char::from(b'4' + u8::try_from(u32::from(c) - u32::from('⁴')).ok()?),
        '⁺' => '+',
        '⁻' => '-',
        _ => return None,
    })
}

/// Through capitals and back, so that `ß` is `ss` and both small sigmas are one.
fn fold_case(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// The text without marks that set words apart, if it has any mark.
fn drop_punctuation(text: &str) -> Option<String> {
    if !text.contains(is_punctuation) {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(i + 1).copied();
        let next_after = chars.get(i + 2).copied();
        match role(c, before, after, next_after) {
            Role::Kept => kept.push(c),
            Role::Gone => {}
            Role::Space => kept.push(' '),
        }
    }
    Some(kept)
}

enum Role {
    Kept,
    Gone,
    Space,
}

fn role(c: char, before: Option<char>, after: Option<char>, next_after: Option<char>) -> Role {
    let is = |c: Option<char>, test: fn(char) -> bool| c.is_some_and(test);
    let digit = |c| is(c, |c| c.is_ascii_digit());
    let letter = |c| is(c, char::is_alphabetic);
    let word = |c| is(c, char::is_alphanumeric);
    if !is_punctuation(c) {
        return Role::Kept;
    }
    let kept = match c {
        '.' => digit(after) && !letter(before),
        ',' | ':' | '\'' => digit(before) && digit(after),
        '-' => {
            let number = digit(after) || (after == Some('.') && digit(next_after));
            let ends = after.is_none_or(|c| c.is_whitespace() || (c != '-' && is_punctuation(c)));
            (number && !letter(before)) || (word(before) && ends)
        }
        '*' | '_' => word(before) && word(after),
        _ => false,
    };
    if kept {
        Role::Kept
    } else if matches!(c, '.' | '\'') && letter(before) && letter(after) {
        Role::Gone
    } else {
        Role::Space
    }
}

/// Marks that set words apart. Symbols are not among them.
fn is_punctuation(c: char) -> bool {
    match c {
        '.'
        | ','
        | ';'
        | ':'
        | '!'
        | '?'
        | '"'
        | '\''
        | '`'
        | '('
        | ')'
        | '['
        | ']'
        | '{'
        | '}'
        | '-'
        | '*'
        | '_'
        | '¡'
        | '¿'
        | '«'
        | '»'
        | '·'
        | '¶'
        | '§'
        | '\u{3001}'..='\u{3003}'
        | '\u{3008}'..='\u{3011}'
        | '\u{3014}'..='\u{301f}' => true,
        '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' => {
            !matches!(c, '‰' | '‱' | '′' | '″' | '⁄')
        }
        _ => false,
    }
}

fn is_article(word: &str) -> bool {
    ["a", "an", "the"].iter().any(|article| word.eq_ignore_ascii_case(article))
}

/// Whether words have one space between them, and no other white space is there.
fn has_single_spaces(text: &str) -> bool {
    let mut before = ' ';
    for c in text.chars() {
        if c.is_whitespace() && (c != ' ' || before == ' ') {
            return false;
        }
        before = c;
    }
    before != ' ' || text.is_empty()
}

fn drop_articles(text: &str) -> String {
    // From the right, since an article is one by the word that follows it.
    let mut kept: Vec<&str> = Vec::new();
    let mut noun = false;
    for word in text.split_inclusive(char::is_whitespace).rev() {
        let bare = word.trim_end();
        if is_article(bare) && noun {
            continue;
        }
        if !bare.is_empty() {
            noun = bare.chars().take(2).filter(|c| c.is_alphabetic()).count() == 2;
            noun |= bare.len() > 1 && bare.starts_with(|c: char| c.is_ascii_digit());
        }
        kept.push(word);
    }
    kept.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dress_is_ignored() {
        for (one, other) in [
            ("Paris", "paris."),
            ("Paris", "**Paris**"),
            ("Paris", "  \"Paris\" \n"),
            ("The Eiffel Tower", "eiffel tower"),
            ("An apple", "apple"),
            ("U.S.A.", "USA"),
            ("the U.S.", "US"),
            ("don’t", "don't"),
            ("well-known", "well known"),
            ("COVID-19", "Covid 19"),
            ("Ｐａｒｉｓ", "paris"),
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("−5", "-5"),
            ("(-5)", "-5"),
            ("1.5.", "1.5"),
            ("x²", "x^2"),
            ("H₂O", "H2O"),
            ("Ca²⁺", "Ca2+"),
            ("1990–1995", "1990-1995"),
            ("New\u{a0}York", "New York"),
            ("so\u{ad}ft", "soft"),
            ("yes!", "Yes"),
            ("A, B", "a b"),
            ("cafe\u{301}", "café"),
            ("1½", "1 1/2"),
            ("the 39 steps", "39 steps"),
        ] {
            assert!(Normal::default().same(one, other), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn what_carries_meaning_is_not() {
        for (one, other) in [
            ("-5", "5"),
            ("-.5", ".5"),
            ("1.5", "15"),
            ("1.5", "1 5"),
            (".5", "5"),
            ("C++", "C"),
            ("C#", "C"),
            ("C++", "C#"),
            ("A+", "A-"),
            ("A-", "A"),
            ("50%", "50"),
            ("$5", "€5"),
            ("10⁵", "105"),
            ("1½", "11/2"),
            ("3/4", "34"),
            ("10:30", "1030"),
            ("vitamin A", "vitamin"),
            ("A, B", "B"),
            ("a", "the"),
            ("?", "!"),
            ("2*3", "2 3"),
            ("x > 5", "x < 5"),
            ("R&D", "RD"),
            ("now here", "nowhere"),
        ] {
            assert!(!Normal::default().same(one, other), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn every_switch_can_be_turned_off() {
        let keep = Normal {
            nfkc: false,
            ignore_case: false,
            ignore_punctuation: false,
            ignore_articles: false,
            spaces: Spaces::Keep,
        };
        assert_eq!(keep.apply(" The  Ａ-b. \n"), "The  Ａ-b.");
        assert_eq!(Normal { ignore_case: true, ..keep }.apply("The Cat."), "the cat.");
        assert_eq!(Normal { ignore_punctuation: true, ..keep }.apply("The Cat."), "The Cat");
        assert_eq!(Normal { ignore_articles: true, ..keep }.apply("The Cat."), "Cat.");
        assert_eq!(Normal { spaces: Spaces::Collapse, ..keep }.apply("a \n b"), "a b");
        assert_eq!(Normal { spaces: Spaces::Ignore, ..keep }.apply("a \n b"), "ab");
        assert_eq!(Normal { nfkc: true, ..keep }.apply("Ａ"), "A");
    }

    fn any_normal() -> impl Strategy<Value = Normal> {
        let spaces = prop_oneof![Just(Spaces::Collapse), Just(Spaces::Ignore), Just(Spaces::Keep)];
        (any::<[bool; 4]>(), spaces).prop_map(|([nfkc, case, punctuation, articles], spaces)| {
            Normal {
                nfkc,
                ignore_case: case,
                ignore_punctuation: punctuation,
                ignore_articles: articles,
                spaces,
            }
        })
    }

    proptest! {
        #[test]
        fn twice_is_once(text in "[ -~]{0,12}|[a.,'\\-*_ 5tTheA½²™ßΣ]{0,12}|\\PC{0,10}") {
            let once = Normal::default().apply(&text);
            prop_assert_eq!(Normal::default().apply(&once), once);
        }

        #[test]
        fn no_text_panics(normal in any_normal(), text in any::<String>()) {
            let _ = normal.apply(&text);
        }
    }
}
