//! Id texts ↔ handles.

use std::sync::OnceLock;

use super::index::Index;
use super::{Handle, Link, append, follow};

/// Interned id texts, numbered in the order in which they came. Only the writer interns; look-ups never do.
#[derive(Default)]
pub struct Ids {
    first: Handle,
    interned: OnceLock<Box<Interned>>,
}

struct Interned {
    index: Index,
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

    /// The handle of an id, if it was interned here.
    pub fn find(&self, text: &str) -> Option<Handle> {
        let interned = self.interned.get()?;
        interned.index.find(text, |link| interned.is(link, text).then(|| self.handle(link)))
    }

    /// The handle of an id, a new one if it has none yet. For the writer alone.
    pub fn intern(&self, text: &str) -> Handle {
        self.find(text).unwrap_or_else(|| {
            let interned = self.interned.get_or_init(|| Box::new(Interned::new()));
            let link = append(&interned.texts, interned.pack(text));
            interned.index.insert(text, link);
            self.handle(link)
        })
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
        Self { index: Index::new(), texts: boxcar::Vec::new(), long: boxcar::Vec::new() }
    }

    fn is(&self, link: Link, text: &str) -> bool {
        self.bytes(link) == Some(text.as_bytes())
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
