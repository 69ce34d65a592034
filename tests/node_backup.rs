//! Backup, restore and verification of whole platforms.

use std::fs;
use std::path::Path;

use serde_json::json;
use tenure::chain::{Head, Origin, link};
use tenure::clock::Clock;
use tenure::data::{DataError, DataFolder};
use tenure::decide::Draft;
use tenure::log::{FileLog, FileOptions, Log};
use tenure::node::{
    CheckpointUse, CheckpointVerdict, CopyError, Fault, Options, ReplayError, VerifyReport, backup, restore, verify,
};
use tenure_events::data::{OrgDescribed, OrgTagged};
use tenure_events::{Envelope, Event, Hash, parse};

use crate::support::platform::Platform;

fn silent(_: u64, _: u64) {}

fn proved(path: &Path) -> VerifyReport {
    verify(path, &mut silent).unwrap()
}

#[tokio::test]
async fn a_backup_of_a_running_node_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let platform = Platform::folder(&at("data"));
    platform.user("ann", "viewer").await;
    platform.user("gone", "viewer").await;
    let mut told = Vec::new();
    let copied = platform.node.backup(&at("inside"), &mut |done, of| told.push((done, of))).unwrap();
    let position = platform.node.live().position();
    assert_eq!((copied.position, told.last()), (position, Some(&(position, position))));
    // From outside, while the node goes on using the folder; the erasure comes after the copy of the keys.
    assert_eq!(backup(&at("data"), &at("outside"), &mut silent).unwrap(), copied);
    platform.done("erase-user", json!({"user": "gone", "confirmation": "permanently erase"})).await;
    backup(&at("data"), &at("later"), &mut silent).unwrap();
    fs::copy(at("inside/keys/keys"), at("later/keys/keys")).unwrap();
    for (backup, erased) in [("inside", false), ("outside", false), ("later", true)] {
        let data = at(&format!("{backup}-restored"));
        let restored = restore(&at(backup), &data, None, &mut silent).unwrap();
        assert_eq!((restored.log, restored.position), (copied.log, position + u64::from(erased) * 2), "{backup}");
        let (again, report) = Platform::open(Options::folder(&data), platform.token.clone());
        assert_eq!(report.checkpoint, CheckpointUse::None, "state is not backed up");
        assert_eq!(again.node.log().read(1, 10_000).unwrap().len() as u64, restored.position);
        let opened = |user: &str| {
            let view = platform.node.view(Some(tenure::node::AsOf::Position(position)), None).unwrap();
            let name = view.profile(view.find_user(user).unwrap()).unwrap().value.name.clone().unwrap();
            again.node.keys().unseal(&user.parse().unwrap(), "name", &name).ok()
        };
        assert_eq!((opened("ann").as_deref(), opened("gone").is_none()), (Some("ann"), erased), "{backup}");
        again.done("create-org", json!({"name": "goes on"})).await;
    }
}

#[tokio::test]
async fn a_copy_goes_into_an_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    Platform::init(&at("data"));
    assert!(matches!(
        backup(&at("nowhere"), &at("b"), &mut silent),
        Err(CopyError::Data(DataError::NotInitialised { .. }))
    ));
    backup(&at("data"), &at("b"), &mut silent).unwrap();
    assert!(matches!(backup(&at("data"), &at("b"), &mut silent), Err(CopyError::NotEmpty(_))));
    assert!(matches!(restore(&at("b"), &at("data"), None, &mut silent), Err(CopyError::NotEmpty(_))));
    fs::remove_dir_all(at("b/keys")).unwrap();
    assert!(matches!(restore(&at("b"), &at("c"), None, &mut silent), Err(CopyError::NoKeys(_))));
    assert!(!at("c").exists(), "nothing was made");
}

#[tokio::test]
async fn a_whole_platform_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::folder(folder.path());
    for name in ["a", "b", "c"] {
        platform.done("create-org", json!({"id": name, "name": name})).await;
    }
    let (digest, position) = (platform.node.state().digest(), platform.node.live().position());
    let beside = proved(folder.path());
    assert!(beside.fault.is_none() && beside.checkpoint == CheckpointVerdict::InUse, "{beside:?}");
    platform.node.shutdown().await.unwrap();
    let report = proved(folder.path());
    assert!(report.fault.is_none(), "{:?}", report.fault);
    assert_eq!((report.head.position, report.digest), (position, digest));
    assert_eq!((report.commands, report.orgs, report.twins), (4, 4, 3));
    assert_eq!(report.checkpoint, CheckpointVerdict::Right(position));
}

