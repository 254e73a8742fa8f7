# This environment may be moved, so the shell is asked where it is now.
set -l _venv_script (status filename | string collect)
set -l _venv_dir (builtin realpath -s -- "$_venv_script/../.." | string collect)
if not test -e "$_venv_dir/pyvenv.cfg"
    # The script may be reached by a link.
    set _venv_dir (string replace -r '/[^/]*/[^/]*$' '' -- (builtin realpath -- "$_venv_script" | string collect) | string collect)
end
if test "$_venv_script" = -; or not test -e "$_venv_dir/pyvenv.cfg"
    echo 'activate.fish: fish does not tell where this script is; source it by its name' >&2
    return 1
end
