# For nushell. Run `overlay use bin/activate.nu` to put this environment's programs first on PATH, and `deactivate` to
# undo that. When the overlay is hidden, its changes to the environment variables are undone.

export-env {
    let virtual_env = __VENV_DIR__
    let path_name = if 'Path' in $env { 'Path' } else { 'PATH' }
    # If another environment is active in this shell, use the values from before that one. Lists and closures are not
    # passed on to other programs.
    let path = $env._OLD_VIRTUAL_PATH? | default ($env | get --optional $path_name) | default []
    let old_prompt = $env._OLD_VIRTUAL_PROMPT? | default [$env.PROMPT_COMMAND?]
    load-env {
        _OLD_VIRTUAL_PATH: $path
        _OLD_VIRTUAL_PROMPT: $old_prompt
        VIRTUAL_ENV: $virtual_env
        VIRTUAL_ENV_PROMPT: __VENV_PROMPT__
        $path_name: ($path | prepend ($virtual_env | path join __VENV_BIN_NAME__))
    }

    # PYTHONHOME would make the environment's Python look for its modules elsewhere. A list is not passed on to
    # programs, and the value that it hides is back when the overlay is hidden.
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
