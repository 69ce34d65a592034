//! Texts that people write: what one must be to be written down.

use super::scene::invalid;
use super::{Refusal, alike};

/// The most bytes of a reason.
pub const MAX_REASON: usize = 1_024;

/// The most characters of a name.
const MAX_NAME: usize = 200;

/// The most bytes of a mail address (RFC 5321, section 4.5.3.1.3).
const MAX_ADDRESS: usize = 254;

/// A name without surrounding white space: some text in one line.
pub fn name(field: &'static str, text: &str) -> Result<String, Refusal> {
    let name = lines(field, text, MAX_NAME)?;
    if name.is_empty() {
        return Err(invalid(field, "name.empty", "a name needs at least one character"));
    }
    in_one_line(field, &name)?;
    visible(field, &name)?;
    Ok(name)
}

/// A name that reads as what it is: people tell names apart by what they see of them.
fn visible(field: &'static str, name: &str) -> Result<(), Refusal> {
    let blank = |c: char| c.is_whitespace() || is_unseen(c) || is_joiner(c);
    if name.chars().all(blank) {
        return Err(invalid(field, "name.empty", "a name needs at least one character that can be seen"));
    }
    if name.chars().any(is_direction) {
        let detail = "characters that turn the direction of writing make a name read as another: leave them out";
        return Err(invalid(field, "name.direction", detail));
    }
    if is_joined_to_nothing(name) || name.chars().any(is_unseen) {
        let detail = "characters that cannot be seen make two names look alike: leave them out";
        return Err(invalid(field, "name.unseen", detail));
    }
    let other_form = |c: char| alike::is_other_form(c) || ('\u{ff01}'..='\u{ff5e}').contains(&c);
    if name.chars().any(|c| (c.is_whitespace() && c != ' ') || other_form(c)) {
        let detail =
            "other forms of common letters and blanks, as wide ones, make two names look alike: write the common ones";
        return Err(invalid(field, "name.width", detail));
    }
    if name.split(|c: char| !c.is_alphabetic()).any(alike::is_mixed) {
        let detail = "letters of several scripts in one word look alike: write each word in one script";
        return Err(invalid(field, "name.mixed_scripts", detail));
    }
    Ok(())
}

/// Controls of direction (UAX 9).
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What joins or parts letters, or chooses how the one before looks: some scripts and emoji need them, after a character
/// of theirs.
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

/// Whether a joiner stands where it shows in no way: at the beginning, after a letter of Latin, Greek or Cyrillic, after a
/// digit or a blank, after another of its sort; one that joins, at the end as well.
fn is_joined_to_nothing(name: &str) -> bool {
    let shows_in_no_way = |before: char, c: char| before < '\u{530}' || before.is_whitespace() || before == c;
    let begins = name.chars().next().is_some_and(is_joiner);
    let ends = name.ends_with(['\u{200c}', '\u{200d}']);
    let mut pairs = name.chars().zip(name.chars().skip(1));
    begins || ends || pairs.any(|(before, c)| is_joiner(c) && shows_in_no_way(before, c))
}

/// What is not seen (`Default_Ignorable_Code_Point`), beside controls of direction and joiners.
const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{2800}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// A mail address by its form: a name, `@`, and a host of parts with dots between, without blanks. Whether mail arrives
/// there is for whoever sends some.
fn address(field: &'static str, text: &str) -> Result<(), Refusal> {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let is_name = |name: &str| {
        let plain = |c: char| !c.is_whitespace() && !is_unseen(c) && !is_direction(c) && !"@,;:<>()[]\"\\".contains(c);
        !name.is_empty() && name.len() <= 64 && !name.split('.').any(str::is_empty) && name.chars().all(plain)
    };
    let text = text.trim();
    let is_address = text.len() <= MAX_ADDRESS
        && text.split_once('@').is_some_and(|(name, host)| is_name(name) && host.split('.').all(is_part));
    if is_address {
        return Ok(());
    }
    Err(invalid(field, "email.malformed", "this is no mail address: write one such as `sally@example.org`"))
}

