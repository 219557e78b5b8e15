//! How long an answer takes.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::chance::unit;

/// The longest wait that is accepted, an hour.
const LONGEST: Duration = Duration::from_hours(1);

/// A distribution of the time to the first token.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Latency {
    /// None at all.
    #[default]
    None,
    /// Always the same.
    Fixed(Duration),
    /// Log-normal: its median, and the standard deviation of the logarithm.
    LogNormal(Duration, f64),
    /// Anything from one to the other, equally likely.
    Uniform(Duration, Duration),
}

impl Latency {
    /// The time of one call.
    pub(super) fn of(self, seed: u64, about: &[&[u8]]) -> Duration {
        match self {
            Latency::None => Duration::ZERO,
            Latency::Fixed(time) => time,
            Latency::LogNormal(median, sigma) => {
                // Box and Muller, A note on the generation of random normal deviates (1958).
                let radius = (-2.0 * (1.0 - unit(seed, "radius", about)).ln()).sqrt();
                let angle = std::f64::consts::TAU * unit(seed, "angle", about);
                let factor = (sigma * radius * angle.cos()).exp();
                Duration::try_from_secs_f64(median.as_secs_f64() * factor)
                    .map_or(LONGEST, |time| time.min(LONGEST))
            }
            Latency::Uniform(least, most) => {
                least + most.saturating_sub(least).mul_f64(unit(seed, "uniform", about))
            }
        }
    }
}

impl FromStr for Latency {
    type Err = String;

    fn from_str(text: &str) -> Result<Latency, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            ["none"] => Ok(Latency::None),
            ["fixed", time] => Ok(Latency::Fixed(duration(time)?)),
            [time] if time.starts_with(|c: char| c.is_ascii_digit()) => {
                Ok(Latency::Fixed(duration(time)?))
            }
            ["lognormal", median, sigma] => {
                let sigma = sigma.parse().ok().filter(|sigma| (0.0..=5.0).contains(sigma));
                let sigma = sigma.ok_or("the spread of a lognormal is a number from 0 to 5")?;
                Ok(Latency::LogNormal(duration(median)?, sigma))
            }
            ["uniform", least, most] => {
                let (least, most) = (duration(least)?, duration(most)?);
                if least > most {
                    return Err(format!("{} is more than {}", words[1], words[2]));
                }
                Ok(Latency::Uniform(least, most))
            }
            _ => Err("write `100ms`, `lognormal 200ms 0.5` or `uniform 50ms 2s`".into()),
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Latency::None => f.write_str("none"),
            Latency::Fixed(time) => write!(f, "fixed {time:?}"),
            Latency::LogNormal(median, sigma) => write!(f, "lognormal {median:?} {sigma}"),
            Latency::Uniform(least, most) => write!(f, "uniform {least:?} {most:?}"),
        }
    }
}

/// Reads a time such as `100ms`, `1.5s` or `2m`.
///
/// # Errors
/// It is none, or longer than an hour.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: write it as 100ms, 1.5s or 2m");
    let at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let scale = match &text[at..] {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        _ => return Err(wrong()),
    };
    let number: f64 = text[..at].parse().map_err(|_| wrong())?;
    let time = Duration::try_from_secs_f64(number * scale).map_err(|_| wrong())?;
    if time > LONGEST { Err(format!("{text} is longer than an hour")) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> Vec<f64> {
        let latency: Latency = text.parse().unwrap();
        let draw = |n: u32| latency.of(1, &[&n.to_le_bytes()]).as_secs_f64();
        let mut drawn: Vec<f64> = (0..10_001).map(draw).collect();
        drawn.sort_by(f64::total_cmp);
        drawn
    }

    #[test]
    fn distributions_are_what_they_are_called() {
        assert!(drawn("fixed 100ms").iter().all(|time| (time - 0.1).abs() < 1e-12));
        let even = drawn("uniform 1s 2s");
        assert!(even[0] >= 1.0 && even[10_000] <= 2.0 && (even[5000] - 1.5).abs() < 0.02);
        // The quantile at one standard deviation above the median is its e^0.5-fold.
        let skewed = drawn("lognormal 200ms 0.5");
        assert!((skewed[5000] - 0.2).abs() < 0.005, "{}", skewed[5000]);
        assert!((skewed[8413] - 0.2 * 0.5_f64.exp()).abs() < 0.01, "{}", skewed[8413]);
    }

    #[test]
    fn what_is_no_latency_says_what_one_is() {
        for text in ["", "soon", "fixed", "fixed 1", "uniform 2s 1s", "lognormal 1s -1", "1e9s"] {
            assert!(text.parse::<Latency>().is_err(), "{text}");
        }
    }
}
