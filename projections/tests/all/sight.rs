//! Who sees what, and who may be told what. Each line: who, what is asked, and the answer.

use tenure_projections::sight::{self, Asking};

use crate::world::World;

/// Answers `VIEWER sees KIND ID [ORG]`, `VIEWER reads ORG` and `VIEWER asks-about USER in ORG`, each line ending in
/// `: yes`, `: no`, `: full` or `: bare`.
fn check(world: &World, table: &str) {
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (question, want) = line.split_once(':').unwrap();
        let words: Vec<&str> = question.split_whitespace().collect();
        let (view, viewer) = (world.live(1), world.subject(words[0]));
        let sees = match words[1..] {
            ["sees", "org", org] => sight::sees_org(&view, &viewer, world.org(org)),
            ["sees", "user", user] => sight::sees_user(&view, &viewer, world.user(user)),
            ["sees", "group", group] => sight::sees_group(&view, &viewer, view.find_group(group).unwrap()),
            ["sees", "role", role] => sight::sees_role(&view, &viewer, view.find_role(role).unwrap()),
            ["sees", "key", key] => sight::sees_key(&view, &viewer, view.find_key(key).unwrap()),
            ["sees", "content", no] => sight::sees_resource(&view, &viewer, None, view.find_resource(no).unwrap()),
            ["sees", "membership", user, org] => {
                sight::sees_subscription(&view, &viewer, world.user(user), world.org(org))
            }
            ["reads", org] => sight::reads_history(&view, &viewer, world.org(org)),
            ["asks-about", user, "in", org] => {
                let asking = match sight::may_ask(&view, &viewer, world.user(user), world.org(org)) {
                    Asking::Full => "full",
                    Asking::Bare => "bare",
                    Asking::No => "no",
                };
                assert_eq!(asking, want.trim(), "{line}");
                continue;
            }
            ["acts-for", user, "in", org] => sight::acts_for(&view, &viewer, world.user(user), world.org(org)),
            _ => panic!("`{line}` is no question"),
        };
        assert_eq!(if sees { "yes" } else { "no" }, want.trim(), "{line}");
    }
}

fn world(settings: &str) -> World {
    let mut world = World::new(settings);
    world.tell(
        "
        user root-admin of root by root-admin
        member root-admin root administrator org.manage,user.manage,subscription.manage,role.manage,group.manage,key.manage,audit.read
        user ron of root by root-admin
        org north under root
        org south under root
        org deep under north
        user nora of north by root-admin
        member nora north administrator user.manage,key.manage,audit.read
        user ned of north by nora
        user nat of north by ned
        user sam of south by root-admin
        member sam south administrator subscription.manage
        ",
    );
    world
}

#[test]
fn orgs() {
    let mut world = world("");
    world.tell("member sam deep viewer -");
    check(
        &world,
        "
        root-admin sees org root  : yes
        root-admin sees org deep  : yes
        ron sees org root         : yes
        ron sees org north        : no
        nora sees org north       : yes
        nora sees org deep        : yes
        nora sees org root        : no
        sam sees org deep         : yes
        sam sees org north        : no
        ",
    );
    world.tell("exclude north");
    check(&world, "root-admin sees org north : yes");
    check(&world, "root-admin sees org deep : yes");
    world.tell("disable root-admin");
    check(&world, "root-admin sees org north : no");
    world.tell("disable-org north");
    check(&world, "nora sees org north : no");
}

#[test]
fn users() {
    let mut world = world("");
    check(
        &world,
        "
        ned sees user ned         : yes
        ned sees user nora        : yes
        ned sees user sam         : no
        nora sees user sam        : no
        sam sees user ned         : no
        root-admin sees user ned  : yes
        ron sees user root-admin  : yes
        ",
    );
    world.tell("member ned south viewer -");
    check(
        &world,
        "
        sam sees user ned         : yes
        sam sees user nora        : no
        ned sees user sam         : no
        ",
    );
    world.tell("withdraw ned south");
    check(&world, "sam sees user ned : no");
    world.tell("member root-admin north administrator user.manage");
    check(&world, "root-admin sees user ned : yes");
    world.tell("exclude north");
    check(&world, "root-admin sees user ned : no");
    world.tell("erase ned");
    check(
        &world,
        "
        nora sees user ned : yes
        nat sees user ned  : no
        sam sees user ned  : no
        ",
    );
}

#[test]
fn in_a_hierarchy_only_those_below_are_seen() {
    let mut world = World::new("single_org_hierarchy=true");
    world.tell(
        "
        user top of root by top
        member top root administrator user.manage,key.manage,audit.read
        user anna of root by top
        member anna root administrator user.manage,key.manage,access.check
        user bert of root by anna
        user cleo of root by bert
        user dave of root by top
        member dave root administrator -
        member cleo root administrator -
        key dave-key of dave
        key cleo-key of cleo
        ",
    );
    check(
        &world,
        "
        top sees user cleo             : yes
        anna sees user bert            : yes
        anna sees user cleo            : yes
        anna sees user anna            : yes
        anna sees user top             : no
        anna sees user dave            : no
        cleo sees user bert            : no
        anna sees membership cleo root : yes
        anna sees membership dave root : no
        anna sees key cleo-key         : yes
        anna sees key dave-key         : no
        dave sees key dave-key         : yes
        top asks-about dave in root    : full
        cleo asks-about bert in root   : no
        ",
    );
    world.tell("erase cleo");
    check(&world, "anna sees user cleo : yes");
    check(&world, "bert sees user cleo : no");
    world.tell("org second under root");
    check(
        &world,
        "
        anna sees user dave            : yes
        anna sees key dave-key         : yes
        bert sees user anna            : yes
        anna sees membership dave root : yes
        ",
    );
    world.tell("archive-org second");
    check(&world, "anna sees user dave : yes");
}

