//! How far a run is: a calm bar in a terminal, a line now and then in a log, nothing when quiet. One
//! for all suites of the run, whose trials are asked at the same time.

use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;

/// A run shorter than this shows no progress at all.
const PATIENCE: Duration = Duration::from_millis(500);
/// Time between two lines in a log.
const PAUSE: Duration = Duration::from_secs(30);

/// Progress of all suites of a run together.
#[derive(Debug)]
pub(super) struct Progress {
    name: String,
    start: Instant,
    shown: Shown,
    state: Mutex<State>,
}

#[derive(Debug)]
enum Shown {
    Nothing,
    Bar(ProgressBar),
    Lines,
}

#[derive(Debug)]
struct State {
    /// Trials that are finished or still to be asked.
    planned: usize,
    done: usize,
    wrong: usize,
    last: Instant,
}

impl Progress {
    /// Progress of suites of these names with so many trials.
    pub(super) fn new(suites: &[&str], planned: usize, quiet: bool) -> Progress {
        let name = match suites {
            [one] => (*one).to_owned(),
            several => format!("{} suites", several.len()),
        };
        let shown = if quiet {
            Shown::Nothing
        } else if std::io::stderr().is_terminal() {
            let hidden = ProgressDrawTarget::hidden();
            Shown::Bar(ProgressBar::with_draw_target(Some(planned as u64), hidden))
        } else {
            Shown::Lines
        };
        let start = Instant::now();
        let state = State { planned, done: 0, wrong: 0, last: start };
        Progress { name, start, shown, state: Mutex::new(state) }
    }

    /// One more trial is finished.
    pub(super) fn finished(&self, confident_wrong: bool) {
        let mut state = self.state();
        state.done += 1;
        state.wrong += usize::from(confident_wrong);
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                if bar.is_hidden() && self.start.elapsed() > PATIENCE {
                    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
                    let template = "  {prefix}  {pos}/{len}  {wide_bar}  {msg}  {eta} left";
                    if let Ok(style) = ProgressStyle::with_template(template) {
                        bar.set_style(style);
                    }
                    bar.set_prefix(self.name.clone());
                }
                bar.set_message(format!("{} confidently wrong", state.wrong));
                bar.inc(1);
            }
            Shown::Lines => {
                if state.last.elapsed() > PAUSE {
                    state.last = Instant::now();
                    output::remark(&format!(
                        "{}: {} of {} trials, {} confidently wrong",
                        self.name, state.done, state.planned, state.wrong
                    ));
                }
            }
        }
    }

    /// So many trials will not be asked: their suite has ended without them.
    pub(super) fn left_out(&self, trials: usize) {
        let mut state = self.state();
        state.planned -= trials;
        if let Shown::Bar(bar) = &self.shown {
            bar.set_length(state.planned as u64);
        }
    }

    /// Prints something else in the meantime.
    pub(super) fn aside(&self, print: impl FnOnce()) {
        match &self.shown {
            Shown::Bar(bar) => bar.suspend(print),
            _ => print(),
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_any_more_is_not_waited_for() {
        let progress = Progress::new(&["a", "b"], 30, true);
        (0..3).for_each(|done| progress.finished(done == 0));
        progress.left_out(17);
        let state = progress.state();
        assert_eq!((state.done, state.planned, state.wrong), (3, 13, 1));
        assert_eq!(progress.name, "2 suites");
    }
}
