//! What several events change alike.

use tenure_events::{Envelope, Kind, OrgId, Privilege, ResourceId, RoleId, UserId, data};

use super::Change;

/// A piece of content and its place.
pub(super) struct Place<'a> {
    pub resource: &'a ResourceId,
    pub org: &'a OrgId,
    pub kind: &'a Kind,
    pub parent: Option<&'a ResourceId>,
    pub creator: &'a UserId,
    pub live: bool,
}

/// Tells what a place of content changes.
pub(super) fn place<'a>(at: Place<'a>, name: Option<&'a str>, emit: &mut impl FnMut(Change<'a>)) {
    let Place { resource, org, kind, parent, creator, live } = at;
    emit(Change::Resource { resource, org, kind, parent, creator, live });
    if let Some(parent) = parent {
        emit(Change::ResourceChild { parent, resource, there: live });
    }
    if let Some(name) = name {
        emit(Change::ResourceName { resource, org, kind, parent, name });
    }
}

/// A user gave up something in an org, if by their own act: what they leave behind stays theirs for a while.
pub(super) fn left<'a>(envelope: &'a Envelope, user: &'a UserId, org: &'a OrgId, emit: &mut impl FnMut(Change<'a>)) {
    if envelope.actor == *user && envelope.on_behalf_of.is_none() {
        emit(Change::Left { user, org });
    }
}

/// A membership as it is now.
pub(super) const fn subscription<'a>(
    user: &'a UserId,
    org: &'a OrgId,
    subscription: Option<&'a data::Subscription>,
) -> Change<'a> {
    Change::Subscription { user, org, subscription }
}

/// A role as it is now.
pub(super) fn role<'a>(
    role: &'a RoleId,
    org: Option<&'a OrgId>,
    name: &'a str,
    privileges: Option<&'a [Privilege]>,
) -> Change<'a> {
    Change::Role { role, org, name, privileges: privileges.unwrap_or_default(), live: privileges.is_some() }
}

/// Content that was made: its place, and what it is beside.
pub(super) fn created<'a>(e: &'a data::ResourceCreated, emit: &mut impl FnMut(Change<'a>)) {
    let data::ResourceCreated { resource, org, kind, name, parent, creator, environment, personal, .. } = e;
    place(Place { resource, org, kind, parent: parent.as_ref(), creator, live: true }, Some(name), emit);
    if let Some(environment) = environment {
        emit(Change::ResourceEnvironment { resource, environment });
    }
    if *personal {
        emit(Change::Personal { resource, org, creator });
    }
    let (source, data_permission) = (e.source.as_ref(), e.data_permission);
    if source.is_some() || data_permission.is_some() {
        emit(Change::Pack { resource, source, data_permission });
    }
}
