//! Any history of seals, syncs, erasures and restarts, against a naive model.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// What may happen to the store; people and commands by number.
#[derive(Debug, Clone)]
enum Step {
    Seal(u8, u8),
    Unstage(u8),
    Sync,
    Erase(u8),
    /// The process ends, and the next one opens the file.
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6_u8, 0..4_u8).prop_map(|(person, by)| Step::Seal(person, by)),
        1 => (0..4_u8).prop_map(Step::Unstage),
        2 => Just(Step::Sync),
        1 => (0..6_u8).prop_map(Step::Erase),
        1 => Just(Step::Reopen),
    ]
}

/// The naive model: who is erased, whose key is written, who wants which staged key, and which texts each key sealed.
#[derive(Default)]
struct Model {
    erased: BTreeSet<u8>,
    written: BTreeSet<u8>,
    staged: BTreeMap<u8, BTreeSet<u8>>,
    texts: Vec<(u8, Sealed, bool)>,
}

impl Model {
    /// Texts of keys that are gone never open again, whatever key the person gets next.
    fn lose(&mut self, lost: impl Fn(u8) -> bool) {
        self.texts.iter_mut().filter(|(person, ..)| lost(*person)).for_each(|(.., opens)| *opens = false);
        self.staged.retain(|person, _| !lost(*person));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_history_agrees_with_the_model(steps in proptest::collection::vec(step(), 1..40)) {
        let home = Home::new();
        let mut store = home.create();
        let mut model = Model::default();
        let name = |person: u8| format!("person-{person}");
        for step in steps {
            match step {
                Step::Seal(person, by) => match seal(&store, &name(person), by.into()) {
                    Ok(sealed) => {
                        prop_assert!(!model.erased.contains(&person));
                        model.texts.push((person, sealed, true));
                        if !model.written.contains(&person) {
                            model.staged.entry(person).or_default().insert(by);
                        }
                    }
                    Err(error) => prop_assert!(error == SealError::Erased && model.erased.contains(&person)),
                },
                Step::Unstage(by) => {
                    store.unstage(command(by.into()));
                    let gone: BTreeSet<u8> = model.staged.iter_mut()
                        .filter_map(|(person, wanted)| (wanted.remove(&by) && wanted.is_empty()).then_some(*person))
                        .collect();
                    model.lose(|person| gone.contains(&person));
                }
                Step::Sync => {
                    store.sync().unwrap();
                    model.written.extend(std::mem::take(&mut model.staged).into_keys());
                }
                Step::Erase(person) => {
                    store.erase(&user(&name(person))).unwrap();
                    model.erased.insert(person);
                    model.lose(|other| other == person);
                }
                Step::Reopen => {
                    drop(store);
                    store = home.open().unwrap();
                    let gone: BTreeSet<u8> = model.staged.keys().copied().collect();
                    model.lose(|person| gone.contains(&person));
                }
            }
            for (person, sealed, opens) in &model.texts {
                let opened = unseal(&store, &name(*person), sealed);
                prop_assert_eq!(opened.is_ok(), *opens, "{} {:?}", person, opened);
                prop_assert_eq!(opened == Err(UnsealError::Erased), model.erased.contains(person));
            }
        }
    }
}
