//! What every decision stands on: the view, whose authority decides, and the plan of events.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Deref;

use tenure_events::{EnvironmentId, Event, GroupId, OrgId, Privilege, ResourceId, RoleId, Time, UserId, UserType};
use tenure_projections::View;
use tenure_projections::judge::{self, Action, Object, Question, Subject};
use tenure_projections::names::{IdSort, Scope};
use tenure_projections::sight;
use tenure_projections::values::{
    EnvironmentNo, Group, GroupNo, IdentityNo, IssuerNo, KeyNo, NameHolder, OrgNo, OrgStatus, PrivilegeNo,
    PrivilegeSet, Resource, ResourceNo, Role, RoleNo, UserNo, UserStatus, UserTypeNo,
};

pub use super::refusal::{archived, conflict, forbidden, invalid, unknown};
use super::{Caller, Draft, Kind, Moment, Refusal, StandIns, acting_for, alike, permissions, text};
use uuid::Uuid;

use crate::command::{All, Privileges};

/// A command's surroundings. Derefs to the view.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub view: View<'a>,
    /// Whose authority decides.
    pub subject: Subject,
    /// Whose token it is.
    pub actor: Subject,
    /// The org acted in, where the caller names one.
    pub acting_org: Option<OrgNo>,
    /// When the actor's key ends, if it does.
    pub key_ends: Option<Time>,
    /// The actor's key, if they came by one.
    pub key: Option<KeyNo>,
    /// By which issuer and identity the actor signed in, if they did.
    pub signed_in: Option<(IssuerNo, IdentityNo)>,
    /// When what is being given ends; none if it does not.
    pub until: Option<Time>,
    /// Privileges that arise with whom the command gives them.
    pub arising: PrivilegeSet,
    pub moment: &'a Moment,
    /// When windows of what whoever decides holds begin and end, once that was asked.
    pub bounds: &'a OnceCell<BTreeSet<Time>>,
    /// The ids that others stand in for, where the command is only tried out.
    pub trial: Option<&'a StandIns>,
}

impl<'a> Deref for Scene<'a> {
    type Target = View<'a>;
    fn deref(&self) -> &View<'a> {
        &self.view
    }
}

/// The events that a command comes to.
#[derive(Default)]
pub struct Plan(pub Vec<Draft>);

impl Plan {
    /// An event in an org's history, with a twin in the history of each other org that it concerns, as far as it is told.
    pub fn add(&mut self, view: &View<'_>, org: OrgNo, event: Event, concerns: &[OrgNo]) {
        self.in_org(org_id(view, org), event);
        let original = self.0.len().saturating_sub(1);
        for (index, other) in concerns.iter().enumerate() {
            if *other != org && !concerns.iter().take(index).any(|earlier| earlier == other) {
                let event = self.0.get(original).map(|draft| draft.event.clone());
                let told = event.and_then(|event| super::twins::told(view, &event, org, *other));
                self.twin(view, *other, original, told);
            }
        }
    }

    /// What another org is told of the event that was added last, in its own words.
    pub fn tell(&mut self, view: &View<'_>, org: OrgNo, other: OrgNo, event: Event) {
        let original = self.0.iter().rposition(|draft| draft.twin_of.is_none());
        let told = Some(event).filter(|event| other != org && super::twins::is_told(view, event, org, other));
        original.into_iter().for_each(|original| self.twin(view, other, original, told.clone()));
    }

    /// What an ancestor is told that is admitted by the event that was added last.
    pub fn catch_up(&mut self, view: &View<'_>, other: OrgNo, event: Event) {
        let original = self.0.iter().rposition(|draft| draft.twin_of.is_none());
        original.into_iter().for_each(|original| self.twin(view, other, original, Some(event.clone())));
    }

    fn twin(&mut self, view: &View<'_>, other: OrgNo, original: usize, told: Option<Event>) {
        let other = org_id(view, other);
        self.0.extend(told.map(|event| Draft { org: other, event, twin_of: Some(original) }));
    }

    /// An event in the history of an org that may be new.
    pub fn in_org(&mut self, org: OrgId, event: Event) {
        self.0.push(Draft { org, event, twin_of: None });
    }
}

