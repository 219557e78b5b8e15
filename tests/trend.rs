//! `overclaim trend` as a user meets it: which nights there are, which changes are marked, and that
//! every number on a page is the one of the run's own scorecard.

mod support;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use support::project::{Project, SUITE, code, letter, question, text};
use support::{Client, Seen, Server};

/// Cases of a night.
const CASES: usize = 60;

/// A model that changes when it is told to.
struct Model {
    server: Server,
    /// Cases that it gets wrong, from the first one on.
    wrong: Arc<AtomicUsize>,
    /// The number of its version.
    version: Arc<AtomicUsize>,
}

impl Model {
    fn new() -> Model {
        let (wrong, version) = (Arc::new(AtomicUsize::new(6)), Arc::new(AtomicUsize::new(1)));
        let told = (Arc::clone(&wrong), Arc::clone(&version));
        let server = Server::new(move |seen: &Seen, client: &mut Client| {
            let number = question(seen);
            let wrong = number < told.0.load(Ordering::SeqCst);
            let body = if wrong { letter("B", 0.05) } else { letter("A", 0.9) };
            let version = told.1.load(Ordering::SeqCst);
            client.json(200, &body.replace(r#""model":"m""#, &format!(r#""model":"m-{version}""#)));
        });
        Model { server, wrong, version }
    }

    fn wrong(&self, cases: usize) {
        self.wrong.store(cases, Ordering::SeqCst);
    }
}

/// A night of March: asked now, dated then.
fn night(project: &Project, day: u32, args: &[&str]) -> String {
    let name = format!("2026-03-{day:02}T02-00-00");
    let dir = format!("reports/demo/{name}");
    let mut all = vec!["run", "--quiet", "--cache", "off", "--out", &dir];
    all.extend(args);
    let output = project.run(&all);
    assert!(code(&output) != 2, "{}", text(&output.stderr));
    dated(project, &dir, &name, &format!("2026-03-{day:02}T02:00:00.000Z"));
    dir
}

fn dated(project: &Project, dir: &str, name: &str, started: &str) {
    for file in ["run.json", "operations.json"] {
        let path = format!("{dir}/{file}");
        let mut told = project.json(&path);
        told["run"] = name.into();
        told["started"] = started.into();
        // How fast this machine is today is no history.
        for endpoint in told["endpoints"].as_array_mut().unwrap() {
            if let Some(live) = endpoint.get_mut("live_ms").filter(|live| live.is_object()) {
                (live["p50"], live["p95"]) = (120.0.into(), 340.0.into());
            }
        }
        project.write(&path, &told.to_string());
    }
}

fn trend(project: &Project) -> Value {
    let output = project.run(&["trend", "--json"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn history(project: &Project) -> Value {
    trend(project)["suites"][0]["history"].clone()
}

/// Day, measure, direction and reason of every mark.
fn marks(history: &Value) -> Vec<String> {
    let mut marks = Vec::new();
    for night in history["nights"].as_array().unwrap() {
        for endpoint in night["endpoints"].as_array().unwrap() {
            for mark in endpoint["marks"].as_array().unwrap() {
                let day = &night["started"].as_str().unwrap()[8..10];
                let way = if mark["worse"] == true { "worse" } else { "better" };
                let word = |key: &str| mark[key].as_str().unwrap().to_owned();
                marks.push(format!("{day} {} {way} by {}", word("of"), word("by")));
            }
        }
    }
    marks
}

/// Day and sentence of everything else that was different.
fn events(history: &Value) -> Vec<String> {
    let nights = history["nights"].as_array().unwrap().iter();
    let told = nights.flat_map(|night| {
        let day = night["started"].as_str().unwrap()[8..10].to_owned();
        night["events"].as_array().unwrap().iter().map(move |event| {
            let word = |key: &str| event[key].as_str().unwrap().to_owned();
            format!("{day} {}: {}", word("kind"), word("sentence"))
        })
    });
    told.collect()
}

#[test]
fn a_regression_is_marked_with_its_return_and_nothing_else() {
    let model = Model::new();
    let project = Project::at(&model.server).choices(CASES);
    // A case more or less is no change.
    for (day, wrong) in (1..).zip([6, 7, 6, 5, 6, 7, 6, 30, 6, 7, 6]) {
        model.wrong(wrong);
        night(&project, day, &[]);
    }
    let history = history(&project);
    insta::assert_snapshot!(marks(&history).join("\n"), @"
    08 confident_wrong worse by both
    08 accuracy worse by both
    08 brier worse by limits
    09 confident_wrong better by neighbour
    09 accuracy better by neighbour
    ");
    assert_eq!(events(&history), Vec::<String>::new());
    let worse = &history["nights"][7]["endpoints"][0];
    assert_eq!(worse["turned"]["newly_confident_wrong"], 24);
    assert_eq!(worse["turned"]["newly_confident_wrong_cases"].as_array().unwrap().len(), 20);
    let page = project.read("reports/demo/trend.html");
    assert_eq!(page.matches("t-worse\"").count(), 2 * 3, "three measures, drawn wide and narrow");
    assert!(page.contains("24 of 60 answers became confidently wrong, 0 are so no more"));
    assert!(page.contains("50.0% is above what the earlier nights make of it"), "{page}");
    let told = text(&project.run(&["trend", "--quiet"]).stdout);
    insta::assert_snapshot!(told, @"demo · 11 nights · PASSED · 6 of 60 confidently wrong (10%) · worse on 2026-03-08: confident wrong, accuracy, Brier score · better on 2026-03-09: confident wrong, accuracy");
}

#[test]
fn a_model_that_stays_worse_is_marked_once() {
    let model = Model::new();
    let project = Project::at(&model.server).choices(CASES);
    for day in 1..=12 {
        model.wrong(if day < 8 { 6 } else { 30 });
        night(&project, day, &[]);
    }
    let marks = marks(&history(&project));
    assert!(marks.iter().all(|mark| mark.starts_with("08 ")), "{marks:?}");
    assert_eq!(marks.len(), 3, "{marks:?}");
}

#[test]
fn what_else_was_different_is_told_and_only_shared_cases_are_compared() {
    let model = Model::new();
    let project = Project::at(&model.server).choices(CASES);
    for day in 1..=5 {
        night(&project, day, &[]);
    }
    model.version.store(2, Ordering::SeqCst);
    night(&project, 6, &[]);
    // Twenty questions are new, and all of them are answered wrong: no change of the model.
    let rows = project.read("suites/rows.jsonl");
    let row = |index| {
        format!(
            "{{\"id\": \"new-{index}\", \"question\": \"Question {}?\", \"choices\": \
             [\"yes\", \"no\"], \"answer\": \"B\", \"kind\": \"new\"}}\n",
            200 + index
        )
    };
    let more = (0..20).map(row).collect::<Vec<_>>().concat();
    project.write("suites/rows.jsonl", &(rows + &more));
    night(&project, 7, &[]);
    project.write(
        "suites/demo.yaml",
        &SUITE.replace("threshold: 0.8", "threshold: 0.7").replace("20%", "30%"),
    );
    night(&project, 8, &[]);
    let history = history(&project);
    assert_eq!(marks(&history), Vec::<String>::new());
    insta::assert_snapshot!(events(&history).join("\n"), @"
    06 model: reports that it is “m-2”, before “m-1”
    07 suite: 20 cases added: compared are the 60 answers to cases of both nights
    08 suite: its text is another one; its cases are the same
    08 threshold: confident is from 0.7 on, before from 0.8 on: confident wrong answers before and after are not compared
    08 budget: the budget is another one
    ");
    let turned = &history["nights"][6]["endpoints"][0]["turned"];
    assert_eq!((&turned["pairs"], &turned["added"]), (&Value::from(60), &Value::from(20)));
    let after = &history["nights"][7]["endpoints"][0];
    assert_eq!(after["turned"]["p_confident_wrong"], Value::Null, "another threshold");
    let page = project.read("reports/demo/trend.html");
    assert_eq!(page.matches("class=\"t-flag\"").count(), 2 * 3);
    assert!(page.contains("m → m-2"));
}

#[test]
fn a_run_that_is_no_night_says_why() {
    let model = Model::new();
    let project = Project::at(&model.server).choices(CASES);
    night(&project, 1, &[]);
    night(&project, 2, &["--limit", "7"]);
    night(&project, 3, &["--shard", "1/2"]);
    let stopped = night(&project, 4, &[]);
    stop_after(&project, &stopped, 20);
    let killed = night(&project, 5, &[]);
    fs::remove_file(project.dir.path().join(&killed).join("scorecard.json")).unwrap();
    let damaged = night(&project, 6, &[]);
    project.write(&format!("{damaged}/decision.json"), "{\"exit_code\": ");
    let false_share = night(&project, 7, &[]);
    let mut card = project.json(&format!("{false_share}/scorecard.json"));
    card["endpoints"][0]["accuracy"]["rate"] = 7.5.into();
    project.write(&format!("{false_share}/scorecard.json"), &card.to_string());
    let torn = night(&project, 8, &[]);
    project.write(&format!("{torn}/records.jsonl"), "{}\n");
    fs::create_dir_all(project.dir.path().join("reports/demo/pictures")).unwrap();
    project.write("reports/demo/broken/run.json", "[");
    fs::create_dir_all(project.dir.path().join("reports/empty")).unwrap();
    night(&project, 9, &[]);
    let again = project.run(&[
        "regrade",
        "reports/demo/2026-03-09T02-00-00",
        "--out",
        "reports/demo/again",
        "--quiet",
    ]);
    assert!(code(&again) < 2, "{}", text(&again.stderr));

    let output = project.run(&["trend", "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let history = &document["suites"][0]["history"];
    let standing = |night: &Value| {
        let reason = night["standing"]["shown"].as_str().unwrap_or("counts");
        format!("{}: {reason}", night["directory"].as_str().unwrap())
    };
    let nights = history["nights"].as_array().unwrap().iter().map(standing);
    insta::assert_snapshot!(nights.collect::<Vec<_>>().join("\n"), @"
    2026-03-01T02-00-00: counts
    2026-03-02T02-00-00: of other cases: --limit 7
    2026-03-04T02-00-00: stopped after 20 of 60 trials
    again: counts
    ");
    let place = project.dir.path().display().to_string();
    let reason = |run: &Value| {
        let reason = run["reason"].as_str().unwrap().replace(&place, "");
        format!("{}: {reason}", run["directory"].as_str().unwrap())
    };
    let left_out = history["left_out"].as_array().unwrap().iter().map(reason);
    insta::assert_snapshot!(left_out.collect::<Vec<_>>().join("\n"), @"
    2026-03-03T02-00-00: a share of the cases (1 of 2): “overclaim merge” joins them
    2026-03-05T02-00-00: unfinished, or still under way: “overclaim run --resume reports/demo/2026-03-05T02-00-00” goes on with it
    2026-03-06T02-00-00: damaged: decision.json: EOF while parsing a value at line 1 column 14
    2026-03-07T02-00-00: damaged: scorecard.json: a share is outside 0..1, or a count above its n
    2026-03-08T02-00-00: damaged: reports/demo/2026-03-08T02-00-00/records.jsonl:1: not a record of this run: missing field `index` at line 1 column 2; without this line its trial is asked again by `overclaim run --resume reports/demo/2026-03-08T02-00-00`
    2026-03-09T02-00-00: graded again as again
    broken: damaged: reports/demo/broken/run.json:1: not a run's header: EOF while parsing a list at line 1 column 1
    pictures: no run: it has no run.json
    ");
    let told = text(&output.stderr);
    for name in ["2026-03-06", "2026-03-07", "2026-03-08", "broken"] {
        assert!(told.contains(name), "{name} is not named: {told}");
    }
    let page = project.read("reports/demo/trend.html");
    assert!(page.contains("class=\"t-hollow\"") && page.contains("not counted"));
}

#[test]
fn a_copy_that_is_not_whole_hides_no_night() {
    let model = Model::new();
    let project = Project::at(&model.server).choices(CASES);
    let good = night(&project, 1, &[]);
    let copied = |name: &str, files: &[&str]| {
        for file in files {
            let copy = project.read(&format!("{good}/{file}"));
            project.write(&format!("reports/demo/{name}/{file}"), &copy);
        }
    };
    let files = ["run.json", "records.jsonl", "scorecard.json", "operations.json", "decision.json"];
    copied("unfinished", &files[..2]);
    copied("torn", &files);
    project.write("reports/demo/torn/records.jsonl", "{}\n");
    let output = project.run(&["trend", "--json"]);
    assert!(text(&output.stderr).contains("reports/demo/torn/records.jsonl"), "it is told");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let history = &document["suites"][0]["history"];
    let nights = history["nights"].as_array().unwrap();
    assert_eq!((nights.len(), &nights[0]["directory"]), (1, &"2026-03-01T02-00-00".into()));
    let reason = |at: usize| history["left_out"][at]["reason"].as_str().unwrap().to_owned();
    assert!(reason(0).starts_with("damaged: reports/demo/torn/records.jsonl"), "{}", reason(0));
    assert!(reason(1).starts_with("unfinished, or still under way"), "{}", reason(1));
    // Of copies that are whole the last one counts.
    copied("whole", &files);
    assert_eq!(self::history(&project)["nights"][0]["directory"], "whole");
}

#[test]
fn a_night_has_the_verdict_of_its_run() {
    let model = Model::new();
    let project = Project::at(&model.server).choices(CASES);
    model.wrong(11);
    let dir = night(&project, 1, &[]);
    assert_eq!(project.json(&format!("{dir}/decision.json"))["lines"][0]["verdict"], "undecided");
    let told = text(&project.run(&["report", &dir, "--quiet"]).stdout);
    assert!(told.contains("FAILED"), "{told}");
    let told = text(&project.run(&["trend", "--quiet"]).stdout);
    assert_eq!(told, "demo · 1 night · FAILED · 11 of 60 confidently wrong (18.3%)\n");
    let page = project.read("reports/demo/trend.html");
    assert!(page.contains("failed<small>undecided, so it fails: 11 of 60"), "{page}");
    let suite = project.read("suites/demo.yaml") + "  undecided: pass\n";
    project.write("suites/demo.yaml", &suite);
    night(&project, 2, &[]);
    let told = text(&project.run(&["trend", "--quiet"]).stdout);
    assert!(told.contains(" · PASSED · "), "{told}");
}

#[test]
fn a_run_that_was_decided_early_says_of_how_many() {
    let model = Model::new();
    let project = Project::at(&model.server).choices(300);
    let budget = "budget:\n  confident_wrong: {max_rate: 40%}\n  early_stop: true\n";
    let suite = SUITE.split("budget:").next().unwrap().to_owned() + budget;
    project.write("suites/demo.yaml", &suite);
    let dir = night(&project, 1, &["--seed", "3"]);
    let decision = project.json(&format!("{dir}/decision.json"));
    let needed = &decision["early"]["needed"];
    let history = history(&project);
    let reason = history["nights"][0]["standing"]["shown"].as_str().unwrap();
    let told = format!("decided early, after {needed} of 300 trials: ");
    assert!(reason.starts_with(&told), "{reason}");
    let junit = text(&project.run(&["report", &dir, "--format", "junit"]).stdout);
    assert!(junit.contains("<property name=\"planned\" value=\"300\"/>"), "{junit}");
}

#[test]
fn the_index_names_some_endpoints_of_many_and_times_their_zone() {
    let model = Model::new();
    let project = Project::at(&model.server).choices(8);
    let names: Vec<String> = (0..9).map(|name| format!("e{name}")).collect();
    let url = model.server.base_url();
    let endpoint = |name: &String| {
        format!("  {name}: {{wire: openai-chat, base_url: \"{url}\", model: {name}}}\n")
    };
    let endpoints: String = names.iter().map(endpoint).collect();
    project.write("overclaim.yaml", &format!("endpoints:\n{endpoints}"));
    let named: Vec<&str> = names.iter().flat_map(|name| ["--endpoint", name]).collect();
    night(&project, 1, &named);
    let second = night(&project, 2, &named);
    dated(&project, &second, "2026-03-01T22-00-00", "2026-03-01T22:00:00.000Z");
    let told = text(&project.run(&["trend", "--quiet"]).stdout);
    assert!(told.contains("e5: 6 of 8 confidently wrong (75%) · and 3 more"), "{told}");
    let index = project.read("reports/index.html");
    assert!(index.contains("and 3 more") && !index.contains("e6: "), "{index}");
    assert!(index.contains("2026-03-01 22:00 UTC"), "{index}");
}

/// Makes a run into one that was stopped after so many trials.
fn stop_after(project: &Project, dir: &str, trials: usize) {
    let records = project.read(&format!("{dir}/records.jsonl"));
    let kept: String = records.split_inclusive('\n').take(trials).collect();
    project.write(&format!("{dir}/records.jsonl"), &kept);
    let output = project.run(&["report", dir, "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    for file in ["scorecard", "operations", "decision"] {
        project.write(&format!("{dir}/{file}.json"), &document[file].to_string());
    }
}

#[test]
fn one_night_is_a_page_and_none_is_said() {
    let model = Model::new();
    let project = Project::at(&model.server).choices(8);
    let none = project.run(&["trend"]);
    assert_eq!((code(&none), text(&none.stdout)), (2, String::new()));
    assert!(text(&none.stderr).contains("reports: cannot be read"), "{}", text(&none.stderr));
    fs::create_dir_all(project.dir.path().join("reports/demo")).unwrap();
    let none = project.run(&["trend"]);
    insta::assert_snapshot!(text(&none.stderr), @"error: no run below reports: `overclaim run` makes reports/SUITE/TIME");
    let only = night(&project, 1, &[]);
    let one = project.run(&["trend"]);
    insta::assert_snapshot!(text(&one.stdout), @"
    demo · 1 night · FAILED · 6 of 8 confidently wrong (75%)
      reports/demo/trend.html
    reports/index.html
    ");
    let page = project.read("reports/demo/trend.html");
    assert!(page.contains("A change needs a night before it."));
    fs::remove_file(project.dir.path().join(only).join("decision.json")).unwrap();
    let unfinished = project.run(&["trend"]);
    assert_eq!(code(&unfinished), 0);
    let page = project.read("reports/demo/trend.html");
    assert!(page.contains("no night yet") && page.contains("unfinished, or still under way"));
    assert!(project.read("reports/index.html").contains("none yet"));
    let inside = project.run(&["trend", "reports/demo"]);
    insta::assert_snapshot!(text(&inside.stderr), @"error: reports/demo is the directory of one suite: name the one above it");
}

#[test]
fn every_number_of_a_page_is_the_scorecards() {
    let model = Model::new();
    let project = Project::at(&model.server).choices(CASES);
    for (day, wrong) in [(1, 6), (2, 11), (3, 0)] {
        model.wrong(wrong);
        night(&project, day, &[]);
    }
    let history = history(&project);
    let page = project.read("reports/demo/trend.html");
    for (night, wrong) in history["nights"].as_array().unwrap().iter().zip([6, 11, 0]) {
        let dir = format!("reports/demo/{}", night["directory"].as_str().unwrap());
        let card = &project.json(&format!("{dir}/scorecard.json"))["endpoints"][0];
        let source = &card["sources"][0];
        let confident_wrong = &source["confident_wrong"]["0.8"];
        let told = |of: &str| {
            let measured = night["endpoints"][0]["measured"].as_array().unwrap();
            measured.iter().find(|told| told["of"] == of).unwrap().clone()
        };
        let rate = told("confident_wrong");
        assert_eq!(confident_wrong["wrong"], wrong);
        assert_eq!(rate["value"], confident_wrong["rate_of_all"]);
        assert_eq!((&rate["count"], &rate["n"]), (&confident_wrong["wrong"], &source["n"]));
        let limits = [&confident_wrong["lower95_of_all"], &confident_wrong["upper95_of_all"]];
        assert_eq!([&rate["limits95"][0], &rate["limits95"][1]], limits);
        assert_eq!(told("accuracy")["value"], card["accuracy"]["rate"]);
        assert_eq!(told("accuracy")["limits95"], card["accuracy"]["wilson95"]);
        assert_eq!(told("brier")["value"], source["brier"]);
        assert_eq!(told("brier")["limits95"], source["bootstrap95"]["brier"]);
        let operations = &project.json(&format!("{dir}/operations.json"))["endpoints"][0];
        assert_eq!(told("live_p95")["value"], operations["live_ms"]["p95"]);
        assert_eq!(told("live_p50")["n"], operations["live_ms"]["n"]);
        // What is printed is that number, rounded.
        let number = |value: &Value| value.as_f64().unwrap();
        let percent = |value: &Value| {
            let text = format!("{:.1}", number(value) * 100.0);
            format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
        };
        let cell = |value: String, of: String, limits: &Value, print: &dyn Fn(&Value) -> String| {
            let limits = format!("{} to {}", print(&limits[0]), print(&limits[1]));
            format!("<td class=\"t-number\">{value}<small>{of}</small><small>{limits}</small></td>")
        };
        let decimal = |value: &Value| format!("{:.3}", number(value));
        for cell in [
            cell(percent(&rate["value"]), format!("{wrong} of 60"), &rate["limits95"], &percent),
            cell(
                decimal(&source["brier"]),
                "n = 60".into(),
                &source["bootstrap95"]["brier"],
                &decimal,
            ),
        ] {
            assert!(page.contains(&cell), "{cell}");
        }
        let link = format!("<a href=\"{}/report.html\">", night["directory"].as_str().unwrap());
        assert!(page.contains(&link), "{link}");
    }
}

#[test]
fn pages_can_be_written_elsewhere_and_their_links_still_lead_to_the_runs() {
    let model = Model::new();
    let project = Project::at(&model.server).choices(8);
    night(&project, 1, &[]);
    night(&project, 2, &[]);
    fs::remove_file(project.dir.path().join("reports/demo/2026-03-01T02-00-00/report.html"))
        .unwrap();
    let output = project.run(&["trend", "--out", "public/nights"]);
    insta::assert_snapshot!(text(&output.stdout), @"
    demo · 2 nights · FAILED · 6 of 8 confidently wrong (75%) · no change that could not be chance
      public/nights/demo/trend.html
    public/nights/index.html
    ");
    let page = project.read("public/nights/demo/trend.html");
    let link = "../../../reports/demo/2026-03-02T02-00-00/report.html";
    assert!(page.contains(&format!("href=\"{link}\"")));
    assert!(project.dir.path().join("public/nights/demo").join(link).is_file());
    assert!(!page.contains("2026-03-01T02-00-00/report.html"), "there is no such page");
    assert!(project.read("public/nights/index.html").contains("href=\"demo/trend.html\""));
    assert!(!project.dir.path().join("reports/index.html").exists());
    let last = project.run(&["trend", "--last", "1", "--json"]);
    let document: Value = serde_json::from_slice(&last.stdout).unwrap();
    let history = &document["suites"][0]["history"];
    assert_eq!(
        (history["nights"].as_array().unwrap().len(), &history["earlier"]),
        (1, &Value::from(1))
    );
    assert_eq!(
        history["nights"][0]["endpoints"][0]["turned"]["pairs"], 8,
        "held against the one before"
    );
}

#[test]
fn what_strangers_wrote_stays_text() {
    let model = Model::new();
    let project = Project::at(&model.server).choices(8);
    let nasty = "<script>alert(1)</script>\u{202e}\" onload=x";
    let suite = SUITE.replace("suite: demo\n", &format!("suite: demo\ndescription: '{nasty}'\n"));
    project.write("suites/demo.yaml", &suite);
    let dir = night(&project, 1, &[]);
    night(&project, 2, &[]);
    let mut decision = project.json(&format!("{dir}/decision.json"));
    for line in decision["lines"].as_array_mut().unwrap() {
        line["verdict"] = "fail".into();
        line["sentence"] = nasty.into();
    }
    project.write(&format!("{dir}/decision.json"), &decision.to_string());
    let records = project.read("reports/demo/2026-03-02T02-00-00/records.jsonl");
    let records = records.replace(r#""model":"m-1""#, r#""model":"</svg><img src=x onerror=y>""#);
    project.write("reports/demo/2026-03-02T02-00-00/records.jsonl", &records);
    let nasty_dir = "reports/demo/<img src=x onerror=alert(1)>";
    fs::create_dir_all(project.dir.path().join(nasty_dir)).unwrap();
    let output = project.run(&["trend"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    for page in ["reports/demo/trend.html", "reports/index.html"] {
        let page = project.read(page);
        assert!(!page.contains("<script") && !page.contains("<img"), "an element was injected");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}"), "it is shown");
        assert!(!page.contains('\u{202e}'));
        assert!(page.contains("script-src &#39;none&#39;"));
    }
}
