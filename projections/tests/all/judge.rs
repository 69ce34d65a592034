//! The judge on orgs, path by path. Each line: who, what, with what, and the decision with its reasons.

use crate::world::World;

/// A parent, two children and a grandchild, each with an administrator at home there.
pub fn world(settings: &str) -> World {
    let mut world = World::new(settings);
    world.tell(
        "
        user root-admin of root by root-admin
        member root-admin root administrator org.manage,user.manage,audit.read
        org north under root
        org south under root
        org deep under north
        user nora of north
        member nora north administrator user.manage,role.manage,landlord.manage
        user sam of south
        member sam south administrator user.manage
        user dora of deep
        member dora deep administrator user.manage
        ",
    );
    world
}

#[test]
fn standing() {
    let mut world = world("");
    world.tell("member sam north administrator chart.create");
    world.tell("mark all-stand");
    world.tell("disable nora");
    world.check("nora user.manage north          : no standing.user_disabled");
    world.check("nora view north                 : no standing.user_disabled");
    world.check("nora view north as of all-stand : yes authority.home");
    world.tell("enable nora");
    world.check("nora user.manage north          : yes authority.subscription");
    world.tell("disable-org north");
    world.check(
        "
        nora user.manage north                : no standing.home_org_not_live
        sam chart.create north                : no standing.org_not_live
        sam user.manage south                 : yes authority.subscription
        dora user.manage deep                 : yes authority.subscription
        root-admin org.manage root            : yes authority.subscription
        sam chart.create north as of all-stand: yes authority.subscription
        ",
    );
    world.tell("enable-org north");
    world.check("sam chart.create north : yes authority.subscription");
    world.tell("archive-org south");
    world.check("sam chart.create north : no standing.home_org_not_live");
    world.tell("erase nora");
    world.check("nora view north        : no standing.user_disabled");
}

#[test]
fn what_is_not_known_is_denied() {
    let mut world = world("");
    world.tell(
        "
        mark before
        user late of north
        member late north administrator chart.edit
        chart trend of north by late
        org new under north
        ",
    );
    world.check(
        "
        late chart.edit north as of before : no standing.user_unknown
        nora view trend as of before       : no resource.unknown
        nora edit north                    : no action.unknown
        nora copy north                    : no action.unknown
        late view trend                    : yes level.created
        nora view trend in south           : no standing.acting_org_not_theirs
        ",
    );
    world.tell("delete chart trend of north by late");
    world.check("late view trend : no resource.unknown");
}

#[test]
fn authority_by_each_path() {
    let mut world = world("roles_need_membership=false");
    world.tell(
        "
        user ann of south
        member ann north viewer audit.read,report.view
        user bob of south
        role auditor of north audit.read
        assign auditor user bob
        user cat of south
        group everywhere
        join cat everywhere
        assign auditor group everywhere
        user dan of south
        role watcher audit.read,access.check
        assign watcher user dan
        user eve of south
        join eve everywhere
        group builders
        join eve builders
        org built under root by builders
        ",
    );
    world.check(
        "
        ann audit.read north     : yes authority.subscription
        bob audit.read north     : yes authority.role
        cat audit.read north     : yes authority.role_through_group
        dan audit.read north     : yes authority.global_role
        dan access.check deep    : yes authority.global_role
        eve org.manage built     : yes authority.managing_team
        eve manage built         : yes authority.managing_team
        cat org.manage built     : no authority.not_held
        ann org.manage north     : no authority.not_held
        bob audit.read south     : no authority.not_held
        bob view north           : yes authority.role
        cat view north           : yes authority.role_through_group
        ann view north           : yes authority.subscription
        ann view south           : yes authority.home
        ann view root            : no authority.not_held
        nora audit.read south    : no authority.not_held
        ",
    );
    world.tell("assign auditor user cat");
    world.check("cat audit.read north : yes authority.role authority.role_through_group");
    world.tell("unassign auditor user cat");
    world.tell("leave cat everywhere");
    world.check("cat audit.read north : no authority.not_held");
    world.tell("change-role auditor of north access.check");
    world.check("bob audit.read north : no authority.not_held");
    world.tell("delete-role auditor of north");
    world.check("bob view north : no authority.not_held");
    world.tell("delete-group builders");
    world.check("eve org.manage built : no authority.not_held");
    world.tell("unassign watcher user dan");
    world.check("dan audit.read north : no authority.not_held");
}

