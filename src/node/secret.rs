//! Secrets that commands make, and who gets them.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tenure_events::data::EnrolmentOpened;
use tenure_events::{Event, Time, UserId};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::shared::Core;
use crate::decide::Draft;
use crate::token::Token;

/// A secret that a command made. It is told once, and never again.
#[derive(Debug, Clone)]
pub enum Secret {
    /// An API key, for the caller.
    ApiKey(Token),
    /// An enrolment secret, for the caller.
    Enrolment(Token),
    /// An enrolment secret for its user alone: it goes to their mail address.
    Sent {
        /// The secret.
        secret: Token,
        /// For whom.
        user: UserId,
        /// When it can be used no more.
        expires: Time,
    },
}

impl Secret {
    /// The API key, if it is one.
    #[must_use]
    pub const fn api_key(&self) -> Option<&Token> {
        match self {
            Self::ApiKey(key) => Some(key),
            Self::Enrolment(_) | Self::Sent { .. } => None,
        }
    }

    /// What the secret of a command is, by the events that the command came to.
    pub(super) fn of(secret: Token, drafts: &[Draft]) -> Self {
        let opened = drafts
            .iter()
            .find_map(|draft| if let Event::EnrolmentOpened(opened) = &draft.event { Some(opened) } else { None });
        match opened {
            None => Self::ApiKey(secret),
            Some(EnrolmentOpened { delivered: false, .. }) => Self::Enrolment(secret),
            Some(EnrolmentOpened { user, expires, .. }) => Self::Sent { secret, user: user.clone(), expires: *expires },
        }
    }
}

/// The operator's program that sends enrolment secrets to their users. It gets a JSON object on its standard input, with
/// `user`, `name`, `email`, `enrolment_secret` and `expires`, and ends with status 0 once the mail is on its way.
#[derive(Debug, Clone)]
pub struct Hook(pub PathBuf);

/// How long the program may take, and how often it is started before the node gives up.
const PATIENCE: Duration = Duration::from_secs(30);
const ATTEMPTS: u32 = 3;

/// Sends an enrolment secret, in the background. What fails is in the node's log, without the secret; the way out is to
/// reset the credential again.
pub(super) fn send(core: &Arc<Core>, secret: Token, user: UserId, expires: Time) {
    let Some(Hook(program)) = core.hook.clone() else { return };
    let letter = letter(core, &secret, &user, expires);
    tokio::spawn(async move {
        for attempt in 1..=ATTEMPTS {
            match run(&program, &letter).await {
                Ok(()) => return tracing::info!(%user, "an enrolment secret was sent"),
                Err(why) => tracing::warn!(%user, attempt, why, "the enrolment hook failed"),
            }
            tokio::time::sleep(Duration::from_secs(u64::from(attempt))).await;
        }
        tracing::error!(%user, "an enrolment secret was not sent: reset the user's credential again");
    });
}

fn letter(core: &Core, secret: &Token, user: &UserId, expires: Time) -> String {
    let view = core.live();
    let profile =
        view.find_user(user.as_str()).and_then(|user| view.profile(user)).map(|profile| profile.value.clone());
    let (name, email) = profile.map_or((None, None), |profile| (profile.name, profile.email));
    let open = |field, sealed: Option<_>| sealed.and_then(|sealed| core.keys.unseal(user, field, &sealed).ok());
    json!({
        "user": user,
        "name": open("name", name),
        "email": open("email", email),
        "enrolment_secret": secret.reveal().as_str(),
        "expires": expires,
    })
    .to_string()
}

async fn run(program: &PathBuf, letter: &str) -> Result<(), String> {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| error.to_string())?;
    let told = async {
        if let Some(mut input) = child.stdin.take() {
            input.write_all(letter.as_bytes()).await?;
        }
        child.wait().await
    };
    match tokio::time::timeout(PATIENCE, told).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(status.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("it did not end within {} s", PATIENCE.as_secs())),
    }
}
