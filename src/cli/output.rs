//! How answers are shown: tables for people, JSON, NDJSON and CSV for programs.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Row, Table, presets};
use serde_json::Value;

/// How answers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, on a terminal and in a pipe alike
    Table,
    /// One JSON document
    Json,
    /// One JSON object a line
    Ndjson,
    /// Comma-separated values with a header (RFC 4180)
    Csv,
}

/// How wide a terminal is that does not say.
const USUAL_WIDTH: u16 = 80;

/// A column of a table.
pub struct Column {
    /// Its header.
    pub title: &'static str,
    /// What stands in it for an item.
    pub cell: fn(&Value) -> String,
}

/// Colours, where they are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Paint(bool);

impl Paint {
    /// Colours on a terminal, unless `NO_COLOR` is set.
    #[must_use]
    pub fn stdout() -> Self {
        Self(io::stdout().is_terminal() && wanted())
    }

    /// Colours on a terminal, unless `NO_COLOR` is set.
    #[must_use]
    pub fn stderr() -> Self {
        Self(io::stderr().is_terminal() && wanted())
    }

    /// Whether there are any.
    pub const fn is_on(self) -> bool {
        self.0
    }

    /// Done, allowed.
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Denied, as it should be.
    pub fn held(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Wrong.
    pub fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// A title.
    pub fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What only some readers want.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Shows a list; `whole` is the answer that it came in.
pub fn list(format: Format, columns: &[Column], items: &[Value], whole: &Value) -> String {
    match format {
        Format::Json => pretty(whole),
        Format::Ndjson => items.iter().map(|item| format!("{item}\n")).collect(),
        Format::Csv => csv(columns, items),
        Format::Table => table(columns, items),
    }
}

/// Shows one thing, its fields below each other.
pub fn record(format: Format, fields: &[(&str, Value)]) -> String {
    let thing = || fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<Value>();
    match format {
        Format::Json => pretty(&thing()),
        Format::Ndjson => format!("{}\n", thing()),
        Format::Csv => {
            let (names, values): (Vec<String>, Vec<String>) =
                fields.iter().map(|(name, value)| (csv_cell(name), csv_cell(&plain(value)))).unzip();
            format!("{}\r\n{}\r\n", names.join(","), values.join(","))
        }
        Format::Table => fields.iter().fold(String::new(), |mut text, (name, value)| {
            let _ = writeln!(text, "{:<14}{}", name.replace('_', " "), clean(&plain(value)));
            text
        }),
    }
}

/// Writes to standard output. A reader that went away wanted no more.
///
/// # Errors
/// The output cannot be written.
pub fn print(text: &str) -> io::Result<()> {
    is_read(text).map(drop)
}

/// Writes to standard output; answers whether anybody reads it still.
///
/// # Errors
/// The output cannot be written.
pub fn is_read(text: &str) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// The field of this name, as people read it.
pub fn field(item: &Value, name: &str) -> String {
    item.get(name).map(plain).unwrap_or_default()
}

/// A value as people read it: texts without quotes, lists with commas.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Text of others, without what would command a terminal.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn table(columns: &[Column], items: &[Value]) -> String {
    let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
    grid(&titles, items.iter().map(|item| columns.iter().map(|column| (column.cell)(item)).collect()))
}

/// Cells below titles, for people.
pub fn grid(titles: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let paint = Paint::stdout();
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_truncation_indicator("…");
    if io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        // A terminal of no width does not know how wide it is.
        if table.width().is_none_or(|width| width == 0) {
            table.set_width(USUAL_WIDTH);
        }
    }
    table.set_header(titles.iter().map(|title| paint.dim(&title.to_uppercase())));
    for cells in rows {
        let mut row = Row::from(cells.iter().map(|cell| clean(cell)));
        // What is too long for its column is cut, and says so; words are not broken.
        row.max_height(1);
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().fold(String::new(), |mut text, line| {
        text.push_str(line.trim_end());
        text.push('\n');
        text
    })
}

fn csv(columns: &[Column], items: &[Value]) -> String {
    let mut text = csv_line(columns.iter().map(|column| column.title));
    for item in items {
        text.push_str(&csv_line(columns.iter().map(|column| (column.cell)(item))));
    }
    text
}

/// A line of RFC 4180.
pub fn csv_line(cells: impl Iterator<Item = impl AsRef<str>>) -> String {
    let cells: Vec<String> = cells.map(|cell| csv_cell(cell.as_ref())).collect();
    format!("{}\r\n", cells.join(","))
}

fn csv_cell(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
