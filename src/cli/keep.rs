//! `tenure verify`, `tenure backup` and `tenure restore`: work on data folders, without a node.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tenure_events::UserId;

use super::Global;
use super::failure::{Failure, Result, warn_of_others};
use super::feed::Nats;
use super::output::{print, record};
use super::progress::Bar;
use crate::node::{self, CheckpointVerdict, Copied, Expected, TreeVerdict, VerifyReport};
use crate::proof;
use crate::publish::{Compared, Look};

/// Prove each event of the log, the read models by a fresh replay, and with --nats the feed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure verify --data ./data
  tenure verify --data ./data --format json
  tenure verify --data ./data --expect 4711:NDwoTR4oVfr1cxNOuT7p8ZTLEZPcTp4WRmgqfzjKoQM
  tenure verify --data ./data --nats nats://reader:secret@127.0.0.1:4222
  tenure verify evidence.json --key \"$KEY\"

A FILE is evidence, as `tenure evidence` makes it, and is verified without a node and a data folder.
Without --key the key that the file names is taken: see that it is the platform's.

With the --nats options it also compares every message of the stream with the log: bytes, subject
and headers. That takes the permissions of a subscriber. Changes nothing. While a node uses the
folder, all but its checkpoint is proved.
Exit status: 0 all is right, 1 something is wrong, 2 it cannot be read.")]
pub struct Verify {
    /// A file of evidence, instead of a folder
    #[arg(value_name = "FILE", conflicts_with_all = ["data", "expect", "servers"])]
    file: Option<PathBuf>,
    /// A key that evidence may be signed with, as `tenure proof-key` prints it; may be said several times
    #[arg(long = "key", value_name = "KEY", requires = "file")]
    keys: Vec<String>,
    /// The folder, made by `tenure init`
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data: PathBuf,
    /// What the log must have: a position and the hash of the event there, as an earlier `tenure verify` printed it, or the
    /// root of a checkpoint; may be said several times
    #[arg(long, value_name = "POSITION:HASH")]
    expect: Vec<Expected>,
    #[command(flatten)]
    nats: Nats,
}

/// Copy a platform to another folder, whether a node serves it or not.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  tenure backup --data ./data --to ./backup

Every event is proved on the way. The copy has two parts: platform/, where personal data is
sealed, and keys/, which makes it readable. Keep them in different places.")]
pub struct Backup {
    /// The folder to copy
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where to: a folder that is not there, or empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Make a data folder of a backup.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  tenure restore --from ./backup --data ./restored

Users erased before the backup stay erased: restoring destroys their keys again. Users erased after
it are in it with their names. --erasures names a later copy of the same log: a data folder, a
backup, or the part of one that has no keys; whom that calls erased is erased in the copy.")]
pub struct Restore {
    /// The backup, with its keys
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Where to: a folder that is not there, or empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// A later copy of the same log: whoever was erased there is erased in the copy
    #[arg(long, value_name = "DIR")]
    erasures: Option<PathBuf>,
}

impl Verify {
    /// Proves it, and tells what was found.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        if let Some(file) = &self.file {
            return super::evidence::verify(file, &self.keys, global);
        }
        // Before the log, which has then all that the stream had.
        let look = self.nats.options()?.map(Look::at);
        let mut bar = Bar::new("verifying");
        let report = node::verify_expecting(&self.data, &self.expect, &mut |done, of| bar.show(done, of));
        let report = report.map_err(Failure::new)?;
        bar.clear();
        let VerifyReport { log_id, log, head, commands, orgs, twins, digest, checkpoint, fault, root, tree } = report;
        let stream = look.map(|look| match (&fault, &log) {
            (None, Some((log, _))) => {
                let mut bar = Bar::new("comparing the stream");
                let compared = look.compare(log, &mut |done, of| bar.show(done, of));
                bar.clear();
                Ok((compared, log.head()))
            }
            (Some(_), _) | (_, None) => Err("not compared: the log itself is wrong".to_owned()),
        });
        let (wrong, code) = match (&fault, &stream) {
            (Some(fault), _) => (Some(fault.to_string()), 1),
            (None, Some(Ok((Compared::Different(what), _)))) => (Some(what.clone()), 1),
            (None, Some(Ok((Compared::Unread(why), _)))) => {
                (Some(format!("the log is right, and the stream cannot be read: {why}")), 2)
            }
            (None, Some(Ok((Compared::Same(_) | Compared::Absent, _)) | Err(_)) | None) => (None, 0),
        };
        let mut found = vec![
            ("verdict", json!(wrong.unwrap_or_else(|| "all is right".to_owned()))),
            ("log", json!(log_id)),
            ("position", json!(head.position)),
            // Before the first event there is no time.
            ("time", json!((head.position > 0).then_some(head.time))),
            ("hash", json!(head.hash.to_string())),
            ("root", json!(proof::text(&root))),
            ("commands", json!(commands)),
            ("orgs", json!(orgs)),
            ("twins", json!(twins)),
            ("digest", json!(digest.to_string())),
            ("checkpoint", json!(told(&checkpoint))),
            ("tree", json!(tree_told(&tree))),
        ];
        let stream = stream.map(|stream| stream.map_or_else(|why| why, |(stream, head)| told_of(&stream, head)));
        found.extend(stream.map(|stream| ("stream", json!(stream))));
        print(&record(global.format, &found))?;
        Ok(ExitCode::from(code))
    }
}

