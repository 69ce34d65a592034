//! What the command line says about itself, and what it refuses to understand.

use crate::support::program::{run, snapshots, tenure};

const VERBS: &[&str] = &[
    "init",
    "serve",
    "demo",
    "do",
    "enrol",
    "check",
    "whoami",
    "history",
    "events",
    "diff",
    "report",
    "verify",
    "backup",
    "restore",
    "doctor",
    "licence",
    "feed-key",
    "evidence",
    "proof-key",
    "completions",
];

#[test]
fn help_of_every_verb() {
    let mut help = run(&["--help"]).exits(0).out;
    for verb in VERBS {
        let text = run(&[verb, "--help"]).exits(0).out;
        assert!(text.contains("\nExample"), "`tenure {verb} --help` has no examples");
        help.push_str(&format!("\n==== {verb}\n{text}"));
    }
    snapshots().bind(|| insta::assert_snapshot!("cli-help", help));
}

#[test]
fn every_verb_is_in_this_test() {
    let listed = run(&["--help"]).exits(0).out;
    let listed = listed.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let listed = listed.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    let listed: Vec<&str> = listed.filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(listed, [VERBS, &["help"]].concat());
}

#[test]
fn a_token_never_shows_in_help() {
    for verb in VERBS {
        let output = tenure().args([verb, "--help"]).env("TENURE_TOKEN", "tnr_secret").output().unwrap();
        assert!(!String::from_utf8_lossy(&output.stdout).contains("tnr_secret"), "{verb}");
    }
}

#[test]
fn completions_know_every_verb() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]).exits(0).out;
        for verb in VERBS {
            assert!(script.contains(verb), "{shell} {verb}");
        }
    }
}

/// What cannot be understood or done ends with status 2, says what is wrong on standard error, and prints nothing.
#[test]
fn mistakes() {
    let check = |arguments: &[&str], said: &str| {
        let ran = run(arguments).exits(2);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
        assert!(!ran.err.contains('\x1b') && ran.out.is_empty(), "{arguments:?}: {}", ran.out);
    };
    let nowhere = "http://127.0.0.1:1";
    check(&[], "Usage: tenure");
    check(&["frobnicate"], "unrecognized subcommand");
    check(&["check", "sally", "edit"], "RESOURCE");
    check(&["check", "sally", "edit", "scores"], "KIND:ID");
    check(&["check", "sally", "edit", "org:root", "--as-of", "yesterday"], "RFC 3339");
    check(&["history", "sally"], "user:ID");
    check(&["do", "make-coffee"], "there is no command `make-coffee`");
    check(&["do", "create-org", "--json", "{"], "not JSON");
    check(&["do", "create-org", "--json", "[]"], "no JSON object");
    check(&["do", "create-org", "--json", "@missing.json"], "cannot read `missing.json`");
    check(&["events", "--follow", "--to", "7"], "cannot be used with");
    check(&["whoami", "--url", nowhere], "start a node with `tenure serve");
    check(&["whoami", "--url", "no url"], "no answer from `no url`");
    check(&["init", "--data", "x", "--preset", "nonsense"], "panintelligence");
    check(&["init", "--data", "x", "--preset", "default", "--admin-id", "a b"], "a b");
    check(&["serve", "--data", "there-is-nothing"], "make one with `tenure init`");
    check(
        &["serve", "--data", "x", "--nats", "http://ann:secret@a"],
        "--nats: invalid scheme for NATS server URL: http",
    );
    check(&["serve", "--data", "x", "--nats", "nats://a", "--nats-replicas", "7"], "7 is not in 1..=5");
    check(&["verify", "--data", "there-is-nothing"], "make one with `tenure init`");
    check(&["demo", "--story", "beowulf"], "panintelligence");
}

#[test]
fn the_commands_are_listed_and_each_is_told() {
    let listed = run(&["do", "help"]).exits(0).out;
    let names: Vec<&str> = listed.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, tenure::command::names().collect::<Vec<_>>());
    let told = ["create-org", "share", "distribute"].map(|name| run(&["do", "help", name]).exits(0).out);
    snapshots().bind(|| insta::assert_snapshot!("cli-commands", told.join("\n")));
    assert!(run(&["do", "help", "make-coffee"]).exits(2).err.contains("`tenure do help` lists them"));
    assert!(run(&["do", "create-org", "here"]).exits(2).err.contains("arguments go into --json"));
}
