//! What a failing answer means.
//!
//! Servers agree on little when they fail: the same trouble comes as a status, as a code in a
//! body, as both, or as an object under status 200. Here it becomes one [`AskErrorKind`], which
//! decides whether the trial counts as an outage and whether trying again makes sense, and one
//! sentence: what is wrong, what to do, and what the server itself said. Nothing in here depends
//! on a wire.

use serde_json::Value;

use super::WireResponse;
use crate::ask::{AskError, AskErrorKind};

/// How a message begins when a key was not accepted. The codec does not know whose key it was;
/// the transport does, and puts that in its place.
pub const KEY_REFUSED: &str = "the key was refused";

const TOO_MANY: &str = "the server takes no more calls for now: lower `concurrency`";

/// Most characters of foreign text in a message.
const LONGEST_EXCERPT: usize = 200;

/// The beginning of a foreign text on one line: at most 200 characters, and those that a
/// terminal would act upon, or not show, made visible.
#[must_use]
pub fn excerpt(text: &str) -> String {
    let mut short = String::new();
    let (mut length, mut cut) = (0, 0);
    for c in text.trim().chars() {
        let visible: String = if is_invisible(c) { c.escape_default().collect() } else { c.into() };
        length += visible.chars().count();
        if length > LONGEST_EXCERPT {
            short.truncate(cut);
            short.push('…');
            break;
        }
        short.push_str(&visible);
        if length < LONGEST_EXCERPT {
            cut = short.len();
        }
    }
    short
}

/// Control characters, and format characters that reorder or hide text.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// What a server said about its failure, in whatever shape it said it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Complaint {
    /// Words for people; empty if there were none.
    pub message: String,
    /// Machine-readable code and type, in lower case, joined by a blank.
    pub code: String,
}

impl Complaint {
    /// Reads a body: `{"error": {message, code, type}}`, `{"error": "…"}`, `{"detail": …}`,
    /// `{"message": …}`, or plain text.
    #[must_use]
    pub fn read(body: &str) -> Complaint {
        match serde_json::from_str::<Value>(body) {
            Ok(Value::Object(object)) => match object.get("error") {
                Some(error) if !error.is_null() => Complaint::of(error),
                _ => Complaint::of(&Value::Object(object)),
            },
            Ok(other) => Complaint::of(&other),
            Err(_) => Complaint { message: excerpt(&title(body)), code: String::new() },
        }
    }

