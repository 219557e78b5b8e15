//! Whatever happens to a store, it holds what it should.

use proptest::prelude::*;

use super::*;

/// What may happen to a store.
#[derive(Debug, Clone)]
enum Event {
    /// A reply to this request comes, fetched at this time.
    Put(u32, i64),
    /// Replies to these requests are imported, fetched at this time.
    Import(Vec<u32>, i64),
    /// What was fetched before this time goes.
    Prune(i64),
    /// What waits is written.
    Finish,
    /// It is closed and opened.
    Reopen,
}

const REQUESTS: u32 = 6;

fn events() -> impl Strategy<Value = Vec<Event>> {
    let (number, time) = (0..REQUESTS, 0_i64..50);
    let numbers = prop::collection::vec(number.clone(), 0..5);
    let event = prop_oneof![
        6 => (number, time.clone()).prop_map(|(number, time)| Event::Put(number, time)),
        2 => (numbers, time.clone()).prop_map(|(numbers, time)| Event::Import(numbers, time)),
        2 => time.prop_map(Event::Prune),
        2 => Just(Event::Finish),
        1 => Just(Event::Reopen),
    ];
    prop::collection::vec(event, 1..30)
}

/// What must be there, in the order in which it came.
#[derive(Default)]
struct Model(Vec<(u32, String, i64)>);

impl Model {
    fn get(&self, number: u32) -> Option<(&str, i64)> {
        let entry = self.0.iter().find(|entry| entry.0 == number);
        entry.map(|(_, body, created)| (body.as_str(), *created))
    }

    fn put(&mut self, number: u32, body: String, created: i64) {
        self.0.retain(|entry| entry.0 != number);
        self.0.push((number, body, created));
    }

    fn prune(&mut self, before: i64) -> u64 {
        let all = self.0.len();
        self.0.retain(|entry| entry.2 >= before);
        (all - self.0.len()) as u64
    }
}

fn same(store: &Store, model: &Model) {
    for number in 0..REQUESTS {
        let found = store.get(&request(number)).unwrap();
        let found = found.as_ref().map(|found| (&*found.body, found.created_ms));
        assert_eq!(found, model.get(number), "request {number}");
    }
}

async fn live(home: &Home, events: Vec<Event>) {
    let (mut store, run, mut model) = (home.open(), session("sums"), Model::default());
    for (event, n) in events.into_iter().zip(0..) {
        match event {
            Event::Put(number, created) => {
                store.put(entry(&request(number), &body(n), created), &run).await;
                model.put(number, body(n), created);
            }
            Event::Import(numbers, created) => {
                store.finish(&run).unwrap();
                let of = |number: &u32| entry(&request(*number), &body(n), created);
                let new = store.put_all(numbers.iter().map(of), &run).unwrap();
                let before = model.0.len();
                for number in numbers {
                    if model.get(number).is_none() {
                        model.put(number, body(n), created);
                    }
                }
                assert_eq!(new, model.0.len() - before);
            }
            Event::Prune(before) => {
                store.finish(&run).unwrap();
                let limits = Limits { before_ms: Some(before), ..Limits::default() };
                let pruned = store.prune(&limits).unwrap();
                assert_eq!(pruned.deleted, model.prune(before));
                assert_eq!(pruned.left, model.0.len() as u64);
            }
            Event::Finish => store.finish(&run).unwrap(),
            Event::Reopen => {
                drop(store);
                store = home.open();
            }
        }
        same(&store, &model);
    }
    store.finish(&run).unwrap();
    same(&store, &model);
    let order = model.0.iter().rev().map(|(number, _, created)| (request(*number), *created));
    assert_eq!(store.latest(100).unwrap(), order.collect::<Vec<_>>());
    let entries = model.0.len() as u64;
    assert_eq!(store.entries().unwrap(), entries);
    assert_eq!(store.verify(&decode()).unwrap(), Verified { entries, ..Verified::default() });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Requests of any texts and parameters.
fn requests() -> impl Strategy<Value = Request> {
    let number = || prop::option::of(-1e3..1e3_f64);
    let extra = prop::collection::btree_map(".{0,4}", -1e3..1e3_f64, 0..3);
    (".{0,20}", ".{0,20}", number(), number(), extra, any::<u64>(), any::<(u32, u32)>()).prop_map(
        |(text, model, temperature, top_p, extra, seed, (repeat, sample))| {
            let base = of_model(&model, 0);
            let extra = extra
                .into_iter()
                .map(|(name, value): (String, f64)| (name, value.into()))
                .collect();
            let seed = Some(seed);
            let params = Params { temperature, top_p, seed, extra, ..base.params };
            let turns = Arc::new([Turn { speaker: Speaker::System, text }]);
            Request { turns, params, draw: Draw { repeat, sample }, ..base }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_store_behaves_like_its_model(events in events()) {
        runtime().block_on(live(&Home::new(), events));
    }

    #[test]
    fn whatever_is_put_is_found_by_the_next_process_and_is_whole(
        requests in prop::collection::vec((requests(), ".{0,40}"), 1..8),
    ) {
        let home = Home::new();
        let raw = |text: &str| format!("{{{text}");
        let entries = requests.iter().map(|(request, text)| entry(request, &raw(text), 5));
        drop(runtime().block_on(holding(&home, entries)));
        let store = home.open();
        let last: HashMap<_, _> =
            requests.iter().map(|(request, text)| (request.digest(), (request, text))).collect();
        for (request, text) in last.values() {
            prop_assert_eq!(answer(&store, request), Some(raw(text)));
        }
        let entries = last.len() as u64;
        let whole = Verified { entries, ..Verified::default() };
        prop_assert_eq!(store.verify(&decode()).unwrap(), whole);
    }
}
