//! Files that are made from the code, read by people, and compared.

use std::fs;
use std::path::Path;

/// Set to anything, the tests write these files instead of comparing them.
const APPROVE: &str = "TENURE_APPROVE";

/// Compares a file that others rely on: it can be made, but nothing writes over it.
pub fn check_contract(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let approved = fs::read_to_string(path).unwrap_or_default();
    if approved.is_empty() {
        return check(file, made);
    }
    assert!(
        approved == made,
        "`{file}` is not what the code says, and subscribers rely on it: make a new version of the type. If only words are \
         others, remove the file and run\n    {APPROVE}=1 cargo test -p tenure-events",
    );
}

/// Compares a file, named from the repository's root, with what the code makes now.
pub fn check(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    if std::env::var_os(APPROVE).is_some() {
        return fs::write(&path, made).unwrap();
    }
    let approved = fs::read_to_string(&path).unwrap_or_default();
    let differs = approved.lines().zip(made.lines()).position(|(approved, made)| approved != made);
    let line = differs.unwrap_or(approved.lines().count().min(made.lines().count())) + 1;
    assert!(
        approved == made,
        "`{file}` is not what the code says, from line {line} on; if the code is right, run\n    \
         {APPROVE}=1 cargo test -p tenure-events\nand review the change to the file",
    );
}
