//! `tenure verify`, `tenure backup` and `tenure restore`: work on data folders, without a node.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::Global;
use super::failure::{Failure, Result};
use super::output::{print, record};
use super::progress::Bar;
use crate::node::{self, CheckpointVerdict, Copied, VerifyReport};

/// Prove a data folder: each event of the log, and the read models by a fresh replay.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure verify --data ./data
  tenure verify --data ./data --format json

Changes nothing. While a node uses the folder, all but its checkpoint is proved.
Exit status: 0 all is right, 1 something is wrong, 2 it cannot be read.")]
pub struct Verify {
    /// The folder, made by `tenure init`
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data: PathBuf,
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

Whoever was erased before the backup stays erased: restoring destroys their keys again.")]
pub struct Restore {
    /// The backup, with its keys
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Where to: a folder that is not there, or empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

impl Verify {
    /// Proves it, and tells what was found.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        let mut bar = Bar::new("verifying");
        let report = node::verify(&self.data, &mut |done, of| bar.show(done, of)).map_err(Failure::new)?;
        bar.clear();
        let verdict = report.fault.as_ref().map_or_else(|| "all is right".to_owned(), ToString::to_string);
        let VerifyReport { log_id, head, commands, orgs, twins, digest, checkpoint, fault, .. } = report;
        let found = [
            ("verdict", json!(verdict)),
            ("log", json!(log_id)),
            ("position", json!(head.position)),
            ("time", json!(head.time)),
            ("hash", json!(head.hash.to_string())),
            ("commands", json!(commands)),
            ("orgs", json!(orgs)),
            ("twins", json!(twins)),
            ("digest", json!(digest.to_string())),
            ("checkpoint", json!(told(&checkpoint))),
        ];
        print(&record(global.format, &found))?;
        Ok(if fault.is_some() { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }
}

impl Backup {
    /// Copies it.
    pub fn run(self) -> Result<ExitCode> {
        let mut bar = Bar::new("copying");
        let copied = node::backup(&self.data, &self.to, &mut |done, of| bar.show(done, of)).map_err(Failure::new)?;
        bar.clear();
        let Copied { log, position } = copied;
        print(&format!("copied log {log} up to position {position} to {}\n", self.to.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    /// Makes it.
    pub fn run(self) -> Result<ExitCode> {
        let mut bar = Bar::new("restoring");
        let copied = node::restore(&self.from, &self.data, &mut |done, of| bar.show(done, of)).map_err(Failure::new)?;
        bar.clear();
        let Copied { log, position } = copied;
        print(&format!("restored log {log} up to position {position} in {}\n", self.data.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn told(checkpoint: &CheckpointVerdict) -> String {
    match checkpoint {
        CheckpointVerdict::None => "none".to_owned(),
        CheckpointVerdict::InUse => "not looked at: a node uses it".to_owned(),
        CheckpointVerdict::Right(position) => format!("right, up to position {position}"),
        CheckpointVerdict::Unusable(why) => format!("cannot be used and will be dropped: {why}"),
    }
}
