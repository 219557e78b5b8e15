//! The cache as the command line and the configuration want it.

use std::sync::Arc;

use crate::cache::{self, Cache, Freshness, Mode, Store, StoreError};
use crate::endpoint::Wire;
use crate::suite::{Age, Keep};

use super::askers::decoder;
use super::prepare::Selection;

/// How stored replies are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum CacheMode {
    /// What is stored is not asked again
    Use,
    /// Only what is stored; nothing is asked, no key is needed
    Replay,
    /// Everything is asked anew and stored
    Refresh,
    /// Nothing is stored, found or merged: every request is a call
    Off,
}

impl CacheMode {
    /// The mode that a run's header names.
    pub(super) fn of_name(name: &str) -> Option<CacheMode> {
        use CacheMode::{Off, Refresh, Replay, Use};
        [Use, Replay, Refresh, Off].into_iter().find(|mode| mode.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            CacheMode::Use => "use",
            CacheMode::Replay => "replay",
            CacheMode::Refresh => "refresh",
            CacheMode::Off => "off",
        }
    }

    fn mode(self) -> Option<Mode> {
        match self {
            CacheMode::Use => Some(Mode::Use),
            CacheMode::Replay => Some(Mode::Replay),
            CacheMode::Refresh => Some(Mode::Refresh),
            CacheMode::Off => None,
        }
    }
}

/// The cache of a run; none where it is off, or where nothing but recordings are asked.
pub(super) fn open(mode: CacheMode, selection: &Selection) -> Result<Option<Arc<Cache>>, String> {
    let Some(mode) = mode.mode().filter(|_| asks_servers(selection)) else { return Ok(None) };
    let store = store()?;
    Ok(Some(Arc::new(Cache::new(store, mode, freshness(selection.keep), decoder()))))
}

/// The cache as [`open`] gives it, if there is one on disk already.
pub(super) fn look(mode: CacheMode, selection: &Selection) -> Result<Option<Arc<Cache>>, String> {
    match mode.mode() {
        Some(mode) if asks_servers(selection) => {
            let dir = cache::directory().map_err(|error| error.to_string())?;
            let store = Store::open_existing(&dir).map_err(|error| error.to_string())?;
            let cache = |store| Cache::new(store, mode, freshness(selection.keep), decoder());
            Ok(store.map(cache).map(Arc::new))
        }
        _ => Ok(None),
    }
}

/// The user's store.
pub(super) fn store() -> Result<Store, String> {
    let dir = cache::directory().map_err(|error| error.to_string())?;
    Store::open(&dir).map_err(|error| match error {
        StoreError::Database { .. } => {
            format!("{error}; set OVERCLAIM_CACHE_DIR to another directory, or use `--cache off`")
        }
        told => told.to_string(),
    })
}

fn asks_servers(selection: &Selection) -> bool {
    let mut endpoints = selection.suites.iter().flat_map(|prepared| &prepared.endpoints);
    endpoints.any(|chosen| !matches!(chosen.spec.wire, Wire::Cassette(_)))
}

/// The ages that the configuration names, and the usual ones where it is silent.
pub(super) fn freshness(keep: Keep) -> Freshness {
    let usual = Freshness::default();
    let age = |age, usual| match age {
        Age::Unsaid => usual,
        Age::Any => None,
        Age::AtMost(age) => Some(age),
    };
    Freshness { fixed: age(keep.max_age, usual.fixed), alias: age(keep.alias_max_age, usual.alias) }
}
