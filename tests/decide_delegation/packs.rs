//! The naive model's associations, distributions and row rules.

use tenure_events::Event;
use tenure_events::data::{self, Level, Nature};
use unicode_normalization::UnicodeNormalization as _;

use super::facts::{At, Facts, Set, Status, With};
use super::rules::{Having, USER_MANAGE, Who, holds};
use tenure_events::Time;

impl Facts {
    pub fn note_packs(&mut self, event: &Event, position: u64) {
        let to = |facts: &Self, to: &data::Recipient| match to {
            data::Recipient::Org(org) => Some(facts.org(org)),
            data::Recipient::AllOrgs(_) => None,
        };
        let holder = |facts: &Self, holder: &data::Holder| match holder {
            data::Holder::User(user) => With::User(facts.user(user)),
            data::Holder::Role(role) => With::Role(facts.role(role)),
            data::Holder::Group(group) => With::Group(facts.group(group)),
        };
        let bound = |facts: &Self, of: &data::RowSubject| match of {
            data::RowSubject::User(user) => With::User(facts.user(user)),
            data::RowSubject::Org(org) => With::Org(facts.org(org)),
        };
        match event {
            Event::ContentDistributed(e) => {
                self.given.push((self.content(&e.resource), to(self, &e.to), position));
            }
            Event::ContentUndistributed(e) => {
                let (content, to) = (self.content(&e.resource), to(self, &e.to));
                self.given.retain(|given| (given.0, given.1) != (content, to));
            }
            Event::ContentHandedOn(e) => {
                let (content, to) = (self.content(&e.resource), holder(self, &e.to));
                self.handed.retain(|handed| (handed.0, handed.1) != (content, to));
                self.handed.push((content, to, position));
            }
            Event::ContentTakenBack(e) => {
                let (content, to) = (self.content(&e.resource), holder(self, &e.from));
                self.handed.retain(|handed| (handed.0, handed.1) != (content, to));
            }
            Event::RowRuleSet(e) => {
                let rule = (self.content(&e.resource), bound(self, &e.of));
                self.ruled.retain(|ruled| *ruled != rule);
                self.ruled.push(rule);
            }
            Event::RowRuleCleared(e) => {
                let rule = (self.content(&e.resource), bound(self, &e.of));
                self.ruled.retain(|ruled| *ruled != rule);
            }
            _ => {}
        }
    }

    pub fn nature(&self, content: At) -> Nature {
        self.kinds[self.contents[content].kind].1.nature
    }

    fn goes_to_tenants(&self, content: At) -> bool {
        matches!(self.nature(content), Nature::Pack | Nature::Folder | Nature::Connection)
    }

    /// Since when a tenant may use content: the oldest authorisation of it or of a folder above.
    pub fn authorised(&self, tenant: At, content: At) -> Option<u64> {
        let chain = self.chain(content);
        let counts = |given: &&(At, Option<At>, u64)| chain.contains(&given.0) && given.1.is_none_or(|to| to == tenant);
        self.given.iter().filter(counts).map(|given| given.2).min()
    }

    /// Whether these make their holder see what the tenant may use.
    pub fn manages_given(&self, tenant: At, content: At, held: Set) -> bool {
        let share = self.kinds[self.contents[content].kind].1.share;
        self.goes_to_tenants(content)
            && self.authorised(tenant, content).is_some()
            && held & USER_MANAGE != 0
            && share.is_none_or(|share| held & 1 << share != 0)
    }

    /// To whom in a tenant content is handed on, as long as the authorisation stands that was there then.
    pub fn handed_on(&self, tenant: At, content: At) -> impl Iterator<Item = With> {
        let chain = self.chain(content);
        let of = move |with: With| match with {
            With::User(user) => Some(self.users[user].home),
            With::Role(role) => self.roles[role].org,
            With::Group(group) => self.groups[group].org,
            With::Org(_) | With::All => None,
        };
        let stands = move |(at, with, when): &&(At, With, u64)| {
            chain.contains(at)
                && of(*with) == Some(tenant)
                && self.authorised(tenant, *at).is_some_and(|since| since < *when)
        };
        self.handed.iter().filter(stands).map(|(_, with, _)| *with).filter(move |_| self.goes_to_tenants(content))
    }

