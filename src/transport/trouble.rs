//! What went wrong with a connection, in words that name the remedy.
//!
//! The client's errors are chains whose outer links say "error sending request" and whose inner
//! ones know; the kinds that people meet are found in the chain by type, and all else is told by
//! its innermost words.

use std::error::Error;
use std::io;

use rustls::{CertificateError, InvalidMessage};
use url::Url;

use crate::ask::{AskError, AskErrorKind};
use crate::endpoint::failure::excerpt;

/// Host and port, for messages.
pub(super) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or("the server");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The error of a request that had no answer.
pub(super) fn sending(error: &reqwest::Error, url: &Url) -> AskError {
    let place = place(url);
    let secure = chain(error).find_map(|link| link.downcast_ref::<rustls::Error>());
    let io = chain(error).find_map(|link| link.downcast_ref::<io::Error>().map(io::Error::kind));
    let named = |words: &str| chain(error).any(|link| link.to_string().contains(words));
    let message = if let Some(fault) = secure {
        untrusted(fault, &place)
    } else if named("dns error") {
        format!("the name of {place} cannot be resolved: check `base_url` and the network")
    } else if named("tls handshake eof") {
        no_tls(&place)
    } else if named("invalid HTTP") {
        format!("{place} does not answer in HTTP/1.1: check `base_url`, its https:// too")
    } else if error.is_builder() {
        format!("the request to {place} cannot be made: {}", root(error))
    } else {
        match io {
            Some(io::ErrorKind::ConnectionRefused) => {
                format!("nothing listens on {place}: is the server running?")
            }
            Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
                format!("{place} cannot be reached: check the network and proxy settings")
            }
            Some(
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionAborted,
            ) => {
                format!(
                    "{place} reset the connection before it answered: look into the server's log"
                )
            }
            _ if named("connection closed before message completed") => {
                format!(
                    "{place} closed the connection before it answered: look into the server's log"
                )
            }
            _ => format!("the call to {place} failed: {}", root(error)),
        }
    };
    // What does not prove who it is will not in a moment; everything else may pass.
    let kind = match secure {
        Some(rustls::Error::InvalidCertificate(_)) => AskErrorKind::Certificate,
        _ => AskErrorKind::Network,
    };
    AskError::new(kind, message)
}

fn untrusted(fault: &rustls::Error, place: &str) -> String {
    match fault {
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => no_tls(place),
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => format!(
            "the certificate of {place} is not signed by an authority known here: name a PEM file with `ca_bundle`"
        ),
        other => format!("TLS with {place} failed: {}", excerpt(&other.to_string())),
    }
}

fn no_tls(place: &str) -> String {
    format!("{place} does not speak TLS: should `base_url` begin with http:// ?")
}

/// The innermost words of an error.
pub(super) fn root(error: &(dyn Error + 'static)) -> String {
    excerpt(&chain(error).last().map(ToString::to_string).unwrap_or_default())
}

/// An error and its causes, with those inside an [`io::Error`], which hides them from `source`.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&link: &&'a (dyn Error + 'static)| {
        let inside = link.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match inside {
            Some(inside) => Some(inside as &(dyn Error + 'static)),
            None => link.source(),
        }
    })
}
