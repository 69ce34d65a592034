//! What the events say, noted down in the model's memory.

use tenure_events::data::{Assignee, Audience, Confirmed, Subscription};
use tenure_events::{Envelope, Event, Time};

use super::facts::{
    Assignment, At, Content, Environment, Facts, Group, Holder, Key, Kind, Member, Org, Role, Set, Share, Status, User,
    With,
};

impl Facts {
    fn member(&mut self, user: At, org: At, there: bool, subscription: Option<&Subscription>) {
        let old = self.members.iter().position(|member| (member.user, member.org) == (user, org));
        let member = match (subscription, old) {
            (Some(subscription), _) => Member {
                user,
                org,
                there,
                withdrawn: None,
                user_type: self.user_types.iter().position(|t| t.0 == subscription.user_type.as_str()).unwrap(),
                privileges: self.set(&subscription.privileges),
                from: subscription.valid_from,
                until: subscription.valid_until,
            },
            (None, Some(old)) => Member { there, withdrawn: self.noting, ..self.members[old] },
            (None, None) => panic!("a withdrawal of no membership"),
        };
        match old {
            Some(old) => self.members[old] = member,
            None => self.members.push(member),
        }
    }

    fn holder(&self, to: &Assignee) -> Holder {
        match to {
            Assignee::User(user) => Holder::User(self.user(user)),
            Assignee::Group(group) => Holder::Group(self.group(group)),
        }
    }

    pub fn with(&self, audience: &Audience) -> With {
        match audience {
            Audience::User(user) => With::User(self.user(user)),
            Audience::Role(role) => With::Role(self.role(role)),
            Audience::Group(group) => With::Group(self.group(group)),
            Audience::Org(org) => With::Org(self.org(org)),
            Audience::AllOrgs(_) => With::All,
        }
    }

    /// Takes note of an event. A twin says nothing new.
    pub fn note(&mut self, envelope: &Envelope) {
        if envelope.twin_of.is_some() {
            return;
        }
        self.noting = Some((envelope.position, envelope.time));
        let ways = super::personal::comes_or_goes(&envelope.event).then(|| self.all_ways());
        self.note_event(envelope);
        if let Event::SubscriptionGranted(e) = &envelope.event
            && e.user == envelope.actor
        {
            self.entered.push((self.org(&e.org), self.user(&e.user)));
        }
        ways.into_iter().for_each(|ways| self.note_ways(&ways, envelope));
    }

