//! Distribution (H): packs authorised to tenants, handed on inside them, and the rows that are seen of them.

use tenure_events::data::{
    Audience, ContentDistributed, ContentHandedOn, ContentTakenBack, ContentUndistributed, CrossOrgShares,
    DataPermission, Everyone, Holder, Nature, Recipient, RowRuleCleared, RowRuleSet, RowSubject, Source,
};
use tenure_events::{Event, OrgId, ResourceId, RoleId, UserId};
use tenure_projections::judge::{self, Code, administrative};
use tenure_projections::values::{KindActions, OrgNo, Resource, ResourceNo};
use tenure_projections::{View, sight};

use super::content::{actions, named_role, sharing};
use super::scene::{Plan, Scene, conflict, invalid, org_id, unknown};
use super::{Refusal, text, workspace};
use crate::command::{ClearRowRule, CreateResource, Distribute, HandOn, SetRowRule};

const MAX_FILTER: usize = 2_000;

pub fn distribute(scene: &Scene<'_>, args: &Distribute, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, resource) = sharing(scene, &args.resource)?;
    workspace::not_personal(scene, no)?;
    if !judge::is_distributable(&actions(scene, resource.kind)?) {
        let detail =
            "only packs, and the folders and connections that they need, are for other orgs to use: share this";
        return Err(conflict("distribution.kind", detail));
    }
    let tenant = recipient(scene, resource.org, &args.to)?;
    if is_distributed(scene, no, &args.to) {
        let detail = format!("they are authorised to use `{}` already", args.resource);
        return Err(conflict("distribution.exists", detail));
    }
    let distributed = ContentDistributed { resource: args.resource.clone(), to: args.to.clone() };
    plan.add(scene, resource.org, Event::ContentDistributed(distributed), tenant.as_slice());
    Ok(())
}

pub fn undistribute(scene: &Scene<'_>, args: &Distribute, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, resource) = sharing(scene, &args.resource)?;
    if !is_distributed(scene, no, &args.to) {
        let detail = format!("they are not authorised to use `{}` itself", args.resource);
        return Err(conflict("distribution.not_there", detail));
    }
    let tenant = match &args.to {
        Recipient::Org(id) => scene.find_org(id.as_str()),
        Recipient::AllOrgs(_) => None,
    };
    let undistributed = ContentUndistributed { resource: args.resource.clone(), to: args.to.clone() };
    plan.add(scene, resource.org, Event::ContentUndistributed(undistributed), tenant.as_slice());
    Ok(())
}

pub fn hand_on(scene: &Scene<'_>, args: &HandOn, plan: &mut Plan) -> Result<(), Refusal> {
    let (tenant, no) = handing(scene, args)?;
    let to = holder(scene, tenant, &args.to)?;
    if handed(scene, no, &to).is_some_and(|at| judge::authorised(scene, tenant, no).is_some_and(|since| since < at)) {
        let detail = format!("`{}` was handed on to them already", args.resource);
        return Err(conflict("hand_on.exists", detail));
    }
    let org = org_id(scene, tenant);
    let handed = ContentHandedOn { resource: args.resource.clone(), org, to };
    plan.add(scene, tenant, Event::ContentHandedOn(handed), &[]);
    Ok(())
}

pub fn take_back(scene: &Scene<'_>, args: &HandOn, plan: &mut Plan) -> Result<(), Refusal> {
    let (tenant, no) = handing(scene, args)?;
    let from = match &args.to {
        Holder::Role(id) => role_of(scene, tenant, id).unwrap_or_else(|| args.to.clone()),
        Holder::User(_) | Holder::Group(_) => args.to.clone(),
    };
    if handed(scene, no, &from).is_none() || !is_of(scene, tenant, &from) {
        let detail = format!("`{}` was not handed on to them", args.resource);
        return Err(conflict("hand_on.not_there", detail));
    }
    let org = org_id(scene, tenant);
    let taken = ContentTakenBack { resource: args.resource.clone(), org, from };
    plan.add(scene, tenant, Event::ContentTakenBack(taken), &[]);
    Ok(())
}