#[test]
fn a_user_type_caps_every_path() {
    let mut world = world("");
    world.tell(
        "
        user ann of south
        member ann north viewer audit.read,chart.edit
        role editor of north chart.edit,report.view
        role both chart.edit,audit.read
        assign editor user ann
        assign both user ann
        user vera of north
        member vera north viewer -
        group team
        join vera team
        org teams under root by team
        member vera teams viewer -
        ",
    );
    world.check(
        "
        ann audit.read north     : yes authority.subscription authority.global_role
        ann report.view north    : yes authority.role
        ann chart.edit north     : no authority.not_held
        vera org.manage teams    : no authority.not_held
        vera view teams          : yes authority.subscription
        ",
    );
    world.tell("member ann north administrator audit.read");
    world.check("ann chart.edit north : yes authority.global_role authority.role");
}

#[test]
fn roles_with_and_without_membership() {
    let story = "
        user ann of south
        role editor of north chart.edit
        assign editor user ann
        group crew of north
        user ned of north
        join ned crew
        assign editor group crew
        ";
    let mut needed = world("roles_need_membership=true");
    needed.tell(story);
    needed.check(
        "
        ann chart.edit north : no authority.no_subscription
        ann view north       : no authority.not_held
        ned chart.edit north : no authority.no_subscription
        ",
    );
    needed.tell("member ann north administrator - until 5");
    needed.tell("member ned north administrator -");
    needed.check(
        "
        ann chart.edit north on 4 : yes authority.role
        ann chart.edit north on 5 : no authority.no_subscription
        ned chart.edit north      : yes authority.role_through_group
        ",
    );
    needed.tell("withdraw ann north");
    needed.check("ann chart.edit north on 4 : no authority.no_subscription");

    let mut free = world("roles_need_membership=false");
    free.tell(story);
    free.check(
        "
        ann chart.edit north : yes authority.role
        ann view north       : yes authority.role
        ned chart.edit north : yes authority.role_through_group
        ",
    );
    free.tell("mark free");
    free.tell("settings roles_need_membership=true");
    free.check("ann chart.edit north : no authority.no_subscription");
    free.check("ann chart.edit north as of free : yes authority.role");
}

#[test]
fn groups_of_an_org_count_there_only() {
    let mut world = world("roles_need_membership=false");
    world.tell(
        "
        user ned of north
        group crew of north
        join ned crew
        role editor of north chart.edit
        role painter of south chart.edit
        role all chart.delete
        assign editor group crew
        assign painter group crew
        assign all group crew
        ",
    );
    world.check(
        "
        ned chart.edit north   : yes authority.role_through_group
        ned chart.edit south   : no authority.not_held
        ned chart.delete north : yes authority.global_role
        ned chart.delete south : no authority.not_held
        ",
    );
    world.tell("delete-group crew of north");
    world.check("ned chart.edit north : no authority.not_held");
}

#[test]
fn an_excluded_landlord_has_nothing_there_or_below() {
    let mut world = world("roles_need_membership=false");
    world.tell(
        "
        user rita of root
        member rita north administrator audit.read
        member rita deep administrator audit.read
        member rita south administrator audit.read
        member nora deep administrator audit.read
        member sam north administrator audit.read
        role helper of deep access.check
        assign helper user rita
        role global chart.edit
        assign global user rita
        assign global user sam
        assign global user dora
        member dora deep administrator chart.edit
        mark admitted
        exclude north
        ",
    );
    world.check(
        "
        rita audit.read north               : no landlord.excluded
        rita audit.read deep                : no landlord.excluded
        rita access.check deep              : no landlord.excluded
        rita view north                     : no authority.not_held
        rita chart.edit north               : no landlord.excluded
        rita audit.read south               : yes authority.subscription
        rita chart.edit south               : yes authority.global_role
        rita audit.read north as of admitted: yes authority.subscription
        nora audit.read deep                : yes authority.subscription
        nora user.manage north              : yes authority.subscription
        sam audit.read north                : yes authority.subscription
        sam chart.edit north                : no authority.not_held
        sam chart.edit south                : yes authority.global_role
        dora chart.edit deep                : yes authority.subscription
        ",
    );
    world.tell("admit north until 7");
    world.check(
        "
        rita audit.read north on 6 : yes authority.subscription
        rita audit.read north on 7 : no landlord.excluded
        sam chart.edit north on 6  : yes authority.global_role
        sam chart.edit north on 7  : no authority.not_held
        ",
    );
    world.tell("exclude deep");
    world.check(
        "
        nora audit.read deep on 6  : no landlord.excluded
        rita audit.read deep on 6  : no landlord.excluded
        rita audit.read north on 6 : yes authority.subscription
        ",
    );
    world.tell("admit north");
    world.tell("admit deep");
    world.check("rita audit.read deep on 9 : yes authority.subscription");
    world.check("nora audit.read deep on 9 : yes authority.subscription");
}

