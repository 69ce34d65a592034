//! Holds the repository to `docs/architecture.md`: who may name whom, who may ask the time, how long a file may be.
//!
//! The table of modules is read from that document, so that the two cannot differ.

mod source;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::snapshots;
use source::Source;

/// Files of more lines than this are to be split.
const LINES: usize = 500;

/// Files that may be longer, each with the reason.
const LONGER: &[(&str, &str)] = &[];

/// Where product code may look at one event alone, each with the reason. Elsewhere a rule that asks something of events is
/// an exhaustive `match`: a new event then does not compile until the rule has an answer for it.
const ONE_EVENT: &[(&str, &str)] = &[
    ("src/decide/delta.rs", "rules that still are to become a match"),
    ("src/decide/delta/packs.rs", "rules that still are to become a match"),
    ("src/decide/told.rs", "rules that still are to become a match"),
    ("src/node/backup.rs", "collects what must be destroyed; erasing is one event"),
    ("src/node/writer.rs", "collects what must be destroyed; erasing is one event"),
    ("src/node/secret.rs", "finds whose secret it is; opening an enrolment is one event"),
    ("src/node/tell.rs", "collects what was exported; exporting is one event"),
    ("src/node/new_needs.rs", "compares the definitions of kinds, which one event makes"),
];

/// What asks the time or makes an id.
const CLOCK: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "Uuid::now_v1",
    "Uuid::now_v6",
    "Uuid::now_v7",
    "Uuid::new_v4",
    "clippy::disallowed_methods",
];

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = table();
    let is_ours = |name: &String| table.iter().any(|module| module.name == *name);
    let mut wrong = Vec::new();
    for module in &table {
        for source in sources(&module.home()) {
            let mut forbidden = source.ours();
            forbidden.retain(|used| is_ours(used) && *used != module.name && !module.may.contains(used));
            forbidden.extend(source.others().into_iter().filter(|used| !is_ours(used) && module.never.contains(used)));
            wrong.extend(
                forbidden.iter().map(|used| format!("{}: `{}` may not use `{used}`", source.path, module.name)),
            );
        }
    }
    assert_none(&wrong, "docs/architecture.md says who may use what");
}

#[test]
fn every_module_is_in_the_table() {
    let table = table();
    let mut wrong: Vec<String> = sources("src").iter().map(|s| s.module().to_owned()).collect();
    wrong.retain(|name| !["lib", "main"].contains(&name.as_str()) && table.iter().all(|m| m.name != *name));
    wrong.dedup();
    assert_none(&wrong, "modules without a row in the table of docs/architecture.md");
}

#[test]
fn every_module_of_the_table_and_of_the_map_is_there() {
    let exists =
        |name: &str| root().join(format!("src/{name}")).is_dir() || root().join(format!("src/{name}.rs")).is_file();
    let mut wrong: Vec<String> =
        table().iter().filter(|m| sources(&m.home()).is_empty()).map(|m| m.name.clone()).collect();
    let text = read(&root().join("docs/architecture.md"));
    let map =
        text.split("## Map").nth(1).and_then(|map| map.split("```").nth(1)).expect("the map in docs/architecture.md");
    let mut mapped = BTreeSet::new();
    for line in map.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        for word in line.split_whitespace().take_while(|word| word.ends_with('/') || word.ends_with(".rs")) {
            mapped.insert(word.trim_end_matches('/').trim_end_matches(".rs").to_owned());
        }
    }
    wrong.extend(mapped.iter().filter(|name| !exists(name)).cloned());
    let all = sources("src");
    wrong.extend(all.iter().map(|s| s.module().to_owned()).filter(|name| !mapped.contains(name)));
    wrong.dedup();
    assert_none(&wrong, "modules that are missing, or missing in the map of docs/architecture.md");
}

#[test]
fn modules_are_entered_by_their_door() {
    let all = sources("src");
    let inner: BTreeSet<String> = all.iter().filter_map(Source::inner).collect();
    let mut wrong = Vec::new();
    for source in &all {
        for path in source.paths() {
            let ours = source.below_our_root(&path);
            if let [module, name, ..] = ours.as_slice()
                && module != source.module()
                && inner.contains(&format!("{module}::{name}"))
            {
                wrong.push(format!("{}: `{module}::{name}` is inside `{module}`", source.path));
            }
        }
    }
    assert_none(&wrong, "name what a module exports at its top, not what is inside");
}

#[test]
fn the_table_runs_from_the_ground_up() {
    let table = table();
    for (row, module) in table.iter().enumerate() {
        for used in &module.may {
            let above = table.iter().position(|m| m.name == *used);
            assert!(above < Some(row) && above.is_some(), "`{}` uses `{used}`, which is no row above", module.name);
        }
    }
}

#[test]
fn only_the_clock_asks_the_time() {
    let mut wrong = Vec::new();
    for source in ["events/src", "projections/src", "replica/src", "src"].into_iter().flat_map(sources) {
        if !["src/clock.rs", "replica/src/clock.rs"].contains(&source.path.as_str()) {
            let text = source.text();
            wrong.extend(CLOCK.iter().filter(|c| text.contains(**c)).map(|c| format!("{}: {c}", source.path)));
        }
    }
    assert_none(&wrong, "only src/clock.rs, and that of the replica, asks the time and makes ids");
}

