//! Searches: the judge asked of every candidate.

use std::cell::Cell;

use tenure_events::data::{CrossOrgShares, Level};

use super::people::{is_of, people};
use super::walk::{Flow, Walk};
use super::{Lookup, Page};
use crate::judge::administrative::NAMES;
use crate::judge::{self, Action, Member, Object, Question, Subject};
use crate::sight;
use crate::state::State;
use crate::store::Edges;
use crate::values::{GroupNo, KindNo, OrgNo, PrivilegeNo, ResourceNo, UserNo};
use crate::view::View;

/// Everything that a subject may do with an object: by name, and by privilege of the catalogue. With content these are
/// the privileges of its kind, those to make content of other kinds below it, and the administrative ones.
#[must_use]
pub fn actions_of(view: &View<'_>, subject: &Subject, object: Object, acting: Option<OrgNo>) -> Vec<Action> {
    let levels = [Level::View, Level::Use, Level::Edit, Level::Manage].map(Action::Level);
    let privileges = view.all_privileges().iter().filter(|privilege| applies(view, *privilege, object));
    let actions = levels.into_iter().chain([Action::Copy]).chain(privileges.map(Action::Privilege));
    let question = |action| Question { subject: *subject, action, object, acting };
    actions.filter(|action| judge::check(view, &question(*action), &mut ())).collect()
}

