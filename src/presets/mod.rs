//! Presets: the settings, catalogue and roles that a platform starts with.
//!
//! A preset is a TOML file; those that come with the program are compiled in. Administrative privileges are the same in
//! all of them and come first in the catalogue; each kind of content adds a privilege for each action that needs one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tenure_events::data::{Nature, Settings};
use tenure_events::{InvalidId, Kind, Privilege, TenantPermission, UserType};
use tenure_projections::judge::administrative;

/// The names of the presets that come with the program.
pub const NAMES: [&str; 7] = ["saas", "default", "panintelligence", "data-hub", "orgvue", "data-all", "hengshi"];

/// The most privileges that a catalogue can hold.
pub const MAX_PRIVILEGES: usize = 128;

/// What a platform starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// What it is called.
    pub name: String,
    /// The settings.
    pub settings: Settings,
    /// The catalogue, in the order of their numbers.
    pub privileges: Vec<Privilege>,
    /// User types, each with what subscriptions of it can hold at the most.
    pub user_types: Vec<(UserType, Vec<Privilege>)>,
    /// Kinds of content.
    pub kinds: Vec<PresetKind>,
    /// Global roles.
    pub roles: Vec<PresetRole>,
    /// The roles that every org starts with.
    pub org_roles: Vec<PresetRole>,
    /// Tenant permissions, each with the privileges that nobody uses without it.
    pub tenant_permissions: Vec<(TenantPermission, Vec<Privilege>)>,
}

/// A kind of content, the privilege that each action on it needs, if any, and what it is to the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the other fields are the actions")]
pub struct PresetKind {
    pub kind: Kind,
    pub create: Option<Privilege>,
    pub view: Option<Privilege>,
    pub edit: Option<Privilege>,
    pub delete: Option<Privilege>,
    pub share: Option<Privilege>,
    pub nature: Nature,
}

/// A role: global, or one that every org starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresetRole {
    /// What it is called; a global one has it for its id as well.
    pub name: String,
    /// What it carries.
    pub privileges: Vec<Privilege>,
}

/// An action on content that may need a privilege, which is then called `KIND.ACTION`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "an action is what its name says")]
pub enum Action {
    Create,
    View,
    Edit,
    Delete,
    Share,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Create, Self::View, Self::Edit, Self::Delete, Self::Share];

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::View => "view",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Share => "share",
        }
    }

    /// The privilege that it may need on content of a kind.
    ///
    /// # Errors
    /// The kind's name leaves no room for the action's.
    pub fn privilege(self, kind: &Kind) -> Result<Privilege, InvalidId> {
        Privilege::new(format!("{kind}.{}", self.name()))
    }
}

/// Why a preset cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPreset {
    /// No such preset comes with the program.
    #[error("there is no preset `{0}`: choose one of {names}", names = NAMES.map(|name| format!("`{name}`")).join(", "))]
    Unknown(String),
    /// Not TOML, or not the fields of a preset.
    #[error("the preset cannot be read: {0}")]
    Malformed(String),
    /// Something is there twice.
    #[error("the preset has `{0}` twice")]
    Twice(String),
    /// More privileges than a catalogue can hold.
    #[error("the preset has {0} privileges, more than the {MAX_PRIVILEGES} that a catalogue can hold")]
    TooManyPrivileges(usize),
    /// A ceiling, role or tenant permission names a privilege that is not in the catalogue.
    #[error("`{of}` names the privilege `{privilege}`, which the preset does not have")]
    UnknownPrivilege {
        /// The user type, role or tenant permission.
        of: String,
        /// What it names.
        privilege: String,
    },
    /// The first administrator of an org is of this type.
    #[error("the preset has no user type `administrator` that may hold every privilege")]
    NoAdministrator,
}

impl Preset {
    /// A preset that comes with the program.
    ///
    /// # Errors
    /// [`InvalidPreset::Unknown`].
    pub fn named(name: &str) -> Result<Self, InvalidPreset> {
        match name {
            "saas" => Self::parse(name, include_str!("saas.toml")),
            "default" => Self::parse(name, include_str!("default.toml")),
            "panintelligence" => Self::parse(name, include_str!("panintelligence.toml")),
            "data-hub" => Self::parse(name, include_str!("data-hub.toml")),
            "orgvue" => Self::parse(name, include_str!("orgvue.toml")),
            "data-all" => Self::parse(name, include_str!("data-all.toml")),
            "hengshi" => Self::parse(name, include_str!("hengshi.toml")),
            unknown => Err(InvalidPreset::Unknown(unknown.to_owned())),
        }
    }

