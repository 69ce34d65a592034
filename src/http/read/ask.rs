//! A reading request: who reads, of which moment, which page.

use std::str::FromStr;

use axum::extract::Query;
use axum::http::Uri;
use serde::Serialize;
use tenure_events::{Position, UserId};
use tenure_projections::View;
use tenure_projections::judge::{Subject, administrative, privileges_as};
use tenure_projections::lookup::{Cursor, Lookup, Page};
use tenure_projections::sight;
use tenure_projections::values::{EnvironmentNo, GroupNo, OrgNo, ResourceNo, RoleNo, UserNo};

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::bookmark::{Bookmark, Bound};
use crate::command::did_you_mean;
use crate::node::{AsOf, Authenticated, Node};

/// Items a page, unless the caller says otherwise.
const USUAL_LIMIT: usize = 100;

/// The most items a page.
const LIMIT: usize = 1000;

/// Among how many ids the one that was meant is sought.
const LIKE_IT: usize = 200;

/// The parameters of a query.
pub struct Params(Vec<(String, String)>);

impl Params {
    /// No parameters.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Those of the address: each known to the route and there once.
    pub fn of(uri: &Uri, known: &[&[&str]]) -> Result<Self, Problem> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let Query(params) = query.map_err(|_| Problem::malformed("the query cannot be read"))?;
        for (index, (name, _)) in params.iter().enumerate() {
            if !known.iter().any(|known| known.contains(&name.as_str())) {
                let meant = did_you_mean(name, known.iter().flat_map(|known| known.iter()));
                let detail = format!("this route knows no parameter `{name}`{meant}; see `/openapi.json`");
                return Err(Problem::malformed(detail));
            }
            if params.iter().take(index).any(|(before, _)| before == name) {
                return Err(Problem::malformed(format!("the parameter `{name}` stands there twice")));
            }
        }
        Ok(Self(params))
    }

    /// The text of a parameter.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// The value of a parameter.
    pub fn value<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<Option<T>, Problem> {
        let parse = |text: &str| text.parse().map_err(|error| Problem::malformed(format!("`{name}`: {error}")));
        self.text(name).map(parse).transpose()
    }

    /// A position or a time.
    pub fn moment(&self, name: &str) -> Result<Option<AsOf>, Problem> {
        self.text(name).map(|text| moment(name, text)).transpose()
    }

    /// The parameters that say what a list holds, and not which part of it is wanted.
    fn filters(&self) -> Vec<(&str, &str)> {
        let of_list = |name: &str| !["cursor", "limit", "min_position"].contains(&name);
        let mut filters: Vec<_> = self.0.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        filters.retain(|(name, _)| of_list(name));
        filters.sort_unstable();
        filters
    }

    fn limit(&self) -> Result<usize, Problem> {
        let limit = self.value("limit")?.unwrap_or(USUAL_LIMIT);
        if (1..=LIMIT).contains(&limit) {
            Ok(limit)
        } else {
            Err(Problem::malformed(format!("`limit` is a number from 1 to {LIMIT}")))
        }
    }
}

/// A position or a time, as callers write them.
pub fn moment(name: &str, text: &str) -> Result<AsOf, Problem> {
    let position = || text.parse().map(AsOf::Place).ok();
    let time = || text.parse().map(AsOf::Time).ok();
    let wrong = || Problem::malformed(format!("`{name}` is a position or an RFC 3339 time, not `{text}`"));
    position().or_else(time).ok_or_else(wrong)
}

/// What a reading request is answered from.
pub struct Ask<'a> {
    /// The node that answers.
    pub node: &'a Node,
    /// What is so now: the right to read is judged here.
    pub live: View<'a>,
    /// What is asked about.
    pub view: View<'a>,
    /// Who reads.
    pub viewer: Subject,
    /// The reader, with the credential that they come with.
    pub caller: Authenticated,
    /// The parameters.
    pub params: &'a Params,
    /// The most items of a page.
    pub limit: usize,
    bookmark: Option<Bookmark>,
    bound: Bound,
    id: &'a str,
}

