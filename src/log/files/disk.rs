//! Making files outlast a power cut.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

/// Puts a file in place whole or not at all, over what was there, and durably.
///
/// # Errors
/// Any step failed; what was there before still is, unless only making the new name durable failed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    place(path, |file| file.write_all(bytes))
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

fn place(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let temporary = folder_of(path).join("new.tmp");
    let mut file = File::create(&temporary)?;
    write(&mut file)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_name(path)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