fn tree_told(tree: &TreeVerdict) -> String {
    match tree {
        TreeVerdict::None => "none yet: a start makes it".to_owned(),
        TreeVerdict::Right(position) => format!("right, up to position {position}"),
        TreeVerdict::Wrong(position) => {
            format!("not what the log makes, before position {position}: a start makes it anew")
        }
        TreeVerdict::Unread(why) => format!("not looked at: {why}"),
    }
}

fn told_of(stream: &Compared, head: u64) -> String {
    match stream {
        Compared::Absent => "there is none yet; the node makes it".to_owned(),
        Compared::Same(position) => {
            format!(
                "every message up to {position} is the event there, {} events behind the log's end",
                head - position.min(&head)
            )
        }
        Compared::Different(_) => "not the log".to_owned(),
        Compared::Unread(_) => "not read".to_owned(),
    }
}

impl Backup {
    /// Copies it.
    pub fn run(self) -> Result<ExitCode> {
        let mut bar = Bar::new("copying");
        let copied = node::backup(&self.data, &self.to, &mut |done, of| bar.show(done, of)).map_err(Failure::new)?;
        bar.clear();
        let Copied { log, position, erased_since, .. } = copied;
        print(&format!("copied log {log} up to position {position} to {}\n", self.to.display()))?;
        if !erased_since.is_empty() {
            print(&format!("erased while it was copied: {}\n", listed(&erased_since)))?;
        }
        warn_of_others(&self.to);
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    /// Makes it.
    pub fn run(self) -> Result<ExitCode> {
        let mut bar = Bar::new("restoring");
        let restored =
            node::restore(&self.from, &self.data, self.erasures.as_deref(), &mut |done, of| bar.show(done, of));
        let Copied { log, position, erased_since, erasures_to } = restored.map_err(Failure::new)?;
        bar.clear();
        print(&format!("restored log {log} up to position {position} in {}\n", self.data.display()))?;
        if !erased_since.is_empty() {
            print(&format!("erased after the backup, and erased here: {}\n", listed(&erased_since)))?;
        }
        let later = "is readable here: if you have any later copy of the log, name it with --erasures";
        print(&format!("whoever was erased after position {erasures_to} {later}\n"))?;
        warn_of_others(&self.data);
        Ok(ExitCode::SUCCESS)
    }
}

fn listed(users: &[UserId]) -> String {
    users.iter().map(UserId::as_str).collect::<Vec<_>>().join(", ")
}

fn told(checkpoint: &CheckpointVerdict) -> String {
    match checkpoint {
        CheckpointVerdict::None => "none".to_owned(),
        CheckpointVerdict::InUse => "not looked at: a node uses it".to_owned(),
        CheckpointVerdict::Right(position) => format!("right, up to position {position}"),
        CheckpointVerdict::Unread(why) => format!("not looked at: {why}"),
        CheckpointVerdict::Unusable(why) => format!("cannot be used and will be dropped: {why}"),
    }
}
