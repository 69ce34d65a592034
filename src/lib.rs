//! Tenure, the service: decisions, the log, the writer, HTTP and the command line around them.

pub mod command;
pub mod decide;
pub mod log;
