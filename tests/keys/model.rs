//! Any history of seals, commands not done, syncs, erasures and restarts, against a naive model.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// What may happen to the store; people by number.
#[derive(Debug, Clone)]
enum Step {
    /// For a command that is done, or for one that is refused.
    Seal {
        person: u8,
        done: bool,
    },
    Sync,
    Erase(u8),
    /// The process ends, and the next one opens the file.
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..6_u8, proptest::bool::weighted(0.8)).prop_map(|(person, done)| Step::Seal { person, done }),
        2 => Just(Step::Sync),
        1 => (0..6_u8).prop_map(Step::Erase),
        1 => Just(Step::Reopen),
    ]
}

/// The naive model: who is erased, whose key is written or staged, and which texts open.
#[derive(Default)]
struct Model {
    erased: BTreeSet<u8>,
    written: BTreeSet<u8>,
    staged: BTreeSet<u8>,
    texts: Vec<(u8, Sealed, bool)>,
}

impl Model {
    /// Texts of keys that are gone never open again, whatever key the person gets next.
    fn lose(&mut self, lost: impl Fn(u8) -> bool) {
        self.texts.iter_mut().filter(|(person, ..)| lost(*person)).for_each(|(.., opens)| *opens = false);
        self.staged.retain(|person| !lost(*person));
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
                Step::Seal { person, done } => {
                    let mut new = NewKeys::default();
                    match seal_with(&store, &name(person), 1, &mut new) {
                        Ok(sealed) => {
                            prop_assert!(!model.erased.contains(&person));
                            let known = model.written.contains(&person) || model.staged.contains(&person);
                            model.texts.push((person, sealed, known || done));
                            if done {
                                store.stage(new);
                                model.staged.insert(person);
                            }
                        }
                        Err(error) => prop_assert!(error == SealError::Erased && model.erased.contains(&person)),
                    }
                }
                Step::Sync => {
                    store.sync().unwrap();
                    model.written.extend(std::mem::take(&mut model.staged));
                }
                Step::Erase(person) => {
                    store.erase(&user(&name(person))).unwrap();
                    model.erased.insert(person);
                    model.lose(|other| other == person);
                }
                Step::Reopen => {
                    drop(store);
                    store = home.open().unwrap();
                    let gone: BTreeSet<u8> = model.staged.difference(&model.written).copied().collect();
                    model.staged.clear();
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
