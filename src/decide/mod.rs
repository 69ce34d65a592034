//! Decisions: from a view and a wish to events, or a refusal and nothing. Pure: time, new ids, sealed text and the
//! hash of a new key's secret come in.

mod alike;
mod associations;
mod behalf;
mod catalogue;
mod content;
mod delta;
mod effect;
mod enrolment;
mod environments;
mod exchange;
mod foreign;
mod global;
mod groups;
mod identities;
mod issuers;
mod keepers;
mod keys;
mod licences;
mod moving;
mod on_content;
mod orgs;
mod outside;
mod packs;
mod permissions;
mod refusal;
mod roles;
mod scene;
mod settings;
mod subscriptions;
mod taken;
mod tenants;
mod text;
mod told;
mod trial;
mod twins;
mod users;
mod validity;
mod workspace;

use std::cell::OnceCell;

use tenure_events::{Envelope, Event, OrgId, Sealed, Time};
use tenure_projections::judge::Subject;
use tenure_projections::values::{IdentityNo, IssuerNo, KeyNo, OrgNo, UserNo};
use tenure_projections::{State, View};

use crate::command::{Command, Fresh};

use scene::{Plan, Scene};

pub use catalogue::needed;
pub use effect::Effect;
pub use exchange::{bundled, may_export};
pub use foreign::{Actors, Foreign, ForeignAccess, Issued, Made, foreign_access, outsiders};
pub use global::GLOBAL;
pub use identities::linked;
pub use on_content::OnContent;
pub use orgs::starting_role;
pub use refusal::{Kind, Refusal};
pub use text::{MAX_REASON, personal};
pub use told::{TELLING, Told, remains};
pub use trial::StandIns;
pub use twins::is_true_twin;
pub use validity::ended;
pub use workspace::{first_personal_folder, personal_id, public_folder, public_id};

/// The most events that one command may have.
pub const MAX_EVENTS: usize = 1_000;

/// Who commands, as the token and the headers say.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Whose token it is, with what the key leaves of their authority.
    pub actor: Subject,
    /// The user in whose place the actor acts: then that user's authority decides.
    pub on_behalf_of: Option<UserNo>,
    /// The org acted in, where the caller names one.
    pub acting_org: Option<OrgNo>,
    /// When the actor's key ends, if it does.
    pub key_ends: Option<Time>,
    /// The actor's key, if they came by one.
    pub key: Option<KeyNo>,
    /// By which issuer and identity the actor signed in, if they did.
    pub signed_in: Option<(IssuerNo, IdentityNo)>,
}

/// The user in whose place an actor acts, as the judge sees them: within the orgs and privileges of the actor's own
/// credential, and shut out of their personal folders.
#[must_use]
pub const fn acting_for(actor: &Subject, user: UserNo) -> Subject {
    Subject { user, cap: actor.cap, only: actor.only, own: false }
}

/// What a decision needs beside the view: settled before, recorded with it.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Recorded time of the command.
    pub time: Time,
    /// New ids, for what the caller did not name.
    pub fresh: Fresh,
    /// SHA-256 of the secret of a key that the command may issue, in base64url without padding.
    pub key_hash: String,
    /// Whether the node can send a secret to a user's mail address.
    pub delivers: bool,
}

/// An event that a command decided on, before the writer gives it its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// In whose history it stands.
    pub org: OrgId,
    /// What happened.
    pub event: Event,
    /// The draft of which this one is the twin, by its index in the command.
    pub twin_of: Option<usize>,
}

/// What comes of a command: its events, in order, or why not.
///
/// # Errors
/// The first rule that stands against it. Nothing has happened then.
pub fn decide(
    view: &View<'_>,
    caller: &Caller,
    command: &Command<Sealed>,
    moment: &Moment,
) -> Result<Vec<Draft>, Refusal> {
    let bounds = OnceCell::new();
    decide_as(Scene::new(view, caller, moment, &bounds), caller, command)
}

/// What would come of a command that is only tried out: see [`StandIns`], by which the ids that the caller chose are put into
/// what comes of it.
///
/// # Errors
/// The first rule that stands against it, as far as it rests on what the caller sees.
pub fn try_out(
    view: &View<'_>,
    caller: &Caller,
    command: &Command<Sealed>,
    moment: &Moment,
    stand_ins: &StandIns,
) -> Result<Vec<Draft>, Refusal> {
    let bounds = OnceCell::new();
    decide_as(Scene { trial: Some(stand_ins), ..Scene::new(view, caller, moment, &bounds) }, caller, command)
}