    /// Reads an `error` value.
    #[must_use]
    pub fn of(error: &Value) -> Complaint {
        let word = |name: &str| match &error[name] {
            Value::String(text) => text.to_lowercase(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let said =
            ["message", "detail", "msg", "error"].iter().find_map(|name| match &error[*name] {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            });
        let message = match (said, error) {
            (Some(said), _) => said,
            (None, Value::String(text)) => text.clone(),
            (None, Value::Null) => String::new(),
            (None, other) => other.to_string(),
        };
        let code = [word("code"), word("type"), word("status")].join(" ");
        Complaint { message: excerpt(&message), code: code.trim().to_owned() }
    }

    fn mentions(&self, words: &[&str]) -> bool {
        let message = self.message.to_lowercase();
        words.iter().any(|word| self.code.contains(word) || message.contains(word))
    }

    /// The code as an HTTP status, where a server puts one into its body.
    fn status(&self) -> Option<u16> {
        let codes = self.code.split(' ').filter_map(|code| code.parse().ok());
        codes.into_iter().find(|code| (400..600).contains(code))
    }

    /// The status that goes with a code in words, where a server has no other.
    fn status_of_words(&self) -> Option<u16> {
        let codes = [
            ("insufficient_quota", 429),
            ("rate_limit", 429),
            ("overloaded", 529),
            ("server_error", 500),
        ];
        codes.iter().find(|(code, _)| self.code.contains(code)).map(|(_, status)| *status)
    }
}

/// The title of a page, for gateways that answer in HTML; otherwise the text itself.
fn title(body: &str) -> String {
    let lower = body.to_ascii_lowercase();
    let start = lower.find("<title>").map(|at| at + "<title>".len());
    let end = start.and_then(|start| lower[start..].find("</title>").map(|at| start + at));
    start.zip(end).map_or(body, |(start, end)| &body[start..end]).to_owned()
}

/// What kind of failure a status outside 200–299 is, given what the server said.
#[must_use]
pub fn classify(status: u16, complaint: &Complaint) -> AskErrorKind {
    let code = |words: &[&str]| words.iter().any(|word| complaint.code.contains(word));
    let filtered = ["content_filter", "content_policy", "responsibleaipolicy", "safety_violation"];
    let spent = ["insufficient_quota", "billing", "insufficient_balance", "credit balance"];
    match status {
        400..=499 if status != 401 && code(&filtered) => AskErrorKind::ContentFilter,
        402 => AskErrorKind::Quota,
        403 | 429 if complaint.mentions(&spent) => AskErrorKind::Quota,
        401 | 403 => AskErrorKind::Authentication,
        404 => AskErrorKind::NotFound,
        400 if code(&["model_not_found"]) => AskErrorKind::NotFound,
        400 if code(&["invalid_api_key"]) => AskErrorKind::Authentication,
        408 | 504 => AskErrorKind::Timeout,
        429 => AskErrorKind::RateLimited,
        503 | 529 => AskErrorKind::Overloaded,
        500..=599 if complaint.mentions(&["overloaded", "at capacity"]) => AskErrorKind::Overloaded,
        // Redirects too: they are not followed, and the remedy is in the configuration.
        300..=499 => AskErrorKind::BadRequest,
        _ => AskErrorKind::Server,
    }
}

/// The error of an answer with a status outside 200–299.
#[must_use]
pub fn of_status(response: &WireResponse) -> AskError {
    let complaint = Complaint::read(&String::from_utf8_lossy(&response.body));
    let status = response.status;
    let kind = match classify(status, &complaint) {
        AskErrorKind::Quota if comes_back(response, &complaint) => AskErrorKind::RateLimited,
        kind => kind,
    };
    let what = match (kind, status) {
        (_, 300..=399) => redirected(response),
        (AskErrorKind::RateLimited, _) => match response.header("retry-after") {
            Some(after) => format!("{TOO_MANY} (retry-after: {})", excerpt(after)),
            None => TOO_MANY.into(),
        },
        _ => what_to_do(kind, status, &complaint).into(),
    };
    AskError { status: Some(status), ..sentence(kind, &what, &complaint) }
}

/// Whether a limit that is used up is one by the minute: some servers talk of plan and billing there,
/// too, and yet name a time to come back.
fn comes_back(response: &WireResponse, complaint: &Complaint) -> bool {
    let named =
        ["retry-after", "retry-after-ms"].iter().any(|name| response.header(name).is_some());
    let told = complaint.mentions(&["retry in ", "try again in "]);
    response.status == 429 && (named || told) && !complaint.code.contains("insufficient_quota")
}

/// The error of an `error` object that came under a success status: what its code says it is,
/// and otherwise a reply that cannot be used.
#[must_use]
pub fn of_success(status: u16, error: &Value) -> AskError {
    let complaint = Complaint::of(error);
    let meant = complaint.status().or_else(|| complaint.status_of_words());
    let meant = meant.map(|inner| (inner, classify(inner, &complaint)));
    let by_words = (400, classify(400, &complaint));
    let (inner, kind) = match meant {
        Some(meant) => meant,
        None if by_words.1 != AskErrorKind::BadRequest => by_words,
        None => (status, AskErrorKind::BadBody),
    };
    let what = match kind {
        AskErrorKind::BadBody => "an error came under a success status",
        AskErrorKind::RateLimited => TOO_MANY,
        _ => what_to_do(kind, inner, &complaint),
    };
    AskError { status: Some(status), ..sentence(kind, what, &complaint) }
}

fn sentence(kind: AskErrorKind, what: &str, complaint: &Complaint) -> AskError {
    let said = match complaint.message.as_str() {
        "" => String::new(),
        message => format!("; the server says: {message}"),
    };
    AskError::new(kind, format!("{what}{said}"))
}

fn what_to_do(kind: AskErrorKind, status: u16, complaint: &Complaint) -> &'static str {
    let too_long = ["context length", "context size", "context_length", "context_size", "too long"];
    match kind {
        AskErrorKind::Authentication if status == 403 => "the key may not do this",
        AskErrorKind::Authentication => KEY_REFUSED,
        AskErrorKind::Quota => "the account has nothing left: top it up or take another key",
        AskErrorKind::NotFound if complaint.mentions(&["model"]) => {
            "the server does not know this model: check `model`"
        }
        AskErrorKind::NotFound => {
            "the server knows no such path or model: check `base_url`, which usually ends in /v1, and `model`"
        }
        AskErrorKind::ContentFilter => "the provider's filter refused the question",
        AskErrorKind::Timeout => "the server gave up waiting: lower `concurrency` or `max_tokens`",
        AskErrorKind::Overloaded => "the server has no room: try later or lower `concurrency`",
        AskErrorKind::BadRequest if status == 413 || complaint.mentions(&too_long) => {
            "the question is too long for the model: shorten it or lower `max_tokens`"
        }
        AskErrorKind::BadRequest => {
            "the server refuses the request: check `parameters` and `extra`"
        }
        _ => "the server failed: try again, or look into its log",
    }
}

fn redirected(response: &WireResponse) -> String {
    let place = response.header("location").map(|url| {
        let url = url.split(['?', '#']).next().unwrap_or_default();
        excerpt(url.strip_suffix("/chat/completions").unwrap_or(url))
    });
    let place = place.filter(|url| !url.is_empty());
    let place = place.unwrap_or_else(|| "where it leads".into());
    format!("redirects are not followed: set `base_url` to {place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::Times;

    #[test]
    fn every_status_has_its_kind() {
        use AskErrorKind::*;
        for (status, code, message, kind) in [
            (301, "", "", BadRequest),
            (307, "", "", BadRequest),
            (400, "invalid_request_error", "temperature is not a number", BadRequest),
            (400, "content_filter", "", ContentFilter),
            (400, "content_policy_violation", "", ContentFilter),
            (400, "exceed_context_size_error", "", BadRequest),
            (400, "model_not_found", "", NotFound),
            (400, "invalid_api_key", "", Authentication),
            (401, "invalid_api_key", "", Authentication),
            (401, "", "insufficient_quota", Authentication),
            (402, "", "", Quota),
            (403, "", "", Authentication),
            (403, "", "your credit balance is too low", Quota),
            (403, "content_policy", "", ContentFilter),
            (404, "model_not_found", "", NotFound),
            (404, "", "Not Found", NotFound),
            (405, "", "", BadRequest),
            (408, "", "", Timeout),
            (409, "", "", BadRequest),
            (413, "", "", BadRequest),
            (422, "", "", BadRequest),
            (429, "", "", RateLimited),
            (429, "rate_limit_exceeded", "", RateLimited),
            (429, "insufficient_quota", "", Quota),
            (429, "", "check your plan and billing details", Quota),
            (451, "", "", BadRequest),
            (500, "", "", Server),
            (500, "server_error", "The model is overloaded", Overloaded),
            (501, "", "", Server),
            (502, "", "Bad Gateway", Server),
            (503, "", "", Overloaded),
            (504, "", "", Timeout),
            (529, "overloaded_error", "", Overloaded),
            (599, "", "", Server),
            (100, "", "", Server),
            (999, "", "", Server),
        ] {
            let complaint = Complaint { message: message.into(), code: code.into() };
            assert_eq!(classify(status, &complaint), kind, "{status} {code} {message}");
        }
    }

    #[test]
    fn complaints_are_read_in_every_shape() {
        let read = |body: &str| {
            let complaint = Complaint::read(body);
            format!("[{}] {}", complaint.code, complaint.message)
        };
        insta::assert_snapshot!([
            r#"{"error":{"message":"Unauthorized.","type":"authentication_error","code":"Invalid_Api_Key"}}"#,
            r#"{"error":{"code":400,"message":"'messages' is required","type":"invalid_request_error"}}"#,
            r#"{"error":"model 'x' not found"}"#,
            r#"{"object":"error","message":"too long","type":"BadRequestError","code":400}"#,
            r#"{"detail":"Not Found"}"#,
            r#"{"detail":[{"loc":["body","n"],"msg":"not a number"}]}"#,
            r#"{"error":{"metadata":1}}"#,
            r#"{"error":null}"#,
            r#"["odd"]"#,
            "\"text\"",
            "Internal Server Error\r\n",
            "<html>\n<head><title>502 Bad Gateway</title></head>\n</html>",
            "",
        ].map(read).join("\n"), @r#"
        [invalid_api_key authentication_error] Unauthorized.
        [400 invalid_request_error] 'messages' is required
        [] model 'x' not found
        [400 badrequesterror] too long
        [] Not Found
        [] [{"loc":["body","n"],"msg":"not a number"}]
        [] {"metadata":1}
        [] {"error":null}
        [] ["odd"]
        [] text
        [] Internal Server Error
        [] 502 Bad Gateway
        []
        "#);
    }

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> WireResponse {
        let headers = headers.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        WireResponse { status, headers, body: body.into(), times: Times::default() }
    }

    #[test]
    fn messages_name_the_remedy_and_quote_the_server() {
        let moved = [("location", "https://new.example/v2/chat/completions?x=1")];
        let later = [("retry-after", "2")];
        let errors = [
            of_status(&response(401, &[], r#"{"error":{"message":"Unauthorized."}}"#)),
            of_status(&response(403, &[], "")),
            of_status(&response(404, &[], r#"{"error":"model 'x' not found"}"#)),
            of_status(&response(404, &[], r#"{"detail":"Not Found"}"#)),
            of_status(&response(
                400,
                &[],
                r#"{"error":{"message":"maximum context length is 8"}}"#,
            )),
            of_status(&response(308, &moved, "")),
            of_status(&response(302, &[], "")),
            of_status(&response(429, &later, "")),
            of_status(&response(500, &[], "Traceback\n  File \"x.py\"\u{1b}[31m")),
            of_status(&response(503, &[], "")),
        ];
        insta::assert_snapshot!(errors.map(|error| error.to_string()).join("\n"), @r#"
        authentication failed: the key was refused; the server says: Unauthorized.
        authentication failed: the key may not do this
        not found: the server does not know this model: check `model`; the server says: model 'x' not found
        not found: the server knows no such path or model: check `base_url`, which usually ends in /v1, and `model`; the server says: Not Found
        bad request: the question is too long for the model: shorten it or lower `max_tokens`; the server says: maximum context length is 8
        bad request: redirects are not followed: set `base_url` to https://new.example/v2
        bad request: redirects are not followed: set `base_url` to where it leads
        rate limited: the server takes no more calls for now: lower `concurrency` (retry-after: 2)
        server error: the server failed: try again, or look into its log; the server says: Traceback\n  File "x.py"\u{1b}[31m
        server overloaded: the server has no room: try later or lower `concurrency`
        "#);
    }

    #[test]
    fn a_quota_with_a_time_to_come_back_is_a_rate_limit() {
        let of = |headers: &[(&str, &str)], code: &str, message: &str| {
            let body = serde_json::json!({"error": {"code": code, "message": message}});
            of_status(&response(429, headers, &body.to_string())).kind
        };
        let spent = "You exceeded your current quota, please check your plan and billing details.";
        let (quota, limited) = (AskErrorKind::Quota, AskErrorKind::RateLimited);
        assert_eq!(of(&[], "", spent), quota);
        assert_eq!(of(&[], "", &format!("{spent} Please retry in 37.2s.")), limited);
        assert_eq!(of(&[("retry-after", "37")], "429", spent), limited);
        assert_eq!(of(&[("retry-after", "37")], "insufficient_quota", spent), quota);
    }

    #[test]
    fn an_error_under_a_success_status_is_what_its_code_says() {
        let of = |text: &str| {
            let error = of_success(200, &serde_json::from_str(text).unwrap());
            assert_eq!(error.status, Some(200));
            error.to_string()
        };
        insta::assert_snapshot!([
            r#"{"code":429,"message":"slow down"}"#,
            r#"{"code":502,"message":"upstream broke"}"#,
            r#"{"code":"content_filter","message":"no"}"#,
            r#"{"code":"insufficient_quota","message":"nothing left"}"#,
            r#"{"type":"rate_limit_error","message":"wait"}"#,
            r#"{"type":"overloaded_error","message":"busy"}"#,
            r#"{"type":"server_error","message":"oops"}"#,
            r#"{"message":"something"}"#,
            r#""text""#,
        ].map(of).join("\n"), @"
        rate limited: the server takes no more calls for now: lower `concurrency`; the server says: slow down
        server error: the server failed: try again, or look into its log; the server says: upstream broke
        content filter: the provider's filter refused the question; the server says: no
        quota exhausted: the account has nothing left: top it up or take another key; the server says: nothing left
        rate limited: the server takes no more calls for now: lower `concurrency`; the server says: wait
        server overloaded: the server has no room: try later or lower `concurrency`; the server says: busy
        server error: the server failed: try again, or look into its log; the server says: oops
        unreadable reply: an error came under a success status; the server says: something
        unreadable reply: an error came under a success status; the server says: text
        ");
    }

    #[test]
    fn excerpts_are_short_visible_and_cut_between_characters() {
        assert_eq!(excerpt(" a\nb\u{1b}[31m\u{202e}c "), "a\\nb\\u{1b}[31m\\u{202e}c");
        let long = excerpt(&"é".repeat(500));
        assert_eq!(long.chars().count(), 200);
        assert!(long.ends_with("é…"));
        assert_eq!(excerpt(&"é".repeat(200)), "é".repeat(200));
        assert_eq!(excerpt(&"\u{0}".repeat(500)), "\\u{0}".repeat(39) + "…");
    }
}
