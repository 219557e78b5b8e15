//! Hostile texts in every place of a run, through the program and every format: what comes out is
//! parsed as its readers parse it, and must be what it would be with harmless words.

mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use support::Server;
use support::accepted::keep;
use support::hostile::{Payload, payloads, run_of_endpoints, run_of_records};
use support::html::{Tag, shape, tags};
use support::project::{Project, code, text};
use support::xml::{Element, parse, validate};

/// Whether a character could do something in a text that is shown, or could not be seen there.
fn is_hostile(c: char) -> bool {
    let at = u32::from(c);
    (c.is_control() && c != '\n')
        || at & 0xfffe == 0xfffe
        || matches!(at,
            0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e
            | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xfdd0..=0xfdef | 0xfe00..=0xfe0d | 0xfeff
            | 0xffa0 | 0xfff0..=0xfffb | 0xe0000..=0xe0fff)
}

fn visible(what: &str, output: &str) {
    for line in output.lines() {
        let hostile = line.chars().find(|c| is_hostile(*c));
        assert!(hostile.is_none(), "{what}: {hostile:?} in {line:.300}");
    }
    let marks = |c: char| matches!(u32::from(c), 0x300..=0x36f | 0x488 | 0x489 | 0x20d0..=0x20ff);
    let flood = output.split(|c| !marks(c)).map(|run| run.chars().count()).max();
    assert!(flood.unwrap_or(0) <= 8, "{what}: {flood:?} marks on a character");
}

/// Whether the runner of GitHub takes a line for a command, by its own rules of both kinds.
fn command(line: &str) -> Option<(&str, &str, &str)> {
    let rest = line.trim_start().strip_prefix("::")?;
    let (head, data) = rest.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    Some((name, properties, data))
}

fn no_commands(what: &str, output: &str) {
    for line in output.lines() {
        assert!(command(line).is_none(), "{what}: {line:.300}");
        for start in ["##[", "##vso[", "##teamcity["] {
            assert!(!line.contains(start), "{what}: {line:.300}");
        }
    }
}

fn terminal(project: &Project, run: &str) {
    let shown = |args: &[&str]| text(&project.run(&[&["report", run][..], args].concat()).stdout);
    for args in [&["--top", "1000"][..], &["--quiet"]] {
        let page = shown(args);
        visible("terminal", &page);
        no_commands("terminal", &page);
        if !args.contains(&"--quiet") {
            assert!(page.lines().count() > 20, "{page}");
        }
    }
    // With colours, the only sequences are those that set one.
    let page = shown(&["--top", "1000", "--color", "always"]);
    let mut plain = String::new();
    for (index, part) in page.split('\u{1b}').enumerate() {
        let part = if index == 0 {
            part
        } else {
            let end = part.find('m').unwrap();
            let code = part[..end].strip_prefix('[').unwrap();
            assert!(code.chars().all(|c| c.is_ascii_digit() || c == ';'), "{code}");
            &part[end + 1..]
        };
        plain += part;
    }
    visible("terminal in colours", &plain);
}

/// As GitLab renders it, and as GitHub does but for what both do to the text afterwards.
fn rendered(markdown: &str) -> Vec<Tag> {
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.math_dollars = true;
    options.extension.math_code = true;
    options.extension.alerts = true;
    options.render.r#unsafe = true;
    tags(&comrak::markdown_to_html(markdown, &options))
}

