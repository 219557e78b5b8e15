//! facade
#![allow(missing_docs)]
pub mod answer;
pub mod ask;
pub mod elicit;
pub mod grade;
pub mod span;
