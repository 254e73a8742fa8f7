# For fish. Run `source bin/activate.fish` to put this environment's programs first on PATH, and `deactivate` to
# undo that.

# Everything that activation changes is restored; what was unset is unset again. Old values are kept under the names
# that other tools' scripts use too, so that each can undo what the others did.
function deactivate --description 'Leave the virtual environment'
    # If another tool has deactivated in the meantime, the values that it does not know are out of date.
    if test "$_OLD_VIRTUAL_FOR" != "$VIRTUAL_ENV"
        set -e _OLD_VIRTUAL_UNSET
        set -e _OLD_VIRTUAL_VIRTUAL_ENV
        set -e _OLD_VIRTUAL_VIRTUAL_ENV_PROMPT
    end
    if set -q _OLD_VIRTUAL_PATH; or set -q _OLD_VIRTUAL_UNSET
        for name in PATH PYTHONHOME VIRTUAL_ENV VIRTUAL_ENV_PROMPT
            set -l old _OLD_VIRTUAL_$name
            if set -q $old
                set -gx $name $$old
                set -e $old
            else if contains -- $name $_OLD_VIRTUAL_UNSET VIRTUAL_ENV VIRTUAL_ENV_PROMPT
                set -e $name
            end
        end
        if test -n "$_OLD_FISH_PROMPT_OVERRIDE"; and functions -q _old_fish_prompt
            functions -e fish_prompt
            functions -c _old_fish_prompt fish_prompt
            functions -e _old_fish_prompt
        end
        functions -e _virtual_env_status
        set -e _OLD_FISH_PROMPT_OVERRIDE
        set -e _OLD_VIRTUAL_UNSET
    end
    set -e _OLD_VIRTUAL_FOR
    if test "$argv[1]" != nondestructive
        functions -e deactivate
    end
end

# Another environment may be active in this shell.
deactivate nondestructive

set -g _OLD_VIRTUAL_UNSET
for name in PATH PYTHONHOME VIRTUAL_ENV VIRTUAL_ENV_PROMPT
    if set -q $name
        set -g _OLD_VIRTUAL_$name $$name
    else
        set -a _OLD_VIRTUAL_UNSET $name
        set -e _OLD_VIRTUAL_$name
    end
end

set -gx VIRTUAL_ENV __VENV_DIR__
# A Windows path in Cygwin, MSYS or MinGW, whose programs need a POSIX path.
if string match -qr '^[A-Za-z]:|\\\\' -- $VIRTUAL_ENV; and type -q cygpath
    set -gx VIRTUAL_ENV (cygpath $VIRTUAL_ENV)
end
set -g _OLD_VIRTUAL_FOR $VIRTUAL_ENV
set -gx VIRTUAL_ENV_PROMPT __VENV_PROMPT__
set -gx PATH $VIRTUAL_ENV/__VENV_BIN_NAME__ $PATH

# PYTHONHOME would make the environment's Python look for its modules elsewhere.
set -e PYTHONHOME

if test -z "$VIRTUAL_ENV_DISABLE_PROMPT"; and functions -q fish_prompt
    functions -c fish_prompt _old_fish_prompt
    set -g _OLD_FISH_PROMPT_OVERRIDE $VIRTUAL_ENV

    function _virtual_env_status
        return $argv[1]
    end

    function fish_prompt
        set -l last_status $status
        set_color 4B8BBE
        printf '(%s) ' "$VIRTUAL_ENV_PROMPT"
        set_color normal
        # The old prompt may show the status of the last command.
        _virtual_env_status $last_status
        _old_fish_prompt
    end
end
true
