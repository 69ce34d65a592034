//! Where a list goes on, bound to the list that it was made for.

use std::str::FromStr;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenure_events::{Place, Position, Time};
use tenure_projections::View;

use super::super::problem::Problem;
use crate::node::{AsOf, Authenticated, Node};

/// How long the tag before a bookmark's text is.
const TAG: usize = 16;

/// Where a list goes on: every page of it is read of the same moment.
pub struct Bookmark {
    position: Position,
    instant: Time,
    rest: String,
}

/// What a bookmark is bound to: a list, its filters, and who reads it by which key. One from elsewhere would leave out
/// what lies before it there, and nobody would know.
pub struct Bound(Vec<Vec<u8>>);

impl Bound {
    /// To what this caller reads.
    pub fn to(live: &View<'_>, caller: &Authenticated) -> Self {
        Self(Vec::new()).with("user", live.user_id(caller.user)).with("key", &caller.credential_id(live))
    }

    /// And to this part of the question.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.extend([name.as_bytes().to_vec(), value.as_bytes().to_vec()]);
        self
    }

    /// The same, of a part that may be left out.
    pub fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn tag(&self, node: &Node, text: &str) -> [u8; TAG] {
        let parts: Vec<&[u8]> = self.0.iter().map(Vec::as_slice).chain([text.as_bytes()]).collect();
        node.keys().cursor_tag(&parts)
    }
}

impl Bookmark {
    /// Where a list of this view goes on.
    pub fn of(view: &View<'_>, rest: impl ToString) -> Self {
        Self { position: view.position(), instant: view.instant(), rest: rest.to_string() }
    }

    /// Where a list of this moment goes on.
    pub fn at(position: Position, instant: Time, rest: &str) -> Self {
        Self { position, instant, rest: rest.to_owned() }
    }

    /// The moment that the list is read of.
    pub fn view<'a>(&self, node: &'a Node) -> Result<View<'a>, Problem> {
        Ok(node.view(Some(AsOf::Position(self.position)), Some(self.instant))?)
    }

    /// Where it goes on, in the terms of the list itself.
    pub fn rest<T: FromStr>(&self) -> Result<T, Problem> {
        self.rest.parse().map_err(|_| foreign())
    }

    /// As callers pass it on.
    pub fn written(&self, node: &Node, bound: &Bound) -> String {
        let place = node.epochs().place(self.position);
        let text = format!("{place}/{}/{}", self.instant.micros(), self.rest);
        URL_SAFE_NO_PAD.encode([bound.tag(node, &text).as_slice(), text.as_bytes()].concat())
    }

    /// As callers pass it on, if it was made for this list.
    ///
    /// # Errors
    /// It is none (400 `request.malformed`), one of another list (400 `cursor.foreign`), or of a future that was lost (422
    /// `epoch.past`).
    pub fn read(name: &str, text: &str, node: &Node, bound: &Bound) -> Result<Self, Problem> {
        let parse = || {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let (tag, text) = bytes.split_at_checked(TAG)?;
            let text = std::str::from_utf8(text).ok()?;
            let mut parts = text.splitn(3, '/');
            let place: Place = parts.next()?.parse().ok()?;
            let instant = Time::from_micros(parts.next()?.parse().ok()?);
            Some((bound.tag(node, text) == tag, place, instant, parts.next()?.to_owned()))
        };
        match parse() {
            Some((true, place, instant, rest)) => {
                let position = node.epochs().position(place).map_err(|past| Problem::past_epoch("cursor", &past))?;
                Ok(Self { position, instant, rest })
            }
            Some((false, ..)) => Err(foreign()),
            None => {
                let detail = format!("`{name}`: pass on what the page before named as its next, unchanged");
                Err(Problem::malformed(detail))
            }
        }
    }
}

fn foreign() -> Problem {
    let detail = "the cursor belongs to another list: pass it on with the same path, filters and moment, and with the \
        same key, or begin without one";
    Problem::new(StatusCode::BAD_REQUEST, "cursor.foreign", detail)
}
