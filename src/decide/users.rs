//! Users: their making, profile, standing, credentials and erasure.

use tenure_events::data::{
    self, ActiveOrgSelected, ApiKeyRevoked, IdentityLinked, IdentityUnlinked, PrivilegeGranted, SubscriptionGranted,
    UserCreated, UserCredentialReset, UserDisabled, UserEnabled, UserErased, UserProfileChanged, UserSignedIn,
};
use tenure_events::{ApiKeyId, Event, Sealed, UserId};
use tenure_projections::View;
use tenure_projections::judge::{self, administrative};
use tenure_projections::values::{OrgNo, PrivilegeNo, UserNo, UserStatus};

use super::scene::{Plan, Scene, conflict, forbidden, invalid, org_id, unknown, user_id};
use super::{Refusal, enrolment, identities, subscriptions, workspace};
use crate::command::{ChangeProfile, CreateUser, EraseUser, Identity, ResetCredential, SelectActiveOrg};

/// The words that erasing a user takes.
pub const ERASE: &str = "permanently erase";

pub fn create(scene: &Scene<'_>, args: &CreateUser<Sealed>, plan: &mut Plan) -> Result<(), Refusal> {
    let org = scene.live_org(&args.org)?;
    scene.need(org, administrative::USER_MANAGE)?;
    let user = scene.new_user(args.id.as_ref(), scene.moment.fresh.thing)?;
    let ceiling = scene.ceiling(scene.user_type(&args.user_type)?);
    let privileges = scene.asked(&args.privileges, scene.held(org).and(ceiling))?;
    subscriptions::within(scene, privileges, &args.user_type, ceiling)?;
    let (name, email) = (Some(args.name.clone()), args.email.clone());
    let created = UserCreated { user: user.clone(), org: args.org.clone(), name, email };
    plan.add(scene, org, Event::UserCreated(created), &[]);
    let (user_type, privileges) = (args.user_type.clone(), scene.named(privileges));
    let subscription = data::Subscription { user_type, privileges, valid_from: None, valid_until: None };
    let granted = SubscriptionGranted { user: user.clone(), org: args.org.clone(), subscription };
    plan.add(scene, org, Event::SubscriptionGranted(granted), &[]);
    workspace::welcome(scene, org, &user, plan);
    if args.enrol {
        enrolment::of_new(scene, &args.org, &user, scene.moment.fresh.thing.into(), plan)?;
    }
    Ok(())
}

pub fn change_profile(scene: &Scene<'_>, args: &ChangeProfile<Sealed>, plan: &mut Plan) -> Result<(), Refusal> {
    let (user, home) = self_or(scene, &args.user, administrative::USER_MANAGE)?;
    if args.name.is_none() && args.email.is_none() {
        return Err(invalid("name", "nothing.changes", "give a name, an address, or both"));
    }
    if args.email.is_some() && !scene.is_themself(user) {
        // A secret goes to the address: whoever changes it could have the next one.
        super::delta::everything_of(scene, user)?;
        super::delta::personal_content_of(scene, user)?;
    }
    let before = scene.profile(user).map(|profile| profile.value.clone());
    let (name, email) = before.map_or((None, None), |profile| (profile.name, profile.email));
    let (name, email) = (args.name.clone().or(name), args.email.clone().or(email));
    plan.add(scene, home, Event::UserProfileChanged(UserProfileChanged { user: args.user.clone(), name, email }), &[]);
    Ok(())
}

pub fn disable(scene: &Scene<'_>, id: &UserId, plan: &mut Plan) -> Result<(), Refusal> {
    let (user, home) = managed(scene, id)?;
    keeps_system(scene, user)?;
    if !scene.is_enabled(user) {
        return Err(conflict("user.already_disabled", format!("user `{id}` is disabled already")));
    }
    let disabled = UserDisabled { user: id.clone(), org: org_id(scene, home) };
    plan.add(scene, home, Event::UserDisabled(disabled), &elsewhere(scene, user));
    Ok(())
}

