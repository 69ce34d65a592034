//! The judge on content, path by path. Each line: who, what, with what, and the decision with its reasons.

use crate::judge::world;

#[test]
fn levels_include_those_before() {
    let mut world = world("");
    world.tell(
        "
        user ned of north
        member ned north administrator chart.edit,chart.delete,chart.share
        user vic of north
        member vic north viewer -
        chart trend of north by nora
        share trend user ned use
        ",
    );
    world.check(
        "
        ned view trend         : yes reach.share_user
        ned use trend          : yes reach.share_user
        ned edit trend         : no level.missing
        ned chart.edit trend   : no level.missing
        vic view trend         : no level.missing
        nora view trend        : yes level.created
        nora manage trend      : no authority.not_held
        ",
    );
    world.tell("share trend user ned edit");
    world.check("ned chart.edit trend : yes authority.subscription reach.share_user");
    world.check("ned chart.delete trend : no level.missing");
    world.tell("share trend user ned manage");
    world.check(
        "
        ned chart.delete trend : yes authority.subscription reach.share_user
        ned chart.share trend  : yes authority.subscription reach.share_user
        ned chart.create trend : no authority.not_held
        ",
    );
    world.tell("share trend user vic manage");
    world.check("vic view trend : yes reach.share_user");
    world.check("vic edit trend : no authority.not_held");
    world.tell("unshare trend user vic");
    world.check("vic view trend : no level.missing");
    world.tell("member vic north administrator content.manage");
    world.check("vic view trend : yes level.content_manage");
    world.tell("withdraw nora north");
    world.check("nora view trend : yes level.created");
}

#[test]
fn shares_at_each_audience() {
    let mut world = world("roles_need_membership=false");
    world.tell(
        "
        user ned of north
        user vic of north
        user ann of south
        member ann north administrator -
        role reader of north -
        role global -
        group crew of north
        group world
        join vic crew
        chart trend of north by nora
        share trend role reader view
        assign reader user ned
        ",
    );
    world.check("ned view trend : yes reach.share_role");
    world.check("vic view trend : no level.missing");
    world.tell("assign reader group crew");
    world.check("vic view trend : yes reach.share_role");
    world.tell("delete-role reader of north");
    world.check("vic view trend : no level.missing");
    world.tell("share trend group crew edit");
    world.check("vic use trend : yes reach.share_group");
    world.tell("join ned world");
    world.tell("share trend group world use");
    world.check("ned use trend : yes reach.share_group");
    world.tell("delete-group world");
    world.check("ned use trend : no level.missing");
    world.tell("share trend org north view");
    world.check("ned view trend : yes reach.share_org");
    world.check("vic view trend : yes reach.share_group reach.share_org");
    world.check("ann view trend in north : yes reach.share_org");
    world.check("sam view trend : no level.missing");
    world.tell("unshare trend org north");
    world.tell("share trend all_orgs view until 4");
    world.check("ned view trend on 3 : yes reach.share_all_orgs");
    world.check("ned view trend on 4 : no level.missing");
    world.tell("share trend role global view");
    world.tell("assign global user ann until 3");
    world.check("ann view trend in north on 2 : yes reach.share_role reach.share_all_orgs");
    world.check("ann view trend in north on 3 : yes reach.share_all_orgs");
}

#[test]
fn folders_hand_down_what_they_are_shared_for() {
    let mut world = world("");
    world.tell(
        "
        user ned of north
        member ned north administrator chart.edit,chart.create
        folder top of north by nora
        folder middle of north by nora in top
        chart trend of north by nora in middle
        share top user ned view
        share middle user ned edit
        ",
    );
    world.check(
        "
        ned view top            : yes reach.share_user
        ned view trend          : yes reach.share_user reach.share_user
        ned chart.edit trend    : yes authority.subscription reach.share_user
        ned edit top            : no authority.not_held
        ned chart.create middle : yes authority.subscription reach.share_user
        ned chart.create top    : no level.missing
        ",
    );
    world.tell("mark inside");
    world.tell("move chart trend of north by nora from middle in top");
    world.check("ned chart.edit trend              : no level.missing");
    world.check("ned chart.edit trend as of inside : yes authority.subscription reach.share_user");
    world.check("ned view trend                    : yes reach.share_user");
}

