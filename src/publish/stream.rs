//! The stream: made if it is not there, and its settings.

use std::fmt;
use std::time::Duration;

use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, PersistenceMode, RetentionPolicy, StorageType, Stream,
};
use async_nats::jetstream::{self, Context, ErrorCode};
use tenure_events::{Epoch, Position};

use super::connect::{Connection, PATIENCE};
use super::refusal::{Difference, Refusal};
use super::{Options, Result, SUBJECTS};

/// How long the server remembers ids of messages: a batch that is sent again soon is known by them as well.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// The stream, made if it is not there.
pub async fn get_or_create(connection: &Connection, options: &Options) -> Result<Stream<Info>> {
    match get(connection, options).await? {
        Some(stream) => Ok(stream),
        None => create(connection, options).await,
    }
}

/// The stream, if it is there.
pub async fn get(connection: &Connection, options: &Options) -> Result<Option<Stream<Info>>> {
    let error = match context(connection).get_stream(options.stream()).await {
        Ok(stream) => return Ok(Some(stream)),
        Err(error) => error,
    };
    match error.kind() {
        GetStreamErrorKind::JetStream(said) if said.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(None),
        GetStreamErrorKind::JetStream(said) if is_without(said.error_code()) => {
            Err(Refusal::NoJetStream(said.to_string()).into())
        }
        GetStreamErrorKind::JetStream(_)
        | GetStreamErrorKind::EmptyName
        | GetStreamErrorKind::Request
        | GetStreamErrorKind::InvalidStreamName => Err(connection.explain(&error)),
    }
}

/// What the stream's metadata calls the epoch of the log: none before the first restore.
const EPOCH: &str = "tenure-epoch";

/// The epoch that the stream was last written in.
pub fn epoch(stream: &Stream<Info>) -> Epoch {
    stream.cached_info().config.metadata.get(EPOCH).and_then(|epoch| epoch.parse().ok()).unwrap_or_default()
}

/// Says in the stream's metadata which epoch it is written in from now on: for those who look at it. Where nobody lets the node
/// change a stream, the events say it all the same.
pub async fn note_epoch(connection: &Connection, stream: &Stream<Info>, now: Epoch) {
    if epoch(stream) == now {
        return;
    }
    let mut config = stream.cached_info().config.clone();
    config.metadata.insert(EPOCH.to_owned(), now.to_string());
    if let Err(error) = context(connection).update_stream(config).await {
        tracing::debug!(%error, "the epoch cannot be noted in the stream's metadata");
    }
}

fn context(connection: &Connection) -> Context {
    let mut context = jetstream::new(connection.client.clone());
    context.set_timeout(PATIENCE);
    context
}

async fn create(connection: &Connection, options: &Options) -> Result<Stream<Info>> {
    let error = match context(connection).create_stream(wanted(options)).await {
        Ok(stream) => {
            tracing::info!(stream = options.stream(), "made the stream");
            return Ok(stream);
        }
        Err(error) => error,
    };
    let refused = |why: String, mend| {
        let stream = options.stream().to_owned();
        Err(Refusal::Creation { stream, why, mend }.into())
    };
    match error.kind() {
        CreateStreamErrorKind::JetStream(said) => match said.error_code() {
            ErrorCode::STREAM_SUBJECT_OVERLAP => refused(
                format!("another stream of the account takes subjects of `{SUBJECTS}`"),
                "name that stream if it is the feed, or remove it",
            ),
            ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED | ErrorCode::CLUSTER_NO_PEERS => {
                refused(said.to_string(), "ask for no more replicas than there are servers")
            }
            _ => Err(connection.explain(&error)),
        },
        CreateStreamErrorKind::InvalidStreamName | CreateStreamErrorKind::EmptyStreamName => {
            refused(error.to_string(), "choose another name")
        }
        CreateStreamErrorKind::DomainAndExternalSet
        | CreateStreamErrorKind::JetStreamUnavailable
        | CreateStreamErrorKind::TimedOut
        | CreateStreamErrorKind::Response
        | CreateStreamErrorKind::NotFound
        | CreateStreamErrorKind::ResponseParse => Err(connection.explain(&error)),
    }
}

fn is_without(code: ErrorCode) -> bool {
    [ErrorCode::JETSTREAM_NOT_ENABLED, ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT].contains(&code)
}

