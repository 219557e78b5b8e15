//! When something goes wrong: by rate, by the number of a call, or the first times a prompt is asked.
//!
//! A rate is drawn for a prompt and the times it was asked before, so a retry has a draw of its own,
//! and which calls fail does not depend on the order in which many in flight arrive.

use std::str::FromStr;

use super::chance::unit;
use super::fault::Fault;

/// `FAULT=RATE`, a share of the calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rated {
    /// What goes wrong.
    pub fault: Fault,
    /// How often, 0 to 1.
    pub rate: f64,
}

impl FromStr for Rated {
    type Err = String;

    fn from_str(text: &str) -> Result<Rated, String> {
        let (fault, rate) = text.split_once('=').ok_or("write FAULT=RATE, such as 503=5%")?;
        let fault = fault.trim().parse()?;
        let (number, scale) = match rate.trim().strip_suffix('%') {
            Some(percent) => (percent, 100.0),
            None => (rate.trim(), 1.0),
        };
        let rate = number.parse::<f64>().map(|number| number / scale).ok();
        let rate = rate.filter(|rate| (0.0..=1.0).contains(rate));
        let rate = rate.ok_or_else(|| format!("`{text}`: a rate is 0 to 1, or 0% to 100%"))?;
        Ok(Rated { fault, rate })
    }
}

/// `FAULT@N`, `FAULT@N-M` or `FAULT@N-`: calls by their number, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheduled {
    /// What goes wrong.
    pub fault: Fault,
    /// The first call.
    pub first: u64,
    /// The last call.
    pub last: u64,
}

impl FromStr for Scheduled {
    type Err = String;

    fn from_str(text: &str) -> Result<Scheduled, String> {
        let wrong = || format!("`{text}`: write FAULT@N, FAULT@N-M or FAULT@N-, counted from 1");
        let (fault, calls) = text.split_once('@').ok_or_else(wrong)?;
        let number = |text: &str| text.parse().ok().filter(|n: &u64| *n > 0).ok_or_else(wrong);
        let (first, last) = match calls.split_once('-') {
            None => (number(calls)?, number(calls)?),
            Some((first, "")) => (number(first)?, u64::MAX),
            Some((first, last)) => (number(first)?, number(last)?),
        };
        if first > last {
            return Err(wrong());
        }
        Ok(Scheduled { fault: fault.trim().parse()?, first, last })
    }
}

/// `N` or `N:FAULT`: how often each prompt fails before it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailFirst {
    /// How many calls of each prompt.
    pub times: u64,
    /// What goes wrong.
    pub fault: Fault,
}

impl FromStr for FailFirst {
    type Err = String;

    fn from_str(text: &str) -> Result<FailFirst, String> {
        let (times, fault) = text.split_once(':').unwrap_or((text, "503"));
        let times = times.trim().parse().map_err(|_| "write N, or N:FAULT such as 2:reset")?;
        Ok(FailFirst { times, fault: fault.trim().parse()? })
    }
}

/// All that goes wrong.
#[derive(Debug, Clone, Default)]
pub struct Trouble {
    /// Shares of the calls; together at most 1.
    pub rates: Vec<Rated>,
    /// Calls by their number.
    pub schedule: Vec<Scheduled>,
    /// The first calls of each prompt.
    pub fail_first: Option<FailFirst>,
}

impl Trouble {
    /// What is planned for the call with this number, from 1.
    pub(super) fn scheduled(&self, number: u64) -> Option<Fault> {
        let at = self.schedule.iter().find(|at| (at.first..=at.last).contains(&number));
        at.map(|at| at.fault)
    }

    /// What goes wrong with a call: its number from 1, its prompt, and how often that prompt was
    /// asked before.
    pub(super) fn of(&self, seed: u64, number: u64, prompt: &[u8], before: u64) -> Option<Fault> {
        if let Some(fault) = self.scheduled(number) {
            return Some(fault);
        }
        if let Some(first) = self.fail_first.filter(|first| before < first.times) {
            return Some(first.fault);
        }
        if self.rates.is_empty() {
            return None;
        }
        let mut left = unit(seed, "fault", &[prompt, &before.to_le_bytes()]);
        for rated in &self.rates {
            if left < rated.rate {
                return Some(rated.fault);
            }
            left -= rated.rate;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_shares_of_the_calls_and_retries_draw_anew() {
        let rates = vec!["503=10%".parse().unwrap(), "reset=0.05".parse().unwrap()];
        let trouble = Trouble { rates, ..Trouble::default() };
        let drawn = |before| {
            let of = move |n: u32| (n, before);
            (0..20_000).map(of).map(|(n, before)| trouble.of(3, 1, &n.to_le_bytes(), before))
        };
        let count = |fault| drawn(0).filter(|drawn| *drawn == Some(fault)).count();
        assert!((1_850..2_150).contains(&count(Fault::Status(503))));
        assert!((900..1_100).contains(&count(Fault::Reset)));
        let twice = drawn(0).zip(drawn(1)).filter(|(a, b)| a.is_some() && b.is_some()).count();
        assert!((350..550).contains(&twice), "{twice} of 450 expected");
    }

    #[test]
    fn a_schedule_goes_by_the_number_of_the_call() {
        let schedule = ["500@1", "reset@3-5", "stall@9-"].map(|text| text.parse().unwrap());
        let trouble = Trouble { schedule: schedule.into(), ..Trouble::default() };
        let faults: Vec<_> = (1..=10).map(|number| trouble.of(0, number, b"", 0)).collect();
        let (no, reset, stall) = (None, Some(Fault::Reset), Some(Fault::Stall));
        let first = Some(Fault::Status(500));
        assert_eq!(faults, [first, no, reset, reset, reset, no, no, no, stall, stall]);
        for text in ["500", "500@0", "500@5-3", "500@x", "nothing@1"] {
            assert!(text.parse::<Scheduled>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_prompt_fails_the_first_times() {
        let trouble =
            Trouble { fail_first: Some("2:reset".parse().unwrap()), ..Trouble::default() };
        let faults: Vec<_> = (0..3).map(|before| trouble.of(0, 1, b"p", before)).collect();
        assert_eq!(faults, [Some(Fault::Reset), Some(Fault::Reset), None]);
        assert_eq!("3".parse::<FailFirst>().unwrap().fault, Fault::Status(503));
    }
}
