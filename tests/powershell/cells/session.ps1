# The caller's variables and preferences, and the places in which the script can be run.

cell 'variables of the caller are not changed' {
    Set-Variable -Name VenvDir, Prompt, name, saved, old, path, others, separator, active -Value 'mine' -Option ReadOnly
    [int] $variable = 7
    [int] $own = 8
    $before = Get-Variable | Where-Object Name -notmatch '^(\?|\^|\$|before|PWD|LASTEXITCODE|Error|StackTrace|PSItem|_)$'
    $values = $before | ForEach-Object { "$($_.Name)=$($_.Value)" }
    $foreach = 'mine'
    . $SCRIPT
    deactivate
    must ($foreach -ceq 'mine') 'foreach'
    foreach ($line in $values) {
        $key, $value = $line -split '=', 2
        must ("$(Get-Variable -Name $key -ValueOnly)" -ceq $value) "$key was $value"
    }
    must ($name -ceq 'mine' -and $variable -eq 7) 'changed'
    must_be_inactive
}

cell 'the arguments are the caller''s' {
    $result = & { . $SCRIPT; "$args" } one two
    must ($result -ceq 'one two') "$result"
    deactivate
}

cell 'constrained language' {
    $ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'
    . $SCRIPT
    must ("$($ExecutionContext.SessionState.LanguageMode)" -eq 'ConstrainedLanguage') 'not constrained'
    must ($env:VIRTUAL_ENV -ceq $DIR) "$env:VIRTUAL_ENV"
    must (@(entries)[0] -ceq (Join-Path $DIR $BIN)) $env:PATH
    must ((shown) -like '(*) *') (shown)
    deactivate
    must_be_inactive
}

cell 'each error action preference' {
    foreach ($preference in 'Stop', 'Inquire', 'Continue', 'SilentlyContinue', 'Ignore', 'Break') {
        # A variable may have Ignore and Break only in some versions.
        try { $ErrorActionPreference = $preference } catch { $Error.Clear(); continue }
        if ($preference -eq 'Break') { $ErrorActionPreference = 'Stop'; continue }
        . $SCRIPT
        must_be_active $DIR
        deactivate
        must_be_inactive
        must ($ErrorActionPreference -eq $preference) "$ErrorActionPreference"
    }
}

cell 'whatif and confirmation preferences' {
    $WhatIfPreference = $true
    $ConfirmPreference = 'Low'
    . $SCRIPT
    must ($env:VIRTUAL_ENV -ceq $DIR) "$env:VIRTUAL_ENV"
    must (@(entries)[0] -ceq (Join-Path $DIR $BIN)) $env:PATH
    deactivate
    must ($WhatIfPreference -and $ConfirmPreference -eq 'Low') 'preferences'
    $WhatIfPreference = $false
    must_be_inactive
}

cell 'verbose and debug preferences print nothing of the caller''s' {
    $InformationPreference = 'Continue'
    $WarningPreference = 'Stop'
    . $SCRIPT
    deactivate
    must_be_inactive
}

cell 'prompt disabled' {
    $env:VIRTUAL_ENV_DISABLE_PROMPT = '1'
    $before = "$function:prompt"
    . $SCRIPT
    must ("$function:prompt" -ceq $before) 'changed'
    deactivate
    Remove-Item Env:VIRTUAL_ENV_DISABLE_PROMPT
    must_be_inactive
}

cell 'in a function, and by a call' {
    function enter { . $SCRIPT }
    enter
    must_be_active $DIR
    deactivate
    must_be_inactive
    & $SCRIPT
    must_be_active $DIR
    deactivate
    must_be_inactive
}

cell 'in a module' {
    $module = New-Module -ScriptBlock { function enter { . $SCRIPT } }
    enter
    must_be_active $DIR
    deactivate
    must_be_inactive
    Remove-Module $module
}

cell 'as a module' {
    Import-Module $SCRIPT
    must_be_active $DIR
    deactivate
    must_be_inactive
}

cell 'evaluated' {
    Invoke-Expression (Get-Content -LiteralPath $SCRIPT -Raw)
    must_be_active $DIR
    deactivate
    . ([scriptblock]::Create((Get-Content -LiteralPath $SCRIPT -Raw)))
    must_be_active $DIR
    deactivate
    must_be_inactive
}

cell 'on the drive of another provider' {
    Set-Location Env:
    . $SCRIPT
    must_be_active $DIR
    deactivate
    must_be_inactive
    Set-Location $TEMPORARY
}

cell 'in a directory that is gone' {
    $gone = Join-Path $TEMPORARY 'gone'
    $null = New-Item -ItemType Directory $gone
    Set-Location $gone
    Remove-Item $gone -ErrorAction Ignore
    . $SCRIPT
    must_be_active $DIR
    deactivate
    must_be_inactive
    Set-Location $TEMPORARY
    Remove-Item $gone -ErrorAction Ignore
}

cell 'in a parallel loop, a thread job and a job' {
    $seen = 1, 2 | ForEach-Object -Parallel { . $using:SCRIPT; $env:VIRTUAL_ENV; deactivate } -ThrottleLimit 1
    must ("$seen" -ceq "$DIR $DIR") "parallel: $seen"
    must_be_inactive
    foreach ($start in 'Start-ThreadJob', 'Start-Job') {
        if (-not (Get-Command $start -ErrorAction Ignore)) { continue }
        $seen = & $start { . $using:SCRIPT; $env:VIRTUAL_ENV; deactivate; Test-Path Env:VIRTUAL_ENV } | Receive-Job -Wait -AutoRemoveJob
        must ("$seen" -ceq "$DIR False") "${start}: $seen"
        must_be_inactive
    }
}

cell 'pydoc is the environment''s, and the user''s own stays' {
    . $SCRIPT
    must ("$function:pydoc" -like '*python -m pydoc*') "$function:pydoc"
    deactivate
    must (-not (Test-Path Function:pydoc)) 'left'
    function global:pydoc { 'mine' }
    . $SCRIPT
    must ((pydoc) -ceq 'mine') 'changed'
    deactivate
    must ((pydoc) -ceq 'mine') 'gone'
    Remove-Item Function:pydoc
    Set-Alias -Name pydoc -Value Get-Date
    . $SCRIPT
    must (-not (Test-Path Function:pydoc)) 'behind an alias'
    deactivate
    must (Test-Path Alias:pydoc) 'alias gone'
}
