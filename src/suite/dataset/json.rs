//! `.json`: a list of objects, told apart without reading the list as a whole.
//!
//! [`List`] follows brackets and strings and knows of JSON nothing else: what stands between two
//! commas of the list is a row, and serde reads it. Brackets are held to their kind, so that one
//! that is missing is found where the next one does not fit and not at the end of the file.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::Variables;
use super::split::{Fault, Step, Wrong, utf8};

/// Deepest nesting of a row, as serde has it.
const DEEPEST: u32 = 127;

/// Tells the elements of a list apart.
#[derive(Debug, Clone)]
pub(super) struct List {
    state: State,
    /// The open brackets of the element, the innermost in the lowest bit: 1 for `{`, 0 for `[`.
    open: u128,
    depth: u32,
    text: Text,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Before the list.
    Before,
    /// Where the first element begins, if there is one.
    First,
    /// Where an element must begin.
    Next,
    /// In an element with brackets.
    Inside,
    /// In an element without: no object, but where it ends is known.
    Bare,
    /// After an element.
    Between,
    /// After the list.
    After,
}

/// Whether brackets and commas are text.
#[derive(Debug, Clone, Copy)]
enum Text {
    No,
    Yes,
    /// So is the next byte, even if it is a quote.
    Escape,
}

impl Default for List {
    fn default() -> List {
        List { state: State::Before, open: 0, depth: 0, text: Text::No }
    }
}

impl List {
    pub fn before_row() -> List {
        List { state: State::First, ..List::default() }
    }

    pub fn step(&mut self, byte: u8) -> Step {
        let blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        match self.state {
            State::Inside | State::Bare if !matches!(self.text, Text::No) => {
                self.text = match (self.text, byte) {
                    (Text::Yes, b'\\') => Text::Escape,
                    (Text::Yes, b'"') => Text::No,
                    _ => Text::Yes,
                };
                Step::Take
            }
            State::Inside => self.inside(byte),
            State::Bare => match byte {
                b',' => self.then(State::Next, Step::Ended),
                b']' => self.then(State::After, Step::Ended),
                _ => self.text(byte),
            },
            _ if blank => Step::Skip,
            State::Before if byte == b'[' => self.then(State::First, Step::Skip),
            State::Before => lost(
                "not a list of objects",
                "write `[{…}, {…}]`, or name the file .jsonl if each line is an object",
            ),
            State::First if byte == b']' => self.then(State::After, Step::Skip),
            State::First | State::Next => self.begin(byte),
            State::Between if byte == b',' => self.then(State::Next, Step::Skip),
            State::Between if byte == b']' => self.then(State::After, Step::Skip),
            State::Between if byte == b'}' => lost("a bracket that closes nothing", "remove it"),
            State::Between => {
                lost("a row without a comma before it", "put a comma between two rows")
            }
            State::After => lost("text after the end of the list", "remove it"),
        }
    }

    pub fn finish(&self) -> Result<(), Wrong> {
        match self.state {
            State::After => Ok(()),
            State::Before => Err(Wrong::new("an empty file", "write a list: `[{…}, {…}]`")),
            State::First | State::Next | State::Between => {
                Err(Wrong::new("the list is not closed", "add `]` after this"))
            }
            State::Inside | State::Bare => {
                Err(Wrong::new("the file ends within this row", "is a quote or a bracket missing?"))
            }
        }
    }

    fn then(&mut self, state: State, step: Step) -> Step {
        self.state = state;
        step
    }

    fn begin(&mut self, byte: u8) -> Step {
        match byte {
            b'{' | b'[' => {
                self.state = State::Inside;
                self.inside(byte)
            }
            b',' | b']' => lost("a comma without a row after it", "remove the comma"),
            b'}' => lost("a bracket that closes nothing", "remove it"),
            _ => {
                self.state = State::Bare;
                self.text(byte)
            }
        }
    }

    fn text(&mut self, byte: u8) -> Step {
        if byte == b'"' {
            self.text = Text::Yes;
        }
        Step::Take
    }

    fn inside(&mut self, byte: u8) -> Step {
        match byte {
            b'{' | b'[' if self.depth == DEEPEST => {
                lost("a row nested too deeply", "at most 127 brackets may be open")
            }
            b'{' | b'[' => {
                self.open = self.open << 1 | u128::from(byte == b'{');
                self.depth += 1;
                Step::Take
            }
            b'}' | b']' if (self.open & 1 == 1) != (byte == b'}') => match byte {
                b'}' => lost("`}` where `]` is missing", "close the list first"),
                _ => lost("`]` where `}` is missing", "close the object first"),
            },
            b'}' | b']' => {
                self.open >>= 1;
                self.depth -= 1;
                if self.depth > 0 {
                    return Step::Take;
                }
                self.then(State::Between, Step::Last)
            }
            _ => self.text(byte),
        }
    }
}

fn lost(message: &'static str, remedy: &'static str) -> Step {
    Step::Lost(Wrong::new(message, remedy))
}

/// The variables of a row, which is a JSON object.
pub(super) fn object(row: &[u8]) -> Result<Variables, Fault> {
    read(row).map_err(|(fault, _)| fault)
}

/// What is wrong with the beginning of an object, if something is apart from its end missing.
pub(super) fn wrong_so_far(row: &[u8]) -> Option<Fault> {
    let (fault, ends) = read(row).err()?;
    (!ends).then_some(fault)
}

/// The variables, or what is wrong and whether it is that the row ends too early.
fn read(row: &[u8]) -> Result<Variables, (Fault, bool)> {
    let text = utf8(row).map_err(|fault| (fault, false))?;
    let found = match (text.as_bytes().first(), text.trim_end()) {
        (Some(b'['), _) => Some("a list"),
        (Some(b'"'), _) => Some("a text"),
        (Some(b'-' | b'0'..=b'9'), _) => Some("a number"),
        (_, word @ ("true" | "false" | "null")) => Some(word),
        _ => None,
    };
    if let Some(found) = found {
        let message = format!("not a JSON object but {found}");
        return Err((Fault::new(0, message, "write a row as `{…}`"), false));
    }
    serde_json::from_str::<Object>(text).map(|object| object.0).map_err(|error| {
        if error.is_eof() {
            let remedy = "is a quote or a bracket missing?";
            return (Fault::new(text.trim_end().len(), "the row ends too early", remedy), true);
        }
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        let message = format!("not a JSON object: {message}");
        let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
        let at = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
        (Fault::new(at.min(text.len()), message, "mend this row"), false)
    })
}

/// An object that names every variable once: of two, one would be taken without a word.
struct Object(Variables);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        deserializer.deserialize_map(Names)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut variables = Variables::new();
        while let Some(name) = map.next_key::<String>()? {
            if variables.contains_key(&name) {
                return Err(A::Error::custom(format!("`{name}` stands there twice")));
            }
            variables.insert(name, map.next_value()?);
        }
        Ok(Object(variables))
    }
}