/// Text without surrounding white space, of bounded length, without control characters but line breaks and tabs.
pub fn lines(field: &'static str, text: &str, max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    let length = text.chars().count();
    if length > max {
        return Err(invalid(
            field,
            "text.too_long",
            format!("at most {max} characters, these are {length}: say it shorter"),
        ));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(invalid(field, "text.control_character", "control characters are not text: leave them out"));
    }
    Ok(text.to_owned())
}

/// Whether text about a person may be sealed. Decisions see it sealed only, so this comes before them. How long it may
/// be otherwise is for the event to say.
///
/// # Errors
/// It is not, as [`Kind::Invalid`](super::Kind::Invalid).
pub fn personal(field: &'static str, text: &str) -> Result<(), Refusal> {
    match field {
        "name" => name(field, text).map(drop),
        // A key is called by its argument `name`.
        "key" => name("name", text).map(drop),
        "reason" if text.len() > MAX_REASON => {
            let detail = format!("a reason has at most {MAX_REASON} bytes, this one {}: say it shorter", text.len());
            Err(invalid("Tenure-Reason", "text.too_long", detail))
        }
        "reason" => lines("Tenure-Reason", text, MAX_REASON).map(drop),
        "email" if !text.trim().is_empty() => in_one_line(field, text).and_then(|()| address(field, text)),
        _ if text.trim().is_empty() => Err(invalid(field, "text.empty", "this needs at least one character")),
        _ => in_one_line(field, text),
    }
}

fn in_one_line(field: &'static str, text: &str) -> Result<(), Refusal> {
    if text.chars().any(char::is_control) {
        return Err(invalid(
            field,
            "text.control_character",
            "control characters and line breaks are not text in one line: leave them out",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: &str) {
        let code = name("name", text).map_or_else(|refusal| refusal.code, |_| "");
        assert_eq!(code, want, "{text:?}");
    }

    #[test]
    fn names_read_as_what_they_are() {
        for good in [
            "KickStart",
            "Café",
            "Δt in m²",
            "東京 Team 1",
            "Ärzte",
            "Продажи",
            "می\u{200c}خواهم",
            "👩\u{200d}🚀 Space",
            "❤\u{fe0f}",
        ] {
            check(good, "");
        }
        check("", "name.empty");
        check("\u{200b}\u{2060}", "name.empty");
        check("\u{3164}", "name.empty");
        check("\u{200d}", "name.empty");
        check("a\u{202e}b", "name.direction");
        check("\u{2066}a", "name.direction");
        check("Kick\u{200b}Start", "name.unseen");
        check("Kick\u{ad}Start", "name.unseen");
        check("Kick\u{200d}Start", "name.unseen");
        check("KickStart\u{fe0f}", "name.unseen");
        check("KickStart\u{e0041}", "name.unseen");
        check("Kick\u{a0}Start", "name.width");
        check("Kick\u{2003}Start", "name.width");
        check("\u{ff2b}ick", "name.width");
        check("\u{1d40a}ick", "name.width");
        check("K\u{456}ckStart", "name.mixed_scripts");
        check("KickSt\u{430}rt", "name.mixed_scripts");
        check("\u{39a}ick", "name.mixed_scripts");
        check("a\nb", "text.control_character");
    }

    #[test]
    fn mail_addresses_have_a_form() {
        let check = |text: &str, good: bool| {
            let code = personal("email", text).map_or_else(|refusal| refusal.code, |()| "");
            assert_eq!(code, if good { "" } else { "email.malformed" }, "{text:?}");
        };
        for good in ["sally@example.org", "s.o'neill+x@mail.example.co.uk", "root@localhost", "jürgen@müller.example"]
        {
            check(good, true);
        }
        for bad in [
            "sally",
            "@example.org",
            "sally@",
            "a@b@c",
            "a b@c.d",
            "a@b..c",
            "a@-b.c",
            ".a@b.c",
            "<a@b.c>",
            "a@b.c,d@e.f",
        ] {
            check(bad, false);
        }
        check(&format!("{}@example.org", "x".repeat(65)), false);
        assert_eq!(personal("email", " ").map_err(|refusal| refusal.code), Err("text.empty"));
    }
}