fn markdown(project: &Project, run: &str) {
    let page = text(&project.run(&["report", run, "--format", "markdown", "--top", "1000"]).stdout);
    assert!(page.chars().count() <= 60_000, "{}", page.chars().count());
    visible("markdown", &page);
    no_commands("markdown", &page);
    let tags = rendered(&page);
    let allowed = [
        "h3", "p", "ul", "li", "strong", "em", "code", "table", "thead", "tbody", "tr", "th", "td",
        "details", "summary",
    ];
    let mut open: Vec<&str> = Vec::new();
    let mut cells = Vec::new();
    for tag in &tags {
        let name = tag.name.trim_start_matches('/');
        assert!(allowed.contains(&name), "{tag:?}");
        assert!(tag.attributes.is_empty(), "{tag:?}");
        if tag.name.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag:?}");
        } else {
            open.push(name);
        }
        match tag.name.as_str() {
            "tr" => cells.push(0),
            "td" | "th" => *cells.last_mut().unwrap() += 1,
            "table" => cells.clear(),
            // Renderers drop cells that are too many, so the text must have none.
            "/table" => assert!(cells.iter().all(|count| *count == cells[0]), "{cells:?}"),
            _ => {}
        }
        // Mentions, references, emoji, addresses and labels are made of text outside of code.
        if !open.contains(&"code") {
            let text = tag.text.replace("&lt;", "").replace("&gt;", "").replace("&amp;", "&");
            let hostile = text.find(['@', '#', '<', '~', '$', '!', '[', '\\', '`', '|', '^']);
            assert!(hostile.is_none(), "{text}");
            for word in ["overclaimed", "invalid", "www", "GH-", "://", "PASSED\n"] {
                assert!(!text.contains(word), "{text}");
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for row in page.lines().filter(|line| line.starts_with('|')) {
        let bars = row.replace("\\|", "").matches('|').count();
        assert!((4..=9).contains(&bars), "{bars} in {row:.300}");
    }
    assert!(page.contains(" more: `") || page.len() < 50_000, "what is cut off is said");
}

fn github(project: &Project, run: &str) {
    let page = text(&project.run(&["report", run, "--format", "github", "--top", "1000"]).stdout);
    visible("github", &page);
    assert!(page.lines().count() > 5, "{page}");
    for line in page.lines() {
        let Some((name, properties, data)) = command(line) else { panic!("{line:.300}") };
        assert!(["error", "warning", "notice"].contains(&name), "{line:.300}");
        let keys: Vec<&str> =
            properties.split(',').map(|pair| pair.split('=').next().unwrap()).collect();
        assert_eq!(keys, ["file", "line", "title"], "{line:.300}");
        assert!(!line.contains("##["), "{line:.300}");
        // What the runner makes of it has no second line.
        let unescaped = data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
        assert!(!unescaped.contains(['\r', '\n']), "{line:.300}");
        assert!(line.len() < 20_000, "{}", line.len());
    }
}

fn junit(project: &Project, run: &str, tests: usize) -> Element {
    let mut roots = Vec::new();
    for per in ["budget", "case"] {
        let args = ["report", run, "--format", "junit", "--junit-per", per, "--top", "1000"];
        let page = text(&project.run(&args).stdout);
        visible("junit", &page.replace('\t', " "));
        let path = project.dir.path().join("junit.xml");
        std::fs::write(&path, &page).unwrap();
        validate(&[&path]);
        roots.push(parse(&page));
    }
    let root = roots.pop().unwrap();
    assert_eq!(root.number("tests"), tests);
    root
}

fn table(project: &Project, run: &str) -> Vec<Vec<String>> {
    let page = text(&project.run(&["report", run, "--format", "csv"]).stdout);
    visible("csv", &page);
    let formula = |cell: &str| {
        let cell = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
        cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
    };
    let mut reader = csv::Reader::from_reader(page.as_bytes());
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    for cell in rows.iter().flatten() {
        assert!(!formula(cell), "{cell:.100}");
        assert!(cell.encode_utf16().count() <= 32_767, "a spreadsheet would split it");
    }
    // Where the list separator is a semicolon, spreadsheets split there, quotes or not.
    for cell in page.lines().flat_map(|line| line.split([';', '\t'])) {
        assert!(!formula(cell), "{cell:.100}");
    }
    rows
}

/// The documents hold the texts as they were said; whoever shows them makes them harmless.
fn documents(project: &Project, run: &str) -> Value {
    let output = project.run(&["report", run, "--format", "json"]);
    let page = text(&output.stdout);
    no_commands("json", &page);
    serde_json::from_str(&page).unwrap()
}

fn html(project: &Project, run: &str, benign: &str) {
    let page = |run: &str| text(&project.run(&["report", run, "--format", "html"]).stdout);
    let (hostile, benign) = (page(run), page(benign));
    visible("html", &hostile.replace('\t', " "));
    let unknown: Vec<String> = shape(&hostile).difference(&shape(&benign)).cloned().collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // Whatever is in the page: nothing in it asks anybody for anything.
    for Tag { name, attributes, .. } in tags(&hostile) {
        for (key, value) in attributes {
            assert!(!key.starts_with("on") && key != "style", "{name} {key}");
            if ["href", "src", "action", "formaction", "srcset", "data"].contains(&key.as_str()) {
                assert!(
                    value.starts_with('#') || value.starts_with("data:image/") || value == "data:,",
                    "{name} {key}={value:.100}"
                );
            }
        }
    }
    let code = |page: &str| -> Vec<String> {
        let code = |tag: &Tag| {
            ["script", "style"].contains(&tag.name.as_str()) && tag.attributes.is_empty()
        };
        tags(page).into_iter().filter(code).map(|tag| tag.text).collect()
    };
    assert_eq!(code(&hostile), code(&benign), "no text gets into script or style");
}

/// What a text looks like where it is shown in one line and not cut.
fn is_shown(shown: &str, payload: &Payload) -> bool {
    let mut words = payload.text.split(|c: char| !c.is_ascii_alphanumeric());
    payload.text.len() > 100 || words.all(|word| shown.contains(word))
}

fn texts(payloads: &[Payload]) -> Vec<String> {
    payloads.iter().map(|payload| payload.text.clone()).collect()
}

#[test]
fn the_corpus_is_broad() {
    let payloads = payloads();
    let mut names: Vec<&str> = payloads.iter().map(|payload| payload.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() == payloads.len() && names.len() >= 200, "{}", names.len());
    for attack in [
        "html",
        "attribute",
        "entity",
        "url",
        "svg",
        "template",
        "unicode",
        "control",
        "terminal",
        "csv",
        "markdown",
        "workflow",
        "xml",
        "yaml",
        "length",
    ] {
        let of =
            payloads.iter().filter(|payload| payload.attacks.split(' ').any(|it| it == attack));
        assert!(of.count() >= 4, "{attack}");
    }
}

#[test]
fn texts_of_records_do_nothing_in_any_format() {
    let payloads = payloads();
    let project = Project::empty();
    run_of_records(&project, "hostile", &texts(&payloads));
    let words: Vec<String> = (0..payloads.len()).map(|index| format!("words {index}")).collect();
    run_of_records(&project, "benign", &words);
    keep(&project, "hostile", &texts(&payloads));
    keep(&project, "benign", &words);
    terminal(&project, "hostile");
    markdown(&project, "hostile");
    github(&project, "hostile");
    let root = junit(&project, "hostile", payloads.len());
    let cases: Vec<&Element> =
        root.named("testsuite").flat_map(|suite| suite.named("testcase")).collect();
    for (case, payload) in cases.iter().zip(&payloads) {
        assert!(is_shown(&case.children[0].text, payload), "{payload:?} {case:?}");
    }
    let rows = table(&project, "hostile");
    assert_eq!(rows.len(), payloads.len());
    for (row, payload) in rows.iter().zip(&payloads) {
        assert!(is_shown(&row[15], payload), "{payload:?} {row:?}");
    }
    let document = documents(&project, "hostile");
    let counts = &document["changes"]["endpoints"][0]["counts"];
    for (kind, least) in [("newly_confident_wrong", 50), ("added", 50), ("removed", 1)] {
        assert!(counts[kind].as_u64() >= Some(least), "{counts}");
    }
    let known = document["changes"]["endpoints"][0]["known_wrong"].as_array().unwrap();
    assert!(known.len() > 50, "{counts}");
    let mut asked: Vec<&str> = document["confident_wrong"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case["question"].as_str().unwrap())
        .collect();
    let mut expected: Vec<&str> = payloads.iter().map(|payload| payload.text.as_str()).collect();
    asked.sort_unstable();
    expected.sort_unstable();
    expected.dedup();
    assert_eq!(asked, expected);
    html(&project, "hostile", "benign");
}

#[test]
fn names_and_messages_of_servers_do_nothing_in_any_format() {
    // A text that is a megabyte long is as hostile in one place as in another.
    let payloads: Vec<Payload> =
        payloads().into_iter().filter(|payload| payload.text.len() < 200_000).collect();
    let project = Project::empty();
    run_of_endpoints(&project, "hostile", &texts(&payloads));
    let words: Vec<String> = (0..payloads.len()).map(|index| format!("words {index}")).collect();
    run_of_endpoints(&project, "benign", &words);
    terminal(&project, "hostile");
    markdown(&project, "hostile");
    github(&project, "hostile");
    let root = junit(&project, "hostile", payloads.len());
    assert_eq!(root.number("errors"), payloads.len().div_ceil(2));
    let rows = table(&project, "hostile");
    for (row, payload) in rows.iter().zip(&payloads) {
        assert!(is_shown(&row[8], payload) && is_shown(&row[4], payload), "{payload:?} {row:?}");
    }
    documents(&project, "hostile");
    html(&project, "hostile", "benign");
}

/// A suite of rows that are hostile as far as a suite may be, and a server that answers with the
/// same texts: as answer, as its own name, and as message of an error.
#[test]
fn texts_that_travel_the_whole_way_do_nothing_either() {
    let payloads = payloads();
    let served = payloads.clone();
    let server = Server::new(move |seen, client| {
        let asked: Value = serde_json::from_str(&seen.body).unwrap();
        let turn = asked["messages"][0]["content"].as_str().unwrap();
        let digits = turn.rsplit('№').next().unwrap().split(|c: char| !c.is_ascii_digit());
        let index: usize = digits.into_iter().next().unwrap().parse().unwrap();
        let wire = &served[index].wire;
        if index % 5 == 4 {
            let body = [&br#"{"error": {"message": ""#[..], &wire[..], br#""}}"#].concat();
            client.send(support::head(400, &["content-type: application/json"], body.len()));
            client.send(body);
            return;
        }
        let body = [
            &br#"{"choices":[{"message":{"role":"assistant","content":""#[..],
            &wire[..],
            br#"\nConfidence: 97%"},"finish_reason":"stop"}],"model":""#,
            if wire.len() < 1000 { &wire[..] } else { b"m" },
            br#"","usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
        ]
        .concat();
        client.send(support::head(200, &["content-type: application/json"], body.len()));
        client.send(body);
    });
    let project = Project::at(&server);
    let rows = payloads.iter().enumerate().map(|(index, payload)| {
        let short = payload.text.len() < 100_000;
        let text =
            if short && !payload.text.trim().is_empty() { &payload.text } else { &payload.name };
        json!({"id": payload.name, "question": text, "tag": text, "n": index}).to_string() + "\n"
    });
    project.write("suites/rows.jsonl", &rows.collect::<String>());
    project.write(
        "suites/hostile.yaml",
        "suite: hostile\nendpoints: [model]\nthreshold: 0.8\n\
         dataset: {from: rows.jsonl, id: \"{{ id }}\", tags: [\"{{ tag }}\"]}\n\
         prompt: \"{{ question }} №{{ n }}\"\ngrade: {exact: \"nothing of that\"}\n\
         confidence: [verbalized]\nparameters: {max_tokens: 100}\n\
         budget:\n  confident_wrong: {max_rate: 20%}\n",
    );
    let run = project.run(&["run", "--out", "hostile", "--cache", "off", "--top", "1000"]);
    assert!([1, 3].contains(&code(&run)), "{}", text(&run.stderr));
    for output in [&run.stdout, &run.stderr] {
        visible("the page after a run", &text(output));
        no_commands("the page after a run", &text(output));
    }
    for case in ["workflow-*", "ansi-*", "bidi-*", "c0", "c1"] {
        let shown = text(&project.run(&["show", "hostile", case]).stdout);
        assert!(shown.lines().count() > 10, "{shown}");
        visible("show", &shown);
        no_commands("show", &shown);
    }
    terminal(&project, "hostile");
    markdown(&project, "hostile");
    github(&project, "hostile");
    junit(&project, "hostile", payloads.len());
    let rows = table(&project, "hostile");
    documents(&project, "hostile");
    // What is no text on the wire is no answer, or one with marks in its place; never half a text.
    let outcomes: BTreeMap<&str, &str> =
        rows.iter().map(|row| (row[2].as_str(), row[7].as_str())).collect();
    for name in ["utf8-surrogate", "utf8-overlong", "utf8-cut", "latin-1", "lone-high-surrogate"] {
        assert!(["failed", "incorrect"].contains(&outcomes[name]), "{name}: {}", outcomes[name]);
    }
    let wrong = outcomes.values().filter(|outcome| **outcome == "incorrect").count();
    assert!(wrong > payloads.len() / 2, "{outcomes:?}");
}
