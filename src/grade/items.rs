//! Lists as people and models write them, cut into items.
//!
//! Items stand in a JSON array, one a line behind bullets or numbers, one a line bare, or in one
//! sentence, parted by commas, semicolons and `and` behind a lead-in (`The Great Lakes are …`, `…:`).
//! An explanation behind an item (`Superior – the largest`, `Superior: the largest`, `Superior (the
//! largest)`) is not part of it. What is known to be one item is not cut: `Trinidad and Tobago`.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use crate::answer::said::{Mark, enumerates, plain, said, sentence_end, tidy};
use crate::answer::{Normal, json};

/// Most items of a list; what has more is none.
pub(super) const MOST: usize = 5_000;

/// Most words of an item that stands in a sentence; longer ones are prose.
const LONGEST: usize = 10;

/// Words that tie a known item to a sentence around it.
const LINKS: &[&str] = &[
    " borders ",
    " border ",
    " of ",
    " is ",
    " are ",
    " includes ",
    " include ",
    " including ",
    " has ",
    " have ",
    " now ",
    " called ",
    " namely ",
];

/// Items that are known, by their normalised text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) normal: Normal,
    pub(super) ids: HashMap<String, usize>,
}

impl Known {
    fn id(&self, text: &str) -> Option<usize> {
        self.ids.get(&self.normal.apply(text)).copied()
    }
}

/// An item of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// As it is shown and, normalised, told from others.
    pub(super) text: String,
    /// Which of those known it is.
    pub(super) id: Option<usize>,
}

impl Item {
    /// The item that a text is, with or without an explanation.
    fn of(text: &str, known: &Known) -> Item {
        let whole = tidy(text);
        let named = named(text);
        for text in [&*whole, &*named, unmarked(&whole), unmarked(&named)] {
            if let Some(id) = known.id(text) {
                return Item { text: text.to_owned(), id: Some(id) };
            }
        }
        // `Switzerland borders Austria`, `what is now Russia`
        for link in LINKS {
            let behind = whole.find(link).map(|at| &whole[at + link.len()..]);
            if let Some((text, id)) = behind.and_then(|text| Some((text, known.id(text)?))) {
                return Item { text: text.to_owned(), id: Some(id) };
            }
        }
        Item { text: named.into_owned(), id: None }
    }
}

/// The items of a text; none if it is no list.
pub(super) fn items(text: &str, known: &Known) -> Option<Vec<Item>> {
    let said = said(text);
    let region = match said.mark {
        Mark::Enclosed => &said.rest,
        Mark::Label => announced(&said.rest),
        Mark::Line | Mark::None => text,
    };
    let region = &*plain(region);
    // The columns of a table say other things.
    if region.lines().any(|line| line.trim_start().starts_with("|-") || line.contains("|:-")) {
        return None;
    }
    let texts = in_json(region)
        .or_else(|| bulleted(region))
        .or_else(|| lines(region).map(|lines| lines.into_iter().map(Cow::Borrowed).collect()));
    let items: Vec<Item> = match texts {
        Some(texts) => texts.iter().map(|text| Item::of(text, known)).collect(),
        None => in_sentence(region, known)?,
    };
    (!items.is_empty() && items.len() <= MOST).then_some(items)
}

/// What a label announces: its line, or all of it if bullets follow.
fn announced(rest: &str) -> &str {
    let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
    let listed = below.lines().find(|line| !line.trim().is_empty()).and_then(bullet).is_some();
    let open = line.trim_end_matches(['*', ' ']).ends_with(':') || bullet(line).is_some();
    if listed || open { rest } else { line }
}

/// The array that the text is, or the only array of its JSON.
fn in_json(text: &str) -> Option<Vec<Cow<'_, str>>> {
    if !text.contains('[') {
        return None;
    }
    let found = json::found(text);
    let [value] = found.as_slice() else { return None };
    let array = match value {
        Value::Array(items) => items,
        Value::Object(fields) => {
            let mut arrays = fields.values().filter_map(Value::as_array);
            arrays.next().filter(|_| arrays.next().is_none())?
        }
        _ => return None,
    };
    let plain = |item: &Value| match item {
        Value::String(text) => Some(text.clone().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(value) => Some(value.to_string().into()),
        _ => None,
    };
    array.iter().map(plain).collect()
}

