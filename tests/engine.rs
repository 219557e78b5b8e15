//! The engine, driven through the library: every trial ends once, whatever the askers do.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use overclaim::ask::{
    Ask, Exchange, Finish, Origin, Posed, Reply, Request, Role, Room, Target, Times,
};
use overclaim::plan::{Asked, Plan, Selection};
use overclaim::record::{Ending, Event, Outcome, Record};
use overclaim::run::{Asker, Askers, run};
use overclaim::suite::{Findings, Suite};
use tokio::sync::{Barrier, watch};

type First = dyn Fn(&Request) -> BoxFuture<'static, ()> + Send + Sync;

/// Answers `A`; what it does first is up to the test.
struct Fake {
    first: Box<First>,
    asked: AtomicUsize,
}

impl Fake {
    fn new(
        first: impl Fn(&Request) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Arc<Fake> {
        Arc::new(Fake { first: Box::new(first), asked: AtomicUsize::new(0) })
    }
}

impl Ask for Fake {
    fn ask(&self, request: Posed) -> BoxFuture<'_, Exchange> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        async move {
            (self.first)(&request).await;
            let reply = Reply {
                text: "A".into(),
                reasoning: None,
                refusal: None,
                tokens: None,
                finish: Some(Finish::Stop),
                usage: None,
                model: None,
                fingerprint: None,
                times: Times::default(),
                raw: "".into(),
            };
            Exchange {
                digest: request.digest(),
                request: request.request(),
                role: Role::Confidence,
                origin: Origin::Live,
                fetched: None,
                waited: Duration::ZERO,
                attempts: Vec::new(),
                result: Ok(Arc::new(reply)),
            }
        }
        .boxed()
    }
}

/// Runs so many cases, `q-0` to `q-n`, and gives the events with the ending.
fn run_with(
    cases: usize,
    in_flight: usize,
    fake: &Arc<Fake>,
    stop: watch::Receiver<bool>,
    mut answer: impl FnMut(&Event) -> ControlFlow<Ending>,
) -> (Vec<Event>, Ending) {
    let row = |i| format!("  - {{id: q-{i}, question: {i}, answer: A}}\n");
    let rows = (0..cases).map(row).collect::<Vec<_>>().concat();
    let text = format!(
        "suite: s\nendpoints: [m]\nprompt: \"{{{{ question }}}}\"\ngrade: {{exact: A}}\ncases:\n{rows}"
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.yaml");
    std::fs::write(&path, text).unwrap();
    let mut findings = Findings::default();
    let suite = Suite::load(&path, &mut findings).unwrap();
    let target = Target {
        wire: "fake/1".into(),
        url: "http://localhost/".into(),
        model: "m".into(),
        max_completion_tokens: false,
        headers: BTreeMap::new(),
    };
    let asked =
        Asked { name: "m".into(), target: Arc::new(target), extra: BTreeMap::new(), price: None };
    let plan = Plan::new(&suite, vec![asked], Selection::default(), None).unwrap();
    let ask = Arc::clone(fake) as Arc<dyn Ask>;
    let askers = Askers::from([("m".into(), Asker { ask, room: Room::new(in_flight) })]);
    let events = Mutex::new(Vec::new());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ending =
        runtime.block_on(run(&plan, cases, &BTreeSet::new(), &askers, 0.8, stop, &mut |batch| {
            let flows: Vec<_> = batch.iter().map(&mut answer).collect();
            events.lock().unwrap().extend(batch);
            flows.into_iter().find(ControlFlow::is_break).unwrap_or(ControlFlow::Continue(()))
        }));
    (events.into_inner().unwrap(), ending)
}

fn never() -> watch::Receiver<bool> {
    watch::channel(false).1
}

fn finished(events: &[Event]) -> Vec<&Record> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Finished(record) => Some(record),
            _ => None,
        })
        .collect()
}

