//! How long the statistics take: `cargo bench --bench statistics [PYTHON]`.
//!
//! The scorecard of 10,000 answers with its bootstrap, every metric of 1,000,000 answers with the
//! memory that takes, their smooth calibration error, and the whole command on a file of them; the
//! best of five each. Where PYTHON (`python3` unless named) has numpy, scikit-learn and relplot, it
//! does what it has of this on the same answers in the same run (its bootstraps once), and the ratios
//! are printed.

use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use overclaim::score::{Items, Threshold, smooth_ece};
use overclaim::scorecard::{Answered, Columns, EveryMetric, Scored, SourceCard};

/// Answers of the scorecard, and of the metrics.
const SMALL: usize = 10_000;
const LARGE: usize = 1_000_000;

/// Best of so many.
const TIMES: usize = 5;

fn main() {
    // Cargo hands on `--bench` and the like; a word is the interpreter.
    let python = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let python = python.unwrap_or_else(|| "python3".to_owned());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{threads} threads, the best of {TIMES}");
    let ours = ours();
    let theirs = theirs(&python);
    println!("{:<56}{:>10}{:>11}{:>8}", "", "overclaim", "Python", "ratio");
    for (name, seconds, counterpart) in ours {
        let theirs = theirs.as_ref().ok().and_then(|theirs| Some(theirs[counterpart?]));
        let other = theirs.map_or("-".to_owned(), |seconds| format!("{seconds:.3} s"));
        let ratio = theirs.map_or("-".to_owned(), |theirs| format!("{:.1}", theirs / seconds));
        println!("{name:<56}{:>10}{other:>11}{ratio:>8}", format!("{seconds:.3} s"));
    }
    match theirs {
        Ok(_) => {
            println!("Python: {python} with numpy, scikit-learn and relplot, the same answers");
        }
        Err(why) => println!("without Python: {why}"),
    }
    if let Some(peak) = peak_mb() {
        println!("peak memory of this process: {peak:.0} MB");
    }
}

/// What is timed, in seconds, and the number of Python's time for the same, if it has one.
fn ours() -> Vec<(&'static str, f64, Option<usize>)> {
    // The large ones first: their memory is the peak.
    let (confidence, correct) = answers(LARGE);
    let sorted = best(|| Items::new(confidence.clone(), correct.clone()).expect("in range"));
    let items = Items::new(confidence.clone(), correct.clone()).expect("in range");
    let every = best(|| EveryMetric::of(&items));
    let smooth = best(|| smooth_ece(&items));
    let common = best(|| {
        use overclaim::score::{Clip, auroc, brier, log_loss};
        let items = Items::new(confidence.clone(), correct.clone()).expect("in range");
        (brier(&items), auroc(&items), log_loss(&items, Clip::DEFAULT))
    });
    if let Some(peak) = peak_mb() {
        println!("peak memory after every metric of 1,000,000: {peak:.0} MB");
    }
    let card = |in_a_cluster| {
        let small = scored(SMALL, in_a_cluster);
        best(|| SourceCard::of("stated", &small, std::collections::BTreeMap::new()))
    };
    let rows = tempfile::NamedTempFile::new().expect("a disk");
    write(rows.path(), &confidence, &correct);
    vec![
        ("scorecard of 10,000 in clusters of 5, 2,000 resamples", card(5), Some(0)),
        ("scorecard of 10,000 on their own, 2,000 resamples", card(1), Some(1)),
        ("every metric of 1,000,000, sorting included", every + sorted, None),
        ("Brier, AUROC and log loss of 1,000,000, with sorting", common, Some(2)),
        ("smooth ECE of 1,000,000, sorting included", smooth + sorted, Some(3)),
        ("smooth ECE of 1,000,000 calibrated ones, already sorted", calibrated(), None),
        ("sorting 1,000,000", sorted, None),
        ("`overclaim score` of a file of 1,000,000 rows", best(|| score(rows.path())), None),
    ]
}

/// Seconds for a small error, which needs a finer grid.
fn calibrated() -> f64 {
    let mut random = SplitMix(7);
    let answer = |_| {
        let confidence = random.uniform();
        (confidence, random.uniform() < confidence)
    };
    let (confidence, correct) = (0..LARGE).map(answer).unzip();
    let items = Items::new(confidence, correct).expect("in range");
    best(|| smooth_ece(&items))
}

