//! Makes files and folders that only their owner may read, whatever the umask of the process is.
//!
//! Everything that this program writes goes through here: the log names who belongs where, the keys make names readable, and
//! others who have an account on the same machine have no business with either. `tests/modules.rs` refuses other ways to make
//! a file. What was there before with wider permissions is left as it is, since somebody may have wanted it so, and is told.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// What the owner may do with a file.
const FILE: u32 = 0o600;

/// What the owner may do with a folder.
const FOLDER: u32 = 0o700;

/// What group and others might do.
const OTHERS: u32 = 0o077;

/// Makes an empty file, or empties the one that is there, to write to it.
///
/// # Errors
/// It cannot be made.
pub fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE).open(path)?;
    file.set_permissions(Permissions::from_mode(FILE))?;
    Ok(file)
}

/// Makes a file where there is none, to read and to write.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`], or it cannot be made.
pub fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(FILE).open(path)
}

/// Opens a file to read, and to write over what it holds, and makes it where there is none.
///
/// # Errors
/// It cannot be opened or made.
pub fn create_or_open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE).open(path)
}

/// Makes a folder and those above it that are not there.
///
/// # Errors
/// One of them cannot be made.
pub fn create_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)
}

/// Copies the content of a file to where there is none.
///
/// # Errors
/// One cannot be read or the other not made.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    io::copy(&mut File::open(from)?, &mut create_new(to)?).map(drop)
}

/// Takes a folder that a library made, and all that is in it, from all but their owner.
///
/// # Errors
/// Something is not there or not ours.
pub fn restrict(folder: &Path) -> io::Result<()> {
    wider(folder).iter().try_for_each(|path| {
        let mode = if path.is_dir() { FOLDER } else { FILE };
        fs::set_permissions(path, Permissions::from_mode(mode))
    })
}

/// A warning where others may read or change a folder or anything in it; the text says what to do.
#[must_use]
pub fn warning(folder: &Path) -> Option<String> {
    let wider = wider(folder);
    let first = wider.first()?;
    Some(format!(
        "others on this machine may read or change {} of the files and folders in `{folder}`, `{first}` first: unless that is \
         meant, take it from them with `chmod -R go= {folder}`",
        wider.len(),
        folder = folder.display(),
        first = first.display()
    ))
}

/// The folder, and what is in it, that is not the owner's alone. What cannot be looked at is left out; links are not followed.
fn wider(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(path) = left.pop() {
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            left.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        }
        if !metadata.is_symlink() && metadata.permissions().mode() & OTHERS != 0 {
            found.push(path);
        }
    }
    found.sort();
    found
}
