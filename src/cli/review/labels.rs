//! What a reviewer said of labels, written: in the way of `overclaim dispute`.

use crate::report::{no_commands, visible};
use crate::suite::display;

use super::super::dispute::{Objection, mark, mend, suite_of};
use super::super::output::{Output, error};
use super::super::pending::{Pending, read_run};
use super::session::{Disputed, Session};

/// Disputes and mends labels. What is wrong with one of them keeps no other from being written.
pub(super) fn write(
    session: &Session<'_>,
    pending: &[Pending],
    date: &str,
    output: Output,
) -> Result<(), String> {
    let mut wrong = Ok(());
    for (at, disputed) in session.disputed() {
        match dispute(&pending[at], disputed, date) {
            Ok(line) => output.people(&format!("{}\n", no_commands(&line))),
            Err(why) => {
                if let Err(before) = std::mem::replace(&mut wrong, Err(why)) {
                    error(&before);
                }
            }
        }
    }
    wrong
}

/// Disputes a label, or has it mended, and says in which file.
fn dispute(pending: &Pending, disputed: &Disputed, date: &str) -> Result<String, String> {
    let Disputed { case, reason, answer } = disputed;
    let (Some(run), Some(dir)) = (read_run(pending), &pending.run) else {
        let file = display(&pending.files.proposed);
        return Err(format!(
            "{file}: its run is not below reports/, so the label of {case} is not known: name the run"
        ));
    };
    let suite = suite_of(&run, dir)?;
    let since = Some(date.to_owned());
    let objection = Objection { says: None, reason: reason.clone(), since };
    match answer {
        None => {
            let file = display(&mark(&run, &suite, case, &objection)?);
            Ok(format!("{}: the label of {} is disputed", visible(&file), visible(case)))
        }
        Some(answer) => {
            let answers = [answer.clone()];
            let patch = display(&mend(&run, &suite, case, &answers, &objection)?);
            Ok(format!("{}: mends the label of {}", visible(&patch), visible(case)))
        }
    }
}
