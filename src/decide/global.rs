//! The global policy: which users and groups hold the roles that are of no org. It is no org of the tree and has no
//! workspace; where system administrators reach into every org (D) it knows their role alone, and it is theirs to keep.

use tenure_events::{OrgId, RoleId};
use tenure_projections::judge;
use tenure_projections::values::{OrgNo, PrivilegeSet, Role};

use super::Refusal;
use super::scene::{Scene, conflict, forbidden};

/// The word that names it where an org is named.
pub const GLOBAL: &str = "global";

/// Whether the word stands for the global policy. An org that had this id before is that org.
pub fn is(scene: &Scene<'_>, org: &OrgId) -> bool {
    org.as_str() == GLOBAL && scene.find_org(GLOBAL).is_none()
}

/// Whether whose authority decides is a system administrator who reaches into every org, with all that they have.
pub fn reaches(scene: &Scene<'_>) -> bool {
    scene.system_administrator_reaches()
        && scene.subject.only.is_none()
        && scene.subject.cap == PrivilegeSet::ALL
        && judge::is_system_administrator(&scene.view, scene.subject.user)
}

/// Whether they reach into this org: it does not exclude them.
pub fn reaches_into(scene: &Scene<'_>, org: OrgNo) -> bool {
    reaches(scene) && !judge::suspended(&scene.view, org, org).any
}

/// Refuses unless a role, if it is of no org, is the caller's to manage.
pub fn manages(scene: &Scene<'_>, role: &Role) -> Result<(), Refusal> {
    if role.org.is_some() || !scene.system_administrator_reaches() || reaches(scene) {
        return Ok(());
    }
    let detail = "the global policy is the system administrators' to change: ask one of them";
    Err(forbidden("global_policy.system_administrator", detail))
}

/// Refuses to take the role of the system administrators, or something of what it carries.
pub fn keeps(scene: &Scene<'_>, role: &Role, name: &str, privileges: PrivilegeSet) -> Result<(), Refusal> {
    let kept = name == role.name && role.privileges.without(privileges).is_empty();
    if !role.system || !scene.system_administrator_reaches() || kept {
        return Ok(());
    }
    let detail = "system administrators hold everything: their role takes more, and nothing is taken from it";
    Err(conflict("role.built_in", detail))
}

/// Refuses a role that the global policy does not take where system administrators reach.
pub fn takes(scene: &Scene<'_>, role: &RoleId) -> Result<(), Refusal> {
    let system = role.as_str() == judge::SYSTEM_ADMINISTRATOR;
    if system || !scene.system_administrator_reaches() { Ok(()) } else { Err(one_role()) }
}

/// What the global policy does not take where system administrators reach.
pub fn one_role() -> Refusal {
    let detail = format!("the global policy knows the role `{}` alone: name an org", judge::SYSTEM_ADMINISTRATOR);
    conflict("global_policy.one_role", detail)
}

/// What it never has.
pub fn no_workspace() -> Refusal {
    conflict("global_policy.no_workspace", "the global policy has no workspace: name an org")
}
