//! The Panintelligence story against a real node over HTTP: every step and what must come of it.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use tenure::client::Client;
use tenure::clock::Clock;
use tenure::demo::{Act, Scene, Story, Want, play};
use tenure::init::{Founding, in_memory};
use tenure::node::Options;
use tenure::presets::Preset;
use tenure::serve::Server;
use tenure_events::Time;

use crate::support::program::{ran, run, snapshots, tenure};

/// `tenure demo` judges every act by itself and fails if one comes out otherwise; here the whole of it is approved.
#[test]
fn panintelligence() {
    let demo = run(&["demo", "--story", "panintelligence"]).exits(0);
    snapshots().bind(|| insta::assert_snapshot!("story-panintelligence", demo.out));
}

#[test]
fn all_steps_are_told() {
    let steps: Vec<Vec<u8>> =
        tenure::demo::stories().iter().map(|story| story.steps.iter().map(|step| step.number).collect()).collect();
    assert!(steps.contains(&(1..=22).collect()), "{steps:?}");
}

/// The things to try that `--serve` prints work as they are printed.
#[test]
fn things_to_try_afterwards() {
    for story in tenure::demo::stories().iter().filter(|story| ["panintelligence", "saas"].contains(&story.name)) {
        try_all(story);
    }
}

fn try_all(story: &Story) {
    let mut demo = tenure().args(["demo", "--story", story.name, "--serve"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let mut exported = |name: &str| {
        let prefix = format!("  export {name}=");
        lines.find_map(|line| line.strip_prefix(&prefix).map(str::to_owned)).unwrap()
    };
    let (url, token) = (exported("TENURE_URL"), exported("TENURE_TOKEN"));
    let mut tried = 0;
    for line in lines {
        let Some(line) = line.trim().strip_prefix("tenure ").map(str::to_owned) else { continue };
        let mut command = tenure();
        command
            .args(line.split(' ').map(|word| word.trim_matches('\'')))
            .env("TENURE_URL", &url)
            .env("TENURE_TOKEN", &token);
        if line.ends_with("--follow") {
            let mut follower = command.stdout(Stdio::piped()).spawn().unwrap();
            let first = BufReader::new(follower.stdout.take().unwrap()).lines().next();
            follower.kill().unwrap();
            follower.wait().unwrap();
            assert!(first.unwrap().unwrap().contains("org.created"), "{line}");
        } else {
            let ran = ran(command.output().unwrap());
            let denied = line.starts_with("check") && !line.contains("--as-of");
            assert_eq!(ran.code, i32::from(denied), "{line}: {ran:?}");
            assert!(!ran.out.is_empty(), "{line}");
        }
        tried += 1;
        if tried == story.after.len() {
            break;
        }
    }
    demo.kill().unwrap();
    demo.wait().unwrap();
}

/// A story that tells something else than what happens is found out.
#[test]
fn what_comes_out_otherwise_is_noticed() {
    let check = |who: &str, says: &str, want: Want| {
        let mut story = tenure::demo::stories().remove(0);
        story.steps.truncate(4);
        let acts = story.steps.iter_mut().flat_map(|step| &mut step.acts);
        let act = acts.into_iter().find(|act| act.who == who && act.says == says).expect(says);
        let told = format!("{want:?}");
        act.want = want;
        let mut unexpected = Vec::new();
        let played = played(&story, |act| unexpected.push(act.says));
        assert_eq!((played, unexpected.as_slice()), (1, &[says][..]), "{told}");
    };
    check("admin", "renames the root org", Want::Done(&["org.created"]));
    check("admin", "renames the root org", Want::Refused("name.taken"));
    check("admin", "reads its name", Want::Value("/name", "Root".into()));
    check("admin", "reads its name", Want::Value("/nothing", "Educate".into()));
    check("sally", "assigns the role to both", Want::Done(&["role.assigned"]));
    check("tim", "lists the users: himself", Want::Ids(&["tim", "sally"]));
    check("tim", "lists the users: himself", Want::Ids(&[]));
    check("tim", "creates KickStart", Want::Done(&["org.created"]));
    check("tim", "creates KickStart", Want::Refused("name.taken"));
}

/// Plays a story to a node in this process; answers how many acts came out otherwise, and shows each.
fn played(story: &Story, mut show: impl FnMut(&Act)) -> usize {
    let clock = Clock::system();
    let preset = Preset::named(story.preset).unwrap();
    let admin = story.stage.admin.parse().unwrap();
    let founding = Founding { preset: &preset, name: story.stage.root_name, admin, licence_key: None };
    let (founded, token) = in_memory(&founding, &clock).unwrap();
    let now = Time::from(clock.now());
    let server = Server::start(Options::memory(founded, clock), "127.0.0.1:0".parse().unwrap(), None).unwrap();
    let node = Client::new(&format!("http://{}", server.address), None);
    let played = play(story, &node, token.reveal().to_string(), now, |scene| {
        if let Scene::Act(act, outcome) = scene
            && outcome.unexpected.is_some()
        {
            show(act);
        }
    });
    server.stop().unwrap();
    played.unwrap().unexpected
}
