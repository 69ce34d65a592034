//! A small world, told line by line in words. Everything happens on day 0, one event a second; windows and questions
//! name days.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tenure_events::{Envelope, Event, Hash, OrgId, Position, Time, UserId};
use tenure_projections::judge::administrative;
use tenure_projections::judge::{self, Action, Object, Question, Reason, Subject};
use tenure_projections::values::{OrgNo, UserNo};
use tenure_projections::{State, View};
use uuid::Uuid;

/// A state, how it came to be, and names for moments of it.
pub struct World {
    pub state: State,
    pub events: Vec<Envelope>,
    sequences: BTreeMap<String, u64>,
    marks: BTreeMap<String, Position>,
}

/// Midnight before the given day.
pub fn day(day: i64) -> Time {
    Time::from_micros(1_772_323_200_000_000).plus_seconds(day * 86_400)
}

impl World {
    /// A platform with these settings, told as `NAME=VALUE` beside the default ones; the root is `root`.
    pub fn new(settings: &str) -> Self {
        let (state, events) = (State::new(), Vec::new());
        let mut world = Self { state, events, sequences: BTreeMap::new(), marks: BTreeMap::new() };
        world.add(
            "root",
            &world.event(
                "platform.initialised",
                json!({ "preset": "default", "root": "root", "settings": defaults(settings) }),
            ),
        );
        let content = ["folder", "chart"]
            .iter()
            .flat_map(|kind| ["create", "edit", "delete", "share"].map(|action| format!("{kind}.{action}")));
        let privileges = administrative::NAMES
            .map(str::to_owned)
            .into_iter()
            .chain(content)
            .chain(["report.view".to_owned(), "report.create".to_owned()]);
        for (number, privilege) in privileges.enumerate() {
            world.add("root", &world.event("privilege.defined", json!({ "privilege": privilege, "number": number })));
        }
        let all: Vec<&str> = "org.manage user.manage subscription.manage role.manage group.manage content.manage landlord.manage licence.manage key.manage audit.read access.check act-as folder.create folder.edit folder.delete folder.share chart.create chart.edit chart.delete chart.share report.view report.create".split(' ').collect();
        for (user_type, ceiling) in [("administrator", all), ("viewer", vec!["audit.read", "report.view"])] {
            world.add("root", &world.event("user_type.defined", json!({ "user_type": user_type, "ceiling": ceiling })));
        }
        for kind in ["folder", "chart"] {
            let action = |action| format!("{kind}.{action}");
            world.add("root", &world.event("resource_kind.defined", json!({ "kind": kind, "create": action("create"), "edit": action("edit"), "delete": action("delete"), "share": action("share") })));
        }
        world.add(
            "root",
            &world.event(
                "resource_kind.defined",
                json!({ "kind": "report", "view": "report.view", "create": "report.create" }),
            ),
        );
        world.tell("org root");
        world
    }

