# Environment variables, other environments, other sessions.

cell 'variables that are not set are unset again' {
    . $SCRIPT
    must_be_active $DIR
    deactivate
    must_be_inactive
    must (-not (Test-Path Env:PYTHONHOME)) 'PYTHONHOME'
}

cell 'PYTHONHOME comes back' {
    $env:PYTHONHOME = $TEMPORARY
    . $SCRIPT
    must_be_active $DIR
    deactivate
    must ($env:PYTHONHOME -ceq $TEMPORARY) "PYTHONHOME: $env:PYTHONHOME"
    Remove-Item Env:PYTHONHOME
}

cell 'an empty PYTHONHOME stays empty where it can be' {
    [Environment]::SetEnvironmentVariable('PYTHONHOME', '')
    $was_set = Test-Path Env:PYTHONHOME
    . $SCRIPT
    must_be_active $DIR
    deactivate
    must ((Test-Path Env:PYTHONHOME) -eq $was_set -and -not $env:PYTHONHOME) "PYTHONHOME: $env:PYTHONHOME"
    Remove-Item Env:PYTHONHOME -ErrorAction Ignore
}

cell 'without PATH, the environment is all there is' {
    $path = $env:PATH
    Remove-Item Env:PATH
    . $SCRIPT
    must ($env:PATH -ceq (Join-Path $DIR $BIN)) $env:PATH
    deactivate
    must (-not $env:PATH) $env:PATH
    $env:PATH = $path
}