/// The answers as JSONL.
fn write(path: &Path, confidence: &[f64], correct: &[bool]) {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a disk"));
    for (index, (confidence, correct)) in confidence.iter().zip(correct).enumerate() {
        writeln!(
            file,
            r#"{{"id": "{index}", "confidence": {confidence:.6}, "correct": {correct}}}"#
        )
        .expect("a disk");
    }
}

/// The whole command.
fn score(rows: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overclaim"));
    let command = command.arg("score").arg(rows).arg("--json");
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Seconds of the best run.
fn best<T>(mut run: impl FnMut() -> T) -> f64 {
    let timed = |_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed().as_secs_f64()
    };
    (0..TIMES).map(timed).fold(f64::INFINITY, f64::min)
}

/// Answers of an overconfident model, continuous confidences.
fn answers(n: usize) -> (Vec<f64>, Vec<bool>) {
    let mut random = SplitMix(20_261_128);
    (0..n)
        .map(|_| {
            let confidence = random.uniform().sqrt();
            (confidence, random.uniform() < 0.2 + 0.6 * confidence)
        })
        .unzip()
}

/// The same in clusters.
fn scored(n: usize, in_a_cluster: usize) -> Scored {
    let (confidence, correct) = answers(n);
    let mut columns = Columns::default();
    for (index, (confidence, correct)) in confidence.into_iter().zip(correct).enumerate() {
        let case = format!("case-{}", index / in_a_cluster);
        let name = Some(case.as_str());
        let answer =
            Answered { case: name, cluster: name, tags: &[], confidence, correct, threshold: None };
        columns.push(answer);
    }
    columns.finish(Threshold::new(0.8).expect("in range")).expect("in range")
}

/// Seconds of Python: both bootstraps, scikit-learn's three scores, relplot's smooth ECE.
fn theirs(python: &str) -> Result<Vec<f64>, String> {
    let script = Command::new(python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut script = script.map_err(|error| format!("{python}: {error}"))?;
    let mut input = script.stdin.take().ok_or("no pipe")?;
    for n in [SMALL, LARGE] {
        let (confidence, correct) = answers(n);
        let bytes: Vec<u8> = confidence.iter().flat_map(|c| c.to_le_bytes()).collect();
        let flags: Vec<u8> = correct.iter().map(|right| u8::from(*right)).collect();
        // A script that has ended has said why on standard error.
        if input.write_all(&bytes).and_then(|()| input.write_all(&flags)).is_err() {
            break;
        }
    }
    drop(input);
    let output = script.wait_with_output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let seconds: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    if seconds.len() == 4 {
        return Ok(seconds);
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(format!("{python}: {}", told.lines().last().unwrap_or("no times")))
}

/// Reads the answers, prints four times.
const SCRIPT: &str = r#"
import sys, time
import numpy as np
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
import relplot

SMALL, LARGE, TIMES = 10_000, 1_000_000, 5

def read(n):
    c = np.frombuffer(sys.stdin.buffer.read(8 * n), dtype="<f8").copy()
    y = np.frombuffer(sys.stdin.buffer.read(n), dtype=np.uint8).astype(int)
    return c, y

def best(run, times=TIMES):
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        spent.append(time.perf_counter() - start)
    return min(spent)

small, large = read(SMALL), read(LARGE)

def bootstrap(c, y, size, draws=2000):
    clusters = np.arange(len(c)) // size
    members = [np.flatnonzero(clusters == g) for g in range(clusters[-1] + 1)]
    random = np.random.default_rng(1)
    found = []
    for _ in range(draws):
        rows = np.concatenate([members[g] for g in random.integers(0, len(members), len(members))])
        cc, yy = c[rows], y[rows]
        found.append((yy.mean(), np.mean((cc - yy) ** 2), cc.mean() - yy.mean(),
                      roc_auc_score(yy, cc), np.mean((cc >= 0.8) & (yy == 0))))
    return np.percentile(np.array(found), [2.5, 97.5], axis=0)

def common(c, y):
    return brier_score_loss(y, c), roc_auc_score(y, c), log_loss(y, c)

usual = best(lambda: common(*large))
smooth = best(lambda: relplot.smECE(large[0], large[1]))
resampled = [best(lambda: bootstrap(*small, size), 1) for size in (5, 1)]
print(*resampled, usual, smooth)
"#;

/// The most memory that this process has had, in MB; none where the system does not tell.
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kb: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb / 1024.0)
}

struct SplitMix(u64);

impl SplitMix {
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
