//! Export and import: content leaves an org as a bundle and is made anew where that is brought in (D).

use std::collections::{BTreeMap, BTreeSet};

use tenure_events::data::{Level, NameScope, Nature, ResourceExported, ResourceImported};
use tenure_events::{Event, Hash, ResourceId, Time};
use tenure_projections::View;
use tenure_projections::judge::{self, Action, Object, Question, Subject};
use tenure_projections::names::fold;
use tenure_projections::sight;
use tenure_projections::values::{KindNo, OrgNo, ResourceNo};
use uuid::Uuid;

use super::content::{actions, destination, inside, scope};
use super::scene::{Plan, Scene, conflict, forbidden, invalid, kind_name, org_id, resource_id, user_id};
use super::{MAX_EVENTS, Refusal, global};
use crate::command::{Contents, ExportResources, ImportResources, Item};

/// What comes of exporting: the bundle is made of the view after, see [`bundled`].
pub fn export(scene: &Scene<'_>, args: &ExportResources, plan: &mut Plan) -> Result<(), Refusal> {
    let org = scene.live_org(&args.org)?;
    if args.resources.is_empty() {
        return Err(invalid("resources", "resources.none", "name at least one piece of content"));
    }
    for (at, id) in args.resources.iter().enumerate() {
        if args.resources.iter().take(at).any(|other| other == id) {
            return Err(invalid("resources", "resources.twice", format!("content `{id}` is named twice")));
        }
        let (no, resource) = inside(scene, id)?;
        scene.may(Action::Level(Level::Manage), no, None)?;
        super::delta::sees_all_rows(scene, no)?;
        if resource.org != org {
            return Err(conflict("resource.other_org", format!("`{id}` is not in org `{}`", args.org)));
        }
        if actions(scene, resource.kind)?.nature == Nature::Pack {
            return Err(conflict("export.never", "packs are distributed, and never exported"));
        }
    }
    let contents = bundled(&scene.view, org, &args.resources, scene.moment.time);
    if !may_export(&scene.view, &scene.subject, &contents) {
        let detail = "something that lies in it is not yours to export: it needs the level `manage` on all of it";
        return Err(forbidden("export.not_all", detail));
    }
    if contents.resources.len() > MAX_EVENTS {
        let detail = format!(
            "a bundle holds at most {MAX_EVENTS} pieces of content, these are {}: export parts of it",
            contents.resources.len()
        );
        return Err(conflict("bundle.too_large", detail));
    }
    let bundle = Hash::of(&contents.to_bytes()).to_string();
    for id in &args.resources {
        let exported = ResourceExported { resource: id.clone(), org: args.org.clone(), bundle: bundle.clone() };
        plan.add(scene, org, Event::ResourceExported(exported), &[]);
    }
    Ok(())
}

/// What a bundle of this content holds: the content itself and all that lies in it, without connections and packs that
/// nobody named.
#[must_use]
pub fn bundled(view: &View<'_>, org: OrgNo, named: &[ResourceId], exported: Time) -> Contents {
    let mut resources = Vec::new();
    let mut seen = BTreeSet::new();
    let named: Vec<ResourceNo> = named.iter().filter_map(|id| view.find_resource(id.as_str())).collect();
    // A folder comes before what was named beside it and lies in it.
    let lies_in_another = |no: &ResourceNo| view.folders(*no).skip(1).any(|folder| named.contains(&folder));
    let (inner, outer): (Vec<ResourceNo>, Vec<ResourceNo>) = named.iter().partition(|no| lies_in_another(no));
    for root in outer.into_iter().chain(inner) {
        // Oldest first, so that the same content makes the same bundle.
        let mut waiting = vec![root];
        while let Some(no) = waiting.pop() {
            let Some(resource) = view.resource(no).map(|resource| resource.value) else { continue };
            if !seen.insert(no) {
                continue;
            }
            let parent = resource.parent.filter(|parent| seen.contains(parent)).map(|parent| resource_id(view, parent));
            let (id, kind, name) = (resource_id(view, no), kind_name(view, resource.kind), view.resource_name(no));
            resources.push(Item { id, kind, name: name.to_owned(), parent });
            waiting.extend(view.contents(no).filter(|below| goes_along(view, *below)));
        }
    }
    Contents { format: crate::command::FORMAT, org: org_id(view, org), exported, resources }
}

/// Whether somebody may be given a bundle of this content.
#[must_use]
pub fn may_export(view: &View<'_>, subject: &Subject, contents: &Contents) -> bool {
    contents.resources.iter().all(|item| {
        let may = |no: ResourceNo| {
            let acting = view.resource(no).map(|resource| resource.value.org);
            let (action, object) = (Action::Level(Level::Manage), Object::Resource(no));
            judge::check(view, &Question { subject: *subject, action, object, acting }, &mut ())
        };
        view.find_resource(item.id.as_str()).is_some_and(may)
    })
}