impl Lookup<'_> {
    /// The orgs that a user can work in: home and every org with an effective path.
    #[must_use]
    pub fn orgs_of(&self, user: UserNo) -> Page<OrgNo> {
        let seen = |org| {
            let home = self.view.home(user) == Some(org);
            self.sees(|live, viewer| {
                viewer.is_themself(user) || (home && sight::sees_user(live, viewer, user)) || {
                    sight::sees_subscription(live, viewer, user, org)
                }
            }) || self.may_search(user, org)
        };
        self.walk(|walk| orgs_of(walk, &self.view, user, &mut |walk, org| walk.take(seen(org).then_some(org))))
    }

    /// The users who may do something with an object, as far as whoever looks may ask about them, and sees them; acting in
    /// one org, or in the one that the judge chooses for each.
    #[must_use]
    pub fn who_may(&self, action: Action, object: Object, acting: Option<OrgNo>) -> Page<UserNo> {
        self.who_may_and_more(action, object, acting).0
    }

    /// The same, and how many more there are, among whom the page looked at, whom whoever looks does not see.
    #[must_use]
    pub fn who_may_and_more(&self, action: Action, object: Object, acting: Option<OrgNo>) -> (Page<UserNo>, usize) {
        let more = Cell::new(0);
        let page = self.who_may_counted(action, object, acting, &more);
        (page, more.get())
    }

    /// Whether whoever looks, and may ask about a user in an org, is told who it is: somebody who works there, whom they
    /// see anyway, or may ask about at home.
    fn is_named(&self, user: UserNo, org: OrgNo) -> bool {
        judge::belongs_effectively(&self.view, user, org)
            || self.sees_user(user)
            || self.view.home(user).is_some_and(|home| self.may_search(user, home))
    }

    fn who_may_counted(
        &self,
        action: Action,
        object: Object,
        acting: Option<OrgNo>,
        more: &Cell<usize>,
    ) -> Page<UserNo> {
        let view = &self.view;
        let (org, near) = match object {
            Object::Org(org) => (org, org),
            Object::Environment(no) => match view.environment(no) {
                Some(environment) => (environment.value.org, environment.value.org),
                None => return Page { items: Vec::new(), next: None },
            },
            Object::Resource(no) => match view.resource(no) {
                Some(resource) => (resource.value.org, acting.unwrap_or(resource.value.org)),
                None => return Page { items: Vec::new(), next: None },
            },
        };
        let may = |user: UserNo| {
            let question = Question { subject: user.into(), action, object, acting };
            if !self.may_search(user, org) || !judge::check(view, &question, &mut ()) {
                return None;
            }
            let named = self.is_named(user, org);
            more.set(more.get() + usize::from(!named));
            named.then_some(user)
        };
        self.walk(|walk| {
            walk.each([true, false], |walk, within| match object {
                _ if within => people(walk, view, near, &mut |walk, user| walk.take(may(user))),
                Object::Resource(no) if acting.is_none() && crosses(view, action, no) => {
                    let far = |user| if is_of(view, user, org) { None } else { may(user) };
                    people_of_audience(walk, view, no, &mut |walk, user| walk.take(far(user)))
                }
                Object::Resource(_) | Object::Org(_) | Object::Environment(_) => Flow::Continue(()),
            })
        })
    }

    /// The groups that give something with an object: those of the org that is acted in, or else of the object's, then
    /// those of no org, then, where no org is named, those of the orgs that content is shared with, or comes to; as far
    /// as whoever looks sees them and may ask.
    #[must_use]
    pub fn groups_who_may(&self, action: Action, object: Object, acting: Option<OrgNo>) -> Page<GroupNo> {
        let view = &self.view;
        let org = match object {
            Object::Org(org) => Some(org),
            Object::Environment(no) => view.environment(no).map(|environment| environment.value.org),
            Object::Resource(no) => view.resource(no).map(|resource| resource.value.org),
        };
        let Some(org) = org else { return Page { items: Vec::new(), next: None } };
        let may = |group: GroupNo| {
            let member = Member::of(view, group)?;
            let within = member.in_view(*view);
            let user = judge::supposed_member(&within)?;
            let asks = self
                .sees(|live, viewer| sight::may_ask_of_group(live, viewer, group, user, org) == sight::Asking::Full);
            let question = Question { subject: user.into(), action, object, acting };
            (asks && judge::check(&within, &question, &mut ())).then_some(group)
        };
        let groups = |walk: &mut Walk<_>, (table, from): (fn(&State) -> &Edges<()>, u32)| {
            let list = |below| view.numbered_from(table, from, below);
            walk.through(list, |walk, (no, there)| walk.take(there.and_then(|_| may(GroupNo(no)))))
        };
        self.walk(|walk| {
            walk.each([Near::Own, Near::Global, Near::Far], |walk, near| match (near, object) {
                (Near::Own, _) => groups(walk, (|s| &s.org_groups, acting.unwrap_or(org).0)),
                (Near::Global, _) => groups(walk, (|s| &s.global_groups, 0)),
                (Near::Far, Object::Resource(no)) if acting.is_none() && crosses(view, action, no) => {
                    audience(walk, view, no, &mut |walk, far| groups(walk, (|s| &s.org_groups, far.0)))
                }
                (Near::Far, _) => Flow::Continue(()),
            })
        })
    }

    /// The content, perhaps of one kind, that a subject may do something with, as far as whoever looks may ask about
    /// them; acting in one org, or in the one that the judge chooses for each.
    #[must_use]
    pub fn what_may(
        &self,
        subject: &Subject,
        action: Action,
        kind: Option<KindNo>,
        acting: Option<OrgNo>,
    ) -> Page<ResourceNo> {
        let (view, user) = (&self.view, subject.user);
        let may = |no: ResourceNo| {
            let org = view.resource(no).filter(|found| kind.is_none_or(|kind| found.value.kind == kind))?.value.org;
            let question = Question { subject: *subject, action, object: Object::Resource(no), acting };
            (judge::check(view, &question, &mut ()) && self.may_search(user, org)).then_some(no)
        };
        let mut content = |walk: &mut Walk<_>, org: OrgNo| {
            let list = |below| view.numbered_from(|s| &s.org_resources, org.0, below);
            walk.through(list, |walk, (no, there)| walk.take(there.and_then(|_| may(ResourceNo(no)))))
        };
        // What needs a privilege alone is had wherever one belongs, whatever org one acts in.
        let named = acting.filter(|_| !is_administrative(action));
        self.walk(|walk| {
            walk.each([true, false], |walk, near| match named {
                Some(acting) if near => content(walk, acting),
                None if near => orgs_of(walk, view, user, &mut content),
                Some(_) | None => {
                    // The judge lets one act for content of an org that one does not belong to from one org only.
                    let from = acting.or_else(|| judge::acting_org(view, user, view.home(user)?));
                    let listed = |above: &OrgNo| named.is_none() && judge::belongs_effectively(view, user, *above);
                    let above = from.into_iter().flat_map(|from| sources(view, from));
                    walk.each(above, |walk, above| match listed(&above) {
                        true => Flow::Continue(()),
                        false => content(walk, above),
                    })
                }
            })
        })
    }
}

