//! When a server says that it may be asked again.
//!
//! There is one standard header and many habits: `Retry-After` in seconds or as a date,
//! `retry-after-ms`, and `x-ratelimit-reset-requests` or `-tokens` as a Go duration (`6m0s`),
//! as seconds, or as a time. All of them are read into one span of time from now. What cannot be
//! read is no hint, and then our own rule of waiting holds.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

/// Longest hint that is believed to be one.
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// How long the server asks to wait, from a failing answer's status and headers (names in lower
/// case). The headers of a rate limit come with every answer of some servers, so they count only
/// under 429.
pub(super) fn wait(status: u16, headers: &[(String, String)], now: Timestamp) -> Option<Duration> {
    let header = |name: &str| {
        let mut found = headers.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.trim())
    };
    let milliseconds = || {
        let ms: f64 = header("retry-after-ms")?.parse().ok()?;
        Duration::try_from_secs_f64(ms / 1000.0).ok()
    };
    let after = || {
        let text = header("retry-after")?;
        if let Ok(seconds) = text.parse::<f64>() {
            return Duration::try_from_secs_f64(seconds).ok();
        }
        // The server's own clock is the one that its date is meant for.
        let clock = header("date").and_then(http_date).unwrap_or(now);
        Some(until(http_date(text)?, clock))
    };
    let reset = || if status == 429 { reset(headers, now) } else { None };
    milliseconds().or_else(after).or_else(reset).filter(|wait| *wait <= LONGEST)
}

/// The longest reset among the limits that have nothing left; among all, where none says so.
fn reset(headers: &[(String, String)], now: Timestamp) -> Option<Duration> {
    let limits = headers.iter().filter_map(|(name, value)| {
        if !name.contains("ratelimit-") || !name.contains("-reset") {
            return None;
        }
        let wait = span(value.trim(), now)?;
        let remaining = name.replace("-reset", "-remaining");
        let left = headers.iter().find(|(key, _)| *key == remaining);
        let left = left.and_then(|(_, value)| value.trim().parse::<f64>().ok());
        Some((wait, left.is_some_and(|left| left <= 0.0)))
    });
    let limits: Vec<(Duration, bool)> = limits.collect();
    let spent = limits.iter().any(|(_, spent)| *spent);
    limits.into_iter().filter(|(_, empty)| *empty || !spent).map(|(wait, _)| wait).max()
}

/// A Go duration, seconds, seconds or milliseconds since 1970, or a time of RFC 3339.
fn span(text: &str, now: Timestamp) -> Option<Duration> {
    const SINCE_1970: f64 = 1e9;
    const SINCE_1970_MS: f64 = 1e12;
    if let Ok(number) = text.parse::<f64>() {
        let seconds = match number {
            ms if ms >= SINCE_1970_MS => ms / 1000.0 - now.as_duration().as_secs_f64(),
            s if s >= SINCE_1970 => s - now.as_duration().as_secs_f64(),
            s => s,
        };
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok().filter(|_| number >= 0.0);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(until(time, now));
    }
    go_duration(text)
}

/// `6m0s`, `1.5s`, `120ms`, `1h2m3s`: numbers, each with its unit.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = rest.split_at(digits);
        let end = unit.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(unit.len());
        let (unit, after) = unit.split_at(end);
        let unit = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * unit;
        rest = after;
    }
    if text.is_empty() { None } else { Duration::try_from_secs_f64(seconds).ok() }
}

