//! `--max-cost`: what a command may spend, over all its suites and endpoints.
//!
//! The limit is kept by the [`Purse`]. Here it is refused where it could not be kept, before the
//! first call, and told what became of it.

use std::sync::Arc;

use crate::endpoint::Wire;
use crate::scorecard::MaxCost;
use crate::span::Span;
use crate::suite::Findings;
use crate::transport::{Balance, Purse};

use super::askers::blame;
use super::caching::CacheMode;
use super::prepare::{Prepared, Selection};

/// More than anybody has, and less than the purse can count.
const MOST: f64 = 1e12;

/// Reads the limit.
pub(super) fn limit(text: &str) -> Result<f64, String> {
    let limit = text.trim().parse().ok().filter(|limit| (0.0..=MOST).contains(limit));
    limit.ok_or_else(|| "write an amount in the currency of your prices, such as 1.50".into())
}

/// The purse with this limit. What leaves a call without a most is a finding; where nothing is to
/// be called, nothing has to be known.
pub(super) fn purse(
    limit: Option<f64>,
    cache: CacheMode,
    selection: &Selection,
    findings: &mut Findings,
) -> Option<Arc<Purse>> {
    let limit = limit?;
    if cache != CacheMode::Replay {
        for prepared in &selection.suites {
            refuse_unbounded(prepared, findings);
        }
    }
    Some(Purse::new(limit))
}

fn refuse_unbounded(prepared: &Prepared, findings: &mut Findings) {
    let suite = &prepared.suite;
    let servers =
        prepared.endpoints.iter().filter(|chosen| matches!(chosen.spec.wire, Wire::OpenaiChat(_)));
    let mut asked = false;
    for chosen in servers {
        asked = true;
        if chosen.spec.price.is_none() {
            let message = format!(
                "`--max-cost` cannot be kept: the endpoint `{}` has no price",
                chosen.spec.name.value
            );
            let remedy = match chosen.place {
                Some(_) => "add `price: {input: 0.15, output: 0.60}`, for a million tokens each",
                None => "define it in overclaim.yaml, with `price: {input: …, output: …}`",
            };
            blame(chosen, None, &message, remedy, findings);
        }
    }
    if asked && suite.params.max_tokens.is_none() {
        let top = Span { start: 0, end: 0, line: 1, column: 1 };
        let message = "`--max-cost` cannot be kept: replies may have any length";
        let remedy = "add `parameters: {max_tokens: 64}`";
        findings.error(&suite.source, top, message, remedy);
    }
}

/// What became of the limit when a suite's run ended with so many trials that were not asked for it.
pub(super) fn told(purse: &Purse, not_asked: usize, cache: CacheMode) -> MaxCost {
    let balance = purse.balance();
    let Balance { limit, spent, .. } = balance;
    let sentence = (not_asked > 0).then(|| sentence(balance, not_asked, cache));
    MaxCost { limit, spent, not_asked, sentence }
}

fn sentence(balance: Balance, not_asked: usize, cache: CacheMode) -> String {
    let Balance { limit, spent, refused } = balance;
    let trials = if not_asked == 1 { "1 trial was" } else { &format!("{not_asked} trials were") };
    let next = refused.map(|most| format!(", and the next call could cost {}", rounded_up(most)));
    let go_on = match cache {
        CacheMode::Off => {
            "run again with a higher limit; `--cache off` has stored nothing, so all is asked anew"
        }
        CacheMode::Refresh => {
            "run again with a higher limit and `--cache use`: what was answered is stored"
        }
        CacheMode::Use | CacheMode::Replay => {
            "run the same again with a higher limit to go on: what was answered is stored"
        }
    };
    format!(
        "stopped by `--max-cost {limit}`: {trials} not asked; at most {} of it is spent{}; {go_on}",
        rounded_up(spent),
        next.unwrap_or_default()
    )
}

/// An amount for people, to a millionth and not less than it is.
fn rounded_up(amount: f64) -> f64 {
    (amount * 1e6 * (1.0 - 1e-12)).ceil() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_amounts() {
        for (text, read) in [("1.50", 1.5), ("0", 0.0), (" 2 ", 2.0), ("1e-3", 0.001)] {
            assert_eq!(limit(text).map(f64::to_bits), Ok(f64::to_bits(read)), "{text}");
        }
        for text in ["", "-1", "$1", "NaN", "inf", "1e13", "1,5"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_amount_is_shown_smaller_than_it_is() {
        for (amount, shown) in
            [(0.0, "0"), (0.019_305, "0.019305"), (0.019_305_1, "0.019306"), (1e-9, "0.000001")]
        {
            assert_eq!(rounded_up(amount).to_string(), shown);
        }
    }
}
