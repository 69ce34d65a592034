//! A company with its day-to-day organisation, Default, and one for training; Data Hub's own names for them.

mod policy;
mod workspaces;

use super::story::{Act, Stage, Step, Story, Try};

/// The story.
#[must_use]
pub fn story() -> Story {
    let mut steps = policy::steps();
    steps.extend(workspaces::steps());
    steps.extend(policy::ending());
    Story {
        name: "data-hub",
        title: "Default, Training and the Global policy",
        preset: "data-hub",
        stage: Stage { root_name: "Default", admin: "admin", vendor: None },
        steps,
        visitor: "admin",
        after: vec![
            Try {
                says: "Could Sid administer Training while he was in the Global policy? And why?",
                line: "tenure check sid user.manage org:training --as-of {before removed} --explain",
            },
            Try { says: "And now?", line: "tenure check sid user.manage org:training --explain" },
            Try { says: "What happened to Training, until it was closed?", line: "tenure history org:training" },
        ],
    }
}

const fn step(number: u8, title: &'static str, acts: Vec<Act>) -> Step {
    Step { number, title, acts }
}
