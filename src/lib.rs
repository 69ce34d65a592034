//! Tenure, the service: decisions, the log, the writer, HTTP and the command line around them.

pub mod bearer;
pub mod chain;
pub mod checkpoint;
pub mod cli;
pub mod client;
pub mod clock;
pub mod command;
pub mod data;
pub mod decide;
pub mod demo;
pub mod http;
pub mod init;
pub mod keys;
pub mod licence;
pub mod log;
pub mod node;
pub mod presets;
mod private;
pub mod proof;
pub mod publish;
pub mod serve;
pub mod tls;
pub mod token;
