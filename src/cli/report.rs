//! `tenure report`: what auditors ask for by name.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::failure::{Failure, Result};
use super::output::{Column, Format, csv_line, field, grid, is_read, list, print};
use super::{Global, Moment};
use crate::client::segment;

/// A report for auditors, whole, as of now or of any moment; without a name, which there are.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure report
  tenure report entitlements org=kickstart --format csv >entitlements.csv
  tenure report access org=kickstart privilege=connection.edit --as-of 71
  tenure report changes org=kickstart from=71 to=72
  tenure report conflicts org=kickstart privilege=user.manage and=audit.read

How many rows there are, of which moment, and the SHA-256 of the rows as NDJSON stands below
the table, or on standard error; with --format ndjson or json it is the last thing written.")]
pub struct Report {
    /// Which report
    name: Option<String>,
    /// What it is asked of, such as org=kickstart
    #[arg(value_name = "NAME=VALUE")]
    parameters: Vec<Parameter>,
    /// As it was known then: a position, or an RFC 3339 time
    #[arg(long, value_name = "X")]
    as_of: Option<Moment>,
}

/// A parameter of a report.
#[derive(Debug, Clone)]
struct Parameter {
    name: String,
    value: String,
}

impl std::str::FromStr for Parameter {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, &'static str> {
        let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, such as org=kickstart")?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

impl Report {
    /// Reads and shows it.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        let reports = global.client().get("/v1/reports", &[])?.body;
        let items = reports.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let Some(name) = &self.name else {
            print(&list(global.format, REPORTS, items, &reports))?;
            return Ok(ExitCode::SUCCESS);
        };
        let found = items.iter().find(|report| field(report, "name") == *name);
        let columns = found.and_then(|report| report.get("columns")).and_then(Value::as_array);
        let columns = columns.into_iter().flatten().filter_map(Value::as_str).collect();
        let mut shown = Shown { format: global.format, columns, rows: Vec::new(), sha256: Sha256::new(), end: None };
        let mut query = vec![("format", Some("ndjson")), ("as_of", self.as_of.as_ref().map(Moment::as_str))];
        query.extend(self.parameters.iter().map(|parameter| (parameter.name.as_str(), Some(parameter.value.as_str()))));
        shown.begin()?;
        let mut written = Ok(true);
        global.client().lines(&format!("/v1/reports/{}", segment(name)), &query, |line| {
            written = shown.line(line);
            matches!(written, Ok(true))
        })?;
        if written? { shown.finish() } else { Ok(ExitCode::SUCCESS) }
    }
}

/// What was shown of a report.
struct Shown<'a> {
    format: Format,
    columns: Vec<&'a str>,
    /// For people only: a table is as wide as its widest row.
    rows: Vec<Value>,
    sha256: Sha256,
    end: Option<Value>,
}

impl Shown<'_> {
    fn begin(&self) -> Result<()> {
        match self.format {
            Format::Csv => print(&csv_line(self.columns.iter()))?,
            Format::Json | Format::Ndjson | Format::Table => {}
        }
        Ok(())
    }

    /// Takes a line; answers whether anybody reads on.
    fn line(&mut self, line: &str) -> Result<bool> {
        let value: Value = serde_json::from_str(line)
            .map_err(|error| Failure::new(format!("the node sent a row that is no JSON: {error}")))?;
        if let Some(report) = value.get("report") {
            self.end = Some(report.clone());
            return Ok(self.format != Format::Ndjson || is_read(&format!("{line}\n"))?);
        }
        self.sha256.update(line);
        self.sha256.update("\n");
        Ok(match self.format {
            Format::Ndjson => is_read(&format!("{line}\n"))?,
            Format::Csv => is_read(&csv_line(self.columns.iter().map(|column| cell(&value, column))))?,
            Format::Json | Format::Table => {
                self.rows.push(value);
                true
            }
        })
    }

    /// Refuses a report that is not whole.
    fn finish(self) -> Result<ExitCode> {
        use base64::Engine as _;
        let end = self.end.ok_or_else(|| Failure::new("the report broke off: ask for it again"))?;
        let sha256 = base64::engine::general_purpose::STANDARD.encode(self.sha256.finalize());
        if field(&end, "sha256") != sha256 {
            return Err(Failure::new("the rows are not those that the node sent: their SHA-256 is another"));
        }
        let hidden = match field(&end, "not_shown").as_str() {
            "" | "0" => String::new(),
            more => format!(" and {more} people whom you do not see"),
        };
        let (rows, position) = (field(&end, "row_count"), field(&end, "position"));
        let told =
            format!("{rows} rows{hidden}, as of position {position} ({}), SHA-256 {sha256}\n", field(&end, "instant"));
        match self.format {
            Format::Ndjson => {}
            Format::Csv => eprint!("{told}"),
            Format::Json => print(&format!("{:#}\n", serde_json::json!({ "rows": self.rows, "report": end })))?,
            Format::Table => {
                let filled = |column: &&&str| self.rows.iter().any(|row| row.get(**column).is_some());
                let columns: Vec<&str> = self.columns.iter().filter(filled).copied().collect();
                let cells = |row: &Value| columns.iter().map(|column| cell(row, column)).collect();
                print(&grid(&columns, self.rows.iter().map(cells)))?;
                print(&told)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// As it stands in a cell: lists with blanks between, as the node writes them.
fn cell(row: &Value, column: &str) -> String {
    match row.get(column) {
        Some(Value::Array(items)) => items.iter().map(super::output::plain).collect::<Vec<_>>().join(" "),
        Some(_) | None => field(row, column),
    }
}

const REPORTS: &[Column] = &[
    Column { title: "report", cell: |report| field(report, "name") },
    Column { title: "needs", cell: |report| field(report, "needs") },
    Column { title: "takes", cell: |report| field(report, "takes") },
    Column { title: "about", cell: |report| field(report, "about") },
];
