//! `docs/rules.md`: what it says holds a rule is there.

use std::path::{Path, PathBuf};

#[test]
fn what_holds_each_rule_is_there() {
    let text = read("docs/rules.md");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| rule |")).collect();
    assert!(rows.len() > 50, "the rules are gone from docs/rules.md");
    for row in rows {
        let [_, held] = row.trim_matches('|').split(" | ").collect::<Vec<_>>()[..] else {
            panic!("two columns: {row}")
        };
        let names: Vec<&str> = held.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing holds this: {row}");
        let missing: Vec<_> = names.iter().filter(|name| !is_there(name)).collect();
        assert!(missing.is_empty(), "{missing:?} of: {row}");
    }
}

fn is_there(name: &str) -> bool {
    match name.split(' ').collect::<Vec<_>>()[..] {
        ["refusal", code] => read("snapshots/refusals.snap").lines().any(|line| line.starts_with(&format!("{code} ("))),
        ["story", story, step] => {
            let steps = read(format!("snapshots/story-{story}.snap"));
            steps.lines().any(|line| line.starts_with(&format!("{step:>2}  ")))
        }
        [test] => is_test(test),
        _ => false,
    }
}

/// Whether a file that the modules lead to has a test of this name.
fn is_test(path: &str) -> bool {
    let Some((modules, test)) = path.rsplit_once("::") else { return false };
    let path = modules.replace("::", "/");
    // A module of tests stands in the file of what it tests, or beside its sisters.
    let outer = path.rsplit_once('/').map_or("", |(outer, _)| outer);
    let files = ["tests", "projections/tests/all", "events/tests/all", "src"].into_iter().flat_map(|folder| {
        [&*path, outer]
            .into_iter()
            .flat_map(move |path| [format!("{folder}/{path}.rs"), format!("{folder}/{path}/mod.rs")])
    });
    let has = |file: String| root().join(&file).is_file() && read(&file).contains(&format!("fn {test}("));
    files.into_iter().any(has)
}

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

fn read(file: impl AsRef<Path>) -> String {
    let path = root().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
