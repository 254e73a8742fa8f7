# For csh and tcsh. Run `source bin/activate.csh` to put this environment's programs first on PATH, and
# `deactivate` to undo that.

# Everything that activation changes goes back to what it was; what was unset is unset again. csh replaces the
# variables of a whole line before it runs any of it, so what may be unset stands within eval.
alias deactivate 'if ($?_OLD_VIRTUAL_PATH) eval '"'"'setenv PATH "$_OLD_VIRTUAL_PATH:q"'"'"'; if ($?_OLD_VIRTUAL_SAVED && ! $?_OLD_VIRTUAL_PATH) unsetenv PATH; if ($?_OLD_VIRTUAL_PYTHONHOME) eval '"'"'setenv PYTHONHOME "$_OLD_VIRTUAL_PYTHONHOME:q"'"'"'; if ($?_OLD_VIRTUAL_PROMPT) eval '"'"'set prompt="$_OLD_VIRTUAL_PROMPT:q"'"'"'; if ($?_OLD_VIRTUAL_SAVED) unsetenv VIRTUAL_ENV; if ($?_OLD_VIRTUAL_SAVED) unsetenv VIRTUAL_ENV_PROMPT; unset _OLD_VIRTUAL_PATH _OLD_VIRTUAL_PYTHONHOME _OLD_VIRTUAL_PROMPT _OLD_VIRTUAL_SAVED; rehash; if ("\!:*" != "nondestructive") unalias deactivate'

# Another environment may be active in this shell.
deactivate nondestructive

if ($?PATH) set _OLD_VIRTUAL_PATH="$PATH:q"
if ($?PYTHONHOME) set _OLD_VIRTUAL_PYTHONHOME="$PYTHONHOME:q"
set _OLD_VIRTUAL_SAVED=1

setenv VIRTUAL_ENV __VENV_DIR__
setenv VIRTUAL_ENV_PROMPT __VENV_PROMPT__
if ($?PATH) then
    setenv PATH "$VIRTUAL_ENV:q/"__VENV_BIN_NAME__":$PATH:q"
else
    setenv PATH "$VIRTUAL_ENV:q/"__VENV_BIN_NAME__
endif

# It would have the environment's Python look for its modules elsewhere.
unsetenv PYTHONHOME

if (! $?VIRTUAL_ENV_DISABLE_PROMPT) setenv VIRTUAL_ENV_DISABLE_PROMPT ""
if ("$VIRTUAL_ENV_DISABLE_PROMPT" == "" && $?prompt) then
    set _OLD_VIRTUAL_PROMPT="$prompt:q"
    set prompt="($VIRTUAL_ENV_PROMPT:q) $prompt:q"
endif

rehash
