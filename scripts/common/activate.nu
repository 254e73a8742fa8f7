# For nushell. Run `overlay use bin/activate.nu` to put this environment's programs first on PATH, and `deactivate` to
# undo that. What an overlay changes in the environment goes when the overlay does.

export-env {
    let virtual_env = __VENV_DIR__
    let path_name = if 'Path' in $env { 'Path' } else { 'PATH' }
    # Another environment may be active in this shell; then what was before that one. As lists and closures these two
    # are seen by no other program.
    let path = $env._OLD_VIRTUAL_PATH? | default ($env | get --optional $path_name) | default []
    let old_prompt = $env._OLD_VIRTUAL_PROMPT? | default [$env.PROMPT_COMMAND?]
    load-env {
        _OLD_VIRTUAL_PATH: $path
        _OLD_VIRTUAL_PROMPT: $old_prompt
        VIRTUAL_ENV: $virtual_env
        VIRTUAL_ENV_PROMPT: __VENV_PROMPT__
        $path_name: ($path | prepend ($virtual_env | path join __VENV_BIN_NAME__))
    }

    # It would have the environment's Python look for its modules elsewhere. As a list no other program sees it, and the
    # value that it hides is back when the overlay goes.
    if 'PYTHONHOME' in $env {
        load-env { PYTHONHOME: [] }
    }

    if ($env.VIRTUAL_ENV_DISABLE_PROMPT? | is-empty) {
        let old = $old_prompt | first
        $env.PROMPT_COMMAND = {||
            let rest = if ($old | describe) == 'closure' { do $old } else { $old | default '' }
            $"\(($env.VIRTUAL_ENV_PROMPT)\) ($rest)"
        }
    }
}

export alias deactivate = overlay hide activate --keep-env [PWD]
