//! A line in words: what was counted, how much it tells, and what would pass or decide.

use crate::score::Level;
use crate::scorecard::Evidence;

use super::bound::Bound;
use super::{Line, Verdict};

/// What a line is about.
pub(super) struct Asked<'a> {
    /// What the n are, and what those counted are: `answers are confidently wrong`.
    pub what: &'a str,
    pub evidence: Evidence,
    /// How often each case was asked.
    pub repeats: u32,
}

impl Asked<'_> {
    /// How much answers tell that are alike; nothing where they are not.
    fn worth(&self, level: Level) -> String {
        let Some(alike) = self.evidence.clustering(level) else { return String::new() };
        let mut asked = match (alike.cases, self.repeats) {
            (1, times) => format!("1 case asked {times} times"),
            (cases, 1) => format!("{cases} cases"),
            (cases, times) => format!("{cases} cases asked {times} times each"),
        };
        match alike.clusters {
            1 if alike.cases > 1 => asked += " in 1 group",
            clusters if clusters < alike.cases => asked += &format!(" in {clusters} groups"),
            _ => {}
        }
        if alike.clusters == 1 {
            let tell = if alike.cases == 1 { "tells" } else { "tell" };
            return format!("; {asked} {tell} nothing about others");
        }
        format!("; {asked} tell as much as {:.0} independent answers", alike.effective_n)
    }

    /// So many clusters as cases, for people.
    fn cases(&self, clusters: usize) -> String {
        let seen = self.evidence.share.clusters();
        let cases = clusters.saturating_mul(self.evidence.cases).div_ceil(seen.max(1));
        match self.repeats {
            1 if cases == 1 => "about 1 case would decide".to_owned(),
            1 => format!("about {cases} cases would decide"),
            times => format!("about {cases} cases, asked {times} times each, would decide"),
        }
    }
}

impl Line {
    pub(super) fn in_words(&self, asked: &Asked<'_>, bound: Bound, level: Level) -> String {
        let what = asked.what;
        let (Some(rate), Some([lower, upper])) = (self.estimate, self.interval) else {
            return format!("nothing was measured, so how many {what} is not known");
        };
        let (share, n) = (asked.evidence.share, self.n);
        let what = &of_so_many(n, what);
        let seen =
            format!("{} of {n} {what} ({}){}", share.count(), percent(rate), asked.worth(level));
        let sure = format!("with {} confidence", percent(level.get()));
        let limit = percent(bound.limit());
        let none = || "no count of so few cases would pass".to_owned();
        match (self.verdict, bound) {
            (Verdict::Pass, Bound::AtMost(_)) => {
                format!("{seen}; {sure} at most {}, within {limit}", percent(upper))
            }
            (Verdict::Pass, Bound::AtLeast(_)) => {
                format!("{seen}; {sure} at least {}, above {limit}", percent(lower))
            }
            (Verdict::Fail, Bound::AtMost(_)) => {
                let pass = bound.would_pass(share, level);
                let pass =
                    pass.map_or_else(none, |count| format!("at most {count} of {n} would pass"));
                format!("{seen}; {sure} at least {}, above {limit}: {pass}", percent(lower))
            }
            (Verdict::Fail, Bound::AtLeast(_)) => {
                let pass = bound.would_pass(share, level);
                let pass = pass.map_or_else(none, |count| format!("{count} of {n} would pass"));
                format!("{seen}; {sure} at most {}, below {limit}: {pass}", percent(upper))
            }
            _ => {
                let between = format!("from {} to {}", percent(lower), percent(upper));
                let decide = bound.would_decide(share, level).map_or_else(
                    || "no number of cases would decide, the share is the limit".to_owned(),
                    |clusters| asked.cases(clusters),
                );
                format!("{seen}; {sure} {between}, on both sides of {limit}: {decide}")
            }
        }
    }
}

/// What so many are, in the singular where it is one: `answers are confidently wrong`.
pub(super) fn of_so_many(n: usize, what: &str) -> String {
    if n != 1 {
        return what.to_owned();
    }
    let one = [("answers are", "answer is"), ("trials were", "trial was"), ("answers", "answer")];
    let (many, one) = one.into_iter().find(|(many, _)| what.contains(many)).unwrap_or(("", ""));
    what.replacen(many, one, 1)
}

/// A share in percent with at most one decimal.
#[must_use]
pub fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

/// A number with three decimals, fewer where they are 0.
pub(super) fn decimal(number: f64) -> String {
    let text = format!("{number:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::of_so_many;

    #[test]
    fn one_is_told_in_the_singular() {
        for (what, one) in [
            ("answers are confidently wrong", "answer is confidently wrong"),
            ("planned trials were measured", "planned trial was measured"),
            ("live answers are later than 2 s", "live answer is later than 2 s"),
        ] {
            assert_eq!((of_so_many(1, what).as_str(), of_so_many(2, what).as_str()), (one, what));
        }
    }
}
