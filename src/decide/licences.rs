//! Licences: what the platform may do, how long a tenant is on trial, how many users it may have.

use std::collections::BTreeMap;

use tenure_events::Event;
use tenure_events::data::{LicenceInstalled, OrgLicensed, Switch, TrialStarted};
use tenure_events::{OrgId, Time};
use tenure_projections::judge::administrative;
use tenure_projections::values::OrgNo;

use super::scene::{Plan, Scene, conflict, invalid, org_id};
use super::{Draft, Refusal, orgs};
use crate::command::{InstallLicence, LicenseOrg};
use crate::licence::{InvalidLicence, PublicKey};

const DAY: i64 = 86_400;

pub fn install(scene: &Scene<'_>, args: &InstallLicence, plan: &mut Plan) -> Result<(), Refusal> {
    let root = super::groups::place(scene, None)?;
    scene.need(root, administrative::LICENCE_MANAGE)?;
    if scene.settings().is_none_or(|settings| settings.value.licences == Switch::Off) {
        return Err(off());
    }
    let licence = trusted(scene)?.platform(&args.token).map_err(|error| wrong("token", &error))?;
    not_ended(scene, "token", licence.valid_until)?;
    if let Some(before) = scene.platform_licence().map(|before| before.value.issued()) {
        newer("token", licence.issued, before)?;
    }
    let installed = LicenceInstalled { token: args.token.clone(), licence };
    plan.add(scene, root, Event::LicenceInstalled(installed), &[]);
    Ok(())
}

pub fn license(scene: &Scene<'_>, args: &LicenseOrg, plan: &mut Plan) -> Result<(), Refusal> {
    let org = orgs::open(scene, &args.org)?;
    orgs::not_root(scene, org)?;
    scene.need(scene.root().unwrap_or(org), administrative::LICENCE_MANAGE)?;
    if !scene.needs_licences() {
        return Err(off());
    }
    let (of, licence) = trusted(scene)?.tenant(&args.authorisation).map_err(|error| wrong("authorisation", &error))?;
    if of != args.org {
        return Err(invalid(
            "authorisation",
            "licence.other_org",
            format!("the code is for another org than `{}`", args.org),
        ));
    }
    not_ended(scene, "authorisation", licence.valid_until)?;
    if let Some(before) = scene.licence(org).map(|before| before.value.issued()) {
        newer("authorisation", licence.issued, before)?;
    }
    let licensed = OrgLicensed { org: args.org.clone(), authorisation: args.authorisation.clone(), licence };
    plan.add(scene, org, Event::OrgLicensed(licensed), scene.parent(org).as_slice());
    Ok(())
}

/// A new org begins its trial, where tenants need licences.
pub fn begin_trial(scene: &Scene<'_>, org: &OrgId, parent: OrgNo, plan: &mut Plan) -> Result<(), Refusal> {
    if !scene.needs_licences() {
        return Ok(());
    }
    let licence = scene.platform_licence().map(|licence| &licence.value);
    let licence =
        licence.ok_or_else(|| conflict("licence.missing", "tenants need a licence of the platform: install one"))?;
    if licence.window.is_over(scene.moment.time) {
        return Err(conflict("licence.over", "the platform's licence has ended: install the next one"));
    }
    if !licence.tenants {
        return Err(conflict("licence.no_tenants", "the platform's licence allows no tenants: ask for one that does"));
    }
    let valid_until = scene.moment.time.plus_seconds(i64::from(licence.trial_days) * DAY);
    let started = Event::TrialStarted(TrialStarted { org: org.clone(), users: licence.trial_users, valid_until });
    plan.in_org(org.clone(), started.clone());
    let original = plan.0.len().checked_sub(1);
    plan.0.push(Draft { org: org_id(scene, parent), event: started, twin_of: original });
    Ok(())
}

/// Refuses what would give an org more enabled users than its licence allows. The writer decides one command after the
/// other, each on all before it, so this holds however many race.
pub fn seats(scene: &Scene<'_>, drafts: &[Draft]) -> Result<(), Refusal> {
    let originals = drafts.iter().filter(|draft| draft.twin_of.is_none());
    let mut orgs: BTreeMap<&OrgId, Seats> = BTreeMap::new();
    for change in originals.filter_map(|draft| seat(&draft.event)) {
        match change {
            Seat::Takes(org) => orgs.entry(org).or_default().taken += 1,
            Seat::Frees(org) => orgs.entry(org).or_default().freed += 1,
            Seat::Limits(org, limit) => orgs.entry(org).or_default().limit = Some(limit),
        }
    }
    for (org, change) in orgs {
        let no = scene.find_org(org.as_str());
        let before = || no.and_then(|no| scene.licence(no)).and_then(|licence| licence.value.users);
        let Some(limit) = change.limit.unwrap_or_else(before) else { continue };
        let seats = no.map_or(0, |no| scene.seats(no)).saturating_add(change.taken).saturating_sub(change.freed);
        let only_freed = change.taken == 0 && change.limit.is_none();
        if seats > limit && !only_freed {
            let detail = format!(
                "org `{org}` would have {seats} enabled users and may have {limit}: disable somebody, or license it for more"
            );
            return Err(conflict("licence.user_limit", detail));
        }
    }
    Ok(())
}

/// What a command does to the seats of one org.
#[derive(Default)]
struct Seats {
    taken: u32,
    freed: u32,
    /// The limit that the command sets, if it sets one.
    limit: Option<Option<u32>>,
}

