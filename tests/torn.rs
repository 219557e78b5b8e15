//! Run directories as a power cut, a full disk or a careless hand leaves them: each is gone on with and
//! ends as a run that nobody disturbed, or is refused with a remedy that works.

mod support;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use support::Server;
use support::project::{Project, code, mostly_right, text};

const CASES: usize = 8;

/// A finished run in `whole`.
struct Torn {
    server: Server,
    project: Project,
    journal: Vec<u8>,
    header: String,
    scorecard: String,
}

impl Torn {
    fn new() -> Torn {
        let server = Server::new(mostly_right);
        let project = Project::at(&server).choices(CASES);
        let args = ["run", "suites/demo.yaml", "--out", "whole", "--cache", "off"];
        assert_eq!(code(&project.run(&args)), 1);
        let (journal, header) =
            (project.read("whole/records.jsonl"), project.read("whole/run.json"));
        let scorecard = project.read("whole/scorecard.json");
        Torn { server, project, journal: journal.into_bytes(), header, scorecard }
    }

    /// The journal's lines with their ends.
    fn lines(&self) -> Vec<&[u8]> {
        self.journal.split_inclusive(|byte| *byte == b'\n').collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.project.dir.path().join("out").join(name)
    }

    /// A directory `out` with the header and this journal.
    fn leave(&self, journal: &[u8]) {
        let _ = fs::remove_dir_all(self.path(""));
        fs::create_dir(self.path("")).unwrap();
        fs::write(self.path("run.json"), &self.header).unwrap();
        fs::write(self.path("records.jsonl"), journal).unwrap();
    }

    /// Goes on with it: asks so many questions, and ends as the whole run.
    fn goes_on(&self, asked: usize, told: &str) {
        let before = self.server.calls();
        let output = self.project.run(&["run", "--resume", "out"]);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 1, "{told}: {said}");
        assert_eq!(self.server.calls() - before, asked, "{told}: {said}");
        assert_eq!(self.project.read("out/scorecard.json"), self.scorecard, "{told}");
        assert_eq!(code(&self.project.run(&["report", "out"])), 1, "{told}");
    }

    /// What `--resume` says that asks nothing and changes nothing.
    fn refused(&self) -> String {
        let before = (self.server.calls(), fs::read(self.path("records.jsonl")).ok());
        let output = self.project.run(&["run", "--resume", "out"]);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 2, "{said}");
        let after = (self.server.calls(), fs::read(self.path("records.jsonl")).ok());
        assert_eq!(after, before, "{said}");
        // What is wrong, without the system's own words.
        said.lines().find(|line| line.starts_with("error: ")).unwrap().to_owned()
    }
}

#[test]
fn a_journal_goes_on_wherever_it_was_cut() {
    let torn = Torn::new();
    let lines = torn.lines();
    let (last, before) = (lines[CASES - 1].len(), lines[CASES - 2].len());
    let end = torn.journal.len();
    for cut in [1, 2, last / 2, last - 1, last, last + 1, last + before / 2, last + before - 1] {
        torn.leave(&torn.journal[..end - cut]);
        // A line is whole with its end, and not a byte before.
        let lost = if cut <= last { 1 } else { 2 };
        torn.goes_on(lost, &format!("cut by {cut}"));
    }
}

#[test]
fn what_stands_behind_the_last_line_is_no_line() {
    let torn = Torn::new();
    let five = torn.lines()[..5].concat();
    // Whole blocks that were given to the file and never written.
    let blocks = vec![0; 70_000];
    let garbage: [&[u8]; 6] = [b"{", b"garbage", b"\xff\xfe\x80", &[0], &blocks[..4096], &blocks];
    for garbage in garbage {
        torn.leave(&[&five, garbage].concat());
        torn.goes_on(CASES - 5, &format!("{} bytes of garbage", garbage.len()));
        let journal = fs::read(torn.path("records.jsonl")).unwrap();
        assert!(journal.starts_with(&five) && !journal.contains(&0), "it is gone");
    }
}

/// Blocks need not reach the disk in order: before a later line there may be a hole of NUL bytes,
/// which swallows the ends of lines.
#[test]
fn a_hole_in_the_journal_is_what_was_not_finished() {
    let torn = Torn::new();
    let lines = torn.lines();
    let start = |line: usize| lines[..line].iter().map(|line| line.len()).sum::<usize>();
    let inside = |line: usize| start(line) + lines[line].len() / 2;
    for (from, to, lost) in [
        // In the middle of one line, over the end of one, over more, and from the beginning.
        (inside(3), inside(3) + 8, 1),
        (inside(3), inside(4), 2),
        (inside(1), inside(5), 5),
        (0, inside(0), 1),
        (start(2), start(4), 3),
        (inside(6), torn.journal.len(), 2),
    ] {
        let mut journal = torn.journal.clone();
        journal[from..to].fill(0);
        torn.leave(&journal);
        let told = format!("a hole from {from} to {to}");
        let shown = torn.project.run(&["report", "out", "--format", "json"]);
        assert_eq!(code(&shown), 3, "{told}: {}", text(&shown.stderr));
        torn.goes_on(lost, &told);
        // And what is there now is read as any run is.
        assert_eq!(code(&torn.project.run(&["compare", "whole", "out"])), 0, "{told}");
    }
}

