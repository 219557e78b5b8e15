use super::*;

pub(super) fn request() -> Request {
    Request {
        target: Arc::new(Target {
            wire: "openai-chat/1".into(),
            url: "http://127.0.0.1:8089/v1/chat/completions".into(),
            model: "m".into(),
            max_completion_tokens: false,
            headers: BTreeMap::new(),
        }),
        turns: Arc::new([Turn { speaker: Speaker::User, text: "2 + 2?".into() }]),
        params: Params { temperature: Some(0.0), seed: Some(7), ..Params::default() },
        draw: Draw::default(),
    }
}

fn heard(request: &Request, text: &str) -> Exchange {
    Exchange {
        digest: request.digest(),
        request: Arc::new(request.clone()),
        role: Role::Answer,
        origin: Origin::Live,
        fetched: None,
        waited: Duration::ZERO,
        attempts: Vec::new(),
        result: Ok(Arc::new(Reply {
            text: text.into(),
            reasoning: None,
            refusal: None,
            tokens: None,
            finish: Some(Finish::Stop),
            usage: None,
            model: None,
            fingerprint: None,
            times: Times::default(),
            raw: "".into(),
        })),
    }
}

#[test]
fn every_part_of_a_request_changes_its_digest() {
    let base = request();
    let mut others = vec![base.clone(), base.sample(1), base.followed_by(base.turns.to_vec())];
    others.push(Request { draw: Draw { repeat: 1, sample: 0 }, ..base.clone() });
    for change in [
        |t: &mut Target| t.model.push('x'),
        |t: &mut Target| t.url.push('x'),
        |t: &mut Target| t.wire.push('x'),
        |t: &mut Target| t.max_completion_tokens = true,
        |t: &mut Target| drop(t.headers.insert("beta".into(), "1".into())),
    ] {
        let mut target = (*base.target).clone();
        change(&mut target);
        others.push(Request { target: Arc::new(target), ..base.clone() });
    }
    for change in [
        |p: &mut Params| p.temperature = None,
        |p: &mut Params| p.top_p = Some(0.5),
        |p: &mut Params| p.max_tokens = Some(4),
        |p: &mut Params| p.stop.push("x".into()),
        |p: &mut Params| p.seed = Some(8),
        |p: &mut Params| p.top_logprobs = Some(20),
        |p: &mut Params| drop(p.extra.insert("k".into(), 1.into())),
    ] {
        let mut params = base.params.clone();
        change(&mut params);
        others.push(Request { params, ..base.clone() });
    }
    let distinct: std::collections::HashSet<_> = others.iter().map(Request::digest).collect();
    assert_eq!(distinct.len(), others.len());
}

#[test]
fn a_portable_digest_forgets_the_host_and_nothing_else() {
    let base = request();
    let with_url = |url: &str| {
        let target = Target { url: url.into(), ..(*base.target).clone() };
        Request { target: Arc::new(target), ..base.clone() }
    };
    let elsewhere = with_url("https://other.example/v1/chat/completions");
    assert_eq!(base.portable_digest(), elsewhere.portable_digest());
    assert_ne!(base.digest(), elsewhere.digest());
    assert_ne!(base.portable_digest(), with_url("http://127.0.0.1:8089/v2").portable_digest());
    assert_eq!(with_url("http://host").target.portable().url, "/");
}

#[test]
fn the_digest_does_not_drift_between_versions() {
    // Stored entries and cassettes depend on it: a change here needs a new KEY_SCHEMA.
    insta::assert_snapshot!(request().digest(), @"1bce853660597650bf825ccbf1aafd679716af795b44a53b31eccf0c29d2b89a");
}

#[test]
fn heard_gives_all_outcomes_or_what_is_missing() {
    let (a, b) = (request(), request().sample(1));
    let mut ears = Heard::default();
    assert_eq!(ears.need(vec![a.clone(), b.clone()]).unwrap_err().len(), 2);
    ears.insert(heard(&a, "four"));
    assert_eq!(ears.need(vec![a.clone(), b.clone()]).unwrap_err(), vec![b.clone()]);
    ears.insert(heard(&b, "five"));
    let texts: Vec<_> = ears
        .need(vec![b, a])
        .unwrap()
        .into_iter()
        .map(|outcome| outcome.unwrap().text.as_str())
        .collect();
    assert_eq!(texts, ["five", "four"]);
}

#[test]
fn draws_have_seeds_of_their_own() {
    let base = request();
    assert_eq!(base.wire_seed(), Some(7));
    assert_eq!(base.sample(3).wire_seed(), Some(10));
    let repeat = Request { draw: Draw { repeat: 1, sample: 0 }, ..base };
    assert_eq!(repeat.wire_seed(), Some(7 + 65_536));
}
