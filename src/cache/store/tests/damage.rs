//! Files that a failing disk has damaged.

use super::*;

const ENTRIES: u32 = 2000;
const PAGE: usize = 16384;

/// Long enough that entries fill several pages, short enough that a page has several.
fn told(n: u32) -> String {
    format!("{{\"{}\": {n}}}", "x".repeat(500))
}

/// The bytes of a database of many entries.
async fn intact(home: &Home) -> Vec<u8> {
    let entries = (1..=ENTRIES).map(|n| entry(&request(n), &told(n), n.into()));
    drop(holding(home, entries).await);
    fs::read(home.file()).unwrap()
}

/// How many requests are found.
fn found(store: &Store) -> u64 {
    found_among(store, 1)
}

/// How many of every so many requests are found, each with its own reply: a wrong one is never
/// given.
fn found_among(store: &Store, step: usize) -> u64 {
    let right = |n: &u32| match store.get(&request(*n)) {
        Ok(Some(found)) => {
            assert_eq!(*found.body, *told(*n));
            true
        }
        Ok(None) | Err(StoreError::Damaged { .. }) => false,
        Err(error) => panic!("{error:?}"),
    };
    (1..=ENTRIES).step_by(step).filter(right).count() as u64
}

/// What verifying a damaged file says, or what is wrong with it if it cannot even be read.
fn verified(store: &Store) -> Result<Verified, String> {
    match store.verify(&decode()) {
        Ok(verified) => Ok(verified),
        Err(StoreError::Damaged { message, .. }) => Err(message),
        Err(error) => panic!("{error:?}"),
    }
}

/// Opens a file of these bytes, and has it verified as often as helps.
fn survive(bytes: &[u8], what: &str) {
    let home = Home::new();
    fs::write(home.file(), bytes).unwrap();
    let store = match Store::open(home.dir()) {
        Ok(store) => store,
        Err(StoreError::Damaged { .. } | StoreError::Foreign { .. } | StoreError::Newer { .. }) => {
            return;
        }
        Err(error) => panic!("{what}: {error:?}"),
    };
    found_among(&store, 9);
    let first = verified(&store);
    let second = verified(&store);
    match (first, second) {
        (_, Err(message)) => assert!(!message.is_empty(), "{what}"),
        (_, Ok(Verified { damage: Some(damage), .. })) => assert!(!damage.is_empty(), "{what}"),
        (first, Ok(second)) => {
            assert!(second.is_clean(), "{what}: {first:?}, then {second:?}");
            assert_eq!(second.entries, found(&store), "{what}: what is counted as whole is found");
        }
    }
}

#[tokio::test]
async fn a_damaged_page_is_named_or_its_entries_dropped() {
    let home = Home::new();
    let bytes = intact(&home).await;
    let pages = bytes.len() / PAGE;
    assert!(pages > 60, "{pages} pages");
    // The first pages are the roots of the tables, then come entries and keys.
    for page in (0..9).chain((9..pages).step_by(pages / 4)) {
        let at = page * PAGE;
        let mut damaged = bytes.clone();
        damaged[at..at + PAGE].fill(0);
        survive(&damaged, &format!("page {page} is empty"));
        let mut damaged = bytes.clone();
        damaged[at..at + 64].fill(0xff);
        survive(&damaged, &format!("page {page} has no header"));
        let mut damaged = bytes.clone();
        damaged[at + PAGE / 2..at + PAGE / 2 + 900].fill(b'7');
        survive(&damaged, &format!("page {page} has a hole"));
    }
}

#[tokio::test]
async fn a_file_that_was_cut_is_named_or_what_is_left_is_whole() {
    let home = Home::new();
    let bytes = intact(&home).await;
    for length in [bytes.len() / 2, bytes.len() - PAGE, bytes.len() - 100, PAGE + 1, 50] {
        survive(&bytes[..length], &format!("cut to {length}"));
    }
}

