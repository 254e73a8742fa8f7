//! Work on many things, done by as many threads as there are cores, or as many as can be had.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Has `work` done on each of `items`. Each thread takes the next one when it is done with its last, so the largest
/// should come first. Errors with one of the errors that have come; all threads have ended then.
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
        // Where the system has no more threads, those that there are do the work.
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, share).ok();
        let others: Vec<_> = (1..threads).map_while(spawn).collect();
        let own = share();
        let others = others.into_iter().map(|other| other.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        others.fold(own, Result::and)
    })
}
