//! Who from elsewhere still reads or acts in an org, or below it, and what outsiders made there: for the answer to an
//! exclusion, and for whoever asks later.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use serde::Serialize;
use tenure_events::{Position, UserId};
use tenure_projections::judge::{self, Subject, outside};
use tenure_projections::values::{OrgNo, UserNo};
use tenure_projections::{View, sight};

use super::keepers;

/// The most entries of each list that an answer has.
const MAX_NAMED: usize = 1_000;

/// Who gave the command of an event, by its position: the log says it.
pub type Actors<'a> = &'a dyn Fn(Position) -> Option<UserId>;

/// What people from elsewhere have in an org, and made there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForeignAccess {
    /// Whether the org, or one above it, excludes its ancestors now.
    pub excluded: bool,
    /// Users at home elsewhere who can work in the org, or in one below it: by a subscription, a role, or a team that
    /// manages it or is invited.
    pub from_elsewhere: Vec<Foreign>,
    /// Sub-tenants from elsewhere: their people read its content as far as their roles let them.
    pub sub_tenants: Vec<String>,
    /// Who works in one of these, and is not shut out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub through_sub_tenants: Vec<Foreign>,
    /// Users at home in the org, or below it, whom somebody from elsewhere made.
    pub made_from_above: Vec<Made>,
    /// What else people from elsewhere made or gave there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issued: Vec<Issued>,
    /// How many more there are whom the reader may not see, or whom these lists have no room for.
    pub more: usize,
}

/// A user of another org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Foreign {
    /// Who.
    pub user: String,
    /// Their home.
    pub home: String,
    /// In which of these orgs they work.
    pub orgs: Vec<String>,
}

/// A user whom somebody from elsewhere made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// Who.
    pub user: String,
    /// By whom, for readers who may know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whether the org vouches for them: then what they issued is its own.
    pub vouched_for: bool,
}

/// Something that somebody from elsewhere made or gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issued {
    /// `api_key`, `identity`, `issuer`, `group`, `role`, `membership`, `role_assignment`, `group_member`, `invitation` or
    /// `sub_tenant`.
    pub what: &'static str,
    /// Its id, or that of the role, group or sub-tenant.
    pub id: String,
    /// Whose it is, if it is somebody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// By whom, for readers who may know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whether it waits for the org to vouch for it.
    pub suspended: bool,
}

/// Everybody at home elsewhere who can work in an org or below it, and where; and everybody who works in a sub-tenant
/// from elsewhere of one of these, is not shut out, and where.
#[must_use]
pub fn outsiders(view: &View<'_>, org: OrgNo) -> [BTreeMap<UserNo, BTreeSet<OrgNo>>; 2] {
    let (mut within, mut by_sub) = (BTreeMap::<_, BTreeSet<_>>::new(), BTreeMap::<_, BTreeSet<_>>::new());
    for at in view.tree(org) {
        who_works_in(view, at, |user| {
            if !outside::is_inside(view, user, org) {
                within.entry(user).or_default().insert(at);
            }
        });
        for sub in view.sub_tenants(at).filter(|sub| is_outside(view, *sub, org)) {
            if !judge::reaches_down(view, sub, at) {
                continue;
            }
            let mut take = |user: UserNo| {
                let shut = view.home(user).is_none_or(|home| !judge::reaches_down(view, home, at));
                if !outside::is_inside(view, user, org) && !shut && !outside::is_puppet(view, user, at) {
                    by_sub.entry(user).or_default().insert(sub);
                }
            };
            view.home_users(sub).for_each(&mut take);
            who_works_in(view, sub, take);
        }
    }
    [within, by_sub]
}

fn is_outside(view: &View<'_>, other: OrgNo, org: OrgNo) -> bool {
    other != org && !view.is_above(org, other)
}

/// Shows everybody with an effective path to an org; some of them twice.
fn who_works_in(view: &View<'_>, org: OrgNo, mut visit: impl FnMut(UserNo)) {
    let _: ControlFlow<()> = keepers::candidates(view, org, |user| {
        if judge::belongs_effectively(view, user, org) {
            visit(user);
        }
        ControlFlow::Continue(())
    });
}

