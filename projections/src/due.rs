//! What ends by itself. No answer waits for it to be said; this is how to say it, once.

use tenure_events::data::{self, Assignee, Audience};
use tenure_events::{Event, OrgId, Position, Time, UserId};

use crate::store::{Edges, Handle, Small};
use crate::values::{
    GroupNo, KeyNo, Landlord, OrgNo, OrgStatus, ResourceNo, RoleNo, Share, UserNo, UserStatus, Window,
};
use crate::view::View;

/// A window with an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// The first instant at which it does not count.
    pub until: Time,
    /// The event that set it.
    pub granted_at: Position,
    /// What it belongs to.
    pub what: Bounded,
}

/// What can have an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the sorts of grants")]
pub enum Bounded {
    Subscription(UserNo, OrgNo),
    RoleOfUser(UserNo, RoleNo),
    RoleOfGroup(GroupNo, RoleNo),
    ShareWithUser(ResourceNo, UserNo),
    ShareWithRole(ResourceNo, RoleNo),
    ShareWithGroup(ResourceNo, GroupNo),
    ShareWithOrg(ResourceNo, OrgNo),
    ShareWithAll(ResourceNo),
    Key(KeyNo),
    Landlord(OrgNo),
    Licence(OrgNo),
    PlatformLicence,
}

impl Due {
    /// Everything that has an end in the view. It looks at every grant there is: for a start, not for a request.
    pub fn all(view: &View<'_>, mut visit: impl FnMut(Self)) {
        let state = view.state();
        let mut see = |what| {
            if let Some((granted_at, until)) = set(view, what) {
                visit(Self { until, granted_at, what });
            }
        };
        let ends = |row: &Handle| {
            state.form.get(*row, view.position()).is_some_and(|form| form.value.window.until().is_some())
        };
        // What memberships say is kept once for all that say the same: mostly, none of it ends.
        if state.form.rows().any(|row| ends(&row)) {
            pairs(&state.subscription, |user, org| see(Bounded::Subscription(UserNo(user), OrgNo(org))));
        }
        pairs(&state.role_user, |user, role| see(Bounded::RoleOfUser(UserNo(user), RoleNo(role))));
        pairs(&state.role_group, |group, role| see(Bounded::RoleOfGroup(GroupNo(group), RoleNo(role))));
        pairs(&state.share_user, |no, user| see(Bounded::ShareWithUser(ResourceNo(no), UserNo(user))));
        pairs(&state.share_role, |no, role| see(Bounded::ShareWithRole(ResourceNo(no), RoleNo(role))));
        pairs(&state.share_group, |no, group| see(Bounded::ShareWithGroup(ResourceNo(no), GroupNo(group))));
        pairs(&state.share_org, |no, org| see(Bounded::ShareWithOrg(ResourceNo(no), OrgNo(org))));
        state.share_all.rows().for_each(|no| see(Bounded::ShareWithAll(ResourceNo(no))));
        state.key.rows().for_each(|key| see(Bounded::Key(KeyNo(key))));
        state.landlord.rows().for_each(|org| see(Bounded::Landlord(OrgNo(org))));
        state.licence.rows().for_each(|org| see(Bounded::Licence(OrgNo(org))));
        see(Bounded::PlatformLicence);
    }

    /// The window with an end that an event set, which the view knows.
    #[must_use]
    pub fn of(view: &View<'_>, event: &Event) -> Option<Self> {
        let what = bounded(view, event)?;
        let (granted_at, until) = set(view, what)?;
        Some(Self { until, granted_at, what })
    }

    /// Whether it has passed in the view and nothing else has taken its place, or made it void, before.
    #[must_use]
    pub fn has_passed(&self, view: &View<'_>) -> bool {
        self.until <= view.instant()
            && set(view, self.what) == Some((self.granted_at, self.until))
            && counts(view, self.what)
    }
}