    fn note_event(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::PlatformInitialised(e) => self.settings = Some(e.settings.clone()),
            Event::SettingsChanged(e) => self.settings = Some(e.settings.clone()),
            Event::PrivilegeDefined(e) => self.privileges.push(e.privilege.to_string()),
            Event::UserTypeDefined(e) => self.note_user_type(e.user_type.to_string(), self.set(&e.ceiling)),
            Event::ResourceKindDefined(e) => {
                let [create, view, edit, delete, share] = [&e.create, &e.view, &e.edit, &e.delete, &e.share]
                    .map(|name| name.as_ref().map(|name| self.privilege(name.as_str()) as u32));
                self.note_kind(e.kind.to_string(), Kind { create, view, edit, delete, share, nature: e.nature });
            }
            event => {
                self.note_org(event, envelope);
                self.note_licence(event);
                self.note_user(event, envelope);
                self.note_grant(event);
                self.note_content(event);
                if let (Event::ResourceCreated(_), "create-org" | "provision-tenant") = (event, &*envelope.command_name)
                {
                    self.contents.last_mut().unwrap().first = true;
                }
                self.note_packs(event, envelope.position);
            }
        }
    }

    fn note_org(&mut self, event: &Event, envelope: &Envelope) {
        match event {
            Event::OrgCreated(e) => self.orgs.push(Org {
                id: self.new_id(&e.org, self.orgs.iter().map(|org| &org.id)),
                name: e.name.clone(),
                parent: e.parent.as_ref().map(|parent| self.org(parent)),
                status: Status::Live,
                shuts_from: None,
                team: e.managing_group.as_ref().map(|group| self.group(group)),
                master: None,
                command: Some(envelope.command),
                licence: None,
            }),
            Event::OrgRenamed(e) => self.on_org(&e.org, |org| org.name.clone_from(&e.name)),
            Event::OrgMoved(e) => {
                let parent = self.org(&e.parent);
                self.on_org(&e.org, |org| org.parent = Some(parent));
            }
            Event::OrgDisabled(e) => self.on_org(&e.org, |org| org.status = Status::Disabled),
            Event::OrgEnabled(e) => self.on_org(&e.org, |org| org.status = Status::Live),
            Event::OrgArchived(e) => self.on_org(&e.org, |org| org.status = Status::Gone),
            Event::LandlordExcluded(e) => self.on_org(&e.org, |org| org.shuts_from = Some(Time::MIN)),
            Event::SubTenantAssociated(e) => {
                let master = self.org(&e.master);
                self.on_org(&e.sub, |org| org.master = Some(master));
            }
            Event::SubTenantDisassociated(e) => self.on_org(&e.sub, |org| org.master = None),
            Event::LandlordAdmitted(e) => self.on_org(&e.org, |org| org.shuts_from = e.until),
            _ => {}
        }
    }

    pub fn on_org(&mut self, id: &tenure_events::OrgId, change: impl FnOnce(&mut Org)) {
        let org = self.org(id);
        change(&mut self.orgs[org]);
    }

    fn note_user(&mut self, event: &Event, envelope: &Envelope) {
        let mut status = |id: &tenure_events::UserId, status| {
            let user = self.user(id);
            self.users[user].status = status;
        };
        match event {
            Event::UserDisabled(e) => status(&e.user, Status::Disabled),
            Event::UserEnabled(e) => status(&e.user, Status::Live),
            Event::UserErased(e) => status(&e.user, Status::Gone),
            Event::UserCreated(e) => {
                let maker = self.users.iter().position(|user| user.id == envelope.actor.as_str());
                let id = self.new_id(&e.user, self.users.iter().map(|user| &user.id));
                let home = self.org(&e.org);
                self.users.push(User {
                    id,
                    home,
                    status: Status::Live,
                    maker,
                    first: self.orgs[home].command == Some(envelope.command),
                    confirmed: false,
                    chosen: None,
                    signed_in: false,
                    email: e.email.clone(),
                });
            }
            Event::CredentialConfirmed(e) => {
                let user = self.user(&e.user);
                match &e.what {
                    Confirmed::Account(_) => self.users[user].confirmed = true,
                    Confirmed::ApiKey(key) => {
                        let key = self.key(key);
                        self.keys[key].confirmed = true;
                    }
                    Confirmed::Identity(_) => {}
                }
            }
            Event::UserCredentialReset(e) => {
                let user = self.user(&e.user);
                self.keys.iter_mut().filter(|key| key.user == user).for_each(|key| key.status = Status::Gone);
            }
            Event::UserProfileChanged(e) => {
                let user = self.user(&e.user);
                self.users[user].email.clone_from(&e.email);
            }
            Event::UserSignedIn(e) => {
                let user = self.user(&e.user);
                self.users[user].signed_in = true;
            }
            Event::ActiveOrgSelected(e) => {
                let (user, org) = (self.user(&e.user), self.org(&e.org));
                self.users[user].chosen = Some(org);
            }
            Event::IdentityLinked(e) => {
                let subject = String::from_utf8_lossy(e.subject.as_bytes()).into_owned();
                self.identities.push((e.identity.clone(), self.user(&e.user), subject));
            }
            Event::IdentityUnlinked(e) => self.identities.retain(|(identity, ..)| *identity != e.identity),
            Event::ApiKeyIssued(e) => self.keys.push(Key {
                id: self.new_id(&e.key, self.keys.iter().map(|key| &key.id)),
                user: self.user(&e.user),
                maker: self.user(&envelope.actor),
                confirmed: false,
                only: e.org.as_ref().map(|org| self.org(org)),
                cap: e.privileges.as_ref().map_or(Set::MAX, |privileges| self.set(privileges)),
                ends: e.expires,
                status: Status::Live,
            }),
            Event::ApiKeyRevoked(e) => {
                let key = self.key(&e.key);
                self.keys[key].status = Status::Gone;
            }
            _ => {}
        }
    }

    fn note_grant(&mut self, event: &Event) {
        let member = |facts: &mut Self, user: &_, org: &_, subscription: Option<&Subscription>| {
            let (user, org) = (facts.user(user), facts.org(org));
            facts.member(user, org, subscription.is_some(), subscription);
        };
        match event {
            Event::SubscriptionGranted(e) => member(self, &e.user, &e.org, Some(&e.subscription)),
            Event::SubscriptionRetyped(e) => member(self, &e.user, &e.org, Some(&e.subscription)),
            Event::SubscriptionExtended(e) => member(self, &e.user, &e.org, Some(&e.subscription)),
            Event::PrivilegeGranted(e) => member(self, &e.user, &e.org, Some(&e.subscription)),
            Event::PrivilegeRevoked(e) => member(self, &e.user, &e.org, Some(&e.subscription)),
            Event::SubscriptionWithdrawn(e) => member(self, &e.user, &e.org, None),
            Event::GroupCreated(e) => self.groups.push(Group {
                id: self.new_id(&e.group, self.groups.iter().map(|group| &group.id)),
                name: e.name.clone(),
                org: e.org.as_ref().map(|org| self.org(org)),
                live: true,
            }),
            Event::GroupRenamed(e) => {
                let group = self.group(&e.group);
                self.groups[group].name.clone_from(&e.name);
            }
            Event::GroupDeleted(e) => {
                let group = self.group(&e.group);
                self.groups[group].live = false;
            }
            Event::GroupMemberAdded(e) => {
                let joined = (self.user(&e.user), self.group(&e.group));
                self.joined.push(joined);
                self.joined_at.extend(self.noting.map(|when| (joined, when)));
            }
            Event::GroupMemberRemoved(e) => {
                let gone = (self.user(&e.user), self.group(&e.group));
                self.joined.retain(|joined| *joined != gone);
            }
            Event::GroupInvited(e) if e.environment.is_some() => {
                let environment = self.environment(e.environment.as_ref().unwrap());
                let invited = (self.group(&e.group), environment, self.set(&e.privileges));
                self.environment_invitations.retain(|(group, at, _)| (*group, *at) != (invited.0, invited.1));
                self.environment_invitations.push(invited);
                self.invited_within_at.extend(self.noting.map(|when| ((invited.0, invited.1), when)));
            }
            Event::GroupInvited(e) => {
                let invited = (self.group(&e.group), self.org(&e.org), self.set(&e.privileges));
                self.invitations.retain(|(group, org, _)| (*group, *org) != (invited.0, invited.1));
                self.invitations.push(invited);
                self.invited_at.extend(self.noting.map(|when| ((invited.0, invited.1), when)));
            }
            Event::GroupUninvited(e) if e.environment.is_some() => {
                let gone = (self.group(&e.group), self.environment(e.environment.as_ref().unwrap()));
                self.environment_invitations.retain(|(group, at, _)| (*group, *at) != gone);
            }
            Event::GroupUninvited(e) => {
                let gone = (self.group(&e.group), self.org(&e.org));
                self.invitations.retain(|(group, org, _)| (*group, *org) != gone);
            }
            Event::EnvironmentLinked(e) => self.environments.push(Environment {
                id: self.new_id(&e.environment, self.environments.iter().map(|environment| &environment.id)),
                org: self.org(&e.org),
                live: true,
            }),
            Event::EnvironmentUnlinked(e) => {
                let environment = self.environment(&e.environment);
                self.environments[environment].live = false;
            }
            Event::TenantPermissionGranted(e) => {
                let group = self.group(&e.group);
                self.permitted.get_or_insert_default().push(group);
            }
            Event::TenantPermissionRevoked(e) => {
                let gone = self.group(&e.group);
                self.permitted.iter_mut().for_each(|permitted| permitted.retain(|group| *group != gone));
            }
            Event::RoleDefined(e) => self.roles.push(Role {
                id: self.new_id(&e.role, self.roles.iter().map(|role| &role.id)),
                name: e.name.clone(),
                org: e.org.as_ref().map(|org| self.org(org)),
                privileges: self.set(&e.privileges),
                live: true,
            }),
            Event::RoleChanged(e) => {
                let (role, privileges) = (self.role(&e.role), self.set(&e.privileges));
                self.roles[role].name.clone_from(&e.name);
                self.roles[role].privileges = privileges;
            }
            Event::RoleDeleted(e) => {
                let role = self.role(&e.role);
                self.roles[role].live = false;
            }
            Event::RoleAssigned(e) => {
                let (role, to) = (self.role(&e.role), self.holder(&e.to));
                self.assignments.retain(|old| (old.role, old.to) != (role, to));
                self.assignments.push(Assignment { role, to, until: e.valid_until, made: self.noting.unwrap() });
            }
            Event::RoleUnassigned(e) => {
                let (role, to) = (self.role(&e.role), self.holder(&e.from));
                self.assignments.retain(|old| (old.role, old.to) != (role, to));
            }
            _ => {}
        }
    }

    fn note_content(&mut self, event: &Event) {
        let made = |facts: &mut Self, id, org, kind: &tenure_events::Kind, name: &str, parent: Option<_>, maker| {
            let content = Content {
                id: facts.new_id(id, facts.contents.iter().map(|content| &content.id)),
                name: name.to_owned(),
                org: facts.org(org),
                kind: facts.kinds.iter().position(|(name, _)| name == kind.as_str()).unwrap(),
                parent: parent.map(|parent| facts.content(parent)),
                maker: facts.user(maker),
                live: true,
                environment: None,
                personal: false,
                first: false,
            };
            facts.contents.push(content);
        };
        match event {
            Event::ResourceCreated(e) => {
                made(self, &e.resource, &e.org, &e.kind, &e.name, e.parent.as_ref(), &e.creator);
                let environment = e.environment.as_ref().map(|environment| self.environment(environment));
                let made = self.contents.last_mut().unwrap();
                (made.environment, made.personal) = (environment, e.personal);
            }
            Event::ResourceCopied(e) => {
                made(self, &e.resource, &e.org, &e.kind, &e.name, e.parent.as_ref(), &e.creator)
            }
            Event::ResourceImported(e) => {
                made(self, &e.resource, &e.org, &e.kind, &e.name, e.parent.as_ref(), &e.creator)
            }
            Event::ResourceRenamed(e) => {
                let content = self.content(&e.resource);
                self.contents[content].name.clone_from(&e.name);
            }
            Event::ResourceMoved(e) => {
                let (content, parent) = (self.content(&e.resource), e.parent.as_ref().map(|p| self.content(p)));
                self.contents[content].parent = parent;
            }
            Event::ResourceDeleted(e) => {
                let content = self.content(&e.resource);
                self.contents[content].live = false;
            }
            Event::ContentShared(e) => {
                let (content, with) = (self.content(&e.resource), self.with(&e.with));
                self.shares.retain(|old| (old.content, old.with) != (content, with));
                self.shares.push(Share { content, with, level: e.level, copy: e.copy, until: e.valid_until });
            }
            Event::ContentUnshared(e) => {
                let (content, with) = (self.content(&e.resource), self.with(&e.with));
                self.shares.retain(|old| (old.content, old.with) != (content, with));
            }
            _ => {}
        }
    }
}
