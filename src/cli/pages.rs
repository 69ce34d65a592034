//! Memory in huge pages: a check waits for memory and little else, and a third of that is for the translation of addresses.

/// Starts the program anew, as itself, with an allocator that asks for huge pages: glibc reads that from its environment,
/// before the program begins. Returns where that is done already, somebody else chose what glibc shall do, or it cannot
/// be done: then pages are small.
pub fn ask_for_huge_ones() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::os::unix::process::CommandExt as _;

        const TUNABLES: &str = "GLIBC_TUNABLES";
        if std::env::var_os(TUNABLES).is_some() {
            return;
        }
        let Ok(program) = std::env::current_exe() else { return };
        let mut itself = std::process::Command::new(program);
        itself.args(std::env::args_os().skip(1)).env(TUNABLES, "glibc.malloc.hugetlb=1");
        if let Some(name) = std::env::args_os().next() {
            itself.arg0(name);
        }
        // Comes back only if it failed.
        drop(itself.exec());
    }
}
