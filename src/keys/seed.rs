//! A secret of a node that is a file of its own: readable by its owner alone, and in no backup.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use crate::private;

/// How a file with the seed of an Ed25519 key is written.
pub(super) struct SeedFile {
    /// What it begins with, so that it is known for what it is wherever it turns up.
    pub prefix: &'static str,
    /// What is said of a file that holds something else.
    pub other: &'static str,
}

impl SeedFile {
    /// A new key.
    pub fn generate() -> Result<SigningKey, getrandom::Error> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice())?;
        Ok(SigningKey::from_bytes(&seed))
    }

    /// The key in a file, which is made if it is not there.
    pub fn in_file(&self, path: &Path) -> io::Result<SigningKey> {
        match self.kept(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            kept => return kept,
        }
        let key = Self::generate().map_err(io::Error::other)?;
        match self.write(path, &key, |new| fs::hard_link(new, path)) {
            // Another process was first.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.kept(path),
            written => written.map(|()| key),
        }
    }

    /// The key in a file that is there.
    pub fn kept(&self, path: &Path) -> io::Result<SigningKey> {
        let bytes = Zeroizing::new(fs::read(path)?);
        let key = std::str::from_utf8(&bytes).ok().and_then(|text| self.read(text));
        key.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, self.other))
    }

    /// The key in a text; none if the text is not as it was written: any 32 bytes are some key, so the public half stands
    /// beside the secret one.
    fn read(&self, text: &str) -> Option<SigningKey> {
        let text = text.strip_prefix(self.prefix)?.strip_suffix('\n')?;
        // At first the public half was not written.
        let (seed, public) = text.split_once('.').map_or((text, None), |(seed, public)| (seed, Some(public)));
        let seed = Zeroizing::new(URL_SAFE_NO_PAD.decode(seed).ok()?);
        let seed = Zeroizing::new(<[u8; 32]>::try_from(seed.as_slice()).ok()?);
        let key = SigningKey::from_bytes(&seed);
        public.is_none_or(|public| public == public_half(&key)).then_some(key)
    }

    /// Whether a start can use the file: there is a key in it, or it is not there and would be made. Changes nothing.
    pub fn look(&self, path: &Path) -> io::Result<()> {
        match self.kept(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Puts a key in the place of the one in a file, durably.
    pub fn replace(&self, path: &Path, key: &SigningKey) -> io::Result<()> {
        self.write(path, key, |new| fs::rename(new, path))
    }

    /// Writes a key, durably, to a file beside the path, which is then put in its place.
    fn write(&self, path: &Path, key: &SigningKey, place: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let new = Path::new(&name);
        let seed = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.as_bytes()));
        let text = Zeroizing::new(format!("{}{}.{}\n", self.prefix, *seed, public_half(key)));
        let written = || {
            let mut file = private::create(new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            place(new)
        };
        let written = written();
        // After a renaming there is nothing to remove.
        drop(fs::remove_file(new));
        written?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// The public half.
fn public_half(key: &SigningKey) -> String {
    URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes())
}
