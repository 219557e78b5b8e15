//! Endpoints that were asked once each, to see whether a run can work with them: a few lines for
//! people, an entry each for programs.

use serde::Serialize;

use crate::record::{AskError, AskErrorKind, Usage, same_model};

use super::style::{Style, hanging, line};
use super::text::visible;

/// Columns of the mark and of what is spoken of.
const INDENT: usize = 14;

/// An endpoint, and what became of the call to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LiveEndpoint {
    /// The user's name for it.
    pub endpoint: String,
    /// The model asked for; null for recordings.
    pub model: Option<String>,
    /// Base URL, or file of a recording.
    pub place: String,
    /// Names of the suites that ask it.
    pub suites: Vec<String>,
    /// Variable that holds the key that was sent, if one was.
    pub key_env: Option<String>,
    /// It plays a recording and was not asked.
    pub recorded: bool,
    /// Calls that were made.
    pub calls: usize,
    /// Milliseconds of the last call, from its start to its last byte or failure; null without one.
    pub latency_ms: Option<f64>,
    /// What an answer showed; null without one.
    pub answer: Option<LiveAnswer>,
    /// Why there is no answer.
    pub error: Option<AskError>,
}

/// What an answer showed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LiveAnswer {
    /// The model that answered, as it calls itself.
    pub served: Option<String>,
    /// Whether log probabilities came.
    pub logprobs: LiveLogprobs,
    /// Tokens as counted by the server.
    pub usage: Option<Usage>,
    /// How streaming went; none where it was not tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams: Option<LiveTold>,
}

/// Whether log probabilities came.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LiveLogprobs {
    /// What became of them.
    pub state: LogprobState,
    /// How many alternatives to a token were asked for.
    pub asked: u8,
    /// How many alternatives the first token has.
    pub listed: usize,
    /// What the server said when it refused them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What became of log probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogprobState {
    /// They came.
    Listed,
    /// They came without alternatives.
    Alone,
    /// The server ignored that they were asked for.
    Missing,
    /// The server refused the request for them, and answered without.
    Refused,
    /// The answer was empty, and has no token that could have one.
    NotKnown,
}

/// A feature in words, and whether it can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveTold {
    /// It can be used.
    pub good: bool,
    /// How it went.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Good,
    Bad,
    Mind,
    Nothing,
}

impl LiveEndpoint {
    /// Whether a run can ask it.
    #[must_use]
    pub fn can_be_asked(&self) -> bool {
        self.error.is_none()
    }

    /// What there is to say of it, in the order in which a call finds it out.
    fn lines(&self) -> Vec<(Mark, &'static str, String)> {
        if self.recorded {
            return vec![(Mark::Nothing, "recorded", "not asked".to_owned())];
        }
        let seconds = self.latency_ms.unwrap_or(0.0) / 1000.0;
        let key = match &self.key_env {
            Some(name) => format!("{name} is accepted"),
            None => "none was sent, and none was wanted".to_owned(),
        };
        let Some(answer) = &self.answer else {
            let Some(error) = &self.error else { return Vec::new() };
            let blamed = blamed(error);
            let mut lines = vec![(Mark::Bad, blamed, error.to_string())];
            // Whether the key was looked at before that is not known.
            if blamed != "server" {
                lines.insert(0, (Mark::Good, "server", format!("reached in {seconds:.2} s")));
            }
            return lines;
        };
        let mut lines = vec![
            (Mark::Good, "server", format!("answered in {seconds:.2} s")),
            (Mark::Good, "key", key),
            self.served(answer),
            answer.logprobs.line(),
            answer.usage.map_or_else(uncounted, counted),
        ];
        lines.extend(answer.streams.iter().map(|told| {
            let mark = if told.good { Mark::Good } else { Mark::Mind };
            (mark, "streaming", told.text.clone())
        }));
        lines
    }

    fn served(&self, answer: &LiveAnswer) -> (Mark, &'static str, String) {
        let asked = self.model.as_deref().unwrap_or_default();
        match answer.served.as_deref() {
            Some(served) if same_model(asked, served) => {
                (Mark::Good, "model", format!("{served} answered"))
            }
            Some(served) => {
                let text = format!("`{served}` answered, not `{asked}`, which was asked for");
                (Mark::Mind, "model", text)
            }
            None => (Mark::Good, "model", "answered, and does not give its name".to_owned()),
        }
    }
}

fn counted(usage: Usage) -> (Mark, &'static str, String) {
    let Usage { input_tokens, output_tokens, .. } = usage;
    (Mark::Good, "usage", format!("{input_tokens} tokens in, {output_tokens} out"))
}

fn uncounted() -> (Mark, &'static str, String) {
    (Mark::Mind, "usage", "tokens are not counted: no cost can be known".to_owned())
}

/// What a failure is about.
fn blamed(error: &AskError) -> &'static str {
    match error.kind {
        AskErrorKind::Authentication => "key",
        AskErrorKind::Quota => "account",
        AskErrorKind::NotFound => "model",
        AskErrorKind::BadRequest | AskErrorKind::ContentFilter => "request",
        _ => "server",
    }
}

