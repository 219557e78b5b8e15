//! The pages of runs in a browser, as people meet them: what they can do with a page, and whether all
//! of them can read it.

#![cfg(unix)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use support::accepted::accept;
use support::browser::{Browser, Scheme};
use support::project::{Project, code, letter, mostly_right, question, text};
use support::{Client, Seen, Server};

/// The page of the shipped suite, whose replies are recorded. All 182 cases are on it.
fn shipped(dir: &Path) -> PathBuf {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("overclaim"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["run", "suites/misconceptions.yaml", "--quiet", "--out"]).arg(dir.join("run"));
    command.env("OVERCLAIM_CACHE_DIR", dir.join("cache"));
    let output = command.output().unwrap();
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    dir.join("run/report.html")
}

/// What a careful reader finds wrong with the page as it is shown.
fn looked(browser: &Browser) -> Vec<String> {
    let looked = browser.run(include_str!("support/look.js"));
    assert!(looked["checked"].as_u64() > Some(5), "{looked}");
    serde_json::from_value(looked["found"].clone()).unwrap()
}

/// What follows relies on the browser telling: here is a page that does all that pages must not.
#[test]
fn a_page_that_misbehaves_is_caught() {
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("page.html");
    let body = "<!doctype html><title>t</title><meta http-equiv=Content-Security-Policy \
                content=\"script-src 'unsafe-inline'; img-src 'none'; style-src 'none'\">\
                <p style='color:red'>text</p><img src='http://elsewhere.example/a.png'>\
                <script>window.pwned = 1; fetch('http://elsewhere.example/b'); undefined.x</script>";
    std::fs::write(&page, body).unwrap();
    let browser = Browser::start();
    browser.open(&page, "");
    assert_eq!(browser.value("window.pwned"), 1);
    let requests = browser.requests();
    let elsewhere = ["http://elsewhere.example/a.png", "http://elsewhere.example/b"];
    assert_eq!(requests[1..], elsewhere, "{requests:?}");
    let complaints = browser.complaints().join("\n");
    for told in ["inline style violates", "the image", "Cannot read properties", "Failed to fetch"]
    {
        assert!(complaints.contains(told), "{told}: {complaints}");
    }
    browser.scripts(false);
    browser.open(&page, "");
    assert_eq!(browser.value("window.pwned"), Value::Null);
    assert_eq!(browser.text("document.querySelector('p').textContent"), "text");

    browser.scripts(true);
    let body = "<!doctype html><style>p { color: #888; width: 2000px } \
                i { font-size: 9px; opacity: .5 }</style>\
                <p id=a>grey <i id=a>tiny</i></p><h2></h2><input><svg><text y=20>one</text>\
                <text y=22 x=5>two</text></svg><a href='#b'></a><nav></nav>"
        .to_owned()
        + &"<p>.</p>".repeat(100);
    std::fs::write(&page, body).unwrap();
    browser.open(&page, "");
    let found = looked(&browser).join("\n");
    for told in [
        "contrast 3.54 of the text of <p#a>",
        "contrast 1.75 of the text of <i#a>",
        "9.0 px: the text of <i#a>",
        "px wider than the window",
        "the name #a is given twice",
        "a link to #b, which is nowhere",
        "<h2.> \"\" follows an <h0>",
        "0 <h1>",
        "<nav.> \"\" has no name",
        "<a.> \"\" in",
        "<input.> \"\" has no label",
        "<svg.> \"onetwo\" has no title",
        "\"one\" lies on <text.> \"two\"",
        "the page has no language",
    ] {
        assert!(found.contains(told), "{told}:\n{found}");
    }
}

/// The cases that are shown, by name, from the top down.
fn cases(browser: &Browser) -> Vec<String> {
    let shown = "[...document.querySelectorAll('details.case')].filter(c => c.checkVisibility())\
                 .map(c => c.dataset.case)";
    serde_json::from_value(browser.value(shown)).unwrap()
}

/// Chooses an entry of a list by its value or its text.
fn choose(browser: &Browser, list: &str, entry: &str) {
    let body = "const list = document.getElementById(arguments[0]); \
                const entry = [...list.options].find(entry => \
                    [entry.value, entry.text].includes(arguments[1])); \
                if (!entry) return false; entry.selected = true; \
                list.dispatchEvent(new Event('input', {bubbles: true})); return true";
    assert_eq!(browser.run_with(body, &json!([list, entry])), true, "{list} has no {entry}");
}

