//! The platform, its catalogue and its orgs.

use tenure_events::Position;
use tenure_events::data::{CrossOrgShares, Lifecycle, NameScope};

use super::{Fact, View};
use crate::values::{
    GroupNo, KindActions, KindNo, Landlord, Org, OrgNo, OrgStatus, PrivilegeNo, PrivilegeSet, Settings, UserNo,
    UserTypeNo,
};

impl<'a> View<'a> {
    /// The settings; none before the platform exists.
    #[must_use]
    pub fn settings(&self) -> Fact<'a, Settings> {
        self.row(|s| &s.settings, 0)
    }

    /// Whether a role counts only with a live subscription to its org.
    #[must_use]
    pub fn roles_need_membership(&self) -> bool {
        self.settings().is_none_or(|settings| settings.value.roles_need_membership)
    }

    /// Whose it is to make and end orgs.
    #[must_use]
    pub fn lifecycle(&self) -> Lifecycle {
        self.settings().map_or(Lifecycle::OrgManage, |settings| settings.value.lifecycle)
    }

    /// Whether system administrators hold everything in every org that does not exclude them.
    #[must_use]
    pub fn system_administrator_reaches(&self) -> bool {
        self.settings().is_some_and(|settings| settings.value.system_administrator_reaches)
    }

    /// How far content is shared across orgs.
    #[must_use]
    pub fn cross_org_shares(&self) -> CrossOrgShares {
        self.settings().map_or(CrossOrgShares::None, |settings| settings.value.cross_org_shares)
    }

    /// Among which things resource names are unique.
    #[must_use]
    pub fn name_scope(&self) -> NameScope {
        self.settings().map_or(NameScope::Parent, |settings| settings.value.name_scope)
    }

    /// All privileges of the catalogue.
    #[must_use]
    pub fn all_privileges(&self) -> PrivilegeSet {
        first_privileges(self.row(|s| &s.catalogue, 0).map(|count| count.value))
    }

    /// All privileges that the catalogue had after an event that the view knows.
    #[must_use]
    pub fn all_privileges_at(&self, position: Position) -> PrivilegeSet {
        let known = self.base.catalogue.get(0, position.min(self.position));
        first_privileges(known.map(|count| count.value))
    }

    /// The privileges that the platform keeps to itself.
    #[must_use]
    pub fn reserved_privileges(&self) -> PrivilegeSet {
        let kept = |row: &u32| self.row(|s| &s.reserved, *row).is_some();
        self.each_row(|s| &s.reserved)
            .filter(kept)
            .filter_map(|row| Some(PrivilegeNo(u8::try_from(row).ok()?)))
            .collect()
    }

    /// Whether somebody entered an org from above already from where a user does: from the same ancestor, as their homes
    /// tell; or from an ancestor that their homes do not tell, which may be any.
    #[must_use]
    pub fn was_entered(&self, org: OrgNo, user: UserNo) -> bool {
        let from = |user: UserNo| self.home(user).filter(|home| self.is_above(*home, org));
        let own = from(user);
        self.from(|s| &s.entered, org.0).any(|(other, _)| {
            let other = from(UserNo(other));
            other.is_none() || own.is_none() || own == other
        })
    }

    /// Whether nobody manages memberships of an org any more by the doing of its own users; none if that never came
    /// about.
    #[must_use]
    pub fn deserted(&self, org: OrgNo) -> Option<bool> {
        self.row(|s| &s.deserted, org.0).map(|deserted| deserted.value)
    }

    /// All user types of the catalogue.
    pub fn user_types(&self) -> impl Iterator<Item = UserTypeNo> + use<'a> {
        let view = *self;
        self.each_row(|s| &s.ceiling).map(UserTypeNo).filter(move |no| view.row(|s| &s.ceiling, no.0).is_some())
    }

    /// All kinds of the catalogue.
    pub fn kinds(&self) -> impl Iterator<Item = KindNo> + use<'a> {
        let view = *self;
        self.each_row(|s| &s.actions).map(KindNo).filter(move |no| view.actions(*no).is_some())
    }

    /// The roles that every new org starts with: what they are called and carry, in the order of their definition.
    pub fn role_templates(&self) -> impl Iterator<Item = (&'a str, PrivilegeSet)> + use<'a> {
        let view = *self;
        let templates = self.each_row(|s| &s.role_template);
        templates.filter_map(move |no| {
            Some((view.text(|s| &s.role_templates, no), view.row(|s| &s.role_template, no)?.value))
        })
    }

    /// What subscriptions of this type can hold at the most.
    #[must_use]
    pub fn ceiling(&self, user_type: UserTypeNo) -> PrivilegeSet {
        self.row(|s| &s.ceiling, user_type.0).map_or(PrivilegeSet::NONE, |ceiling| ceiling.value)
    }

    /// Which privilege each action on a kind needs.
    #[must_use]
    pub fn actions(&self, kind: KindNo) -> Fact<'a, KindActions> {
        self.row(|s| &s.actions, kind.0)
    }

    /// The root org; none before the platform exists. It is the first org of all.
    #[must_use]
    pub fn root(&self) -> Option<OrgNo> {
        Some(OrgNo(0)).filter(|root| self.org_status(*root).is_some())
    }

    /// What every check reads of an org.
    #[must_use]
    pub fn org(&self, org: OrgNo) -> Fact<'a, Org> {
        self.row(|s| &s.org, org.0)
    }

    /// Whether an org works.
    #[must_use]
    pub fn org_status(&self, org: OrgNo) -> Option<OrgStatus> {
        self.org(org).map(|org| org.value.status)
    }

    /// Whether an org is neither disabled nor archived.
    #[must_use]
    pub fn is_open(&self, org: OrgNo) -> bool {
        self.org_status(org) == Some(OrgStatus::Live)
    }

    /// Whether an org works: is neither disabled nor archived, and its trial or licence is not over.
    #[must_use]
    pub fn is_live(&self, org: OrgNo) -> bool {
        self.is_open(org) && self.licence_over(org).is_none()
    }

    /// An org's name.
    #[must_use]
    pub fn org_name(&self, org: OrgNo) -> &'a str {
        self.row(|s| &s.org_name, org.0).map_or("", |name| &name.value)
    }

    /// What an org is for.
    #[must_use]
    pub fn org_description(&self, org: OrgNo) -> &'a str {
        self.row(|s| &s.org_description, org.0).map_or("", |description| &description.value)
    }

    /// An org's tags.
    #[must_use]
    pub fn org_tags(&self, org: OrgNo) -> &'a [String] {
        self.row(|s| &s.org_tags, org.0).map_or(&[], |tags| &tags.value)
    }

    /// An org's region.
    #[must_use]
    pub fn org_region(&self, org: OrgNo) -> Option<&'a str> {
        self.row(|s| &s.org_about, org.0)?.value.region.as_deref()
    }

    /// The team that manages an org, and since which event.
    #[must_use]
    pub fn managing_group(&self, org: OrgNo) -> Option<(GroupNo, Position)> {
        let group = self.org(org)?.value.managing_group?;
        let since = self.edge(|s| &s.managed, group.0, org.0).map_or(0, |managed| managed.position);
        Some((group, since))
    }

    /// The orgs that a group manages.
    pub fn managed_by(&self, group: GroupNo) -> impl Iterator<Item = OrgNo> + use<'a> {
        self.from(|s| &s.managed, group.0).map(|(org, _)| OrgNo(org))
    }

    /// An org's parent; none for the root.
    #[must_use]
    pub fn parent(&self, org: OrgNo) -> Option<OrgNo> {
        self.org(org)?.value.parent
    }

    /// An org and its ancestors, from below.
    pub fn lineage(&self, org: OrgNo) -> impl Iterator<Item = OrgNo> + use<'a> {
        let view = *self;
        std::iter::successors(Some(org), move |org| view.parent(*org))
    }

    /// Whether the one is a strict ancestor of the other.
    #[must_use]
    pub fn is_above(&self, above: OrgNo, below: OrgNo) -> bool {
        self.lineage(below).skip(1).any(|org| org == above)
    }

    /// The orgs directly below an org, newest first.
    pub fn children(&self, org: OrgNo) -> impl Iterator<Item = OrgNo> + use<'a> {
        self.from(|s| &s.org_children, org.0).filter(|(_, there)| there.value).map(|(child, _)| OrgNo(child))
    }

    /// An org and all orgs below it.
    pub fn tree(&self, org: OrgNo) -> impl Iterator<Item = OrgNo> + use<'a> {
        let view = *self;
        let mut waiting = vec![org];
        std::iter::from_fn(move || {
            let org = waiting.pop()?;
            waiting.extend(view.children(org));
            Some(org)
        })
    }

    /// Every org, the archived ones as well, the root first.
    pub fn all_orgs(&self) -> impl Iterator<Item = OrgNo> + use<'a> {
        let view = *self;
        self.root().into_iter().flat_map(move |root| view.tree(root))
    }

    /// Whether an org's ancestors may enter it; always, unless they were ever excluded.
    #[must_use]
    pub fn landlord(&self, org: OrgNo) -> Fact<'a, Landlord> {
        if self.org(org)?.value.guarded { self.row(|s| &s.landlord, org.0) } else { None }
    }

    /// Length of an org's history.
    #[must_use]
    pub fn org_sequence(&self, org: OrgNo) -> u64 {
        self.row(|s| &s.org_sequence, org.0).map_or(0, |sequence| sequence.value)
    }

    /// Whether a second org has ever existed.
    #[must_use]
    pub fn has_been_multi_org(&self) -> bool {
        self.org_status(OrgNo(1)).is_some()
    }
}

fn first_privileges(count: Option<u8>) -> PrivilegeSet {
    PrivilegeSet::ALL.iter().take(count.unwrap_or(0).into()).collect()
}
