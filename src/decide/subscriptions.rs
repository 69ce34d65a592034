//! Subscriptions: one user's membership of one org.

use tenure_events::Event;
use tenure_events::data::{
    self, PrivilegeGranted, PrivilegeRevoked, SubscriptionExtended, SubscriptionGranted, SubscriptionRetyped,
    SubscriptionWithdrawn, TenantUsers,
};
use tenure_events::{OrgId, UserId, UserType};
use tenure_projections::judge::administrative;
use tenure_projections::values::{OrgNo, PrivilegeSet, Subscription, UserNo};

use super::scene::{Plan, Scene, conflict, forbidden, invalid, unknown, user_id, user_type_name};
use super::{Refusal, catalogue, workspace};
use crate::command::{
    All, ExtendSubscription, GrantSubscriptions, MemberPrivileges, Privileges, RetypeSubscription, WithdrawSubscription,
};

pub fn grant(scene: &Scene<'_>, args: &GrantSubscriptions, plan: &mut Plan) -> Result<(), Refusal> {
    let org = scene.live_org(&args.org)?;
    let users = scene.users(&args.users)?;
    if users.is_empty() {
        return Err(invalid("users", "users.none", "name at least one user"));
    }
    if let Some(from) = &args.from_org {
        let from = scene.org(from)?;
        if let Some(other) = users.iter().find(|user| scene.home(**user) != Some(from)) {
            let detail = format!("user `{}` is not at home in `{}`", scene.user_id(*other), scene.org_id(from));
            return Err(invalid("users", "users.other_home", detail));
        }
    }
    scene.not_past("valid_from", args.valid_from)?;
    scene.not_past("valid_until", args.valid_until)?;
    if args.valid_from.zip(args.valid_until).is_some_and(|(from, until)| from >= until) {
        return Err(invalid("valid_until", "time.empty_window", "the membership would end before it begins"));
    }
    let entry = entry(scene, org, &users);
    if entry == Entry::None {
        scene.need(org, administrative::SUBSCRIPTION_MANAGE)?;
    }
    let ceiling = scene.ceiling(scene.user_type(&args.user_type)?);
    let theirs = ceiling.and(scene.subject.cap).without(scene.reserved_privileges());
    let all = if entry == Entry::None { scene.held(org).and(ceiling) } else { theirs };
    let privileges = scene.asked(&args.privileges, all)?;
    within(scene, privileges, &args.user_type, ceiling)?;
    if entry != Entry::None {
        enters_within(scene, privileges)?;
        catalogue::unreserved(scene, privileges)?;
        whole(scene, org, privileges, ceiling)?;
    }
    let subscription = data::Subscription {
        user_type: args.user_type.clone(),
        privileges: scene.named(privileges),
        valid_from: args.valid_from,
        valid_until: args.valid_until,
    };
    for user in users {
        let open = scene.subscription(user, org).filter(|(held, _)| !held.window.is_over(scene.instant()));
        if open.is_some() {
            let detail = format!("user `{}` has a subscription to `{}` already", scene.user_id(user), args.org);
            return Err(conflict("subscription.exists", detail));
        }
        if scene.is_self(user) && entry == Entry::None {
            return Err(own());
        }
        let granted = SubscriptionGranted {
            user: user_id(scene, user),
            org: args.org.clone(),
            subscription: subscription.clone(),
        };
        plan.add(scene, org, Event::SubscriptionGranted(granted), scene.home(user).as_slice());
        workspace::welcome(scene, org, &user_id(scene, user), plan);
    }
    Ok(())
}

/// A right to subscribe oneself to an org without holding anything in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// No such right.
    None,
    /// Whoever manages the org from above may subscribe themself, the first time ever that somebody does from there.
    OwnFirst,
    /// And again while nobody holds `subscription.manage` in it, if that came about by its own users.
    Deserted,
}

/// P: "I can do this easily by going into the organisation and subscribing to it." Nobody else's entry.
pub fn entry(scene: &Scene<'_>, org: OrgNo, users: &[UserNo]) -> Entry {
    let own = users == [scene.subject.user].as_slice();
    if !own || manages_above(scene, org).is_err() || scene.tenant_users() == TenantUsers::Never {
        return Entry::None;
    }
    let user = scene.subject.user;
    if !scene.was_entered(org, user) && !scene.ever_subscribed(user, org) {
        return Entry::OwnFirst;
    }
    let holder = || super::keepers::any_holder(&scene.view, org, administrative::SUBSCRIPTION_MANAGE);
    if scene.deserted(org) != Some(true) || holder() { Entry::None } else { Entry::Deserted }
}

