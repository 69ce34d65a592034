//! Presets: what a platform starts with.

/// Settings, catalogue and roles that a platform starts with.
#[derive(Debug, Clone)]
pub struct Preset {
    /// What it is called.
    pub name: String,
}

/// The names of the presets that come with the program.
pub const NAMES: [&str; 2] = ["default", "panintelligence"];

/// A preset that comes with the program.
#[must_use]
pub fn find(_name: &str) -> Option<Preset> {
    None
}
