//! The naive model's licences and trials, and commands about them.

use serde_json::{Value, json};
use tenure::decide::Refusal;
use tenure_events::data::{PlatformLicence, Switch, TenantLicence};
use tenure_events::{Event, Time};

use super::Dice;
use super::audit::Act;
use super::facts::{At, Facts, Licence, Status};
use super::generate::until;
use super::rules::{LICENCE_MANAGE, Who};
use crate::support::licensed::vendor;
use crate::support::memory::id;

const DAY: i64 = 86_400;

impl Facts {
    pub fn note_licence(&mut self, event: &Event) {
        match event {
            Event::LicenceInstalled(e) => self.platform_licence = Some(e.licence.clone()),
            Event::TrialStarted(e) => {
                let licence = Licence { issued: None, users: Some(e.users), until: Some(e.valid_until) };
                self.on_org(&e.org, |org| org.licence = Some(licence));
            }
            Event::OrgLicensed(e) => {
                let TenantLicence { issued, users, valid_until: until, .. } = e.licence;
                self.on_org(&e.org, |org| org.licence = Some(Licence { issued: Some(issued), users, until }));
            }
            Event::TenantProvisioned(e) => {
                let tenant = (format!("{}#{}", e.issuer, e.external_id), self.org(&e.org));
                self.tenants.retain(|known| *known != tenant);
                self.tenants.push(tenant);
            }
            _ => {}
        }
    }

    /// Neither disabled nor archived.
    pub fn open(&self, org: At) -> bool {
        self.orgs[org].status == Status::Live
    }

    /// Whether an org's trial or licence is over.
    pub fn over(&self, org: At, t: Time) -> bool {
        self.orgs[org].licence.and_then(|licence| licence.until).is_some_and(|until| until <= t)
    }

    /// Open, and past neither trial nor licence.
    pub fn live(&self, org: At, t: Time) -> bool {
        self.open(org) && !self.over(org, t)
    }

    fn need_licences(&self) -> bool {
        match self.settings().licences {
            Switch::Off => false,
            Switch::OnceUsed => self.platform_licence.is_some(),
            Switch::On => true,
        }
    }

    /// Enabled users at home in an org.
    pub fn seats(&self, org: At) -> usize {
        self.users.iter().filter(|user| user.home == org && user.status == Status::Live).count()
    }

    /// Whether an org has no room for so many more.
    fn is_full(&self, org: At, more: usize) -> bool {
        let limit = self.orgs[org].licence.and_then(|licence| licence.users);
        limit.is_some_and(|limit| self.seats(org) + more > limit as usize)
    }
}

/// New orgs begin as licences say, licences change by who may and to newer ones, and nobody sits without a seat.
pub fn agreed(before: &Facts, after: &Facts, act: &Act<'_>) -> Result<(), String> {
    let newer = |changed: &str, issued: Option<Time>, old: Option<Time>, until: Option<Time>| {
        let may = before.held(&act.who, 0, act.now) & LICENCE_MANAGE != 0;
        let right = may && issued > old && until.is_none_or(|until| until > act.now);
        if right { Ok(()) } else { Err(format!("{} licenses {changed}: {issued:?} after {old:?}", act.name)) }
    };
    for (org, value) in after.orgs.iter().enumerate() {
        if after.is_full(org, 0) {
            return Err(format!("{} has more users than its licence allows", value.id));
        }
        let old = before.orgs.get(org).map(|old| old.licence);
        match (old, value.licence) {
            (Some(old), now) if old == now => {}
            (Some(old), Some(now)) => newer(&value.id, now.issued, old.and_then(|old| old.issued), now.until)?,
            (Some(_), None) => return Err(format!("{} loses its licence", value.id)),
            (None, now) => begins(before, now, act.now).map_err(|why| format!("{}: {why}", value.id))?,
        }
    }
    match &after.platform_licence {
        Some(now) if after.platform_licence != before.platform_licence => {
            let old = before.platform_licence.as_ref().map(|old| old.issued);
            newer("the platform", Some(now.issued), old, now.valid_until)
        }
        _ => Ok(()),
    }
}

fn begins(before: &Facts, licence: Option<Licence>, now: Time) -> Result<(), &'static str> {
    if !before.need_licences() {
        return if licence.is_none() { Ok(()) } else { Err("on trial where there is none") };
    }
    let platform = before.platform_licence.as_ref().ok_or("made without a licence of the platform")?;
    if !platform.tenants || platform.valid_until.is_some_and(|until| until <= now) {
        return Err("made against the licence of the platform");
    }
    let until = Some(now.plus_seconds(i64::from(platform.trial_days) * DAY));
    let trial = Licence { issued: None, users: Some(platform.trial_users), until };
    if licence == Some(trial) { Ok(()) } else { Err("on another trial than the platform's licence says") }
}

