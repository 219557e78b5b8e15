use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::ask::{
    AskError, AskErrorKind, Draw, Exchange, Finish, Logprob, Origin, Params, Role, Speaker, Target,
    Times, Token, Turn,
};
use crate::span::parse;

fn read(yaml: &str) -> (Option<Method>, Vec<String>) {
    let mut problems = Problems::default();
    let method = Method::read(&parse(yaml).unwrap(), &mut problems);
    let said =
        problems.into_iter().map(|problem| format!("{}; {}", problem.message, problem.remedy));
    (method, said.collect())
}

fn method(yaml: &str) -> Method {
    let (method, problems) = read(yaml);
    assert!(problems.is_empty(), "{problems:?}");
    method.unwrap()
}

fn request() -> Request {
    let turn = |speaker, text: &str| Turn { speaker, text: text.into() };
    Request {
        target: Arc::new(Target {
            wire: "openai-chat/1".into(),
            url: "http://127.0.0.1:1/v1".into(),
            model: "m".into(),
            max_completion_tokens: false,
            headers: std::collections::BTreeMap::new(),
        }),
        turns: Arc::new([
            turn(Speaker::System, "Be brief."),
            turn(Speaker::User, "2 + 2?\n"),
            turn(Speaker::Assistant, "So"),
        ]),
        params: Params::default(),
        draw: Draw::default(),
    }
}

fn exchange(request: &Request, result: Result<Arc<Reply>, Arc<AskError>>) -> Exchange {
    Exchange {
        digest: request.digest(),
        request: Arc::new(request.clone()),
        role: Role::Answer,
        origin: Origin::Live,
        fetched: None,
        waited: Duration::ZERO,
        attempts: Vec::new(),
        result,
    }
}

#[test]
fn methods_are_read_and_problems_name_the_remedy() {
    assert_eq!(method("choice_logprob"), Method::ChoiceLogprob(ChoiceLogprob::default()));
    assert_eq!(method("{verbalized: }"), Method::Verbalized(Verbalized::default()));
    for name in KNOWN {
        assert_eq!(method(name).name(), *name);
    }
    for (yaml, problem) in [
        ("verbalised", "unknown confidence method `verbalised`; did you mean `verbalized`?"),
        ("{choice_logprob: {top: 5}}", "unknown key `top`; did you mean `top_logprobs`?"),
        (
            "{choice_logprob: {top_logprobs: 30}}",
            "30 alternatives are not of use; write a number from 2 to 20",
        ),
        (
            "{verbalized: {instruction: \"\"}}",
            "an empty instruction; write `none` if your prompt asks for the confidence itself",
        ),
    ] {
        assert_eq!(read(yaml).1, [problem], "{yaml}");
    }
}

#[test]
fn choice_logprob_asks_for_log_probabilities() {
    let asked = |yaml: &str, set: Option<u8>| {
        let mut base = request();
        base.params.top_logprobs = set;
        method(yaml).prepare(base).map(|base| base.params.top_logprobs.unwrap())
    };
    assert_eq!(asked("choice_logprob", None), Ok(20));
    assert_eq!(asked("choice_logprob", Some(5)), Ok(5));
    assert_eq!(asked("{choice_logprob: {top_logprobs: 8}}", None), Ok(8));
    assert_eq!(asked("{choice_logprob: {top_logprobs: 8}}", Some(12)), Ok(12));
    assert_eq!(asked("{choice_logprob: {top_logprobs: 8}}", Some(3)), Ok(8));
    assert_eq!(
        asked("choice_logprob", Some(50)).unwrap_err().to_string(),
        "top_logprobs is 50: leave it out, or set it from 2 to 20"
    );
    let mut base = request();
    base.params.extra.insert("logprobs".into(), false.into());
    assert_eq!(
        method("choice_logprob").prepare(base).unwrap_err().to_string(),
        "`logprobs` is also passed on verbatim: remove `logprobs` from the parameters: choice_logprob sets it"
    );
}

