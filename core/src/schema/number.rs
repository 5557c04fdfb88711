//! Numbers as exact decimals: a token is compared as it is written, however many digits it has and however large its exponent is.
//!
//! No `f64` is made: `0.1 + 0.2` style rounding never decides, and `1e400` is a number like any other.

use std::cmp::Ordering;

/// A number token of RFC 8259, taken apart: `digits` (those that count) times ten to the `exponent`.
///
/// The digits are those of `int` followed by those of `fraction`, neither beginning nor ending with a zero that does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal<'a> {
    negative: bool,
    int: &'a [u8],
    fraction: &'a [u8],
    /// Of the last digit: the value is `digits x 10^exponent`.
    exponent: i64,
}

/// Exponents are cut off here, far beyond any number of digits that a body can hold.
const EXPONENT_MAX: i64 = 1 << 60;

/// What kind of number a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// An integer as written: no point, no exponent.
    Written,
    /// An integer by its value: `1.0`, `1e2`.
    ByValue,
    /// Not an integer.
    No,
}

impl<'a> Decimal<'a> {
    /// Takes a number apart that RFC 8259 allows. O(len).
    pub(crate) fn new(text: &'a [u8]) -> Decimal<'a> {
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(at) => {
                (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default())
            }
            None => (text, &b""[..]),
        };
        let (int, fraction) = match mantissa.iter().position(|&byte| byte == b'.') {
            Some(at) => {
                (mantissa.get(..at).unwrap_or_default(), mantissa.get(at + 1..).unwrap_or_default())
            }
            None => (mantissa, &b""[..]),
        };
        let mut number = Decimal {
            negative,
            int: trim_start(int),
            fraction,
            exponent: read_exponent(exponent).saturating_sub(fraction.len() as i64),
        };
        if number.int.is_empty() {
            number.fraction = trim_start(fraction);
        }
        number.drop_last_zeros();
        number
    }

    fn drop_last_zeros(&mut self) {
        let kept = trim_end(self.fraction);
        self.exponent += (self.fraction.len() - kept.len()) as i64;
        self.fraction = kept;
        if kept.is_empty() {
            let kept = trim_end(self.int);
            self.exponent += (self.int.len() - kept.len()) as i64;
            self.int = kept;
        }
        if self.is_zero() {
            (self.negative, self.exponent) = (false, 0);
        }
    }

    fn is_zero(&self) -> bool {
        self.int.is_empty() && self.fraction.is_empty()
    }

    fn digits(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.int.iter().chain(self.fraction).copied()
    }

    /// The power of ten of the first digit.
    fn magnitude(&self) -> i64 {
        self.exponent.saturating_add((self.int.len() + self.fraction.len()) as i64)
    }

    /// Whether it is an integer by its value.
    pub(crate) fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// Whether it is a whole multiple of `unit`. O(len + log exponent).
    pub(crate) fn is_multiple_of(&self, unit: &Unit) -> bool {
        if self.is_zero() {
            return true;
        }
        // Neither mantissa ends with a zero, so with more decimals than the unit has there is always a rest.
        let Ok(power) = u64::try_from(self.exponent.saturating_sub(unit.exponent)) else {
            return false;
        };
        let modulus = u128::from(unit.mantissa);
        let rest = self
            .digits()
            .fold(0, |rest, digit| (rest * 10 + u128::from(digit.wrapping_sub(b'0'))) % modulus);
        (rest * power_of_ten(power, modulus)).is_multiple_of(modulus)
    }

    /// Appends a text that is the same for equal numbers, and for no others.
    pub(crate) fn canonical(&self, out: &mut Vec<u8>) {
        out.push(if self.negative { b'-' } else { b'+' });
        out.extend(self.digits());
        out.push(b'e');
        out.extend_from_slice(&self.exponent.to_le_bytes());
    }
}

impl Ord for Decimal<'_> {
    /// O(len).
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.is_zero(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let order = sign(self).cmp(&sign(other));
        if order.is_ne() || self.is_zero() {
            return order;
        }
        // A prefix of digits at the same magnitude is the smaller number, as in the order of texts.
        let larger = self
            .magnitude()
            .cmp(&other.magnitude())
            .then_with(|| self.digits().cmp(other.digits()));
        if self.negative { larger.reverse() } else { larger }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What kind of number a token is. O(len).
#[inline]
pub(crate) fn whole(text: &[u8]) -> Whole {
    if text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') {
        Whole::Written
    } else if Decimal::new(text).is_integer() {
        Whole::ByValue
    } else {
        Whole::No
    }
}

/// A limit that numbers are compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Limit {
    text: Box<str>,
    /// The same, if it is an integer of few digits.
    small: Option<i64>,
}

impl Limit {
    /// `text` is a number of RFC 8259.
    pub(crate) fn new(text: &str) -> Limit {
        Limit { text: text.into(), small: small(text.as_bytes()) }
    }

    /// As the schema writes it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// How a token compares with the limit. O(len).
    #[inline]
    pub(crate) fn compare(&self, token: &[u8]) -> Ordering {
        // PERF: nearly all numbers of API bodies are small integers, which need no taking apart.
        if let (Some(limit), Some(value)) = (self.small, small(token)) {
            return value.cmp(&limit);
        }
        Decimal::new(token).cmp(&Decimal::new(self.text.as_bytes()))
    }
}

