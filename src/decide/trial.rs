//! Commands that are only tried out: they leave no trace, so they tell nothing of what their sender does not see. An id that
//! the sender chose is not judged by whether something hidden has it: another stands in for it while it is decided, whether
//! it is free or not, so that both come to the same.

use std::cell::RefCell;
use std::fmt::Display;

use tenure_events::{Event, OrgId};
use uuid::Uuid;

/// The ids that others stand in for.
#[derive(Debug, Default)]
pub struct StandIns(RefCell<Vec<(String, String)>>);

impl StandIns {
    /// What stands in for an id that the sender chose.
    pub(super) fn of(&self, seed: &Uuid, chosen: &dyn Display) -> Uuid {
        let chosen = chosen.to_string();
        let other = Uuid::new_v5(seed, format!("stand-in {chosen}").as_bytes());
        self.0.borrow_mut().push((other.to_string(), chosen));
        other
    }

    /// Whether none was needed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The event with the ids that were chosen. Where one of them makes another too long, it stays as it is.
    #[must_use]
    pub fn chosen(&self, event: &Event) -> Event {
        let told = serde_json::to_string(event).ok().and_then(|json| serde_json::from_str(&self.text(&json)).ok());
        told.unwrap_or_else(|| event.clone())
    }

    /// The org with the id that was chosen.
    #[must_use]
    pub fn org(&self, org: &OrgId) -> OrgId {
        OrgId::new(self.text(org.as_str())).unwrap_or_else(|_| org.clone())
    }

    /// A text with the ids that were chosen.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let ids = self.0.borrow();
        ids.iter().fold(text.to_owned(), |text, (other, chosen)| text.replace(other, chosen))
    }
}
