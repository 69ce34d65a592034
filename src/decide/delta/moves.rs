//! What a move hands out.

use tenure_events::ResourceId;
use tenure_events::data::Level;
use tenure_projections::View;
use tenure_projections::values::ResourceNo;

use super::{association, holds_below, packs};
use crate::decide::Refusal;
use crate::decide::scene::Scene;

/// What lies in a folder is had by whom the folder, or one above it, is shared with; all that lies in a personal folder by
/// its owner.
pub fn moved(scene: &Scene<'_>, resource: &ResourceId, parent: Option<&ResourceId>) -> Result<(), Refusal> {
    let no = scene.find_resource(resource.as_str());
    let parent = parent.and_then(|parent| scene.find_resource(parent.as_str()));
    let Some((no, parent)) = no.zip(parent) else { return Ok(()) };
    if scene.personal_of(parent).is_some() {
        return holds_below(scene, no, Level::Manage, false);
    }
    let old: Vec<ResourceNo> = scene.folders(no).skip(1).collect();
    let new = || scene.folders(parent).filter(|folder| !old.contains(folder));
    let widest = new().flat_map(|folder| scene.shares(folder));
    let widest = widest.fold(None, |widest: Option<(Level, bool)>, share| {
        let (level, copy) = widest.unwrap_or((share.level, share.copy));
        Some((level.max(share.level), copy || share.copy))
    });
    let widest = match widest {
        Some((level, _)) if association::opens(scene, new()) => Some((level.max(Level::Use), true)),
        None if packs::is_given(scene, new()) => Some((Level::View, false)),
        Some(_) | None => widest,
    };
    // What the folders give ends with the last of their shares.
    let endless = packs::is_given(scene, new()) || association::opens(scene, new());
    let ends = new().flat_map(|folder| scene.shares(folder)).map(|share| share.window.until());
    let ends = ends.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other))).flatten();
    let scene = &scene.lasting(ends.filter(|_| !endless));
    match widest {
        Some((level, copy)) => {
            let kind = View::resource(scene, no).and_then(|resource| scene.actions(resource.value.kind));
            let org = View::resource(scene, no).map(|resource| resource.value.org);
            if let Some((org, share)) = org.zip(kind.and_then(|kind| kind.value.share)) {
                scene.need(org, share)?;
            }
            holds_below(scene, no, level, copy)
        }
        None => Ok(()),
    }
}