/// Writes a log of a few commands and one more event of which something was changed, and expects a fault.
fn check(change: impl FnOnce(&mut Vec<Envelope>), want: &str) {
    let folder = tempfile::tempdir().unwrap();
    Platform::init(folder.path());
    let data = DataFolder::open(folder.path()).unwrap();
    let mut log = Log::Files(FileLog::open(&data.log(), data.log_id(), FileOptions::default()).unwrap().0);
    let last = log.reader().read(log.head(), 1).unwrap().remove(0).bytes;
    let before = parse(&last).unwrap();
    let mut head = Head { position: log.head(), hash: Hash::of(&last), time: before.time };
    let command = Clock::system().new_id();
    let origin = Origin {
        log: data.log_id(),
        epoch: 0,
        time: before.time.next(),
        command,
        command_name: "tag-org",
        actor: "admin".parse().unwrap(),
        on_behalf_of: None,
        correlation: command,
        body_hash: None,
        reason: None,
    };
    let tagged = Event::OrgTagged(OrgTagged { org: "root".parse().unwrap(), tags: vec!["t".to_owned()] });
    let draft = |org: &str, twin_of| Draft { org: org.parse().unwrap(), event: tagged.clone(), twin_of };
    let drafts = vec![draft("root", None), draft("other", Some(0))];
    let sequence = before.org_sequence;
    let links = link(&mut head, &origin, drafts, |org| if org.as_str() == "root" { sequence } else { 0 });
    let mut events: Vec<Envelope> = links.into_iter().map(|link| link.envelope).collect();
    change(&mut events);
    let mut bytes: Vec<Vec<u8>> = Vec::new();
    for mut event in events {
        // The chain is right unless it is what was changed.
        if event.index > 0 && event.prev != Hash::default() {
            event.prev = bytes.last().map_or(event.prev, |before| Hash::of(before));
        }
        bytes.push(event.to_bytes());
    }
    log.append(log.head(), &bytes).unwrap();
    log.close().unwrap();
    drop(data);
    let found = proved(folder.path()).fault.map_or("nothing".to_owned(), |fault| match fault {
        Fault::Log(_) => "log".to_owned(),
        Fault::Event(ReplayError::Broken { position, source }) => {
            let what = format!("{source:?}");
            format!("{} at {}", what.split([' ', '(']).next().unwrap(), position - before.position)
        }
        Fault::Event(ReplayError::Torn(position)) => format!("torn after {}", position - before.position),
        Fault::Event(other) => format!("{other}"),
        Fault::Id(position) => format!("id at {}", position - before.position),
        Fault::Sequence { position, .. } => format!("sequence at {}", position - before.position),
        Fault::Twin { position, .. } => format!("twin at {}", position - before.position),
        Fault::Keys(_) => "keys".to_owned(),
        Fault::Other { .. } | Fault::Shorter { .. } => "not expected".to_owned(),
        Fault::Memory { .. } | Fault::Checkpoint { .. } => "digest".to_owned(),
    });
    assert_eq!(found, want);
}

#[test]
fn faults_are_found_in_their_place() {
    check(|_| {}, "nothing");
    check(|events| events[0].log = uuid::Uuid::nil(), "OtherLog at 1");
    check(|events| events[1].position += 1, "Position at 2");
    check(|events| events[0].prev = Hash::default(), "Hash at 1");
    check(|events| events[1].prev = Hash::default(), "Hash at 2");
    check(|events| events[1].command = uuid::Uuid::nil(), "Command at 2");
    check(|events| events[1].index = 0, "Command at 2");
    check(|events| events[1].count = 3, "Command at 2");
    check(|events| drop(events.pop()), "torn after 1");
    check(|events| drop(events.remove(0)), "Position at 1");
    check(|events| events[0].time = tenure_events::Time::from_micros(0), "Time at 1");
    check(|events| events[1].time = events[1].time.next(), "Time at 2");
    check(|events| events[1].twin_of = Some(1), "Twin at 2");
    check(|events| events[0].id = uuid::Uuid::nil(), "id at 1");
    check(|events| events[0].org_sequence += 1, "sequence at 1");
    check(|events| events[1].org_sequence = 0, "sequence at 2");
    check(|events| events[1].org = events[0].org.clone(), "sequence at 2");
    let described = OrgDescribed { org: "root".parse().unwrap(), description: "otherwise".to_owned() };
    check(|events| events[1].event = Event::OrgDescribed(described), "twin at 2");
}

