@echo off
rem For cmd.exe. Undoes what `Scripts\activate` has done.

if not defined _OLD_VIRTUAL_SAVED exit /b 0
set "PATH=%_OLD_VIRTUAL_PATH%"
set "PROMPT=%_OLD_VIRTUAL_PROMPT%"
set "PYTHONHOME=%_OLD_VIRTUAL_PYTHONHOME%"
set _OLD_VIRTUAL_PATH=
set _OLD_VIRTUAL_PROMPT=
set _OLD_VIRTUAL_PYTHONHOME=
set _OLD_VIRTUAL_SAVED=
set VIRTUAL_ENV=
set VIRTUAL_ENV_PROMPT=
exit /b 0