/// When what holds now was set, and when it ends, if it does.
fn set(view: &View<'_>, what: Bounded) -> Option<(Position, Time)> {
    let ends = |position, window: Window| window.until().map(|until| (position, until));
    let shared = |share: Option<(Share, Position)>| share.and_then(|(share, position)| ends(position, share.window));
    match what {
        Bounded::Subscription(user, org) => {
            view.subscription(user, org).and_then(|(held, position)| ends(position, held.window))
        }
        Bounded::RoleOfUser(user, role) => {
            let version = view.edge(|s| &s.role_user, user.0, role.0)?;
            ends(version.position, version.value?)
        }
        Bounded::RoleOfGroup(group, role) => {
            let version = view.edge(|s| &s.role_group, group.0, role.0)?;
            ends(version.position, version.value?)
        }
        Bounded::ShareWithUser(no, user) => shared(view.share_with_user(no, user)),
        Bounded::ShareWithRole(no, role) => shared(view.share_with_role(no, role)),
        Bounded::ShareWithGroup(no, group) => shared(view.share_with_group(no, group)),
        Bounded::ShareWithOrg(no, org) => shared(view.share_with_org(no, org)),
        Bounded::ShareWithAll(no) => shared(view.share_with_all(no)),
        Bounded::Key(key) => {
            let version = view.key(key)?;
            ends(version.position, view.usable_key(key)?.window)
        }
        Bounded::Landlord(org) => {
            let version = view.landlord(org)?;
            match version.value {
                Landlord::Admitted(window) => ends(version.position, window),
                Landlord::Excluded => None,
            }
        }
        Bounded::Licence(org) => view.licence(org).and_then(|licence| ends(licence.position, licence.value.window)),
        Bounded::PlatformLicence => {
            view.platform_licence().and_then(|licence| ends(licence.position, licence.value.window))
        }
    }
}

/// Whether what it belongs to is still there: what is closed for good ends no more.
fn counts(view: &View<'_>, what: Bounded) -> bool {
    let org = |org: OrgNo| view.org_status(org).is_some_and(|status| status != OrgStatus::Archived);
    let user = |user: UserNo| view.user(user).is_some_and(|user| user.value.status != UserStatus::Erased);
    let role = |no: RoleNo| view.role(no).is_some_and(|role| role.value.live && role.value.org.is_none_or(org));
    let group = |no: GroupNo| view.group(no).is_some_and(|group| group.value.live);
    let content = |no: ResourceNo| view.resource(no).is_some_and(|found| found.value.live && org(found.value.org));
    match what {
        Bounded::Subscription(of, to) => user(of) && org(to),
        Bounded::RoleOfUser(of, to) => user(of) && role(to),
        Bounded::RoleOfGroup(of, to) => group(of) && role(to),
        Bounded::ShareWithUser(no, with) => content(no) && user(with),
        Bounded::ShareWithRole(no, with) => content(no) && role(with),
        Bounded::ShareWithGroup(no, with) => content(no) && group(with),
        Bounded::ShareWithOrg(no, with) => content(no) && org(with),
        Bounded::ShareWithAll(no) => content(no),
        Bounded::Key(key) => view.key_owner(key).is_some_and(|owner| user(owner) && view.home(owner).is_some_and(org)),
        Bounded::Landlord(of) | Bounded::Licence(of) => org(of),
        Bounded::PlatformLicence => true,
    }
}