    /// Reads a preset and proves that it fits together.
    ///
    /// # Errors
    /// See [`InvalidPreset`].
    pub fn parse(name: &str, text: &str) -> Result<Self, InvalidPreset> {
        let file: File = toml::from_str(text).map_err(|error| InvalidPreset::Malformed(error.to_string()))?;
        let kinds = file.kinds.into_iter().map(FileKind::kind).collect::<Result<Vec<_>, _>>()?;
        let administrative = administrative::NAMES.iter().map(|name| privilege(name));
        let more = file.privileges.iter().map(|name| privilege(name));
        let mut privileges = administrative.chain(more).collect::<Result<Vec<_>, _>>()?;
        for PresetKind { kind: _, create, view, edit, delete, share, nature: _ } in &kinds {
            privileges.extend([create, view, edit, delete, share].into_iter().flatten().cloned());
        }
        if privileges.len() > MAX_PRIVILEGES {
            return Err(InvalidPreset::TooManyPrivileges(privileges.len()));
        }
        let user_type = |FileUserType { name, ceiling }: FileUserType| {
            let ceiling = resolve(&privileges, name.as_str(), &ceiling)?;
            Ok((name, ceiling))
        };
        let user_types = file.user_types.into_iter().map(user_type).collect::<Result<Vec<_>, InvalidPreset>>()?;
        let role = |FileRole { name, privileges: these }: FileRole| {
            let privileges = resolve(&privileges, &name, &these)?;
            Ok(PresetRole { name, privileges })
        };
        let roles = file.roles.into_iter().map(role).collect::<Result<Vec<_>, InvalidPreset>>()?;
        let org_roles = file.org_roles.into_iter().map(role).collect::<Result<Vec<_>, InvalidPreset>>()?;
        let permission = |FilePermission { name, gates }: FilePermission| {
            let gates = resolve(&privileges, name.as_str(), &gates)?;
            Ok((name, gates))
        };
        let permissions = file.tenant_permissions.into_iter().map(permission);
        let tenant_permissions = permissions.collect::<Result<Vec<_>, InvalidPreset>>()?;
        once(tenant_permissions.iter().map(|(name, _)| name.as_str()))?;
        once(privileges.iter().map(Privilege::as_str))?;
        once(user_types.iter().map(|(name, _)| name.as_str()))?;
        once(kinds.iter().map(|kind| kind.kind.as_str()))?;
        once(roles.iter().map(|role| role.name.as_str()))?;
        once(org_roles.iter().map(|role| role.name.as_str()))?;
        if !user_types.iter().any(|(name, ceiling)| name.as_str() == ADMINISTRATOR && *ceiling == privileges) {
            return Err(InvalidPreset::NoAdministrator);
        }
        let (name, settings) = (name.to_owned(), file.settings);
        Ok(Self { name, settings, privileges, user_types, kinds, roles, org_roles, tenant_permissions })
    }
}

// The global role that a preset may have and that the platform's first administrator then holds (D).
pub use tenure_projections::judge::SYSTEM_ADMINISTRATOR;

