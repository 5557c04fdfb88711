//! Policies: what files and memory say, not yet compiled.

use std::ffi::c_char;
use std::path::Path;
use std::ptr::null_mut;

use abatis::Policy;
use abatis::model::rule::RuleFile;
use abatis::model::{Bundle, Document};

use crate::boundary::{Out, bytes, give, guard, object_mut, take_back, text};
use crate::choice;
use crate::error::{Failure, abatis_error};
use crate::status::abatis_status;

/// A policy that was read: engines are built from it (`abatis_engine_new`), as many as you like. One thread at a time. Free it with
/// `abatis_policy_free`; engines do not need it any more.
#[derive(Debug)]
pub struct abatis_policy {
    policy: Policy,
    /// Rule files that were given in memory.
    rules: Vec<Document<RuleFile>>,
}

impl abatis_policy {
    fn new(policy: Policy) -> abatis_policy {
        abatis_policy { policy, rules: Vec::new() }
    }

    /// What an engine is built from.
    pub(crate) fn bundle(&self) -> Result<Bundle, Failure> {
        let mut bundle = Bundle::new(self.policy.clone())?;
        bundle.rules.extend(self.rules.iter().cloned());
        Ok(bundle)
    }
}

/// Reads a policy file (YAML or JSON). Paths in it are relative to its folder and may not leave it.
///
/// - `path`: of `path_len` bytes.
/// - `policy`: set to the new policy, yours to free; NULL on failure.
/// - `error`: set to what is wrong, yours to free, or to NULL; may be NULL itself.
///
/// `ABATIS_STATUS_UNREADABLE` if it cannot be read. Reads files. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_policy_from_file(
    path: *const c_char,
    path_len: usize,
    policy: *mut *mut abatis_policy,
    error: *mut *mut abatis_error,
) -> abatis_status {
    // SAFETY: the head of the header.
    let (out, error) = unsafe { (Out::claim(policy, null_mut()), Out::claim(error, null_mut())) };
    guard(error, || {
        let out = out.wanted()?;
        // SAFETY: the head of the header.
        let path = unsafe { self::path(path, path_len) }?;
        out.put(give(abatis_policy::new(Policy::from_file(path)?)));
        Ok(())
    })
}

/// Reads a policy (YAML or JSON) from memory.
///
/// - `name`: what messages call it, of `name_len` bytes; UTF-8.
/// - `yaml`: its text, of `yaml_len` bytes; UTF-8. Empty text is the built-in default policy.
/// - `folder`: what paths in it are relative to, and may not leave; NULL and 0 if it names no files.
/// - `policy`, `error`: as for `abatis_policy_from_file`.
///
/// Nothing of what is given is kept. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_policy_from_memory(
    name: *const c_char,
    name_len: usize,
    yaml: *const c_char,
    yaml_len: usize,
    folder: *const c_char,
    folder_len: usize,
    policy: *mut *mut abatis_policy,
    error: *mut *mut abatis_error,
) -> abatis_status {
    // SAFETY: the head of the header.
    let (out, error) = unsafe { (Out::claim(policy, null_mut()), Out::claim(error, null_mut())) };
    guard(error, || {
        let out = out.wanted()?;
        // SAFETY: the head of the header.
        let (name, yaml) = unsafe { (text(name, name_len)?, text(yaml, yaml_len)?) };
        let yaml = if yaml.trim().is_empty() { "{}" } else { yaml };
        let mut policy = Policy::from_yaml(name, yaml)?;
        if folder_len > 0 {
            // SAFETY: the head of the header.
            policy = policy.in_folder(unsafe { path(folder, folder_len) }?);
        }
        out.put(give(abatis_policy::new(policy)));
        Ok(())
    })
}

/// A policy that ships with the library: `default`, `strict`, `monitor` or `api-json`.
///
/// - `name`: of `name_len` bytes.
/// - `policy`, `error`: as for `abatis_policy_from_file`.
///
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_policy_builtin(
    name: *const c_char,
    name_len: usize,
    policy: *mut *mut abatis_policy,
    error: *mut *mut abatis_error,
) -> abatis_status {
    // SAFETY: the head of the header.
    let (out, error) = unsafe { (Out::claim(policy, null_mut()), Out::claim(error, null_mut())) };
    guard(error, || {
        let out = out.wanted()?;
        // SAFETY: the head of the header.
        let name = unsafe { text(name, name_len) }?;
        out.put(give(abatis_policy::new(Policy::builtin(name)?)));
        Ok(())
    })
}

/// Adds a rule file from memory to those that the policy names.
///
/// - `name`: what messages call it, of `name_len` bytes; UTF-8.
/// - `yaml`: its text, of `yaml_len` bytes; UTF-8.
/// - `error`: set to what is wrong, yours to free, or to NULL; may be NULL itself.
///
/// Nothing of what is given is kept. On failure the policy is as before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_policy_add_rules(
    policy: *mut abatis_policy,
    name: *const c_char,
    name_len: usize,
    yaml: *const c_char,
    yaml_len: usize,
    error: *mut *mut abatis_error,
) -> abatis_status {
    // SAFETY: the head of the header.
    let error = unsafe { Out::claim(error, null_mut()) };
    guard(error, || {
        // SAFETY: the head of the header.
        let (policy, name, yaml) =
            unsafe { (object_mut(policy)?, text(name, name_len)?, text(yaml, yaml_len)?) };
        let rules = RuleFile::from_yaml(name, yaml)?;
        policy.rules.push(Document::new(name, rules));
        Ok(())
    })
}

/// Sets whether bad requests are blocked or only reported, in place of what the policy says: an `abatis_mode`. Routes that set their
/// own keep it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_policy_set_mode(
    policy: *mut abatis_policy,
    mode: i32,
) -> abatis_status {
    guard(Out::none(), || {
        // SAFETY: the head of the header.
        let policy = unsafe { object_mut(policy) }?;
        policy.policy.mode = choice::mode(mode)?;
        Ok(())
    })
}

/// Sets how much evidence it takes, in place of what the policy says: an `abatis_sensitivity`. Routes that set their own keep it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_policy_set_sensitivity(
    policy: *mut abatis_policy,
    sensitivity: i32,
) -> abatis_status {
    guard(Out::none(), || {
        // SAFETY: the head of the header.
        let policy = unsafe { object_mut(policy) }?;
        policy.policy.sensitivity = choice::sensitivity(sensitivity)?;
        Ok(())
    })
}

/// Frees a policy. NULL is ignored. Engines that were built from it stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_policy_free(policy: *mut abatis_policy) {
    // SAFETY: the head of the header.
    unsafe { take_back(policy) }
}

/// A path: any bytes where the system's paths are bytes, else UTF-8.
///
/// # Safety
///
/// As the head of the header says.
pub(crate) unsafe fn path<'a>(pointer: *const c_char, len: usize) -> Result<&'a Path, Failure> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        // SAFETY: the same promise.
        let bytes = unsafe { bytes(pointer.cast(), len) }?;
        Ok(Path::new(std::ffi::OsStr::from_bytes(bytes)))
    }
    #[cfg(not(unix))]
    {
        let _ = bytes;
        // SAFETY: the same promise.
        unsafe { text(pointer, len) }.map(Path::new)
    }
}
