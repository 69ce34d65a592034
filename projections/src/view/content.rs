//! Content and its shares.

use tenure_events::Position;

use super::{Fact, View};
use crate::state::State;
use crate::store::{Edges, Version};
use crate::values::{GroupNo, KeyNo, OrgNo, Resource, ResourceNo, RoleNo, Share, UserNo};

impl<'a> View<'a> {
    /// A piece of content.
    #[must_use]
    pub fn resource(&self, resource: ResourceNo) -> Fact<'a, Resource> {
        self.row(|s| &s.resource, resource.0)
    }

    /// The name of content.
    #[must_use]
    pub fn resource_name(&self, resource: ResourceNo) -> &'a str {
        self.row(|s| &s.resource_name, resource.0).map_or("", |name| &name.value)
    }

    /// What content was copied from.
    #[must_use]
    pub fn source(&self, resource: ResourceNo) -> Option<ResourceNo> {
        self.row(|s| &s.source, resource.0).map(|source| source.value)
    }

    /// What content was imported as, wherever, deleted or not.
    pub fn imports_of(&self, resource: ResourceNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        self.from(|s| &s.imported, resource.0).map(|(import, _)| ResourceNo(import))
    }

    /// Content and the folders that it lies in, from below.
    pub fn folders(&self, resource: ResourceNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        let view = *self;
        std::iter::successors(Some(resource), move |resource| view.resource(*resource)?.value.parent)
    }

    /// The personal folder that content lies in, or is, and whose it is.
    #[must_use]
    pub fn personal_of(&self, resource: ResourceNo) -> Option<(ResourceNo, UserNo)> {
        let org = self.org(self.resource(resource)?.value.org)?;
        // Where there never was one, content pays nothing for them.
        let mut folders = self.folders(resource).filter(|_| org.value.personal);
        folders.find_map(|no| {
            let folder = self.resource(no)?.value;
            folder.personal.then_some((no, folder.creator))
        })
    }

    /// A user's personal folder in an org.
    #[must_use]
    pub fn personal_folder(&self, user: UserNo, org: OrgNo) -> Option<ResourceNo> {
        let folder = self.edge(|s| &s.personal_folder, user.0, org.0)?.value;
        Some(folder).filter(|no| self.resource(*no).is_some_and(|folder| folder.value.live))
    }

    /// The live content of an org, newest first.
    pub fn resources(&self, org: OrgNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        let view = *self;
        let resources = self.from(|s| &s.org_resources, org.0).map(|(resource, _)| ResourceNo(resource));
        resources.filter(move |no| view.resource(*no).is_some_and(|resource| resource.value.live))
    }

    /// The live content that lies directly in a folder, newest first.
    pub fn contents(&self, folder: ResourceNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        self.from(|s| &s.resource_children, folder.0).filter(|(_, there)| there.value).map(|(no, _)| ResourceNo(no))
    }

    /// What a user has of one piece of content itself.
    #[must_use]
    pub fn share_with_user(&self, resource: ResourceNo, user: UserNo) -> Option<(Share, Position)> {
        share(self.edge(|s| &s.share_user, resource.0, user.0))
    }

    /// What a role has of one piece of content itself.
    #[must_use]
    pub fn share_with_role(&self, resource: ResourceNo, role: RoleNo) -> Option<(Share, Position)> {
        share(self.edge(|s| &s.share_role, resource.0, role.0))
    }

    /// What a group has of one piece of content itself.
    #[must_use]
    pub fn share_with_group(&self, resource: ResourceNo, group: GroupNo) -> Option<(Share, Position)> {
        share(self.edge(|s| &s.share_group, resource.0, group.0))
    }

    /// What an org has of one piece of content itself.
    #[must_use]
    pub fn share_with_org(&self, resource: ResourceNo, org: OrgNo) -> Option<(Share, Position)> {
        share(self.edge(|s| &s.share_org, resource.0, org.0))
    }

    /// What every org has of one piece of content itself.
    #[must_use]
    pub fn share_with_all(&self, resource: ResourceNo) -> Option<(Share, Position)> {
        share(self.row(|s| &s.share_all, resource.0).copied())
    }

    /// The other orgs that have a share of one piece of content itself.
    pub fn orgs_with_share(&self, resource: ResourceNo) -> impl Iterator<Item = (OrgNo, Share)> + use<'a> {
        self.from(|s| &s.share_org, resource.0).filter_map(|(org, share)| Some((OrgNo(org), share.value?)))
    }

    /// The users whom one piece of content itself is shared with.
    pub fn users_with_share(&self, resource: ResourceNo) -> impl Iterator<Item = (UserNo, Share)> + use<'a> {
        self.from(|s| &s.share_user, resource.0).filter_map(|(user, share)| Some((UserNo(user), share.value?)))
    }

    /// The content itself that is shared with an org, by name.
    pub fn shares_with_org(&self, org: OrgNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        self.to(|s| &s.share_org, org.0).filter(|(_, share)| share.value.is_some()).map(|(no, _)| ResourceNo(no))
    }

    /// Every share of one piece of content itself, whomever with.
    pub fn shares(&self, resource: ResourceNo) -> impl Iterator<Item = Share> + use<'a> {
        let of = |table: fn(&State) -> &Edges<Option<Share>>| self.from(table, resource.0);
        let some = of(|s| &s.share_user).chain(of(|s| &s.share_role));
        let some = some.chain(of(|s| &s.share_group)).chain(of(|s| &s.share_org)).filter_map(|(_, share)| share.value);
        some.chain(self.share_with_all(resource).map(|(share, _)| share))
    }

    /// The content that is shared with a user directly.
    pub fn shares_with_user(&self, user: UserNo) -> impl Iterator<Item = (ResourceNo, Share)> + use<'a> {
        self.to(|s| &s.share_user, user.0).filter_map(|(no, share)| Some((ResourceNo(no), share.value?)))
    }

    /// The content that is shared with a role.
    pub fn shares_with_role(&self, role: RoleNo) -> impl Iterator<Item = (ResourceNo, Share)> + use<'a> {
        self.to(|s| &s.share_role, role.0).filter_map(|(no, share)| Some((ResourceNo(no), share.value?)))
    }

    /// The content that is shared with a group.
    pub fn shares_with_group(&self, group: GroupNo) -> impl Iterator<Item = (ResourceNo, Share)> + use<'a> {
        self.to(|s| &s.share_group, group.0).filter_map(|(no, share)| Some((ResourceNo(no), share.value?)))
    }
}

fn share(version: Option<Version<Option<Share>>>) -> Option<(Share, Position)> {
    version.and_then(|version| version.value.map(|share| (share, version.position)))
}

/// What sight and history need beside.
impl<'a> View<'a> {
    /// Whether an org shuts out its ancestors at the instant.
    #[must_use]
    pub fn excludes_landlord(&self, org: OrgNo) -> bool {
        self.landlord(org).is_some_and(|landlord| !landlord.value.admits(self.instant))
    }

    /// Whose an API key is, or was before it was revoked.
    #[must_use]
    pub fn key_owner(&self, key: KeyNo) -> Option<UserNo> {
        self.to(|s| &s.user_keys, key.0).next().map(|(user, _)| UserNo(user))
    }

    /// Who made a user, who made those, and so on. Whoever made somebody was there before, so it ends; the first user
    /// of all made themself.
    pub fn makers(&self, user: UserNo) -> impl Iterator<Item = UserNo> + use<'a> {
        let view = *self;
        let maker = move |user: &UserNo| view.creator(*user).filter(|maker| maker < user);
        std::iter::successors(maker(&user), maker)
    }
}
