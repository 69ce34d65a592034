//! What subscriptions say, each thing once.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use tenure_events::{Position, data};

use super::Installer;
use crate::digest::Digest;
use crate::state::State;
use crate::values::{FormNo, Subscription, Window};

/// What the one writer of a state keeps beside it.
pub(crate) struct Writer {
    /// None if it is computed when somebody asks.
    pub digest: Option<Digest>,
    /// Subscriptions met lately: the next ones say the same, and need no text to be found by.
    forms: HashMap<Subscription, FormNo, RandomState>,
}

impl Default for Writer {
    fn default() -> Self {
        Self { digest: Some(Digest::default()), forms: HashMap::default() }
    }
}

/// How many subscriptions are remembered.
const FORMS: usize = 4_096;

impl Installer<'_> {
    /// Millions of subscriptions say the same few things: each is kept once, and known by its number.
    pub(super) fn form(&mut self, subscription: &data::Subscription) -> FormNo {
        let data::Subscription { user_type, privileges, valid_from, valid_until } = subscription;
        let user_type = self.user_type(user_type);
        let (privileges, window) = (self.privileges(privileges), Window::new(*valid_from, *valid_until));
        self.form_of(Subscription { user_type, privileges, window })
    }

    pub(super) fn form_of(&mut self, form: Subscription) -> FormNo {
        let Subscription { user_type, privileges, window } = form;
        if let Some(known) = self.writer.as_ref().and_then(|writer| writer.forms.get(&form)) {
            return *known;
        }
        let text = format!("{}/{:x}/{window}", user_type.0, privileges.0);
        let row = self.id(table!(12 forms), &text);
        let known = |state: &State| state.form.get(row, Position::MAX).is_some();
        if !known(self.state) && !self.base.is_some_and(known) {
            self.row(table!(13 form), row, form);
        }
        let no = FormNo::of(row);
        if let Some(writer) = &mut self.writer {
            if writer.forms.len() >= FORMS {
                writer.forms.clear();
            }
            writer.forms.insert(form, no);
        }
        no
    }
}
