//! What the service counts, in the text format of Prometheus.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::App;
use super::limits::Usage;
use crate::node::{self, FeedReport, FeedState, Halt, Node, Reason};

/// Counters of the edge; those of the node are read when somebody asks.
pub struct Metrics {
    registry: Registry,
    commands: Family<CommandLabels, Counter>,
    checks: Checks,
    durations: Family<RouteLabels, Histogram>,
}

/// What checks answered.
#[derive(Debug, Default)]
pub struct Checks {
    /// Yes.
    pub allowed: Counter,
    /// No.
    pub denied: Counter,
    /// Nothing, because the caller may not ask.
    pub not_permitted: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CommandLabels {
    command: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CheckLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
    status: u16,
}

const SECONDS: [f64; 12] = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

impl Metrics {
    /// Nothing counted yet.
    pub fn new(node: &Node, usage: &Arc<Usage>) -> Self {
        let mut registry = Registry::with_prefix("tenure");
        let commands = Family::<CommandLabels, Counter>::default();
        registry.register("commands", "Commands by name and outcome", commands.clone());
        let outcomes = Family::<CheckLabels, Counter>::default();
        registry.register("checks", "Access checks by outcome", outcomes.clone());
        let check = |outcome| outcomes.get_or_create_owned(&CheckLabels { outcome });
        let checks =
            Checks { allowed: check("allowed"), denied: check("denied"), not_permitted: check("not_permitted") };
        let durations = Family::<RouteLabels, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        registry.register("http_request_duration_seconds", "Time from request to answer", durations.clone());
        registry.register_collector(Box::new(OfNode(node.clone(), Arc::clone(usage))));
        Self { registry, commands, checks, durations }
    }

    /// A command came to this.
    pub fn command(&self, command: &'static str, outcome: &'static str) {
        self.commands.get_or_create(&CommandLabels { command, outcome }).inc();
    }

    /// The counters of checks.
    pub const fn checks(&self) -> &Checks {
        &self.checks
    }

    /// A request was answered.
    pub fn request(&self, route: &'static str, status: u16, duration: Duration) {
        let labels = RouteLabels { route, status };
        self.durations.get_or_create(&labels).observe(duration.as_secs_f64());
    }
}

/// The page, for a listener of its own: it says nothing of anybody, and asks for no token.
pub fn router(app: App) -> Router {
    Router::new().route("/metrics", get(page)).with_state(app)
}

async fn page(State(app): State<App>) -> impl IntoResponse {
    let mut page = String::new();
    if text::encode(&mut page, &app.metrics().registry).is_err() {
        page.clear();
    }
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], page)
}

struct OfNode(Node, Arc<Usage>);

impl std::fmt::Debug for OfNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OfNode")
    }
}

impl Collector for OfNode {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let stats = self.0.stats();
        let mut gauge = |name: &str, help: &str, value: u64| {
            encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
        };
        gauge("position", "Position of the last durable event", stats.position)?;
        gauge("state_changes", "Changes of state that the events made", stats.changes)?;
        gauge("queue_length", "Commands that wait to be decided", u64::try_from(stats.queue).unwrap_or(u64::MAX))?;
        let near = u64::try_from(self.1.warned()).unwrap_or(u64::MAX);
        gauge("quota_tenants_warned", "Tenants that used up much of their quota since the start", near)?;
        gauge("writing", "1 while the node takes commands", u64::from(stats.writing))?;
        of_halt(&mut encoder, stats.halt.as_ref())?;
        if let Some(feed) = self.0.feed() {
            of_feed(&mut encoder, &feed)?;
        }
        let uptime = self.0.clock().elapsed().as_secs_f64();
        encoder
            .encode_descriptor("uptime_seconds", "Time since the node was opened", None, MetricType::Gauge)?
            .encode_gauge(&uptime)?;
        histogram(&mut encoder, "commit_commands", "Commands in one commit", &stats.commit_commands)?;
        histogram(&mut encoder, "commit_seconds", "Time that one commit took, syncs included", &stats.commit_seconds)
    }
}

/// Each reason for taking no commands, so that one can be waited for by name.
fn of_halt(encoder: &mut DescriptorEncoder<'_>, halt: Option<&Halt>) -> std::fmt::Result {
    let help = "1 while the node takes no commands for this reason";
    let mut gauge = encoder.encode_descriptor("halted", help, None, MetricType::Gauge)?;
    for reason in Reason::ALL {
        let labels = ReasonLabels { reason: reason.code() };
        let holds = u64::from(halt.is_some_and(|halt| halt.reason == reason));
        gauge.encode_family(&labels)?.encode_gauge(&holds)?;
    }
    Ok(())
}

fn of_feed(encoder: &mut DescriptorEncoder<'_>, feed: &FeedReport) -> std::fmt::Result {
    let mut gauge = |name: &str, help: &str, value: f64| {
        encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
    };
    let is = |state| f64::from(u8::from(feed.state == state));
    gauge("feed_publishing", "1 while the stream takes what becomes durable", is(FeedState::Publishing))?;
    gauge("feed_refused", "1 while the stream or its server has to be mended", is(FeedState::Refused))?;
    #[expect(clippy::cast_precision_loss, reason = "positions stay far below 2^53")]
    let float = |number: u64| number as f64;
    if let Some((published, lag)) = feed.published.zip(feed.lag_positions) {
        gauge("feed_position", "Position of the last event in the stream", float(published))?;
        gauge("feed_lag_positions", "Durable events that the stream does not have", float(lag))?;
    }
    if let Some(seconds) = feed.lag_seconds {
        gauge("feed_lag_seconds", "Age of the first event that the stream does not have", seconds)?;
    }
    Ok(())
}

fn histogram(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    counted: &node::Histogram,
) -> std::fmt::Result {
    let mut buckets = counted.buckets.clone();
    buckets.push((f64::MAX, counted.above));
    let count = buckets.iter().map(|(_, count)| count).sum();
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    metric.encode_histogram::<NoLabelSet>(counted.sum, count, &buckets, None)
}
