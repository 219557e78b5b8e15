//! Endpoints side by side: how often each is right and how sure it is of that, which should be the
//! same, and how often it is confidently wrong.

use crate::gate::percent;
use crate::report::Page;
use crate::scorecard::{EndpointCard, mean_confidence95, primary};

use super::frame::{LINE, Mark, WIDTH, diamond, key, nice_share};
use super::words::{fitted, units};
use super::{Anchor, Figure, Scale, Svg, Table};

/// So many endpoints are drawn.
const MOST: usize = 24;
/// Height of one: its name, its marks, its numbers.
const ROW: f64 = 58.0;

/// A share with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Share {
    value: f64,
    interval: Option<[f64; 2]>,
}

/// What is drawn of an endpoint.
struct Endpoint<'a> {
    name: &'a str,
    graded: usize,
    right: Option<Share>,
    stated: Option<Share>,
    /// With how many of how many.
    wrong: Option<(Share, usize, usize)>,
}

impl<'a> Endpoint<'a> {
    fn of(page: &Page<'_>, card: &'a EndpointCard) -> Endpoint<'a> {
        let accuracy = &card.accuracy;
        let source = card.primary();
        let interval = source
            .filter(|source| source.n > 0)
            .and_then(|_| primary(page.run, &card.endpoint))
            .and_then(|scored| mean_confidence95(&scored));
        let at = source.and_then(|source| Some((source.at_threshold()?, source.n)));
        Endpoint {
            name: &card.endpoint,
            graded: accuracy.n,
            right: accuracy.rate.map(|value| Share { value, interval: accuracy.interval95() }),
            stated: source
                .and_then(|source| source.mean_confidence)
                .map(|value| Share { value, interval }),
            wrong: at.and_then(|(at, n)| {
                let interval = Some([at.lower95_of_all, at.upper95_of_all]);
                Some((Share { value: at.rate_of_all?, interval }, at.wrong, n))
            }),
        }
    }
}

/// The figure; none of a run with one endpoint.
pub(in crate::report) fn several(page: &Page<'_>) -> Option<Figure> {
    let cards = &page.scorecard.endpoints;
    if cards.len() < 2 {
        return None;
    }
    let shown = cards.iter().take(MOST).map(|card| Endpoint::of(page, card)).collect::<Vec<_>>();
    let uppers = shown.iter().filter_map(|at| at.wrong?.0.interval).map(|[_, upper]| upper);
    let end = nice_share(uppers.fold(0.0, f64::max));
    let shares = Scale { domain: [0.0, 1.0], range: [4.0, 256.0] };
    let wrongs = Scale { domain: [0.0, end], range: [292.0, WIDTH - 6.0] };
    let entries = [
        (Mark::Dot, "right".to_owned()),
        (Mark::Patch("bar-hollow"), "confidence, on average".to_owned()),
        (Mark::Diamond, "confidently wrong".to_owned()),
    ];
    let rows = f64::from(u8::try_from(shown.len()).unwrap_or(u8::MAX));
    let mut svg = Svg::new(WIDTH, LINE + 8.0 + rows * ROW + 20.0);
    let top = key(&mut svg, 0.0, &entries) * LINE + 8.0;
    let bottom = top + rows * ROW;
    for scale in [&shares, &wrongs] {
        let wanted = if scale.range[1] > 300.0 { 2 } else { 4 };
        for tick in scale.ticks(wanted) {
            let x = scale.at(tick);
            let mut y = top;
            for _ in &shown {
                svg.line("grid", [x, y + 18.0], [x, y + 38.0]);
                y += ROW;
            }
            let text = percent(tick);
            let x = x.clamp(units(&text) / 2.0, WIDTH - units(&text) / 2.0);
            svg.text("quiet", [x, bottom + 15.0], Anchor::Middle, &text);
        }
    }
    let mut y = top;
    for endpoint in &shown {
        row(&mut svg, endpoint, [&shares, &wrongs], y);
        y += ROW;
    }
    let title = "Endpoints side by side";
    let mut note =
        "Where confidence is right, its mean is the share of right answers. Intervals are \
        95%, two-sided; those of confidently wrong are one-sided limits at 95% each."
            .to_owned();
    if cards.len() > shown.len() {
        note += &format!(" {} more endpoints are left out.", cards.len() - shown.len());
    }
    let table = table(&shown);
    let svg = svg.finish("endpoints", title, &note);
    Some(Figure { svg, id: "endpoints".to_owned(), title: title.to_owned(), note, table })
}

