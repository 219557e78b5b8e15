//! The line that says how far a run is, on a screen that can be looked at.

#![cfg(unix)]

mod support;

use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use support::Server;
use support::project::{Project, mostly_right};
use support::screen::Screen;

/// A server that answers so many questions, and the others once it is told to.
struct Gate {
    server: Server,
    open: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    fn after(answers: usize) -> Gate {
        let open: Arc<(Mutex<bool>, Condvar)> = Arc::default();
        let gate = open.clone();
        let server = Server::new(move |seen, client| {
            if seen.number >= answers {
                let (open, opened) = &*gate;
                drop(opened.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
            }
            mostly_right(seen, client);
        });
        Gate { server, open }
    }

    fn open(&self) {
        *self.open.0.lock().unwrap() = true;
        self.open.1.notify_all();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

#[test]
fn the_line_says_how_far_a_run_is_follows_the_window_and_leaves_nothing_behind() {
    let gate = Gate::after(20);
    let project = Project::at(&gate.server).choices(40);
    let log = project.dir.path().join("log");
    let screen = Screen::start(&project, "run --out r", 100, &log);
    let bar = "███████████████░░░░░░░░░░░░░░░";
    let shown = screen.once("demo  20/40");
    let place = |shown: &str, text: &str| shown.lines().position(|line| line.contains(text));
    let row = place(&shown, &format!("  demo  20/40  {bar}  "));
    assert!(row.is_some() && shown.contains(" confidently wrong  "), "{shown}");
    assert_eq!(screen.cursor(), (true, 0));
    for (columns, text) in
        [(60, "demo  20/40  ██"), (24, "demo  20/40\n"), (200, bar), (50, "20/40  "), (100, bar)]
    {
        screen.resize(columns);
        let shown = screen.once(text.trim_end());
        let lines: Vec<&str> = shown.lines().filter(|line| line.contains("20/40")).collect();
        assert_eq!(lines.len(), 1, "{columns} columns:\n{shown}");
    }
    gate.open();
    screen.once("ended with 1");
    // Nothing is left of the line, and the page begins where it was.
    let page = screen.history();
    assert!(!page.contains('█') && !page.contains('░'), "{page}");
    assert_eq!(place(&page, "demo · m · 40 cases"), row, "{page}");
    assert_eq!(screen.cursor(), (true, 0));
}

#[test]
fn what_is_said_meanwhile_stands_on_a_line_of_its_own() {
    let gate = Gate::after(20);
    let project = Project::at(&gate.server).choices(40);
    let screen = Screen::start(&project, "run --out r", 100, &project.dir.path().join("log"));
    screen.once("demo  20/40");
    screen.press("C-c");
    let shown =
        screen.once("stopping: what is under way has 5 s to end; once more stops at once\n");
    assert!(!shown.contains("at oncefidently"), "{shown}");
    gate.open();
    let shown = screen.once("ended with 3");
    assert!(!shown.contains('█'), "{shown}");
}

#[test]
fn a_fast_run_is_drawn_no_more_often_than_a_slow_one() {
    const CASES: usize = 6000;
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(CASES);
    let log = project.dir.path().join("log");
    let start = Instant::now();
    let screen = Screen::start(&project, "run --out r --cache off", 100, &log);
    screen.once("ended with");
    let elapsed = start.elapsed().as_secs_f64();
    let written = std::fs::read_to_string(&log).unwrap();
    let pictures = written.matches("confidently wrong  ").count();
    // It took long enough to be seen, and was drawn eight times a second at most.
    assert!(pictures > 0, "{written}");
    let most = elapsed * 8.0 + 1.0;
    assert!(
        f64::from(u32::try_from(pictures).unwrap()) <= most,
        "{pictures} pictures in {elapsed} s"
    );
    // Each is a line, and there is nothing between them.
    let drawn = written.split_once("\r  demo  ").unwrap().1.rsplit_once("\x1b[J\r").unwrap().0;
    assert!(drawn.chars().count() < (pictures + 1) * 110, "{drawn:?}");
    assert!(!written.contains("\x1b[?25l"), "the cursor is hidden");
}
