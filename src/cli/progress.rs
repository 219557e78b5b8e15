//! How far a run is: a calm bar in a terminal, a line now and then in a log, nothing when quiet.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;

/// A run shorter than this shows no progress at all.
const PATIENCE: Duration = Duration::from_millis(500);
/// Time between two lines in a log.
const PAUSE: Duration = Duration::from_secs(30);

/// Progress of one run.
#[derive(Debug)]
pub(super) struct Progress {
    suite: String,
    planned: usize,
    done: usize,
    wrong: usize,
    start: Instant,
    shown: Shown,
}

#[derive(Debug)]
enum Shown {
    Nothing,
    Bar(ProgressBar),
    Lines { last: Instant },
}

impl Progress {
    pub(super) fn new(suite: &str, planned: usize, quiet: bool) -> Progress {
        let start = Instant::now();
        let shown = if quiet {
            Shown::Nothing
        } else if std::io::stderr().is_terminal() {
            Shown::Bar(ProgressBar::with_draw_target(
                Some(planned as u64),
                ProgressDrawTarget::hidden(),
            ))
        } else {
            Shown::Lines { last: start }
        };
        Progress { suite: suite.to_owned(), planned, done: 0, wrong: 0, start, shown }
    }

    /// One more trial is finished.
    pub(super) fn finished(&mut self, confident_wrong: bool) {
        self.done += 1;
        self.wrong += usize::from(confident_wrong);
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                if bar.is_hidden() && self.start.elapsed() > PATIENCE {
                    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
                    let template = "  {prefix}  {pos}/{len}  {wide_bar}  {msg}  {eta} left";
                    if let Ok(style) = ProgressStyle::with_template(template) {
                        bar.set_style(style);
                    }
                    bar.set_prefix(self.suite.clone());
                }
                bar.set_message(format!("{} confidently wrong", self.wrong));
                bar.inc(1);
            }
            Shown::Lines { last } => {
                if last.elapsed() > PAUSE {
                    *last = Instant::now();
                    output::remark(&format!(
                        "{}: {} of {} trials, {} confidently wrong",
                        self.suite, self.done, self.planned, self.wrong
                    ));
                }
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}
