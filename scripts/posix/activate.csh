# For csh and tcsh. Run `source bin/activate.csh` to put this environment's programs first on PATH, and
# `deactivate` to undo that.

# Another environment may be active in this shell.
if ($?_OLD_VIRTUAL_PATH || $?_OLD_VIRTUAL_SAVED) then
    if ("`alias deactivate`" != "") then
        deactivate
    endif
endif
set _OLD_VIRTUAL_SAVED = 1

# Everything that activation changes is restored; what was unset is unset again. VIRTUAL_ENV may be inherited from a
# shell with another PATH, so it is always unset. An alias cannot test what is set, since csh expands the variables of a
# line before it runs any of it; so that is tested now. Old values are kept under the names that other tools' scripts use
# too, so that each can undo what the others did.
if ($?PATH) then
    set _OLD_VIRTUAL_PATH = "$PATH:q"
    alias _old_virtual_path 'setenv PATH "$_OLD_VIRTUAL_PATH:q"'
else
    # The shell's own list, which changes along with PATH when that is set, but not when it is unset.
    set _OLD_VIRTUAL_LIST = ($path:q)
    alias _old_virtual_path 'set path = ($_OLD_VIRTUAL_LIST:q); unsetenv PATH'
endif
if ($?PYTHONHOME) then
    set _OLD_VIRTUAL_PYTHONHOME = "$PYTHONHOME:q"
    alias _old_virtual_pythonhome 'setenv PYTHONHOME "$_OLD_VIRTUAL_PYTHONHOME:q"'
else
    alias _old_virtual_pythonhome 'unsetenv PYTHONHOME'
endif
# `pydoc` is the environment's, too, unless it is an alias of the user's.
if ("`alias pydoc`" == "") then
    alias pydoc '\python -m pydoc \!*'
    alias _old_virtual_pydoc 'unalias pydoc'
else
    alias _old_virtual_pydoc ':'
endif
alias _old_virtual_prompt ':'
alias deactivate '_old_virtual_path; _old_virtual_pythonhome; _old_virtual_pydoc; _old_virtual_prompt; unsetenv VIRTUAL_ENV; unsetenv VIRTUAL_ENV_PROMPT; unset _OLD_VIRTUAL_*; unalias _old_virtual_*; unalias deactivate; rehash'

setenv VIRTUAL_ENV __VENV_DIR__
# Tools that move environments replace each line that begins with `setenv VIRTUAL_ENV`, and mean the one above.
    setenv VIRTUAL_ENV_PROMPT __VENV_PROMPT__
if ($?PATH) then
    setenv PATH "$VIRTUAL_ENV:q/"__VENV_BIN_NAME__":$PATH:q"
else
    setenv PATH "$VIRTUAL_ENV:q/"__VENV_BIN_NAME__
endif

# PYTHONHOME would make the environment's Python look for its modules elsewhere.
unsetenv PYTHONHOME

# Only an interactive shell has a prompt.
set _OLD_VIRTUAL_SHOWN = $?prompt
if ($?VIRTUAL_ENV_DISABLE_PROMPT) then
    if ("$VIRTUAL_ENV_DISABLE_PROMPT:q" != "") set _OLD_VIRTUAL_SHOWN = 0
endif
if ($_OLD_VIRTUAL_SHOWN) then
    set _OLD_VIRTUAL_PROMPT = "$prompt:q"
    alias _old_virtual_prompt 'set prompt = "$_OLD_VIRTUAL_PROMPT:q"'
    set prompt = "($VIRTUAL_ENV_PROMPT:q) $prompt:q"
endif

rehash
