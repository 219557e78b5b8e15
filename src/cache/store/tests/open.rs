//! What is opened, and what is refused.

use std::sync::Barrier;

use super::*;

#[test]
fn the_database_is_set_up_as_it_should_be() {
    let home = Home::new();
    let store = home.open();
    assert_eq!(store.path(), home.file());
    for (pragma, value) in [
        ("page_size", "16384"),
        ("journal_mode", "wal"),
        ("auto_vacuum", "2"),
        ("user_version", "1"),
        ("application_id", "1870029676"),
    ] {
        assert_eq!(home.asked(&format!("PRAGMA {pragma}")), value, "{pragma}");
    }
    let columns = "SELECT group_concat(name || ' ' || type, ', ') FROM pragma_table_info('lease')";
    assert_eq!(home.asked(columns), "key BLOB, owner TEXT, deadline INTEGER");
}

#[tokio::test]
async fn a_person_can_look_inside() {
    let home = Home::new();
    let store = home.open();
    put(&store, &session("sums"), [entry(&request(1), &body(1), 1_767_323_045_000)]).await;
    let all = "SELECT concat_ws('|', suite, asked, served, fetched, turns, body) FROM exchange";
    assert_eq!(
        home.asked(all),
        r#"sums|m|m-2026|2026-01-02 03:04:05|[{"speaker":"user","text":"What is 1 + 1?"}]|{"answer": 2}"#
    );
    let digest = home.asked("SELECT digest FROM exchange");
    assert_eq!(digest, request(1).digest().to_string()[..32]);
}

#[tokio::test]
async fn a_newer_format_is_refused_by_name() {
    let home = Home::new();
    drop(holding(&home, [numbered(1)]).await);
    home.raw().pragma_update(None, "user_version", 2).unwrap();
    let error = Store::open(home.dir()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 2, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("format 2 by a newer version"), "{text}");
    assert!(text.contains("update overclaim"), "{text}");
    assert!(text.contains(&home.file().display().to_string()), "{text}");
    assert_eq!(home.asked("PRAGMA user_version"), "2");
    home.raw().pragma_update(None, "user_version", 1).unwrap();
    assert_eq!(answer(&home.open(), &request(1)), Some(body(1)), "it was left as it is");
}

#[test]
fn a_database_of_somebody_else_is_refused_and_left_alone() {
    let home = Home::new();
    home.raw().execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (7)").unwrap();
    let bytes = fs::read(home.file()).unwrap();
    let error = Store::open(home.dir()).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    assert!(error.to_string().contains("not a cache of overclaim"), "{error}");
    assert!(fs::read(home.file()).unwrap() == bytes, "not a byte is changed");
}

#[test]
fn a_file_that_is_no_database_is_damaged_and_left_alone() {
    for text in ["x\n", &"not a database\n".repeat(10_000)] {
        let home = Home::new();
        fs::write(home.file(), text).unwrap();
        let error = Store::open(home.dir()).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains("delete the file"), "{error}");
        assert!(fs::read(home.file()).unwrap() == text.as_bytes(), "not a byte is changed");
    }
}

#[tokio::test]
async fn an_empty_file_becomes_a_store() {
    let home = Home::new();
    fs::write(home.file(), "").unwrap();
    let store = holding(&home, [numbered(1)]).await;
    assert_eq!(answer(&store, &request(1)), Some(body(1)));
    assert_eq!(home.asked("PRAGMA page_size"), "16384");
}

#[test]
fn a_directory_out_of_reach_is_named_with_the_remedy() {
    let home = Home::new();
    let file = home.dir().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("cache")).unwrap_err();
    assert!(matches!(error, StoreError::Directory { .. }), "{error:?}");
    assert!(error.to_string().contains("OVERCLAIM_CACHE_DIR"), "{error}");
}

#[test]
fn many_may_open_a_cold_directory_at_once() {
    for _ in 0..5 {
        let home = Home::new();
        let dir = home.dir().join("not/there/yet");
        let all = Barrier::new(8);
        let opened = |n: u32| {
            all.wait();
            let store = Store::open(&dir).expect("nobody fails");
            assert_eq!(store.put_all([numbered(n)], &session("sums")).unwrap(), 1);
            assert_eq!(answer(&store, &request(n)), Some(body(n)));
        };
        std::thread::scope(|scope| {
            for n in 0..8 {
                scope.spawn(move || opened(n));
            }
        });
        let store = Store::open(&dir).unwrap();
        assert_eq!(store.entries().unwrap(), 8);
        assert!(store.verify(&decode()).unwrap().is_clean());
    }
}

#[test]
fn many_may_open_and_close_all_the_time() {
    let home = Home::new();
    let all = Barrier::new(4);
    let busy = |thread: u32| {
        all.wait();
        for n in 0..10 {
            // Whoever closes it last removes the log under the eyes of who opens it next.
            let number = 10 * thread + n;
            let new = home.open().put_all([numbered(number)], &session("sums"));
            assert_eq!(new.unwrap(), 1);
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || busy(thread));
        }
    });
    assert_eq!(home.files(), ["cache.db", "cache.lock"]);
    let store = home.open();
    assert!((0..40).all(|n| answer(&store, &request(n)) == Some(body(n))));
}
