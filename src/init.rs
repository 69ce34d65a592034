//! The first command of all: it makes a platform.

use std::path::Path;

use tenure_events::data::{
    ApiKeyIssued, Assignee, GroupCreated, GroupMemberAdded, LicenceKeyTrusted, Nature, OrgCreated, PlatformInitialised,
    PrivilegeDefined, ResourceKindDefined, RoleAssigned, RoleDefined, RoleTemplateDefined, Subscription,
    SubscriptionGranted, TenantPermissionDefined, UserCreated, UserTypeDefined,
};
use tenure_events::{ApiKeyId, Event, InvalidId, OrgId, RoleId, Time, UserId, UserType};
use uuid::Uuid;

use crate::chain::{Head, Origin, link};
use crate::clock::Clock;
use crate::data::{DataError, DataFolder};
use crate::decide::{Draft, MAX_EVENTS, first_personal_folder, personal_id, public_folder, public_id, starting_role};
use crate::keys::{FeedSigner, KeyStore, StoreError};
use crate::licence::PublicKey;
use crate::log::{AppendError, FileLog, FileOptions, Log, MemoryLog, OpenError};
use crate::presets::{ADMINISTRATOR, Preset, PresetKind, PresetRole, SYSTEM_ADMINISTRATOR};
use crate::token::Token;

/// How a platform begins.
#[derive(Debug, Clone)]
pub struct Founding<'a> {
    /// What it starts with.
    pub preset: &'a Preset,
    /// What its root org is called.
    pub name: &'a str,
    /// The id of its first administrator.
    pub admin: UserId,
    /// What its licences are signed with, if it shall take any.
    pub licence_key: Option<PublicKey>,
}

/// A platform in memory, its first command done.
pub struct Founded {
    pub(crate) log: Log,
    pub(crate) log_id: Uuid,
    pub(crate) keys: KeyStore,
}

