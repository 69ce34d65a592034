//! What whoever keeps a state needs beside views: when commands were recorded, and who was erased.

use tenure_events::{Position, Time};

use crate::state::State;
use crate::values::UserStatus;

impl State {
    // Commands are recorded in order, each later than the one before: positions and times increase together.

    /// The end of the command that an event belongs to, and when that was recorded; none beyond what is installed.
    #[must_use]
    pub fn command_of(&self, position: Position) -> Option<(Position, Time)> {
        let at = self.partition(|(end, _)| *end < position);
        self.times.get(at).copied()
    }

    /// The end of the last command recorded at or before a time, and when that was; none before the first.
    #[must_use]
    pub fn command_before(&self, time: Time) -> Option<(Position, Time)> {
        let after = self.partition(|(_, recorded)| *recorded <= time);
        self.times.get(after.checked_sub(1)?).copied()
    }

    /// The ends of all commands up to a position and when they were recorded, in order.
    pub fn commands(&self, until: Position) -> impl Iterator<Item = (Position, Time)> {
        self.times.iter().map(|(_, command)| *command).take_while(move |(end, _)| *end <= until)
    }

    /// The users that were erased, up to what is durable.
    pub fn erased_users(&self) -> impl Iterator<Item = &str> {
        let erased = move |row: &u32| {
            self.user.get(*row, self.durable()).is_some_and(|user| user.value.status == UserStatus::Erased)
        };
        self.user.rows().filter(erased).filter_map(|row| self.users.text(row))
    }

    /// Everybody who was not erased.
    pub fn unerased_users(&self) -> impl Iterator<Item = &str> {
        let unerased = move |row: &u32| {
            self.user.get(*row, self.durable()).is_some_and(|user| user.value.status != UserStatus::Erased)
        };
        self.user.rows().filter(unerased).filter_map(|row| self.users.text(row))
    }

    /// Everybody who was not erased and of whom a name or an address is sealed: each has a key, if none was lost.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        let sealed = move |row: &u32| {
            let profile = self.profile.get(*row, self.durable());
            profile.is_some_and(|profile| profile.value.name.is_some() || profile.value.email.is_some())
        };
        let erased = move |row: &u32| {
            self.user.get(*row, self.durable()).is_some_and(|user| user.value.status == UserStatus::Erased)
        };
        let people = self.user.rows().filter(move |row| sealed(row) && !erased(row));
        people.filter_map(|row| self.users.text(row))
    }

    /// How many commands satisfy the condition, which the first ones do and the rest do not.
    fn partition(&self, condition: impl Fn(&(Position, Time)) -> bool) -> usize {
        let (mut low, mut high) = (0, self.times.count());
        while low < high {
            let middle = low.midpoint(high);
            if self.times.get(middle).is_some_and(&condition) { low = middle + 1 } else { high = middle }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_times() {
        let state = State::new();
        let ends = [(3, 10), (4, 20), (9, 21)].map(|(end, time)| (end, Time::from_micros(time)));
        ends.into_iter().for_each(|end| _ = state.times.push(end));
        let end = |found: Option<(Position, Time)>| found.map_or(0, |(end, _)| end);
        let of = |position| end(state.command_of(position));
        assert_eq!([0, 1, 3, 4, 5, 9, 10].map(of), [3, 3, 3, 4, 9, 9, 0]);
        let before = |time| end(state.command_before(Time::from_micros(time)));
        assert_eq!([9, 10, 11, 19, 20, 21, 1_000].map(before), [0, 3, 3, 3, 4, 9, 9]);
        assert_eq!(state.commands(8).count(), 2);
    }
}
