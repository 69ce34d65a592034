//! What each argument is, for those who write a command: one sentence, the same in `tenure do help`, `docs/commands.md` and
//! `/openapi.json`.

use serde_json::Value;

/// By the name of the argument, after `COMMAND.`, or the argument that it is a part of, where it means something of its own
/// there.
const WORDS: [(&str, &str); 131] = [
    ("account", "The account that the environment is in, as its provider calls it."),
    ("actions", "The actions that need a privilege `KIND.ACTION`."),
    (
        "admin",
        "The first administrator, made with the org: `administrator` with all that the type can hold, unless said otherwise.",
    ),
    ("admin.key", "Issue their first API key as well: the answer shows it, this once."),
    ("admin.name", "The person's name: sealed, and erased with them."),
    ("users.name", "The person's name: sealed, and erased with them."),
    ("administrators_group", "The global group whose members alone give tenant permissions."),
    ("algorithms", "How tokens may be signed: by one of these, and by none other."),
    ("attributes", "What the provider tells of the tenant, by name: kept beside it."),
    ("audiences", "For whom tokens are: one of these stands in their `aud`."),
    ("authorisation", "The authorisation code, as it was signed for this org."),
    ("bundle", "The bundle, as `export-resources` answered it."),
    ("ceiling", "The privileges that it can hold at the most, with `*` and `!` as in a preset file."),
    ("confirmation", "The words `permanently archive`."),
    ("erase-user.confirmation", "The words `permanently erase`."),
    ("copy", "Whether they may copy it into another org as well."),
    ("cross_org_shares", "Whether content is shared with orgs below its own."),
    ("data_permission", "With whose rights a pack reads its data."),
    ("default", "Which address people are led to: the platform's, or the tenant's own."),
    ("define-user-type.name", "The user type: a new one, or the one to change."),
    ("define-resource-kind.name", "The kind: a new one, or the one to change."),
    ("define-privilege.name", "The new privilege."),
    ("description", "What the org is for."),
    ("email", "Where mail reaches them."),
    ("environment", "The environment."),
    ("create-resource.environment", "The environment that it belongs to."),
    ("invite-group.environment", "The environment to invite them to; the whole org, unless given."),
    ("uninvite-group.environment", "The environment that they were invited to."),
    ("expires", "When it ends; never, unless given."),
    ("external_id", "What the identity provider calls the tenant."),
    ("filter", "Which rows they see, in the words of the product that reads them."),
    ("from_org", "The org that all of the users are at home in: refused where one is not."),
    ("group", "The group."),
    ("groups", "Groups to give it to."),
    ("unassign-role.groups", "Groups to take it from."),
    ("held_by", "Who holds it from then on: `root`, or `all-administrators` of every org."),
    ("id", "An id of your choice; one is made unless given."),
    ("change-issuer.id", "The id that the issuer was registered by."),
    ("remove-issuer.id", "The id that the issuer was registered by."),
    ("create-group.name", "What the group is called: no other in its org is."),
    ("define-role.name", "What the role is called: no other in its org is."),
    ("define-role.org", "The org whose role it is; a global one, unless given."),
    ("define-role.privileges", "What it carries."),
    ("into_org", "The org that gets the copy."),
    ("issuer", "The identity provider."),
    (
        "register-issuer.issuer",
        "What it calls itself: the `iss` of its tokens, an address that begins with `https://`.",
    ),
    ("issuers", "Issuers that the org vouches for, as they are now."),
    ("jwks", "Its public keys, as RFC 7517 writes a set of them, unless they are fetched."),
    ("jwks_uri", "Where its public keys are fetched from, unless they stand in `jwks`."),
    ("enrol", "Answer a one-time secret by which the user makes their first key."),
    (
        "reset-credential.enrol",
        "Open a one-time secret by which they make their next key: answered to who could issue one, else sent to their address.",
    ),
    ("enrol.key", "The id of the secret, and of the key from then on."),
    ("enrol.name", "What the key is called: sealed, and erased with them."),
    ("identities_of", "Users whose linked identities the org vouches for."),
    ("confirm-credentials.users", "Users whom the org vouches for."),
    ("keys", "Keys that the org vouches for."),
    ("key", "The key."),
    ("kind", "The kind of content."),
    ("landlord_rule", "Whether an org may shut its ancestors out."),
    ("level", "At which level: each includes those before it."),
    ("licences", "Whether orgs need a licence: never, from the first one on, or always."),
    ("lifecycle", "Who makes, disables and archives orgs."),
    ("managing_group", "The team that manages the org from its first day on; it cannot be changed."),
    ("managing_team_required", "Whether every org needs a managing team."),
    ("master", "The org whose content it reads."),
    ("methods", "The ways to sign in, in the order in which they are offered."),
    ("name", "What it is called."),
    ("create-org.name", "What the org is called: no other below the same parent is."),
    ("provision-tenant.name", "What the tenant is called."),
    ("create-user.name", "The person's name: sealed, and erased with them."),
    ("change-profile.name", "The person's name; it stays, unless given."),
    ("change-profile.email", "Where mail reaches them; it stays, unless given."),
    ("change-role.name", "Another name; it stays, unless given."),
    ("copy-resource.name", "What the copy is called; as the original, unless given."),
    ("issue-api-key.name", "What the key is for, in the user's words: sealed, and erased with them."),
    ("name_scope", "Among which content a name is the only one: in its folder, or in its org."),
    ("nature", "What sort of kind it is: what can lie in it, and how it is handed out."),
    ("org", "The org."),
    ("assign-role.org", "The org whose role it is, where `role` is a name."),
    ("unassign-role.org", "The org whose role it is, where `role` is a name."),
    ("configure-login.org", "The org whose people sign in so; those of all orgs that say nothing, unless given."),
    ("create-group.org", "The org whose group it is; a global one, unless given."),
    ("create-user.org", "The org that they are at home in."),
    ("hand-on.org", "The org that hands it on; the one acted in, unless given."),
    ("take-back.org", "The org that takes it back; the one acted in, unless given."),
    ("issue-api-key.org", "The only org where it works; wherever the user works, unless given."),
    ("set-row-rule.org", "The org whose people it binds; the one acted in, unless given."),
    ("clear-row-rule.org", "The org whose people see all rows again; the one acted in, unless given."),
    ("unlink-environment.org", "The org of the environment, to be sure."),
    ("register-issuer.org", "The tenant whose home users it signs in; the platform's own issuer, unless given."),
    ("org_claim", "The claim that names the only org in which a token counts."),
    ("parent", "The folder that it lies in; in none, unless given."),
    ("create-org.parent", "The org above it; the root, unless given."),
    ("move-org.parent", "The org that it comes to be below."),
    ("permission", "The tenant permission."),
    ("personal_folders", "Whether every member has a folder of their own."),
    ("privileges", "Which privileges: these, or `\"all\"` that you hold there within the user type."),
    ("change-role.privileges", "What it carries from then on, all of it; as before, unless given."),
    ("issue-api-key.privileges", "The only privileges that it carries; all that the user holds, unless given."),
    ("revoke-privileges.privileges", "Which to take: these, or `\"all\"` that the membership holds."),
    ("public_folders", "Whether every new org begins with a public folder."),
    ("region", "Where its data is."),
    ("resource", "The content."),
    ("resources", "The content, each with all that lies in it."),
    ("role", "The role: its id, or its name where `org` is named."),
    ("roles_need_membership", "Whether roles count only for members of their org."),
    ("single_org_hierarchy", "Whether users see only whom they made, while there is one org."),
    ("source", "Where a pack's data comes from."),
    ("sub", "The org that reads it."),
    ("subject", "What the identity provider calls the person: logged as a keyed hash only."),
    ("successor", "Who holds from then on what nobody else could give."),
    ("system_administrator_reaches", "Whether system administrators act in every org that admits them."),
    ("tags", "All its tags from then on."),
    ("take_away", "Do it although it takes something away from somebody."),
    ("tenant", "What the claim says of this tenant, where several share the issuer."),
    (
        "tenant_claim",
        "The claim that says which tenant a token is of: its org's id, unless `tenant` says what it holds.",
    ),
    ("tenant_permissions", "Whether teams need tenant permissions: never, from the first one given on, or always."),
    ("tenant_users", "When the platform manages the users of its tenants."),
    ("to", "Who gets it."),
    ("token", "The licence, as it was signed."),
    ("until", "Until when; for good, unless given."),
    ("user", "The user."),
    ("select-active-org.user", "Who chooses: you, and nobody else."),
    ("user_type", "What they can hold there at the most."),
    ("users", "The users."),
    ("sync-group.users", "All its members from then on."),
    ("valid_from", "From when on; at once, unless given."),
    ("valid_until", "Until when; for good, unless given."),
    ("with", "With whom."),
    ("unshare.with", "With whom it was shared."),
    ("provision-tenant.users", "Users to be there beside the administrator."),
];