/// What an event does to the seats of an org. Seats are enabled home users.
enum Seat<'a> {
    /// One more is taken.
    Takes(&'a OrgId),
    /// One is free again.
    Frees(&'a OrgId),
    /// There are so many from now on; any number, if none is said.
    Limits(&'a OrgId, Option<u32>),
}

fn seat(event: &Event) -> Option<Seat<'_>> {
    match event {
        Event::UserCreated(e) => Some(Seat::Takes(&e.org)),
        Event::UserEnabled(e) => Some(Seat::Takes(&e.org)),
        Event::UserDisabled(e) => Some(Seat::Frees(&e.org)),
        Event::TrialStarted(e) => Some(Seat::Limits(&e.org, Some(e.users))),
        Event::OrgLicensed(e) => Some(Seat::Limits(&e.org, e.licence.users)),
        // Erasing names no org. It frees a seat at most, so nothing is let in by not counting it here.
        Event::UserErased(_) => None,
        Event::PlatformInitialised(_)
        | Event::SettingsChanged(_)
        | Event::PrivilegeDefined(_)
        | Event::PrivilegeReserved(_)
        | Event::OrgDeserted(_)
        | Event::UserTypeDefined(_)
        | Event::ResourceKindDefined(_)
        | Event::RoleTemplateDefined(_)
        | Event::TenantPermissionDefined(_)
        | Event::TenantPermissionGranted(_)
        | Event::TenantPermissionRevoked(_)
        | Event::OrgCreated(_)
        | Event::OrgRenamed(_)
        | Event::OrgDescribed(_)
        | Event::OrgTagged(_)
        | Event::OrgMoved(_)
        | Event::OrgDisabled(_)
        | Event::OrgEnabled(_)
        | Event::OrgArchived(_)
        | Event::LandlordExcluded(_)
        | Event::LandlordAdmitted(_)
        | Event::SubTenantAssociated(_)
        | Event::SubTenantDisassociated(_)
        | Event::UserProfileChanged(_)
        | Event::UserSignedIn(_)
        | Event::UserCredentialReset(_)
        | Event::IdentityLinked(_)
        | Event::IdentityUnlinked(_)
        | Event::ActiveOrgSelected(_)
        | Event::GroupCreated(_)
        | Event::GroupRenamed(_)
        | Event::GroupDeleted(_)
        | Event::GroupMemberAdded(_)
        | Event::GroupMemberRemoved(_)
        | Event::GroupInvited(_)
        | Event::GroupUninvited(_)
        | Event::EnvironmentLinked(_)
        | Event::EnvironmentUnlinked(_)
        | Event::SubscriptionGranted(_)
        | Event::SubscriptionRetyped(_)
        | Event::SubscriptionExtended(_)
        | Event::SubscriptionWithdrawn(_)
        | Event::PrivilegeGranted(_)
        | Event::PrivilegeRevoked(_)
        | Event::RoleDefined(_)
        | Event::RoleChanged(_)
        | Event::RoleDeleted(_)
        | Event::RoleAssigned(_)
        | Event::RoleUnassigned(_)
        | Event::ResourceCreated(_)
        | Event::ResourceRenamed(_)
        | Event::ResourceMoved(_)
        | Event::ResourceDeleted(_)
        | Event::ResourceCopied(_)
        | Event::ResourceExported(_)
        | Event::ResourceImported(_)
        | Event::ContentShared(_)
        | Event::ContentUnshared(_)
        | Event::ContentDistributed(_)
        | Event::ContentUndistributed(_)
        | Event::ContentHandedOn(_)
        | Event::ContentTakenBack(_)
        | Event::RowRuleSet(_)
        | Event::RowRuleCleared(_)
        | Event::ApiKeyIssued(_)
        | Event::ApiKeyRevoked(_)
        | Event::ContentAffected(_)
        | Event::CredentialConfirmed(_)
        | Event::LandlordCaughtUp(_)
        | Event::EnrolmentOpened(_)
        | Event::LicenceKeyTrusted(_)
        | Event::LicenceInstalled(_)
        | Event::TenantProvisioned(_)
        | Event::LoginConfigured(_)
        | Event::IssuerRegistered(_)
        | Event::IssuerChanged(_)
        | Event::IssuerRemoved(_)
        | Event::IssuerConfirmed(_)
        | Event::ValidityEnded(_) => None,
    }
}

fn trusted(scene: &Scene<'_>) -> Result<PublicKey, Refusal> {
    let key = scene.licence_key().and_then(|key| key.parse().ok());
    key.ok_or_else(|| {
        conflict("licence.no_key", "this platform was made without a key that licences are verified with")
    })
}

fn not_ended(scene: &Scene<'_>, field: &'static str, until: Option<Time>) -> Result<(), Refusal> {
    match until {
        Some(until) if until <= scene.moment.time => {
            Err(invalid(field, "licence.ended", format!("it ended at `{until}`: ask for a new one")))
        }
        Some(_) | None => Ok(()),
    }
}

/// Nobody goes back to what was replaced.
fn newer(field: &'static str, issued: Time, before: Time) -> Result<(), Refusal> {
    if issued > before {
        return Ok(());
    }
    let detail = format!("the one in force was issued at `{before}`, this one at `{issued}`: install a newer one");
    Err(invalid(field, "licence.superseded", detail))
}

fn off() -> Refusal {
    conflict("mechanism.off", "licences are off on this platform")
}

fn wrong(field: &'static str, error: &InvalidLicence) -> Refusal {
    invalid(field, "licence.invalid", error.to_string())
}
