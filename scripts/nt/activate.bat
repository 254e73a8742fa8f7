@rem For cmd.exe. Run `Scripts\activate` to put this environment's programs first on PATH, and `deactivate` to undo that.
@rem No line is echoed, and `echo` stays on for the batch file that calls this one. Old values are kept under the names
@rem that other tools' scripts use too, so that each can undo what the others did.

@rem Another environment may be active in this window.
@rem If another tool has deactivated in the meantime, the values that it does not know are out of date.
@setlocal EnableDelayedExpansion
@if "!_OLD_VIRTUAL_FOR!"=="!VIRTUAL_ENV!" (endlocal) else endlocal & set _OLD_VIRTUAL_FOR=
@if not defined _OLD_VIRTUAL_FOR for %%v in (SHOWN UNSET) do @set "_OLD_VIRTUAL_%%v="
@rem A prompt that was set in the meantime stays.
@setlocal EnableDelayedExpansion
@if not defined _OLD_VIRTUAL_SHOWN (endlocal) else if "!PROMPT!"=="!_OLD_VIRTUAL_SHOWN!" (endlocal) else endlocal & set _OLD_VIRTUAL_PROMPT=& set _OLD_VIRTUAL_UNSET=
@rem Everything else is restored; what was unset is unset again.
@rem VIRTUAL_ENV, which may be inherited by a process with another PATH, is not.
@if defined _OLD_VIRTUAL_FOR for %%v in (PATH PYTHONHOME VIRTUAL_ENV VIRTUAL_ENV_PROMPT) do @set "%%v="
@if defined _OLD_VIRTUAL_PATH for %%v in (VIRTUAL_ENV VIRTUAL_ENV_PROMPT) do @set "%%v="
@for %%v in (PATH PROMPT PYTHONHOME) do @if defined _OLD_VIRTUAL_%%v call :copy _OLD_VIRTUAL_%%v %%v
@if defined _OLD_VIRTUAL_UNSET set PROMPT=
@for %%v in (FOR SHOWN UNSET PATH PROMPT PYTHONHOME) do @set "_OLD_VIRTUAL_%%v="

@for %%v in (PATH PYTHONHOME) do @if defined %%v call :copy %%v _OLD_VIRTUAL_%%v

@rem The values are UTF-8. Where delayed expansion is on, each `!` and each caret in them needs a caret, and the `!` at
@rem the end makes cmd.exe process the carets. Where it is off, anything after the last quote is ignored.
@set _OLD_CODEPAGE=
@for /f "tokens=2 delims=:." %%a in ('"%SystemRoot%\System32\chcp.com"') do @set "_OLD_CODEPAGE=%%a"
@if defined _OLD_CODEPAGE "%SystemRoot%\System32\chcp.com" 65001 > nul
@set _VENV_CARET=
@if "!!"=="" set "_VENV_CARET=^"
@set "VIRTUAL_ENV=__VENV_DIR__" !
@set "VIRTUAL_ENV_PROMPT=__VENV_PROMPT__" !
@set _VENV_CARET=
@if defined _OLD_CODEPAGE "%SystemRoot%\System32\chcp.com" %_OLD_CODEPAGE% > nul
@set _OLD_CODEPAGE=
@call :copy VIRTUAL_ENV _OLD_VIRTUAL_FOR

@rem A directory with spaces needs no quotes on PATH. They are removed, since they would end the quoted text here.
@if not defined PATH set "PATH=;"
@if "!!"=="" (set "PATH=!VIRTUAL_ENV!\__VENV_BIN_NAME__;!PATH!") else set "PATH=%VIRTUAL_ENV%\__VENV_BIN_NAME__;%PATH:"=%"

@rem PYTHONHOME would make the environment's Python look for its modules elsewhere.
@set PYTHONHOME=

@if defined VIRTUAL_ENV_DISABLE_PROMPT exit /b 0
@if not defined VIRTUAL_ENV_PROMPT exit /b 0
@if not defined PROMPT set "PROMPT=$P$G"& set _OLD_VIRTUAL_UNSET=1
@call :copy PROMPT _OLD_VIRTUAL_PROMPT
@rem A dollar sign is special in a prompt. A double quote would end the quoted text here; two single quotes look the
@rem same.
@if not "!!"=="" set "_OLD_VIRTUAL_SHOWN=%VIRTUAL_ENV_PROMPT:"=''%"
@if "!!"=="" (set "PROMPT=(!VIRTUAL_ENV_PROMPT:$=$$!) !PROMPT!") else set "PROMPT=(%_OLD_VIRTUAL_SHOWN:$=$$%) %PROMPT:"=''%"
@call :copy PROMPT _OLD_VIRTUAL_SHOWN
@exit /b 0

@rem Copies the variable %1 to %2, whatever its value. Delayed expansion takes a value as it is; `"!!"` is empty where
@rem it is on already, as with `cmd /v:on`. Where it is off, a value without quotes can be put between quotes. A value
@rem with quotes could run commands that way, so it is read with delayed expansion on, and `for` passes it on.
:copy
@if "!!"=="" set "%2=!%1!"& exit /b 0
@call set "_OLD_VIRTUAL_UNQUOTED=%%%1:"=%%"
@setlocal EnableDelayedExpansion
@if "!_OLD_VIRTUAL_UNQUOTED!"=="!%1!" endlocal & call set "%2=%%%1%%"& goto copied
@for /f "eol=| delims=" %%a in ("!%1!") do @endlocal & set "%2=%%a"
:copied
@set _OLD_VIRTUAL_UNQUOTED=
@exit /b 0