/// What an event may have set an end for.
fn bounded(view: &View<'_>, event: &Event) -> Option<Bounded> {
    let org = |org: &OrgId| view.find_org(org.as_str());
    let member = |user: &UserId, of: &OrgId, held: &data::Subscription| {
        held.valid_until?;
        Some(Bounded::Subscription(view.find_user(user.as_str())?, org(of)?))
    };
    match event {
        Event::SubscriptionGranted(e) => member(&e.user, &e.org, &e.subscription),
        Event::SubscriptionRetyped(e) => member(&e.user, &e.org, &e.subscription),
        Event::SubscriptionExtended(e) => member(&e.user, &e.org, &e.subscription),
        Event::PrivilegeGranted(e) => member(&e.user, &e.org, &e.subscription),
        Event::PrivilegeRevoked(e) => member(&e.user, &e.org, &e.subscription),
        Event::RoleAssigned(e) => e.valid_until.and_then(|_| assignment(view, e)),
        Event::ContentShared(e) => e.valid_until.and_then(|_| share(view, e)),
        Event::ApiKeyIssued(e) => e.expires.and_then(|_| view.find_key(e.key.as_str())).map(Bounded::Key),
        Event::EnrolmentOpened(e) => view.find_key(e.key.as_str()).map(Bounded::Key),
        Event::LandlordAdmitted(e) => org(&e.org).map(Bounded::Landlord),
        Event::TrialStarted(e) => org(&e.org).map(Bounded::Licence),
        Event::OrgLicensed(e) => org(&e.org).map(Bounded::Licence),
        Event::LicenceInstalled(_) => Some(Bounded::PlatformLicence),
        Event::PlatformInitialised(_)
        | Event::SettingsChanged(_)
        | Event::PrivilegeDefined(_)
        | Event::PrivilegeReserved(_)
        | Event::UserTypeDefined(_)
        | Event::ResourceKindDefined(_)
        | Event::RoleTemplateDefined(_)
        | Event::TenantPermissionDefined(_)
        | Event::TenantPermissionGranted(_)
        | Event::TenantPermissionRevoked(_)
        | Event::OrgCreated(_)
        | Event::OrgRenamed(_)
        | Event::OrgDescribed(_)
        | Event::OrgTagged(_)
        | Event::OrgMoved(_)
        | Event::OrgDisabled(_)
        | Event::OrgEnabled(_)
        | Event::OrgArchived(_)
        | Event::OrgDeserted(_)
        | Event::LandlordExcluded(_)
        | Event::SubTenantAssociated(_)
        | Event::SubTenantDisassociated(_)
        | Event::UserCreated(_)
        | Event::UserProfileChanged(_)
        | Event::UserDisabled(_)
        | Event::UserEnabled(_)
        | Event::UserErased(_)
        | Event::UserSignedIn(_)
        | Event::UserCredentialReset(_)
        | Event::IdentityLinked(_)
        | Event::IdentityUnlinked(_)
        | Event::ActiveOrgSelected(_)
        | Event::GroupCreated(_)
        | Event::GroupRenamed(_)
        | Event::GroupDeleted(_)
        | Event::GroupMemberAdded(_)
        | Event::GroupMemberRemoved(_)
        | Event::GroupInvited(_)
        | Event::GroupUninvited(_)
        | Event::EnvironmentLinked(_)
        | Event::EnvironmentUnlinked(_)
        | Event::SubscriptionWithdrawn(_)
        | Event::RoleDefined(_)
        | Event::RoleChanged(_)
        | Event::RoleDeleted(_)
        | Event::RoleUnassigned(_)
        | Event::ResourceCreated(_)
        | Event::ResourceRenamed(_)
        | Event::ResourceMoved(_)
        | Event::ResourceDeleted(_)
        | Event::ResourceCopied(_)
        | Event::ResourceExported(_)
        | Event::ResourceImported(_)
        | Event::ContentUnshared(_)
        | Event::ContentDistributed(_)
        | Event::ContentUndistributed(_)
        | Event::ContentHandedOn(_)
        | Event::ContentTakenBack(_)
        | Event::RowRuleSet(_)
        | Event::RowRuleCleared(_)
        | Event::ApiKeyRevoked(_)
        | Event::ContentAffected(_)
        | Event::CredentialConfirmed(_)
        | Event::LandlordCaughtUp(_)
        | Event::LicenceKeyTrusted(_)
        | Event::TenantProvisioned(_)
        | Event::LoginConfigured(_)
        | Event::IssuerRegistered(_)
        | Event::IssuerChanged(_)
        | Event::IssuerRemoved(_)
        | Event::IssuerConfirmed(_)
        | Event::ValidityEnded(_) => None,
    }
}

fn assignment(view: &View<'_>, e: &data::RoleAssigned) -> Option<Bounded> {
    let role = view.find_role(e.role.as_str())?;
    Some(match &e.to {
        Assignee::User(user) => Bounded::RoleOfUser(view.find_user(user.as_str())?, role),
        Assignee::Group(group) => Bounded::RoleOfGroup(view.find_group(group.as_str())?, role),
    })
}

fn share(view: &View<'_>, e: &data::ContentShared) -> Option<Bounded> {
    let no = view.find_resource(e.resource.as_str())?;
    Some(match &e.with {
        Audience::User(user) => Bounded::ShareWithUser(no, view.find_user(user.as_str())?),
        Audience::Role(role) => Bounded::ShareWithRole(no, view.find_role(role.as_str())?),
        Audience::Group(group) => Bounded::ShareWithGroup(no, view.find_group(group.as_str())?),
        Audience::Org(org) => Bounded::ShareWithOrg(no, view.find_org(org.as_str())?),
        Audience::AllOrgs(_) => Bounded::ShareWithAll(no),
    })
}

fn pairs<V: Small>(edges: &Edges<V>, mut visit: impl FnMut(Handle, Handle)) {
    edges.all().for_each(|edge| visit(edge.from, edge.to));
}
