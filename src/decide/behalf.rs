//! Acting on behalf: a product's own service acts as a user. The user's rights decide, both are recorded.

use tenure_events::Sealed;
use tenure_projections::View;
use tenure_projections::sight;
use tenure_projections::values::OrgNo;

use super::scene::{Scene, forbidden};
use super::{Caller, Refusal};
use crate::command::Command;

/// Refuses unless the actor may send this command in the user's place.
///
/// `act-as` held in the org acted in suffices; held in an ancestor it reaches down, except into orgs that exclude their
/// landlord. It never covers administration, keys, sharing or export.
pub fn judge(scene: &Scene<'_>, caller: &Caller, command: &Command<Sealed>) -> Result<(), Refusal> {
    let Some(user) = caller.on_behalf_of else { return Ok(()) };
    let Some(org) = org_of(scene, command) else {
        let detail = format!("`{}` is never done on behalf of somebody: use their own token", command.name());
        return Err(forbidden("act_as.not_covered", detail));
    };
    if sight::acts_for(&scene.view, &scene.actor, user, org) {
        return Ok(());
    }
    Err(forbidden("act_as.not_held", "you may not act for this user there: it needs `act-as` in the org acted in"))
}

/// The org that a command acts in, for those that may be done for somebody else.
fn org_of(scene: &Scene<'_>, command: &Command<Sealed>) -> Option<OrgNo> {
    let content = |id: &tenure_events::ResourceId| {
        let no = scene.find_resource(id.as_str())?;
        View::resource(scene, no).map(|resource| resource.value.org)
    };
    let home = || scene.home(scene.subject.user);
    if let Command::CreateResource(args) = command {
        scene.find_org(args.org.as_str()).or_else(home)
    } else if let Command::CopyResource(args) = command {
        scene.find_org(args.into_org.as_str()).or_else(home)
    } else if let Command::RenameResource(args) = command {
        content(&args.resource).or_else(home)
    } else if let Command::MoveResource(args) = command {
        content(&args.resource).or_else(home)
    } else if let Command::DeleteResource(args) = command {
        content(&args.resource).or_else(home)
    } else if let Command::SelectActiveOrg(_) | Command::RecordSignIn(_) = command {
        home()
    } else {
        None
    }
}
