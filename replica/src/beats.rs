//! Hearing the node: its heartbeats are verified as they come, and wait for the thread that follows.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::Client;
use futures::StreamExt as _;
use tenure_events::Heartbeat;

use crate::core::Core;
use crate::feed::RETRY;
use crate::follow::{Input, Inputs};
use crate::lag::Beat;
use crate::trust::Trust;

/// So many wait for events that are still to come. When there are more, every second one goes: the newest stays.
const MOST: usize = 1_024;

/// Heartbeats in the order of their time.
#[derive(Default)]
pub struct Beats(Mutex<VecDeque<Beat>>);

impl Beats {
    /// Those that came since.
    pub fn take(&self) -> VecDeque<Beat> {
        std::mem::take(&mut self.waiting())
    }

    fn add(&self, beat: Beat) {
        add(&mut self.waiting(), beat);
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Beat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds one behind the others, and makes room.
pub fn add(beats: &mut VecDeque<Beat>, beat: Beat) {
    if beats.len() >= MOST {
        let mut keep = false;
        beats.retain(|_| {
            keep = !keep;
            keep
        });
    }
    beats.push_back(beat);
}

/// Hears until the replica ends.
pub async fn hear(client: Client, trust: Trust, core: Arc<Core>, beats: Arc<Beats>, inputs: Inputs) {
    loop {
        match client.subscribe(Heartbeat::SUBJECT).await {
            Ok(mut messages) => {
                while let Some(message) = messages.next().await {
                    match trust.hear(&message.payload) {
                        Ok(heartbeat) => {
                            let beat = Beat::of(&heartbeat);
                            if core.progress.hear(beat) {
                                beats.add(beat);
                                // Full, or gone: there is work that comes to them by itself, or nobody to do it.
                                drop(inputs.try_send(Input::Beats));
                            }
                        }
                        Err(why) => core.progress.mistrust(why.to_string()),
                    }
                }
            }
            Err(error) => core.progress.mistrust(format!("cannot subscribe to `{}`: {error}", Heartbeat::SUBJECT)),
        }
        tokio::time::sleep(RETRY.0).await;
    }
}

#[cfg(test)]
mod tests {
    use tenure_events::{FeedState, Hash, Time};

    use super::*;

    #[test]
    fn the_newest_stays() {
        let beats = Beats::default();
        for position in 1..=10_000 {
            let (hash, time, feed) = (Hash::default(), Time::MIN, FeedState::Publishing);
            beats.add(Beat { epoch: 0, position, hash, time, feed, received: None });
        }
        let kept = beats.take();
        assert!(kept.len() <= MOST && kept.len() > MOST / 4, "{}", kept.len());
        assert_eq!(kept.back().map(|beat| beat.position), Some(10_000));
        assert!(kept.iter().is_sorted_by_key(|beat| beat.position));
        assert!(beats.take().is_empty());
    }
}
