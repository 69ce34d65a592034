//! What a command would do: decided like any other, on what is durable, and then dropped.

use std::collections::BTreeSet;

use tenure_events::data::Assignee;
use tenure_events::{GroupId, OrgId, RoleId, UserId};
use tenure_projections::judge::{self, Subject};
use tenure_projections::sight::{Asking, may_ask};
use tenure_projections::values::{Done, GroupNo, OrgNo, PrivilegeSet, RoleNo, UserNo};
use tenure_projections::{State, View};

use super::attempt::{Attempt, Decided, attempt, place};
use super::new_needs::NewNeeds;
use super::request::{AccessDelta, AccessDeltas, Answer, CommandError};
use super::shared::Core;
use super::stats::Outcome;
use super::wish::Wish;
use crate::chain::{Tip, chain};
use crate::decide::{Draft, Effect, OnContent, remains, suppose};

/// The most users who are compared.
const MAX_USERS: usize = 1_000;

/// What came of trying a command out.
pub(super) enum Tried {
    /// It would do this.
    New(Box<Answer>),
    /// It was done before, under the same idempotency key.
    Repeated(Done),
}

/// Decides a request and tells what would come of it. Nothing is installed, and no key of a new person is kept.
pub(super) fn dry_run(core: &Core, wish: &mut Wish) -> Result<Tried, CommandError> {
    if let Some(reason) = core.stopped() {
        return Err(CommandError::Stopped(reason));
    }
    let mut head = core.durable_head();
    let (tried_at, mut tip) = (head.position, Tip::from(head));
    let mut decided = match attempt(core, tip, core.now()?, wish)? {
        Attempt::Repeated(done) => return Ok(Tried::Repeated(done)),
        Attempt::Decided(decided) => decided,
    };
    let before = View::new(&core.state, tried_at, decided.moment.time);
    let over: State = suppose(&before, &decided.caller, &decided.moment, &decided.drafts);
    let after = before.over(&over);
    let mut deltas = access_deltas(before, after, &decided);
    let actors = |position| core.actor(position);
    let would = originals(&decided.drafts).map(|draft| &draft.event);
    let told = remains(&after, &after, &decided.caller.actor, would, &actors);
    let mut events = Vec::new();
    place(core, &mut tip, &mut decided, &mut events)?;
    let stand_ins = &decided.stand_ins;
    if !stand_ins.is_empty() {
        for envelope in &mut events {
            envelope.event = stand_ins.chosen(&envelope.event);
            envelope.org = stand_ins.org(&envelope.org);
        }
        for delta in &mut deltas.deltas {
            delta.org = stand_ins.org(&delta.org);
            delta.user = UserId::new(stand_ins.text(delta.user.as_str())).unwrap_or_else(|_| delta.user.clone());
        }
    }
    core.counters.command(Outcome::DryRun);
    Ok(Tried::New(Box::new(Answer {
        position: tried_at,
        events: chain(&mut head, &mut events),
        secret: None,
        replayed: false,
        access_delta: Some(deltas),
        told,
    })))
}

fn access_deltas(before: View<'_>, after: View<'_>, decided: &Decided) -> AccessDeltas {
    let asker = decided.caller.on_behalf_of.map_or(decided.caller.actor, Subject::from);
    let needs = NewNeeds::of(before, after, originals(&decided.drafts).map(|draft| &draft.event));
    let mut concerned =
        Concerned { before, after, users: BTreeSet::new(), everybody: !needs.is_empty(), complete: true };
    originals(&decided.drafts).for_each(|draft| concerned.add_draft(draft));
    let Concerned { users, everybody, mut complete, .. } = concerned;
    let content = originals(&decided.drafts).map(|draft| OnContent::of(&draft.event)).max().unwrap_or(OnContent::None);
    let leaves_out: &[&str] = if content == OnContent::None { &[] } else { &["content"] };
    complete &= content != OnContent::Direct;
    let deltas_of = |user| deltas_of(&before, &after, &asker, &needs, user);
    if !everybody {
        return AccessDeltas { deltas: users.into_iter().flat_map(deltas_of).collect(), complete, leaves_out };
    }
    let (mut deltas, mut concerned) = (Vec::new(), 0);
    for user in before.all_orgs().flat_map(|org| before.home_users(org)) {
        let more = deltas_of(user);
        if !more.is_empty() && concerned == MAX_USERS {
            complete = false;
            break;
        }
        concerned += usize::from(!more.is_empty());
        deltas.extend(more);
    }
    complete &= needs.all_asked();
    AccessDeltas { deltas, complete, leaves_out }
}