pub fn set_row_rule(scene: &Scene<'_>, args: &SetRowRule, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, resource) = ruling(scene, &args.resource)?;
    let filter = text::lines("filter", &args.filter, MAX_FILTER)?;
    if filter.is_empty() {
        return Err(invalid("filter", "row_rule.empty", "say which rows they see: a filter is not empty"));
    }
    let mut bound = row_subjects(scene, args.org.as_ref(), &args.users)?;
    bound.retain(|(of, _)| rule(scene, no, of) != Some(&filter));
    if bound.is_empty() {
        return Err(conflict("nothing.changes", "this rule binds them already"));
    }
    for (of, concerns) in bound {
        let set = RowRuleSet { resource: args.resource.clone(), of, filter: filter.clone() };
        plan.add(scene, resource.org, Event::RowRuleSet(set), concerns.as_slice());
    }
    Ok(())
}

pub fn clear_row_rule(scene: &Scene<'_>, args: &ClearRowRule, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, resource) = ruling(scene, &args.resource)?;
    for (of, concerns) in row_subjects(scene, args.org.as_ref(), &args.users)? {
        if rule(scene, no, &of).is_none() {
            let detail = format!("no row rule of `{}` itself binds them", args.resource);
            return Err(conflict("row_rule.not_there", detail));
        }
        let cleared = RowRuleCleared { resource: args.resource.clone(), of };
        plan.add(scene, resource.org, Event::RowRuleCleared(cleared), concerns.as_slice());
    }
    Ok(())
}

/// What is said of new content beside its place: a pack has a source, a file unless another is named, and a data
/// permission, the author's of the app unless another is named.
pub fn of_new(
    scene: &Scene<'_>,
    org: OrgNo,
    actions: &KindActions,
    args: &CreateResource,
) -> Result<(Option<Source>, Option<DataPermission>), Refusal> {
    if actions.nature != Nature::Pack {
        let said = [("source", args.source.is_some()), ("data_permission", args.data_permission.is_some())];
        return match said.into_iter().find(|(_, said)| *said) {
            Some((field, _)) => {
                Err(invalid(field, "pack.only", format!("`{}` is no kind of pack: leave this out", args.kind)))
            }
            None => Ok((None, None)),
        };
    }
    let source = args.source.clone().unwrap_or(Source::File(Everyone));
    if let Source::Connection(id) = &source {
        connection(scene, org, id)?;
    }
    Ok((Some(source), Some(args.data_permission.unwrap_or(DataPermission::AppAuthor))))
}

/// A connection that a pack of an org may draw on: seen from there, and, below the root, only once any was given.
fn connection(scene: &Scene<'_>, org: OrgNo, id: &ResourceId) -> Result<(), Refusal> {
    let no = scene.find_resource(id.as_str());
    let no = no.filter(|no| sight::sees_resource(&scene.view, &scene.subject, Some(org), *no));
    let resource = no.and_then(|no| View::resource(scene, no)).map(|resource| resource.value);
    let resource = resource.ok_or_else(|| unknown("connection", "resource.unknown", id))?;
    let is_connection = |kind| actions(scene, kind).is_ok_and(|actions| actions.nature == Nature::Connection);
    if !is_connection(resource.kind) {
        return Err(invalid("source", "pack.no_connection", format!("`{id}` is no connection: name one")));
    }
    let given =
        || scene.received(org).any(|at| View::resource(scene, at).is_some_and(|given| is_connection(given.value.kind)));
    if resource.org == org && scene.parent(org).is_some() && !given() {
        let detail =
            "the tenant's packs draw on files and the built-in engine until it is authorised to use a connection";
        return Err(conflict("pack.connection_not_given", detail));
    }
    Ok(())
}

