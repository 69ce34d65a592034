//! Issuers: identity providers whose tokens sign people in. See decision 0041.
//!
//! A caller who sets what is trusted of an issuer can act as every user whom it signs in. So this takes every privilege at
//! the root: the platform proves whose an issuer is before it gives it to a tenant. A tenant that excludes its landlord
//! vouches for it itself, each time that it is changed.

use tenure_events::data::{
    IssuerChanged, IssuerConfirmed, IssuerKey, IssuerRegistered, IssuerRemoved, IssuerSettings, SigningAlgorithm,
};
use tenure_events::{Event, IssuerId};
use tenure_projections::judge::{administrative, outside};
use tenure_projections::names::IdSort;
use tenure_projections::sight;
use tenure_projections::values::{Issuer, IssuerNo, OrgNo};

use super::scene::{Plan, Scene, conflict, forbidden, invalid, org_id, unknown};
use super::{Refusal, catalogue, text};
use crate::command::{ChangeIssuer, OnlyIssuer, RegisterIssuer};

const MAX_AUDIENCES: usize = 20;
const MAX_KEYS: usize = 20;
const MAX_TEXT: usize = 255;
/// An RSA key of 8,192 bits has 1,366 characters.
const MAX_MEMBER: usize = 1_400;

pub fn register(scene: &Scene<'_>, args: &RegisterIssuer, plan: &mut Plan) -> Result<(), Refusal> {
    let root = everything(scene)?;
    let org = args.org.as_ref().map_or(Ok(root), |org| scene.live_org(org))?;
    let issuer = scene.new_id(IdSort::Issuer, args.id.as_ref(), scene.moment.fresh.thing, |scene, id| {
        let seen = |no| sight::sees_issuer(&scene.view, &scene.subject, no);
        scene.was_issuer(id.as_str()).then(|| scene.find_issuer(id.as_str()).is_none_or(seen))
    })?;
    let url = address("issuer", &args.issuer, false)?;
    let said = Said {
        audiences: &args.audiences,
        algorithms: &args.algorithms,
        jwks_uri: args.jwks_uri.as_deref(),
        jwks: args.jwks.as_ref(),
        tenant_claim: args.tenant_claim.as_deref(),
        tenant: args.tenant.as_deref(),
        org_claim: args.org_claim.as_deref(),
    };
    let settings = said.settings(url, org == root)?;
    alone(scene, None, &settings)?;
    let registered = IssuerRegistered { issuer, org: org_id(scene, org), settings: settings.into() };
    plan.add(scene, org, Event::IssuerRegistered(registered), &[root]);
    Ok(())
}

pub fn change(scene: &Scene<'_>, args: &ChangeIssuer, plan: &mut Plan) -> Result<(), Refusal> {
    let root = everything(scene)?;
    let (no, before) = find(scene, &args.id)?;
    scene.live_org(&org_id(scene, before.org))?;
    let said = Said {
        audiences: &args.audiences,
        algorithms: &args.algorithms,
        jwks_uri: args.jwks_uri.as_deref(),
        jwks: args.jwks.as_ref(),
        tenant_claim: args.tenant_claim.as_deref(),
        tenant: args.tenant.as_deref(),
        org_claim: args.org_claim.as_deref(),
    };
    let settings = said.settings(before.url.clone(), before.org == root)?;
    if settings == before.settings() {
        return Err(conflict("nothing.changes", format!("issuer `{}` is trusted like that already", args.id)));
    }
    alone(scene, Some(no), &settings)?;
    let changed = IssuerChanged { issuer: args.id.clone(), org: org_id(scene, before.org), settings: settings.into() };
    plan.add(scene, before.org, Event::IssuerChanged(changed), &[root]);
    Ok(())
}

/// By the platform, or by a holder of `user.manage` in the tenant that the issuer was given to.
pub fn remove(scene: &Scene<'_>, args: &OnlyIssuer, plan: &mut Plan) -> Result<(), Refusal> {
    let (_, issuer) = find(scene, &args.id)?;
    let root = scene.root();
    if !root.is_some_and(|root| scene.holds(root, administrative::ORG_MANAGE)) {
        scene.need(issuer.org, administrative::USER_MANAGE)?;
    }
    let removed = IssuerRemoved { issuer: args.id.clone(), org: org_id(scene, issuer.org) };
    plan.add(scene, issuer.org, Event::IssuerRemoved(removed), root.as_slice());
    Ok(())
}

