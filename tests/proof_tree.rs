//! The tree of a log, beside a naive one, and what a crash or a bad disk leaves of its files.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;
use tenure::log::{Log, LogReader, MemoryLog};
use tenure::proof::{Edge, Tile, Tree, TreeError, leaf, proves_leaf, proves_prefix};
use tenure_events::Hash;
use uuid::Uuid;

const LOG: Uuid = Uuid::from_u128(9);

/// The leaves and roots that implementations of RFC 6962 are tried with (certificate-transparency, `merkle_tree_test`).
const KNOWN: [(&str, &str); 8] = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
];

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn known_roots() {
    let mut edge = Edge::default();
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(edge.root().0.to_vec(), from_hex(empty));
    for (input, root) in KNOWN {
        edge.push(leaf(&from_hex(input)), |_, _| ());
        assert_eq!(edge.root().0.to_vec(), from_hex(root), "{}", edge.size());
    }
}

fn event(number: u64) -> Vec<u8> {
    format!("event {number}").into_bytes()
}

/// A log of so many events, after those that it has.
fn grow(log: &mut Log, to: u64) -> LogReader {
    while log.head() < to {
        let events: Vec<_> = (log.head() + 1..=to).take(1_000).map(event).collect();
        log.append(log.head(), &events).unwrap();
    }
    log.reader()
}

fn log(size: u64) -> LogReader {
    grow(&mut Log::Memory(MemoryLog::new()), size)
}

/// RFC 6962, section 2.1, word for word.
fn naive(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(b""),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Hash::of(&[&[1][..], &naive(left).0, &naive(right).0].concat())
        }
    }
}

fn leaves(size: u64) -> Vec<Hash> {
    (1..=size).map(|number| leaf(&event(number))).collect()
}

