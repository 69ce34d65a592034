//! Searches: all that would make a question true, as far as the caller may ask.

use serde::Serialize;
use tenure_events::data::Level;
use tenure_projections::View;
use tenure_projections::judge::{self, Action, Asked, Code, Object, Question, Resolved, Subject, administrative};
use tenure_projections::lookup::{self, Lookup, MAX_LIMIT};
use tenure_projections::sight::{self, Asking};
use tenure_projections::values::{OrgNo, ResourceNo, UserNo};

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::super::read::{Bookmark, Bound, is_none};
use super::evaluate::Asker;
use super::known;
use super::request::Search;

/// Items a page, unless the caller says otherwise.
const USUAL_LIMIT: usize = 100;

#[derive(Serialize)]
struct Results<T> {
    results: Vec<T>,
    page: Page,
    context: Context,
}

#[derive(Serialize)]
struct Page {
    next_token: String,
    count: usize,
    /// How many more there are, of those that this page looked at, whom the caller does not see.
    #[serde(skip_serializing_if = "is_none")]
    more: usize,
}

#[derive(Serialize)]
struct Context {
    position: u64,
}

#[derive(Serialize)]
struct Thing<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Properties>,
}

/// What a result carries beside its name.
#[derive(Serialize)]
struct Properties {
    /// The one way by which it is had, where that is a right over both orgs (O): to be marked as such.
    through: &'static str,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

/// What a search is read from: one view for all its pages.
struct Read<'a> {
    asker: &'a Asker<'a>,
    view: View<'a>,
    lookup: Lookup<'a>,
    acting: Option<OrgNo>,
    bound: Bound,
}

/// Who may do it.
pub fn subjects(asker: &Asker<'_>, search: &Search<'_>) -> Result<Reply, Problem> {
    let (kind, name, resource) = (search.subject_type()?, search.action()?, search.resource()?);
    let read = Read::new(asker, search, "subject")?;
    known::subject_type(kind)?;
    known::action(asker, &read.view, name)?;
    known::resource_type(asker, &read.view, resource.kind)?;
    let found = Action::named(&read.view, name).zip(resource.thing().found(&read.view));
    let Some((action, (object, _))) = found else {
        return nothing(asker, search);
    };
    if kind == "group" {
        let groups = read.lookup.groups_who_may(action, object, read.acting);
        let tell = |group| Thing { kind: "group", id: read.view.group_id(group), properties: None };
        return read.reply(groups.items.into_iter().map(tell).collect(), groups.next);
    }
    let (users, more) = read.lookup.who_may_and_more(action, object, read.acting);
    let mut results = Vec::with_capacity(users.items.len());
    for user in users.items {
        if kind == "user" {
            results.push(Thing { kind: "user", id: read.view.user_id(user), properties: None });
        } else {
            results.extend(read.keys(user, action, object));
        }
    }
    read.reply_and_more(results, users.next, more)
}

/// With what it may be done.
pub fn resources(asker: &Asker<'_>, search: &Search<'_>) -> Result<Reply, Problem> {
    let (who, name, kind) = (search.subject()?, search.action()?, search.resource_type()?);
    let read = Read::new(asker, search, "resource")?;
    known::subject_type(who.kind)?;
    known::action(asker, &read.view, name)?;
    known::resource_type(asker, &read.view, kind)?;
    let who = who.who();
    let about = who.resolve(&read.view);
    let read = read.of(&about);
    let subject = about.subject.filter(|_| asker.knows(&about, who));
    let Some((subject, action)) = subject.zip(Action::named(&read.view, name)) else {
        return nothing(asker, search);
    };
    let lookup = read.lookup_about(subject.user);
    if kind == "org" {
        let mut orgs = lookup.orgs_of(subject.user);
        orgs.items.retain(|org| read.allows(subject, action, Object::Org(*org)) && read.may_ask(subject.user, *org));
        let tell = |org| Thing { kind: "org", id: read.view.org_id(org), properties: None };
        return read.reply(orgs.items.into_iter().map(tell).collect(), orgs.next);
    }
    if kind == "environment" {
        let orgs = lookup.orgs_of(subject.user);
        let asked = orgs.items.into_iter().filter(|org| read.may_ask(subject.user, *org));
        let there = asked.flat_map(|org| read.view.environments(org));
        let found = there.filter(|no| read.allows(subject, action, Object::Environment(*no)));
        let tell = |no| Thing { kind: "environment", id: read.view.environment_id(no), properties: None };
        return read.reply(found.map(tell).collect(), orgs.next);
    }
    let Some(of_kind) = read.view.find_kind(kind) else {
        return nothing(asker, search);
    };
    let mut found = lookup.what_may(&subject, action, Some(of_kind), read.acting);
    found.items.retain(|no| read.view.resource(*no).is_some_and(|found| read.may_ask(subject.user, found.value.org)));
    let tell = |no| Thing {
        kind,
        id: read.view.resource_id(no),
        properties: read.is_by_both(&subject, no).then_some(Properties { through: Code::AssociationAdmin.name() }),
    };
    read.reply(found.items.into_iter().map(tell).collect(), found.next)
}

/// What may be done.
pub fn actions(asker: &Asker<'_>, search: &Search<'_>) -> Result<Reply, Problem> {
    let (who, what) = (search.subject()?, search.resource()?);
    let read = Read::new(asker, search, "action")?;
    known::subject_type(who.kind)?;
    known::resource_type(asker, &read.view, what.kind)?;
    let who = who.who();
    let found = Asked::new(who, "", what.thing()).resolve(&read.view);
    let read = read.of(&found);
    let asking = if asker.knows(&found, who) { asker.asking(&found) } else { Asking::No };
    let (Some(subject), Some((object, _)), Asking::Full) = (found.subject, found.target, asking) else {
        return nothing(asker, search);
    };
    let actions = lookup::actions_of(&read.view, &subject, object, read.acting);
    let tell = |action| Named { name: name(&read.view, action) };
    read.reply::<_, lookup::Cursor>(actions.into_iter().map(tell).collect(), None)
}