/// An org vouches for an issuer as it is.
pub fn vouch(scene: &Scene<'_>, org: OrgNo, id: &IssuerId, plan: &mut Plan) -> Result<(), Refusal> {
    let found = scene.find_issuer(id.as_str()).and_then(|no| Some((no, scene.issuer(no)?)));
    let serves =
        |issuer: &Issuer| issuer.org == org || scene.is_above(org, issuer.org) || scene.root() == Some(issuer.org);
    let Some((no, (_, since))) = found.filter(|(_, (issuer, _))| serves(issuer)) else {
        return Err(unknown("issuer", "issuer.unknown", id));
    };
    if !outside::issuer_is_of(scene, no, since, org) {
        let confirmed = IssuerConfirmed { issuer: id.clone(), org: org_id(scene, org) };
        plan.add(scene, org, Event::IssuerConfirmed(confirmed), &[]);
    }
    Ok(())
}

/// The root org, if the caller holds every privilege there by a whole credential.
fn everything(scene: &Scene<'_>) -> Result<OrgNo, Refusal> {
    let root = catalogue::platform(scene)?;
    let all = scene.all_privileges().without(scene.reserved_privileges());
    if all.without(scene.held(root)).is_empty() && !scene.is_narrow() {
        return Ok(root);
    }
    let detail = "who says what is trusted of an issuer can be everybody whom it signs in: that takes everything at the \
                  root, and a credential that is not limited";
    Err(forbidden("issuer.everything", detail))
}

fn find<'a>(scene: &Scene<'a>, id: &IssuerId) -> Result<(IssuerNo, &'a Issuer), Refusal> {
    let no = scene.find_issuer(id.as_str()).filter(|no| sight::sees_issuer(&scene.view, &scene.subject, *no));
    let found = no.and_then(|no| Some((no, scene.issuer(no)?.0)));
    found.ok_or_else(|| unknown("issuer", "issuer.unknown", id))
}

/// A token says by its `iss` and by one claim which registration it is of: there is never a second that fits.
fn alone(scene: &Scene<'_>, own: Option<IssuerNo>, settings: &IssuerSettings) -> Result<(), Refusal> {
    let shares = |other: &Issuer| {
        let parted = |one: &Option<String>, other: &Option<String>| one.is_some() && other.is_some() && one != other;
        other.tenant_claim == settings.tenant_claim && parted(&other.tenant, &settings.tenant)
    };
    let mut others = scene.issuers_called(&settings.url).filter(|(no, _)| Some(*no) != own);
    let Some((no, _)) = others.find(|(_, other)| !shares(other)) else { return Ok(()) };
    let detail = format!(
        "`{}` is registered as `{}`: several tenants share an issuer where each registration names the same \
         `tenant_claim`, and another `tenant`",
        settings.url,
        scene.issuer_id(no)
    );
    Err(conflict("issuer.taken", detail))
}

/// What a command says of an issuer.
struct Said<'a> {
    audiences: &'a [String],
    algorithms: &'a [SigningAlgorithm],
    jwks_uri: Option<&'a str>,
    jwks: Option<&'a serde_json::Value>,
    tenant_claim: Option<&'a str>,
    tenant: Option<&'a str>,
    org_claim: Option<&'a str>,
}

impl Said<'_> {
    fn settings(&self, url: String, of_platform: bool) -> Result<IssuerSettings, Refusal> {
        let (jwks_uri, keys) = match (self.jwks_uri, self.jwks) {
            (Some(uri), None) => (Some(address("jwks_uri", uri, true)?), Vec::new()),
            (None, Some(jwks)) => (None, keys(jwks)?),
            (None, None) | (Some(_), Some(_)) => {
                let detail = "say where its keys are by `jwks_uri`, or which they are by `jwks`: one of the two";
                return Err(invalid("jwks_uri", "issuer.keys", detail));
            }
        };
        let mut algorithms = self.algorithms.to_vec();
        algorithms.sort_unstable();
        algorithms.dedup();
        if algorithms.is_empty() {
            return Err(invalid("algorithms", "issuer.algorithms", "name at least one, such as `RS256` or `ES256`"));
        }
        if self.tenant.is_some() && (self.tenant_claim.is_none() || of_platform) {
            let detail = "`tenant` is what `tenant_claim` says of the one org that the issuer is registered for";
            return Err(invalid("tenant", "issuer.tenant", detail));
        }
        if !of_platform && self.tenant_claim.is_some() && self.tenant.is_none() {
            let detail = "an issuer that others share is named with what its `tenant_claim` says of this org";
            return Err(invalid("tenant", "issuer.tenant", detail));
        }
        Ok(IssuerSettings {
            url,
            audiences: audiences(self.audiences)?,
            algorithms,
            jwks_uri,
            keys,
            tenant_claim: self.tenant_claim.map(|claim| word("tenant_claim", claim)).transpose()?,
            tenant: self.tenant.map(|tenant| word("tenant", tenant)).transpose()?,
            org_claim: self.org_claim.map(|claim| word("org_claim", claim)).transpose()?,
        })
    }
}

