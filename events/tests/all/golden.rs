//! One stored specimen of every event type: `golden/TYPE.json`, and variants as `golden/TYPE.VARIANT.json`. They are
//! never edited and never deleted: what is in the log of somebody is there for ever.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tenure_events::{Envelope, parse, schema};

/// The bytes of every specimen by its file's name without `.json`.
pub fn specimens() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let specimens = files.filter(|path| path.is_file()).map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        (name.strip_suffix(".json").expect("specimens end in `.json`").to_owned(), fs::read(&path).unwrap())
    });
    specimens.collect()
}

/// Type and variant of a specimen's name: a type has four parts.
fn kind(name: &str) -> String {
    name.split('.').take(4).collect::<Vec<_>>().join(".")
}

fn read(name: &str, bytes: &[u8]) -> Envelope {
    parse(bytes).unwrap_or_else(|error| panic!("golden/{name}.json cannot be read any more: {error}"))
}

#[test]
fn every_type_has_a_specimen_and_every_specimen_a_type() {
    let types: Vec<String> = schema::data().into_keys().collect();
    let specimens: Vec<String> = specimens().into_keys().filter(|name| kind(name) == *name).collect();
    assert_eq!(specimens, types, "left: files in events/golden, right: types of `Event`");
}

#[test]
fn specimens_are_read_and_written_byte_for_byte() {
    for (name, bytes) in specimens() {
        let envelope = read(&name, &bytes);
        let written = envelope.to_bytes();
        if schema::is_retired(&kind(&name)) {
            assert_eq!(read(&name, &written), envelope, "golden/{name}.json means the same in its new shape");
            continue;
        }
        assert_eq!(envelope.event.kind(), kind(&name), "golden/{name}.json holds what it is named after");
        assert!(written == bytes, "golden/{name}.json is written as\n{}", String::from_utf8_lossy(&written));
    }
}

#[test]
fn specimens_are_as_their_schemas_say() {
    for (name, bytes) in specimens() {
        let schema = schema::of(&kind(&name)).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let specimen: Value = serde_json::from_slice(&bytes).unwrap();
        let errors: Vec<String> = validator.iter_errors(&specimen).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "golden/{name}.json: {errors:?}");
    }
}

/// Without each attribute or field, or with one more, bytes and schema agree on whether it is still an event.
#[test]
fn schemas_refuse_what_the_reader_refuses() {
    for (name, bytes) in specimens() {
        let validator = jsonschema::draft202012::new(&schema::of(&kind(&name)).unwrap()).unwrap();
        let specimen: Value = serde_json::from_slice(&bytes).unwrap();
        for at in ["", "/data"] {
            let names = specimen.pointer(at).unwrap().as_object().unwrap().keys().map(Some).chain([None]);
            for left_out in names {
                let mut changed = specimen.clone();
                let object = changed.pointer_mut(at).unwrap().as_object_mut().unwrap();
                match left_out {
                    Some(field) => object.remove(field),
                    None => object.insert("surplus".to_owned(), Value::Null),
                };
                let valid = validator.is_valid(&changed);
                // A reader knows an event without these three, which say the same of all events or are made of the rest.
                let unread = ["specversion", "datacontenttype", "subject"];
                let unread = at.is_empty() && left_out.is_some_and(|field| unread.contains(&field.as_str()));
                let read = parse(&in_order(&changed)).is_ok();
                assert_eq!(read && !unread, valid, "golden/{name}.json without {left_out:?} at `{at}`");
            }
        }
    }
}

/// The object with `type` and `data` last, as events are written.
fn in_order(event: &Value) -> Vec<u8> {
    let last = |name: &str| matches!(name, "type" | "data");
    let object = event.as_object().unwrap();
    let first = object.iter().filter(|(name, _)| !last(name));
    let last = ["type", "data"].into_iter().filter_map(|name| object.get_key_value(name));
    let fields = first.chain(last).map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(",")).into_bytes()
}