fn decide_as(scene: Scene<'_>, caller: &Caller, command: &Command<Sealed>) -> Result<Vec<Draft>, Refusal> {
    let (view, moment) = (&scene.view.clone(), scene.moment);
    behalf::judge(&scene, caller, command)?;
    stands(&scene)?;
    let mut plan = Plan::default();
    plan_events(&scene, command, &mut plan)?;
    behalf::effects(&scene, caller, &plan.0)?;
    closed(&scene, command, &plan.0)?;
    let scene = Scene { arising: catalogue::arising(&scene, command), ..scene };
    let over = OnceCell::new();
    let after = || view.over(over.get_or_init(|| suppose(view, caller, moment, &plan.0)));
    delta::judge(&scene, &after, &plan.0)?;
    taken::judge(&scene, &after, command, &plan.0)?;
    licences::seats(&scene, &plan.0)?;
    let concerns = keepers::concerned(&scene, &plan.0);
    let mut deserted = Plan::default();
    if !concerns.is_empty() {
        let left = keepers::deserted(&scene, &after(), &concerns);
        keepers::judge(&scene, &after(), &concerns, &left)?;
        keepers::told(&scene, &left, &mut deserted);
    }
    plan.0.extend(deserted.0);
    Ok(plan.0)
}

/// An archived org keeps its history as it is: nothing is written in it any more, but that its people are erased.
fn closed(scene: &Scene<'_>, command: &Command<Sealed>, drafts: &[Draft]) -> Result<(), Refusal> {
    if matches!(command, Command::EraseUser(_)) {
        return Ok(());
    }
    let archived = |id: &OrgId| scene.find_org(id.as_str()).is_some_and(|org| scene.is_archived(org));
    let mut originals = drafts.iter().filter(|draft| draft.twin_of.is_none());
    match originals.find(|draft| archived(&draft.org)) {
        Some(draft) => Err(scene::archived(&draft.org)),
        None => Ok(()),
    }
}

/// The state that these events would make, as an overlay on the view.
#[must_use]
pub fn suppose(view: &View<'_>, caller: &Caller, moment: &Moment, drafts: &[Draft]) -> State {
    let over = State::above(view.state());
    for draft in drafts {
        over.suppose(view.state(), &hypothetical(view, caller, moment, draft));
    }
    over
}

fn stands(scene: &Scene<'_>) -> Result<(), Refusal> {
    if scene.stands(scene.subject.user) {
        return Ok(());
    }
    Err(scene::forbidden(
        "standing.not_live",
        "the user is disabled or gone, or their home org is, or its licence is over",
    ))
}

