//! Samples and shuffles.

use super::*;
use crate::suite::dataset::order::SplitMix64;

fn order(sample: Option<usize>, shuffle: bool, seed: u64) -> Order {
    Order { sample: sample.map(spanned), shuffle, seed }
}

/// The rows of so many that an order takes, by number.
fn drawn(rows: usize, order: &Order) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..rows).collect();
    order.draw(&mut rows, |row| *row);
    rows
}

#[test]
fn the_generator_is_the_published_one() {
    let mut random = SplitMix64(1_234_567);
    let numbers = [(); 3].map(|()| random.next());
    assert_eq!(
        numbers,
        [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    );
}

#[test]
fn a_seed_draws_the_same_rows_everywhere() {
    assert_eq!(drawn(100, &order(Some(5), false, 0)), [4, 14, 43, 88, 97]);
    assert_eq!(drawn(100, &order(Some(5), true, 0)), [88, 43, 4, 97, 14]);
    assert_eq!(drawn(6, &order(None, true, 7)), [2, 1, 5, 4, 3, 0]);
    assert_eq!(drawn(3, &order(Some(5), false, 7)), [0, 1, 2]);
    assert!(drawn(0, &order(Some(5), true, 7)).is_empty());
}

#[test]
fn a_larger_sample_of_a_seed_holds_the_smaller() {
    for seed in 0..20 {
        let [few, many] = [20, 70].map(|count| drawn(100, &order(Some(count), false, seed)));
        assert!(few.is_sorted() && few.iter().all(|row| many.contains(row)), "{seed}");
        let [few, all] = [Some(20), None].map(|count| drawn(100, &order(count, true, seed)));
        assert_eq!(few, all[..20]);
    }
}

/// Pearson's statistic of counts, all expected to be the same.
fn chi_square(counts: &[u32], expected: f64) -> f64 {
    counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
}

#[test]
fn every_row_is_drawn_as_often_as_the_other() {
    let mut counts = [0; 50];
    for seed in 0..20_000 {
        for row in drawn(50, &order(Some(10), false, seed)) {
            counts[row] += 1;
        }
    }
    // Rows of one sample exclude each other, which makes the counts vary less than those of draws
    // that are independent, by (N − n) / (N − 1).
    let statistic = chi_square(&counts, 4000.0) * 49.0 / 40.0;
    // The quantiles 0.001 and 0.999 of chi-square with 49 degrees of freedom.
    assert!((23.98..85.35).contains(&statistic), "{statistic}");
}

#[test]
fn every_order_is_as_probable_as_the_other() {
    let mut counts = [0; 120];
    for seed in 0..60_000 {
        let rows = drawn(5, &order(None, true, seed));
        // The number of the permutation: each place counts the smaller ones after it.
        let rank = rows.iter().enumerate().fold(0, |rank, (place, row)| {
            rank * (5 - place) + rows[place..].iter().filter(|later| *later < row).count()
        });
        counts[rank] += 1;
    }
    let statistic = chi_square(&counts, 500.0);
    // The quantiles 0.001 and 0.999 of chi-square with 119 degrees of freedom.
    assert!((76.9..172.5).contains(&statistic), "{statistic}");
}

#[test]
fn drawn_rows_are_those_that_the_files_hold() {
    let files = Files::new(&[
        ("a.jsonl", "\u{feff}{\"n\": 1}\n\n{\"n\": \"zwei\"}\n".as_bytes()),
        ("b.json", b"[]"),
        ("c.json", b"[{\"n\": 3},{\"n\": [4,\n4]} , {\"n\": 5}]"),
        ("d.csv", b"n,m\r\n6,\"x\r\n\"\"y\"\r\n7,\n"),
        ("e.tsv", b"n\n8"),
    ]);
    let from = ["a.jsonl", "b.json", "c.json", "d.csv", "e.tsv"];
    let all: Vec<Row> =
        files.open(&from, Order::default()).unwrap().iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(all.len(), 8);
    for seed in 0..10 {
        for count in [1, 5, 8, 9] {
            let rows = files.open(&from, order(Some(count), false, seed)).unwrap();
            for _ in 0..2 {
                let taken: Vec<Row> = rows.iter().collect::<Result<_, _>>().unwrap();
                assert_eq!(taken.len(), count.min(8));
                assert!(taken.is_sorted_by_key(|row| row.number));
                assert!(taken.iter().all(|row| *row == all[row.number - 1]));
            }
            let missing = (count > 8).then_some((count, 8));
            assert_eq!(rows.too_few().map(|(sample, total)| (sample.value, total)), missing);
        }
        let rows = files.open(&from, order(None, true, seed)).unwrap();
        let mut taken: Vec<Row> = rows.iter().collect::<Result<_, _>>().unwrap();
        taken.sort_by_key(|row| row.number);
        assert_eq!(taken, all);
    }
}

#[test]
fn a_bad_row_that_is_drawn_has_its_place() {
    let files =
        Files::new(&[("a.csv", b"n,m\n1,2\n3\n5,6\n"), ("b.json", b"[{\"n\": 1}, {\"n\": x}]")]);
    insta::assert_snapshot!(files.tell(&["a.csv", "b.json"], order(None, true, 1)), @r#"
    3 (a.csv 3, line 4) {"m":"6","n":"5"}
    4 (b.json 1, line 1) {"n":1}
    1:18 not a JSON object: expected value | mend this row | [{"n": 1}, {"n": »x}]
    3:2 a row of 1 cell, and the header names 2 | add the missing cells, which may be empty | 3»
    1 (a.csv 1, line 2) {"m":"2","n":"1"}
    "#);
}

#[test]
fn a_file_that_is_written_to_meanwhile_is_not_read_at_old_places() {
    let files = Files::new(&[("a.jsonl", b"{\"n\": 1}\n{\"n\": 2}\n")]);
    let rows = files.open(&["a.jsonl"], order(None, true, 0)).unwrap();
    assert_eq!(rows.iter().flatten().count(), 2);
    fs::write(files.path("a.jsonl"), "{\"number\": 1}\n{\"n\": 2}\n").unwrap();
    let told: Vec<String> = rows.iter().map(|row| files.line(row)).collect();
    assert_eq!(told[0], "a.jsonl was written to while it was read | run again");
}
