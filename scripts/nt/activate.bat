@echo off
rem For cmd.exe. Run `Scripts\activate` to put this environment's programs first on PATH, and `deactivate` to undo that.

rem Another environment may be active in this window.
if defined _OLD_VIRTUAL_SAVED call :restore

rem What follows is UTF-8.
for /f "tokens=2 delims=:." %%a in ('"%SystemRoot%\System32\chcp.com"') do set "_OLD_CODEPAGE=%%a"
if defined _OLD_CODEPAGE "%SystemRoot%\System32\chcp.com" 65001 > nul

set "_OLD_VIRTUAL_SAVED=1"
set "_OLD_VIRTUAL_PATH=%PATH%"
set "_OLD_VIRTUAL_PROMPT=%PROMPT%"
set "_OLD_VIRTUAL_PYTHONHOME=%PYTHONHOME%"

set VIRTUAL_ENV=__VENV_DIR__
set VIRTUAL_ENV_PROMPT=__VENV_PROMPT__
set "PATH=%VIRTUAL_ENV%\Scripts;%PATH%"

rem It would have the environment's Python look for its modules elsewhere.
set PYTHONHOME=

if not defined PROMPT set PROMPT=$P$G
if not defined VIRTUAL_ENV_DISABLE_PROMPT set "PROMPT=(%VIRTUAL_ENV_PROMPT%) %PROMPT%"

if defined _OLD_CODEPAGE "%SystemRoot%\System32\chcp.com" %_OLD_CODEPAGE% > nul
set _OLD_CODEPAGE=
exit /b 0

:restore
set "PATH=%_OLD_VIRTUAL_PATH%"
set "PROMPT=%_OLD_VIRTUAL_PROMPT%"
set "PYTHONHOME=%_OLD_VIRTUAL_PYTHONHOME%"
exit /b 0