fn audiences(audiences: &[String]) -> Result<Vec<String>, Refusal> {
    if audiences.is_empty() || audiences.len() > MAX_AUDIENCES {
        let detail = format!("name 1 to {MAX_AUDIENCES}: a token that is for somebody else is none of ours");
        return Err(invalid("audiences", "issuer.audiences", detail));
    }
    audiences.iter().map(|audience| word("audiences", audience)).collect()
}

/// A text that is compared as it is.
fn word(field: &'static str, word: &str) -> Result<String, Refusal> {
    let plain = |c: char| !c.is_control() && !c.is_whitespace();
    if word.is_empty() || word.chars().count() > MAX_TEXT || !word.chars().all(plain) {
        let detail = format!("1 to {MAX_TEXT} characters, without blanks: it is compared as it is");
        return Err(invalid(field, "issuer.word", detail));
    }
    text::lines(field, word, MAX_TEXT)
}

/// The address of an issuer or its keys: `https`, or plain `http` on this machine.
fn address(field: &'static str, text: &str, query: bool) -> Result<String, Refusal> {
    let wrong = || {
        let detail = "an address such as `https://login.example.org`, in full and without a name or a password in it; plain \
                      `http` is for this machine alone";
        invalid(field, "issuer.address", detail)
    };
    let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let plain =
        text.len() <= MAX_TEXT && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#@".contains(&byte));
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let fits = match scheme {
        "https" => true,
        "http" => local,
        _ => false,
    };
    if plain && fits && !host.is_empty() && (query || !text.contains('?')) { Ok(text.to_owned()) } else { Err(wrong()) }
}

/// The keys of a set, as RFC 7517 writes it. What is secret is refused, whatever else there is may stand there.
fn keys(jwks: &serde_json::Value) -> Result<Vec<IssuerKey>, Refusal> {
    let wrong = |detail: &str| invalid("jwks", "issuer.keys", detail.to_owned());
    let keys = jwks.get("keys").and_then(serde_json::Value::as_array);
    let keys = keys.ok_or_else(|| wrong("a set of keys is an object with a list `keys`"))?;
    if keys.is_empty() || keys.len() > MAX_KEYS {
        return Err(wrong(&format!("a set has 1 to {MAX_KEYS} keys")));
    }
    keys.iter()
        .map(|key| {
            if ["d", "k", "p", "q"].iter().any(|member| key.get(member).is_some()) {
                return Err(wrong("a secret key stands among them: send public keys alone, and make a new pair"));
            }
            let text = |member: &str| key.get(member).and_then(serde_json::Value::as_str).map(str::to_owned);
            let kty = text("kty").unwrap_or_default();
            let key = IssuerKey {
                kid: text("kid"),
                crv: text("crv"),
                n: text("n"),
                e: text("e"),
                x: text("x"),
                y: text("y"),
                kty,
            };
            let members = [&key.kid, &key.crv, &key.n, &key.e, &key.x, &key.y];
            if members.iter().any(|member| member.as_ref().is_some_and(|text| text.len() > MAX_MEMBER)) {
                return Err(wrong("a member of a key is longer than any key has"));
            }
            let there = |members: &[&Option<String>]| members.iter().all(|member| member.is_some());
            match (key.kty.as_str(), key.crv.as_deref()) {
                ("RSA", _) if there(&[&key.n, &key.e]) => Ok(IssuerKey { crv: None, x: None, y: None, ..key }),
                ("EC", Some("P-256" | "P-384")) if there(&[&key.x, &key.y]) => {
                    Ok(IssuerKey { n: None, e: None, ..key })
                }
                ("OKP", Some("Ed25519")) if there(&[&key.x]) => Ok(IssuerKey { n: None, e: None, y: None, ..key }),
                _ => Err(wrong("a key is of `RSA`, of `EC` with `P-256` or `P-384`, or of `OKP` with `Ed25519`")),
            }
        })
        .collect()
}
