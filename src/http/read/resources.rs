//! Content: what it is, with whom it is shared, who has it.

use serde::Serialize;
use tenure_events::data::{DataPermission, Level};
use tenure_events::{Position, Time};
use tenure_projections::View;
use tenure_projections::judge::{self, Action, Object, Question};
use tenure_projections::lookup::Audience;
use tenure_projections::values::{ResourceNo, Share, Source, UserNo};

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::{Ask, told};

/// A piece of content, as the reader is told.
#[derive(Serialize)]
pub struct Resource<'a> {
    id: &'a str,
    org: &'a str,
    kind: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creator: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    /// A personal folder: its creator's alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    personal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_source: Option<DataSource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_permission: Option<DataPermission>,
    deleted: bool,
}

/// Where a pack's data comes from.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum DataSource<'a> {
    File(bool),
    Engine(bool),
    Connection(Option<&'a str>),
}

impl<'a> DataSource<'a> {
    /// What the reader may be told: not which connection, where they do not see it.
    fn of(ask: &Ask<'a>, source: Source) -> Self {
        match source {
            Source::File => Self::File(true),
            Source::Engine => Self::Engine(true),
            Source::Connection(no) => {
                Self::Connection(Some(no).filter(|no| ask.sees_resource(*no)).map(|no| ask.view.resource_id(no)))
            }
        }
    }
}

impl<'a> Resource<'a> {
    /// What the reader may be told: not what it lies in, who made it or what it was copied from, where they do not see
    /// those.
    pub fn of(ask: &Ask<'a>, no: ResourceNo) -> Self {
        let view = &ask.view;
        let value = view.resource(no).map(|resource| resource.value);
        let parent = value.and_then(|resource| resource.parent).filter(|parent| ask.sees_resource(*parent));
        let creator = value.map(|resource| resource.creator).filter(|creator| ask.sees_user(*creator));
        let pack = view.pack(no);
        let source = view.source(no).filter(|source| ask.sees_resource(*source));
        Self {
            id: view.resource_id(no),
            org: value.map_or("", |resource| view.org_id(resource.org)),
            kind: value.map_or("", |resource| view.kind_name(resource.kind)),
            name: view.resource_name(no),
            parent: parent.map(|parent| view.resource_id(parent)),
            environment: value.and_then(|resource| resource.environment).map(|no| view.environment_id(no)),
            creator: creator.map(|creator| view.user_id(creator)),
            source: source.map(|source| view.resource_id(source)),
            personal: value.is_some_and(|resource| resource.personal),
            data_source: pack.and_then(|pack| pack.source).map(|source| DataSource::of(ask, source)),
            data_permission: pack.and_then(|pack| pack.data_permission),
            deleted: value.is_none_or(|resource| !resource.live),
        }
    }
}

/// `GET /v1/resources/{id}`.
pub fn one(ask: &Ask<'_>) -> Result<Reply, Problem> {
    ask.one(&Resource::of(ask, ask.resource(ask.id())?))
}

/// `GET /v1/resources/{id}/contents`.
pub fn contents(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let contents = ask.lookup()?.contents(ask.resource(ask.id())?);
    ask.page(told(contents, |no| Resource::of(ask, no)))
}

#[derive(Serialize)]
struct Shared<'a> {
    with: With<'a>,
    level: Level,
    copy: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Time>,
    valid: bool,
    position: Position,
}

/// Whom something is for.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum With<'a> {
    User(&'a str),
    Role(&'a str),
    Group(&'a str),
    Org(&'a str),
    AllOrgs(bool),
}

impl<'a> With<'a> {
    /// As the reader is told.
    pub fn of(view: &View<'a>, with: Audience) -> Self {
        match with {
            Audience::User(user) => Self::User(view.user_id(user)),
            Audience::Role(role) => Self::Role(view.role_id(role)),
            Audience::Group(group) => Self::Group(view.group_id(group)),
            Audience::Org(org) => Self::Org(view.org_id(org)),
            Audience::AllOrgs => Self::AllOrgs(true),
        }
    }
}

impl<'a> Shared<'a> {
    fn of(view: &View<'a>, with: Audience, share: &Share, position: Position) -> Self {
        let with = With::of(view, with);
        let Share { level, copy, window } = *share;
        Self { with, level, copy, valid_until: window.until(), valid: window.holds(view.instant()), position }
    }
}

/// `GET /v1/resources/{id}/shares`.
pub fn shares(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let shares = ask.lookup()?.shares(ask.resource(ask.id())?);
    ask.page(told(shares, |(with, share, position)| Shared::of(&ask.view, with, &share, position)))
}

#[derive(Serialize)]
struct Has<'a> {
    user: &'a str,
    level: Level,
    copy: bool,
}

/// `GET /v1/resources/{id}/access`: of those whom the caller may ask about; whom they do not see are counted.
pub fn access(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let no = ask.resource(ask.id())?;
    let (who, more) = ask.lookup()?.who_may_and_more(Action::Level(Level::View), Object::Resource(no), None);
    ask.page_and_more(told(who, |user| has(&ask.view, user, no)), more)
}

fn has<'a>(view: &View<'a>, user: UserNo, no: ResourceNo) -> Has<'a> {
    let may = |action| {
        let question = Question { subject: user.into(), action, object: Object::Resource(no), acting: None };
        judge::check(view, &question, &mut ())
    };
    let highest = [Level::Manage, Level::Edit, Level::Use].into_iter().find(|level| may(Action::Level(*level)));
    Has { user: view.user_id(user), level: highest.unwrap_or(Level::View), copy: may(Action::Copy) }
}
