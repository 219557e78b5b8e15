//! Units of measure by their names.
//!
//! A wrong unit makes a right number a wrong answer, but a word after a number is mostly no unit:
//! `206 bones`. So only units that are known to differ from one another are told apart.

use crate::answer::unify;

/// Units that are known to differ from one another: the canonical name and its other spellings.
/// Names of four letters or more are known in any case; symbols only as written. There is no
/// conversion. `in`, `a` and `h` are left out, as they are words or too short to be sure.
const UNITS: &[&[&str]] = &[
    &["%", "percent", "pct"],
    &["$", "USD", "US$", "dollar", "dollars"],
    &["€", "EUR", "euro", "euros"],
    &["£", "GBP", "pounds sterling"],
    &["¥", "JPY", "yen"],
    &["₹", "INR", "rupees"],
    &["km", "kilometer", "kilometers", "kilometre", "kilometres"],
    &["m", "meter", "meters", "metre", "metres"],
    &["cm", "centimeter", "centimeters", "centimetre", "centimetres"],
    &["mm", "millimeter", "millimeters", "millimetre", "millimetres"],
    &["mi", "mile", "miles"],
    &["ft", "foot", "feet"],
    &["inch", "inches"],
    &["yd", "yard", "yards"],
    &["kg", "kilogram", "kilograms"],
    &["g", "gram", "grams"],
    &["mg", "milligram", "milligrams"],
    &["lb", "lbs", "pound", "pounds"],
    &["oz", "ounce", "ounces"],
    &["t", "tonne", "tonnes"],
    &["s", "sec", "second", "seconds"],
    &["ms", "millisecond", "milliseconds"],
    &["min", "mins", "minute", "minutes"],
    &["hr", "hrs", "hour", "hours"],
    &["day", "days"],
    &["week", "weeks"],
    &["month", "months"],
    &["yr", "year", "years"],
    &["°C", "celsius", "degrees celsius"],
    &["°F", "fahrenheit", "degrees fahrenheit"],
    &["K", "kelvin", "kelvins"],
    &["°", "degree", "degrees"],
    &["L", "l", "liter", "liters", "litre", "litres"],
    &["mL", "ml", "milliliter", "milliliters", "millilitre", "millilitres"],
    &["m^2", "m2", "square meters", "square metres"],
    &["km^2", "km2", "square kilometers", "square kilometres"],
    &["m^3", "m3", "cubic meters", "cubic metres"],
    &["m/s", "meters per second", "metres per second"],
    &["km/h", "kph", "kilometers per hour", "kilometres per hour"],
    &["mph", "miles per hour"],
    &["J", "joule", "joules"],
    &["kJ", "kilojoule", "kilojoules"],
    &["W", "watt", "watts"],
    &["kW", "kilowatt", "kilowatts"],
    &["V", "volt", "volts"],
    &["Hz", "hertz"],
];

/// The canonical name of a known unit.
pub(super) fn unit(text: &str) -> Option<&'static str> {
    let text = unify(text.trim());
    let lower = text.to_lowercase();
    let names = |name: &&str| **name == text || (name.chars().count() > 3 && **name == lower);
    UNITS.iter().find(|names_of| names_of.iter().any(names)).map(|unit| unit[0])
}