/// The name of the case that the keyboard is at.
const FOCUSED: &str = "document.activeElement.closest('details.case')?.dataset.case ?? ''";

#[test]
fn cases_are_searched_filtered_sorted_and_gone_through_by_keyboard() {
    let dir = tempfile::tempdir().unwrap();
    let page = shipped(dir.path());
    let browser = Browser::start();
    browser.open(&page, "");
    let first = cases(&browser);
    assert_eq!(first.len(), 20);
    let shown = || browser.text("document.getElementById('shown').textContent");
    assert_eq!(shown(), "182 of 182");
    browser.run("document.getElementById('more').click()");
    let all = cases(&browser);
    assert_eq!((all.len(), &all[..20]), (182, &first[..]));
    assert_eq!(browser.text(FOCUSED), all[20], "it goes on where the list ended");

    // Found as it is typed, by words in any order; Escape leads back to the cases.
    browser.press("/");
    browser.press("capital Netherlands");
    assert_eq!(cases(&browser), ["geography-dutch-capital"]);
    assert_eq!(shown(), "1 of 182");
    browser.press("zzz");
    assert!(cases(&browser).is_empty());
    assert_eq!(browser.value("document.getElementById('none').checkVisibility()"), true);
    let clear = "const s = document.getElementById('search'); s.value = ''; \
                 s.dispatchEvent(new Event('input', {bubbles: true}))";
    browser.run(clear);
    browser.press("\u{e00c}");
    assert_eq!(browser.text("document.activeElement.localName"), "body");

    // By standing: as many as the numbers at the top say.
    choose(&browser, "kind", "confident-wrong");
    let wrong = cases(&browser);
    assert_eq!(wrong.len(), 20);
    assert_eq!(wrong, all[..20], "they were first before");
    let kinds = "[...document.querySelectorAll('details.case')].filter(c => c.checkVisibility())\
                 .every(c => c.dataset.kind === 'confident-wrong')";
    assert_eq!(browser.value(kinds), true);
    choose(&browser, "tag", "geography");
    let both = cases(&browser);
    assert!(both.contains(&"geography-dutch-capital".to_owned()) && both.len() < 20, "{both:?}");
    choose(&browser, "kind", "");
    choose(&browser, "tag", "");

    // In other orders, and back.
    choose(&browser, "sort", "case");
    let mut sorted = cases(&browser);
    assert_ne!(sorted, all);
    let by_name = sorted.clone();
    sorted.sort();
    assert_eq!(by_name, sorted);
    for (order, up) in [("sure", false), ("unsure", true)] {
        choose(&browser, "sort", order);
        let sure: Vec<f64> = serde_json::from_value(
            browser
                .value("[...document.querySelectorAll('details.case')].map(c => +c.dataset.sure)"),
        )
        .unwrap();
        assert!(sure.is_sorted_by(|a, b| if up { a <= b } else { a >= b }), "{order}: {sure:?}");
    }
    choose(&browser, "sort", "grave");
    assert_eq!(cases(&browser), all);

    // Along the list as it is filtered and sorted.
    choose(&browser, "kind", "right");
    let right = cases(&browser);
    browser.press("jjj");
    assert_eq!(browser.text(FOCUSED), right[2]);
    browser.press("k");
    assert_eq!(browser.text(FOCUSED), right[1]);
    let open =
        "[...document.querySelectorAll('details.case[open]')].map(c => c.dataset.case).join()";
    browser.press("o");
    assert_eq!(browser.text(open), right[1]);
    let inside = "(() => { const b = document.activeElement.getBoundingClientRect(); \
                  return b.top >= 0 && b.top < innerHeight })()";
    assert_eq!(browser.value(inside), true, "the case is in view");
    // As any button: a case opens and closes by Enter.
    browser.press("\u{e007}");
    assert_eq!(browser.text(open), "");
    browser.press("kkkkk");
    assert_eq!(browser.text(FOCUSED), right[0], "the first one stays");
    let help = "document.getElementById('help').checkVisibility()";
    assert_eq!(browser.value(help), false);
    browser.press("?");
    assert_eq!(browser.value(help), true);
    assert_eq!(browser.text("document.getElementById('keys').ariaExpanded"), "true");
    browser.press("l");
    let first = "[...document.querySelectorAll('details.case')].find(c => c.checkVisibility()).id";
    assert_eq!(browser.text("location.hash"), format!("#{}", browser.text(first)));
    browser.press("j");
    assert_eq!(browser.text(FOCUSED), right[1], "it goes on from there");

    assert_eq!(browser.requests().len(), 1, "the page alone");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_link_opens_its_case_and_a_case_is_copied_into_a_suite() {
    let dir = tempfile::tempdir().unwrap();
    let page = shipped(dir.path());
    let browser = Browser::start();
    let wanted = "geography-dutch-capital";
    browser.open(&page, "");
    let id = browser.run_with(
        "return [...document.querySelectorAll('details.case')]\
         .find(c => c.dataset.case === arguments[0]).id",
        &json!([wanted]),
    );
    let id = id.as_str().unwrap();
    let state = format!(
        "(() => {{ const c = document.getElementById('{id}'), b = c.getBoundingClientRect(); \
         return [c.open, c.contains(document.elementFromPoint(b.left + 90, b.top + 16))] }})()"
    );
    for width in [1280, 800, 390] {
        browser.size(width, 800);
        browser.open(&page, &format!("#{id}"));
        let told = browser.value(&state);
        assert_eq!(told, json!([true, true]), "open, and its question is not covered, at {width}");
    }
    // A link within the page to a case that is filtered away shows it all the same.
    choose(&browser, "kind", "right");
    browser.run("location.hash = ''");
    browser.run(&format!("location.hash = '{id}'"));
    let shown = format!("document.getElementById('{id}').checkVisibility()");
    let waited = "return new Promise(done => setTimeout(done, 50))";
    browser.run(waited);
    assert_eq!(browser.value(&shown), true);
    assert_eq!(cases(&browser).len(), 182);
    // The same link once more, after other cases were asked for.
    choose(&browser, "kind", "right");
    assert_eq!(browser.value(&shown), false);
    browser.run(&format!("document.querySelector('.surest a, a[href=\"#{id}\"]').hash = '{id}'"));
    browser.run(&format!("document.querySelector('a[href=\"#{id}\"]').click()"));
    browser.run(waited);
    assert_eq!(browser.value(&shown), true);
    // A case that the page does not have is said to be elsewhere.
    let absent = "document.getElementById('absent').checkVisibility()";
    assert_eq!(browser.value(absent), false);
    browser.open(&page, "#case-nobody");
    assert_eq!(browser.value(absent), true);

    // What is copied is an entry of a suite.
    let allowed = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
    browser.devtools("Browser.grantPermissions", &allowed);
    browser.open(&page, &format!("#{id}"));
    browser.press("c");
    let copied = browser.run("return navigator.clipboard.readText()");
    let copied = copied.as_str().unwrap();
    assert!(copied.starts_with("- id: \"geography-dutch-capital\"\n"), "{copied}");
    let project = Project::empty();
    let entry = format!("  {}\n", copied.trim_end().replace('\n', "\n  "));
    project.write(
        "suites/permanent.yaml",
        &format!("suite: permanent\nendpoints: [model]\nprompt: '{{{{ question }}}}'\ncases:\n{entry}grade: {{choice: '{{{{ answer }}}}'}}\n"),
    );
    let config =
        "endpoints:\n  model: {wire: openai-chat, base_url: \"http://127.0.0.1:9/v1\", model: m}\n";
    project.write("overclaim.yaml", config);
    let checked = project.run(&["check"]);
    assert_eq!(code(&checked), 0, "{}{entry}", text(&checked.stderr));

    // Parts of an address that name nothing, or are no text, are no errors.
    for part in ["#", "#nothing", "#%", "#case-%E0%A4%A", "#filter", "#__proto__"] {
        browser.open(&page, part);
        assert_eq!(cases(&browser).len(), 20, "{part}");
    }
    assert_eq!(browser.complaints(), [""; 0]);
}

/// The page of a run that is not what was accepted: three cases are newly confidently wrong, one is
/// fixed, one is gone, and of the others that are wrong two are known since a day.
fn reviewed(project: &Project) -> PathBuf {
    accept(project, "demo", &["model"], &["--quiet"], |case, line| {
        let (before, answer) = line.split_once(" #").unwrap();
        Some(match case {
            "q-3" | "q-7" | "q-11" => {
                format!(
                    "{case}: correct confident_right 1/1 0.9-0.95 #{}",
                    answer.replace("B. no", "A. yes")
                )
            }
            "q-0" => format!(
                "{case}: incorrect confident_wrong 1/1 0.95-0.99 #{}",
                answer.replace("A. yes", "B. no")
            ),
            "q-1" => format!("{before} #{answer}\nq-99: correct 1/1 #000000000000 \"B. no 99\""),
            "q-15" | "q-19" => format!("{line} known_wrong 2026-11-19 \"since the March weights\""),
            _ => line,
        })
    });
    let run = project.run(&["run", "--quiet", "--out", "reviewed"]);
    assert_eq!(code(&run), 1, "{}", text(&run.stderr));
    project.dir.path().join("reviewed/report.html")
}

#[test]
fn what_is_pending_leads_to_its_cases_and_the_list_is_narrowed_to_it() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(60);
    let page = reviewed(&project);
    let browser = Browser::start();
    browser.open(&page, "");
    let first = browser.text("document.querySelector('.verdict').innerText");
    let told = "5 changes wait for a review, 3 of them newly confident wrong; 12 of 15 confidently \
                wrong cases are known.";
    assert!(first.contains(told), "{first}");

    // As many as each list says, and those that are meant.
    choose(&browser, "kind", "pending against the snapshot (4)");
    assert_eq!(cases(&browser), ["q-3", "q-7", "q-11", "q-0"]);
    choose(&browser, "kind", "known wrong (12)");
    let known = cases(&browser);
    assert_eq!((known.len(), known[0].as_str()), (12, "q-15"));
    let badges = "[...document.querySelectorAll('details.case')].filter(c => c.checkVisibility())\
                  .every(c => c.querySelector('.badges').textContent.includes('known wrong'))";
    assert_eq!(browser.value(badges), true);
    let why = "[...document.querySelectorAll('#case-q-19 dt')].find(d => d.textContent === 'known wrong')\
               .nextElementSibling.textContent";
    assert_eq!(browser.text(why), "since 2026-11-19: since the March weights");
    // Words of the page are none of the case.
    browser.press("/");
    browser.press("known");
    assert!(cases(&browser).is_empty());

    // Every link of the section opens its case, also one that is filtered away.
    let links =
        browser.value("[...document.querySelectorAll('#pending .flips a')].map(a => a.hash)");
    assert_eq!(links, json!(["#case-q-11", "#case-q-3", "#case-q-7", "#case-q-0"]));
    browser.run("document.querySelector('#pending .flips a[href=\"#case-q-0\"]').click()");
    browser.run("return new Promise(done => setTimeout(done, 50))");
    assert_eq!(browser.text(FOCUSED), "q-0");
    let accepted = "[...document.querySelectorAll('#case-q-0 dt')].find(d => d.textContent === 'accepted')\
                    .nextElementSibling.textContent";
    assert_eq!(browser.text(accepted), "B. no 0 incorrect · at 0.95-0.99");

    // On a telephone a change is a card: nothing is beside the window.
    browser.size(390, 900);
    browser.open(&page, "");
    let inside = "[...document.querySelectorAll('#pending td')].filter(e => e.checkVisibility())\
                  .every(e => e.getBoundingClientRect().right <= innerWidth)";
    assert_eq!(browser.value(inside), true);
    // Without script the section is there, and its links lead to cases.
    browser.scripts(false);
    browser.size(1280, 900);
    browser.open(&page, "");
    let rows = "[...document.querySelectorAll('#pending .flips tbody tr')]\
                .filter(row => row.checkVisibility()).length";
    assert_eq!(browser.value(rows), 5);
    let dead = "[...document.querySelectorAll('#pending a')]\
                .filter(a => !document.getElementById(a.hash.slice(1))).length";
    assert_eq!(browser.value(dead), 0);
    assert!(browser.requests().iter().all(|url| url.starts_with("file:")));
    assert_eq!(browser.complaints(), [""; 0]);
}