/// The stream as it is made.
fn wanted(options: &Options) -> Config {
    Config {
        name: options.stream().to_owned(),
        description: Some(
            "The log of Tenure: every event once and in order, its sequence being its position".to_owned(),
        ),
        subjects: vec![SUBJECTS.to_owned()],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_bytes: -1,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        max_age: Duration::ZERO,
        max_message_size: -1,
        num_replicas: options.replicas.unwrap_or(1),
        duplicate_window: DUPLICATE_WINDOW,
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        allow_atomic_publish: true,
        ..Config::default()
    }
}

/// What about the stream's settings would lose, change or refuse events.
fn differences(found: &Config, options: &Options) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut check = |setting, is_right: bool, found: &dyn fmt::Debug, needed: &str| {
        if !is_right {
            all.push(Difference { setting, found: format!("{found:?}"), needed: needed.to_owned() });
        }
    };
    check("subjects", found.subjects == [SUBJECTS], &found.subjects, SUBJECTS);
    check("storage", found.storage == StorageType::File, &found.storage, "file");
    check("retention", found.retention == RetentionPolicy::Limits, &found.retention, "limits");
    check("discard", found.discard == DiscardPolicy::New, &found.discard, "new");
    let unlimited = "unlimited";
    check("max_bytes", found.max_bytes <= 0, &found.max_bytes, unlimited);
    check("max_msgs", found.max_messages <= 0, &found.max_messages, unlimited);
    check("max_msgs_per_subject", found.max_messages_per_subject <= 0, &found.max_messages_per_subject, unlimited);
    check("max_age", found.max_age.is_zero(), &found.max_age, unlimited);
    check("max_msg_size", found.max_message_size <= 0, &found.max_message_size, unlimited);
    check("deny_delete", found.deny_delete, &found.deny_delete, "true");
    check("deny_purge", found.deny_purge, &found.deny_purge, "true");
    check("allow_atomic", found.allow_atomic_publish, &found.allow_atomic_publish, "true");
    check("sealed", !found.sealed, &found.sealed, "false");
    check("no_ack", !found.no_ack, &found.no_ack, "false");
    check("allow_rollup_hdrs", !found.allow_rollup, &found.allow_rollup, "false");
    check("allow_msg_ttl", !found.allow_message_ttl, &found.allow_message_ttl, "false");
    check("allow_msg_counter", !found.allow_message_counter, &found.allow_message_counter, "false");
    check("allow_msg_schedules", !found.allow_message_schedules, &found.allow_message_schedules, "false");
    let republished = found.republish.as_ref().map(|to| to.destination.as_str());
    check("republish", republished.is_none(), &Named(republished), "none");
    let transformed = found.subject_transform.as_ref().map(|to| to.destination.as_str());
    check("subject_transform", transformed.is_none(), &Named(transformed), "none");
    let mirrored = found.mirror.as_ref().map(|mirror| mirror.name.as_str());
    check("mirror", mirrored.is_none(), &Named(mirrored), "none");
    let source = found.sources.iter().flatten().next().map(|source| source.name.as_str());
    check("sources", source.is_none(), &Named(source), "none");
    let waits = found.persist_mode.as_ref().is_none_or(|mode| *mode == PersistenceMode::Default);
    check("persist_mode", waits, &found.persist_mode, "default");
    if let Some(replicas) = options.replicas {
        check("num_replicas", found.num_replicas == replicas, &found.num_replicas, &replicas.to_string());
    }
    all
}

/// What a setting names, if anything.
struct Named<'a>(Option<&'a str>);

impl fmt::Debug for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.unwrap_or("none"))
    }
}

/// Looks at what can be known without the log: the settings, and that nothing is missing. Answers the position that the
/// stream is at.
pub fn check(stream: &Stream<Info>, options: &Options) -> Result<Position> {
    let name = || options.stream().to_owned();
    let Info { config, state, .. } = stream.cached_info();
    let differences = differences(config, options);
    if !differences.is_empty() {
        return Err(Refusal::Settings { stream: name(), differences }.into());
    }
    let (first, last, messages) = (state.first_sequence, state.last_sequence, state.messages);
    if messages != last || (last > 0 && first != 1) {
        return Err(Refusal::Gap { stream: name(), first, last, messages }.into());
    }
    Ok(last)
}
