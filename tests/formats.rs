//! Every format of a run tells the same numbers as its `scorecard.json` and `decision.json`: each is
//! parsed as its readers parse it, and held against them.

#[path = "formats/changes.rs"]
mod changes;
mod support;

use std::collections::{BTreeMap, BTreeSet};

use changes::changes;
use serde_json::Value;
use support::project::{Project, code, text};
use support::samples::samples;
use support::xml::{Element, parse, validate};

/// A run with its documents, and its formats as they are asked for.
struct Told<'a> {
    project: &'a Project,
    run: &'a str,
    header: Value,
    scorecard: Value,
    decision: Value,
    operations: Value,
}

impl Told<'_> {
    fn of<'a>(project: &'a Project, run: &'a str) -> Told<'a> {
        let json = |name: &str| project.json(&format!("{run}/{name}.json"));
        Told {
            project,
            run,
            header: json("run"),
            scorecard: json("scorecard"),
            decision: json("decision"),
            operations: json("operations"),
        }
    }

    fn report(&self, args: &[&str]) -> String {
        let shown = self.project.run(&[&["report", self.run][..], args].concat());
        let exit = i32::try_from(self.decision["exit_code"].as_u64().unwrap()).unwrap();
        assert_eq!(code(&shown), exit, "{} {args:?}: {}", self.run, text(&shown.stderr));
        text(&shown.stdout)
    }

    fn lines(&self) -> &[Value] {
        self.decision["lines"].as_array().unwrap()
    }

    fn fails(&self, line: &Value) -> bool {
        match line["verdict"].as_str().unwrap() {
            "fail" => true,
            "undecided" => self.header["budget"]["undecided"] == "fail",
            "not_measured" => self.header["budget"]["not_measured"] == "fail",
            _ => false,
        }
    }

    fn failing(&self) -> usize {
        self.lines().iter().filter(|line| self.fails(line)).count()
    }

    /// Where it stands against the accepted state; none where nothing was accepted.
    fn changes(&self) -> Option<Value> {
        let name = format!("{}/changes.json", self.run);
        self.project.dir.path().join(&name).is_file().then(|| self.project.json(&name))
    }

    /// Names of the endpoints with their cards.
    fn cards(&self) -> Vec<(&str, &Value)> {
        let names = self.header["endpoints"].as_array().unwrap().iter();
        let cards = self.scorecard["endpoints"].as_array().unwrap();
        names.map(|asked| asked["name"].as_str().unwrap()).zip(cards).collect()
    }
}

/// Confident wrong answers, and of how many; none in a suite without confidence methods.
fn confident_wrong(card: &Value) -> Option<(usize, usize)> {
    let source = card["sources"].get(0)?;
    let at = source["confident_wrong"].as_object()?.values().next()?;
    Some((count(&at["wrong"]), count(&source["n"])))
}

fn count(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap_or_else(|| panic!("{value}"))).unwrap()
}

/// The numbers in a text, as written.
fn numbers(text: &str) -> Vec<&str> {
    let number = |c: char| !(c.is_ascii_digit() || c == '.');
    text.split(number).map(|part| part.trim_matches('.')).filter(|part| !part.is_empty()).collect()
}

/// Whether a number is this value, rounded to as many places as were written.
fn is(written: &str, value: f64) -> bool {
    let places = written.split_once('.').map_or(0, |(_, places)| places.len());
    // A percentage leaves out the last 0.
    let half = 0.5 * 0.1_f64.powi(i32::try_from(places.max(usize::from(value >= 1.0))).unwrap());
    (written.parse::<f64>().unwrap() - value).abs() <= half.max(0.05) + 1e-9
        && (written.parse::<f64>().unwrap() - value).abs()
            <= 0.5 * 0.1_f64.powi(i32::try_from(places).unwrap()) + 1e-9
}

/// Cells of the rows of Markdown tables, the heads included.
fn rows(markdown: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let line = line.replace("\\|", "\u{1}");
        let inner = line.trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
    };
    markdown.lines().filter(|line| line.starts_with('|')).map(cells).collect()
}

