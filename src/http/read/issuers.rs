//! Issuers, for those who manage the users whom they sign in.

use serde::Serialize;
use tenure_events::data::IssuerSettings;
use tenure_projections::judge::outside;
use tenure_projections::lookup::Page;
use tenure_projections::sight;

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::Ask;

#[derive(Serialize)]
struct Issuer<'a> {
    id: &'a str,
    org: &'a str,
    #[serde(flatten)]
    settings: IssuerSettings,
    /// Its org excludes its landlord and does not vouch for it as it is: none of its tokens counts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    suspended: bool,
}

/// `GET /v1/issuers`. Their count is bounded by what the platform registers by hand: one page holds them.
pub fn list(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let view = &ask.view;
    let seen = view.issuers().filter(|(no, _)| sight::sees_issuer(&ask.live, &ask.viewer, *no));
    let items = seen.map(|(no, issuer)| Issuer {
        id: view.issuer_id(no),
        org: view.org_id(issuer.org),
        settings: issuer.settings(),
        suspended: !outside::issuer_counts(view, no, issuer.org),
    });
    let page: Page<Issuer<'_>, u32> = Page { items: items.collect(), next: None };
    ask.page(page)
}
