//! What the answers of some commands tell beside their events, read from the state after them.

use std::sync::Arc;

use tenure_events::parse;
use tenure_projections::View;

use super::attempt::standing;
use super::request::{Answer, Authenticated, Request};
use super::shared::Core;
use crate::decide::{TELLING, remains};

/// Who asked for what, where the answer has more to tell.
pub(super) struct Asked(Option<Authenticated>);

impl Asked {
    pub fn of(request: &Request) -> Self {
        Self(TELLING.contains(&request.name.as_str()).then_some(request.caller))
    }

    /// The answer, with what it has to tell.
    pub async fn tell(self, core: &Arc<Core>, answer: Answer) -> Answer {
        let Some(caller) = self.0 else { return answer };
        let (core, events, position) = (Arc::clone(core), answer.events.clone(), answer.position);
        let tell = move || {
            let events: Vec<_> = events.iter().filter_map(|bytes| parse(bytes).ok()).collect();
            let originals = || events.iter().filter(|envelope| envelope.twin_of.is_none());
            let live = core.live();
            let after = View::new(&core.state, position, events.last()?.time);
            // What somebody may know is judged now, also of an answer that is given again.
            let teller = standing(&live, &caller)?;
            remains(&after, &teller, originals().map(|envelope| &envelope.event))
        };
        let told = tokio::task::spawn_blocking(tell).await.ok().flatten();
        Answer { told, ..answer }
    }
}
