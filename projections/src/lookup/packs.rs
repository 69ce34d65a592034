//! What tenants may use, whom they handed it on to, and which rows are seen of it.

use tenure_events::Position;

use super::{Audience, Lookup, Page};
use crate::sight;
use crate::state::State;
use crate::store::{Edges, Handle, Version};
use crate::values::{FilterNo, GroupNo, OrgNo, ResourceNo, RoleNo, UserNo};

/// Content that a tenant may use, or that was handed on in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distribution {
    /// Which content itself.
    pub resource: ResourceNo,
    /// Which tenant; none: all of them, now and to come.
    pub tenant: Option<OrgNo>,
    /// The event that it stands by.
    pub position: Position,
}

/// Whom a row rule binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The people of an org.
    Org(OrgNo),
    /// Whoever bears this id, whether somebody does or not.
    User(UserNo),
}

impl<'a> Lookup<'a> {
    /// Which tenants are authorised to use a piece of content itself.
    #[must_use]
    pub fn distributions(&self, resource: ResourceNo) -> Page<Distribution> {
        self.walk(|walk| {
            walk.each([true, false], |walk, named| {
                if !named {
                    let all = self.view.row(|s| &s.distributed_all, resource.0).copied();
                    return walk.take(self.distribution(resource, None, all));
                }
                let list = |below| self.view.numbered_from(|s| &s.distributed, resource.0, below);
                walk.through(list, |walk, (tenant, there)| {
                    walk.take(self.distribution(resource, Some(OrgNo(tenant)), there))
                })
            })
        })
    }

    /// The content itself that a tenant is authorised to use: by name, then with all others.
    #[must_use]
    pub fn received(&self, tenant: OrgNo) -> Page<Distribution> {
        let below_it = |no: ResourceNo| {
            self.view.resource(no).is_some_and(|resource| self.view.is_above(resource.value.org, tenant))
        };
        let seen = |no| self.sees(|live, viewer| sight::sees_distribution(live, viewer, no, Some(tenant)));
        self.walk(|walk| {
            walk.each([true, false], |walk, named| {
                if named {
                    let list = |below| self.view.numbered_to(|s| &s.distributed, tenant.0, below);
                    return walk.through(list, |walk, (no, there)| {
                        walk.take(self.distribution(ResourceNo(no), Some(tenant), there))
                    });
                }
                let list = |below| {
                    let rows = self.view.state().distributed_all.rows().filter(move |no| *no < below);
                    let mut rows: Vec<Handle> = rows.collect();
                    rows.sort_unstable_by(|one, other| other.cmp(one));
                    rows.into_iter().map(|no| (no, ResourceNo(no)))
                };
                walk.through(list, |walk, no| {
                    let there = self.view.row(|s| &s.distributed_all, no.0).copied();
                    let all = there.filter(|there| there.value && below_it(no) && seen(no));
                    walk.take(all.map(|there| Distribution { resource: no, tenant: None, position: there.position }))
                })
            })
        })
    }

    /// To whom tenants handed a piece of content itself on, while they were authorised as they are or not.
    #[must_use]
    pub fn handed_on(&self, resource: ResourceNo) -> Page<(Audience, Distribution)> {
        type Table = (fn(&State) -> &Edges<bool>, fn(Handle) -> Audience);
        let tables: [Table; 3] = [
            (|s| &s.handed_user, |no| Audience::User(UserNo(no))),
            (|s| &s.handed_role, |no| Audience::Role(RoleNo(no))),
            (|s| &s.handed_group, |no| Audience::Group(GroupNo(no))),
        ];
        let item = |to, there: Option<Version<bool>>| {
            let tenant = self.tenant_of(to)?;
            let found = self.distribution(resource, Some(tenant), there)?;
            self.sees_audience(to).then_some((to, found))
        };
        self.walk(|walk| {
            walk.each(tables, |walk, (table, to)| {
                let list = |below| self.view.numbered_from(table, resource.0, below);
                walk.through(list, |walk, (no, there)| walk.take(item(to(no), there)))
            })
        })
    }

    /// The row rules of a piece of content itself: whom they bind, to which filter, and since which event.
    #[must_use]
    pub fn row_rules(&self, resource: ResourceNo) -> Page<(Bound, &'a str, Position)> {
        type Table = (fn(&State) -> &Edges<Option<FilterNo>>, fn(Handle) -> Bound);
        let tables: [Table; 2] =
            [(|s| &s.row_rule_org, |no| Bound::Org(OrgNo(no))), (|s| &s.row_rule_user, |no| Bound::User(UserNo(no)))];
        let item = |of, rule: Option<Version<Option<FilterNo>>>| {
            let (tenant, seen) = match of {
                Bound::Org(org) => (Some(org), self.sees_org(org)),
                Bound::User(user) => (self.view.home(user), true),
            };
            let (filter, position) = match rule.map(|_| of)? {
                Bound::Org(org) => self.view.row_rule_of_org(resource, org)?,
                Bound::User(user) => self.view.row_rule_of_user(resource, user)?,
            };
            let concerns = self.sees(|live, viewer| sight::sees_distribution(live, viewer, resource, tenant));
            (seen && concerns).then_some((of, filter, position))
        };
        self.walk(|walk| {
            walk.each(tables, |walk, (table, of)| {
                let list = |below| self.view.numbered_from(table, resource.0, below);
                walk.through(list, |walk, (no, rule)| walk.take(item(of(no), rule)))
            })
        })
    }

    /// Whose it is to whom content was handed on.
    fn tenant_of(&self, to: Audience) -> Option<OrgNo> {
        match to {
            Audience::User(user) => self.view.home(user),
            Audience::Role(role) => self.view.role(role)?.value.org,
            Audience::Group(group) => self.view.group(group)?.value.org,
            Audience::Org(_) | Audience::AllOrgs => None,
        }
    }

    fn distribution(
        &self,
        resource: ResourceNo,
        tenant: Option<OrgNo>,
        there: Option<Version<bool>>,
    ) -> Option<Distribution> {
        let position = there.filter(|there| there.value)?.position;
        let seen = self.sees(|live, viewer| sight::sees_distribution(live, viewer, resource, tenant));
        let seen = seen && tenant.is_none_or(|tenant| self.sees_org(tenant));
        seen.then_some(Distribution { resource, tenant, position })
    }
}