    /// How the subject, acting in a tenant below the content's org, has what the tenant may use.
    pub fn given_havings(&self, who: &Who, tenant: At, content: At, t: Time) -> Vec<Having> {
        let authority = self.authority(who.user, tenant, t);
        let handed = self.handed_on(tenant, content).any(|with| match with {
            With::User(user) => user == who.user,
            With::Role(role) => authority.roles.contains(&role),
            With::Group(group) => self.groups_in(who.user, tenant).any(|of| of == group),
            With::Org(_) | With::All => false,
        });
        let has = handed || self.manages_given(tenant, content, authority.privileges & who.cap);
        has.then_some(Having { level: Level::View, copy: false, elsewhere: true }).into_iter().collect()
    }

    /// What roles of a name, in a sub-tenant, have of the master's content.
    pub fn named_share(&self, master: At, content: At, name: &str, t: Time) -> Vec<Level> {
        let chain = self.chain(content);
        let mut levels = Vec::new();
        let mut gate = false;
        for share in self.shares.iter().filter(|share| chain.contains(&share.content) && holds(None, share.until, t)) {
            let With::Role(role) = share.with else { continue };
            let role = &self.roles[role];
            if role.live && role.org == Some(master) {
                gate |= folded(&role.name) == "guest";
                levels.extend((folded(&role.name) == folded(name)).then_some(share.level.min(Level::Use)));
            }
        }
        if gate { levels } else { Vec::new() }
    }

    /// How the subject, acting in a sub-tenant, has content of its master.
    pub fn associated_havings(&self, who: &Who, sub: At, content: At, t: Time) -> Vec<Having> {
        let master = self.contents[content].org;
        let (here, there) = (self.authority(who.user, sub, t), self.authority(who.user, master, t));
        let own = here.roles.iter().filter(|role| self.roles[**role].org == Some(sub));
        let levels = own.flat_map(|role| self.named_share(master, content, &self.roles[*role].name, t));
        let mut found: Vec<Having> = levels.map(|level| Having { level, copy: true, elsewhere: true }).collect();
        if here.privileges & there.privileges & who.cap & super::rules::CONTENT_MANAGE != 0 {
            found.push(Having { level: Level::View, copy: false, elsewhere: true });
        }
        found
    }

    /// The most that anybody of a sub-tenant could be given of content by roles there.
    pub fn opened_to(&self, sub: At, content: At, t: Time) -> Option<Level> {
        let master = self.orgs[sub].master.filter(|master| *master == self.contents[content].org)?;
        let live =
            self.contents[content].live && self.orgs[sub].status != Status::Gone && !self.is_tenants_app(content);
        let roles = self.roles.iter().filter(|role| live && role.live && role.org == Some(master));
        roles.flat_map(|role| self.named_share(master, content, &role.name, t)).max()
    }

    /// An app that a tenant published is for that tenant.
    pub fn is_tenants_app(&self, content: At) -> bool {
        self.nature(content) == Nature::App && self.contents[content].org != 0
    }

    /// Whether a row rule binds a user, acting in an org, in content.
    pub fn bound(&self, user: At, acting: At, content: At) -> bool {
        self.rules_on(user, acting, content).next().is_some()
    }

    /// The content whose row rules bind a user, acting in an org, in content.
    pub fn rules_on(&self, user: At, acting: At, content: At) -> impl Iterator<Item = At> {
        let chain = self.chain(content);
        let binds = move |with: With| match with {
            With::User(of) => of == user,
            With::Org(org) => org == acting || org == self.users[user].home,
            With::Role(_) | With::Group(_) | With::All => false,
        };
        let counts = move |(at, with): &&(At, With)| chain.contains(at) && binds(*with);
        self.ruled.iter().filter(counts).map(|(at, _)| *at)
    }
}

pub fn folded(name: &str) -> String {
    name.nfc().collect::<String>().to_lowercase()
}
