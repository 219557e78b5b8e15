//! Money that may be spent, and what is left of it.
//!
//! A limit that is held against an estimate is none: the tokens of a call are known when it is over.
//! So a call first reserves the most that it can cost, and settles afterwards for what the server
//! counted. What is spent and what is reserved together never exceed the limit, however many calls
//! are under way, over whatever endpoints and suites.
//!
//! A call whose reserve does not fit waits, first come, first served: others that are under way
//! reserve far more than they use, and give the rest back. Where none is under way any more and it
//! still does not fit, the purse closes, and nothing more is asked.
//!
//! Only a refusal is free. A call that broke off may have been served and billed, and so may one
//! whose caller has gone: they keep their worst case as spent.
//!
//! Amounts are whole trillionths, so that no order of adding and giving back leaves a trace; costs
//! are rounded up and the limit down.

use std::sync::{Arc, Mutex};

use tokio::sync::{Mutex as Turn, Notify};

use super::lock;
use crate::ask::{AskError, AskErrorKind, Price, Reply, Request};

/// Tokens that a server may put around a prompt: the instructions of its template where the request
/// brings none, the beginning of the reply.
const AROUND: u64 = 256;

/// Tokens that mark a turn, its speaker included.
const AROUND_TURN: u64 = 16;

/// Parts of a unit of currency.
const PARTS: f64 = 1e12;

/// By how much a decimal fraction can miss its place among binary ones, relatively.
const NOISE: f64 = 1e-15;

/// What all calls of a command may cost together.
#[derive(Debug)]
pub struct Purse {
    limit: u128,
    /// Whoever is next holds it while it waits; it is fair.
    turn: Turn<()>,
    state: Mutex<State>,
    settled: Notify,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    spent: u128,
    reserved: u128,
    under_way: usize,
    /// What the call that did not fit could have cost.
    closed_by: Option<u128>,
}

/// Where a purse stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// The most that may be spent.
    pub limit: f64,
    /// What was spent at most: a call that broke off is counted with the most it can have cost.
    pub spent: f64,
    /// What the call that did not fit any more could have cost, if there was one.
    pub refused: Option<f64>,
}

impl Purse {
    /// At most so much.
    #[must_use]
    pub fn new(limit: f64) -> Arc<Purse> {
        Arc::new(Purse {
            limit: parts(limit, f64::floor),
            turn: Turn::default(),
            state: Mutex::default(),
            settled: Notify::new(),
        })
    }

    /// Where it stands.
    #[must_use]
    pub fn balance(&self) -> Balance {
        let State { spent, closed_by, .. } = *lock(&self.state);
        Balance { limit: units(self.limit), spent: units(spent), refused: closed_by.map(units) }
    }

    /// Whether this is what those are told who are not asked because the purse is closed.
    #[must_use]
    pub fn says(&self, message: &str) -> bool {
        message == self.words()
    }

    fn words(&self) -> String {
        format!("--max-cost {} leaves no room for another call", units(self.limit))
    }

    /// Sets so much aside as soon as there is room for it.
    async fn reserve(&self, most: u128) -> Result<(), AskError> {
        let _turn = self.turn.lock().await;
        loop {
            {
                let mut state = lock(&self.state);
                let taken = state.spent.saturating_add(state.reserved);
                let open = state.closed_by.is_none();
                if open && taken.saturating_add(most) <= self.limit {
                    state.reserved += most;
                    state.under_way += 1;
                    return Ok(());
                }
                if !open || state.under_way == 0 {
                    state.closed_by.get_or_insert(most);
                    return Err(AskError::new(AskErrorKind::NotAsked, self.words()));
                }
            }
            // Whoever settled in between has left word.
            self.settled.notified().await;
        }
    }

    fn settle(&self, most: u128, spent: u128) {
        let mut state = lock(&self.state);
        state.reserved -= most;
        state.under_way -= 1;
        state.spent = state.spent.saturating_add(spent);
        drop(state);
        self.settled.notify_one();
    }
}

/// The purse that an endpoint's calls are paid from, and what its tokens cost.
#[derive(Debug)]
pub(super) struct Account {
    purse: Arc<Purse>,
    price: Price,
}

impl Account {
    pub(super) fn new(purse: Arc<Purse>, price: Price) -> Account {
        Account { purse, price }
    }

    /// Sets the most aside that a call can cost, as soon as there is room for it.
    ///
    /// # Errors
    /// There is no room, and none is to come.
    pub(super) async fn reserve(&self, request: &Request) -> Result<Reserve<'_>, AskError> {
        let most = parts(at_most(request, self.price), f64::ceil);
        self.purse.reserve(most).await?;
        Ok(Reserve { account: self, most, spends: 0 })
    }
}

/// What is set aside for one call. Dropped before the call is sent, all of it is given back; after
/// that, unless it is settled, all of it is spent.
#[derive(Debug)]
pub(super) struct Reserve<'a> {
    account: &'a Account,
    most: u128,
    spends: u128,
}

impl Reserve<'_> {
    /// From now on the call may be billed.
    pub(super) fn sent(&mut self) {
        self.spends = self.most;
    }

    /// The call is over; `reached` unless there was no connection.
    pub(super) fn settle(mut self, result: &Result<Reply, AskError>, reached: bool) {
        if let Some(cost) = cost(result, reached, self.account.price) {
            self.spends = parts(cost, f64::ceil);
        }
    }
}

impl Drop for Reserve<'_> {
    fn drop(&mut self) {
        self.account.purse.settle(self.most, self.spends);
    }
}

/// The most that a call can cost. A token has a byte or more, so a prompt has no more tokens than
/// bytes, and some around it; a reply without a limit has no most.
fn at_most(request: &Request, price: Price) -> f64 {
    let Some(output) = request.params.max_tokens else { return f64::INFINITY };
    let turns = request.turns.iter().map(|turn| turn.text.len() as u64 + AROUND_TURN);
    // Tools and schemas that are passed on verbatim become a part of the prompt.
    let verbatim = serde_json::to_vec(&request.params.extra).map_or(0, |extra| extra.len() as u64);
    price.at_most(turns.sum::<u64>() + verbatim + AROUND, output.into())
}

/// What a call has cost: as the server counted it, nothing where it was refused, and none where it
/// may have been served and nobody knows.
fn cost(result: &Result<Reply, AskError>, reached: bool, price: Price) -> Option<f64> {
    match result {
        Ok(reply) => reply.usage.map(|usage| price.of(usage)),
        Err(_) if !reached => Some(0.0),
        // A gateway that waited in vain does not know whether somebody behind it has worked.
        Err(error) if error.kind == AskErrorKind::Timeout => None,
        Err(error) => error.status.filter(|status| *status >= 300).map(|_| 0.0),
    }
}

/// An amount in parts. What misses a whole number of them by no more than binary fractions miss
/// decimal ones is that number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what the type cannot hold is more than any limit, and nothing is negative"
)]
fn parts(amount: f64, round: fn(f64) -> f64) -> u128 {
    let parts = amount * PARTS;
    let nearest = parts.round();
    let whole = if (parts - nearest).abs() <= parts * NOISE { nearest } else { round(parts) };
    whole as u128
}

#[expect(clippy::cast_precision_loss, reason = "an amount to be shown")]
fn units(parts: u128) -> f64 {
    parts as f64 / PARTS
}

#[cfg(test)]
mod tests;
