//! The one place where a call is made again.
//!
//! Every request has so many tries, one deadline over all of them, and its share of the endpoint's
//! [budget](super::retry_budget) of retries; between two tries it waits as the server asked, or for
//! a [random time](super::backoff), and holds no permit meanwhile. Its trial then makes room for
//! another one, if the server is answering others: in an outage, and where the server has too many
//! calls, whoever came in its place would only fail as well and use up the budget. The deadline counts calls and
//! pauses, not the queue for a permit: how long that is says nothing of the server. Every try is in
//! the exchange.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep};

use super::backoff::{Backoff, Pause};
use super::breaker::Breaker;
use super::http::Http;
use super::limit::Turn;
use super::retry_budget::RetryBudget;
use super::verdict::Verdict;
use crate::ask::{
    Ask, AskError, AskErrorKind, Attempt, Digest, Exchange, Posed, Reply, Request, Room,
};
use crate::endpoint::Spec;

/// What one call came to.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// None if it could not even be sent.
    pub attempt: Option<Attempt>,
    /// When the server wants to be asked again.
    pub hint: Option<Duration>,
    pub result: Result<Reply, AskError>,
    /// Kept until it is known what follows from the call: who comes next must know it, too.
    pub turn: Option<Turn<'a>>,
}

/// Asked when it is a call's turn: why the call is not to be made any more.
pub(super) type Refused<'a> = &'a (dyn Fn() -> Option<AskError> + Sync);

/// Whoever makes single calls.
pub(super) trait Caller: Send + Sync + 'static {
    /// Makes one call at its turn, unless it is refused then. It may take no longer than this, the
    /// wait for its turn not counted.
    fn call<'a>(
        &'a self,
        request: &'a Request,
        longest: Duration,
        refused: Refused<'a>,
    ) -> BoxFuture<'a, Call<'a>>;
}

/// An endpoint that is asked again where that makes sense, and not at all where it does not.
pub struct Retry {
    caller: Box<dyn Caller>,
    tries: usize,
    deadline: Duration,
    backoff: Backoff,
    budget: RetryBudget,
    breaker: Breaker,
    /// Where its trials have their places.
    room: Option<Room>,
    /// Whether the last call that ended was answered.
    answering: AtomicBool,
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Retry { tries, deadline, budget, breaker, .. } = self;
        f.debug_struct("Retry")
            .field("tries", tries)
            .field("deadline", deadline)
            .field("budget", budget)
            .field("breaker", breaker)
            .finish_non_exhaustive()
    }
}

impl Retry {
    /// Asks over HTTP as often, and for as long, as the endpoint says.
    #[must_use]
    pub fn new(http: Http, spec: &Spec) -> Retry {
        // Other processes must not wait for the same times.
        let seed = RandomState::new().hash_one(0);
        Retry::around(Box::new(http), spec.attempts, spec.deadline(), seed)
    }

    /// The same for trials that have their places there: one that pauses makes room for another.
    #[must_use]
    pub fn within(self, room: Room) -> Retry {
        Retry { room: Some(room), ..self }
    }

    fn around(caller: Box<dyn Caller>, tries: usize, deadline: Duration, seed: u64) -> Retry {
        Retry {
            caller,
            tries: tries.max(1),
            deadline,
            backoff: Backoff::seeded(seed),
            budget: RetryBudget::default(),
            breaker: Breaker::default(),
            room: None,
            answering: AtomicBool::new(false),
        }
    }

    async fn tried(&self, request: &Posed, attempts: &mut Vec<Attempt>) -> Result<Reply, AskError> {
        let given_up = || self.breaker.given_up().map(|error| (*error).clone());
        self.budget.earn();
        let digest = request.digest();
        let mut spent = Duration::ZERO;
        let mut paused: Option<(Pause, Duration)> = None;
        let mut failed: Option<AskError> = None;
        loop {
            if let Some(error) = given_up() {
                // Others have found out meanwhile that there is no sense in it.
                return Err(failed.unwrap_or(error));
            }
            let left = self.deadline.saturating_sub(spent);
            let called = self.caller.call(request, left, &given_up).await;
            let Call { attempt, hint, result, turn } = called;
            if let Some(mut attempt) = attempt {
                spent += Duration::try_from_secs_f64(attempt.ms / 1000.0).unwrap_or_default();
                if let Some((pause, waited)) = paused.take() {
                    attempt.pause_ms = crate::endpoint::millis(waited);
                    attempt.wait_ms += attempt.pause_ms;
                    attempt.reason = Some(pause.reason);
                }
                attempts.push(attempt);
            }
            let answering = self.answering.swap(result.is_ok(), Ordering::Relaxed);
            let error = match result {
                Ok(reply) => {
                    self.breaker.served();
                    return Ok(reply);
                }
                // They found out while this call waited for its turn.
                Err(error) if error.kind == AskErrorKind::NotAsked => {
                    return Err(failed.unwrap_or(error));
                }
                Err(error) => error,
            };
            match self.next(&error, digest, attempts.len(), hint, spent) {
                Ok(pause) => {
                    drop(turn);
                    let waited = self.pause(pause.time, &error, answering).await;
                    spent += waited;
                    paused = Some((pause, waited));
                }
                Err(why) => {
                    self.breaker.failed(&error);
                    return Err(AskError { message: error.message.clone() + &why, ..error });
                }
            }
            failed = Some(error);
        }
    }

    /// Waits after a failure, and no longer than until the endpoint is given up; tells how long that
    /// was.
    async fn pause(&self, time: Duration, error: &AskError, answering: bool) -> Duration {
        let start = Instant::now();
        let busy = matches!(error.kind, AskErrorKind::RateLimited | AskErrorKind::Overloaded);
        let room = self.room.as_ref().filter(|_| answering && !busy);
        let _aside = room.map(Room::step_aside);
        tokio::select! {
            () = sleep(time) => {}
            () = self.breaker.opened() => {}
        }
        start.elapsed()
    }

    /// The pause before the next try, or why there is none, to be added to the message.
    fn next(
        &self,
        error: &AskError,
        request: Digest,
        tries: usize,
        hint: Option<Duration>,
        spent: Duration,
    ) -> Result<Pause, String> {
        if Verdict::of(error) != Verdict::TryAgain || tries == 0 || self.tries == 1 {
            return Err(String::new());
        }
        if tries >= self.tries {
            return Err(format!("; tried {tries} times"));
        }
        let pause = self.backoff.pause(request, tries, hint);
        if spent + pause.time >= self.deadline {
            let deadline = self.deadline.as_secs_f64();
            return Err(match hint {
                Some(hint) if !hint.is_zero() => format!(
                    "; not tried again: the server asks to wait {:.1} s, which is past the `deadline` of {deadline} s",
                    hint.as_secs_f64()
                ),
                _ => format!("; not tried again: past the `deadline` of {deadline} s"),
            });
        }
        if !self.budget.take() {
            return Err(
                "; not tried again: a fifth of the calls to this endpoint were retries already"
                    .into(),
            );
        }
        Ok(pause)
    }
}

impl Ask for Retry {
    fn ask(&self, posed: Posed) -> BoxFuture<'_, Exchange> {
        Box::pin(async move {
            let asked = Instant::now();
            let mut attempts = Vec::new();
            let result = self.tried(&posed, &mut attempts).await;
            Exchange::live(&posed, asked.elapsed(), attempts, result)
        })
    }
}

#[cfg(test)]
mod tests;
