//! Who owns a file, and who can write to it: its owner and its access control list.

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr;
use std::slice;

use windows_sys::Win32::Foundation::{GENERIC_ALL, GENERIC_READ, GENERIC_WRITE, LocalFree};
use windows_sys::Win32::Security::Authorization::{GetSecurityInfo, SE_FILE_OBJECT};
use windows_sys::Win32::Security::{
    ACE_HEADER, ACL, DACL_SECURITY_INFORMATION, EqualSid, GetAce, GetTokenInformation, INHERIT_ONLY_ACE,
    IsWellKnownSid, OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, TOKEN_QUERY, TOKEN_USER, TokenUser,
    WinBuiltinAdministratorsSid, WinCreatorOwnerRightsSid, WinCreatorOwnerSid, WinLocalSystemSid,
};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_APPEND_DATA, FILE_DELETE_CHILD, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
    FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA, FILE_WRITE_EA, READ_CONTROL, WRITE_DAC, WRITE_OWNER,
};
use windows_sys::Win32::System::SystemServices::{ACCESS_ALLOWED_ACE_TYPE, ACCESS_DENIED_ACE_TYPE};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// The rights to change a file, the contents of a directory, or the permissions of either.
const WRITING: u32 = FILE_WRITE_DATA
    | FILE_APPEND_DATA
    | FILE_WRITE_EA
    | FILE_WRITE_ATTRIBUTES
    | FILE_DELETE_CHILD
    | DELETE
    | WRITE_DAC
    | WRITE_OWNER
    | GENERIC_WRITE
    | GENERIC_ALL;

/// The offsets of the access mask and of the SID in an ACCESS_ALLOWED_ACE.
const MASK: usize = size_of::<ACE_HEADER>();
const SID: usize = MASK + size_of::<u32>();

/// Whether this is a directory and not a link to one, the user owns it, and no other user can write to it.
/// Administrators and the system do not count, because they can write anywhere.
pub(in crate::os) fn is_own_directory(path: &Path) -> bool {
    let is_directory = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    is_directory && open_to_ask(path).and_then(|opened| is_own(&opened)).unwrap_or(false)
}

pub(in crate::os) fn open_own(path: &Path) -> io::Result<File> {
    // The cache records the last use in the file's modification time.
    let access = GENERIC_READ | FILE_WRITE_ATTRIBUTES;
    let file = OpenOptions::new().access_mode(access).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(path)?;
    match file.metadata()?.is_file() && is_own(&file)? {
        true => Ok(file),
        false => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

/// Whether this user owns `path`, or the Administrators group does: files that one administrator creates may belong to
/// the group.
pub(in crate::os) fn is_owned(path: &Path) -> io::Result<bool> {
    let (security, user) = (Security::of(&open_to_ask(path)?)?, User::current()?);
    Ok(user.has(security.owner))
}

/// Anyone who can write to a directory can remove its contents, but another user's file must not be trusted either.
pub(in crate::os) fn is_anothers_to_remove(path: &Path) -> bool {
    is_owned(path).is_ok_and(|is_owned| !is_owned)
}

/// The owner of a directory can use what others create in it.
pub(in crate::os) fn would_be_roots_at_anothers(_: &Path) -> bool {
    false
}

/// Whether two directories have the same owner and the same access control list.
pub(super) fn has_same_rights(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (Security::of(&open_to_ask(one)?)?, Security::of(&open_to_ask(other)?)?);
    // SAFETY: both SIDs are in descriptors that are alive.
    let has_same_owner = unsafe { EqualSid(one.owner, other.owner) } != 0;
    Ok(has_same_owner && one.list.is_null() == other.list.is_null() && one.entries() == other.entries())
}

fn is_own(file: &File) -> io::Result<bool> {
    let (security, user) = (Security::of(file)?, User::current()?);
    let is_trusted = |sid: PSID| user.has(sid) || is_systems(sid);
    let is_others = |entry: &Entry| entry.allows & WRITING != 0 && !entry.sid().is_some_and(is_trusted);
    // Without an access control list, everybody has all rights.
    Ok(user.has(security.owner) && !security.list.is_null() && !security.entries().iter().any(is_others))
}

/// Opens a file or directory to query its security. A link is not followed.
fn open_to_ask(path: &Path) -> io::Result<File> {
    let flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
    OpenOptions::new().access_mode(READ_CONTROL).custom_flags(flags).open(path)
}

/// Whether this SID is that of the system, the administrators, or the owner of the file.
fn is_systems(sid: PSID) -> bool {
    let known = [WinLocalSystemSid, WinBuiltinAdministratorsSid, WinCreatorOwnerSid, WinCreatorOwnerRightsSid];
    // SAFETY: the SID is in a list or buffer that outlives this call.
    known.into_iter().any(|kind| unsafe { IsWellKnownSid(sid, kind) } != 0)
}

/// The user that this process runs as.
struct User(Vec<u64>);

impl User {
    fn current() -> io::Result<User> {
        let mut token = ptr::null_mut();
        // SAFETY: the first handle is a pseudo handle, which need not be closed, and `token` is a handle to write to.
        if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) } == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle is open and has no other owner.
        let token = unsafe { OwnedHandle::from_raw_handle(token) };
        // Large enough for the structure and the longest SID after it. The element type is for the alignment.
        let mut buffer = vec![0_u64; 32];
        let mut length = 0;
        let room = size_of_val(&buffer[..]) as u32;
        // SAFETY: `room` is the size of the buffer in bytes.
        let told = unsafe {
            GetTokenInformation(token.as_raw_handle(), TokenUser, buffer.as_mut_ptr().cast(), room, &mut length)
        };
        if told == 0 { Err(io::Error::last_os_error()) } else { Ok(User(buffer)) }
    }

    /// Whether this SID is the user, or the Administrators group: files that an administrator creates may belong to it.
    fn has(&self, sid: PSID) -> bool {
        // SAFETY: the buffer contains this structure, and the SID that it points to.
        let own = unsafe { (*self.0.as_ptr().cast::<TOKEN_USER>()).User.Sid };
        // SAFETY: both SIDs are in memory that is alive.
        unsafe { EqualSid(own, sid) != 0 || IsWellKnownSid(sid, WinBuiltinAdministratorsSid) != 0 }
    }
}