/// The lines behind bullets or numbers, those of the outermost level.
fn bulleted(text: &str) -> Option<Vec<Cow<'_, str>>> {
    let bullets: Vec<(usize, &str)> = text
        .lines()
        .filter_map(|line| {
            let item = bullet(line.trim_start())?;
            Some((line.len() - line.trim_start().len(), item))
        })
        .collect();
    let outermost = bullets.iter().map(|(indent, _)| *indent).min()?;
    let items: Vec<Cow<'_, str>> = bullets
        .into_iter()
        .filter(|(indent, _)| *indent < outermost + 2)
        .map(|(_, item)| item.into())
        .collect();
    (items.len() > 1).then_some(items)
}

impl Item {
    /// Whether it is no item but a remark at the end of a list.
    fn is_remark(&self) -> bool {
        const WORDS: &[&str] = &[
            "among",
            "amongst",
            "both",
            "all",
            "in",
            "but",
            "though",
            "which",
            "respectively",
            "etc",
        ];
        let mut words = self.text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
        let first = words.next().unwrap_or_default();
        // `but also Pluto` names one more, and `but not Pluto` says what it says.
        let names = first == "but" && words.next().is_none_or(|word| word != "i");
        let alone = matches!(first.as_str(), "respectively" | "etc");
        let several = self.text.contains(' ') || alone;
        self.id.is_none() && several && !names && WORDS.contains(&first.as_str())
    }
}

/// An item without what places it in its list: `b) Huron`, `(2) Huron`, `then Huron`, a symbol.
fn unmarked(item: &str) -> &str {
    let words = ["first", "second", "third", "then", "next", "finally", "lastly", "last", "also"];
    let mut rest = item.trim_start_matches(|c: char| !c.is_alphanumeric());
    let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    let counts = word.len() <= 2 && rest[word.len()..].starts_with([')', '.', ':']);
    if counts || words.iter().any(|known| word.eq_ignore_ascii_case(known)) {
        rest = rest[word.len()..].trim_start_matches(|c: char| !c.is_alphanumeric());
    }
    rest
}

/// What stands behind the bullet of a line.
fn bullet(line: &str) -> Option<&str> {
    let line = line.trim();
    for bullet in ["- ", "* ", "• ", "– ", "+ ", "— ", "·"] {
        if let Some(item) = line.strip_prefix(bullet) {
            return Some(item.trim());
        }
    }
    // `1. `, `(2) `, `**3.** `
    let bare = line.trim_start_matches(['(', '*']);
    let rest = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    let item = rest.trim_start_matches(['.', ')', '*', ' ']);
    (enumerates(line) && !item.is_empty()).then(|| {
        // The emphasis may embrace number and item: `**1. Superior**`.
        item.strip_suffix("**").filter(|item| !item.contains("**")).unwrap_or(item)
    })
}

/// Lines that are an item each, behind a lead-in.
fn lines(text: &str) -> Option<Vec<&str>> {
    let mut lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| line.contains(char::is_alphanumeric)).collect();
    if lines.first().is_some_and(|line| line.trim_end_matches('*').ends_with(':')) {
        lines.remove(0);
    }
    let short = |line: &&str| {
        let words = line.split_whitespace().take(LONGEST).count();
        words < LONGEST && !(words > 3 && line.ends_with('.')) && !line.contains(", ")
    };
    (lines.len() > 1 && lines.iter().all(short)).then_some(lines)
}

/// The items of the sentence that has most of them.
fn in_sentence(text: &str, known: &Known) -> Option<Vec<Item>> {
    let mut best: Vec<Item> = Vec::new();
    let mut sentences = 0;
    for line in text.lines() {
        let line = bullet(line).unwrap_or(line);
        let mut rest = line.trim();
        while !rest.is_empty() {
            let (sentence, after) = rest.split_at(sentence_end(rest));
            let items = listed(sentence, known);
            sentences += 1;
            if items.len() > best.len() {
                best = items;
            }
            rest = after.trim_start_matches(|c: char| !c.is_alphanumeric());
        }
    }
    let prose =
        |item: &Item| item.id.is_none() && item.text.split_whitespace().nth(LONGEST).is_some();
    // One item is a list only where nothing else is said, or nothing else is expected.
    let alone = best.len() == 1 && sentences > 1 && known.ids.len() != 1;
    (!alone && !best.iter().any(prose)).then_some(best)
}

