//! Rows that somebody, or a failing disk, has changed.

use super::*;

const REQUEST_UNREADABLE: &str = "the request cannot be read";
const REQUEST_ALTERED: &str = "the request was altered";
const REPLY_UNREADABLE: &str = "the reply cannot be read";
const REPLY_ALTERED: &str = "the reply was altered";

/// The request whose entry is changed. Its settings are its own.
fn victim() -> Request {
    Request { draw: Draw { repeat: 2, sample: 3 }, ..of_model("victim", 2) }
}

/// The victim's row is changed by these statements: it is not found, nobody trips over it, and
/// verifying drops it, and it alone, for this reason.
async fn changed(statements: &str, reason: &str) {
    let home = Home::new();
    drop(holding(&home, [numbered(1), entry(&victim(), &body(2), 2), numbered(3)]).await);
    let raw = home.raw();
    raw.execute_batch(statements).expect(statements);
    drop(raw);

    let store = home.open();
    let before = store.get(&victim());
    assert_eq!(before.expect(statements), None, "{statements}");
    let verified = store.verify(&decode()).expect(statements);
    let reasons = BTreeMap::from([(reason.to_owned(), 1)]);
    assert_eq!(
        verified,
        Verified { entries: 2, corrupt: 1, reasons, damage: None },
        "{statements}"
    );
    assert!(!verified.is_clean());
    for (n, body) in [(1, Some(body(1))), (3, Some(body(3)))] {
        assert_eq!(answer(&store, &request(n)), body, "{statements}");
    }
    let again = store.verify(&decode()).unwrap();
    assert_eq!(again, Verified { entries: 2, ..Verified::default() }, "{statements}");

    // It is asked again, and its entry takes the place of the one that went.
    put(&store, &session("sums"), [entry(&victim(), &body(4), 4)]).await;
    assert_eq!(answer(&store, &victim()), Some(body(4)), "{statements}");
    assert!(store.verify(&decode()).unwrap().is_clean(), "{statements}");
}

/// Sets a column of the victim's row.
async fn set(column: &str, value: &str, reason: &str) {
    changed(&format!("UPDATE entry SET {column} = {value} WHERE id = 2"), reason).await;
}

#[tokio::test]
async fn another_request_is_not_answered() {
    set("turns", "replace(turns, 'What', 'Who')", REQUEST_ALTERED).await;
    set("turns", "replace(turns, 'user', 'system')", REQUEST_ALTERED).await;
    set("turns", "'[]'", REQUEST_ALTERED).await;
    set("repeat", "0", REQUEST_ALTERED).await;
    set("sample", "4", REQUEST_ALTERED).await;
    set("settings", "1", REQUEST_ALTERED).await;
    set("key", "zeroblob(16)", REQUEST_ALTERED).await;
    changed(
        "UPDATE settings SET json = replace(json, '0.5', '0.25') WHERE id = 2",
        REQUEST_ALTERED,
    )
    .await;
    changed("UPDATE settings SET json = replace(json, '8089', '80') WHERE id = 2", REQUEST_ALTERED)
        .await;
}

#[tokio::test]
async fn a_reply_with_a_turned_bit_is_not_given() {
    // 4 and 5 differ in one bit.
    set("body", "replace(body, '4', '5')", REPLY_ALTERED).await;
    set("body", "body || ' '", REPLY_ALTERED).await;
    set("body", "''", REPLY_ALTERED).await;
    set("created", "created + 1", REPLY_ALTERED).await;
    set("total_ms", "total_ms + 0.25", REPLY_ALTERED).await;
    set("first_token_ms", "NULL", REPLY_ALTERED).await;
    set("head_ms", "1.5", REPLY_ALTERED).await;
    set("checksum", "checksum + 1", REPLY_ALTERED).await;
    set("checksum", "'x'", REPLY_ALTERED).await;
}

