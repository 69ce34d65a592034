//! `tenure demo`: play a story against a fresh node.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tenure_events::{Time, UserId};

use super::failure::{Failure, Result};
use super::output::{Paint, clean, print};
use crate::client::Client;
use crate::clock::Clock;
use crate::demo::{self, EventLine, Outcome, Played, Scene, Stage, Story, Verdict};
use crate::init::{Founding, in_memory};
use crate::licence::SigningKey;
use crate::node::Options;
use crate::presets::Preset;
use crate::serve::Server;

/// Play a story against a fresh node: each step, its events and its outcome.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure demo
  tenure demo --story hengshi --pace 2
  tenure demo --serve

The node lives in memory and answers on loopback only, unless --listen says otherwise. Exit status:
0 if everything came out as told, else 2.")]
pub struct Demo {
    /// Which story
    #[arg(long, value_name = "NAME", default_value = "saas")]
    story: String,
    /// Leave the node running, with the result in it
    #[arg(long)]
    serve: bool,
    /// Where the node answers; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Seconds between steps; half a second on a terminal, else none
    #[arg(long, value_name = "SECONDS")]
    pace: Option<f32>,
}

impl Demo {
    /// Plays it.
    pub fn run(self) -> Result<ExitCode> {
        let stories = demo::stories();
        let Some(story) = stories.iter().find(|story| story.name == self.story) else {
            let names: Vec<&str> = stories.iter().map(|story| story.name).collect();
            return Err(Failure::new(format!("there is no story `{}`", self.story))
                .hint(format!("choose one of: {}", names.join(", "))));
        };
        let clock = Clock::system();
        let now = Time::from(clock.now());
        let (server, token) = fresh_node(story, clock, self.listen)?;
        let node = Client::new(&format!("http://{}", server.address), None);
        print(&format!("{}\n", Paint::stdout().strong(story.title)))?;
        let pace = self.pace();
        let mut shown = Ok(());
        let played = demo::play(story, &node, token, now, |scene| {
            if matches!(scene, Scene::Step(_)) {
                std::thread::sleep(pace);
            }
            shown = print(&show(&scene));
        })?;
        shown?;
        let acts: usize = story.steps.iter().map(|step| step.acts.len()).sum();
        if played.unexpected > 0 {
            let message = format!("{} of {acts} acts came out otherwise than told", played.unexpected);
            return Err(Failure::new(message));
        }
        print(&format!("\n{} steps, {acts} acts, all as told.\n", story.steps.len()))?;
        if self.serve {
            print(&invitation(story, &played, &node))?;
            server.run().map_err(Failure::new)?;
        } else {
            server.stop().map_err(Failure::new)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn pace(&self) -> Duration {
        let default = if std::io::stdout().is_terminal() { 0.5 } else { 0.0 };
        Duration::try_from_secs_f32(self.pace.unwrap_or(default)).unwrap_or_default()
    }
}

/// A node in memory, as the story begins, and its administrator's key.
fn fresh_node(story: &Story, clock: Clock, listen: SocketAddr) -> Result<(Server, String)> {
    let Stage { root_name, admin, vendor } = story.stage;
    let preset = Preset::named(story.preset).map_err(Failure::new)?;
    let admin = UserId::new(admin).map_err(Failure::new)?;
    let founding = Founding {
        preset: &preset,
        name: root_name,
        admin,
        licence_key: vendor.map(|seed| SigningKey::from_seed(&seed).public()),
    };
    let (founded, token) = in_memory(&founding, &clock).map_err(Failure::new)?;
    let server = Server::start(Options::memory(founded, clock), listen, None).map_err(Failure::new)?;
    Ok((server, token.reveal().to_string()))
}

fn show(scene: &Scene<'_>) -> String {
    let paint = Paint::stdout();
    match scene {
        Scene::Step(step) => format!("\n{}\n", paint.strong(&format!("{:>2}  {}", step.number, step.title))),
        Scene::Act(act, outcome) => {
            let mark = match &outcome.verdict {
                _ if outcome.unexpected.is_some() => paint.bad("!"),
                Verdict::Done | Verdict::Found(_) | Verdict::Judged { allowed: true, .. } => paint.good("✓"),
                Verdict::Refused { .. } | Verdict::Judged { allowed: false, .. } => paint.held("✗"),
            };
            let did = format!("{} {}", act.who, act.says);
            let mut text = format!("    {mark} {did:<WIDTH$}  {}\n", came(outcome, paint));
            if let Verdict::Refused { detail, .. } = &outcome.verdict {
                text.push_str(&format!("        {}\n", paint.dim(&clean(detail))));
            }
            if let Some(expected) = &outcome.unexpected {
                text.push_str(&format!("        {} {}\n", paint.bad("expected:"), clean(expected)));
            }
            text
        }
    }
}

/// How wide what is done is written.
const WIDTH: usize = 58;

/// What came of an act: events and their positions, or which rule stood against it.
fn came(outcome: &Outcome, paint: Paint) -> String {
    match &outcome.verdict {
        Verdict::Done => paint.dim(&events(&outcome.events)),
        Verdict::Refused { code, .. } => format!("{} {}", paint.held("denied"), clean(code)),
        Verdict::Judged { allowed, reasons } => {
            let word = if *allowed { paint.good("allow") } else { paint.held("deny") };
            let reasons = reasons.iter().map(|reason| {
                let events: String = reason.events.iter().map(|event| format!(" #{event}")).collect();
                format!(" {}{}", clean(&reason.code), paint.dim(&events))
            });
            word + &reasons.collect::<String>()
        }
        Verdict::Found(found) if found.is_empty() => paint.dim("nothing"),
        Verdict::Found(found) => clean(&found.join(", ")),
    }
}

/// `user.created #41, role.assigned #42 #43`; a twin tells nothing new.
fn events(events: &[EventLine]) -> String {
    let mut text = String::new();
    let mut last = "";
    for event in events.iter().filter(|event| !event.twin) {
        if event.kind != last {
            let comma = if last.is_empty() { "" } else { ", " };
            text.push_str(&format!("{comma}{}", event.kind));
        }
        text.push_str(&format!(" #{}", event.position));
        last = &event.kind;
    }
    text
}

/// Where the node is and what to try.
fn invitation(story: &Story, played: &Played, node: &Client) -> String {
    let paint = Paint::stdout();
    let token = played.token(story.visitor).unwrap_or_default();
    let mut text =
        format!("\nThe node stays here until you press Ctrl-C. In another terminal, as {}:\n\n", story.visitor);
    text.push_str(&format!("  export TENURE_URL={}\n  export TENURE_TOKEN={token}\n", node.url()));
    for thing in &story.after {
        text.push_str(&format!("\n  {}\n  {}\n", paint.dim(&format!("# {}", thing.says)), played.fill_in(thing.line)));
    }
    text
}