/// Refuses an entry by a key that gives its user more than the key carries, or in an org where the key does not work.
fn whole(scene: &Scene<'_>, org: OrgNo, privileges: PrivilegeSet, ceiling: PrivilegeSet) -> Result<(), Refusal> {
    let comes = privileges.or(super::delta::potential(&scene.view, scene.subject.user, org).and(ceiling));
    let carries = scene.subject.cap == PrivilegeSet::ALL || comes.without(scene.subject.cap).is_empty();
    if carries && scene.subject.only.is_none_or(|only| only == org) {
        return Ok(());
    }
    Err(forbidden("key.wider", "by this entry you would have more than your key carries: name fewer privileges"))
}

/// Refuses unless the org is managed from above by the one whose authority decides, and admits them.
pub fn manages_above(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    if scene.manages_from_above(org) {
        return Ok(());
    }
    scene.need(org, administrative::SUBSCRIPTION_MANAGE)
}

pub fn withdraw(scene: &Scene<'_>, args: &WithdrawSubscription, plan: &mut Plan) -> Result<(), Refusal> {
    let (user, org, _) = held(scene, &args.user, &args.org)?;
    if !scene.is_themself(user) {
        scene.need(org, administrative::SUBSCRIPTION_MANAGE)?;
    }
    if scene.home(user) == Some(org) {
        let detail = format!("`{}` is at home in `{}`: disable the user instead", args.user, args.org);
        return Err(conflict("subscription.home", detail));
    }
    let withdrawn = SubscriptionWithdrawn { user: args.user.clone(), org: args.org.clone() };
    plan.add(scene, org, Event::SubscriptionWithdrawn(withdrawn), scene.home(user).as_slice());
    Ok(())
}

pub fn retype(scene: &Scene<'_>, args: &RetypeSubscription, plan: &mut Plan) -> Result<(), Refusal> {
    let (user, org, held) = open(scene, &args.user, &args.org)?;
    let user_type = scene.user_type(&args.user_type)?;
    let (before, now) = (scene.ceiling(held.user_type), scene.ceiling(user_type));
    if scene.is_self(user) && !now.without(before).is_empty() {
        return Err(own());
    }
    if !scene.is_themself(user) {
        scene.need(org, administrative::SUBSCRIPTION_MANAGE)?;
    }
    if user_type == held.user_type {
        return Err(conflict("nothing.changes", format!("the subscription is of type `{}` already", args.user_type)));
    }
    let subscription = after(scene, &Subscription { user_type, ..held }, held.privileges.and(now));
    let (user_name, org_name) = (args.user.clone(), args.org.clone());
    let retyped = SubscriptionRetyped { user: user_name, org: org_name, subscription };
    plan.add(scene, org, Event::SubscriptionRetyped(retyped), scene.home(user).as_slice());
    Ok(())
}

pub fn extend(scene: &Scene<'_>, args: &ExtendSubscription, plan: &mut Plan) -> Result<(), Refusal> {
    let (user, org, held) = held(scene, &args.user, &args.org)?;
    if scene.home(user) == Some(org) {
        return Err(conflict(
            "subscription.home",
            format!("`{}` is at home in `{}`, which never ends", args.user, args.org),
        ));
    }
    scene.not_past("valid_until", args.valid_until)?;
    let shorter = args.valid_until.is_some_and(|until| held.window.until().is_none_or(|before| until < before));
    if scene.is_self(user) && !shorter {
        return Err(own());
    }
    if !scene.is_themself(user) {
        scene.need(org, administrative::SUBSCRIPTION_MANAGE)?;
    }
    if held.window.from().zip(args.valid_until).is_some_and(|(from, until)| from >= until) {
        return Err(invalid("valid_until", "time.empty_window", "the membership would end before it begins"));
    }
    let mut subscription = after(scene, &held, held.privileges);
    subscription.valid_until = args.valid_until;
    let (user_name, org_name) = (args.user.clone(), args.org.clone());
    let extended = SubscriptionExtended { user: user_name, org: org_name, subscription };
    plan.add(scene, org, Event::SubscriptionExtended(extended), scene.home(user).as_slice());
    Ok(())
}

