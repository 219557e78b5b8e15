//! Where a text states a confidence, what it states, and what to cut to be rid of it.

use std::ops::Range;

use super::figures::{Figure, figures};
use crate::answer::pieces::{Pieces, Sort};

/// A statement of confidence.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    /// The probability, or what was stated instead.
    pub(super) value: Result<f64, String>,
    /// The bytes that are the statement and no answer.
    pub(super) cut: Range<usize>,
}

/// All statements of a text.
pub(super) struct Statements(Vec<Statement>);

impl Statements {
    /// Finds them. A last line that is only a percentage counts if a last line was `asked` for.
    pub(super) fn of(text: &str, asked: bool) -> Statements {
        let pieces = Pieces::of(text);
        let figures = figures(&pieces);
        let reader = Reader { text, pieces, figures };
        let mut found: Vec<(usize, Statement)> = Vec::new();
        for i in 0..reader.pieces.0.len() {
            let statement = reader.before_word(i).or_else(|| reader.after_label(i));
            if let Some((place, statement)) = statement
                && found.iter().all(|(known, _)| *known != place)
            {
                found.push((place, statement));
            }
        }
        if found.is_empty() && asked {
            found.extend(reader.last_line().or_else(|| reader.last_words()));
        }
        found.sort_by_key(|(place, _)| *place);
        Statements(found.into_iter().map(|(_, statement)| statement).collect())
    }

    pub(super) fn last(mut self) -> Option<Statement> {
        self.0.pop()
    }

    pub(super) fn all(self) -> impl Iterator<Item = Statement> {
        self.0.into_iter()
    }
}

struct Reader<'a> {
    text: &'a str,
    pieces: Pieces,
    figures: Vec<Figure>,
}

type Found = Option<(usize, Statement)>;

