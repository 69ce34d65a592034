//! What is in use is not pulled away silently: a ceiling or a setting that takes something from somebody is changed by
//! who says that it shall.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use tenure_events::{Event, Sealed};
use tenure_projections::View;
use tenure_projections::judge;
use tenure_projections::values::{OrgNo, UserNo, UserTypeNo};

use super::scene::{Scene, conflict};
use super::{Draft, Refusal, keepers, settings};
use crate::command::Command;

/// The most users who are counted.
const MAX_COUNTED: usize = 1_000;

/// Refuses a change that takes something from somebody, in a view of the state after it, unless it says `take_away`.
pub fn judge<'v>(
    scene: &Scene<'_>,
    after: &dyn Fn() -> View<'v>,
    command: &Command<Sealed>,
    drafts: &[Draft],
) -> Result<(), Refusal> {
    let said = if let Command::ChangeSettings(args) = command {
        args.take_away
    } else if let Command::DefineUserType(args) = command {
        args.take_away
    } else {
        return Ok(());
    };
    let Some(of) = drafts.iter().find_map(|draft| may_lose(scene, &draft.event)).filter(|_| !said) else {
        return Ok(());
    };
    let count = losers(&scene.view, &after(), of);
    if count == 0 {
        return Ok(());
    }
    let least = if count < MAX_COUNTED { "" } else { "at least " };
    let detail = format!(
        "this takes something from {least}{count} of the users: a dry run with `take_away` shows who loses what; send it \
         with `take_away` if it shall be so"
    );
    Err(conflict("access.taken_away", detail))
}

/// Among whom.
#[derive(Clone, Copy)]
enum Among {
    Everybody,
    Members(UserTypeNo),
}

fn may_lose(scene: &Scene<'_>, event: &Event) -> Option<Among> {
    match event {
        Event::SettingsChanged(e) => {
            let before = scene.settings()?;
            settings::takes(&before.value, &e.settings).then_some(Among::Everybody)
        }
        Event::UserTypeDefined(e) => {
            let no = scene.find_user_type(e.user_type.as_str())?;
            let now = scene.privilege_set(&e.ceiling).ok()?;
            (!scene.ceiling(no).without(now).is_empty()).then_some(Among::Members(no))
        }
        Event::PlatformInitialised(_)
        | Event::PrivilegeDefined(_)
        | Event::PrivilegeReserved(_)
        | Event::OrgDeserted(_)
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
        | Event::UserCreated(_)
        | Event::UserProfileChanged(_)
        | Event::UserDisabled(_)
        | Event::UserEnabled(_)
        | Event::UserErased(_)
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
        | Event::TrialStarted(_)
        | Event::OrgLicensed(_)
        | Event::TenantProvisioned(_)
        | Event::LoginConfigured(_)
        | Event::IssuerRegistered(_)
        | Event::IssuerChanged(_)
        | Event::IssuerRemoved(_)
        | Event::IssuerConfirmed(_)
        | Event::ValidityEnded(_) => None,
    }
}

/// How many hold less than before in some org; no more are counted than [`MAX_COUNTED`].
fn losers(before: &View<'_>, after: &View<'_>, among: Among) -> usize {
    let mut lose = BTreeSet::new();
    let mut visit = |user: UserNo, org: OrgNo| {
        let lost = judge::privileges(before, user, org).without(judge::privileges(after, user, org));
        if !lost.is_empty() {
            lose.insert(user);
        }
        if lose.len() < MAX_COUNTED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let _: ControlFlow<()> = before.all_orgs().try_for_each(|org| match among {
        Among::Everybody => keepers::candidates(before, org, |user| visit(user, org)),
        Among::Members(no) => {
            let mut members = before.subscribers(org).filter(|(_, held, _)| held.user_type == no);
            members.try_for_each(|(user, ..)| visit(user, org))
        }
    });
    lose.len()
}