    /// Lets things happen, one line each; see [`World::line`].
    pub fn tell(&mut self, story: &str) {
        for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
            self.line(line);
        }
    }

    /// The position after the event that stands before this mark.
    pub fn marked(&self, mark: &str) -> Position {
        *self.marks.get(mark).unwrap_or_else(|| panic!("no mark `{mark}`"))
    }

    pub fn last(&self) -> Position {
        self.events.len() as Position
    }

    /// All that is known, on a day.
    pub fn live(&self, on: i64) -> View<'_> {
        View::new(&self.state, self.last(), day(on))
    }

    pub fn user(&self, id: &str) -> UserNo {
        self.live(0).find_user(id).unwrap_or_else(|| panic!("no user `{id}`"))
    }

    pub fn org(&self, id: &str) -> OrgNo {
        self.live(0).find_org(id).unwrap_or_else(|| panic!("no org `{id}`"))
    }

    /// A user, or a user through a key.
    pub fn subject(&self, id: &str) -> Subject {
        let view = self.live(0);
        match view.find_key(id).and_then(|key| view.usable_key(key)) {
            Some(key) => Subject::of_key(key),
            None => view.find_user(id).map_or_else(|| panic!("neither user nor key `{id}`"), Subject::from),
        }
    }

    /// A question as `SUBJECT ACTION OBJECT [in ORG] [on DAY] [as of MARK]`, and the view that it is asked of.
    pub fn question(&self, words: &str) -> (View<'_>, Question) {
        let words: Vec<&str> = words.split_whitespace().collect();
        let after = |word: &str| words.iter().position(|is| *is == word).map(|at| words[at + 1]);
        let position = after("of").map_or(self.last(), |mark| self.marked(mark));
        let view = View::new(&self.state, position, day(after("on").map_or(1, |day| day.parse().unwrap())));
        let acting = after("in").map(|org| self.org(org));
        (
            view,
            Question {
                subject: self.subject(words[0]),
                action: self.action(words[1]),
                object: self.object(words[2]),
                acting,
            },
        )
    }

    pub fn action(&self, name: &str) -> Action {
        use tenure_events::data::Level;
        match name {
            "view" => Action::Level(Level::View),
            "use" => Action::Level(Level::Use),
            "edit" => Action::Level(Level::Edit),
            "manage" => Action::Level(Level::Manage),
            "copy" => Action::Copy,
            privilege => Action::Privilege(
                self.live(0).find_privilege(privilege).unwrap_or_else(|| panic!("no privilege `{privilege}`")),
            ),
        }
    }

    pub fn object(&self, id: &str) -> Object {
        let view = self.live(0);
        let org = view.find_org(id).map(Object::Org);
        org.or_else(|| view.find_resource(id).map(Object::Resource))
            .unwrap_or_else(|| panic!("no org or content `{id}`"))
    }

    /// Asks one question a line, and compares the decision and the codes of its reasons in their order: the line ends
    /// in `: yes CODE …` or `: no CODE …`, codes by their names.
    pub fn check(&self, table: &str) {
        let mut wrong = Vec::new();
        for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (question, want) = line.split_once(':').expect("a line holds a colon");
            let (view, question) = self.question(question);
            let (allowed, reasons) = judge::explain(&view, &question);
            assert_eq!(allowed, judge::check(&view, &question, &mut ()), "{line}: explaining changes nothing");
            let codes = reasons.iter().map(|reason: &Reason| reason.code.name());
            let got: Vec<&str> = [if allowed { "yes" } else { "no" }].into_iter().chain(codes).collect();
            if got.join(" ") != want.split_whitespace().collect::<Vec<_>>().join(" ") {
                wrong.push(format!("{line}\n    but: {}", got.join(" ")));
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    /// Installs an event that somebody made happen in an org.
    pub fn add(&mut self, org: &str, event: &Event) -> Position {
        self.add_as("root-admin", org, event)
    }

    pub fn add_as(&mut self, actor: &str, org: &str, event: &Event) -> Position {
        let position = self.last() + 1;
        let sequence = self.sequences.entry(org.to_owned()).or_default();
        *sequence += 1;
        let envelope = Envelope {
            log: Uuid::nil(),
            epoch: 0,
            position,
            prev: Hash::default(),
            id: Uuid::from_u128(u128::from(position)),
            time: day(0).plus_seconds(i64::try_from(position).unwrap()),
            org: OrgId::new(org).unwrap(),
            org_sequence: *sequence,
            command: Uuid::from_u128(u128::from(position)),
            command_name: "test".into(),
            index: 0,
            count: 1,
            actor: UserId::new(actor).unwrap(),
            on_behalf_of: None,
            correlation: Uuid::from_u128(u128::from(position)),
            causation: None,
            body_hash: None,
            reason: None,
            twin_of: None,
            event: event.clone(),
        };
        self.state.install(&envelope);
        self.state.publish(position);
        self.events.push(envelope);
        position
    }

    pub fn event(&self, kind: &str, data: Value) -> Event {
        let version = match kind {
            "platform.initialised" | "platform.settings_changed" | "resource_kind.defined" | "resource.created" => 2,
            _ => 1,
        };
        let event = json!({ "type": format!("tenure.{kind}.v{version}"), "data": data });
        serde_json::from_value(event.clone()).unwrap_or_else(|error| panic!("{event}: {error}"))
    }
}

fn defaults(changed: &str) -> Value {
    let mut settings = json!({
        "single_org_hierarchy": false, "roles_need_membership": true, "landlord_rule": true,
        "cross_org_shares": "downward", "name_scope": "parent", "managing_team_required": false,
        "system_administrator_reaches": false, "tenant_users": "when_subscribed", "public_folders": false,
        "personal_folders": false, "tenant_permissions": "once_used", "licences": "off", "lifecycle": "org_manage",
    });
    for change in changed.split_whitespace() {
        let (name, value) = change.split_once('=').unwrap();
        settings[name] = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
    }
    settings
}

/// The language of stories.
impl World {
    /// One thing that happens. `until DAY`, `from DAY`, `in FOLDER` and `copy` may be left out.
    ///
    /// ```text
    /// org ID [under ORG] [by GROUP] · move-org ORG from ORG to ORG · disable-org ORG · enable-org ORG · archive-org ORG
    /// exclude ORG · admit ORG [until DAY] · settings NAME=VALUE …
    /// user ID of ORG [made by USER] · disable USER · enable USER · erase USER · reset USER · select USER ORG
    /// member USER ORG TYPE PRIVILEGE,… [from DAY] [until DAY] · withdraw USER ORG
    /// group ID [of ORG] · delete-group ID · join USER GROUP · leave USER GROUP
    /// env ID of ORG · unlink ID of ORG · invite GROUP ORG PRIVILEGE,… [into ENV] · uninvite GROUP ORG [into ENV]
    /// permission ID PRIVILEGE,… · permit GROUP ID · forbid GROUP ID
    /// role ID [of ORG] [called NAME] PRIVILEGE,… · change-role ID [of ORG] PRIVILEGE,… · delete-role ID [of ORG]
    /// assign ROLE (user|group) ID [until DAY] · unassign ROLE (user|group) ID
    /// KIND ID of ORG made by USER [in FOLDER] [at ENV] [copies RESOURCE] · delete KIND ID of ORG made by USER [in FOLDER]
    /// move KIND ID of ORG made by USER [from FOLDER] [in FOLDER]
    /// share RESOURCE (user|role|group|org|all_orgs) ID LEVEL [copy] [until DAY] · unshare RESOURCE (…) ID
    /// key ID of USER [in ORG] [only PRIVILEGE,…] · revoke KEY of USER
    /// kind ID NATURE · associate SUB MASTER · disassociate SUB MASTER
    /// distribute RESOURCE (org|all_orgs) ID · undistribute RESOURCE (…) ID
    /// hand-on RESOURCE (user|role|group) ID in ORG · take-back RESOURCE (…) ID in ORG
    /// row-rule RESOURCE (user|org) ID · clear-rule RESOURCE (user|org) ID
    /// mark NAME
    /// ```
    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let w = |at: usize| *words.get(at).unwrap_or_else(|| panic!("a word is missing in `{line}`"));
        let after = |word: &str| words.iter().position(|is| *is == word).map(|at| w(at + 1));
        let when = |word: &str| after(word).map(|on| json!(day(on.parse().unwrap())));
        let list = |text: &str| json!(text.split(',').filter(|one| *one != "-").collect::<Vec<_>>());
        let home = |user: &str| {
            self.live(0)
                .find_user(user)
                .and_then(|user| self.live(0).home(user))
                .map(|org| self.live(0).org_id(org).to_owned())
        };
        let (kind, data) = match w(0) {
            "mark" => {
                self.marks.insert(w(1).to_owned(), self.last());
                return;
            }
            "settings" => ("platform.settings_changed", json!({ "settings": defaults(&words[1..].join(" ")) })),
            "org" => (
                "org.created",
                json!({ "org": w(1), "name": w(1), "parent": after("under"), "managing_group": after("by") }),
            ),
            "move-org" => {
                ("org.moved", json!({ "org": w(1), "name": w(1), "from": after("from"), "parent": after("to") }))
            }
            "disable-org" => ("org.disabled", json!({ "org": w(1) })),
            "enable-org" => ("org.enabled", json!({ "org": w(1) })),
            "archive-org" => ("org.archived", json!({ "org": w(1) })),
            "trial" => ("org.trial_started", json!({ "org": w(1), "users": 5, "valid_until": when("until") })),
            "license" => {
                let licence = json!({ "id": "code", "issued": day(0), "users": 50, "valid_until": when("until") });
                ("org.licensed", json!({ "org": w(1), "authorisation": "code", "licence": licence }))
            }
            "exclude" => ("landlord.excluded", json!({ "org": w(1) })),
            "admit" => ("landlord.admitted", json!({ "org": w(1), "until": when("until") })),
            "user" => ("user.created", json!({ "user": w(1), "org": after("of") })),
            "disable" => ("user.disabled", json!({ "user": w(1), "org": home(w(1)) })),
            "enable" => ("user.enabled", json!({ "user": w(1), "org": home(w(1)) })),
            "erase" => ("user.erased", json!({ "user": w(1), "org": home(w(1)) })),
            "reset" => ("user.credential_reset", json!({ "user": w(1), "org": home(w(1)) })),
            "select" => ("active_org.selected", json!({ "user": w(1), "org": w(2) })),
            "member" => {
                let held = json!({ "user_type": w(3), "privileges": list(w(4)), "valid_from": when("from"), "valid_until": when("until") });
                ("subscription.granted", json!({ "user": w(1), "org": w(2), "subscription": held }))
            }
            "withdraw" => ("subscription.withdrawn", json!({ "user": w(1), "org": w(2) })),
            "group" => ("group.created", json!({ "group": w(1), "org": after("of"), "name": w(1) })),
            "delete-group" => ("group.deleted", json!({ "group": w(1), "org": after("of"), "name": w(1) })),
            "join" => ("group.member_added", json!({ "user": w(1), "group": w(2) })),
            "leave" => ("group.member_removed", json!({ "user": w(1), "group": w(2) })),
            "env" => ("environment.linked", json!({ "environment": w(1), "org": after("of"), "name": w(1) })),
            "unlink" => ("environment.unlinked", json!({ "environment": w(1), "org": after("of"), "name": w(1) })),
            "invite" => (
                "group.invited",
                json!({ "group": w(1), "org": w(2), "environment": after("into"), "privileges": list(w(3)) }),
            ),
            "uninvite" => ("group.uninvited", json!({ "group": w(1), "org": w(2), "environment": after("into") })),
            "permission" => ("tenant_permission.defined", json!({ "permission": w(1), "privileges": list(w(2)) })),
            "permit" => ("tenant_permission.granted", json!({ "group": w(1), "permission": w(2) })),
            "forbid" => ("tenant_permission.revoked", json!({ "group": w(1), "permission": w(2) })),
            "role" => (
                "role.defined",
                json!({ "role": w(1), "org": after("of"), "name": after("called").unwrap_or(w(1)), "privileges": list(words[words.len() - 1]) }),
            ),
            "change-role" => (
                "role.changed",
                json!({ "role": w(1), "org": after("of"), "name": w(1), "privileges": list(words[words.len() - 1]) }),
            ),
            "delete-role" => ("role.deleted", json!({ "role": w(1), "org": after("of"), "name": w(1) })),
            "assign" => ("role.assigned", json!({ "role": w(1), "to": { w(2): w(3) }, "valid_until": when("until") })),
            "unassign" => ("role.unassigned", json!({ "role": w(1), "from": { w(2): w(3) } })),
            "share" | "unshare" => {
                let with = if w(2) == "all_orgs" { json!({ "all_orgs": true }) } else { json!({ w(2): w(3) }) };
                let level = words.iter().find(|word| ["view", "use", "edit", "manage"].contains(word));
                match level {
                    Some(level) => (
                        "content.shared",
                        json!({ "resource": w(1), "with": with, "level": level, "copy": words.contains(&"copy"), "valid_until": when("until") }),
                    ),
                    None => ("content.unshared", json!({ "resource": w(1), "with": with })),
                }
            }
            "key" => (
                "api_key.issued",
                json!({ "key": w(1), "user": after("of"), "hash": w(1), "org": after("in"), "privileges": after("only").map(list) }),
            ),
            "revoke" => ("api_key.revoked", json!({ "key": w(1), "user": after("of") })),
            "kind" => ("resource_kind.defined", json!({ "kind": w(1), "nature": w(2) })),
            "associate" => ("sub_tenant.associated", json!({ "sub": w(1), "master": w(2) })),
            "disassociate" => ("sub_tenant.disassociated", json!({ "sub": w(1), "master": w(2) })),
            "distribute" | "undistribute" => {
                let to = if w(2) == "all_orgs" { json!({ "all_orgs": true }) } else { json!({ w(2): w(3) }) };
                let kind = if w(0) == "distribute" { "content.distributed" } else { "content.undistributed" };
                (kind, json!({ "resource": w(1), "to": to }))
            }
            "hand-on" => ("content.handed_on", json!({ "resource": w(1), "org": after("in"), "to": { w(2): w(3) } })),
            "take-back" => {
                ("content.taken_back", json!({ "resource": w(1), "org": after("in"), "from": { w(2): w(3) } }))
            }
            "row-rule" => ("row_rule.set", json!({ "resource": w(1), "of": { w(2): w(3) }, "filter": "x" })),
            "clear-rule" => ("row_rule.cleared", json!({ "resource": w(1), "of": { w(2): w(3) } })),
            "delete" => (
                "resource.deleted",
                json!({ "kind": w(1), "resource": w(2), "org": after("of"), "creator": after("by"), "parent": after("in") }),
            ),
            "move" => (
                "resource.moved",
                json!({ "kind": w(1), "resource": w(2), "org": after("of"), "name": w(2), "creator": after("by"), "from": after("from"), "parent": after("in") }),
            ),
            kind if after("copies").is_some() => (
                "resource.copied",
                json!({ "kind": kind, "resource": w(1), "org": after("of"), "name": w(1), "creator": after("by"), "parent": after("in"), "source": after("copies") }),
            ),
            kind => (
                "resource.created",
                json!({ "kind": kind, "resource": w(1), "org": after("of"), "name": w(1), "creator": after("by"), "parent": after("in"), "environment": after("at"), "personal": words.contains(&"personal") }),
            ),
        };
        let org = data["org"].as_str().map_or_else(|| "root".to_owned(), str::to_owned);
        let actor = if w(0) == "user" { after("by").unwrap_or("root-admin") } else { "root-admin" };
        let event = self.event(kind, data);
        self.add_as(actor, &org, &event);
    }
}