fn markdown(told: &Told<'_>) {
    let page = told.report(&["--format", "markdown"]);
    assert_eq!(page, told.project.read(&format!("{}/summary.md", told.run)), "{}", told.run);
    let rows = rows(&page);
    let several = told.cards().len() > 1;
    let skip = usize::from(several);
    let head = rows.iter().position(|row| row.iter().any(|cell| cell == "verdict")).unwrap();
    let mut lines: Vec<&Value> = told.lines().iter().collect();
    lines.sort_by_key(|line| !told.fails(line));
    let html = told.project.read(&format!("{}/report.html", told.run));
    let mut reasons = Vec::new();
    for (line, row) in lines.iter().zip(&rows[head + 2..]) {
        let [_, measured, of, verdict] = &row[skip..] else { panic!("{row:?}") };
        assert_eq!(verdict.contains("**fails**"), told.fails(line), "{row:?}");
        let mut values = vec![&line["estimate"]];
        values.extend(line["interval"].as_array().into_iter().flatten());
        let values: Vec<f64> = values.iter().filter_map(|value| value.as_f64()).collect();
        let parts = measured.replace(" (", " to ");
        let written: Vec<&str> = parts.split(" to ").filter(|part| *part != "–").collect();
        assert_eq!(written.len(), values.len(), "{row:?} {line}");
        for (part, value) in written.iter().zip(values) {
            let scale = match part {
                part if part.contains('%') => 100.0,
                part if part.contains(" ms") => 1000.0,
                _ => 1.0,
            };
            let [written] = numbers(part)[..] else { panic!("{row:?}") };
            let small = part.contains('<') && value < 0.001;
            // From 10 ms on they are whole.
            let off = (written.parse::<f64>().unwrap() - value * scale).abs();
            let is = small || is(written, value * scale) || part.contains(" ms") && off <= 0.5;
            assert!(is, "{}: {part} is not {value}: {row:?}", told.run);
        }
        if let Some(estimate) = written.first() {
            let drawn = estimate.strip_suffix(')').unwrap_or(estimate).replace('<', "&lt;");
            assert!(html.contains(&drawn), "the page does not draw {drawn}: {row:?}");
        }
        if line["verdict"] != "pass" {
            let which = if several { format!("{} {}", row[0], row[1]) } else { row[0].clone() };
            reasons.push(format!("- {which}: "));
        }
        if let Some(n) = numbers(of).last() {
            assert_eq!(n.parse::<usize>().unwrap(), count(&line["n"]), "{row:?} {line}");
        }
    }
    let told_reasons: Vec<&str> = page.lines().filter(|line| line.starts_with("- ")).collect();
    assert_eq!(told_reasons.len(), reasons.len(), "{page}");
    for (told, reason) in told_reasons.iter().zip(&reasons) {
        assert!(told.starts_with(reason), "{told} is not of {reason}");
    }
    let head = rows.iter().position(|row| row.contains(&"Brier".to_owned())).unwrap();
    for ((name, card), row) in told.cards().into_iter().zip(&rows[head + 2..]) {
        assert_eq!(row[0], format!("`{name}`"));
        let of = |cell: &str| -> Vec<usize> {
            numbers(cell).iter().take(2).map(|number| number.parse().unwrap()).collect()
        };
        match confident_wrong(card) {
            Some((wrong, n)) => assert_eq!(of(&row[2]), [wrong, n], "{row:?}"),
            None => assert_eq!(row[2], "–"),
        }
        for (cell, rate) in [(3, "accuracy"), (4, "coverage")] {
            assert_eq!(of(&row[cell]), [count(&card[rate]["count"]), count(&card[rate]["n"])]);
        }
        for (cell, name) in [(5, "brier"), (6, "ks_calibration_error"), (7, "auroc")] {
            match card["sources"].get(0).and_then(|source| source[name].as_f64()) {
                Some(value) => assert!(is(&row[cell], value), "{row:?} {name} {value}"),
                None => assert_eq!(row[cell], "–"),
            }
        }
    }
}

fn suites(told: &Told<'_>, per: &str) -> Element {
    let document = told.report(&["--format", "junit", "--junit-per", per]);
    let root = parse(&document);
    let path = told.project.dir.path().join(format!("{per}.xml"));
    std::fs::write(&path, &document).unwrap();
    validate(&[&path]);
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for suite in root.named("testsuite") {
        let cases: Vec<&Element> = suite.named("testcase").collect();
        let with = |name: &str| cases.iter().filter(|case| case.named(name).count() == 1).count();
        assert_eq!(suite.number("tests"), cases.len());
        for (attribute, element) in
            [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]
        {
            assert_eq!(suite.number(attribute), with(element), "{} {attribute}", told.run);
        }
        tests += cases.len();
        failures += with("failure");
        errors += with("error");
        let mut names: Vec<(&str, &str)> =
            cases.iter().map(|case| (case.get("classname"), case.get("name"))).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), cases.len(), "GitLab takes equal names for one test");
    }
    assert_eq!(
        [root.number("tests"), root.number("failures"), root.number("errors")],
        [tests, failures, errors]
    );
    root
}

