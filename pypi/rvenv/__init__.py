"""``python -m venv``, in Rust: ``python -m rvenv ENV_DIR`` runs the program of the same name."""