/// A page with all that there can be: two endpoints, repeats, failures, a run before it.
fn rich(project: &Project) -> PathBuf {
    let endpoint = |name: &str, url: &str| {
        format!(
            "  {name}: {{wire: openai-chat, base_url: \"{url}\", model: {name}, timeout: 10s}}\n"
        )
    };
    let config = project.read("overclaim.yaml");
    let url = config.split('"').nth(1).unwrap();
    let config = format!("endpoints:\n{}{}", endpoint("model", url), endpoint("other", url));
    project.write("overclaim.yaml", &config);
    let suite = project.read("suites/demo.yaml");
    let suite = suite
        .replace("[model]", "[model, other]")
        .replace("temperature: 0,", "temperature: 0.7,")
        .replace("  confident_wrong: {max_rate: 20%}\n", "  confident_wrong: {max_rate: 20%}\n  latency: {p95: 5s}\n  calibration: {max_ks: 20%}\n  regression: {against: previous}\n");
    project.write("suites/demo.yaml", &suite);
    for seed in ["1", "2"] {
        let run = project.run(&["run", "--repeats", "3", "--seed", seed, "--quiet"]);
        assert!([1, 3].contains(&code(&run)), "{}", text(&run.stderr));
    }
    let latest = project.run(&["report", "--format", "html"]);
    project.write("page.html", &text(&latest.stdout));
    project.dir.path().join("page.html")
}

