//! Lookups: who, what and where, in pages, as of any view.
//!
//! Every list is complete: its pages together hold each item once. Pages of one list are asked of views at the same
//! position and instant. A page looks at a bounded number of candidates, so it may hold fewer items than were asked
//! for, even none, while more follow: only a page without `next` is the last.

mod diff;
mod lists;
mod packs;
mod people;
mod search;
mod walk;

use std::fmt;
use std::str::FromStr;

use crate::judge::Subject;
use crate::sight;
use crate::values::{OrgNo, ResourceNo, UserNo};
use crate::view::View;

use walk::{Flow, Walk};

pub use diff::{Difference, Scope};
pub use lists::{Audience, Holder};
pub use packs::{Bound, Distribution};
pub use search::actions_of;

/// The most items that a page holds.
pub const MAX_LIMIT: usize = 1000;

/// How deep lists lie within lists.
const DEEPEST: usize = 8;

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C = Cursor> {
    /// What was found, in the order of the list.
    pub items: Vec<T>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<C>,
}

/// Where a page begins: below which number of the list, and of the lists inside the entry there. Its text is these
/// numbers, outermost first, with dots between.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursor(Vec<u32>);

/// The text is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no cursor: pass on the one that the page before named as its next")]
pub struct InvalidCursor(String);

/// How a list is read: of which view, through whose eyes, and which page of it.
#[derive(Clone)]
pub struct Lookup<'a> {
    view: View<'a>,
    eyes: Option<Eyes<'a>>,
    limit: usize,
    cursor: Cursor,
}

/// Who looks, as they stand now.
#[derive(Clone, Copy)]
struct Eyes<'a> {
    live: View<'a>,
    viewer: Subject,
    acting: Option<OrgNo>,
}

impl<'a> Lookup<'a> {
    /// The first page of a list of whatever is there in the view, seen or not.
    #[must_use]
    pub fn of(view: View<'a>) -> Self {
        Self { view, eyes: None, limit: MAX_LIMIT, cursor: Cursor::default() }
    }

    /// The same list of another view.
    #[must_use]
    pub fn of_view(self, view: View<'a>) -> Self {
        Self { view, ..self }
    }

    /// What the viewer, judged in the live view and acting in an org, sees of it.
    #[must_use]
    pub fn seen_by(self, live: View<'a>, viewer: Subject, acting: Option<OrgNo>) -> Self {
        Self { eyes: Some(Eyes { live, viewer, acting }), ..self }
    }

    /// At most so many items a page, from 1 to [`MAX_LIMIT`].
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: limit.clamp(1, MAX_LIMIT), ..self }
    }

    /// The page that begins there.
    #[must_use]
    pub fn page(self, cursor: Cursor) -> Self {
        Self { cursor, ..self }
    }

    /// Whether whoever looks sees something; without eyes, everything is seen.
    fn sees(&self, see: impl FnOnce(&View<'a>, &Subject) -> bool) -> bool {
        self.eyes.as_ref().is_none_or(|eyes| see(&eyes.live, &eyes.viewer))
    }

    fn sees_org(&self, org: OrgNo) -> bool {
        self.sees(|live, viewer| sight::sees_org(live, viewer, org))
    }

    fn sees_user(&self, user: UserNo) -> bool {
        self.sees(|live, viewer| sight::sees_user(live, viewer, user))
    }

    fn sees_resource(&self, resource: ResourceNo) -> bool {
        self.eyes.as_ref().is_none_or(|eyes| {
            sight::sees_resource(&eyes.live, &eyes.viewer, eyes.acting, resource)
                && !sight::was_personal(&eyes.live, &self.view, &eyes.viewer, resource)
        })
    }

    /// Whether whoever looks may search what a user may do in an org.
    fn may_search(&self, user: UserNo, org: OrgNo) -> bool {
        self.sees(|live, viewer| sight::may_ask(live, viewer, user, org) == sight::Asking::Full)
    }

    fn walk<T>(&self, walk: impl FnOnce(&mut Walk<T>) -> Flow) -> Page<T> {
        let mut made = Walk::new(self.limit, &self.cursor);
        let _: Flow = walk(&mut made);
        made.page()
    }
}

impl Cursor {
    /// Where every list begins, for a page that ends before its first entry.
    #[must_use]
    pub fn start() -> Self {
        Self(vec![u32::MAX])
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, number) in self.0.iter().enumerate() {
            write!(f, "{}{number}", if depth == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;
    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let numbers = text.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>();
        numbers.ok().filter(|numbers| numbers.len() <= DEEPEST).map(Self).ok_or_else(|| InvalidCursor(text.to_owned()))
    }
}
