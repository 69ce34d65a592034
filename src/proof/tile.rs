//! Where a tile is: the paths of C2SP tlog-tiles.

use std::str::FromStr;

use super::edge::{LEVELS, WIDTH};

/// A tile: up to 256 hashes that stand beside each other.
///
/// ```
/// use tenure::proof::Tile;
///
/// let tile: Tile = "0/x001/234.p/5".parse().unwrap();
/// assert_eq!((tile.level, tile.number, tile.width), (0, 1234, 5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// 0 for the leaves.
    pub level: usize,
    /// Which one of its level, from 0.
    pub number: u64,
    /// How many hashes of it are asked for: 256, or fewer of the last one.
    pub width: usize,
}

/// A path that is none of a tile of hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no path of a tile, such as `0/x001/234` or `0/x001/234.p/5`")]
pub struct InvalidTile;

impl FromStr for Tile {
    type Err = InvalidTile;

    fn from_str(path: &str) -> Result<Self, InvalidTile> {
        let parse = || {
            let (level, rest) = path.split_once('/')?;
            let (number, width) = match rest.split_once(".p/") {
                Some((number, width)) => (number, count(width).filter(|width| (1..WIDTH as u64).contains(width))?),
                None => (rest, WIDTH as u64),
            };
            let level = count(level).and_then(|level| usize::try_from(level).ok()).filter(|level| *level < LEVELS)?;
            Some(Self { level, number: numbered(number)?, width: usize::try_from(width).ok()? })
        };
        parse().ok_or(InvalidTile)
    }
}

/// A number without zeros before it.
fn count(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// `x001/x234/067`: three digits each, all but the last behind an `x`, and no more of them than are needed.
fn numbered(text: &str) -> Option<u64> {
    let mut number: u64 = 0;
    let mut parts = text.split('/').peekable();
    let mut first = true;
    while let Some(part) = parts.next() {
        let digits = if parts.peek().is_some() { part.strip_prefix('x')? } else { part };
        let is_three = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let value: u64 = digits.parse().ok().filter(|_| is_three)?;
        if first && value == 0 && parts.peek().is_some() {
            return None;
        }
        first = false;
        number = number.checked_mul(1_000)?.checked_add(value)?;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_tiles() {
        let check = |path: &str, want: Option<(usize, u64, usize)>| {
            let tile = path.parse::<Tile>().ok().map(|tile| (tile.level, tile.number, tile.width));
            assert_eq!(tile, want, "{path}");
        };
        check("0/000", Some((0, 0, 256)));
        check("2/999.p/255", Some((2, 999, 255)));
        check("4/x001/x234/067", Some((4, 1_234_067, 256)));
        check("0/x018/x446/x744/x073/x709/x551/615", Some((0, u64::MAX, 256)));
        for other in [
            "",
            "/",
            "0",
            "0/",
            "0/0",
            "0/00",
            "0/0000",
            "0/x000/001",
            "0/001/002",
            "0/x001",
            "5/000",
            "200/000",
            "-1/000",
            "00/000",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/01",
            "0/000.p/",
            "0/+01",
            "entries/000",
            "data/000",
            "0/000/",
            "0/x018/x446/x744/x073/x709/x551/616",
            "0/x99é/000",
        ] {
            check(other, None);
        }
    }
}
