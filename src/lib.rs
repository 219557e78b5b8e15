//! facade
#![allow(missing_docs)]
pub mod answer;
pub mod ask;
pub mod endpoint;
pub mod span;
pub mod transport;
