use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::time::Instant;

use super::super::limit::Limit;
use super::super::lock;
use super::*;
use crate::ask::{AskErrorKind, Draw, Params, PauseReason, Speaker, Target, Times, Turn};

type Script = dyn Fn(usize) -> (Option<(AskErrorKind, u16)>, Option<f64>) + Send + Sync;

/// Answers its n-th call by a script of failures with hints in seconds; each takes 100 ms.
struct Fake {
    script: Box<Script>,
    calls: AtomicUsize,
    at: Mutex<Vec<(Instant, Duration)>>,
    /// Calls that are made at a time.
    turn: Limit,
}

impl Fake {
    fn new(
        script: impl Fn(usize) -> (Option<(AskErrorKind, u16)>, Option<f64>) + Send + Sync + 'static,
    ) -> Arc<Fake> {
        Arc::new(Fake {
            script: Box::new(script),
            calls: AtomicUsize::new(0),
            at: Mutex::default(),
            turn: Limit::new(1),
        })
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Seconds between the end of a call and the start of the next.
    fn pauses(&self) -> Vec<f64> {
        let at = lock(&self.at);
        at.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_secs_f64() - 0.1).collect()
    }
}

impl Caller for Arc<Fake> {
    fn call<'a>(
        &'a self,
        _: &'a Request,
        longest: Duration,
        refused: Refused<'a>,
    ) -> BoxFuture<'a, Call<'a>> {
        Box::pin(async move {
            let permit = self.turn.acquire().await;
            if let Some(error) = refused() {
                return Call { attempt: None, hint: None, result: Err(error), turn: None };
            }
            lock(&self.at).push((Instant::now(), longest));
            let (failure, hint) = (self.script)(self.calls.fetch_add(1, Ordering::SeqCst));
            sleep(Duration::from_millis(100)).await;
            let attempt = Attempt {
                status: Some(failure.map_or(200, |(_, status)| status)),
                error: failure.map(|(kind, _)| kind),
                ms: 100.0,
                wait_ms: 7.0,
                ..Attempt::default()
            };
            let result = match failure {
                None => Ok(reply()),
                Some((kind, status)) => {
                    Err(AskError { status: Some(status), ..AskError::new(kind, "why") })
                }
            };
            let hint = hint.map(Duration::from_secs_f64);
            Call { attempt: Some(attempt), hint, result, turn: Some(permit.turn(None)) }
        })
    }
}

fn reply() -> Reply {
    Reply {
        text: "4".into(),
        reasoning: None,
        refusal: None,
        tokens: None,
        finish: None,
        usage: None,
        model: None,
        fingerprint: None,
        times: Times::default(),
        raw: "".into(),
    }
}

fn request(number: usize) -> Arc<Request> {
    let target = Target {
        wire: "fake/1".into(),
        url: "http://localhost/".into(),
        model: "m".into(),
        max_completion_tokens: false,
        headers: std::collections::BTreeMap::new(),
    };
    let turn = Turn { speaker: Speaker::User, text: number.to_string() };
    Arc::new(Request {
        target: Arc::new(target),
        turns: Arc::new([turn]),
        params: Params::default(),
        draw: Draw::default(),
    })
}

fn retry(fake: &Arc<Fake>, tries: usize, deadline: f64) -> Retry {
    Retry::around(Box::new(Arc::clone(fake)), tries, Duration::from_secs_f64(deadline), 7)
}

const BROKEN: (AskErrorKind, u16) = (AskErrorKind::Server, 500);
const BUSY: (AskErrorKind, u16) = (AskErrorKind::RateLimited, 429);

