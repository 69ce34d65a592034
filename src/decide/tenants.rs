//! Tenants that an identity provider brings, and how people sign in.

use std::collections::BTreeMap;

use tenure_events::data::{
    self, IdentityLinked, LoginConfigured, SubscriptionGranted, TenantProvisioned, TenantUsers, UserCreated,
};
use tenure_events::{Event, OrgId, Sealed, UserType};
use tenure_projections::judge::administrative;
use tenure_projections::values::{OrgNo, PrivilegeSet};

use super::scene::{Plan, Scene, conflict, forbidden, invalid, org_id};
use super::{Draft, Refusal, enrolment, groups, identities, licences, orgs, subscriptions, text, workspace};
use crate::command::{All, ConfigureLogin, CreateOrg, Privileges, ProvisionTenant, Provisioned};

const MAX_METHODS: usize = 10;
const MAX_ATTRIBUTES: usize = 50;
const MAX_ATTRIBUTE: usize = 500;

pub fn configure_login(scene: &Scene<'_>, args: &ConfigureLogin, plan: &mut Plan) -> Result<(), Refusal> {
    let org = args.org.as_ref().map_or_else(|| groups::place(scene, None), |org| scene.live_org(org))?;
    scene.need(org, administrative::USER_MANAGE)?;
    if args.methods.is_empty() || args.methods.len() > MAX_METHODS {
        return Err(invalid("methods", "login.methods", format!("name 1 to {MAX_METHODS} methods to sign in by")));
    }
    let methods = args.methods.iter().map(|method| text::name("methods", method)).collect::<Result<Vec<_>, _>>()?;
    if let Some(twice) = methods.iter().enumerate().find(|(at, method)| methods.iter().take(*at).any(|m| m == *method))
    {
        return Err(invalid("methods", "login.method_twice", format!("the method `{}` is named twice", twice.1)));
    }
    let configured = LoginConfigured { org: org_id(scene, org), methods, default: args.default };
    plan.add(scene, org, Event::LoginConfigured(configured), &[]);
    Ok(())
}

/// What a provider's call comes to: a tenant with its people; or, when it comes again, what is new of it; or nothing.
pub fn provision(scene: &Scene<'_>, args: &ProvisionTenant<Sealed>, plan: &mut Plan) -> Result<(), Refusal> {
    let root = groups::place(scene, None)?;
    orgs::manages(scene, root)?;
    distinct(args)?;
    let attributes = attributes(&args.attributes)?;
    let provisioned = |org: OrgId| {
        Ok::<_, Refusal>(Event::TenantProvisioned(TenantProvisioned {
            org,
            issuer: text::name("issuer", &args.issuer)?,
            external_id: text::name("external_id", &args.external_id)?,
            attributes: attributes.clone(),
        }))
    };
    let Some(no) = scene.find_tenant(args.issuer.trim(), args.external_id.trim()) else {
        let org = orgs::create(scene, &bare(args.id.clone(), &args.name), plan)?;
        let (original, event) = (plan.0.len(), provisioned(org.clone())?);
        plan.in_org(org.clone(), event.clone());
        plan.0.push(Draft { org: org_id(scene, root), event, twin_of: Some(original) });
        let people = std::iter::once((&args.admin, ADMINISTRATOR)).chain(args.users.iter().map(|user| (user, MEMBER)));
        people.into_iter().try_for_each(|(person, user_type)| join(scene, &org, person, user_type, None, plan))?;
        let admin = args.admin.id.as_ref().filter(|_| args.enrol);
        return admin
            .map_or(Ok(()), |admin| enrolment::of_new(scene, &org, admin, scene.moment.fresh.admin.into(), plan));
    };
    if args.enrol {
        let detail = "the tenant is there and has its administrator: `reset-credential` gives one a new way in";
        return Err(conflict("tenant.enrolled_before", detail));
    }
    let org = org_id(scene, no);
    scene.live_org(&org)?;
    orgs::manages_inside(scene, no)?;
    if scene.tenant(no).is_none_or(|tenant| tenant.value.attributes != attributes) {
        plan.add(scene, no, provisioned(org.clone())?, scene.parent(no).as_slice());
    }
    if is_new(scene, &args.admin, no, &org) {
        let detail = format!("org `{org}` has its administrators: they make others, not the provider");
        return Err(conflict("tenant.other_admin", detail));
    }
    let new: Vec<_> = args.users.iter().filter(|person| is_new(scene, person, no, &org)).collect();
    new.iter().try_for_each(|person| join(scene, &org, person, MEMBER, Some(no), plan))?;
    if new.is_empty() { Ok(()) } else { brings(scene, no, plan) }
}