fn junit(told: &Told<'_>) {
    let root = suites(told, "budget");
    assert_eq!(
        told.report(&["--format", "junit"]),
        told.project.read(&format!("{}/junit.xml", told.run))
    );
    let unfinished = usize::from(told.decision["complete"] == false) * told.cards().len();
    assert_eq!(root.number("failures"), told.failing(), "{}", told.run);
    assert_eq!(root.number("tests"), told.lines().len() + unfinished);
    assert_eq!(root.number("errors"), unfinished);
    let per_case = suites(told, "case");
    for ((name, card), suite) in told.cards().into_iter().zip(per_case.named("testsuite")) {
        let properties: BTreeMap<&str, &str> = suite
            .named("properties")
            .flat_map(|properties| &properties.children)
            .map(|property| (property.get("name"), property.get("value")))
            .collect();
        assert_eq!(properties["endpoint"], name);
        let wrong = confident_wrong(card);
        assert_eq!(
            properties.get("confident_wrong").map(|wrong| wrong.parse().unwrap()),
            wrong.map(|(wrong, _)| wrong)
        );
        assert_eq!(properties["accuracy"].parse::<f64>().ok(), card["accuracy"]["rate"].as_f64());
        assert_eq!(properties["coverage"].parse::<f64>().ok(), card["coverage"]["rate"].as_f64());
        let wrong = wrong.map_or_else(|| count(&card["outcomes"]["incorrect"]), |(wrong, _)| wrong);
        assert_eq!(suite.number("failures"), wrong, "{} {name}", told.run);
        let unfinished = unfinished.min(1);
        assert_eq!(suite.number("errors"), count(&card["outcomes"]["failed"]) + unfinished);
        assert_eq!(suite.number("tests"), count(&card["finished"]) + unfinished);
        let passed = suite.number("tests")
            - suite.number("failures")
            - suite.number("errors")
            - suite.number("skipped");
        assert_eq!(passed + wrong, count(&card["coverage"]["count"]), "{} {name}", told.run);
    }
}

fn table(told: &Told<'_>) {
    let table = told.report(&["--format", "csv"]);
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    assert_eq!(table.lines().count(), rows.len() + 1, "a row is a line");
    let asked = told.operations["endpoints"].as_array().unwrap();
    for ((name, card), asked) in told.cards().into_iter().zip(asked) {
        let rows: Vec<_> = rows.iter().filter(|row| row["endpoint"] == name).collect();
        assert_eq!(rows.len(), count(&card["finished"]));
        for (outcome, n) in card["outcomes"].as_object().unwrap() {
            let rows = rows.iter().filter(|row| row["outcome"] == *outcome).count();
            assert_eq!(rows, count(n), "{} {outcome}", told.run);
        }
        if let Some((wrong, n)) = confident_wrong(card) {
            let quadrant = |row: &&&BTreeMap<String, String>| row["quadrant"] == "confident_wrong";
            assert_eq!(rows.iter().filter(quadrant).count(), wrong);
            let graded = rows.iter().filter(|row| !row["quadrant"].is_empty());
            let losses: Vec<f64> = graded
                .map(|row| {
                    let right = f64::from(row["outcome"] == "correct");
                    (row["confidence"].parse::<f64>().unwrap() - right).powi(2)
                })
                .collect();
            assert_eq!(losses.len(), n);
            #[expect(clippy::cast_precision_loss, reason = "a hundred answers")]
            let brier = losses.iter().sum::<f64>() / n as f64;
            assert!((brier - card["sources"][0]["brier"].as_f64().unwrap()).abs() < 1e-12);
        }
        if told.decision["early"].is_null() {
            let sum = |column: &str| -> f64 {
                rows.iter().filter_map(|row| row[column].parse::<f64>().ok()).sum()
            };
            let cost = asked["cost"].as_f64().unwrap_or(0.0);
            assert!((sum("cost") - cost).abs() < 1e-12, "{}: {} {cost}", told.run, sum("cost"));
            #[expect(clippy::cast_precision_loss, reason = "a hundred calls")]
            let attempts = count(&asked["attempts"]) as f64;
            assert!((sum("attempts") - attempts).abs() < 1e-9, "{}", told.run);
        }
    }
}

