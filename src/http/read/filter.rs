//! Which events somebody wants, and which they may read.
//!
//! A filter that names what is not there finds nothing, and that would look like an answer: it is refused. What the
//! caller may not see is treated as what is not there, in every way that shows.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::StatusCode;
use tenure_events::{EntityRef, Envelope, schema};
use tenure_projections::View;
use tenure_projections::judge::{Code, Subject};
use tenure_projections::sight;
use tenure_projections::values::{OrgNo, ResourceNo, UserNo};

use super::super::problem::Problem;
use super::ask::Params;
use crate::command::did_you_mean;

/// Which events somebody wants.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    org: Option<String>,
    /// Of one of these types; none: of every type.
    kinds: Vec<&'static str>,
    actor: Option<String>,
    subject: Option<String>,
}

/// What a filter names and the caller does not see: once nothing was found of it, it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// Whoever did it.
    Actor,
    /// What it is about.
    Subject,
}

/// Every type of event, by all the names under which it is asked for.
static KINDS: LazyLock<BTreeMap<String, Vec<&'static str>>> = LazyLock::new(|| {
    let mut names: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for kind in schema::data().into_keys() {
        let kind: &'static str = kind.leak();
        let Some((name, _)) = kind.rsplit_once(".v") else { continue };
        // Events that were written of an older version are read as the one that is written now.
        if schema::is_retired(kind) {
            names.entry(kind.to_owned()).or_default();
            continue;
        }
        for text in [kind, name, name.strip_prefix("tenure.").unwrap_or(name)] {
            names.entry(text.to_owned()).or_default().push(kind);
        }
    }
    let retired: Vec<String> = names.iter().filter(|(_, now)| now.is_empty()).map(|(kind, _)| kind.clone()).collect();
    for kind in retired {
        let now = kind.rsplit_once(".v").and_then(|(name, _)| names.get(name)).cloned().unwrap_or_default();
        names.insert(kind, now);
    }
    names
});

/// The collections in which subjects stand.
const COLLECTIONS: [&str; 13] = [
    "orgs",
    "users",
    "groups",
    "roles",
    "resources",
    "environments",
    "keys",
    "issuers",
    "privileges",
    "user-types",
    "kinds",
    "tenant-permissions",
    "platform",
];

impl Filter {
    /// As the query says, if all that it names is there for the caller; beside it, what of it they do not see.
    ///
    /// # Errors
    /// A type or sort of subject that there is not (400), an org that the caller does not see (404), or whose history
    /// they may not read (403).
    pub fn of(params: &Params, live: &View<'_>, viewer: &Subject) -> Result<(Self, Vec<Unseen>), Problem> {
        let text = |name| params.text(name).map(str::to_owned);
        let kinds = params.text("type").map(kinds).transpose()?.unwrap_or_default();
        let filter = Self { org: text("org"), kinds, actor: text("actor"), subject: text("subject") };
        filter.may_read_org(live, viewer)?;
        let mut unseen = Vec::new();
        if filter.actor.as_deref().is_some_and(|actor| !sees(live, viewer, "users", actor)) {
            unseen.push(Unseen::Actor);
        }
        if let Some(subject) = &filter.subject {
            let (collection, id) = subject.split_once('/').unwrap_or((subject, ""));
            if !COLLECTIONS.contains(&collection) || id.is_empty() != (collection == "platform") {
                let meant = did_you_mean(collection, COLLECTIONS);
                let detail = format!("`subject` is such as `users/sally`, or `platform`, not `{subject}`{meant}");
                return Err(Problem::malformed(detail));
            }
            if !sees(live, viewer, collection, id) {
                unseen.push(Unseen::Subject);
            }
        }
        Ok((filter, unseen))
    }

    /// The org that it is bound to.
    pub fn org(&self) -> Option<&str> {
        self.org.as_deref()
    }

    /// That what it names is not there for the caller.
    pub fn not_there(&self, what: Unseen) -> Problem {
        let (code, field, text) = match what {
            Unseen::Actor => ("actor.unknown", "actor", &self.actor),
            Unseen::Subject => ("subject.unknown", "subject", &self.subject),
        };
        let text = text.as_deref().unwrap_or_default();
        let detail = format!("`{field}`: there is no `{text}`, or nothing of it that you may read");
        Problem::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// The events of an org are for those who read its history; their own events in it, for everybody.
    fn may_read_org(&self, live: &View<'_>, viewer: &Subject) -> Result<(), Problem> {
        let Some(id) = self.org.as_deref() else { return Ok(()) };
        let Some(org) =
            live.find_org(id).filter(|org| sight::sees_org(live, viewer, *org) || reads(live, viewer, *org))
        else {
            return Err(Problem::not_found());
        };
        let own = self.subject.as_deref().and_then(|subject| subject.strip_prefix("users/"));
        if reads(live, viewer, org) || own == Some(live.user_id(viewer.user)) {
            return Ok(());
        }
        let detail = format!(
            "reading the history of `{id}` needs `audit.read` there; with `subject=users/{}` you read your own",
            live.user_id(viewer.user)
        );
        Err(Problem::new(StatusCode::FORBIDDEN, Code::NotHeld.name(), detail))
    }

    /// Whether it wants this one.
    pub fn wants(&self, envelope: &Envelope) -> bool {
        let is = |want: &Option<String>, text: &str| want.as_deref().is_none_or(|want| want == text);
        is(&self.org, envelope.org.as_str())
            && (self.kinds.is_empty() || self.kinds.contains(&envelope.event.kind()))
            && is(&self.actor, envelope.actor.as_str())
            && (self.subject.is_none() || is(&self.subject, &envelope.event.subject()))
    }
}

/// The types of a list with commas: whole names, or without version, or without `tenure.`.
fn kinds(text: &str) -> Result<Vec<&'static str>, Problem> {
    let mut found = Vec::new();
    for name in text.split(',').map(str::trim) {
        let Some(kinds) = KINDS.get(name) else {
            let meant = did_you_mean(name, KINDS.keys());
            let detail = format!("`type`: there are no events of the type `{name}`{meant}");
            return Err(Problem::new(StatusCode::BAD_REQUEST, "event_type.unknown", detail));
        };
        found.extend(kinds);
    }
    Ok(found)
}