pub fn grant_privileges(scene: &Scene<'_>, args: &MemberPrivileges, plan: &mut Plan) -> Result<(), Refusal> {
    let (user, org, held) = open(scene, &args.user, &args.org)?;
    if scene.is_self(user) {
        return Err(own());
    }
    scene.need(org, administrative::SUBSCRIPTION_MANAGE)?;
    let ceiling = scene.ceiling(held.user_type);
    let asked = scene.asked(&args.privileges, scene.held(org).and(ceiling))?;
    within(scene, asked, &user_type_name(scene, held.user_type), ceiling)?;
    let privileges = asked.without(held.privileges);
    if privileges.is_empty() {
        return Err(conflict(
            "privilege.already_held",
            format!("`{}` holds these in `{}` already", args.user, args.org),
        ));
    }
    let subscription = after(scene, &held, held.privileges.or(privileges));
    let (user_name, org_name, privileges) = (args.user.clone(), args.org.clone(), scene.named(privileges));
    let granted = PrivilegeGranted { user: user_name, org: org_name, privileges, subscription };
    plan.add(scene, org, Event::PrivilegeGranted(granted), scene.home(user).as_slice());
    Ok(())
}

pub fn revoke_privileges(scene: &Scene<'_>, args: &MemberPrivileges, plan: &mut Plan) -> Result<(), Refusal> {
    let (user, org, held) = open(scene, &args.user, &args.org)?;
    if !scene.is_themself(user) {
        scene.need(org, administrative::SUBSCRIPTION_MANAGE)?;
    }
    let privileges = match &args.privileges {
        Privileges::All(All::All) => held.privileges,
        Privileges::These(names) => scene.privilege_set(names)?,
    };
    let missing = privileges.without(held.privileges);
    if !missing.is_empty() || privileges.is_empty() {
        let detail =
            format!("the subscription of `{}` to `{}` does not hold {}", args.user, args.org, scene.listed(missing));
        return Err(conflict("privilege.not_in_subscription", detail));
    }
    let subscription = after(scene, &held, held.privileges.without(privileges));
    let (user_name, org_name, privileges) = (args.user.clone(), args.org.clone(), scene.named(privileges));
    let revoked = PrivilegeRevoked { user: user_name, org: org_name, privileges, subscription };
    plan.add(scene, org, Event::PrivilegeRevoked(revoked), scene.home(user).as_slice());
    Ok(())
}

/// An entry takes what is held by nobody's grant: through a limited key no more than the key carries, and no longer than
/// it lasts.
fn enters_within(scene: &Scene<'_>, privileges: PrivilegeSet) -> Result<(), Refusal> {
    let beyond = privileges.without(scene.subject.cap);
    if beyond.is_empty() && scene.subject.only.is_none() {
        return Ok(());
    }
    let detail =
        format!("a key enters with no more than it carries itself, and it does not carry {}", scene.listed(beyond));
    Err(forbidden("key.wider", detail))
}

/// Refuses what a user type cannot hold.
pub fn within(
    scene: &Scene<'_>,
    privileges: PrivilegeSet,
    user_type: &UserType,
    ceiling: PrivilegeSet,
) -> Result<(), Refusal> {
    let above = privileges.without(ceiling);
    if above.is_empty() {
        return Ok(());
    }
    let detail = format!("a `{user_type}` cannot hold {}: retype the subscription first", scene.listed(above));
    Err(conflict("user_type.ceiling", detail))
}

/// A subscription as an event states it, with other privileges.
pub fn after(scene: &Scene<'_>, held: &Subscription, privileges: PrivilegeSet) -> data::Subscription {
    data::Subscription {
        user_type: user_type_name(scene, held.user_type),
        privileges: scene.named(privileges),
        valid_from: held.window.from(),
        valid_until: held.window.until(),
    }
}

fn own() -> Refusal {
    let detail = "from your own subscription you can only take away: ask somebody else who manages subscriptions there";
    forbidden("subscription.own", detail)
}

fn held(scene: &Scene<'_>, user: &UserId, org: &OrgId) -> Result<(UserNo, OrgNo, Subscription), Refusal> {
    let (no, org_no) = (scene.user(user)?, scene.live_org(org)?);
    let seen = tenure_projections::sight::sees_subscription(&scene.view, &scene.subject, no, org_no);
    let held = scene.subscription(no, org_no).filter(|_| seen);
    let (held, _) = held.ok_or_else(|| unknown("subscription of user", "subscription.unknown", user))?;
    Ok((no, org_no, held))
}

/// The same, unless it has ended by itself: what is given to one that is over gives nothing.
fn open(scene: &Scene<'_>, user: &UserId, org: &OrgId) -> Result<(UserNo, OrgNo, Subscription), Refusal> {
    let (no, org_no, held) = held(scene, user, org)?;
    match held.window.until().filter(|_| held.window.is_over(scene.instant())) {
        None => Ok((no, org_no, held)),
        Some(until) => {
            let detail = format!(
                "the membership of `{user}` in `{org}` ended at {until}: extend it, or grant it anew, and then change it"
            );
            Err(conflict("subscription.lapsed", detail))
        }
    }
}
