# For fish. Run `source bin/activate.fish` to put this environment's programs first on PATH, and `deactivate` to
# undo that.

function deactivate --description 'Leave the virtual environment'
    if set -q _OLD_VIRTUAL_SAVED
        for name in PATH PYTHONHOME VIRTUAL_ENV VIRTUAL_ENV_PROMPT
            set -l old _OLD_VIRTUAL_$name
            if set -q $old
                set -gx $name $$old
            else
                set -e $name
            end
            set -e $old
        end
        if functions -q _old_virtual_fish_prompt
            functions -e fish_prompt
            functions -c _old_virtual_fish_prompt fish_prompt
            functions -e _old_virtual_fish_prompt _virtual_env_status
        end
        set -e _OLD_VIRTUAL_SAVED
    end
    if test "$argv[1]" != nondestructive
        functions -e deactivate
    end
end

# Another environment may be active in this shell.
deactivate nondestructive

for name in PATH PYTHONHOME VIRTUAL_ENV VIRTUAL_ENV_PROMPT
    set -q $name; and set -g _OLD_VIRTUAL_$name $$name
end
set -g _OLD_VIRTUAL_SAVED 1

set -gx VIRTUAL_ENV __VENV_DIR__
set -gx VIRTUAL_ENV_PROMPT __VENV_PROMPT__
set -gx PATH $VIRTUAL_ENV/__VENV_BIN_NAME__ $PATH

# It would have the environment's Python look for its modules elsewhere.
set -e PYTHONHOME

if test -z "$VIRTUAL_ENV_DISABLE_PROMPT"; and functions -q fish_prompt
    functions -c fish_prompt _old_virtual_fish_prompt

    function _virtual_env_status
        return $argv[1]
    end

    function fish_prompt
        set -l last_status $status
        set_color 4B8BBE
        printf '(%s) ' "$VIRTUAL_ENV_PROMPT"
        set_color normal
        # The prompt that this one goes before may show the last command's status.
        _virtual_env_status $last_status
        _old_virtual_fish_prompt
    end
end
true