#[test]
fn verbalized_asks_in_the_last_turn_of_the_user() {
    let asked = |yaml: &str| method(yaml).prepare(request()).unwrap().turns[1].text.clone();
    let text = asked("verbalized");
    assert!(
        text.starts_with("2 + 2?\n\nOn the last line") && text.contains("`Confidence: N%`"),
        "{text}"
    );
    assert_eq!(asked("{verbalized: {instruction: How sure?}}"), "2 + 2?\n\nHow sure?");
    assert_eq!(asked("{verbalized: {instruction: none}}"), "2 + 2?\n");
}

#[test]
fn verbalized_refuses_what_would_cut_the_confidence_off() {
    let refused = |change: fn(&mut Request)| {
        let mut base = request();
        change(&mut base);
        method("verbalized").prepare(base).unwrap_err().message
    };
    assert_eq!(
        refused(|base| base.params.max_tokens = Some(4)),
        "max_tokens is 4, too few for an answer with its confidence"
    );
    assert_eq!(
        refused(|base| base.params.stop.push("\n".into())),
        "a newline in `stop` ends the reply before its confidence"
    );
    assert_eq!(
        refused(|base| base.turns = Arc::new([])),
        "no turn of the user can take the instruction"
    );
}

#[test]
fn both_methods_read_the_one_reply_to_the_prepared_question() {
    let methods = [method("choice_logprob"), method("verbalized")];
    let base = methods.iter().fold(request(), |base, method| method.prepare(base).unwrap());
    let question = Question { text: "?".into(), choices: vec!["3".into(), "4".into()] };
    for method in &methods {
        let step = method.step(&question, &base.clone().into(), &Heard::default());
        assert_eq!(step, Step::Ask(vec![base.clone()]));
    }
    let logprob = |token: &str, p: f64| Logprob { token: token.into(), logprob: p.ln() };
    let token = |text: &str, top: Vec<Logprob>| Token { token: text.into(), logprob: -0.1, top };
    let reply = Reply {
        text: "B\nConfidence: 60%".into(),
        reasoning: None,
        refusal: None,
        tokens: Some(vec![
            token("B", vec![logprob("B", 0.75), logprob("A", 0.25)]),
            token("\nConfidence: 60%", Vec::new()),
        ]),
        finish: Some(Finish::Stop),
        usage: None,
        model: None,
        fingerprint: None,
        times: Times::default(),
        raw: "".into(),
    };
    let heard: Heard = [exchange(&base, Ok(Arc::new(reply)))].into_iter().collect();
    let values: Vec<_> = methods
        .iter()
        .map(|method| match method.step(&question, &base.clone().into(), &heard) {
            Step::Done(confidence) => confidence.value.unwrap(),
            Step::Ask(_) => panic!("all was heard"),
        })
        .collect();
    assert!((values[0] - 0.75).abs() < 1e-9);
    assert!((values[1] - 0.6).abs() < 1e-9);
    assert_eq!(methods[0].strip("B\nConfidence: 60%"), "B\nConfidence: 60%");
    assert_eq!(methods[1].strip("B\nConfidence: 60%"), "B");
}

#[test]
fn a_question_without_a_reply_has_no_confidence() {
    let base = request();
    let error = Arc::new(AskError::new(AskErrorKind::Timeout, "30 s"));
    let heard: Heard = [exchange(&base, Err(error))].into_iter().collect();
    for name in KNOWN {
        let step = method(name).step(&Question::default(), &base.clone().into(), &heard);
        assert_eq!(step, Step::Done(Confidence::missing("no reply")));
    }
}

#[test]
fn long_hostile_replies_are_read() {
    let question = Question { text: "?".into(), choices: vec!["3".into(), "4".into()] };
    for piece in [
        "answer: ",
        "A",
        "A ",
        "A\n",
        "(",
        "confidence: ",
        "90% sure ",
        "1 ",
        "1,",
        "answer is 1 ",
        "= ",
        "so ",
        "\n",
        "- ",
        "confidence that ",
        "\\boxed{",
        "\\frac{",
        "I don't know ",
        "**",
        "90% - ",
        "A or ",
        ". ",
        "####",
    ] {
        let text = piece.repeat(40_000 / piece.len());
        let answer = crate::answer::spoken(&text);
        let _ = crate::answer::abstains(answer);
        let _ = crate::answer::letters::read(&question, answer);
        assert!(method("verbalized").strip(answer).len() <= answer.len());
    }
}
