# Runs each cell in `cells` in a session of its own in this process, without and with strict mode (in Wine only with). Environment and Other
# are rvenv's, and so is Relocatable, which has been moved; Foreign are those of other tools, separated as in PATH;
# Temporary is an empty directory. A cell throws what is wrong, and may leave no error, no output and no changed
# environment variable. Prints the number of cells, and before it what is wrong: then the exit code is 1.
param(
    [Parameter(Mandatory)] [string] $Environment, [Parameter(Mandatory)] [string] $Other,
    [Parameter(Mandatory)] [string] $Relocatable, [string] $Foreign, [Parameter(Mandatory)] [string] $Temporary
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
# Neither a shell in which an environment is active nor a user's settings matter.
Remove-Item -Path Env:VIRTUAL_ENV*, Env:_OLD_VIRTUAL_*, Env:PYTHONHOME -ErrorAction Ignore

# What each session has, besides the constants.
$helpers = {
    function must($holds, $text) { if (-not $holds) { throw "$text" } }
    function entries { $env:PATH -split [IO.Path]::PathSeparator }
    # Some tools write the name in another case.
    function activate_of($dir) { (Get-ChildItem -LiteralPath (Join-Path $dir $BIN) | Where-Object Name -eq Activate.ps1).FullName }
    function shown { (prompt 6>&1) -join '' }
    function must_be_active($dir, $name = (Split-Path -Leaf $dir)) {
        must ($env:VIRTUAL_ENV -ceq $dir) "VIRTUAL_ENV is $env:VIRTUAL_ENV, not $dir"
        must ($env:VIRTUAL_ENV_PROMPT -ceq $name) "VIRTUAL_ENV_PROMPT is $env:VIRTUAL_ENV_PROMPT, not $name"
        must (@(entries)[0] -ceq (Join-Path $dir $BIN)) "first on PATH: $(@(entries)[0])"
        must (@(entries | Where-Object { $_ -ceq (Join-Path $dir $BIN) }).Count -eq 1) "PATH: $env:PATH"
        must (-not (Test-Path Env:PYTHONHOME)) 'PYTHONHOME is set'
        must ((shown).StartsWith("($name) ")) "prompt: $(shown)"
    }
    function must_be_inactive {
        must (-not (Test-Path Env:VIRTUAL_ENV)) "VIRTUAL_ENV: $env:VIRTUAL_ENV"
        must (-not (Test-Path Env:VIRTUAL_ENV_PROMPT)) "VIRTUAL_ENV_PROMPT: $env:VIRTUAL_ENV_PROMPT"
        $left = Get-ChildItem Env:, Function:, Variable: | Where-Object { $_.Name -match 'OLD_VIRTUAL|^_?VENV_|^deactivate$|^pydoc$' }
        must (-not $left) "left: $($left | ForEach-Object { $_.Name })"
    }
    function must_fail([scriptblock] $code, $pattern) {
        $said = try { . $code 2>&1 } catch { $_ }
        must ("$said" -like $pattern) "error: $said"
        $Error.Clear()
    }
}

$constants = @{
    DIR = $Environment
    SECOND = $Other
    MOVED = $Relocatable
    TEMPORARY = $Temporary
    FOREIGN = @($Foreign -split [IO.Path]::PathSeparator | Where-Object { $_ })
    BIN = Split-Path -Leaf (Get-ChildItem -LiteralPath $Environment -Recurse -Filter Activate.ps1).DirectoryName
}
$constants.SCRIPT = Join-Path $Environment $constants.BIN 'Activate.ps1'
$constants.MOVED_SCRIPT = Join-Path $Relocatable $constants.BIN 'Activate.ps1'
$constants.SECOND_SCRIPT = Join-Path $Other $constants.BIN 'Activate.ps1'

function variables { Get-ChildItem Env: | Where-Object Name -notin '_', 'PSModulePath' | ForEach-Object { "$($_.Name)=$($_.Value)" } | Sort-Object }

$failed = 0
$cells = [ordered] @{}
function cell([string] $name, [scriptblock] $code) { $cells[$name] = "$code" }

function run([string] $name, [string] $set_up) {
    $before = variables
    $session = [PowerShell]::Create($state)
    try {
        foreach ($constant in $constants.Keys) {
            $variable = [psvariable]::new($constant, $constants[$constant], 'Constant')
            $session.Runspace.SessionStateProxy.PSVariable.Set($variable)
        }
        $null = $session.AddScript("$helpers").Invoke()
        $session.Commands.Clear()
        $null = $session.AddScript($set_up + "`n" + $cells[$name])
        $wrong = @(try { $session.Invoke() } catch { "$($_.Exception.InnerException.Message)" })
        $wrong += @($session.Streams.Error) + @($session.Streams.Warning) + @($session.Streams.Information)
        $wrong += @($session.Runspace.SessionStateProxy.GetVariable('Error') | ForEach-Object { "in `$Error: $_" })
        $wrong += @(Compare-Object @(variables) @($before) | ForEach-Object { "$($_.SideIndicator) $($_.InputObject)" })
    } finally {
        $session.Dispose()
    }
    foreach ($text in $wrong) { "${name} [$set_up]: $text" }
    $after = variables
    foreach ($variable in Compare-Object @($after) @($before)) {
        $key, $value = $variable.InputObject -split '=', 2
        if ($variable.SideIndicator -eq '<=') { Remove-Item -LiteralPath "Env:$key" }
    }
    foreach ($variable in Compare-Object @($after) @($before)) {
        $key, $value = $variable.InputObject -split '=', 2
        if ($variable.SideIndicator -eq '=>') { Set-Item -LiteralPath "Env:$key" -Value $value }
    }
}

foreach ($file in Get-ChildItem -LiteralPath (Join-Path $PSScriptRoot cells) -Filter *.ps1) { . $file.FullName }
$set_ups = '', 'Set-StrictMode -Version Latest'
if ($IsWindows -and (Test-Path HKCU:\Software\Wine)) {
    # A session takes a second there, and .NET ends when it collects methods that it has compiled.
    $set_ups = $set_ups[1]
    $null = [GC]::TryStartNoGCRegion(1200MB)
    # The modules of the other state are not all there.
    $state = [initialsessionstate]::CreateDefault2()
} else {
    $state = [initialsessionstate]::CreateDefault()
}
foreach ($name in $cells.Keys) {
    foreach ($set_up in $set_ups) {
        foreach ($line in run $name $set_up) {
            $failed++
            $line
        }
    }
}
"$($cells.Count) cells"
exit [int] ($failed -gt 0)
