//! What the log costs over a bare file, and how fast it replays.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::{fs::File, hint::black_box, io::Write, ops::ControlFlow, time::Duration};

use criterion::{Criterion, Throughput};
use tempfile::TempDir;
use tenure::log::{FileLog, FileOptions, Log};
use uuid::Uuid;

/// Events in one append, as of a busy writer.
const GROUP: usize = 256;
/// Bytes in an event, as of most.
const EVENT: usize = 450;
/// Appends in the log that is read: some 450 MB.
const APPENDS: usize = 4000;
const LOG_ID: Uuid = Uuid::from_u128(1);

fn group() -> Vec<Vec<u8>> {
    vec![vec![b'x'; EVENT]; GROUP]
}

fn appending(criterion: &mut Criterion) {
    let folder = TempDir::new().unwrap();
    let mut bench = criterion.benchmark_group("append 256 events of 450 bytes, one sync");
    bench.throughput(Throughput::Elements(GROUP as u64)).measurement_time(Duration::from_secs(4));
    let bytes = group().concat();
    let mut file = File::create(folder.path().join("bare")).unwrap();
    bench.bench_function("bare file", |bencher| {
        bencher.iter(|| {
            file.write_all(&bytes).unwrap();
            file.sync_data().unwrap();
        });
    });
    let events = group();
    let mut log = Log::Files(FileLog::create(&folder.path().join("log"), LOG_ID, FileOptions::default()).unwrap());
    bench.bench_function("log", |bencher| bencher.iter(|| log.append(log.head(), &events).unwrap()));
}

fn reading(criterion: &mut Criterion) {
    let folder = TempDir::new().unwrap();
    let mut log = Log::Files(FileLog::create(folder.path(), LOG_ID, FileOptions::default()).unwrap());
    let events = group();
    for _ in 0..APPENDS {
        log.append(log.head(), &events).unwrap();
    }
    let reader = log.reader();
    let mut bench = criterion.benchmark_group("read a million events of 450 bytes");
    bench.throughput(Throughput::Elements(reader.head())).sample_size(10);
    bench.bench_function("scan", |bencher| {
        bencher.iter(|| {
            let mut bytes = 0;
            let visit = |_, event: &[u8]| {
                bytes += black_box(event).len();
                ControlFlow::Continue(())
            };
            reader.scan(1, visit).unwrap();
            bytes
        });
    });
    bench.bench_function("open and prove", |bencher| {
        bencher.iter(|| FileLog::open_read_only(folder.path(), LOG_ID).unwrap());
    });
    bench.finish();
    let mut position = 1;
    criterion.bench_function("read 100 events anywhere", |bencher| {
        bencher.iter(|| {
            position = (position * 7919) % reader.head() + 1;
            reader.read(position, 100).unwrap()
        });
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    appending(&mut criterion);
    reading(&mut criterion);
    criterion.final_summary();
}