/// The unit of `multipleOf`: `mantissa x 10^exponent`; the mantissa does not end with a zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Unit {
    text: Box<str>,
    mantissa: u64,
    exponent: i64,
}

impl Unit {
    /// `text` is a number of RFC 8259; `None` if it is not above 0 or has more than 19 digits that count.
    pub(crate) fn new(text: &str) -> Option<Unit> {
        let number = Decimal::new(text.as_bytes());
        if number.negative || number.is_zero() {
            return None;
        }
        let mantissa = number.digits().try_fold(0u64, |mantissa, digit| {
            mantissa.checked_mul(10)?.checked_add(u64::from(digit.wrapping_sub(b'0')))
        })?;
        Some(Unit { text: text.into(), mantissa, exponent: number.exponent })
    }

    /// As the schema writes it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// An integer of at most 18 digits, written as one.
#[inline]
fn small(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

fn read_exponent(text: &[u8]) -> i64 {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        _ => (false, text),
    };
    let value = digits.iter().fold(0i64, |value, digit| {
        (value.saturating_mul(10)).saturating_add(i64::from(digit.wrapping_sub(b'0') % 10))
    });
    let value = value.min(EXPONENT_MAX);
    if negative { -value } else { value }
}

/// `10^power mod modulus`. O(log power).
fn power_of_ten(mut power: u64, modulus: u128) -> u128 {
    let (mut result, mut base) = (1 % modulus, 10 % modulus);
    while power > 0 {
        if power & 1 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        power >>= 1;
    }
    result
}

fn trim_start(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

fn trim_end(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().rev().take_while(|&&digit| digit == b'0').count();
    digits.get(..digits.len() - zeros).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal<'_> {
        Decimal::new(text.as_bytes())
    }

    #[test]
    fn numbers_in_their_order() {
        let ascending = [
            "-1e400",
            "-1e308",
            "-100.5",
            "-100.49",
            "-12",
            "-1.01",
            "-1",
            "-0.1",
            "-1e-400",
            "0",
            "1e-400",
            "0.0999",
            "0.1",
            "0.10001",
            "0.9",
            "1",
            "1.0000000000000000000001",
            "9.99",
            "10",
            "99",
            "100",
            "1e3",
            "12345678901234567890",
            "12345678901234567891",
            "1e400",
            "1e99999999999999999999999",
        ];
        for (at, one) in ascending.iter().enumerate() {
            for (other_at, other) in ascending.iter().enumerate() {
                let order = at.cmp(&other_at);
                assert_eq!(decimal(one).cmp(&decimal(other)), order, "{one} {other}");
                assert_eq!(Limit::new(other).compare(one.as_bytes()), order, "{one} {other}");
            }
        }
    }

    #[test]
    fn the_same_number_written_otherwise() {
        for (one, other) in [
            ("0", "-0.000e12"),
            ("1", "1.0"),
            ("100", "1e2"),
            ("100", "1000e-1"),
            ("0.5", "5E-1"),
            ("-12.50", "-1250e-2"),
            ("1e400", "0.1e401"),
            ("120", "0.12e+3"),
        ] {
            assert_eq!(decimal(one).cmp(&decimal(other)), Ordering::Equal, "{one} {other}");
            let (mut left, mut right) = (Vec::new(), Vec::new());
            decimal(one).canonical(&mut left);
            decimal(other).canonical(&mut right);
            assert_eq!(left, right, "{one} {other}");
        }
    }

    #[test]
    fn integers() {
        for (text, kind) in [
            ("0", Whole::Written),
            ("-12", Whole::Written),
            ("1.0", Whole::ByValue),
            ("1e2", Whole::ByValue),
            ("0.0", Whole::ByValue),
            ("12.5e1", Whole::ByValue),
            ("10e-1", Whole::ByValue),
            ("1.5", Whole::No),
            ("1e-1", Whole::No),
            ("1e400", Whole::ByValue),
        ] {
            assert_eq!(whole(text.as_bytes()), kind, "{text}");
        }
    }

    #[test]
    fn multiples() {
        for (text, unit, expected) in [
            ("0", "3", true),
            ("9", "3", true),
            ("10", "3", false),
            ("0.3", "0.1", true),
            ("19.99", "0.01", true),
            ("19.995", "0.01", false),
            ("1e308", "0.123456789", false),
            ("12391239123", "1e-8", true),
            ("-7.5", "2.5", true),
            ("1e99999999999", "7", false),
            ("7e99999999999", "7", true),
            ("4.5", "1.5", true),
            ("35", "1.5", false),
            ("0.0075", "0.0001", true),
            ("0.00751", "0.0001", false),
            ("9007199254740995", "5", true),
            ("123456789012345678901234567890", "10", true),
            ("123456789012345678901234567891", "10", false),
        ] {
            let unit = Unit::new(unit).unwrap_or_else(|| panic!("{unit}"));
            assert_eq!(decimal(text).is_multiple_of(&unit), expected, "{text} of {}", unit.text());
        }
        assert!(Unit::new("0").is_none() && Unit::new("-1").is_none());
    }
}
