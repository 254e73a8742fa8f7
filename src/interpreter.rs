//! Finds the Python that an environment is for, and its metadata.
//!
//! `discovery` and `managers` look for the requested Python. What they find is queried with the script in probe/
//! (`probe` runs it, `answer` tells whether it can be used), unless the cache has its metadata already (`cached`). The
//! result is an [`Interpreter`] (`metadata`).

mod answer;
mod cached;
mod discovery;
mod installation;
mod managers;
mod metadata;
mod placeholders;
mod probe;
mod request;
mod surroundings;

pub use discovery::Discovery;
pub use metadata::{Interpreter, Scheme};
pub(crate) use probe::{check_copy, reproducible, without_python_variables};
pub use request::{PythonRequest, VersionRequest};
pub use surroundings::Surroundings;
