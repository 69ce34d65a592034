//! Plays a story and judges what comes of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveTime};
use serde_json::{Value, json};
use tenure_events::Time;

use super::story::{Act, Because, Check, Cited, Point, Step, Story, Want, What};
use crate::client::{Answer, Client, ClientError, Reason};

/// What a spectator sees.
#[derive(Debug)]
pub enum Scene<'a> {
    /// A step begins.
    Step(&'a Step),
    /// An act is over, and this came of it.
    Act(&'a Act, &'a Outcome),
}

/// An event that came of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLine {
    /// Its position in the log.
    pub position: u64,
    /// Its type, without `tenure.` and version.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// Whether it stands in another org's history as well, this being the second.
    pub twin: bool,
}

/// What came of an act.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub verdict: Verdict,
    /// The events of a command that was done.
    pub events: Vec<EventLine>,
    /// What was expected instead, if this was not.
    pub unexpected: Option<String>,
}

/// How an act ended.
#[derive(Debug)]
pub enum Verdict {
    /// The command was done.
    Done,
    /// The node refused, by this code, for this reason.
    Refused {
        /// Stable.
        code: String,
        /// In words.
        detail: String,
    },
    /// The judge allows or denies.
    Judged {
        /// Allowed.
        allowed: bool,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// These ids of a list, or this value.
    Found(Vec<String>),
}

/// A story that was played to its end.
#[derive(Debug)]
pub struct Played {
    /// How many acts ended otherwise than expected.
    pub unexpected: usize,
    /// The last position of the log.
    pub position: u64,
    tokens: BTreeMap<String, String>,
    marks: BTreeMap<&'static str, Marked>,
    bundles: BTreeMap<&'static str, String>,
}

#[derive(Debug)]
struct Marked {
    before: u64,
    after: u64,
    events: Vec<EventLine>,
}

/// Plays the story to a node that was just made from its [`super::Stage`], as its administrator, and shows each scene.
///
/// # Errors
/// The node cannot be reached, or answers what no node answers. What it refuses is part of the story.
pub fn play(
    story: &Story,
    node: &Client,
    token: String,
    now: Time,
    mut show: impl FnMut(Scene<'_>),
) -> Result<Played, ClientError> {
    let tokens = BTreeMap::from([(story.stage.admin.to_owned(), token)]);
    let (marks, bundles) = (BTreeMap::new(), BTreeMap::new());
    let played = Played { unexpected: 0, position: 0, tokens, marks, bundles };
    let mut player = Player { node, admin: story.stage.admin, now, played };
    player.played.position = player.head()?;
    for step in &story.steps {
        show(Scene::Step(step));
        for act in &step.acts {
            let before = player.played.position;
            let outcome = player.perform(act)?;
            player.played.unexpected += usize::from(outcome.unexpected.is_some());
            show(Scene::Act(act, &outcome));
            if let Some(mark) = act.mark {
                let marked = Marked { before, after: player.played.position, events: outcome.events };
                player.played.marks.insert(mark, marked);
            }
        }
    }
    Ok(player.played)
}

impl Played {
    /// A user's API key.
    #[must_use]
    pub fn token(&self, user: &str) -> Option<&str> {
        self.tokens.get(user).map(String::as_str)
    }

    /// A position of the story.
    #[must_use]
    pub fn position_of(&self, point: Point) -> Option<u64> {
        match point {
            Point::Before(mark) => self.marks.get(mark).map(|marked| marked.before),
            Point::After(mark) => self.marks.get(mark).map(|marked| marked.after),
        }
    }

    /// A text with its points as positions: `--as-of {before revoked}`.
    #[must_use]
    pub fn fill_in(&self, text: &str) -> String {
        self.marks.iter().fold(text.to_owned(), |text, (mark, marked)| {
            text.replace(&format!("{{before {mark}}}"), &marked.before.to_string())
                .replace(&format!("{{after {mark}}}"), &marked.after.to_string())
        })
    }
}

struct Player<'a> {
    node: &'a Client,
    admin: &'static str,
    now: Time,
    played: Played,
}

impl Player<'_> {
    fn perform(&mut self, act: &Act) -> Result<Outcome, ClientError> {
        let (verdict, events, head) = match self.send(act) {
            Ok(answer) => self.read(act, &answer)?,
            // A refusal is an outcome; that nobody answers is none.
            Err(ClientError::Refused(problem)) => {
                let verdict = Verdict::Refused { code: problem.code, detail: problem.detail };
                (verdict, Vec::new(), self.head()?)
            }
            Err(error) => return Err(error),
        };
        let written = self.played.position + events.len() as u64;
        let unexpected = self
            .differs(&act.want, &verdict, &events)
            .or_else(|| (head != written).then(|| format!("the log at {written}, and it is at {head}")));
        self.played.position = head;
        Ok(Outcome { verdict, events, unexpected })
    }

