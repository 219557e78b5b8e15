use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use tokio::sync::Notify;
use tokio::task::yield_now;

use super::*;
use crate::ask::{Draw, Finish, Params, Posed, Speaker, Target, Times, Turn};

/// A server that counts its calls and answers with the text of the last turn, or as it is told.
#[derive(Default)]
struct Server {
    calls: AtomicUsize,
    held: AtomicBool,
    open: Notify,
    says: Mutex<Option<Result<Reply, AskError>>>,
    panics: AtomicBool,
}

impl Server {
    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn says(&self, result: Result<Reply, AskError>) {
        *lock(&self.says) = Some(result);
    }

    fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    fn release(&self) {
        self.held.store(false, Ordering::SeqCst);
        self.open.notify_waiters();
    }
}

impl Ask for Server {
    fn ask(&self, request: Posed) -> BoxFuture<'_, Exchange> {
        async move {
            let number = self.calls.fetch_add(1, Ordering::SeqCst);
            while self.held.load(Ordering::SeqCst) {
                let opened = self.open.notified();
                if self.held.load(Ordering::SeqCst) {
                    opened.await;
                }
            }
            assert!(!self.panics.load(Ordering::SeqCst), "a bug of the transport");
            let text = format!("{} {number}", request.turns[0].text);
            let result = lock(&self.says).clone().unwrap_or_else(|| Ok(reply(&text)));
            let error = result.as_ref().err().map(|error| error.kind);
            Exchange {
                digest: request.digest(),
                request: request.request(),
                role: Role::Answer,
                origin: Origin::Live,
                fetched: None,
                waited: Duration::ZERO,
                attempts: vec![Attempt { status: Some(200), error, ms: 5.0, ..Attempt::default() }],
                result: result.map(Arc::new).map_err(Arc::new),
            }
        }
        .boxed()
    }
}

fn reply(text: &str) -> Reply {
    Reply {
        text: text.into(),
        reasoning: None,
        refusal: None,
        tokens: None,
        finish: Some(Finish::Stop),
        usage: None,
        model: Some("m".into()),
        fingerprint: None,
        times: Times { head_ms: Some(3.25), total_ms: 5.5, ..Times::default() },
        raw: text.into(),
    }
}

fn request(model: &str, text: &str) -> Arc<Request> {
    Arc::new(Request {
        target: Arc::new(Target {
            wire: "plain/1".into(),
            url: "http://localhost/v1".into(),
            model: model.into(),
            max_completion_tokens: false,
            headers: BTreeMap::new(),
        }),
        turns: [Turn { speaker: Speaker::User, text: text.into() }].into(),
        params: Params { temperature: Some(0.0), ..Params::default() },
        draw: Draw::default(),
    })
}

/// The cache of one process. Bodies are read as they are; those that begin with `?` are garbage.
fn cache(dir: &Path, mode: Mode) -> Arc<Cache> {
    let decode: Decode = Arc::new(|_, body, times| {
        if body.starts_with('?') {
            return Err(AskError::new(AskErrorKind::BadBody, "garbage"));
        }
        Ok(Reply { times, ..reply(body) })
    });
    let store = Store::open(dir).unwrap();
    Arc::new(Cache::new(store, mode, Freshness::default(), decode))
}

/// A run of a suite through a cache.
fn run_of(cache: &Arc<Cache>, suite: &str, server: &Arc<Server>) -> Cached {
    let session = Arc::new(Session::new(suite, now_ms()));
    Cached::new(Arc::clone(cache), session, Arc::clone(server) as Arc<dyn Ask>)
}

