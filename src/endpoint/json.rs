//! JSON that borrows its texts from the body it is read from.
//!
//! A body is read once, a few of its fields are taken, and the rest is thrown away. Most of the work
//! of a tree of owned values is in the making and throwing away of texts nobody looks at, so texts
//! without escapes stay where they are, and the fields of an object are a list. Of two fields of one
//! name the last counts.

use std::borrow::Cow;
use std::fmt;
use std::ops::Index;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// A value of a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// The field of an object, if this is one and has it.
    pub(super) fn get(&self, field: &str) -> Option<&Json<'a>> {
        let Json::Object(fields) = self else { return None };
        fields.iter().rev().find(|(name, _)| name == field).map(|(_, value)| value)
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        if let Json::String(text) = self { Some(text) } else { None }
    }

    pub(super) fn as_u64(&self) -> Option<u64> {
        if let Json::Number(number) = self { number.as_u64() } else { None }
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        if let Json::Number(number) = self { number.as_f64() } else { None }
    }

    pub(super) fn as_array(&self) -> Option<&[Json<'a>]> {
        if let Json::Array(items) = self { Some(items) } else { None }
    }

    pub(super) fn is_null(&self) -> bool {
        *self == Json::Null
    }

    pub(super) fn is_string(&self) -> bool {
        matches!(self, Json::String(_))
    }

    /// The same without the body.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => Value::Number(number.clone()),
            Json::String(text) => Value::String(text.to_string()),
            Json::Array(items) => items.iter().map(Json::to_value).collect(),
            Json::Object(fields) => {
                fields.iter().map(|(name, value)| (name.to_string(), value.to_value())).collect()
            }
        }
    }
}

/// Null where there is no such field.
impl<'a> Index<&str> for Json<'a> {
    type Output = Json<'a>;

    fn index(&self, field: &str) -> &Json<'a> {
        self.get(field).unwrap_or(&Json::Null)
    }
}

/// Null where there is no such item.
impl<'a> Index<usize> for Json<'a> {
    type Output = Json<'a>;

    fn index(&self, place: usize) -> &Json<'a> {
        self.as_array().and_then(|items| items.get(place)).unwrap_or(&Json::Null)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json<'a>, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            fields.push((name, map.next_value()?));
        }
        Ok(Json::Object(fields))
    }
}

/// The name of a field.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name<'a>, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::String(name) => Ok(Name(name)),
            _ => Err(serde::de::Error::custom("the name of a field is no text")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Json<'_>, serde_json::Error> {
        serde_json::from_str(text)
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_reads_what_a_tree_of_owned_values_reads(value in any_value()) {
            let text = value.to_string();
            prop_assert_eq!(read(&text).unwrap().to_value(), value);
        }
    }

    #[test]
    fn it_refuses_what_a_tree_of_owned_values_refuses_in_the_same_words() {
        let deep = "[".repeat(200);
        for text in ["", "{", "[1,]", "{\"a\" 1}", "\"\\ud800\"", "1e999", "{1: 2}", "nul", &deep] {
            let theirs = serde_json::from_str::<Value>(text).unwrap_err().to_string();
            assert_eq!(read(text).unwrap_err().to_string(), theirs, "{text}");
        }
    }

    #[test]
    fn texts_are_borrowed_unless_they_are_escaped_and_the_last_of_equal_fields_counts() {
        let json = read(r#"{"a": "plain", "b": "new\nline", "a": 2}"#).unwrap();
        let Json::Object(fields) = &json else { panic!("an object") };
        assert!(matches!(&fields[0].1, Json::String(Cow::Borrowed("plain"))));
        assert!(matches!(&fields[1].1, Json::String(Cow::Owned(_))));
        assert_eq!((json["a"].as_u64(), json["b"].as_str()), (Some(2), Some("new\nline")));
        assert!(json["c"].is_null() && json[0].is_null() && json["a"]["b"].is_null());
    }
}
