//! Where the cache lives: a directory of the user's own, on a disk of this machine.
//!
//! `SQLite` in WAL mode shares memory between processes through a mapped file. Over a network that
//! memory is not shared, and the database is corrupted sooner or later; so network file systems
//! are refused before anything is written to them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::StoreError;

/// Environment variable that names another directory.
pub const VARIABLE: &str = "OVERCLAIM_CACHE_DIR";

/// The cache's directory: what the environment names, or the user's directory for caches
/// (`~/.cache/overclaim`, `~/Library/Caches/overclaim`, `%LOCALAPPDATA%\overclaim`).
///
/// # Errors
/// Nothing is named, and the user has no home.
pub fn directory() -> Result<PathBuf, StoreError> {
    use etcetera::BaseStrategy;
    if let Some(named) = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let strategy = etcetera::base_strategy::choose_native_strategy();
    Ok(strategy.map_err(|_| StoreError::Homeless)?.cache_dir().join("overclaim"))
}

/// Makes the directory, for this user alone, and refuses a network file system.
pub(super) fn prepare(dir: &Path) -> Result<(), StoreError> {
    let unusable = |error: io::Error| StoreError::Directory { dir: dir.to_owned(), error };
    // Asked of the nearest directory that is there, so that nothing is left on a refused disk.
    let mut there = std::path::absolute(dir).map_err(unusable)?;
    while !there.exists() && there.pop() {}
    let there = there.canonicalize().map_err(unusable)?;
    if let Some(kind) = network_file_system(&there) {
        return Err(StoreError::Network { dir: dir.to_owned(), kind });
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(dir).map_err(unusable)
}

#[cfg(target_os = "linux")]
fn network_file_system(path: &Path) -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let kind = kind_of_mount(&mounts, path)?;
    is_network(&kind).then_some(kind)
}

#[cfg(windows)]
fn network_file_system(path: &Path) -> Option<String> {
    use std::path::{Component, Prefix};
    match path.components().next()? {
        Component::Prefix(prefix) => match prefix.kind() {
            Prefix::UNC(..) | Prefix::VerbatimUNC(..) => Some("a network share".into()),
            _ => None,
        },
        _ => None,
    }
}

/// Other systems do not tell without unsafe code; there the documentation warns.
#[cfg(not(any(target_os = "linux", windows)))]
fn network_file_system(_: &Path) -> Option<String> {
    None
}

/// The kind of file system that holds a path, from `/proc/self/mountinfo` (proc(5)): the last of
/// the mounts on the longest mount point above it.
#[cfg(any(target_os = "linux", test))]
fn kind_of_mount(mounts: &str, path: &Path) -> Option<String> {
    let mount = |line: &str| {
        // 36 35 98:0 /root /point rw,noatime shared:1 - ext4 /dev/sda rw
        let (before, after) = line.split_once(" - ")?;
        let point = PathBuf::from(unescaped(before.split(' ').nth(4)?));
        let kind = after.split(' ').next()?.to_owned();
        path.starts_with(&point).then(|| (point.components().count(), kind))
    };
    // The last of equal maxima wins, as the mount made last hides those below it.
    mounts.lines().filter_map(mount).max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind)
}

/// Blanks, tabs, line ends and backslashes are written as three octal digits.
#[cfg(any(target_os = "linux", test))]
fn unescaped(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (code, character)| text.replace(code, character))
}

#[cfg(any(target_os = "linux", test))]
fn is_network(kind: &str) -> bool {
    const NETWORK: [&str; 24] = [
        "9p",
        "afs",
        "acfs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "fuse.ceph",
        "fuse.glusterfs",
        "fuse.juicefs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.gcsfuse",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "pvfs2",
        "smb3",
        "smbfs",
        "vboxsf",
    ];
    NETWORK.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:27 / /home rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2
31 21 0:28 / /mnt/two\\040words rw - fuse.sshfs me@host: rw
32 30 8:2 / /home/me/local rw - xfs /dev/sdb1 rw
33 21 0:29 / /data rw - ext4 /dev/sdc1 rw
34 33 0:30 / /data rw - cifs //server/data rw
";

    #[test]
    fn the_nearest_mount_decides() {
        for (path, kind) in [
            ("/var/cache", "ext4"),
            ("/home", "nfs4"),
            ("/home/me/.cache/overclaim", "nfs4"),
            ("/home/me/local/cache", "xfs"),
            ("/homestead", "ext4"),
            ("/mnt/two words/x", "fuse.sshfs"),
            ("/data/x", "cifs"),
        ] {
            assert_eq!(kind_of_mount(MOUNTS, Path::new(path)).as_deref(), Some(kind), "{path}");
        }
        assert_eq!(kind_of_mount("", Path::new("/x")), None);
    }

    #[test]
    fn disks_of_this_machine_are_told_from_the_network() {
        for kind in ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "lustre"] {
            assert!(is_network(kind), "{kind}");
        }
        for kind in ["ext4", "xfs", "btrfs", "zfs", "overlay", "tmpfs", "apfs", "fuseblk"] {
            assert!(!is_network(kind), "{kind}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_directory_is_the_users_alone() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("a/b");
        prepare(&dir).unwrap();
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        prepare(&dir).unwrap();
    }
}
