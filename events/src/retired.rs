//! Shapes of events that are written no more. They stand in logs for ever, so they are read for ever: as the event that
//! says the same today.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::data::{
    self, CrossOrgShares, NameScope, Nature, PlatformInitialised, ResourceCreated, ResourceKindDefined, SettingsChanged,
};
use crate::{Event, Kind, OrgId, Privilege, ResourceId, UserId};

/// An event as it was once written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub(crate) enum Retired {
    /// The platform exists, with the settings that there were then.
    #[serde(rename = "tenure.platform.initialised.v1")]
    PlatformInitialised(PlatformInitialisedV1),
    /// The settings that there were then are these now.
    #[serde(rename = "tenure.platform.settings_changed.v1")]
    SettingsChanged(SettingsChangedV1),
    /// Which privilege each action on content of this kind needs; none where left out.
    #[serde(rename = "tenure.resource_kind.defined.v1")]
    ResourceKindDefined(ResourceKindDefinedV1),
    /// A piece of content exists.
    #[serde(rename = "tenure.resource.created.v1")]
    ResourceCreated(ResourceCreatedV1),
}

/// The types in [`Retired`].
pub(crate) const KINDS: [&str; 4] = [
    "tenure.platform.initialised.v1",
    "tenure.platform.settings_changed.v1",
    "tenure.resource_kind.defined.v1",
    "tenure.resource.created.v1",
];

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsV1 {
    single_org_hierarchy: bool,
    roles_need_membership: bool,
    landlord_rule: bool,
    cross_org_shares: CrossOrgShares,
    name_scope: NameScope,
    managing_team_required: bool,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlatformInitialisedV1 {
    preset: String,
    root: OrgId,
    settings: SettingsV1,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsChangedV1 {
    settings: SettingsV1,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceKindDefinedV1 {
    kind: Kind,
    #[serde(default)]
    create: Option<Privilege>,
    #[serde(default)]
    view: Option<Privilege>,
    #[serde(default)]
    edit: Option<Privilege>,
    #[serde(default)]
    delete: Option<Privilege>,
    #[serde(default)]
    share: Option<Privilege>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceCreatedV1 {
    resource: ResourceId,
    org: OrgId,
    kind: Kind,
    name: String,
    #[serde(default)]
    parent: Option<ResourceId>,
    creator: UserId,
}

impl From<Retired> for Event {
    fn from(retired: Retired) -> Self {
        match retired {
            Retired::PlatformInitialised(PlatformInitialisedV1 { preset, root, settings }) => {
                Self::PlatformInitialised(PlatformInitialised { preset, root, settings: settings.into() })
            }
            Retired::SettingsChanged(SettingsChangedV1 { settings }) => {
                Self::SettingsChanged(SettingsChanged { settings: settings.into() })
            }
            Retired::ResourceKindDefined(ResourceKindDefinedV1 { kind, create, view, edit, delete, share }) => {
                // Until kinds had a nature, this one was known by its name.
                let nature = if kind.as_str() == "connection" { Nature::Connection } else { Nature::Content };
                let defined = ResourceKindDefined { kind, create, view, edit, delete, share, nature };
                Self::ResourceKindDefined(defined)
            }
            Retired::ResourceCreated(ResourceCreatedV1 { resource, org, kind, name, parent, creator }) => {
                let (environment, source, data_permission, personal) = (None, None, None, false);
                Self::ResourceCreated(ResourceCreated {
                    resource,
                    org,
                    kind,
                    name,
                    parent,
                    creator,
                    environment,
                    source,
                    data_permission,
                    personal,
                })
            }
        }
    }
}

/// What has come since is off, as it was.
impl From<SettingsV1> for data::Settings {
    fn from(settings: SettingsV1) -> Self {
        let SettingsV1 {
            single_org_hierarchy,
            roles_need_membership,
            landlord_rule,
            cross_org_shares,
            name_scope,
            managing_team_required,
        } = settings;
        Self {
            single_org_hierarchy,
            roles_need_membership,
            landlord_rule,
            cross_org_shares,
            name_scope,
            managing_team_required,
            ..Self::default()
        }
    }
}