fn annotations(told: &Told<'_>) {
    let commands = told.report(&["--format", "github"]);
    let kind = |kind: &str| {
        commands.lines().filter(|line| line.starts_with(&format!("::{kind} file="))).count()
    };
    let document: Value = serde_json::from_str(&told.report(&["--format", "json"])).unwrap();
    for name in ["scorecard", "decision", "operations"] {
        assert_eq!(document[name], told.project.json(&format!("{}/{name}.json", told.run)));
    }
    let cases = document["confident_wrong"].as_array().unwrap();
    let cases = cases.iter().filter(|case| case["known_wrong"].is_null()).count();
    assert_eq!(
        [kind("error"), kind("warning"), kind("notice")],
        [told.failing().min(10), cases.min(10), 1]
    );
    assert_eq!(commands.lines().count(), kind("error") + kind("warning") + 1, "{commands}");
    let rest = format!("; {} more cases are confidently wrong", cases.saturating_sub(10));
    assert_eq!(commands.contains(&rest), cases > 10, "{commands}");
    for command in commands.lines().filter(|line| line.starts_with("::warning")) {
        let property = |name: &str| {
            let start = command.find(&format!("{name}=")).unwrap() + name.len() + 1;
            command[start..].split([',', ':']).next().unwrap()
        };
        let line: usize = property("line").parse().unwrap();
        let file = told.project.read(property("file"));
        let written = file.lines().nth(line - 1).unwrap();
        let case = command.split("%3A ").nth(1).unwrap().split("::").next().unwrap();
        assert!(written.contains(&format!("\"{case}\"")), "{written} is not {case}");
    }
}

/// The text of a piece of a page, its entities read.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(tag) = rest.find('<') {
        text.push_str(&rest[..tag]);
        rest = rest[tag..].find('>').map_or("", |end| &rest[tag + end + 1..]);
    }
    text.push_str(rest);
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.into_iter().fold(text, |text, (entity, c)| text.replace(entity, c))
}

/// The pieces of a page between two marks.
fn between<'a>(html: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    html.split(from).skip(1).map(|piece| piece.split(to).next().unwrap()).collect()
}

/// The facts of an endpoint by their names: a list, or a row where there are several endpoints.
fn facts(html: &str, place: usize, several: bool) -> BTreeMap<String, String> {
    if !several {
        let section = between(html, "<section class=\"numbers\"", "</section>")[place];
        let facts = between(section, "<dt>", "</div>").into_iter().map(|fact| {
            let (name, rest) = fact.split_once("</dt>").unwrap();
            (name.to_owned(), plain(rest))
        });
        return facts.collect();
    }
    let table = between(html, "<table class=\"by-endpoint\">", "</table>")[0];
    let names = between(table, "<th scope=\"col\">", "</th>").into_iter().skip(1).map(plain);
    let row = between(table, "<tr class=\"numbers\">", "</tr>")[place];
    // A rate and what stands below it are two texts.
    let cells = between(row, "<td>", "</td>").into_iter().map(|cell| cell.replace("</b>", " "));
    names.zip(cells.map(|cell| plain(&cell))).collect()
}

