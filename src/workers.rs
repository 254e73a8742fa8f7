//! Threads that share work on files: one for each core, and more where each request to the file system waits long, for a
//! server, a virtual machine or a virus scanner. Waiting takes no processor, so it can overlap.

use std::collections::BTreeMap;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
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
    /// Calls `work` with each of `items` and each that it [adds](Queue::add). `work` returns how many files and directories it
    /// has processed. Fails with one of the errors that occurred, once all threads have ended.
    pub(crate) fn process<T: Send, E: Send>(
        &self,
        items: impl IntoIterator<Item = T>,
        work: impl Fn(T, &Queue<T>) -> Result<usize, E> + Sync,
    ) -> Result<(), E> {
        let state = State { items: BTreeMap::new(), added: 0, taken: 0, threads: 1, waiting: 0, is_stopped: false };
        let queue = Queue { state: Mutex::new(state), changed: Condvar::new() };
        items.into_iter().for_each(|item| queue.add(0, item));
        let job = Job { workers: self, queue, work, error: Mutex::new(None) };
        thread::scope(|scope| job.run(scope));
        job.error.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// How many threads the file system rewards.
    fn wanted(&self) -> usize {
        if self.signs.load(Ordering::Relaxed) < SIGNS { cores().min(MOST) } else { MOST }
    }

    /// Takes note of how long so many files took. `busy` tells the processor time in it, which costs a system call.
    fn note(&self, files: usize, took: Duration, busy: impl FnOnce() -> Duration) {
        let long = LONG * u32::try_from(files).unwrap_or(u32::MAX);
        if self.signs.load(Ordering::Relaxed) >= SIGNS {
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
    queue: Queue<T>,
    work: F,
    error: Mutex<Option<E>>,
}

impl<T: Send, E: Send, F: Fn(T, &Queue<T>) -> Result<usize, E> + Sync> Job<'_, T, E, F> {
    /// Processes items until there are none. If others are waiting, starts a thread for them first, which does the same.
    fn run<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        let mut used = Duration::ZERO;
        while let Some(item) = self.queue.take() {
            let _turn = Turn(&self.queue);
            let hires = self.queue.hires(self.workers.wanted());
            if hires && thread::Builder::new().spawn_scoped(scope, || self.run(scope)).is_err() {
                // The existing threads do the work: the system allows no more.
                self.queue.state().threads = MOST;
            }
            let begun = Instant::now();
            match (self.work)(item, &self.queue) {
                Ok(files) => self.workers.note(files, begun.elapsed(), || {
                    // Since this was last asked, which is too much after an item that was not long.
                    let before = mem::replace(&mut used, os::thread_time());
                    used.saturating_sub(before)
                }),
                Err(error) => {
                    *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    self.queue.stop();
                }
            }
        }
    }
}

/// The items that nobody has taken yet.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    /// By weight and number. The last is taken first.
    items: BTreeMap<(usize, usize), T>,
    added: usize,
    /// How many items are being processed. Each may add others.
    taken: usize,
    threads: usize,
    /// How many threads wait for an item.
    waiting: usize,
    is_stopped: bool,
}

/// A thread's turn with the item that it has taken. It ends even if processing the item panics.
struct Turn<'a, T>(&'a Queue<T>);

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.taken -= 1;
        if state.taken == 0 && state.waiting > 0 {
            self.0.changed.notify_all();
        }
    }
}

impl<T> Queue<T> {
    /// Adds an item. The heaviest is taken first, and the last of those of equal weight.
    pub(crate) fn add(&self, weight: usize, item: T) {
        let mut state = self.state();
        if !state.is_stopped {
            state.added += 1;
            let key = (weight, state.added);
            state.items.insert(key, item);
            if state.waiting > 0 {
                self.changed.notify_one();
            }
        }
    }

    /// Takes an item, for a [`Turn`]. None once there will be no more.
    fn take(&self) -> Option<T> {
        let mut state = self.state();
        loop {
            if let Some((_, item)) = state.items.pop_last() {
                state.taken += 1;
                return Some(item);
            }
            if state.taken == 0 {
                return None;
            }
            state.waiting += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    /// Whether another thread is to be started, so that there are at most `most`. Counts it.
    fn hires(&self, most: usize) -> bool {
        let mut state = self.state();
        let hires = !state.items.is_empty() && state.threads < most;
        state.threads += usize::from(hires);
        hires
    }

    /// Drops the items, and those that are still added.
    fn stop(&self) {
        let mut state = self.state();
        state.items.clear();
        state.is_stopped = true;
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
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
    fn items_that_an_item_adds_are_processed_too() {
        for workers in [Workers::default(), slow()] {
            let done = AtomicUsize::new(0);
            let processed = workers.process([1, 2], |item, queue| {
                (0..item).for_each(|weight| queue.add(weight, item / 2));
                done.fetch_add(1, Ordering::Relaxed);
                Ok::<_, ()>(1)
            });
            assert_eq!((processed, done.into_inner()), (Ok(()), 2 + 1 + 2 + 2));
        }
    }

    #[test]
    fn nothing_is_begun_after_an_error() {
        let begun = AtomicUsize::new(0);
        let processed = Workers::default().process(0..100, |item, queue| {
            begun.fetch_add(1, Ordering::Relaxed);
            queue.add(0, item);
            Err::<usize, _>(item)
        });
        assert!(processed.is_err());
        // One in each thread that was processing an item when the error occurred.
        assert!(begun.into_inner() <= cores());
    }

    #[test]
    fn a_panic_in_one_thread_ends_the_others() {
        let processed = std::panic::catch_unwind(|| {
            slow().process(0..100, |item, _| if item == 50 { panic!("as expected") } else { Ok::<_, ()>(1) })
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
