//! A platform in memory for tests of decisions: a state, a clock that counts, and the log of what was decided.

use serde_json::Value;
use tenure::command::{Command, Contents, Fresh, Plain};
use tenure::decide::{Caller, Draft, Moment, Refusal, decide, personal};
use tenure_events::data::{
    CrossOrgShares, GroupCreated, GroupMemberAdded, Nature, OrgCreated, PlatformInitialised, PrivilegeDefined,
    ResourceKindDefined, Settings, Subscription, SubscriptionGranted, Switch, TenantPermissionDefined, UserCreated,
    UserTypeDefined,
};
use tenure_events::{Envelope, Event, GroupId, Hash, OrgId, Position, Sealed, Time, UserId};
use tenure_projections::judge::{Subject, administrative};
use tenure_projections::{State, View};
use uuid::Uuid;

/// Kinds of content and the actions on each that need a privilege.
pub const KINDS: [(&str, &[&str]); 6] = [
    ("folder", &["create", "edit", "delete", "share"]),
    ("chart", &["create", "edit", "delete", "share"]),
    ("report", &["create", "view", "edit", "share"]),
    ("connection", &["create", "edit"]),
    ("pack", &["create", "view", "share"]),
    ("app", &[]),
];

/// User types: all, all of administration, all of content, nothing.
pub const USER_TYPES: [&str; 4] = ["administrator", "steward", "member", "viewer"];

/// When every world begins.
pub const START: &str = "2026-03-01T09:00:00Z";

/// A platform with root org `root`, and `admin` at home there, who holds everything in it.
pub struct World {
    pub state: State,
    pub log: Vec<Envelope>,
    /// Whether there is a hook that sends secrets.
    pub delivers: bool,
    now: Time,
    prev: Hash,
}

impl World {
    pub fn new(settings: Settings) -> Self {
        let mut world = Self {
            state: State::new(),
            log: Vec::new(),
            delivers: true,
            now: START.parse().unwrap(),
            prev: Hash::default(),
        };
        let events = platform(settings).into_iter().map(|event| Draft { org: id("root"), event, twin_of: None });
        world.record("admin", "init", events.collect());
        world
    }