/// The orgs whose content may be had from an org: those above it, and its master.
fn sources<'a>(view: &View<'a>, from: OrgNo) -> impl Iterator<Item = OrgNo> + use<'a> {
    let view = *view;
    let audience = view.is_audience(from);
    let above = view.lineage(from).skip(1).filter(move |_| audience);
    let master = view.master(from).map(|(master, _)| master);
    above.chain(master.filter(move |master| !(audience && view.is_above(*master, from))))
}

fn is_administrative(action: Action) -> bool {
    matches!(action, Action::Privilege(privilege) if usize::from(privilege.0) < NAMES.len())
}

/// Whether a privilege has a meaning for an object.
fn applies(view: &View<'_>, privilege: PrivilegeNo, object: Object) -> bool {
    let Object::Resource(no) = object else {
        return true;
    };
    let Some(own) = view.resource(no).map(|resource| resource.value.kind) else {
        return false;
    };
    let by_kind = |kind: KindNo| {
        view.actions(kind).is_some_and(|actions| {
            let actions = actions.value;
            let all = [actions.create, actions.view, actions.edit, actions.delete, actions.share];
            actions.create == Some(privilege) || (kind == own && all.contains(&Some(privilege)))
        })
    };
    is_administrative(Action::Privilege(privilege)) || view.kinds().any(by_kind)
}

/// Goes through home and every org with an effective path.
pub(super) fn orgs_of<T>(
    walk: &mut Walk<T>,
    view: &View<'_>,
    user: UserNo,
    each: &mut impl FnMut(&mut Walk<T>, OrgNo) -> Flow,
) -> Flow {
    if view.roles_need_membership() || !holds_global(view, user) {
        return walk.each(judge::orgs_of(view, user), each);
    }
    let list = |below| (0..view.org_count().min(below)).rev().map(|no| (no, OrgNo(no)));
    walk.through(list, |walk, org| {
        let theirs = view.org_status(org).is_some() && judge::belongs_effectively(view, user, org);
        if theirs { each(walk, org) } else { Flow::Continue(()) }
    })
}

fn holds_global(view: &View<'_>, user: UserNo) -> bool {
    let global = |role| view.role(role).is_some_and(|role| role.value.org.is_none());
    let own = view.roles_of_user(user).any(|(role, ..)| global(role));
    own || view.groups_of(user).any(|(group, ..)| view.roles_of_group(group).any(|(role, ..)| global(role)))
}

/// Whether somebody who does not belong to the content's org may do this with it at all.
fn crosses(view: &View<'_>, action: Action, resource: ResourceNo) -> bool {
    let Some(resource) = view.resource(resource).map(|resource| resource.value) else { return false };
    let needs = view.actions(resource.kind).is_none_or(|actions| {
        let needs = judge::privilege_needed(view, action, &actions.value).is_some();
        needs && !judge::is_look(action, &actions.value)
    });
    !needs && (is_downward(view) || view.sub_tenants(resource.org).next().is_some())
}

fn is_downward(view: &View<'_>) -> bool {
    view.cross_org_shares() == CrossOrgShares::Downward
}

/// The first of the ways by which an org's people may reach content of another: under which list they are found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A share of the content, or of a folder so far above it.
    Share(usize),
    /// An authorisation, as far above.
    Distribution(usize),
    SubTenant,
}

