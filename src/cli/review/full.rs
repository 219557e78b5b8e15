//! The review on a full screen: keys come in, pictures go out, and the terminal is left as it was
//! whatever ends it.

use std::io;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;
use tokio::runtime::{Builder, Runtime};

use super::super::run::Signals;
use super::detail::Detail;
use super::evidence::{Arrived, Evidence, Library};
use super::ink::{Ink, Span};
use super::screen::{Look, View, draw, painted, window};
use super::session::{Ending, Key, Mode, Session};
use super::{Pending, Place};

/// How long a key is waited for before it is looked whether something else came.
const PATIENCE: Duration = Duration::from_millis(50);

/// What comes from elsewhere than the keyboard.
#[derive(Debug)]
pub(super) enum News {
    Arrived(Arrived),
    /// Somebody wants the process to end.
    Stop,
}

impl From<Arrived> for News {
    fn from(arrived: Arrived) -> News {
        News::Arrived(arrived)
    }
}

/// What a review needs beside its session.
pub(super) struct Desk<'a> {
    pub pending: &'a [Pending],
    pub places: &'a [Place],
    pub library: Library,
    pub news: Receiver<News>,
}

/// The terminal in its other state; dropping it brings back the one before.
struct Terminal(DefaultTerminal);

impl Terminal {
    /// A panic restores the terminal before it is told.
    fn take() -> io::Result<Terminal> {
        ratatui::try_init().map(Terminal)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.0.show_cursor();
        let _ = ratatui::try_restore();
    }
}

/// Tells of SIGTERM and SIGINT as long as the runtime lives. In the terminal's other state Ctrl-C is a
/// key like any other.
fn listen(stop: Sender<News>) -> io::Result<Runtime> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let inside = runtime.enter();
    let mut signals = Signals::new()?;
    drop(inside);
    runtime.spawn(async move {
        loop {
            signals.next().await;
            if stop.send(News::Stop).is_err() {
                return;
            }
        }
    });
    Ok(runtime)
}

/// Lets a reviewer decide.
pub(super) fn review(
    session: &mut Session<'_>,
    desk: &mut Desk<'_>,
    look: Look,
    stop: Sender<News>,
) -> Result<Ending, String> {
    let told = |error: io::Error| format!("the terminal: {error}; --plain needs none");
    let _runtime = listen(stop).map_err(told)?;
    let mut terminal = Terminal::take().map_err(told)?;
    let (mut shown, mut is_old) = (Shown::nothing(), true);
    loop {
        while let Ok(news) = desk.news.try_recv() {
            is_old = true;
            match news {
                News::Stop => session.press(Key::Interrupt),
                News::Arrived(arrived) => {
                    let places = desk.library.put(arrived);
                    learn(session, &desk.library, &places);
                    shown = Shown::nothing();
                }
            }
        }
        if let Some(ending) = session.ending() {
            return Ok(ending);
        }
        if std::mem::take(&mut is_old) {
            picture(&mut terminal.0, session, desk, &mut shown, look).map_err(told)?;
        }
        if event::poll(PATIENCE).map_err(told)? {
            is_old = true;
            // What is typed ahead is done at once, and one picture shows it.
            loop {
                if let Event::Key(key) = event::read().map_err(told)?
                    && let Some(key) = meant(key)
                {
                    session.press(key);
                }
                if session.ending().is_some() || !event::poll(Duration::ZERO).map_err(told)? {
                    break;
                }
            }
        }
    }
}

/// Tells the session the questions of these snapshots, which are known now.
pub(super) fn learn(session: &mut Session<'_>, library: &Library, places: &[usize]) {
    for at in 0..session.entries().len() {
        let entry = session.entries()[at];
        if places.contains(&entry.place)
            && let Some(question) = library.question(entry.place, &entry.change.case)
        {
            session.learn(at, question);
        }
    }
}

/// What is known of the chosen entry, read once.
struct Shown {
    entry: Option<usize>,
    evidence: Evidence,
    /// The exchange as it is for a terminal of so many columns.
    exchange: Option<(u16, Vec<Vec<Span>>)>,
}

impl Shown {
    fn nothing() -> Shown {
        Shown { entry: None, evidence: Evidence::Reading, exchange: None }
    }

    fn turn_to(&mut self, session: &Session<'_>, library: &Library) {
        if self.entry != Some(session.at()) {
            let chosen = session.chosen();
            let evidence = library.evidence(chosen.place, chosen.change);
            *self = Shown { entry: Some(session.at()), evidence, exchange: None };
        }
    }

    /// The lines of the exchange on a screen this wide.
    fn exchange(&mut self, columns: u16, look: Look) -> &[Vec<Span>] {
        if self.exchange.as_ref().is_none_or(|(known, _)| *known != columns) {
            let quiet = |text: &str| vec![vec![Span::new(Ink::Quiet, text)]];
            let lines = match &self.evidence {
                Evidence::Reading => quiet("its run is being read"),
                Evidence::Missing(why) => quiet(why),
                Evidence::Here(facts) => match &facts.remark {
                    Some(remark) => quiet(remark),
                    None => painted(&facts.exchange(look.style(usize::from(columns) - 2))),
                },
            };
            self.exchange = Some((columns, lines));
        }
        self.exchange.as_ref().map(|(_, lines)| lines.as_slice()).unwrap_or_default()
    }
}

fn picture(
    terminal: &mut DefaultTerminal,
    session: &mut Session<'_>,
    desk: &Desk<'_>,
    shown: &mut Shown,
    look: Look,
) -> io::Result<()> {
    shown.turn_to(session, &desk.library);
    terminal.autoresize()?;
    let size = terminal.size()?;
    let area = Rect::new(0, 0, size.width, size.height);
    let is_exchange = matches!(session.mode(), Mode::Exchange { .. });
    let lines = if is_exchange { shown.exchange(size.width.max(20), look).len() } else { 0 };
    session.window = window(session, area, lines);
    let chosen = *session.chosen();
    let view = View {
        session,
        detail: Detail {
            change: chosen.change,
            of: &desk.pending[chosen.place].proposed.of,
            evidence: &shown.evidence,
            mark: session.mark(session.at()),
            label: session.label(session.at()),
        },
        places: desk.places,
        exchange: match &shown.exchange {
            Some((_, lines)) if is_exchange => lines,
            _ => &[],
        },
        reading: !desk.library.is_complete(),
        look,
    };
    terminal.draw(|frame| {
        let area = frame.area();
        if let Some(cursor) = draw(&view, area, frame.buffer_mut()) {
            frame.set_cursor_position(cursor);
        }
    })?;
    Ok(())
}

/// What a key of the keyboard means here.
fn meant(key: KeyEvent) -> Option<Key> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
        return match key.code {
            KeyCode::Char('c') if key.modifiers == KeyModifiers::CONTROL => Some(Key::Interrupt),
            // What some terminals send for Enter and Backspace.
            KeyCode::Char('j') => Some(Key::Enter),
            KeyCode::Char('h') => Some(Key::Backspace),
            _ => None,
        };
    }
    Some(match key.code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Backspace => Key::Backspace,
        _ => return None,
    })
}
