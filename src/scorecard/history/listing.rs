//! The directories of a suite: which are its nights, and in which order.

use std::collections::BTreeMap;

use crate::record::{Header, Selected};

use super::LeftOutRun;

/// A run directory by its header alone.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its name.
    pub directory: String,
    /// Its header, without the suite's text.
    pub header: Header,
    /// What keeps it from being a whole night: it is damaged, or did not come to its end. None where
    /// nothing does, and where nobody looked, since no other run is the same.
    pub flaw: Option<String>,
}

impl Listed {
    /// The runs that have an equal among them: asked at the same time, under the same name.
    pub fn equals(listed: &mut [Listed]) -> impl Iterator<Item = &mut Listed> {
        let mut times: BTreeMap<(String, String), usize> = BTreeMap::new();
        let key = |run: &Listed| {
            let (started, name) = run.header.asked();
            (started.to_owned(), name.to_owned())
        };
        for run in listed.iter() {
            *times.entry(key(run)).or_default() += 1;
        }
        listed.iter_mut().filter(move |run| times.get(&key(run)).is_some_and(|times| *times > 1))
    }
}

/// The nights of a suite.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Name of the suite.
    pub suite: String,
    /// In the order in which models were asked.
    pub nights: Vec<Listed>,
    /// What they select of the suite.
    pub selection: Selected,
    /// What is no night.
    pub left_out: Vec<LeftOutRun>,
}

impl Listing {
    /// Orders the runs of a directory; none where it has none. Of several copies and gradings of one
    /// run the last one counts, of those that are whole if any is; a run that was merged stands for its parts, and shards for nothing but
    /// themselves. Where a run asked all cases, that is what a night does; else what the last run
    /// did.
    #[must_use]
    pub fn of(mut listed: Vec<Listed>, mut left_out: Vec<LeftOutRun>) -> Option<Listing> {
        listed.sort_by_cached_key(|run| {
            let (started, name) = run.header.asked();
            let own = run.header.started.clone();
            let merged = !run.header.merged.is_empty();
            let whole = run.flaw.is_none();
            (started.to_owned(), name.to_owned(), whole, own, merged, run.directory.clone())
        });
        let suite = listed.last()?.header.suite.clone();
        let mut leave = |run: &Listed, reason: String| {
            left_out.push(LeftOutRun { directory: run.directory.clone(), reason });
        };
        let mut nights: Vec<Listed> = Vec::new();
        let parts: Vec<(String, String)> = listed
            .iter()
            .flat_map(|run| {
                run.header.merged.iter().map(|part| (tail(part), run.directory.clone()))
            })
            .collect();
        for run in listed {
            let part = parts
                .iter()
                .find(|(part, whole)| *part == run.directory && *whole != run.directory);
            if run.header.suite != suite {
                leave(&run, format!("a run of the suite “{}”", run.header.suite));
            } else if let Some((_, whole)) = part {
                leave(&run, format!("a part of {whole}"));
            } else if let Some(shard) = run.header.shard {
                let reason = format!(
                    "a share of the cases ({} of {}): “overclaim merge” joins them",
                    shard.number, shard.of
                );
                leave(&run, reason);
            } else {
                let same = |last: &mut Listed| last.header.asked() == run.header.asked();
                if let Some(earlier) = nights.pop_if(same) {
                    let how = if run.header.regraded.is_some() {
                        "graded again as"
                    } else {
                        "the same run as"
                    };
                    let how = format!("{how} {}", run.directory);
                    leave(
                        &earlier,
                        match &earlier.flaw {
                            Some(flaw) => format!("{flaw}; {how}"),
                            None => how,
                        },
                    );
                }
                nights.push(run);
            }
        }
        let whole = nights.iter().any(|run| run.header.selection == Selected::default());
        let last = nights.last().map(|run| run.header.selection.clone());
        let selection = if whole { Selected::default() } else { last.unwrap_or_default() };
        Some(Listing { suite, nights, selection, left_out })
    }
}

/// The last part of a path that this or another system wrote.
fn tail(path: &str) -> String {
    let path = path.trim_end_matches(['/', '\\']);
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::record::tests::header;
    use crate::record::{Regraded, Shard};

    fn run(day: u32, change: impl FnOnce(&mut Header)) -> Listed {
        let mut header = header(3);
        header.run = format!("2026-01-{day:02}T03-00-00");
        header.started = format!("2026-01-{day:02}T03:00:00.000Z");
        change(&mut header);
        Listed { directory: header.run.clone(), header, flaw: None }
    }

    #[test]
    fn a_night_is_one_run_and_everything_else_says_why_it_is_none() {
        let shard = Shard { number: NonZeroU32::MIN, of: NonZeroU32::MIN, trials: 9 };
        let asked = run(2, |_| ());
        let regraded = Regraded {
            from: "x".into(),
            run: asked.header.run.clone(),
            started: asked.header.started.clone(),
        };
        let whole =
            run(4, |header| header.merged = vec!["reports/demo/2026-01-03T03-00-00/".into()]);
        let listed = vec![
            run(6, |header| header.selection.limit = Some(2)),
            run(9, |header| header.regraded = Some(regraded)),
            whole,
            run(3, |_| ()),
            asked,
            run(5, |header| header.shard = Some(shard)),
            run(1, |header| header.suite = "other".into()),
        ];
        let listing = Listing::of(listed, Vec::new()).unwrap();
        let names: Vec<&str> = listing.nights.iter().map(|night| &night.directory[8..10]).collect();
        assert_eq!(names, ["09", "04", "06"], "grades are as old as their replies");
        assert_eq!((listing.suite.as_str(), listing.selection), ("demo", Selected::default()));
        let told = |left: &LeftOutRun| format!("{} {}", &left.directory[8..10], left.reason);
        insta::assert_snapshot!(
            listing.left_out.iter().map(told).collect::<Vec<_>>().join("\n"),
            @"
        01 a run of the suite “other”
        02 graded again as 2026-01-09T03-00-00
        03 a part of 2026-01-04T03-00-00
        05 a share of the cases (1 of 1): “overclaim merge” joins them
        "
        );
    }

    #[test]
    fn of_equal_runs_a_whole_one_counts_and_of_those_the_last() {
        let named = |directory: &str, flaw: Option<&str>| Listed {
            directory: directory.to_owned(),
            flaw: flaw.map(str::to_owned),
            ..run(1, |_| ())
        };
        let mut listed = vec![
            named("a", None),
            named("b", None),
            named("c", Some("damaged: torn")),
            run(2, |_| ()),
            named("d", Some("stopped")),
        ];
        let equal: Vec<String> =
            Listed::equals(&mut listed).map(|run| run.directory.clone()).collect();
        assert_eq!(equal, ["a", "b", "c", "d"]);
        let listing = Listing::of(listed, Vec::new()).unwrap();
        assert_eq!(listing.nights[0].directory, "b");
        let told = |left: &LeftOutRun| format!("{} {}", left.directory, left.reason);
        insta::assert_snapshot!(
            listing.left_out.iter().map(told).collect::<Vec<_>>().join("\n"),
            @"
        c damaged: torn; the same run as d
        d stopped; the same run as a
        a the same run as b
        "
        );
    }

    #[test]
    fn where_every_run_selects_the_last_one_says_what_a_night_is() {
        let some = |limit| move |header: &mut Header| header.selection.limit = Some(limit);
        let listing = Listing::of(vec![run(1, some(5)), run(2, some(7))], Vec::new()).unwrap();
        assert_eq!(listing.selection.limit, Some(7));
        assert!(Listing::of(Vec::new(), Vec::new()).is_none());
    }
}
