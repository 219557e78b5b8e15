//! What goes and what stays.

use super::*;

fn limits(before_ms: Option<i64>, model: Option<&str>, most_bytes: Option<u64>) -> Limits {
    let model = model.map(|glob| glob::Pattern::new(glob).unwrap());
    Limits { before_ms, model, most_bytes }
}

/// Entries fetched at 1 to 6, of two models in turn.
async fn six(home: &Home) -> Store {
    let model = |n: u32| if n.is_multiple_of(2) { "gpt-3" } else { "gpt-4" };
    holding(home, (1..=6).map(|n| entry(&of_model(model(n), n), &body(n), n.into()))).await
}

/// When the entries that are left were fetched.
fn left(store: &Store) -> Vec<i64> {
    let mut left: Vec<i64> =
        store.latest(100_000).unwrap().into_iter().map(|(_, created)| created).collect();
    left.reverse();
    left
}

#[tokio::test]
async fn what_is_deleted_is_old_and_of_the_model() {
    for (before_ms, model, stay) in [
        (Some(4), None, vec![4, 5, 6]),
        (Some(1), None, vec![1, 2, 3, 4, 5, 6]),
        (Some(100), None, vec![]),
        (None, Some("gpt-3"), vec![1, 3, 5]),
        (None, Some("gpt-*"), vec![]),
        (None, Some("gpt"), vec![1, 2, 3, 4, 5, 6]),
        (None, Some("llama*"), vec![1, 2, 3, 4, 5, 6]),
        (Some(4), Some("gpt-3"), vec![1, 3, 4, 5, 6]),
        (Some(4), Some("llama*"), vec![1, 2, 3, 4, 5, 6]),
        (Some(1), Some("gpt-3"), vec![1, 2, 3, 4, 5, 6]),
    ] {
        let home = Home::new();
        let store = six(&home).await;
        let pruned = store.prune(&limits(before_ms, model, None)).unwrap();
        assert_eq!(left(&store), stay, "before {before_ms:?} of {model:?}");
        assert_eq!((pruned.deleted, pruned.left), (6 - stay.len() as u64, stay.len() as u64));
        for n in 1..=6 {
            let request = of_model(if n % 2 == 0 { "gpt-3" } else { "gpt-4" }, n);
            let stays = stay.contains(&n.into());
            assert_eq!(answer(&store, &request), stays.then(|| body(n)), "{n}");
        }
        assert!(store.verify(&decode()).unwrap().is_clean());
    }
}

#[tokio::test]
async fn age_is_when_it_was_fetched_not_when_it_was_stored() {
    let home = Home::new();
    let store = holding(&home, [5, 1, 4, 2, 3].map(numbered)).await;
    store.prune(&limits(Some(3), None, None)).unwrap();
    assert_eq!(left(&store), [5, 4, 3]);
}

#[tokio::test]
async fn more_go_than_one_step_takes() {
    let home = Home::new();
    let store = holding(&home, (1..=2000).map(numbered)).await;
    let pruned = store.prune(&limits(Some(1801), None, None)).unwrap();
    assert_eq!((pruned.deleted, pruned.left), (1800, 200));
    assert_eq!(left(&store), (1801..=2000).collect::<Vec<_>>());
}

/// Bytes of the file that are in use.
fn used(home: &Home) -> u64 {
    let pragma = |name: &str| -> u64 { home.asked(&format!("PRAGMA {name}")).parse().unwrap() };
    (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")
}

fn long(n: u32) -> String {
    format!("{{\"{}\": {n}}}", "x".repeat(4000))
}

#[tokio::test]
async fn the_oldest_go_until_the_rest_fits() {
    let home = Home::new();
    let entries = (1..=1000).map(|n| entry(&request(n), &long(n), n.into()));
    drop(holding(&home, entries).await);
    let before = fs::metadata(home.file()).unwrap().len();
    let store = home.open();
    let most = used(&home) / 2;
    let pruned = store.prune(&limits(None, None, Some(most))).unwrap();
    assert!(used(&home) <= most, "{} of {most} bytes", used(&home));
    let first = 1001 - i64::try_from(pruned.left).unwrap();
    assert_eq!(left(&store), (first..=1000).collect::<Vec<_>>());
    assert_eq!(pruned.deleted + pruned.left, 1000);
    assert!((400..600).contains(&pruned.left), "no more go than need be: {pruned:?} left");
    for n in [first, 1000].map(|n| u32::try_from(n).unwrap()) {
        assert_eq!(answer(&store, &request(n)), Some(long(n)));
    }
    drop(store);
    let after = fs::metadata(home.file()).unwrap().len();
    assert!(after <= most, "the file has {after} bytes");
    assert_eq!(before - after, pruned.freed_bytes);
    assert_eq!(home.asked("PRAGMA freelist_count"), "0");
    assert!(home.open().verify(&decode()).unwrap().is_clean());
}

#[tokio::test]
async fn what_fits_stays() {
    let home = Home::new();
    let store = six(&home).await;
    let pruned = store.prune(&limits(None, None, Some(used(&home)))).unwrap();
    assert_eq!((pruned.deleted, pruned.left), (0, 6));
    let pruned = store.prune(&limits(None, Some("gpt-3"), Some(u64::MAX))).unwrap();
    assert_eq!((pruned.deleted, pruned.left), (0, 6), "the size is all that is asked for");
    let pruned = store.prune(&limits(Some(3), None, Some(u64::MAX))).unwrap();
    assert_eq!((pruned.deleted, pruned.left), (2, 4), "old ones go, whatever fits");
}

#[tokio::test]
async fn no_room_at_all_leaves_nothing_and_ends() {
    let home = Home::new();
    let store = six(&home).await;
    let pruned = store.prune(&limits(None, Some("gpt-3"), Some(0))).unwrap();
    assert_eq!((pruned.deleted, pruned.left), (3, 3), "the others are not meant");
    let pruned = store.prune(&limits(None, None, Some(0))).unwrap();
    assert_eq!((pruned.deleted, pruned.left), (3, 0));
    put(&store, &session("sums"), [numbered(1)]).await;
    assert_eq!(answer(&store, &request(1)), Some(body(1)));
}

#[tokio::test]
async fn the_age_of_a_refreshed_entry_is_its_last() {
    let home = Home::new();
    let store = holding(&home, (1..=4).map(numbered)).await;
    put(&store, &session("sums"), [entry(&request(1), "{\"new\"}", 9)]).await;
    store.prune(&limits(Some(4), None, None)).unwrap();
    assert_eq!(left(&store), [4, 9]);
    assert_eq!(answer(&store, &request(1)).as_deref(), Some("{\"new\"}"));
}

#[tokio::test]
async fn the_file_gets_smaller_while_others_have_it_open() {
    let home = Home::new();
    drop(holding(&home, (1..=500).map(|n| entry(&request(n), &long(n), n.into()))).await);
    let before = fs::metadata(home.file()).unwrap().len();
    assert!(before > 500 * 4096, "{before} bytes for five hundred entries");
    let (store, other) = (home.open(), home.open());
    assert_eq!(answer(&other, &request(500)), Some(long(500)));
    store.prune(&limits(Some(451), None, None)).unwrap();
    let length = fs::metadata(home.file()).unwrap().len();
    assert!(length < 50 * 3 * 4096, "{length} bytes for fifty entries");
    for n in [1, 450] {
        assert_eq!(answer(&other, &request(n)), None);
    }
    for n in [451, 500] {
        assert_eq!(answer(&other, &request(n)), Some(long(n)));
    }
}