    /// The default preset's settings, with a change.
    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = settings();
        change(&mut settings);
        Self::new(settings)
    }

    /// The time of the next command.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Seconds pass.
    pub fn pass(&mut self, seconds: i64) {
        self.now = self.now.plus_seconds(seconds);
    }

    pub fn position(&self) -> Position {
        self.log.last().map_or(0, |envelope| envelope.position)
    }

    /// Who gave the command of an event.
    pub fn actor(&self, position: Position) -> Option<UserId> {
        self.log.iter().find(|envelope| envelope.position == position).map(|envelope| envelope.actor.clone())
    }

    /// The present.
    pub fn view(&self) -> View<'_> {
        View::new(&self.state, self.position(), self.now)
    }

    /// Who commands, in a word: `USER`, `USER/KEY` through a key, `USER/enrolment` by their enrolment secret, `USER>OTHER`
    /// on behalf, `USER@ORG` acting there.
    pub fn caller(&self, who: &str) -> Caller {
        let (who, org) = who.split_once('@').map_or((who, None), |(who, org)| (who, Some(org)));
        let (who, other) = who.split_once('>').map_or((who, None), |(who, other)| (who, Some(other)));
        let (user, key) = who.split_once('/').map_or((who, None), |(user, key)| (user, Some(key)));
        let view = self.view();
        let mut actor = Subject::from(view.find_user(user).unwrap());
        let (mut key_ends, mut by) = (None, None);
        if let Some(key) = key {
            let secret = view.keys_of(actor.user).find(|(_, key)| key.enrols).map(|(no, _)| no);
            by = if key == "enrolment" { secret } else { view.find_key(key) };
            let key = view.usable_key(by.unwrap()).unwrap();
            assert_eq!(key.user, actor.user);
            actor = Subject::of_key(key);
            key_ends = key.window.until();
        }
        let on_behalf_of = other.map(|other| view.find_user(other).unwrap());
        Caller {
            actor,
            on_behalf_of,
            acting_org: org.map(|org| view.find_org(org).unwrap()),
            key_ends,
            key: by,
            signed_in: None,
        }
    }

    /// What would come of a command.
    pub fn decide(&self, who: &str, name: &str, arguments: &Value) -> Result<Vec<Draft>, Refusal> {
        let moment = self.moment();
        decide(&self.view(), &self.caller(who), &command(name, arguments, &moment.fresh)?, &moment)
    }

    /// Gives a command; what comes of it is recorded.
    pub fn give(&mut self, who: &str, name: &str, arguments: &Value) -> Result<Vec<Draft>, Refusal> {
        let drafts = self.decide(who, name, arguments)?;
        self.record(who, name, drafts.clone());
        Ok(drafts)
    }

    /// Gives a command that is to be accepted.
    #[track_caller]
    pub fn must(&mut self, who: &str, name: &str, arguments: Value) {
        if let Err(refusal) = self.give(who, name, &arguments) {
            panic!("{who}: {name} {arguments}: {} {refusal}", refusal.code);
        }
    }

    /// Gives a command that is to be refused with this code.
    #[track_caller]
    pub fn must_not(&mut self, who: &str, name: &str, arguments: Value, code: &str) {
        match self.give(who, name, &arguments) {
            Ok(drafts) => panic!("{who}: {name} {arguments}: accepted {drafts:?}"),
            Err(refusal) => assert_eq!(refusal.code, code, "{who}: {name} {arguments}: {refusal}"),
        }
    }

    /// Records an event that no command has to allow.
    pub fn fact(&mut self, org: &str, event: Event) {
        self.record("admin", "fact", vec![Draft { org: id(org), event, twin_of: None }]);
    }

    /// Whether the user holds the privilege in the org now.
    pub fn holds(&self, user: &str, privilege: &str, org: &str) -> bool {
        let view = self.view();
        let (user, org) = (view.find_user(user).unwrap(), view.find_org(org).unwrap());
        let held = tenure_projections::judge::privileges_as(&view, &Subject::from(user), org);
        held.has(view.find_privilege(privilege).unwrap())
    }

    /// Settled before the next command: its time, and ids for what it makes.
    pub fn moment(&self) -> Moment {
        let number = u128::from(self.position()) << 8;
        let fresh = Fresh { thing: Uuid::from_u128(number | 1), admin: Uuid::from_u128(number | 2) };
        Moment { time: self.now, fresh, key_hash: format!("hash-{number}"), delivers: self.delivers }
    }

    /// Puts events into the log and the state, each in its place.
    pub fn record(&mut self, who: &str, name: &str, drafts: Vec<Draft>) {
        let actor = who.split(['/', '>', '@']).next().unwrap();
        let other = who.split('@').next().and_then(|who| Some(who.split_once('>')?.1));
        let (first, count) = (self.position() + 1, u32::try_from(drafts.len()).unwrap());
        let command = Uuid::from_u128(u128::from(first) << 8);
        for (index, Draft { org, event, twin_of }) in (0..).zip(drafts) {
            assert!(twin_of.is_none_or(|of| of < index as usize), "a twin comes after its original");
            let envelope = Envelope {
                log: Uuid::nil(),
                epoch: 0,
                position: self.position() + 1,
                prev: self.prev,
                id: Uuid::from_u128(u128::from(first) << 8 | u128::from(index)),
                time: self.now,
                org_sequence: self.log.iter().filter(|earlier| earlier.org == org).count() as u64 + 1,
                org,
                command,
                command_name: name.into(),
                index,
                count,
                actor: id(actor),
                on_behalf_of: other.map(id),
                correlation: command,
                causation: None,
                body_hash: None,
                reason: None,
                twin_of: twin_of.map(|of| first + of as Position),
                event,
            };
            self.prev = Hash::of(&envelope.to_bytes());
            self.state.install(&envelope);
            self.log.push(envelope);
        }
        self.state.publish(self.position());
        self.now = self.now.next();
    }
}