fn page(told: &Told<'_>) {
    let html = told.report(&["--format", "html"]);
    assert!(html == told.project.read(&format!("{}/report.html", told.run)), "{}", told.run);
    for (place, (_, card)) in told.cards().into_iter().enumerate() {
        let facts = facts(&html, place, told.cards().len() > 1);
        let holds = |name: &str, values: &[Option<f64>]| {
            let told = facts.get(name).unwrap_or_else(|| panic!("no {name} in {facts:?}"));
            for value in values.iter().flatten() {
                let written = numbers(told).into_iter().any(|number| is(number, value.abs()));
                assert!(written, "{value} is not among the numbers of {name}: {told}");
            }
        };
        let percent = |value: &Value| value.as_f64().map(|value| value * 100.0);
        let number = Value::as_f64;
        let rate = |name: &str| {
            let rate = &card[name];
            [percent(&rate["rate"]), number(&rate["count"]), number(&rate["n"])]
        };
        holds("Accuracy", &rate("accuracy"));
        holds("Measured", &rate("coverage"));
        let Some(source) = card["sources"].get(0) else { continue };
        let Some(at) = source["confident_wrong"].as_object().unwrap().values().next() else {
            continue;
        };
        let all = [percent(&at["rate_of_all"]), number(&at["wrong"]), number(&source["n"])];
        holds("Confidently wrong", &all);
        if number(&source["n"]) == Some(0.0) {
            continue;
        }
        holds("Confidently wrong", &[percent(&at["upper95_of_all"])]);
        if number(&at["confident"]) > Some(0.0) {
            let confident = ["rate_given_confident", "upper95_given_confident"];
            holds("When confident", &confident.map(|name| percent(&at[name])));
            holds("When confident", &[number(&at["wrong"]), number(&at["confident"])]);
        }
        let gap = ["mean_confidence", "overconfidence_gap"].map(|name| percent(&source[name]));
        holds("Mean confidence", &gap);
        let calibration = ["ks_calibration_error", "smece", "brier", "auroc"];
        holds("Calibration", &calibration.map(|name| number(&source[name])));
    }
    let budgets = between(&html, "<div class=\"budget ", "</div>");
    assert_eq!(budgets.len(), told.lines().len());
    let mut lines: Vec<&Value> = told.lines().iter().collect();
    lines.sort_by_key(|line| !told.fails(line));
    for (budget, line) in budgets.iter().zip(lines) {
        let sentence = between(budget, "<p class=\"sentence\">", "</p>");
        assert_eq!(plain(sentence[0]), line["sentence"].as_str().unwrap());
        let tone = match line["verdict"].as_str().unwrap() {
            "pass" => "good",
            "fail" => "bad",
            "not_measured" if !told.fails(line) => "quiet",
            _ => "open",
        };
        assert!(budget.starts_with(tone), "{budget}");
    }
}

fn terminal(told: &Told<'_>) {
    let page = told.report(&["--format", "terminal"]);
    let wrong = page.lines().filter_map(|line| line.strip_prefix("  confident wrong  "));
    let wrong: Vec<Vec<usize>> = wrong
        .map(|line| numbers(line).iter().take(2).map(|number| number.parse().unwrap()).collect())
        .collect();
    let expected: Vec<Vec<usize>> = told
        .cards()
        .iter()
        .filter_map(|(_, card)| confident_wrong(card))
        .map(|(wrong, n)| vec![wrong, n])
        .collect();
    assert_eq!(wrong, expected, "{page}");
    let marks = page
        .lines()
        .filter(|line| ["  ✓ ", "  ✗ ", "  ? ", "  - "].iter().any(|mark| line.starts_with(mark)));
    assert_eq!(marks.count(), told.lines().len(), "{page}");
    if told.decision["exit_code"] == 1 {
        let verdict = format!("FAILED  {} of {} budget", told.failing(), told.lines().len());
        assert!(page.contains(&verdict), "{page}");
    }
}

#[test]
fn every_format_tells_the_numbers_of_the_documents() {
    let samples = samples();
    let (mut kinds, mut seen) = (BTreeSet::new(), [0, 0]);
    for run in &samples.runs {
        let told = Told::of(&samples.project, run);
        markdown(&told);
        page(&told);
        junit(&told);
        table(&told);
        annotations(&told);
        terminal(&told);
        changes(&told);
        let standing = told.changes();
        for change in standing.iter().flat_map(|at| at["endpoints"].as_array().unwrap()) {
            let counts = change["counts"].as_object().unwrap().iter();
            kinds.extend(counts.filter(|(_, n)| count(n) > 0).map(|(kind, _)| kind.clone()));
            let [unheard, known] = [&change["unheard"], &change["known_wrong"][0]];
            seen[0] += count(unheard);
            seen[1] += usize::from(!known.is_null());
        }
    }
    assert!(kinds.len() > 6 && kinds.contains("unstable"), "{kinds:?}");
    assert!(seen.iter().all(|times| *times > 0), "{seen:?}");
    let newly = samples.project.read("reports/again/2026-01-02T00-00-00/summary.md");
    let changed = newly.lines().find(|line| line.starts_with("### ")).unwrap();
    assert!(changed.contains("3 newly confident wrong answers"), "{newly}");
    assert!(newly.contains(" newly wrong, 0 mended, 0 no longer confident"), "{newly}");
    let flipped =
        rows(&newly).iter().filter(|row| row.len() == 5 && row[0].contains("Question")).count();
    assert_eq!(flipped, 3, "{newly}");
}

