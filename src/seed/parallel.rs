//! Processes many items in as many threads as there are cores, or as many as the system allows.

use std::iter;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many items are processed at once.
pub(super) fn width() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Calls `work` with each of `items`, and returns the results in any order. Each thread takes the next item when it has
/// finished its last, so the largest should come first. Fails with one of the errors that occurred, once all threads
/// have ended.
pub(super) fn each<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let share = || {
        let taken = iter::from_fn(|| items.get(next.fetch_add(1, Ordering::Relaxed)));
        taken.map(&work).collect::<Result<Vec<R>, E>>()
    };
    thread::scope(|scope| {
        // If the system allows no more threads, the existing ones do the work.
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, share).ok();
        let others: Vec<_> = (1..width().min(items.len())).map_while(spawn).collect();
        let own = share();
        let others = others.into_iter().map(|other| other.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        others.fold(own, |all, others| Ok([all?, others?].into_iter().flatten().collect()))
    })
}
