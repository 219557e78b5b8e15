//! The key, and its removal from whatever comes back.
//!
//! Servers echo keys: in error messages, in debug endpoints, in pages of gateways. So every body
//! and every message is searched for the key before anything else sees it.

use std::borrow::Cow;
use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

const REDACTED: &str = "[redacted]";

/// A key that is sent as `Authorization: Bearer`, or none.
pub(super) struct Key {
    value: Option<SecretString>,
    header: Option<HeaderValue>,
}

impl Key {
    /// Takes a key as it was found in the environment; blanks around it, such as the newline of
    /// the file that it was read from, are not part of it. None if no header can carry it.
    pub(super) fn new(value: Option<SecretString>) -> Option<Key> {
        let value = value.map(|key| SecretString::from(key.expose_secret().trim()));
        let header = match &value {
            Some(key) => {
                let text = key.expose_secret();
                if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
                    return None;
                }
                let mut header = HeaderValue::try_from(format!("Bearer {text}")).ok()?;
                header.set_sensitive(true);
                Some(header)
            }
            None => None,
        };
        Some(Key { value, header })
    }

    pub(super) fn header(&self) -> Option<&HeaderValue> {
        self.header.as_ref()
    }

    /// The text without the key, be it written plainly or escaped as JSON writes it.
    pub(super) fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(key) = self.value.as_ref().map(ExposeSecret::expose_secret) else {
            return text.into();
        };
        if is_placeholder(key) {
            return text.into();
        }
        let mut clean = String::new();
        let (mut copied, mut at) = (0, 0);
        while let Some(next) = text[at..].find([key.as_bytes()[0] as char, '\\']) {
            at += next;
            match spelled(&text.as_bytes()[at..], key) {
                Some(length) => {
                    clean.push_str(&text[copied..at]);
                    clean.push_str(REDACTED);
                    at += length;
                    copied = at;
                }
                None => at += 1,
            }
        }
        if copied == 0 {
            return text.into();
        }
        clean.push_str(&text[copied..]);
        clean.into()
    }

    /// The bytes without the key, and whether it was among them.
    pub(super) fn scrub_bytes(&self, bytes: Vec<u8>) -> (Vec<u8>, bool) {
        if self.value.is_none() {
            return (bytes, false);
        }
        let scrubbed = match self.scrub(&String::from_utf8_lossy(&bytes)) {
            Cow::Borrowed(_) => None,
            Cow::Owned(clean) => Some(clean),
        };
        match scrubbed {
            Some(clean) => (clean.into_bytes(), true),
            None => (bytes, false),
        }
    }
}

/// How many bytes a text takes to spell the key at its beginning, each character as it is or
/// escaped as JSON may write it.
fn spelled(text: &[u8], key: &str) -> Option<usize> {
    if text.starts_with(key.as_bytes()) {
        return Some(key.len());
    }
    let mut rest = text;
    for wanted in key.bytes() {
        rest = match rest {
            [b'\\', b'u', code @ ..] if code.len() >= 4 => {
                let code = std::str::from_utf8(&code[..4]).ok()?;
                let same = u8::from_str_radix(code, 16) == Ok(wanted);
                if same { &rest[6..] } else { rest.strip_prefix(&[wanted])? }
            }
            [b'\\', next, after @ ..] if *next == wanted && b"\"\\/".contains(next) => after,
            _ => rest.strip_prefix(&[wanted])?,
        };
    }
    Some(text.len() - rest.len())
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.value.is_some() { REDACTED } else { "none" })
    }
}

/// What people give servers that want some key and check none.
const PLACEHOLDERS: [&str; 18] = [
    "api-key",
    "api_key",
    "dummy",
    "empty",
    "fake",
    "key",
    "lm-studio",
    "local",
    "localhost",
    "no-key",
    "no-key-required",
    "none",
    "not-needed",
    "null",
    "ollama",
    "test",
    "token",
    "unused",
];

/// Placeholders are words that an answer may contain, and blotting them out would change what is
/// graded.
fn is_placeholder(key: &str) -> bool {
    key.len() < 4 || PLACEHOLDERS.contains(&key.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::new(Some(text.into())).unwrap()
    }

    #[test]
    fn a_key_disappears_in_every_spelling() {
        let key = key("sk-a/b\"1\\2\n");
        let clean = key.scrub(r#"x sk-a/b"1\2 y sk-a/b\"1\\2 z sk-a\/b\"1\\2 sk-a"#);
        assert_eq!(clean, "x [redacted] y [redacted] z [redacted] sk-a");
        assert_eq!(
            key.scrub_bytes(b"\xff sk-a/b\"1\\2".to_vec()).0,
            "\u{fffd} [redacted]".as_bytes()
        );
        assert_eq!(key.scrub(r"é\u0073k-a\u002fb\u0022\u0031\u005C2é"), "é[redacted]é");
        assert_eq!(format!("{key:?}"), "[redacted]");
    }

    #[test]
    fn placeholders_are_words_like_others() {
        for word in ["none", "EMPTY", "not-needed", "x", "123"] {
            assert_eq!(key(word).scrub(&format!("answer: {word}")), format!("answer: {word}"));
        }
        assert_eq!(key("topsecret").scrub("topsecret"), REDACTED);
    }

    #[test]
    fn what_no_header_can_carry_is_refused() {
        for text in ["", " \n", "a\nb", "a b", "schlüssel"] {
            assert!(Key::new(Some(text.into())).is_none(), "{text:?}");
        }
        assert_eq!(key("abc\r\n").header().unwrap().to_str().unwrap(), "Bearer abc");
    }
}