#[test]
fn every_column_of_the_table_is_described() {
    let server = support::Server::new(support::project::mostly_right);
    let project = Project::at(&server).choices(2);
    project.run(&["run", "--out", "out"]);
    let table = text(&project.run(&["report", "out", "--format", "csv"]).stdout);
    let page = std::fs::read_to_string("docs/formats.md").unwrap();
    let section = page.split("## CSV").nth(1).unwrap().split("\n## ").next().unwrap();
    let described: Vec<&str> = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| line.split('|').nth(1).unwrap().split('`').skip(1).step_by(2))
        .collect();
    assert_eq!(table.lines().next().unwrap(), described.join(","));
}

#[test]
fn a_directory_is_one_word_of_every_command_that_is_told() {
    let server = support::Server::new(support::project::mostly_right);
    let project = Project::at(&server).choices(8);
    let dir = "reports/demo/it's $(x) `y`";
    let output = project.run(&["run", "--out", dir]);
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    let word = r"'reports/demo/it'\''s $(x) `y`'";
    for (format, escaped) in [
        ("terminal", word.to_owned()),
        ("github", word.to_owned()),
        ("markdown", word.to_owned()),
        ("junit", word.replace('\'', "&apos;")),
        ("html", word.replace('\'', "&#39;")),
    ] {
        let args = ["report", dir, "--format", format, "--top", "1"];
        let page = text(&project.run(&args).stdout);
        let commands: Vec<&str> = page
            .lines()
            .flat_map(|line| line.split("overclaim ").skip(1))
            .filter(|command| command.starts_with("report ") || command.starts_with("show "))
            .filter(|command| format != "html" || command.starts_with("show &#39;"))
            .collect();
        assert!(!commands.is_empty(), "{format}: {page}");
        for command in commands {
            let quoted = command.split_once(' ').unwrap().1.replace("&#x27;", "&#39;");
            let plain = if format == "junit" { quoted.replace('\'', "&apos;") } else { quoted };
            assert!(plain.starts_with(&escaped), "{format}: {command}");
        }
    }
    std::fs::remove_file(project.dir.path().join(dir).join("decision.json")).unwrap();
    let trend = text(&project.run(&["trend", "--json"]).stdout);
    let trend: Value = serde_json::from_str(&trend).unwrap();
    let reason = trend["suites"][0]["history"]["left_out"][0]["reason"].as_str().unwrap();
    assert!(reason.contains(&format!("overclaim run --resume {word}”")), "{reason}");
}

#[test]
fn names_that_look_alike_are_different_tests() {
    let server = support::Server::new(support::project::mostly_right);
    let project = Project::at(&server).choices(1);
    let row = project.read("suites/rows.jsonl");
    let named = |id: &str| row.replace("q-0", id);
    project.write("suites/rows.jsonl", &(named("a b") + &named("a\\tb") + &named("a\\nb")));
    project.run(&["run", "--out", "out"]);
    let args = ["report", "out", "--format", "junit", "--junit-per", "case"];
    let tests = text(&project.run(&args).stdout);
    let names: Vec<&str> = between(&tests, "<testcase ", " time=");
    let names: BTreeSet<&str> = names.into_iter().collect();
    assert_eq!(names.len(), 3, "{tests}");
    let table = text(&project.run(&["report", "out", "--format", "csv"]).stdout);
    let indexes = table.lines().skip(1).map(|row| row.split(',').next().unwrap());
    assert_eq!(indexes.collect::<Vec<_>>(), ["0", "1", "2"]);
}

#[test]
fn one_format_at_a_time() {
    let project = Project::empty();
    let both = project.run(&["report", "run", "--json", "--format", "csv"]);
    assert_eq!(code(&both), 2);
    assert_eq!(
        text(&both.stderr),
        "error: --json is another format than --format names: leave one of them out\n"
    );
    let none = project.run(&["report", "run", "--format", "csv", "--junit-per", "case"]);
    assert_eq!(code(&none), 2);
    assert_eq!(
        text(&none.stderr),
        "error: --junit-per is of another format: write --format junit, or leave it out\n"
    );
}
