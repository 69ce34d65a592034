//! Plain JSON: without spaces, and without escapes in strings, as `write` makes it of nearly all events. What is not
//! plain is an error that does not say why: the general reader, which knows every form, does.

use std::{fmt, iter, slice};

use serde::de::{self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};

/// What is not read yet.
pub(super) struct Rest<'a>(pub &'a str);

/// Not plain, or not what was asked for.
#[derive(Debug)]
pub(super) struct NotPlain;

impl<'a> Rest<'a> {
    /// Goes on behind this text, if it stands here.
    // Known where it is called: compared by some words at once then.
    #[inline(always)]
    pub(super) fn skip(&mut self, text: &str) -> Result<(), NotPlain> {
        self.0 = self.0.strip_prefix(text).ok_or(NotPlain)?;
        Ok(())
    }

    /// So many bytes.
    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Result<&'a str, NotPlain> {
        let (text, rest) = self.0.split_at_checked(length).ok_or(NotPlain)?;
        self.0 = rest;
        Ok(text)
    }

    /// The rest of a string whose opening quote has been read, up to the closing one.
    #[inline]
    pub(super) fn text(&mut self) -> Result<&'a str, NotPlain> {
        let text = self.take(plain(self.0.as_bytes()))?;
        if self.0.as_bytes().first() == Some(&b'"') { Ok(text) } else { Err(NotPlain) }
    }

    /// A number without sign, fraction and exponent.
    #[inline]
    pub(super) fn number(&mut self) -> Result<u64, NotPlain> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit);
        let (length, number) = digits.fold((0, 0), |(length, number), digit| {
            (length + 1, 10_u64.wrapping_mul(number).wrapping_add(u64::from(digit - b'0')))
        });
        let leads_with_zero = length > 1 && self.0.starts_with('0');
        self.take(length)?;
        // Twenty digits may be more than a number holds.
        if matches!(length, 1..20) && !leads_with_zero { Ok(number) } else { Err(NotPlain) }
    }

    #[inline]
    fn quoted(&mut self) -> Result<&'a str, NotPlain> {
        let inside = self.0.strip_prefix('"').ok_or(NotPlain)?;
        let length = plain(inside.as_bytes());
        if inside.as_bytes().get(length) != Some(&b'"') {
            return Err(NotPlain);
        }
        let (text, rest) = (inside.get(..length), inside.get(length + 1..));
        self.0 = rest.ok_or(NotPlain)?;
        text.ok_or(NotPlain)
    }
}

/// How many bytes stand before the first that cannot stand for itself in a string: a quote, a backslash or a control
/// character.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word;
    let (words, rest) = bytes.as_chunks();
    // Eight at once. Of the highest bits of the bytes, the first that is set is right; a borrow may set later ones.
    let first = |word: u64| {
        let found =
            below(word, b' ') | below(word ^ (ONES * u64::from(b'"')), 1) | below(word ^ (ONES * u64::from(b'\\')), 1);
        found & (ONES << 7)
    };
    let words = words.iter().map(|word| first(u64::from_le_bytes(*word)));
    match words.enumerate().find(|(_, found)| *found != 0) {
        Some((number, found)) => 8 * number + found.trailing_zeros() as usize / 8,
        None => {
            bytes.len() - rest.len() + rest.iter().take_while(|byte| !matches!(byte, ..b' ' | b'"' | b'\\')).count()
        }
    }
}

impl<'de> Deserializer<'de> for &mut Rest<'de> {
    type Error = NotPlain;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NotPlain> {
        Err(NotPlain)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        visitor.visit_borrowed_str(self.quoted()?)
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        let yes = self.skip("true").is_ok();
        if !yes {
            self.skip("false")?;
        }
        visitor.visit_bool(yes)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        if self.skip("null").is_ok() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        self.skip("[")?;
        visitor.visit_seq(Members { rest: self, close: "]", first: true })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        self.skip("{")?;
        visitor.visit_map(Members { rest: self, close: "}", first: true })
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotPlain> {
        self.skip("{")?;
        visitor.visit_map(Fields { rest: self, names: fields.iter().enumerate(), first: true })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotPlain> {
        if self.skip("{").is_ok() {
            visitor.visit_enum(Variant(self))
        } else {
            visitor.visit_enum(self.quoted()?.into_deserializer())
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u16 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct
        ignored_any
    }
}

/// What stands between brackets or braces, from the first of it on.
struct Members<'a, 'de> {
    rest: &'a mut Rest<'de>,
    close: &'static str,
    first: bool,
}

impl Members<'_, '_> {
    /// Whether another comes.
    #[inline]
    fn more(&mut self) -> Result<bool, NotPlain> {
        if self.rest.skip(self.close).is_ok() {
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            self.rest.skip(",")?;
        }
        Ok(true)
    }
}

impl<'de> SeqAccess<'de> for Members<'_, 'de> {
    type Error = NotPlain;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, NotPlain> {
        if self.more()? { seed.deserialize(&mut *self.rest).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = NotPlain;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, NotPlain> {
        if self.more()? { seed.deserialize(&mut *self.rest).map(Some) } else { Ok(None) }
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, NotPlain> {
        self.rest.skip(":")?;
        seed.deserialize(&mut *self.rest)
    }
}

/// The fields of a struct, which are written in the order in which it names them: each is looked for where it is, and
/// told by its number, which serde's derived code takes as well as its name.
struct Fields<'a, 'de> {
    rest: &'a mut Rest<'de>,
    /// Those that have not come yet.
    names: iter::Enumerate<slice::Iter<'static, &'static str>>,
    first: bool,
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = NotPlain;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, NotPlain> {
        if self.rest.skip("}").is_ok() {
            return Ok(None);
        }
        self.rest.skip(if std::mem::take(&mut self.first) { "\"" } else { ",\"" })?;
        // Those left out are passed over.
        let (number, name) = self.names.find(|(_, name)| self.rest.0.starts_with(**name)).ok_or(NotPlain)?;
        self.rest.take(name.len())?;
        self.rest.skip("\":")?;
        seed.deserialize((number as u64).into_deserializer()).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, NotPlain> {
        seed.deserialize(&mut *self.rest)
    }
}

/// A variant that holds something: `{"name":…}`, from the name on.
struct Variant<'a, 'de>(&'a mut Rest<'de>);

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = NotPlain;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), NotPlain> {
        let name = seed.deserialize(&mut *self.0)?;
        self.0.skip(":")?;
        Ok((name, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = NotPlain;

    fn unit_variant(self) -> Result<(), NotPlain> {
        Err(NotPlain)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, NotPlain> {
        let value = seed.deserialize(&mut *self.0)?;
        self.0.skip("}")?;
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, NotPlain> {
        Err(NotPlain)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, NotPlain> {
        Err(NotPlain)
    }
}

impl fmt::Display for NotPlain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not plain")
    }
}

impl std::error::Error for NotPlain {}

impl de::Error for NotPlain {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}
