//! The structures against naive models, and readers beside a writer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use proptest::prelude::*;

use super::{Edge, EdgeNumber, Edges, Handle, Ids, Position, Rows, Small, Version};

type Pair = (Handle, Handle);
type Versions = Vec<(Position, u32)>;

/// Some have a code and some have none.
impl Small for u32 {
    fn code(&self) -> Option<u32> {
        (!self.is_multiple_of(3)).then_some(*self)
    }

    fn from_code(code: u32) -> Option<Self> {
        Some(code)
    }
}

impl Small for i64 {
    fn code(&self) -> Option<u32> {
        u32::try_from(*self).ok()
    }

    fn from_code(code: u32) -> Option<Self> {
        Some(code.into())
    }
}

/// What the structures mean: all versions of each pair, oldest first, and the pairs in the order of making.
#[derive(Default)]
struct Model {
    versions: BTreeMap<Pair, Versions>,
    made: Vec<Pair>,
    position: Position,
}

impl Model {
    fn set(&mut self, pair: Pair, position: Position, value: u32) {
        self.position = position;
        let versions = self.versions.entry(pair).or_default();
        if versions.is_empty() {
            self.made.push(pair);
        }
        versions.push((position, value));
    }

    fn at(&self, pair: Pair, position: Position) -> Option<u32> {
        let versions = self.versions.get(&pair)?;
        versions.iter().rev().find(|version| version.0 <= position).map(|version| version.1)
    }

    fn newest_first(&self, pair: Pair) -> Versions {
        self.versions.get(&pair).map(|versions| versions.iter().rev().copied().collect()).unwrap_or_default()
    }

    /// The edges that meet a condition, newest first.
    fn listed(&self, wanted: impl Fn(Pair) -> bool) -> Vec<(EdgeNumber, Pair)> {
        let numbered = (0..).zip(self.made.iter().copied());
        numbered.filter(|(_, pair)| wanted(*pair)).collect::<Vec<_>>().into_iter().rev().collect()
    }
}

/// Small numbers spread over all handles, near to each other and far.
fn handle(small: u32) -> Handle {
    [0, 1, 2, 1023, 1024, 1025, 3071, 3072, 1_000_000, 4_000_000][small as usize % 10]
}

/// (from, to, how far the position moves on, value)
fn history() -> impl Strategy<Value = Vec<(Handle, Handle, Position, u32)>> {
    let change = (0..10_u32, 0..4_u32, 0..3_u64, any::<u32>());
    prop::collection::vec(change.prop_map(|(from, to, step, value)| (handle(from), handle(to), step, value)), 0..300)
}

fn values(versions: impl Iterator<Item = Version<u32>>) -> Versions {
    versions.map(|version| (version.position, version.value)).collect()
}

fn places<'a>(edges: impl Iterator<Item = Edge<'a, u32>>) -> Vec<(EdgeNumber, Pair)> {
    edges.map(|edge| (edge.number, (edge.from, edge.to))).collect()
}

fn check_edges(edges: &Edges<u32>, model: &Model) {
    let all: Vec<_> = (0..10).flat_map(|from| (0..10).map(move |to| (handle(from), handle(to)))).collect();
    for pair in all {
        for position in 0..=model.position + 1 {
            let expected = model.at(pair, position);
            assert_eq!(edges.get(pair.0, pair.1, position).map(|version| version.value), expected);
            let edge = edges.edge(pair.0, pair.1);
            assert_eq!(edge.and_then(|edge| edge.at(position)).map(|version| version.value), expected);
        }
        let edge = edges.edge(pair.0, pair.1);
        assert_eq!(edge.map(|edge| values(edge.versions())).unwrap_or_default(), model.newest_first(pair));
    }
    let mut made = model.listed(|_| true);
    made.reverse();
    assert_eq!(places(edges.all()), made);
    let last = u32::try_from(made.len()).unwrap();
    for end in (0..10).map(handle) {
        let (from, to) = (model.listed(|pair| pair.0 == end), model.listed(|pair| pair.1 == end));
        assert_eq!(places(edges.from(end)), from);
        assert_eq!(places(edges.to(end)), to);
        for cursor in (0..=last).chain([EdgeNumber::MAX]) {
            let before = |list: &[(EdgeNumber, Pair)]| list.iter().copied().filter(|edge| edge.0 < cursor).collect();
            let (from, to): (Vec<_>, Vec<_>) = (before(&from), before(&to));
            assert_eq!(places(edges.from_before(end, cursor)), from);
            assert_eq!(places(edges.to_before(end, cursor)), to);
        }
    }
}

