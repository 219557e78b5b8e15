//! Datasets at size: `cargo bench --bench datasets [ROWS]`, 20,000 by default.
//!
//! Writes the same rows (a question of a hundred characters, four choices, an answer, an id) in
//! every format, and prints how long `overclaim check` of a suite over them takes, the best of
//! five, and the memory it takes at most, which GNU time tells where it is installed.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::json;

fn main() {
    let rows = std::env::args().find_map(|word| word.parse().ok());
    let rows: usize = rows.unwrap_or(20_000);
    let dir = tempfile::Builder::new().prefix("overclaim-bench").tempdir().expect("a disk");
    write(dir.path(), rows);
    println!("{rows} rows");
    let listed = "";
    let columns = ", choices: [\"{{ a }}\", \"{{ b }}\", \"{{ c }}\", \"{{ d }}\"]";
    let sample = format!(", sample: {}, seed: 7", rows / 100);
    for (name, file, choices, order) in [
        ("jsonl", "rows.jsonl", listed, ""),
        ("json", "rows.json", listed, ""),
        ("csv", "rows.csv", columns, ""),
        ("tsv", "rows.tsv", columns, ""),
        ("jsonl shuffled", "rows.jsonl", listed, ", shuffle: true"),
        ("json shuffled", "rows.json", listed, ", shuffle: true"),
        ("csv shuffled", "rows.csv", columns, ", shuffle: true"),
        ("json, a hundredth", "rows.json", listed, sample.as_str()),
        ("csv, a hundredth", "rows.csv", columns, sample.as_str()),
    ] {
        fs::write(dir.path().join("suite.yaml"), suite(file, choices, order)).expect("a suite");
        measure(name, dir.path());
    }
}

fn suite(file: &str, choices: &str, order: &str) -> String {
    format!(
        "suite: bench\nendpoints: [model]\n\
         dataset: {{from: {file}, id: \"{{{{ id }}}}\"{choices}{order}}}\n\
         prompt: |\n  {{{{ question }}}}\n  \
         {{% for choice in choices %}}{{{{ loop.index | letter }}}}. {{{{ choice }}}}\n  {{% endfor %}}\n\
         grade: {{choice: \"{{{{ answer }}}}\"}}\n\
         confidence: [choice_logprob]\n\
         parameters: {{temperature: 0, max_tokens: 4}}\n\
         budget:\n  confident_wrong: {{max_rate: 5%}}\n"
    )
}

/// The rows in every format, and the configuration.
fn write(dir: &Path, rows: usize) {
    let mut texts = [const { String::new() }; 4];
    texts[2] += "id,question,a,b,c,d,answer\n";
    texts[3] += "id\tquestion\ta\tb\tc\td\tanswer\n";
    for number in 0..rows {
        let id = format!("bench-{number:06}");
        let question = format!(
            "In a study of {number} towns, which of these, \"if any\", is the most probable cause of the effect?"
        );
        let [a, b, c, d] = ["rainfall in", "a lack of", "the price of", "no change of"]
            .map(|start| format!("{start} item {}", number % 997));
        let answer = ["A", "B", "C", "D"][number % 4];
        let row =
            json!({"id": id, "question": question, "choices": [a, b, c, d], "answer": answer});
        writeln!(texts[0], "{row}").expect("memory");
        let (comma, end) = (
            if number == 0 { "[\n  " } else { "  " },
            if number + 1 == rows { "\n]" } else { "," },
        );
        writeln!(texts[1], "{comma}{row}{end}").expect("memory");
        let quoted = question.replace('"', "\"\"");
        let quoted = format!("\"{quoted}\"");
        let cells = [&id, &quoted, &a, &b, &c, &d].map(String::as_str);
        for (text, by) in [(2, ","), (3, "\t")] {
            writeln!(texts[text], "{}{by}{answer}", cells.join(by)).expect("memory");
        }
    }
    for (name, text) in ["rows.jsonl", "rows.json", "rows.csv", "rows.tsv"].iter().zip(texts) {
        fs::write(dir.join(name), text).expect("a disk");
    }
    let config =
        "endpoints:\n  model: {wire: openai-chat, base_url: \"http://127.0.0.1:9/v1\", model: m}\n";
    fs::write(dir.join("overclaim.yaml"), config).expect("a disk");
}

fn measure(name: &str, dir: &Path) {
    let binary = env!("CARGO_BIN_EXE_overclaim");
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        let mut command = Command::new(binary);
        run(command.args(["check", "suite.yaml"]).current_dir(dir));
        best = best.min(start.elapsed().as_secs_f64());
    }
    let memory = fs::exists("/usr/bin/time").unwrap_or(false).then(|| {
        let mut command = Command::new("/usr/bin/time");
        command.args(["-f", "%M", "-o", "memory", binary, "check", "suite.yaml"]);
        run(command.current_dir(dir));
        let kilobytes = fs::read_to_string(dir.join("memory")).expect("what time said");
        kilobytes.trim().parse::<f64>().expect("a number") / 1e3
    });
    let memory = memory.map_or_else(|| "?".into(), |memory| format!("{memory:.1}"));
    println!("{name:<20} {best:.3} s {memory:>8} MB at most");
}

fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).status().expect("it starts");
    assert!(status.success(), "the suite is not valid");
}