#[test]
fn rules_about_events_are_exhaustive() {
    let mut evading = BTreeSet::new();
    for source in ["events/src", "projections/src", "replica/src", "src"].into_iter().flat_map(sources) {
        if source.looks_at_one_event() {
            evading.insert(source.path);
        }
    }
    let excused = ONE_EVENT.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(evading, excused, "left: files with `if let Event::`, `let Event::` or `matches!` over events");
}

#[test]
fn the_contract_crates_carry_nothing_of_the_server() {
    let table = table();
    let mut direct = String::new();
    for name in ["events", "projections", "replica"] {
        let module = table.iter().find(|m| m.name == name).expect("a row");
        let package = format!("tenure-{name}");
        let carried = dependencies(&package, "99");
        let wrong: Vec<&String> = carried.iter().filter(|c| module.never.contains(&c.replace('-', "_"))).collect();
        assert!(wrong.is_empty(), "{package} carries {wrong:?}");
        direct += &format!("{package}\n");
        direct.extend(dependencies(&package, "1").iter().filter(|d| **d != package).map(|d| format!("  {d}\n")));
    }
    snapshots().bind(|| insta::assert_snapshot!("contract-dependencies", direct));
}

/// What makes a file or folder, perhaps for all eyes.
const MAKES_FILES: &[&str] = &[
    "File::create",
    "File::create_new",
    "fs::write",
    "fs::copy",
    "create_dir",
    "create_dir_all",
    "DirBuilder",
    "create ( true )",
    "create_new ( true )",
];

#[test]
fn only_private_makes_files() {
    let mut wrong = Vec::new();
    for home in ["src", "events/src", "projections/src", "replica/src"] {
        for source in sources(home) {
            let text = format!(" {} ", source.text());
            let found = MAKES_FILES
                .iter()
                .filter(|makes| text.contains(&format!(" {makes} ")) || text.contains(&format!("::{makes} ")));
            let found: Vec<_> = found.collect();
            let is_excused = ["src/private.rs", "replica/src/private.rs"].contains(&source.path.as_str());
            if found.is_empty() == is_excused {
                wrong.push(format!("{}: {found:?}", source.path));
            }
        }
    }
    assert_none(&wrong, "files are made by `private`, so that their modes are right");
}

#[test]
fn files_are_short() {
    let mut wrong = Vec::new();
    for path in files(&root()) {
        let name = relative(&path);
        let excused = LONGER.iter().any(|(longer, _)| *longer == name);
        if name.ends_with(".rs") && (read(&path).lines().count() > LINES) != excused {
            wrong.push(name);
        }
    }
    assert_none(&wrong, "files over 500 lines, or excused from it for nothing");
}

#[test]
fn nothing_names_a_machine() {
    let homes = ["work", "root", "home", "Users"].map(|folder| format!("/{folder}/"));
    let mut wrong = Vec::new();
    for path in files(&root()) {
        let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            if homes.iter().any(|home| starts_a_path(line, home)) {
                wrong.push(format!("{}:{}", relative(&path), number + 1));
            }
        }
    }
    assert_none(&wrong, "paths that exist on one machine only");
}

/// A row of the table.
struct Module {
    name: String,
    /// All of ours that it may use, beside itself.
    may: BTreeSet<String>,
    /// What else it may not use: crates, and `async`. What is ours stands here for the reader: it is not in `may`.
    never: BTreeSet<String>,
}

impl Module {
    /// Where its sources are, below the root: a crate of its own, or a file or folder of `src`.
    fn home(&self) -> String {
        match self.name.as_str() {
            "events" | "projections" | "replica" => format!("{}/src", self.name),
            name => format!("src/{name}"),
        }
    }
}

fn table() -> Vec<Module> {
    let text = read(&root().join("docs/architecture.md"));
    let rows = text.lines().skip_while(|line| *line != "| module | may use | never |").skip(2);
    let mut table = Vec::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let [modules, may, never]: [BTreeSet<String>; 3] =
            row.trim_matches('|').split('|').map(quoted).collect::<Vec<_>>().try_into().expect("three columns");
        table.extend(modules.into_iter().map(|name| Module { name, may: may.clone(), never: never.clone() }));
    }
    assert!(table.len() > 5, "the table is gone from docs/architecture.md");
    table
}

/// The words in backticks.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The sources of a module: everything in its folder, and the file of its name.
fn sources(home: &str) -> Vec<Source> {
    let mut paths = files(&root().join(home));
    paths.push(root().join(format!("{home}.rs")));
    paths.retain(|path| path.extension().is_some_and(|e| e == "rs") && path.is_file());
    paths.iter().map(|path| Source::new(&relative(path), &read(path))).collect()
}

/// Every file below a folder, without what is built and what is hidden.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_file() && name != ".git" {
            found.push(path);
        } else if !["target", "node_modules"].contains(&name.as_str())
            && (!name.starts_with('.') || [".ci", ".config"].contains(&name.as_str()))
        {
            found.extend(files(&path));
        }
    }
    found
}

/// The packages that one is built with, itself included, to a depth.
fn dependencies(package: &str, depth: &str) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .args(["--package", package, "--depth", depth])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn starts_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}~".contains(c)))
}

fn assert_none(wrong: &[impl std::fmt::Display], rule: &str) {
    let list: Vec<String> = wrong.iter().map(|w| format!("\n  {w}")).collect();
    assert!(wrong.is_empty(), "{rule}:{}", list.concat());
}

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
