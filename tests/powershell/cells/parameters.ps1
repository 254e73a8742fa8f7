# Parameters, help, and which environment is activated.

cell 'empty parameters mean the defaults' {
    foreach ($value in '', $null) {
        . $SCRIPT -VenvDir $value -Prompt $value
        must_be_active $DIR
        deactivate
    }
    must_be_inactive
}

cell 'another directory, and its own prompt' {
    . $SCRIPT -VenvDir $SECOND
    must_be_active $SECOND
    . $SCRIPT -Prompt 'shown here'
    must_be_active $DIR 'shown here'
    . $SCRIPT -VenvDir $SECOND -Prompt 'both'
    must_be_active $SECOND 'both'
    deactivate
    must_be_inactive
}

cell 'a relative directory works after cd' {
    Set-Location -LiteralPath (Split-Path -Parent $SECOND)
    . $SCRIPT -VenvDir (Split-Path -Leaf $SECOND)
    Set-Location -LiteralPath $TEMPORARY
    must_be_active $SECOND
    deactivate
}

cell 'a directory that is not there changes nothing' {
    $path = $env:PATH
    must_fail { . $SCRIPT -VenvDir (Join-Path $TEMPORARY 'no such') } '*no such*'
    must ($env:PATH -ceq $path) $env:PATH
    Remove-Variable _VENV_DIR, _VENV_PROMPT -ErrorAction Ignore
    must_be_inactive
    . $SECOND_SCRIPT
    must_fail { . $SCRIPT -VenvDir (Join-Path $TEMPORARY 'no such') } '*no such*'
    must_be_active $SECOND
    deactivate
}

cell 'unknown parameters are refused' {
    must_fail { . $SCRIPT -Venv_Dir x } '*Venv_Dir*'
    must_fail { . $SCRIPT 'positional' } '*positional*'
    must_be_inactive
}

cell 'Tab completes the parameters' {
    foreach ($name in 'VenvDir', 'Prompt') {
        $quoted = [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($SCRIPT)
        $line = "& '$quoted' -$($name.Substring(0, 1))"
        $completed = @((TabExpansion2 $line $line.Length).CompletionMatches | ForEach-Object CompletionText)
        must ("-$name" -in $completed) "${line}: $completed"
    }
}

cell 'the help describes the script, its parameters and the policy' {
    $help = Get-Help $SCRIPT -Full | Out-String
    foreach ($part in 'Python virtual environment', '-VenvDir', '-Prompt', 'Set-ExecutionPolicy', 'RemoteSigned', 'CurrentUser') {
        must ($help -match [regex]::Escape($part)) "$part in $help"
    }
    $Error.Clear()
}

cell 'a copied or moved environment' {
    $copy = Join-Path $TEMPORARY "a copy's [x]"
    Copy-Item -LiteralPath $DIR -Destination $copy -Recurse
    . (Join-Path $copy $BIN 'Activate.ps1')
    must ($env:VIRTUAL_ENV -ceq $copy) "$env:VIRTUAL_ENV"
    must (@(entries)[0] -ceq (Join-Path $copy $BIN)) $env:PATH
    deactivate
    must_be_inactive
    Remove-Item -LiteralPath $copy -Recurse -Force
}

cell 'a copy of the script outside an environment' {
    $copy = Join-Path $TEMPORARY 'Activate.ps1'
    Copy-Item -LiteralPath $SCRIPT -Destination $copy
    . $copy
    must_be_active $DIR
    deactivate
    Remove-Item -LiteralPath $copy
}

cell 'links to the script and to its directories' {
    $link = Join-Path $TEMPORARY 'link.ps1'
    try { $null = New-Item -ItemType SymbolicLink -Path $link -Target $SCRIPT } catch { $Error.Clear(); return }
    . $link
    must_be_active $DIR
    deactivate
    Remove-Item -LiteralPath $link
    $link = Join-Path $TEMPORARY 'link'
    $null = New-Item -ItemType SymbolicLink -Path $link -Target (Join-Path $DIR $BIN)
    . (Join-Path $link 'Activate.ps1')
    must_be_active $DIR
    deactivate
    Remove-Item -LiteralPath $link
    must_be_inactive
}

cell 'a relocatable environment, moved, copied and through a link' {
    . $MOVED_SCRIPT
    must_be_active $MOVED
    must_fail { Invoke-Expression (Get-Content -LiteralPath $MOVED_SCRIPT -Raw) } '*Unable to find the environment*'
    must_be_active $MOVED
    deactivate
    must_be_inactive
    $copy = Join-Path $TEMPORARY 'copy'
    Copy-Item -LiteralPath $MOVED -Destination $copy -Recurse
    . (Join-Path $copy $BIN 'Activate.ps1')
    must ($env:VIRTUAL_ENV -ceq $copy) "$env:VIRTUAL_ENV"
    deactivate
    Remove-Item -LiteralPath $copy -Recurse -Force
    $link = Join-Path $TEMPORARY 'link.ps1'
    try { $null = New-Item -ItemType SymbolicLink -Path $link -Target $MOVED_SCRIPT } catch { $Error.Clear(); return }
    . $link
    must_be_active $MOVED
    deactivate
    Remove-Item -LiteralPath $link
    must_be_inactive
}
