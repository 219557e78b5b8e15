use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use proptest::prelude::*;

use super::*;
use crate::ask::{Draw, Params, Speaker, Target, Times, Turn as Said, Usage};

const PRICE: Price = Price { input: 1.0, output: 4.0, cached_input: None };

fn request(prompt: &str, max_tokens: Option<u32>) -> Request {
    Request {
        target: Arc::new(Target {
            wire: "w/1".into(),
            url: "http://h/v1".into(),
            model: "m".into(),
            max_completion_tokens: false,
            headers: std::collections::BTreeMap::new(),
        }),
        turns: [Said { speaker: Speaker::User, text: prompt.into() }].into(),
        params: Params { max_tokens, ..Params::default() },
        draw: Draw::default(),
    }
}

fn reply(usage: Option<Usage>) -> Reply {
    Reply {
        text: "A".into(),
        reasoning: None,
        refusal: None,
        tokens: None,
        finish: None,
        usage,
        model: None,
        fingerprint: None,
        times: Times::default(),
        raw: "".into(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as calls end")]
fn used(input_tokens: u64, output_tokens: u64) -> Result<Reply, AskError> {
    Ok(reply(Some(Usage { input_tokens, output_tokens, cached_input_tokens: None })))
}

fn failed(kind: AskErrorKind, status: Option<u16>) -> Result<Reply, AskError> {
    Err(AskError { status, ..AskError::new(kind, "why") })
}

/// The most that [`request`] of four bytes and ten tokens can cost.
const MOST: f64 = (4.0 + 16.0 + 2.0 + 256.0 + 10.0 * 4.0) / 1e6;

fn account(limit: f64) -> Account {
    Account::new(Purse::new(limit), PRICE)
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

#[test]
fn the_most_counts_every_byte_and_what_is_around_them() {
    let most = |prompt: &str, max| at_most(&request(prompt, Some(max)), PRICE);
    assert!(same(most("four", 10), MOST));
    // A character can be as many tokens as it has bytes.
    assert!(same(most("漢字漢字", 10) - most("four", 10), 8e-6));
    let mut longer = request("four", Some(10));
    longer.params.extra.insert("tools".into(), "x".repeat(100).into());
    assert!(at_most(&longer, PRICE) - MOST > 100e-6);
    assert!(at_most(&request("four", None), PRICE).is_infinite());
    let dear = Price { cached_input: Some(2.0), ..PRICE };
    assert!(same(at_most(&request("four", Some(0)), dear), 2.0 * 278e-6));
}

#[test]
fn only_refusals_are_free() {
    use AskErrorKind::*;
    let cost = |result, reached| cost(&result, reached, PRICE);
    assert_eq!(cost(used(100, 10), true), Some(140e-6));
    assert_eq!(cost(Ok(reply(None)), true), None, "served, and not counted");
    for (kind, status, costs) in [
        (RateLimited, Some(429), Some(0.0)),
        (Server, Some(500), Some(0.0)),
        (BadRequest, Some(307), Some(0.0)),
        (Network, None, None),
        (Network, Some(200), None),
        (BadBody, Some(200), None),
        (RateLimited, Some(200), None),
        (Timeout, None, None),
        (Timeout, Some(200), None),
        (Timeout, Some(504), None),
    ] {
        assert_eq!(cost(failed(kind, status), true), costs, "{kind:?} {status:?}");
        assert_eq!(cost(failed(kind, status), false), Some(0.0));
    }
}

#[tokio::test]
async fn what_is_settled_makes_room() {
    let account = account(2.5 * MOST);
    let request = request("four", Some(10));
    let mut first = account.reserve(&request).await.unwrap();
    let second = account.reserve(&request).await.unwrap();
    first.sent();
    let mut third = Box::pin(account.reserve(&request));
    assert!((&mut third).now_or_never().is_none());
    first.settle(&used(10, 1), true);
    let third = third.await.unwrap();
    assert!(same(account.purse.balance().spent, 14e-6));
    // Neither of these was sent.
    drop((second, third));
    assert!(same(account.purse.balance().spent, 14e-6));
    assert_eq!(lock(&account.purse.state).reserved, 0);
}

#[tokio::test]
async fn a_call_that_never_fits_closes_the_purse_for_all() {
    let account = account(1.5 * MOST);
    let request_ = request("four", Some(10));
    let mut first = account.reserve(&request_).await.unwrap();
    first.sent();
    let mut second = Box::pin(account.reserve(&request_));
    assert!((&mut second).now_or_never().is_none());
    assert_eq!(account.purse.balance().refused, None);
    first.settle(&failed(AskErrorKind::Network, None), true);
    let error = second.await.unwrap_err();
    assert_eq!(error.kind, AskErrorKind::NotAsked);
    assert!(account.purse.says(&error.message), "{error}");
    let Balance { spent, refused, .. } = account.purse.balance();
    assert!(same(spent, MOST) && same(refused.unwrap(), MOST));
    // A small one would fit; but then the short questions would be asked and the long ones not.
    assert!(account.reserve(&request("", Some(0))).await.is_err());
}

#[tokio::test]
async fn who_gives_up_waiting_holds_up_nobody() {
    let account = account(1.5 * MOST);
    let request = request("four", Some(10));
    let mut first = account.reserve(&request).await.unwrap();
    first.sent();
    let mut gone = Box::pin(account.reserve(&request));
    let mut next = Box::pin(account.reserve(&request));
    assert!((&mut gone).now_or_never().is_none());
    assert!((&mut next).now_or_never().is_none());
    first.settle(&used(1, 1), true);
    drop(gone);
    assert!(next.await.is_ok());
}

#[tokio::test]
async fn a_caller_that_goes_in_the_middle_of_its_call_has_spent() {
    let account = account(10.0 * MOST);
    let mut sent = account.reserve(&request("four", Some(10))).await.unwrap();
    sent.sent();
    drop(sent);
    let state = *lock(&account.purse.state);
    assert_eq!((state.spent, state.reserved, state.under_way), (parts(MOST, f64::ceil), 0, 0));
}

#[tokio::test]
async fn a_server_that_writes_more_than_it_may_is_believed() {
    let account = account(3.0 * MOST);
    let mut first = account.reserve(&request("four", Some(10))).await.unwrap();
    first.sent();
    first.settle(&used(20, 1_000_000), true);
    assert!(account.purse.balance().spent > 3.9);
    assert!(account.reserve(&request("four", Some(10))).await.is_err());
}

#[test]
fn amounts_are_shown_as_they_were_typed() {
    for limit in [0.0, 0.01, 0.29, 1.1, 4.35, 1e6] {
        assert_eq!(Purse::new(limit).balance().limit.to_bits(), f64::to_bits(limit));
    }
    assert_eq!(parts(0.000_45, f64::ceil), 450_000_000, "no more than it is");
    let between = 1.000_01e-12;
    assert_eq!((parts(between, f64::ceil), parts(between, f64::floor)), (2, 1), "and no less");
    assert_eq!(parts(f64::INFINITY, f64::ceil), u128::MAX);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Many tasks with calls of all kinds and fates, on a runtime with several threads: whatever
    /// happens, nothing exceeds the limit at any time, nobody waits for ever, and all that was
    /// reserved is given back or spent.
    #[test]
    fn the_limit_holds_whatever_the_calls_come_to(
        limit in 0_u32..4000,
        calls in prop::collection::vec((0_usize..200, 0_u32..50, 0_u8..6), 1..120),
    ) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        let account = Arc::new(account(f64::from(limit) / 1e6));
        let known = Arc::new(AtomicU64::new(0));
        runtime.block_on(async {
            let tasks = calls.into_iter().map(|(bytes, tokens, fate)| {
                let (account, known) = (Arc::clone(&account), Arc::clone(&known));
                tokio::spawn(async move {
                    let request = request(&"x".repeat(bytes), Some(tokens));
                    let Ok(mut money) = account.reserve(&request).await else { return };
                    let now = *lock(&account.purse.state);
                    assert!(now.spent + now.reserved <= account.purse.limit);
                    tokio::task::yield_now().await;
                    if fate == 0 {
                        return;
                    }
                    money.sent();
                    tokio::task::yield_now().await;
                    let read = u64::try_from(bytes).unwrap() / 3;
                    match fate {
                        1 => drop(money),
                        2 => money.settle(&failed(AskErrorKind::Server, Some(500)), true),
                        3 => money.settle(&failed(AskErrorKind::Network, None), true),
                        _ => {
                            known.fetch_add(read + 4 * u64::from(tokens), Ordering::SeqCst);
                            money.settle(&used(read, tokens.into()), true);
                        }
                    }
                })
            });
            for task in tasks.collect::<Vec<_>>() {
                tokio::time::timeout(Duration::from_mins(1), task).await.unwrap().unwrap();
            }
        });
        let state = *lock(&account.purse.state);
        prop_assert_eq!((state.reserved, state.under_way), (0, 0));
        prop_assert!(state.spent <= account.purse.limit);
        prop_assert!(u128::from(known.load(Ordering::SeqCst)) * 1_000_000 <= state.spent);
    }
}
