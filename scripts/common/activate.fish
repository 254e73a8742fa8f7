# For fish. Run `source bin/activate.fish` to put this environment's programs first on PATH, and `deactivate` to
# undo that.

# Everything that activation changes is restored; what was unset is unset again. VIRTUAL_ENV may be inherited from a
# shell with another PATH, so it is always unset. Old values are kept under the names that other tools' scripts use too,
# so that each can undo what the others did. `builtin` is for words that a user's function may have.
function deactivate --description 'Leave the virtual environment'
    # If another tool has deactivated in the meantime, the values that it does not know are out of date.
    if test "$_OLD_VIRTUAL_FOR" != "$VIRTUAL_ENV"
        set -e _OLD_VIRTUAL_UNSET
    end
    if set -q _OLD_VIRTUAL_PATH; or set -q _OLD_VIRTUAL_UNSET
        for name in PATH PYTHONHOME
            set -l old _OLD_VIRTUAL_$name
            if set -q $old
                set -gx $name $$old
                set -e $old
            else if builtin contains -- $name $_OLD_VIRTUAL_UNSET
                set -e $name
            end
        end
        if test -n "$_OLD_FISH_PROMPT_OVERRIDE"; and builtin functions -q _old_fish_prompt
            builtin functions -e fish_prompt
            builtin functions -c _old_fish_prompt fish_prompt
            builtin functions -e _old_fish_prompt
        end
        builtin functions -e _virtual_env_status
        set -e _OLD_FISH_PROMPT_OVERRIDE
        set -e _OLD_VIRTUAL_UNSET
    end
    set -q _OLD_VIRTUAL_PYDOC; and builtin functions -e pydoc
    for name in _OLD_VIRTUAL_PYDOC _OLD_VIRTUAL_FOR VIRTUAL_ENV VIRTUAL_ENV_PROMPT
        set -e $name
    end
    if test "$argv[1]" != nondestructive
        builtin functions -e deactivate
    end
end

# Another environment may be active in this shell.
deactivate nondestructive

set -g _OLD_VIRTUAL_UNSET
for name in PATH PYTHONHOME
    if set -q $name
        set -g _OLD_VIRTUAL_$name $$name
    else
        set -a _OLD_VIRTUAL_UNSET $name
        set -e _OLD_VIRTUAL_$name
    end
end

set -gx VIRTUAL_ENV __VENV_DIR__
# A Windows path in Cygwin, MSYS or MinGW, whose programs need a POSIX path.
if string match -qr '^[A-Za-z]:|\\\\' -- $VIRTUAL_ENV; and command -q cygpath
    set -gx VIRTUAL_ENV (cygpath $VIRTUAL_ENV)
end
set -g _OLD_VIRTUAL_FOR $VIRTUAL_ENV
set -gx PATH $VIRTUAL_ENV/__VENV_BIN_NAME__ $PATH
# Tools that move environments replace each line that begins with `set -gx VIRTUAL_ENV`, and mean the one above.
set -g -x VIRTUAL_ENV_PROMPT __VENV_PROMPT__

# PYTHONHOME would make the environment's Python look for its modules elsewhere.
set -e PYTHONHOME

# `pydoc` is the environment's, too, unless it is a function of the user's.
if not builtin functions -q pydoc
    function pydoc --description 'Show documentation of the environment'
        command python -m pydoc $argv
    end
    set -g _OLD_VIRTUAL_PYDOC 1
end

if test -z "$VIRTUAL_ENV_DISABLE_PROMPT"; and builtin functions -q fish_prompt
    builtin functions -c fish_prompt _old_fish_prompt
    set -g _OLD_FISH_PROMPT_OVERRIDE $VIRTUAL_ENV

    function _virtual_env_status
        return $argv[1]
    end

    function fish_prompt
        set -l last_status $status
        builtin set_color 4B8BBE
        builtin printf '(%s) ' "$VIRTUAL_ENV_PROMPT"
        builtin set_color normal
        # The old prompt may show the status of the last command.
        _virtual_env_status $last_status
        _old_fish_prompt
    end
end
true
