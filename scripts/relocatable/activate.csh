# This environment may be moved. csh does not tell where it is now. It has this file open, and Linux tells which files it has.
setenv _VENV_FIND 'for fd in /proc/$1/fd/*; do script=$(command -p readlink "$fd"); dir=${script%/*/*}; case $script in */activate.csh) [ -e "$dir/pyvenv.cfg" ] || continue; [ "${found:-$dir}" = "$dir" ] || { found=""; break; }; found=$dir ;; esac; done; dir=${found:-$RVENV_ENV_DIR}; [ -z "$dir" ] || { CDPATH= cd -- "$dir" && pwd; }'
set _venv_dir = "`set path = (/usr/bin /bin); printenv _VENV_FIND | /bin/sh -s $$`"
unsetenv _VENV_FIND
unsetenv RVENV_ENV_DIR
if (! -e "$_venv_dir:q/pyvenv.cfg") then
    echo 'activate.csh: csh does not tell where this script is; set the variable RVENV_ENV_DIR to the directory of the environment'
    exit 1
endif
