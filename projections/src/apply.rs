//! What an event changes: pure and total, reading no state.

use tenure_events::data::{self, Assignee, Audience, Holder, Level, Recipient, RowSubject, Settings};
use tenure_events::{
    ApiKeyId, Envelope, EnvironmentId, Event, GroupId, IssuerId, Kind, OrgId, Privilege, ResourceId, RoleId, Sealed,
    TenantPermission, UserId, UserType,
};

use crate::values::{Done, Licence, OrgStatus, UserStatus, Window};

mod parts;

use parts::{Place, created, left, place, role, subscription};

/// One key with its new value, in the words of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant names the table that it changes, see `State`")]
pub enum Change<'a> {
    Settings(&'a Settings),
    Privilege {
        privilege: &'a Privilege,
        number: u8,
    },
    Reserved {
        privilege: &'a Privilege,
    },
    /// The user made themself a member.
    Entered {
        org: &'a OrgId,
        user: &'a UserId,
    },
    Deserted {
        org: &'a OrgId,
        own: bool,
    },
    /// The user left the org, or gave up something in it, by their own act.
    Left {
        user: &'a UserId,
        org: &'a OrgId,
    },
    UserType {
        user_type: &'a UserType,
        ceiling: &'a [Privilege],
    },
    Kind(&'a data::ResourceKindDefined),
    RoleTemplate {
        name: &'a str,
        privileges: &'a [Privilege],
    },
    TenantPermission {
        permission: &'a TenantPermission,
        privileges: &'a [Privilege],
    },
    GroupPermission {
        group: &'a GroupId,
        permission: &'a TenantPermission,
        has: bool,
    },
    Org {
        org: &'a OrgId,
        parent: Option<&'a OrgId>,
        description: &'a str,
        region: Option<&'a str>,
        managing_group: Option<&'a GroupId>,
    },
    OrgParent {
        org: &'a OrgId,
        parent: &'a OrgId,
    },
    OrgChild {
        parent: &'a OrgId,
        org: &'a OrgId,
        there: bool,
    },
    OrgName {
        org: &'a OrgId,
        name: &'a str,
        parent: Option<&'a OrgId>,
    },
    OrgDescription {
        org: &'a OrgId,
        description: &'a str,
    },
    OrgTags {
        org: &'a OrgId,
        tags: &'a [String],
    },
    OrgStatus {
        org: &'a OrgId,
        status: OrgStatus,
    },
    Landlord {
        org: &'a OrgId,
        admitted: Option<Window>,
    },
    User {
        user: &'a UserId,
        home: &'a OrgId,
        status: UserStatus,
        /// Who made them, where the event tells it.
        creator: Option<&'a UserId>,
    },
    Home {
        org: &'a OrgId,
        user: &'a UserId,
    },
    Profile {
        user: &'a UserId,
        name: Option<&'a Sealed>,
        email: Option<&'a Sealed>,
    },
    SignedIn {
        user: &'a UserId,
    },
    CredentialReset {
        user: &'a UserId,
    },
    Identity {
        identity: &'a str,
        /// Whose it is, and who linked it.
        linked: Option<(&'a UserId, &'a UserId)>,
    },
    IdentityOf {
        user: &'a UserId,
        identity: &'a str,
        linked: bool,
    },
    ActiveOrg {
        user: &'a UserId,
        org: &'a OrgId,
    },
    Group {
        group: &'a GroupId,
        org: Option<&'a OrgId>,
        name: &'a str,
        live: bool,
    },
    Member {
        user: &'a UserId,
        group: &'a GroupId,
        there: bool,
    },
    Invitation {
        group: &'a GroupId,
        org: &'a OrgId,
        environment: Option<&'a EnvironmentId>,
        privileges: Option<&'a [Privilege]>,
    },
    Environment {
        environment: &'a EnvironmentId,
        org: &'a OrgId,
        name: &'a str,
        /// Account and region; none once it is unlinked.
        linked: Option<(Option<&'a str>, Option<&'a str>)>,
    },
    Subscription {
        user: &'a UserId,
        org: &'a OrgId,
        subscription: Option<&'a data::Subscription>,
    },
    Role {
        role: &'a RoleId,
        org: Option<&'a OrgId>,
        name: &'a str,
        privileges: &'a [Privilege],
        live: bool,
    },
    Assignment {
        role: &'a RoleId,
        to: &'a Assignee,
        window: Option<Window>,
    },
    Resource {
        resource: &'a ResourceId,
        org: &'a OrgId,
        kind: &'a Kind,
        parent: Option<&'a ResourceId>,
        creator: &'a UserId,
        live: bool,
    },
    ResourceEnvironment {
        resource: &'a ResourceId,
        environment: &'a EnvironmentId,
    },
    /// The content is its creator's personal folder in the org.
    Personal {
        resource: &'a ResourceId,
        org: &'a OrgId,
        creator: &'a UserId,
    },
    ResourceChild {
        parent: &'a ResourceId,
        resource: &'a ResourceId,
        there: bool,
    },
    ResourceName {
        resource: &'a ResourceId,
        org: &'a OrgId,
        kind: &'a Kind,
        parent: Option<&'a ResourceId>,
        name: &'a str,
    },
    Exported {
        resource: &'a ResourceId,
    },
    Imported {
        source: &'a ResourceId,
        resource: &'a ResourceId,
    },
    Source {
        resource: &'a ResourceId,
        source: &'a ResourceId,
    },
    Share {
        resource: &'a ResourceId,
        with: &'a Audience,
        share: Option<(Level, bool, Window)>,
    },
    Master {
        sub: &'a OrgId,
        master: &'a OrgId,
        associated: bool,
    },
    Pack {
        resource: &'a ResourceId,
        source: Option<&'a data::Source>,
        data_permission: Option<data::DataPermission>,
    },
    Distribution {
        resource: &'a ResourceId,
        to: &'a Recipient,
        there: bool,
    },
    HandOn {
        resource: &'a ResourceId,
        to: &'a Holder,
        there: bool,
    },
    RowRule {
        resource: &'a ResourceId,
        of: &'a RowSubject,
        filter: Option<&'a str>,
    },
    Key {
        key: &'a ApiKeyId,
        issued: &'a data::ApiKeyIssued,
        /// Who issued it.
        maker: &'a UserId,
    },
    Confirmed {
        user: &'a UserId,
        what: &'a data::Confirmed,
    },
    KeyRevoked {
        key: &'a ApiKeyId,
    },
    Enrolment(&'a data::EnrolmentOpened, &'a UserId),
    LicenceKey(&'a str),
    PlatformLicence(&'a data::PlatformLicence),
    Licence(&'a OrgId, Licence),
    Ended(&'a data::Ended),
    Issuer(&'a IssuerId, &'a OrgId, Option<&'a data::IssuerSettings>),
    IssuerConfirmed(&'a IssuerId, &'a OrgId),
    Tenant(&'a data::TenantProvisioned),
    Login(&'a data::LoginConfigured),
    /// The org's history is this long now.
    OrgSequence {
        org: &'a OrgId,
        sequence: u64,
    },
    /// A command with an idempotency key.
    Done {
        command: uuid::Uuid,
        done: Done,
    },
}

/// Tells `emit` every change that the event makes, in order.
///
/// A twin changes nothing but the length of the org's history that it stands in.
pub fn apply<'a>(envelope: &'a Envelope, emit: &mut impl FnMut(Change<'a>)) {
    emit(Change::OrgSequence { org: &envelope.org, sequence: envelope.org_sequence });
    if let (0, Some(body)) = (envelope.index, envelope.body_hash) {
        let done = Done { first: envelope.position, count: envelope.count, body: body.0 };
        emit(Change::Done { command: envelope.command, done });
    }
    if envelope.twin_of.is_none() {
        event(envelope, emit);
    }
}

fn event<'a>(envelope: &'a Envelope, emit: &mut impl FnMut(Change<'a>)) {
    let actor = &envelope.actor;
    match &envelope.event {
        Event::PlatformInitialised(e) => emit(Change::Settings(&e.settings)),
        Event::SettingsChanged(e) => emit(Change::Settings(&e.settings)),
        Event::PrivilegeDefined(e) => emit(Change::Privilege { privilege: &e.privilege, number: e.number }),
        Event::PrivilegeReserved(e) => emit(Change::Reserved { privilege: &e.privilege }),
        Event::UserTypeDefined(e) => emit(Change::UserType { user_type: &e.user_type, ceiling: &e.ceiling }),
        Event::ResourceKindDefined(e) => emit(Change::Kind(e)),
        Event::RoleTemplateDefined(e) => {
            emit(Change::RoleTemplate { name: &e.name, privileges: &e.privileges });
        }
        Event::TenantPermissionDefined(e) => {
            emit(Change::TenantPermission { permission: &e.permission, privileges: &e.privileges });
        }
        Event::TenantPermissionGranted(e) => {
            emit(Change::GroupPermission { group: &e.group, permission: &e.permission, has: true });
        }
        Event::TenantPermissionRevoked(e) => {
            emit(Change::GroupPermission { group: &e.group, permission: &e.permission, has: false });
        }
        Event::OrgCreated(e) => {
            let data::OrgCreated { org, name, parent, description, tags, managing_group, region } = e;
            let (parent, region, managing_group) = (parent.as_ref(), region.as_deref(), managing_group.as_ref());
            emit(Change::Org { org, parent, description, region, managing_group });
            emit(Change::OrgName { org, name, parent });
            if let Some(parent) = parent {
                emit(Change::OrgChild { parent, org, there: true });
            }
            if !tags.is_empty() {
                emit(Change::OrgTags { org, tags });
            }
        }
        Event::OrgRenamed(e) => emit(Change::OrgName { org: &e.org, name: &e.name, parent: e.parent.as_ref() }),
        Event::OrgDescribed(e) => emit(Change::OrgDescription { org: &e.org, description: &e.description }),
        Event::OrgTagged(e) => emit(Change::OrgTags { org: &e.org, tags: &e.tags }),
        Event::OrgMoved(e) => {
            emit(Change::OrgParent { org: &e.org, parent: &e.parent });
            emit(Change::OrgName { org: &e.org, name: &e.name, parent: Some(&e.parent) });
            emit(Change::OrgChild { parent: &e.from, org: &e.org, there: false });
            emit(Change::OrgChild { parent: &e.parent, org: &e.org, there: true });
        }
        Event::OrgDisabled(e) => emit(Change::OrgStatus { org: &e.org, status: OrgStatus::Disabled }),
        Event::OrgEnabled(e) => emit(Change::OrgStatus { org: &e.org, status: OrgStatus::Live }),
        Event::OrgArchived(e) => emit(Change::OrgStatus { org: &e.org, status: OrgStatus::Archived }),
        Event::OrgDeserted(e) => emit(Change::Deserted { org: &e.org, own: e.own }),
        Event::LandlordExcluded(e) => emit(Change::Landlord { org: &e.org, admitted: None }),
        Event::LandlordAdmitted(e) => {
            emit(Change::Landlord { org: &e.org, admitted: Some(Window::new(None, e.until)) });
        }
        Event::SubTenantAssociated(e) => {
            emit(Change::Master { sub: &e.sub, master: &e.master, associated: true });
        }
        Event::SubTenantDisassociated(e) => {
            emit(Change::Master { sub: &e.sub, master: &e.master, associated: false });
        }
        Event::UserCreated(e) => {
            emit(Change::User { user: &e.user, home: &e.org, status: UserStatus::Enabled, creator: Some(actor) });
            emit(Change::Home { org: &e.org, user: &e.user });
            if e.name.is_some() || e.email.is_some() {
                emit(Change::Profile { user: &e.user, name: e.name.as_ref(), email: e.email.as_ref() });
            }
        }
        Event::UserProfileChanged(e) => {
            emit(Change::Profile { user: &e.user, name: e.name.as_ref(), email: e.email.as_ref() });
        }
        Event::UserDisabled(e) => {
            emit(Change::User { user: &e.user, home: &e.org, status: UserStatus::Disabled, creator: None })
        }
        Event::UserEnabled(e) => {
            emit(Change::User { user: &e.user, home: &e.org, status: UserStatus::Enabled, creator: None })
        }
        Event::UserErased(e) => {
            emit(Change::User { user: &e.user, home: &e.org, status: UserStatus::Erased, creator: None });
            emit(Change::Profile { user: &e.user, name: None, email: None });
        }
        Event::UserSignedIn(e) => emit(Change::SignedIn { user: &e.user }),
        Event::UserCredentialReset(e) => emit(Change::CredentialReset { user: &e.user }),
        Event::IdentityLinked(e) => {
            emit(Change::Identity { identity: &e.identity, linked: Some((&e.user, actor)) });
            emit(Change::IdentityOf { user: &e.user, identity: &e.identity, linked: true });
        }
        Event::IdentityUnlinked(e) => {
            emit(Change::Identity { identity: &e.identity, linked: None });
            emit(Change::IdentityOf { user: &e.user, identity: &e.identity, linked: false });
        }
        Event::ActiveOrgSelected(e) => emit(Change::ActiveOrg { user: &e.user, org: &e.org }),
        Event::GroupCreated(e) => {
            emit(Change::Group { group: &e.group, org: e.org.as_ref(), name: &e.name, live: true });
        }
        Event::GroupRenamed(e) => {
            emit(Change::Group { group: &e.group, org: e.org.as_ref(), name: &e.name, live: true });
        }
        Event::GroupDeleted(e) => {
            emit(Change::Group { group: &e.group, org: e.org.as_ref(), name: &e.name, live: false });
        }
        Event::GroupMemberAdded(e) => emit(Change::Member { user: &e.user, group: &e.group, there: true }),
        Event::GroupMemberRemoved(e) => emit(Change::Member { user: &e.user, group: &e.group, there: false }),
        Event::GroupInvited(e) => {
            let data::GroupInvited { group, org, environment, privileges } = e;
            let (environment, privileges) = (environment.as_ref(), Some(privileges.as_slice()));
            emit(Change::Invitation { group, org, environment, privileges });
        }
        Event::GroupUninvited(e) => {
            let data::GroupUninvited { group, org, environment } = e;
            emit(Change::Invitation { group, org, environment: environment.as_ref(), privileges: None });
        }
        Event::EnvironmentLinked(e) => {
            let data::EnvironmentLinked { environment, org, name, account, region } = e;
            let linked = Some((account.as_deref(), region.as_deref()));
            emit(Change::Environment { environment, org, name, linked });
        }
        Event::EnvironmentUnlinked(e) => {
            let data::EnvironmentUnlinked { environment, org, name } = e;
            emit(Change::Environment { environment, org, name, linked: None });
        }
        Event::SubscriptionGranted(e) => {
            emit(subscription(&e.user, &e.org, Some(&e.subscription)));
            // Nobody makes themself a member but who enters an org that they manage from above.
            if envelope.actor == e.user {
                emit(Change::Entered { org: &e.org, user: &e.user });
            }
        }
        Event::SubscriptionRetyped(e) => emit(subscription(&e.user, &e.org, Some(&e.subscription))),
        Event::SubscriptionExtended(e) => emit(subscription(&e.user, &e.org, Some(&e.subscription))),
        Event::SubscriptionWithdrawn(e) => {
            emit(subscription(&e.user, &e.org, None));
            left(envelope, &e.user, &e.org, emit);
        }
        Event::PrivilegeGranted(e) => emit(subscription(&e.user, &e.org, Some(&e.subscription))),
        Event::PrivilegeRevoked(e) => emit(subscription(&e.user, &e.org, Some(&e.subscription))),
        Event::RoleDefined(e) => emit(role(&e.role, e.org.as_ref(), &e.name, Some(&e.privileges))),
        Event::RoleChanged(e) => emit(role(&e.role, e.org.as_ref(), &e.name, Some(&e.privileges))),
        Event::RoleDeleted(e) => emit(role(&e.role, e.org.as_ref(), &e.name, None)),
        Event::RoleAssigned(e) => {
            let window = Some(Window::new(None, e.valid_until));
            emit(Change::Assignment { role: &e.role, to: &e.to, window });
        }
        Event::RoleUnassigned(e) => {
            emit(Change::Assignment { role: &e.role, to: &e.from, window: None });
            match &e.from {
                Assignee::User(user) => left(envelope, user, &envelope.org, emit),
                Assignee::Group(_) => {}
            }
        }
        Event::ResourceCreated(e) => created(e, emit),
        Event::ResourceCopied(e) => {
            let data::ResourceCopied { resource, org, kind, name, parent, creator, source } = e;
            place(Place { resource, org, kind, parent: parent.as_ref(), creator, live: true }, Some(name), emit);
            emit(Change::Source { resource, source });
        }
        Event::ResourceExported(e) => emit(Change::Exported { resource: &e.resource }),
        Event::ResourceImported(e) => {
            let data::ResourceImported { resource, org, kind, name, parent, creator, source, bundle: _ } = e;
            place(Place { resource, org, kind, parent: parent.as_ref(), creator, live: true }, Some(name), emit);
            emit(Change::Source { resource, source });
            emit(Change::Imported { source, resource });
        }
        Event::ResourceRenamed(e) => {
            let data::ResourceRenamed { resource, org, kind, name, parent } = e;
            emit(Change::ResourceName { resource, org, kind, parent: parent.as_ref(), name });
        }
        Event::ResourceMoved(e) => {
            let data::ResourceMoved { resource, org, kind, name, parent, from, creator } = e;
            if let Some(from) = from {
                emit(Change::ResourceChild { parent: from, resource, there: false });
            }
            place(Place { resource, org, kind, parent: parent.as_ref(), creator, live: true }, Some(name), emit);
        }
        Event::ResourceDeleted(e) => {
            let data::ResourceDeleted { resource, org, kind, parent, creator } = e;
            place(Place { resource, org, kind, parent: parent.as_ref(), creator, live: false }, None, emit);
        }
        Event::ContentShared(e) => {
            let share = Some((e.level, e.copy, Window::new(None, e.valid_until)));
            emit(Change::Share { resource: &e.resource, with: &e.with, share });
        }
        Event::ContentUnshared(e) => emit(Change::Share { resource: &e.resource, with: &e.with, share: None }),
        Event::ContentDistributed(e) => {
            emit(Change::Distribution { resource: &e.resource, to: &e.to, there: true });
        }
        Event::ContentUndistributed(e) => {
            emit(Change::Distribution { resource: &e.resource, to: &e.to, there: false });
        }
        Event::ContentHandedOn(e) => emit(Change::HandOn { resource: &e.resource, to: &e.to, there: true }),
        Event::ContentTakenBack(e) => emit(Change::HandOn { resource: &e.resource, to: &e.from, there: false }),
        Event::RowRuleSet(e) => {
            emit(Change::RowRule { resource: &e.resource, of: &e.of, filter: Some(&e.filter) });
        }
        Event::RowRuleCleared(e) => emit(Change::RowRule { resource: &e.resource, of: &e.of, filter: None }),
        Event::ApiKeyIssued(issued) => emit(Change::Key { key: &issued.key, issued, maker: actor }),
        Event::CredentialConfirmed(e) => emit(Change::Confirmed { user: &e.user, what: &e.what }),
        // These stand as twins: they tell what another event changes.
        Event::ContentAffected(_) | Event::LandlordCaughtUp(_) => {}
        Event::ApiKeyRevoked(e) => emit(Change::KeyRevoked { key: &e.key }),
        Event::EnrolmentOpened(opened) => emit(Change::Enrolment(opened, actor)),
        Event::LicenceKeyTrusted(e) => emit(Change::LicenceKey(&e.key)),
        Event::LicenceInstalled(e) => emit(Change::PlatformLicence(&e.licence)),
        Event::TrialStarted(e) => emit(Change::Licence(&e.org, Licence::trial(e))),
        Event::OrgLicensed(e) => emit(Change::Licence(&e.org, Licence::official(&e.licence))),
        Event::TenantProvisioned(e) => emit(Change::Tenant(e)),
        Event::LoginConfigured(e) => emit(Change::Login(e)),
        Event::IssuerRegistered(e) => emit(Change::Issuer(&e.issuer, &e.org, Some(&e.settings))),
        Event::IssuerChanged(e) => emit(Change::Issuer(&e.issuer, &e.org, Some(&e.settings))),
        Event::IssuerRemoved(e) => emit(Change::Issuer(&e.issuer, &e.org, None)),
        Event::IssuerConfirmed(e) => emit(Change::IssuerConfirmed(&e.issuer, &e.org)),
        Event::ValidityEnded(e) => emit(Change::Ended(&e.what)),
    }
}
