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

cell 'Tab completes the parameters, not the names that they have in the script' {
    $quoted = [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($SCRIPT)
    foreach ($typed in '-V', '-P', '-', '-_') {
        $line = "& '$quoted' $typed"
        $offered = @((TabExpansion2 $line $line.Length).CompletionMatches | ForEach-Object CompletionText)
        must (-not @($offered -like '-_*')) "${line}: $offered"
        $wanted = '-VenvDir', '-Prompt' | Where-Object { $_.StartsWith($typed) -and $typed -cne '-' }
        $wanted | ForEach-Object { must ($_ -in $offered) "${line}: $offered" }
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

cell 'links to the script and to its directory, in a moved environment too' {
    foreach ($environment in $DIR, $MOVED) {
        foreach ($target in (Join-Path $environment $BIN 'Activate.ps1'), (Join-Path $environment $BIN)) {
            $link = Join-Path $TEMPORARY 'link.ps1'
            # Not every user of Windows may create links, and Wine only says that it does.
            try { $null = New-Item -ItemType SymbolicLink -Path $link -Target $target } catch { $Error.Clear() }
            if (-not (Test-Path -LiteralPath $link)) { return }
            . $(if (Test-Path -LiteralPath $link -PathType Container) { Join-Path $link 'Activate.ps1' } else { $link })
            must_be_active $environment
            deactivate
            must_be_inactive
            Remove-Item -LiteralPath $link
        }
    }
}

cell 'a relocatable environment, moved and copied' {
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
    must_be_inactive
    Remove-Item -LiteralPath $copy -Recurse -Force
}
