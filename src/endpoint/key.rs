//! Keys are named by their environment variable and never written down.
//!
//! A key in a file ends up in a repository, a journal and a report. So a file that holds one is
//! refused, whichever field it stands in, before anything else is read from it: no later message
//! can quote what this module has turned away. It knows keys by the names that hold them and by
//! what they look like.

use crate::span::{Node, Problems, Value};

/// What to write instead of a key.
pub(super) const REMEDY: &str = "name the environment variable that holds it: `key_env: NAME`";

/// How keys of well-known providers begin.
const PREFIXES: [&str; 18] = [
    "sk-",
    "sk_live_",
    "sk_test_",
    "gsk_",
    "xai-",
    "hf_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "AIza",
    "ya29.",
    "xoxb-",
    "xoxp-",
    "r8_",
    "pplx-",
    "nvapi-",
];

/// Whether a text is, or holds, what looks like a secret key: a provider's prefix or `Bearer`
/// with a random-looking word after it, a signed token, or a private key. Prose about keys
/// ("sk-learn", "bearer bonds") is not taken for one.
#[must_use]
pub fn looks_like_a_key(text: &str) -> bool {
    if text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----") {
        return true;
    }
    let apart = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ':' | '"' | '\'' | '`' | ',' | ';' | '=' | '<' | '>' | '&' | '?' | '(' | ')'
            )
    };
    let mut after_scheme = false;
    text.split(apart).filter(|word| !word.is_empty()).any(|word| {
        let prefixed = word.split('/').any(|piece| {
            PREFIXES.iter().any(|prefix| piece.strip_prefix(prefix).is_some_and(is_random))
        });
        let signed = word.starts_with("eyJ") && word.len() >= 40 && word.matches('.').count() == 2;
        let amazon = word.len() == 20
            && (word.starts_with("AKIA") || word.starts_with("ASIA"))
            && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let found = prefixed || signed || amazon || (after_scheme && is_random(word));
        after_scheme = word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic");
        found
    })
}

/// At least 8 characters of those that keys are made of, and not a word or two: with a digit,
/// with both cases inside, or longer than words are.
fn is_random(word: &str) -> bool {
    let allowed = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+' | b'/' | b'=' | b'~')
    };
    let mixed = word.bytes().any(|b| b.is_ascii_lowercase())
        && word.bytes().skip(1).any(|b| b.is_ascii_uppercase());
    word.len() >= 8
        && word.bytes().all(allowed)
        && (word.bytes().any(|b| b.is_ascii_digit()) || mixed || word.len() >= 24)
}

/// Whether a field, header or query parameter of this name holds a secret.
pub(super) fn names_a_secret(name: &str) -> bool {
    let name = name.to_lowercase().replace('_', "-");
    if name.ends_with("-env") {
        return false;
    }
    ["key", "token", "auth", "sig"].contains(&name.as_str())
        || ["authorization", "api-key", "apikey", "auth-token", "access-token"]
            .iter()
            .chain(&["secret", "password", "cookie"])
            .any(|part| name.contains(part))
}

/// Notes every literal key below a node; true if there was none.
pub(super) fn refuse_keys(node: &Node, problems: &mut Problems) -> bool {
    let mut clean = true;
    walk(node, &mut |name, value| {
        let text = match &value.value {
            Value::Scalar { text, .. } => text.as_str(),
            _ => "",
        };
        let by_name = name.is_some_and(names_a_secret) && value.value != Value::Null;
        if by_name || looks_like_a_key(text) {
            clean = false;
            problems.secret(value.span, "a key must not be written into a file", REMEDY);
        }
    });
    clean
}

fn walk<'a>(node: &'a Node, visit: &mut dyn FnMut(Option<&'a str>, &'a Node)) {
    match &node.value {
        Value::Null | Value::Scalar { .. } => {}
        Value::List(items) => items.iter().for_each(|item| {
            visit(None, item);
            walk(item, visit);
        }),
        Value::Map(entries) => entries.iter().for_each(|(key, value)| {
            visit(Some(&key.value), value);
            walk(value, visit);
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_prose() {
        for key in [
            "sk-abc123def456",
            "sk-proj-AbCdEfGhIjKlMnOp",
            "sk-ant-api03-x1y2z3x1y2z3",
            "gsk_9f8e7d6c5b4a",
            "Bearer abcdef123456",
            "bearer  QWxhZGRpbjpvcGVu",
            "Authorization: Bearer abcdef123456",
            "authorization:Bearer abcdef123456",
            "use \"hf_AbCdEfGh1234\" here",
            "https://host/v1?api_key=sk-abc123def456",
            "https://host/sk-abc123def456/v1",
            "AKIAIOSFODNN7EXAMPLE",
            "AIzaSyA1234567890abcdef",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN",
            "-----BEGIN RSA PRIVATE KEY-----\nMII",
            "sk-not-a-real-key-but-long-enough",
        ] {
            assert!(looks_like_a_key(key), "{key}");
        }
        for prose in [
            "",
            "sk-",
            "sk-…",
            "sk-learn",
            "sk-learn-style",
            "ASIA2024SUMMIT",
            "sk_model_v2_2024",
            "risk-assessment2024",
            "What are bearer bonds?",
            "Bearer securities are",
            "A basic understanding",
            "OPENAI_API_KEY",
            "gpt-4o-2024-08-06",
            "http://127.0.0.1:8089/v1",
            "qwen2.5-coder-1.5b-instruct",
            "hf_hub",
            "The sky is blue.",
            "d41d8cd98f00b204e9800998ecf8427e",
        ] {
            assert!(!looks_like_a_key(prose), "{prose}");
        }
    }

    #[test]
    fn names_that_hold_secrets_are_told_from_those_that_do_not() {
        for name in [
            "key",
            "api_key",
            "API-Key",
            "x-api-key",
            "token",
            "x-auth-token",
            "Authorization",
            "Cookie",
            "client_secret",
        ] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in [
            "key_env",
            "max_tokens",
            "max_completion_tokens",
            "model",
            "keyboard",
            "prompt_cache_key",
            "stop_token_ids",
            "api_key_env",
        ] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}