fn goes_along(view: &View<'_>, no: ResourceNo) -> bool {
    let nature = view.resource(no).and_then(|resource| view.actions(resource.value.kind));
    nature.is_some_and(|actions| match actions.value.nature {
        Nature::Content | Nature::Folder | Nature::App => true,
        Nature::Connection | Nature::Pack => false,
    })
}

/// Makes what the bundle holds, but for what the caller sees in the org already as an import of the same.
pub fn import(scene: &Scene<'_>, args: &ImportResources, plan: &mut Plan) -> Result<(), Refusal> {
    if global::is(scene, &args.org) {
        return Err(global::no_workspace());
    }
    let org = scene.live_org(&args.org)?;
    scene.acts_in(org)?;
    let contents = args.contents.as_ref().ok_or_else(|| {
        let detail = "the bundle is not as this platform signed it: export the content again, and change nothing in it";
        invalid("bundle", "bundle.not_genuine", detail)
    })?;
    let bundle = Hash::of(&contents.to_bytes()).to_string();
    let mut import = Import { scene, args, contents, org, places: BTreeMap::new(), taken: BTreeSet::new() };
    for item in &contents.resources {
        import.item(item, &bundle, plan)?;
    }
    Ok(())
}

/// An import under way.
struct Import<'a> {
    scene: &'a Scene<'a>,
    args: &'a ImportResources,
    contents: &'a Contents,
    org: OrgNo,
    /// What stands for each piece of the bundle.
    places: BTreeMap<&'a ResourceId, ResourceId>,
    /// Names that the import itself takes.
    taken: BTreeSet<(KindNo, Option<ResourceId>, String)>,
}

impl<'a> Import<'a> {
    fn item(&mut self, item: &'a Item, bundle: &str, plan: &mut Plan) -> Result<(), Refusal> {
        if let Some(there) = self.there(item) {
            self.places.insert(&item.id, resource_id(self.scene, there));
            return Ok(());
        }
        let kind = self.scene.find_kind(item.kind.as_str());
        let kind =
            kind.ok_or_else(|| invalid("bundle", "kind.unknown", format!("there is no kind `{}`", item.kind)))?;
        if actions(self.scene, kind)?.nature == Nature::Connection && self.contents.org != self.args.org {
            return Err(conflict("import.never", "connections never leave their org: make one of your own"));
        }
        let placed = item.parent.as_ref().and_then(|parent| self.places.get(parent)).cloned();
        // What the import makes itself is its maker's to put things into.
        let is_new = placed.as_ref().is_some_and(|parent| self.scene.find_resource(parent.as_str()).is_none());
        let parent = placed.or_else(|| self.args.parent.clone());
        let above = destination(self.scene, self.org, None, kind, parent.as_ref().filter(|_| !is_new))?;
        let name = self.name(item, kind, above, parent.as_ref(), is_new)?;
        let resource = ResourceId::from(Uuid::new_v5(&self.scene.moment.fresh.thing, item.id.as_str().as_bytes()));
        self.places.insert(&item.id, resource.clone());
        let imported = ResourceImported {
            resource,
            org: self.args.org.clone(),
            kind: item.kind.clone(),
            name,
            parent,
            creator: user_id(self.scene, self.scene.subject.user),
            source: item.id.clone(),
            bundle: bundle.to_owned(),
        };
        plan.add(self.scene, self.org, Event::ResourceImported(imported), &[]);
        Ok(())
    }

    /// What the piece was imported as before, as far as the caller sees it.
    fn there(&self, item: &Item) -> Option<ResourceNo> {
        let scene = self.scene;
        let source = scene.find_resource(item.id.as_str())?;
        scene.imports_of(source).find(|no| {
            let here =
                View::resource(scene, *no).is_some_and(|import| import.value.live && import.value.org == self.org);
            here && sight::sees_resource(&scene.view, &scene.subject, Some(self.org), *no)
        })
    }

    /// A name that nothing else has where the piece goes, in the org or by this import.
    fn name(
        &mut self,
        item: &Item,
        kind: KindNo,
        above: Option<ResourceNo>,
        parent: Option<&ResourceId>,
        is_new: bool,
    ) -> Result<String, Refusal> {
        let per_org = self.scene.name_scope() == NameScope::Org;
        let name = if is_new && !per_org {
            item.name.clone()
        } else {
            self.scene.name(scope(self.scene, self.org, kind, above), &item.name, None)?
        };
        let place = parent.filter(|_| !per_org).cloned();
        if !self.taken.insert((kind, place, fold(&name))) {
            return Err(conflict(
                "name.taken",
                format!("the bundle holds two of the name `{name}`: import them apart"),
            ));
        }
        Ok(name)
    }
}
