# This environment may be moved. csh does not report where this script is now. But csh has it open, and Linux lists the
# files that a process has open.
setenv _VENV_FIND 'for fd in /proc/$1/fd/*; do script=$(command -p readlink "$fd"); dir=${script%/*/*}; case $script in */activate.csh) [ -e "$dir/pyvenv.cfg" ] || continue; [ "${found:-$dir}" = "$dir" ] || { found=""; break; }; found=$dir ;; esac; done; dir=${found:-$RVENV_ENV_DIR}; [ -z "$dir" ] || { CDPATH= cd -- "$dir" && pwd; }'
set _venv_dir = "`set path = (/usr/bin /bin); \printenv _VENV_FIND | /bin/sh -s $$`"
unsetenv _VENV_FIND
unsetenv RVENV_ENV_DIR
if (! -e "$_venv_dir:q/pyvenv.cfg") then
    echo 'activate.csh: csh does not report where this script is; first run: setenv RVENV_ENV_DIR /path/to/environment'
    exit 1
endif
