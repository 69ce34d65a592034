//! Until T means until T: what is given is held at each instant for which it is given.
//!
//! What somebody has changes by time alone where a window begins or ends, where an admission does, and where the key does
//! that they came by. Between two such times nothing changes, so one instant of each stretch is looked at.

use std::collections::BTreeSet;

use tenure_events::Time;
use tenure_projections::View;
use tenure_projections::values::{Landlord, OrgNo, ResourceNo, Window};

use crate::decide::Refusal;
use crate::decide::scene::{Scene, forbidden};

/// When everything that ends has ended.
const FOR_GOOD: Time = Time::from_micros(i64::MAX - 1);

/// Refuses unless it is so now, and at each later instant until what is given ends: what somebody has until a time they
/// give until then at the most.
pub fn throughout(
    scene: &Scene<'_>,
    times: &BTreeSet<Time>,
    so: impl Fn(&Scene<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    so(scene)?;
    let now = scene.instant();
    let end = scene.until.unwrap_or(FOR_GOOD);
    let within = times.range(now.next()..).copied().filter(|time| *time < end);
    let mut before = now;
    for time in within.chain([end]).filter(|time| *time > now) {
        let last = Time::from_micros(time.micros().saturating_sub(1));
        let key = scene.key_ends.is_none_or(|ends| last < ends);
        if !key || so(&scene.later(last)).is_err() {
            return Err(outlasts(before, now));
        }
        before = time;
    }
    Ok(())
}

fn outlasts(possible: Time, now: Time) -> Refusal {
    let detail = if possible > now {
        format!("this lasts longer than what you have yourself: let it end by `{possible}`, or ask who has it for good")
    } else {
        "this lasts longer than what you have yourself: ask who has it for good".to_owned()
    };
    forbidden("delegation.outlasts", detail)
}

/// The times at which what whoever decides holds may change: in general, in these orgs, and of this content.
pub fn times(scene: &Scene<'_>, orgs: &[OrgNo], content: Option<ResourceNo>) -> BTreeSet<Time> {
    let mut times = scene.bounds.get_or_init(|| own_times(scene)).clone();
    for org in orgs.iter().flat_map(|org| scene.lineage(*org)) {
        match scene.landlord(org).map(|landlord| landlord.value) {
            Some(Landlord::Admitted(window)) => times.extend(bounds(window)),
            Some(Landlord::Excluded) | None => {}
        }
    }
    for at in content.into_iter().flat_map(|no| scene.folders(no)) {
        times.extend(scene.shares(at).flat_map(|share| bounds(share.window)));
    }
    times
}

/// The same about content: in its own org, and in another from which it is had.
pub fn times_of(scene: &Scene<'_>, no: ResourceNo, from: Option<OrgNo>) -> BTreeSet<Time> {
    let own = View::resource(scene, no).map(|resource| resource.value.org);
    let orgs: Vec<OrgNo> = own.into_iter().chain(from).collect();
    times(scene, &orgs, Some(no))
}

fn own_times(scene: &Scene<'_>) -> BTreeSet<Time> {
    let user = scene.subject.user;
    let memberships = scene.subscriptions(user).map(|(_, held, _)| held.window);
    let roles = scene.roles_of_user(user).map(|(_, window, _)| window);
    let groups = scene.groups_of(user).flat_map(|(group, ..)| scene.roles_of_group(group).map(|(_, window, _)| window));
    memberships.chain(roles).chain(groups).flat_map(bounds).chain(scene.key_ends).collect()
}

fn bounds(window: Window) -> impl Iterator<Item = Time> {
    [window.from(), window.until()].into_iter().flatten()
}
