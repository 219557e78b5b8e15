//! What every format says of the accepted state, held against `changes.json`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Told, between, count, plain, rows};

/// The kinds of changes that wait for somebody, by their names in documents and on pages.
const WAITING: [(&str, &str); 9] = [
    ("newly_confident_wrong", "newly confident wrong"),
    ("newly_wrong", "newly wrong"),
    ("not_answered", "no longer answered"),
    ("fixed", "fixed"),
    ("no_longer_confident_wrong", "no longer confident wrong"),
    ("confidence_moved", "confidence moved"),
    ("reworded", "reworded"),
    ("added", "added"),
    ("removed", "removed"),
];

/// What is said of an endpoint in a few words.
fn in_words(at: &Value) -> String {
    let count = |kind: &str| count(&at["counts"][kind]);
    let list = |kinds: &[(&str, &str)]| {
        let counted = kinds.iter().map(|(kind, words)| (count(kind), words));
        let counted = counted.filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}"));
        counted.collect::<Vec<_>>().join(", ")
    };
    let waiting = list(&WAITING);
    let waiting = if waiting.is_empty() { "nothing pending".to_owned() } else { waiting };
    match list(&[("unstable", "unstable"), ("answer_changed", "answer changed")]) {
        quiet if quiet.is_empty() => waiting,
        quiet => format!("{waiting}; {quiet} (quiet)"),
    }
}

