use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, yield_now};

use super::*;

type Shared = Arc<Flights<u8, Result<u32, Arc<str>>>>;

/// Work that counts how often it is begun and dropped, and waits for a gate.
#[derive(Clone)]
struct Work {
    begun: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
    gate: watch::Sender<bool>,
}

struct CountsDrop(Arc<AtomicUsize>);

impl Drop for CountsDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Work {
    fn new() -> Work {
        Work { begun: Arc::default(), dropped: Arc::default(), gate: watch::channel(false).0 }
    }

    fn run<T>(
        &self,
        end: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send + 'static {
        let Work { begun, dropped, gate } = self.clone();
        async move {
            begun.fetch_add(1, Ordering::SeqCst);
            let _guard = CountsDrop(dropped);
            gate.subscribe().wait_for(|open| *open).await.expect("the gate is held");
            end()
        }
    }

    fn open(&self) {
        self.gate.send_replace(true);
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    fn dropped(&self) -> usize {
        self.dropped.load(Ordering::SeqCst)
    }
}

type Caller = JoinHandle<Landed<Result<u32, Arc<str>>>>;

/// So many callers for one key, all of them seated when this returns.
async fn seated(
    flights: &Shared,
    work: &Work,
    callers: usize,
    end: impl Fn() -> Result<u32, Arc<str>> + Clone + Send + 'static,
) -> Vec<Caller> {
    let spawn = |_| {
        let (flights, work) = (Arc::clone(flights), work.run(end.clone()));
        tokio::spawn(async move { flights.observe(1, Landings::default(), |_| work).await })
    };
    let handles: Vec<Caller> = (0..callers).map(spawn).collect();
    while flights.seats(&1) < callers {
        // Without the map nobody would ever be seated: each would do the work alone.
        assert!(work.begun() <= 1, "the work was begun {} times", work.begun());
        yield_now().await;
    }
    handles
}

async fn landed(callers: Vec<Caller>) -> Vec<Landed<Result<u32, Arc<str>>>> {
    let mut all = Vec::new();
    for caller in callers {
        all.push(caller.await.expect("callers do not panic"));
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_hear_of_one_success_and_one_of_them_led() {
    let (flights, work) = (Shared::default(), Work::new());
    let callers = seated(&flights, &work, 200, || Ok(7)).await;
    work.open();
    let landed = landed(callers).await;
    assert!(landed.iter().all(|landed| landed.outcome == Ok(Ok(7))));
    assert_eq!(landed.iter().filter(|landed| landed.led).count(), 1);
    assert_eq!((work.begun(), flights.seats(&1)), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_hear_of_one_failure_and_nobody_tries_again() {
    let (flights, work) = (Shared::default(), Work::new());
    let failure: Arc<str> = "no such model".into();
    let shared = Arc::clone(&failure);
    let callers = seated(&flights, &work, 50, move || Err(Arc::clone(&shared))).await;
    work.open();
    for landed in landed(callers).await {
        let Ok(Err(error)) = landed.outcome else { panic!("{landed:?}") };
        assert!(Arc::ptr_eq(&error, &failure), "one error, shared");
    }
    assert_eq!(work.begun(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_hear_of_one_panic() {
    let (flights, work) = (Shared::default(), Work::new());
    let callers = seated(&flights, &work, 50, || panic!("a bug")).await;
    work.open();
    let landed = landed(callers).await;
    assert!(landed.iter().all(|landed| landed.outcome == Err(Lost::Panicked("a bug".into()))));
    assert_eq!((work.begun(), flights.seats(&1)), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_after_a_failure_tries_again() {
    let flights = Shared::default();
    for attempt in 1..=3 {
        let work = Work::new();
        let callers = seated(&flights, &work, 5, || Err("down".into())).await;
        work.open();
        landed(callers).await;
        assert_eq!(work.begun(), 1, "attempt {attempt}");
    }
    let landed = flights.observe(1, Landings::default(), |_| async { Ok(3) }).await;
    assert_eq!(landed, Landed { outcome: Ok(Ok(3)), led: true });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_told_whether_a_flight_has_landed_since_its_caller_looked() {
    let flights: Arc<Flights<u8, Since>> = Arc::default();
    let told = |looked| {
        let flights = Arc::clone(&flights);
        async move { flights.observe(1, looked, std::future::ready).await.outcome.unwrap() }
    };
    let looked = flights.landings(&1);
    assert_eq!(told(looked).await, Since::NoneHasLanded);
    assert_eq!(told(looked).await, Since::MayHaveLanded);
    assert_eq!(told(Landings::default()).await, Since::MayHaveLanded, "it never looked");
    // One that everybody has left may have done its work before that.
    let looked = flights.landings(&1);
    let mut observing = Box::pin(flights.observe(1, looked, |_| std::future::pending()));
    assert!(observing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(observing);
    assert_eq!(told(looked).await, Since::MayHaveLanded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_caller_may_leave_and_another_is_said_to_have_led() {
    let (flights, work) = (Shared::default(), Work::new());
    let mut callers = seated(&flights, &work, 1, || Ok(7)).await;
    callers.extend(seated_more(&flights, &work, 9).await);
    callers.remove(0).abort();
    while flights.seats(&1) > 9 {
        yield_now().await;
    }
    work.open();
    let landed = landed(callers).await;
    assert!(landed.iter().all(|landed| landed.outcome == Ok(Ok(7))));
    assert_eq!(landed.iter().filter(|landed| landed.led).count(), 1);
    assert_eq!(work.begun(), 1);
}

/// More callers for a key that is flying already.
async fn seated_more(flights: &Shared, work: &Work, more: usize) -> Vec<Caller> {
    let before = flights.seats(&1);
    let spawn = |_| {
        let (flights, work) = (Arc::clone(flights), work.run(|| Ok(7)));
        tokio::spawn(async move { flights.observe(1, Landings::default(), |_| work).await })
    };
    let handles = (0..more).map(spawn).collect();
    while flights.seats(&1) < before + more {
        assert!(work.begun() <= 1, "newcomers join");
        yield_now().await;
    }
    handles
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn some_may_leave_and_the_others_hear() {
    let (flights, work) = (Shared::default(), Work::new());
    let mut callers = seated(&flights, &work, 20, || Ok(7)).await;
    for caller in callers.drain(5..15) {
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    assert_eq!((flights.seats(&1), work.dropped()), (10, 0));
    work.open();
    assert!(landed(callers).await.iter().all(|landed| landed.outcome == Ok(Ok(7))));
    assert_eq!(work.begun(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_last_has_left_the_work_ends_and_the_next_starts_anew() {
    let (flights, work) = (Shared::default(), Work::new());
    let callers = seated(&flights, &work, 10, || Ok(7)).await;
    while work.begun() == 0 {
        yield_now().await;
    }
    for caller in callers {
        assert_eq!(work.dropped(), 0, "somebody still observes");
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    while work.dropped() == 0 {
        yield_now().await;
    }
    assert_eq!(flights.seats(&1), 0);
    let landed = flights.observe(1, Landings::default(), |_| async { Ok(8) }).await;
    assert_eq!(landed, Landed { outcome: Ok(Ok(8)), led: true });
}

#[tokio::test(start_paused = true)]
async fn each_waiter_has_a_deadline_of_its_own() {
    let (flights, work) = (Shared::default(), Work::new());
    let ask = |deadline: u64| {
        let (flights, work) = (Arc::clone(&flights), work.run(|| Ok(7)));
        let observing = async move { flights.observe(1, Landings::default(), |_| work).await };
        tokio::spawn(tokio::time::timeout(Duration::from_millis(deadline), observing))
    };
    let callers: Vec<_> = [10, 20, 30, 1000].into_iter().map(ask).collect();
    tokio::time::sleep(Duration::from_millis(25)).await;
    assert_eq!((flights.seats(&1), work.begun()), (2, 1));
    work.open();
    let mut heard = Vec::new();
    for caller in callers {
        heard.push(caller.await.unwrap().is_ok());
    }
    assert_eq!(heard, [false, false, true, true]);
    assert_eq!(work.begun(), 1, "impatient callers do not start it over");
}

#[tokio::test]
async fn a_caller_that_is_not_polled_stalls_nobody() {
    let (flights, work) = (Shared::default(), Work::new());
    let never = flights.observe(1, Landings::default(), |_| work.run(|| Ok(7)));
    let mut once = Box::pin(flights.observe(1, Landings::default(), |_| work.run(|| Ok(7))));
    assert!(once.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(flights.seats(&1), 1, "who was never polled has no seat");
    let callers = seated_after_first(&flights, &work).await;
    work.open();
    // The one that brought the work is still not polled; the others hear all the same.
    for landed in landed(callers).await {
        assert_eq!(landed, Landed { outcome: Ok(Ok(7)), led: false });
    }
    assert_eq!(once.await, Landed { outcome: Ok(Ok(7)), led: true });
    drop(never);
    assert_eq!(work.begun(), 1);
}

async fn seated_after_first(flights: &Shared, work: &Work) -> Vec<Caller> {
    while work.begun() == 0 {
        yield_now().await;
    }
    seated_more(flights, work, 5).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_do_not_wait_for_each_other() {
    let (flights, work) = (Shared::default(), Work::new());
    let held = seated(&flights, &work, 3, || Ok(7)).await;
    for key in 2..10 {
        let landed =
            flights.observe(key, Landings::default(), |_| async move { Ok(u32::from(key)) }).await;
        assert_eq!(landed.outcome, Ok(Ok(u32::from(key))));
    }
    work.open();
    landed(held).await;
}

#[test]
fn observers_outlive_the_runtime_that_did_the_work() {
    let flights = Shared::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let mut observing =
        Box::pin(flights.observe(1, Landings::default(), |_| std::future::pending()));
    {
        let _inside = runtime.enter();
        let mut context = Context::from_waker(Waker::noop());
        assert!(observing.as_mut().poll(&mut context).is_pending());
    }
    drop(runtime);
    let landed = observing.now_or_never();
    assert_eq!(landed.map(|landed| landed.outcome), Some(Err(Lost::Ended)));
    assert_eq!(flights.seats(&1), 0);
}

/// What can happen to flights, as far as callers and work can tell.
#[derive(Debug, Clone)]
enum Event {
    /// A caller comes for a key.
    Come(u8),
    /// One of those who are there leaves.
    Leave(usize),
    /// Work under way ends well, badly or with a panic.
    End(usize, Ended),
    /// One of those who have not looked yet looks whether it is over.
    Look(usize),
}

#[derive(Debug, Clone, Copy)]
enum Ended {
    Well,
    Badly,
    Panicking,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let ended = prop_oneof![Just(Ended::Well), Just(Ended::Badly), Just(Ended::Panicking)];
    let event = prop_oneof![
        4 => (0_u8..3).prop_map(Event::Come),
        2 => any::<usize>().prop_map(Event::Leave),
        2 => (any::<usize>(), ended).prop_map(|(which, ended)| Event::End(which, ended)),
        2 => any::<usize>().prop_map(Event::Look),
    ];
    prop::collection::vec(event, 1..80)
}

type Observing = Pin<Box<dyn Future<Output = Landed<Result<u32, Arc<str>>>>>>;

/// What must be true: which work is under way, who observes it, who brought it.
#[derive(Default)]
struct Model {
    /// Work under way by key: its number and those who observe it.
    flying: BTreeMap<u8, (u32, BTreeSet<u32>)>,
    /// Callers who are there: the number of their work, and whether they brought it.
    callers: BTreeMap<u32, (u32, bool)>,
    /// How work ended.
    ended: BTreeMap<u32, Ended>,
    /// Work whose bringer left before hearing.
    orphaned: BTreeSet<u32>,
    /// Work whose outcome was attributed.
    attributed: BTreeSet<u32>,
    begun: u32,
}

struct World {
    flights: Shared,
    model: Model,
    observing: BTreeMap<u32, Observing>,
    /// How the test ends work under way.
    ends: BTreeMap<u32, oneshot::Sender<Ended>>,
    /// Numbers of the work that is alive.
    alive: Arc<Mutex<BTreeSet<u32>>>,
    next: u32,
}

struct Alive(Arc<Mutex<BTreeSet<u32>>>, u32);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.lock().unwrap().remove(&self.1);
    }
}

impl World {
    async fn settle(&self) {
        for _ in 0..8 {
            yield_now().await;
        }
        let alive = self.alive.lock().unwrap().clone();
        let expected: BTreeSet<u32> = self.model.flying.values().map(|(work, _)| *work).collect();
        assert_eq!(alive, expected, "exactly the work that somebody observes is alive");
        for key in 0..3 {
            let seats = self.model.flying.get(&key).map_or(0, |(_, callers)| callers.len());
            assert_eq!(self.flights.seats(&key), seats, "seats of {key}");
        }
    }

    async fn happen(&mut self, event: Event) {
        match event {
            Event::Come(key) => self.come(key),
            Event::Leave(which) => self.leave(which),
            Event::End(which, ended) => self.end(which, ended).await,
            Event::Look(which) => self.look(which),
        }
        self.settle().await;
    }

    fn come(&mut self, key: u8) {
        let caller = self.next;
        self.next += 1;
        let (send, receive) = oneshot::channel();
        let (number, alive) = (self.model.begun, Arc::clone(&self.alive));
        let work = async move {
            alive.lock().unwrap().insert(number);
            let _guard = Alive(Arc::clone(&alive), number);
            match receive.await {
                Ok(Ended::Well) => Ok(number),
                Ok(Ended::Badly) => Err(number.to_string().into()),
                Ok(Ended::Panicking) => std::panic::panic_any(number.to_string()),
                Err(_) => std::future::pending().await,
            }
        };
        let flights = Arc::clone(&self.flights);
        let mut observing: Observing =
            Box::pin(async move { flights.observe(key, Landings::default(), |_| work).await });
        let poll = observing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll.is_pending(), "nobody is done at once");
        self.observing.insert(caller, observing);
        let model = &mut self.model;
        let begun = &mut model.begun;
        let mut brought = false;
        let (work, callers) = model.flying.entry(key).or_insert_with(|| {
            brought = true;
            *begun += 1;
            (*begun - 1, BTreeSet::new())
        });
        callers.insert(caller);
        model.callers.insert(caller, (*work, brought));
        if brought {
            self.ends.insert(*work, send);
        }
    }

    fn pick(numbers: impl ExactSizeIterator<Item = u32>, which: usize) -> Option<u32> {
        let which = which.checked_rem(numbers.len())?;
        numbers.into_iter().nth(which)
    }

    fn leave(&mut self, which: usize) {
        let Some(caller) = World::pick(self.observing.keys().copied(), which) else { return };
        self.observing.remove(&caller);
        let (work, brought) = self.model.callers.remove(&caller).unwrap();
        if brought {
            self.model.orphaned.insert(work);
        }
        self.model.flying.retain(|_, (flying, callers)| {
            *flying != work || {
                callers.remove(&caller);
                !callers.is_empty()
            }
        });
    }

    async fn end(&mut self, which: usize, ended: Ended) {
        let flying = self.model.flying.values().map(|(work, _)| *work);
        let Some(work) = World::pick(flying, which) else { return };
        // Work that has not been polled yet cannot have ended.
        self.settle().await;
        let _ = self.ends.remove(&work).unwrap().send(ended);
        self.model.flying.retain(|_, (flying, _)| *flying != work);
        self.model.ended.insert(work, ended);
    }

    fn look(&mut self, which: usize) {
        let Some(caller) = World::pick(self.observing.keys().copied(), which) else { return };
        let observing = self.observing.get_mut(&caller).unwrap();
        let poll = observing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let (work, brought) = self.model.callers[&caller];
        let Some(ended) = self.model.ended.get(&work) else {
            assert!(poll.is_pending(), "the work is under way");
            return;
        };
        let Poll::Ready(landed) = poll else { panic!("the work is over") };
        let expected = match ended {
            Ended::Well => Ok(Ok(work)),
            Ended::Badly => Ok(Err(work.to_string().into())),
            Ended::Panicking => Err(Lost::Panicked(work.to_string().into())),
        };
        assert_eq!(landed.outcome, expected);
        let led =
            (brought || self.model.orphaned.contains(&work)) && self.model.attributed.insert(work);
        assert_eq!(landed.led, led);
        self.observing.remove(&caller);
        self.model.callers.remove(&caller);
        if brought {
            self.model.orphaned.insert(work);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn flights_behave_like_their_model(events in events()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        // Panics of the work are part of the game: they are not news.
        let hook = quiet();
        runtime.block_on(async {
            let mut world = World {
                flights: Shared::default(),
                model: Model::default(),
                observing: BTreeMap::new(),
                ends: BTreeMap::new(),
                alive: Arc::default(),
                next: 0,
            };
            for event in events {
                world.happen(event).await;
            }
        });
        drop(hook);
    }
}

/// Panics that carry a number as text, which only the work above does, print nothing.
fn quiet() -> impl Drop {
    struct Restore;
    impl Drop for Restore {
        fn drop(&mut self) {
            let _ = std::panic::take_hook();
        }
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let text = info.payload().downcast_ref::<String>();
        if text.is_none_or(|text| text.parse::<u32>().is_err()) {
            before(info);
        }
    }));
    Restore
}