    fn send(&self, act: &Act) -> Result<Answer, ClientError> {
        let caller = self.caller(act.who);
        match &act.what {
            What::Command { name, arguments } => {
                let body = self.fill_in_bundles(fill_in_moments(&arguments.to_string(), self.now));
                caller.post(&format!("/v1/commands/{name}"), &[], body.as_bytes())
            }
            What::Key { user } => {
                let body = json!({ "user": user, "name": format!("{user} in the story") }).to_string();
                caller.post("/v1/commands/issue-api-key", &[], body.as_bytes())
            }
            What::Check(check) => caller.post("/access/v1/evaluation", &[], &self.question(check)),
            What::Search { subject, action, kind, acting } => {
                let question = json!({
                    "subject": { "type": "user", "id": subject },
                    "action": { "name": action },
                    "resource": { "type": kind },
                    "context": { "acting_org": acting },
                });
                caller.post("/access/v1/search/resource", &[], &bytes(question))
            }
            What::Read { path } => caller.get(path, &[]),
        }
    }

    fn question(&self, check: &Check) -> Vec<u8> {
        let (kind, id) = check.resource.split_once(':').unwrap_or(("org", check.resource));
        bytes(json!({
            "subject": { "type": "user", "id": check.subject },
            "action": { "name": check.action },
            "resource": { "type": kind, "id": id },
            "context": {
                "acting_org": check.acting,
                "as_of": check.as_of.and_then(|point| self.played.position_of(point)).map(|at| at.to_string()),
                "at": check.at.map(|moment| fill_in_moments(moment, self.now)),
                "explain": true,
            },
        }))
    }

    /// `{bundle MARK}` as what a marked act exported, `{bundle MARK, changed}` as that with one byte of it changed.
    fn fill_in_bundles(&self, body: String) -> String {
        self.played.bundles.iter().fold(body, |body, (mark, bundle)| {
            let place = bundle.len() / 2;
            let (before, after) =
                (bundle.get(..place).unwrap_or_default(), bundle.get(place + 1..).unwrap_or_default());
            let other = if bundle.get(place..=place) == Some("A") { "B" } else { "A" };
            body.replace(&format!("{{bundle {mark}}}"), bundle)
                .replace(&format!("{{bundle {mark}, changed}}"), &format!("{before}{other}{after}"))
        })
    }

    /// What an answer says: the verdict, the events that came of it, and where the log is.
    fn read(&mut self, act: &Act, answer: &Answer) -> Result<(Verdict, Vec<EventLine>, u64), ClientError> {
        let mut head = answer.position.unwrap_or_default();
        let mut events = Vec::new();
        let verdict = match &act.what {
            What::Command { .. } | What::Key { .. } => {
                events = event_lines(&answer.body);
                if let Some((user, token)) = whose_key(&act.what).zip(answer.body.get("api_key")) {
                    self.played.tokens.insert(user, text(token));
                }
                if let (Some(mark), Some(bundle)) = (act.mark, answer.body.get("bundle")) {
                    self.played.bundles.insert(mark, text(bundle));
                }
                Verdict::Done
            }
            What::Check(check) => {
                if check.as_of.is_some() {
                    head = self.head()?;
                }
                let reasons = answer.body.pointer("/context/reasons").cloned().unwrap_or_default();
                let allowed = answer.body.get("decision") == Some(&Value::Bool(true));
                match &act.want {
                    Want::Value(at, _) if allowed => {
                        Verdict::Found(answer.body.pointer(at).map(text).into_iter().collect())
                    }
                    Want::Value(..)
                    | Want::Done(_)
                    | Want::Refused(_)
                    | Want::Allow(_)
                    | Want::Deny(_)
                    | Want::Ids(_) => {
                        Verdict::Judged { allowed, reasons: serde_json::from_value(reasons).unwrap_or_default() }
                    }
                }
            }
            What::Search { .. } => Verdict::Found(ids(&answer.body, "/results")),
            What::Read { .. } => match &act.want {
                Want::Value(at, _) => Verdict::Found(answer.body.pointer(at).map(text).into_iter().collect()),
                Want::Done(_) | Want::Refused(_) | Want::Allow(_) | Want::Deny(_) | Want::Ids(_) => {
                    Verdict::Found(ids(&answer.body, "/items"))
                }
            },
        };
        Ok((verdict, events, head))
    }