/// That the tree has these leaves, proves each of these, and proves each of these sizes.
fn holds(tree: &Tree, leaves: &[Hash], some: impl Iterator<Item = u64> + Clone) {
    let size = leaves.len() as u64;
    assert_eq!(tree.size(), size);
    let root = tree.root(size).unwrap();
    assert_eq!(root, naive(leaves));
    for index in some.clone().filter(|index| *index < size) {
        let proof = tree.inclusion(index, size, &root).unwrap();
        assert!(proves_leaf(&proof, size, &root, index, &leaves[index as usize]), "{index} of {size}");
        assert!(!proves_leaf(&proof, size, &root, index, &Hash([7; 32])), "{index} of {size}");
        assert!(index == 0 || !proves_leaf(&proof, size, &root, index - 1, &leaves[index as usize]));
    }
    for from in some.filter(|from| *from <= size) {
        let old = tree.root(from).unwrap();
        assert_eq!(old, naive(&leaves[..from as usize]), "{from} of {size}");
        let proof = tree.consistency(from, size).unwrap();
        assert!(proves_prefix(&proof, (from, &old), (size, &root)), "{from} of {size}");
        assert!(!proves_prefix(&proof, (from, &Hash([7; 32])), (size, &root)), "{from} of {size}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_tree_is_the_one_of_the_standard(size in 0_u64..1_100, more in prop::collection::vec(0_u64..600, 0..4), step in 1_usize..90) {
        let folder = TempDir::new().unwrap();
        let mut kept = Log::Memory(MemoryLog::new());
        let reader = grow(&mut kept, size);
        let trees = [Tree::in_memory(LOG, &reader).unwrap(), Tree::in_folder(folder.path(), LOG, &reader).unwrap()];
        let mut all = size;
        for more in more {
            let new: Vec<Hash> = (all + 1..=all + more).map(|number| leaf(&event(number))).collect();
            trees.iter().for_each(|tree| tree.append(new.iter().copied()));
            all += more;
        }
        let some = (0..=all).step_by(step);
        trees.iter().for_each(|tree| holds(tree, &leaves(all), some.clone()));
        drop(trees);
        holds(&Tree::in_folder(folder.path(), LOG, &grow(&mut kept, all)).unwrap(), &leaves(all), some);
    }
}

#[test]
fn tiles_are_pieces_of_the_levels() {
    let size = 66_000;
    let tree = Tree::in_memory(LOG, &log(size)).unwrap();
    let all = leaves(size);
    assert_eq!(tree.leaves(0..size).unwrap(), all);
    assert_eq!(
        tree.leaves((0..size).rev().step_by(997)).unwrap(),
        all.iter().rev().step_by(997).copied().collect::<Vec<_>>()
    );
    let tile = |path: &str| tree.tile(path.parse::<Tile>().unwrap()).unwrap();
    let bytes = |hashes: &[Hash]| Some(hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>());
    assert_eq!(tile("0/000"), bytes(&all[..256]));
    assert_eq!(tile("0/257.p/208"), bytes(&all[257 * 256..]));
    assert_eq!(tile("0/257.p/7"), bytes(&all[257 * 256..257 * 256 + 7]), "of an earlier checkpoint");
    let above: Vec<Hash> = all.as_chunks::<256>().0.iter().map(|tile| naive(tile)).collect();
    assert_eq!(tile("1/000"), bytes(&above[..256]));
    assert_eq!(tile("1/001.p/1"), bytes(&above[256..]));
    assert_eq!(tile("2/000.p/1"), bytes(&[naive(&all[..1 << 16])]));
    for beyond in
        ["0/257", "0/257.p/209", "0/258.p/1", "1/001.p/2", "2/000.p/2", "2/001.p/1", "3/000.p/1", "4/x001/000"]
    {
        assert_eq!(tile(beyond), None, "{beyond}");
    }
    holds(&tree, &all, [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 65_999, 66_000].into_iter());
}

/// What a crash or a bad disk does to a folder with the tree of 700 events, of which 600 were made durable.
fn harm(what: &str, folder: &Path) {
    let file = |level: u32| folder.join(level.to_string());
    let change = |level, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(file(level)).unwrap();
        change(&mut bytes);
        fs::write(file(level), bytes).unwrap();
    };
    match what {
        "nothing" => {}
        "the end of the leaves is torn" => change(0, &|bytes| bytes.truncate(650 * 32 + 5)),
        "the end of the leaves is zeros" => change(0, &|bytes| bytes[640 * 32..].fill(0)),
        "the level above was not written" => change(1, &|bytes| bytes.clear()),
        "durable leaves are gone" => change(0, &|bytes| bytes.truncate(500 * 32)),
        "a durable leaf at the edge is another" => change(0, &|bytes| bytes[550 * 32] ^= 1),
        "the level above is longer" => change(1, &|bytes| bytes.extend([7; 64])),
        "the note is gone" => fs::remove_file(folder.join("state")).unwrap(),
        "the note is torn" => fs::write(folder.join("state"), "{\"for").unwrap(),
        "all is gone" => fs::remove_dir_all(folder).unwrap(),
        other => unreachable!("{other}"),
    }
}

#[test]
fn whatever_a_crash_leaves_the_next_start_has_the_tree() {
    for what in [
        "nothing",
        "the end of the leaves is torn",
        "the end of the leaves is zeros",
        "the level above was not written",
        "durable leaves are gone",
        "a durable leaf at the edge is another",
        "the level above is longer",
        "the note is gone",
        "the note is torn",
        "all is gone",
    ] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tree");
        drop(Tree::in_folder(&path, LOG, &log(600)).unwrap());
        let tree = Tree::in_folder(&path, LOG, &log(600)).unwrap();
        tree.append(leaves(700).drain(600..));
        drop(tree);
        harm(what, &path);
        let tree = Tree::in_folder(&path, LOG, &log(710)).unwrap();
        holds(&tree, &leaves(710), (0..=710).step_by(37));
        let mut looked = Tree::look(&path, LOG).unwrap().unwrap();
        leaves(710).into_iter().for_each(|leaf| looked.take(leaf));
        assert_eq!(looked.verdict(), (710, true), "{what}");
    }
}