fn reads(live: &View<'_>, viewer: &Subject, org: OrgNo) -> bool {
    sight::reads_history(live, viewer, org)
}

/// Whether the caller sees what a filter names, or may read all that happened to it.
fn sees(live: &View<'_>, viewer: &Subject, collection: &str, id: &str) -> bool {
    let audits = |org: OrgNo| reads(live, viewer, org);
    match collection {
        "orgs" => live.find_org(id).is_some_and(|org| sight::sees_org(live, viewer, org) || audits(org)),
        "users" => live
            .find_user(id)
            .is_some_and(|user| sight::sees_user(live, viewer, user) || live.home(user).is_some_and(audits)),
        "groups" => live.find_group(id).is_some_and(|group| sight::sees_group(live, viewer, group)),
        "roles" => live.find_role(id).is_some_and(|role| sight::sees_role(live, viewer, role)),
        "resources" => live.find_resource(id).is_some_and(|no| {
            let org = live.resource(no).map(|resource| resource.value.org);
            sight::sees_resource(live, viewer, None, no)
                || (org.is_some_and(audits) && sight::was_ever_public(live, viewer, no))
        }),
        "environments" => live.find_environment(id).is_some_and(|no| {
            live.environment(no).is_some_and(|found| sight::sees_inside(live, viewer, found.value.org))
        }),
        "keys" => live.find_key(id).is_some_and(|key| sight::sees_key(live, viewer, key)),
        "issuers" => live.find_issuer(id).is_some_and(|issuer| sight::sees_issuer(live, viewer, issuer)),
        "privileges" => live.find_privilege(id).is_some(),
        "user-types" => live.find_user_type(id).is_some(),
        "kinds" => live.find_kind(id).is_some(),
        "platform" => true,
        _ => false,
    }
}

/// Whether the viewer, judged live, reads an event: one of an org whose history they read, or one about themself.
/// What is about tenant permissions is for their administrators.
pub fn sees_event(live: &View<'_>, viewer: &Subject, envelope: &Envelope) -> bool {
    let reads = |org| sight::reads_event(live, viewer, org, envelope.position);
    let own = |user: UserNo| envelope.event.entity().user().is_some_and(|id| id.as_str() == live.user_id(user));
    if envelope.event.is_confidential() && !sight::sees_tenant_permissions(live, viewer) {
        return false;
    }
    let org = live.find_org(envelope.org.as_str()).filter(|org| reads(*org));
    org.is_some_and(|org| !is_personal(live, viewer, org, envelope)) || (viewer.is_whole() && own(viewer.user))
}

/// Whether an event tells of what lies in somebody's personal folder.
fn is_personal(live: &View<'_>, viewer: &Subject, org: OrgNo, envelope: &Envelope) -> bool {
    if !live.org(org).is_some_and(|org| org.value.personal) {
        return false;
    }
    match envelope.event.entity() {
        EntityRef::Resource(id) => {
            // By what it was once the event had happened: before content came there it was no secret.
            let then = View::new(live.state(), envelope.position, live.instant());
            // What another org is told of it says nothing but that.
            let own = |resource: &ResourceNo| live.resource(*resource).is_some_and(|found| found.value.org == org);
            let personal = |resource| sight::was_personal(live, &then, viewer, resource);
            live.find_resource(id.as_str()).filter(own).is_some_and(personal)
        }
        EntityRef::Platform
        | EntityRef::Privilege(_)
        | EntityRef::UserType(_)
        | EntityRef::Kind(_)
        | EntityRef::TenantPermission(_)
        | EntityRef::Org(_)
        | EntityRef::User(_)
        | EntityRef::Group(_)
        | EntityRef::Environment(_)
        | EntityRef::Role(_)
        | EntityRef::ApiKey(_)
        | EntityRef::Issuer(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_asked_for_by_their_names() {
        let check = |text: &str, want: Result<&[&'static str], &str>| match (kinds(text), want) {
            (Ok(found), Ok(want)) => assert_eq!(found, want, "{text}"),
            (Err(problem), Err(want)) => assert!(problem.detail().ends_with(want), "{text}: {}", problem.detail()),
            (found, _) => panic!("{text}: {found:?}"),
        };
        check("tenure.org.renamed.v1", Ok(&["tenure.org.renamed.v1"]));
        check("tenure.org.renamed", Ok(&["tenure.org.renamed.v1"]));
        check("org.renamed,org.moved", Ok(&["tenure.org.renamed.v1", "tenure.org.moved.v1"]));
        check("tenure.resource.created.v1", Ok(&["tenure.resource.created.v2"]));
        check("tenure.org.renamd.v1", Err("did you mean `tenure.org.renamed.v1`?"));
        check("org.renamed,", Err("of the type ``"));
        check("spaceship", Err("of the type `spaceship`"));
    }
}
