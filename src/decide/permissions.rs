//! Tenant permissions: given to teams by the administrators, and there for nobody else.

use tenure_events::Event;
use tenure_events::data::{Switch, TenantPermissionGranted, TenantPermissionRevoked};
use tenure_projections::sight;
use tenure_projections::values::{GroupNo, PermissionNo, PrivilegeNo};

use super::Refusal;
use super::scene::{Plan, Scene, conflict, forbidden, unknown};
use crate::command::GroupPermission;

pub fn grant(scene: &Scene<'_>, args: &GroupPermission, plan: &mut Plan) -> Result<(), Refusal> {
    let (group, permission) = named(scene, args)?;
    if scene.group_permission(group, permission).is_some() {
        let detail = format!("group `{}` has the tenant permission `{}` already", args.group, args.permission);
        return Err(conflict("tenant_permission.already_held", detail));
    }
    let granted = TenantPermissionGranted { group: args.group.clone(), permission: args.permission.clone() };
    plan.add(scene, super::groups::place(scene, None)?, Event::TenantPermissionGranted(granted), &[]);
    Ok(())
}

pub fn revoke(scene: &Scene<'_>, args: &GroupPermission, plan: &mut Plan) -> Result<(), Refusal> {
    let (group, permission) = named(scene, args)?;
    if scene.group_permission(group, permission).is_none() {
        let detail = format!("group `{}` does not have the tenant permission `{}`", args.group, args.permission);
        return Err(conflict("tenant_permission.not_held", detail));
    }
    let revoked = TenantPermissionRevoked { group: args.group.clone(), permission: args.permission.clone() };
    plan.add(scene, super::groups::place(scene, None)?, Event::TenantPermissionRevoked(revoked), &[]);
    Ok(())
}

/// Refuses if a privilege needs a tenant permission that the one whose authority decides does not have.
pub fn opens(scene: &Scene<'_>, privilege: PrivilegeNo) -> Result<(), Refusal> {
    if !scene.closed_to(scene.subject.user).has(privilege) {
        return Ok(());
    }
    let needed = scene.tenant_permissions().filter(|(_, gated)| gated.has(privilege));
    let names: Vec<_> = needed.map(|(no, _)| format!("`{}`", scene.tenant_permission_name(no))).collect();
    let names = names.join(" and ");
    let detail = format!("this needs the tenant permission {names} through one of your teams: ask an administrator");
    Err(forbidden("tenant_permission.missing", detail))
}

fn named(scene: &Scene<'_>, args: &GroupPermission) -> Result<(GroupNo, PermissionNo), Refusal> {
    let missing = || unknown("tenant permission", "tenant_permission.unknown", &args.permission);
    if !sight::sees_tenant_permissions(&scene.view, &scene.subject) {
        return Err(missing());
    }
    if scene.settings().is_none_or(|settings| settings.value.tenant_permissions == Switch::Off) {
        return Err(conflict("mechanism.off", "tenant permissions are off on this platform: switch them on first"));
    }
    let permission = scene.find_tenant_permission(args.permission.as_str()).ok_or_else(missing)?;
    let (group, value) = scene.group(&args.group)?;
    if value.org.is_some() {
        let detail = format!("group `{}` has rights in its own org only: name a global group", args.group);
        return Err(conflict("group.other_org", detail));
    }
    if scene.administrators() == Some(group) {
        let detail = format!("group `{}` is the administrators': it has every tenant permission always", args.group);
        return Err(conflict("tenant_permission.administrators", detail));
    }
    Ok((group, permission))
}
