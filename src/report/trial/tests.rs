use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::record::tests::{header, judged};
use crate::record::{
    AskError, AskErrorKind, Attempt, Draw, Fetched, Finish, Heard, Logprob, Origin, Params, Reply,
    Request, Role, Speaker, Times, Token, Turn, Usage,
};
use crate::report::style::strip;
use crate::report::text::width;

/// A run whose records a test changes.
struct Told {
    header: Header,
    records: Vec<Record>,
}

impl Told {
    /// The page of a record.
    fn trial(&self, record: usize, style: Style) -> String {
        let shown = &self.records[record];
        let all = self.records.iter().cloned().map(Ok);
        let sharers = Sharers::of(std::slice::from_ref(shown), all).unwrap();
        trial(&self.header, shown, &sharers, style)
    }
}

/// What is asked: instructions and a question of several lines.
fn request(run: &Told) -> Request {
    let turn = |speaker, text: &str| Turn { speaker, text: text.into() };
    Request {
        target: Arc::clone(&run.header.endpoints[0].target),
        turns: [
            turn(Speaker::System, "Answer with one letter."),
            turn(Speaker::User, "Which river is in 中国?\n\n  A. Yangtze\n\tB. Rhein\r\n"),
        ]
        .into(),
        params: Params {
            temperature: Some(0.5),
            max_tokens: Some(4),
            seed: Some(7),
            top_logprobs: Some(2),
            extra: BTreeMap::from([
                ("temperature".into(), 9.into()),
                ("think\u{202e}".into(), serde_json::json!({"budget": [1, "\u{1b}"]})),
            ]),
            ..Params::default()
        },
        draw: Draw::default(),
    }
}

fn reply(text: &str) -> Reply {
    Reply {
        text: text.into(),
        reasoning: None,
        refusal: None,
        tokens: None,
        finish: Some(Finish::Stop),
        usage: Some(Usage { input_tokens: 30, output_tokens: 1, cached_input_tokens: None }),
        model: None,
        fingerprint: None,
        times: Times { head_ms: Some(80.25), total_ms: 90.0, ..Times::default() },
        raw: "".into(),
    }
}

/// An exchange that was fetched by one call.
fn heard(role: Role, request: Request, reply: Reply) -> Heard {
    Heard {
        role,
        digest: request.digest(),
        request: Arc::new(request),
        endpoint: "model".into(),
        origin: Origin::Live,
        fetched: None,
        waited_ms: 91.5,
        times: Some(reply.times),
        attempts: vec![Attempt {
            status: Some(200),
            ms: 90.0,
            wait_ms: 1.25,
            ..Attempt::default()
        }],
        usage: reply.usage,
        cost: None,
        reply: Some(Arc::new(reply)),
        error: None,
    }
}

/// The same, heard without a call.
fn from(origin: Origin, heard: Heard) -> Heard {
    Heard { origin, attempts: Vec::new(), cost: None, waited_ms: 0.5, ..heard }
}

/// A letter with more than is shown, and more alternatives than are shown.
fn tokens() -> Vec<Token> {
    let logprob = |token: &str, logprob| Logprob { token: token.into(), logprob };
    let plain = |token: &str| Token { token: token.into(), logprob: -9999.0, top: Vec::new() };
    let top = vec![
        logprob("B", -0.05),
        logprob("\n\u{1b}[2J", -4.0),
        logprob(" Ä", -5.0),
        logprob("\u{202e}", -6.0),
        logprob("e", -9999.0),
        logprob("f", -12.0),
    ];
    let mut tokens = vec![Token { token: "B".into(), logprob: -0.05, top }];
    tokens.extend(["", " ", ".", "a", "b", "c", "d", "e", "f"].map(plain));
    tokens
}