impl<'a> Ask<'a> {
    /// Settles who reads what.
    pub fn new(
        node: &'a Node,
        caller: &Authenticated,
        params: &'a Params,
        route: &str,
        id: &'a str,
    ) -> Result<Self, Problem> {
        let live = node.live();
        let mut bound = Bound::to(&live, caller).with("route", route).with("id", id);
        for (name, text) in params.filters() {
            bound = bound.with(name, text);
        }
        let bookmark = params.text("cursor").map(|text| Bookmark::read("cursor", text, node, &bound)).transpose()?;
        let (as_of, at) = (params.moment("as_of")?, params.value("at")?);
        // Read before anything is looked at: in an empty list nobody would see that it is wrong.
        let _: (Option<bool>, Option<AsOf>, Option<AsOf>) =
            (params.value("counts")?, params.moment("from")?, params.moment("to")?);
        let view = match &bookmark {
            Some(bookmark) => bookmark.view(node)?,
            None if as_of.is_none() && at.is_none() => live,
            None => node.view(as_of, at)?,
        };
        let (viewer, limit) = (node.subject(&live, caller), params.limit()?);
        Ok(Self { node, live, view, viewer, caller: *caller, params, limit, bookmark, bound, id })
    }

    /// With pages of so many items.
    pub fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// The same request where its list goes on, at the moment of the bookmark.
    pub fn going_on(self, bookmark: Bookmark) -> Result<Self, Problem> {
        let view = bookmark.view(self.node)?;
        Ok(Self { view, bookmark: Some(bookmark), ..self })
    }

