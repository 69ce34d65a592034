//! Associations (O): one org's content read in another. One master for each sub-tenant, and one level.

use tenure_events::data::{SubTenantAssociated, SubTenantDisassociated};
use tenure_events::{Event, OrgId, ResourceId};
use tenure_projections::judge;
use tenure_projections::values::OrgNo;

use super::Refusal;
use super::orgs::manages_inside;
use super::scene::{Plan, Scene, conflict, forbidden, org_id};
use crate::command::AssociateSubTenant;

pub fn associate(scene: &Scene<'_>, args: &AssociateSubTenant, plan: &mut Plan) -> Result<(), Refusal> {
    let AssociateSubTenant { master: master_id, sub: sub_id } = args;
    let (master, sub) = (scene.live_org(master_id)?, scene.live_org(sub_id)?);
    [master, sub].into_iter().try_for_each(|org| manages_inside(scene, org))?;
    if master == sub {
        return Err(conflict("association.itself", format!("org `{sub_id}` cannot be its own master")));
    }
    match scene.master(sub) {
        Some((old, _)) if old == master => {
            let detail = format!("org `{sub_id}` is a sub-tenant of `{master_id}` already");
            return Err(conflict("association.exists", detail));
        }
        Some((old, _)) => {
            let old = scene.org_id(old);
            let detail = format!("org `{sub_id}` has the master `{old}`: end that association first");
            return Err(conflict("association.one_master", detail));
        }
        None => {}
    }
    if scene.sub_tenants(sub).next().is_some() {
        let detail =
            format!("org `{sub_id}` is a master, and a master cannot be a sub-tenant: there is one level only");
        return Err(conflict("association.is_master", detail));
    }
    if scene.master(master).is_some() {
        let detail =
            format!("org `{master_id}` is a sub-tenant, and a sub-tenant cannot be a master: there is one level only");
        return Err(conflict("association.is_sub", detail));
    }
    if scene.org_region(master) != scene.org_region(sub) {
        let region = |org| scene.org_region(org).unwrap_or("none");
        let detail = format!(
            "org `{master_id}` lies in region `{}` and `{sub_id}` in `{}`: both must lie in the same",
            region(master),
            region(sub)
        );
        return Err(conflict("association.other_region", detail));
    }
    let associated = SubTenantAssociated { master: master_id.clone(), sub: sub_id.clone() };
    plan.add(scene, sub, Event::SubTenantAssociated(associated), &[master]);
    Ok(())
}

pub fn disassociate(scene: &Scene<'_>, id: &OrgId, plan: &mut Plan) -> Result<(), Refusal> {
    let sub = super::orgs::open(scene, id)?;
    manages_inside(scene, sub)?;
    let Some((master, _)) = scene.master(sub) else {
        return Err(conflict("association.not_there", format!("org `{id}` is no sub-tenant")));
    };
    manages_inside(scene, master)?;
    let disassociated = SubTenantDisassociated { master: org_id(scene, master), sub: id.clone() };
    plan.add(scene, sub, Event::SubTenantDisassociated(disassociated), &[master]);
    Ok(())
}

/// Refuses a change of a master's content by whoever works in a sub-tenant, whatever they hold in both.
pub fn may_change(scene: &Scene<'_>, id: &ResourceId, master: OrgNo) -> Result<(), Refusal> {
    let chosen = || judge::acting_org(scene, scene.subject.user, master);
    let acting = scene.acting_org.or_else(chosen);
    if acting.and_then(|acting| scene.master(acting)).is_none_or(|(of, _)| of != master) {
        return Ok(());
    }
    let detail = format!(
        "nothing of a master is changed from its sub-tenant: work in org `{}` to change `{id}`",
        scene.org_id(master)
    );
    Err(forbidden("association.read_only", detail))
}

/// Refuses what ends an org while it is a master or a sub-tenant.
pub fn none_left(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    if scene.master(org).is_none() && scene.sub_tenants(org).next().is_none() {
        return Ok(());
    }
    let detail = format!("org `{}` is associated with another: end the association first", scene.org_id(org));
    Err(conflict("org.has_association", detail))
}
