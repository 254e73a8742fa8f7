<#
.SYNOPSIS
Activates this Python virtual environment in the current PowerShell session.

.DESCRIPTION
Puts the environment's programs first on PATH and its name into the prompt. `deactivate` undoes that.

Windows runs no scripts by default. To allow it for your user:
Set-ExecutionPolicy -ExecutionPolicy RemoteSigned -Scope CurrentUser

.PARAMETER _VENV_DIR
-VenvDir: the directory of the environment to activate [default: the environment that this script is in]

.PARAMETER _VENV_PROMPT
-Prompt: the text to show in the prompt [default: the environment's own]
#>
# The byte order mark makes Windows PowerShell 5.1 read this file as UTF-8. Constrained language allows only cmdlets,
# operators and properties. The parameters become variables of the session, so Tab offers their aliases, not their names.
[CmdletBinding(PositionalBinding = $false)]
param([Parameter(DontShow)] [Alias('VenvDir')] [string] $_VENV_DIR, [Parameter(DontShow)] [Alias('Prompt')] [string] $_VENV_PROMPT)

# Everything else is in a module, which `deactivate` and the prompt share and the session does not see.
$null = New-Module -ArgumentList $_VENV_DIR, $_VENV_PROMPT, $PSCommandPath -ScriptBlock {
    param([string] $VenvDir, [string] $Prompt, [string] $Script)
    Export-ModuleMember
    Set-StrictMode -Off
    $WhatIfPreference, $ConfirmPreference, $ErrorActionPreference = $false, 'None', 'Stop'
    $separator = [IO.Path]::DirectorySeparatorChar

    # Undoes an activation by any tool: all keep the old values under the same names.
    function Undo {
        # Old values may have come with the variables of another session, whose PATH this one does not have.
        $bin = $env:VIRTUAL_ENV + $separator + __VENV_BIN_NAME__
        $others = (($env:PATH -split [IO.Path]::PathSeparator) -ne $bin) -join [IO.Path]::PathSeparator
        if ("$env:PATH" -ne $others) {
            $path = Get-Variable -Name '_OLD_VIRTUAL_PATH' -Scope Global -ValueOnly -ErrorAction Ignore
            if (Test-Path 'Env:_OLD_VIRTUAL_PATH') { $path = $env:_OLD_VIRTUAL_PATH }
            if (-not $path -and $env:VIRTUAL_ENV -eq $dir -and $others) { $path = $others }
            if ($path -or $env:VIRTUAL_ENV -eq $dir) { $env:PATH = $path }
        }
        if (Test-Path 'Env:_OLD_VIRTUAL_PYTHONHOME') { Copy-Item 'Env:_OLD_VIRTUAL_PYTHONHOME' 'Env:PYTHONHOME' }
        # virtualenv keeps all of them in variables of the session.
        $saved = Get-Variable -Name '_OLD_*' -Scope Global | Where-Object { $_.Name -match '_(PYTHONHOME|PKG_CONFIG_PATH|T(CL|K)_LIBRARY)$' }
        $saved | ForEach-Object { Set-Item ($_.Name -replace '^_OLD_(VIRTUAL_)?', 'Env:') $_.Value }
        # Another program may have wrapped or replaced the prompt since.
        if ((Test-Path 'Function:_OLD_VIRTUAL_PROMPT') -and "$function:prompt" -like '*_OLD_VIRTUAL_PROMPT*') {
            $options = (Get-Item 'Function:prompt').Options
            Set-Item 'Function:global:prompt' -Value $function:_OLD_VIRTUAL_PROMPT -Options $options -Force
        }
        if (("$function:pydoc" -replace '^[&\s]+|\s+$') -ceq 'python -m pydoc $args') { Remove-Item 'Function:pydoc' }
        Remove-Item 'Env:VIRTUAL_ENV', 'Env:VIRTUAL_ENV_PROMPT', 'Env:_OLD_VIRTUAL_*', 'Function:_OLD_VIRTUAL_*' -ErrorAction Ignore
        Remove-Variable -Name '_OLD_VIRTUAL_*', '_OLD_PKG_CONFIG_PATH', '_PYTHON_VENV_PROMPT_PREFIX' -Scope Global -Force -ErrorAction Ignore
    }

    # The path that a link leads to, or the path itself.
    function Target([string] $Path) {
        $target = "$((Get-Item -LiteralPath $Path -Force).Target)"
        if (-not $target) { $Path } elseif (Split-Path -IsAbsolute $target) { $target } else { "$Path/../$target" }
    }

    # The environment that this script lies in now, if it does.
    $dir, $name = __VENV_DIR__, __VENV_PROMPT__
    if ($Script) {
        $own = Split-Path -Parent (Target (Split-Path -Parent (Target $Script)))
        if (Test-Path -LiteralPath "$own/pyvenv.cfg") { $dir = (Resolve-Path -LiteralPath $own).ProviderPath }
    }
    if ($VenvDir) {
        $other = (Resolve-Path -LiteralPath $VenvDir -ErrorAction Ignore).ProviderPath
        if (-not $other) { throw "Unable to activate '$VenvDir': there is no such directory" }
        if ($other -ne $dir) { $dir, $name = $other, (Split-Path -Leaf $other) }
    }
    if (-not $dir) { throw 'Unable to find the environment: run the Activate.ps1 in it, not a copy of its text' }
    if ($Prompt) { $name = $Prompt }

    if ($env:VIRTUAL_ENV) { Undo }
    Remove-Item 'Env:_OLD_VIRTUAL_*' -ErrorAction Ignore
    'PATH', 'PYTHONHOME' | Where-Object { Test-Path "Env:$_" } | ForEach-Object { Copy-Item "Env:$_" "Env:_OLD_VIRTUAL_$_" }
    Set-Variable -Name '_OLD_VIRTUAL_PATH' -Scope Global -Value $env:PATH
    # PYTHONHOME would make the environment's Python look for its modules elsewhere.
    Remove-Item 'Env:PYTHONHOME' -ErrorAction Ignore
    $env:VIRTUAL_ENV, $env:VIRTUAL_ENV_PROMPT = $dir, $name
    $bin = $dir + $separator + __VENV_BIN_NAME__
    $env:PATH = if ($env:PATH) { $bin + [IO.Path]::PathSeparator + $env:PATH } else { $bin }

    $old = Get-Item 'Function:prompt' -ErrorAction Ignore
    if ($old -and $old.Options -notmatch 'Constant' -and -not $env:VIRTUAL_ENV_DISABLE_PROMPT) {
        $active, $_OLD_VIRTUAL_PROMPT = $true, $old.ScriptBlock
        Set-Item 'Function:global:_OLD_VIRTUAL_PROMPT' -Value $_OLD_VIRTUAL_PROMPT
        # The old prompt sees whether the last command succeeded, so it is called after one that did the same.
        Set-Item 'Function:global:prompt' -Options $old.Options -Force -Value {
            $succeeded = $?
            if ($active -and $env:VIRTUAL_ENV -ceq $dir) { Write-Host -NoNewline -ForegroundColor Green "($name) " }
            if (-not $succeeded) { Write-Error -Message ' ' -ErrorAction Ignore }
            & $_OLD_VIRTUAL_PROMPT
        }
    }
    if (-not (Test-Path -Path 'Function:pydoc', 'Alias:pydoc' | Where-Object { $_ })) {
        Set-Item 'Function:global:pydoc' -Value { python -m pydoc $args }
    }

    # Other tools' scripts call it with -NonDestructive before they activate another environment.
    Set-Item 'Function:global:deactivate' -Force -Value {
        param([switch] $NonDestructive)
        $script:active = $false
        Undo
        if (-not $NonDestructive) { Remove-Item 'Function:deactivate' }
    }
}
Remove-Variable -Name '_VENV_DIR', '_VENV_PROMPT' -WhatIf:$false -Confirm:$false
