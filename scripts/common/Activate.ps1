# For PowerShell. Run `. bin/Activate.ps1` (on Windows, `Scripts\Activate.ps1`) to put this environment's programs first on
# PATH, and `deactivate` to undo that.
#
# The byte order mark at the beginning makes Windows PowerShell 5.1 read this file as UTF-8.
[CmdletBinding()]
param(
    # An environment other than the one that this script is in.
    [string] $VenvDir = __VENV_DIR__,
    # A different text for the prompt.
    [string] $Prompt = __VENV_PROMPT__
)

# Another environment, perhaps of another tool, may be active in this session.
if (Test-Path -LiteralPath 'Function:deactivate') {
    deactivate -NonDestructive
}

# Everything that activation changes is restored. With -NonDestructive the function itself remains, for the activation
# that follows.
function global:deactivate([switch] $NonDestructive) {
    if (Test-Path -LiteralPath 'Variable:_OLD_VIRTUAL_SAVED') {
        foreach ($name in $global:_OLD_VIRTUAL_SAVED.Keys) {
            [Environment]::SetEnvironmentVariable($name, $global:_OLD_VIRTUAL_SAVED[$name])
        }
        if (Test-Path -LiteralPath 'Function:_old_virtual_prompt') {
            Copy-Item -LiteralPath 'Function:_old_virtual_prompt' -Destination 'Function:prompt'
            Remove-Item -LiteralPath 'Function:_old_virtual_prompt'
        }
        Remove-Variable -Name '_OLD_VIRTUAL_SAVED' -Scope Global -Force
        Remove-Variable -Name '_PYTHON_VENV_PROMPT_PREFIX' -Scope Global -Force -ErrorAction SilentlyContinue
    }
    if (-not $NonDestructive) {
        Remove-Item -LiteralPath 'Function:deactivate'
    }
}

$saved = @{}
foreach ($name in 'PATH', 'PYTHONHOME', 'VIRTUAL_ENV', 'VIRTUAL_ENV_PROMPT') {
    $saved[$name] = [Environment]::GetEnvironmentVariable($name)
}
New-Variable -Name '_OLD_VIRTUAL_SAVED' -Scope Global -Visibility Public -Value $saved -Force

$env:VIRTUAL_ENV = $VenvDir
$env:VIRTUAL_ENV_PROMPT = $Prompt

# PYTHONHOME would make the environment's Python look for its modules elsewhere.
[Environment]::SetEnvironmentVariable('PYTHONHOME', $null)

$bin = [IO.Path]::Combine($VenvDir, __VENV_BIN_NAME__)
$env:PATH = if ($env:PATH) { $bin + [IO.Path]::PathSeparator + $env:PATH } else { $bin }

if (-not $env:VIRTUAL_ENV_DISABLE_PROMPT) {
    New-Variable -Name '_PYTHON_VENV_PROMPT_PREFIX' -Scope Global -Visibility Public -Option ReadOnly -Value $Prompt -Force
    Copy-Item -LiteralPath 'Function:prompt' -Destination 'Function:global:_old_virtual_prompt'
    function global:prompt {
        Write-Host -NoNewline -ForegroundColor Green "($global:_PYTHON_VENV_PROMPT_PREFIX) "
        _old_virtual_prompt
    }
}
