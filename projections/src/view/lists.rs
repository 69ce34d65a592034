//! What lookups need beside: numbered edges, to page through lists of any length.

use tenure_events::Position;

use super::View;
use crate::state::State;
use crate::store::{EdgeNumber, Edges, Handle, Ids, Small, Version};
use crate::values::OrgNo;

impl<'a> View<'a> {
    /// Whether anything was ever shared with an org, or with all of them, or given them to use.
    pub(crate) fn is_audience(&self, org: OrgNo) -> bool {
        let all =
            |state: &State| state.share_all.rows().next().is_some() || state.distributed_all.rows().next().is_some();
        all(self.base)
            || self.over.is_some_and(all)
            || self.to(|s| &s.share_org, org.0).next().is_some()
            || self.to(|s| &s.distributed, org.0).next().is_some()
    }

    /// How many orgs there have ever been, whether known in this view or not: their numbers lie below.
    pub(crate) fn org_count(&self) -> Handle {
        self.count(|s| &s.orgs)
    }

    /// How many users there have ever been, whether known in this view or not: their numbers lie below.
    pub(crate) fn user_count(&self) -> Handle {
        self.count(|s| &s.users)
    }

    pub(super) fn count(&self, ids: fn(&State) -> &Ids) -> Handle {
        let end = |state| ids(state).first().saturating_add(Handle::try_from(ids(state).len()).unwrap_or(Handle::MAX));
        self.over.map_or_else(|| end(self.base), |over| end(over).max(end(self.base)))
    }

    /// Edges that leave a thing, newest first from below a number on, each with its number, and none where it is not
    /// known in this view. Those of an overlay come first: their numbers lie above all others.
    pub(crate) fn numbered_from<V: Small + 'a>(
        &self,
        table: fn(&State) -> &Edges<V>,
        from: Handle,
        below: EdgeNumber,
    ) -> impl Iterator<Item = Numbered<V>> + use<'a, V> {
        let Self { base, over, position, .. } = *self;
        let supposed = move |to| over.and_then(|over| table(over).get(from, to, Position::MAX));
        let new = over.into_iter().flat_map(move |over| table(over).from_before(from, below.saturating_sub(OVER)));
        let new = new.filter(move |edge| table(base).get(from, edge.to, position).is_none());
        let new = new.map(move |edge| (edge.number.saturating_add(OVER), (edge.to, supposed(edge.to))));
        let old = table(base).from_before(from, below);
        new.chain(old.map(move |edge| {
            let version = edge.at(position).map(|version| supposed(edge.to).unwrap_or(version));
            (edge.number, (edge.to, version))
        }))
    }

    /// Edges that arrive at a thing, as [`View::numbered_from`].
    pub(crate) fn numbered_to<V: Small + 'a>(
        &self,
        table: fn(&State) -> &Edges<V>,
        to: Handle,
        below: EdgeNumber,
    ) -> impl Iterator<Item = Numbered<V>> + use<'a, V> {
        let Self { base, over, position, .. } = *self;
        let supposed = move |from| over.and_then(|over| table(over).get(from, to, Position::MAX));
        let new = over.into_iter().flat_map(move |over| table(over).to_before(to, below.saturating_sub(OVER)));
        let new = new.filter(move |edge| table(base).get(edge.from, to, position).is_none());
        let new = new.map(move |edge| (edge.number.saturating_add(OVER), (edge.from, supposed(edge.from))));
        let old = table(base).to_before(to, below);
        new.chain(old.map(move |edge| {
            let version = edge.at(position).map(|version| supposed(edge.from).unwrap_or(version));
            (edge.number, (edge.from, version))
        }))
    }
}

/// An edge's number, its other end, and what it is worth in the view.
pub(crate) type Numbered<V> = (EdgeNumber, (Handle, Option<Version<V>>));

/// Where the numbers of an overlay's edges begin.
const OVER: EdgeNumber = 1 << 31;
