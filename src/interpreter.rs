//! Which Python an environment is for, and what there is to know of it.
//!
//! A request is looked for in its surroundings (`discovery`, `managers`), what is found is asked about itself (`probe`,
//! which runs the script in probe/; `answer` reads what it says) or was asked before (`memory`), and what comes of it is an
//! [`Interpreter`] (`metadata`).

mod answer;
mod copy;
mod discovery;
mod installation;
mod isolation;
mod listing;
mod managers;
mod memory;
mod metadata;
mod probe;
mod request;
mod stand_ins;
mod surroundings;
mod versions;

pub(crate) use copy::check_copy;
pub use discovery::Discovery;
pub(crate) use isolation::{reproducible, without_python_variables};
pub use metadata::{Interpreter, Scheme};
pub use request::{PythonRequest, VersionRequest};
pub use surroundings::Surroundings;