/// The security descriptor of a file.
struct Security {
    descriptor: PSECURITY_DESCRIPTOR,
    /// Points into the descriptor.
    owner: PSID,
    /// Points into the descriptor; null if everybody has all rights.
    list: *mut ACL,
}

/// An entry of an access control list.
#[derive(PartialEq)]
struct Entry {
    /// The whole entry.
    bytes: Vec<u8>,
    /// The offset of the SID in `bytes`. None in entries that deny rights or are of an unknown type.
    sid: Option<usize>,
    /// The rights that the entry grants for the file itself.
    allows: u32,
}

impl Security {
    fn of(file: &File) -> io::Result<Security> {
        let mut security = Security { descriptor: ptr::null_mut(), owner: ptr::null_mut(), list: ptr::null_mut() };
        // SAFETY: the handle is open, and each requested value has a pointer to write to; the others may be null.
        let code = unsafe {
            GetSecurityInfo(
                file.as_raw_handle(),
                SE_FILE_OBJECT,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                &mut security.owner,
                ptr::null_mut(),
                &mut security.list,
                ptr::null_mut(),
                &mut security.descriptor,
            )
        };
        if code == 0 { Ok(security) } else { Err(io::Error::from_raw_os_error(code as i32)) }
    }

    /// The entries of the list. An entry of an unknown type counts as granting all rights.
    fn entries(&self) -> Vec<Entry> {
        if self.list.is_null() {
            return vec![];
        }
        // SAFETY: the list is in the descriptor, which `self` owns.
        let count = unsafe { (*self.list).AceCount };
        (0..u32::from(count)).filter_map(|index| self.entry(index)).collect()
    }

    fn entry(&self, index: u32) -> Option<Entry> {
        let mut ace: *mut c_void = ptr::null_mut();
        // SAFETY: the list is in the descriptor, which `self` owns, and `ace` is a pointer to write to.
        if unsafe { GetAce(self.list, index, &mut ace) } == 0 {
            return None;
        }
        // SAFETY: each entry starts with a header that contains its size.
        let (header, bytes) = unsafe {
            let header = *ace.cast::<ACE_HEADER>();
            (header, slice::from_raw_parts(ace.cast::<u8>(), header.AceSize.into()).to_owned())
        };
        let mask = bytes.get(MASK..SID).map(|mask| mask.try_into().map_or(u32::MAX, u32::from_le_bytes));
        let (sid, rights) = match (u32::from(header.AceType), mask) {
            (ACCESS_DENIED_ACE_TYPE, _) => (None, 0),
            (ACCESS_ALLOWED_ACE_TYPE, Some(mask)) => (Some(SID), mask),
            _ => (None, u32::MAX),
        };
        // Some entries only apply to files and directories that inherit them.
        let is_for_itself = u32::from(header.AceFlags) & INHERIT_ONLY_ACE == 0;
        Some(Entry { bytes, sid, allows: if is_for_itself { rights } else { 0 } })
    }
}

impl Entry {
    /// The user or group that the entry is for.
    fn sid(&self) -> Option<PSID> {
        self.sid.map(|start| self.bytes[start..].as_ptr().cast_mut().cast())
    }
}

impl Drop for Security {
    fn drop(&mut self) {
        // SAFETY: GetSecurityInfo allocated the descriptor, and its caller has to free it with LocalFree.
        unsafe { LocalFree(self.descriptor) };
    }
}
