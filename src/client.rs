//! Tenure's public HTTP API from outside: what the command line and the stories speak.

use std::fmt::{self, Write as _};
use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use ureq::http::Response;
use ureq::{Agent, Body, RequestBuilder};

use crate::tls::{Authorities, connecting};

/// The most bytes of one answer that are read.
const ANSWER: u64 = 256 * 1024 * 1024;

/// How long who was told to come later waits.
const LATER: Duration = Duration::from_secs(1);

/// A page of a list.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
    next_cursor: Option<String>,
}

/// One caller of one node.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    url: String,
    token: Option<String>,
}

/// What a node answered to a request that it took.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The position of the log that the answer reflects, where the node says so.
    pub position: Option<u64>,
    /// The answer itself, JSON.
    pub body: Value,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers, or not in time.
    #[error("no answer from `{url}`: {error}")]
    Unreachable {
        /// The node's address.
        url: String,
        /// What the connection says.
        error: Box<ureq::Error>,
    },
    /// The node says no, and why.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// An answer that no Tenure node gives.
    #[error("`{url}` does not answer like a Tenure node: {what}")]
    Foreign {
        /// The node's address.
        url: String,
        /// What is wrong with it.
        what: String,
    },
}

/// Why a node refuses: RFC 9457 problem details.
#[derive(Debug, Clone, Deserialize)]
pub struct Problem {
    /// HTTP status.
    #[serde(default)]
    pub status: u16,
    /// The sort of problem, for people.
    #[serde(default)]
    pub title: String,
    /// What was wrong here and what to do.
    #[serde(default)]
    pub detail: String,
    /// The rule, stable.
    #[serde(default)]
    pub code: String,
    /// What the judge found.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// Which values are wrong.
    #[serde(default)]
    pub errors: Vec<FieldError>,
}

/// A finding of the judge.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Reason {
    /// Which finding, stable.
    pub code: String,
    /// What it means.
    #[serde(default)]
    pub detail: String,
    /// The events that made it so.
    #[serde(default)]
    pub events: Vec<u64>,
}

/// A value that is wrong.
#[derive(Debug, Clone, Deserialize)]
pub struct FieldError {
    /// The argument.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.detail.is_empty() { &self.title } else { &self.detail };
        if self.code.is_empty() { f.write_str(text) } else { write!(f, "{text} ({})", self.code) }
    }
}

impl Client {
    /// A caller of the node at `url`, such as `http://127.0.0.1:7400`, with its API key.
    #[must_use]
    pub fn new(url: &str, token: Option<String>) -> Self {
        Self::trusting(url, token, &Authorities::default())
    }

