//! Processes many items in as many threads as there are cores, or as many as the system allows.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Calls `work` with each of `items`. Each thread takes the next item when it has finished its last, so the largest
/// should come first. Fails with one of the errors that occurred, once all threads have ended.
pub(super) fn each<T: Sync, E: Send>(items: &[T], work: impl Fn(&T) -> Result<(), E> + Sync) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let share = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(item)?;
        }
        Ok(())
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    thread::scope(|scope| {
        // If the system allows no more threads, the existing ones do the work.
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, share).ok();
        let others: Vec<_> = (1..threads).map_while(spawn).collect();
        let own = share();
        let others = others.into_iter().map(|other| other.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        others.fold(own, Result::and)
    })
}