#[tokio::test]
async fn a_damaged_log_is_reported_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::folder(folder.path());
    platform.done("create-org", json!({"name": "a"})).await;
    platform.node.shutdown().await.unwrap();
    let segment = fs::read_dir(folder.path().join("log")).unwrap().map(|entry| entry.unwrap().path());
    let segment = segment.filter(|path| path.extension().is_some_and(|is| is == "seg")).min().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let fault = proved(folder.path()).fault.expect("a fault");
    assert!(matches!(fault, Fault::Log(_)) && fault.to_string().contains(".seg"), "{fault}");
}

/// Whatever is taken from a backup, it is refused: it has no seal, or not the log, or not the keys that were sealed.
#[tokio::test]
async fn what_is_no_whole_backup_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let platform = Platform::folder(&at("data"));
    backup(&at("data"), &at("early"), &mut silent).unwrap();
    platform.user("ann", "viewer").await;
    platform.user("bob", "viewer").await;
    backup(&at("data"), &at("whole"), &mut silent).unwrap();
    let refused = |what: &str, spoil: &dyn Fn(&Path)| {
        let (spoilt, to) = (at(&format!("spoilt-{what}")), at(&format!("to-{what}")));
        backup(&at("data"), &spoilt, &mut silent).unwrap();
        spoil(&spoilt);
        let error = restore(&spoilt, &to, None, &mut silent).expect_err(what).to_string();
        assert!(verify(&to, &mut silent).is_err(), "{what}: what was restored by then is no platform");
        error
    };
    let check = |what: &str, spoil: &dyn Fn(&Path), want: &str| {
        let error = refused(what, spoil);
        assert!(error.contains(want), "{what}: {error}");
    };
    let cut = |path: &Path, bytes: u64| {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len() - bytes).unwrap();
    };
    check("seal", &|backup| fs::remove_file(backup.join("platform/backup.json")).unwrap(), "is no whole backup");
    check("seal-cut", &|backup| cut(&backup.join("platform/backup.json"), 5), "is no whole backup");
    check("manifest", &|backup| fs::remove_file(backup.join("platform/tenure.json")).unwrap(), "no platform");
    check("keys", &|backup| fs::remove_file(backup.join("keys/keys")).unwrap(), "no keys");
    check("keys-cut", &|backup| cut(&backup.join("keys/keys"), 128), "lacks the keys of 1 people");
    check("keys-most", &|backup| cut(&backup.join("keys/keys"), 200), "lacks the keys of");
    check(
        "keys-old",
        &|backup| {
            fs::copy(at("early/keys/keys"), backup.join("keys/keys")).unwrap();
        },
        "lacks the keys of 2",
    );
    check(
        "log-old",
        &|backup| {
            fs::remove_dir_all(backup.join("platform/log")).unwrap();
            fs::create_dir(backup.join("platform/log")).unwrap();
            for file in fs::read_dir(at("early/platform/log")).unwrap().map(|file| file.unwrap()) {
                fs::copy(file.path(), backup.join("platform/log").join(file.file_name())).unwrap();
            }
        },
        "was sealed at",
    );
    restore(&at("whole"), &at("restored"), None, &mut silent).unwrap();
}

/// Who was erased after a backup is readable in it, unless a later copy of the log tells.
#[tokio::test]
async fn who_was_erased_after_the_backup() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let platform = Platform::folder(&at("data"));
    platform.user("gone", "viewer").await;
    let copied = backup(&at("data"), &at("backup"), &mut silent).unwrap();
    platform.done("erase-user", json!({"user": "gone", "confirmation": "permanently erase"})).await;
    let head = platform.node.live().position();
    backup(&at("data"), &at("later"), &mut silent).unwrap();
    for (name, erasures, known_to) in [
        ("none", None, copied.position),
        ("same", Some("backup"), copied.position),
        ("data", Some("data"), head),
        ("later", Some("later"), head),
        ("part", Some("later/platform"), head),
    ] {
        let erasures = erasures.map(at);
        let restored = restore(&at("backup"), &at(&format!("to-{name}")), erasures.as_deref(), &mut silent).unwrap();
        let gone: Vec<&str> = restored.erased_since.iter().map(|user| user.as_str()).collect();
        let want = if known_to == head { vec!["gone"] } else { Vec::new() };
        assert_eq!((gone, restored.erasures_to), (want, known_to), "{name}");
    }
    let other = tempfile::tempdir().unwrap();
    Platform::folder(&other.path().join("data"));
    let refused = restore(&at("backup"), &at("other"), Some(&other.path().join("data")), &mut silent);
    assert!(matches!(refused, Err(CopyError::OtherErasures { .. })), "{refused:?}");
}
