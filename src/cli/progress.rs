//! How far a run is: a calm line in a terminal, a remark now and then in a log, nothing when quiet.
//! One for all suites of the run, whose trials are asked at the same time.
//!
//! Whoever finishes a trial only counts it. A thread of its own looks at the counts eight times a
//! second, however many trials there are, and is the only one that draws.

mod line;

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use line::{Counted, Pace, line};

use super::output;

/// A run shorter than this shows no progress at all.
const PATIENCE: Duration = Duration::from_millis(500);
/// Time between two pictures of the line.
const FRAME: Duration = Duration::from_millis(125);
/// Time between two remarks in a log.
const PAUSE: Duration = Duration::from_secs(30);

/// Progress of all suites of a run together.
#[derive(Debug)]
pub(super) struct Progress {
    told: Arc<Told>,
    teller: Mutex<Option<Teller>>,
}

/// What is told of, and where.
#[derive(Debug)]
struct Told {
    name: String,
    /// Trials that are finished or still to be asked.
    planned: AtomicUsize,
    done: AtomicUsize,
    wrong: AtomicUsize,
    /// Whether the line is on the screen. Held while something is printed.
    drawn: Mutex<bool>,
}

/// The thread that draws. It ends when its sender is gone.
#[derive(Debug)]
struct Teller {
    end: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    /// Progress of suites of these names with so many trials.
    pub(super) fn new(suites: &[&str], planned: usize, quiet: bool) -> Progress {
        let name = match suites {
            [one] => (*one).to_owned(),
            several => format!("{} suites", several.len()),
        };
        let told = Arc::new(Told {
            name,
            planned: AtomicUsize::new(planned),
            done: AtomicUsize::new(0),
            wrong: AtomicUsize::new(0),
            drawn: Mutex::new(false),
        });
        let teller = if quiet { None } else { Teller::of(&told) };
        Progress { told, teller: Mutex::new(teller) }
    }

    /// One more trial is finished.
    pub(super) fn finished(&self, confident_wrong: bool) {
        self.told.done.fetch_add(1, Ordering::Relaxed);
        if confident_wrong {
            self.told.wrong.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// So many trials will not be asked: their suite has ended without them.
    pub(super) fn left_out(&self, trials: usize) {
        self.told.planned.fetch_sub(trials, Ordering::Relaxed);
    }

    /// Prints something else in the meantime.
    pub(super) fn aside(&self, print: impl FnOnce()) {
        let mut drawn = self.told.drawn();
        erase(&mut drawn);
        print();
    }

    /// Takes the line away.
    pub(super) fn end(&self) {
        let teller = self.teller.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Teller { end, thread }) = teller {
            drop(end);
            // It had nothing to say that the run depends on.
            let _ = thread.join();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

impl Teller {
    /// None where a thread cannot be had: a run does without.
    fn of(told: &Arc<Told>) -> Option<Teller> {
        let (end, ended) = mpsc::channel();
        let told = told.clone();
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let draws = io::stderr().is_terminal() && !dumb;
        let tell = move || {
            let mut pace = Pace::default();
            let mut wait = if draws { PATIENCE } else { PAUSE };
            let start = Instant::now();
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                if draws {
                    told.draw(&mut pace, start.elapsed());
                    wait = FRAME;
                } else {
                    told.remark();
                }
            }
            erase(&mut told.drawn());
        };
        let thread = thread::Builder::new().name("progress".to_owned()).spawn(tell).ok()?;
        Some(Teller { end, thread })
    }
}

impl Told {
    fn counted(&self) -> Counted {
        Counted {
            planned: self.planned.load(Ordering::Relaxed),
            done: self.done.load(Ordering::Relaxed),
            wrong: self.wrong.load(Ordering::Relaxed),
        }
    }

    fn draw(&self, pace: &mut Pace, elapsed: Duration) {
        let counted = self.counted();
        pace.see(counted.done, elapsed);
        let columns = output::error_width();
        let text = line(&self.name, counted, pace.left(counted), columns, output::unicode());
        // The cursor waits at the start. So when the window is made narrower and the line takes two
        // rows, it is above both, and the next picture covers both.
        let mut drawn = self.drawn();
        let picture = format!("\r{text}\x1b[J\r");
        let _ = io::stderr().lock().write_all(picture.as_bytes());
        *drawn = true;
    }

    fn remark(&self) {
        let Counted { planned, done, wrong } = self.counted();
        let name = &self.name;
        output::remark(&format!("{name}: {done} of {planned} trials, {wrong} confidently wrong"));
    }

    fn drawn(&self) -> MutexGuard<'_, bool> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves the place of the line as it was before.
fn erase(drawn: &mut bool) {
    if std::mem::take(drawn) {
        output::erase_line();
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
        let counted = progress.told.counted();
        assert_eq!((counted.done, counted.planned, counted.wrong), (3, 13, 1));
        assert_eq!(progress.told.name, "2 suites");
    }

    #[test]
    fn it_ends_at_once_and_only_once() {
        let progress = Progress::new(&["a"], 1, false);
        progress.end();
        progress.end();
        assert!(progress.teller.lock().unwrap().is_none());
    }
}