#[tokio::test(start_paused = true)]
async fn a_call_is_made_again_until_it_is_answered() {
    let fake = Fake::new(|call| ((call < 2).then_some(BROKEN), None));
    let exchange = retry(&fake, 4, 300.0).ask(request(0).into()).await;
    assert_eq!(exchange.result.unwrap().text, "4");
    let [first, second, third] = &exchange.attempts[..] else { panic!("three attempts") };
    assert_eq!(
        (first.error, first.reason, first.pause_ms),
        (Some(AskErrorKind::Server), None, 0.0)
    );
    assert_eq!((third.error, third.status), (None, Some(200)));
    let pauses = fake.pauses();
    for (attempt, (pause, limit)) in
        [second, third].into_iter().zip([(pauses[0], 0.5), (pauses[1], 1.0)])
    {
        assert_eq!(attempt.reason, Some(PauseReason::Backoff));
        assert!((attempt.pause_ms / 1000.0 - pause).abs() < 0.002, "{attempt:?} {pause}");
        assert!(pause <= limit + 0.002);
        // The queue comes on top, and can be told apart.
        assert!((attempt.wait_ms - attempt.pause_ms - 7.0).abs() < 1e-9);
    }
    let apart: f64 = exchange.attempts.iter().map(|attempt| attempt.ms + attempt.pause_ms).sum();
    assert!((exchange.waited.as_secs_f64() * 1000.0 - apart).abs() < 2.0);
}