impl<'a> Scene<'a> {
    pub fn new(view: &View<'a>, caller: &Caller, moment: &'a Moment, bounds: &'a OnceCell<BTreeSet<Time>>) -> Self {
        let subject = caller.on_behalf_of.map_or(caller.actor, |user| acting_for(&caller.actor, user));
        let Caller { actor, acting_org, key_ends, key, signed_in, .. } = *caller;
        Self {
            view: *view,
            subject,
            actor,
            acting_org,
            key_ends,
            key,
            signed_in,
            until: None,
            arising: PrivilegeSet::NONE,
            moment,
            bounds,
            trial: None,
        }
    }

    /// The same, for what is given until a time, or until what it belongs to ends before.
    #[must_use]
    pub fn lasting(&self, until: Option<Time>) -> Self {
        let ends = [self.until, until].into_iter().flatten().min();
        Self { until: ends, ..*self }
    }

    /// The same at a later instant: what is held then, as things stand.
    #[must_use]
    pub const fn later(&self, instant: Time) -> Self {
        Self { view: self.view.later(instant), ..*self }
    }

    /// Whether it is this user themself who commands, by a credential that carries all that they have: what is theirs
    /// to do because they are who they are takes that much.
    pub fn is_themself(&self, user: UserNo) -> bool {
        self.actor.is_themself(user) && self.subject.is_themself(user)
    }

    /// Whether this user is the one whose authority decides, or the actor in their place. Only what is refused to people
    /// about themselves rests on this; what is left to them rests on [`Scene::is_themself`].
    pub fn is_self(&self, user: UserNo) -> bool {
        user == self.subject.user || user == self.actor.user
    }

    /// An org that the caller may see, archived or not.
    pub fn org(&self, id: &OrgId) -> Result<OrgNo, Refusal> {
        let org = self.find_org(id.as_str()).filter(|org| sight::sees_org(&self.view, &self.subject, *org));
        org.ok_or_else(|| unknown("org", "org.unknown", id))
    }

    /// An org that the caller may see and that works.
    pub fn live_org(&self, id: &OrgId) -> Result<OrgNo, Refusal> {
        let org = self.org(id)?;
        match self.org_status(org) {
            Some(OrgStatus::Live) | None if self.licence_over(org).is_some() => {
                let detail = format!("the trial or the licence of org `{id}` is over: license it first");
                Err(conflict("org.licence_over", detail))
            }
            Some(OrgStatus::Live) | None => Ok(org),
            Some(OrgStatus::Disabled) => {
                Err(conflict("org.disabled", format!("org `{id}` is disabled: enable it first")))
            }
            Some(OrgStatus::Archived) => Err(archived(id)),
        }
    }

    /// A user that the caller may see and who is not erased.
    pub fn user(&self, id: &UserId) -> Result<UserNo, Refusal> {
        let user = self.find_user(id.as_str()).filter(|user| sight::sees_user(&self.view, &self.subject, *user));
        let there = user.filter(|user| View::user(self, *user).is_some_and(|u| u.value.status != UserStatus::Erased));
        there.ok_or_else(|| unknown("user", "user.unknown", id))
    }

    /// Distinct users, at least one.
    pub fn users(&self, ids: &[UserId]) -> Result<Vec<UserNo>, Refusal> {
        let mut users: Vec<UserNo> = Vec::with_capacity(ids.len());
        for id in ids {
            let user = self.user(id)?;
            if users.contains(&user) {
                return Err(invalid("users", "users.twice", format!("user `{id}` is named twice")));
            }
            users.push(user);
        }
        Ok(users)
    }

    pub fn group(&self, id: &GroupId) -> Result<(GroupNo, &'a Group), Refusal> {
        let no = self.find_group(id.as_str()).filter(|group| sight::sees_group(&self.view, &self.subject, *group));
        let group = no.and_then(|no| Some((no, &View::group(self, no)?.value))).filter(|(_, group)| group.live);
        group.ok_or_else(|| unknown("group", "group.unknown", id))
    }

    pub fn role(&self, id: &RoleId) -> Result<(RoleNo, &'a Role), Refusal> {
        let no = self.find_role(id.as_str()).filter(|role| sight::sees_role(&self.view, &self.subject, *role));
        let role = no.and_then(|no| Some((no, &View::role(self, no)?.value))).filter(|(_, role)| role.live);
        role.ok_or_else(|| unknown("role", "role.unknown", id))
    }