impl Reader<'_> {
    /// `90% sure`, `0.9 confidence`: the number stands before the word at `i`.
    fn before_word(&self, i: usize) -> Found {
        let words = ["sure", "confident", "certain", "certainty", "confidence"];
        // `90% likely to be correct`
        let likely = self.pieces.is_word(i, &["likely"])
            && (i + 1..i + 4).any(|j| self.pieces.is_word(j, &["correct", "right", "true"]));
        if !(likely || self.pieces.is_word(i, &words)) || self.is_statistics(i) {
            return None;
        }
        let figure = self.figures.iter().rev().find(|figure| figure.at.end <= i)?;
        let fillers = ["level", "of", "or", "so", "fully", "very"];
        let near = (figure.at.end..i).all(|j| self.pieces.is_word(j, &fillers));
        let meant = figure.percent || figure.share;
        // `Confidence: 90%. Confidence matters.`
        let denied = self.pieces.words_before(figure.at.start, 3).any(denies);
        (near && meant && !denied).then(|| self.statement(figure, figure.at.start, i + 1))
    }

    /// `Confidence: 90%`: the number stands after the word at `i`.
    fn after_label(&self, i: usize) -> Found {
        const FILLERS: &[&str] = &[
            "level",
            "score",
            "rating",
            "value",
            "estimate",
            "in",
            "my",
            "this",
            "the",
            "answer",
            "is",
            "of",
            "at",
            "about",
            "around",
            "approximately",
            "roughly",
            "would",
            "be",
            "percentage",
            "overall",
            "final",
            "response",
            "as",
            "a",
            "an",
            "it",
            "least",
            "over",
            "above",
            "more",
            "than",
            "under",
            "below",
            "most",
            "nearly",
            "almost",
            "less",
            "up",
        ];
        let pieces = &self.pieces;
        let headed = || pieces.starts_line(i) && pieces.next_mark(i) == Some(':');
        let feeling = pieces.is_word(i, &["sure", "confident", "certain"]);
        let mut j = i + 1;
        if pieces.is_word(i, &["confidence", "certainty"]) {
            let closing_tag = i > 1 && pieces.is_mark(i - 1, '/') && pieces.is_mark(i - 2, '<');
            if closing_tag || self.is_statistics(i) {
                return None;
            }
        } else if feeling {
            if !matches!(self.pieces.0.get(i + 1)?.sort, Sort::Mark(':' | '=' | '(')) {
                return None;
            }
        } else if pieces.is_word(i, &["probability", "likelihood"]) {
            if !headed() {
                // `The probability that my answer is correct is 0.9.`
                let end = self.sentence_end(i);
                j = (i..end).find(|j| pieces.is_word(*j, &["correct", "right"]))? + 1;
            }
        } else {
            return None;
        }
        j = self.past_scale(j);
        let mut linked = false;
        while let Some(piece) = pieces.0.get(j) {
            if let Some(figure) = self.figures.iter().find(|figure| figure.at.start == j) {
                // `the confidence level of the 95% confidence interval`
                if self.is_statistics(figure.at.end) {
                    return None;
                }
                return (!feeling || figure.percent)
                    .then(|| self.statement(figure, i, figure.at.end));
            }
            match &piece.sort {
                Sort::Mark(':' | '=') => linked = true,
                Sort::Mark('.' | '!' | '?' | ';') => return None,
                Sort::Break if !linked || self.closes_line(j) => return None,
                Sort::Word(word) if !FILLERS.contains(&word.as_str()) => break,
                _ => {}
            }
            j += 1;
        }
        let end = self.sentence_end(j);
        let rest = self
            .figures
            .iter()
            .rfind(|figure| figure.at.start > j && figure.at.end <= end && figure.percent);
        if let Some(figure) = rest {
            return Some(self.statement(figure, i, figure.at.end));
        }
        // `Confidence: high`
        let words = (linked && !feeling && headed() && j < end)
            .then(|| pieces.0[j].at.start..pieces.0[end - 1].at.end)?;
        let value = Err(format!("stated `{}`", short(&self.text[words.clone()])));
        let cut = self.line_start(i)..words.end;
        Some((i, Statement { value, cut }))
    }

    /// A last line that is nothing but a percentage, below an answer.
    fn last_line(&self) -> Found {
        let figure = self.figures.last().filter(|figure| figure.percent)?;
        let marks = |range: Range<usize>| {
            range.into_iter().all(|i| !matches!(self.pieces.0[i].sort, Sort::Word(_)))
        };
        let start = figure.at.start;
        let line = (0..start).rev().find(|i| self.pieces.is_break(*i))?;
        let above = (0..line).rev().find(|i| !self.pieces.is_break(*i))?;
        let open = self.pieces.is_mark(above, ':') || self.pieces.is_word(above, &["is", "answer"]);
        let alone = marks(line..start) && marks(figure.at.end..self.pieces.0.len());
        (alone && !open).then(|| self.statement(figure, start, figure.at.end))
    }

    /// A percentage that ends the text, set apart from the answer before it: `Canberra, 90%`,
    /// `Canberra (90%)`, `Canberra: 90%`, but not `Answer: 90%`, which is the answer.
    fn last_words(&self) -> Found {
        const LABELS: &[&str] = &[
            "answer",
            "result",
            "percentage",
            "percent",
            "share",
            "rate",
            "total",
            "value",
            "amount",
            "number",
            "is",
            "are",
            "was",
        ];
        let figure = self.figures.last().filter(|figure| figure.percent)?;
        let (start, end) = (figure.at.start, figure.at.end);
        let ends = |i: usize| !matches!(self.pieces.0[i].sort, Sort::Word(_));
        let set_apart = matches!(
            self.pieces.0.get(start.checked_sub(1)?)?.sort,
            Sort::Mark(',' | ';' | ':' | '(' | '—' | '–')
        );
        let said = start.checked_sub(2).filter(|i| !self.pieces.is_break(*i))?;
        let labelled = (0..=said)
            .rev()
            .find(|i| !ends(*i))
            .is_none_or(|i| self.pieces.is_mark(start - 1, ':') && self.pieces.is_word(i, LABELS));
        let last = (end..self.pieces.0.len()).all(ends);
        (set_apart && last && !labelled).then(|| {
            let (place, statement) = self.statement(figure, start, end);
            let cut = self.pieces.0[start - 1].at.start..self.text.len();
            (place, Statement { cut, ..statement })
        })
    }

    /// `confidence interval`, `95% confidence level`: statistics, not a feeling.
    fn is_statistics(&self, i: usize) -> bool {
        let terms = [
            "interval",
            "intervals",
            "limit",
            "limits",
            "band",
            "bands",
            "bound",
            "bounds",
            "region",
        ];
        let level = self.pieces.is_word(i + 1, &["level", "levels"]);
        self.pieces.is_word(i + 1, &terms)
            || (level && self.figures.iter().any(|figure| figure.at.end == i))
    }

    /// Past a scale such as `(0-100)` after a label.
    fn past_scale(&self, j: usize) -> usize {
        let close = match self.pieces.0.get(j).map(|piece| &piece.sort) {
            Some(Sort::Mark('(')) => ')',
            Some(Sort::Mark('[')) => ']',
            _ => return j,
        };
        let Some(end) = (j..self.pieces.0.len()).take(12).find(|i| self.pieces.is_mark(*i, close))
        else {
            return j;
        };
        let scale = self
            .figures
            .iter()
            .any(|figure| figure.range.is_some() && figure.at.start > j && figure.at.end <= end);
        let labelled = matches!(
            self.pieces.0.get(end + 1).map(|piece| &piece.sort),
            Some(Sort::Mark(':' | '='))
        );
        if scale || labelled { end + 1 } else { j }
    }

    fn statement(&self, figure: &Figure, from: usize, to: usize) -> (usize, Statement) {
        let place = figure.at.start;
        let shown = |pieces: &Range<usize>| {
            &self.text[self.pieces.0[pieces.start].at.start..self.pieces.0[pieces.end - 1].at.end]
        };
        let value = if let Some(range) = &figure.range {
            Err(format!("stated a range: {}", shown(range)))
        } else if self.is_bound(place) {
            Err(format!("stated a bound: {}", shown(&(place - 1..figure.at.end))))
        } else if (0.0..=1.0).contains(&figure.value) {
            Ok(figure.value)
        } else {
            Err(format!("stated {}", shown(&figure.at)))
        };
        (place, Statement { value, cut: self.cut(figure, from.min(place), to.max(figure.at.end)) })
    }

    /// `over 90%`, `>90%`, `at least 90%`.
    fn is_bound(&self, i: usize) -> bool {
        let bounds = ["over", "above", "least", "than", "under", "below", "most", "to"];
        let Some(before) = i.checked_sub(1) else { return false };
        let tag = before > 0
            && self.pieces.touch(before - 1)
            && matches!(self.pieces.0[before - 1].sort, Sort::Word(_));
        match &self.pieces.0[before].sort {
            Sort::Word(word) => bounds.contains(&word.as_str()),
            Sort::Mark('<' | '≥' | '≤') => true,
            Sort::Mark('>') => !tag,
            _ => false,
        }
    }

    /// What to cut of a statement whose words and number are the pieces from `from` to `to`.
    fn cut(&self, figure: &Figure, from: usize, to: usize) -> Range<usize> {
        let pieces = &self.pieces.0;
        let stops = |i: usize| match &pieces[i].sort {
            Sort::Break | Sort::Mark(',' | ';' | '!' | '?' | '(' | ')' | '—') => true,
            Sort::Mark('.') => !self.figures.iter().any(|figure| figure.at.contains(&i)),
            _ => false,
        };
        let start = (0..from).rev().find(|i| stops(*i)).map_or(0, |i| i + 1);
        let end = (to..pieces.len()).find(|i| stops(*i)).unwrap_or(pieces.len());
        let bytes = |from: usize, to: usize| pieces[from].at.start..pieces[to - 1].at.end;
        let says_nothing_else = (start..end).all(|i| match &pieces[i].sort {
            Sort::Word(word) => {
                // `sure that the answer is A`: this one is no article.
                let letter = word.chars().count() == 1 && self.pieces.ends_here(i);
                (STATING.contains(&word.as_str()) && !letter)
                    || (from..to).contains(&i)
                    || figure.at.contains(&i)
            }
            _ => true,
        });
        let mark = |i: Option<usize>, mark| i.is_some_and(|i| self.pieces.is_mark(i, mark));
        if says_nothing_else {
            let before = start.checked_sub(1);
            if mark(before, '(') && mark(Some(end), ')') {
                return bytes(start - 1, end + 1);
            }
            if mark(before, ',') || mark(before, ';') || mark(before, '—') {
                return bytes(start - 1, end);
            }
            let closing = end < pieces.len() && !self.pieces.is_break(end) && !mark(Some(end), '(');
            return bytes(start, end + usize::from(closing));
        }
        if self.pieces.starts_line(from) && from < figure.at.start {
            let line =
                (to..pieces.len()).find(|i| self.pieces.is_break(*i)).unwrap_or(pieces.len());
            return self.line_start(from)..pieces[line - 1].at.end;
        }
        if from >= figure.at.start {
            return bytes(figure.at.start, figure.at.end);
        }
        let emphasis = |i: usize| self.pieces.is_mark(i, '*') || self.pieces.is_mark(i, '_');
        let start = (0..from).rev().find(|i| !emphasis(*i)).map_or(0, |i| i + 1);
        let end = (figure.at.end..pieces.len()).find(|i| !emphasis(*i)).unwrap_or(pieces.len());
        bytes(start, end)
    }

    /// The first byte of the line on which a piece stands.
    fn line_start(&self, i: usize) -> usize {
        self.text[..self.pieces.0[i].at.start].rfind('\n').map_or(0, |at| at + 1)
    }

    /// One past the last piece of the sentence or line at `i`.
    fn sentence_end(&self, i: usize) -> usize {
        let ends = |i: &usize| match self.pieces.0[*i].sort {
            Sort::Break | Sort::Mark('!' | '?' | ';') => true,
            Sort::Mark('.') => !self.figures.iter().any(|figure| figure.at.contains(i)),
            _ => false,
        };
        (i..self.pieces.0.len()).find(ends).unwrap_or(self.pieces.0.len())
    }

    /// Whether a break comes after words, so that what follows is another line's business.
    fn closes_line(&self, i: usize) -> bool {
        let line = self.pieces.0[..i].iter().rev().take_while(|piece| piece.sort != Sort::Break);
        !line.into_iter().any(|piece| matches!(piece.sort, Sort::Word(_)))
    }
}

/// Words of a clause that states a confidence and nothing else.
const STATING: &[&str] = &[
    "i",
    "am",
    "i'm",
    "i'd",
    "my",
    "with",
    "of",
    "in",
    "this",
    "that",
    "the",
    "answer",
    "it",
    "is",
    "a",
    "an",
    "about",
    "around",
    "roughly",
    "approximately",
    "level",
    "score",
    "rating",
    "sure",
    "confident",
    "certain",
    "confidence",
    "certainty",
    "percent",
    "and",
    "quite",
    "fairly",
    "pretty",
    "very",
    "at",
    "would",
    "say",
    "out",
    "correct",
    "right",
    "be",
    "to",
    "probability",
    "likelihood",
    "overall",
    "estimate",
    "response",
    "for",
    "over",
    "more",
    "than",
    "least",
];

fn denies(word: &str) -> bool {
    matches!(word, "not" | "never" | "cannot") || word.ends_with("n't")
}

/// A text cut to a length that fits a reason.
fn short(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= 40 {
        text.to_owned()
    } else {
        text.chars().take(39).chain(['…']).collect()
    }
}