#[tokio::test(start_paused = true)]
async fn tries_are_finite_and_a_final_failure_is_not_tried_again() {
    for (failure, tries, calls, message) in [
        (BROKEN, 4, 4, "why; tried 4 times"),
        (BROKEN, 1, 1, "why"),
        ((AskErrorKind::BadRequest, 400), 4, 1, "why"),
        ((AskErrorKind::ContentFilter, 400), 4, 1, "why"),
        ((AskErrorKind::Authentication, 401), 4, 1, "why"),
        ((AskErrorKind::Timeout, 504), 2, 2, "why; tried 2 times"),
    ] {
        let fake = Fake::new(move |_| (Some(failure), None));
        let exchange = retry(&fake, tries, 300.0).ask(request(0).into()).await;
        let error = exchange.result.unwrap_err();
        assert_eq!((error.kind, &*error.message), (failure.0, message));
        assert_eq!((fake.calls(), exchange.attempts.len()), (calls, calls));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_is_not_asked_before_it_wants_to_be() {
    let fake = Fake::new(|call| ((call < 2).then_some(BUSY), Some([6.0, 0.12, 0.0][call])));
    let exchange = retry(&fake, 4, 300.0).ask(request(0).into()).await;
    assert!(exchange.result.is_ok());
    let pauses = fake.pauses();
    assert!((6.0..=6.61).contains(&pauses[0]) && (0.119..=0.14).contains(&pauses[1]), "{pauses:?}");
    assert!(exchange.attempts[1..].iter().all(|tried| tried.reason == Some(PauseReason::Server)));
}

#[tokio::test(start_paused = true)]
async fn one_deadline_holds_for_all_tries() {
    // A wait that is longer than what is left is not begun.
    let fake = Fake::new(|_| (Some(BUSY), Some(3600.0)));
    let start = Instant::now();
    let error = retry(&fake, 4, 60.0).ask(request(0).into()).await.result.unwrap_err();
    assert_eq!(
        error.message,
        "why; not tried again: the server asks to wait 3600.0 s, which is past the `deadline` of 60 s"
    );
    assert!(start.elapsed() < Duration::from_secs(1));
    // Each call gets what calls and pauses before it have left.
    let fake = Fake::new(|_| (Some(BUSY), Some(2.0)));
    let error = retry(&fake, 10, 5.0).ask(request(0).into()).await.result.unwrap_err();
    assert!(error.message.ends_with("past the `deadline` of 5 s"), "{error}");
    let left: Vec<f64> = lock(&fake.at).iter().map(|(_, left)| left.as_secs_f64()).collect();
    assert_eq!(left.len(), 3);
    for (left, spent) in left.iter().zip([0.0, 2.1, 4.2]) {
        assert!((4.5 - spent..=5.0 - spent).contains(left), "{left} after {spent}");
    }
}

#[tokio::test(start_paused = true)]
async fn retries_end_where_the_budget_does() {
    // Statuses differ from request to request, so that only the budget ends it.
    let fake = Fake::new(|call| {
        (Some((AskErrorKind::Server, 500 + u16::try_from(call % 7).unwrap() + 6)), None)
    });
    let retry = retry(&fake, 4, 300.0);
    let mut refused = 0;
    for number in 0..1000 {
        let error = retry.ask(request(number).into()).await.result.unwrap_err();
        refused += usize::from(error.message.contains("a fifth of the calls"));
    }
    assert!(refused > 800, "{refused}");
    assert!((1200..=1220).contains(&fake.calls()), "{}", fake.calls());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_given_up_is_not_called() {
    let fake = Fake::new(|_| (Some((AskErrorKind::Quota, 429)), None));
    let retry = retry(&fake, 4, 300.0);
    let first = retry.ask(request(0).into()).await;
    assert_eq!(first.result.unwrap_err().kind, AskErrorKind::Quota);
    for number in 1..50 {
        let exchange = retry.ask(request(number).into()).await;
        let error = exchange.result.unwrap_err();
        assert_eq!((error.kind, &*error.message), (AskErrorKind::NotAsked, "quota exhausted: why"));
        assert!(exchange.attempts.is_empty());
    }
    assert_eq!(fake.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn pauses_end_when_others_give_the_endpoint_up() {
    // The first request fails once and waits; meanwhile the second learns that the key is wrong.
    let fake = Fake::new(|call| match call {
        0 => (Some(BUSY), Some(5.0)),
        _ => (Some((AskErrorKind::Authentication, 401)), None),
    });
    let retry = retry(&fake, 4, 300.0);
    let (waiting, refused) =
        tokio::join!(retry.ask(request(0).into()), retry.ask(request(1).into()));
    assert_eq!(refused.result.unwrap_err().kind, AskErrorKind::Authentication);
    assert_eq!(waiting.result.unwrap_err().kind, AskErrorKind::RateLimited);
    assert_eq!(fake.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_when_an_endpoint_is_given_up_is_not_called() {
    let fake = Fake::new(|_| (Some((AskErrorKind::Authentication, 401)), None));
    let retry = retry(&fake, 4, 300.0);
    let asked =
        futures_util::future::join_all((0..9).map(|number| retry.ask(request(number).into())));
    let kinds: Vec<_> =
        asked.await.into_iter().map(|exchange| exchange.result.unwrap_err().kind).collect();
    assert_eq!(kinds[0], AskErrorKind::Authentication);
    assert_eq!(kinds[1..], [AskErrorKind::NotAsked; 8]);
    assert_eq!(fake.calls(), 1);
}

/// Whether there is a place for another trial while the second of two requests pauses, whose first
/// call failed; the first request was answered, or was not.
async fn makes_room(before: bool, failure: (AskErrorKind, u16)) -> bool {
    let fake = Fake::new(move |call| match call {
        0 if !before => (Some((AskErrorKind::BadRequest, 400)), None),
        1 => (Some(failure), Some(5.0)),
        _ => (None, None),
    });
    let room = Room::new(1);
    let retry = retry(&fake, 4, 300.0).within(room.clone());
    let place = room.clone().enter().await;
    assert_eq!(retry.ask(request(0).into()).await.result.is_ok(), before);
    let other = async {
        let within = tokio::time::timeout(Duration::from_secs(3), room.clone().enter());
        within.await.is_ok()
    };
    let (exchange, other) = tokio::join!(retry.ask(request(1).into()), other);
    assert_eq!(exchange.attempts.len(), 2);
    drop(place);
    // It is the same room as before.
    let again = room.clone().enter().await;
    assert!(tokio::time::timeout(Duration::from_secs(1), room.enter()).await.is_err());
    drop(again);
    other
}

#[tokio::test(start_paused = true)]
async fn a_pause_makes_room_for_another_trial_where_the_server_answers_others() {
    assert!(makes_room(true, BROKEN).await);
    // It may be down: what comes next would fail as well.
    assert!(!makes_room(false, BROKEN).await);
    // It has too many already.
    assert!(!makes_room(true, BUSY).await);
    assert!(!makes_room(true, (AskErrorKind::Overloaded, 503)).await);
}
