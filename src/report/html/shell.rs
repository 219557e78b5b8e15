//! What every page has around it: one file that needs nothing else and may do nothing else.
//!
//! The content security policy allows the page's own style sheet and script, by their digests, and
//! nothing besides: no other script, no request, no form, no inline style. A text of a model that got
//! past the escaping would still do nothing. The templates do not escape on their own account: every
//! value that is printed goes through one formatter, which escapes it and makes all of it visible.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior, Value};
use ring::digest::{SHA256, digest};

use crate::report::text::visible_lines;

/// The style sheet of all pages.
const STYLE: &str = concat!(
    include_str!("page.css"),
    include_str!("../figure/figure.css"),
    include_str!("../trend/trend.css")
);

const SHELL: &str = include_str!("shell.html");

/// Templates of pages.
pub(in crate::report) fn templates() -> Environment<'static> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        templates.set_syntax(syntax);
    }
    // What a macro makes is HTML only where escaping is on.
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_formatter(print);
    // Drawings escape their texts themselves: `Svg` is the only thing that is printed so.
    templates.add_filter("drawing", Value::from_safe_string);
    templates
}

/// A whole page of a body that is HTML already, with its own script, or none.
///
/// # Errors
/// A template is wrong: a defect of this program.
pub(in crate::report) fn page(
    title: &str,
    body: String,
    script: &str,
) -> Result<String, minijinja::Error> {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; \
         form-action 'none'",
        source(STYLE),
        if script.is_empty() { "'none'".to_owned() } else { source(script) }
    );
    templates().render_str(
        SHELL,
        minijinja::context! {
            title,
            policy,
            style => Value::from_safe_string(STYLE.to_owned()),
            script => Value::from_safe_string(script.to_owned()),
            body => Value::from_safe_string(body),
        },
    )
}

/// A text as a source that a content security policy allows.
fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())))
}

/// Prints a value: everything that is not declared to be HTML is escaped, and all of it is visible.
fn print(
    out: &mut Output<'_>,
    _: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    match value.kind() {
        ValueKind::None => {}
        _ if value.is_safe() => out.write_str(value.as_str().unwrap_or_default())?,
        _ => match value.as_str() {
            Some(text) => out.write_str(&escaped_lines(text))?,
            None => out.write_str(&escaped_lines(&value.to_string()))?,
        },
    }
    Ok(())
}

/// A text as content of an element or an attribute, its line breaks kept.
fn escaped_lines(text: &str) -> String {
    let shown = visible_lines(text);
    let mut escaped = String::with_capacity(shown.len() + 16);
    for c in shown.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_escaped_and_visible() {
        let context = minijinja::context! {
            text => "</script><b title='\"'>&\u{202e}\u{1b}[1m\r\nnext",
            html => Value::from_safe_string("<i>".into()),
            number => 1.5, nothing => (), list => ["<"],
        };
        let shown = templates()
            .render_str("{{ text }}|{{ html }}|{{ number }}|{{ nothing }}|{{ list }}", context)
            .unwrap();
        let text = "&lt;/script&gt;&lt;b title=&#39;&quot;&#39;&gt;&amp;\\u{202e}␛[1m\nnext";
        assert_eq!(shown, format!("{text}|<i>|1.5||[&#39;&lt;&#39;]"));
    }

    #[test]
    fn the_policy_names_what_the_page_holds() {
        let shown = page("t", "<p>".into(), "run()").unwrap();
        // printf 'run()' | openssl dgst -sha256 -binary | base64
        let digest = "script-src &#39;sha256-AvyuiL0SD1mVY3NNxR+V2uo+lhk6RMFrytWmRt6CrJQ=&#39;";
        assert!(shown.contains(digest), "{shown}");
        assert!(shown.contains(&format!("<style>{STYLE}</style>")));
    }
}
