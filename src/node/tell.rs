//! What the answers of some commands tell beside their events, read from the state after them.

use std::sync::Arc;

use tenure_events::{Envelope, Event, parse};
use tenure_projections::View;
use tenure_projections::judge::Subject;

use super::attempt::standing;
use super::request::{Answer, Authenticated, Request};
use super::shared::Core;
use crate::decide::{TELLING, Told, bundled, may_export, remains};

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
            let bundle = bundle(core.as_ref(), &live, &after, &teller, &events);
            let actors = |position| core.actor(position);
            let events = originals().map(|envelope| &envelope.event);
            bundle.or_else(|| remains(&live, &after, &teller, events, &actors))
        };
        let told = tokio::task::spawn_blocking(tell).await.ok().flatten();
        Answer { told, ..answer }
    }
}

/// What these events exported, signed, for those who may still have it.
fn bundle(core: &Core, live: &View<'_>, after: &View<'_>, teller: &Subject, events: &[Envelope]) -> Option<Told> {
    let exported = |envelope: &Envelope| {
        if let Event::ResourceExported(exported) = &envelope.event { Some(exported.clone()) } else { None }
    };
    let exported: Vec<_> = events.iter().filter_map(exported).collect();
    let org = after.find_org(exported.first()?.org.as_str())?;
    let named: Vec<_> = exported.into_iter().map(|exported| exported.resource).collect();
    let contents = bundled(after, org, &named, events.first()?.time);
    may_export(live, teller, &contents).then(|| Told::Bundle(core.keys.sign(&contents.to_bytes())))
}