/// A date as HTTP writes it (RFC 9110, section 5.6.7), in its old forms too.
fn http_date(text: &str) -> Option<Timestamp> {
    let old = |form: &str| {
        DateTime::strptime(form, text).ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
    };
    rfc2822::parse(text)
        .ok()
        .map(|at| at.timestamp())
        .or_else(|| old("%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| old("%a %b %e %H:%M:%S %Y"))
}

/// From one time to another; nothing if that is past.
fn until(time: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(time.duration_since(now)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, headers: &[(&str, &str)]) -> Option<f64> {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
        wait(status, &headers, now).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn every_form_of_a_hint_is_read() {
        for (name, value, seconds) in [
            ("retry-after", "2", Some(2.0)),
            ("retry-after", " 0.5 ", Some(0.5)),
            ("retry-after", "0", Some(0.0)),
            ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", Some(37.0)),
            ("retry-after", "Sunday, 06-Nov-94 08:49:37 GMT", Some(37.0)),
            ("retry-after", "Sun Nov  6 08:49:37 1994", Some(37.0)),
            ("retry-after", "Sun, 06 Nov 1994 08:48:00 GMT", Some(0.0)),
            ("retry-after", "-1", None),
            ("retry-after", "NaN", None),
            ("retry-after", "inf", None),
            ("retry-after", "1e300", None),
            ("retry-after", "soon", None),
            ("retry-after", "", None),
            ("retry-after-ms", "120", Some(0.12)),
            ("retry-after-ms", "12.5", Some(0.0125)),
            ("retry-after-ms", "-5", None),
            ("x-ratelimit-reset-requests", "6m0s", Some(360.0)),
            ("x-ratelimit-reset-requests", "1.5s", Some(1.5)),
            ("x-ratelimit-reset-tokens", "120ms", Some(0.12)),
            ("x-ratelimit-reset-tokens", "1h2m3.5s", Some(3723.5)),
            ("x-ratelimit-reset-tokens", "7", Some(7.0)),
            ("ratelimit-reset", "3", Some(3.0)),
            ("anthropic-ratelimit-requests-reset", "1994-11-06T08:49:10Z", Some(10.0)),
            ("x-ratelimit-reset-tokens", "6 minutes", None),
            ("x-ratelimit-reset-tokens", "s", None),
            ("x-ratelimit-reset-tokens", "", None),
            ("x-other", "5", None),
        ] {
            assert_eq!(read(429, &[(name, value)]), seconds, "{name}: {value}");
        }
    }

    #[test]
    fn the_most_exact_hint_counts() {
        let all = [
            ("x-ratelimit-reset-requests", "9s"),
            ("retry-after", "3"),
            ("retry-after-ms", "2500"),
        ];
        assert_eq!(read(429, &all), Some(2.5));
        assert_eq!(read(429, &all[..2]), Some(3.0));
        assert_eq!(read(429, &all[..1]), Some(9.0));
        // A hint that cannot be read does not hide the next.
        assert_eq!(read(429, &[("retry-after-ms", "x"), ("retry-after", "3")]), Some(3.0));
    }

    #[test]
    fn a_limit_that_is_not_used_up_does_not_count() {
        let both = [
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-remaining-tokens", "900"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ];
        assert_eq!(read(429, &both), Some(1.0));
        assert_eq!(read(429, &[both[1], both[3]]), Some(360.0));
        // Servers send these with every answer; only a limit that was hit makes them a hint.
        assert_eq!(read(500, &both), None);
        assert_eq!(read(503, &[("retry-after", "4")]), Some(4.0));
    }

    #[test]
    fn a_reset_may_be_a_time_since_1970() {
        let now: Timestamp = "2026-07-01T00:00:00Z".parse().unwrap();
        let at = now.as_second() + 20;
        for (value, seconds) in
            [(at.to_string(), 20.0), (format!("{at}500"), 20.5), ((at - 60).to_string(), 0.0)]
        {
            let headers = [("x-ratelimit-reset".to_owned(), value)];
            let wait = wait(429, &headers, now).unwrap().as_secs_f64();
            assert!((wait - seconds).abs() < 1e-3, "{wait}");
        }
    }

    #[test]
    fn a_date_is_held_against_the_servers_own_clock() {
        let headers = [
            ("date", "Sun, 06 Nov 1994 10:00:00 GMT"),
            ("retry-after", "Sun, 06 Nov 1994 10:00:05 GMT"),
        ];
        assert_eq!(read(429, &headers), Some(5.0));
    }
}
