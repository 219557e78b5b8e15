use proptest::prelude::*;

use super::*;

fn values(text: &str) -> Vec<f64> {
    scan(&plain(text)).into_iter().map(|number| number.value).collect()
}

#[test]
fn numbers_are_read_as_written() {
    let rows: &[(&str, &[f64])] = &[
        ("206", &[206.0]),
        ("-5", &[-5.0]),
        ("−5", &[-5.0]),
        ("x = –5", &[-5.0]),
        ("negative 5", &[-5.0]),
        ("minus 5", &[-5.0]),
        ("10 minus 5", &[10.0, 5.0]),
        ("1.5.", &[1.5]),
        (".5", &[0.5]),
        ("0.5", &[0.5]),
        ("1,234.5", &[1234.5]),
        ("1,234", &[1234.0]),
        ("1,234,567", &[1_234_567.0]),
        ("1 234", &[1234.0]),
        ("1\u{202f}234\u{202f}567,8", &[1_234_567.8]),
        ("1'234", &[1234.0]),
        ("1_000", &[1000.0]),
        ("1.234,5", &[1234.5]),
        ("1.234.567", &[1_234_567.0]),
        ("1.234", &[1.234]),
        ("0,5", &[0.5]),
        ("0,125", &[0.125]),
        ("12,34", &[12.34]),
        ("1{,}234", &[1234.0]),
        ("1, 2, 3", &[1.0, 2.0, 3.0]),
        ("1,2,3", &[]),
        ("1.2.3", &[]),
        ("12.05.2020", &[]),
        ("1/2/2020", &[]),
        ("10:30", &[]),
        ("ratio 3:4", &[]),
        ("3/4", &[0.75]),
        ("3 / 4", &[0.75]),
        ("1 1/2", &[1.5]),
        ("½", &[0.5]),
        ("1½", &[1.5]),
        ("-3/4", &[-0.75]),
        ("1/0", &[]),
        ("\\frac{3}{4}", &[0.75]),
        ("1.2e5", &[120_000.0]),
        ("1.2E-3", &[0.0012]),
        ("1.2 × 10^5", &[120_000.0]),
        ("1.2*10^5", &[120_000.0]),
        ("1.2 x 10⁵", &[120_000.0]),
        ("1.2 \\times 10^{-3}", &[0.0012]),
        ("6.02·10²³", &[6.02e23]),
        ("10⁵", &[100_000.0]),
        ("2^10", &[1024.0]),
        ("2**10", &[1024.0]),
        ("50%", &[50.0]),
        ("50 percent", &[50.0]),
        ("$1,234.50", &[1234.5]),
        ("-$5", &[-5.0]),
        ("$-5", &[-5.0]),
        ("€ 5", &[5.0]),
        ("1.2 million", &[1_200_000.0]),
        ("$3 billion", &[3e9]),
        ("5km", &[5.0]),
        ("5 km", &[5.0]),
        ("206 bones", &[206.0]),
        ("**206**", &[206.0]),
        ("$5$", &[5.0]),
        ("٥", &[]),
        ("５", &[5.0]),
        ("H2O", &[]),
        ("COVID-19", &[]),
        ("the 5th", &[]),
        ("B12", &[]),
        ("1990-1995", &[1990.0, 1995.0]),
        ("2*3", &[2.0, 3.0]),
        ("5 100 000", &[5_100_000.0]),
        ("in 2020 100 people", &[2020.0, 100.0]),
        ("1e400", &[]),
        ("ten", &[]),
        ("", &[]),
    ];
    for (text, expected) in rows {
        let found = values(text);
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * b.abs();
        assert!(
            found.len() == expected.len() && found.iter().zip(*expected).all(close),
            "{text:?}: {found:?}"
        );
    }
}

#[test]
fn units_are_known_by_any_of_their_names() {
    for (text, unit) in [
        ("5 km", Some("km")),
        ("5 kilometres away", Some("km")),
        ("5 Kilometers", Some("km")),
        ("5 km/h", Some("km/h")),
        ("5 m²", Some("m^2")),
        ("20 °C", Some("°C")),
        ("20°C", Some("°C")),
        ("50%", Some("%")),
        ("50 per cent", Some("%")),
        ("$5", Some("$")),
        ("5 €", Some("€")),
        ("5 USD", Some("$")),
        ("5 in total", None),
        ("5 bones", None),
        ("5 a day", None),
        ("5 $6", None),
        ("$5$", None),
        ("5", None),
    ] {
        assert_eq!(scan(&plain(text))[0].unit, unit, "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_text_can_be_scanned(
        text in "[0-9.,/^*eE×% $€:xX{}()\\-'_½⁵kmA ]{0,24}|\\PC{0,24}"
    ) {
        let chars = plain(&text);
        for number in scan(&chars) {
            prop_assert!(number.value.is_finite());
            prop_assert!(number.start < number.end && number.end <= chars.len());
        }
    }

    #[test]
    fn what_is_printed_is_read(value in -1e12f64..1e12) {
        prop_assert_eq!(values(&value.to_string()), vec![value]);
    }
}