/// Every fourth is wrong; some change from one repeat to the next, some fail, and the second run is
/// not as the first.
fn moody(seen: &Seen, client: &mut Client) {
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    let number = question(seen);
    match (number % 7, body["seed"].as_u64().unwrap_or(0) % 10) {
        (2, _) if body["model"] == "other" => client.json(400, r#"{"error":{"message":"no"}}"#),
        (5, seed) if seed % 2 == 0 => client.json(200, &letter("B", 0.1)),
        (6, 2) => client.json(200, &letter("B", 0.03)),
        _ => mostly_right(seen, client),
    }
}

#[test]
fn everybody_can_read_it_light_and_dark_wide_and_narrow_with_script_and_without() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::new(moody);
    let project = Project::at(&server).choices(60);
    let other = Server::new(mostly_right);
    let accepted = Project::at(&other).choices(60);
    let mut pages = vec![shipped(dir.path()), rich(&project), reviewed(&accepted)];
    let trend = project.run(&["trend", "--out", "trend", "--quiet"]);
    assert!(code(&trend) < 2, "{}", text(&trend.stderr));
    let history = ["trend/index.html", "trend/demo/trend.html"];
    pages.extend(history.map(|page| project.dir.path().join(page)));
    let browser = Browser::start();
    let mut found = Vec::new();
    let mut papers = Vec::new();
    for page in &pages {
        for scheme in [Scheme::Light, Scheme::Dark] {
            browser.prefer(scheme);
            for width in [1280, 390] {
                browser.size(width, 900);
                browser.open(page, "");
                browser.run(
                    "document.querySelectorAll('details').forEach(d => { d.open = true }); \
                             document.querySelectorAll('#help').forEach(h => { h.hidden = false })",
                );
                let told = looked(&browser).into_iter();
                let name = page.file_name().unwrap().display();
                found.extend(told.map(|what| format!("{name} {scheme:?} {width}: {what}")));
            }
            papers.push(browser.text("getComputedStyle(document.body).backgroundColor"));
        }
    }
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_ne!(papers[0], papers[1], "dark is another colour than light");

    // On paper there is nothing to press, and no dark.
    browser.size(1280, 900);
    browser.open(&pages[0], "");
    browser.print();
    for tool in ["nav", "#filter", "#help", ".copy"] {
        let seen =
            format!("[...document.querySelectorAll('{tool}')].some(e => e.checkVisibility())");
        assert_eq!(browser.value(&seen), false, "{tool} is printed");
    }
    assert_eq!(looked(&browser), [""; 0], "printed");
    browser.prefer(Scheme::Light);

    // Without script nothing is hidden, and what would need one is.
    browser.scripts(false);
    browser.open(&pages[0], "");
    assert_eq!(cases(&browser).len(), 182);
    assert_eq!(browser.value("document.getElementById('filter').checkVisibility()"), false);
    assert_eq!(
        browser.value("[...document.querySelectorAll('button')].some(e => e.checkVisibility())"),
        false
    );
    let open = "const c = document.querySelector('details.case'); c.querySelector('summary').click(); \
                const body = c.querySelector('.body'); \
                return [c.open, body.checkVisibility(), body.innerText.includes('reply')]";
    assert_eq!(browser.run(open), json!([true, true, true]));
    assert_eq!(looked(&browser), [""; 0], "without script");

    let requests = browser.requests();
    assert!(requests.iter().all(|url| url.starts_with("file:")));
    assert_eq!(browser.complaints(), [""; 0]);
}