fn row(svg: &mut Svg, endpoint: &Endpoint<'_>, [shares, wrongs]: [&Scale; 2], top: f64) {
    let n = format!("n = {}", endpoint.graded);
    let room = WIDTH - units(&n) - 16.0;
    svg.text("strong halo", [0.0, top + 14.0], Anchor::Start, &fitted(endpoint.name, room / 1.1));
    svg.text("quiet halo", [WIDTH, top + 14.0], Anchor::End, &n);
    let y = top + 28.0;
    let reach = |svg: &mut Svg, scale: &Scale, share: &Share, y: f64| {
        if let Some([lower, upper]) = share.interval {
            svg.line("interval", [scale.at(lower), y], [scale.at(upper), y]);
        }
    };
    if let (Some(right), Some(stated)) = (&endpoint.right, &endpoint.stated) {
        svg.line("gap", [shares.at(right.value), y], [shares.at(stated.value), y]);
    }
    if let Some(stated) = &endpoint.stated {
        reach(svg, shares, stated, y - 4.0);
        svg.rect("bar-hollow", [shares.at(stated.value) - 4.0, y - 8.0], [8.0, 8.0]);
    }
    if let Some(right) = &endpoint.right {
        reach(svg, shares, right, y + 4.0);
        svg.circle("dot", [shares.at(right.value), y + 4.0], 4.5);
    }
    let mut told: Vec<String> = Vec::new();
    told.extend(endpoint.right.map(|right| format!("right {}", percent(right.value))));
    told.extend(endpoint.stated.map(|stated| format!("confidence {}", percent(stated.value))));
    svg.text("small halo", [0.0, top + 49.0], Anchor::Start, &told.join(" · "));
    if let Some((share, wrong, n)) = &endpoint.wrong {
        reach(svg, wrongs, share, y);
        diamond(svg, "diamond", [wrongs.at(share.value), y], 5.5);
        let told = format!("{wrong} of {n}: {}", percent(share.value));
        svg.text("small halo", [WIDTH, top + 49.0], Anchor::End, &told);
    }
}

fn table(endpoints: &[Endpoint<'_>]) -> Table {
    let mut table = Table::of(&[
        "endpoint",
        "graded",
        "right",
        "95% interval",
        "mean confidence",
        "95% interval",
        "confidently wrong",
        "of",
        "share",
        "95% limits",
    ]);
    let value =
        |share: Option<Share>| share.map_or_else(|| "n/a".to_owned(), |share| percent(share.value));
    let interval = |share: Option<Share>| {
        share.and_then(|share| share.interval).map_or_else(
            || "n/a".to_owned(),
            |[lower, upper]| format!("{} to {}", percent(lower), percent(upper)),
        )
    };
    for endpoint in endpoints {
        let wrong = endpoint.wrong.map(|(share, ..)| share);
        let count = |of: fn((Share, usize, usize)) -> usize| {
            endpoint.wrong.map_or_else(|| "n/a".to_owned(), |at| of(at).to_string())
        };
        table.rows.push(vec![
            endpoint.name.to_owned(),
            endpoint.graded.to_string(),
            value(endpoint.right),
            interval(endpoint.right),
            value(endpoint.stated),
            interval(endpoint.stated),
            count(|(_, wrong, _)| wrong),
            count(|(_, _, n)| n),
            value(wrong),
            interval(wrong),
        ]);
    }
    table
}