#[tokio::test]
async fn columns_of_another_type_are_nobodys() {
    set("turns", "CAST(turns AS BLOB)", REQUEST_UNREADABLE).await;
    set("turns", "CAST(x'5b22ff225d' AS TEXT)", REQUEST_UNREADABLE).await;
    set("turns", "'[{'", REQUEST_UNREADABLE).await;
    set("turns", "5", REQUEST_UNREADABLE).await;
    set("settings", "99", REQUEST_UNREADABLE).await;
    set("settings", "'x'", REQUEST_UNREADABLE).await;
    set("settings", "1.5", REQUEST_UNREADABLE).await;
    set("repeat", "'x'", REQUEST_UNREADABLE).await;
    set("repeat", "-1", REQUEST_UNREADABLE).await;
    set("sample", "1 << 40", REQUEST_UNREADABLE).await;
    set("body", "CAST(body AS BLOB)", REPLY_UNREADABLE).await;
    set("body", "CAST(x'7bff7d' AS TEXT)", REPLY_UNREADABLE).await;
    set("total_ms", "'x'", REPLY_UNREADABLE).await;
    set("total_ms", "x'00'", REPLY_UNREADABLE).await;
    set("first_token_ms", "'x'", REPLY_UNREADABLE).await;
    set("head_ms", "x'00'", REPLY_UNREADABLE).await;
    set("created", "'x'", REPLY_UNREADABLE).await;
    set("run", "'x'", REPLY_UNREADABLE).await;
    set("key", "'x'", REQUEST_ALTERED).await;
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_nobodys() {
    let json = |value: &str| format!("UPDATE settings SET json = {value} WHERE id = 2");
    changed(&json("'{'"), REQUEST_UNREADABLE).await;
    changed(&json("'{}'"), REQUEST_UNREADABLE).await;
    changed(&json("5"), REQUEST_UNREADABLE).await;
    changed(&json("CAST(json AS BLOB)"), REQUEST_UNREADABLE).await;
    changed(&json("CAST(x'22ff22' AS TEXT)"), REQUEST_UNREADABLE).await;
    changed("DELETE FROM settings WHERE id = 2", REQUEST_UNREADABLE).await;
}

#[tokio::test]
async fn of_two_requests_with_one_key_each_is_told_from_the_other() {
    let home = Home::new();
    let store = holding(&home, [entry(&request(2), &body(2), 2)]).await;
    // What the entry of one would be if both had the same key.
    let key = request(1).digest().short();
    home.raw().execute("UPDATE entry SET key = ?1", [&key[..]]).unwrap();
    assert_eq!(answer(&store, &request(1)), None);
    assert_eq!(answer(&store, &request(2)), None);
    assert_eq!(store.with_digest(&request(1).digest().to_string()).unwrap(), []);
    let verified = store.verify(&decode()).unwrap();
    assert_eq!(verified.reasons, BTreeMap::from([(REQUEST_ALTERED.into(), 1)]));
    put(&store, &session("sums"), [numbered(1), numbered(2)]).await;
    assert_eq!(answer(&store, &request(1)), Some(body(1)));
    assert_eq!(answer(&store, &request(2)), Some(body(2)));
}

#[tokio::test]
async fn replies_that_no_wire_can_read_are_dropped() {
    let home = Home::new();
    let store = holding(&home, [numbered(1), entry(&request(2), "<html>", 2)]).await;
    assert_eq!(answer(&store, &request(2)).as_deref(), Some("<html>"), "the store reads no wire");
    let verified = store.verify(&decode()).unwrap();
    assert_eq!((verified.entries, verified.corrupt), (1, 1));
    assert_eq!(verified.reasons, BTreeMap::from([("the reply cannot be decoded".into(), 1)]));
    assert_eq!(answer(&store, &request(2)), None);
}

#[tokio::test]
async fn many_faults_are_counted_by_reason_over_several_steps() {
    let home = Home::new();
    let store = holding(&home, (1..=1500).map(numbered)).await;
    let turned = "UPDATE entry SET body = replace(body, 'answer', 'answeR') WHERE id % 10 = 0";
    let asked = "UPDATE entry SET turns = replace(turns, 'What', 'what') WHERE id % 10 = 1";
    let typed = "UPDATE entry SET body = CAST(body AS BLOB) WHERE id % 100 = 2";
    home.raw().execute_batch(&format!("{turned}; {asked}; {typed}")).unwrap();
    let verified = store.verify(&decode()).unwrap();
    let reasons = [(REPLY_ALTERED, 150), (REQUEST_ALTERED, 150), (REPLY_UNREADABLE, 15)];
    let reasons = reasons.map(|(reason, count)| (reason.to_owned(), count));
    let (corrupt, entries) = (315, 1500 - 315);
    assert_eq!(verified, Verified { entries, corrupt, reasons: reasons.into(), damage: None });
    assert_eq!(store.entries().unwrap(), entries);
    let found = (1..=1500).filter(|n| answer(&store, &request(*n)) == Some(body(*n)));
    assert_eq!(found.count() as u64, entries);
}

#[tokio::test]
async fn nobody_exports_or_lists_what_is_not_whole() {
    let home = Home::new();
    let store = holding(&home, [numbered(1), entry(&victim(), &body(2), 2), numbered(3)]).await;
    home.raw().execute_batch("UPDATE entry SET turns = x'00' WHERE id = 2").unwrap();
    let mut exported = Vec::new();
    let each = |stored: Stored| {
        exported.push(stored.request);
        Ok::<_, StoreError>(())
    };
    store.export(&Wanted::default(), each).unwrap();
    exported.sort_by_key(|request| request.turns[0].text.clone());
    assert_eq!(exported, [request(1), request(3)]);
    assert_eq!(store.latest(5).unwrap(), [(request(3), 3), (request(1), 1)]);
    assert_eq!(store.with_digest(&victim().digest().to_string()).unwrap(), []);
}

#[tokio::test]
async fn a_time_that_is_none_keeps_nobody_from_counting_or_pruning() {
    let home = Home::new();
    let store = holding(&home, [numbered(1), entry(&victim(), &body(2), 2), numbered(3)]).await;
    home.raw().execute_batch("UPDATE entry SET created = 'x' WHERE id = 2").unwrap();
    let size = store.size().unwrap();
    assert_eq!(size.entries, 3);
    let times: Vec<_> =
        size.models.iter().map(|model| (model.oldest_ms, model.newest_ms)).collect();
    assert_eq!(times, [(Some(1), Some(3)), (None, None)]);
    let limits = Limits { before_ms: Some(3), ..Limits::default() };
    let pruned = store.prune(&limits).unwrap();
    assert_eq!((pruned.deleted, pruned.left), (1, 2), "nobody knows how old the other is");
}