#[test]
fn a_moved_org_answers_to_its_new_ancestors() {
    let mut world = world("");
    world.tell(
        "
        member sam deep administrator audit.read
        exclude deep
        mark before
        move-org deep from north to south
        ",
    );
    world.check(
        "
        sam audit.read deep              : no landlord.excluded
        sam audit.read deep as of before : yes authority.subscription
        ",
    );
}

#[test]
fn a_key_carries_no_more_than_it_says() {
    let mut world = world("");
    world.tell(
        "
        member nora deep administrator user.manage,content.manage
        chart trend of deep by dora
        key all of nora
        key some of nora only user.manage
        key here of nora in north
        key none of nora only audit.read
        ",
    );
    world.check(
        "
        all role.manage north    : yes authority.subscription
        some user.manage north   : yes authority.subscription
        some role.manage north   : no key.capped
        here user.manage north   : yes authority.subscription
        here user.manage deep    : no key.other_org
        all view trend           : yes level.content_manage
        some view trend          : no level.missing
        here view trend          : no key.other_org
        none audit.read north    : no authority.not_held
        ",
    );
    world.tell("chart own of north by nora");
    world.check("some view own : yes level.created");
    world.check("here view own : yes level.created");
}

#[test]
fn windows_are_half_open() {
    let mut world = world("");
    world.tell(
        "
        user ann of south
        member ann north administrator chart.edit from 3 until 5
        role editor of north chart.delete
        assign editor user ann until 4
        chart trend of north by nora
        share trend user ann manage until 4
        ",
    );
    world.check(
        "
        ann chart.edit north on 2   : no authority.no_subscription
        ann chart.edit north on 3   : yes authority.subscription
        ann chart.edit north on 4   : yes authority.subscription
        ann chart.edit north on 5   : no authority.no_subscription
        ann chart.delete north on 3 : yes authority.role
        ann chart.delete north on 4 : no authority.not_held
        ann view trend in north on 3 : yes reach.share_user
        ann view trend in north on 4 : no level.missing
        ann view trend in north on 5 : no standing.acting_org_not_theirs
        ",
    );
}

#[test]
fn the_past_is_asked_like_the_present() {
    let mut world = world("");
    world.tell(
        "
        user ann of south
        mark one
        member ann north administrator chart.edit
        mark two
        member ann north viewer chart.edit
        mark three
        withdraw ann north
        mark four
        member ann north administrator audit.read
        ",
    );
    world.check(
        "
        ann chart.edit north as of one   : no authority.no_subscription
        ann chart.edit north as of two   : yes authority.subscription
        ann chart.edit north as of three : no authority.not_held
        ann chart.edit north as of four  : no authority.no_subscription
        ann chart.edit north             : no authority.not_held
        ann audit.read north             : yes authority.subscription
        ",
    );
}

#[test]
fn reasons_cite_the_events_that_made_it_so() {
    let mut world = world("roles_need_membership=false");
    world.tell(
        "
        user ned of north
        mark user
        group crew of north
        role editor of north chart.edit
        mark role
        assign editor group crew
        mark assigned
        join ned crew
        mark joined
        chart trend of north by nora
        share trend role editor edit
        mark shared
        ",
    );
    let cited = |words: &str| {
        let (view, question) = world.question(words);
        let reasons = tenure_projections::judge::explain(&view, &question).1;
        reasons.into_iter().map(|reason| reason.events).collect::<Vec<_>>()
    };
    let at = |mark: &str| world.marked(mark);
    let through_group = vec![at("role"), at("assigned"), at("joined")];
    assert_eq!(cited("ned view north"), [vec![at("user")]]);
    assert_eq!(cited("ned chart.edit north"), std::slice::from_ref(&through_group));
    let shared = [through_group.clone(), vec![at("shared")]].concat();
    assert_eq!(cited("ned chart.edit trend"), [through_group, shared]);
}