fn originals(drafts: &[Draft]) -> impl Iterator<Item = &Draft> {
    drafts.iter().filter(|draft| draft.twin_of.is_none())
}

/// What a user gains and loses, in each org where the asker may know.
fn deltas_of(
    before: &View<'_>,
    after: &View<'_>,
    asker: &Subject,
    needs: &NewNeeds<'_>,
    user: UserNo,
) -> Vec<AccessDelta> {
    let orgs: BTreeSet<OrgNo> = judge::orgs_of(before, user).into_iter().chain(judge::orgs_of(after, user)).collect();
    let told = |org: &OrgNo| {
        // About what the command itself makes, only the view after it knows.
        let is_new = before.user(user).is_none() || before.org_status(*org).is_none();
        may_ask(if is_new { after } else { before }, asker, user, *org) == Asking::Full
    };
    let subject = Subject::from(user);
    let names = |set: PrivilegeSet| after.privilege_names(set).map(str::to_owned).collect::<Vec<_>>();
    let delta = |org: OrgNo| {
        let had = judge::privileges_as(before, &subject, org);
        let has = judge::privileges_as(after, &subject, org);
        // What could be done without a privilege, and needs one, is lost to whoever does not have it.
        let lost = had.or(needs.lost_by(user, org)).without(has);
        let delta = AccessDelta {
            user: UserId::new(after.user_id(user)).ok()?,
            org: OrgId::new(after.org_id(org)).ok()?,
            gained: names(has.without(had)),
            lost: names(lost),
        };
        (had != has || !lost.is_empty()).then_some(delta)
    };
    orgs.into_iter().filter(told).filter_map(delta).collect()
}

/// The users whose authority a command may change.
struct Concerned<'a> {
    before: View<'a>,
    after: View<'a>,
    users: BTreeSet<UserNo>,
    /// All users, instead.
    everybody: bool,
    complete: bool,
}

impl Concerned<'_> {
    fn add_draft(&mut self, draft: &Draft) {
        match Effect::of(&draft.event) {
            Effect::Gains(user) | Effect::Loses(user) | Effect::Member(user, _) => self.user(user),
            Effect::Group(group) | Effect::Invited(group, _) | Effect::Forbids(group) => self.group(group),
            Effect::Permits(group) => {
                self.complete &= self.before.needs_tenant_permissions() == self.after.needs_tenant_permissions();
                self.group(group);
            }
            Effect::Role(role) => self.role(role),
            Effect::Assigned(_, to) => self.assignee(to),
            Effect::Opens(org) | Effect::Closes(org) | Effect::Bounds(org) => self.org(org),
            Effect::Everybody => self.everybody = true,
            Effect::None | Effect::Begins(_) | Effect::ShutsOut(_) => {}
        }
    }

    fn user(&mut self, user: &UserId) {
        let user = self.after.find_user(user.as_str());
        self.add(user.into_iter());
    }

    fn assignee(&mut self, to: &Assignee) {
        match to {
            Assignee::User(user) => self.user(user),
            Assignee::Group(group) => self.group(group),
        }
    }

    fn group(&mut self, group: &GroupId) {
        if let Some(group) = self.before.find_group(group.as_str()) {
            self.members(group);
        }
    }

    fn members(&mut self, group: GroupNo) {
        self.add(self.before.members(group).map(|(user, _)| user));
    }

    fn role(&mut self, role: &RoleId) {
        let Some(role): Option<RoleNo> = self.before.find_role(role.as_str()) else { return };
        self.add(self.before.users_with_role(role).map(|(user, ..)| user));
        for (group, ..) in self.before.groups_with_role(role) {
            self.members(group);
        }
    }

    /// Who is at home in the org, or a member of it or of one below it.
    fn org(&mut self, org: &OrgId) {
        let mut below: Vec<OrgNo> = self.before.find_org(org.as_str()).into_iter().collect();
        while let Some(org) = below.pop() {
            self.add(self.before.home_users(org));
            self.add(self.before.subscribers(org).map(|(user, ..)| user));
            if !self.complete {
                return;
            }
            below.extend(self.before.children(org));
        }
    }

    fn add(&mut self, users: impl Iterator<Item = UserNo>) {
        for user in users {
            if self.users.len() >= MAX_USERS && !self.users.contains(&user) {
                self.complete = false;
                return;
            }
            self.users.insert(user);
        }
    }
}