    /// Whether content lies in a personal folder, which are closed to whoever acts for a user.
    pub fn is_closed(&self, no: ResourceNo) -> bool {
        !self.subject.own && self.personal_of(no).is_some()
    }

    /// Content that the caller may view, from the org acted in or from its own.
    pub fn resource(&self, id: &ResourceId) -> Result<(ResourceNo, Resource), Refusal> {
        let no = self.find_resource(id.as_str());
        let there = no.and_then(|no| Some((no, View::resource(self, no)?.value)));
        let there = there.filter(|(no, resource)| resource.live && !self.is_closed(*no));
        let seen = there.filter(|(no, resource)| {
            let from = |acting| sight::sees_resource(&self.view, &self.subject, acting, *no);
            from(self.acting_org) || from(Some(resource.org)) || from(self.home(self.subject.user))
        });
        seen.ok_or_else(|| unknown("resource", "resource.unknown", id))
    }

    pub fn user_type(&self, name: &UserType) -> Result<UserTypeNo, Refusal> {
        self.find_user_type(name.as_str())
            .ok_or_else(|| invalid("user_type", "user_type.unknown", format!("there is no user type `{name}`")))
    }

    pub fn privilege(&self, name: &Privilege) -> Result<PrivilegeNo, Refusal> {
        self.find_privilege(name.as_str())
            .ok_or_else(|| invalid("privileges", "privilege.unknown", format!("there is no privilege `{name}`")))
    }

    pub fn privilege_set(&self, names: &[Privilege]) -> Result<PrivilegeSet, Refusal> {
        names.iter().map(|name| self.privilege(name)).collect()
    }

    /// The privileges asked for; "all" is `all`.
    pub fn asked(&self, privileges: &Privileges, all: PrivilegeSet) -> Result<PrivilegeSet, Refusal> {
        match privileges {
            Privileges::All(All::All) => Ok(all),
            Privileges::These(names) => self.privilege_set(names),
        }
    }

    /// What the one whose authority decides holds in an org.
    pub fn held(&self, org: OrgNo) -> PrivilegeSet {
        judge::privileges_as(&self.view, &self.subject, org)
    }

    /// The same, for what belongs to an environment of the org.
    pub fn held_within(&self, org: OrgNo, environment: Option<EnvironmentNo>) -> PrivilegeSet {
        judge::privileges_within(&self.view, &self.subject, org, environment)
    }

    pub fn holds(&self, org: OrgNo, privilege: PrivilegeNo) -> bool {
        self.held(org).has(privilege)
    }

    /// Whether the actor came by a key that carries less than its user has, or not for as long.
    pub fn is_narrow(&self) -> bool {
        !self.actor.is_whole() || self.key_ends.is_some()
    }

    /// What is held in an org by the one whose authority decides, as the delta rule judges it: in an archived org, which
    /// nobody holds anything in to change it, what its history is read by still.
    pub fn judged_within(&self, org: OrgNo, environment: Option<EnvironmentNo>) -> PrivilegeSet {
        match self.is_archived(org) {
            true => judge::privileges_read(&self.view, &self.subject, org, environment),
            false => self.held_within(org, environment),
        }
    }

    /// Whether what is had in an org counts for the delta rule: it works, or was archived, and is read about still.
    pub fn is_judged(&self, org: OrgNo) -> bool {
        self.is_live(org) || self.is_archived(org)
    }

    /// Whether the org is closed for good: it accepts no change. Its history is read still.
    pub fn is_archived(&self, org: OrgNo) -> bool {
        self.org_status(org) == Some(OrgStatus::Archived)
    }

    /// Whether the org is managed from above by the one whose authority decides, and admits them.
    pub fn manages_from_above(&self, org: OrgNo) -> bool {
        judge::manages_from_above(&self.view, &self.subject, org)
    }

    /// Refuses unless the privilege is held in the org.
    pub fn need(&self, org: OrgNo, privilege: PrivilegeNo) -> Result<(), Refusal> {
        self.need_within(org, None, privilege)
    }