/// What is refused for want of a licence, a seat or standing is so in the model.
pub fn refused(facts: &Facts, who: &Who, name: &str, said: (&Value, &Refusal), now: Time) -> Result<(), String> {
    let (arguments, refusal) = said;
    let platform = facts.platform_licence.as_ref();
    let right = match refusal.code {
        "standing.not_live" => !facts.stands(who.user, now),
        "org.licence_over" => named(facts, arguments).into_iter().any(|org| facts.over(org, now)),
        "licence.missing" => facts.need_licences() && platform.is_none(),
        "licence.over" => platform.is_some_and(|licence| licence.valid_until.is_some_and(|until| until <= now)),
        "licence.no_tenants" => platform.is_some_and(|licence| !licence.tenants),
        "licence.user_limit" => match name {
            // More than there may be are there already; the code itself is not read here.
            "license-org" => named(facts, arguments).into_iter().any(|org| facts.seats(org) > 0),
            "create-org" | "provision-tenant" if facts.tenants.is_empty() => {
                platform.is_some_and(|licence| (licence.trial_users as usize) < people(arguments))
            }
            "provision-tenant" => {
                let full = facts.tenants.iter().any(|(_, org)| facts.is_full(*org, people(arguments)));
                full || platform.is_some_and(|licence| (licence.trial_users as usize) < people(arguments))
            }
            "create-org" => platform.is_some_and(|licence| (licence.trial_users as usize) < people(arguments)),
            _ => named(facts, arguments).into_iter().any(|org| facts.is_full(org, 1)),
        },
        _ => true,
    };
    if right { Ok(()) } else { Err(format!("{name} {arguments} is refused with {}: {refusal}", refusal.code)) }
}

/// How many people a command brings.
fn people(arguments: &Value) -> usize {
    usize::from(arguments["admin"].is_object()) + arguments["users"].as_array().map_or(0, Vec::len)
}

/// The orgs that a command names, or whose things it names.
fn named(facts: &Facts, arguments: &Value) -> Vec<At> {
    let mut orgs = Vec::new();
    let mut texts = Vec::new();
    strings(arguments, &mut texts);
    for text in texts {
        orgs.extend(facts.orgs.iter().position(|org| org.id == text));
        orgs.extend(facts.users.iter().find(|user| user.id == text).map(|user| user.home));
        orgs.extend(facts.contents.iter().find(|content| content.id == text).map(|content| content.org));
        orgs.extend(facts.groups.iter().find(|group| group.id == text).and_then(|group| group.org));
        orgs.extend(facts.roles.iter().find(|role| role.id == text).and_then(|role| role.org));
        orgs.extend(facts.environments.iter().find(|at| at.id == text).map(|at| at.org));
    }
    orgs
}

fn strings<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => into.push(text),
        Value::Array(all) => all.iter().for_each(|value| strings(value, into)),
        Value::Object(all) => all.values().for_each(|value| strings(value, into)),
        _ => {}
    }
}

/// A licence of the platform, after the one that there is.
pub fn platform(facts: &Facts, dice: &mut Dice, now: Time) -> PlatformLicence {
    let old = facts.platform_licence.as_ref().map(|old| old.issued);
    PlatformLicence {
        id: "lic".to_owned(),
        issued: issued(old, dice),
        tenants: !dice.one_in(6),
        trial_days: 1 + dice.of(3) as u32,
        trial_users: dice.of(6) as u32,
        valid_until: ends(dice, now),
    }
}

/// What a tenant may be, after what it is.
pub fn tenant(facts: &Facts, org: At, dice: &mut Dice, now: Time) -> TenantLicence {
    let old = facts.orgs[org].licence.and_then(|old| old.issued);
    let users = (facts.seats(org) + dice.of(4)) as u32;
    TenantLicence {
        id: "code".to_owned(),
        issued: issued(old, dice),
        users: (!dice.one_in(4)).then_some(users),
        valid_until: ends(dice, now),
    }
}

/// Mostly later than the one before.
fn issued(old: Option<Time>, dice: &mut Dice) -> Time {
    let old = old.unwrap_or_else(|| "2026-01-01T00:00:00Z".parse().unwrap());
    if dice.one_in(6) { old } else { old.plus_seconds(1) }
}

fn ends(dice: &mut Dice, now: Time) -> Option<Time> {
    until(dice, now).map(|until| if dice.one_in(6) { until.plus_seconds(-4 * 3_600) } else { until })
}

/// The arguments of a command about licences, and who would give it.
pub fn wish(facts: &Facts, name: &str, dice: &mut Dice, now: Time) -> Option<(Value, Option<At>)> {
    let may = |m: &&super::facts::Member| m.there && m.org == 0 && m.privileges & LICENCE_MANAGE != 0;
    let by = dice.pick(facts.members.iter().filter(may)).map(|member| member.user);
    let arguments = if name == "install-licence" {
        json!({"token": vendor().platform(&platform(facts, dice, now))})
    } else {
        let all = || 1..facts.orgs.len();
        let licensed = dice.pick(all().filter(|org| facts.orgs[*org].licence.is_some())).filter(|_| !dice.one_in(3));
        let org = licensed.or_else(|| dice.pick(all()))?;
        let mut licence = tenant(facts, org, dice, now);
        if dice.one_in(6) {
            licence.users = licence.users.map(|users| users.saturating_sub(1));
        }
        let of = &facts.orgs[org].id;
        json!({"org": of, "authorisation": vendor().tenant(&id(of), &licence)})
    };
    Some((arguments, by))
}
