//! API keys.

use tenure_events::data::{ApiKeyIssued, ApiKeyRevoked};
use tenure_events::{ApiKeyId, Event, Sealed};
use tenure_projections::judge::{self, administrative};
use tenure_projections::sight;
use tenure_projections::values::PrivilegeSet;

use super::scene::{Plan, Scene, conflict, forbidden, unknown, user_id};
use super::{Refusal, users};
use crate::command::{IssueApiKey, RevokeApiKey};

pub fn issue(scene: &Scene<'_>, args: &IssueApiKey<Sealed>, plan: &mut Plan) -> Result<(), Refusal> {
    let user = scene.user(&args.user)?;
    let home = users::home(scene, user)?;
    match scene.is_self(user) && !scene.is_themself(user) {
        // A key makes another of its person's only as who manages keys, and none that carries more or lasts longer.
        true => scene.need(home, administrative::KEY_MANAGE)?,
        false => users::credential(scene, user, home, administrative::KEY_MANAGE)?,
    }
    let org = args.org.as_ref().map(|org| scene.live_org(org)).transpose()?;
    if let Some(org) = org.filter(|org| !judge::belongs_effectively(&scene.view, user, *org)) {
        let detail = format!("`{}` has no access to org `{}`", args.user, scene.org_id(org));
        return Err(conflict("key.org_not_theirs", detail));
    }
    let privileges = args.privileges.as_ref().map(|names| scene.privilege_set(names)).transpose()?;
    let wider = !privileges.unwrap_or(PrivilegeSet::ALL).without(scene.actor.cap).is_empty();
    if wider || (scene.actor.only.is_some() && scene.actor.only != org) {
        return Err(forbidden(
            "key.wider",
            "a key issues no key that carries more than itself: name org and privileges",
        ));
    }
    if let Some(end) = scene.key_ends.filter(|end| args.expires.is_none_or(|expires| expires > *end)) {
        let detail = format!("a key issues no key that lasts longer than itself: let it expire by `{end}`");
        return Err(forbidden("key.longer", detail));
    }
    scene.not_past("expires", args.expires)?;
    let issued = ApiKeyIssued {
        key: scene.moment.fresh.thing.into(),
        user: args.user.clone(),
        hash: scene.moment.key_hash.clone(),
        name: Some(args.name.clone()),
        org: args.org.clone(),
        privileges: privileges.map(|privileges| scene.named(privileges)),
        expires: args.expires,
    };
    plan.add(scene, home, Event::ApiKeyIssued(issued), &[]);
    Ok(())
}

pub fn revoke(scene: &Scene<'_>, args: &RevokeApiKey, plan: &mut Plan) -> Result<(), Refusal> {
    let seen = scene.find_key(args.key.as_str()).filter(|key| sight::sees_key(&scene.view, &scene.subject, *key));
    let key = seen.and_then(|key| scene.key(key)?.value.as_ref());
    let user = key.ok_or_else(|| unknown("key", "key.unknown", &args.key))?.user;
    let home = users::home(scene, user)?;
    if !scene.is_themself(user) {
        scene.need(home, administrative::KEY_MANAGE)?;
    }
    let key: ApiKeyId = args.key.clone();
    plan.add(scene, home, Event::ApiKeyRevoked(ApiKeyRevoked { key, user: user_id(scene, user) }), &[]);
    Ok(())
}