    /// What the path names.
    pub const fn id(&self) -> &'a str {
        self.id
    }

    /// Where the page begins, in the terms of the list itself.
    pub fn after<T: FromStr>(&self) -> Result<Option<T>, Problem> {
        self.bookmark.as_ref().map(Bookmark::rest).transpose()
    }

    /// Reads lists as the caller sees them.
    pub fn lookup(&self) -> Result<Lookup<'a>, Problem> {
        let lookup = Lookup::of(self.view).seen_by(self.live, self.viewer, None).limit(self.limit);
        Ok(lookup.page(self.after::<Cursor>()?.unwrap_or_default()))
    }

    /// The org of this id, if the caller sees it.
    pub fn org(&self, id: &str) -> Result<OrgNo, Problem> {
        let seen = |org: &OrgNo| sight::sees_org(&self.live, &self.viewer, *org);
        self.view.find_org(id).filter(seen).ok_or_else(|| self.no_org(id))
    }

    /// The user of this id, if the caller sees them.
    pub fn user(&self, id: &str) -> Result<UserNo, Problem> {
        self.view.find_user(id).filter(|user| self.sees_user(*user)).ok_or_else(|| self.no_user(id))
    }

    /// The group of this id, if the caller sees it.
    pub fn group(&self, id: &str) -> Result<GroupNo, Problem> {
        self.view.find_group(id).filter(|group| self.sees_group(*group)).ok_or_else(Problem::not_found)
    }

    /// The role of this id, if the caller sees it.
    pub fn role(&self, id: &str) -> Result<RoleNo, Problem> {
        let seen = |role: &RoleNo| sight::sees_role(&self.live, &self.viewer, *role);
        self.view.find_role(id).filter(seen).ok_or_else(Problem::not_found)
    }

    /// The environment of this id, if the caller sees it.
    pub fn environment(&self, id: &str) -> Result<EnvironmentNo, Problem> {
        let seen = |no: &EnvironmentNo| sight::sees_environment(&self.live, &self.viewer, *no);
        self.view.find_environment(id).filter(seen).ok_or_else(Problem::not_found)
    }

    /// The content of this id, if the caller sees it.
    pub fn resource(&self, id: &str) -> Result<ResourceNo, Problem> {
        let there = |no: &ResourceNo| {
            // What it was called in a personal folder stays there when it leaves.
            self.sees_resource(*no) && !sight::was_personal(&self.live, &self.view, &self.viewer, *no)
        };
        self.view.find_resource(id).filter(there).ok_or_else(Problem::not_found)
    }

    /// That there is no such org, with the one that was probably meant: of those that the caller sees.
    fn no_org(&self, id: &str) -> Problem {
        let seen = Lookup::of(self.view).seen_by(self.live, self.viewer, None).orgs_of(self.viewer.user);
        Problem::not_found_but(&did_you_mean(id, seen.items.into_iter().map(|org| self.view.org_id(org))))
    }

    /// The same of a user: of those whom the caller sees at home.
    pub fn no_user(&self, id: &str) -> Problem {
        let lookup = Lookup::of(self.view).seen_by(self.live, self.viewer, None).limit(LIKE_IT);
        let seen = self.live.home(self.viewer.user).map(|home| lookup.users(home).items).unwrap_or_default();
        Problem::not_found_but(&did_you_mean(id, seen.into_iter().map(|user| self.view.user_id(user))))
    }

    /// Whether the caller sees an org.
    pub fn sees_org(&self, org: OrgNo) -> bool {
        sight::sees_org(&self.live, &self.viewer, org)
    }

    /// Whether the caller sees a user.
    pub fn sees_user(&self, user: UserNo) -> bool {
        sight::sees_user(&self.live, &self.viewer, user)
    }

    /// Whether the caller sees a group.
    pub fn sees_group(&self, group: GroupNo) -> bool {
        sight::sees_group(&self.live, &self.viewer, group)
    }

    /// Whether the caller sees content.
    pub fn sees_resource(&self, resource: ResourceNo) -> bool {
        sight::sees_resource(&self.live, &self.viewer, None, resource)
    }

    /// A person's name, for those who may read it.
    pub fn name(&self, user: UserNo) -> Option<String> {
        let managing = [administrative::USER_MANAGE, administrative::SUBSCRIPTION_MANAGE];
        let home = self.live.home(user);
        let near = home == self.live.home(self.viewer.user) && home.is_some_and(|home| self.works_in(home));
        let may = self.viewer.is_themself(user) || near || self.holds(home, &managing) || self.audits(home);
        let name = self.view.profile(user)?.value.name.as_ref()?;
        if may { self.open(user, "name", name) } else { None }
    }

    /// A person's mail address, for those who may read it.
    pub fn email(&self, user: UserNo) -> Option<String> {
        let may = self.viewer.is_themself(user) || self.holds(self.live.home(user), &[administrative::USER_MANAGE]);
        let email = self.view.profile(user)?.value.email.as_ref()?;
        if may { self.open(user, "email", email) } else { None }
    }

    /// Whether the caller audits an org.
    fn audits(&self, org: Option<OrgNo>) -> bool {
        org.is_some_and(|org| sight::reads_history(&self.live, &self.viewer, org))
    }

    /// Whether the caller's credential works in the org.
    fn works_in(&self, org: OrgNo) -> bool {
        self.viewer.only.is_none_or(|only| only == org)
    }

    /// What was sealed about a person; nothing once they were erased.
    pub fn open(&self, user: UserNo, field: &str, sealed: &tenure_events::Sealed) -> Option<String> {
        let id = UserId::new(self.view.user_id(user)).ok()?;
        self.node.keys().unseal(&id, field, sealed).ok()
    }

    /// An answer about one thing.
    pub fn one(&self, thing: &impl Serialize) -> Result<Reply, Problem> {
        Reply::json(self.view.position(), thing)
    }

    /// An answer that is a page of a list.
    pub fn page<T: Serialize>(&self, page: Page<T, impl ToString>) -> Result<Reply, Problem> {
        self.page_and_more(page, 0)
    }

    /// The same, and how many more there are on it whom the caller does not see.
    pub fn page_and_more<T: Serialize>(&self, page: Page<T, impl ToString>, more: usize) -> Result<Reply, Problem> {
        let next_cursor = self.bookmark(page.next);
        self.one(&List { items: page.items, more, next_cursor, position: self.view.position() })
    }

    /// Where a list goes on, as callers pass it on.
    pub fn bookmark(&self, next: Option<impl ToString>) -> Option<String> {
        next.map(|next| Bookmark::of(&self.view, next).written(self.node, &self.bound))
    }

    fn holds(&self, org: Option<OrgNo>, any: &[tenure_projections::values::PrivilegeNo]) -> bool {
        org.is_some_and(|org| {
            let held = privileges_as(&self.live, &self.viewer, org);
            any.iter().any(|privilege| held.has(*privilege))
        })
    }
}

/// A page of a list: whole if there is no `next_cursor`.
#[derive(Serialize)]
struct List<T> {
    items: Vec<T>,
    /// How many more there are, of those that this page looked at, whom the caller does not see.
    #[serde(skip_serializing_if = "is_none")]
    more: usize,
    next_cursor: Option<String>,
    position: Position,
}

/// Whether there are none.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks it so")]
pub const fn is_none(count: &usize) -> bool {
    *count == 0
}

/// The same page, each item as callers are told of it.
pub fn told<T, U, C>(page: Page<T, C>, tell: impl FnMut(T) -> U) -> Page<U, C> {
    Page { items: page.items.into_iter().map(tell).collect(), next: page.next }
}