/// Why no platform was made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The folder cannot be used, or has a platform already.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The log cannot be made.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// The first events cannot be stored.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The key store cannot be made.
    #[error(transparent)]
    Keys(#[from] StoreError),
    /// The operating system gave no random bytes.
    #[error("no random numbers for the first API key: {0}")]
    Random(#[from] getrandom::Error),
    /// A role of the preset has a name that is no id.
    #[error("the role `{0}` of the preset has no name that can be its id: {1}")]
    Role(String, InvalidId),
    /// The root org needs a name.
    #[error("the root org needs a name")]
    NoName,
    /// The preset is too large for one command.
    #[error("the preset makes {0} events, more than the {MAX_EVENTS} that one command may have")]
    TooManyEvents(usize),
}

/// The id of the root org of every platform.
pub const ROOT: &str = "root";

/// A platform in a folder that has all its parts and counts for nothing before it is finished.
#[derive(Debug)]
pub struct Prepared {
    folder: DataFolder,
    token: Token,
}

impl Prepared {
    /// The API key of its first administrator. To be shown before the platform is finished: a crash between the two
    /// leaves a key for no platform, and making it again helps; the other way round it would leave a platform that nobody
    /// can enter.
    #[must_use]
    pub const fn key(&self) -> &Token {
        &self.token
    }

    /// Makes a platform of it, at one go and durably.
    ///
    /// # Errors
    /// It is none; [`prepare`] it anew.
    pub fn finish(self) -> Result<Token, InitError> {
        self.folder.finish()?;
        Ok(self.token)
    }
}

/// Makes all parts of a platform in a folder, and the API key of its first administrator. What an interrupted making has
/// left there is replaced.
///
/// # Errors
/// See [`InitError`]; [`DataError::AlreadyInitialised`] where there is a platform.
pub fn prepare(path: &Path, founding: &Founding<'_>, clock: &Clock) -> Result<Prepared, InitError> {
    let log_id = clock.new_id();
    let (token, events) = first_command(log_id, founding, clock)?;
    let folder = DataFolder::begin(path, log_id)?;
    KeyStore::create(&folder.keys(), log_id)?;
    FeedSigner::in_file(&folder.feed_key()).map_err(|source| DataError::Io { path: folder.feed_key(), source })?;
    let mut log = Log::Files(FileLog::create(&folder.log(), log_id, FileOptions::default())?);
    log.append(0, &events)?;
    log.close().map_err(|source| DataError::Io { path: path.to_owned(), source })?;
    Ok(Prepared { folder, token })
}

/// Makes a platform in a folder, and the API key of its first administrator.
///
/// # Errors
/// See [`prepare`].
pub fn in_folder(path: &Path, founding: &Founding<'_>, clock: &Clock) -> Result<Token, InitError> {
    prepare(path, founding, clock)?.finish()
}

/// Makes a platform in memory, and the API key of its first administrator.
///
/// # Errors
/// See [`InitError`].
pub fn in_memory(founding: &Founding<'_>, clock: &Clock) -> Result<(Founded, Token), InitError> {
    let log_id = clock.new_id();
    let (token, events) = first_command(log_id, founding, clock)?;
    let mut log = Log::Memory(MemoryLog::new());
    log.append(0, &events)?;
    Ok((Founded { log, log_id, keys: KeyStore::in_memory(log_id)? }, token))
}

/// The bytes of the first command's events, and the key that its administrator starts with.
fn first_command(log: Uuid, founding: &Founding<'_>, clock: &Clock) -> Result<(Token, Vec<Vec<u8>>), InitError> {
    let token = Token::generate(ApiKeyId::from(clock.new_id()))?;
    let drafts = drafts(founding, &token, clock.new_id())?;
    if drafts.len() > MAX_EVENTS {
        return Err(InitError::TooManyEvents(drafts.len()));
    }
    let command = clock.new_id();
    let origin = Origin {
        log,
        epoch: 0,
        time: Time::from(clock.now()),
        command,
        command_name: "init",
        actor: founding.admin.clone(),
        on_behalf_of: None,
        correlation: command,
        body_hash: None,
        reason: None,
    };
    let links = link(&mut Head::START.clone(), &origin, drafts, |_| 0);
    Ok((token, links.into_iter().map(|link| link.bytes.to_vec()).collect()))
}

/// What the first command decides on. All of it stands in the root's history, so that the root is the first org of all.
fn drafts(founding: &Founding<'_>, token: &Token, folder_id: Uuid) -> Result<Vec<Draft>, InitError> {
    let Founding { preset, name, admin, licence_key } = founding;
    let Preset { name: preset_name, settings, privileges, user_types, kinds, .. } = preset;
    let Preset { roles, org_roles, tenant_permissions, .. } = preset;
    if name.trim().is_empty() {
        return Err(InitError::NoName);
    }
    let root = fixed::<OrgId>(ROOT);
    let mut events = vec![Event::PlatformInitialised(PlatformInitialised {
        preset: preset_name.clone(),
        root: root.clone(),
        settings: settings.clone(),
    })];
    events.extend((0..).zip(privileges.clone()).map(|(number, privilege)| {
        let defined = PrivilegeDefined { privilege, number };
        Event::PrivilegeDefined(defined)
    }));
    events.extend(user_types.iter().cloned().map(|(user_type, ceiling)| {
        let defined = UserTypeDefined { user_type, ceiling };
        Event::UserTypeDefined(defined)
    }));
    events.extend(kinds.iter().cloned().map(|PresetKind { kind, create, view, edit, delete, share, nature }| {
        Event::ResourceKindDefined(ResourceKindDefined { kind, create, view, edit, delete, share, nature })
    }));
    events.extend(org_roles.iter().cloned().map(|PresetRole { name, privileges }| {
        let defined = RoleTemplateDefined { name, privileges };
        Event::RoleTemplateDefined(defined)
    }));
    events.extend(tenant_permissions.iter().cloned().map(|(permission, privileges)| {
        let defined = TenantPermissionDefined { permission, privileges };
        Event::TenantPermissionDefined(defined)
    }));
    events.push(Event::OrgCreated(OrgCreated {
        org: root.clone(),
        name: (*name).to_owned(),
        parent: None,
        description: String::new(),
        tags: Vec::new(),
        managing_group: None,
        region: None,
    }));
    let folder = kinds.iter().find(|kind| kind.nature == Nature::Folder).map(|kind| &kind.kind);
    if let Some(kind) = folder.filter(|_| settings.public_folders) {
        events.extend(public_id(&root).into_iter().flat_map(|id| public_folder(id, &root, kind, admin)));
    }
    for PresetRole { name, privileges } in roles {
        let role = RoleId::new(name.as_str()).map_err(|error| InitError::Role(name.clone(), error))?;
        let (name, privileges) = (name.clone(), privileges.clone());
        events.push(Event::RoleDefined(RoleDefined { role, org: None, name, privileges }));
    }
    for PresetRole { name, privileges } in org_roles {
        let defined = starting_role(&root, name, privileges.clone());
        events.push(Event::RoleDefined(defined.map_err(|error| InitError::Role(name.clone(), error))?));
    }
    events.extend(licence_key.map(|key| Event::LicenceKeyTrusted(LicenceKeyTrusted { key: key.to_string() })));
    events.push(Event::UserCreated(UserCreated { user: admin.clone(), org: root.clone(), name: None, email: None }));
    events.push(Event::SubscriptionGranted(SubscriptionGranted {
        user: admin.clone(),
        org: root.clone(),
        subscription: Subscription {
            user_type: fixed::<UserType>(ADMINISTRATOR),
            privileges: privileges.clone(),
            valid_from: None,
            valid_until: None,
        },
    }));
    if let Some(kind) = folder.filter(|_| settings.personal_folders) {
        let id = personal_id(&root, admin).unwrap_or_else(|| folder_id.into());
        events.push(first_personal_folder(id, &root, kind, admin));
    }
    if roles.iter().any(|role| role.name == SYSTEM_ADMINISTRATOR) {
        let (role, to) = (fixed(SYSTEM_ADMINISTRATOR), Assignee::User(admin.clone()));
        events.push(Event::RoleAssigned(RoleAssigned { role, to, valid_until: None }));
    }
    if let Some(group) = settings.administrators_group.clone() {
        let name = group.to_string();
        events.push(Event::GroupCreated(GroupCreated { group: group.clone(), org: None, name }));
        events.push(Event::GroupMemberAdded(GroupMemberAdded { group, user: admin.clone() }));
    }
    events.push(Event::ApiKeyIssued(ApiKeyIssued {
        key: token.key().clone(),
        user: admin.clone(),
        hash: token.hash().to_string(),
        name: None,
        org: None,
        privileges: None,
        expires: None,
    }));
    Ok(events.into_iter().map(|event| Draft { org: root.clone(), event, twin_of: None }).collect())
}

fn fixed<T: std::str::FromStr<Err = InvalidId>>(id: &str) -> T {
    #[expect(clippy::expect_used, reason = "a constant of this file that is an id")]
    id.parse().expect("an id")
}