#[tokio::test]
async fn turned_letters_are_found_out_one_by_one() {
    let home = Home::new();
    let mut bytes = intact(&home).await;
    let mut turned = 0;
    for n in (100..ENTRIES).step_by(100) {
        // The body of an entry, as it is in the file.
        let text = told(n).into_bytes();
        let at = bytes.windows(text.len()).position(|window| window == text).expect("it is there");
        bytes[at + 10] ^= 1;
        turned += 1;
    }
    fs::write(home.file(), &bytes).unwrap();
    let store = home.open();
    assert_eq!(found(&store), u64::from(ENTRIES) - turned);
    let verified = store.verify(&decode()).unwrap();
    assert_eq!((verified.corrupt, &verified.damage), (turned, &None));
    assert_eq!(verified.reasons, BTreeMap::from([("the reply was altered".into(), turned)]));
    assert!(store.verify(&decode()).unwrap().is_clean());
}

#[tokio::test]
async fn an_index_that_lost_entries_is_made_anew() {
    let home = Home::new();
    let mut bytes = intact(&home).await;
    let key = request(700).digest().short();
    let places: Vec<usize> =
        (0..bytes.len() - 16).filter(|at| bytes[*at..*at + 16] == key).collect();
    assert_eq!(places.len(), 2, "in the entry and in the index");
    // The one beside the turns is the entry's.
    let indexed = places.iter().find(|at| {
        let near = &bytes[**at..(**at + 200).min(bytes.len())];
        !near.windows(7).any(|window| window == b"speaker")
    });
    bytes[*indexed.expect("the other is the index's") + 15] ^= 1;
    fs::write(home.file(), &bytes).unwrap();
    let store = home.open();
    assert_eq!(found(&store), u64::from(ENTRIES) - 1);
    let verified = store.verify(&decode()).unwrap();
    let entries = u64::from(ENTRIES);
    assert_eq!(verified, Verified { entries, ..Verified::default() });
    assert_eq!(found(&store), entries);
}

#[tokio::test]
async fn what_is_corrupt_is_dropped_though_its_neighbours_cannot_be_read() {
    let home = Home::new();
    let mut bytes = intact(&home).await;
    let position = |bytes: &[u8], n: u32| {
        let text = told(n).into_bytes();
        bytes.windows(text.len()).position(|window| window == text).expect("it is there")
    };
    let page = position(&bytes, 300) / PAGE * PAGE;
    bytes[page..page + PAGE].fill(0);
    // Far enough to be on another page, near enough to be looked at in the same step.
    let at = position(&bytes, 400);
    bytes[at + 10] ^= 1;
    fs::write(home.file(), &bytes).unwrap();
    let store = home.open();
    let first = verified(&store).expect("most can be read");
    assert!(first.damage.is_some());
    assert_eq!(first.reasons["the reply was altered"], 1);
    assert_eq!(first.reasons.keys().collect::<Vec<_>>(), ["the reply was altered", "unreadable"]);
    let second = verified(&store).expect("most can be read");
    assert_eq!(second.reasons.get("the reply was altered"), None, "it was dropped");
    assert_eq!(second.entries, first.entries);
    assert_eq!(found(&store), first.entries);
}

#[tokio::test]
async fn a_gap_in_the_ids_of_a_damaged_file_is_leapt_over() {
    let home = Home::new();
    intact(&home).await;
    let base = Connection::open(home.file()).unwrap();
    let gap = "UPDATE entry SET id = id + 9000000000000000000 WHERE id > 1000";
    base.execute_batch(gap).unwrap();
    drop(base);
    let bytes = fs::read(home.file()).unwrap();
    let pages = bytes.len() / PAGE;
    // Somewhere among the later entries; the walk must come to an end.
    for page in [pages * 5 / 8, pages * 6 / 8, pages * 7 / 8] {
        let mut damaged = bytes.clone();
        damaged[page * PAGE..][..PAGE].fill(0xff);
        survive(&damaged, &format!("page {page}"));
    }
}