/// Who is to be authorised: an org below, or, from the root, all.
fn recipient(scene: &Scene<'_>, from: OrgNo, to: &Recipient) -> Result<Option<OrgNo>, Refusal> {
    let downward = scene.cross_org_shares() == CrossOrgShares::Downward;
    match to {
        Recipient::Org(id) => {
            let org = super::orgs::open(scene, id)?;
            if !downward || !scene.is_above(from, org) {
                let detail = format!("org `{id}` is not below the content's org, or content stays in its org here");
                return Err(conflict("distribution.not_downward", detail));
            }
            Ok(Some(org))
        }
        Recipient::AllOrgs(_) if downward && scene.root() == Some(from) => Ok(None),
        Recipient::AllOrgs(_) => {
            let detail = "only the root org authorises all orgs, where content leaves its org";
            Err(conflict("distribution.not_downward", detail))
        }
    }
}

fn is_distributed(scene: &Scene<'_>, no: ResourceNo, to: &Recipient) -> bool {
    match to {
        Recipient::Org(id) => scene.find_org(id.as_str()).is_some_and(|org| scene.distributed_to(no, org).is_some()),
        Recipient::AllOrgs(_) => scene.distributed_to_all(no).is_some(),
    }
}

/// The tenant acted for, and content that it is authorised to use and that the caller manages for it.
fn handing(scene: &Scene<'_>, args: &HandOn) -> Result<(OrgNo, ResourceNo), Refusal> {
    let user = scene.subject.user;
    let named = args.org.as_ref().map(|org| scene.live_org(org)).transpose()?.or(scene.acting_org);
    let acting = || scene.home(user).and_then(|home| judge::acting_org(scene, user, home));
    let tenant = named.or_else(acting);
    let tenant = tenant.ok_or_else(|| invalid("org", "org.unknown", "name the org that hands on"))?;
    let tenant = scene.live_org(&org_id(scene, tenant))?;
    scene.acts_in(tenant)?;
    let no = scene.find_resource(args.resource.as_str());
    let no = no.filter(|no| sight::sees_resource(&scene.view, &scene.subject, Some(tenant), *no));
    let seen = no.and_then(|no| Some((no, View::resource(scene, no)?.value)));
    let (no, resource) = seen.ok_or_else(|| unknown("resource", "resource.unknown", &args.resource))?;
    if resource.org == tenant {
        let detail = format!("`{}` is the org's own: share it", args.resource);
        return Err(conflict("hand_on.own", detail));
    }
    scene.need(tenant, administrative::USER_MANAGE)?;
    if let Some(share) = actions(scene, resource.kind)?.share {
        scene.need(tenant, share)?;
    }
    let mut manages = false;
    judge::reaches(scene, &scene.subject, tenant, no, |reach| {
        manages |= reach.code == Code::Distributed;
        std::ops::ControlFlow::Continue(())
    });
    if !manages {
        let detail = format!("org `{}` is not authorised to use `{}`", scene.org_id(tenant), args.resource);
        return Err(conflict("hand_on.not_authorised", detail));
    }
    Ok((tenant, no))
}

/// To whom a tenant may hand on: its home users, its roles, by id or name, and its groups.
fn holder(scene: &Scene<'_>, tenant: OrgNo, to: &Holder) -> Result<Holder, Refusal> {
    let to = match to {
        Holder::User(id) => {
            scene.user(id)?;
            to.clone()
        }
        Holder::Group(id) => {
            scene.group(id)?;
            to.clone()
        }
        Holder::Role(id) => match role_of(scene, tenant, id) {
            Some(role) => role,
            None => {
                scene.role(id)?;
                to.clone()
            }
        },
    };
    if is_of(scene, tenant, &to) {
        return Ok(to);
    }
    let detail =
        format!("they are not of org `{}`: a tenant hands on to its own users, roles and groups", scene.org_id(tenant));
    Err(conflict("hand_on.other_org", detail))
}

