//! Why a node takes no commands: a closed set, so that its log, `/readyz`, the metrics, `tenure doctor` and those whose
//! commands are refused are told the same.

use std::io;

use tenure_events::Time;

use crate::keys::StoreError;
use crate::log::{AppendError, is_full};

/// A reason for which every command is refused. Questions are answered all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The disk takes no more: it, a quota or the largest allowed file is full.
    DiskFull,
    /// Writing or syncing the log failed.
    LogFailed,
    /// Writing or syncing the keys of personal data failed.
    KeysFailed,
    /// The clock was set while the node ran.
    ClockJumped,
    /// The node was told to end.
    Stopping,
    /// A thread of the writer ended by a fault of the program.
    WriterFailed,
}

/// That a node takes no commands, why, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// The reason.
    pub reason: Reason,
    /// What exactly happened, and what to do.
    pub detail: String,
    /// When it began, by the clock that is judged by.
    pub since: Time,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::DiskFull, Self::LogFailed, Self::KeysFailed, Self::ClockJumped, Self::Stopping, Self::WriterFailed];

    /// A stable name.
    ///
    /// ```
    /// assert_eq!(tenure::node::Reason::DiskFull.code(), "disk.full");
    /// ```
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::DiskFull => "disk.full",
            Self::LogFailed => "log.failed",
            Self::KeysFailed => "keys.failed",
            Self::ClockJumped => "clock.jumped",
            Self::Stopping => "node.stopping",
            Self::WriterFailed => "writer.failed",
        }
    }

    /// What happened and what to do, for people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::DiskFull => "the disk is full: make room, then start the node anew",
            Self::LogFailed => "writing the log failed: see that the disk is well, then start the node anew",
            Self::KeysFailed => {
                "writing the keys of personal data failed: see that the disk is well, then start the node anew"
            }
            Self::ClockJumped => {
                "the clock was set while the node ran: set it right and the node goes on, or if it is right now, start the \
                 node anew with --clock-confirmed"
            }
            Self::Stopping => "the node was told to end: start it anew",
            Self::WriterFailed => "the writer ended by a fault of the program: report it, and start the node anew",
        }
    }

    fn of(error: &io::Error, otherwise: Self) -> Self {
        if is_full(error) { Self::DiskFull } else { otherwise }
    }

    pub(super) fn of_append(error: &AppendError) -> Self {
        match error {
            AppendError::Failed(error) => Self::of(error, Self::LogFailed),
            AppendError::Conflict { .. }
            | AppendError::TooLarge { .. }
            | AppendError::AppendTooLarge { .. }
            | AppendError::Stopped => Self::LogFailed,
        }
    }

    pub(super) fn of_keys(error: &StoreError) -> Self {
        if let StoreError::Io { error, .. } = error { Self::of(error, Self::KeysFailed) } else { Self::KeysFailed }
    }
}
