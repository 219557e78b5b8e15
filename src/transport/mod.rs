//! What carries a codec's bytes to where they are answered.
//!
//! A transport is an asker ([`crate::ask::Ask`]): it holds what a codec must not know — the
//! connection, the key, the clock — and turns whatever happens on the way into an exchange. It
//! is the only place that holds a secret, and nothing that leaves it contains one.
//!
//! [`Http`] makes one call at its turn. [`Retry`] asks it until there is a reply or no sense in
//! trying further, and stops asking an endpoint that cannot be asked. A [`Purse`] keeps the calls of
//! all endpoints within what they may cost.

mod backoff;
mod body;
mod breaker;
mod hints;
mod http;
mod limit;
mod purse;
mod rate;
mod retry;
mod retry_budget;
mod secret;
mod tls;
mod trouble;
mod verdict;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use http::{BuildError, Http};
pub use limit::AllCalls;
pub use purse::{Balance, Purse};
pub use retry::Retry;
pub use tls::TlsError;
pub use verdict::Verdict;

/// What a lock guards here is whole at any time, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
