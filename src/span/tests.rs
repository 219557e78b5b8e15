use super::*;

fn scalar(node: &Node) -> (&str, bool) {
    match &node.value {
        Value::Scalar { text, plain } => (text, *plain),
        other => panic!("not a scalar: {other:?}"),
    }
}

fn entries(node: &Node) -> &[(Spanned<String>, Node)] {
    match &node.value {
        Value::Map(entries) => entries,
        other => panic!("not a map: {other:?}"),
    }
}

#[test]
fn scalars_keep_what_was_typed() {
    let text = "a: no\nb: 1.10\nc: \"1.10\"\nd: true\ne: 'x'\nf: |\n  one\n  two\ng: 007\nh: ~\n\
                i: 1e400\nj: 0x1F\nk: plain words\nl: 10%\n";
    let tree = parse(text).unwrap();
    let seen: Vec<_> = entries(&tree)
        .iter()
        .filter(|(_, node)| node.value != Value::Null)
        .map(|(key, node)| (key.value.as_str(), scalar(node).0, scalar(node).1))
        .collect();
    assert_eq!(
        seen,
        [
            ("a", "no", true),
            ("b", "1.10", true),
            ("c", "1.10", false),
            ("d", "true", true),
            ("e", "x", false),
            ("f", "one\ntwo\n", false),
            ("g", "007", true),
            ("i", "1e400", true),
            ("j", "0x1F", true),
            ("k", "plain words", true),
            ("l", "10%", true),
        ]
    );
}

#[test]
fn places_are_exact_through_unicode_flow_and_aliases() {
    let text = "é: &a {key: [välue, 2]}\nb: *a\n";
    let tree = parse(text).unwrap();
    let (key, value) = &entries(&tree)[0];
    assert_eq!((key.span.line, key.span.column, &text[key.span.start..key.span.end]), (1, 1, "é"));
    let inner = &entries(value)[0];
    assert_eq!(&text[inner.0.span.start..inner.0.span.end], "key");
    let Value::List(items) = &inner.1.value else { panic!("a list") };
    assert_eq!(&text[items[0].span.start..items[0].span.end], "välue");
    assert_eq!((items[1].span.line, items[1].span.column), (1, 21));
    let aliased = &entries(&entries(&tree)[1].1)[0].1;
    assert_eq!(aliased, &inner.1);
}

#[test]
fn a_word_is_found_inside_a_block() {
    let text = "p: |\n  {{ choices }} and\n  {{ choice }}\n";
    let tree = parse(text).unwrap();
    let found = entries(&tree)[0].1.span.find_word(text, "choice");
    assert_eq!((found.line, found.column), (3, 6));
    assert_eq!(&text[found.start..found.end], "choice");
}

#[test]
fn duplicate_keys_and_broken_yaml_are_refused_with_their_place() {
    let repeated = parse("a: 1\nb: 2\na: 3\n").unwrap_err();
    assert_eq!(repeated.span.line, 3, "{}", repeated.message);
    let broken = parse("a: [1, 2\nb: 3\n").unwrap_err();
    assert!(broken.message.starts_with("not readable as YAML: "), "{}", broken.message);
}

#[test]
fn alias_bombs_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    assert!(parse(&bomb).is_err());
}

#[test]
fn shares_take_both_forms_and_nothing_else() {
    let share = |text: &str| {
        let mut problems = Problems::default();
        let node = parse(text).unwrap();
        (node.share(&mut problems), problems.into_iter().next().map(|problem| problem.remedy))
    };
    assert_eq!(share("10%").0, Some(0.1));
    assert_eq!(share("0.25").0, Some(0.25));
    assert_eq!(share("\"5 %\"").0, Some(0.05));
    assert_eq!(share("10"), (None, Some("did you mean 10%?".into())));
    assert_eq!(share("-1").0, None);
    assert_eq!(share(".nan").0, None);
    assert_eq!(share("ten").0, None);
}

#[test]
fn unknown_fields_name_the_nearest_known() {
    let mut problems = Problems::default();
    let tree = parse("thresold: 1\nqwerty: 2\n").unwrap();
    let mut fields = tree.fields(&mut problems).unwrap();
    assert!(fields.take("threshold").is_none());
    fields.finish(&mut problems);
    let remedies: Vec<_> = problems.into_iter().map(|problem| problem.remedy).collect();
    assert_eq!(remedies, ["did you mean `threshold`?", "known are threshold"]);
}

#[test]
fn json_of_a_node_keeps_numbers_only_where_nothing_is_lost() {
    let tree = parse("{a: 1, b: 1.10, c: no, d: true, e: \"2\", f: [0.5, x], g: 007}").unwrap();
    let expected = serde_json::json!({
        "a": 1, "b": "1.10", "c": "no", "d": true, "e": "2", "f": [0.5, "x"], "g": "007"
    });
    assert_eq!(tree.to_json(), expected);
}
