//! Seals: proof that the files of a database are as they were left.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::log::{sync_name, write_atomically};
use crate::private;

/// What a seal's name has behind that of its database.
pub const SUFFIX: &str = ".seal";

/// Makes the files of a database durable and private, sled itself does neither, and seals them.
pub fn seal(database: &Path) -> io::Result<()> {
    let files = files(database)?;
    private::restrict(database)?;
    for (file, _) in &files {
        File::open(file)?.sync_all()?;
        sync_name(file)?;
    }
    sync_name(database)?;
    write_atomically(&path(database), list(database, &files)?.as_bytes())
}

/// Whether the files of a database are as they were sealed.
pub fn is_intact(database: &Path) -> io::Result<bool> {
    let sealed = fs::read(path(database))?;
    match files(database).and_then(|files| list(database, &files)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        found => Ok(found?.as_bytes() == sealed),
    }
}

/// Copies a database and its seal to a place where nothing is. What is missing is left out: the seal tells.
pub fn copy(database: &Path, to: &Path) -> io::Result<()> {
    private::copy(&path(database), &path(to))?;
    if !database.is_dir() {
        return Ok(());
    }
    private::create_folders(to)?;
    for (file, _) in files(database)? {
        let copy = to.join(file.strip_prefix(database).unwrap_or(&file));
        if let Some(folder) = copy.parent() {
            private::create_folders(folder)?;
        }
        private::copy(&file, &copy)?;
    }
    Ok(())
}

fn path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(SUFFIX);
    path.into()
}

/// A line for each file: checksum, length, name. The last line is its own checksum.
fn list(database: &Path, files: &[(PathBuf, u64)]) -> io::Result<String> {
    let mut lines = String::new();
    for (file, length) in files {
        let name = file.strip_prefix(database).unwrap_or(file).display();
        lines += &format!("{:08x} {length} {name}\n", checksum(file)?);
    }
    Ok(format!("{lines}{:08x}\n", crc32c::crc32c(lines.as_bytes())))
}

/// The files below a folder and their lengths, in the order of their names.
fn files(folder: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            match entry.metadata()? {
                metadata if metadata.is_dir() => folders.push(entry.path()),
                metadata => files.push((entry.path(), metadata.len())),
            }
        }
    }
    files.sort();
    Ok(files)
}

fn checksum(file: &Path) -> io::Result<u32> {
    let mut file = File::open(file)?;
    let mut buffer = vec![0; 1 << 20];
    let mut checksum = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(checksum),
            read => checksum = crc32c::crc32c_append(checksum, buffer.get(..read).unwrap_or_default()),
        }
    }
}