pub fn enable(scene: &Scene<'_>, id: &UserId, plan: &mut Plan) -> Result<(), Refusal> {
    let (user, home) = managed(scene, id)?;
    if scene.is_enabled(user) {
        return Err(conflict("user.not_disabled", format!("user `{id}` is not disabled")));
    }
    let enabled = UserEnabled { user: id.clone(), org: org_id(scene, home) };
    plan.add(scene, home, Event::UserEnabled(enabled), &elsewhere(scene, user));
    Ok(())
}

pub fn erase(scene: &Scene<'_>, args: &EraseUser, plan: &mut Plan) -> Result<(), Refusal> {
    let of_archived = scene.find_user(args.user.as_str()).filter(|user| is_left_in_archive(scene, *user));
    let user = of_archived.map_or_else(|| scene.user(&args.user), Ok)?;
    let home = home(scene, user)?;
    if of_archived.is_none() {
        scene.need(home, administrative::USER_MANAGE)?;
    }
    keeps_system(scene, user)?;
    if args.confirmation != ERASE {
        let detail = format!("erasing cannot be undone: confirm with the words `{ERASE}`");
        return Err(invalid("confirmation", "confirmation.wrong", detail));
    }
    if let Some(successor) = &args.successor {
        super::orgs::open(scene, &org_id(scene, home))?;
        succeed(scene, user, home, successor, plan)?;
    }
    for (key, _) in scene.keys_of(user) {
        if let Ok(key) = ApiKeyId::new(scene.key_id(key)) {
            plan.add(scene, home, Event::ApiKeyRevoked(ApiKeyRevoked { key, user: args.user.clone() }), &[]);
        }
    }
    for identity in scene.identities_of(user) {
        let (identity, user) = (identity.to_owned(), args.user.clone());
        plan.add(scene, home, Event::IdentityUnlinked(IdentityUnlinked { identity, user }), &[]);
    }
    let (org, successor) = (org_id(scene, home), args.successor.clone());
    let erased = UserErased { user: args.user.clone(), org, successor };
    plan.add(scene, home, Event::UserErased(erased), &elsewhere(scene, user));
    Ok(())
}

/// Whoever reaches into every org is not an org's to end: only another of them disables or erases a system administrator.
fn keeps_system(scene: &Scene<'_>, user: UserNo) -> Result<(), Refusal> {
    let system = |user| judge::is_system_administrator(&scene.view, user);
    if !system(user) || (scene.subject.is_whole() && system(scene.subject.user)) {
        return Ok(());
    }
    let detail = "the user is a system administrator: another of them takes that role from them first";
    Err(forbidden("user.system_administrator", detail))
}

/// In an archived org nobody is at home to manage users any more: its people are forgotten by whoever manages them still
/// from elsewhere, or manages the org from above, seen or not; not by those whom it excluded when it was archived.
fn is_left_in_archive(scene: &Scene<'_>, user: UserNo) -> bool {
    let there = View::user(scene, user).is_some_and(|user| user.value.status != UserStatus::Erased);
    let manages = |home: OrgNo| {
        let still = || scene.judged_within(home, None).has(administrative::USER_MANAGE);
        scene.is_archived(home) && (still() || judge::manages_inside(&scene.view, &scene.subject, home))
    };
    there && scene.home(user).is_some_and(manages)
}

/// The successor gets what the erased user's home subscription held and theirs does not.
fn succeed(scene: &Scene<'_>, user: UserNo, org: OrgNo, id: &UserId, plan: &mut Plan) -> Result<(), Refusal> {
    let successor = scene.user(id)?;
    let held = scene.subscription(successor, org).filter(|_| scene.home(successor) == Some(org) && successor != user);
    let Some((held, _)) = held else {
        let detail = format!("`{id}` is not another user at home in `{}`", scene.org_id(org));
        return Err(invalid("successor", "successor.not_at_home", detail));
    };
    let left = scene.subscription(user, org).map(|(left, _)| left.privileges).unwrap_or_default();
    let gained = left.without(held.privileges).and(scene.ceiling(held.user_type));
    if gained.is_empty() {
        return Ok(());
    }
    if scene.is_self(successor) {
        return Err(forbidden("subscription.own", "you cannot name yourself: let somebody else erase the user"));
    }
    let subscription = subscriptions::after(scene, &held, held.privileges.or(gained));
    let (user, org_name, privileges) = (id.clone(), org_id(scene, org), scene.named(gained));
    let granted = PrivilegeGranted { user, org: org_name, privileges, subscription };
    plan.add(scene, org, Event::PrivilegeGranted(granted), &[]);
    Ok(())
}