/// A run in which everything happened that the page has words for.
fn run() -> Told {
    let mut run = Told { header: header(8), records: Vec::new() };
    let base = request(&run);
    let hostile = "B\u{1b}[2J\u{202e} — ünïcode\n\n    fn main() {}\n".to_owned()
        + &"漢字 and more words ".repeat(6)
        + &"x".repeat(150);
    let answer = Reply {
        reasoning: Some("Let me think.\r\nNo.".into()),
        refusal: Some(String::new()),
        tokens: Some(tokens()),
        model: Some("m-1\u{7}-0613".into()),
        fingerprint: Some("fp_44".into()),
        ..reply(&hostile)
    };
    let answer = Heard { cost: Some(0.000_123), ..heard(Role::Answer, base.clone(), answer) };
    let joined = from(Origin::Joined, answer.clone());

    let said = Turn { speaker: Speaker::Assistant, text: "B".into() };
    let asked = Turn { speaker: Speaker::User, text: "How sure?".into() };
    let second = base.followed_by([said, asked]).sample(3);
    let stored = Heard {
        fetched: Some(Fetched { at_ms: 1_795_471_805_000, suite: "capitals\n\u{1b}".into() }),
        ..from(Origin::Stored, heard(Role::Confidence, second, reply(" \n ")))
    };

    let tried = |status, error, ms, wait_ms| Attempt {
        status,
        error: Some(error),
        ms,
        wait_ms,
        ..Attempt::default()
    };
    let error = AskError {
        status: Some(503),
        ..AskError::new(AskErrorKind::Overloaded, "no room:\n\u{1b}[31mcome later ".repeat(5))
    };
    let failed = Heard {
        endpoint: "judge".into(),
        attempts: vec![
            tried(None, AskErrorKind::Timeout, 1000.0, 0.0),
            tried(Some(503), AskErrorKind::Overloaded, 12.34, 500.0),
        ],
        times: None,
        usage: None,
        reply: None,
        error: Some(Arc::new(error)),
        ..heard(Role::Judge, base.clone(), reply(""))
    };

    let missing = Measured::Missing { missing: "stated 150%".into() };
    run.records = (0..8).map(|index| judged(index, Outcome::Incorrect, Some(0.95))).collect();
    run.records[0].question = "Which river\nis in 中国?".into();
    run.records[0].choices = vec!["Yangtze".into(), "Rhein".into()];
    run.records[0].confidence.insert("agreement".into(), missing);
    run.records[0].exchanges = vec![answer, stored, failed];
    for record in &mut run.records[1..] {
        record.exchanges = vec![joined.clone()];
    }
    run.records[2].exchanges[0].origin = Origin::Replayed;
    run
}

