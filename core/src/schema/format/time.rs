//! Dates, times and durations: RFC 3339.

/// What dates look like; days of months are left out.
pub(super) const DATE: &str = "^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$";
/// What times look like.
pub(super) const TIME: &str = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$";
/// A date and a time.
pub(super) const DATE_TIME: &str = r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$";
/// Exactly the durations.
pub(super) const DURATION: &str = "^P(?:[0-9]+W|(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)?T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)|(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D))$";

/// `date-time` of RFC 3339 section 5.6. A space instead of the `T` is none: section 5.6 lets applications write it, not the grammar.
///
/// A second 60 stands at the end of a month in UTC (section 5.7), whatever the offset makes of it: `1999-01-01T00:59:60+01:00`.
pub(super) fn is_date_time(text: &str) -> bool {
    let Some((date, [b'T' | b't', time @ ..])) = text.as_bytes().split_at_checked(10) else {
        return false;
    };
    let (Some(date), Some(time)) = (Date::read(date), Time::read(time)) else { return false };
    !time.leap || date.days + time.days == date.last || date.days + time.days == 0
}

/// `full-date` of RFC 3339 section 5.6.
pub(super) fn is_date(text: &str) -> bool {
    Date::read(text.as_bytes()).is_some()
}

/// `full-time` of RFC 3339 section 5.6. A second 60 stands at 23:59 in UTC.
pub(super) fn is_time(text: &str) -> bool {
    Time::read(text.as_bytes()).is_some()
}

/// `duration` of RFC 3339 appendix A. Its letters are upper case, as those of ISO 8601 are.
pub(super) fn is_duration(text: &str) -> bool {
    let Some(rest) = text.as_bytes().strip_prefix(b"P") else { return false };
    let mut halves = rest.splitn(2, |&byte| byte == b'T');
    match (halves.next(), halves.next()) {
        (Some([]), Some(time)) => has_units(time, *b"HMS"),
        (Some(date), Some(time)) => has_units(date, *b"YMD") && has_units(time, *b"HMS"),
        (Some(date), None) => has_units(date, *b"YMD") || has_units(date, *b"W"),
        (None, _) => false,
    }
}

/// Whether there is a number with a unit at least, and each unit is the one after that before it.
fn has_units<const N: usize>(mut bytes: &[u8], units: [u8; N]) -> bool {
    let mut next = None;
    while !bytes.is_empty() {
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let Some((1.., [unit, rest @ ..])) =
            bytes.split_at_checked(digits).map(|(number, rest)| (number.len(), rest))
        else {
            return false;
        };
        let Some(at) = units.iter().position(|known| known == unit) else { return false };
        if next.is_some_and(|next| next != at) {
            return false;
        }
        next = Some(at + 1);
        bytes = rest;
    }
    next.is_some()
}

/// What a leap second asks of a date.
struct Date {
    /// The day of the month.
    days: i32,
    /// The last day of that month.
    last: i32,
}

impl Date {
    fn read(bytes: &[u8]) -> Option<Date> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else { return None };
        let (year, month, days) = (number([y1, y2, y3, y4])?, number([m1, m2])?, number([d1, d2])?);
        let last = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            _ => return None,
        };
        (1..=last).contains(&days).then_some(Date { days, last })
    }
}

/// What a leap second asks of a time.
struct Time {
    /// Whether the second is 60.
    leap: bool,
    /// How many days lie between the date beside this time and that in UTC: -1, 0 or 1.
    days: i32,
}

impl Time {
    fn read(bytes: &[u8]) -> Option<Time> {
        const DAY: i32 = 24 * 60;
        let &[h1, h2, b':', m1, m2, b':', s1, s2, ref rest @ ..] = bytes else { return None };
        let (hour, minute, second) = (number([h1, h2])?, number([m1, m2])?, number([s1, s2])?);
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let minutes = hour * 60 + minute - offset(after_fraction(rest)?)?;
        let leap = second == 60;
        (!leap || minutes.rem_euclid(DAY) == DAY - 1)
            .then_some(Time { leap, days: minutes.div_euclid(DAY) })
    }
}

/// What follows `time-secfrac`, if it is there.
fn after_fraction(bytes: &[u8]) -> Option<&[u8]> {
    let [b'.', rest @ ..] = bytes else { return Some(bytes) };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 { None } else { rest.get(digits..) }
}

/// `time-offset` in minutes.
fn offset(bytes: &[u8]) -> Option<i32> {
    match *bytes {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hour, minute) = (number([h1, h2])?, number([m1, m2])?);
            let minutes = hour * 60 + minute;
            (hour <= 23 && minute <= 59).then_some(if sign == b'+' { minutes } else { -minutes })
        }
        _ => None,
    }
}

/// The number of these ASCII digits.
fn number<const N: usize>(digits: [u8; N]) -> Option<i32> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i32::from(digit - b'0'))
    })
}