fn text(exchange: &Exchange) -> &str {
    &exchange.result.as_ref().unwrap().text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_make_one_call_and_the_next_run_makes_none() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    let cache = cache(dir.path(), Mode::Use);
    let run = run_of(&cache, "first", &server);
    let question = request("m", "2 + 2?");
    server.hold();
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let (run, question) = (run.clone(), Arc::clone(&question));
            tokio::spawn(async move { run.ask(question.into()).await })
        })
        .collect();
    while cache.flights.seats(&question.digest()) < 50 {
        assert!(server.calls() <= 1, "each caller calls by itself");
        yield_now().await;
    }
    server.release();
    let mut origins = BTreeMap::new();
    let mut attempts = 0;
    for caller in callers {
        let exchange = caller.await.unwrap();
        assert_eq!(text(&exchange), "2 + 2? 0");
        attempts += exchange.attempts.len();
        *origins.entry(exchange.origin).or_insert(0) += 1;
    }
    assert_eq!(origins, BTreeMap::from([(Origin::Live, 1), (Origin::Joined, 49)]));
    assert_eq!((server.calls(), attempts), (1, 1));
    // After the flight: found in the store, and still by this run.
    let later = run.ask(Arc::clone(&question).into()).await;
    assert_eq!((later.origin, later.fetched.clone()), (Origin::Joined, None));

    tokio::time::sleep(Duration::from_millis(2)).await; // The next run starts at a later time.
    let next = run_of(&cache, "second", &server).ask(question.into()).await;
    assert_eq!((text(&next), next.origin, next.attempts.len()), ("2 + 2? 0", Origin::Stored, 0));
    assert_eq!(next.fetched.unwrap().suite.as_ref(), "first");
    assert_eq!(next.result.unwrap().times.head_ms, Some(3.25), "times of the call that fetched it");
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn what_differs_is_never_shared() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    let cache = cache(dir.path(), Mode::Use);
    let run = run_of(&cache, "suite", &server);
    let base = request("m", "2 + 2?");
    let mut others = vec![(*base).clone(), base.sample(1), base.sample(2)];
    others.push(Request { draw: Draw { repeat: 1, sample: 0 }, ..(*base).clone() });
    others.push((*request("other", "2 + 2?")).clone());
    others.push((*request("m", "2 + 3?")).clone());
    let warm = Params { temperature: Some(0.5), ..base.params.clone() };
    others.push(Request { params: warm, ..(*base).clone() });
    let elsewhere = Target { url: "http://other/v1".into(), ..(*base.target).clone() };
    others.push(Request { target: elsewhere.into(), ..(*base).clone() });
    for round in 0..2 {
        for other in &others {
            run.ask(Arc::new(other.clone()).into()).await;
        }
        assert_eq!(server.calls(), others.len(), "round {round}");
    }
    cache.finish(&run.session).unwrap();
    assert_eq!(cache.store().entries().unwrap(), others.len() as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_shared_by_the_run_and_forgotten_after_it() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    let cache = cache(dir.path(), Mode::Use);
    server.says(Err(AskError::new(AskErrorKind::Server, "down")));
    let run = run_of(&cache, "suite", &server);
    let question = request("m", "2 + 2?");
    let first = run.ask(Arc::clone(&question).into()).await;
    let second = run.ask(Arc::clone(&question).into()).await;
    assert_eq!((first.origin, first.attempts.len()), (Origin::Live, 1));
    assert_eq!((second.origin, second.attempts.len()), (Origin::Joined, 0));
    assert!(Arc::ptr_eq(&first.result.unwrap_err(), &second.result.unwrap_err()));
    assert_eq!(server.calls(), 1);
    cache.finish(&run.session).unwrap();
    assert_eq!(cache.store().entries().unwrap(), 0, "errors are not stored");

    server.says(Ok(reply("4")));
    let next = run_of(&cache, "suite", &server).ask(question.into()).await;
    assert_eq!((text(&next), next.origin, server.calls()), ("4", Origin::Live, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_below_is_an_error_for_all() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    let cache = cache(dir.path(), Mode::Use);
    server.panics.store(true, Ordering::SeqCst);
    let run = run_of(&cache, "suite", &server);
    let error = run.ask(request("m", "2 + 2?").into()).await.result.unwrap_err();
    assert_eq!(error.kind, AskErrorKind::Interrupted);
    assert!(error.message.contains("a bug of the transport"), "{error}");
}

#[tokio::test]
async fn refusals_and_replies_that_ended_by_length_are_stored() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    let cache = cache(dir.path(), Mode::Use);
    let run = run_of(&cache, "suite", &server);
    server.says(Ok(Reply { refusal: Some("no".into()), ..reply("") }));
    run.ask(request("m", "a").into()).await;
    server.says(Ok(Reply { finish: Some(Finish::Length), ..reply("cut") }));
    run.ask(request("m", "b").into()).await;
    cache.finish(&run.session).unwrap();
    assert_eq!(cache.store().entries().unwrap(), 2);
}

#[tokio::test]
async fn a_replay_asks_nothing_and_says_what_differs() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    {
        let cache = cache(dir.path(), Mode::Use);
        run_of(&cache, "suite", &server).ask(request("m", "2 + 2?").into()).await;
    }
    let cache = cache(dir.path(), Mode::Replay);
    let run = run_of(&cache, "suite", &server);
    assert_eq!(run.ask(request("m", "2 + 2?").into()).await.origin, Origin::Stored);
    let error = run.ask(request("m", "2 + 3?").into()).await.result.unwrap_err();
    assert_eq!(error.kind, AskErrorKind::NotRecorded);
    insta::assert_snapshot!(error.message, @r#"the cache has no such exchange, and `--cache replay` asks nothing; the nearest differs in message 1 (asked "2 + 3?", stored "2 + 2?")"#);
    assert_eq!(server.calls(), 1);
    assert_eq!(run.session.count(Origin::Stored), 1, "a miss is no hit");
}

#[tokio::test]
async fn a_refresh_asks_everything_once_more_and_once_only() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    let question = request("m", "2 + 2?");
    {
        let cache = cache(dir.path(), Mode::Use);
        run_of(&cache, "suite", &server).ask(Arc::clone(&question).into()).await;
    }
    tokio::time::sleep(Duration::from_millis(2)).await; // What is stored is older than the refresh.
    {
        let cache = cache(dir.path(), Mode::Refresh);
        let run = run_of(&cache, "suite", &server);
        for origin in [Origin::Live, Origin::Joined, Origin::Joined] {
            let exchange = run.ask(Arc::clone(&question).into()).await;
            assert_eq!((exchange.origin, text(&exchange)), (origin, "2 + 2? 1"));
        }
    }
    let cache = cache(dir.path(), Mode::Use);
    let exchange = run_of(&cache, "suite", &server).ask(question.into()).await;
    assert_eq!(text(&exchange), "2 + 2? 1", "the new reply has replaced the old one");
    assert_eq!(server.calls(), 2);
}