fn is_of(scene: &Scene<'_>, tenant: OrgNo, to: &Holder) -> bool {
    let org = match to {
        Holder::User(id) => scene.find_user(id.as_str()).and_then(|user| scene.home(user)),
        Holder::Role(id) => {
            scene.find_role(id.as_str()).and_then(|role| View::role(scene, role)).and_then(|role| role.value.org)
        }
        Holder::Group(id) => {
            scene.find_group(id.as_str()).and_then(|group| View::group(scene, group)).and_then(|group| group.value.org)
        }
    };
    org == Some(tenant)
}

/// The tenant's role of an id or a name.
fn role_of(scene: &Scene<'_>, tenant: OrgNo, id: &RoleId) -> Option<Holder> {
    match named_role(scene, tenant, &Audience::Role(id.clone()))? {
        Audience::Role(role) => Some(Holder::Role(role)),
        Audience::User(_) | Audience::Group(_) | Audience::Org(_) | Audience::AllOrgs(_) => None,
    }
}

/// By which event content itself was handed on.
fn handed(scene: &Scene<'_>, no: ResourceNo, to: &Holder) -> Option<tenure_events::Position> {
    match to {
        Holder::User(id) => scene.handed_to_user(no, scene.find_user(id.as_str())?),
        Holder::Role(id) => scene.handed_to_role(no, scene.find_role(id.as_str())?),
        Holder::Group(id) => scene.handed_to_group(no, scene.find_group(id.as_str())?),
    }
}

/// Content whose rows may be ruled: that of a kind that goes to tenants, by whoever shares it.
fn ruling(scene: &Scene<'_>, id: &ResourceId) -> Result<(ResourceNo, Resource), Refusal> {
    let (no, resource) = sharing(scene, id)?;
    match actions(scene, resource.kind)?.nature {
        Nature::Pack | Nature::Folder => Ok((no, resource)),
        Nature::Content | Nature::Connection | Nature::App => Err(conflict(
            "row_rule.kind",
            format!("`{id}` has no rows: rules are for packs and the folders they lie in"),
        )),
    }
}

/// Whom a rule binds, and whose org it concerns. Users of an org that is named need not be seen: the rule is for
/// whoever bears the id, and says nothing of whether somebody does.
fn row_subjects(
    scene: &Scene<'_>,
    org: Option<&OrgId>,
    users: &[UserId],
) -> Result<Vec<(RowSubject, Option<OrgNo>)>, Refusal> {
    let of = org.map(|org| super::orgs::open(scene, org)).transpose()?;
    match (org, of) {
        (Some(org), _) if users.is_empty() => Ok(vec![(RowSubject::Org(org.clone()), of)]),
        (Some(_), _) => {
            let twice = users.iter().enumerate().find(|(at, user)| users.iter().take(*at).any(|other| other == *user));
            if let Some((_, user)) = twice {
                return Err(invalid("users", "users.twice", format!("user `{user}` is named twice")));
            }
            Ok(users.iter().map(|user| (RowSubject::User(user.clone()), of)).collect())
        }
        (None, _) if users.is_empty() => {
            Err(invalid("users", "row_rule.nobody", "name an org, or users, whom the rule binds"))
        }
        (None, _) => {
            let found = scene.users(users)?;
            let home = |user| scene.home(user);
            Ok(users.iter().zip(found).map(|(id, user)| (RowSubject::User(id.clone()), home(user))).collect())
        }
    }
}

/// The filter that binds exactly these, of content itself. A user who does not exist yet may have one.
fn rule<'a>(scene: &Scene<'a>, no: ResourceNo, of: &RowSubject) -> Option<&'a str> {
    let rule = match of {
        RowSubject::Org(id) => scene.row_rule_of_org(no, scene.find_org(id.as_str())?),
        RowSubject::User(id) => scene.row_rule_of_user(no, scene.find_user_id(id.as_str())?),
    };
    rule.map(|(filter, _)| filter)
}
