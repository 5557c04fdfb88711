//! The values of sonic-rs as a JSON representation of the `jsonschema` crate: the fastest reader with the same validator.

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node, NodeIdentity, Object};
use serde_json::Value as SerdeValue;
use sonic_rs::{JsonContainerTrait, JsonNumberTrait, JsonValueTrait, Value};

/// The representation.
#[derive(Debug)]
pub(crate) struct SonicJson;

impl Json for SonicJson {
    type Node<'a> = &'a Value;
    type PreparedKey = Box<str>;
    type StringBuffer = Option<Value>;

    // Objects of sonic-rs are lists of members.
    const KEYS_PER_LOOKUP: usize = 64;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>(
        buffer: &mut Option<Value>,
        string: &str,
        f: impl FnOnce(&Value) -> T,
    ) -> T {
        f(buffer.insert(Value::from(string)))
    }
}

impl<'a> Node<'a, SonicJson> for &'a Value {
    type Object = Members<'a>;
    type Array = Items<'a>;
    type Number = Number;

    fn as_object(&self) -> Option<Members<'a>> {
        Value::as_object(self).map(Members)
    }

    fn as_array(&self) -> Option<Items<'a>> {
        Value::as_array(self).map(Items)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        Value::as_str(self).map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<Number> {
        JsonValueTrait::as_number(*self).map(|number| {
            Number(match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => number.into(),
                (_, Some(number), _) => number.into(),
                (.., number) => {
                    number.and_then(serde_json::Number::from_f64).unwrap_or_else(|| 0.into())
                }
            })
        })
    }

    fn as_boolean(&self) -> Option<bool> {
        self.as_bool()
    }

    fn is_null(&self) -> bool {
        JsonValueTrait::is_null(*self)
    }

    fn json_type(&self) -> JsonType {
        match self.get_type() {
            sonic_rs::JsonType::Null => JsonType::Null,
            sonic_rs::JsonType::Boolean => JsonType::Boolean,
            sonic_rs::JsonType::Number => JsonType::Number,
            sonic_rs::JsonType::String => JsonType::String,
            sonic_rs::JsonType::Object => JsonType::Object,
            sonic_rs::JsonType::Array => JsonType::Array,
        }
    }

    fn equals_value(&self, expected: &SerdeValue) -> bool {
        match expected {
            SerdeValue::String(expected) => Value::as_str(self) == Some(expected),
            _ => *self.to_value() == *expected,
        }
    }

    fn to_value(&self) -> Cow<'a, SerdeValue> {
        let text = sonic_rs::to_string(self).unwrap_or_default();
        Cow::Owned(serde_json::from_str(&text).unwrap_or_default())
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref::<Value>(self) as usize))
    }
}

/// An object.
#[derive(Debug)]
pub(crate) struct Members<'a>(&'a sonic_rs::Object);

impl<'a> Object<'a, SonicJson> for Members<'a> {
    type Node = &'a Value;
    type MemberName = &'a str;
    type MembersIter = Box<dyn Iterator<Item = (&'a str, &'a Value)> + 'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &Box<str>) -> Option<&'a Value> {
        self.0.get(key)
    }

    fn members(&self) -> Self::MembersIter {
        Box::new(self.0.iter())
    }
}

/// An array.
#[derive(Debug)]
pub(crate) struct Items<'a>(&'a sonic_rs::Array);

impl<'a> Array<'a, SonicJson> for Items<'a> {
    type Node = &'a Value;
    type ElementsIter = std::slice::Iter<'a, Value>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> Self::ElementsIter {
        self.0.as_slice().iter()
    }
}

/// A number, as `serde_json` holds it.
#[derive(Debug)]
pub(crate) struct Number(serde_json::Number);

impl JsonNumber for Number {
    fn as_u64(&self) -> Option<u64> {
        self.0.as_u64()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.as_i64()
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.as_f64()
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Owned(self.0.to_string())
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        Cow::Borrowed(&self.0)
    }
}
