# run.ps1 RVENV DIRECTORY [PYTHON] [-Foreign DIRECTORIES]: creates environments in DIRECTORY, and runs the cells in them
# (sessions.ps1). Foreign are environments of other tools, separated as in PATH.
param(
    [Parameter(Mandatory)] [string] $Rvenv, [Parameter(Mandatory)] [string] $Directory, [string] $Python, [string] $Foreign
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
[Console]::OutputEncoding = [Text.UTF8Encoding]::new()

$of_python = if ($Python) { '-p', $Python } else { @() }
function make([string] $name, [string[]] $flags) {
    $path = Join-Path $Directory $name
    & $Rvenv --without-pip @of_python @flags $path
    if ($LASTEXITCODE) { throw "rvenv failed with $LASTEXITCODE" }
    $path
}

$name = "it's an [env] & `$(x) ``x`` %x% ‘é’"
$given = @{
    Environment = make $name
    Other = make 'other'
    Relocatable = Join-Path $Directory 'moved'
    Foreign = $Foreign
    Temporary = New-Item -ItemType Directory (Join-Path $Directory 'temporary')
}
Move-Item -LiteralPath (make (Join-Path 'made' 'moved') '--relocatable') -Destination $given.Relocatable
& (Join-Path $PSScriptRoot sessions.ps1) @given
$failed = $LASTEXITCODE

# The command in pyvenv.cfg is quoted for this shell on Windows, and for sh elsewhere.
if ($IsWindows) {
    $environment = make 'made again'
    $configuration = Join-Path $environment 'pyvenv.cfg'
    $made = Get-Content -LiteralPath $configuration
    $command = ($made | Select-String -Pattern '^command = (.*)').Matches[0].Groups[1].Value
    Remove-Item -LiteralPath $environment -Recurse -Force
    Invoke-Expression $command
    if (Compare-Object $made (Get-Content -LiteralPath $configuration)) { throw "$command gave other settings" }
}
exit $failed
