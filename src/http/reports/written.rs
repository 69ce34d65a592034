//! How reports are written: JSON, NDJSON or CSV, with the number of rows and a SHA-256 over all of them at the end.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tenure_events::{Position, Time};

use super::super::problem::Problem;
use super::row::Row;

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One document: `rows`, and then what is to be known of the `report`.
    Json,
    /// A row a line; the last line has what is to be known of the `report`.
    Ndjson,
    /// RFC 4180, with a header: the rows alone.
    Csv,
}

impl FromStr for Form {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "json" => Ok(Self::Json),
            "ndjson" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            _ => Err("one of `json`, `ndjson` and `csv`"),
        }
    }
}

impl Form {
    /// As in the header.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }
}

/// What was written of a report.
pub struct Written {
    form: Form,
    columns: &'static [&'static str],
    rows: u64,
    hidden: usize,
    /// Over the rows as NDJSON, in whatever form they are sent.
    sha256: Sha256,
    pending: Vec<u8>,
}

impl Written {
    /// Nothing yet, but what stands before the rows.
    pub fn new(form: Form, columns: &'static [&'static str]) -> Self {
        let pending = match form {
            Form::Json => b"{\"rows\":[".to_vec(),
            Form::Ndjson => Vec::new(),
            Form::Csv => format!("{}\r\n", columns.join(",")).into_bytes(),
        };
        Self { form, columns, rows: 0, hidden: 0, sha256: Sha256::new(), pending }
    }

    /// Writes rows, and notes how many people were left out whom the reader does not see.
    pub fn rows(&mut self, rows: &[Row<'_>], hidden: usize) -> Result<(), Problem> {
        self.hidden += hidden;
        for row in rows {
            let line = text(row)?;
            self.sha256.update(&line);
            self.sha256.update(b"\n");
            match self.form {
                Form::Json if self.rows == 0 => self.pending.extend_from_slice(&line),
                Form::Json => self.pending.extend(b",".iter().chain(&line)),
                Form::Ndjson => self.pending.extend(line.iter().chain(b"\n")),
                Form::Csv => self.cells(&line)?,
            }
            self.rows += 1;
        }
        Ok(())
    }

    /// Writes what stands after the rows.
    pub fn end(
        &mut self,
        name: &str,
        parameters: &Map<String, Value>,
        position: Position,
        instant: Time,
    ) -> Result<(), Problem> {
        let sha256 = STANDARD.encode(self.sha256.clone().finalize());
        let report = json!({
            "name": name,
            "parameters": parameters,
            "position": position,
            "instant": instant,
            "row_count": self.rows,
            "not_shown": self.hidden,
            "sha256": sha256,
        });
        match self.form {
            Form::Json => {
                self.pending.extend_from_slice(b"],\"report\":");
                self.pending.extend(text(&report)?);
                self.pending.push(b'}');
            }
            Form::Ndjson => {
                self.pending.extend(text(&json!({ "report": report }))?);
                self.pending.push(b'\n');
            }
            Form::Csv => {}
        }
        Ok(())
    }

    /// What is to be sent next.
    pub fn taken(&mut self) -> Bytes {
        std::mem::take(&mut self.pending).into()
    }

    fn cells(&mut self, line: &[u8]) -> Result<(), Problem> {
        let row: Map<String, Value> = serde_json::from_slice(line).map_err(unwritten)?;
        let cells: Vec<String> = self.columns.iter().map(|column| cell(row.get(*column))).collect();
        self.pending.extend(cells.join(",").into_bytes());
        self.pending.extend_from_slice(b"\r\n");
        Ok(())
    }
}

/// As it stands in a cell: texts without quotes, lists with blanks between.
fn cell(value: Option<&Value>) -> String {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Array(items)) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        Some(value @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_))) => plain(value),
    };
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn text(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(unwritten)
}

fn unwritten(error: serde_json::Error) -> Problem {
    tracing::error!(%error, "a report could not be written");
    Problem::internal()
}
