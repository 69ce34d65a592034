//! stub
use super::Global;
use super::failure::Result;
use clap::Args;
use std::process::ExitCode;
/// v
#[derive(Debug, Args)]
pub struct Verify {}
/// v
#[derive(Debug, Args)]
pub struct Backup {}
/// v
#[derive(Debug, Args)]
pub struct Restore {}
impl Verify {
    pub fn run(self, _: &Global) -> Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }
}
impl Backup {
    pub fn run(self) -> Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }
}
impl Restore {
    pub fn run(self) -> Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }
}
