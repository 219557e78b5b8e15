//! What carries a codec's bytes to where they are answered.
//!
//! A transport is an asker ([`crate::ask::Ask`]): it holds what a codec must not know — the
//! connection, the key, the clock — and turns whatever happens on the way into an exchange. It
//! is the only place that holds a secret, and nothing that leaves it contains one.

mod http;
mod secret;
mod tls;
mod trouble;

pub use http::{BuildError, Http};
pub use tls::TlsError;