    /// The same; the node may show a certificate of one of these authorities as well.
    #[must_use]
    pub fn trusting(url: &str, token: Option<String>, authorities: &Authorities) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_per_read(Some(Duration::from_secs(60)));
        if is_loopback(url) {
            config = config.proxy(None);
        }
        if url.starts_with("https://") {
            config = config.tls_config(connecting(authorities));
        }
        Self { agent: config.build().into(), url: url.trim_end_matches('/').to_owned(), token }
    }

    /// The same node, called with another key.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The node's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Reads what stands at a path, with the parameters of the query that have a value.
    ///
    /// # Errors
    /// Nobody there, or the node says no.
    pub fn get(&self, path: &str, query: &[(&str, Option<&str>)]) -> Result<Answer, ClientError> {
        self.answer(self.reading(path, query).call())
    }

    /// Posts a JSON body to a path.
    ///
    /// # Errors
    /// Nobody there, or the node says no.
    pub fn post(&self, path: &str, headers: &[(&str, Option<&str>)], body: &[u8]) -> Result<Answer, ClientError> {
        let mut request = self.signed(self.agent.post(self.address(path))).header("Content-Type", "application/json");
        for (name, value) in headers {
            if let Some(value) = value {
                request = request.header(*name, *value);
            }
        }
        self.answer(request.send(body))
    }

    /// Posts a JSON body to a path, and answers with the bytes that come back.
    ///
    /// # Errors
    /// Nobody there, or the node says no.
    pub fn file(&self, path: &str, body: &[u8]) -> Result<Vec<u8>, ClientError> {
        let request = self.signed(self.agent.post(self.address(path))).header("Content-Type", "application/json");
        self.bytes(self.sent(request.send(body))?)
    }

    /// A list with all of its `items`, page after page.
    ///
    /// # Errors
    /// Nobody there, or the node says no.
    pub fn list(&self, path: &str, query: &[(&str, Option<&str>)]) -> Result<Value, ClientError> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = [("limit", Some("1000")), ("cursor", cursor.as_deref())];
            let mut body = self.get(path, &[query, &page].concat())?.body;
            match body.get_mut("items").map(Value::take) {
                Some(Value::Array(page)) => items.extend(page),
                Some(_) | None => return Err(self.foreign("a list without `items`")),
            }
            match body.get("next_cursor").and_then(Value::as_str) {
                Some(next) => cursor = Some(next.to_owned()),
                None => {
                    if let Some(all) = body.get_mut("items") {
                        *all = Value::Array(items);
                    }
                    return Ok(body);
                }
            }
        }
    }

    /// Shows the visitor each page of a list, its items as the node sent them, byte for byte, until that wants no more. One
    /// page at a time is in memory. Told to come later, it does.
    ///
    /// # Errors
    /// Nobody there, or the node says no.
    pub fn pages(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
        mut visit: impl FnMut(&[&RawValue]) -> bool,
    ) -> Result<(), ClientError> {
        let mut cursor: Option<String> = None;
        loop {
            let page = [("limit", Some("1000")), ("cursor", cursor.as_deref())];
            let bytes = match self.bytes(self.sent(self.reading(path, &[query, &page].concat()).call())?) {
                Err(ClientError::Refused(problem)) if problem.status == 429 => {
                    std::thread::sleep(LATER);
                    continue;
                }
                bytes => bytes?,
            };
            let Page { items, next_cursor } =
                serde_json::from_slice(&bytes).map_err(|_| self.foreign("a list without `items`"))?;
            let goes_on = visit(&items);
            match next_cursor {
                Some(next) if goes_on => cursor = Some(next),
                Some(_) | None => return Ok(()),
            }
        }
    }

    /// Shows the visitor each line of what stands at a path, as it comes, until that wants no more.
    ///
    /// # Errors
    /// Nobody there, the node says no, or what it sends breaks off.
    pub fn lines(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
        mut visit: impl FnMut(&str) -> bool,
    ) -> Result<(), ClientError> {
        let response = self.sent(self.reading(path, query).call())?;
        if !response.status().is_success() {
            return Err(self.read(response).err().unwrap_or_else(|| self.foreign("a list that is none")));
        }
        for line in BufReader::new(response.into_body().into_reader()).lines() {
            if !visit(&line.map_err(|error| self.foreign(&format!("what it sends breaks off: {error}")))?) {
                break;
            }
        }
        Ok(())
    }

    /// Follows a stream of server-sent events, resumed after `last`, and shows each one's data to the visitor until
    /// that says no, or the stream ends. Answers the id of the last event seen.
    ///
    /// # Errors
    /// Nobody there, or the node says no.
    pub fn follow(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
        last: Option<String>,
        mut visit: impl FnMut(&str) -> bool,
    ) -> Result<Option<String>, ClientError> {
        let mut request = self.reading(path, query).header("Accept", "text/event-stream");
        if let Some(last) = &last {
            request = request.header("Last-Event-ID", last);
        }
        let response = self.sent(request.call())?;
        if !response.status().is_success() {
            return Err(self.read(response).err().unwrap_or_else(|| self.foreign("a stream that is none")));
        }
        let mut seen = last;
        let mut data = String::new();
        for line in BufReader::new(response.into_body().into_reader()).lines() {
            // A stream that breaks off ends: the caller resumes it.
            let Ok(line) = line else { break };
            if let Some(text) = line.strip_prefix("data:") {
                data.push_str(text.strip_prefix(' ').unwrap_or(text));
            } else if let Some(id) = line.strip_prefix("id:") {
                seen = Some(id.trim().to_owned());
            } else if line.is_empty() && !data.is_empty() && !visit(&std::mem::take(&mut data)) {
                break;
            }
        }
        Ok(seen)
    }

    fn reading(&self, path: &str, query: &[(&str, Option<&str>)]) -> RequestBuilder<ureq::typestate::WithoutBody> {
        let mut request = self.signed(self.agent.get(self.address(path)));
        for (name, value) in query {
            if let Some(value) = value {
                request = request.query(*name, *value);
            }
        }
        request
    }

    fn signed<T>(&self, request: RequestBuilder<T>) -> RequestBuilder<T> {
        match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn answer(&self, response: Result<Response<Body>, ureq::Error>) -> Result<Answer, ClientError> {
        self.read(self.sent(response)?)
    }

    fn sent(&self, response: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, ClientError> {
        response.map_err(|error| ClientError::Unreachable { url: self.url.clone(), error: Box::new(error) })
    }

    fn read(&self, response: Response<Body>) -> Result<Answer, ClientError> {
        let status = response.status();
        // Of a platform that was restored it begins with the epoch.
        let number = |text: &str| text.rsplit('-').next()?.parse().ok();
        let position = response.headers().get("Tenure-Position").and_then(|text| number(text.to_str().ok()?));
        let body = serde_json::from_slice(&self.bytes(response)?);
        Ok(Answer { position, body: body.map_err(|_| self.foreign(&format!("{status} without JSON")))? })
    }

    /// The body of an answer, unless it says no.
    fn bytes(&self, mut response: Response<Body>) -> Result<Vec<u8>, ClientError> {
        let status = response.status();
        let body = self.sent_body(response.body_mut().with_config().limit(ANSWER).read_to_vec())?;
        if status.is_success() {
            return Ok(body);
        }
        let problem: Result<Problem, _> = serde_json::from_slice(&body);
        let mut problem = problem.map_err(|_| self.foreign(&format!("{status} without problem details")))?;
        problem.status = status.as_u16();
        Err(ClientError::Refused(Box::new(problem)))
    }

    fn sent_body(&self, body: Result<Vec<u8>, ureq::Error>) -> Result<Vec<u8>, ClientError> {
        body.map_err(|error| ClientError::Unreachable { url: self.url.clone(), error: Box::new(error) })
    }

    fn foreign(&self, what: &str) -> ClientError {
        ClientError::Foreign { url: self.url.clone(), what: what.to_owned() }
    }
}

/// An id as a segment of a path.
#[must_use]
pub fn segment(id: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:@".contains(byte);
    id.bytes().fold(String::new(), |mut text, byte| {
        if is_plain(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

/// A node on this machine is never behind a proxy.
fn is_loopback(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["127.", "localhost", "[::1]"].iter().any(|local| host.starts_with(local))
}