/// Stores a reply that was fetched some days ago.
fn store_old(cache: &Cache, request: &Arc<Request>, body: &str, days: i64) {
    let created_ms = now_ms() - days * 86_400_000;
    let reply = Arc::new(reply(body));
    let entry = Entry { request: Arc::clone(request), reply, created_ms };
    let session = Arc::new(Session::new("old", created_ms));
    cache.store().put_all([entry], &session).unwrap();
}

#[tokio::test]
async fn aliases_age_and_fixed_models_do_not() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    let cache = cache(dir.path(), Mode::Use);
    let run = run_of(&cache, "suite", &server);
    for (model, days, origin) in [
        ("alias", 6, Origin::Stored),
        ("alias", 8, Origin::Live),
        ("model-2026-01-01", 1000, Origin::Stored),
    ] {
        let question = request(model, &format!("{days} days"));
        store_old(&cache, &question, "old", days);
        assert_eq!(
            run.ask(Arc::clone(&question).into()).await.origin,
            origin,
            "{model}, {days} days"
        );
        assert!(cache.holds(&question), "{model}, {days} days");
    }
    let stale = request("alias", "stale");
    store_old(&cache, &stale, "old", 9);
    let explanation = cache.explain(&stale, true).unwrap();
    assert!(matches!(explanation, Explanation::Stale { .. }), "{explanation:?}");
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_asked_again() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    let cache = cache(dir.path(), Mode::Use);
    let question = request("m", "2 + 2?");
    store_old(&cache, &question, "? garbage", 1);
    assert_eq!(cache.explain(&question, true).unwrap(), Explanation::Corrupt);
    let exchange = run_of(&cache, "suite", &server).ask(question.into()).await;
    assert_eq!((exchange.origin, server.calls()), (Origin::Live, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_does_not_inherit_the_failure_of_another_with_the_same_target() {
    let (dir, good) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    let refused = Arc::new(Server::default());
    refused.says(Err(AskError::new(AskErrorKind::Authentication, "wrong key")));
    let cache = cache(dir.path(), Mode::Use);
    let (one, other) = (run_of(&cache, "suite", &refused), run_of(&cache, "suite", &good));
    let question = request("m", "2 + 2?");
    refused.hold();
    let first = {
        let (one, question) = (one.clone(), Arc::clone(&question));
        tokio::spawn(async move { one.ask(question.into()).await })
    };
    while refused.calls() == 0 {
        yield_now().await;
    }
    let second = {
        let (other, question) = (other.clone(), Arc::clone(&question));
        tokio::spawn(async move { other.ask(question.into()).await })
    };
    while cache.flights.seats(&question.digest()) < 2 {
        yield_now().await;
    }
    refused.release();
    assert_eq!(first.await.unwrap().result.unwrap_err().kind, AskErrorKind::Authentication);
    let second = second.await.unwrap();
    assert_eq!((text(&second), second.origin), ("2 + 2? 0", Origin::Live));
    assert_eq!((refused.calls(), good.calls()), (1, 1));
}

#[tokio::test]
async fn an_entry_from_the_future_is_no_fresh_one() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    for (mode, model) in [(Mode::Use, "alias"), (Mode::Refresh, "model-2026-01-01")] {
        let cache = cache(dir.path(), mode);
        let question = request(model, "tomorrow");
        store_old(&cache, &question, "old", -1);
        let exchange = run_of(&cache, "suite", &server).ask(question.into()).await;
        assert_eq!(exchange.origin, Origin::Live, "{mode:?}");
    }
}

#[tokio::test]
async fn another_suite_of_this_process_is_an_earlier_run() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    let cache = cache(dir.path(), Mode::Use);
    // Both are made before either asks, as a command with two suites does.
    let (one, two) = (run_of(&cache, "one", &server), run_of(&cache, "two", &server));
    one.ask(request("m", "2 + 2?").into()).await;
    let exchange = two.ask(request("m", "2 + 2?").into()).await;
    assert_eq!(
        (exchange.origin, exchange.fetched.unwrap().suite.as_ref()),
        (Origin::Stored, "one")
    );
}

#[tokio::test]
async fn a_time_that_no_call_can_have_taken_spoils_the_entry() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Arc::new(Server::default()));
    let cache = cache(dir.path(), Mode::Use);
    for total_ms in [f64::INFINITY, -1.0, 1e13] {
        let question = request("m", &total_ms.to_string());
        let times = Times { total_ms, ..Times::default() };
        let reply = Arc::new(Reply { times, ..reply("4") });
        let entry = Entry { request: Arc::clone(&question), reply, created_ms: now_ms() };
        cache.store().put_all([entry], &Arc::new(Session::new("old", 0))).unwrap();
        assert!(!cache.holds(&question), "{total_ms}");
        assert_eq!(
            run_of(&cache, "suite", &server).ask(question.into()).await.origin,
            Origin::Live
        );
    }
}