#[test]
fn a_line_that_is_no_record_is_refused_and_the_remedy_works() {
    let torn = Torn::new();
    let lines = torn.lines();
    torn.leave(&[&lines[..3].concat(), &b"{\"index\": 3}\n"[..], &lines[4..].concat()].concat());
    insta::assert_snapshot!(torn.refused(), @"error: out/records.jsonl:4: not a record of this run: missing field `trial` at line 1 column 12; without this line its trial is asked again by `overclaim run --resume out`");
    let foreign =
        String::from_utf8(lines[3].to_vec()).unwrap().replacen("\"index\":", "\"index\":9", 1);
    torn.leave(&[&lines[..3].concat(), foreign.as_bytes(), &lines[4..].concat()].concat());
    let said = torn.refused();
    assert!(
        said.contains("out/records.jsonl:4: not a record of this run: it is of trial 9"),
        "{said}"
    );
    for args in
        [&["report", "out"][..], &["compare", "out", "whole"], &["merge", "new", "out", "whole"]]
    {
        let output = torn.project.run(args);
        assert_eq!(code(&output), 2);
        assert!(text(&output.stderr).contains("out/records.jsonl:4: not a record of this run: "));
    }
    torn.leave(&[&lines[..3].concat()[..], &lines[4..].concat()].concat());
    torn.goes_on(1, "without the line");
}

#[test]
fn an_empty_journal_and_leftovers_are_a_run_of_which_nothing_is_finished() {
    let torn = Torn::new();
    torn.leave(b"");
    for name in ["run.json.4711.tmp", "scorecard.json.4711.tmp", "operations.json.4711.tmp"] {
        fs::write(torn.path(name), "{\"form").unwrap();
    }
    torn.goes_on(CASES, "an empty journal");
    // All is finished, but for the documents.
    torn.leave(&torn.journal);
    fs::write(torn.path("scorecard.json"), "{\"half\": ").unwrap();
    fs::write(torn.path("operations.json"), "{\"half\": ").unwrap();
    torn.goes_on(0, "documents of which a part is there");
    assert_eq!(torn.project.json("out/operations.json")["ending"], "complete");
}

#[test]
fn of_two_records_of_one_trial_the_first_counts() {
    let torn = Torn::new();
    let lines = torn.lines();
    let mut other: Value = serde_json::from_slice(lines[0]).unwrap();
    (other["outcome"], other["answer"]) = ("incorrect".into(), "B".into());
    let other = other.to_string() + "\n";
    torn.leave(&[&lines[..4].concat(), other.as_bytes(), lines[1]].concat());
    torn.goes_on(CASES - 4, "two records of two trials");
}

#[test]
fn a_directory_without_a_header_is_no_run_and_in_nobodys_way() {
    let torn = Torn::new();
    torn.leave(&torn.journal);
    // A header is there whole or not at all; a part of it was not left by us.
    fs::write(torn.path("run.json"), &torn.header[..torn.header.len() / 2]).unwrap();
    let said = torn.refused();
    assert!(said.starts_with("error: out/run.json:9: not a run's header: EOF"), "{said}");
    let remedy =
        "no run to go on with; start a new one: replies that are stored are not asked for again";
    assert!(said.contains(remedy), "{said}");
    fs::remove_file(torn.path("run.json")).unwrap();
    assert!(torn.refused().contains(remedy));
    let run =
        |out: &str| torn.project.run(&["run", "suites/demo.yaml", "--out", out, "--cache", "off"]);
    // Records without a header may be somebody's: they are not written over.
    let output = run("out");
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("the directory holds a run already; choose another"));
    assert_eq!(fs::read(torn.path("records.jsonl")).unwrap(), torn.journal);
    // An empty directory, and one whose run ended before it began.
    for leftovers in [&[][..], &["records.jsonl"], &["records.jsonl", "run.json.4711.tmp"]] {
        fs::remove_dir_all(torn.path("")).unwrap();
        fs::create_dir(torn.path("")).unwrap();
        for name in leftovers {
            fs::write(torn.path(name), "").unwrap();
        }
        assert!(torn.refused().contains(remedy));
        let output = run("out");
        assert_eq!(code(&output), 1, "{leftovers:?}: {}", text(&output.stderr));
        assert_eq!(torn.project.read("out/scorecard.json"), torn.scorecard);
    }
    // A header without its journal: the journal is made first, so it was taken away.
    fs::remove_file(torn.path("records.jsonl")).unwrap();
    let said = torn.refused();
    assert!(said.contains("out/records.jsonl: cannot be written: "), "{said}");
    assert!(said.contains("start a new run: replies that are stored"), "{said}");
}
