//! Tokens, and what they cost.
//!
//! Prices are those of a million tokens, as providers write them, in the currency that the author
//! thinks in. Tokens of a prompt that the server had read before are part of the prompt's tokens,
//! and often cost less.

use serde::{Deserialize, Serialize};

/// Tokens read and written, as billed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of the reply, reasoning included.
    pub output_tokens: u64,
    /// Those of the prompt that the server took from its own cache; none if it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input_tokens: Option<u64>,
}

/// Price of a million tokens, in the currency that the author thinks in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// A million tokens of prompts.
    pub input: f64,
    /// A million tokens of replies.
    pub output: f64,
    /// A million tokens of prompts that the server took from its cache; none if they cost what
    /// others cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
}

impl Price {
    /// What so many tokens cost. A server that claims more tokens from its cache than the prompt
    /// has is not believed: all of the prompt was cached then.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of tokens are far below 2^53")]
    pub fn of(self, usage: Usage) -> f64 {
        let Usage { input_tokens, output_tokens, cached_input_tokens } = usage;
        let cached = cached_input_tokens.unwrap_or(0).min(input_tokens);
        let read = (input_tokens - cached) as f64 * self.input;
        let again = cached as f64 * self.cached_input.unwrap_or(self.input);
        (read + again + output_tokens as f64 * self.output) / 1e6
    }

    /// The most that so many tokens can cost, however many of them the server has in its cache.
    #[must_use]
    pub fn at_most(self, input_tokens: u64, output_tokens: u64) -> f64 {
        let input = self.cached_input.map_or(self.input, |cached| cached.max(self.input));
        let usage = Usage { input_tokens, output_tokens, cached_input_tokens: None };
        Price { input, cached_input: None, ..self }.of(usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price { input: 2.0, output: 8.0, cached_input: Some(0.5) };

    fn usage(input: u64, output: u64, cached: Option<u64>) -> Usage {
        Usage { input_tokens: input, output_tokens: output, cached_input_tokens: cached }
    }

    fn cost(price: Price, usage: Usage) -> f64 {
        (price.of(usage) * 1e6).round()
    }

    #[test]
    fn cached_tokens_have_a_price_of_their_own_or_that_of_others() {
        for (cached, costs) in [(None, 280.0), (Some(0), 280.0), (Some(60), 190.0)] {
            assert_eq!(cost(PRICE, usage(100, 10, cached)).to_bits(), f64::to_bits(costs));
        }
        let flat = Price { cached_input: None, ..PRICE };
        assert_eq!(cost(flat, usage(100, 10, Some(60))).to_bits(), 280_f64.to_bits());
    }

    #[test]
    fn more_cached_tokens_than_there_are_cost_what_there_are() {
        for cached in [100, 101, u64::MAX] {
            let costs = cost(PRICE, usage(100, 10, Some(cached)));
            assert_eq!(costs.to_bits(), 130_f64.to_bits(), "{cached}");
        }
    }

    #[test]
    fn nothing_that_a_server_says_of_its_cache_costs_more_than_the_most() {
        for cached_input in [None, Some(0.0), Some(0.5), Some(2.0), Some(5.0)] {
            let price = Price { cached_input, ..PRICE };
            for cached in [None, Some(0), Some(37), Some(100), Some(1000)] {
                let spent = price.of(usage(100, 10, cached));
                assert!(spent <= price.at_most(100, 10) + 1e-15, "{cached_input:?} {cached:?}");
            }
        }
    }

    #[test]
    fn old_lines_are_read_and_written_as_they_were() {
        let line = r#"{"input_tokens":3,"output_tokens":1}"#;
        let read: Usage = serde_json::from_str(line).unwrap();
        assert_eq!(read, usage(3, 1, None));
        assert_eq!(serde_json::to_string(&read).unwrap(), line);
        let line = r#"{"input":2.0,"output":8.0}"#;
        let read: Price = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), line);
    }
}