fn check_rows(rows: &Rows<u32>, model: &Model) {
    for row in (0..10).map(handle) {
        for position in 0..=model.position + 1 {
            assert_eq!(rows.get(row, position).map(|version| version.value), model.at((row, 0), position));
        }
        assert_eq!(values(rows.versions(row).copied()), model.newest_first((row, 0)));
    }
    let made: std::collections::BTreeSet<_> = model.made.iter().map(|pair| pair.0).collect();
    assert_eq!(rows.rows().collect::<Vec<_>>(), made.into_iter().collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edges_are_timelines_by_pair(history in history()) {
        let (edges, mut model) = (Edges::new(), Model::default());
        check_edges(&edges, &model);
        for (from, to, step, value) in history {
            let position = model.position + step;
            edges.set(from, to, position, value);
            model.set((from, to), position, value);
        }
        check_edges(&edges, &model);
    }

    #[test]
    fn rows_are_timelines_by_handle(history in history()) {
        let (rows, mut model) = (Rows::new(), Model::default());
        check_rows(&rows, &model);
        for (row, _, step, value) in history {
            let position = model.position + step;
            rows.set(row, position, value);
            model.set((row, 0), position, value);
        }
        check_rows(&rows, &model);
    }

    #[test]
    fn ids_keep_their_handles(texts in prop::collection::vec("\\PC{0,3}|[a-c\\x00]{0,4}|[a-z]{6,18}|[a-b]{15,17}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-fA-F]{4}-[0-9a-f]{12}|[a-z@-]{35,39}|.{300}", 0..100), first in 0..1000_u32) {
        let ids = Ids::above(first);
        let mut model: Vec<&String> = Vec::new();
        for text in &texts {
            let known = model.iter().position(|known| *known == text);
            let handle = |number: usize| first + u32::try_from(number).unwrap();
            prop_assert_eq!(ids.find(text), known.map(handle));
            prop_assert_eq!(ids.intern(text), handle(known.unwrap_or(model.len())));
            if known.is_none() {
                model.push(text);
            }
        }
        prop_assert_eq!(ids.len(), model.len());
        for (handle, text) in (first..).zip(&model) {
            prop_assert_eq!(ids.text(handle), Some(text.as_str()));
            prop_assert_eq!(ids.find(text), Some(handle));
        }
        prop_assert_eq!(ids.text(first + u32::try_from(model.len()).unwrap()), None);
        prop_assert_eq!(first.checked_sub(1).and_then(|below| ids.text(below)), None);
    }
}

/// Finds each version of a timeline of every depth, and nothing before the first.
fn check_depth(depth: u64) {
    let (rows, edges) = (Rows::new(), Edges::new());
    for number in 0..depth {
        rows.set(7, 10 + 3 * number, number);
        edges.set(7, 8, 10 + 3 * number, i64::try_from(number).unwrap() - 3);
    }
    for position in 0..10 + 3 * depth {
        let expected = position.checked_sub(10).map(|since| since / 3);
        assert_eq!(rows.get(7, position).map(|version| version.value), expected, "at {position} of {depth}");
        let expected = expected.map(|number| i64::try_from(number).unwrap() - 3);
        assert_eq!(edges.get(7, 8, position).map(|version| version.value), expected, "at {position} of {depth}");
    }
    assert!(rows.versions(7).map(|version| version.value).eq((0..depth).rev()));
    let edge = edges.edge(7, 8).unwrap();
    assert!(edge.versions().map(|version| version.position).eq((0..depth).rev().map(|number| 10 + 3 * number)));
}

#[test]
fn every_version_is_found_at_any_depth() {
    (1..50).for_each(check_depth);
    check_depth(10_000);
}

#[test]
fn many_ids() {
    let ids = Ids::new();
    let text = |number: u32| format!("{number:08x}-0000-7000-8000-{:012x}", number * 7);
    for number in 0..100_000 {
        assert_eq!(ids.intern(&text(number)), number);
    }
    for number in 0..100_000 {
        assert_eq!(ids.find(&text(number)), Some(number));
    }
    assert_eq!(ids.find(&text(100_000)), None);
    assert_eq!(ids.text(99_999), Some(text(99_999).as_str()));
}

/// Positions and values that a word has no room for are kept as well.
#[test]
fn what_is_wide() {
    let edges = Edges::new();
    let versions =
        [(0, 0), ((1 << 40) - 2, 1 << 22), ((1 << 40) - 1, 1), (Position::MAX - 1, i64::MAX), (Position::MAX, -1)];
    for (position, value) in versions {
        edges.set(Handle::MAX, Handle::MAX, position, value);
        for (position, value) in versions.into_iter().filter(|(earlier, _)| *earlier <= position) {
            assert_eq!(edges.get(Handle::MAX, Handle::MAX, position), Some(Version { position, value }));
        }
    }
}

/// Edges as many as make the index grow and take back what it used before, while others look for what is there, and for
/// what is not.
#[test]
fn nothing_is_missed_while_the_index_grows() {
    const EDGES: u64 = 150_000;
    let (edges, ids, made) = (Edges::new(), Ids::new(), AtomicU64::new(0));
    let pair = |number: u64| (small(number % 1_000), small(number / 3));
    let text = |number: u64| {
        if number.is_multiple_of(2) { format!("{number}") } else { format!("a text that is long: {number}") }
    };
    let read = |step: u64| {
        let mut number = 0;
        while made.load(Ordering::Acquire) < EDGES {
            let known = made.load(Ordering::Acquire);
            if known == 0 {
                continue;
            }
            number = (number + step) % known;
            let (from, to) = pair(number);
            let expected = Some(i64::try_from(number).unwrap());
            assert_eq!(edges.get(from, to, known).map(|version| version.value), expected);
            assert_eq!(edges.get(from, to + small(EDGES), known), None);
            assert_eq!(ids.find(&text(number)), Some(small(number)));
            assert_eq!(ids.find(&text(number + EDGES)), None);
        }
    };
    thread::scope(|scope| {
        let _readers = [scope.spawn(|| read(7_919)), scope.spawn(|| read(104_729))];
        for number in 0..EDGES {
            let (from, to) = pair(number);
            edges.set(from, to, number, i64::try_from(number).unwrap());
            assert_eq!(ids.intern(&text(number)), small(number));
            made.store(number + 1, Ordering::Release);
        }
    });
    assert!((0..EDGES).all(|number| edges.get(pair(number).0, pair(number).1, number).is_some()));
}

const LAST: Position = 20_000;
const PURSES: u64 = 16;

fn small(number: u64) -> Handle {
    Handle::try_from(number).unwrap()
}

/// Position p makes an edge worth 3 from one of the purses, which pays for it: each purse adds up to nothing.
fn spend(edges: &Edges<i64>, position: Position) {
    let purse = small(position % PURSES);
    let left = edges.get(purse, 0, position).map_or(0, |version| version.value);
    edges.set(purse, small(position), position, 3);
    edges.set(purse, 0, position, left - 1);
    edges.set(purse, 0, position, left - 3);
}

/// What a reader at a durable position must find, whatever the writer does meanwhile.
fn check_prefix(edges: &Edges<i64>, at: Position) {
    let purse = small(at % PURSES);
    let known: Vec<_> = edges.from(purse).filter_map(|edge| edge.at(at)).collect();
    assert_eq!(known.len() as u64, at.div_ceil(PURSES) + 1);
    assert_eq!(known.iter().map(|version| version.value).sum::<i64>(), 0, "purse {purse} at {at}");
    for made in [1, at / 2, at.saturating_sub(1), at].into_iter().filter(|made| (1..=at).contains(made)) {
        let (from, to) = (small(made % PURSES), small(made));
        assert_eq!(edges.get(from, to, at), Some(Version { position: made, value: 3 }));
        assert_eq!(edges.get(from, to, made - 1), None);
        assert_eq!(edges.to(to).filter(|edge| edge.at(at).is_some()).count(), 1);
    }
}

#[test]
fn readers_beside_the_writer_see_a_consistent_prefix() {
    let (edges, durable, checks) = (Edges::new(), AtomicU64::new(0), AtomicU64::new(0));
    for purse in 0..PURSES {
        edges.set(small(purse), 0, 0, 0);
    }
    let read = || {
        while durable.load(Ordering::Acquire) < LAST {
            check_prefix(&edges, durable.load(Ordering::Acquire));
            checks.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        let readers = [scope.spawn(read), scope.spawn(read)];
        for position in 1..=LAST {
            spend(&edges, position);
            durable.store(position, Ordering::Release);
            // Now and then the readers' turn comes, however the threads are scheduled.
            let seen = checks.load(Ordering::Relaxed);
            while position % 100 == 0
                && checks.load(Ordering::Relaxed) < seen + 2
                && readers.iter().all(|reader| !reader.is_finished())
            {
                thread::yield_now();
            }
        }
    });
    check_prefix(&edges, LAST);
    assert_eq!(edges.all().filter_map(|edge| edge.at(LAST)).map(|version| version.value).sum::<i64>(), 0);
    assert_eq!(edges.all().count() as u64, LAST + PURSES);
}
