//! Names that the eye cannot tell apart though they are written in other letters (Unicode Technical Standard 39).

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::MixedScript as _;
use unicode_security::confusable_detection::skeleton;

/// Where the scripts stand whose letters look Latin: Greek, Cyrillic, Armenian, Cherokee.
const SCRIPTS: [&[RangeInclusive<char>]; 4] = [
    &['\u{370}'..='\u{3ff}'],
    &['\u{400}'..='\u{52f}'],
    &['\u{531}'..='\u{587}'],
    &['\u{13a0}'..='\u{13f5}', '\u{ab70}'..='\u{abbf}'],
];

/// The letters of one script that look Latin.
#[derive(Default)]
struct Alike {
    to_latin: BTreeMap<char, char>,
    from_latin: BTreeMap<char, char>,
}

static ALIKE: LazyLock<Vec<Alike>> = LazyLock::new(|| SCRIPTS.into_iter().map(Alike::of).collect());

impl Alike {
    fn of(script: &[RangeInclusive<char>]) -> Self {
        let mut alike = Self::default();
        for c in script.iter().cloned().flatten().filter(|c| c.is_alphabetic()) {
            if let Some(latin) = latin(c) {
                alike.to_latin.insert(c, latin);
                alike.from_latin.entry(latin).or_insert(c);
            }
        }
        alike
    }
}

/// The Latin letter that another letter looks like: of the same case, where there are two.
fn latin(c: char) -> Option<char> {
    if c.is_ascii() {
        return None;
    }
    let looks = shape(c);
    let mut letters = ('A'..='Z').chain('a'..='z').filter(|letter| shape(*letter) == looks);
    let same_case = letters.clone().find(|letter| letter.is_uppercase() == c.is_uppercase());
    same_case.or_else(|| letters.next())
}

fn shape(c: char) -> String {
    skeleton(c.encode_utf8(&mut [0; 4])).collect()
}

/// The names that a name looks like, in letters of another script: all words of it, or one of them.
pub fn look_alikes(name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut written = vec![name.to_owned(), name.to_lowercase(), name.to_uppercase()];
    written.dedup();
    for name in &written {
        for alike in ALIKE.iter() {
            for map in [&alike.to_latin, &alike.from_latin] {
                found.extend(swapped(name, map));
            }
        }
    }
    found
}

/// A name with the words swapped that have letters in the map only: all of them, and each by itself.
fn swapped(name: &str, map: &BTreeMap<char, char>) -> Vec<String> {
    let swap = |word: &str| {
        let letters = word.chars().any(char::is_alphabetic);
        let swapped = word.chars().map(|c| if c.is_alphabetic() { map.get(&c).copied() } else { Some(c) });
        swapped.collect::<Option<String>>().filter(|_| letters)
    };
    let words: Vec<(&str, Option<String>)> = name.split(' ').map(|word| (word, swap(word))).collect();
    let count = words.iter().filter(|(_, swapped)| swapped.is_some()).count();
    let joined = |only: Option<usize>| {
        let word = |(no, (word, swapped)): (usize, &(&str, Option<String>))| match swapped {
            Some(swapped) if only.is_none_or(|only| only == no) => swapped.clone(),
            Some(_) | None => (*word).to_owned(),
        };
        words.iter().enumerate().map(word).collect::<Vec<_>>().join(" ")
    };
    let each = words.iter().enumerate().filter(|(_, (_, swapped))| swapped.is_some() && count > 1);
    (count > 0).then(|| joined(None)).into_iter().chain(each.map(|(no, _)| joined(Some(no)))).collect()
}

/// Whether a word has letters of several scripts of which one looks Latin.
pub fn is_mixed(word: &str) -> bool {
    !word.is_ascii() && !word.is_single_script() && word.chars().any(|c| latin(c).is_some())
}

/// Whether a letter or digit is another form of common ones: wide, mathematical, joined.
pub fn is_other_form(c: char) -> bool {
    let digit = ('\u{1d7ce}'..='\u{1d7ff}').contains(&c) || ('\u{ff10}'..='\u{ff19}').contains(&c);
    let letter = c.is_alphabetic() && !matches!(c, 'ª' | 'º');
    !c.is_ascii() && (digit || letter) && std::iter::once(c).nfkc().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike() {
        let check = |one: &str, other: &str, same: bool| {
            let found = look_alikes(one).iter().any(|name| name == other);
            assert_eq!(found, same, "{one} {other}: {:?}", look_alikes(one));
        };
        // Cyrillic and Latin, both ways, in either case.
        check("\u{441}\u{43e}\u{440}", "cop", true);
        check("cop", "\u{441}\u{43e}\u{440}", true);
        check("BOX", "\u{412}\u{41e}\u{425}", true);
        check("\u{391}\u{39d}\u{39d}\u{391}", "ANNA", true);
        check("Team \u{430}\u{441}\u{435}", "Team ace", true);
        check("\u{420}\u{435}\u{440}\u{435} 1", "Pepe 1", true);
        // Words that look like no Latin ones, and names without any others.
        check("\u{41f}\u{440}\u{43e}\u{434}\u{430}\u{436}\u{438}", "Sales", false);
        assert!(look_alikes("\u{6771}\u{4eac}").is_empty());
    }

    #[test]
    fn other_forms() {
        for c in ['\u{ff2b}', '\u{fb01}', '\u{1d400}', '\u{1d7ce}', '\u{2160}'] {
            assert!(is_other_form(c), "{c}");
        }
        for c in ['K', '1', 'é', 'ß', 'ª', '²', '①', '東', 'Ж'] {
            assert!(!is_other_form(c), "{c}");
        }
    }
}
