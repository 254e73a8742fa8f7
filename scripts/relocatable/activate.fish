# This environment may be moved, so the shell has to report where this script is now.
set -l _venv_script (status filename | string collect)
set -l _venv_dir (builtin realpath -s -- "$_venv_script/../.." | string collect)
if not test -e "$_venv_dir/pyvenv.cfg"
    # The script may be reached through a link.
    set _venv_dir (string replace -r '/[^/]*/[^/]*$' '' -- (builtin realpath -- "$_venv_script" | string collect) | string collect)
end
if test "$_venv_script" = -; or not test -e "$_venv_dir/pyvenv.cfg"
    builtin echo 'activate.fish: fish does not report the path of this script; run: source ENV_DIR/bin/activate.fish' >&2
    return 1
end