/// Ends every key of a user. With `enrol` a secret opens by which they make the next one.
pub fn reset_credential(scene: &Scene<'_>, args: &ResetCredential, plan: &mut Plan) -> Result<(), Refusal> {
    let id = &args.user;
    let whole = scene.subject.is_whole();
    let tenant_admin = scene.find_user(id.as_str()).filter(|user| whole && administers_below(scene, *user));
    let user = tenant_admin.map_or_else(|| scene.user(id), Ok)?;
    let home = home(scene, user)?;
    if !scene.is_themself(user) && tenant_admin.is_none() {
        // The secret reaches the user, and nobody else.
        scene.need(home, administrative::USER_MANAGE)?;
        super::delta::everything_of(scene, user)?;
    }
    let reset = UserCredentialReset { user: id.clone(), org: org_id(scene, home) };
    plan.add(scene, home, Event::UserCredentialReset(reset), &[]);
    if args.enrol { enrolment::of_known(scene, user, home, plan) } else { Ok(()) }
}

/// H: whoever manages a tenant from above may reset the credentials of its administrators, whom they need not see, and
/// of nobody else in it.
fn administers_below(scene: &Scene<'_>, user: UserNo) -> bool {
    let there = View::user(scene, user).is_some_and(|user| user.value.status != UserStatus::Erased);
    let administers = |home: &OrgNo| judge::privileges(scene, user, *home).has(administrative::USER_MANAGE);
    there && scene.home(user).filter(administers).is_some_and(|home| scene.manages_from_above(home))
}

/// Whoever may ask what users of an org may do, from above as well, signs them in: the product goes on serving its
/// tenants, whom it need not see.
fn serves(scene: &Scene<'_>, user: UserNo) -> bool {
    let there = View::user(scene, user).is_some_and(|user| user.value.status != UserStatus::Erased);
    let home = scene.home(user).filter(|_| there);
    home.is_some_and(|home| scene.lineage(home).any(|org| scene.holds(org, administrative::ACCESS_CHECK)))
}

pub fn record_sign_in(scene: &Scene<'_>, id: &UserId, plan: &mut Plan) -> Result<(), Refusal> {
    let served = scene.find_user(id.as_str()).filter(|user| serves(scene, *user));
    let user = served.map_or_else(|| scene.user(id), Ok)?;
    let home = home(scene, user)?;
    let held = scene.held(home);
    let service = [administrative::ACCESS_CHECK, administrative::ACT_AS, administrative::USER_MANAGE];
    if served.is_none() && !scene.is_themself(user) && !service.iter().any(|privilege| held.has(*privilege)) {
        scene.need(home, administrative::ACCESS_CHECK)?;
    }
    if !scene.is_enabled(user) || !scene.is_live(home) {
        return Err(conflict("standing.sign_in_refused", format!("user `{id}`, or their org, is disabled")));
    }
    plan.add(scene, home, Event::UserSignedIn(UserSignedIn { user: id.clone(), org: org_id(scene, home) }), &[]);
    Ok(())
}

pub fn link_identity(scene: &Scene<'_>, args: &Identity<Sealed>, plan: &mut Plan) -> Result<(), Refusal> {
    let user = scene.user(&args.user)?;
    let home = home(scene, user)?;
    if scene.is_narrow() && scene.is_self(user) {
        let detail = "an identity carries all that its user has, for good: link it with a key that does too";
        return Err(forbidden("key.wider", detail));
    }
    if scene.key_ends.is_some() {
        let detail = "an identity does not end, and this key does: link it with a key that lasts";
        return Err(forbidden("key.longer", detail));
    }
    // Nobody proves here that an identity is theirs: whoever manages the user vouches for it.
    scene.need(home, administrative::USER_MANAGE)?;
    credential(scene, user, home, administrative::USER_MANAGE)?;
    let org = org_id(scene, home);
    if identities::linked(scene, &args.identity, home, &org).is_some() {
        return Err(conflict("identity.taken", "this external identity is linked already: unlink it first"));
    }
    let Identity { user, issuer, subject, identity } = args.clone();
    let identity = identities::scoped(&identity, &org);
    plan.add(scene, home, Event::IdentityLinked(IdentityLinked { identity, user, issuer, subject }), &[]);
    Ok(())
}