/// The text of a terminal's page in one line.
fn joined(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every format of a run against its `changes.json`, or without a word of it.
pub fn changes(told: &Told<'_>) {
    let document: Value = serde_json::from_str(&told.report(&["--format", "json"])).unwrap();
    let markdown = told.report(&["--format", "markdown", "--top", "1000"]);
    let terminal = joined(&told.report(&["--format", "terminal", "--top", "1000"]));
    let html = told.report(&["--format", "html"]);
    let table = told.report(&["--format", "csv"]);
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let table: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    let github = told.report(&["--format", "github", "--top", "1000"]);
    let Some(changes) = told.changes() else {
        assert!(document.get("changes").is_none(), "{}", told.run);
        for page in [&markdown, &terminal, &html, &github] {
            assert!(!page.contains("gainst the snapshot"), "{}", told.run);
        }
        let marked = |row: &&BTreeMap<String, String>| !row["change"].is_empty();
        assert_eq!(table.iter().filter(marked).count(), 0, "{}", told.run);
        return;
    };
    assert_eq!(document["changes"], changes);
    let (mut all, mut newly, mut removed, mut known_of_all) = (0, 0, 0, Vec::new());
    for at in changes["endpoints"].as_array().unwrap() {
        let name = at["endpoint"].as_str().unwrap();
        let words = in_words(at);
        let list = at["changes"].as_array().unwrap();
        let (pending, kinds) = (count(&at["pending"]), &at["counts"]);
        assert_eq!(list.iter().filter(|change| change["pending"] == true).count(), pending);
        for (kind, n) in kinds.as_object().unwrap() {
            assert_eq!(list.iter().filter(|change| change["kind"] == *kind).count(), count(n));
        }
        (all, newly) = (all + pending, newly + count(&kinds["newly_confident_wrong"]));
        removed += count(&kinds["removed"]);
        assert!(
            terminal.contains(&format!("Against the snapshot: {words}")),
            "{words}: {terminal}"
        );
        assert!(joined(&plain(&html)).contains(&format!("{words}. Accepted in")), "{words}");
        let at_endpoint =
            if told.cards().len() > 1 { format!(" at `{name}`") } else { String::new() };
        let file = at["file"].as_str().unwrap();
        let sentence = format!("Against the snapshot{at_endpoint}, `{file}`: {words}.\n");
        assert!(markdown.contains(&sentence), "{sentence}");
        tabled(name, at, &table);
        let known = at["known_wrong"].as_array().unwrap();
        let known: BTreeMap<&str, &Value> =
            known.iter().map(|known| (known["case"].as_str().unwrap(), known)).collect();
        let ranked = document["confident_wrong"].as_array().unwrap();
        let ranked: Vec<_> = ranked.iter().filter(|case| case["endpoint"] == name).collect();
        let mut sure = 0;
        for case in &ranked {
            let known = known.get(case["case"].as_str().unwrap());
            sure += usize::from(known.is_some());
            let said = case.get("known_wrong").map(|known| &known["reason"]);
            assert_eq!(said, known.map(|known| &known["reason"]));
        }
        let of = if ranked.len() == 1 { "case" } else { "cases" };
        let how_many = format!("{sure} of {} confidently wrong {of}", ranked.len());
        assert_eq!(terminal.contains(&format!("Known wrong {how_many}, in every rate")), sure > 0);
        assert_eq!(markdown.contains(&format!("<summary>{how_many} known to be wrong")), sure > 0);
        known_of_all.push((known.len(), sure));
    }
    let (known, sure) =
        known_of_all.iter().fold((0, 0), |(all, sure), (n, at)| (all + n, sure + at));
    // All of what waits is a row of the comment, and of the page.
    let kinds = WAITING.map(|(_, words)| words);
    let listed = rows(&markdown).into_iter().filter(|row| kinds.contains(&row[0].as_str()));
    assert_eq!(listed.count(), all, "{markdown}");
    let section = between(&html, "<section id=\"pending\"", "</section>")[0];
    let badges = between(section, "<td><span class=\"badge ", "</span>");
    assert_eq!(badges.len(), all);
    assert_eq!(html.matches(" data-pending=\"").count(), all - removed, "{}", told.run);
    assert_eq!(html.matches(" data-known>").count(), known, "{}", told.run);
    let wait = match all {
        0 => "Nothing is pending".to_owned(),
        1 => "1 change waits for a review".to_owned(),
        n => format!("{n} changes wait for a review"),
    };
    let first = plain(between(&html, "<h1", "</section>")[0]);
    assert!(first.contains(&wait), "{first}");
    let matter = markdown.lines().next().unwrap();
    let one = if newly == 1 { "answer" } else { "answers" };
    assert!(matter.contains(&format!("{newly} newly confident wrong {one}, ")), "{matter}");
    let warned = github.lines().filter(|line| line.contains("title=newly confidently wrong"));
    assert_eq!(warned.count(), newly.min(10), "{github}");
    let kinds = if sure == 1 { "case is" } else { "cases are" };
    let told_known = github.contains(&format!("; {sure} more confident wrong {kinds} known"));
    assert_eq!(told_known, sure > 0, "{github}");
    // The command is told where there is something to review, and somebody may.
    let shard = !told.header["shard"].is_null();
    let review = format!("overclaim review {}", told.run);
    for page in [&markdown, &terminal, &html, &github] {
        assert_eq!(page.contains(&review), all > 0 && !shard, "{}", told.run);
        assert_eq!(page.contains("a shard is a part of a run"), all > 0 && shard, "{page}");
    }
}

/// In the table each case of an endpoint says what became of it, and each answer whether it is known.
fn tabled(name: &str, at: &Value, table: &[BTreeMap<String, String>]) {
    let (list, kinds) = (at["changes"].as_array().unwrap(), &at["counts"]);
    let rows: Vec<_> = table.iter().filter(|row| row["endpoint"] == name).collect();
    let first = || rows.iter().filter(|row| row["repeat"] == "0");
    for change in list {
        let case = change["case"].as_str().unwrap();
        let marks: Vec<&str> =
            first().filter(|row| row["case"] == case).map(|row| row["change"].as_str()).collect();
        let kind = change["kind"].as_str().unwrap();
        assert!(marks.iter().all(|mark| *mark == kind), "{case} {kind} {marks:?}");
        assert_eq!(marks.is_empty(), kind == "removed", "{case} {kind}");
    }
    let marked = first().filter(|row| !row["change"].is_empty()).count();
    assert_eq!(marked, list.len() - count(&kinds["removed"]));
    let known = at["known_wrong"].as_array().unwrap();
    let known: BTreeMap<&str, &Value> =
        known.iter().map(|known| (known["case"].as_str().unwrap(), known)).collect();
    for row in &rows {
        let since = known.get(row["case"].as_str()).filter(|_| row["outcome"] == "incorrect");
        let since = since.map(|known| known["since"].as_str().unwrap_or("yes"));
        assert_eq!(row["known_wrong"], since.unwrap_or_default(), "{row:?}");
    }
}