#[test]
fn every_trial_ends_once_between_start_and_end() {
    let fake = Fake::new(|_| std::future::ready(()).boxed());
    let (events, ending) = run_with(50, 7, &fake, never(), |_| ControlFlow::Continue(()));
    assert_eq!(ending, Ending::Complete);
    assert_eq!(events.first(), Some(&Event::Started { planned: 50 }));
    assert_eq!(events.last(), Some(&Event::Ended(Ending::Complete)));
    let mut indices: Vec<usize> = finished(&events).iter().map(|record| record.index).collect();
    indices.sort_unstable();
    assert_eq!(indices, (0..50).collect::<Vec<_>>());
    assert_eq!(fake.asked.load(Ordering::SeqCst), 50);
    // The driver knows what a request was asked for, whatever the asker says.
    assert!(finished(&events).iter().all(|record| record.exchanges[0].role == Role::Answer));
}

#[test]
fn as_many_trials_are_under_way_as_allowed() {
    // The barrier opens only when four are waiting at once: with fewer, this would never end.
    let barrier = Arc::new(Barrier::new(4));
    let fake = Fake::new(move |_| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
        }
        .boxed()
    });
    let (events, _) = run_with(16, 4, &fake, never(), |_| ControlFlow::Continue(()));
    assert_eq!(finished(&events).len(), 16);
}

#[test]
fn a_panic_in_one_trial_is_a_failed_trial_and_no_more() {
    let fake = Fake::new(|request| {
        assert_ne!(request.turns[0].text, "3", "a bug");
        std::future::ready(()).boxed()
    });
    let (events, ending) = run_with(8, 3, &fake, never(), |_| ControlFlow::Continue(()));
    assert_eq!(ending, Ending::Complete);
    let failed: Vec<&str> = finished(&events)
        .iter()
        .filter(|record| matches!(record.outcome, Outcome::Failed(_)))
        .map(|record| record.case.as_str())
        .collect();
    assert_eq!((finished(&events).len(), failed), (8, vec!["q-3"]));
}

#[test]
fn a_consumer_that_breaks_is_told_no_further_trial() {
    let fake = Fake::new(|_| std::future::ready(()).boxed());
    let mut seen = 0;
    let (events, ending) = run_with(100, 2, &fake, never(), |event| {
        seen += usize::from(matches!(event, Event::Finished(_)));
        if seen >= 5 { ControlFlow::Break(Ending::Interrupted) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(ending, Ending::Interrupted, "the ending is the consumer's");
    // What was finished at the same moment is told together.
    assert!((5..15).contains(&finished(&events).len()));
    assert_eq!(events.last(), Some(&Event::Ended(Ending::Interrupted)));
    assert!(fake.asked.load(Ordering::SeqCst) < 100);
}

#[test]
fn where_everything_is_decided_what_is_under_way_is_finished_and_nothing_else_is_asked() {
    let fake = Fake::new(|_| std::future::ready(()).boxed());
    let mut seen = 0;
    let (events, ending) = run_with(100, 4, &fake, never(), |event| {
        seen += usize::from(matches!(event, Event::Finished(_)));
        if seen >= 5 { ControlFlow::Break(Ending::Decided) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(ending, Ending::Decided);
    assert_eq!(finished(&events).len(), fake.asked.load(Ordering::SeqCst));
    assert!((5..=9).contains(&finished(&events).len()), "{}", finished(&events).len());
}

#[test]
fn a_stop_drops_what_is_under_way() {
    let (stop, stopped) = watch::channel(false);
    let fake = Fake::new(move |request| {
        if request.turns[0].text == "4" {
            stop.send_replace(true);
            return std::future::pending().boxed();
        }
        std::future::ready(()).boxed()
    });
    let (events, ending) = run_with(20, 1, &fake, stopped, |_| ControlFlow::Continue(()));
    assert_eq!(ending, Ending::Interrupted);
    assert_eq!(finished(&events).len(), 4);
    assert_eq!(fake.asked.load(Ordering::SeqCst), 5);
}