#[test]
fn who_made_a_folder_has_not_what_others_put_in() {
    let mut world = world("");
    world.tell(
        "
        user ned of north
        user vic of north
        folder top of north by ned
        chart trend of north by vic in top
        ",
    );
    world.check("vic view trend : yes level.created");
    world.check("ned view trend : no level.missing");
    world.check("ned view top   : yes level.created");
    world.check("vic view top   : no level.missing");
}

#[test]
fn copies() {
    let mut world = world("");
    world.tell(
        "
        user ned of north
        chart trend of north by nora
        share trend user ned use
        share trend org deep view
        ",
    );
    world.check("nora copy trend         : yes level.created");
    world.check("ned copy trend          : no level.missing");
    world.check("dora copy trend in deep : no level.missing");
    world.tell("share trend user ned edit");
    world.tell("share trend org deep view copy");
    world.check("ned copy trend          : yes reach.share_user");
    world.check("dora copy trend in deep : yes reach.share_org");
    world.tell("chart mine of deep by dora copies trend");
    world.check("dora manage mine : no authority.not_held");
    world.check("dora view mine   : yes level.created");
    world.check("nora view mine   : no level.missing");
}

#[test]
fn content_reaches_downward_only() {
    let mut world = world("");
    world.tell(
        "
        chart trend of root by root-admin
        chart local of north by nora
        share trend org north view
        share local org south view
        share local org root view
        share local org deep edit
        ",
    );
    world.check(
        "
        nora view trend           : yes reach.share_org
        nora use trend            : no level.missing
        dora view trend           : no level.missing
        sam view trend            : no level.missing
        sam view local            : no level.missing
        root-admin view local     : no level.missing
        dora view local           : yes reach.share_org
        dora edit local           : no authority.no_subscription
        ",
    );
    world.tell("share trend all_orgs use");
    world.check("dora use trend : yes reach.share_all_orgs");
    world.check("nora view trend : yes reach.share_org reach.share_all_orgs");
    world.tell("exclude north");
    world.check("nora view trend : yes reach.share_org reach.share_all_orgs");
    world.tell("mark down");
    world.tell("settings cross_org_shares=none");
    world.check("nora view trend            : no level.missing");
    world.check("nora view trend as of down : yes reach.share_org reach.share_all_orgs");
    world.tell("settings");
    world.tell("disable-org root");
    world.check("nora view trend : no standing.org_not_live");
}

#[test]
fn content_across_orgs_whose_kind_needs_a_privilege() {
    let mut world = world("");
    world.tell(
        "
        report sales of root by root-admin
        share sales org north view
        member nora root administrator report.view
        ",
    );
    world.check("root-admin view sales : no authority.not_held");
    // What it takes to look is needed where one looks from.
    world.check("nora view sales in north : no authority.not_held");
    world.tell("member nora north administrator report.view");
    world.check("nora view sales in north : yes authority.subscription reach.share_org");
}

#[test]
fn the_active_org_decides_what_is_seen() {
    let mut world = world("");
    world.tell(
        "
        user ned of north
        member ned south administrator -
        chart trend of south by sam
        chart local of north by nora
        chart rooted of root by root-admin
        share trend org south view
        share local org north view
        share rooted org south view
        ",
    );
    world.check(
        "
        ned view trend           : yes reach.share_org
        ned view local           : yes reach.share_org
        ned view rooted          : no level.missing
        ned view rooted in south : yes reach.share_org
        ",
    );
    world.tell("select ned south");
    world.check(
        "
        ned view rooted          : yes reach.share_org
        ned view trend           : yes reach.share_org
        ned view local           : no level.missing
        ned view local in north  : yes reach.share_org
        ned view local in root   : no standing.acting_org_not_theirs
        ",
    );
    world.tell("withdraw ned south");
    world.check(
        "
        ned view local  : yes reach.share_org
        ned view trend  : no level.missing
        ned view rooted : no level.missing
        ",
    );
    world.tell("member ned south administrator -");
    world.tell("disable-org south");
    world.check("ned view local          : yes reach.share_org");
    world.check("ned view local in north : yes reach.share_org");
}
