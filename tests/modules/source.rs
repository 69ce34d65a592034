//! Reads which names a source file uses. Only as much of Rust as that needs: words, `::`, groups of `use`.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

/// A source file without its comments, strings and tests.
pub struct Source {
    /// Below the root, with `/`.
    pub path: String,
    tokens: Vec<String>,
}

impl Source {
    /// `path` is below the root of the repository.
    pub fn new(path: &str, text: &str) -> Self {
        let test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let tokens = if test { Vec::new() } else { without_tests(tokens(text)) };
        Self { path: path.to_owned(), tokens }
    }

    /// The module of `src` that the file belongs to: `log` for `src/log.rs` and `src/log/files/frame.rs`.
    pub fn module(&self) -> &str {
        self.steps().first().copied().unwrap_or_default()
    }

    /// `log::files` for a file or folder inside `src/log`.
    pub fn inner(&self) -> Option<String> {
        match self.steps().as_slice() {
            [module, name, ..] => Some(format!("{module}::{name}")),
            _ => None,
        }
    }

    /// The modules and crates of ours that the file names.
    pub fn ours(&self) -> BTreeSet<String> {
        let module = |path: &Vec<String>| match path.first()?.as_str() {
            "tenure_events" => Some("events".to_owned()),
            "tenure_projections" => Some("projections".to_owned()),
            "tenure_replica" => Some("replica".to_owned()),
            _ => self.below_our_root(path).into_iter().next(),
        };
        self.paths().iter().filter_map(module).collect()
    }

    /// What else the file names paths of, other crates among it, and `async` if it waits.
    pub fn others(&self) -> BTreeSet<String> {
        let mut others: BTreeSet<String> =
            self.paths().into_iter().filter_map(|path| path.into_iter().next()).collect();
        others.retain(|name| !["crate", "self", "super"].contains(&name.as_str()) && !name.starts_with("tenure"));
        others.extend(self.tokens.iter().any(|token| token == "async" || token == "await").then(|| "async".to_owned()));
        others
    }

    /// Whether it asks for one event and lets all others go: by `if let`, `let … else`, or `matches!`.
    pub fn looks_at_one_event(&self) -> bool {
        (0..self.tokens.len()).any(|at| match self.token(at) {
            "let" => self.token(at + 1) == "Event" && self.token(at + 2) == "::",
            "matches" if self.token(at + 1) == "!" => {
                let arguments = self.tokens[at + 2..].iter().take_while(|token| *token != ";" && *token != "}");
                arguments.collect::<Vec<_>>().windows(2).any(|pair| pair[0] == "Event" && pair[1] == "::")
            }
            _ => false,
        })
    }

    /// Every path in the file, groups of `use` spelled out.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            let used = at > 0 && self.token(at - 1) == "use";
            let begins = is_word(self.token(at)) && (used || self.token(at + 1) == "::");
            at = if begins && !self.continues(at) { self.expand(at, &[], &mut paths) } else { at + 1 };
        }
        paths
    }

    /// What follows the root of our crate in a path: `crate::log::Log` is `[log, Log]`; nothing for other paths.
    pub fn below_our_root(&self, path: &[String]) -> Vec<String> {
        let up = path.iter().take_while(|word| *word == "super").count();
        let start = match path.first().map(String::as_str) {
            _ if !self.path.starts_with("src/") => path.len(),
            Some("crate" | "tenure") => 1,
            Some("super") if up == self.steps().len() => up,
            _ => return Vec::new(),
        };
        path[start..].to_vec()
    }

    /// The words of the file, as one text without white space around `::`.
    pub fn text(&self) -> String {
        self.tokens.join(" ").replace(" :: ", "::")
    }

    /// The modules that lead to the file: `[log, files]` for `src/log/files.rs` and `src/log/files/mod.rs`.
    fn steps(&self) -> Vec<&str> {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let path = path.strip_suffix(".rs").unwrap_or(path);
        path.strip_suffix("/mod").unwrap_or(path).split('/').collect()
    }

    fn token(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", String::as_str)
    }

    /// Whether the word is the later part of a path, and not its beginning, as in `::tokio`.
    fn continues(&self, at: usize) -> bool {
        let before = |back: usize| at.checked_sub(back).map_or("", |at| self.token(at));
        before(1) == "::" && (is_word(before(2)) && before(2) != "use" || before(2) == ">")
    }

    /// Adds the paths that begin with `prefix` and go on at a token; returns where they end.
    fn expand(&self, mut at: usize, prefix: &[String], paths: &mut Vec<Vec<String>>) -> usize {
        let mut path = prefix.to_vec();
        loop {
            match self.token(at) {
                "{" => {
                    at += 1;
                    while !["}", ""].contains(&self.token(at)) {
                        at = if self.token(at) == "," { at + 1 } else { self.expand(at, &path, paths) };
                    }
                    return at + 1;
                }
                word if is_word(word) || word == "*" => path.push(word.to_owned()),
                _ => {
                    paths.push(path);
                    return at + 1;
                }
            }
            at += 1;
            if self.token(at) == "as" {
                at += 2;
            }
            if self.token(at) != "::" {
                paths.push(path);
                return at;
            }
            at += 1;
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Leaves out what stands behind `#[cfg(test)]`.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut rest = tokens.as_slice();
    while let Some((first, others)) = rest.split_first() {
        if rest.iter().take(mark.len()).eq(mark.iter()) {
            let mut open = 0;
            let end = rest.iter().position(|token| {
                open += i32::from(token == "{") - i32::from(token == "}");
                open <= 0 && (token == "}" || token == ";")
            });
            rest = end.map_or(&[], |end| &rest[end + 1..]);
        } else {
            kept.push(first.clone());
            rest = others;
        }
    }
    kept
}

/// Words, `::` and single signs; no comments, no literals.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => skip_past(&mut chars, "\n"),
            '/' if chars.peek() == Some(&'*') => skip_past(&mut chars, "*/"),
            '"' => skip_string(&mut chars),
            '\'' => skip_char(&mut chars),
            ':' if chars.next_if_eq(&':').is_some() => found.push("::".to_owned()),
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                if ["r", "br"].contains(&word.as_str()) && matches!(chars.peek(), Some('"' | '#')) {
                    skip_raw_string(&mut chars);
                } else {
                    found.push(word);
                }
            }
            c if c.is_whitespace() => {}
            c => found.push(c.to_string()),
        }
    }
    found
}