impl<'a> Read<'a> {
    fn new(asker: &'a Asker<'a>, search: &Search<'_>, what: &str) -> Result<Self, Problem> {
        let limit = search.page.limit.unwrap_or(USUAL_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::malformed(format!("`page.limit` is a number from 1 to {MAX_LIMIT}")));
        }
        let bound = search.bound(asker.bound().with("search", what));
        let bookmark = search.page.bookmark(asker.node(), &bound)?;
        let (view, cursor) = match &bookmark {
            Some(bookmark) => (bookmark.view(asker.node())?, bookmark.rest()?),
            None => (asker.view(&search.context)?, lookup::Cursor::default()),
        };
        let acting = known::acting_org(asker, &view, search.context.acting_org.as_ref())?;
        let lookup = Lookup::of(view).seen_by(asker.live, asker.viewer, None).limit(limit).page(cursor);
        Ok(Self { asker, view, lookup, acting, bound })
    }

    /// The same with who stands for the group that is asked about, if it is one.
    fn of<'b>(self, found: &'b Resolved) -> Read<'b>
    where
        'a: 'b,
    {
        if found.group.is_none() {
            return self;
        }
        let view = found.in_view(self.view);
        Read { view, lookup: self.lookup.of_view(view), ..self }
    }

    /// The lookup to search about a user with: whoever may act for them somewhere sees what they see, as far as they may
    /// ask.
    fn lookup_about(&self, user: UserNo) -> Lookup<'a> {
        let Asker { live, viewer, .. } = self.asker;
        let may_act = |org| judge::privileges_as(live, viewer, org).has(administrative::ACT_AS);
        let acts = |org| sight::acts_for(live, viewer, user, org);
        // Most may act for nobody, and need not be tried in all orgs of the user.
        let acts = user != viewer.user
            && judge::orgs_of(live, viewer.user).into_iter().any(may_act)
            && judge::orgs_of(live, user).into_iter().any(acts);
        let lookup = self.lookup.clone();
        if acts { lookup.seen_by(*live, user.into(), None) } else { lookup }
    }

    fn allows(&self, subject: Subject, action: Action, object: Object) -> bool {
        judge::check(&self.view, &Question { subject, action, object, acting: self.acting }, &mut ())
    }

    /// Whether content is had only by managing all content of the org acted in and of its master.
    fn is_by_both(&self, subject: &Subject, no: ResourceNo) -> bool {
        let Some(org) = self.view.resource(no).map(|resource| resource.value.org) else { return false };
        let acting = self.acting.or_else(|| judge::acting_org(&self.view, subject.user, org)).unwrap_or(org);
        if acting == org {
            return false;
        }
        let (mut by_both, mut otherwise) = (false, false);
        judge::reaches(&self.view, subject, acting, no, |reach| {
            let both = reach.code == Code::AssociationAdmin;
            by_both |= both;
            otherwise |= !both;
            std::ops::ControlFlow::Continue(())
        });
        by_both && !otherwise
    }

    fn may_ask(&self, user: UserNo, org: OrgNo) -> bool {
        sight::may_ask(&self.asker.live, &self.asker.viewer, user, org) == Asking::Full
    }

    /// The keys of a user by which it may be done.
    fn keys(&self, user: UserNo, action: Action, object: Object) -> Vec<Thing<'a>> {
        let seen = |key: &_| sight::sees_key(&self.asker.live, &self.asker.viewer, *key);
        let keys = self.view.keys_of(user).map(|(key, _)| key).filter(seen);
        let may =
            |key: &_| Subject::by_key(&self.view, *key).is_some_and(|subject| self.allows(subject, action, object));
        keys.filter(may).map(|key| Thing { kind: "api_key", id: self.view.key_id(key), properties: None }).collect()
    }

    fn reply<T: Serialize, C: ToString>(&self, results: Vec<T>, next: Option<C>) -> Result<Reply, Problem> {
        self.reply_and_more(results, next, 0)
    }

    fn reply_and_more<T: Serialize, C: ToString>(
        &self,
        results: Vec<T>,
        next: Option<C>,
        more: usize,
    ) -> Result<Reply, Problem> {
        let next_token = next.map(|next| Bookmark::of(&self.view, next).written(self.asker.node(), &self.bound));
        answer(results, (next_token.unwrap_or_default(), more), self.view.position())
    }
}

fn nothing(asker: &Asker<'_>, search: &Search<'_>) -> Result<Reply, Problem> {
    answer(Vec::<Thing<'_>>::new(), (String::new(), 0), asker.view(&search.context)?.position())
}

fn answer<T: Serialize>(results: Vec<T>, (next_token, more): (String, usize), position: u64) -> Result<Reply, Problem> {
    let page = Page { next_token, count: results.len(), more };
    Reply::json(position, &Results { results, page, context: Context { position } })
}

fn name<'a>(view: &View<'a>, action: Action) -> &'a str {
    match action {
        Action::Privilege(privilege) => view.privilege_name(privilege),
        Action::Level(Level::View) => "view",
        Action::Level(Level::Use) => "use",
        Action::Level(Level::Edit) => "edit",
        Action::Level(Level::Manage) => "manage",
        Action::Copy => "copy",
    }
}
