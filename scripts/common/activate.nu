# For nushell. Run `overlay use bin/activate.nu` to put this environment's programs first on PATH, and `deactivate` to
# undo that. When the overlay is hidden, its changes to the environment variables are undone.

const script = path self

export-env {
    # Versions before 0.107 do not list an overlay that is about to be used.
    let overlays = try { overlay list | get name } catch { [activate] }
    if 'activate' not-in $overlays {
        error make --unspanned { msg: $"`deactivate` would not work; instead, run: overlay use ($script)" }
    }
    # The environment that the script is in now, which may have been moved; the script may be reached through a link.
    let places = [$script ($script | path expand)] | each { path dirname --num-levels 2 }
    let virtual_env = $places | where { path join pyvenv.cfg | path exists } | get --optional 0
    if $virtual_env == null {
        let reason = if ($places | str join) =~ "\u{fffd}" { 'its path is not UTF-8' } else { 'there is no pyvenv.cfg beside its directory' }
        error make --unspanned { msg: $"($script) is not in an environment: ($reason)" }
    }
    let path_name = if 'Path' in $env { 'Path' } else { 'PATH' }
    # If another environment is active in this shell, use the values from before that one. Lists, records and closures
    # are not passed on to other programs.
    let path = $env._OLD_VIRTUAL_PATH? | default ($env | get --optional $path_name) | default []
    let old_prompt = $env._OLD_VIRTUAL_PROMPT? | default [$env.PROMPT_COMMAND?]
    # VIRTUAL_ENV may be inherited from a shell with another PATH. nushell cannot unset it in the overlay below.
    let inherited = if 'VIRTUAL_ENV' in $env { { VIRTUAL_ENV: [], VIRTUAL_ENV_PROMPT: [] } } else { {} }
    load-env {
        _OLD_VIRTUAL_PATH: $path
        _OLD_VIRTUAL_PROMPT: $old_prompt
        _OLD_VIRTUAL_INHERITED: ($env._OLD_VIRTUAL_INHERITED? | default $inherited)
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

# `pydoc` is the environment's, too. A command of the user's is back when the overlay is hidden.
export alias pydoc = ^python -m pydoc
export alias deactivate = overlay hide activate --keep-env (load-env $env._OLD_VIRTUAL_INHERITED; $env._OLD_VIRTUAL_INHERITED | columns | append PWD)