#[test]
fn everything_that_was_said_is_on_the_page() {
    let run = run();
    insta::assert_snapshot!(run.trial(0, Style::PLAIN), @r#"
    case-0 · model · m-1
      written     demo.jsonl:1
      tags        easy
      question    Which river
                  is in 中国?
      said        B. Rhein
      expected    A. Yangtze
      outcome     incorrect · confidently wrong
      confidence  0.950 by stated, confident from 0.800 on
                  missing by agreement: stated 150%

      1  answer · fetched now
         shared      joined by 6 others: case-1@model, case-3@model, case-4@model,
                     case-5@model, case-6@model …
         system
           Answer with one letter.
         user
           Which river is in 中国?

             A. Yangtze
               B. Rhein
         asked       m-1 at http://localhost/v1/chat/completions
         parameters  temperature 0.5 · max_tokens 4 · seed 7 · top_logprobs 2 ·
                     think\u{202e} {"budget":[1,"\u001b"]}
         reasoning
           Let me think.
           No.
         refusal
           (empty)
         reply
           B␛[2J\u{202e} — ünïcode

               fn main() {}
           漢字 and more words 漢字 and more words 漢字 and more words 漢字 and more
           words 漢字 and more words 漢字 and more words
           xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
           xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
           xxxx
         finish      stop
         model       m-1␇-0613
         fingerprint fp_44
         tokens      30 in · 1 out · cost 0.00012
         logprobs    "B" 0.95 of "B" 0.95 · "\n\u{1b}[2J" 0.02 · " Ä" 0.01 ·
                     "\u{202e}" 0.00 · "e" ? · … 1 more
                     "" ?
                     " " ?
                     "." ?
                     "a" ?
                     "b" ?
                     "c" ?
                     "d" ?
                     … 2 more
         attempts    1  200 · 90.0 ms · waited 1.2 ms before
         times       waited 91.5 ms · head 80.2 ms · total 90.0 ms
         digest      de47daa8e1e3dc3b

      2  confidence · stored: fetched 2026-11-23 22:10:05 UTC by a run of the suite
         capitals ␛
         system
           Answer with one letter.
         user
           Which river is in 中国?

             A. Yangtze
               B. Rhein
         assistant
           B
         user
           How sure?
         asked       m-1 at http://localhost/v1/chat/completions
         parameters  temperature 0.5 · max_tokens 4 · seed 10 · top_logprobs 2 ·
                     think\u{202e} {"budget":[1,"\u001b"]} · draw of repeat 1,
                     sample 3
         reply
           (nothing but blanks)
         finish      stop
         tokens      30 in · 1 out
         times       waited 0.5 ms · head 80.2 ms · total 90.0 ms
         digest      c4385b25b02f2817

      3  judge at judge · asked now
         system
           Answer with one letter.
         user
           Which river is in 中国?

             A. Yangtze
               B. Rhein
         asked       m-1 at http://localhost/v1/chat/completions
         parameters  temperature 0.5 · max_tokens 4 · seed 7 · top_logprobs 2 ·
                     think\u{202e} {"budget":[1,"\u001b"]}
         server overloaded (status 503)
           no room:
           ␛[31mcome later no room:
           ␛[31mcome later no room:
           ␛[31mcome later no room:
           ␛[31mcome later no room:
           ␛[31mcome later
         attempts    1  no status · timed out · 1000.0 ms · waited 0.0 ms before
                     2  503 · server overloaded · 12.3 ms · waited 500.0 ms before
         times       waited 91.5 ms
         digest      de47daa8e1e3dc3b
    "#);
}

#[test]
fn a_reply_that_was_not_fetched_says_whence_it_came() {
    let mut run = run();
    insta::assert_snapshot!(run.trial(1, Style::PLAIN), @r#"
    case-1 · model · m-1
      written     demo.jsonl:2
      tags        easy
      question    What is 1?
      said        B. y
      expected    A. x
      outcome     incorrect · confidently wrong
      confidence  0.950 by stated, confident from 0.800 on

      1  answer · joined: fetched by the trial case-0@model, which asked the same
         system
           Answer with one letter.
         user
           Which river is in 中国?

             A. Yangtze
               B. Rhein
         asked       m-1 at http://localhost/v1/chat/completions
         parameters  temperature 0.5 · max_tokens 4 · seed 7 · top_logprobs 2 ·
                     think\u{202e} {"budget":[1,"\u001b"]}
         reasoning
           Let me think.
           No.
         refusal
           (empty)
         reply
           B␛[2J\u{202e} — ünïcode

               fn main() {}
           漢字 and more words 漢字 and more words 漢字 and more words 漢字 and more
           words 漢字 and more words 漢字 and more words
           xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
           xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
           xxxx
         finish      stop
         model       m-1␇-0613
         fingerprint fp_44
         tokens      30 in · 1 out
         logprobs    "B" 0.95 of "B" 0.95 · "\n\u{1b}[2J" 0.02 · " Ä" 0.01 ·
                     "\u{202e}" 0.00 · "e" ? · … 1 more
                     "" ?
                     " " ?
                     "." ?
                     "a" ?
                     "b" ?
                     "c" ?
                     "d" ?
                     … 2 more
         times       waited 0.5 ms · head 80.2 ms · total 90.0 ms
         digest      de47daa8e1e3dc3b
    "#);

    let title = |run: &Told| {
        let page = run.trial(1, Style::PLAIN);
        page.lines().find(|line| line.starts_with("  1  ")).unwrap_or("none").trim().to_owned()
    };
    run.records.remove(0);
    run.records.insert(0, judged(0, Outcome::Skipped, None));
    assert_eq!(title(&run), "1  answer · joined: fetched in this run by another caller");
    let mut told = Vec::new();
    for origin in [Origin::Stored, Origin::Shared, Origin::Replayed] {
        run.records[1].exchanges[0].origin = origin;
        told.push(title(&run));
    }
    run.records[1].exchanges[0].reply = None;
    for origin in [Origin::Replayed, Origin::Live] {
        run.records[1].exchanges[0].origin = origin;
        told.push(title(&run));
    }
    insta::assert_snapshot!(told.join("\n"), @"
    1  answer · stored: fetched earlier
    1  answer · fetched by another process meanwhile
    1  answer · replayed from a recording
    1  answer · looked for in a recording
    1  answer · asked now
    ");
}

#[test]
fn who_asked_again_after_a_failure_did_not_share_it() {
    let mut run = run();
    let retried =
        Heard { reply: Some(Arc::new(reply("A"))), ..run.records[0].exchanges[0].clone() };
    run.records[2].exchanges = vec![retried];
    assert!(!run.trial(2, Style::PLAIN).contains("joined by"));
    run.records[3..].iter_mut().for_each(|record| record.exchanges.clear());
    let page = run.trial(0, Style::PLAIN);
    assert!(page.contains("joined by 1 other: case-1@model\n"), "{page}");
    run.records[0].exchanges.clear();
    let page = run.trial(1, Style::PLAIN);
    assert!(page.contains("by another caller"), "{page}");
}

#[test]
fn who_asked_after_the_call_had_ended_shared_it_all_the_same() {
    let mut run = run();
    let fetched = run.records[0].exchanges[0].clone();
    let streamed = Times { final_ms: Some(88.0), pieces: Some(7), ..fetched.times.unwrap() };
    let streamed = Reply { times: streamed, ..Reply::clone(&fetched.reply.unwrap()) };
    run.records[0].exchanges[0].times = Some(streamed.times);
    run.records[0].exchanges[0].reply = Some(Arc::new(streamed));
    let page = run.trial(1, Style::PLAIN);
    assert!(page.contains("fetched by the trial case-0@model, which asked the same"), "{page}");
    let page = run.trial(0, Style::PLAIN);
    assert!(page.contains("joined by 6 others: case-1@model,"), "{page}");
}

#[test]
fn no_line_is_wider_than_the_terminal_and_nothing_steers_it() {
    let mut run = run();
    run.records[0].case = "漢字\n\u{1b}[31m  1  answer ".repeat(20);
    run.records[0].tags = vec!["tag\u{9b}".repeat(60)];
    for columns in [80, 120] {
        for unicode in [true, false] {
            let style = Style { color: false, unicode, width: columns };
            for (place, record) in run.records.iter().enumerate() {
                let page = run.trial(place, style);
                for line in page.lines() {
                    assert!(width(line) <= columns, "{columns}: {line}");
                }
                assert!(unicode || page.is_ascii(), "{page}");
                let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
                assert!(!page.contains(steers), "{page:?}");
                assert_eq!(
                    page.lines().next(),
                    trial_headline(&run.header, record, style).lines().next()
                );
            }
        }
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let run = run();
    let plain = run.trial(0, Style::PLAIN);
    let painted = run.trial(0, Style { color: true, ..Style::PLAIN });
    assert!(painted.contains("\x1b[1;31mincorrect · confidently wrong\x1b[0m"), "{painted}");
    assert_eq!(strip(&painted), plain);
}

#[test]
fn a_headline_says_what_became_of_it() {
    let mut run = run();
    run.header.repeats = std::num::NonZeroU32::new(3).unwrap();
    let declined = Record { abstained: true, repeat: 2, ..judged(1, Outcome::Correct, None) };
    let failed = Outcome::Failed(AskError::new(AskErrorKind::Network, "refused"));
    let records = [
        declined,
        judged(2, Outcome::Correct, Some(0.2)),
        judged(3, Outcome::Incorrect, Some(0.2)),
        judged(4, Outcome::Ungraded("tie".into()), None),
        judged(5, failed, None),
        judged(6, Outcome::Abstained, None),
    ];
    let shown = records.iter().map(|record| trial_headline(&run.header, record, Style::PLAIN));
    insta::assert_snapshot!(shown.collect::<String>(), @"
    case-1 · model · m-1 · repeat 3 of 3
      outcome     correct · declined to answer
    case-2 · model · m-1 · repeat 1 of 3
      outcome     correct · right, but not sure
    case-3 · model · m-1 · repeat 1 of 3
      outcome     incorrect · wrong, and not sure
    case-4 · model · m-1 · repeat 1 of 3
      outcome     ungraded
                  tie
    case-5 · model · m-1 · repeat 1 of 3
      outcome     failed
                  network error: refused
    case-6 · model · m-1 · repeat 1 of 3
      outcome     abstained
    ");
}
