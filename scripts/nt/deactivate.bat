@rem For cmd.exe. Undoes what `Scripts\activate`, or another tool's script of that name, has done.

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
