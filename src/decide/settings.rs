//! Settings, and which of them can be changed once there is a platform.
//!
//! A setting is changed where that gives nobody what somebody would have to hand out, and hides nothing that would
//! come back when it is changed back. Others go one way only, or wait until nothing rests on them, or are settled when
//! the platform begins.

use tenure_events::Event;
use tenure_events::data::{CrossOrgShares, Settings, SettingsChanged, Switch, TenantUsers};
use tenure_projections::View;
use tenure_projections::sight;
use tenure_projections::values::{Landlord, OrgNo, ResourceNo, Share, Window};

use super::catalogue::platform;
use super::scene::{Plan, Scene, conflict, forbidden};
use super::{Refusal, keepers, workspace};
use crate::command::ChangeSettings;

pub fn change(scene: &Scene<'_>, args: &ChangeSettings, plan: &mut Plan) -> Result<(), Refusal> {
    let root = platform(scene)?;
    let Some(before) = scene.settings().map(|settings| (*settings.value).clone()) else { return Ok(()) };
    let after = merged(&before, args);
    if after == before {
        return Err(conflict("nothing.changes", "the settings are like that already"));
    }
    settled(&before, &after)?;
    one_way(scene, &before, &after)?;
    landlords(scene, &before, &after)?;
    shares(scene, &before, &after)?;
    names(scene, &before, &after)?;
    permissions(scene, &before, &after)?;
    hierarchy(scene, root, &before, &after)?;
    folders(scene, &before, &after)?;
    plan.add(scene, root, Event::SettingsChanged(SettingsChanged { settings: after }), &[]);
    Ok(())
}

/// Whether a change of settings may take authority from somebody.
pub fn takes(before: &Settings, after: &Settings) -> bool {
    let of = |settings: &Settings| {
        (settings.system_administrator_reaches, settings.tenant_users, settings.tenant_permissions)
    };
    of(before) != of(after)
}

fn merged(before: &Settings, args: &ChangeSettings) -> Settings {
    let ChangeSettings {
        single_org_hierarchy,
        roles_need_membership,
        landlord_rule,
        cross_org_shares,
        name_scope,
        managing_team_required,
        system_administrator_reaches,
        tenant_users,
        public_folders,
        personal_folders,
        tenant_permissions,
        licences,
        lifecycle,
        administrators_group,
        take_away: _,
    } = args;
    Settings {
        single_org_hierarchy: single_org_hierarchy.unwrap_or(before.single_org_hierarchy),
        roles_need_membership: roles_need_membership.unwrap_or(before.roles_need_membership),
        landlord_rule: landlord_rule.unwrap_or(before.landlord_rule),
        cross_org_shares: cross_org_shares.unwrap_or(before.cross_org_shares),
        name_scope: name_scope.unwrap_or(before.name_scope),
        managing_team_required: managing_team_required.unwrap_or(before.managing_team_required),
        system_administrator_reaches: system_administrator_reaches.unwrap_or(before.system_administrator_reaches),
        tenant_users: tenant_users.unwrap_or(before.tenant_users),
        public_folders: public_folders.unwrap_or(before.public_folders),
        personal_folders: personal_folders.unwrap_or(before.personal_folders),
        tenant_permissions: tenant_permissions.unwrap_or(before.tenant_permissions),
        licences: licences.unwrap_or(before.licences),
        lifecycle: lifecycle.unwrap_or(before.lifecycle),
        administrators_group: administrators_group.clone().or_else(|| before.administrators_group.clone()),
    }
}

/// What everything that was decided before rests on.
fn settled(before: &Settings, after: &Settings) -> Result<(), Refusal> {
    let fixed = |name: &str, remedy: &str| {
        Err(conflict("settings.settled", format!("`{name}` is settled when a platform begins: {remedy}")))
    };
    if before.roles_need_membership != after.roles_need_membership {
        return fixed("roles_need_membership", "every role was assigned by it; begin another platform with it");
    }
    if before.lifecycle != after.lifecycle {
        return fixed("lifecycle", "every org was made by it; begin another platform with it");
    }
    if before.administrators_group != after.administrators_group {
        return fixed("administrators_group", "add people to that group, or take them out of it");
    }
    Ok(())
}

/// What was promised to those who came: to have fewer above them, and licences from the vendor alone.
fn one_way(scene: &Scene<'_>, before: &Settings, after: &Settings) -> Result<(), Refusal> {
    let back = |detail: &str| Err(conflict("settings.one_way", detail));
    if after.system_administrator_reaches && !before.system_administrator_reaches {
        return back(
            "`system_administrator_reaches` can be switched off and not on: it would give system administrators what \
             the orgs that are there did not give them; let them be subscribed instead",
        );
    }
    if reach(after.tenant_users) > reach(before.tenant_users) {
        return back(
            "`tenant_users` goes from `always` to `when_subscribed` to `never` and not back: it would let those above \
             manage the users of orgs that came without it; let them be subscribed instead",
        );
    }
    if need(after.licences) < need(before.licences) {
        return back("`licences` goes from `off` to `once_used` to `on` and not back: ask the vendor for a licence");
    }
    if need(after.licences) > need(before.licences) && scene.licence_key().is_none() {
        let detail = "no licence could be installed: the key that licences are signed with is given to `tenure init`";
        return Err(conflict("settings.no_licence_key", detail));
    }
    Ok(())
}

