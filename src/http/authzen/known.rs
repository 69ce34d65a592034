//! Names that a question must have right: of sorts of subjects, of kinds, of actions. They are the same for everybody, so
//! whoever misspells one can be told. Which ids there are is told to nobody: a question about one that is not there is
//! denied.

use std::borrow::Cow;

use axum::http::StatusCode;
use tenure_projections::View;
use tenure_projections::judge::Action;
use tenure_projections::sight;
use tenure_projections::values::OrgNo;

use super::super::problem::Problem;
use super::evaluate::Asker;
use super::request::Asked;
use crate::command::did_you_mean;

/// The sorts of subjects.
const SUBJECTS: [&str; 3] = ["user", "group", "api_key"];

/// What content can be had at, and the flag beside it.
const LEVELS: [&str; 5] = ["view", "use", "copy", "edit", "manage"];

/// Whether a question names what there is, in the view that is asked or now.
///
/// # Errors
/// It does not (400), with what was probably meant.
pub fn asked(asker: &Asker<'_>, view: &View<'_>, asked: &Asked<'_>) -> Result<(), Problem> {
    subject_type(asked.subject.kind)?;
    action(asker, view, asked.action)?;
    resource_type(asker, view, asked.resource.kind)
}

/// The org that a search is about acting in, where it names one.
///
/// # Errors
/// There is none that the caller sees (404): nobody acts there would be no answer.
pub fn acting_org(asker: &Asker<'_>, view: &View<'_>, id: Option<&Cow<'_, str>>) -> Result<Option<OrgNo>, Problem> {
    let Some(id) = id else { return Ok(None) };
    let seen = |org: &OrgNo| sight::sees_org(&asker.live, &asker.viewer, *org);
    match view.find_org(id).filter(seen) {
        Some(org) => Ok(Some(org)),
        None => {
            let detail = format!("`context.acting_org`: there is no org `{id}` that you may see");
            Err(Problem::new(StatusCode::NOT_FOUND, "acting_org.unknown", detail))
        }
    }
}

/// Whether there are subjects of this type.
pub fn subject_type(name: &str) -> Result<(), Problem> {
    if SUBJECTS.contains(&name) {
        return Ok(());
    }
    let meant = did_you_mean(name, SUBJECTS);
    Err(unknown("subject.type_unknown", &format!("there are no subjects of the type `{name}`{meant}")))
}

/// Whether there is such an action or privilege.
pub fn action(asker: &Asker<'_>, view: &View<'_>, name: &str) -> Result<(), Problem> {
    if [view, &asker.live].into_iter().any(|view| Action::named(view, name).is_some()) {
        return Ok(());
    }
    let live = &asker.live;
    let meant = did_you_mean(name, LEVELS.into_iter().chain(live.privilege_names(live.all_privileges())));
    Err(unknown("action.unknown", &format!("there is no action or privilege `{name}`{meant}")))
}

/// Whether there are resources of this type.
pub fn resource_type(asker: &Asker<'_>, view: &View<'_>, name: &str) -> Result<(), Problem> {
    let is_kind = |view: &View<'_>| view.find_kind(name).is_some();
    if ["org", "environment"].contains(&name) || is_kind(view) || is_kind(&asker.live) {
        return Ok(());
    }
    let live = &asker.live;
    let kinds = live.kinds().map(|kind| live.kind_name(kind));
    let meant = did_you_mean(name, ["org", "environment"].into_iter().chain(kinds));
    Err(unknown("kind.unknown", &format!("there are no resources of the type `{name}`{meant}")))
}

fn unknown(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code, detail.to_owned())
}
