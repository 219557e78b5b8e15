//! Where a run comes from: what was asked of whom, by which suite, with what.

use crate::report::Page;
use crate::report::figure::Table;
use crate::report::text::counted;

/// A row a fact.
pub(super) fn table(page: &Page<'_>) -> Table {
    let header = &page.run.header;
    let mut table = Table::of(&["", ""]);
    let mut row = |name: &str, text: String| table.rows.push(vec![name.to_owned(), text]);
    row("run", header.run.clone());
    row("started", header.started.clone());
    if let Some(elapsed) = page.operations.span.elapsed_ms {
        row("took", format!("{:.1} s", elapsed / 1000.0));
    }
    row("directory", page.dir.to_owned());
    row("suite", header.path.clone());
    row("suite's digest", header.digest.to_string());
    row("plan's digest", header.plan.to_string());
    for asked in &header.endpoints {
        let from = match &asked.cassette {
            Some(cassette) => format!("played from {cassette}"),
            None => asked.target.url.clone(),
        };
        row("endpoint", format!("{}: {}, {from}", asked.name, asked.target.model));
    }
    let sources =
        if header.sources.is_empty() { "none".to_owned() } else { header.sources.join(", ") };
    row("confidence by", sources);
    row("confident from", format!("{}", header.threshold));
    row("repeats", header.repeats.to_string());
    row("seed", header.seed.map_or_else(|| "none".into(), |seed| seed.to_string()));
    if let Some(filter) = &header.selection.filter {
        row("filter", filter.clone());
    }
    if let Some(limit) = header.selection.limit {
        row("limit", counted(limit, "case"));
    }
    if let Some(shard) = header.shard {
        let of = format!(
            "{} of {}: {} of {} trials",
            shard.number, shard.of, header.planned, shard.trials
        );
        row("shard", of);
    }
    if let Some(regraded) = &header.regraded {
        row("graded again", format!("the calls of {}; nothing was asked", regraded.from));
    }
    if !header.merged.is_empty() {
        row("merged from", header.merged.join(", "));
    }
    row("cache", header.cache.clone());
    row("overclaim", header.version.clone());
    table
}
