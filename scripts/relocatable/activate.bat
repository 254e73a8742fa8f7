@rem This environment may be moved, so it is where this file is. Delayed expansion would take a `!` from its path, so that is done
@rem where it is off; to where it is on, the path goes with carets.
@set _VENV_DELAYED=
@if "!!"=="" set _VENV_DELAYED=1
@setlocal DisableDelayedExpansion
@for %%i in ("%~dp0..") do @set "_VENV_DIR=%%~fi"
@if defined _VENV_DELAYED set "_VENV_DIR=%_VENV_DIR:^=^^%"
@if defined _VENV_DELAYED set "_VENV_DIR=%_VENV_DIR:!=^!%"
@endlocal & set "_VENV_DIR=%_VENV_DIR%" !
@set _VENV_DELAYED=
