//! The line that says how far a run is, and how long the rest may take. It knows nothing of terminals
//! but how wide they are.

use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::report::visible;

/// Columns of a name, at most.
const NAME: usize = 28;
/// Columns of the bar, at most and at least; with less room there is none.
const BAR: std::ops::RangeInclusive<usize> = 8..=30;
/// Seconds after which what was seen counts a third of what is seen now.
const MEMORY: f64 = 15.0;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    /// Trials that are finished or still to be asked.
    pub planned: usize,
    pub done: usize,
    /// Of those done, the confidently wrong ones.
    pub wrong: usize,
}

/// How fast trials are finished of late. What comes from the cache at first tells little of the calls
/// that follow.
#[derive(Debug, Default)]
pub(super) struct Pace {
    done: usize,
    at: Duration,
    /// Trials a second, each stretch of time weighed by how long ago it is.
    weighed: f64,
    /// Sum of the weights.
    weight: f64,
}

impl Pace {
    /// So many were done after such a time.
    pub(super) fn see(&mut self, done: usize, at: Duration) {
        let seconds = at.saturating_sub(self.at).as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of trials")]
        let rate = done.saturating_sub(self.done) as f64 / seconds;
        let kept = (-seconds / MEMORY).exp();
        self.weighed = self.weighed * kept + rate * (1.0 - kept);
        self.weight = self.weight * kept + 1.0 - kept;
        (self.done, self.at) = (done, at);
    }

    /// Seconds that the rest takes at this pace; none before anything is done.
    pub(super) fn left(&self, counted: Counted) -> Option<f64> {
        let rate = self.weighed / self.weight;
        #[expect(clippy::cast_precision_loss, reason = "a count of trials")]
        let rest = counted.planned.saturating_sub(counted.done) as f64;
        (rate > 0.0).then(|| rest / rate)
    }
}

/// The line, without its end: it takes less than so many columns.
pub(super) fn line(
    name: &str,
    counted: Counted,
    left: Option<f64>,
    columns: usize,
    unicode: bool,
) -> String {
    let Counted { planned, done, wrong } = counted;
    let digits = planned.to_string().len();
    let name = visible(name);
    // Nothing but ASCII where the terminal shows nothing else.
    let name = if unicode { name.into_owned() } else { name.escape_default().to_string() };
    // A line that fills its row is wrapped by some terminals.
    let columns = columns.saturating_sub(1);
    let head = format!("  {}  {done:>digits$}/{planned}", short(&name, NAME, unicode));
    let head = short(&head, columns, unicode);
    let mut tail = String::new();
    let wrong = format!("  {wrong} confidently wrong");
    let left = left.filter(|_| done < planned).map(|left| format!("  {} left", in_words(left)));
    for part in [Some(wrong), left].into_iter().flatten() {
        if head.width() + tail.width() + part.width() <= columns {
            tail += &part;
        }
    }
    let room = columns.saturating_sub(head.width() + 2 + tail.width()).min(*BAR.end());
    if BAR.contains(&room) {
        format!("{head}  {}{tail}", bar(counted, room, unicode))
    } else {
        head + &tail
    }
}

fn bar(Counted { planned, done, .. }: Counted, columns: usize, unicode: bool) -> String {
    let full = (columns * done.min(planned)).checked_div(planned).unwrap_or(columns);
    let (one, other) = if unicode { ("█", "░") } else { ("#", ".") };
    one.repeat(full) + &other.repeat(columns - full)
}

/// A time that nobody needs to the second.
fn in_words(seconds: f64) -> String {
    match seconds {
        s if s < 99.5 => format!("{:.0} s", s.max(1.0)),
        s if s < 99.5 * 60.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h", s / 3600.0),
    }
}

/// A text in at most so many columns.
fn short(text: &str, columns: usize, unicode: bool) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let ellipsis = if unicode { "…" } else { "..." };
    let mut room = columns.saturating_sub(ellipsis.width());
    let fits = |c: &char| {
        let width = c.width().unwrap_or(1);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    };
    text.chars().take_while(fits).collect::<String>() + ellipsis
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SOME: Counted = Counted { planned: 10_000, done: 2_500, wrong: 12 };

    #[test]
    fn the_bar_takes_what_room_there_is() {
        let shown = |columns| line("facts", SOME, Some(93.4), columns, true);
        insta::assert_snapshot!(shown(200), @"  facts   2500/10000  ███████░░░░░░░░░░░░░░░░░░░░░░░  12 confidently wrong  93 s left");
        insta::assert_snapshot!(shown(70), @"  facts   2500/10000  ███░░░░░░░░░░░  12 confidently wrong  93 s left");
        insta::assert_snapshot!(shown(50), @"  facts   2500/10000  12 confidently wrong");
        insta::assert_snapshot!(shown(30), @"  facts   2500/10000");
        insta::assert_snapshot!(line("fäcts", SOME, Some(7200.0), 80, false), @r"  f\u{e4}cts   2500/10000  #####...............  12 confidently wrong  2 h left");
        let done = Counted { planned: 3, done: 3, wrong: 0 };
        insta::assert_snapshot!(line("facts", done, Some(1.0), 80, true), @"  facts  3/3  ██████████████████████████████  0 confidently wrong");
    }

    #[test]
    fn the_pace_is_that_of_late() {
        let mut pace = Pace::default();
        assert_eq!(pace.left(SOME), None);
        // A hundred a second from the cache for a while, then ten a second.
        for second in 1..=20 {
            pace.see(second * 100, Duration::from_secs(second as u64));
        }
        assert!((pace.left(SOME).unwrap() - 75.0).abs() < 1e-6);
        for second in 1..=60 {
            pace.see(2000 + second * 10, Duration::from_secs(20 + second as u64));
        }
        let left = pace.left(SOME).unwrap();
        assert!((600.0..750.0).contains(&left), "{left}");
    }

    proptest! {
        #[test]
        fn no_line_reaches_the_last_column(
            name in any::<String>(), done in 0..5_000_usize, planned in 0..5_000_usize,
            left in proptest::option::of(0.0..1e9), columns in 8..250_usize, unicode in any::<bool>(),
        ) {
            let shown = line(&name, Counted { planned, done, wrong: done / 2 }, left, columns, unicode);
            prop_assert!(shown.width() < columns, "{shown:?}");
            prop_assert!(!shown.contains(char::is_control));
            prop_assert!(unicode || shown.is_ascii());
        }
    }
}
