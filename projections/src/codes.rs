//! The values of edges as few bits, see [`Small`].

use tenure_events::data::Level;

use crate::store::Small;
use crate::values::{FilterNo, FormNo, ResourceNo, Share, Window};

impl Small for Option<FormNo> {
    fn code(&self) -> Option<u32> {
        self.map_or(Some(0), |form| form.row().checked_add(1))
    }

    fn from_code(code: u32) -> Option<Self> {
        Some(code.checked_sub(1).map(FormNo::of))
    }
}

/// Those without bounds; what has any is kept whole.
impl Small for Option<Window> {
    fn code(&self) -> Option<u32> {
        match self {
            None => Some(0),
            Some(window) => (*window == Window::ALWAYS).then_some(1),
        }
    }

    fn from_code(code: u32) -> Option<Self> {
        Some((code == 1).then_some(Window::ALWAYS))
    }
}

/// Those without bounds; what has any is kept whole.
impl Small for Option<Share> {
    fn code(&self) -> Option<u32> {
        let Some(Share { level, copy, window }) = *self else { return Some(0) };
        let level = match level {
            Level::View => 1,
            Level::Use => 2,
            Level::Edit => 3,
            Level::Manage => 4,
        };
        (window == Window::ALWAYS).then_some(level << 1 | u32::from(copy))
    }

    fn from_code(code: u32) -> Option<Self> {
        let level = match code >> 1 {
            0 => return Some(None),
            1 => Level::View,
            2 => Level::Use,
            3 => Level::Edit,
            4 => Level::Manage,
            5.. => return None,
        };
        Some(Some(Share { level, copy: code & 1 == 1, window: Window::ALWAYS }))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use tenure_events::Time;

    use super::*;

    fn check<V: Small + PartialEq + Debug>(value: V, small: bool) {
        assert_eq!(value.code().is_some(), small, "{value:?}");
        assert_eq!(value.code().and_then(V::from_code), small.then_some(value));
    }

    #[test]
    fn a_code_is_of_one_value() {
        let bounded = Window::new(None, Some(Time::from_micros(1)));
        for form in [None, Some(FormNo::of(0)), Some(FormNo::of(1)), Some(FormNo::of(u32::MAX - 2))] {
            check(form, true);
        }
        check(None::<Window>, true);
        check(Some(Window::ALWAYS), true);
        check(Some(bounded), false);
        check(None::<Share>, true);
        for level in [Level::View, Level::Use, Level::Edit, Level::Manage] {
            for copy in [false, true] {
                check(Some(Share { level, copy, window: Window::ALWAYS }), true);
                check(Some(Share { level, copy, window: bounded }), false);
            }
        }
    }
}

/// The first eight million; what comes after is kept whole.
impl Small for ResourceNo {
    fn code(&self) -> Option<u32> {
        Some(self.0)
    }

    fn from_code(code: u32) -> Option<Self> {
        Some(Self(code))
    }
}

/// The first eight million; what comes after is kept whole.
impl Small for Option<FilterNo> {
    fn code(&self) -> Option<u32> {
        self.map_or(Some(0), |filter| filter.0.checked_add(1))
    }

    fn from_code(code: u32) -> Option<Self> {
        Some(code.checked_sub(1).map(FilterNo))
    }
}
