# This environment may be moved, so the shell is asked where it is now.
set -l _venv_dir (builtin realpath -s -- (status filename)/../..)
if not test -e "$_venv_dir/pyvenv.cfg"
    # The script may be reached by a link.
    set _venv_dir (string replace -r '/[^/]*/[^/]*$' '' -- (builtin realpath -- (status filename)))
end