/// The user type of a platform's first administrator.
pub const ADMINISTRATOR: &str = "administrator";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    settings: Settings,
    /// Beside the administrative ones and those of the kinds.
    #[serde(default)]
    privileges: Vec<String>,
    user_types: Vec<FileUserType>,
    kinds: Vec<FileKind>,
    #[serde(default)]
    roles: Vec<FileRole>,
    #[serde(default)]
    org_roles: Vec<FileRole>,
    #[serde(default)]
    tenant_permissions: Vec<FilePermission>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileUserType {
    name: UserType,
    /// Privileges; `*` for all, `!PRIVILEGE` for all those before without it.
    ceiling: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePermission {
    name: TenantPermission,
    /// The privileges that nobody uses without it, written as a ceiling.
    gates: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKind {
    name: Kind,
    /// The actions that need a privilege.
    actions: Vec<Action>,
    #[serde(default)]
    nature: Nature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRole {
    name: String,
    /// As in a ceiling.
    privileges: Vec<String>,
}

impl FileKind {
    fn kind(self) -> Result<PresetKind, InvalidPreset> {
        let needs = |action: Action| {
            let privilege = self.actions.contains(&action).then(|| action.privilege(&self.name)).transpose();
            privilege.map_err(|error| InvalidPreset::Malformed(format!("`{}.{}`: {error}", self.name, action.name())))
        };
        Ok(PresetKind {
            create: needs(Action::Create)?,
            view: needs(Action::View)?,
            edit: needs(Action::Edit)?,
            delete: needs(Action::Delete)?,
            share: needs(Action::Share)?,
            nature: self.nature,
            kind: self.name,
        })
    }
}

fn privilege(name: &str) -> Result<Privilege, InvalidPreset> {
    Privilege::new(name).map_err(|error| InvalidPreset::Malformed(format!("`{name}`: {error}")))
}

/// The privileges that a list with `*` and `!` stands for, in the order of the catalogue: `*` is all, `!PRIVILEGE` all
/// those before without it.
///
/// # Errors
/// [`InvalidPreset::UnknownPrivilege`], of what the list is `of`.
pub fn resolve(catalogue: &[Privilege], of: &str, list: &[String]) -> Result<Vec<Privilege>, InvalidPreset> {
    let mut held = vec![false; catalogue.len()];
    for item in list {
        if item == "*" {
            held.fill(true);
            continue;
        }
        let (name, holds) = item.strip_prefix('!').map_or((item.as_str(), true), |name| (name, false));
        let at = catalogue.iter().position(|privilege| privilege.as_str() == name);
        match at.and_then(|at| held.get_mut(at)) {
            Some(place) => *place = holds,
            None => {
                return Err(InvalidPreset::UnknownPrivilege { of: of.to_owned(), privilege: name.to_owned() });
            }
        }
    }
    Ok(catalogue.iter().zip(held).filter(|(_, held)| *held).map(|(privilege, _)| privilege.clone()).collect())
}

fn once<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), InvalidPreset> {
    let mut seen = std::collections::HashSet::new();
    match names.into_iter().find(|name| !seen.insert(*name)) {
        Some(twice) => Err(InvalidPreset::Twice(twice.to_owned())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_the_program_fits_together() {
        for name in NAMES {
            let preset = Preset::named(name).unwrap();
            assert_eq!(preset.name, name);
            let administrative: Vec<_> = preset.privileges.iter().take(12).map(Privilege::as_str).collect();
            assert_eq!(administrative, administrative::NAMES);
            let (_, viewer) = preset.user_types.iter().find(|(name, _)| name.as_str() == "viewer").unwrap();
            let looks = |privilege: &Privilege| privilege.as_str().ends_with(".view");
            assert!(viewer.iter().all(looks), "a viewer of `{name}` looks and does nothing else");
        }
        assert_eq!(Preset::named("P"), Err(InvalidPreset::Unknown("P".to_owned())));
    }

    /// What each system is set to, row by row as the domain has it.
    #[test]
    fn settings_of_each_system() {
        let told = |name: &str| {
            let s = Preset::named(name).unwrap().settings;
            let flags = [
                ("hierarchy", s.single_org_hierarchy),
                ("membership", s.roles_need_membership),
                ("landlord", s.landlord_rule),
                ("reaches", s.system_administrator_reaches),
                ("personal", s.personal_folders),
                ("team", s.managing_team_required),
            ];
            let flags: Vec<&str> = flags.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect();
            let (users, shares, permissions) = (s.tenant_users, s.cross_org_shares, s.tenant_permissions);
            format!("{} {users:?} {shares:?} {permissions:?} {:?} {:?}", flags.join(" "), s.licences, s.lifecycle)
        };
        for (name, want) in [
            ("panintelligence", "hierarchy membership landlord WhenSubscribed Downward Off Off OrgManage"),
            ("data-hub", "reaches personal Always None Off Off SystemAdministrator"),
            ("orgvue", "membership WhenSubscribed None Off Off OrgManage"),
            ("data-all", "team WhenSubscribed None On Off ManagingTeam"),
            ("hengshi", "membership personal Never Downward Off On Root"),
            ("default", "membership landlord WhenSubscribed Downward OnceUsed OnceUsed OrgManage"),
            ("saas", "membership landlord WhenSubscribed Downward OnceUsed OnceUsed OrgManage"),
        ] {
            assert_eq!(told(name), want, "{name}");
        }
    }

    #[test]
    fn user_types_and_kinds_of_each_system() {
        let mut all = std::collections::BTreeSet::new();
        for (name, types, kinds) in [
            ("panintelligence", "administrator supervisor viewer", "category chart report connection"),
            ("data-hub", "administrator member viewer", "folder dashboard analysis report connection"),
            ("orgvue", "administrator member viewer", "dataset lookup"),
            ("data-all", "administrator member viewer", "dataset"),
            ("hengshi", "administrator member viewer", "folder pack app connection"),
            ("saas", "administrator member auditor viewer", "project document"),
        ] {
            let preset = Preset::named(name).unwrap();
            let found: Vec<&str> = preset.user_types.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(found.join(" "), types, "{name}");
            let found: Vec<&str> = preset.kinds.iter().map(|kind| kind.kind.as_str()).collect();
            assert_eq!(found.join(" "), kinds, "{name}");
            // `default` has what the five systems have.
            let kinds = preset.kinds.iter().filter(|_| name != "saas");
            all.extend(kinds.map(|kind| kind.kind.to_string()));
        }
        let default = Preset::named("default").unwrap().kinds;
        assert_eq!(default.iter().map(|kind| kind.kind.to_string()).collect::<std::collections::BTreeSet<_>>(), all);
    }

    /// The least preset, with a line put in or taken out.
    fn check(change: impl FnOnce(String) -> String, want: Result<(), InvalidPreset>) {
        let least = "[settings]\nsingle_org_hierarchy = true\nroles_need_membership = true\nlandlord_rule = true\n\
                     cross_org_shares = \"none\"\nname_scope = \"org\"\nmanaging_team_required = false\n\
                     system_administrator_reaches = false\ntenant_users = \"never\"\npublic_folders = false\n\
                     personal_folders = false\ntenant_permissions = \"off\"\nlicences = \"off\"\n\
                     lifecycle = \"org_manage\"\n\
                     [[user_types]]\nname = \"administrator\"\nceiling = [\"*\"]\n\
                     [[kinds]]\nname = \"chart\"\nactions = [\"edit\"]\n";
        let text = change(least.to_owned());
        assert_eq!(Preset::parse("least", &text).map(drop), want, "{text}");
    }

    #[test]
    fn faults() {
        use InvalidPreset as E;
        let add = |more: &'static str| move |least: String| least + more;
        check(|least| least, Ok(()));
        check(add("[[roles]]\nname = \"r\"\nprivileges = [\"chart.edit\"]\n"), Ok(()));
        let unknown =
            |of: &str, privilege: &str| Err(E::UnknownPrivilege { of: of.to_owned(), privilege: privilege.to_owned() });
        check(add("[[roles]]\nname = \"r\"\nprivileges = [\"chart.share\"]\n"), unknown("r", "chart.share"));
        check(add("[[user_types]]\nname = \"viewer\"\nceiling = [\"*\", \"!x\"]\n"), unknown("viewer", "x"));
        check(add("[[kinds]]\nname = \"chart\"\nactions = []\n"), Err(E::Twice("chart".to_owned())));
        check(
            add("[[user_types]]\nname = \"administrator\"\nceiling = []\n"),
            Err(E::Twice("administrator".to_owned())),
        );
        check(|least| format!("privileges = [\"chart.edit\"]\n{least}"), Err(E::Twice("chart.edit".to_owned())));
        check(|least| least.replace("\"*\"", "\"*\", \"!act-as\""), Err(E::NoAdministrator));
        let many: Vec<_> = (0..116).map(|n| format!("\"x.p{n}\"")).collect();
        check(|least| format!("privileges = [{}]\n{least}", many.join(",")), Err(E::TooManyPrivileges(129)));
        check(|least| format!("privileges = [{}]\n{least}", many[1..].join(",")), Ok(()));
    }

    #[test]
    fn a_malformed_preset_says_where() {
        for text in ["", "settings = 1", "[settings]\nlandlord_rule = true\n", "[[kinds]\n"] {
            let error = Preset::parse("p", text).unwrap_err();
            assert!(matches!(&error, InvalidPreset::Malformed(_)), "{error}");
        }
    }
}
