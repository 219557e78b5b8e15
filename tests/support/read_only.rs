//! Directories in which nothing can be written, whoever runs the tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A directory that is read-only until this is dropped.
pub struct ReadOnly {
    dir: PathBuf,
    mounted: bool,
}

impl ReadOnly {
    /// Permissions do not bind root, so for root the directory is mounted over itself. None, and a
    /// word on standard error, where this user can do neither.
    pub fn of(dir: &Path) -> Option<ReadOnly> {
        let mount = |args: &[&str]| {
            let mut mount = Command::new("mount");
            mount.args(args).arg(dir).stderr(Stdio::null());
            mount.status().is_ok_and(|status| status.success())
        };
        let dir_text = dir.to_str().unwrap();
        let mounted = mount(&["--bind", dir_text]);
        let read_only = ReadOnly { dir: dir.to_owned(), mounted };
        if mounted {
            mount(&["-o", "remount,bind,ro"]);
        } else {
            permit(dir, "a-w");
        }
        let refused = fs::write(dir.join("probe"), "").is_err();
        if !refused {
            let _ = fs::remove_file(dir.join("probe"));
            eprintln!(
                "NOT TESTED: read-only directories, since root may write everywhere and may not \
                 mount here: run as another user, or with CAP_SYS_ADMIN"
            );
        }
        refused.then_some(read_only)
    }
}

fn permit(dir: &Path, mode: &str) {
    let _ = Command::new("chmod").args(["-R", mode]).arg(dir).status();
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        if self.mounted {
            let _ = Command::new("umount").arg("-l").arg(&self.dir).status();
        } else {
            permit(&self.dir, "u+w");
        }
    }
}
