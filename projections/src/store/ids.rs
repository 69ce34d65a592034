//! Id texts ↔ handles.

use std::hash::BuildHasher;
use std::sync::OnceLock;

use foldhash::quality::RandomState;
use uuid::Uuid;

use super::index::{Entry, Index};
use super::{Handle, Link, append, follow};

/// Interned id texts, numbered in the order in which they came. Only the writer interns; look-ups never do.
#[derive(Default)]
pub struct Ids {
    first: Handle,
    interned: OnceLock<Box<Interned>>,
}

struct Interned {
    /// Key → link to the text.
    index: Index<true>,
    /// For the keys of long texts.
    hashers: [RandomState; 2],
    texts: boxcar::Vec<Text>,
    long: boxcar::Vec<Box<str>>,
}

/// Room for a UUID, so that a look-up touches one place beside the index, and a million ids stay small.
const SHORT: usize = 37;

/// All of it bytes: alignment would cost as much as the flag beside it.
enum Text {
    Short { length: u8, bytes: [u8; SHORT] },
    Long { link: [u8; 4] },
}

impl Ids {
    /// No ids yet; the first gets handle 0.
    pub const fn new() -> Self {
        Self::above(0)
    }

    /// No ids yet, and numbering starts at `first`: for an overlay on `first` ids that are known elsewhere.
    pub const fn above(first: Handle) -> Self {
        Self { first, interned: OnceLock::new() }
    }

    /// No ids yet; the first gets the handle after the last of these.
    pub fn overlay(&self) -> Self {
        Self::above(self.first + Handle::try_from(self.len()).unwrap_or(Handle::MAX))
    }

    /// The handle of an id, if it was interned here.
    #[inline]
    pub fn find(&self, text: &str) -> Option<Handle> {
        let interned = self.interned.get()?;
        Some(self.handle(interned.find(&interned.key(text), text)?))
    }

    /// The handle of an id, a new one if it has none yet. For the writer alone.
    pub fn intern(&self, text: &str) -> Handle {
        let interned = self.interned.get_or_init(|| Box::new(Interned::new()));
        let key = interned.key(text);
        self.handle(interned.find(&key, text).unwrap_or_else(|| {
            let link = append(&interned.texts, interned.pack(text));
            interned.index.insert(Entry { key: key.words[0], word: key.words[1], link });
            link
        }))
    }

    /// Makes room for so many ids at once, if there are none yet.
    pub fn reserve(&self, ids: usize) {
        self.interned.get_or_init(|| Box::new(Interned::new())).index.reserve(ids);
    }

    /// The id of a handle that was given out here.
    pub fn text(&self, handle: Handle) -> Option<&str> {
        let link = handle.checked_sub(self.first)?.checked_add(1)?;
        std::str::from_utf8(self.interned.get()?.bytes(link)?).ok()
    }

    /// How many ids were interned here.
    pub fn len(&self) -> usize {
        self.interned.get().map_or(0, |interned| interned.texts.count())
    }

    /// Whether no id was interned here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The handle at which numbering starts.
    pub const fn first(&self) -> Handle {
        self.first
    }

    fn handle(&self, link: Link) -> Handle {
        self.first.saturating_add(link - 1)
    }
}

impl Interned {
    fn new() -> Self {
        Self { index: Index::new(), hashers: Default::default(), texts: boxcar::Vec::new(), long: boxcar::Vec::new() }
    }

    /// The key of a text; of a long one it is a hash.
    #[inline]
    fn key(&self, text: &str) -> Key {
        Key::of(text.as_bytes()).unwrap_or_else(|| {
            let [first, second] = &self.hashers;
            Key { words: [first.hash_one(text), second.hash_one(text) | 3 << 62], says_all: false }
        })
    }

    #[inline]
    fn find(&self, key: &Key, text: &str) -> Option<Link> {
        let [first, second] = key.words;
        let is = |entry: &Entry| key.says_all || self.bytes(entry.link) == Some(text.as_bytes());
        self.index.find(first, second, is).map(|entry| entry.link)
    }

    fn bytes(&self, link: Link) -> Option<&[u8]> {
        match follow(&self.texts, link)? {
            Text::Short { length, bytes } => bytes.get(..usize::from(*length)),
            Text::Long { link } => follow(&self.long, Link::from_le_bytes(*link)).map(|text| text.as_bytes()),
        }
    }

    fn pack(&self, text: &str) -> Text {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(room), Ok(length)) => {
                room.copy_from_slice(text.as_bytes());
                Text::Short { length, bytes }
            }
            (_, _) => Text::Long { link: append(&self.long, text.into()).to_le_bytes() },
        }
    }
}

/// A text as two words, under which it is filed.
struct Key {
    words: [u64; 2],
    /// Whether no other text has the same words.
    says_all: bool,
}

impl Key {
    /// Short texts and UUIDs are their own keys, so that a look-up touches the index and nothing else. The two highest
    /// bits of the second word tell them apart: `0x` in ASCII, `10` in the UUIDs of RFC 9562, and `11` in hashes.
    #[inline]
    fn of(text: &[u8]) -> Option<Self> {
        let (words, zero) = match (text.first_chunk(), text.last_chunk()) {
            (Some(first), Some(last)) if text.len() <= 16 => {
                let (first, last) = (u64::from_be_bytes(*first), u64::from_be_bytes(*last));
                // What both hold of the text stands in the first alone.
                let rest = u128::from(last) << (8 * (16 - text.len()));
                ([first, rest as u64], has_zero(first) | has_zero(last))
            }
            (Some(_), _) | (_, Some(_)) => return Self::of_uuid(text),
            (None, None) => {
                let bytes = text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
                ([bytes << 8 << (56 - 8 * text.len()), 0], text.contains(&0))
            }
        };
        // Zeros fill it up, so there must be none in the text.
        let plain = !zero && (words[0] | words[1]) & 0x8080_8080_8080_8080 == 0;
        plain.then_some(Self { words, says_all: true })
    }

    fn of_uuid(text: &[u8]) -> Option<Self> {
        // Every other spelling of a UUID is another text.
        if text.len() != uuid::fmt::Hyphenated::LENGTH || text.iter().any(u8::is_ascii_uppercase) {
            return None;
        }
        let uuid = Uuid::try_parse_ascii(text).ok().filter(|uuid| uuid.get_variant() == uuid::Variant::RFC4122)?;
        let (first, second) = uuid.as_u64_pair();
        Some(Self { words: [first, second], says_all: true })
    }
}

/// Whether any of its bytes is zero.
const fn has_zero(word: u64) -> bool {
    word.wrapping_sub(0x0101_0101_0101_0101) & !word & 0x8080_8080_8080_8080 != 0
}
