mod damage;
mod model;
mod open;
mod prune;
mod tampered;

use std::collections::BTreeMap;
use std::fs;

use futures_util::FutureExt;
use tempfile::TempDir;

use super::*;
use crate::ask::{
    AskError, AskErrorKind, Digest, Origin, Params, Reply, Speaker, Target, Turn, Usage as Tokens,
};
use crate::cache::Decode;

/// A directory for a store, gone when the test is over.
struct Home(TempDir);

impl Home {
    fn new() -> Home {
        Home(tempfile::tempdir().expect("a temporary directory"))
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    fn file(&self) -> PathBuf {
        self.dir().join(schema::FILE)
    }

    fn open(&self) -> Store {
        Store::open(self.dir()).expect("the store opens")
    }

    /// The database as anybody may open it who has `sqlite3`.
    fn raw(&self) -> Connection {
        Connection::open(self.file()).expect("the database opens")
    }

    /// What a query says, as a text.
    fn asked(&self, sql: &str) -> String {
        let value = |row: &Row<'_>| row.get::<_, rusqlite::types::Value>(0);
        match self.raw().query_row(sql, [], value).expect(sql) {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => panic!("{sql}: {other:?}"),
        }
    }

    fn files(&self) -> Vec<String> {
        let name = |file: io::Result<fs::DirEntry>| file.unwrap().file_name();
        let files = fs::read_dir(self.dir()).unwrap().map(name);
        let mut files: Vec<String> = files.map(|name| name.into_string().unwrap()).collect();
        files.sort_unstable();
        files
    }
}

fn of_model(model: &str, number: u32) -> Request {
    let text = format!("What is {number} + {number}?");
    Request {
        target: Arc::new(Target {
            wire: "openai-chat/1".into(),
            url: "http://127.0.0.1:8089/v1/chat/completions".into(),
            model: model.into(),
            max_completion_tokens: false,
            headers: BTreeMap::new(),
        }),
        turns: Arc::new([Turn { speaker: Speaker::User, text }]),
        params: Params { temperature: Some(0.5), seed: Some(7), ..Params::default() },
        draw: Draw { repeat: 0, sample: 0 },
    }
}

fn request(number: u32) -> Request {
    of_model("m", number)
}

fn times() -> Times {
    Times { first_token_ms: Some(12.25), total_ms: 80.5, ..Times::default() }
}

fn body(number: u32) -> String {
    format!("{{\"answer\": {}}}", 2 * number)
}

fn entry_with(request: &Request, raw: &str, created_ms: i64, usage: Option<Tokens>) -> Entry {
    let reply = Reply {
        text: raw.into(),
        reasoning: None,
        refusal: None,
        tokens: None,
        finish: None,
        usage,
        model: Some("m-2026".into()),
        fingerprint: None,
        times: times(),
        raw: raw.into(),
    };
    Entry { request: Arc::new(request.clone()), reply: Arc::new(reply), created_ms }
}

fn entry(request: &Request, raw: &str, created_ms: i64) -> Entry {
    entry_with(request, raw, created_ms, None)
}

/// The entry of a numbered request, fetched in the millisecond of its number.
fn numbered(number: u32) -> Entry {
    entry(&request(number), &body(number), number.into())
}

fn session(suite: &str) -> Arc<Session> {
    Arc::new(Session::new(suite, 1_000))
}

/// Puts entries into a store, and waits until they are on the disk.
async fn put(store: &Store, session: &Arc<Session>, entries: impl IntoIterator<Item = Entry>) {
    for entry in entries {
        store.put(entry, session).await;
    }
    store.finish(session).expect("all is written");
}

/// A store that holds these entries, by a run of the suite `sums`.
async fn holding(home: &Home, entries: impl IntoIterator<Item = Entry>) -> Store {
    let store = home.open();
    put(&store, &session("sums"), entries).await;
    store
}

/// The body found for a request.
fn answer(store: &Store, request: &Request) -> Option<String> {
    store.get(request).expect("the store is read").map(|found| found.body.to_string())
}

/// Bodies of this wire are objects; everything else cannot be decoded.
fn decode() -> Decode {
    Arc::new(|_, body, times| match body.strip_prefix('{') {
        Some(_) => Ok(Reply { times, ..(*entry(&request(0), body, 0).reply).clone() }),
        None => Err(AskError::new(AskErrorKind::BadBody, "not an object")),
    })
}

#[tokio::test]
async fn an_entry_is_found_before_it_is_on_the_disk_and_after() {
    let home = Home::new();
    let (store, other, run) = (home.open(), home.open(), session("sums"));
    let found = Found { body: body(1).into(), times: times(), created_ms: 1, run: run.id };
    // Somebody writes, so this cannot be written yet.
    let busy = home.raw();
    busy.execute_batch("BEGIN IMMEDIATE").unwrap();
    store.put(numbered(1), &run).await;
    assert_eq!(store.get(&request(1)).unwrap(), Some(found.clone()));
    assert_eq!(store.get(&request(2)).unwrap(), None);
    assert_eq!(other.get(&request(1)).unwrap(), None, "it waits in the other store");
    busy.execute_batch("ROLLBACK").unwrap();
    store.finish(&run).unwrap();
    assert_eq!(home.asked("SELECT count(*) FROM entry"), "1");
    for store in [&store, &other, &home.open()] {
        assert_eq!(store.get(&request(1)).unwrap(), Some(found.clone()));
        assert_eq!(store.get(&request(2)).unwrap(), None);
    }
}

#[tokio::test]
async fn a_view_is_kept_from_hit_to_hit_and_ends_with_a_commit_or_when_it_is_told_to() {
    let home = Home::new();
    let run = session("sums");
    let (store, other) = (holding(&home, [numbered(1)]).await, home.open());
    let look = |number| {
        let request = request(number);
        let (found, watch) = store.look_up(&request.digest().short(), &request).unwrap();
        (found.map(|found| found.body.to_string()), watch)
    };
    let log = || fs::metadata(home.dir().join("cache.db-wal")).unwrap().len();
    let truncated = || {
        let checkpoint = "PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)";
        home.raw().execute_batch(checkpoint).unwrap();
        log() == 0
    };
    // The second hit is found in a view, and somebody is to end it.
    assert_eq!(look(1), (Some(body(1)), Watch::Mine));
    assert_eq!(look(1), (Some(body(1)), Watch::Others));
    put(&other, &run, [numbered(2)]).await;
    store.rest();
    assert_eq!(look(2), (Some(body(2)), Watch::Mine), "what others store is found after it");
    // What this process itself has stored is found at once, waiting and written.
    for number in 3..6 {
        store.put(numbered(number), &run).await;
        assert_eq!(look(number).0, Some(body(number)));
        store.finish(&run).unwrap();
        assert_eq!(look(number).0, Some(body(number)));
        assert_eq!(look(number).0, Some(body(number)));
    }
    // Nobody's log is held for ever: not after a miss, not once it was told to rest.
    assert_eq!(look(9).0, None);
    store.rest();
    put(&other, &run, [numbered(7)]).await;
    assert!(log() > 0 && truncated());
}

#[tokio::test]
async fn what_waits_is_written_at_the_end_and_one_file_is_left() {
    let home = Home::new();
    let (first, second, run) = (home.open(), home.open(), session("sums"));
    first.put(numbered(1), &run).await;
    drop(first);
    let log = fs::metadata(home.dir().join("cache.db-wal")).unwrap();
    assert_eq!(log.len(), 0, "all of it is in the database");
    assert_eq!(answer(&second, &request(1)), Some(body(1)));
    second.put(numbered(2), &run).await;
    drop(second);
    assert_eq!(home.files(), ["cache.db", "cache.lock"]);
    assert_eq!(home.asked("SELECT count(*) FROM entry"), "2");
    assert_eq!(home.asked("SELECT suite FROM run"), "sums");
}

#[tokio::test]
async fn draws_settings_and_targets_have_entries_of_their_own() {
    let home = Home::new();
    let base = request(1);
    let mut warm = base.clone();
    warm.params.temperature = Some(1.0);
    let mut long = base.clone();
    long.params.extra.insert("top_k".into(), 40.into());
    let repeat = Request { draw: Draw { repeat: 1, sample: 0 }, ..base.clone() };
    let all = [base.clone(), base.sample(1), repeat, warm, long, of_model("n", 1)];
    let bodies = all.iter().zip(1..).map(|(request, n)| entry(request, &body(n), 0));
    let store = holding(&home, bodies).await;
    for store in [&store, &home.open()] {
        for (request, n) in all.iter().zip(1..) {
            assert_eq!(answer(store, request), Some(body(n)));
        }
    }
    assert_eq!(home.asked("SELECT count(*) FROM settings"), "4", "draws share theirs");
}

#[tokio::test]
async fn a_newer_reply_replaces_the_entry_and_is_the_youngest() {
    let home = Home::new();
    let store = holding(&home, (1..=3).map(numbered)).await;
    put(&store, &session("sums"), [entry(&request(1), "{\"new\"}", 9)]).await;
    assert_eq!(answer(&store, &request(1)).as_deref(), Some("{\"new\"}"));
    assert_eq!(store.entries().unwrap(), 3);
    let latest = store.latest(10).unwrap();
    assert_eq!(latest, [(request(1), 9), (request(3), 3), (request(2), 2)]);
    assert_eq!(store.latest(2).unwrap(), latest[..2]);
    // The youngest is replaced by one younger still.
    put(&store, &session("sums"), [entry(&request(1), "{\"newer\"}", 10)]).await;
    assert_eq!(store.latest(1).unwrap(), [(request(1), 10)]);
}

#[tokio::test]
async fn of_replies_that_wait_together_the_last_counts() {
    let home = Home::new();
    let (store, run) = (home.open(), session("sums"));
    let busy = home.raw();
    busy.execute_batch("BEGIN IMMEDIATE").unwrap();
    for n in 1..=3 {
        store.put(entry(&request(1), &body(n), n.into()), &run).await;
        assert_eq!(answer(&store, &request(1)), Some(body(n)));
    }
    busy.execute_batch("ROLLBACK").unwrap();
    store.finish(&run).unwrap();
    assert_eq!(answer(&store, &request(1)), Some(body(3)));
    assert_eq!(store.entries().unwrap(), 1);
}

#[tokio::test]
async fn imports_keep_what_is_there_and_tell_how_much_is_new() {
    let home = Home::new();
    let store = holding(&home, [numbered(1), numbered(3)]).await;
    let run = session("import");
    let other = |n| entry(&request(n), "{\"other\"}", 99);
    assert_eq!(store.put_all([], &run).unwrap(), 0);
    assert_eq!(store.put_all((1..=4).chain([2, 4]).map(other), &run).unwrap(), 2);
    assert_eq!(store.put_all((1..=4).map(other), &run).unwrap(), 0);
    let others: Vec<bool> =
        (1..=4).map(|n| answer(&store, &request(n)) == Some("{\"other\"}".into())).collect();
    assert_eq!(others, [false, true, false, true]);
    // More than one batch.
    let many = u32::try_from(writer::BATCH).unwrap() + 10;
    assert_eq!(store.put_all((1..=many).map(numbered), &run).unwrap(), many as usize - 4);
    assert_eq!(store.entries().unwrap(), u64::from(many));
}

#[tokio::test]
async fn who_brings_more_than_the_disk_can_take_waits() {
    let home = Home::new();
    let (store, run) = (home.open(), session("sums"));
    let busy = home.raw();
    busy.execute_batch("BEGIN IMMEDIATE").unwrap();
    let full = 4 * u32::try_from(writer::BATCH).unwrap();
    for n in 0..full {
        let put = tokio::task::unconstrained(store.put(numbered(n), &run));
        assert!(put.now_or_never().is_some(), "there is room for {n}");
    }
    let mut next = Box::pin(tokio::task::unconstrained(store.put(numbered(full), &run)));
    assert!(next.as_mut().now_or_never().is_none(), "there is no more room");
    busy.execute_batch("ROLLBACK").unwrap();
    next.await;
    store.finish(&run).unwrap();
    assert_eq!(store.entries().unwrap(), u64::from(full) + 1);
}

#[tokio::test]
async fn what_could_not_be_written_is_told_once() {
    let home = Home::new();
    let (store, run) = (home.open(), session("sums"));
    home.raw().execute_batch("ALTER TABLE entry RENAME TO hidden").unwrap();
    store.put(numbered(1), &run).await;
    let error = store.finish(&run).unwrap_err();
    assert!(matches!(error, StoreError::Database { .. }), "{error}");
    assert!(error.to_string().contains("no such table"), "{error}");
    home.raw().execute_batch("ALTER TABLE hidden RENAME TO entry").unwrap();
    store.finish(&run).unwrap();
    assert_eq!(answer(&store, &request(1)), None);
    put(&store, &run, [numbered(1)]).await;
    assert_eq!(answer(&store, &request(1)), Some(body(1)));
}

#[tokio::test]
async fn the_suite_of_an_entry_is_known_as_soon_as_the_entry_is() {
    let home = Home::new();
    let (store, other) = (home.open(), home.open());
    let (run, import) = (session("sums"), session("import"));
    assert_eq!(&*other.suite(run.id), "unknown");
    let busy = home.raw();
    busy.execute_batch("BEGIN IMMEDIATE").unwrap();
    store.put(numbered(1), &run).await;
    let found = store.get(&request(1)).unwrap().unwrap();
    assert_eq!(&*store.suite(found.run), "sums");
    busy.execute_batch("ROLLBACK").unwrap();
    store.finish(&run).unwrap();
    store.put_all([numbered(2)], &import).unwrap();
    for store in [&store, &other] {
        for (n, suite) in [(1, "sums"), (2, "import")] {
            let found = store.get(&request(n)).unwrap().unwrap();
            assert_eq!(&*store.suite(found.run), suite);
        }
    }
}

#[tokio::test]
async fn sizes_are_counted_by_suite_and_model_and_add_up() {
    let home = Home::new();
    let store = home.open();
    let (sums, capitals) = (session("sums"), session("capitals"));
    put(&store, &sums, (1..=3).map(numbered)).await;
    let others = (1..=2).map(|n| entry(&of_model("n", n), &body(n), 50 + i64::from(n)));
    put(&store, &capitals, others).await;
    put(&store, &capitals, [numbered(7)]).await;
    let size = store.size().unwrap();
    let bytes = |numbers: &[u32]| -> u64 {
        let of = |n: &u32| row::turns(&request(*n)).len() + body(*n).len();
        numbers.iter().map(|n| of(n) as u64).sum()
    };
    assert_eq!(size.entries, 6);
    assert_eq!(size.text_bytes, bytes(&[1, 2, 3, 1, 2, 7]));
    assert_eq!(size.path, home.file().display().to_string());
    let files = ["cache.db", "cache.db-wal"].map(|name| home.dir().join(name));
    let on_disk = files.map(|file| fs::metadata(file).unwrap().len());
    assert_eq!(size.file_bytes, on_disk.iter().sum::<u64>());
    let suite = |name: &str, numbers: &[u32]| SuiteSize {
        suite: name.into(),
        runs: 1,
        entries: numbers.len() as u64,
        text_bytes: bytes(numbers),
        ..SuiteSize::default()
    };
    assert_eq!(size.suites, [suite("capitals", &[1, 2, 7]), suite("sums", &[1, 2, 3])]);
    let model = |name: &str, numbers: &[u32], oldest, newest| ModelSize {
        model: name.into(),
        entries: numbers.len() as u64,
        text_bytes: bytes(numbers),
        oldest_ms: Some(oldest),
        newest_ms: Some(newest),
    };
    assert_eq!(size.models, [model("m", &[1, 2, 3, 7], 1, 7), model("n", &[1, 2], 51, 52)]);
    assert_eq!(home.open().size().unwrap(), size);
}

#[tokio::test]
async fn how_requests_were_answered_is_counted_by_suite_and_once() {
    let home = Home::new();
    let store = home.open();
    let runs = [session("sums"), session("sums"), session("capitals")];
    let origins = [Origin::Live, Origin::Joined, Origin::Stored, Origin::Shared, Origin::Replayed];
    for (run, times) in runs.iter().zip([1, 10, 100]) {
        for (origin, factor) in origins.into_iter().zip(1..) {
            (0..times * factor).for_each(|_| run.answered(origin));
        }
    }
    for run in runs.iter().chain(&runs[..1]) {
        store.finish(run).unwrap();
    }
    let counted = |suite: &SuiteSize| {
        let name = suite.suite.clone();
        (name, suite.runs, [suite.live, suite.joined, suite.stored, suite.shared])
    };
    let counted: Vec<_> = store.size().unwrap().suites.iter().map(counted).collect();
    assert_eq!(
        counted,
        [("capitals".into(), 1, [100, 200, 300, 400]), ("sums".into(), 2, [11, 22, 33, 44])]
    );
    // Later counts of a run take the place of earlier ones.
    runs[0].answered(Origin::Stored);
    store.finish(&runs[0]).unwrap();
    assert_eq!(store.size().unwrap().suites[1].stored, 34);
}

#[tokio::test]
async fn an_empty_store_has_nothing_and_says_so() {
    let home = Home::new();
    assert!(Store::open_existing(home.dir()).unwrap().is_none());
    assert!(home.files().is_empty(), "looking for a store makes none");
    let store = home.open();
    let size = store.size().unwrap();
    assert_eq!((size.entries, size.suites.len(), size.models.len()), (0, 0, 0));
    assert_eq!(store.verify(&decode()).unwrap(), Verified::default());
    assert_eq!(store.prune(&Limits::default()).unwrap().deleted, 0);
    assert_eq!(store.seen("m").unwrap(), Seen::default());
    assert_eq!(store.with_digest("").unwrap(), []);
    assert_eq!(store.latest(5).unwrap(), []);
    assert!(Store::open_existing(home.dir()).unwrap().is_some());
}

#[tokio::test]
async fn tokens_are_summed_over_the_settings_of_a_model() {
    let home = Home::new();
    let tokens = |input_tokens, output_tokens| {
        Some(Tokens { input_tokens, output_tokens, ..Tokens::default() })
    };
    let mut warm = request(2);
    warm.params.temperature = None;
    let of_n = of_model("n", 3);
    let entries = [
        entry_with(&request(1), &body(1), 0, tokens(10, 1)),
        entry_with(&warm, &body(2), 0, tokens(20, 2)),
        entry_with(&of_n, &body(3), 0, tokens(40, 4)),
        // Nobody counted, so it teaches nothing.
        entry_with(&request(4), &body(4), 0, None),
    ];
    let store = holding(&home, entries.clone()).await;
    let prompts = prompt_bytes(&request(1)) + prompt_bytes(&warm);
    let seen = Seen { replies: 2, prompt_bytes: prompts, input_tokens: 30, output_tokens: 3 };
    assert_eq!(store.seen("m").unwrap(), seen);
    assert_eq!(store.seen("n").unwrap().output_tokens, 4);
    assert_eq!(store.seen("o").unwrap(), Seen::default());
    // What is imported but there already was seen already.
    store.put_all(entries, &session("import")).unwrap();
    assert_eq!(store.seen("m").unwrap(), seen);
}

#[tokio::test]
async fn a_server_that_counts_absurd_tokens_spoils_nothing() {
    let home = Home::new();
    let most = i64::MAX.unsigned_abs();
    let absurd = Tokens { input_tokens: most, output_tokens: u64::MAX, ..Tokens::default() };
    let absurd = Some(absurd);
    let entries = (1..=3).map(|n| entry_with(&request(n), &body(n), 0, absurd));
    let store = holding(&home, entries).await;
    let more = (4..=6).map(|n| entry_with(&request(n), &body(n), 0, absurd));
    put(&store, &session("sums"), more).await;
    assert_eq!(store.seen("m").unwrap().replies, 6);
    assert_eq!(answer(&store, &request(6)), Some(body(6)));
}

#[tokio::test]
async fn exports_are_sorted_by_what_plays_anywhere_and_then_by_age() {
    let home = Home::new();
    let moved = |number, host: &str| {
        let base = request(number);
        let url = format!("http://{host}/v1/chat/completions");
        let target = Target { url, ..(*base.target).clone() };
        Request { target: Arc::new(target), ..base }
    };
    // Later entries of the same exchange, from other hosts.
    let hosts = ["z", "a"].into_iter().flat_map(|host| (1..=40).map(move |n| (host, n)));
    let all: Vec<Request> =
        (1..=40).map(request).chain(hosts.map(|(host, n)| moved(n, host))).collect();
    let entries = all.iter().zip(1..).map(|(request, n)| entry(request, &body(n), n.into()));
    let store = holding(&home, entries).await;
    let mut expected: Vec<(Digest, i64)> =
        all.iter().zip(1..).map(|(request, n)| (request.portable_digest(), n)).collect();
    expected.sort_unstable();
    let mut got = Vec::new();
    let each = |stored: Stored| {
        assert_eq!(stored.times, times());
        assert_eq!(stored.body, body(u32::try_from(stored.created_ms).unwrap()));
        got.push((stored.request.portable_digest(), stored.created_ms));
        Ok::<_, StoreError>(())
    };
    store.export(&Wanted::default(), each).unwrap();
    assert_eq!(got, expected);
}

#[tokio::test]
async fn exports_hold_what_is_wanted() {
    let home = Home::new();
    let store = holding(&home, (1..=2).map(numbered)).await;
    let others = [entry(&of_model("gpt-4", 3), &body(3), 3), entry(&of_model("m", 4), &body(4), 4)];
    put(&store, &session("capitals"), others).await;
    let exported = |suite: Option<&str>, model: Option<&str>| {
        let model = model.map(|glob| glob::Pattern::new(glob).unwrap());
        let wanted = Wanted { suite: suite.map(Into::into), model };
        let mut times = Vec::new();
        let each = |stored: Stored| {
            times.push(stored.created_ms);
            Ok::<_, StoreError>(())
        };
        store.export(&wanted, each).unwrap();
        times.sort_unstable();
        times
    };
    assert_eq!(exported(None, None), [1, 2, 3, 4]);
    assert_eq!(exported(Some("sums"), None), [1, 2]);
    assert_eq!(exported(Some("capitals"), None), [3, 4]);
    assert_eq!(exported(None, Some("gpt-*")), [3]);
    assert_eq!(exported(Some("capitals"), Some("m")), [4]);
    assert_eq!(exported(Some("sums"), Some("gpt-*")), [0_i64; 0]);
    assert_eq!(exported(Some("sum"), None), [0_i64; 0]);
}

#[tokio::test]
async fn an_export_ends_when_its_receiver_does() {
    let home = Home::new();
    let store = holding(&home, (1..=5).map(numbered)).await;
    let mut seen = 0;
    let each = |_: Stored| {
        seen += 1;
        let path = home.file();
        if seen < 3 { Ok(()) } else { Err(StoreError::Foreign { path }) }
    };
    let error = store.export(&Wanted::default(), each).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    assert_eq!(seen, 3);
}

#[tokio::test]
async fn requests_are_found_by_the_first_digits_of_their_digest() {
    let home = Home::new();
    // Of seventeen digests two start with the same digit.
    let store = holding(&home, (1..=17).map(numbered)).await;
    let digits: Vec<String> = (1..=17).map(|n| request(n).digest().to_string()).collect();
    for (number, digits) in (1..).zip(&digits) {
        for digits in [&digits[..], &digits[..33], &digits[..32], &digits.to_uppercase()] {
            assert_eq!(store.with_digest(digits).unwrap(), [request(number)], "{digits}");
        }
    }
    for first in "0123456789abcdef".chars() {
        let theirs = digits.iter().filter(|digits| digits.starts_with(first)).count();
        let found = store.with_digest(&first.to_string()).unwrap();
        assert_eq!(found.len(), theirs.min(2), "{first}");
        assert!(found.iter().all(|found| found.digest().to_string().starts_with(first)));
    }
    assert_eq!(store.with_digest("").unwrap().len(), 2, "everything starts with nothing");
    for digits in ["x", "0x1", "%", "é", "'", &"é".repeat(40), &format!("{}x", digits[0])] {
        assert_eq!(store.with_digest(digits).unwrap(), [], "{digits}");
    }
    // The digits that are no part of the key count as well.
    let mut wrong = digits[0].clone();
    let last = if wrong.pop() == Some('0') { '1' } else { '0' };
    wrong.push(last);
    assert_eq!(store.with_digest(&wrong).unwrap(), []);
}
