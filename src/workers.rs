//! Threads that share work on files: one for each core, and more where each request to the file system waits long, for a
//! server, a virtual machine or a virus scanner. Waiting takes no processor, so it can overlap.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use crate::os;

/// The number of threads on a slow file system.
const MOST: usize = 32;

/// A file that takes longer than this, not counting processor time, is a sign of a slow file system. A local disk takes
/// less than a tenth of it.
const LONG: Duration = Duration::from_micros(500);

/// The number of signs in a row after which a file system is taken for slow: a busy machine delays one or two.
const SIGNS: usize = 4;

/// How many processors this process may use.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The workers for one file system. Clones share what they know about it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Workers {
    signs: Arc<AtomicUsize>,
}

impl Workers {
    /// Calls `work` with each of `items` and each item that it [adds](Queue::add), in any order. `work` returns how many
    /// files and directories it has processed. Fails with one of the errors that occurred, once all threads have ended.
    pub(crate) fn process<T: Send, E: Send>(
        &self,
        items: impl IntoIterator<Item = T>,
        work: impl Fn(T, &Queue<T>) -> Result<usize, E> + Sync,
    ) -> Result<(), E> {
        let state = State { items: items.into_iter().collect(), taken: 0, threads: 1, is_stopped: false };
        let queue = Queue { state: Mutex::new(state), changed: Condvar::new() };
        let job = Job { workers: self, queue, work, most: MOST.into(), error: Mutex::new(None) };
        thread::scope(|scope| job.run(scope));
        job.error.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// How many threads the file system rewards.
    fn wanted(&self) -> usize {
        if self.signs.load(Ordering::Relaxed) < SIGNS { cores() } else { MOST }
    }

    /// Takes note of how long an item of so many files took.
    fn note(&self, waited: Duration, files: usize) {
        if self.signs.load(Ordering::Relaxed) >= SIGNS {
        } else if waited > LONG * u32::try_from(files).unwrap_or(u32::MAX) {
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
    /// The number of threads that the system allows.
    most: AtomicUsize,
    error: Mutex<Option<E>>,
}

impl<T: Send, E: Send, F: Fn(T, &Queue<T>) -> Result<usize, E> + Sync> Job<'_, T, E, F> {
    /// Processes items until there are none. If others are waiting, starts a thread for them first, which does the same.
    fn run<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        while let Some(turn) = self.queue.take() {
            let threads = self.workers.wanted().min(self.most.load(Ordering::Relaxed));
            if self.queue.hires(threads) && thread::Builder::new().spawn_scoped(scope, || self.run(scope)).is_err() {
                // The existing threads do the work.
                self.queue.state().threads -= 1;
                self.most.store(0, Ordering::Relaxed);
            }
            let (begun, used) = (Instant::now(), os::thread_time());
            match (self.work)(turn.item, &self.queue) {
                Ok(files) => {
                    let busy = os::thread_time().saturating_sub(used);
                    self.workers.note(begun.elapsed().saturating_sub(busy), files);
                }
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
    items: VecDeque<T>,
    /// How many items are being processed. Each may add others.
    taken: usize,
    threads: usize,
    is_stopped: bool,
}

/// An item that a thread has taken, and its turn, which ends even if processing it panics.
struct Turn<'a, T> {
    item: T,
    _end: End<'a, T>,
}

struct End<'a, T>(&'a Queue<T>);

impl<T> Drop for End<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.taken -= 1;
        if state.taken == 0 {
            self.0.changed.notify_all();
        }
    }
}

impl<T> Queue<T> {
    /// Adds items, behind all others.
    pub(crate) fn add(&self, items: impl IntoIterator<Item = T>) {
        let mut state = self.state();
        if !state.is_stopped {
            state.items.extend(items);
            self.changed.notify_all();
        }
    }

    /// Takes the first item. None once there will be no more.
    fn take(&self) -> Option<Turn<'_, T>> {
        let mut state = self.state();
        loop {
            if let Some(item) = state.items.pop_front() {
                state.taken += 1;
                return Some(Turn { item, _end: End(self) });
            }
            if state.taken == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
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
