//! Progress of long work: on a terminal, and nowhere else.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far long work has come; hidden in a pipe.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar for work of a name, whose length is not known yet.
    pub fn new(what: &'static str) -> Self {
        let target =
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_message(what);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {eta}");
        Self(style.map(|style| bar.clone().with_style(style)).unwrap_or(bar))
    }

    /// So far, of so much.
    pub fn show(&mut self, done: u64, of: u64) {
        self.0.set_length(of);
        self.0.set_position(done);
    }

    /// The work is over.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
