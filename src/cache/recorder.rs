//! Recording: what was asked and answered, on its way into a cassette.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::cassette::{CassetteError, Line, read};
use super::lock;
use super::store::{Store, StoreError, Wanted};
use crate::ask::{Ask, Digest, Exchange, Posed, Reply, Request};

/// Records what an asker fetches. Every exchange is written as it comes, and
/// [`Recorder::finish`] sorts the file; so a killed recording keeps what it has.
pub struct Recorder {
    inner: Arc<dyn Ask>,
    tape: Arc<Tape>,
}

/// The file that several recorders of one run may share.
struct Tape {
    path: PathBuf,
    /// The first error of writing, after which nothing is written any more: what it tore off must stay
    /// last. Held while a line is written, so that lines stay whole.
    error: Mutex<Option<io::Error>>,
}

impl Recorder {
    /// Records what `inner` fetches into a cassette. Exchanges that are there already stay, and
    /// those asked again are replaced.
    ///
    /// # Errors
    /// The file holds something else, or cannot be written.
    pub fn create(inner: Arc<dyn Ask>, path: &Path) -> Result<Recorder, CassetteError> {
        let unwritable = |error| CassetteError::Unwritable { path: path.to_owned(), error };
        if path.exists() {
            read(path)?;
            drop_torn_end(path).map_err(unwritable)?;
        } else if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(unwritable)?;
        }
        append(path, b"").map_err(unwritable)?;
        let tape = Tape { path: path.to_owned(), error: Mutex::new(None) };
        Ok(Recorder { inner, tape: Arc::new(tape) })
    }

    /// Another recorder onto the same cassette.
    #[must_use]
    pub fn also(&self, inner: Arc<dyn Ask>) -> Recorder {
        Recorder { inner, tape: Arc::clone(&self.tape) }
    }

    /// Sorts the file by digest.
    ///
    /// # Errors
    /// Something could not be written, now or while recording.
    pub fn finish(&self) -> Result<usize, CassetteError> {
        let path = &self.tape.path;
        let unwritable = |error| CassetteError::Unwritable { path: path.clone(), error };
        if let Some(error) = lock(&self.tape.error).take() {
            return Err(unwritable(error));
        }
        let lines: BTreeMap<Digest, Line> = read(path)?.into_iter().collect();
        let mut text = Vec::new();
        for line in lines.values() {
            serde_json::to_writer(&mut text, line).map_err(|error| unwritable(error.into()))?;
            text.push(b'\n');
        }
        replace(path, &text).map_err(unwritable)?;
        Ok(lines.len())
    }
}

/// What a killed recording left after the last whole line would spoil the line that follows.
fn drop_torn_end(path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    if whole < bytes.len() {
        OpenOptions::new().write(true).open(path)?.set_len(whole as u64)?;
    }
    Ok(())
}

/// Puts another text into a file's place, which then is on the disk.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let whole = path.with_extension("sorting");
    let replaced = (|| {
        let mut file = File::create(&whole)?;
        file.write_all(text)?;
        file.sync_data()?;
        rename(&whole, path)
    })();
    if replaced.is_err() {
        // The recording is there as it came; the first error is the one to tell.
        let _ = fs::remove_file(&whole);
    }
    replaced
}

/// Appends to the file of that name, which sorting replaces by another: no handle is kept.
fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(bytes)
}

impl Tape {
    fn write(&self, request: &Request, reply: &Reply) {
        let request = Request { target: request.target.portable().into(), ..request.clone() };
        let line = Line::new(request, reply.times, None, reply.raw.to_string());
        let text = serde_json::to_string(&line).map_err(io::Error::from);
        let mut first = lock(&self.error);
        if first.is_some() {
            return;
        }
        let result = text.and_then(|text| append(&self.path, (text + "\n").as_bytes()));
        if let Err(error) = result {
            *first = Some(error);
        }
    }
}

impl Ask for Recorder {
    fn ask(&self, posed: Posed) -> BoxFuture<'_, Exchange> {
        async move {
            let exchange = self.inner.ask(posed).await;
            if let Ok(reply) = &exchange.result {
                self.tape.write(&exchange.request, reply);
            }
            exchange
        }
        .boxed()
    }
}

/// Writes entries of the cache into a cassette of their own, with the servers they came from.
/// Returns how many.
///
/// # Errors
/// The cache cannot be read or the file cannot be written.
pub fn export(store: &Store, wanted: &Wanted, path: &Path) -> Result<usize, ExportError> {
    let unwritable = |error| CassetteError::Unwritable { path: path.to_owned(), error };
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(unwritable)?;
    }
    let whole = path.with_extension("exporting");
    let mut file = BufWriter::new(File::create(&whole).map_err(unwritable)?);
    let mut count = 0;
    let exported = store.export(wanted, |stored| {
        let line = Line::new(stored.request, stored.times, Some(stored.created_ms), stored.body);
        count += 1;
        serde_json::to_writer(&mut file, &line)
            .map_err(io::Error::from)
            .and_then(|()| file.write_all(b"\n"))
            .map_err(|error| ExportError::from(unwritable(error)))
    });
    let written = exported.and_then(|()| {
        if count == 0 {
            // Nothing to write is no reason to replace what is there.
            return fs::remove_file(&whole).map_err(|error| unwritable(error).into());
        }
        file.flush()
            .and_then(|()| file.get_ref().sync_data())
            .and_then(|()| rename(&whole, path))
            .map_err(|error| unwritable(error).into())
    });
    if written.is_err() {
        // Half a cassette is none; the first error is the one to tell.
        let _ = fs::remove_file(&whole);
    }
    written.map(|()| count)
}

/// Why entries cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The cache cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] CassetteError),
}

/// Gives a file its name, however often a signal interrupts that.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    loop {
        match fs::rename(from, to) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            renamed => return renamed,
        }
    }
}
