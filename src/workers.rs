//! Threads that share work on files: one for each core, and more where each request to the file system waits long, for a
//! server, a virtual machine or a virus scanner. Waiting takes no processor, so it can overlap.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use crate::os;

/// The number of threads on a slow file system, and the most on any.
const MOST: usize = 32;

/// A file that takes longer than this, not counting processor time, is a sign of a slow file system. A local disk takes
/// less than a twentieth of it.
const LONG: Duration = Duration::from_millis(1);

/// The number of signs in a row after which a file system is taken for slow: a busy machine delays a few.
const SIGNS: usize = 8;

/// How many processors this process may use. Finding out takes a dozen system calls.
pub(crate) fn cores() -> usize {
    static CORES: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));
    *CORES
}

/// The workers for one file system. Clones share what they know about it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Workers {
    signs: Arc<AtomicUsize>,
}

impl Workers {
    /// Calls `work` with each of `items`, the last one first. `work` returns how many files and directories it has
    /// processed. Fails with one of the errors that occurred, once all threads have ended.
    pub(crate) fn process<T: Send, E: Send>(
        &self,
        items: Vec<T>,
        work: impl Fn(T) -> Result<usize, E> + Sync,
    ) -> Result<(), E> {
        let job = Job { workers: self, state: Mutex::new(State { items, threads: 1, error: None }), work };
        thread::scope(|scope| job.run(scope));
        job.state.into_inner().unwrap_or_else(PoisonError::into_inner).error.map_or(Ok(()), Err)
    }

    /// How many directories a thread takes at a time: of few, starting another takes longer than it saves. On a slow file
    /// system, each of them waits.
    pub(crate) fn directories_at_once(&self) -> usize {
        if self.is_slow() { 1 } else { 16 }
    }

    /// How many threads the file system rewards.
    fn wanted(&self) -> usize {
        if self.is_slow() { MOST } else { cores().min(MOST) }
    }

    fn is_slow(&self) -> bool {
        self.signs.load(Ordering::Relaxed) >= SIGNS
    }

    /// Takes note of how long so many files took. `busy` tells the processor time in it, which costs a system call.
    fn note(&self, files: usize, took: Duration, busy: impl FnOnce() -> Duration) {
        let long = LONG * u32::try_from(files).unwrap_or(u32::MAX);
        if self.is_slow() {
        } else if took > long && took.saturating_sub(busy()) > long {
            self.signs.fetch_add(1, Ordering::Relaxed);
        } else {
            self.signs.store(0, Ordering::Relaxed);
        }
    }
}

/// One call of [`Workers::process`].
struct Job<'a, T, E, F> {
    workers: &'a Workers,
    state: Mutex<State<T, E>>,
    work: F,
}

struct State<T, E> {
    /// The items that no thread has taken yet.
    items: Vec<T>,
    threads: usize,
    error: Option<E>,
}

impl<T: Send, E: Send, F: Fn(T) -> Result<usize, E> + Sync> Job<'_, T, E, F> {
    /// Processes items until there are none. If others are waiting, starts a thread for them first, which does the same.
    fn run<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        let mut used = Duration::ZERO;
        while let Some((item, hires)) = self.take() {
            if hires && thread::Builder::new().spawn_scoped(scope, || self.run(scope)).is_err() {
                // The existing threads do the work: the system allows no more.
                self.state().threads = MOST;
            }
            let begun = Instant::now();
            match (self.work)(item) {
                Ok(files) => self.workers.note(files, begun.elapsed(), || {
                    // Since this was last asked, which is too much after an item that was not long.
                    let before = mem::replace(&mut used, os::thread_time());
                    used.saturating_sub(before)
                }),
                Err(error) => {
                    let mut state = self.state();
                    state.items.clear();
                    state.error = Some(error);
                }
            }
        }
    }

    /// Takes an item. Also returns whether to start another thread, which then counts.
    fn take(&self) -> Option<(T, bool)> {
        let mut state = self.state();
        let item = state.items.pop()?;
        let hires = !state.items.is_empty() && state.threads < self.workers.wanted();
        state.threads += usize::from(hires);
        Some((item, hires))
    }

    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The workers of a file system that has been found slow.
    fn slow() -> Workers {
        Workers { signs: Arc::new(SIGNS.into()) }
    }

    #[test]
    fn each_item_is_processed() {
        for workers in [Workers::default(), slow()] {
            let done = AtomicUsize::new(0);
            let processed = workers.process((0..100).collect(), |item| {
                done.fetch_add(item, Ordering::Relaxed);
                Ok::<_, ()>(1)
            });
            assert_eq!((processed, done.into_inner()), (Ok(()), 4950));
        }
    }

    #[test]
    fn nothing_is_begun_after_an_error() {
        let begun = AtomicUsize::new(0);
        let processed = Workers::default().process((0..100).collect(), |item: usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            Err::<usize, _>(item)
        });
        assert!(processed.is_err());
        // One in each thread that was processing an item when the error occurred.
        assert!(begun.into_inner() <= cores());
    }

    #[test]
    fn a_panic_in_one_thread_ends_the_others() {
        let processed = std::panic::catch_unwind(|| {
            slow().process((0..100).collect(), |item| if item == 50 { panic!("as expected") } else { Ok::<_, ()>(1) })
        });
        assert!(processed.is_err());
    }

    #[test]
    fn a_file_system_is_slow_after_several_slow_files_in_a_row() {
        let workers = Workers::default();
        let busy = Duration::from_micros(500);
        let note =
            |times: usize, micros| (0..times).for_each(|_| workers.note(1, Duration::from_micros(micros), || busy));
        note(SIGNS - 1, 4000);
        note(1, 40);
        note(SIGNS - 1, 4000);
        // As long, but nearly half of it is processor time.
        note(1, 1200);
        note(SIGNS - 1, 4000);
        assert_eq!(workers.wanted(), cores());
        note(1, 4000);
        note(1, 40);
        assert_eq!(workers.wanted(), MOST);
    }
}
