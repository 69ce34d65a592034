//! Making files outlast a power cut.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use crate::private;

/// Puts a file in place whole or not at all, over what was there, and durably.
///
/// # Errors
/// Any step failed; what was there before still is, unless only making the new name durable failed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    place(path, |file| file.write_all(bytes))
}

/// Whether an error says that the disk, a quota or the largest allowed file is full.
#[must_use]
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// Makes the name of a file or folder durable where it is listed.
///
/// # Errors
/// The folder above cannot be opened or synced.
pub fn sync_name(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Writes the first `length` bytes of a file anew, and durably.
///
/// A sync that failed may have left pages in memory that the system takes for written. So the bytes go through this
/// process: `fs::copy` and `io::copy` may have the file system share the old blocks instead.
pub(super) fn rewrite(path: &Path, length: u64) -> io::Result<()> {
    let mut old = File::open(path)?.take(length);
    let mut buffer = vec![0; 1024 * 1024];
    place(path, |new| {
        loop {
            let count = old.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            new.write_all(buffer.get(..count).unwrap_or_default())?;
        }
        if old.limit() == 0 { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    })
}

/// Copies the end of a file, from a byte on, into a new file, durably.
pub(super) fn copy_end(path: &Path, from: u64, to: &Path) -> io::Result<()> {
    let mut old = File::open(path)?;
    old.seek(SeekFrom::Start(from))?;
    let mut new = private::create_new(to)?;
    let copied = io::copy(&mut old, &mut new).and_then(|_| new.sync_all());
    if copied.is_err() {
        drop(fs::remove_file(to));
    }
    copied?;
    sync_name(to)
}

fn place(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let temporary = folder_of(path).join("new.tmp");
    let mut file = private::create(&temporary)?;
    let placed = write(&mut file).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&temporary, path));
    if placed.is_err() {
        // What is half written helps nobody, and a disk may be full of it.
        drop(fs::remove_file(&temporary));
    }
    placed?;
    sync_name(path)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
