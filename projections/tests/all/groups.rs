//! A group as a subject: what is answered of it is what is answered of somebody who is in it and has nothing else.

use tenure_events::Position;
use tenure_events::data::Level;
use tenure_projections::judge::{self, Action, Code, Member, Object, Question};
use tenure_projections::lookup::Lookup;

use crate::judge::world;
use crate::world::{World, day};

/// Tina is in `team` alone, and Cora, the only one of `far`, in `crew` alone. Both groups have all that a group can have.
fn furnished(settings: &str) -> World {
    let mut world = world(settings);
    world.tell(
        "
        org far under root
        user tina of north
        member tina north administrator -
        user cora of far
        member cora far administrator -
        group team of north
        group crew
        join tina team
        join cora crew
        org lodge under north by crew
        org inn under north
        role planner of north chart.create,chart.edit,report.view
        role keeper of south chart.delete
        role clerk report.create
        assign planner group team until 3
        assign keeper group crew
        assign clerk group crew
        folder shelf of north by nora
        chart plan of north by nora in shelf
        chart note of north by nora
        report sheet of north by nora
        chart open of root by root-admin
        share shelf group team edit
        share note role planner manage
        share note group crew view
        share open all_orgs x view copy
        chart given of root by root-admin
        share given org north view
        env lab of inn
        invite crew inn chart.share
        invite crew inn chart.edit into lab
        chart probe of inn by nora at lab
        mark furnished
        exclude inn
        permission designs chart.create
        permission keeping chart.delete,org.manage
        permit crew keeping
        mark gated
        unassign keeper group crew
        uninvite crew inn
        leave cora crew
        leave tina team
        join tina team
        join cora crew
        delete-group team of north
        ",
    );
    world
}

fn objects(world: &World) -> Vec<Object> {
    let view = world.live(1);
    let things =
        ["root", "north", "south", "deep", "lodge", "inn", "shelf", "plan", "note", "sheet", "open", "given", "probe"];
    let lab = view.find_environment("lab").map(Object::Environment);
    things.map(|id| world.object(id)).into_iter().chain(lab).collect()
}

fn actions(world: &World) -> Vec<Action> {
    let levels = [Level::View, Level::Use, Level::Edit, Level::Manage].map(Action::Level);
    let privileges = world.live(1).all_privileges().iter().map(Action::Privilege).collect::<Vec<_>>();
    levels.into_iter().chain([Action::Copy]).chain(privileges).collect()
}

/// Compares group and person at a moment; answers how often they are allowed something.
fn compare(world: &World, group: &str, person: &str, position: Position, on: i64) -> usize {
    let view = tenure_projections::View::new(&world.state, position, day(on));
    let (no, user) = (view.find_group(group).unwrap(), view.find_user(person).unwrap());
    let Some(member) = Member::of(&view, no) else {
        assert!(!view.group(no).unwrap().value.live, "only a deleted group has nobody in it");
        return 0;
    };
    let within = member.in_view(view);
    let supposed = judge::supposed_member(&within).unwrap();
    let mut allowed = 0;
    for object in objects(world) {
        for (number, action) in (0..).zip(actions(world)) {
            let ask = |view, user: tenure_projections::values::UserNo| {
                let (decision, reasons) =
                    judge::explain(view, &Question { subject: user.into(), action, object, acting: None });
                (decision, reasons.into_iter().map(|reason| reason.code).collect::<Vec<Code>>())
            };
            let (of_person, of_group) = (ask(&view, user), ask(&within, supposed));
            assert_eq!(of_group, of_person, "{group}: {action:?} {object:?} as of {position} on day {on}");
            allowed += usize::from(of_group.0);
            // The search asks of every group.
            if number % 8 != 0 {
                continue;
            }
            let found = Lookup::of(view).groups_who_may(action, object, None).items;
            let times = found.iter().filter(|found| **found == no).count();
            assert_eq!(times, usize::from(of_group.0), "{group}: who may {action:?} {object:?}: {found:?}");
        }
    }
    allowed
}

#[test]
fn a_group_may_what_somebody_may_who_is_in_it_alone() {
    let sets =
        ["", "roles_need_membership=false", "tenant_permissions=on", "tenant_users=never lifecycle=managing_team"];
    for settings in sets {
        let world = furnished(settings);
        let moments = ["furnished", "gated"].map(|mark| world.marked(mark)).into_iter().chain([world.last()]);
        for position in moments {
            for (group, person) in [("team", "tina"), ("crew", "cora")] {
                let now = compare(&world, group, person, position, 1);
                let later = compare(&world, group, person, position, 5);
                let deleted = group == "team" && position == world.last();
                assert!(now > 0 || deleted, "{settings}: {group} has nothing as of {position}");
                assert!(later < now || group == "crew" || deleted, "what ends for {group} ends for a member");
            }
        }
    }
}

/// Nobody else sees who is supposed.
#[test]
fn the_state_below_knows_nothing_of_it() {
    let world = furnished("");
    let view = world.live(1);
    let listed = Lookup::of(view).orgs();
    let _member = Member::of(&view, view.find_group("crew").unwrap()).unwrap();
    assert_eq!(judge::supposed_member(&world.live(1)), None);
    assert_eq!(Lookup::of(world.live(1)).orgs(), listed);
}