fn skip_past(chars: &mut Peekable<Chars<'_>>, end: &str) {
    let mut last = String::new();
    for c in chars.by_ref() {
        last.push(c);
        if last.ends_with(end) {
            return;
        }
    }
}

fn skip_string(chars: &mut Peekable<Chars<'_>>) {
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '"' => return,
            _ => {}
        }
    }
}

/// `r"…"`, `r##"…"##`; a raw word such as `r#type` has nothing to skip but its sign.
fn skip_raw_string(chars: &mut Peekable<Chars<'_>>) {
    let mut end = String::from("\"");
    while chars.next_if_eq(&'#').is_some() {
        end.push('#');
    }
    if chars.next_if_eq(&'"').is_some() {
        skip_past(chars, &end);
    }
}

/// A character, or the sign of a lifetime.
fn skip_char(chars: &mut Peekable<Chars<'_>>) {
    let mut ahead = chars.clone();
    let first = ahead.next();
    if first == Some('\\') {
        chars.next();
        chars.next();
        skip_past(chars, "'");
    } else if ahead.next() == Some('\'') {
        chars.next();
        chars.next();
    }
}

fn check(path: &str, text: &str, ours: &[&str], others: &[&str]) {
    let source = Source::new(path, text);
    assert_eq!(source.ours().iter().map(String::as_str).collect::<Vec<_>>(), ours, "{path}: {text}");
    assert_eq!(source.others().iter().map(String::as_str).collect::<Vec<_>>(), others, "{path}: {text}");
}

#[test]
fn uses_are_found() {
    check("src/decide.rs", "use crate::log::Log;", &["log"], &[]);
    check("src/decide.rs", "use crate::{keys::{self, Keys}, log as l};", &["keys", "log"], &[]);
    check("src/decide.rs", "fn f(l: &crate::log::Log) {}", &["log"], &[]);
    check("src/decide.rs", "use super::log;", &["log"], &[]);
    check("src/decide/mod.rs", "use super::{keys, log};", &["keys", "log"], &[]);
    check("src/decide/rules.rs", "use super::log;", &[], &[]);
    check("src/decide/rules.rs", "use super::super::log;", &["log"], &[]);
    check("src/decide/rules/mod.rs", "use super::super::log;", &["log"], &[]);
    check("src/decide/mod.rs", "mod log; fn f() { log::decide() }", &[], &["log"]);
    check("src/main.rs", "use tenure::http;", &["http"], &[]);
    check("src/log.rs", "use tenure_events::{Event, Position};", &["events"], &[]);
    check("projections/src/view.rs", "use crate::log::X; use tenure_events::Event;", &["events"], &[]);
    check("src/log.rs", "use tokio;", &[], &["tokio"]);
    check("src/log.rs", "#[tokio::main] fn f() { ::sled::open(1) }", &[], &["sled", "tokio"]);
    check("src/log.rs", "use {tokio::sync, crate::keys::Key};", &["keys"], &["tokio"]);
    check("src/log.rs", "async fn f() {}", &[], &["async"]);
    check("src/log.rs", "let x = Vec::<crate::keys::Key>::new();", &["keys"], &["Vec"]);
    check("src/log.rs", "fn f<'a>(x: &'a str) -> sled::Db {}", &[], &["sled"]);
    check("src/log.rs", "let c = ('\"', '\\'', sled::X, '\"');", &[], &["sled"]);
}

#[test]
fn comments_strings_and_tests_are_no_uses() {
    check("src/log.rs", "//! `tokio::main`\n/* sled::Db */", &[], &[]);
    check("src/log.rs", r##"let s = ("sled::Db \" tokio::x", r#"a " sled::Db"#, b"sled::Db");"##, &[], &[]);
    check("src/log.rs", "#[cfg(test)] mod tests { fn f() { sled::open() } } use tokio::x;", &[], &["tokio"]);
    check("src/log.rs", "#[cfg(test)] mod tests; use tokio::x;", &[], &["tokio"]);
    check("src/log/tests.rs", "use tokio::x;", &[], &[]);
}

#[test]
fn paths_are_spelled_out() {
    let paths = Source::new("src/a.rs", "use crate::{b::{C, d::*}, e};").paths();
    let paths: Vec<String> = paths.iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["crate::b::C", "crate::b::d::*", "crate::e"]);
}