/// What is told of this to a reader: no list names a person whom its reader does not see.
#[must_use]
pub fn foreign_access(view: &View<'_>, reader: &Subject, org: OrgNo, actors: Actors<'_>) -> ForeignAccess {
    let excluded = outside::shut(view, org).is_some();
    let mut telling = Telling { view, reader, org, at: org, actors, hidden: BTreeSet::new(), over: 0 };
    let [within, by_sub] = outsiders(view, org);
    let (from_elsewhere, through_sub_tenants) = (telling.foreign(within), telling.foreign(by_sub));
    let subs = view.tree(org).flat_map(|at| view.sub_tenants(at)).filter(|sub| is_outside(view, *sub, org));
    let sub_tenants = subs.map(|sub| view.org_id(sub).to_owned()).collect();
    let made_from_above = telling.made();
    let issued = telling.issued();
    let more = telling.hidden.len() + telling.over;
    ForeignAccess { excluded, from_elsewhere, sub_tenants, through_sub_tenants, made_from_above, issued, more }
}

/// An answer in the making.
struct Telling<'a> {
    view: &'a View<'a>,
    reader: &'a Subject,
    org: OrgNo,
    /// The org, or one below it, that is looked at.
    at: OrgNo,
    actors: Actors<'a>,
    /// Whom the reader does not see.
    hidden: BTreeSet<UserNo>,
    /// What had no room.
    over: usize,
}

impl<'a> Telling<'a> {
    /// Takes an entry about somebody, if there is room and the reader sees them; else counts it.
    fn take<T>(&mut self, list: &mut Vec<T>, about: Option<UserNo>, entry: impl FnOnce(&Self) -> T) {
        if let Some(user) = about.filter(|user| !sight::sees_user(self.view, self.reader, *user)) {
            self.hidden.insert(user);
        } else if list.len() < MAX_NAMED {
            list.push(entry(self));
        } else {
            self.over += 1;
        }
    }

    fn user(&self, user: UserNo) -> String {
        self.view.user_id(user).to_owned()
    }

    fn foreign(&mut self, users: BTreeMap<UserNo, BTreeSet<OrgNo>>) -> Vec<Foreign> {
        let mut list = Vec::new();
        for (user, orgs) in users {
            self.take(&mut list, Some(user), |telling| Foreign {
                user: telling.user(user),
                home: telling.view.home(user).map_or("", |home| telling.view.org_id(home)).to_owned(),
                orgs: orgs.into_iter().map(|org| telling.view.org_id(org).to_owned()).collect(),
            });
        }
        list
    }

    fn made(&mut self) -> Vec<Made> {
        let (view, mut list) = (self.view, Vec::new());
        for user in view.tree(self.org).flat_map(|at| view.home_users(at)) {
            let maker =
                view.creator(user).filter(|maker| *maker != user && !outside::is_inside(view, *maker, self.org));
            let Some(maker) = maker else { continue };
            self.take(&mut list, Some(user), |telling| Made {
                user: telling.user(user),
                by: telling.by(maker),
                vouched_for: outside::is_of(view, user, telling.org),
            });
        }
        list
    }

    /// Who did it, for whoever sees them, or reads the org's history, where it stands.
    fn by(&self, maker: UserNo) -> Option<String> {
        let knows =
            sight::sees_user(self.view, self.reader, maker) || sight::reads_history(self.view, self.reader, self.org);
        knows.then(|| self.user(maker))
    }

    /// Who gave the command of an event, if they were none of the org's own.
    fn outsider(&self, position: Position) -> Option<UserNo> {
        let maker = self.view.find_user((self.actors)(position)?.as_str())?;
        (!outside::is_of(self.view, maker, self.org)).then_some(maker)
    }

