//! Child processes: their state and how to kill them. Also the console's events.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::os::windows::process::CommandExt;
use std::process::{Child, Command};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use windows_sys::Win32::Foundation::{FILETIME, STATUS_CONTROL_C_EXIT};
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, SetConsoleCtrlHandler};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_SUSPENDED, GetCurrentThread, GetThreadTimes,
};

use crate::os::state::{ChildState, Group};

#[link(name = "ntdll")]
unsafe extern "system" {
    /// The documented calls resume threads, which would have to be found first.
    fn NtResumeProcess(process: RawHandle) -> i32;
}

/// A process and the job object that contains it and its descendants. They are killed when the job's handle is closed,
/// at the latest when this process ends for any reason.
pub(crate) struct ProcessTree {
    pub(crate) child: Child,
    job: OwnedHandle,
}

impl ProcessTree {
    /// Starts the process suspended, and resumes it once it is in its job. Otherwise it could start processes outside
    /// it.
    pub(crate) fn start(command: &mut Command, group: Group) -> io::Result<ProcessTree> {
        let group = if group == Group::Own { CREATE_NEW_PROCESS_GROUP } else { 0 };
        let job = new_job()?;
        let mut child = command.creation_flags(group | CREATE_SUSPENDED).spawn()?;
        // SAFETY: both handles are open, and the second is that of a process.
        let assigned = succeeded(unsafe { AssignProcessToJobObject(job.as_raw_handle(), child.as_raw_handle()) });
        if let Err(error) = assigned.and_then(|()| resume(&child)) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(error);
        }
        Ok(ProcessTree { child, job })
    }

    pub(crate) fn state(&mut self) -> io::Result<ChildState> {
        Ok(self.child.try_wait()?.map_or(ChildState::Running, |_| ChildState::Ended))
    }

    /// Such an event would also reach this process.
    pub(crate) fn interrupt(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn kill(&mut self) -> io::Result<()> {
        // SAFETY: the handle is that of a job, and `self` keeps it open.
        succeeded(unsafe { TerminateJobObject(self.job.as_raw_handle(), 1) })
    }
}

fn new_job() -> io::Result<OwnedHandle> {
    // SAFETY: the attributes and the name may both be null.
    let job = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
    if job.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open and has no other owner.
    let job = unsafe { OwnedHandle::from_raw_handle(job) };
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    // SAFETY: `limits` has the type for this kind of information, and the length passed is its size.
    succeeded(unsafe {
        SetInformationJobObject(
            job.as_raw_handle(),
            JobObjectExtendedLimitInformation,
            ptr::from_ref(&limits).cast(),
            size_of_val(&limits) as u32,
        )
    })?;
    Ok(job)
}

fn resume(child: &Child) -> io::Result<()> {
    // SAFETY: the handle is that of a process, and `child` keeps it open.
    match unsafe { NtResumeProcess(child.as_raw_handle()) } {
        0.. => Ok(()),
        status => Err(io::Error::other(format!("unable to resume the process (NTSTATUS {status:#x})"))),
    }
}

/// Converts the result of a call that returns 0 on failure.
fn succeeded(outcome: i32) -> io::Result<()> {
    if outcome == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// There are none: [`watch_console`] takes their place.
pub(crate) fn stop_signals() -> Vec<i32> {
    vec![]
}

pub(crate) fn harmless_signals() -> Vec<i32> {
    vec![]
}

/// The exit code of a program that was ended by Ctrl-C.
pub(crate) const INTERRUPTED: Option<i32> = Some(STATUS_CONTROL_C_EXIT);

/// The flag to set when the work is to stop. There is one per process, because the events are for the whole process.
static STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// How long the system waits for a program whose console is closed.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

pub(crate) fn watch_console(stop: &Arc<AtomicBool>) -> io::Result<()> {
    if STOP.set(stop.clone()).is_err() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    // SAFETY: the function lives as long as the program, has the type of a handler, and can run in any thread.
    succeeded(unsafe { SetConsoleCtrlHandler(Some(on_event), 1) })
}

/// Sets the flag on Ctrl-C and Ctrl-Break, and when the console is closed or the user logs off. In the latter cases the
/// system ends the process as soon as this returns, so it waits to let the work end, and the process with it.
///
/// # Safety
///
/// None required of the caller; the type of a handler is `unsafe`.
unsafe extern "system" fn on_event(event: u32) -> i32 {
    if let Some(stop) = STOP.get() {
        stop.store(true, Ordering::Relaxed);
    }
    if event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT {
        thread::sleep(LAST_MOMENTS);
    }
    1
}

/// Zero if the system does not tell.
pub(crate) fn thread_time() -> Duration {
    let mut times = [FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 }; 4];
    let [created, ended, kernel, user] = &mut times;
    // SAFETY: the four pointers are valid, and the handle means this thread.
    unsafe { GetThreadTimes(GetCurrentThread(), created, ended, kernel, user) };
    let ticks = |time: FILETIME| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    // A tick is 100 nanoseconds.
    Duration::from_nanos((ticks(times[2]) + ticks(times[3])) * 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_events_set_the_flag_and_the_console_is_watched_only_once() {
        let stop = Arc::new(AtomicBool::new(false));
        watch_console(&stop).unwrap();
        for event in [CTRL_C_EVENT, CTRL_BREAK_EVENT] {
            stop.store(false, Ordering::Relaxed);
            // SAFETY: `on_event` requires nothing of its caller.
            assert_eq!(unsafe { on_event(event) }, 1, "the event counts as handled");
            assert!(stop.load(Ordering::Relaxed));
        }
        assert!(watch_console(&stop).is_err());
    }
}
