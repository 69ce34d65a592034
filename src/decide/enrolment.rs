//! Enrolment: a one-time secret, by which a user without a credential makes a key of their own.
//!
//! Who has the secret becomes the user. So the caller is shown it only where they made the user by the same command, or hold
//! all that the user can hold; else it goes to the user's mail address, by a hook that the operator configures.

use tenure_events::data::{ApiKeyIssued, EnrolmentOpened};
use tenure_events::{ApiKeyId, Event, OrgId, Sealed, Time, UserId};
use tenure_projections::judge::administrative;
use tenure_projections::values::{KeyNo, OrgNo, UserNo};

use super::scene::{Plan, Scene, conflict, forbidden, user_id};
use super::{Refusal, users};
use crate::command::Enrol;

/// How long a secret can be used: seven days, in microseconds.
const LASTS: i64 = 7 * 24 * 60 * 60 * 1_000_000;

/// Opens one for a user whom the command makes.
pub fn of_new(scene: &Scene<'_>, org: &OrgId, user: &UserId, key: ApiKeyId, plan: &mut Plan) -> Result<(), Refusal> {
    whole(scene)?;
    plan.in_org(org.clone(), opened(scene, user.clone(), key, false));
    Ok(())
}

/// Opens one for a user who is there, at home in the org.
pub fn of_known(scene: &Scene<'_>, user: UserNo, home: OrgNo, plan: &mut Plan) -> Result<(), Refusal> {
    whole(scene)?;
    let shown = users::credential(scene, user, home, administrative::USER_MANAGE).is_ok();
    if !shown {
        can_be_sent(scene, user)?;
    }
    let opened = opened(scene, user_id(scene, user), scene.moment.fresh.thing.into(), !shown);
    plan.add(scene, home, opened, &[]);
    Ok(())
}

/// Makes the key: the secret's own, so that it is used up, and that it is known who opened it.
pub fn redeem(scene: &Scene<'_>, args: &Enrol<Sealed>, plan: &mut Plan) -> Result<(), Refusal> {
    let user = scene.subject.user;
    let secret = scene.key.filter(|no| scene.usable_key(*no).is_some_and(|key| key.enrols));
    let is_theirs = |no: KeyNo| user_id(scene, user) == args.user && scene.key_id(no) == args.key.as_str();
    if !secret.is_some_and(is_theirs) {
        let detail = "a first key is made by an enrolment secret: send it to `POST /v1/enrol`";
        return Err(forbidden("enrolment.needed", detail));
    }
    let home = users::home(scene, user)?;
    let issued = ApiKeyIssued {
        key: args.key.clone(),
        user: args.user.clone(),
        hash: scene.moment.key_hash.clone(),
        name: Some(args.name.clone()),
        org: None,
        privileges: None,
        expires: None,
    };
    plan.add(scene, home, Event::ApiKeyIssued(issued), &[]);
    Ok(())
}

fn opened(scene: &Scene<'_>, user: UserId, key: ApiKeyId, delivered: bool) -> Event {
    let expires = Time::from_micros(scene.moment.time.micros().saturating_add(LASTS));
    Event::EnrolmentOpened(EnrolmentOpened { key, user, hash: scene.moment.key_hash.clone(), expires, delivered })
}

/// The key that the secret makes is limited in nothing and does not end.
fn whole(scene: &Scene<'_>) -> Result<(), Refusal> {
    if scene.is_narrow() {
        let detail =
            "an enrolment makes a key that carries all that its user has: open it with a key that is not limited";
        return Err(forbidden("key.wider", detail));
    }
    if scene.key_ends.is_some() {
        let detail = "an enrolment makes a key that does not end, and this key does: open it with a key that lasts";
        return Err(forbidden("key.longer", detail));
    }
    Ok(())
}

fn can_be_sent(scene: &Scene<'_>, user: UserNo) -> Result<(), Refusal> {
    if !scene.moment.delivers {
        let detail = "the secret is for the user alone, and this node has nothing that sends it: the operator starts it \
                      with `--enrolment-hook`";
        return Err(conflict("enrolment.no_hook", detail));
    }
    if scene.profile(user).is_none_or(|profile| profile.value.email.is_none()) {
        let detail = "the secret is for the user alone, and no mail address of theirs is known";
        return Err(conflict("enrolment.no_address", detail));
    }
    Ok(())
}
