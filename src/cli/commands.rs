//! `tenure do help`: the commands, and what each takes.

use serde_json::{Value, json};

use super::Format;
use super::failure::{Failure, Result};
use super::output::{Column, field, list};
use crate::command::{self, Argument};

/// All commands, or the arguments of one.
///
/// # Errors
/// There is no such command.
pub fn help(format: Format, topic: Option<&str>) -> Result<String> {
    let Some(topic) = topic else {
        let told = |command: &command::Reference| json!({ "command": command.name, "about": command.about });
        let commands: Vec<Value> = command::COMMANDS.iter().map(told).collect();
        return Ok(list(format, COMMANDS, &commands, &json!({ "commands": commands })));
    };
    known(topic)?;
    let (command, arguments) = command::reference().into_iter().find(|(command, _)| command.name == topic).unzip();
    let about = command.map_or("", |command| command.about);
    let told = |Argument { name, optional, value, about }| json!({ "argument": name, "needed": !optional, "value": value, "about": about });
    let arguments: Vec<Value> = arguments.into_iter().flatten().map(told).collect();
    let whole = json!({ "command": topic, "about": about, "arguments": arguments });
    let text = list(format, ARGUMENTS, &arguments, &whole);
    Ok(if format == Format::Table { format!("{topic}: {about}\n\n{text}") } else { text })
}

/// # Errors
/// There is no such command.
pub fn known(name: &str) -> Result<()> {
    if command::names().any(|known| known == name) {
        return Ok(());
    }
    Err(Failure::new(format!("there is no command `{name}`")).hint("`tenure do help` lists them"))
}

const COMMANDS: &[Column] = &[
    Column { title: "command", cell: |item| field(item, "command") },
    Column { title: "what it does", cell: |item| field(item, "about") },
];

const ARGUMENTS: &[Column] = &[
    Column { title: "argument", cell: |item| field(item, "argument") },
    Column {
        title: "needed",
        cell: |item| if item.get("needed").is_some_and(|needed| needed == true) { "yes" } else { "" }.to_owned(),
    },
    Column { title: "value", cell: |item| field(item, "value") },
    Column { title: "what it is", cell: |item| field(item, "about") },
];
