//! HTML as a browser splits it into tags, as far as the pages of this program need it.

use std::collections::BTreeSet;

/// Elements whose content is no HTML.
const RAW: [&str; 4] = ["script", "style", "title", "textarea"];

/// A tag with the names and values of its attributes, and the text behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// In lower case; `/p` where it ends an element, `!…` for what is no element.
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// Up to the next tag, with its references.
    pub text: String,
}

/// The tags of a page, in order.
pub fn tags(page: &str) -> Vec<Tag> {
    let mut tags: Vec<Tag> = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let (text, behind) = (&rest[..start], &rest[start + 1..]);
        if let Some(tag) = tags.last_mut() {
            tag.text += text;
        }
        let is_tag = behind.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        if !is_tag {
            if let Some(tag) = tags.last_mut() {
                tag.text.push('<');
            }
            rest = behind;
            continue;
        }
        let (tag, after) = tag(behind);
        rest = after;
        let name = tag.name.clone();
        tags.push(tag);
        if RAW.contains(&name.as_str()) {
            let end = format!("</{name}");
            let lower = rest.to_ascii_lowercase();
            let at = lower.find(&end).unwrap_or(rest.len());
            tags.last_mut().unwrap().text += &rest[..at];
            rest = &rest[at..];
        }
    }
    tags
}

/// The tag that starts here, and what is behind it.
fn tag(text: &str) -> (Tag, &str) {
    if text.starts_with(['!', '?']) {
        let end = if text.starts_with("!--") {
            text.find("-->").map(|at| at + 2)
        } else {
            text.find('>')
        };
        let end = end.unwrap_or(text.len() - 1);
        return (
            Tag { name: text[..end].to_owned(), attributes: Vec::new(), text: String::new() },
            &text[end + 1..],
        );
    }
    let blank = |c: char| c.is_ascii_whitespace() || c == '/';
    let start = usize::from(text.starts_with('/'));
    let end =
        text[start..].find(|c: char| blank(c) || c == '>').map_or(text.len(), |at| at + start);
    let name = text[..end].to_ascii_lowercase();
    let mut attributes = Vec::new();
    let mut rest = text[end..].trim_start_matches(blank);
    while !rest.is_empty() && !rest.starts_with('>') {
        let end = rest[1..]
            .find(|c: char| blank(c) || c == '>' || c == '=')
            .map_or(rest.len(), |at| at + 1);
        let key = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(behind) = rest.strip_prefix('=') {
            let behind = behind.trim_start();
            if let Some(quote) = behind.chars().next().filter(|c| matches!(c, '"' | '\'')) {
                let end = behind[1..].find(quote).map_or(behind.len(), |at| at + 1);
                value = &behind[1..end];
                rest = behind.get(end + 1..).unwrap_or("");
            } else {
                let ends = |c: char| c.is_ascii_whitespace() || c == '>';
                (value, rest) = behind.split_at(behind.find(ends).unwrap_or(behind.len()));
            }
        }
        attributes.push((key, value.to_owned()));
        rest = rest.trim_start_matches(blank);
    }
    (Tag { name, attributes, text: String::new() }, rest.strip_prefix('>').unwrap_or(rest))
}

/// Which elements a page has, each with the names of its attributes.
pub fn shape(page: &str) -> BTreeSet<String> {
    let shown = |tag: Tag| {
        let mut names: Vec<String> = tag.attributes.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        format!("{} {}", tag.name, names.join(" "))
    };
    tags(page).into_iter().map(shown).collect()
}

#[test]
fn tags_are_split_as_browsers_do() {
    let page = "<!doctype html><p class=a title='x>y'>1 < 2 &lt;<br/><img src=x onerror=y><script>a<b</SCRIPT >z";
    let tags = tags(page);
    let names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(names, ["!doctype html", "p", "br", "img", "script", "/script"]);
    assert_eq!(tags[1].attributes, [("class".into(), "a".into()), ("title".into(), "x>y".into())]);
    assert_eq!((tags[1].text.as_str(), tags[4].text.as_str()), ("1 < 2 &lt;", "a<b"));
    assert_eq!(tags[3].attributes[1], ("onerror".to_owned(), "y".to_owned()));
}
