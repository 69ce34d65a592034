//! What subscriptions say, each thing once.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use tenure_events::{OrgId, Position, UserId, data};

use super::Installer;
use crate::digest::Adder;
use crate::state::State;
use crate::store::Handle;
use crate::values::{FormNo, Subscription, Window};

/// What the one writer of a state keeps beside it.
pub(crate) struct Writer {
    /// None if it is computed when somebody asks.
    pub digest: Option<Adder>,
    /// Most events are about the same orgs and users as those before them.
    pub orgs: Recent<OrgId>,
    pub users: Recent<UserId>,
    /// Subscriptions met lately: the next ones say the same.
    forms: HashMap<data::Subscription, FormNo, RandomState>,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            digest: Some(Adder::default()),
            orgs: Recent::default(),
            users: Recent::default(),
            forms: HashMap::default(),
        }
    }
}

/// Ids met lately and their handles, the last of them first.
pub(crate) struct Recent<T>([Option<(T, Handle)>; 4]);

impl<T: PartialEq> Recent<T> {
    pub fn find(&mut self, id: &T) -> Option<Handle> {
        let place = self.0.iter().position(|known| known.as_ref().is_some_and(|(known, _)| known == id))?;
        self.0.get_mut(..=place)?.rotate_right(1);
        self.0.first()?.as_ref().map(|(_, handle)| *handle)
    }

    pub fn push(&mut self, id: T, handle: Handle) {
        self.0.rotate_right(1);
        let [first, ..] = &mut self.0;
        *first = Some((id, handle));
    }
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self([const { None }; 4])
    }
}

/// How many subscriptions are remembered.
const FORMS: usize = 4_096;

impl Installer<'_> {
    /// Millions of subscriptions say the same few things: each is kept once, and known by its number.
    pub(super) fn form(&mut self, subscription: &data::Subscription) -> FormNo {
        if let Some(known) = self.writer.forms.get(subscription) {
            return *known;
        }
        let data::Subscription { user_type, privileges, valid_from, valid_until } = subscription;
        let user_type = self.user_type(user_type);
        let (privileges, window) = (self.privileges(privileges), Window::new(*valid_from, *valid_until));
        let no = self.form_of(Subscription { user_type, privileges, window });
        if self.writer.forms.len() >= FORMS {
            self.writer.forms.clear();
        }
        self.writer.forms.insert(subscription.clone(), no);
        no
    }

    pub(super) fn form_of(&mut self, form: Subscription) -> FormNo {
        let Subscription { user_type, privileges, window } = form;
        let text = format!("{}/{:x}/{window}", user_type.0, privileges.0);
        let row = self.id(table!(12 forms), &text);
        let known = |state: &State| state.form.get(row, Position::MAX).is_some();
        if !known(self.state) && !self.base.is_some_and(known) {
            self.row(table!(13 form), row, form);
        }
        FormNo::of(row)
    }
}
