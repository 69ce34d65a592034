//! Opening, closing and opening again.

use serde_json::json;
use tenure::data::DataError;
use tenure::init::{self, Founding, InitError};
use tenure::node::{CommandError, Node, OpenError, Options, Reason};
use tenure::presets::Preset;

use crate::support::platform::Platform;

#[tokio::test]
async fn a_platform_begins_with_one_command() {
    for name in tenure::presets::NAMES {
        let preset = Preset::named(name).unwrap();
        let founding =
            Founding { preset: &preset, name: "Educate", admin: "admin".parse().unwrap(), licence_key: None };
        let clock = tenure::clock::Clock::system();
        let (founded, token) = init::in_memory(&founding, &clock).unwrap();
        let (platform, report) = Platform::open(Options::memory(founded, clock), token);
        let view = platform.node.live();
        assert_eq!(report.replayed, view.position());
        let root = view.root().expect("a root org");
        assert_eq!((view.org_id(root), view.org_name(root)), (init::ROOT, "Educate"));
        assert_eq!(view.org_sequence(root), view.position(), "all of it stands in the root's history");
        let (subscription, _) = view.subscription(platform.admin.user, root).expect("a membership");
        assert_eq!(subscription.privileges, view.all_privileges());
        assert_eq!(view.user_type_name(subscription.user_type), "administrator");
        let names: Vec<_> = view.privilege_names(view.all_privileges()).collect();
        assert_eq!(names, preset.privileges.iter().map(|p| p.as_str()).collect::<Vec<_>>());
        assert_eq!(*view.settings().unwrap().value, preset.settings);
        assert_eq!(view.kinds().count(), preset.kinds.len());
    }
}

#[test]
fn a_folder_holds_one_platform() {
    let folder = tempfile::tempdir().unwrap();
    let preset = Preset::named("default").unwrap();
    let founding = Founding { preset: &preset, name: "Root", admin: "admin".parse().unwrap(), licence_key: None };
    let make = |name| {
        let founding = Founding { name, ..founding.clone() };
        init::in_folder(folder.path(), &founding, &tenure::clock::Clock::system())
    };
    assert!(matches!(make(" "), Err(InitError::NoName)));
    assert!(matches!(
        Node::open(Options::folder(folder.path())),
        Err(OpenError::Data(DataError::NotInitialised { .. }))
    ));
    make("Root").unwrap();
    assert!(matches!(make("Root"), Err(InitError::Data(DataError::AlreadyInitialised { .. }))));
}

#[tokio::test]
async fn what_was_done_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::folder(folder.path());
    let in_use = Node::open(Options::folder(folder.path())).err();
    assert!(matches!(in_use, Some(OpenError::Data(DataError::InUse { .. }))));
    platform.done("create-org", json!({"id": "a", "name": "A"})).await;
    let keyed = tenure::node::Request {
        idempotency_key: Some("k".to_owned()),
        ..platform.request("create-org", json!({"id": "b", "name": "B"}))
    };
    let first = platform.node.submit(keyed.clone()).await.unwrap();
    let (digest, position) = (platform.node.state().digest(), platform.node.live().position());
    let clone = platform.node.clone();
    let token = platform.token.clone();
    platform.node.shutdown().await.unwrap();
    assert!(matches!(clone.submit(keyed.clone()).await, Err(CommandError::Stopped(Reason::Stopping))));
    assert_eq!(clone.live().position(), position, "reading goes on");
    for _ in 0..2 {
        // The second time after an end without good order.
        let (platform, report) = Platform::open(Options::folder(folder.path()), token.clone());
        assert_eq!(platform.node.state().digest(), digest);
        assert_eq!(platform.node.live().position(), position);
        assert!(report.log.is_some_and(|log| log.cut.is_none()));
        let again = platform.node.submit(keyed.clone()).await.unwrap();
        assert_eq!((again.replayed, again.events), (true, first.events.clone()));
    }
}

#[tokio::test]
async fn an_erasure_is_repeated_when_an_older_key_store_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::folder(folder.path());
    platform.user("ann", "viewer").await;
    let token = platform.token.clone();
    let view = platform.node.live();
    let name = view.profile(view.find_user("ann").unwrap()).unwrap().value.name.clone().unwrap();
    let (keys, kept) = (folder.path().join("keys"), folder.path().join("kept"));
    std::fs::copy(&keys, &kept).unwrap();
    platform.done("erase-user", json!({"user": "ann", "confirmation": "permanently erase"})).await;
    platform.node.shutdown().await.unwrap();
    std::fs::copy(&kept, &keys).unwrap();
    let (platform, _) = Platform::open(Options::folder(folder.path()), token);
    assert!(platform.node.keys().unseal(&"ann".parse().unwrap(), "name", &name).is_err());
}

/// A false future would be stamped into the log, a false past would bring back what has ended: somebody looks at the clock.
#[test]
fn a_clock_that_is_far_from_the_log_is_confirmed() {
    let open = |seconds: i64, confirmed: bool| {
        let preset = Preset::named("default").unwrap();
        let founding = Founding { preset: &preset, name: "Root", admin: "admin".parse().unwrap(), licence_key: None };
        let start = "2026-03-01T09:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        let (then, _) = tenure::clock::Clock::manual(start);
        let (now, _) = tenure::clock::Clock::manual(start + chrono::TimeDelta::seconds(seconds));
        let (founded, _) = init::in_memory(&founding, &then).unwrap();
        let options = Options { clock_confirmed: confirmed, ..Options::memory(founded, now) };
        match Node::open(options) {
            Ok(_) => "opened",
            Err(OpenError::ClockGap { .. }) => "gap",
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(
        [0, 600, 601, 8_640_000, -60, -61].map(|by| open(by, false)),
        ["opened", "opened", "gap", "gap", "opened", "gap"]
    );
    assert_eq!([601, 8_640_000, -61, -8_640_000].map(|by| open(by, true)), ["opened"; 4]);
}