    fn issued(&mut self) -> Vec<Issued> {
        let (view, mut list) = (self.view, Vec::new());
        for at in view.tree(self.org) {
            self.at = at;
            for user in view.home_users(at) {
                self.credentials(user, &mut list);
            }
            self.issuers(&mut list);
            for group in view.groups(at) {
                self.fact(&mut list, "group", view.group_id(group), None, view.group_since(group));
                for (user, position) in view.members(group) {
                    self.fact(&mut list, "group_member", view.group_id(group), Some(user), Some(position));
                }
            }
            for role in view.roles(at) {
                let defined = view.role(role).map(|role| role.position);
                self.fact(&mut list, "role", view.role_id(role), None, defined);
                for (user, _, position) in view.users_with_role(role) {
                    self.fact(&mut list, "role_assignment", view.role_id(role), Some(user), Some(position));
                }
            }
            for (user, _, position) in view.subscribers(at) {
                // What came with the user is told with them.
                if !view.was_made_at(user, position) {
                    self.fact(&mut list, "membership", view.org_id(at), Some(user), Some(position));
                }
            }
            for group in view.invited(at) {
                let since = view.invitation(group, at).map(|(_, position)| position);
                self.fact(&mut list, "invitation", view.group_id(group), None, since);
            }
            for sub in view.sub_tenants(at) {
                let since = view.master(sub).map(|(_, position)| position);
                self.fact(&mut list, "sub_tenant", view.org_id(sub), None, since);
            }
        }
        list
    }

    /// Something that counts as it did, if an outsider did it.
    fn fact(
        &mut self,
        list: &mut Vec<Issued>,
        what: &'static str,
        id: &str,
        user: Option<UserNo>,
        position: Option<Position>,
    ) {
        // What arose with an org is its own, whoever made that.
        let Some(position) = position.filter(|position| !self.view.arose_with(self.at, *position)) else { return };
        // Who is shut out has nothing by it.
        let home = user.and_then(|user| self.view.home(user));
        if home.is_some_and(|home| !judge::reaches_down(self.view, home, self.at)) {
            return;
        }
        if let Some(maker) = self.outsider(position) {
            self.take(list, user, |telling| Issued {
                what,
                id: id.to_owned(),
                user: user.map(|user| telling.user(user)),
                by: telling.by(maker),
                suspended: false,
            });
        }
    }

    /// Issuers whose tokens may be of people of the org that is looked at: those that were given to it, and those of the
    /// platform that name the tenant.
    fn issuers(&mut self, list: &mut Vec<Issued>) {
        let (view, at) = (self.view, self.at);
        for (no, issuer) in view.issuers() {
            let names_tenants = at == self.org && view.root() == Some(issuer.org) && issuer.tenant_claim.is_some();
            let since = view.issuer(no).filter(|_| issuer.org == at || names_tenants).map(|(_, since)| since);
            let Some(maker) = since.and_then(|since| self.outsider(since)) else { continue };
            self.take(list, None, |telling| Issued {
                what: "issuer",
                id: view.issuer_id(no).to_owned(),
                user: None,
                by: telling.by(maker),
                suspended: !outside::issuer_counts(view, no, at),
            });
        }
    }

    /// The keys and identities of a user that outsiders made, those included for which the org vouches: who made them may
    /// know them still.
    fn credentials(&mut self, user: UserNo, list: &mut Vec<Issued>) {
        let (view, org) = (self.view, self.org);
        for (no, key) in view.keys_of(user).filter(|(_, key)| !outside::is_of(view, key.maker, org)) {
            self.take(list, Some(user), |telling| Issued {
                what: "api_key",
                id: view.key_id(no).to_owned(),
                user: Some(telling.user(user)),
                by: telling.by(key.maker),
                suspended: outside::key_waits(view, no, key),
            });
        }
        for identity in view.identities_of(user) {
            let maker = outside::identity_maker(view, identity);
            let Some(maker) = maker.filter(|maker| !outside::is_of(view, *maker, org)) else { continue };
            self.take(list, Some(user), |telling| Issued {
                what: "identity",
                id: identity.to_owned(),
                user: Some(telling.user(user)),
                by: telling.by(maker),
                suspended: outside::identity_waits(view, identity),
            });
        }
    }
}