impl LiveLogprobs {
    fn line(&self) -> (Mark, &'static str, String) {
        let (mark, text) = match (self.state, &self.message) {
            (LogprobState::Listed, _) => {
                let text = format!("{} alternatives of {} asked for", self.listed, self.asked);
                (if self.listed < usize::from(self.asked) { Mark::Mind } else { Mark::Good }, text)
            }
            (LogprobState::Alone, _) => (Mark::Mind, "without alternatives to a token".to_owned()),
            (LogprobState::Missing, _) => (Mark::Mind, "none came".to_owned()),
            (LogprobState::Refused, None) => (Mark::Mind, "refused".to_owned()),
            (LogprobState::Refused, Some(said)) => (Mark::Mind, format!("refused: {said}")),
            (LogprobState::NotKnown, _) => {
                (Mark::Nothing, "not known: the answer was empty".to_owned())
            }
        };
        (mark, "logprobs", text)
    }
}

/// All endpoints below each other.
#[must_use]
pub fn live(endpoints: &[LiveEndpoint], style: Style) -> String {
    let mut out = String::new();
    for endpoint in endpoints {
        line(&mut out, &live_headline(endpoint, style));
        for (mark, name, text) in endpoint.lines() {
            let mark = match mark {
                Mark::Good => style.green(&style.text("✓")),
                Mark::Bad => style.red(&style.text("✗")),
                Mark::Mind => style.yellow("!"),
                Mark::Nothing => style.dim("-"),
            };
            let first = format!("  {mark} {name:<10}");
            hanging(&mut out, &first, INDENT, &style.text(&visible(&text)), style);
        }
    }
    out
}

/// An endpoint's name, its model and where it is.
#[must_use]
pub fn live_headline(endpoint: &LiveEndpoint, style: Style) -> String {
    let parts = [Some(&endpoint.endpoint), endpoint.model.as_ref(), Some(&endpoint.place)];
    let parts: Vec<_> = parts.into_iter().flatten().map(|part| visible(part)).collect();
    style.bold(&style.text(&parts.join(" · ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> LiveEndpoint {
        LiveEndpoint {
            endpoint: "gpt".into(),
            model: Some("gpt-4o".into()),
            place: "https://h/v1".into(),
            suites: vec!["demo".into()],
            key_env: Some("KEY".into()),
            recorded: false,
            calls: 1,
            latency_ms: Some(412.0),
            answer: Some(LiveAnswer {
                served: Some("gpt-4o-2024-08-06".into()),
                logprobs: LiveLogprobs {
                    state: LogprobState::Listed,
                    asked: 5,
                    listed: 5,
                    message: None,
                },
                usage: Some(Usage { input_tokens: 14, output_tokens: 1, ..Usage::default() }),
                streams: None,
            }),
            error: None,
        }
    }

    fn failed(kind: AskErrorKind) -> LiveEndpoint {
        let error = Some(AskError::new(kind, "why"));
        LiveEndpoint { answer: None, error, ..endpoint() }
    }

    #[test]
    fn what_an_answer_showed_stands_below_each_other() {
        let mut odd = endpoint();
        if let Some(answer) = &mut odd.answer {
            answer.served = Some("gpt-\u{1b}[2Jmini".into());
            answer.logprobs = LiveLogprobs {
                state: LogprobState::Refused,
                asked: 20,
                listed: 0,
                message: Some("top_logprobs may be 5 at most ".repeat(4)),
            };
            answer.usage = None;
            answer.streams = Some(LiveTold { good: true, text: "first token in 0.10 s".into() });
        }
        let tape = LiveEndpoint {
            endpoint: "tape".into(),
            model: None,
            place: "tape.jsonl".into(),
            recorded: true,
            answer: None,
            ..endpoint()
        };
        insta::assert_snapshot!(live(&[endpoint(), odd, tape], Style::PLAIN), @r"
        gpt · gpt-4o · https://h/v1
          ✓ server    answered in 0.41 s
          ✓ key       KEY is accepted
          ✓ model     gpt-4o-2024-08-06 answered
          ✓ logprobs  5 alternatives of 5 asked for
          ✓ usage     14 tokens in, 1 out
        gpt · gpt-4o · https://h/v1
          ✓ server    answered in 0.41 s
          ✓ key       KEY is accepted
          ! model     `gpt-␛[2Jmini` answered, not `gpt-4o`, which was asked for
          ! logprobs  refused: top_logprobs may be 5 at most top_logprobs may be 5 at
                      most top_logprobs may be 5 at most top_logprobs may be 5 at most
          ! usage     tokens are not counted: no cost can be known
          ✓ streaming first token in 0.10 s
        tape · tape.jsonl
          - recorded  not asked
        ");
    }

    #[test]
    fn a_failure_is_told_where_it_belongs_and_what_was_known_before_it() {
        use AskErrorKind::*;
        for (kind, good, bad) in [
            (Network, "", "server"),
            (Timeout, "", "server"),
            (RateLimited, "", "server"),
            (Authentication, "server", "key"),
            (Quota, "server", "account"),
            (NotFound, "server", "model"),
            (BadRequest, "server", "request"),
        ] {
            let endpoint = failed(kind);
            assert!(!endpoint.can_be_asked());
            let lines = endpoint.lines();
            let of = |mark| {
                let names = lines.iter().filter(|line| line.0 == mark).map(|line| line.1);
                names.collect::<Vec<_>>().join(" ")
            };
            assert_eq!((of(Mark::Good), of(Mark::Bad)), (good.into(), bad.into()), "{kind:?}");
        }
    }

    #[test]
    fn fewer_alternatives_than_asked_for_are_told() {
        let mut logprobs =
            LiveLogprobs { state: LogprobState::Listed, asked: 20, listed: 5, message: None };
        assert_eq!(logprobs.line().0, Mark::Mind);
        logprobs.asked = 5;
        assert_eq!(logprobs.line().0, Mark::Good);
    }
}
