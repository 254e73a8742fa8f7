//! Reads arbitrary bytes as a wheel, which must be refused with a reason or install nothing outside the environment.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rvenv::fuzz_wheel(bytes));