fn landlords(scene: &Scene<'_>, before: &Settings, after: &Settings) -> Result<(), Refusal> {
    if after.landlord_rule || !before.landlord_rule {
        return Ok(());
    }
    let excludes = |org: &OrgNo| {
        let for_good = |landlord: &Landlord| match landlord {
            Landlord::Excluded => false,
            Landlord::Admitted(window) => *window == Window::ALWAYS,
        };
        scene.landlord(*org).is_some_and(|landlord| !for_good(&landlord.value))
    };
    let count = scene.all_orgs().filter(excludes).count();
    in_use(count, "an org that excludes its ancestors, or will again", "let them admit these for good first")
}

fn shares(scene: &Scene<'_>, before: &Settings, after: &Settings) -> Result<(), Refusal> {
    if after.cross_org_shares != CrossOrgShares::None || before.cross_org_shares == CrossOrgShares::None {
        return Ok(());
    }
    let crosses = |no: &ResourceNo| {
        let own = View::resource(scene, *no).map(|resource| resource.value.org);
        let open = |share: &Share| !share.window.is_over(scene.instant());
        let mut orgs = scene.orgs_with_share(*no).filter(|(org, share)| Some(*org) != own && open(share));
        orgs.next().is_some()
            || scene.share_with_all(*no).is_some_and(|(share, _)| open(&share))
            || scene.distributed_to_all(*no).is_some()
            || scene.recipients(*no).next().is_some()
    };
    let count = scene.all_orgs().flat_map(|org| scene.resources(org)).filter(crosses).count();
    in_use(count, "content that is for other orgs as well", "unshare and undistribute it first")
}

fn names(scene: &Scene<'_>, before: &Settings, after: &Settings) -> Result<(), Refusal> {
    if before.name_scope == after.name_scope {
        return Ok(());
    }
    let count = scene.all_orgs().map(|org| scene.resources(org).count()).sum();
    in_use(count, "content that was named by it", "`name_scope` is changed before there is any")
}

/// Tenant permissions are the administrators' alone.
fn permissions(scene: &Scene<'_>, before: &Settings, after: &Settings) -> Result<(), Refusal> {
    if before.tenant_permissions == after.tenant_permissions {
        return Ok(());
    }
    if !keepers::has_administrators(&scene.view) {
        let detail = "nobody could give tenant permissions: they need an administrators' group with somebody in it, \
                      which `tenure init` makes where its preset names one";
        return Err(conflict("settings.no_administrators", detail));
    }
    if !sight::sees_tenant_permissions(&scene.view, &scene.subject) {
        let detail = "tenant permissions are the administrators': ask one of them to switch them";
        return Err(forbidden("settings.administrators", detail));
    }
    Ok(())
}

fn hierarchy(scene: &Scene<'_>, root: OrgNo, before: &Settings, after: &Settings) -> Result<(), Refusal> {
    let opens = before.single_org_hierarchy && !after.single_org_hierarchy && !scene.has_been_multi_org();
    if opens { sees_everybody(scene, root) } else { Ok(()) }
}

/// Who ends that people see only those below them sees everybody already.
fn sees_everybody(scene: &Scene<'_>, root: OrgNo) -> Result<(), Refusal> {
    if scene.home_users(root).all(|user| sight::sees_user(&scene.view, &scene.subject, user)) {
        return Ok(());
    }
    let detail = "not all users of the platform are below you, and by this you would see them: ask who made you";
    Err(forbidden("settings.hidden_users", detail))
}

fn folders(scene: &Scene<'_>, before: &Settings, after: &Settings) -> Result<(), Refusal> {
    let begins =
        (after.public_folders && !before.public_folders) || (after.personal_folders && !before.personal_folders);
    if !begins || workspace::folder_kind(scene).is_some() {
        return Ok(());
    }
    let detail = "there is no kind to make folders of: define one whose nature is `folder` first";
    Err(conflict("settings.no_folder_kind", detail))
}

fn in_use(count: usize, what: &str, remedy: &str) -> Result<(), Refusal> {
    if count == 0 { Ok(()) } else { Err(conflict("settings.in_use", format!("there is {what} ({count}): {remedy}"))) }
}

/// How far those above an org manage its users.
const fn reach(users: TenantUsers) -> u8 {
    match users {
        TenantUsers::Never => 0,
        TenantUsers::WhenSubscribed => 1,
        TenantUsers::Always => 2,
    }
}

/// How much licences are needed.
const fn need(licences: Switch) -> u8 {
    match licences {
        Switch::Off => 0,
        Switch::OnceUsed => 1,
        Switch::On => 2,
    }
}
