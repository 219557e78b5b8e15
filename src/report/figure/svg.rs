//! An SVG drawing, element by element.
//!
//! Texts are escaped here and nowhere else. Numbers are written to a tenth of a unit: finer than any
//! screen, and a page has thousands of them.

use std::fmt::Write;

use crate::report::text::visible;

/// Where a text stands at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// A drawing being made. Units are CSS pixels at its natural size; classes are those of the page's
/// style sheet.
#[derive(Debug)]
pub(in crate::report) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    /// An empty drawing of this size.
    pub(in crate::report) fn new(width: f64, height: f64) -> Svg {
        Svg { width, height, body: String::new() }
    }

    /// A straight line.
    pub(in crate::report) fn line(&mut self, class: &str, from: [f64; 2], to: [f64; 2]) {
        let [x1, y1, x2, y2] = [from[0], from[1], to[0], to[1]].map(number);
        self.add(format_args!(
            r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#
        ));
    }

    /// A rectangle by its upper left corner and its size.
    pub(in crate::report) fn rect(&mut self, class: &str, at: [f64; 2], size: [f64; 2]) {
        let [x, y, width, height] = [at[0], at[1], size[0].max(0.0), size[1].max(0.0)].map(number);
        self.add(format_args!(
            r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}"/>"#
        ));
    }

    /// A disc.
    pub(in crate::report) fn circle(&mut self, class: &str, at: [f64; 2], radius: f64) {
        let [x, y, radius] = [at[0], at[1], radius].map(number);
        self.add(format_args!(r#"<circle class="{class}" cx="{x}" cy="{y}" r="{radius}"/>"#));
    }

    /// Straight lines from point to point.
    pub(in crate::report) fn path(&mut self, class: &str, points: &[[f64; 2]]) {
        self.add(format_args!(r#"<path class="{class}" d="{}"/>"#, outline(points)));
    }

    /// An area with these corners.
    pub(in crate::report) fn area(&mut self, class: &str, corners: &[[f64; 2]]) {
        self.add(format_args!(r#"<path class="{class}" d="{}Z"/>"#, outline(corners)));
    }

    /// A text; anything may stand in it. Without a class it is as the page's texts are.
    pub(in crate::report) fn text(
        &mut self,
        class: &str,
        at: [f64; 2],
        anchor: Anchor,
        text: &str,
    ) {
        let [x, y] = at.map(number);
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let (open, close) = if class.is_empty() { ("", "") } else { (r#" class=""#, "\"") };
        let text = escaped(text);
        self.add(format_args!(
            r#"<text{open}{class}{close} x="{x}" y="{y}"{anchor}>{text}</text>"#
        ));
    }

    /// Several elements as one, with a text that a pointer resting on them shows.
    pub(in crate::report) fn told(&mut self, text: &str, draw: impl FnOnce(&mut Svg)) {
        self.add(format_args!("<g><title>{}</title>", escaped(text)));
        draw(self);
        self.body.push_str("</g>");
    }

    /// The drawing as an element of a page. `id` is unique there; the title is what it shows, the
    /// description what is to be seen.
    pub(in crate::report) fn finish(self, id: &str, title: &str, description: &str) -> String {
        let [width, height] = [self.width, self.height].map(number);
        let (title, description) = (escaped(title), escaped(description));
        format!(
            "<svg class=\"drawing\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-desc\">\
             <title id=\"{id}-title\">{title}</title><desc id=\"{id}-desc\">{description}</desc>\
             {}</svg>",
            self.body
        )
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.body.write_fmt(element);
    }
}

fn outline(points: &[[f64; 2]]) -> String {
    let mut outline = String::new();
    for (index, point) in points.iter().enumerate() {
        let [x, y] = point.map(number);
        outline.push(if index == 0 { 'M' } else { 'L' });
        outline.push_str(&x);
        outline.push(' ');
        outline.push_str(&y);
    }
    outline
}

/// A number to a tenth, without what says nothing.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A text as content of an element or an attribute, with all of it visible.
pub(in crate::report) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in visible(text).chars() {
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
    fn a_drawing_says_what_it_shows_and_strangers_texts_stay_texts() {
        let mut svg = Svg::new(100.0, 50.5);
        svg.told("n = 3 <b>", |svg| svg.circle("dot", [1.0, 2.25], 3.0));
        svg.path("step", &[[0.0, 0.0], [1.04, 2.0]]);
        svg.text("label", [5.0, -0.01], Anchor::End, "</text><script>\u{202e}");
        insta::assert_snapshot!(svg.finish("f", "A \"title\"", "d & e"), @r#"<svg class="drawing" viewBox="0 0 100 50.5" role="img" aria-labelledby="f-title f-desc"><title id="f-title">A &quot;title&quot;</title><desc id="f-desc">d &amp; e</desc><g><title>n = 3 &lt;b&gt;</title><circle class="dot" cx="1" cy="2.2" r="3"/></g><path class="step" d="M0 0L1 2"/><text class="label" x="5" y="0" text-anchor="end">&lt;/text&gt;&lt;script&gt;\u{202e}</text></svg>"#);
    }
}
