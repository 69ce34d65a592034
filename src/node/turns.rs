//! Whose turn it is: what waits goes in turns over orgs, and within each over its users. However much one of them sends,
//! another waits for one turn of each.

use std::collections::{HashMap, VecDeque};

use tenure_projections::values::{OrgNo, UserNo};

/// Things that wait, each for a user of an org.
#[derive(Debug)]
pub struct Turns<T> {
    orgs: VecDeque<(OrgNo, Lane<T>)>,
    /// How many wait for a user.
    waiting: HashMap<(OrgNo, UserNo), usize>,
    length: usize,
}

/// What waits for the users of one org. No user is there twice, and none with nothing.
type Lane<T> = VecDeque<(UserNo, VecDeque<T>)>;

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self { orgs: VecDeque::new(), waiting: HashMap::new(), length: 0 }
    }
}

impl<T> Turns<T> {
    /// How many wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many wait for one user.
    #[must_use]
    pub fn waiting(&self, org: OrgNo, user: UserNo) -> usize {
        self.waiting.get(&(org, user)).copied().unwrap_or_default()
    }

    /// One more waits, behind what waits for the same user.
    pub fn push(&mut self, org: OrgNo, user: UserNo, item: T) {
        self.length += 1;
        *self.waiting.entry((org, user)).or_default() += 1;
        let lane = match self.orgs.iter_mut().position(|(of, _)| *of == org) {
            Some(at) => self.orgs.get_mut(at),
            None => {
                self.orgs.push_back((org, Lane::new()));
                self.orgs.back_mut()
            }
        };
        let Some((_, lane)) = lane else { return };
        match lane.iter_mut().find(|(of, _)| *of == user) {
            Some((_, queue)) => queue.push_back(item),
            None => lane.push_back((user, VecDeque::from([item]))),
        }
    }

    /// Whose turn is next.
    pub fn pop(&mut self) -> Option<T> {
        self.pop_if(|_, _| true).map(|(.., item)| item)
    }

    /// Whose turn is next among those who may have one.
    pub fn pop_if(&mut self, may: impl Fn(OrgNo, UserNo) -> bool) -> Option<(OrgNo, UserNo, T)> {
        for _ in 0..self.orgs.len() {
            let (org, mut lane) = self.orgs.pop_front()?;
            let found = next(&mut lane, |user| may(org, user));
            if !lane.is_empty() {
                self.orgs.push_back((org, lane));
            }
            if let Some((user, item)) = found {
                self.length -= 1;
                if let Some(waiting) = self.waiting.get_mut(&(org, user)) {
                    *waiting -= 1;
                    if *waiting == 0 {
                        self.waiting.remove(&(org, user));
                    }
                }
                return Some((org, user, item));
            }
        }
        None
    }
}

fn next<T>(lane: &mut Lane<T>, may: impl Fn(UserNo) -> bool) -> Option<(UserNo, T)> {
    for _ in 0..lane.len() {
        let (user, mut queue) = lane.pop_front()?;
        let found = if may(user) { queue.pop_front() } else { None };
        if !queue.is_empty() {
            lane.push_back((user, queue));
        }
        if let Some(item) = found {
            return Some((user, item));
        }
    }
    None
}
