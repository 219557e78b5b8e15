//! XML as a reader sees it, and whether it is of our schema.

use std::path::Path;
use std::process::Command;

use quick_xml::Reader;
use quick_xml::events::Event;

/// An element with everything in it.
#[derive(Debug, Default, Clone)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn get(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map_or_else(|| panic!("no {name}: {self:?}"), |(_, value)| value.as_str())
    }

    pub fn number(&self, name: &str) -> usize {
        self.get(name).parse().unwrap()
    }

    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// Parses a document without a DTD: its root element.
pub fn parse(text: &str) -> Element {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error} in {text:.300}"));
        match event {
            Event::Start(start) | Event::Empty(start) if open.is_empty() => panic!("{start:?}"),
            Event::Start(ref start) | Event::Empty(ref start) => {
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let key = attribute.key.as_ref().to_owned();
                    let raw = attribute.value.to_string();
                    (key, quick_xml::escape::unescape(&raw).unwrap().into_owned())
                });
                let element = Element {
                    name: start.name().as_ref().to_owned(),
                    attributes: attributes.collect(),
                    ..Element::default()
                };
                if matches!(event, Event::Empty(_)) {
                    open.last_mut().unwrap().children.push(element);
                } else {
                    open.push(element);
                }
            }
            Event::End(_) => {
                let element = open.pop().unwrap();
                open.last_mut().unwrap().children.push(element);
            }
            Event::Text(piece) => {
                open.last_mut().unwrap().text += &piece;
            }
            Event::GeneralRef(name) => {
                let text =
                    quick_xml::escape::unescape(&format!("&{};", &*name)).unwrap().into_owned();
                open.last_mut().unwrap().text += &text;
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other => panic!("nothing else is written: {other:?}"),
        }
    }
    assert_eq!(open.len(), 1, "something is not closed");
    open.remove(0).children.remove(0)
}

/// Holds files against our schema, with a parser that is not ours.
///
/// # Panics
/// If one is not valid, or `xmllint` is missing.
pub fn validate(files: &[&Path]) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/junit.xsd");
    let output = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema)
        .args(files)
        .output()
        .expect("xmllint is missing: apt-get install libxml2-utils, or brew install libxml2");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}", said.lines().take(20).collect::<Vec<_>>().join("\n"));
    assert_eq!(said.matches(" validates").count(), files.len(), "{said}");
}
