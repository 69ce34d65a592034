//! Every example of the README and the guides does what it says.
//!
//! In a ```console block, `$ ` begins a command, a backslash at its end continues it, and what follows is its output,
//! both streams together: `[..]` stands for any text in a line, a line of `...` for any lines. A command ends with status
//! 0, or with the one in a last line `[exit status 1]`. Blocks of one document follow each other in one shell, in an
//! empty folder. `tenure serve` and `tenure demo --serve` stay in the background, on a port that is free, and so does
//! `nats-server`. A ```conf NAME block is a file of that name there.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::support::nats::{NEWEST, NatsServer};
use crate::support::program::{Serving, tenure};

#[test]
fn examples_do_what_they_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = vec![root.join("README.md")];
    for folder in ["docs/guides", "docs/systems"] {
        documents.extend(std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    documents.sort();
    let mut run = 0;
    for document in documents {
        run += play(&document);
    }
    assert!(run > 10, "only {run} examples were found");
}

/// Runs all examples of a document; answers how many there are.
fn play(document: &Path) -> usize {
    let examples = examples(&std::fs::read_to_string(document).unwrap());
    if examples.is_empty() {
        return 0;
    }
    let mut shell = Shell::new();
    for example in &examples {
        let (output, status) = shell.run(&example.command);
        let place = format!("{}:{}\n$ {}", document.display(), example.line, example.command);
        assert_eq!(status, example.status, "{place}\n{output}");
        let want: Vec<&str> = example.output.iter().map(String::as_str).collect();
        let got: Vec<&str> = output.lines().map(str::trim_end).collect();
        assert!(matches(&want, &got), "{place}\nwrites\n{output}\nand not\n{}", want.join("\n"));
    }
    examples.len()
}

struct Example {
    line: usize,
    command: String,
    output: Vec<String>,
    status: i32,
}

fn examples(document: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let (mut inside, mut goes_on, mut file) = (false, false, None);
    for (number, line) in document.lines().enumerate() {
        if let Some(text) = &mut file {
            if line == "```" {
                let command = format!("{text}END OF FILE");
                examples.push(Example { line: number + 1, command, output: Vec::new(), status: 0 });
                file = None;
            } else {
                *text = format!("{text}{line}\n");
            }
        } else if let Some(name) = line.strip_prefix("```conf ") {
            file = Some(format!("cat >{name} <<'END OF FILE'\n"));
        } else if line.starts_with("```") {
            inside = line == "```console";
        } else if !inside {
        } else if goes_on {
            let command = &mut examples.last_mut().unwrap().command;
            command.push('\n');
            command.push_str(line);
            goes_on = line.ends_with('\\');
        } else if let Some(command) = line.strip_prefix("$ ") {
            let (command, output) = (command.to_owned(), Vec::new());
            examples.push(Example { line: number + 1, command, output, status: 0 });
            goes_on = line.ends_with('\\');
        } else if let Some(status) = line.strip_prefix("[exit status ") {
            examples.last_mut().unwrap().status = status.trim_end_matches(']').parse().unwrap();
        } else {
            examples.last_mut().expect("a command before its output").output.push(line.trim_end().to_owned());
        }
    }
    examples
}

fn matches(want: &[&str], got: &[&str]) -> bool {
    match (want, got) {
        ([], []) => true,
        (["...", rest @ ..], _) => (0..=got.len()).any(|skipped| matches(rest, &got[skipped..])),
        ([one, want @ ..], [other, got @ ..]) => line_matches(one, other) && matches(want, got),
        ([], [..]) | ([..], []) => false,
    }
}

fn line_matches(want: &str, got: &str) -> bool {
    match want.split_once("[..]") {
        None => want == got,
        Some((start, rest)) => got.strip_prefix(start).is_some_and(|got| {
            got.char_indices().map(|(at, _)| at).chain([got.len()]).any(|at| line_matches(rest, &got[at..]))
        }),
    }
}

/// One shell for the examples of a document.
struct Shell {
    folder: tempfile::TempDir,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    nodes: Vec<Serving>,
    nats: Option<NatsServer>,
}

/// Where documents have NATS listen.
const NATS: &str = "127.0.0.1:4222";

const END: &str = "--- end of the example, status ";

impl Shell {
    fn new() -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        let program = PathBuf::from(tenure().get_program());
        let path = std::env::join_paths(
            [program.parent().unwrap().to_owned()]
                .into_iter()
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        )
        .unwrap();
        let mut child = Command::new("sh")
            .current_dir(folder.path())
            .env_remove("TENURE_URL")
            .env_remove("TENURE_TOKEN")
            .env("PATH", path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut shell = Self { folder, child, input, output, nodes: Vec::new(), nats: None };
        shell.run("exec 2>&1");
        shell
    }

    /// What the command writes, and its exit status.
    fn run(&mut self, command: &str) -> (String, i32) {
        if let Some(file) = command.strip_prefix("nats-server --config ") {
            let file = self.folder.path().join(file.trim_end_matches(" &"));
            self.nats = Some(NatsServer::configured(NEWEST, &std::fs::read_to_string(file).unwrap()));
            return (String::new(), 0);
        }
        let command = &match &self.nats {
            Some(nats) => command.replace(NATS, nats.url().trim_start_matches("nats://")),
            None => command.to_owned(),
        };
        if let Some(serve) = command.strip_prefix("tenure serve ") {
            return (self.serve(serve), 0);
        }
        writeln!(self.input, "{command}\necho \"{END}$?\"").unwrap();
        let mut written = String::new();
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the shell ended in: {command}\n{written}");
            match line.split_once(END) {
                Some((rest, status)) => return (written + rest, status.trim().parse().unwrap()),
                None => written.push_str(&line),
            }
        }
    }

    fn serve(&mut self, arguments: &str) -> String {
        let mut command = tenure();
        command.current_dir(self.folder.path()).arg("serve").args(arguments.trim_end_matches(" &").split(' '));
        command.args(["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
        let node = Serving::start(command, "");
        self.run(&format!("export TENURE_URL={}", node.url));
        self.nodes.push(node);
        "listening on http://127.0.0.1:7400\nmetrics on http://127.0.0.1:7401/metrics\n".to_owned()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn outputs_are_compared_strictly() {
    let check = |want: &[&str], got: &[&str], matching| assert_eq!(matches(want, got), matching, "{want:?} {got:?}");
    check(&[], &[], true);
    check(&["a"], &["a"], true);
    check(&["a"], &["b"], false);
    check(&["a"], &["a", "b"], false);
    check(&["a", "b"], &["a"], false);
    check(&["..."], &["a", "b"], true);
    check(&["...", "b"], &["a", "b"], true);
    check(&["...", "a"], &["a", "b"], false);
    check(&["x [..] y"], &["x 1 2 y"], true);
    check(&["x [..]"], &["x 1"], true);
    check(&["x [..] y"], &["x y"], false);
}