/// Whose groups a search looks through.
#[derive(Clone, Copy)]
enum Near {
    /// Those of the org that is acted in, or of the object's.
    Own,
    /// Those of no org.
    Global,
    /// Those of the orgs that content comes to.
    Far,
}

/// Whether everybody may have the content.
fn is_for_all(view: &View<'_>, resource: ResourceNo) -> bool {
    let all = |at| view.share_with_all(at).is_some() || view.distributed_to_all(at).is_some();
    is_downward(view) && view.folders(resource).any(all)
}

/// Goes through everybody whom shares with their org or with all orgs, authorisations and associations may let reach
/// the content, each once: acting in the org that the judge chooses for them.
fn people_of_audience<T>(
    walk: &mut Walk<T>,
    view: &View<'_>,
    resource: ResourceNo,
    each: &mut impl FnMut(&mut Walk<T>, UserNo) -> Flow,
) -> Flow {
    let Some(org) = view.resource(resource).map(|resource| resource.value.org) else {
        return Flow::Continue(());
    };
    if is_for_all(view, resource) {
        let list = |below| (0..view.user_count().min(below)).rev().map(|no| (no, UserNo(no)));
        return walk.through(list, each);
    }
    audience(walk, view, resource, &mut |walk, acting| {
        people(walk, view, acting, &mut |walk, user| {
            let acts = judge::acting_org(view, user, org) == Some(acting);
            if acts { each(walk, user) } else { Flow::Continue(()) }
        })
    })
}

/// Goes through the orgs, beside its own, that the content comes to by shares, authorisations and associations, each once.
fn audience<T>(
    walk: &mut Walk<T>,
    view: &View<'_>,
    resource: ResourceNo,
    each: &mut impl FnMut(&mut Walk<T>, OrgNo) -> Flow,
) -> Flow {
    let Some(org) = view.resource(resource).map(|resource| resource.value.org) else {
        return Flow::Continue(());
    };
    if is_for_all(view, resource) {
        let list = |below| (0..view.org_count().min(below)).rev().map(|no| (no, OrgNo(no)));
        return walk.through(list, |walk, other| if other == org { Flow::Continue(()) } else { each(walk, other) });
    }
    let shares = view.folders(resource).enumerate().map(|(height, at)| (Way::Share(height), at));
    let given = view.folders(resource).enumerate().map(|(height, at)| (Way::Distribution(height), at));
    walk.each(shares.chain(given).chain([(Way::SubTenant, resource)]), |walk, (way, at)| {
        let mut of = |walk: &mut Walk<T>, acting: OrgNo| {
            if self::way(view, org, resource, acting) == Some(way) { each(walk, acting) } else { Flow::Continue(()) }
        };
        match way {
            Way::Share(_) => walk.through(
                |below| view.numbered_from(|s| &s.share_org, at.0, below),
                |walk, (acting, _)| of(walk, OrgNo(acting)),
            ),
            Way::Distribution(_) => walk.through(
                |below| view.numbered_from(|s| &s.distributed, at.0, below),
                |walk, (acting, _)| of(walk, OrgNo(acting)),
            ),
            Way::SubTenant => walk.through(
                |below| view.numbered_from(|s| &s.sub_tenants, org.0, below),
                |walk, (acting, _)| of(walk, OrgNo(acting)),
            ),
        }
    })
}

fn way(view: &View<'_>, org: OrgNo, resource: ResourceNo, acting: OrgNo) -> Option<Way> {
    let downward = is_downward(view) && view.is_above(org, acting);
    let shared = || view.folders(resource).position(|at| view.share_with_org(at, acting).is_some());
    let given = || view.folders(resource).position(|at| view.distributed_to(at, acting).is_some());
    let sub = || view.master(acting).is_some_and(|(master, _)| master == org);
    let height = if downward { shared().map(Way::Share).or_else(|| given().map(Way::Distribution)) } else { None };
    height.or_else(|| sub().then_some(Way::SubTenant))
}
