use proptest::prelude::*;

use super::*;

fn shown(text: &str, order: Option<DayOrder>) -> String {
    let part = |part: Option<i16>| part.map_or_else(|| "?".into(), |part| part.to_string());
    let date = |date: &Date| {
        format!(
            "{}-{}-{}",
            part(date.year),
            part(date.month.map(i16::from)),
            part(date.day.map(i16::from))
        )
    };
    let found = scan(text, order, false);
    let found = found.iter().map(|found| match found.readings.as_slice() {
        [] => "x".to_owned(),
        readings => readings.iter().map(date).collect::<Vec<_>>().join(" or "),
    });
    found.collect::<Vec<_>>().join(", ")
}

#[test]
fn dates_are_read_as_written() {
    for (text, expected) in [
        ("1938-03-12", "1938-3-12"),
        ("1938/03/12", "1938-3-12"),
        ("1938.03.12", "1938-3-12"),
        ("1938-03-12T10:00:00Z", "1938-3-12"),
        ("1938-03-12 00:00:00", "1938-3-12"),
        ("12 March 1938", "1938-3-12"),
        ("12 March, 1938.", "1938-3-12"),
        ("12th March 1938", "1938-3-12"),
        ("the 12th of March, 1938", "1938-3-12"),
        ("the 12th of March of 1938", "1938-3-12"),
        ("12-Mar-1938", "1938-3-12"),
        ("12 Mar. 1938", "1938-3-12"),
        ("12. March 1938", "1938-3-12"),
        ("March 12, 1938", "1938-3-12"),
        ("March 12th, 1938", "1938-3-12"),
        ("Mar. 12, 1938", "1938-3-12"),
        ("Sept 3, 1939", "1939-9-3"),
        ("**March 12, 1938**", "1938-3-12"),
        ("Saturday, March 12, 1938", "1938-3-12"),
        ("Saturday 12 March 1938", "1938-3-12"),
        ("12.03.1938", "1938-3-12"),
        ("13/03/1938", "1938-3-13"),
        ("03/13/1938", "1938-3-13"),
        ("05/05/1938", "1938-5-5"),
        ("12/03/1938", "1938-3-12 or 1938-12-3"),
        ("12-03-1938", "1938-3-12 or 1938-12-3"),
        ("March 1938", "1938-3-?"),
        ("March, 1938", "1938-3-?"),
        ("in March of 1938", "1938-3-?"),
        ("12 March", "?-3-12"),
        ("March 12", "?-3-12"),
        ("29 February", "?-2-29"),
        ("1938", "1938-?-?"),
        ("in 1938.", "1938-?-?"),
        ("(1938)", "1938-?-?"),
        ("c. 1938", "1938-?-?"),
        ("44 BC", "-43-?-?"),
        ("15 March 44 BC", "-43-3-15"),
        ("March 15, 44 B.C.", "-43-3-15"),
        ("79 AD", "79-?-?"),
        ("AD 79", "79-?-?"),
        ("25 December 800", "800-12-25"),
        ("August 24, 79 CE", "79-8-24"),
        ("born 12 March 1938, died 1 May 2001", "1938-3-12, 2001-5-1"),
        // no day of the calendar
        ("31 February 1938", "x"),
        ("February 29, 1937", "x"),
        ("1938-02-31", "x"),
        ("31/02/1938", "x"),
        // not one date
        ("12–14 March 1938", "x"),
        ("March 12–14, 1938", "x"),
        ("12 and 13 March 1938", "x"),
        ("1914–1918", "x"),
        ("1914-18", "x"),
        ("1968/1969", "x"),
        ("1968/69", "x"),
        ("1914 to 1918", "x"),
        ("from 1914 until 1918", "x"),
        ("between 1914 and 1918", "x"),
        ("1938 or 1939", "x"),
        ("12 March 1938 – 1 May 1938", "x"),
        ("12.03.38", "x"),
        // bounds and denials
        ("before 1938", ""),
        ("after 12 March 1938", ""),
        ("prior to March 1938", ""),
        ("not 1938", ""),
        ("It wasn't in 1938 but 1939", "1939-?-?"),
        // no dates
        ("the 1930s", ""),
        ("1,938", ""),
        ("1938.5", ""),
        ("$1938", ""),
        ("1938 km", ""),
        ("1938 years", ""),
        ("1938%", ""),
        ("12:30", ""),
        ("12", ""),
        ("800", ""),
        ("March", ""),
        ("may be", ""),
        ("version 1.2.3.4", ""),
        ("19380312", ""),
        ("H1938", ""),
        ("", ""),
    ] {
        assert_eq!(shown(text, None), expected, "{text:?}");
    }
    assert_eq!(shown("12/03/1938", Some(DayOrder::DayFirst)), "1938-3-12");
    assert_eq!(shown("12/03/1938", Some(DayOrder::MonthFirst)), "1938-12-3");
    assert_eq!(shown("13/03/1938", Some(DayOrder::MonthFirst)), "x");
    assert_eq!(scan("800", None, true).len(), 1);
}

proptest! {
    #[test]
    fn any_text_can_be_scanned(
        text in "([0-9]{1,4}|March|may| |-|/|\\.|,|th|of|BC|A\\.D\\.|to|or|between|and|\n|–){0,14}|\\PC{0,30}"
    ) {
        for found in scan(&text, None, true) {
            prop_assert!(text.get(found.at).is_some());
        }
    }

    #[test]
    fn every_day_is_read_in_every_form(day in 0i32..700_000, form in 0usize..6) {
        let date = civil::date(100, 1, 1).saturating_add(jiff::Span::new().days(day));
        let (y, m, d) = (date.year(), date.month(), date.day());
        let name = MONTHS[usize::try_from(m).unwrap() - 1];
        let text = match form {
            0 => format!("{y:04}-{m:02}-{d:02}"),
            1 => format!("{y:04}/{m}/{d}"),
            2 => format!("{d} {name} {y}"),
            3 => format!("{name} {d}, {y}"),
            4 => format!("{d}.{m}.{y:04}"),
            _ => format!("the {d}th of {}., {y}", &name[..3]),
        };
        let found = scan(&text, None, true);
        prop_assert_eq!(found.len(), 1, "{}", text);
        let read = found[0].readings.first().copied().and_then(Date::civil);
        prop_assert_eq!(read, Some(date), "{}", text);
    }
}
