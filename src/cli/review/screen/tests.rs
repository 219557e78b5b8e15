use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::super::evidence::Evidence;
use super::super::evidence::tests::wrong_now;
use super::super::session::tests::{DECLINED, RIGHT, UNSURE_WRONG, WRONG, change};
use super::super::session::{Entry, Key};
use super::*;
use crate::snapshot::{About, Change};

/// A review that can be looked at.
struct Looked {
    changes: Vec<Change>,
    evidence: Evidence,
    about: About,
    places: Vec<Place>,
}

const COLORS: Look = Look { color: true, unicode: true };

fn looked() -> Looked {
    let (wrong, evidence) = wrong_now();
    let changes = vec![
        wrong,
        change("human-bones", RIGHT, WRONG),
        change("moon-colour", RIGHT, UNSURE_WRONG),
        change("silent", RIGHT, DECLINED),
        change("fixed", WRONG, RIGHT),
        change("new-one", "", RIGHT),
        change("gone", RIGHT, ""),
    ];
    let about = About {
        suite: "facts".into(),
        endpoint: "model".into(),
        model: "m-2".into(),
        threshold: 0.8,
    };
    let place = |name: &str| Place {
        name: name.to_owned(),
        accepted: format!("suites/snapshots/{name}.snap"),
        proposed: format!("suites/snapshots/{name}.snap.new"),
    };
    Looked { changes, evidence, about, places: vec![place("facts@model"), place("facts@other")] }
}

impl Looked {
    fn session(&self) -> Session<'_> {
        let entry = |(place, change)| Entry { place: place % 2, change };
        Session::new(self.changes.iter().enumerate().map(entry).collect(), None)
    }

    /// The screen after some keys.
    fn screen(&self, keys: &str, size: (u16, u16), look: Look) -> TestBackend {
        let mut session = self.session();
        for key in keys.chars() {
            session.press(if key == '\n' { Key::Enter } else { Key::Char(key) });
        }
        let missing = Evidence::Missing("no run is at hand".into());
        let chosen = session.chosen().change;
        let known = chosen.case == "capital";
        let exchange = match &self.evidence {
            Evidence::Here(facts) => painted(&facts.exchange(look.style(size.0.into()))),
            _ => Vec::new(),
        };
        session.window = window(&session, Rect::new(0, 0, size.0, size.1), exchange.len());
        let view = View {
            session: &session,
            detail: Detail {
                change: chosen,
                of: &self.about,
                evidence: if known { &self.evidence } else { &missing },
                mark: session.mark(session.at()),
                label: session.label(session.at()),
            },
            places: &self.places,
            exchange: &exchange,
            reading: false,
            look,
        };
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        terminal
            .draw(|frame| {
                let area = frame.area();
                if let Some(cursor) = draw(&view, area, frame.buffer_mut()) {
                    frame.set_cursor_position(cursor);
                }
            })
            .unwrap();
        terminal.backend().clone()
    }

    fn text(&self, keys: &str, size: (u16, u16)) -> String {
        self.screen(keys, size, COLORS).to_string()
    }
}