/// The items of a sentence.
fn listed(sentence: &str, known: &Known) -> Vec<Item> {
    let list = without_lead_in(sentence.trim());
    let parts = parts(list);
    let mut items = Vec::new();
    let mut i = 0;
    while i < parts.len() && items.len() <= MOST {
        // The longest run of parts that is known to be one item.
        let whole = |j: usize| list[parts[i].start..parts[j].end].trim();
        let one = |j: &usize| {
            let text = whole(*j);
            known.id(text).or_else(|| known.id(unmarked(text))).is_some()
        };
        let run = (i + 1..parts.len().min(i + 5)).rev().find(one);
        let end = run.unwrap_or(i);
        let text = whole(end);
        if text.contains(char::is_alphanumeric) {
            items.push(Item::of(text, known));
        }
        i = end + 1;
    }
    // `…, among others`, `…, but I'm not sure` is said of the list.
    while items.len() > 1 && items.last().is_some_and(Item::is_remark) {
        items.pop();
    }
    items
}

/// Words between a subject and its list.
const VERBS: &[&str] = &[
    " are ",
    " is ",
    " were ",
    " was ",
    " include ",
    " includes ",
    " included ",
    " namely ",
    " of: ",
    "They're ",
    "they're ",
    "They\u{2019}re ",
    "they\u{2019}re ",
];

/// The list of a sentence without its subject.
fn without_lead_in(sentence: &str) -> &str {
    let head_end = sentence.find([',', ';']).unwrap_or(sentence.len());
    let head = &sentence[..head_end];
    if let Some(colon) = head.rfind(':').filter(|colon| !head[colon + 1..].trim().is_empty()) {
        return sentence[colon + 1..].trim_start_matches(['*', ' ']);
    }
    let verb = VERBS.iter().filter_map(|verb| Some(head.rfind(verb)? + verb.len())).max();
    if let Some(end) = verb {
        return &sentence[end..];
    }
    // `Superior, Huron and Erie are Great Lakes.`
    let tail = sentence.rfind([',', ';']).unwrap_or(0);
    let verb = VERBS.iter().filter_map(|verb| Some(tail + sentence[tail..].find(verb)?)).min();
    verb.map_or(sentence, |end| &sentence[..end])
}

/// The bytes between commas, semicolons and `and`; between arrows or strokes where there are none.
fn parts(list: &str) -> Vec<std::ops::Range<usize>> {
    let other = ["→", " > ", "|", "/"].into_iter().find(|mark| list.contains(mark));
    if let Some(mark) = other.filter(|_| !list.contains([',', ';']) && !list.contains(" and ")) {
        let starts =
            std::iter::once(0).chain(list.match_indices(mark).map(|(at, _)| at + mark.len()));
        let ends = list.match_indices(mark).map(|(at, _)| at).chain([list.len()]);
        return starts.zip(ends).map(|(start, end)| start..end).collect();
    }
    let mut parts = Vec::new();
    let mut start = 0;
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    for (at, _) in list.match_indices([',', ';', ' ']) {
        if at < start {
            continue;
        }
        let rest = &list[at..];
        let comma = rest.starts_with([',', ';'])
            && !(digit(list[..at].chars().next_back()) && digit(rest[1..].chars().next()));
        let words = [" and ", " & ", " as well as "];
        let word = words.iter().find(|word| rest.starts_with(**word)).map(|word| word.len());
        let Some(length) = word.or(comma.then_some(1)) else { continue };
        parts.push(start..at);
        start = at + length;
        // `…, and C`
        for word in ["and ", "& "] {
            let blank = list[start..].len() - list[start..].trim_start().len();
            if comma && list[start + blank..].starts_with(word) {
                start += blank + word.len();
            }
        }
    }
    parts.push(start..list.len());
    parts
}

/// An item without its explanation.
fn named(item: &str) -> Cow<'_, str> {
    let item = item.trim();
    for mark in ["**", "__", "\""] {
        let inside = item.strip_prefix(mark).and_then(|rest| rest.split_once(mark));
        if let Some((inside, _)) = inside.filter(|(inside, _)| !inside.trim().is_empty()) {
            return tidy(inside.trim().trim_end_matches(':'));
        }
    }
    let ends = [" - ", " – ", " — ", ": ", " (", "—"];
    let end = ends.iter().filter_map(|end| item.find(end)).min().filter(|end| *end > 0);
    tidy(end.map_or(item, |end| &item[..end]))
}

#[cfg(test)]
mod tests;
