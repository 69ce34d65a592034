//! What lets other orgs have content: associations, authorisations and what is handed on; and which rows of it are seen.

use tenure_events::Position;

use super::View;
use crate::state::State;
use crate::store::Version;
use crate::values::{FilterNo, GroupNo, OrgNo, Pack, ResourceNo, RoleNo, Share, UserNo, WordNo};

impl<'a> View<'a> {
    /// The master that an org is a sub-tenant of, and since which event.
    #[must_use]
    pub fn master(&self, sub: OrgNo) -> Option<(OrgNo, Position)> {
        let version = self.row(|s| &s.master, sub.0)?;
        Some((version.value?, version.position))
    }

    /// The sub-tenants of an org, newest first.
    pub fn sub_tenants(&self, master: OrgNo) -> impl Iterator<Item = OrgNo> + use<'a> {
        self.from(|s| &s.sub_tenants, master.0).filter(|(_, there)| there.value).map(|(sub, _)| OrgNo(sub))
    }

    /// The number of a name of roles, as names are compared.
    #[must_use]
    pub fn role_word(&self, folded: &str) -> Option<WordNo> {
        self.find(|s| &s.role_words, folded).map(WordNo)
    }

    /// The roles that one piece of content itself is shared with.
    pub fn roles_with_share(&self, resource: ResourceNo) -> impl Iterator<Item = (RoleNo, Share, Position)> + use<'a> {
        self.from(|s| &s.share_role, resource.0)
            .filter_map(|(role, version)| Some((RoleNo(role), version.value?, version.position)))
    }

    /// What a pack is beside its place; a copy is what it was copied from.
    #[must_use]
    pub fn pack(&self, resource: ResourceNo) -> Option<Pack> {
        let mut origins = std::iter::successors(Some(resource), |no| self.source(*no));
        origins.find_map(|no| self.row(|s| &s.pack, no.0)).map(|pack| pack.value)
    }

    /// Since which event a tenant is authorised to use one piece of content itself.
    #[must_use]
    pub fn distributed_to(&self, resource: ResourceNo, tenant: OrgNo) -> Option<Position> {
        there(self.edge(|s| &s.distributed, resource.0, tenant.0))
    }

    /// Since which event every tenant is authorised to use one piece of content itself.
    #[must_use]
    pub fn distributed_to_all(&self, resource: ResourceNo) -> Option<Position> {
        there(self.row(|s| &s.distributed_all, resource.0).copied())
    }

    /// The tenants that are authorised to use one piece of content itself, each by name.
    pub fn recipients(&self, resource: ResourceNo) -> impl Iterator<Item = OrgNo> + use<'a> {
        self.from(|s| &s.distributed, resource.0).filter(|(_, there)| there.value).map(|(org, _)| OrgNo(org))
    }

    /// The content itself that a tenant is authorised to use by name.
    pub fn distributed_by_name(&self, tenant: OrgNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        self.to(|s| &s.distributed, tenant.0).filter(|(_, there)| there.value).map(|(no, _)| ResourceNo(no))
    }

    /// The content itself that a tenant is authorised to use, by name or with all others; all that was ever handed to
    /// all tenants is looked at.
    pub fn received(&self, tenant: OrgNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        let view = *self;
        let named = self.distributed_by_name(tenant);
        let rows = |state: &'a State| state.distributed_all.rows();
        let all = rows(self.base).chain(self.over.into_iter().flat_map(rows)).map(ResourceNo);
        let all = all.filter(move |no| view.distributed_to_all(*no).is_some());
        named.chain(all)
    }

    /// Whether any org was ever authorised to use anything.
    #[must_use]
    pub fn is_anything_distributed(&self) -> bool {
        let any =
            |state: &State| state.distributed_all.rows().next().is_some() || state.distributed.all().next().is_some();
        any(self.base) || self.over.is_some_and(any)
    }

    /// By which event one piece of content itself was handed on to a user, if it still is as far as the tenant goes.
    #[must_use]
    pub fn handed_to_user(&self, resource: ResourceNo, user: UserNo) -> Option<Position> {
        there(self.edge(|s| &s.handed_user, resource.0, user.0))
    }

    /// The same of a role.
    #[must_use]
    pub fn handed_to_role(&self, resource: ResourceNo, role: RoleNo) -> Option<Position> {
        there(self.edge(|s| &s.handed_role, resource.0, role.0))
    }

    /// The same of a group.
    #[must_use]
    pub fn handed_to_group(&self, resource: ResourceNo, group: GroupNo) -> Option<Position> {
        there(self.edge(|s| &s.handed_group, resource.0, group.0))
    }

    /// The content that was handed on to a user.
    pub fn handed_with_user(&self, user: UserNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        self.to(|s| &s.handed_user, user.0).filter(|(_, there)| there.value).map(|(no, _)| ResourceNo(no))
    }

    /// The content that was handed on to a role.
    pub fn handed_with_role(&self, role: RoleNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        self.to(|s| &s.handed_role, role.0).filter(|(_, there)| there.value).map(|(no, _)| ResourceNo(no))
    }

    /// The content that was handed on to a group.
    pub fn handed_with_group(&self, group: GroupNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        self.to(|s| &s.handed_group, group.0).filter(|(_, there)| there.value).map(|(no, _)| ResourceNo(no))
    }

    /// The row rule that binds a user by name in one piece of content itself.
    #[must_use]
    pub fn row_rule_of_user(&self, resource: ResourceNo, user: UserNo) -> Option<(&'a str, Position)> {
        self.rule(self.edge(|s| &s.row_rule_user, resource.0, user.0))
    }

    /// The row rule that binds an org's people in one piece of content itself.
    #[must_use]
    pub fn row_rule_of_org(&self, resource: ResourceNo, org: OrgNo) -> Option<(&'a str, Position)> {
        self.rule(self.edge(|s| &s.row_rule_org, resource.0, org.0))
    }

    /// Whether a row rule binds a user by name, or one of these orgs' people, in any content.
    #[must_use]
    pub fn has_row_rule(&self, user: UserNo, orgs: &[OrgNo]) -> bool {
        let rules = |rule: &Option<FilterNo>| rule.is_some();
        self.to(|s| &s.row_rule_user, user.0).any(|(_, rule)| rules(&rule.value))
            || orgs.iter().any(|org| self.to(|s| &s.row_rule_org, org.0).any(|(_, rule)| rules(&rule.value)))
    }

    /// The content of which a row rule binds the user, or people of the org.
    pub fn ruled_for(&self, user: UserNo, org: Option<OrgNo>) -> impl Iterator<Item = ResourceNo> + use<'a> {
        let view = *self;
        let own = self.to(|s| &s.row_rule_user, user.0);
        let of_org = org.into_iter().flat_map(move |org| view.to(|s| &s.row_rule_org, org.0));
        own.chain(of_org).filter(|(_, rule)| rule.value.is_some()).map(|(no, _)| ResourceNo(no))
    }

    /// The number of a user id that something was said of, whether there is such a user or not.
    #[must_use]
    pub fn find_user_id(&self, id: &str) -> Option<UserNo> {
        self.find(|s| &s.users, id).map(UserNo)
    }

    fn rule(&self, rule: Option<Version<Option<FilterNo>>>) -> Option<(&'a str, Position)> {
        rule.and_then(|version| Some((self.text(|s| &s.filters, version.value?.0), version.position)))
    }
}

fn there(there: Option<Version<bool>>) -> Option<Position> {
    there.filter(|there| there.value).map(|there| there.position)
}