#[test]
fn the_first_picture() {
    insta::assert_snapshot!(looked().text("", (80, 24)), @r#"
    " overclaim review · 7 changes · 7 left · 0 accepted · 0 rejected                "
    " newly confident wrong · 2                                                      "
    ">   capital      facts@model  C. Canberra → B. Sydney                           "
    "    human-bones  facts@other  b canberra → b sydney                             "
    " newly wrong · 1                                                                "
    "    moon-colour  facts@model  b canberra → c perth                              "
    " no longer answered · 1                                                         "
    "    silent       facts@other  b canberra → i dont know                          "
    " fixed · 1                                                                      "
    "────────────────────────────────────────────────────────────────────────────────"
    " capital · newly confident wrong · facts@model · m-2                            "
    " question    Which city is the capital of Australia?                            "
    " choices     A. Perth · B. Sydney · C. Canberra                                 "
    " expected    C. Canberra                                                        "
    " answer      [-C. Canberra-]{+B. Sydney+}                                       "
    " draws       confidently right 5 of 5 → confidently wrong 5 of 5 · p 0.0040     "
    " confidence  0.9-0.95 → 0.95-0.99 · now 0.960 to 0.980 · confident from 0.8 on  "
    " tags        geography, capitals                                                "
    " written     demo.jsonl:1                                                       "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    " a accept  r reject  s skip  A all of kind  u undo  e exchange  ? help  q finish"
    "#);
}

#[test]
fn list_and_change_stand_side_by_side_where_there_is_room() {
    insta::assert_snapshot!(looked().text("js", (120, 40)), @r#"
    " overclaim review · 7 changes · 7 left · 0 accepted · 0 rejected                                                        "
    " newly confident wrong · 2                            │ moon-colour · newly wrong · facts@model · m-2                   "
    "    capital      facts@model  C. Canberra → B. Sydney │ question    no run is at hand                                   "
    "  - human-bones  facts@other  b canberra → b sydney   │ answer      [-b canberra-]{+c perth+}                           "
    " newly wrong · 1                                      │ draws       confidently right 5 of 5 → wrong, not sure 5 of 5 · "
    ">   moon-colour  facts@model  b canberra → c perth    │             p 0.0040                                            "
    " no longer answered · 1                               │ confidence  0.9-0.95 → 0.6-0.7 · confident from 0.8 on          "
    "    silent       facts@other  b canberra → i dont know│                                                                 "
    " fixed · 1                                            │                                                                 "
    "    fixed        facts@model  b sydney → b canberra   │                                                                 "
    " added · 1                                            │                                                                 "
    "    new-one      facts@other  b canberra              │                                                                 "
    " removed · 1                                          │                                                                 "
    "    gone         facts@model  b canberra              │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                      │                                                                 "
    "                                                                                                                        "
    " a accept  r reject  s skip  A all of kind  u undo  / search  e exchange  ? help  q finish                              "
    "#);
}

#[test]
fn decisions_are_marked_and_a_reason_is_typed_below() {
    insta::assert_snapshot!(looked().text("rsaseen in March", (80, 24)), @r#"
    " overclaim review · 7 changes · 6 left · 0 accepted · 1 rejected                "
    " newly confident wrong · 2                                                      "
    "  ✗ capital      facts@model  C. Canberra → B. Sydney                           "
    "  - human-bones  facts@other  b canberra → b sydney                             "
    " newly wrong · 1                                                                "
    ">   moon-colour  facts@model  b canberra → c perth                              "
    " no longer answered · 1                                                         "
    "    silent       facts@other  b canberra → i dont know                          "
    " fixed · 1                                                                      "
    "────────────────────────────────────────────────────────────────────────────────"
    " moon-colour · newly wrong · facts@model · m-2                                  "
    " question    no run is at hand                                                  "
    " answer      [-b canberra-]{+c perth+}                                          "
    " draws       confidently right 5 of 5 → wrong, not sure 5 of 5 · p 0.0040       "
    " confidence  0.9-0.95 → 0.6-0.7 · confident from 0.8 on                         "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    " it is a wrong answer; reason (or none): seen in March                          "
    " Enter accept  Esc back                                                         "
    "#);
}

#[test]
fn what_will_be_written_is_shown_before_it_is() {
    insta::assert_snapshot!(looked().text("a\nA\nraq", (80, 24)), @r#"
    " overclaim review · 7 changes · 3 left · 3 accepted · 1 rejected                "
    "                                                                                "
    "  accepted         3                                                            "
    "    wrong          2   known wrong from now on, and wrong in every rate         "
    "  rejected         1   what was accepted before stays                           "
    "  left             3   pending as before                                        "
    "                                                                                "
    "  suites/snapshots/facts@model.snap: 1 accepted, 1 of them known wrong          "
    "  suites/snapshots/facts@model.snap.new: 1 rejected, 2 left                     "
    "  suites/snapshots/facts@other.snap: 2 accepted, 1 of them known wrong          "
    "  suites/snapshots/facts@other.snap.new: 1 left                                 "
    "                                                                                "
    "  write this?  y yes   n no, leave everything as it was                         "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    " y write  n leave all as it was  Esc back                                       "
    "#);
}

#[test]
fn the_help_has_every_key() {
    insta::assert_snapshot!(looked().text("?", (80, 24)), @r#"
    " overclaim review · 7 changes · 7 left · 0 accepted · 0 rejected                "
    "  a         accept; of a wrong answer a reason may be given                     "
    "  r         reject: what was accepted stays                                     "
    "  s         skip: it stays pending                                              "
    "  A         accept all of this kind that are undecided                          "
    "  u         undo                                                                "
    "  d m       dispute the label, or mend it by a patch: it is wrong, or in doubt  "
    "  e Enter   the whole exchange                                                  "
    "  / n N     search case, question and answers; next, previous                   "
    "  j k g G   down, up, first, last; arrows and PgUp PgDn too                     "
    "  q         finish: shows what will be written, and asks                        "
    "  Ctrl-C    leave, nothing is written                                           "
    "                                                                                "
    "  A wrong answer that is accepted is known wrong: it stays wrong in every rate. "
    "  [-removed-] {+added+}: words of the answer before and now.                    "
    "  p: how likely chance alone makes the draws differ so (Fisher's exact test).   "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    " any key back                                                                   "
    "#);
}

#[test]
fn an_exchange_covers_the_list() {
    let text = looked().text("e", (80, 24));
    assert!(text.contains("capital · model · m-1"), "{text}");
    assert!(text.contains("outcome     incorrect · confidently wrong"), "{text}");
}

#[test]
fn a_small_window_keeps_the_answer_and_a_smaller_one_says_what_it_needs() {
    let looked = looked();
    let text = looked.text("", (60, 15));
    for shown in ["expected    C. Canberra", "[-C. Canberra-]{+B. Sydney+}", "q finish"] {
        assert!(text.contains(shown), "no {shown}:\n{text}");
    }
    let text = looked.text("", (59, 15));
    assert!(text.contains("60 columns and 15 rows are"), "{text}");
}

#[test]
fn removed_and_added_words_differ_in_colour_and_face_and_without_colours_in_signs() {
    use ratatui::style::{Color, Modifier};
    let looked = looked();
    let found = |look: Look, sign: &str| {
        let screen = looked.screen("", (80, 24), look);
        let buffer = screen.buffer().clone();
        let text = screen.to_string();
        let row = text.lines().position(|line| line.contains("[-")).unwrap();
        let line: Vec<&ratatui::buffer::Cell> =
            (0..80).map(|x| &buffer[(x, u16::try_from(row).unwrap())]).collect();
        let at = line.iter().position(|cell| cell.symbol() == sign).unwrap();
        (line[at].fg, line[at].modifier)
    };
    assert_eq!(found(COLORS, "["), (Color::Red, Modifier::CROSSED_OUT));
    assert_eq!(found(COLORS, "{"), (Color::Green, Modifier::empty()));
    let plain = Look { color: false, unicode: true };
    assert_eq!(found(plain, "{"), (Color::Reset, Modifier::empty()));
    let buffer = looked.screen("", (80, 24), plain).buffer().clone();
    assert!(buffer.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
}

#[test]
fn nothing_that_a_model_says_steers_the_terminal_and_ascii_is_enough() {
    let mut looked = looked();
    let evil =
        r#"incorrect confident_wrong 1/1 0.9-0.95 #000000000000 "\u001b[2J\u202e漢字漢字\u0007""#;
    looked.changes[1] = change("human-bones", &RIGHT.replace("5/5", "1/1"), evil);
    looked.changes[1].case = "bo\u{1b}]0;x\u{7}nes漢".into();
    for look in [COLORS, Look { color: true, unicode: false }] {
        for size in [(60, 15), (80, 24), (111, 30)] {
            for keys in ["", "j", "A", "?", "A\nq"] {
                let buffer = looked.screen(keys, size, look).buffer().clone();
                for cell in buffer.content() {
                    let steers = |c: char| c.is_control() || c == '\u{202e}';
                    assert!(!cell.symbol().contains(steers), "{:?}", cell.symbol());
                    assert!(look.unicode || cell.symbol().is_ascii(), "{:?}", cell.symbol());
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn every_size_can_be_drawn_at_any_time(
        columns in 1_u16..140, rows in 1_u16..50, keys in "[jkarsAuqn?e/\n]{0,12}"
    ) {
        let looked = looked();
        looked.screen(&keys, (columns, rows), COLORS);
    }
}