/// A command by name, its personal texts looked at, and sealed in a manner of speaking.
pub fn command(name: &str, arguments: &Value, fresh: &Fresh) -> Result<Command<Sealed>, Refusal> {
    let mut command = Command::parse(name, arguments.to_string().as_bytes())
        .unwrap_or_else(|error| panic!("{name} {arguments}: {error}"));
    if let Command::ImportResources(args) = &mut command {
        args.contents = Contents::from_bytes(args.bundle.as_bytes());
    }
    let identity = |issuer: &str, subject: &str| format!("{issuer}#{subject}");
    command.seal(fresh, identity, |_, field, text: Plain| {
        personal(field, &text.0)?;
        Ok(Sealed::from_bytes(text.0.into_bytes()))
    })
}

/// The settings of the default preset.
pub fn settings() -> Settings {
    Settings {
        roles_need_membership: true,
        landlord_rule: true,
        cross_org_shares: CrossOrgShares::Downward,
        tenant_permissions: Switch::OnceUsed,
        administrators_group: Some(id("administrators")),
        ..Settings::default()
    }
}

/// The catalogue: what administers, then what each kind needs.
pub fn privileges() -> Vec<String> {
    let kinds = KINDS.iter().flat_map(|(kind, actions)| actions.iter().map(move |action| format!("{kind}.{action}")));
    administrative::NAMES.iter().map(|name| (*name).to_owned()).chain(kinds).collect()
}

/// What a user type can hold at the most.
pub fn ceiling(user_type: &str) -> Vec<String> {
    let mut privileges = privileges();
    match user_type {
        "administrator" => privileges,
        "steward" => privileges.drain(..administrative::NAMES.len()).collect(),
        "member" => privileges.split_off(administrative::NAMES.len()),
        _ => Vec::new(),
    }
}

/// An id that is one.
pub fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn ids<T: std::str::FromStr<Err: std::fmt::Debug>>(texts: Vec<String>) -> Vec<T> {
    texts.iter().map(|text| id(text)).collect()
}

fn platform(settings: Settings) -> Vec<Event> {
    let root: OrgId = id("root");
    let mut events = vec![Event::PlatformInitialised(PlatformInitialised {
        preset: "test".to_owned(),
        root: root.clone(),
        settings,
    })];
    events.extend((0..).zip(privileges()).map(|(number, privilege)| {
        let defined = PrivilegeDefined { privilege: id(&privilege), number };
        Event::PrivilegeDefined(defined)
    }));
    events.extend(USER_TYPES.iter().map(|user_type| {
        let defined = UserTypeDefined { user_type: id(user_type), ceiling: ids(ceiling(user_type)) };
        Event::UserTypeDefined(defined)
    }));
    events.extend(KINDS.iter().map(|(kind, actions)| {
        let needs = |action: &str| actions.contains(&action).then(|| id(&format!("{kind}.{action}")));
        let [create, view, edit, delete, share] = ["create", "view", "edit", "delete", "share"].map(needs);
        let nature = match *kind {
            "connection" => Nature::Connection,
            "folder" => Nature::Folder,
            "pack" => Nature::Pack,
            "app" => Nature::App,
            _ => Nature::Content,
        };
        Event::ResourceKindDefined(ResourceKindDefined { kind: id(kind), create, view, edit, delete, share, nature })
    }));
    let (permission, gates) = (id("manage-organizations"), vec![id("org.manage")]);
    let defined = TenantPermissionDefined { permission, privileges: gates };
    events.push(Event::TenantPermissionDefined(defined));
    let (parent, managing_group, region) = (None, None, None);
    let (name, description, tags) = ("Root".to_owned(), String::new(), Vec::new());
    let created = OrgCreated { org: root.clone(), name, parent, description, tags, managing_group, region };
    events.push(Event::OrgCreated(created));
    let user: UserId = id("admin");
    events.push(Event::UserCreated(UserCreated { user: user.clone(), org: root.clone(), name: None, email: None }));
    let subscription = Subscription {
        user_type: id("administrator"),
        privileges: ids(privileges()),
        valid_from: None,
        valid_until: None,
    };
    let granted = SubscriptionGranted { user: user.clone(), org: root, subscription };
    events.push(Event::SubscriptionGranted(granted));
    let (group, name): (GroupId, _) = (id("administrators"), "administrators".to_owned());
    events.push(Event::GroupCreated(GroupCreated { group: group.clone(), org: None, name }));
    events.push(Event::GroupMemberAdded(GroupMemberAdded { group, user }));
    events
}