    /// Refuses unless the privilege is held in the org, or in the environment of it.
    pub fn need_within(
        &self,
        org: OrgNo,
        environment: Option<EnvironmentNo>,
        privilege: PrivilegeNo,
    ) -> Result<(), Refusal> {
        if self.held_within(org, environment).has(privilege) {
            return Ok(());
        }
        let object = environment.map_or(Object::Org(org), Object::Environment);
        let action = Action::Privilege(privilege);
        let question = Question { subject: self.subject, action, object, acting: None };
        let (_, reasons) = judge::explain(&self.view, &question);
        permissions::opens(self, privilege).map_err(|refusal| Refusal { reasons: reasons.clone(), ..refusal })?;
        let (name, org) = (self.privilege_name(privilege), self.org_id(org));
        let detail = format!("this needs `{name}` in org `{org}`: ask somebody who holds it there to grant it");
        Err(Refusal { kind: Kind::Forbidden, code: "privilege.not_held", detail, reasons })
    }

    /// Refuses unless the judge allows the action on content, from the content's own org unless another is acted in.
    pub fn may(&self, action: Action, no: ResourceNo, acting: Option<OrgNo>) -> Result<(), Refusal> {
        let acting = acting.or_else(|| View::resource(self, no).map(|resource| resource.value.org));
        let question = Question { subject: self.subject, action, object: Object::Resource(no), acting };
        match judge::explain(&self.view, &question) {
            (true, _) => Ok(()),
            (false, reasons) => {
                let why = reasons.first().map_or("denied", |reason| reason.code.text());
                let detail = format!("you may not do this with `{}`: {why}", self.resource_id(no));
                Err(Refusal { kind: Kind::Forbidden, code: "content.not_allowed", detail, reasons })
            }
        }
    }

    /// Refuses a command on content of another org than the one acted in, where one is stated: by the caller, by the key,
    /// or by the user's choice.
    pub fn acts_in(&self, org: OrgNo) -> Result<(), Refusal> {
        let user = self.subject.user;
        let chosen = || self.active_org(user).and_then(|_| judge::acting_org(&self.view, user, org));
        let stated = self.acting_org.or(self.subject.only).or_else(chosen);
        match stated.filter(|stated| *stated != org) {
            None => Ok(()),
            Some(stated) => {
                let (stated, org) = (self.org_id(stated), self.org_id(org));
                let detail =
                    format!("you act in org `{stated}`, and this is content of `{org}`: act there to change it");
                Err(forbidden("acting_org.other", detail))
            }
        }
    }

    /// A name that is one, and that nobody else bears in the scope.
    pub fn name(&self, scope: Scope, name: &str, own: Option<NameHolder>) -> Result<String, Refusal> {
        let name = text::name("name", name)?;
        match self.find_name(scope, &name) {
            // Tried out, it tells nothing of what is hidden; sent, it is refused, and counted where it came in.
            Some(holder) if Some(holder) != own && (self.trial.is_none() || self.sees(holder)) => {
                Err(conflict("name.taken", format!("the name `{name}` is taken here: choose another")))
            }
            Some(_) => Ok(name),
            None => self.like_no_other(scope, name, own),
        }
    }

    /// A name that does not look like another one in the scope, of letters of another script.
    fn like_no_other(&self, scope: Scope, name: String, own: Option<NameHolder>) -> Result<String, Refusal> {
        let borne = |other: &String| self.find_name(scope, other).filter(|holder| Some(*holder) != own);
        let told = |holder: &NameHolder| self.trial.is_none() || self.sees(*holder);
        match alike::look_alikes(&name).iter().find_map(borne).filter(told) {
            None => Ok(name),
            Some(_) => {
                let detail =
                    format!("the name `{name}` looks like one that is taken here, in other letters: choose another");
                Err(conflict("name.looks_alike", detail))
            }
        }
    }

    /// Whether the caller sees what has a name.
    fn sees(&self, holder: NameHolder) -> bool {
        let (view, subject) = (&self.view, &self.subject);
        match holder {
            NameHolder::Org(org) => sight::sees_org(view, subject, org),
            NameHolder::Group(group) => sight::sees_group(view, subject, group),
            NameHolder::Role(role) => sight::sees_role(view, subject, role),
            NameHolder::Environment(no) => {
                View::environment(self, no).is_some_and(|found| sight::sees_inside(view, subject, found.value.org))
            }
            NameHolder::Resource(no) => {
                let own = View::resource(self, no).map(|resource| resource.value.org);
                let from = |acting| sight::sees_resource(view, subject, acting, no);
                from(self.acting_org) || from(own) || from(self.home(subject.user))
            }
        }
    }

