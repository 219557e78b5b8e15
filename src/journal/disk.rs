//! What the disk is asked for beside the journal: files that are there whole or not at all, and
//! directories that a power cut does not take away again.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file so that it is there whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        rename(&temporary, path)
    })();
    if written.is_err() {
        // The first error is the one to tell; a leftover is found by its name.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Gives a file its name. A signal may interrupt that on the file systems of other machines and of
/// programs, and unlike other calls the standard library does not ask again.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    loop {
        match fs::rename(from, to) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            renamed => return renamed,
        }
    }
}

/// Makes a directory and those above it, and brings their names to the disk.
pub(super) fn make_dir(dir: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|above| is_missing(above)).collect();
    fs::create_dir_all(dir)?;
    // From the top: a directory is found after a power cut only if those above it are.
    missing.into_iter().rev().filter_map(Path::parent).try_for_each(sync_dir)
}

fn is_missing(dir: &Path) -> bool {
    !dir.as_os_str().is_empty() && !dir.exists()
}

/// Brings the names of a directory's files to the disk: syncing a file says nothing of its name.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(windows) {
        // Directories cannot be opened there, and NTFS keeps a journal of names itself.
        return Ok(());
    }
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    match File::open(dir)?.sync_all() {
        // Some file systems, such as those of other machines, have no such thing.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        synced => synced,
    }
}