/// What an argument of a command is.
pub(super) fn of(command: &str, argument: &str) -> Option<&'static str> {
    let find = |name: &str| WORDS.iter().find(|(known, _)| *known == name).map(|(_, words)| *words);
    find(&format!("{command}.{argument}")).or_else(|| find(argument))
}

/// Writes into the schema of a command what each argument is, and each part of one.
pub(super) fn describe(command: &str, schema: &mut Value) {
    let Some(arguments) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (name, argument) in arguments {
        if let (Some(words), Some(argument)) = (of(command, name), argument.as_object_mut()) {
            argument.insert("description".to_owned(), Value::from(words));
        }
        describe(name, argument);
        if let Some(items) = argument.get_mut("items") {
            describe(name, items);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::reference;

    #[test]
    fn every_argument_is_described_and_nothing_else() {
        let part = |name: &str| ["admin.", "users."].iter().any(|of| name.starts_with(of));
        let mut unused: Vec<&str> = WORDS.iter().map(|(name, _)| *name).filter(|name| !part(name)).collect();
        for (command, arguments) in reference() {
            for argument in arguments {
                let words = of(command.name, &argument.name);
                assert!(words.is_some(), "{} {}", command.name, argument.name);
                assert_eq!(Some(argument.about.as_str()), words, "{} {}", command.name, argument.name);
                unused.retain(|name| *name != argument.name && *name != format!("{}.{}", command.name, argument.name));
            }
        }
        assert!(unused.is_empty(), "{unused:?}");
    }
}