#[test]
fn a_tree_of_another_log_or_another_end_is_made_anew() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    drop(Tree::in_folder(path, LOG, &log(600)).unwrap());
    // The log was restored from a backup: it ends before.
    let tree = Tree::in_folder(path, LOG, &log(400)).unwrap();
    holds(&tree, &leaves(400), (0..=400).step_by(37));
    drop(tree);
    // It went on in another way.
    let mut other = Log::Memory(MemoryLog::new());
    let events: Vec<Vec<u8>> = (1..=500).map(|number| event(number * 2)).collect();
    other.append(0, &events).unwrap();
    let all: Vec<Hash> = events.iter().map(|event| leaf(event)).collect();
    holds(&Tree::in_folder(path, LOG, &other.reader()).unwrap(), &all, (0..=500).step_by(37));
    let tree = Tree::in_folder(path, Uuid::from_u128(10), &log(300)).unwrap();
    holds(&tree, &leaves(300), (0..=300).step_by(37));
}

/// Damage under a tree at work: no proof is given that proves nothing, no root is told that was not, and the next start
/// makes it anew.
#[test]
fn damage_is_told_and_never_served() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let tree = Tree::in_folder(path, LOG, &log(700)).unwrap();
    let root = tree.root(700).unwrap();
    let mut bytes = fs::read(path.join("0")).unwrap();
    bytes[100 * 32] ^= 1;
    fs::write(path.join("0"), &bytes).unwrap();
    let mut looked = Tree::look(path, LOG).unwrap().unwrap();
    leaves(700).into_iter().for_each(|leaf| looked.take(leaf));
    assert_eq!(looked.verdict(), (700, false));
    assert!(matches!(tree.inclusion(101, 700, &root), Err(TreeError::Damaged)), "its neighbour is wrong");
    assert!(tree.root(700).is_err() && tree.tile("0/000".parse().unwrap()).is_err(), "nothing is served any more");
    tree.append([leaf(b"more")].into_iter());
    tree.keep();
    drop(tree);
    holds(&Tree::in_folder(path, LOG, &log(700)).unwrap(), &leaves(700), (0..=700).step_by(37));

    // What is to be signed of an org is held to memory as well.
    let tree = Tree::in_folder(path, LOG, &log(700)).unwrap();
    assert_eq!(tree.leaves([0, 100, 255, 256, 511, 512, 699].into_iter()).unwrap()[1], leaf(&event(101)));
    assert!(matches!(tree.leaves([700].into_iter()), Err(TreeError::Beyond { .. })));
    bytes = fs::read(path.join("0")).unwrap();
    bytes[100 * 32] ^= 1;
    fs::write(path.join("0"), &bytes).unwrap();
    assert!(tree.leaves([300, 600].into_iter()).is_ok(), "of other tiles");
    assert!(matches!(tree.leaves([101].into_iter()), Err(TreeError::Damaged)), "its neighbour is wrong");
    drop(tree);

    let tree = Tree::in_folder(path, LOG, &log(700)).unwrap();
    bytes = fs::read(path.join("0")).unwrap();
    bytes[257 * 32] ^= 1;
    fs::write(path.join("0"), &bytes).unwrap();
    assert!(matches!(tree.root(300), Err(TreeError::Damaged)), "a root that never was is not signed");
}

#[test]
fn a_tree_that_cannot_be_written_stops_nobody() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tree");
    fs::write(&path, "no folder").unwrap();
    let tree = Tree::in_folder(&path, LOG, &log(10)).unwrap();
    tree.append([leaf(b"more")].into_iter());
    tree.keep();
    assert!(matches!(tree.root(0), Err(TreeError::Broken(_))));
    assert_eq!(fs::read(&path).unwrap(), b"no folder");
}
