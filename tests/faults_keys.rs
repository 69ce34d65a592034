//! A key store that lost keys is never taken for a whole one: by a start, by `verify`, by `doctor`.

use std::fs;
use std::path::Path;

use tenure::clock::Clock;
use tenure::node::{Fault, KeysFault, KeysLost, Node, OpenError, Options, examine, verify};

use crate::support::platform::Platform;

const RECORD: usize = 128;

/// What was done to the key file, whom that leaves without a key, and whether the file can be read.
type Case = (&'static str, Box<dyn Fn(&[u8]) -> Vec<u8>>, usize, bool);

#[tokio::test]
async fn a_key_store_that_lost_keys_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = Platform::folder(&data);
    platform.user("ann", "viewer").await;
    let older = fs::read(data.join("keys")).unwrap();
    platform.user("bob", "viewer").await;
    platform.user("cyd", "viewer").await;
    platform.node.shutdown().await.unwrap();
    let whole = fs::read(data.join("keys")).unwrap();
    let people = whole.len() / RECORD - 1;
    let mut cases: Vec<Case> = vec![
        ("an older copy", Box::new(move |_| older.clone()), 2, true),
        ("one byte less", Box::new(|keys| keys[..keys.len() - 1].to_vec()), 1, true),
        ("one record less", Box::new(|keys| keys[..keys.len() - RECORD].to_vec()), 1, true),
        ("the header alone", Box::new(|keys| keys[..RECORD].to_vec()), people, true),
        ("half a header", Box::new(|keys| keys[..RECORD / 2].to_vec()), people, false),
        ("nothing", Box::new(|_| Vec::new()), people, false),
        ("zeros at the end", Box::new(|keys| [&keys[..keys.len() - RECORD], &[0; RECORD]].concat()), 1, true),
    ];
    for bit in [0, 5, 300, 400, 500] {
        let flip = move |keys: &[u8]| {
            let mut keys = keys.to_vec();
            let at = keys.len() - RECORD + bit / 8;
            keys[at] ^= 1 << (bit % 8);
            keys
        };
        cases.push(("a bit of the last record", Box::new(flip), 1, true));
    }
    for (name, spoil, lost, readable) in cases {
        let spoilt = spoil(&whole);
        fs::write(data.join("keys"), &spoilt).unwrap();
        check(&data, name, lost, readable);
        assert_eq!(fs::read(data.join("keys")).unwrap(), spoilt, "{name}: nothing was changed");
        let beside: Vec<_> = fs::read_dir(&data).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert!(!beside.iter().any(|name| name.to_string_lossy().starts_with("keys.cut")), "{name}: {beside:?}");
    }
    // Whoever has made sure that they are gone goes on without them.
    fs::write(data.join("keys"), &whole[..RECORD]).unwrap();
    let (node, _) = Node::open(Options { keys_lost: true, ..Options::folder(&data) }).unwrap();
    node.shutdown().await.unwrap();
    fs::write(data.join("keys"), &whole).unwrap();
    let (node, _) = Node::open(Options::folder(&data)).unwrap();
    node.shutdown().await.unwrap();
    assert!(verify(&data, &mut |_, _| ()).unwrap().fault.is_none());
}

fn check(data: &Path, name: &str, lost: usize, readable: bool) {
    let opened = Node::open(Options::folder(data)).map(drop).expect_err(name);
    let verified = verify(data, &mut |_, _| ()).unwrap().fault.expect(name);
    let examined = examine(data, &Clock::system()).unwrap().keys.expect(name).expect_err(name);
    if readable {
        assert!(matches!(&opened, OpenError::KeysLost(KeysLost { count, .. }) if *count == lost), "{name}: {opened}");
        assert!(
            matches!(&verified, Fault::Keys(KeysFault::Lost(KeysLost { count, .. })) if *count == lost),
            "{name}: {verified}"
        );
        assert!(matches!(&examined, KeysFault::Lost(KeysLost { count, .. }) if *count == lost), "{name}: {examined}");
    } else {
        assert!(matches!(&opened, OpenError::Keys(_)), "{name}: {opened}");
        assert!(matches!(&verified, Fault::Keys(KeysFault::Store(_))), "{name}: {verified}");
        assert!(matches!(&examined, KeysFault::Store(_)), "{name}: {examined}");
    }
}