fn plan_events(scene: &Scene<'_>, command: &Command<Sealed>, plan: &mut Plan) -> Result<(), Refusal> {
    match command {
        Command::CreateOrg(args) => orgs::create(scene, args, plan).map(drop),
        Command::RenameOrg(args) => orgs::rename(scene, args, plan),
        Command::DescribeOrg(args) => orgs::describe(scene, args, plan),
        Command::TagOrg(args) => orgs::tag(scene, args, plan),
        Command::MoveOrg(args) => moving::relocate(scene, args, plan),
        Command::DisableOrg(args) => orgs::disable(scene, &args.org, plan),
        Command::EnableOrg(args) => orgs::enable(scene, &args.org, plan),
        Command::ArchiveOrg(args) => orgs::archive(scene, args, plan),
        Command::ExcludeLandlord(args) => orgs::exclude_landlord(scene, &args.org, plan),
        Command::ConfirmCredentials(args) => outside::confirm(scene, args, plan),
        Command::AdmitLandlord(args) => orgs::admit_landlord(scene, args, plan),
        Command::CreateUser(args) => users::create(scene, args, plan),
        Command::ChangeProfile(args) => users::change_profile(scene, args, plan),
        Command::DisableUser(args) => users::disable(scene, &args.user, plan),
        Command::EnableUser(args) => users::enable(scene, &args.user, plan),
        Command::EraseUser(args) => users::erase(scene, args, plan),
        Command::ResetCredential(args) => users::reset_credential(scene, args, plan),
        Command::Enrol(args) => enrolment::redeem(scene, args, plan),
        Command::RecordSignIn(args) => users::record_sign_in(scene, &args.user, plan),
        Command::LinkIdentity(args) => users::link_identity(scene, args, plan),
        Command::UnlinkIdentity(args) => users::unlink_identity(scene, args, plan),
        Command::SelectActiveOrg(args) => users::select_active_org(scene, args, plan),
        Command::CreateGroup(args) => groups::create(scene, args, plan),
        Command::RenameGroup(args) => groups::rename(scene, args, plan),
        Command::DeleteGroup(args) => groups::delete(scene, &args.group, plan),
        Command::AddGroupMembers(args) => groups::add_members(scene, args, plan),
        Command::RemoveGroupMembers(args) => groups::remove_members(scene, args, plan),
        Command::SyncGroup(args) => groups::sync(scene, args, plan),
        Command::InviteGroup(args) => environments::invite(scene, args, plan),
        Command::UninviteGroup(args) => environments::uninvite(scene, args, plan),
        Command::GrantTenantPermission(args) => permissions::grant(scene, args, plan),
        Command::RevokeTenantPermission(args) => permissions::revoke(scene, args, plan),
        Command::LinkEnvironment(args) => environments::link(scene, args, plan),
        Command::UnlinkEnvironment(args) => environments::unlink(scene, args, plan),
        Command::GrantSubscriptions(args) => subscriptions::grant(scene, args, plan),
        Command::WithdrawSubscription(args) => subscriptions::withdraw(scene, args, plan),
        Command::RetypeSubscription(args) => subscriptions::retype(scene, args, plan),
        Command::ExtendSubscription(args) => subscriptions::extend(scene, args, plan),
        Command::GrantPrivileges(args) => subscriptions::grant_privileges(scene, args, plan),
        Command::RevokePrivileges(args) => subscriptions::revoke_privileges(scene, args, plan),
        Command::DefineRole(args) => roles::define(scene, args, plan),
        Command::ChangeRole(args) => roles::change(scene, args, plan),
        Command::DeleteRole(args) => roles::delete(scene, &args.role, plan),
        Command::AssignRole(args) => roles::assign(scene, args, plan),
        Command::UnassignRole(args) => roles::unassign(scene, args, plan),
        Command::CreateResource(args) => content::create(scene, args, plan),
        Command::RenameResource(args) => content::rename(scene, args, plan),
        Command::MoveResource(args) => content::relocate(scene, args, plan),
        Command::DeleteResource(args) => content::delete(scene, &args.resource, plan),
        Command::CopyResource(args) => content::copy(scene, args, plan),
        Command::ExportResources(args) => exchange::export(scene, args, plan),
        Command::ImportResources(args) => exchange::import(scene, args, plan),
        Command::Share(args) => content::share(scene, args, plan),
        Command::Unshare(args) => content::unshare(scene, args, plan),
        Command::AssociateSubTenant(args) => associations::associate(scene, args, plan),
        Command::DisassociateSubTenant(args) => associations::disassociate(scene, &args.sub, plan),
        Command::Distribute(args) => packs::distribute(scene, args, plan),
        Command::Undistribute(args) => packs::undistribute(scene, args, plan),
        Command::HandOn(args) => packs::hand_on(scene, args, plan),
        Command::TakeBack(args) => packs::take_back(scene, args, plan),
        Command::SetRowRule(args) => packs::set_row_rule(scene, args, plan),
        Command::ClearRowRule(args) => packs::clear_row_rule(scene, args, plan),
        Command::IssueApiKey(args) => keys::issue(scene, args, plan),
        Command::RevokeApiKey(args) => keys::revoke(scene, args, plan),
        Command::InstallLicence(args) => licences::install(scene, args, plan),
        Command::LicenseOrg(args) => licences::license(scene, args, plan),
        Command::ConfigureLogin(args) => tenants::configure_login(scene, args, plan),
        Command::RegisterIssuer(args) => issuers::register(scene, args, plan),
        Command::ChangeIssuer(args) => issuers::change(scene, args, plan),
        Command::RemoveIssuer(args) => issuers::remove(scene, args, plan),
        Command::ProvisionTenant(args) => tenants::provision(scene, args, plan),
        Command::ChangeSettings(args) => settings::change(scene, args, plan),
        Command::DefinePrivilege(args) => catalogue::define_privilege(scene, args, plan),
        Command::DefineUserType(args) => catalogue::define_user_type(scene, args, plan),
        Command::DefineResourceKind(args) => catalogue::define_resource_kind(scene, args, plan),
    }
}

/// A draft in an envelope that only a supposition sees.
fn hypothetical(view: &View<'_>, caller: &Caller, moment: &Moment, draft: &Draft) -> Envelope {
    let actor = scene::user_id(view, caller.on_behalf_of.unwrap_or(caller.actor.user));
    let supposed = view.at(moment.time).supposed(draft.org.clone(), actor, draft.event.clone());
    Envelope { twin_of: draft.twin_of.map(|_| 0), ..supposed }
}
