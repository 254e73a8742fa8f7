@rem This environment may be moved, so its path is taken from that of this file. Delayed expansion would remove a `!`
@rem from the path, so it is off while that is done. Where it is on afterwards, the path is passed on with carets.
@set _VENV_DELAYED=
@if "!!"=="" set _VENV_DELAYED=1
@setlocal DisableDelayedExpansion
@for %%i in ("%~dp0..") do @set "_VENV_DIR=%%~fi"
@if defined _VENV_DELAYED set "_VENV_DIR=%_VENV_DIR:^=^^%"
@if defined _VENV_DELAYED set "_VENV_DIR=%_VENV_DIR:!=^!%"
@endlocal & set "_VENV_DIR=%_VENV_DIR%" !
@set _VENV_DELAYED=
