//! How long a stored reply stands for what the model would say today.
//!
//! A model that is named by a date or a digest stays what it is, so its replies stay too, unless
//! somebody wants them to expire. A name without either moves: what answers to it next month is
//! another model, so its replies get old by default.
//!
//! What was warmed together must not expire together, or all who share it ask again in the same
//! moment; so each entry's age limit is its own, up to a tenth above or below the nominal one. It
//! follows from the key alone: all processes agree about it.

use std::time::Duration;

/// Days until the reply of a moving name is asked for again, if nobody says otherwise.
const ALIAS_DAYS: u64 = 7;

/// How old stored replies may be; none means that they do not age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Replies of models that are named by date or digest.
    pub fixed: Option<Duration>,
    /// Replies of names that may stand for another model tomorrow. The shorter of both holds.
    pub alias: Option<Duration>,
}

impl Default for Freshness {
    fn default() -> Freshness {
        Freshness { fixed: None, alias: Some(Duration::from_hours(24 * ALIAS_DAYS)) }
    }
}

impl Freshness {
    /// The age at which the entry of this key is too old, its own part of the jitter included;
    /// none if it does not age.
    #[must_use]
    pub fn limit(&self, model: &str, key: &[u8; 16]) -> Option<Duration> {
        let nominal = match (self.fixed, self.alias) {
            (fixed, _) if is_fixed(model) => fixed?,
            (Some(fixed), Some(alias)) => fixed.min(alias),
            (fixed, alias) => fixed.or(alias)?,
        };
        // Eight bytes of a hash as a number in [0, 1): the part of the key that no index reads.
        let bytes = <[u8; 8]>::try_from(&key[8..]).unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "53 bits of chance are plenty")]
        let unit = (u64::from_be_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64;
        let own = Duration::try_from_secs_f64(nominal.as_secs_f64() * (0.9 + 0.2 * unit));
        // Longer than time can be counted is as good as for ever.
        Some(own.unwrap_or(Duration::MAX))
    }
}

/// Whether a model's name says which build it is: by a date (`2024-08-06`, `20250514`, `0613`) or
/// by a digest (`sha256:…`, a revision of seven or more hexadecimal digits).
#[must_use]
pub fn is_fixed(model: &str) -> bool {
    let lower = model.to_lowercase();
    if lower.contains("sha256:") {
        return true;
    }
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let date_in_three = words.windows(3).any(|three| {
        let number = |text: &str| text.parse::<u32>().ok();
        let lengths = three.iter().map(|word| word.len()).collect::<Vec<_>>();
        lengths == [4, 2, 2]
            && matches!(
                (number(three[0]), number(three[1]), number(three[2])),
                (Some(2000..=2099), Some(1..=12), Some(1..=31))
            )
    });
    date_in_three || words.iter().any(|word| is_date(word) || is_revision(word))
}

/// `20250514`, `0613`, `2407` (year and month, as some makers write it).
fn is_date(word: &str) -> bool {
    if !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let part = |range: std::ops::Range<usize>| word.get(range).and_then(|part| part.parse().ok());
    let (month, day) = (1..=12_u32, 1..=31_u32);
    match word.len() {
        8 => {
            matches!(part(0..4), Some(2000..=2099))
                && part(4..6).is_some_and(|m| month.contains(&m))
                && part(6..8).is_some_and(|d| day.contains(&d))
        }
        4 => {
            let (first, second): (Option<u32>, Option<u32>) = (part(0..2), part(2..4));
            let month_and_day = first.is_some_and(|m| month.contains(&m))
                && second.is_some_and(|d| day.contains(&d));
            let year_and_month =
                matches!(first, Some(20..=49)) && second.is_some_and(|m| month.contains(&m));
            month_and_day || year_and_month
        }
        _ => false,
    }
}

/// A commit or a digest: seven or more hexadecimal digits, letters and digits both among them.
fn is_revision(word: &str) -> bool {
    word.len() >= 7
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn dates_and_digests_fix_a_model() {
        for model in [
            "gpt-4o-2024-08-06",
            "gpt-4-0613",
            "gpt-3.5-turbo-1106",
            "claude-sonnet-4-20250514",
            "claude-3-5-sonnet@20240620",
            "mistral-large-2407",
            "ft:gpt-4o-mini-2024-07-18:org::9abcdef1",
            "org/model@5206a32e0bd3067aef1ce90f5528ade7d866253f",
            "llama3@sha256:1234",
        ] {
            assert!(is_fixed(model), "{model}");
        }
        for model in [
            "gpt-4o",
            "gpt-4.1-mini",
            "claude-sonnet-4-5",
            "llama3:latest",
            "Qwen/Qwen2.5-7B-Instruct",
            "qwen2.5-coder-1.5b-instruct",
            "gemini-1.5-pro-002",
            "mixtral-8x7b-32768",
            "m",
            "model-9999-99-99",
            "deadbeefcafe",
            "",
        ] {
            assert!(!is_fixed(model), "{model}");
        }
    }

    #[test]
    fn fixed_models_do_not_age_unless_asked_to_and_aliases_do() {
        let key = [0; 16];
        let default = Freshness::default();
        assert_eq!(default.limit("gpt-4o-2024-08-06", &key), None);
        assert_eq!(default.limit("gpt-4o", &key), Some(DAY * 7 * 9 / 10));
        let both = Freshness { fixed: Some(DAY), alias: Some(DAY * 7) };
        assert_eq!(both.limit("gpt-4o", &key), both.limit("gpt-4o-2024-08-06", &key));
        let neither = Freshness { fixed: None, alias: None };
        assert_eq!(neither.limit("gpt-4o", &key), None);
        let fixed = Freshness { fixed: Some(DAY), alias: None };
        assert_eq!(fixed.limit("gpt-4o", &key), Some(DAY * 9 / 10));
    }

    proptest! {
        #[test]
        fn the_jitter_is_a_tenth_at_most(key in any::<[u8; 16]>()) {
            let limit = Freshness::default().limit("alias", &key).unwrap();
            prop_assert!((DAY * 7 * 9 / 10..DAY * 7 * 11 / 10).contains(&limit));
        }
    }

    #[test]
    fn what_was_warmed_together_does_not_expire_together() {
        let limits: Vec<f64> = (0..1000_u32)
            .map(|number| {
                let hash = crate::ask::Digest::of_bytes(&number.to_be_bytes());
                let limit = Freshness::default().limit("alias", &hash.short());
                limit.unwrap().as_secs_f64() / (DAY * 7).as_secs_f64()
            })
            .collect();
        let mean = limits.iter().sum::<f64>() / 1000.0;
        let spread = limits.iter().map(|limit| (limit - mean).powi(2)).sum::<f64>() / 1000.0;
        // Uniform on [0.9, 1.1]: mean 1, standard deviation 0.2 / √12 = 0.0577.
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert!((spread.sqrt() - 0.0577).abs() < 0.005, "{}", spread.sqrt());
    }
}
