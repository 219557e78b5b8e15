//! Rows as they are read from files on disk.

mod drawn;
mod formats;
mod named;
mod same;

use std::fs;
use std::path::PathBuf;

use super::*;

/// Files in a directory of their own.
struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &[u8])]) -> Files {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        Files(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The rows that these names find, or what is wrong with the names.
    fn open(&self, from: &[&str], order: Order) -> Result<Rows, Vec<String>> {
        let from: Vec<_> = from.iter().map(|name| spanned((*name).to_owned())).collect();
        let mut problems = Problems::default();
        let rows = Rows::open(&from, self.0.path(), order, &mut problems);
        let dir = format!("{}/", self.0.path().display());
        let told = problems
            .into_iter()
            .map(|problem| format!("{}: {}", problem.message.replace(&dir, ""), problem.remedy));
        rows.ok_or_else(|| told.collect())
    }

    /// A row or an error a line.
    fn tell(&self, from: &[&str], order: Order) -> String {
        let rows = self.open(from, order).unwrap();
        rows.iter().map(|row| self.line(row) + "\n").collect()
    }

    fn line(&self, row: Result<Row, RowError>) -> String {
        let dir = format!("{}/", self.0.path().display());
        match row {
            Ok(row) => {
                let Row { number, nth, file, line, variables, .. } = row;
                let file = file.replace(&dir, "");
                let variables = serde_json::to_string(&variables).unwrap();
                format!("{number} ({file} {nth}, line {line}) {variables}")
            }
            Err(RowError::Malformed(row)) => {
                let Quote { column, text, at } = row.quote();
                let (before, after) = text.split_at(at);
                format!(
                    "{}:{column} {} | {} | {before}»{after}",
                    row.line(),
                    row.message,
                    row.remedy
                )
            }
            Err(RowError::Unreadable { message, remedy }) => {
                format!("{} | {remedy}", message.replace(&dir, ""))
            }
        }
    }
}

/// One file of this name, told a row or an error a line.
fn tell(name: &str, bytes: &[u8]) -> String {
    Files::new(&[(name, bytes)]).tell(&[name], Order::default())
}

/// What was told of each, under its name.
fn chapters(told: impl IntoIterator<Item = (String, String)>) -> String {
    told.into_iter().map(|(name, told)| ["## ", &name, "\n", &told].concat()).collect()
}

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned::new(value, Span::default())
}
