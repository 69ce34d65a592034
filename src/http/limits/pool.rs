//! The pool for long questions: so many at work at once, of one caller never all of them, and turns over orgs and users for
//! who waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenure_projections::values::{OrgNo, UserNo};
use tokio::sync::oneshot;

use crate::node::Turns;

/// The pool.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    open: Mutex<Open>,
    /// How many of one org may be at work.
    own: usize,
}

struct Open {
    free: usize,
    working: HashMap<OrgNo, usize>,
    waiting: Turns<oneshot::Sender<Turn>>,
}

/// Leave to work, given back when it is dropped.
pub struct Turn {
    pool: Pool,
    org: OrgNo,
}

/// How many questions of one user may wait.
const WAITING: usize = 256;

impl Pool {
    /// With room for so many at once; one place is always left for others.
    pub fn new(places: usize) -> Self {
        let places = places.max(2);
        let own = places - (places / 4).max(1);
        let open = Open { free: places, working: HashMap::new(), waiting: Turns::default() };
        Self(Arc::new(Shared { open: Mutex::new(open), own }))
    }

    /// Waits for a turn; none where too many of the caller's questions wait already.
    pub async fn turn(&self, org: OrgNo, user: UserNo) -> Option<Turn> {
        let (given, turn) = oneshot::channel();
        {
            let mut open = self.lock();
            if open.waiting.waiting(org, user) >= WAITING {
                return None;
            }
            open.waiting.push(org, user, given);
        }
        self.give();
        turn.await.ok()
    }

    /// Gives turns as long as there are some to give and somebody who may have one.
    fn give(&self) {
        loop {
            let mut open = self.lock();
            let Open { free, working, waiting } = &mut *open;
            if *free == 0 {
                return;
            }
            let may = |org: OrgNo, _: UserNo| working.get(&org).copied().unwrap_or_default() < self.0.own;
            let Some((org, _, next)) = waiting.pop_if(may) else { return };
            // Whoever waits no more needs none.
            if next.is_closed() {
                continue;
            }
            *free -= 1;
            *working.entry(org).or_default() += 1;
            drop(open);
            // Who went away just now gives it back at once, by dropping it.
            drop(next.send(Turn { pool: self.clone(), org }));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut open = self.pool.lock();
        open.free += 1;
        if let Some(working) = open.working.get_mut(&self.org) {
            *working -= 1;
            if *working == 0 {
                open.working.remove(&self.org);
            }
        }
        drop(open);
        self.pool.give();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn one_org_never_has_all_places_and_turns_go_round() {
        let org = |number: u32| serde_json::from_value::<OrgNo>(number.into()).unwrap();
        let user = |number: u32| serde_json::from_value::<UserNo>(number.into()).unwrap();
        let ((a, b), (a1, a2, b1, b2)) = ((org(1), org(2)), (user(1), user(2), user(3), user(4)));
        let pool = Pool::new(2);
        let mut waiting: Vec<_> = [(a, a1), (a, a1), (a, a2), (b, b1), (b, b2)]
            .map(|(org, user)| {
                let pool = pool.clone();
                Box::pin(async move { pool.turn(org, user).await })
            })
            .into();
        let mut ready = |at: usize| waiting[at].as_mut().now_or_never().flatten();
        let first = ready(0).expect("free");
        // The second place is not for the same org.
        assert!(ready(1).is_none() && ready(2).is_none());
        let other = ready(3).expect("for others");
        assert!(ready(4).is_none());
        drop(first);
        // Each user of the org has a turn before one has two.
        let second = ready(1).or_else(|| ready(2)).expect("the next of the org");
        drop(second);
        drop(other);
        assert!(ready(4).is_some());
    }
}