    /// What was wanted, where something else came.
    fn differs(&self, want: &Want, verdict: &Verdict, events: &[EventLine]) -> Option<String> {
        match (want, verdict) {
            (Want::Done(want), Verdict::Done) => {
                let kinds = events.iter().filter(|event| !event.twin).map(|event| event.kind.as_str());
                (!kinds.eq(want.iter().copied())).then(|| format!("events {want:?}"))
            }
            (Want::Refused(want), Verdict::Refused { code, .. }) if want == code => None,
            (Want::Allow(because), Verdict::Judged { allowed: true, reasons })
            | (Want::Deny(because), Verdict::Judged { allowed: false, reasons }) => self.missing(because, reasons),
            (Want::Ids(want), Verdict::Found(found)) => {
                let (mut ids, mut want): (Vec<&str>, _) = (found.iter().map(String::as_str).collect(), want.to_vec());
                ids.sort_unstable();
                want.sort_unstable();
                (ids != want).then(|| format!("{want:?}"))
            }
            (Want::Value(_, Value::Null), Verdict::Found(found)) if found.is_empty() => None,
            (Want::Value(_, want), Verdict::Found(found)) if *found == [text(want)] => None,
            (want, _) => Some(format!("{want:?}")),
        }
    }

    /// The reason that should be there and is not.
    fn missing(&self, because: &[Because], reasons: &[Reason]) -> Option<String> {
        because.iter().find_map(|Because { code, event }| {
            let cited = event.map(|cited| self.position_of(&cited));
            let cites = |reason: &Reason| cited.is_none_or(|position| reason.events.contains(&position));
            let is_there = reasons.iter().any(|reason| reason.code == *code && cites(reason));
            let citing = cited.map(|position| format!(", citing event #{position}")).unwrap_or_default();
            (!is_there).then(|| format!("the reason {code}{citing}"))
        })
    }

    fn position_of(&self, cited: &Cited) -> u64 {
        let events = self.played.marks.get(cited.mark).map_or(&[][..], |marked| &marked.events);
        let event = events.iter().find(|event| event.kind == cited.kind && event.subject == cited.subject);
        event.map_or(0, |event| event.position)
    }

    fn head(&self) -> Result<u64, ClientError> {
        Ok(self.caller(self.admin).get("/v1/whoami", &[])?.position.unwrap_or_default())
    }

    fn caller(&self, who: &str) -> Client {
        self.node.with_token(self.played.token(who).unwrap_or_default())
    }
}

/// Whose key comes of it: the user's, or that of a new org's first administrator.
fn whose_key(what: &What) -> Option<String> {
    match what {
        What::Key { user } => Some((*user).to_owned()),
        What::Command { arguments, .. } => arguments.pointer("/admin/id").map(text),
        What::Check(_) | What::Search { .. } | What::Read { .. } => None,
    }
}

/// The ids in a list.
fn ids(answer: &Value, at: &str) -> Vec<String> {
    let items = answer.pointer(at).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(|item| item.get("id").map(text)).collect()
}

/// A value as text, without quotes.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The events in the answer to a command.
fn event_lines(answer: &Value) -> Vec<EventLine> {
    let field = |event: &Value, name| event.get(name).map(text).unwrap_or_default();
    let line = |event| EventLine {
        position: field(event, "position").parse().unwrap_or_default(),
        kind: short_kind(&field(event, "type")).to_owned(),
        subject: field(event, "subject"),
        twin: event.get("twinof").is_some(),
    };
    let events = answer.get("events").and_then(Value::as_array);
    events.into_iter().flatten().map(line).collect()
}

/// `org.created` of `tenure.org.created.v1`.
#[must_use]
pub fn short_kind(kind: &str) -> &str {
    let kind = kind.strip_prefix("tenure.").unwrap_or(kind);
    kind.rsplit_once('.').map_or(kind, |(name, _version)| name)
}

/// `{tomorrow 17:00}` and `{in 31 days}` as RFC 3339 times in UTC.
fn fill_in_moments(text: &str, now: Time) -> String {
    if let Some((before, rest)) = text.split_once("{in ")
        && let Some((days, after)) = rest.split_once(" days}")
        && let Ok(days) = days.parse::<i64>()
    {
        return format!("{before}{}{}", now.plus_seconds(days * 86_400), fill_in_moments(after, now));
    }
    let Some((before, rest)) = text.split_once("{tomorrow ") else {
        return text.to_owned();
    };
    let (clock, after) = rest.split_once('}').unwrap_or((rest, ""));
    let tomorrow = DateTime::from_timestamp_micros(now.micros())
        .zip(NaiveTime::parse_from_str(clock, "%H:%M").ok())
        .and_then(|(now, clock)| Some(now.date_naive().checked_add_days(Days::new(1))?.and_time(clock).and_utc()));
    let tomorrow = tomorrow.map_or_else(|| clock.to_owned(), |time| Time::from(time).to_string());
    format!("{before}{tomorrow}{}", fill_in_moments(after, now))
}

/// A question, without what its context leaves open.
fn bytes(mut question: Value) -> Vec<u8> {
    if let Some(Value::Object(context)) = question.get_mut("context") {
        context.retain(|_, value| !value.is_null());
    }
    question.to_string().into_bytes()
}