#[test]
fn groups_and_roles() {
    let mut world = world("");
    world.tell(
        "
        group crew of north
        group world
        role editor of north chart.edit
        role global chart.edit
        join ned world
        assign global user nat
        ",
    );
    check(
        &world,
        "
        nat sees group crew         : yes
        sam sees group crew         : no
        ned sees group world        : yes
        nat sees group world        : no
        root-admin sees group world : yes
        root-admin sees group crew  : yes
        nat sees role editor        : yes
        sam sees role editor        : no
        nat sees role global        : yes
        ned sees role global        : no
        root-admin sees role global : yes
        ",
    );
    world.tell("assign global group world");
    check(&world, "ned sees role global : yes");
}

#[test]
fn content() {
    let mut world = world("");
    world.tell(
        "
        chart trend of north by nora
        share trend user ned view
        key only-south of ned in south
        ",
    );
    check(
        &world,
        "
        nora sees content trend       : yes
        ned sees content trend        : yes
        nat sees content trend        : no
        only-south sees content trend : no
        ",
    );
    world.tell("delete chart trend of north by nora");
    check(&world, "ned sees content trend : no");
    check(&world, "nora sees content trend : yes");
}

#[test]
fn keys_memberships_and_histories() {
    let mut world = world("");
    world.tell(
        "
        key ned-key of ned
        key nora-key of nora only user.manage
        key nora-south of nora in south
        member ned south viewer -
        member sam north viewer -
        org closed under root
        member nora closed administrator audit.read
        ",
    );
    check(
        &world,
        "
        ned sees key ned-key            : yes
        nora sees key ned-key           : yes
        nora-key sees key ned-key       : no
        nat sees key ned-key            : no
        ned sees membership ned south   : yes
        sam sees membership ned south   : yes
        nora sees membership ned south  : yes
        nora sees membership sam north  : yes
        nat sees membership sam north   : no
        nora reads north                : yes
        nora-key reads north            : no
        nora-south reads north          : no
        nora-south sees org north       : no
        root-admin reads root           : yes
        root-admin reads north          : yes
        ned reads north                 : no
        ",
    );
    world.tell("member root-admin north administrator audit.read");
    world.tell("member root-admin deep administrator audit.read");
    check(&world, "root-admin reads north : yes");
    check(&world, "root-admin reads deep : yes");
    world.tell("exclude north");
    check(&world, "root-admin reads north : no");
    check(&world, "root-admin reads deep : no");
    world.tell("revoke ned-key of ned");
    world.tell("archive-org closed");
    check(&world, "nora sees key ned-key : yes");
    check(&world, "nora reads closed : yes");
}

#[test]
fn asking_about_others() {
    let mut world = world("");
    world.tell(
        "
        user product of root by root-admin
        member product root administrator access.check
        user helper of south by sam
        member helper north administrator access.check
        ",
    );
    check(
        &world,
        "
        ned asks-about ned in south      : full
        ned asks-about nora in north     : no
        nora asks-about ned in north     : full
        nora asks-about ned in south     : no
        helper asks-about ned in north   : full
        helper asks-about ned in deep    : full
        helper asks-about ned in south   : no
        product asks-about ned in deep   : full
        ",
    );
    world.tell("exclude deep");
    check(
        &world,
        "
        product asks-about ned in north  : full
        product asks-about ned in deep   : bare
        helper asks-about ned in deep    : bare
        ",
    );
    world.tell("exclude north");
    check(
        &world,
        "
        product asks-about ned in north  : bare
        product asks-about ned in deep   : bare
        helper asks-about ned in north   : full
        helper asks-about ned in deep    : bare
        root-admin asks-about ned in deep: no
        ",
    );
    world.tell("admit north until 1");
    check(&world, "product asks-about ned in north : bare");
    world.tell("admit north until 2");
    check(&world, "product asks-about ned in north : full");
}

#[test]
fn acting_for_others() {
    let mut world = world("");
    world.tell(
        "
        user product of root by root-admin
        member product root administrator act-as
        user bot of north by nora
        member bot north administrator act-as
        member ned deep viewer -
        ",
    );
    check(
        &world,
        "
        product acts-for ned in north : yes
        product asks-about ned in north : full
        product asks-about ned in south : no
        product acts-for ned in deep  : yes
        product acts-for ned in south : no
        product acts-for ron in root  : yes
        bot acts-for ned in north     : yes
        bot acts-for sam in south     : no
        nora acts-for ned in north    : no
        ",
    );
    world.tell("exclude north");
    check(
        &world,
        "
        product acts-for ned in north : no
        product asks-about ned in north : no
        bot asks-about ned in north   : full
        product acts-for ned in deep  : no
        bot acts-for ned in north     : yes
        bot acts-for ned in deep      : yes
        ",
    );
}