    /// The id of something new: the one that the caller chose, if nothing has it, or else a fresh one. `seen` says of the
    /// chosen one whether the caller sees what has it, or that nothing has. Ids are never used again.
    pub fn new_id<Id: Clone + From<Uuid> + Display>(
        &self,
        sort: IdSort,
        chosen: Option<&Id>,
        fresh: Uuid,
        seen: impl FnOnce(&Self, &Id) -> Option<bool>,
    ) -> Result<Id, Refusal> {
        let Some(id) = chosen else { return Ok(fresh.into()) };
        match (seen(self, id), self.trial) {
            (Some(true), _) | (Some(false), None) => {
                Err(conflict("id.taken", format!("the id `{id}` is taken: choose another, or name none")))
            }
            (Some(false) | None, Some(trial)) => Ok(trial.of(&self.moment.fresh.thing, id).into()),
            (None, None) if self.has_other_case(sort, &id.to_string()) => {
                let detail = format!("the id `{id}` differs from another in upper and lower case only: choose another");
                Err(conflict("id.other_case", detail))
            }
            (None, None) => Ok(id.clone()),
        }
    }

    /// The id of a new user: not one that the platform itself goes by.
    pub fn new_user(&self, chosen: Option<&UserId>, fresh: Uuid) -> Result<UserId, Refusal> {
        if let Some(id) = chosen.filter(|id| id.as_str().starts_with('~')) {
            let detail = format!("the platform itself goes by ids such as `{id}`: choose another");
            return Err(invalid("id", "id.reserved", detail));
        }
        self.new_id(IdSort::User, chosen, fresh, |scene, id| {
            let user = scene.find_user(id.as_str())?;
            Some(sight::sees_user(&scene.view, &scene.subject, user))
        })
    }

    /// The id of new content of an org.
    pub fn new_resource(&self, chosen: Option<&ResourceId>, org: &OrgId) -> Result<ResourceId, Refusal> {
        chosen.map_or(Ok(()), |id| not_of_another(id, Some(org)))?;
        self.new_id(IdSort::Resource, chosen, self.moment.fresh.thing, |scene, id| {
            let no = scene.find_resource(id.as_str())?;
            Some(scene.sees(NameHolder::Resource(no)))
        })
    }

    /// An instant that lies in the future, or now.
    pub fn not_past(&self, field: &'static str, time: Option<Time>) -> Result<(), Refusal> {
        match time {
            Some(time) if time < self.moment.time => {
                Err(invalid(field, "time.past", format!("`{time}` has passed: name a time to come")))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Privileges by name, in the order of the catalogue.
    pub fn named(&self, privileges: PrivilegeSet) -> Vec<Privilege> {
        self.privilege_names(privileges).filter_map(|name| Privilege::new(name).ok()).collect()
    }

    /// Privileges as people read them.
    pub fn listed(&self, privileges: PrivilegeSet) -> String {
        self.privilege_names(privileges).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }
}

/// An id that a caller chose for something of an org, or of none. Ids `NAME@ORG` are kept for what the platform itself makes
/// for that org, so that no other org can take them before.
pub fn not_of_another(id: &dyn std::fmt::Display, org: Option<&OrgId>) -> Result<(), Refusal> {
    let id = id.to_string();
    match id.split_once('@') {
        Some((_, of)) if org.is_none_or(|org| org.as_str() != of) => {
            let detail = format!("ids such as `{id}` are kept for org `{of}`: choose one without `@`, or name none");
            Err(invalid("id", "id.reserved", detail))
        }
        Some(_) | None => Ok(()),
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident: $no:ty => $id:ident by $text:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(view: &View<'_>, no: $no) -> $id {
            // The text came from an id of this type when it was stored.
            $id::new(view.$text(no)).expect("a stored id is an id")
        }
    )*};
}

ids! {
    /// The id of an org.
    org_id: OrgNo => OrgId by org_id;
    /// The id of a user.
    user_id: UserNo => UserId by user_id;
    /// The id of a group.
    group_id: GroupNo => GroupId by group_id;
    /// The id of content.
    resource_id: ResourceNo => ResourceId by resource_id;
    /// The id of an environment.
    environment_id: EnvironmentNo => EnvironmentId by environment_id;
    /// The name of a user type.
    user_type_name: UserTypeNo => UserType by user_type_name;
    /// The name of a kind.
    kind_name: tenure_projections::values::KindNo => KindName by kind_name;
}

type KindName = tenure_events::Kind;