cell 'an unusual PATH comes back as it was' {
    $path = $env:PATH
    $separator = [IO.Path]::PathSeparator
    $env:PATH = 'a;b\c', '"x;y"', '', '\', "it's [x] `$(y) %z% ‘é’", $path, $path, '' -join $separator
    $unusual = $env:PATH
    . $SCRIPT
    must_be_active $DIR
    must ($env:PATH -ceq ((Join-Path $DIR $BIN) + $separator + $unusual)) "active: $env:PATH"
    deactivate
    must ($env:PATH -ceq $unusual) $env:PATH
    $env:PATH = $path
    must_be_inactive
}

cell 'inherited names of an environment are gone' {
    $env:VIRTUAL_ENV, $env:VIRTUAL_ENV_PROMPT = $TEMPORARY, 'inherited'
    . $SCRIPT
    must_be_active $DIR
    deactivate
    must_be_inactive
}

cell 'the old values have the names that others know' {
    $path = $env:PATH
    $env:PYTHONHOME = $TEMPORARY
    . $SCRIPT
    must ($env:_OLD_VIRTUAL_PATH -ceq $path) "$env:_OLD_VIRTUAL_PATH"
    must ($global:_OLD_VIRTUAL_PATH -ceq $path) "$global:_OLD_VIRTUAL_PATH"
    must ($env:_OLD_VIRTUAL_PYTHONHOME -ceq $TEMPORARY) "$env:_OLD_VIRTUAL_PYTHONHOME"
    must (Test-Path Function:_OLD_VIRTUAL_PROMPT) 'no prompt'
    deactivate
    must_be_inactive
    Remove-Item Env:PYTHONHOME
}

cell 'one after another, and the same one twice' {
    function prompt { 'mine> ' }
    . $SCRIPT
    . $SECOND_SCRIPT
    must_be_active $SECOND
    . $SCRIPT
    . $SCRIPT
    must_be_active $DIR
    must ((shown) -ceq "($(Split-Path -Leaf $DIR)) mine> ") (shown)
    deactivate
    must_be_inactive
    must ((shown) -ceq 'mine> ') (shown)
}

cell 'over those of other tools, and under them' {
    function prompt { 'mine> ' }
    foreach ($theirs in $FOREIGN) {
        $their_script = activate_of $theirs
        $path = $env:PATH
        . $their_script
        . $SCRIPT
        must_be_active $DIR
        must ((Join-Path $theirs $BIN) -notin (entries)) "$theirs is left on PATH"
        must ((shown) -ceq "($(Split-Path -Leaf $DIR)) mine> ") "${theirs}: $(shown)"
        deactivate
        must ($env:PATH -ceq $path) "${theirs}: $env:PATH"
        must ((shown) -ceq 'mine> ') "${theirs}: $(shown)"
        must_be_inactive

        . $SCRIPT
        . $their_script
        must ($env:VIRTUAL_ENV -ceq $theirs) "$env:VIRTUAL_ENV"
        must ((Join-Path $DIR $BIN) -notin (entries)) "left on PATH under $theirs"
        must (([regex]::Matches((shown), '\(').Count) -eq 1) "${theirs}: $(shown)"
        deactivate
        must ($env:PATH -ceq $path) "under ${theirs}: $env:PATH"
        must ((shown) -ceq 'mine> ') "under ${theirs}: $(shown)"
        # What their own deactivation leaves: an empty VIRTUAL_ENV, a prefix, old values that it does not know.
        Remove-Item Env:VIRTUAL_ENV*, Env:PKG_CONFIG_PATH, Env:_OLD_VIRTUAL_PATH -ErrorAction Ignore
        Remove-Variable _PYTHON_VENV_PROMPT_PREFIX -Scope Global -Force -ErrorAction Ignore
    }
    $Error.Clear()
}

cell 'a session that inherits an active environment' {
    $path = $env:PATH
    . $SCRIPT
    $inner = [PowerShell]::Create([initialsessionstate]::CreateDefault2())
    $null = $inner.AddScript('param($script) . $script; $env:PATH; deactivate; $env:PATH; Test-Path Env:VIRTUAL_ENV').AddArgument($SCRIPT)
    $active, $after, $is_set = $inner.Invoke()
    must ($active -ceq ((Join-Path $DIR $BIN) + [IO.Path]::PathSeparator + $path)) "active: $active"
    must ($after -ceq $path) "after: $after"
    must (-not $is_set) 'VIRTUAL_ENV is set'
    $inner.Dispose()
    deactivate
    must_be_inactive
}

cell 'a session that a shell with an active environment started' {
    # bash exports these, and keeps the old values to itself.
    $path = $env:PATH
    $env:VIRTUAL_ENV, $env:VIRTUAL_ENV_PROMPT = $DIR, 'env'
    $env:PATH = (Join-Path $DIR $BIN) + [IO.Path]::PathSeparator + $path
    . $SCRIPT
    must_be_active $DIR
    deactivate
    must_be_inactive
    must ($env:PATH -ceq $path) $env:PATH
}

cell 'what the deactivation of others leaves is not restored later' {
    foreach ($theirs in $FOREIGN) {
        $path = $env:PATH
        . $SCRIPT
        . (activate_of $theirs)
        deactivate
        must ($env:PATH -ceq $path) "${theirs}: $env:PATH"
        $env:PATH = $TEMPORARY + [IO.Path]::PathSeparator + $path
        $env:PYTHONHOME = $TEMPORARY
        . $SCRIPT
        must_be_active $DIR
        deactivate
        must ($env:PATH -ceq ($TEMPORARY + [IO.Path]::PathSeparator + $path)) "after ${theirs}: $env:PATH"
        must ($env:PYTHONHOME -ceq $TEMPORARY) "after ${theirs}: $env:PYTHONHOME"
        must_be_inactive
        $env:PATH = $path
        Remove-Item Env:PYTHONHOME
        $Error.Clear()
    }
    Remove-Item Env:PKG_CONFIG_PATH -ErrorAction Ignore
}

cell 'a deactivate of something else is not called' {
    function global:deactivate { param([Parameter(Mandatory)] $what) throw 'called' }
    . $SCRIPT
    must_be_active $DIR
    deactivate
    must_be_inactive
}

cell 'removing all variables leaves the way back' {
    . $SCRIPT
    Get-Variable | Remove-Variable -ErrorAction Ignore
    deactivate
    must_be_inactive
}

cell 'python is that of the environment' {
    . $SCRIPT
    $is_ours = python -c 'import sys; print(sys.prefix == sys.argv[1], ascii(sys.prefix))' $DIR
    must ($is_ours -like 'True *') "python: $is_ours"
    deactivate
}
