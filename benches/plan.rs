//! What comes before the first call: `cargo bench --bench plan [ROWS]`, 1,000,000 by default.
//!
//! Writes suites over a hundredth of the rows, a tenth and all of them (JSONL; a question of a
//! hundred characters, four choices, an answer, an id), and prints for each
//!
//! - `check`: the one walk over the dataset that a run makes before its first call, which checks
//!   all rows and counts and hashes the trials;
//! - `trials`: the walk that asks, as far as the plan goes: rows are read and rendered again, and
//!   requests built.
//!
//! Each is the best of three processes of its own. Processor time is that of all threads; on a
//! machine that does other things it says more than the time on the wall. Peak memory and processor
//! time are told on Linux.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use std::{env, fs};

use overclaim::ask::Target;
use overclaim::plan::{Asked, Extent, Plan, Selection};
use overclaim::suite::{Findings, Suite};
use serde_json::json;

fn main() {
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let [what, path] = words.as_slice() {
        return alone(what, Path::new(path));
    }
    let rows: usize = words.iter().find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let dir = tempfile::Builder::new().prefix("overclaim-bench").tempdir().expect("a disk");
    println!(
        "{:<8}{:>10}{:>10}{:>12}{:>12}{:>12}{:>10}",
        "walk", "rows", "s", "rows/s", "µs/row", "µs CPU/row", "MB"
    );
    for rows in [rows / 100, rows / 10, rows] {
        let path = dir.path().join(format!("{rows}.yaml"));
        write(&path, rows);
        for what in ["check", "trials"] {
            let runs = (0..3).map(|_| measure(what, &path));
            let best = runs.min_by(|one, other| one.seconds.total_cmp(&other.seconds));
            let Some(Measured { seconds, processor, megabytes }) = best else { continue };
            let n = f64::from(u32::try_from(rows).expect("fewer than 4 billion rows"));
            println!(
                "{what:<8}{rows:>10}{seconds:>10.2}{:>12.0}{:>12.2}{:>12.2}{megabytes:>10.1}",
                n / seconds,
                seconds / n * 1e6,
                processor / n * 1e6
            );
        }
    }
}

struct Measured {
    seconds: f64,
    processor: f64,
    megabytes: f64,
}

/// One walk in a process of its own.
fn measure(what: &str, path: &Path) -> Measured {
    let this = env::current_exe().expect("this bench is a file");
    let output = Command::new(this).arg(what).arg(path).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("numbers");
    let numbers: Vec<f64> =
        text.split_whitespace().map(|word| word.parse().expect("a number")).collect();
    Measured { seconds: numbers[0], processor: numbers[1], megabytes: numbers[2] }
}

/// Walks once, and prints seconds, seconds of processors, and peak memory in MB.
fn alone(what: &str, path: &Path) {
    let mut findings = Findings::default();
    let suite = Suite::load(path, &mut findings).expect("a suite");
    let target = Target {
        wire: "openai-chat/1".into(),
        url: "http://127.0.0.1:9/v1/chat/completions".into(),
        model: "m".into(),
        max_completion_tokens: false,
        headers: BTreeMap::new(),
    };
    let name: Arc<str> = "model".into();
    let all = Selection::default();
    let start = Instant::now();
    let trials = if what == "check" {
        Extent::survey(&suite, &[name], &all, None, &mut findings).1.trials
    } else {
        let target = Arc::new(target);
        let asked = Asked { name, target, extra: BTreeMap::new(), price: None };
        Plan::new(&suite, vec![asked], all, None).expect("a plan").trials().count()
    };
    let seconds = start.elapsed().as_secs_f64();
    assert!(trials > 0 && findings.as_slice().is_empty(), "{findings:?}");
    println!("{seconds} {} {}", processor_seconds(), peak_megabytes());
}

/// Time of all threads, in the kernel too.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may hold blanks; ticks are hundredths of a second.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn peak_megabytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) * 1024.0 / 1e6
}

fn write(path: &Path, rows: usize) {
    let mut text = String::new();
    for number in 0..rows {
        let question = format!(
            "In a study of {number} towns, which of these, \"if any\", is the most probable cause of the effect?"
        );
        let choices = ["rainfall in", "a lack of", "the price of", "no change of"]
            .map(|start| format!("{start} item {}", number % 997));
        let answer = ["A", "B", "C", "D"][number % 4];
        let row = json!({"id": format!("q-{number:07}"), "question": question,
            "choices": choices, "answer": answer});
        writeln!(text, "{row}").expect("memory");
    }
    let data = path.with_extension("jsonl");
    fs::write(&data, text).expect("a disk");
    let suite = format!(
        "suite: bench\nendpoints: [model]\n\
         dataset: {{from: {}, id: \"{{{{ id }}}}\"}}\n\
         prompt: |\n  {{{{ question }}}}\n  \
         {{% for choice in choices %}}{{{{ loop.index | letter }}}}. {{{{ choice }}}}\n  {{% endfor %}}\n\
         grade: {{choice: \"{{{{ answer }}}}\"}}\n\
         confidence: [choice_logprob]\n\
         parameters: {{temperature: 0, max_tokens: 4}}\n\
         budget:\n  confident_wrong: {{max_rate: 5%}}\n",
        data.file_name().and_then(|name| name.to_str()).expect("a name")
    );
    fs::write(path, suite).expect("a disk");
}