pub fn unlink_identity(scene: &Scene<'_>, args: &Identity<Sealed>, plan: &mut Plan) -> Result<(), Refusal> {
    let (user, home) = self_or(scene, &args.user, administrative::USER_MANAGE)?;
    let linked = identities::linked(scene, &args.identity, home, &org_id(scene, home));
    let Some((identity, _)) = linked.filter(|(_, of)| *of == user) else {
        return Err(unknown("identity of user", "identity.unknown", &args.user));
    };
    let unlinked = IdentityUnlinked { identity, user: args.user.clone() };
    plan.add(scene, home, Event::IdentityUnlinked(unlinked), &[]);
    Ok(())
}

pub fn select_active_org(scene: &Scene<'_>, args: &SelectActiveOrg, plan: &mut Plan) -> Result<(), Refusal> {
    let user = args.user.as_ref().map_or(Ok(scene.subject.user), |user| scene.user(user))?;
    if user != scene.subject.user {
        return Err(forbidden("active_org.own_only", "everybody chooses for themself the org to work in"));
    }
    if !scene.is_themself(user) {
        return Err(narrow("choose the org to work in"));
    }
    let org = scene.live_org(&args.org)?;
    if !judge::belongs_effectively(&scene.view, user, org) {
        return Err(forbidden("active_org.not_theirs", format!("you have no access to org `{}`", args.org)));
    }
    if scene.active_org(user) == Some(org) {
        return Err(conflict("nothing.changes", format!("you work in org `{}` already", args.org)));
    }
    let home = home(scene, user)?;
    let selected = ActiveOrgSelected { user: user_id(scene, user), org: args.org.clone() };
    plan.add(scene, home, Event::ActiveOrgSelected(selected), &[]);
    // Who came by a group finds no folder yet.
    workspace::welcome(scene, org, &user_id(scene, user), plan);
    Ok(())
}

/// Somebody else's credential is their authority: whoever touches it holds the privilege at their home, and all that
/// they can hold anywhere.
pub fn credential(scene: &Scene<'_>, user: UserNo, home: OrgNo, privilege: PrivilegeNo) -> Result<(), Refusal> {
    if scene.is_themself(user) {
        return Ok(());
    }
    scene.need(home, privilege)?;
    super::delta::everything_of(scene, user)?;
    super::delta::personal_content_of(scene, user)
}

/// What takes a credential that carries all that its person has.
fn narrow(what: &str) -> Refusal {
    let detail = format!("a key that is limited in privileges or orgs cannot {what}: use a credential that is not");
    forbidden("credential.narrow", detail)
}

/// The user themself, or one whose home the privilege is held in.
pub fn self_or(scene: &Scene<'_>, id: &UserId, privilege: PrivilegeNo) -> Result<(UserNo, OrgNo), Refusal> {
    let user = scene.user(id)?;
    let home = home(scene, user)?;
    if !scene.is_themself(user) {
        scene.need(home, privilege)?;
    }
    Ok((user, home))
}

pub fn home(scene: &Scene<'_>, user: UserNo) -> Result<OrgNo, Refusal> {
    View::home(scene, user).ok_or_else(|| unknown("user", "user.unknown", &View::user_id(scene, user)))
}

fn managed(scene: &Scene<'_>, id: &UserId) -> Result<(UserNo, OrgNo), Refusal> {
    let user = scene.user(id)?;
    let home = home(scene, user)?;
    scene.need(home, administrative::USER_MANAGE)?;
    debug_assert!(View::user(scene, user).is_some_and(|user| user.value.status != UserStatus::Erased));
    Ok((user, home))
}

/// Other orgs that a user is a member of: a change of their standing concerns them.
fn elsewhere(scene: &Scene<'_>, user: UserNo) -> Vec<OrgNo> {
    scene.subscriptions(user).map(|(org, ..)| org).collect()
}
