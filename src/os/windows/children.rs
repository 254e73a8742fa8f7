//! Child processes: their state, their output and how to kill them.

use std::io::{self, Read};
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::os::windows::process::CommandExt;
use std::process::{Child, Command};
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{ERROR_BROKEN_PIPE, ERROR_PIPE_NOT_CONNECTED, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Foundation::{WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    TerminateJobObject,
};
use windows_sys::Win32::System::Pipes::PeekNamedPipe;
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_SUSPENDED, OpenThread, ResumeThread, THREAD_SUSPEND_RESUME, WaitForSingleObject,
};

use super::codes::has_code;
use crate::os::state::ChildState;

/// The job object that contains a process and its descendants. They are killed when the handle is closed, at the latest
/// when this process ends for any reason.
pub(in crate::os) struct Family(OwnedHandle);

impl Family {
    /// Ctrl-C does not reach a separate process group, so this process decides how to handle it.
    pub(in crate::os) fn start_apart(command: &mut Command) -> io::Result<(Child, Family)> {
        start(command, CREATE_NEW_PROCESS_GROUP)
    }

    pub(in crate::os) fn start_in_foreground(command: &mut Command) -> io::Result<(Child, Family)> {
        start(command, 0)
    }

    pub(in crate::os) fn kill(&self, _: &Child) -> io::Result<()> {
        // SAFETY: the handle is that of a job, and `self` keeps it open.
        succeeded(unsafe { TerminateJobObject(self.0.as_raw_handle(), 1) })
    }
}

/// Starts a process suspended, and resumes it once it is in its job. Otherwise it could start processes outside it.
fn start(command: &mut Command, flags: u32) -> io::Result<(Child, Family)> {
    let job = new_job()?;
    let mut child = command.creation_flags(flags | CREATE_SUSPENDED).spawn()?;
    // SAFETY: both handles are open, and the second is that of a process.
    let assigned = succeeded(unsafe { AssignProcessToJobObject(job.as_raw_handle(), child.as_raw_handle()) });
    if let Err(error) = assigned.and_then(|()| resume(child.id())) {
        let _ = child.kill();
        let _ = child.wait();
        return Err(error);
    }
    Ok((child, Family(job)))
}

fn new_job() -> io::Result<OwnedHandle> {
    // SAFETY: the attributes and the name may both be null.
    let job = owned(unsafe { CreateJobObjectW(ptr::null(), ptr::null()) })?;
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

/// Resumes a process that was started suspended, and so has a single thread.
fn resume(process: u32) -> io::Result<()> {
    // SAFETY: takes only numbers.
    let snapshot = owned(unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) })?;
    let mut thread = THREADENTRY32 { dwSize: size_of::<THREADENTRY32>() as u32, ..Default::default() };
    // SAFETY: here and below, `thread` is the structure to fill in, and its size is set.
    let mut found = succeeded(unsafe { Thread32First(snapshot.as_raw_handle(), &mut thread) });
    while found.is_ok() && thread.th32OwnerProcessID != process {
        // SAFETY: as above.
        found = succeeded(unsafe { Thread32Next(snapshot.as_raw_handle(), &mut thread) });
    }
    found?;
    // SAFETY: takes only numbers.
    let thread = owned(unsafe { OpenThread(THREAD_SUSPEND_RESUME, 0, thread.th32ThreadID) })?;
    // SAFETY: the handle is that of a thread, and has the right to resume it.
    if unsafe { ResumeThread(thread.as_raw_handle()) } == u32::MAX { Err(io::Error::last_os_error()) } else { Ok(()) }
}

pub(in crate::os) fn child_state(child: &Child) -> io::Result<ChildState> {
    // SAFETY: the handle is that of a process, and `child` keeps it open.
    match unsafe { WaitForSingleObject(child.as_raw_handle(), 0) } {
        WAIT_OBJECT_0 => Ok(ChildState::Ended),
        WAIT_TIMEOUT => Ok(ChildState::Running),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The read end of a child's output pipe.
pub(in crate::os) struct Pipe(Box<dyn ReadHandle>);

trait ReadHandle: Read + AsHandle + Send {}

impl<T: Read + AsHandle + Send> ReadHandle for T {}

impl Pipe {
    pub(in crate::os) fn new(stream: impl Read + AsHandle + Send + 'static) -> Pipe {
        Pipe(Box::new(stream))
    }

    /// The number of bytes that can be read without blocking. None at end of file.
    fn peek(&self) -> io::Result<Option<usize>> {
        let mut available = 0;
        let handle = self.0.as_handle().as_raw_handle();
        let [bytes, read, left] = [ptr::null_mut(), ptr::null_mut::<u32>().cast(), ptr::null_mut::<u32>().cast()];
        // SAFETY: the handle is that of a pipe, and `self` keeps it open. Nothing is read, so there is no buffer to
        // fill, and `available` is a number to write to.
        let peeked = succeeded(unsafe { PeekNamedPipe(handle, bytes, 0, read.cast(), &mut available, left.cast()) });
        match peeked {
            Ok(()) => Ok(Some(available as usize)),
            Err(error) if [ERROR_BROKEN_PIPE, ERROR_PIPE_NOT_CONNECTED].iter().any(|code| has_code(&error, *code)) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(in crate::os) fn holds(&self) -> io::Result<usize> {
        Ok(self.peek()?.unwrap_or_default())
    }
}

impl Read for Pipe {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

/// Windows cannot wait for these pipes, so they are polled, at increasing intervals.
pub(in crate::os) fn readable<const N: usize>(pipes: [Option<&Pipe>; N], patience: Duration) -> io::Result<[bool; N]> {
    let begun = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        let mut answers = [false; N];
        for (answer, pipe) in answers.iter_mut().zip(pipes) {
            *answer = match pipe {
                Some(pipe) => pipe.peek()? != Some(0),
                None => false,
            };
        }
        if answers.contains(&true) || begun.elapsed() >= patience {
            return Ok(answers);
        }
        thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_millis(8));
    }
}

/// Converts the result of a call that returns 0 on failure.
fn succeeded(outcome: i32) -> io::Result<()> {
    if outcome == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Takes ownership of a handle that a call returned.
fn owned(handle: RawHandle) -> io::Result<OwnedHandle> {
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open and has no other owner.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}