/// Where the platform never manages the users of tenants it brings none into one that is there.
fn brings(scene: &Scene<'_>, no: OrgNo, plan: &Plan) -> Result<(), Refusal> {
    if scene.tenant_users() != TenantUsers::Never || scene.holds(no, administrative::USER_MANAGE) {
        return Ok(());
    }
    licences::seats(scene, &plan.0)?;
    let detail = format!("org `{}` makes its users itself, and the platform none", scene.org_id(no));
    Err(forbidden("tenant.users_not_managed", detail))
}

const ADMINISTRATOR: &str = "administrator";
const MEMBER: &str = "member";

/// Who is named once is made once.
fn distinct(args: &ProvisionTenant<Sealed>) -> Result<(), Refusal> {
    let mut seen = vec![args.admin.identity.as_str()];
    for user in &args.users {
        if seen.contains(&user.identity.as_str()) {
            return Err(invalid("users", "users.twice", "a subject is named twice"));
        }
        seen.push(&user.identity);
    }
    Ok(())
}

fn bare(id: Option<OrgId>, name: &str) -> CreateOrg<Sealed> {
    CreateOrg {
        id,
        name: name.to_owned(),
        parent: None,
        description: String::new(),
        tags: Vec::new(),
        managing_group: None,
        region: None,
        admin: None,
    }
}

/// Whether the person never came before. Nobody who was erased, or from whom the identity was taken, comes back.
fn is_new(scene: &Scene<'_>, person: &Provisioned<Sealed>, no: OrgNo, org: &OrgId) -> bool {
    identities::linked(scene, &person.identity, no, org).is_none()
        && !identities::left(scene, &person.identity, no, org)
}

/// Makes a user of a person: at home in the org, with their identity.
fn join(
    scene: &Scene<'_>,
    org: &OrgId,
    person: &Provisioned<Sealed>,
    user_type: &str,
    there: Option<OrgNo>,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let user = scene.new_user(person.id.as_ref(), scene.moment.fresh.admin)?;
    let usual = UserType::new(user_type).map_err(|error| conflict("user_type.unknown", error.to_string()))?;
    let user_type = person.user_type.clone().unwrap_or_else(|| usual.clone());
    let ceiling = scene.ceiling(scene.user_type(&user_type)?);
    let begins = ceiling.without(scene.reserved_privileges());
    let all = there.map_or(begins, |org| scene.held(org).and(ceiling));
    let privileges = match &person.privileges {
        Some(privileges) => scene.asked(privileges, all)?,
        None if usual.as_str() == ADMINISTRATOR => scene.asked(&Privileges::All(All::All), all)?,
        None => PrivilegeSet::NONE,
    };
    subscriptions::within(scene, privileges, &user_type, ceiling)?;
    if there.is_none() {
        super::catalogue::unreserved(scene, privileges)?;
    }
    let (name, email) = (Some(person.name.clone()), person.email.clone());
    plan.in_org(org.clone(), Event::UserCreated(UserCreated { user: user.clone(), org: org.clone(), name, email }));
    let privileges = scene.named(privileges);
    let subscription = data::Subscription { user_type, privileges, valid_from: None, valid_until: None };
    let granted = SubscriptionGranted { user: user.clone(), org: org.clone(), subscription };
    plan.in_org(org.clone(), Event::SubscriptionGranted(granted));
    match there {
        Some(there) => workspace::welcome(scene, there, &user, plan),
        None => workspace::welcome_first(scene, org, &user, plan),
    }
    if let Some(issuer) = person.issuer.clone() {
        let (identity, subject) = (identities::scoped(&person.identity, org), person.subject.clone());
        plan.in_org(org.clone(), Event::IdentityLinked(IdentityLinked { identity, user, issuer, subject }));
    }
    Ok(())
}

fn attributes(attributes: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Refusal> {
    if attributes.len() > MAX_ATTRIBUTES {
        let detail = format!("at most {MAX_ATTRIBUTES} attributes, these are {}", attributes.len());
        return Err(invalid("attributes", "attributes.too_many", detail));
    }
    let clean = |(name, value): (&String, &String)| {
        Ok((text::name("attributes", name)?, text::lines("attributes", value, MAX_ATTRIBUTE)?))
    };
    attributes.iter().map(clean).collect()
}
