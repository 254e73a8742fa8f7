//! Any bytes as a wheel: refused with a reason, or all that it would install is inside.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rvenv::fuzz_wheel(bytes));
