//! Work on many files, shared among as many threads as there are cores.

use std::thread;

/// Has `work` done on shares of `items`. Errors with the first share's error; all have ended then.
pub(super) fn share<T: Sync, E: Send>(items: &[T], work: impl Fn(&[T]) -> Result<(), E> + Sync) -> Result<(), E> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let shares = items.chunks(items.len().div_ceil(threads).max(1));
        let workers: Vec<_> = shares.map(|share| scope.spawn(|| work(share))).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
